"""The page of the playground, opened."""

import pytest

from nn import seeing


@pytest.fixture(scope="module")
def page():
    return seeing.playground().html()


@pytest.fixture
def sheet(opened, page):
    return opened(page, ready=False, width=1200, height=900)
