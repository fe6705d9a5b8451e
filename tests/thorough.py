"""Whether the suite is the thorough one, which takes all where the quick one takes a sample."""

from hypothesis import settings

ALL = settings.get_current_profile_name() == "thorough"
DEEP = 1_000_000 if ALL else 20_000
"""So many nodes deep is a graph that shows that nothing recurs; Python's limit is 1,000."""
