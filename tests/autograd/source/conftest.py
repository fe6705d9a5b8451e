"""JavaScript, run in a browser."""

import pytest

from tests.autograd.source.running import scripts


@pytest.fixture(scope="module")
def javascript(browser):
    """A function that runs a script, which returns a function of numbers, on rows of numbers."""
    with scripts(browser) as run:
        yield run
