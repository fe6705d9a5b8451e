"""Orders and sub-graphs."""

from __future__ import annotations

import sys

from hypothesis import given

from autograd import Value, topological_order
from autograd.graph import leaves
from tests.strategies import Recipe, recipes


@given(recipes())
def test_every_node_comes_after_all_of_its_inputs_and_once(recipe: Recipe) -> None:
    output = recipe.compute([Value(x) for x in recipe.numbers])
    order = topological_order(output)
    place = {v: i for i, v in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is output
    assert all(place[v] < place[node] for node in order for v in node.inputs)


@given(recipes())
def test_the_order_of_a_graph_is_always_the_same(recipe: Recipe) -> None:
    output = recipe.compute([Value(x) for x in recipe.numbers])
    again = recipe.compute([Value(x) for x in recipe.numbers])
    names = [[(v.op, v.data) for v in topological_order(o)] for o in (output, output, again)]
    assert names[0] == names[1] == names[2]


def test_the_order_walks_the_inputs_from_first_to_last() -> None:
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    left, right = a * b, b * c
    output = left + right
    assert topological_order(output) == [a, b, left, c, right, output]


def test_several_outputs_share_one_order() -> None:
    a, b = Value(1.0), Value(2.0)
    total, product = a + b, a * b
    assert topological_order(total, product) == [a, b, total, product]
    assert topological_order(total, total) == [a, b, total]
    assert topological_order() == []


def test_a_leaf_is_its_own_order() -> None:
    a = Value(1.0)
    assert topological_order(a) == [a]
    assert leaves(a) == [a]


def test_leaves_are_what_the_output_was_computed_from() -> None:
    a, b = Value(1.0), Value(2.0)
    y = (a * b + 3) * a
    assert [v.data for v in leaves(y)] == [1.0, 2.0, 3.0]


def test_depth_does_not_touch_the_recursion_limit() -> None:
    x = y = Value(1.0)
    for _ in range(10 * sys.getrecursionlimit()):
        y = y + 1
    assert len(topological_order(y)) == 2 + 20 * sys.getrecursionlimit() - 1
    assert leaves(y)[0] is x
