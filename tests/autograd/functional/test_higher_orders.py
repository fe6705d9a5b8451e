"""Derivatives to any order, in every corner: against differences in hundreds of digits, and known numbers."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from math import isfinite
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograd import Value, grad, hessian, jacobian, jvp, logsumexp, where
from autograd.core.primitive import TABLE, Op
from autograd.functional.gradients import gradients
from autograd.graph import topological_order
from autograd.testing.differences import noise_of
from autograd.testing.digits import derivative, value_of
from autograd.value import Constant, apply
from tests.strategies import Recipe, everyday, inputs_of, on_a_kink, recipes
from tests.thorough import ALL

EVERY_OP = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE.keys())
LARGEST_GRAPH = 20_000
"""Graphs of gradients with more nodes than this are left out: they take too long."""
Compute = Callable[[Sequence[Any], Callable[..., Any]], Any]


def check_derivative(compute: Compute, numbers: Sequence[float], places: Sequence[int]) -> bool:
    """The derivative in these places, one after another, is right to within what rounding may do.

    False if that cannot be told: the graph is too large, or it overflows on the way.
    """
    leaves = [Value(x) for x in numbers]
    found = compute(leaves, apply)
    for i in places:
        if isinstance(found, Constant):
            return True
        found = gradients(found, leaves[i], create_graph=True)
        if len(order := topological_order(found)) >= LARGEST_GRAPH:
            return False
    want = derivative(lambda x: compute(x, lambda op, v: value_of(op)(v)), numbers, places)
    if abs(want) > sys.float_info.max:  # 1 / a, of the smallest a, is more than a float can be
        assert not isfinite(found.data), (found.data, str(want))
        return True
    bound = noise_of(order) + 1e-100  # what is left of the step
    if isfinite(bound):
        assert abs(found.data - want) <= bound, (found.data, float(want), bound)
    return isfinite(bound)


def is_inside(compute: Compute, numbers: Sequence[float]) -> bool:
    """Whether each op has a derivative there: inside its domain, off its kinks, and of moderate size."""
    for node in topological_order(compute([Value(x) for x in numbers], apply)):
        if node.op is None:
            continue
        inputs = [v.data for v in node.inputs]
        if on_a_kink(node.op, inputs) or not isfinite(node.data) or abs(node.data) > 1e6:
            return False
        if not all(x in node.op.domain_of(i) or _is_power(node, i) for i, x in enumerate(inputs)):
            return False
    return True


def _is_power(node: Value, i: int) -> bool:
    """Whether it is a whole power from 0 up, which has all its derivatives at 0 and below."""
    exponent = node.inputs[-1]
    return node.op is TABLE["pow"] and i == 0 and exponent.role == "constant" and exponent.data in range(9)


def is_off_kinks(op: Op, numbers: Sequence[float]) -> bool:
    """Whether no kink is near: the jumps of mod lie as close together as its second input is small."""
    return not on_a_kink(op, numbers) and not (op.name == "mod" and abs(numbers[0]) >= 1e9 * abs(numbers[1]))


# ------------------------------------------------------------------------------- any composition

CORNERS = st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-8, -1e-8, 5e-324, 1e-310, math.nextafter(1.0, 0.0)])


@given(recipe=recipes(most_steps=4), data=st.data())
def test_any_composition_has_its_derivatives_up_to_order_4(recipe: Recipe, data: st.DataObject) -> None:
    numbers = [data.draw(st.just(x) | CORNERS) for x in recipe.numbers]
    assume(is_inside(recipe.compute, numbers))
    places = data.draw(st.lists(st.integers(0, len(numbers) - 1), min_size=1, max_size=4))
    assume(check_derivative(recipe.compute, numbers, places))


@EVERY_OP
@settings(max_examples=settings.default.max_examples if ALL else 10)
@given(data=st.data())
def test_an_op_has_its_derivatives_up_to_order_4(op: Op, data: st.DataObject) -> None:
    numbers = data.draw(inputs_of(op, kinks=False))
    numbers = [x if data.draw(st.booleans()) or x == 0 else everyday(x) for x in numbers]
    assume(all(x in op.domain_of(i) for i, x in enumerate(numbers)) and max(map(abs, numbers)) < 1e3)
    assume(is_off_kinks(op, numbers))
    places = data.draw(st.lists(st.integers(0, len(numbers) - 1), min_size=1, max_size=4))
    assume(check_derivative(lambda v, call: call(op, tuple(v)), numbers, places))


OF_TWO = [op for op in TABLE.values() if op.arity == 2]
SIDES = [0.0, 1.0, 5e-324, 1e-310, 1e-200]


@pytest.mark.parametrize("op", OF_TWO, ids=lambda op: op.name)
def test_an_op_of_two_has_its_second_derivatives_in_every_corner(op: Op) -> None:
    for a, b in itertools.product(SIDES, SIDES):
        if a in op.domain_of(0) and b in op.domain_of(1) and is_off_kinks(op, [a, b]):
            for places in itertools.product((0, 1), repeat=2):
                check_derivative(lambda v, call: call(op, tuple(v)), [a, b], places)


@given(data=st.data())
def test_powers_and_polynomials_have_theirs_at_zero(data: st.DataObject) -> None:
    degrees = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    outer = data.draw(st.sampled_from(["sin", "exp", "cosh", "tanh", "softplus", "neg"]))

    def compute(v: Sequence[Any], call: Callable[..., Any]) -> Any:
        number = Constant if isinstance(v[0], Value) else lambda x: x
        powers = [call(TABLE["pow"], (v[k % 2], number(float(n)))) for k, n in enumerate(degrees)]
        total = reduce(lambda a, b: call(TABLE["add"], (a, call(TABLE["mul"], (b, v[1])))), powers)
        return call(TABLE[outer], (total,))

    numbers = data.draw(st.lists(st.sampled_from([0.0, -0.0, 0.5, -2.0]), min_size=2, max_size=2))
    assume(check_derivative(compute, numbers, data.draw(st.lists(st.integers(0, 1), min_size=1, max_size=4))))


# ---------------------------------------------------------------------------- the branch not taken


def root_or_line(x: Value) -> Value:
    return where(x > 0, x.sqrt(), 3 * x)


def nested(function: Callable[..., Any], order: int) -> Callable[..., Any]:
    return reduce(lambda f, _: grad(f), range(order), function)


def test_a_branch_not_taken_sends_nothing() -> None:
    x = Value(-1.0)
    y = root_or_line(x)
    y.backward()
    assert x.grad == gradients(y, x) == gradients(y, x, create_graph=True).data == 3.0
    assert grad(root_or_line)(-1.0) == jacobian(root_or_line)(-1.0) == 3.0
    assert jvp(root_or_line, (-1.0,), (2.0,)) == (-3.0, 6.0)
    assert hessian(root_or_line)(-1.0) == nested(root_or_line, 3)(-1.0) == 0.0
    assert jvp(grad(root_or_line), (-1.0,), (1.0,)) == (3.0, 0.0)
    assert hessian(root_or_line)(4.0) == -1 / 32


def test_what_only_a_branch_not_taken_needs_is_not_reached() -> None:
    x, w = Value(-1.0), Value(0.0)
    y = where(x > 0, w.log() * x, x)
    y.backward()
    assert (x.grad, w.grad) == (1.0, 0.0)
    assert str(w.grad) == "0.0"
    assert gradients(y, [w, y.inputs[1]]) == [0.0, 0.0]


def test_a_branch_stays_shut_however_deep_it_is_and_open_where_another_route_leads_there() -> None:
    x = Value(0.0)
    root = x.sqrt()
    inner = where(x < 1, root.log(), x)
    assert gradients(where(x < 0, inner * root, 2 * x) + where(x >= 0, 5 * x, inner), x) == 7.0
    assert gradients(where(x < 0, root, x) + root, x) == math.inf


def test_a_slope_that_comes_out_as_zero_is_a_number_and_zero_times_infinity_is_nan() -> None:
    for function in (lambda x: x.sqrt() * 0, lambda x: x.sqrt() ** 2, lambda x: (x.sqrt() - 1).relu()):
        assert math.isnan(grad(function)(0.0))
        assert math.isnan(jvp(function, (0.0,), (1.0,))[1])


@pytest.mark.parametrize("n", range(6))
@pytest.mark.parametrize("order", range(1, 6))
def test_a_power_has_all_its_derivatives_at_zero_and_right_beside_it(n: int, order: int) -> None:
    assert nested(lambda x: x**n, order)(0.0) == (math.factorial(n) if n == order else 0.0)
    for x in (5e-324, 1e-310, 1e-200, 1e-100) if order >= n else ():
        assert nested(lambda x: x**n, order)(x) == (math.factorial(n) if n == order else 0.0)


def test_an_exponent_of_zero_moves_the_slope_at_the_smallest_bases() -> None:
    x, n = Value(5e-324), Value(0.0)
    slope = gradients(x**n, x, create_graph=True)
    assert (slope.data, gradients(slope, n), gradients(slope, x)) == (0.0, math.inf, 0.0)


def test_polynomials_have_all_their_derivatives_at_zero() -> None:
    def polynomial(x: Value) -> Any:
        return sum([c * x**k for k, c in enumerate([1.0, 2.0, 3.0])])

    assert hessian(polynomial)(0.0) == 6.0
    assert nested(lambda x: x + x**2 + x**3 + x**4, 4)(0.0) == 24.0


@pytest.mark.parametrize("b", [2.0, 2.5, 3.0])
def test_a_power_has_its_mixed_derivatives_at_zero(b: float) -> None:
    ((d_aa, d_ab), (d_ba, d_bb)) = hessian(lambda v: v[0] ** v[1])([0.0, b])
    assert (d_aa, d_ab, d_ba, d_bb) == (2.0 if b == 2 else 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_graph_of_gradients_keeps_both_branches_for_other_numbers(order: int) -> None:
    tape = pytest.importorskip("autograd.tape", reason="the tape needs NumPy and LLVM")

    def function(x: Value) -> Value:
        return where(x > 0, x.sqrt() * x.log(), 3 * x**2)

    def slope(x: Value) -> Value:
        y = function(x)
        for _ in range(order):
            y = gradients(y, x, create_graph=True)
        return y

    numbers = [-2.0, -1.0, 0.25, 4.0]
    x = Value(-1.0)
    for recorded in (tape.Tape.record(slope, -1.0), tape.Tape.of(slope(x), x)):
        assert recorded.forward(numbers) == pytest.approx([nested(function, order)(x) for x in numbers])
        slopes = recorded.input_gradients(numbers)
        assert slopes == pytest.approx([nested(function, order + 1)(x) for x in numbers])


# --------------------------------------------------------------------------------- the last digits

BESIDE_ZERO = st.sampled_from([1e-300, 1e-12, 1e-8, 1e-5, 1e-3, 0.1, 0.3, 0.7])


WELL_CONDITIONED = ["asin", "acos", "atan", "sigmoid", "tanh", "erf", "sinh", "cosh", "softplus"]


@pytest.mark.parametrize("name", WELL_CONDITIONED)
@given(size=BESIDE_ZERO, data=st.data())
def test_slopes_of_slopes_keep_their_digits(name: str, size: float, data: st.DataObject) -> None:
    op = TABLE[name]
    edge = st.just(1 - 2**-20 * size) if op.domain_of(0).high == 1.0 else st.just(20 * size)
    x = data.draw(st.just(size) | edge) * data.draw(st.sampled_from([1, -1]))
    assume(x in op.domain_of(0))
    want = derivative(value_of(op), [x], [0, 0])
    got = nested(lambda v: apply(op, (v,)), 2)(x)
    assert abs(got - want) <= 12 * 2**-53 * abs(want) + 1e-310


def test_worked_second_derivatives() -> None:
    assert hessian(Value.asin)(1e-8) == 1.0000000000000002e-08
    assert hessian(Value.acos)(1e-8) == -1.0000000000000002e-08
    assert hessian(Value.asin)(0.0) == hessian(Value.sigmoid)(0.0) == 0.0


@pytest.mark.parametrize("gap", [0.0, 1e-9, 1.0, 40.0, 400.0])
def test_logsumexp_of_two_keeps_the_digits_of_a_share_that_is_nearly_one(gap: float) -> None:
    want = math.exp(-gap) / (1 + math.exp(-gap)) ** 2  # p (1 − p)
    ((d_aa, d_ab), (d_ba, d_bb)) = hessian(lambda v: logsumexp(v))([gap, 0.0])
    assert [d_aa, -d_ab, -d_ba, d_bb] == pytest.approx([want] * 4, rel=1e-15)


@pytest.mark.parametrize("gap", [0.0, 1.0, 40.0, 400.0])
@pytest.mark.parametrize("n", [3, 5])
def test_logsumexp_of_several_keeps_them_too(gap: float, n: int) -> None:
    rest = (n - 1) * math.exp(-gap)  # p = 1 / (1 + rest), of the first; (1 − p) / (n − 1), of each other
    p, q = 1 / (1 + rest), math.exp(-gap) / (1 + rest)
    found = hessian(lambda v: logsumexp(v))([gap] + [0.0] * (n - 1))
    for i, j in itertools.product(range(n), repeat=2):
        shares = (p if i == 0 else q) * (p if j == 0 else q)
        want = p * rest / (1 + rest) if i == j == 0 else q * (1 - q) if i == j else -shares
        assert found[i][j] == pytest.approx(want, rel=1e-14)


def test_the_graphs_of_gradients_behind_a_branch_stay_small() -> None:
    def size(function: Compute, order: int = 4) -> int:
        x = Value(2.0)
        y = function(x)
        for _ in range(order):
            y = gradients(y, x, create_graph=True)
        return len(topological_order(y))

    plain = size(lambda x: x.sin().exp())
    assert size(lambda x: where(x > 0, x.sin().exp(), x)) < 4 * plain
