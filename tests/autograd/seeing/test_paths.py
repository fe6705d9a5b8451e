"""Gradient paths against routes listed one by one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import inf, nan
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Parameter, Value, gradient_path, gradients, topological_order, where
from autograd import sum as sum_of
from autograd.seeing.facts.routes import Route
from tests.strategies import Recipe, recipes

MOST_LISTED = 3000


def listed(output: Value, weight: Value) -> Iterator[tuple[tuple[Value, ...], tuple[float, ...]]]:
    """Every route, by walking back from the output: its nodes and partials."""
    stack: list[tuple[tuple[Value, ...], tuple[float, ...]]] = [((output,), ())]
    while stack:
        nodes, partials = stack.pop()
        if nodes[0] is weight:
            yield nodes, partials
        elif nodes[0].role != "constant":
            stack += [
                ((v, *nodes), (d, *partials))
                for v, d in zip(nodes[0].inputs, nodes[0].partials, strict=True)
                if v.role != "constant"
            ]


def graph(recipe: Recipe, which: int) -> tuple[Value, Value]:
    leaves = [Value(x, f"x{i}") for i, x in enumerate(recipe.numbers)]
    return recipe.compute(leaves), leaves[which % len(leaves)]


@st.composite
def small_graphs(draw: st.DrawFn) -> tuple[Value, Value]:
    """Graphs whose partials are any numbers at all, so that nothing about them is regular."""
    partials = st.sampled_from([0.0, 1.0, -1.0, 0.5, -3.0, 1e-200, 1e200, -1e300, inf, nan]) | st.floats(
        -9, 9
    )
    nodes = [Value(1.0, "w"), Value(1.0, "x")]
    for i in range(draw(st.integers(1, 7))):
        inputs = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3))
        node = sum_of(inputs)
        node.partials = tuple(draw(partials) for _ in inputs)
        node.label = f"v{i}"
        nodes.append(node)
    return nodes[-1], nodes[0]


@given(recipes(), st.integers(0, 3))
def test_count_total_and_routes_agree_with_listing_them(recipe: Recipe, which: int) -> None:
    y, w = graph(recipe, which)
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


def test_a_chain_of_a_hundred_thousand_nodes_needs_no_recursion() -> None:
    w = v = Value(1.0, "w")
    for _ in range(100_000):
        v = v + 1.0
    path = gradient_path(v, w)
    (route,) = path.routes(2)
    assert (path.count, path.total, len(route.nodes)) == (1, 1.0, 100_001)
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
        "<gradient path: 3 routes from w₁₁¹ to y; their products sum to ∂y/∂w₁₁¹ = 8>"
    )
    L.label = "L"
    assert "their products sum to ∂L/∂w₁₁¹ = 8" in repr(gradient_path(L, w))
    assert "1 route from x to L; its product is ∂L/∂x = 3" in repr(gradient_path(L, x))


def test_a_route_shows_its_way_and_its_factors() -> None:
    w = Parameter(3.0, "w")
    z = w * 2
    z.label = "z1^1"
    L = z * 5
    L.label = "L"
    (route,) = gradient_path(L, w).routes()
    assert repr(route) == "<route w → z₁¹ → L: 2 · 5 = 10>"
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


# --------------------------------------------------------------------------------------- the ledger


def named(output: Value) -> Value:
    output.label = "L"
    return output


@given(recipes(), st.integers(0, 3), st.integers(0, 6))
def test_a_ledger_adds_up_to_the_gradient(recipe: Recipe, which: int, k: int) -> None:
    y, w = graph(recipe, which)
    path = gradient_path(y, w)
    assume(path.count <= MOST_LISTED)
    products = sorted((math.prod(partials) for _, partials in listed(y, w)), key=abs, reverse=True)
    size = sum(map(abs, products))
    ledger = path.ledger(k)
    assert ledger.sum == pytest.approx(path.total, rel=1e-9, abs=1e-12 * size)
    assert ledger.rest == pytest.approx(math.fsum(products[k:]), rel=1e-9, abs=1e-9 * size)
    assert (ledger.count, ledger.remaining) == (path.count, max(0, path.count - k))
    y.backward()
    assert ledger.gradient == w.grad


def test_a_value_without_a_name_stands_in_a_ledger_as_its_formula_bracketed_once() -> None:
    a, w = Value(0.3, "a"), Value(0.5, "w")
    y = (a * w + w).tanh() + w
    names = [[factor.name for factor in entry.factors] for entry in gradient_path(y, w).ledger().entries]
    assert ["∂(a × w + w)/∂w", "∂tanh(a × w + w)/∂(a × w + w)", "∂y/∂tanh(a × w + w)"] in names


@given(small_graphs(), st.integers(0, 4))
def test_any_numbers_at_all_make_a_ledger(ends: tuple[Value, Value], k: int) -> None:
    ledger = gradient_path(*ends).ledger(k)
    assert [entry.rank for entry in ledger.entries] == list(range(1, len(ledger.entries) + 1))
    assert str(ledger)


def test_each_entry_has_its_factors_by_name_and_the_sum_so_far() -> None:
    w, x = Parameter(3.0, "w11^1"), Value(2.0, "x1")
    z = w * x
    z.label = "z1^1"
    ledger = gradient_path(named(z * 5 + w), w).ledger()
    first, second = ledger.entries
    assert [str(factor) for factor in first.factors] == [
        "∂z₁¹/∂w₁₁¹ = 2",
        "∂(z₁¹ × 5)/∂z₁¹ = 5",
        "∂L/∂(z₁¹ × 5) = 1",
    ]
    assert [(first.product, first.running), (second.product, second.running)] == [(10.0, 10.0), (1.0, 11.0)]
    assert (ledger.rest, ledger.remaining, ledger.sum, ledger.gradient) == (0.0, 0, 11.0, 11.0)


def test_what_the_others_add_is_not_lost_beside_a_large_route() -> None:
    w = Value(1.0, "w")
    path = gradient_path(w * 1e16 + w * 3.0 - w * 1e16, w)
    ledger = path.ledger(2)
    assert (ledger.rest, ledger.sum) == (3.0, 3.0)  # the reverse pass itself has 4 or 2 here
    assert path.total != 3.0


def test_an_infinite_route_leaves_the_others_their_sum() -> None:
    w = Value(1.0, "w")
    ledger = gradient_path(w * inf + w * 3.0 + w * 2.0, w).ledger(1)
    assert (ledger.entries[0].product, ledger.rest, ledger.sum, ledger.gradient) == (inf, 5.0, inf, inf)


def test_infinite_routes_of_both_signs_sum_to_nan() -> None:
    w = Value(1.0, "w")
    ledger = gradient_path(w * inf - w * inf, w).ledger()
    assert math.isnan(ledger.sum)
    assert "nan" in str(ledger)


def test_a_ledger_of_more_routes_than_atoms_is_exact() -> None:
    w = v = Value(1.0, "w")
    for _ in range(100):
        v = v + v
    ledger = gradient_path(v, w).ledger(3)
    assert ledger.remaining == 2**100 - 3
    assert ledger.rest == ledger.sum == 2.0**100  # 3 is beyond the digits of a float this large
    assert "1,267,650,600,228,229,401,496,703,205,376 routes" in str(ledger)


def test_a_ledger_of_no_routes_says_so() -> None:
    ledger = gradient_path(named(Value(1.0, "x") * 2), Parameter(1.0, "w")).ledger()
    assert (ledger.entries, ledger.count, ledger.rest, ledger.sum) == ((), 0, 0.0, 0.0)
    assert str(ledger) == "no route leads from w to L: ∂L/∂w = 0"
    assert "no route leads" in ledger._repr_mimebundle_()["text/html"]


def test_a_ledger_without_entries_still_has_the_sum() -> None:
    w = Value(3.0, "w")
    ledger = gradient_path(named(w * w), w).ledger(0)
    assert (ledger.entries, ledger.rest, ledger.sum) == ((), 6.0, 6.0)
    assert "all routes" in str(ledger)


def test_a_ledger_of_a_value_itself() -> None:
    x = Value(2.0, "x")
    ledger = gradient_path(x, x).ledger()
    assert (ledger.sum, ledger.count) == (1.0, 1)
    assert "the value itself" in str(ledger)


def test_a_ledger_takes_names_from_the_callers_variables() -> None:
    weight = Value(2.0)
    loss = weight * weight
    assert "2 routes from weight to loss: ∂loss/∂weight = 4" in str(
        gradient_path(loss, weight).ledger(names=locals())
    )


def test_a_ledger_is_a_table_of_text_with_its_columns_one_below_the_other() -> None:
    w, x = Value(3.0, "w"), Value(-2.0, "x")
    y = w * x
    y.label = "y"
    assert str(gradient_path(named(y * y), w).ledger()).splitlines() == [
        "2 routes from w to L: ∂L/∂w = 24",
        "",
        "route  product  running sum   factors",
        "    1      +12          +12   ∂y/∂w  ∂L/∂y",
        "                              −2     −6 (input 1)",
        "    2      +12          +24   ∂y/∂w  ∂L/∂y",
        "                              −2     −6 (input 2)",
        "  sum      +24                = ∂L/∂w",
    ]


def test_a_long_ledger_stays_within_the_page() -> None:
    w = v = Value(1.0, "w")
    for _ in range(5000):
        v = v * 1.001
    lines = str(gradient_path(v, w).ledger()).splitlines()
    assert len(lines) < 15
    assert max(map(len, lines)) <= 110


def test_labels_in_a_ledger_are_text_with_real_indices() -> None:
    w = Parameter(3.0, '<img src=x onerror="alert(1)">' * 300)
    z = w * 2
    z.label = "z1^2"
    html = gradient_path(named(z * 3), w).ledger()._repr_mimebundle_()["text/html"]
    assert "<img" not in html
    assert "&lt;img" in html
    assert len(html) < 5000
    assert "z<sub>1</sub><sup>2</sup>" in html


def test_a_weight_used_a_thousand_times_has_a_thousand_routes() -> None:
    w = Parameter(1.0, "w")
    path = gradient_path(named(sum_of([w * factor for factor in range(1, 1001)])), w)
    ledger = path.ledger(3)
    assert [entry.product for entry in ledger.entries] == [1000.0, 999.0, 998.0]
    assert (ledger.count, ledger.rest, ledger.sum) == (1000, 497_503.0, 500_500.0)


def test_the_two_routes_through_a_square_are_told_apart() -> None:
    w, e = Parameter(3.0, "w"), Value(1.0)
    first, second = gradient_path(w * w, w).ledger().entries
    assert [str(entry.factors[0]) for entry in (first, second)] == [
        "∂y/∂w = 3 (input 1)",
        "∂y/∂w = 3 (input 2)",
    ]
    (only,) = gradient_path(w * e, w).ledger().entries
    assert only.factors[0].position is None


def test_in_a_notebook_a_long_row_of_factors_ends_its_lines_between_factors() -> None:
    w = Parameter(0.5, "w")
    y = w * 2
    for _ in range(11):
        y = y.tanh()
    page = gradient_path(y, w).ledger()._repr_mimebundle_()["text/html"]
    assert page.count('class="term"') == 12
    assert "</span> ·</span> <span" in page
