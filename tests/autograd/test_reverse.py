"""The reverse pass, and what holds whatever the graph."""

from __future__ import annotations

import gc
import math
import threading
from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from autograd import (
    AnomalyError,
    Constant,
    Parameter,
    Value,
    backward,
    detect_anomaly,
    gradients,
    no_grad,
    topological_order,
    where,
)
from autograd.core.primitive import Op
from autograd.node import NO_GRADIENT
from autograd.testing.digits import DIGITS, Numbers, slope
from tests.strategies import Recipe, recipes
from tests.thorough import DEEP

# -------------------------------------------------------------------------------- any graph at all


def through_mpmath(recipe: Recipe) -> Callable[[Numbers], Any]:
    """The recipe's output as a function of mpmath's numbers."""

    def call(op: Op, inputs: tuple[Any, ...]) -> Any:
        value = op.rule(DIGITS)[0]
        return value(inputs) if op.variadic else value(*inputs)

    return lambda leaves: recipe.compute(leaves, call)


def route_sizes(output: Value) -> dict[Value, float]:
    """Σ |product of partials| over all routes to each node: the size that rounding errors go by."""
    sizes = {output: 1.0}
    for node in reversed(topological_order(output)):
        for v, partial in zip(node.inputs, node.partials, strict=True):
            sizes[v] = sizes.get(v, 0.0) + sizes.get(node, 0.0) * abs(partial)
    return sizes


@given(st.floats())
def test_a_sum_passes_on_to_the_bit_what_a_product_with_one_does(upstream: float) -> None:
    a, b, c, d = map(Value, (2.0, 3.0, 2.0, 3.0))
    ((a + b + a) * upstream).backward()
    ((c * 1.0 + d * 1.0 + c * 1.0) * upstream).backward()
    assert repr((a.grad, b.grad)) == repr((c.grad, d.grad))


STEP_SQUARED = 1e-110  # a central difference with a step of 1e-60 gives x³ at 0 a slope of 1e-120


@given(recipes())
def test_backward_gradients_and_differences_agree_on_any_graph(recipe: Recipe) -> None:
    leaves = [Value(x) for x in recipe.numbers]
    output = recipe.compute(leaves)
    sizes = route_sizes(output)
    found = gradients(output, leaves)
    as_graphs = gradients(output, leaves, create_graph=True)
    backward(output)
    for i, leaf in enumerate(leaves):
        with mp.workdps(50):
            want = slope(through_mpmath(recipe), recipe.numbers, i)
        assert abs(found[i] - want) <= 1e-10 * (sizes.get(leaf, 0.0) + abs(want)) + STEP_SQUARED
        assert leaf.grad == found[i]
        assert as_graphs[i].data == pytest.approx(found[i], abs=1e-12 * sizes.get(leaf, 0.0))


@given(recipes())
def test_the_gradient_of_an_output_with_respect_to_itself_is_one(recipe: Recipe) -> None:
    output = recipe.compute([Value(x) for x in recipe.numbers])
    backward(output)
    assert output.grad == 1.0
    assert gradients(output, output) == 1.0


@given(recipes())
def test_a_second_backward_doubles_leaves_and_nothing_else(recipe: Recipe) -> None:
    output = recipe.compute([Value(x) for x in recipe.numbers])
    backward(output)
    once = {v: v.grad for v in topological_order(output)}
    backward(output)
    sizes = route_sizes(output)
    for v, grad in once.items():
        assert v.grad == (grad if v.inputs else pytest.approx(2 * grad, abs=1e-14 * sizes[v]))


@given(recipes())
def test_gradients_touch_no_grad(recipe: Recipe) -> None:
    leaves = [Value(x) for x in recipe.numbers]
    output = recipe.compute(leaves)
    for create_graph in (False, True):
        gradients(output, leaves, create_graph=create_graph)
        assert all(v.grad is NO_GRADIENT for v in (*topological_order(output), *leaves))


# -------------------------------------------------------------------------------- backward by name


def test_the_chain_rule_by_hand() -> None:
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Value(-2.0, "f")
    e = a * b
    d = e + c
    output = d * f
    output.backward()
    assert output.data == -8.0
    assert [v.grad for v in (output, f, d, e, c, b, a)] == [1.0, 4.0, -2.0, -2.0, -2.0, -4.0, 6.0]


def test_both_edges_of_a_square_count() -> None:
    a = Value(3.0)
    (a * a).backward()
    assert a.grad == 6.0


def test_a_shared_node_collects_from_all_its_uses() -> None:
    a = Value(2.0)
    shared = a * 3
    (shared * shared + shared).backward()
    assert shared.grad == 2 * 6.0 + 1
    assert a.grad == 3 * shared.grad


def test_gradients_of_several_outputs_add_up_in_the_leaves() -> None:
    a = Value(2.0)
    (a * 3).backward()
    (a * 4).backward()
    assert a.grad == 7.0


def test_an_intermediate_is_set_by_the_output_differentiated_last() -> None:
    a = Value(2.0)
    middle = a * 3
    (middle * 5).backward()
    (middle * 7).backward()
    assert middle.grad == 7.0
    assert a.grad == 36.0


def test_constants_get_no_gradient() -> None:
    a, k = Value(2.0), Constant(5.0)
    y = a * 3 + k
    y.backward()
    assert k.grad is NO_GRADIENT
    assert all(v.grad is NO_GRADIENT for v in topological_order(y) if isinstance(v, Constant))


def test_weights_get_theirs_like_inputs() -> None:
    w, x = Parameter(2.0), Value(3.0)
    (w * x).backward()
    assert (w.grad, x.grad) == (3.0, 2.0)


def test_a_gradient_that_is_zero_is_not_the_gradient_that_is_not_there() -> None:
    a, b, aside = Value(2.0), Value(0.0), Value(1.0)
    (a * b).backward()
    assert a.grad == 0.0
    assert a.grad is not NO_GRADIENT
    assert aside.grad is NO_GRADIENT


def test_a_leaf_differentiates_to_one() -> None:
    a = Value(2.0)
    a.backward()
    assert a.grad == 1.0


def test_detach_cuts_the_gradient() -> None:
    a = Value(2.0)
    still = (a * 3).detach()
    (a * still).backward()
    assert a.grad == 6.0
    assert still.grad is NO_GRADIENT


@pytest.mark.parametrize("make", [lambda: Constant(1.0), lambda: Value(1.0).detach()])
def test_a_constant_has_nothing_to_differentiate(make: Callable[[], Value]) -> None:
    constant = make()
    for differentiate in (backward, lambda v: gradients(v, Value(1.0))):
        with pytest.raises(ValueError, match="detached"):
            differentiate(constant)
    assert constant.grad is NO_GRADIENT


# ------------------------------------------------------------------------------ gradients by name


def test_one_value_gives_one_gradient_and_a_sequence_a_list() -> None:
    a, b = Value(2.0), Value(3.0)
    y = a * b
    assert gradients(y, a) == 3.0
    assert gradients(y, [a]) == [3.0]
    assert gradients(y, (b, a, b)) == [2.0, 3.0, 2.0]
    assert gradients(y, []) == []


def test_what_the_output_does_not_depend_on_has_gradient_zero() -> None:
    a, stranger = Value(2.0), Value(3.0)
    y = a * 2
    assert gradients(y, stranger) == 0.0
    assert gradients(y, [a, stranger], create_graph=True)[1].data == 0.0


def test_gradients_of_an_intermediate() -> None:
    a = Value(2.0)
    middle = a * a
    assert gradients(middle * middle, middle) == 8.0


@pytest.mark.parametrize(
    ("output", "wrt"), [(1.0, Value(1.0)), (Value(1.0), [2.0]), (Value(1.0), ["x"]), (None, [])]
)
def test_gradients_name_what_is_no_value(output: Any, wrt: Any) -> None:
    with pytest.raises(TypeError, match="with respect to Values; got"):
        gradients(output, wrt)


# ---------------------------------------------------------------------------- depth and memory


def live_values() -> int:
    return sum(issubclass(type(thing), Value) for thing in gc.get_objects())  # isinstance wakes proxies


def test_a_deep_graph_is_built_differentiated_and_dropped() -> None:
    x = y = Value(1.0)
    for _ in range(5 * DEEP):  # what is dropped might nest in C, whose stack holds more
        y = y + 1.0
    y.backward()
    assert y.data == 5 * DEEP + 1.0
    assert x.grad == 1.0
    del y
    assert x.grad == 1.0


def test_dropping_the_output_frees_its_graph_at_once() -> None:
    x = Value(1.0)
    gc.collect()
    gc.disable()
    try:
        before = live_values()
        y = x
        for _ in range(100):
            y = (y * y + x).tanh()
        y = where(y > 0, y, -y)
        y.backward()
        gradients(y, x)
        slope_of_y = gradients(y, x, create_graph=True)
        assert live_values() > before + 400
        del y, slope_of_y
        assert live_values() == before
    finally:
        gc.enable()


# --------------------------------------------------------------------------------------- no_grad


def test_no_grad_records_nothing() -> None:
    w = Parameter(1.5)
    with no_grad():
        y = (w * 2).exp()
    assert isinstance(y, Constant)
    assert (y.inputs, y.op) == ((), None)
    assert y.data == math.exp(3.0)
    assert (w * 2).inputs


def test_no_grad_nests_and_ends_with_its_block() -> None:
    w = Value(1.0)
    with no_grad():
        with no_grad():
            pass
        assert not (w * 2).inputs
    assert (w * 2).inputs


def test_no_grad_is_a_decorator_too() -> None:
    @no_grad()
    def double(v: Value) -> Value:
        return v * 2

    for _ in range(2):
        assert double(Value(1.0)).inputs == ()
    assert (Value(1.0) * 2).inputs


@pytest.mark.parametrize("context", [no_grad, detect_anomaly])
def test_an_exception_restores_the_mode(context: Callable[[], Any]) -> None:
    with pytest.raises(KeyError), context():
        raise KeyError
    y = Value(-1.0).log() * 2
    assert math.isnan(y.data)
    assert y.inputs


def test_the_mode_of_one_thread_is_nothing_to_another() -> None:
    recorded: list[bool] = []
    with no_grad(), detect_anomaly():
        thread = threading.Thread(target=lambda: recorded.append(bool((Value(-1.0).log() * 2).inputs)))
        thread.start()
        thread.join()
    assert recorded == [True]


def test_gradients_with_a_graph_record_even_under_no_grad() -> None:
    x = Value(3.0)
    y = x * x * x
    with no_grad():
        first = gradients(y, x, create_graph=True)
        assert (x * 2).inputs == ()
    assert gradients(first, x) == 18.0


# ------------------------------------------------------------------------------- detect_anomaly


def test_the_first_bad_number_is_named_with_its_formula_and_inputs() -> None:
    x, y = Value(-1.0, "x"), Value(2.0, "y")
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        (x * y).log() * 0 + 1
    assert sentence_of(caught) == "ln(−2) is nan"
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"^ln\(x\) is nan, where x = -1\.0\n"):
        x.log()


def sentence_of(caught: pytest.ExceptionInfo[AnomalyError]) -> str:
    return str(caught.value).splitlines()[0]


def place_of(caught: pytest.ExceptionInfo[AnomalyError]) -> str:
    return str(caught.value).splitlines()[1]


def test_the_users_line_is_named_where_a_bad_number_is_computed() -> None:
    x = Value(-1.0, "x")
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        x.log()  # here
    assert place_of(caught).startswith(f"  computed at {__file__}, line ")
    assert place_of(caught).endswith(": x.log()  # here")


def test_the_users_line_is_named_where_a_bad_gradient_comes_from() -> None:
    x = Value(0.0, "x")
    with detect_anomaly():
        root = (x * 3).sqrt()  # here
        with pytest.raises(AnomalyError) as caught:
            (root + 1).backward()
    assert sentence_of(caught) == (
        "the gradient is inf with respect to x × 3 = 0.0, where x = 0.0: the slope of √0 is inf"
    )
    assert place_of(caught).endswith(": root = (x * 3).sqrt()  # here")


def test_a_line_that_nobody_watched_is_not_made_up() -> None:
    root = (Value(0.0, "x") * 3).sqrt()
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        root.backward()
    assert place_of(caught) == "  computed before detect_anomaly: put it around that, to see the line"


def test_what_is_computed_while_watching_is_a_value_like_any_other() -> None:
    x = Value(3.0, "x")
    with detect_anomaly():
        y = x * x
    y.backward()
    assert (repr(y), y.role, x.grad) == ("Value(data=9.0, grad=1.0)", "input", 6.0)


def test_a_graph_built_before_is_searched_in_forward_order() -> None:
    x = Value(0.0, "x")
    bad = x.log()
    bad.label = "bad"
    output = bad * 0 + bad.exp()
    for differentiate in (lambda: output.backward(), lambda: gradients(output, x)):
        with detect_anomaly(), pytest.raises(AnomalyError, match=r"^bad = ln\(x\) is -inf, where x = 0\.0\n"):
            differentiate()
    assert all(v.grad is NO_GRADIENT for v in topological_order(output))


def test_the_first_bad_gradient_is_named_too() -> None:
    x = Value(4.0, "x")
    difference = x - 4
    difference.label = "d"
    root = difference.sqrt()
    output = root + 1
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        gradients(output, x)
    assert sentence_of(caught) == (
        "the gradient is inf with respect to d = x − 4 = 0.0, where x = 4.0: the slope of √d is inf"
    )
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"^0\.5 / 0 is inf\n"):
        gradients(output, x, create_graph=True)


def test_a_leaf_with_a_bad_gradient_is_named() -> None:
    x = Value(0.0, "x")
    output = x.sqrt() + 1
    with (
        detect_anomaly(),
        pytest.raises(
            AnomalyError, match=r"^the gradient is inf with respect to x = 0\.0: the slope of √x is inf\n"
        ),
    ):
        output.backward()
    assert all(v.grad is NO_GRADIENT for v in topological_order(output))


def test_anomalies_leave_earlier_gradients_as_they_were() -> None:
    x = Value(-1.0, "x")
    (x * 3).backward()
    bad = x.sqrt() * x
    with detect_anomaly(), pytest.raises(AnomalyError):
        bad.backward()
    assert x.grad == 3.0


def test_finite_numbers_are_no_anomaly() -> None:
    x = Value(2.0)
    with detect_anomaly():
        y = where(x > 1, x.exp(), x)
        y.backward()
    assert x.grad == math.exp(2.0)


def test_infinite_leaves_are_the_users_own() -> None:
    with detect_anomaly():
        assert [Value(inf).data, Constant(-inf).data] == [inf, -inf]
        assert math.isnan(Value(nan).data)
