"""A walk, its page, and that page in a browser."""

import pytest

from autograd.seeing.walk import walk
from tests.autograd.seeing.pages.player.driven import expression


@pytest.fixture(scope="module")
def steps():
    return walk(expression())


@pytest.fixture(scope="module")
def html(steps):
    return steps.html()


@pytest.fixture
def sheet(opened, html):
    sheet = opened(html)
    yield sheet
    assert sheet.errors == []
