"""What is set on a Value: data that makes numbers stale, and gradients."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Parameter, Value, backward, dot, gradients, hvp, jvp, sum, topological_order
from autograd.core.recording import clock
from autograd.graph import leaves
from autograd.node import NO_GRADIENT
from nn import MLP, SGD, Module, losses
from tests.strategies import Recipe, recipes

DERIVATIVES: dict[str, Callable[[Value, Value], Any]] = {
    "backward": lambda y, x: backward(y),
    "gradients": gradients,
    "a graph of gradients": lambda y, x: gradients(y, x, create_graph=True),
}
each_derivative = pytest.mark.parametrize("derive", DERIVATIVES.values(), ids=DERIVATIVES)


@each_derivative
def test_data_changed_after_it_was_used_is_an_error_that_names_the_leaf_and_the_op(derive: Any) -> None:
    x, other = Value(2.0, "x"), Value(1.0)
    y = x**2 + other
    derive(y, x)
    x.grad = None
    x.data = 5.0
    with pytest.raises(RuntimeError, match=r"data of x was changed after pow .* 4\.0, .* 25\.0 now"):
        derive(y, x)
    derive(x**2 + other, x)


def test_a_refused_pass_changes_nothing() -> None:
    x = Value(2.0, "x")
    y = (x * x) * 3
    y.backward()
    z = dot([y, x, y], [x, y.exp(), 2.0]) * y  # of what has a gradient by now, and of what has none
    before = [(v.grad, v.grad is NO_GRADIENT) for v in topological_order(z)]
    x.data = 5.0
    for stale in (y, z):
        with pytest.raises(RuntimeError):
            stale.backward()
    assert [(v.grad, v.grad is NO_GRADIENT) for v in topological_order(z)] == before


def test_data_that_was_put_back_is_no_error() -> None:
    x = Value(2.0)
    y = x**2
    x.data = 5.0
    x.data = 2.0
    assert gradients(y, x) == 4.0


@pytest.mark.parametrize(
    "build", [lambda x: x * x + 1, lambda x: (x * x).exp(), lambda x: sum([x * x, x.sin()])]
)
def test_a_graph_that_is_old_in_part_is_found(build: Any) -> None:
    x = Value(2.0)
    old = x * x
    x.data = 3.0
    with pytest.raises(RuntimeError, match="was changed after mul"):
        gradients(build(x) + old, x)
    assert gradients(build(x), x) != 0.0


@pytest.mark.parametrize(
    "differentiate", [lambda f: jvp(f, (2.0,), (1.0,)), lambda f: hvp(f, (2.0,), (1.0,))]
)
def test_data_changed_inside_a_differentiated_function(differentiate: Any) -> None:
    w = Parameter(1.0, "w")

    def function(x: Value) -> Value:
        y = w * x * x
        w.data = w.data + 1.0
        return y

    with pytest.raises(RuntimeError, match="data of w was changed"):
        differentiate(function)


def test_data_of_what_was_computed_is_refused() -> None:
    y = Value(2.0) * 3
    y.label = "y"
    with pytest.raises(ValueError, match="data of y follows from its inputs"):
        y.data = 1.0
    assert y.data == 6.0


def test_steps_of_an_optimizer_between_graphs_are_no_error_and_an_old_loss_is() -> None:
    model = MLP(2, [3, 1], seed=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        loss = losses.mse(model([1.0, 2.0]), 1.0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with pytest.raises(RuntimeError, match="was changed after"):
        loss.backward()


def test_what_other_threads_assign_is_no_false_alarm() -> None:
    w, found = Parameter(1.0), []

    def step() -> None:
        w.data = w.data + 1.0

    def derive() -> None:
        found.append(gradients(w * w, w))

    derive()
    for _ in range(3):
        for work in (step, derive):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        derive()
    assert found == [2.0, 4.0, 4.0, 6.0, 6.0, 8.0, 8.0]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_copy_is_as_stale_as_the_original(copied: Any) -> None:
    x = Value(2.0)
    y = x * x
    fresh = copied(y)
    x.data = 3.0
    with pytest.raises(RuntimeError, match="was changed"):
        backward(copied(y))
    backward(fresh)
    leaf = fresh.inputs[0]
    leaf.data = 5.0
    with pytest.raises(RuntimeError, match="was changed"):
        backward(fresh)
    assert gradients(leaf * leaf, leaf) == 10.0


def test_a_pickle_of_a_longer_history_is_no_false_alarm() -> None:
    x = Value(2.0)
    x.data = 3.0
    state = (x * x).inputs[0].__getstate__() | {"_made": clock.now + 1000}
    leaf = Value(0.0)
    leaf.__setstate__(state)
    assert gradients(leaf * leaf, leaf) == 6.0


@given(recipes(), st.data())
def test_a_graph_is_refused_exactly_where_a_number_no_longer_follows(
    recipe: Recipe, data: st.DataObject
) -> None:
    output = recipe.graph()
    assume(output.role != "constant")
    x = data.draw(st.sampled_from([v for v in leaves(output) if v.role != "constant"]))
    x.data = data.draw(st.sampled_from([x.data, x.data + 0.5]))
    computed = [v for v in topological_order(output) if v.op is not None]
    if all(same(v.op.evaluate([u.data for u in v.inputs])[0], v.data) for v in computed if v.op):
        gradients(output, x)
    else:
        with pytest.raises(RuntimeError, match="was changed after"):
            gradients(output, x)


def same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


# ---------------------------------------------------------------------------------- gradients


def test_a_gradient_of_none_is_one_that_is_not_computed() -> None:
    a, b = Value(2.0), Value(3.0)
    for _ in range(2):
        ((a * a) * b).backward()
        assert (a.grad, b.grad) == (12.0, 4.0)
        a.grad = b.grad = None
        assert a.grad is NO_GRADIENT


@pytest.mark.parametrize("gradient", ["x", [1.0], 1j])
def test_a_gradient_that_is_no_number_is_refused_by_name(gradient: Any) -> None:
    a = Value(2.0)
    a.grad = 1.5
    with pytest.raises(TypeError, match="the gradient of a Value is one real number, not"):
        a.grad = gradient
    assert a.grad == 1.5


def test_an_optimizer_takes_a_gradient_of_none_for_zero() -> None:
    w = Parameter(1.0)
    optimizer = SGD([w], lr=0.1)
    (w * w).backward()
    w.grad = None
    optimizer.step()
    assert w.data == 1.0


def test_data_set_inside_a_module_is_no_false_alarm_and_no_second_use() -> None:
    class Centred(Module):
        def __init__(self) -> None:
            self.average, self.w = Value(0.0), Parameter(2.0)

        def __call__(self, x: Value) -> Value:
            y = self.w * x
            self.average.data = 0.5 * x.data
            return y - self.average

    model, x = Centred(), Value(3.0)
    y = model(x)
    assert gradients(y, [x, model.w]) == [2.0, 3.0]
    assert y.place is y.inputs[0].place
