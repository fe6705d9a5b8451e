"""Hypothesis profiles, and one headless browser for all tests that drive one.

The profiles are ``quick`` by default, ``thorough`` by HYPOTHESIS_PROFILE or --hypothesis-profile.
"""

import os
from importlib import import_module

import pytest
from hypothesis import HealthCheck, settings

from tests.browsers import chromium, path_of_chromium

# The whole packages before any one of their files: collected first, autograd/walk.py would put the module
# walk in the place of the function walk.
import_module("autograd")
import_module("nn")

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


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; the tests that ask for it are skipped where there is none."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if path_of_chromium() is None:
        pytest.skip("there is no Chromium to drive")
    with chromium() as driven:
        yield driven
