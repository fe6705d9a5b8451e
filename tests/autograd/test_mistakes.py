"""Engines broken on purpose: each is wrong where its mistake shows, and only there."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given

from autograd import Constant, Value, gradients, topological_order, where
from autograd.mistakes import (
    ENGINES,
    Engine,
    depth_first,
    drops_factor,
    gradients_of,
    keeps_intermediates,
    overwrites,
    right,
)
from autograd.node import NO_GRADIENT
from autograd.pure_reverse import upstreams
from tests.strategies import Recipe, recipes

BROKEN = [overwrites, depth_first, keeps_intermediates, drops_factor]


class Five(NamedTuple):
    """The graph L = h × p with h = x × y and p = h + y: h is used twice, and so is y."""

    x: Value
    y: Value
    h: Value
    p: Value
    L: Value


def five_nodes() -> Five:
    x, y = Value(2.0, "x"), Value(3.0, "y")
    h = x * y
    p = h + y
    return Five(x, y, h, p, h * p)


@given(recipes())
def test_the_right_engine_finds_the_gradients_of_the_reverse_pass(recipe: Recipe) -> None:
    output = recipe.compute([Value(x) for x in recipe.numbers])
    assert gradients_of(right, output) == upstreams(output)


@given(recipes())
def test_every_update_takes_up_where_the_last_one_of_its_source_ended(recipe: Recipe) -> None:
    output = recipe.compute([Value(x) for x in recipe.numbers])
    gradient: dict[Value, float] = {}
    for update in right(output):
        assert update.before == gradient.get(update.source, 0.0)
        assert update.target.inputs[update.position] is update.source
        gradient[update.source] = update.after


@pytest.mark.parametrize("engine", BROKEN)
def test_every_mistake_shows_on_five_nodes(engine: Engine) -> None:
    graph = five_nodes()
    wanted = gradients(graph.L, [graph.x, graph.y])
    found = gradients_of(engine, graph.L)
    assert wanted == [45.0, 36.0]
    assert found[graph.x] != wanted[0]
    assert found[graph.y] != wanted[1]


def test_overwriting_keeps_the_last_contribution_only() -> None:
    graph = five_nodes()
    found = gradients_of(overwrites, graph.L)
    assert found[graph.h] == 6.0  # through p; the 9 from L itself is lost


def test_depth_first_passes_on_half_a_gradient() -> None:
    graph = five_nodes()
    found = gradients_of(depth_first, graph.L)
    assert found[graph.h] == 15.0  # right in the end, but too late:
    assert found[graph.x] == 9.0 * 3.0


def test_an_intermediate_that_was_not_reset_counts_twice() -> None:
    graph = five_nodes()
    found = gradients_of(keeps_intermediates, graph.L)
    assert found[graph.p] == 2 * 6.0
    first = next(u for u in keeps_intermediates(graph.L) if u.source is graph.h)
    assert first.before == 15.0  # what the pass before has left


def test_without_the_upstream_only_the_last_partials_are_left() -> None:
    graph = five_nodes()
    assert gradients_of(drops_factor, graph.L)[graph.x] == 3.0


def chain() -> Value:
    return (Value(0.5, "x") * 3).tanh().exp()


def one_op() -> Value:
    return Value(2.0, "x") * Value(3.0, "y")


def shared_leaf() -> Value:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    return (a * b) * (a + b)


@pytest.mark.parametrize(
    ("engine", "graph"),
    [
        (overwrites, chain),
        (overwrites, one_op),
        (depth_first, chain),
        (depth_first, shared_leaf),
        (keeps_intermediates, one_op),
        (drops_factor, one_op),
    ],
)
def test_a_mistake_stays_hidden_where_there_is_nothing_to_go_wrong(engine: Engine, graph: object) -> None:
    assert callable(graph)
    output = graph()
    assert gradients_of(engine, output) == upstreams(output)


@pytest.mark.parametrize("engine", ENGINES.values())
def test_the_values_are_never_written_to(engine: Engine) -> None:
    graph = five_nodes()
    gradients_of(engine, graph.L)
    assert all(v.grad is NO_GRADIENT for v in topological_order(graph.L))


@pytest.mark.parametrize("engine", ENGINES.values())
def test_constants_get_no_gradient(engine: Engine) -> None:
    x = Value(2.0, "x")
    y = where(x > 1, x * 3, -x)
    assert not any(isinstance(v, Constant) for v in gradients_of(engine, y))


@pytest.mark.parametrize("engine", ENGINES.values())
def test_depth_is_no_obstacle(engine: Engine) -> None:
    x = Value(1.0, "x")
    y = x
    for _ in range(10_000):
        y = -y
    assert abs(gradients_of(engine, y)[x]) >= 1.0
