"""The site: the front page, the lab, the lessons and the reference, as files that any file server serves.

``python -m notebooks.site OUT`` builds it.  Nothing in it is fetched from elsewhere.
"""
