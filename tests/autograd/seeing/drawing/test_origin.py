"""A gradient's own graph, drawn with the graph that it came from."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Value, draw, gradients, topological_order
from autograd.seeing.drawing.origin import tie
from autograd.seeing.style import THEMES, mixed
from tests.strategies import Recipe, recipes


def slope() -> tuple[Value, Value]:
    x, w = Value(2.0, "x"), Value(0.5, "w")
    y = (w * x).tanh()
    y.label = "y"
    gradient = gradients(y, w, create_graph=True)
    gradient.label = "slope"
    return gradient, y


def texts(svg: str) -> list[str]:
    return [text.replace("\u00a0", " ") for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


@given(recipes(most_steps=6), st.integers(0, 3))
def test_both_graphs_are_there_each_node_once(recipe: Recipe, which: int) -> None:
    leaves = [Value(x, f"x{i}") for i, x in enumerate(recipe.numbers)]
    y = recipe.compute(leaves)
    assume(y.role != "constant")
    gradient = gradients(y, leaves[which % len(leaves)], create_graph=True)
    ties = tie(gradient, y, None)
    every = {*topological_order(y), *topological_order(gradient)}
    assert len(ties.trace.nodes) == len({node.id for node in ties.trace.nodes}) == len(every)
    assert len(ties.trace.edges) == len(set(ties.trace.edges)) == sum(len(v.inputs) for v in every)
    assert len(ties.before) == len(topological_order(y))
    assert {end for e in ties.trace.edges for end in (e.source, e.target)} <= {n.id for n in ties.trace.nodes}


def test_what_differentiating_made_is_told_apart_by_words() -> None:
    gradient, y = slope()
    written = texts(draw(gradient, origin=y).pipe(encoding="utf-8"))
    before = [text for text in written if text.startswith("of y") and "before" not in text]
    made = [text for text in written if text.startswith("∂ of y")]
    assert sorted(before) == ["of y", "of y · input", "of y · input", "of y · output"]
    assert sorted(made) == ["∂ of y", "∂ of y", "∂ of y", "∂ of y · output"]


def test_and_by_what_it_stands_on_in_either_theme() -> None:
    gradient, y = slope()
    for theme in ("light", "dark"):
        plain, tied = (draw(gradient, origin=o, theme=theme).source for o in (None, y))
        hues = set(re.findall(r"#[0-9A-F]{6}", tied)) - set(re.findall(r"#[0-9A-F]{6}", plain))
        assert hues == {mixed(THEMES[theme].ink, THEMES[theme].paper, 0.13)}


def test_without_constants_both_graphs_lose_them() -> None:
    x = Value(2.0, "x")
    y = x * 3 * x
    gradient = gradients(y, x, create_graph=True)
    assert "constant" in draw(gradient, origin=y).source
    assert "constant" not in draw(gradient, origin=y, constants=False).source


def test_a_slope_that_depends_on_nothing_is_drawn_beside_its_origin() -> None:
    x = Value(2.0, "x")
    y = x * 3
    assert "x" in texts(draw(gradients(y, x, create_graph=True), origin=y).pipe(encoding="utf-8"))


def test_no_gradient_is_touched() -> None:
    gradient, y = slope()
    draw(gradient, origin=y)
    assert all(repr(v.grad) == "0.0" for v in topological_order(gradient, y))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"origin": 1.0}, TypeError, "the origin of a gradient is taken of one Value"),
        ({"origin": Value(1.0), "collapse": "layer"}, ValueError, "leave collapse or origin away"),
        ({"origin": Value(1.0), "limit": 3}, ValueError, "too many to read"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        draw(slope()[0], **options)


def test_labels_full_of_markup_stay_text() -> None:
    x = Value(2.0, "<b>" * 4000)
    y = x * x
    y.label = '"><img src=x onerror=alert(1)>'
    svg = draw(gradients(y, x, create_graph=True), origin=y).pipe(encoding="utf-8")
    assert "<img" not in svg
    assert "<b>" not in svg
