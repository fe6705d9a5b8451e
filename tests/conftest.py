"""Hypothesis profiles: ``quick`` by default, ``thorough`` by HYPOTHESIS_PROFILE or --hypothesis-profile."""

import os
from importlib import import_module

from hypothesis import HealthCheck, settings

# The whole package before any one of its files: collected first, autograd/walk.py would put the module
# walk in the place of the function walk.
import_module("autograd")

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
