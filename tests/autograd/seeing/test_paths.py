"""Gradient paths against routes listed one by one."""

from __future__ import annotations

import math
from math import inf
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Parameter, Value, gradient_path, gradients, topological_order, where
from autograd.seeing.facts.routes import Route
from tests.routes import MOST_LISTED, graph_of, listed, small_graphs
from tests.strategies import Recipe, recipes
from tests.thorough import DEEP


@given(recipes(), st.integers(0, 3))
def test_count_total_and_routes_agree_with_listing_them(recipe: Recipe, which: int) -> None:
    y, w = graph_of(recipe, which)
    path = gradient_path(y, w)
    assume(path.count <= MOST_LISTED)
    products = [math.prod(partials) for _, partials in listed(y, w)]
    assert path.count == len(products)
    assert path.total == gradients(y, w)
    size = sum(map(abs, products))
    assert math.fsum(products) == pytest.approx(path.total, rel=1e-9, abs=1e-12 * size)
    routes = path.routes(path.count)
    assert math.fsum(route.product for route in routes) == pytest.approx(
        path.total, rel=1e-9, abs=1e-12 * size
    )
    assert len({(r.nodes, r.positions) for r in routes}) == path.count


def ranked(partials: tuple[float, ...]) -> tuple[int, int, int, float]:
    """The documented order: nan first, zero last, else by magnitude."""
    finite = [abs(d) for d in partials if d and math.isfinite(d)]
    return (
        sum(map(math.isnan, partials)),
        -partials.count(0.0),
        sum(map(math.isinf, partials)),
        math.fsum(map(math.log, finite)),
    )


@given(small_graphs(), st.integers(0, 6))
def test_the_k_strongest_are_the_k_strongest_of_all(ends: tuple[Value, Value], k: int) -> None:
    y, w = ends
    path = gradient_path(y, w)
    assume(path.count <= MOST_LISTED)
    best = sorted((ranked(partials) for _, partials in listed(y, w)), reverse=True)[:k]
    found = [ranked(route.partials) for route in path.routes(k)]
    assert [size[:3] for size in found] == [size[:3] for size in best]
    assert [size[3] for size in found] == pytest.approx([size[3] for size in best], rel=1e-12, abs=1e-9)


@given(small_graphs())
def test_a_route_is_a_chain_of_inputs_with_their_partials(ends: tuple[Value, Value]) -> None:
    y, w = ends
    for route in gradient_path(y, w).routes(4):
        assert (route.nodes[0], route.nodes[-1]) == (w, y)
        steps = zip(route.nodes, route.nodes[1:], route.positions, route.partials, strict=False)
        for before, after, position, partial in steps:
            assert after.inputs[position] is before
            assert after.partials[position] is partial


def test_repeated_inputs_are_routes_of_their_own() -> None:
    x = Value(3.0, "x")
    path = gradient_path(x * x, x)
    assert path.count == 2
    assert [route.positions for route in path.routes()] in ([(0,), (1,)], [(1,), (0,)])


def test_the_nodes_are_only_those_between() -> None:
    w, x, b = Parameter(2.0, "w"), Value(3.0, "x"), Value(1.0, "b")
    z = w * x
    y = (z + b) + b * x
    path = gradient_path(y, w)
    assert set(path.nodes) == {w, z, y, y.inputs[0]}
    assert [use.source for use in path.uses] == [w, z, y.inputs[0]]


def test_no_route_leads_through_a_condition() -> None:
    w, x = Value(2.0, "w"), Value(3.0, "x")
    path = gradient_path(where(w > 1, x, -x), w)
    assert (path.count, path.total, path.routes()) == (0, 0.0, [])
    both = gradient_path(where(w > 1, w * x, x), w)
    assert both.count == 1


def test_a_weight_that_does_not_matter_has_no_routes_and_says_so() -> None:
    path = gradient_path(Value(1.0, "x") * 2, Parameter(1.0, "w"))
    assert (path.count, path.total, path.nodes, path.routes(3)) == (0, 0.0, [], [])
    assert "no route leads from w" in repr(path)


def test_a_constant_is_on_no_route() -> None:
    y = Value(1.0, "x") * 2
    assert gradient_path(y, y.inputs[1]).count == 0


def test_the_output_reaches_itself_by_one_empty_route() -> None:
    x = Value(2.0, "x")
    (route,) = gradient_path(x, x).routes()
    assert (route.nodes, route.partials, route.product) == ((x,), (), 1.0)
    assert gradient_path(x, x).total == 1.0


def test_an_intermediate_value_will_do_as_the_weight() -> None:
    x = Value(2.0, "x")
    z = x * 3
    assert gradient_path(z * z, z).total == 12.0


def test_the_count_is_exact_however_large() -> None:
    x = v = Value(1.0, "x")
    for _ in range(2000):
        v = v + v
    path = gradient_path(v, x)
    assert path.count == 2**2000
    assert len(path.routes(3)) == 3
    assert "about 1.148e602 routes" in repr(path)


def test_products_beyond_the_range_of_floats_are_still_ranked() -> None:
    w = Value(1.0, "w")
    tiny, huge = w, w
    for _ in range(20):
        tiny, huge = tiny * 1e-30, huge * 1e-29
    first, second = gradient_path(tiny + huge, w).routes(2)
    assert first.nodes[-2] is huge
    assert (first.product, second.product) == (0.0, 0.0)


def test_a_long_chain_needs_no_recursion() -> None:
    w = v = Value(1.0, "w")
    for _ in range(DEEP):
        v = v + 1.0
    path = gradient_path(v, w)
    (route,) = path.routes(2)
    assert (path.count, path.total, len(route.nodes)) == (1, 1.0, DEEP + 1)
    assert len(repr(path)) < 200
    assert len(repr(route)) < 200


def test_infinite_and_undefined_partials_do_not_stop_it() -> None:
    w = Value(0.0, "w")
    path = gradient_path(w.log() + w * inf + w.sqrt() * 0.0 + w, w)
    assert path.count == 4
    assert math.isnan(path.total)
    products = [route.product for route in path.routes(4)]
    assert products[0] == products[1] == inf
    assert products[2] == 1.0
    assert math.isnan(products[3])  # 0 × ∞


def test_words_use_labels_and_the_total() -> None:
    w, x = Parameter(3.0, "w11^1"), Value(2.0, "x")
    L = w * x + w * w
    assert repr(gradient_path(L, w)) == (
        "<gradient path: 3 routes from w₁₁⁽¹⁾ to y; their products sum to ∂y/∂w₁₁⁽¹⁾ = 8>"
    )
    L.label = "L"
    assert "their products sum to ∂L/∂w₁₁⁽¹⁾ = 8" in repr(gradient_path(L, w))
    assert "1 route from x to L; its product is ∂L/∂x = 3" in repr(gradient_path(L, x))


def test_a_route_shows_its_way_and_its_factors() -> None:
    w = Parameter(3.0, "w")
    z = w * 2
    z.label = "z1^1"
    L = z * 5
    L.label = "L"
    (route,) = gradient_path(L, w).routes()
    assert repr(route) == "<route w → z₁⁽¹⁾ → L: 2 · 5 = 10>"
    assert isinstance(route, Route)


def test_no_gradient_is_touched() -> None:
    w = Parameter(3.0, "w")
    y = w * w
    gradient_path(y, w).routes(2)
    assert all(repr(v.grad) == "0.0" for v in topological_order(y))
    y.backward()
    before = [v.grad for v in topological_order(y)]
    gradient_path(y, w)
    assert [v.grad for v in topological_order(y)] == before


@pytest.mark.parametrize(("output", "weight"), [(1.0, Value(1.0)), (Value(1.0), "w")])
def test_ends_that_are_not_values_are_refused(output: Any, weight: Any) -> None:
    with pytest.raises(TypeError, match="one Value"):
        gradient_path(output, weight)


def test_a_constant_output_is_refused() -> None:
    x = Value(1.0, "x")
    with pytest.raises(ValueError, match="depends on nothing"):
        gradient_path(x.detach(), x)


@pytest.mark.parametrize(("k", "error"), [(-1, ValueError), (1.5, TypeError), ("2", TypeError)])
def test_k_is_a_number_of_routes(k: Any, error: type[Exception]) -> None:
    x = Value(1.0, "x")
    with pytest.raises(error, match="k is how many"):
        gradient_path(x * 2, x).routes(k)


def test_none_of_the_routes_can_be_asked_for() -> None:
    x = Value(1.0, "x")
    assert gradient_path(x * x, x).routes(0) == []


def test_nodes_with_equal_numbers_are_told_apart() -> None:
    x = Value(2.0, "x")
    path = gradient_path((x * 1.0) * (x * 1.0), x)
    assert [route.product for route in path.routes()] == [2.0, 2.0]
