"""Derivatives of derivatives: the gradient as a graph."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from mpmath import mp

import autograd
from autograd import Value, gradients, no_grad, where
from autograd.core.primitive import TABLE, Op
from autograd.functional.gradients import VALUES
from autograd.ops import CONDITIONS
from autograd.testing.digits import DIGITS
from tests.strategies import Recipe, recipes

EVERY_OP = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE.keys())


def derivatives(y: Value, x: Value, orders: int) -> list[float]:
    """dy/dx, d²y/dx², and so on."""
    found = []
    for _ in range(orders):
        y = gradients(y, x, create_graph=True)
        found.append(y.data)
    return found


@pytest.mark.parametrize(
    "name", [name for name, op in TABLE.items() if op.arity == 1 and op not in CONDITIONS]
)
@pytest.mark.parametrize("at", [0.6, 0.25])
def test_five_derivatives_are_those_of_mpmath(name: str, at: float) -> None:
    at += at not in TABLE[name].domain_of(0)  # acosh begins at 1
    x = Value(at)
    found = derivatives(getattr(autograd, name, Value.__neg__)(x), x, orders=5)
    function = TABLE[name].rule(DIGITS)[0]
    with mp.workdps(50):
        wanted = [float(mp.diff(function, at, n)) for n in range(1, 6)]
    assert found == pytest.approx(wanted, rel=1e-10, abs=1e-10)


def test_a_power_runs_out_of_derivatives() -> None:
    x = Value(2.0)
    assert derivatives(x**3, x, orders=6) == [12.0, 12.0, 6.0, 0.0, 0.0, 0.0]


def test_a_straight_line_has_second_derivative_zero() -> None:
    x = Value(2.0)
    slope_of_line = gradients(3 * x + 1, x, create_graph=True)
    assert slope_of_line.data == 3.0
    assert gradients(slope_of_line, x) == 0.0


def test_a_stranger_has_gradients_of_any_order_all_zero() -> None:
    x, stranger = Value(2.0), Value(3.0)
    first = gradients(x * x, stranger, create_graph=True)
    assert first.data == 0.0
    assert gradients(first, stranger) == 0.0
    assert gradients(first, x) == 0.0


def test_a_variable_exponent_has_its_second_derivatives_at_zero_too() -> None:
    a, b = Value(2.0), Value(0.0)
    d_a, d_b = gradients(a**b, [a, b], create_graph=True)
    assert gradients(d_a, b) == pytest.approx(0.5)  # ∂²aᵇ/∂a∂b = aᵇ⁻¹ (1 + b ln a)
    assert gradients(d_b, a) == pytest.approx(0.5)
    assert gradients(d_b, b) == pytest.approx(math.log(2.0) ** 2)


def test_the_gradient_of_a_gradient_reaches_weights_through_both_passes() -> None:
    x, w = Value(0.7), Value(-1.3)
    y = (w * x).tanh()
    slope_in_x = gradients(y, x, create_graph=True)  # w (1 − y²)
    penalty = slope_in_x * slope_in_x
    penalty.backward()
    t = math.tanh(w.data * x.data)
    want = 2 * w.data * (1 - t * t) ** 2 + w.data**2 * 2 * (1 - t * t) * (-2 * t) * (1 - t * t) * x.data
    assert w.grad == pytest.approx(want, rel=1e-13)


@given(recipes(most_steps=5))
def test_second_derivatives_agree_with_differences_of_first_ones(recipe: Recipe) -> None:
    def first(numbers: list[float]) -> Value:
        leaves = [Value(x) for x in numbers]
        return gradients(recipe.compute(leaves), leaves[0], create_graph=True)

    leaves = [Value(x) for x in recipe.numbers]
    found = gradients(gradients(recipe.compute(leaves), leaves[0], create_graph=True), leaves)
    for i, got in enumerate(found):
        estimates = []
        for step in (2e-5, 1e-5):
            above, below = list(recipe.numbers), list(recipe.numbers)
            above[i] += step
            below[i] -= step
            estimates.append((first(above).data - first(below).data) / (above[i] - below[i]))
        error = abs(estimates[0] - estimates[1])
        assert abs(got - estimates[1]) <= error + 1e-7 * (1 + abs(got))


@given(recipes(most_steps=6))
def test_second_derivatives_are_symmetric(recipe: Recipe) -> None:
    leaves = [Value(x) for x in recipe.numbers]
    rows = [gradients(g, leaves) for g in gradients(recipe.compute(leaves), leaves, create_graph=True)]
    largest = max(abs(d) for row in rows for d in row)
    for i, row in enumerate(rows):
        for j, d in enumerate(row):
            assert d == pytest.approx(rows[j][i], abs=1e-9 * (1 + largest))


# ------------------------------------------------------------------------ the graph it makes


def test_the_gradient_is_a_graph_of_the_inputs() -> None:
    x = Value(3.0, "x")
    slope_of_square = gradients(x**2, x, create_graph=True)
    assert slope_of_square.data == 6.0
    assert slope_of_square.op is not None
    assert x in autograd.topological_order(slope_of_square)


def test_multiplying_by_one_adds_no_nodes() -> None:
    x = Value(0.5)
    assert gradients(x + 1, x, create_graph=True).inputs == ()
    assert len(autograd.topological_order(gradients(x.sin() + 1, x, create_graph=True))) == 2  # x, cos x


def test_a_gradient_graph_passes_through_where_and_its_condition() -> None:
    x = Value(2.0)
    y = where(x > 1, x**3, x)
    assert derivatives(y, x, orders=3) == [12.0, 12.0, 6.0]


def test_nothing_of_the_inputs_is_changed_by_building_gradients_of_gradients() -> None:
    x = Value(2.0)
    y = x**4
    before = (y.data, y.partials, y.inputs)
    derivatives(y, x, orders=3)
    assert (y.data, y.partials, y.inputs) == before
    assert x.inputs == ()


def test_under_no_grad_plain_gradients_still_work() -> None:
    x = Value(2.0)
    y = x**3
    with no_grad():
        assert gradients(y, x) == 12.0


# ---------------------------------------------------------------------- the arithmetic of Values


@EVERY_OP
def test_the_arithmetic_of_values_has_every_op_and_leaves_numbers_numbers(op: Op) -> None:
    inputs = [0.5 + (0.5 not in op.domain_of(0)), 0.25, 0.75][: op.arity or 1]
    rule = getattr(VALUES, op.name)
    got = rule(inputs) if op.variadic else rule(*inputs)
    want, _ = op.evaluate(inputs)
    assert (type(got), got) == (float, want)


def test_the_arithmetic_of_values_has_nothing_else() -> None:
    with pytest.raises(AttributeError, match="no op 'sinc'"):
        getattr(VALUES, "sin" + "c")
