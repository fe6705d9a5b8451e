"""Numbers are IEEE doubles: infinity and nan where NumPy gives them, and never an exception."""

from __future__ import annotations

import math
from itertools import product
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.core.arithmetic import FLOATS, IEEE, Ieee
from autograd.core.primitive import TABLE, Op
from tests.strategies import inputs_of

np = pytest.importorskip("numpy")

EVERY_OP = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE.keys())
SPECIAL = (
    0.0,
    -0.0,
    5e-324,
    1 / 3,
    0.5,
    1.0,
    -1.0,
    2.0,
    3.0,
    -3.0,
    -8.0,
    800.0,
    -800.0,
    1e308,
    -1e308,
    inf,
    -inf,
    nan,
)
IN_NUMPY = {"sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative"}


def special_rows(op: Op) -> list[tuple[float, ...]]:
    """Every combination of special numbers as inputs of the op (of two, if it takes any number)."""
    return list(product(SPECIAL, repeat=op.arity or 2))


def same(a: float, b: float) -> bool:
    """Whether both are nan, the same infinity, or equal but for the last digits."""
    return (a != a and b != b) or a == b or math.isclose(a, b, rel_tol=1e-14)


@EVERY_OP
def test_no_op_raises_whatever_the_numbers(op: Op) -> None:
    for row in special_rows(op):
        y, partials = op.evaluate(row)
        assert isinstance(y, float)
        assert len(partials) == len(row)
        assert all(isinstance(d, float) for d in partials)


@pytest.mark.parametrize(
    "op",
    [
        pytest.param(op, id=name)
        for name, op in TABLE.items()
        if hasattr(np, IN_NUMPY.get(name, name)) and not op.variadic
    ],
)
def test_special_numbers_come_out_as_in_numpy(op: Op) -> None:
    rows = special_rows(op)
    with np.errstate(all="ignore"):
        wanted = getattr(np, IN_NUMPY.get(op.name, op.name))(*np.array(rows).T)
    for row, want in zip(rows, wanted, strict=True):
        got, _ = op.evaluate(row)
        assert same(got, float(want)), f"{op.name}{row} is {got}; NumPy gives {want}"


def test_a_zero_keeps_its_sign() -> None:
    assert math.copysign(1, TABLE["mul"].evaluate((0.0, -1.0))[0]) == -1
    assert TABLE["div"].evaluate((1.0, -0.0))[0] == -inf
    assert TABLE["pow"].evaluate((-0.0, -3.0))[0] == -inf


@EVERY_OP
@given(data=st.data())
def test_the_fast_arithmetic_and_the_safe_one_agree_to_the_last_bit(op: Op, data: st.DataObject) -> None:
    inputs = data.draw(inputs_of(op))
    try:
        y, partials = op.evaluator(FLOATS)(inputs)
    except (ArithmeticError, ValueError):
        return  # only the safe one has an answer
    safe_y, safe_partials = op.evaluator(IEEE)([Ieee(x) for x in inputs])
    assert (float(y), *map(float, partials)) == pytest.approx(
        (safe_y, *safe_partials), rel=0, abs=0, nan_ok=True
    )


@given(st.floats(), st.floats())
def test_division_is_that_of_numpy(a: float, b: float) -> None:
    with np.errstate(all="ignore"):
        want = float(np.float64(a) / np.float64(b))
    for got in (Ieee(a) / b, a / Ieee(b)):
        assert type(got) is Ieee
        assert repr(float(got)) == repr(want)
