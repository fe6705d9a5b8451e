"""Elementary functions in the language: as Python and as machine code, within two units of the last place."""

from __future__ import annotations

from math import exp, inf, isnan, nan, ulp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value
from autograd.tape import Tape
from autograd.tape.native import elementary

POWERS = {dtype: Tape.record(Value.exp, 0.0, dtype=dtype) for dtype in ("float64", "float32")}


@given(st.floats(-744.0, 709.0))
def test_exp_as_python_is_that_of_math(x: float) -> None:
    assert abs(elementary.exp(x) - exp(x)) <= 2 * ulp(exp(x))


@pytest.mark.parametrize(("dtype", "lowest", "highest"), [("float64", -744, 709.7), ("float32", -103, 88.7)])
def test_exp_as_machine_code_is_that_of_math(dtype: str, lowest: float, highest: float) -> None:
    x = np.concatenate([np.linspace(lowest, highest, 100_003), np.linspace(-1, 1, 1001)]).astype(dtype)
    wanted = np.exp(x.astype(np.float64))
    unit = np.spacing(wanted.astype(dtype)).astype(np.float64)
    assert (np.abs(POWERS[dtype].forward(x) - wanted) <= 2 * unit).all()


@pytest.mark.parametrize(
    ("x", "wanted"), [(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0), (1e4, inf), (-1e4, 0.0), (nan, nan)]
)
def test_borders_of_exp(x: float, wanted: float) -> None:
    for got in (elementary.exp(x), *[tape.forward([x])[0] for tape in POWERS.values()]):
        assert got == wanted or (isnan(got) and isnan(wanted))
