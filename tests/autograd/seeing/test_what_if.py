"""A walk with other numbers: what if."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import (
    Parameter,
    Value,
    Walk,
    no_grad,
    topological_order,
    walk,
)
from autograd.seeing.pages.player import facts
from autograd.testing import broken
from nn import MLP, Module
from tests.autograd.seeing.test_walk import by_label, computed, example, shared
from tests.strategies import Recipe, recipes


@given(recipes(), st.floats(-2, 2))
def test_what_if_computes_what_the_engine_computes(recipe: Recipe, x: float) -> None:
    y = computed(recipe)
    leaf = next(v for v in topological_order(y) if not v.inputs)
    place = next(i for i, v in enumerate(topological_order(y)) if v is leaf)
    asked = walk(y).what_if({leaf: x})
    again = asked.output
    anew = walk(again)
    assert topological_order(again)[place].data == x
    assert asked.trace.to_json() == walk(again, {n.label: v for n, v in _pairs(asked)}).trace.to_json()
    assert len(anew) == len(asked)


def _pairs(steps: Walk) -> list[tuple[Any, Value]]:
    return list(zip(steps.trace.nodes, topological_order(steps.output), strict=True))


def test_what_if_takes_labels_and_values_and_keeps_the_place() -> None:
    L = example()
    a = by_label(L, "a")
    steps = walk(L)
    steps.goto(9)
    asked = steps.what_if({a: 5.0}, b=1)
    assert asked[1].line == "d = a × b = 5 × 1 = 5"
    assert asked.output.data == (5.0 * 1 + 10) * -2
    assert asked.here == asked[9]
    assert [v.role for v in topological_order(asked.output)] == [v.role for v in topological_order(L)]
    assert asked.what_if({a: 2.0}, b=-3.0).trace == steps.trace


def test_what_if_takes_the_path_of_a_parameter_where_a_label_has_two() -> None:
    pair = {"a": MLP(1, [1], seed=0), "b": MLP(1, [1], seed=1)}

    class Pair(Module):
        def __init__(self) -> None:
            self.pair = pair

        def forward(self, x: float) -> Value:
            return self.pair["a"](x) * self.pair["b"](x)

    model = Pair()
    steps = walk(model(2.0))
    with pytest.raises(ValueError, match=r"2 nodes have the label 'w11\^1'.* its path: 'a.layers.0"):
        steps.what_if(**{"w11^1": 0.0})
    path = "pair.b.layers.0.neurons.0.w.0"
    expected = steps.what_if({model.parameter(path): 0.0}).trace
    assert (
        steps.what_if({path: 0.0}).trace == steps.what_if({path.removeprefix("pair."): 0.0}).trace == expected
    )
    assert expected != steps.trace


def test_a_parameter_without_a_label_is_called_by_the_shortest_path_that_is_unique() -> None:
    class Line(Module):
        def __init__(self) -> None:
            self.slope, self.offsets = Parameter(2.0), [Parameter(1.0)]

        def forward(self, x: Value) -> Value:
            return self.slope * x + self.offsets[0]

    class Lines(Module):
        def __init__(self) -> None:
            self.first, self.second, self.scale = Line(), Line(), Parameter(3.0)

        def forward(self, x: Value) -> Value:
            return self.first(x) * self.second(x) * self.scale

    labels = {node.label for node in walk(Lines()(Value(1.0, "x"))).trace.nodes}
    held = {"first.slope", "second.slope", "first.offsets.0", "second.offsets.0", "scale"}
    assert held <= labels
    assert "slope" not in labels


def test_what_if_keeps_the_tangent_and_the_engine_beside() -> None:
    L = shared()
    assert walk(L, tangent="y").what_if(x=1.0)[-1].symbols == walk(L, tangent="y")[-1].symbols
    beside = walk(L, beside=broken.overwrites).what_if(x=1.0).beside
    assert beside is not None
    assert beside.parts_at == 7


def test_what_if_works_inside_no_grad() -> None:
    steps = walk(example())
    with no_grad():
        asked = steps.what_if(a=5.0)
    assert len(asked) == len(steps)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"d": 1.0}, ValueError, r"d is computed \(a × b\)"),
        ({"q": 1.0}, ValueError, "no node has the label 'q'"),
        ({"a": "1"}, TypeError, "a Value holds one real number"),
        ({3: 1.0}, TypeError, "got 3"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        walk(example()).what_if(changes)


class Pair(Module):
    """Two towers, one of which is used twice."""

    def __init__(self) -> None:
        self.item, self.user = MLP(2, [2, 1], "tanh", seed=0), MLP(2, [1], seed=1)

    def forward(self, a: Any, b: Any) -> Value:
        score: Value = self.item(a) * self.item(b) * self.user(a)
        return score


@pytest.mark.parametrize("size", ["edge", "neuron", "layer"])
def test_what_if_nothing_changes_it_is_the_same_walk_through_the_same_modules(size: Any) -> None:
    steps = walk(Pair()([0.1, Value(0.2, "q")], [0.3, 0.4]), by=size)
    again = steps.what_if({})
    assert [step.sentence for step in again] == [step.sentence for step in steps]
    assert again.trace.to_json() == steps.trace.to_json()
    assert facts(again.content()) == facts(steps.content())
