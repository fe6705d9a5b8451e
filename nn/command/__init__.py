"""The command line: ``python -m nn train digits``."""
