"""The chain rule one step at a time."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from html import escape, unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import (
    Constant,
    Parameter,
    Value,
    Walk,
    exp,
    gradients,
    log,
    topological_order,
    walk,
    where,
)
from autograd import sum as sum_of
from autograd.notation.latex import latex
from autograd.pure_reverse import upstreams
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import Step
from autograd.seeing.facts.sizes import SIZES
from autograd.testing import broken
from nn import MLP
from nn.losses import half_mse
from tests.strategies import Recipe, recipes
from tests.thorough import DEEP


def example() -> Value:
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Parameter(-2.0, "f")
    d = a * b
    d.label = "d"
    L = (d + c) * f
    L.label = "L"
    return L


def shared() -> Value:
    """``h * (h + y)`` with ``h = x * y``: both h and y are used twice."""
    x, y = Value(2.0, "x"), Value(3.0, "y")
    h = x * y
    h.label = "h"
    L = h * (h + y)
    L.label = "L"
    return L


def by_label(output: Value, label: str) -> Value:
    return next(v for v in topological_order(output) if v.label == label)


def computed(recipe: Recipe) -> Value:
    y = recipe.compute([Value(x) for x in recipe.numbers])
    assume(y.role != "constant")
    return y


def edges_of(steps: Walk) -> Iterator[Step]:
    return (step for step in steps if step.kind == "edge")


# --------------------------------------------------------------------------- the facts, at random


@given(recipes())
def test_contributions_into_a_node_sum_to_its_gradient(recipe: Recipe) -> None:
    y = computed(recipe)
    steps = walk(y)
    received: dict[str, list[float]] = defaultdict(list)
    final: dict[str, float | None] = {}
    for step in edges_of(steps):
        assert step.before == final.get(step.node)
        assert step.contribution is not None
        received[step.node].append(step.contribution)
        final[step.node] = step.after
    right = upstreams(y)
    for node, v in zip(steps.trace.nodes, topological_order(y), strict=True):
        if v is y or v not in right:
            assert node.id not in received
        else:
            assert math.fsum(received[node.id]) == pytest.approx(right[v], rel=1e-9, abs=1e-12)
            assert final[node.id] == right[v] == node.gradient


@given(recipes())
def test_forward_steps_come_after_their_inputs_and_reverse_steps_after_all_uses(recipe: Recipe) -> None:
    steps = walk(computed(recipe))
    computed_so_far: set[str] = set()
    inputs = defaultdict(list)
    for edge in steps.trace.edges:
        inputs[edge.target].append(edge.source)
    for step in steps:
        if step.phase == "forward":
            for node in step.nodes:
                assert computed_so_far.issuperset(inputs[node])
            computed_so_far.update(step.nodes)
    passed_on = set()
    for step in edges_of(steps):
        passed_on.add(step.target)
        assert step.node not in passed_on


@given(recipes(), st.data())
def test_forward_mode_ends_with_the_gradient_of_the_reverse_pass(recipe: Recipe, data: st.DataObject) -> None:
    y = computed(recipe)
    leaf = data.draw(st.sampled_from([v for v in topological_order(y) if v.role != "constant"]))
    last = walk(y, tangent=leaf)[-1]
    assert last.phase == "tangent"
    assert last.after == pytest.approx(gradients(y, leaf), rel=1e-9, abs=1e-9)


@given(recipes())
def test_a_walk_changes_nothing_of_the_values(recipe: Recipe) -> None:
    y = computed(recipe)
    order = topological_order(y)
    before = [(v.data, v.grad, v.label, v.partials) for v in order]
    steps = walk(y, beside=broken.overwrites)
    while steps.step():
        pass
    leaf = next(v for v in order if not v.inputs)
    steps.what_if({leaf: 0.25})
    assert [(v.data, v.grad, v.label, v.partials) for v in order] == before
    assert all(v.grad is gradient for v, (_, gradient, _, _) in zip(order, before, strict=True))


@given(recipes())
def test_a_step_forward_and_one_back_is_none(recipe: Recipe) -> None:
    steps = walk(computed(recipe))
    for place in range(-1, len(steps) - 1):
        before = steps.here
        assert steps.step() == steps[place + 1]
        assert steps.back() is before
        steps.step()


# --------------------------------------------------------------------------------------- stepping


def test_a_walk_is_a_sequence() -> None:
    steps = walk(example())
    assert len(steps) == 11
    assert steps[-1].number == 10
    assert [step.number for step in steps[2:4]] == [2, 3]
    assert steps[3] in steps
    assert steps.index(steps[3]) == 3
    with pytest.raises(IndexError):
        steps[11]


def test_stepping_stays_at_the_last_step_and_before_the_first() -> None:
    steps = walk(Value(1.0, "x"))
    assert steps.here is None
    assert steps.back() is None
    assert [step.kind for step in iter(steps.step, None) if step is not None] == ["leaf", "seed"]
    assert steps.step() is None
    assert steps.here == steps[-1]
    steps.rewind()
    assert steps.here is None


def test_goto_takes_a_number_from_either_end() -> None:
    steps = walk(example())
    assert steps.goto(5).number == 5
    assert steps.goto(-1).number == 10
    assert steps.here == steps[10]


@pytest.mark.parametrize("by", ["label", "Value"])
def test_goto_a_node_goes_to_its_next_step_in_turn(by: str) -> None:
    L = shared()
    steps = walk(L)
    h = "h" if by == "label" else by_label(L, "h")
    assert [steps.goto(h).number for _ in range(4)] == [1, 5, 7, 1]


@pytest.mark.parametrize(
    ("where_to", "error", "message"),
    [
        (14, ValueError, r"11 steps .* numbered from 0 to 10, as in walk\[0\]; got 14"),
        (-15, ValueError, "got -15"),
        ("dd", ValueError, "no node has the label 'dd'; did you mean 'd'?"),
        ("q" * 10_000, ValueError, "no node has the label"),
        (Value(1.0, "stranger"), ValueError, "stranger.* is not part of this graph"),
        (1.5, TypeError, r"got 1\.5 \(float\)"),
        (None, TypeError, "got None"),
    ],
)
def test_a_place_that_is_not_there_is_refused(where_to: Any, error: type[Exception], message: str) -> None:
    steps = walk(example())
    steps.goto(3)
    with pytest.raises(error, match=message):
        steps.goto(where_to)
    assert steps.here == steps[3]


def test_a_label_that_two_nodes_have_is_refused() -> None:
    with pytest.raises(ValueError, match="2 nodes have the label 'x'; give the Value itself"):
        walk(Value(1.0, "x") * Value(2.0, "x")).goto("x")


# ----------------------------------------------------------------------------------------- as text


def test_a_walk_prints_its_steps_with_the_current_one_marked() -> None:
    steps = walk(shared())
    steps.goto(8)
    lines = repr(steps).splitlines()
    assert lines[0] == "a walk of 11 steps through L = h × (h + y)"
    assert "reverse" in lines
    assert [line for line in lines if line.startswith("→")] == ["→   [8]  " + steps[8].line]


def test_its_title_is_the_whole_formula_where_that_is_short_and_the_last_op_where_it_is_not() -> None:
    a, b = Value(2.0, "a"), Value(3.0)
    product = a * b
    assert walk(product * a + b, names={"b": b}).title == "y = a × b × a + b"
    assert walk(product * a + b, names={"b": b}).what_if(a=5.0).title == "y = a × b × a + b"
    assert walk(product * a, names={"b": b, "product": product}).title == "y = product × a"
    for _ in range(7):
        product = product.tanh() * b
    assert walk(product, names={"b": b}).title == "y(a, b)"
    assert walk(product * 2.0, names={"b": b, "product": product}).title == "y = product × 2"


@pytest.mark.parametrize(
    "loss", [lambda y: y, lambda y: half_mse(y, 1.0), lambda y: (y.tanh() * y).exp().log()]
)
def test_its_title_tells_a_network_and_has_no_name_that_was_made_up(loss: Callable[[Value], Value]) -> None:
    steps = walk(loss(MLP(2, [3, 1], "tanh", seed=0)([0.5, -1.0])))
    assert steps.title == f"MLP 2 → 3 → 1: {name_of(steps.trace.nodes[-1])}"
    alone = walk(loss(Value(0.5, "a") * Value(0.25, "b") + Value(0.125, "c")))
    assert not re.search(r"\bv[₀-₉]", alone.title)
    assert {steps.title, alone.title} <= {*map(heading_of, (steps.html(), alone.html()))}


def heading_of(html: str) -> str:
    """What the heading of a page says; its title and its heading are one."""
    title, heading = (re.search(rf"<{tag}>(.*?)</{tag}>", html) for tag in ("title", "h1"))
    assert title
    assert heading
    assert title[1] == heading[1]
    return unescape(heading[1])


def test_of_a_long_walk_the_ends_and_what_is_around_the_current_step_are_printed() -> None:
    x = Value(1.0, "x")
    for _ in range(500):
        x = x.tanh()
    steps = walk(x)
    steps.goto(400)
    text = repr(steps)
    assert len(text.splitlines()) < 60
    for place in (0, 397, 403, len(steps) - 1):
        assert steps[place].line in text
    assert "… 377 steps …" in text


def test_a_walk_is_taken_along_as_its_ending_says(tmp_path: Path) -> None:
    steps = walk(example())
    for name, begins in (("w.html", "<!doctype html>"), ("w.md", "## L = "), ("w.TEX", "\\section*{$L=")):
        steps.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8").lower().startswith(begins.lower())
    with pytest.raises(ValueError, match=r'"w\.html"; got .w\.png.*graph\.svg.*walk\.md'):
        steps.save(tmp_path / "w.png")
    assert not (tmp_path / "w.png").exists()


def test_in_markdown_every_formula_stands_in_the_item_of_its_step():
    steps = walk(sum_of([Value(1.0, f"x{k}") * 2.0 for k in range(40)]))
    lines = [line for line in steps.to_markdown().splitlines() if line]
    for item, formula in pairwise(lines):
        if formula.lstrip().startswith("$$"):
            assert item.index(" ") + 1 == len(formula) - len(formula.lstrip())


@pytest.mark.parametrize("text", [Walk.to_markdown, Walk.to_latex])
def test_a_text_tells_every_step_in_every_size(text: Callable[[Walk], str]) -> None:
    steps = walk(example())
    for size in SIZES:
        shown = text(steps.by(size))
        assert all(latex(step.line) in shown for step in steps.by(size))


def test_a_step_shows_itself_in_a_notebook() -> None:
    step = walk(Value(2.0, "<b>") * 3)[1]
    assert step._repr_html_() == f"<p>{escape(step.sentence)}</p>{step.mathml()}"
    assert "<b>" not in step._repr_html_()


# --------------------------------------------------------------------------------- special graphs


def test_a_leaf_alone_is_one_step_each_way() -> None:
    steps = walk(Value(3.0, "x"))
    assert [step.line for step in steps] == ["x = 3", "∂x/∂x = 1"]


def test_a_constant_is_refused_as_backward_refuses_it() -> None:
    with pytest.raises(ValueError, match="depends on nothing that has a gradient"):
        walk(Constant(3.0))


def test_what_is_not_a_value_is_refused() -> None:
    output: Any = 3.0
    with pytest.raises(TypeError, match="a walk is taken of one Value"):
        walk(output)


def test_nothing_is_sent_to_constants_or_through_conditions() -> None:
    x = Value(1.0, "x")
    steps = walk(where(x > 0, x * 2, 3))
    roles = {node.id: node.role for node in steps.trace.nodes}
    assert {roles[step.node] for step in edges_of(steps)} == {"input", "operation"}
    assert any("A comparison has no slope" in step.sentence for step in steps)


def test_numbers_that_are_not_finite_are_explained() -> None:
    text = "\n".join(step.explain() for step in walk(log(Value(-1.0, "a")) + exp(Value(1000.0, "b"))))
    assert "There is no such number: the result is nan" in text
    assert "beyond every number that can be stored" in text
    assert "An input is nan (not a number), so the result is nan too" in text


def test_zero_times_infinity_is_explained() -> None:
    x = Value(0.0, "x")
    last = walk(0 * x.sqrt())[-1]
    assert last.after is not None
    assert math.isnan(last.after)
    assert "Zero times infinity has no value" in last.sentence


def test_a_long_chain_can_be_walked() -> None:
    x = Value(1.0, "x")
    v = x
    for _ in range(DEEP):
        v = v + x
    steps = walk(v)
    assert len(steps) == 1 + DEEP + 1 + 2 * DEEP
    assert steps.goto("v10000").symbols.startswith("v₁₀₀₀₀ = ")
    assert steps[-1].after == DEEP + 1.0
    assert f"All {DEEP + 1:,} contributions are in" in steps[-1].sentence


# ----------------------------------------------------------------------------------- forward mode


def test_forward_mode_carries_a_change_along_with_the_values() -> None:
    L = shared()
    steps = walk(L, tangent="y")
    assert [step.line for step in steps if step.phase == "tangent"] == [
        "∂y/∂y = 1",
        "∂h/∂y = x · ∂y/∂y = 2 · 1 = 2",
        "∂v₁/∂y = 1 · ∂h/∂y + 1 · ∂y/∂y = 1 · 2 + 1 · 1 = 3",
        "∂L/∂y = v₁ · ∂h/∂y + h · ∂v₁/∂y = 9 · 2 + 6 · 3 = 36",
    ]
    assert "the reverse pass multiplies the same factors, from the other end" in steps[-1].sentence


def test_a_value_that_does_not_reach_the_output_has_tangent_zero() -> None:
    x = Value(1.0, "x")
    last = walk(where(x > 0, Value(2.0, "a"), 3), tangent=x)[-1]
    assert (last.line, last.after) == ("∂y/∂x = 0", 0.0)
    assert "No change of x reaches y" in last.sentence


@pytest.mark.parametrize(
    ("tangent", "message"), [("q", "no node has the label 'q'"), (Value(1.0), "not part of this graph")]
)
def test_a_tangent_of_what_is_not_there_is_refused(tangent: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        walk(shared(), tangent=tangent)


def test_a_tangent_of_a_constant_is_refused() -> None:
    k = Constant(2.0, "k")
    with pytest.raises(ValueError, match="is a constant; a tangent"):
        walk(Value(1.0) * k, tangent=k)
