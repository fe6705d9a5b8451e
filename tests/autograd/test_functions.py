"""The functions of Values: textbook definitions, n-ary functions, where."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

import autograd
from autograd import Constant, Value, grad, gradients, log_softmax, logaddexp, ops, sinc, where, xlogy

EVERYDAY = st.floats(-50, 50, allow_subnormal=False)

# ------------------------------------------------------------------ definitions, independently

TEXTBOOK: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "relu": lambda x: max(x, mpf(0)),
    "leaky_relu": lambda x: x if x > 0 else mpf(0.01) * x,
    "elu": lambda x: x if x > 0 else mp.exp(x) - 1,
    "selu": lambda x: mpf(1.0507009873554805) * (x if x > 0 else mpf(1.6732632423543772) * (mp.exp(x) - 1)),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "gelu": lambda x: x * mp.ncdf(x),
    "sech": lambda x: 2 / (mp.exp(x) + mp.exp(-x)),
    "tanh": lambda x: (mp.exp(x) - mp.exp(-x)) / (mp.exp(x) + mp.exp(-x)),
    "erfc": lambda x: 1 - mp.erf(x),
    "abs": lambda x: mp.sqrt(x * x),
}


@pytest.mark.parametrize("name", TEXTBOOK)
@given(x=EVERYDAY)
def test_a_function_is_its_textbook_definition(name: str, x: float) -> None:
    with mp.workdps(1500):  # the textbook forms cancel: exp(-50²/2) and 1 in one sum
        want = TEXTBOOK[name](mpf(x))
    assert getattr(autograd, name)(x).data == pytest.approx(float(want), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    "name", [n for n in autograd.__all__ if hasattr(Value, n) and n not in ("backward", "grad")]
)
def test_a_method_and_the_function_of_that_name_are_one(name: str) -> None:
    assert getattr(autograd, name) is getattr(Value, name)
    assert getattr(autograd, name).__doc__


@pytest.mark.parametrize("name", ["exp", "tanh", "relu", "abs", "sigmoid", "leaky_relu", "elu"])
def test_a_function_takes_plain_numbers_and_keeps_the_gradient_of_values(name: str) -> None:
    function = getattr(autograd, name)
    x = Value(0.5)
    y = function(x)
    y.backward()
    assert function(0.5).data == y.data
    assert x.grad != 0.0


@pytest.mark.parametrize("argument", ["x", None, [1.0], 1j])
@pytest.mark.parametrize("name", ["exp", "relu", "leaky_relu", "maximum", "sum", "mean", "dot", "logsumexp"])
def test_a_function_names_the_bad_input(name: str, argument: Any) -> None:
    call: dict[str, Callable[[Any], Any]] = {
        "maximum": lambda x: autograd.maximum(1.0, x),
        "sum": lambda x: autograd.sum([x]),
        "mean": lambda x: autograd.mean([1.0, x]),
        "dot": lambda x: autograd.dot([x], [1.0]),
        "logsumexp": lambda x: autograd.logsumexp([x]),
    }
    with pytest.raises(TypeError, match="one real number"):
        call.get(name, getattr(autograd, name))(argument)


# ----------------------------------------------------------------------- activations with a slope


def test_prelu_learns_its_slope() -> None:
    x, slope = Value(-3.0), Value(0.25)
    y = x.prelu(slope)
    y.backward()
    assert (y.data, x.grad, slope.grad) == (-0.75, 0.25, -3.0)


def test_leaky_relu_and_elu_take_their_parameter() -> None:
    assert Value(-2.0).leaky_relu(0.1).data == -0.2
    assert Value(-2.0).elu(0.5).data == 0.5 * math.expm1(-2.0)
    assert Value(2.0).leaky_relu(0.1).data == Value(2.0).elu(0.5).data == 2.0


def test_clip_holds_within_the_bounds_it_is_given() -> None:
    assert [Value(x).clip(-1, 1).data for x in (-2.0, 0.5, 2.0)] == [-1.0, 0.5, 1.0]
    assert Value(-2.0).clip(high=1).data == -2.0
    assert Value(2.0).clip(low=3).data == 3.0


def test_maximum_and_minimum_of_equals_share_the_gradient() -> None:
    for name in ("maximum", "minimum"):
        a, b = Value(1.0), Value(1.0)
        getattr(a, name)(b).backward()
        assert (a.grad, b.grad) == (0.5, 0.5)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_maximum_and_minimum_pass_nan_on(name: str) -> None:
    assert math.isnan(getattr(Value(nan), name)(1.0).data)
    assert math.isnan(getattr(Value(1.0), name)(nan).data)


# --------------------------------------------------------------------------------- stable forms


@pytest.mark.parametrize("x", [-1e308, -1e5, -800.0, -40.0, 0.0, 40.0, 800.0, 1e5, 1e308])
@pytest.mark.parametrize("name", ["sigmoid", "softplus", "tanh", "silu", "gelu", "elu", "selu"])
def test_activations_and_slopes_are_finite_on_the_whole_line(name: str, x: float) -> None:
    v = Value(x)
    y = getattr(v, name)()
    assert math.isfinite(y.data)
    assert math.isfinite(gradients(y, v))


def test_softplus_keeps_the_digits_of_both_tails() -> None:
    assert Value(-700.0).softplus().data == math.exp(-700.0)
    assert Value(700.0).softplus().data == 700.0


def test_logsumexp_of_huge_numbers_does_not_overflow() -> None:
    assert autograd.logsumexp([1000.0, 1000.0]).data == 1000.0 + math.log(2.0)
    assert autograd.logsumexp([-1000.0, -1000.0]).data == -1000.0 + math.log(2.0)


@pytest.mark.parametrize(
    ("inputs", "want"),
    [
        ([inf, 1.0], inf),
        ([1.0, inf, inf], inf),
        ([-inf, 1.0], 1.0),
        ([-inf, -inf], -inf),
        ([nan, 1.0], nan),
        ([1.0, nan], nan),
        ([5.0], 5.0),
    ],
)
def test_logsumexp_of_special_numbers(inputs: list[float], want: float) -> None:
    got = autograd.logsumexp(inputs).data
    assert got == want or (math.isnan(got) and math.isnan(want))


# --------------------------------------------------------------------- any number of inputs


@given(st.lists(EVERYDAY, min_size=1, max_size=8))
def test_sum_mean_and_logsumexp_are_one_node_or_few_and_right(xs: list[float]) -> None:
    values = [Value(x) for x in xs]
    assert autograd.sum(values).data == pytest.approx(math.fsum(xs), abs=1e-12)
    assert autograd.mean(values).data == pytest.approx(math.fsum(xs) / len(xs), abs=1e-12)
    largest = max(xs)
    want = largest + math.log(math.fsum(math.exp(x - largest) for x in xs))
    assert autograd.logsumexp(values).data == pytest.approx(want, abs=1e-12)
    assert autograd.sum(values).inputs == tuple(values)


@given(st.lists(st.tuples(EVERYDAY, EVERYDAY), max_size=8), st.none() | EVERYDAY)
def test_dot_is_a_neuron(pairs: list[tuple[float, float]], bias: float | None) -> None:
    w, x = [Value(a) for a, _ in pairs], [Value(b) for _, b in pairs]
    b = None if bias is None else Value(bias)
    z = autograd.dot(w, x, b)
    assert z.data == pytest.approx(math.fsum([a * b for a, b in pairs] + [bias or 0.0]), abs=1e-10)
    z.backward()
    assert [v.grad for v in w] == [b for _, b in pairs]
    assert [v.grad for v in x] == [a for a, _ in pairs]
    assert b is None or b.grad == 1.0


def test_dot_of_different_lengths_says_how_many() -> None:
    with pytest.raises(ValueError, match="got 2 w and 1 x"):
        autograd.dot([1.0, 2.0], [Value(1.0)])


def test_nothing_sums_to_zero() -> None:
    assert autograd.sum([]).data == 0.0
    assert autograd.dot([], []).data == 0.0
    assert autograd.dot([], [], Value(2.0)).data == 2.0


@pytest.mark.parametrize("name", ["mean", "logsumexp", "softmax"])
def test_what_nothing_has_no_value_for_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} of no values"):
        getattr(autograd, name)([])


def test_n_ary_functions_take_any_iterable() -> None:
    assert autograd.sum(Value(x) for x in (1.0, 2.0)).data == 3.0
    assert autograd.mean(iter([1.0, 3.0])).data == 2.0
    assert autograd.dot((x for x in (1.0, 2.0)), {3.0: "a", 4.0: "b"}).data == 11.0


@given(st.lists(st.floats(-800, 800), min_size=1, max_size=6))
def test_softmax_is_a_distribution_and_does_not_feel_a_shift(xs: list[float]) -> None:
    shares = [p.data for p in autograd.softmax(xs)]
    assert all(0.0 <= p <= 1.0 + 1e-12 for p in shares)
    assert math.fsum(shares) == pytest.approx(1.0, abs=1e-12)
    shifted = [p.data for p in autograd.softmax([x + 100.0 for x in xs])]
    assert shifted == pytest.approx(shares, rel=1e-10, abs=1e-300)


@pytest.mark.parametrize("size", [1e4, 1e8, 1e16, 1e300])
@pytest.mark.parametrize("n", [2, 3, 10])
def test_softmax_sums_to_one_for_logits_of_any_size(n: int, size: float) -> None:
    assert [p.data for p in autograd.softmax([Value(size)] * n)] == pytest.approx([1 / n] * n, rel=1e-15)
    equal = [Value(size) for _ in range(n)]
    assert gradients(autograd.logsumexp(equal), equal) == pytest.approx([1 / n] * n, rel=1e-15)


def test_the_gradient_of_softmax_is_its_jacobian() -> None:
    values = [Value(x) for x in (0.5, -1.0, 2.0)]
    shares = autograd.softmax(values)
    for i, p in enumerate(shares):
        want = [p.data * ((i == j) - q.data) for j, q in enumerate(shares)]
        assert gradients(p, values) == pytest.approx(want, abs=1e-15)


# ------------------------------------------------------------------------------------- where


@pytest.mark.parametrize("condition", [True, False, 1, 0, 0.0, -2.5])
def test_where_takes_a_plain_truth_value(condition: Any) -> None:
    a, b = Value(1.0), Value(2.0)
    assert where(condition, a, b) is (a if condition else b)
    assert where(condition, 1.0, 2.0).data == (1.0 if condition else 2.0)


@pytest.mark.parametrize(("x", "taken"), [(2.0, 0), (-2.0, 1)])
def test_where_sends_the_gradient_into_the_taken_branch_only(x: float, taken: int) -> None:
    c, a, b = Value(x), Value(5.0), Value(7.0)
    for condition in (c > 0, (c > 0).value(), c.relu()):
        y = where(condition, a * 1, b * 1)
        assert y.data == (5.0, 7.0)[taken]
        assert gradients(y, [a, b]) == ([1.0, 0.0], [0.0, 1.0])[taken]


def test_a_condition_gets_no_gradient() -> None:
    x = Value(0.5)
    condition = x > 0
    y = where(condition, x * 3, x)
    y.backward()
    assert x.grad == 3.0
    assert all(v.grad == 0.0 for v in y.inputs[:1])


def test_a_condition_sends_no_nan_where_its_own_slope_is_infinite() -> None:
    x = Value(0.0)
    y = where(x.log() < 0, x, 2 * x)
    y.backward()
    assert x.grad == 1.0
    assert gradients(y, x) == 1.0
    assert gradients(y, x, create_graph=True).data == 1.0


@pytest.mark.parametrize("bad", ["x", None, [1.0]])
def test_where_names_the_bad_branch(bad: Any) -> None:
    with pytest.raises(TypeError, match="one real number"):
        where(Value(1.0) > 0, bad, 1.0)
    with pytest.raises(TypeError, match="one real number"):
        where(True, 1.0, bad)


def test_where_of_two_numbers_is_a_constant() -> None:
    assert isinstance(where(True, 1.0, 2.0), Constant)


def test_sinc_has_its_derivatives_everywhere() -> None:
    f: Any = sinc
    for order in range(5):
        for x in (0.0, 1e-3, 0.3, 0.4774, 0.4776, -1.3, 2.0):
            got = f(Value(x)).data if order == 0 else f(x)
            with mp.workdps(50):
                want = 0.0 if x == 0 and order % 2 else float(mp.diff(lambda t: mp.sinc(mp.pi * t), x, order))
            assert got == pytest.approx(want, rel=1e-13, abs=1e-13)
        f = grad(f)


def test_log_softmax_keeps_what_softmax_loses() -> None:
    a = [Value(0.0), Value(800.0)]
    assert [y.data for y in log_softmax(a)] == [-800.0, 0.0]
    assert gradients(log_softmax(a)[0], a) == [1.0, -1.0]


def test_logaddexp_is_logsumexp_of_two() -> None:
    a, b = Value(1000.0), Value(1000.0)
    y = logaddexp(a, b)
    assert y.data == 1000.0 + math.log(2)
    assert gradients(y, [a, b]) == pytest.approx([0.5, 0.5])


def test_xlogy_is_zero_where_its_factor_is() -> None:
    a, b = Value(0.0), Value(0.0)
    assert xlogy(a, b).data == 0.0
    a, b = Value(2.0), Value(4.0)
    assert gradients(xlogy(a, b), [a, b]) == [math.log(4.0), 0.5]


def test_rounding_is_an_op() -> None:
    for step, want in ((round, 3.0), (math.floor, 2.0), (math.ceil, 3.0)):
        x = Value(2.7)
        y: Any = step(x)  # type: ignore[operator]
        assert y.data == want
        assert gradients(y, x) == 0.0


# ------------------------------------------------------------------------------------------ lookup


def test_a_plain_index_picks_the_row_itself() -> None:
    rows = [Value(2.0), Value(3.0)]
    assert autograd.lookup(1, rows) is rows[1]
    assert autograd.lookup(np.float64(0.0), rows) is rows[0]
    assert autograd.lookup(1, (x for x in rows)) is rows[1]
    picked = autograd.lookup(1, [[1.0, 2.0], rows])
    assert all(a is b for a, b in zip(picked, rows, strict=True))
    assert [v.role for v in autograd.lookup(0, [[1.0, 2.0], rows])] == ["constant", "constant"]


def test_a_value_as_an_index_gives_a_node_a_number_and_the_row_its_gradient() -> None:
    table = [[Value(float(10 * i + k)) for k in range(3)] for i in range(4)]
    index = Value(2.0)
    picked = autograd.lookup(index, table)
    assert [v.data for v in picked] == [20.0, 21.0, 22.0]
    assert {v.op for v in picked} == {ops.lookup}
    flat = [v for row in table for v in row]
    assert gradients(picked[1], flat) == [float(v is table[2][1]) for v in flat]
    assert gradients(picked[1], index) == 0.0


def test_nothing_comes_through_the_rows_that_were_not_picked() -> None:
    x = Value(0.0)
    y = autograd.lookup(Value(1.0), [1 / x, x + 1, x.log()])
    assert (y.data, gradients(y, x)) == (1.0, 1.0)
    slope = gradients(y * y, x, create_graph=True)
    assert (slope.data, gradients(slope, x)) == (2.0, 2.0)


@pytest.mark.parametrize("index", [-1, 3, 0.5, math.nan, math.inf])
def test_an_index_of_no_row_is_refused_and_as_a_value_nan(index: float) -> None:
    rows = [Value(2.0), Value(3.0), Value(4.0)]
    with pytest.raises(IndexError, match=f"a whole number from 0 to 2, one for each row; got {index}"):
        autograd.lookup(index, rows)
    assert math.isnan(autograd.lookup(Value(index), rows).data)


def test_lookups_of_what_is_no_index_or_no_table_are_refused() -> None:
    with pytest.raises(TypeError, match="an index is one real number, not 'a'"):
        autograd.lookup("a", [1.0])
    with pytest.raises(ValueError, match="in a table without rows"):
        autograd.lookup(0, [])
    with pytest.raises(ValueError, match="zip"):
        autograd.lookup(Value(0.0), [[1.0, 2.0], [3.0]])
