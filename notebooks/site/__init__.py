"""The site: the front page, the playground, the lab, the lessons and the reference.

All are files that any file server serves.  ``python -m notebooks.site OUT`` builds it.  Nothing in it is fetched from elsewhere.
"""
