"""The site: the front page, the playground, the digits, the lab, the lessons and the reference.

``python -m notebooks.site OUT`` builds it as files that any file server serves.  Nothing in it is fetched
from elsewhere.
"""
