"""Hypothesis profiles: ``quick`` by default, ``thorough`` by HYPOTHESIS_PROFILE or --hypothesis-profile."""

import os

from hypothesis import HealthCheck, settings

# No example is timed (deadline): a busy machine is not a failing test.
settings.register_profile(
    "quick",
    max_examples=40,
    deadline=None,
    derandomize=True,  # the same examples on every machine: a failure is never a matter of luck
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "thorough",
    max_examples=2000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
