"""The register of loadable classes, as it was before the test."""

import pytest

from nn.construction import LOADABLE


@pytest.fixture
def registered():
    before = dict(LOADABLE)
    yield
    LOADABLE.clear()
    LOADABLE.update(before)
