"""Elementary functions in the language: as Python and as machine code, within two units of the last place."""

from __future__ import annotations

import math
from math import inf, isnan, nan, ulp
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value
from autograd.core.primitive import TABLE
from autograd.tape import Tape
from autograd.tape.native import elementary
from autograd.value import apply

DTYPES = ("float64", "float32")
NAMES = ("exp", "cosh", "tanh")
TAPES = {(n, dtype): Tape.record(getattr(Value, n), 0.0, dtype=dtype) for n in NAMES for dtype in DTYPES}


@pytest.mark.parametrize("name", NAMES)
@given(x=st.floats(-709.0, 709.0))
def test_as_python_they_are_those_of_math(name: str, x: float) -> None:
    wanted = getattr(math, name)(x)
    assert abs(getattr(elementary, name)(x) - wanted) <= 3 * ulp(wanted)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("dtype", "lowest", "highest"), [("float64", -744, 709.7), ("float32", -103, 88.7)])
def test_as_machine_code_they_are_those_of_numpy(
    name: str, dtype: Any, lowest: float, highest: float
) -> None:
    lowest = -highest if name == "cosh" else lowest
    parts = np.linspace(lowest, highest, 100_003), np.linspace(-1, 1, 1001), np.geomspace(1e-30, 40, 1000)
    x = np.concatenate(parts).astype(dtype)
    wanted = getattr(np, name)(x.astype(np.float64))
    unit = np.spacing(np.abs(wanted).astype(dtype)).astype(np.float64)
    assert (np.abs(TAPES[name, dtype].forward(x) - wanted) <= 3 * unit).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("x", [0.0, -0.0, inf, -inf, nan, 1e4, -1e4])
def test_borders(name: str, x: float) -> None:
    with np.errstate(over="ignore"):
        wanted = float(getattr(np, name)(x))
    for got in (getattr(elementary, name)(x), *[TAPES[name, dtype].forward([x])[0] for dtype in DTYPES]):
        assert got == wanted or (isnan(got) and isnan(wanted))
        assert isnan(wanted) or math.copysign(1, got) == math.copysign(1, wanted)


def test_the_largest_number_of_cosh_is_finite() -> None:
    assert TAPES["cosh", "float64"].forward([710.4]) == pytest.approx(math.cosh(710.4), rel=1e-15)
    assert TAPES["cosh", "float32"].forward([89.4]) == pytest.approx(math.cosh(89.4), rel=1e-5)


@given(x=st.floats(-1.0, exclude_min=True, allow_infinity=False))
def test_log1p_as_python_is_that_of_math(x: float) -> None:
    assert abs(elementary.log1p(x) - math.log1p(x)) <= 2 * ulp(math.log1p(x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_log1p_as_machine_code_is_that_of_numpy(dtype: Any) -> None:
    tape = Tape.record(lambda x: apply(TABLE["log1p"], (x,)), 0.0, dtype=dtype)
    away = np.geomspace(1e-30, 1e38, 20_001)
    x = np.concatenate([away, -away[away < 1], np.linspace(-0.999, 3, 20_001)]).astype(dtype)
    x = x[x > -1]
    wanted = np.log1p(x.astype(np.float64))
    unit = np.spacing(np.abs(wanted).astype(dtype)).astype(np.float64)
    assert (np.abs(tape.forward(x) - wanted) <= 2 * unit).all()
    assert tape.forward([-1.0, inf, 0.0]).tolist() == [-inf, inf, 0.0]
    assert math.copysign(1, tape.forward([-0.0])[0]) == -1
    assert np.isnan(tape.forward([-1.5, -inf, nan])).all()


@given(x=st.floats(-27.0, 27.0))
def test_erfc_as_python_is_that_of_math(x: float) -> None:
    assert abs(elementary.erfc(x) - math.erfc(x)) <= 5 * ulp(math.erfc(x))


@pytest.mark.parametrize(("dtype", "highest"), [("float64", 27.0), ("float32", 10.0)])
def test_erfc_as_machine_code_is_that_of_math(dtype: Any, highest: float) -> None:
    tape = Tape.record(lambda x: apply(TABLE["erfc"], (x,)), 0.0, dtype=dtype)
    x = np.concatenate([np.linspace(-7, highest, 20_001), [0.0, 1e-9, 1e-300]]).astype(dtype)
    wanted = np.array([math.erfc(v) for v in x.tolist()])
    unit = np.spacing(wanted.astype(dtype)).astype(np.float64)
    assert (np.abs(tape.forward(x) - wanted) <= 5 * unit).all()
    assert tape.forward([inf, -inf, 40.0, -40.0]).tolist() == [0.0, 2.0, 0.0, 2.0]
    assert isnan(tape.forward([nan])[0])
