"""Whether the suite is the thorough one, which takes all where the quick one takes a sample."""

from hypothesis import settings

ALL = settings.get_current_profile_name() == "thorough"
