"""The op table on arrays: each rule once for all numbers, or for one after another where it must be."""

from __future__ import annotations

import math
from math import inf, nan

import numpy as np
import pytest

from autograd import Value, gradients
from autograd.core.arithmetic import FLOATS, IEEE
from autograd.core.primitive import TABLE, Op
from autograd.tape.numpy_ops import WHOLE, on_arrays, takes_arrays
from autograd.value import apply


def test_every_op_of_the_table_takes_arrays() -> None:
    assert [op.name for op in TABLE.values() if op not in WHOLE and not takes_arrays(op)] == []


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_values_and_partials_have_the_shape_of_the_inputs(op: Op, dtype: str) -> None:
    inputs = np.full((op.arity or 4, 2, 3), 1.0, dtype)
    value, partials = on_arrays(op)
    with np.errstate(divide="ignore"):
        y = value(inputs)
        found = [partial(inputs, y) for partial in partials]
    assert y.shape == (2, 3)
    wanted = inputs.shape if op.variadic else y.shape
    assert all(np.broadcast_shapes(np.shape(slope), wanted) == wanted for slope in found)


def branching(m):
    def value(a, b):
        if a > b:
            return math.tanh(a)
        return a * b

    return value, lambda a, b, y: 1 - y * y if a > b else b, lambda a, b, y: 0.0 if a > b else a


def blind(m):  # neither raises for arrays nor takes them
    return lambda a: a * 2 if isinstance(a, float) else a, lambda a, y: 2.0


def listed(m):
    return lambda inputs: max(inputs) ** 2, lambda y, inputs: [
        2 * a if a == max(inputs) else 0.0 for a in inputs
    ]


@pytest.mark.parametrize(
    ("rule", "variadic"),
    [(branching, False), (blind, False), (listed, True)],
    ids=["if", "isinstance", "max"],
)
def test_a_rule_that_takes_no_arrays_is_run_for_one_number_after_another(
    rule, variadic: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    op = Op("own", "own", rule, variadic=variadic)
    monkeypatch.setitem(TABLE, "own", op)
    assert not takes_arrays(op)
    count = op.arity or 3
    inputs = np.random.default_rng(0).normal(size=(count, 5))
    value, partials = on_arrays(op)
    y = value(inputs)
    slopes = partials[0](inputs, y) if variadic else [partial(inputs, y) for partial in partials]
    for k, numbers in enumerate(inputs.T.tolist()):
        leaves = [Value(x) for x in numbers]
        eager = apply(op, tuple(leaves))
        assert y[k] == eager.data
        assert [slope[k] for slope in slopes] == gradients(eager, leaves)


def test_a_rule_that_calls_such_an_op_is_right_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE, "own", Op("own", "own", branching))
    for arithmetic in (FLOATS, IEEE):
        monkeypatch.setattr(arithmetic, "own", branching(arithmetic)[0], raising=False)
    caller = Op("caller", "c", lambda m: (lambda a: m.own(a, 0.5), lambda a, y: 1.0))
    assert on_arrays(caller).value([np.array([0.25, 2.0])]).tolist() == [0.125, math.tanh(2.0)]


def test_the_borders_of_the_error_function() -> None:
    found = on_arrays(TABLE["erfc"]).value([np.array([[-inf, 0.0, inf, nan]])])
    assert np.array_equal(found, [[2.0, 1.0, 0.0, nan]], equal_nan=True)
