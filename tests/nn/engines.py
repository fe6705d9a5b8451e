"""The engines that train: the tape only where it is installed."""

from importlib.util import find_spec

import pytest

TAPE = pytest.mark.skipif(find_spec("numpy") is None, reason="the tape needs NumPy")
ENGINES = ["eager", pytest.param("tape", marks=TAPE)]
