"""What a box says is one fact: pictures in DOT and in SVG say it alike."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given

from autograd import Value, where
from autograd.seeing.drawing.arrows import rows_of_text
from autograd.seeing.drawing.box_shapes import box_markup
from autograd.seeing.facts.arrow import text_of_use
from autograd.seeing.facts.box_content import Box, box_of_node
from autograd.seeing.facts.trace import trace
from autograd.seeing.pages.player.svg.arrows import draw_arrow
from autograd.seeing.pages.player.svg.box_shapes import draw_box
from autograd.seeing.pages.player.svg.elements import Point
from autograd.seeing.style import THEMES
from tests.strategies import Recipe, recipes

LIGHT = THEMES["light"]
HERE = Point(0.0, 0.0)


def in_dot(markup: str) -> list[str]:
    """The texts in an HTML-like label, from top to bottom and left to right."""
    texts = ElementTree.fromstring(f"<all>{markup}</all>").itertext()
    return [text.replace("\u00a0", " ").replace("\\\\", "\\") for text in texts if text.strip()]


def in_svg(markup: str) -> list[str]:
    """The texts in an element, in the same order."""
    return [text for text in ElementTree.fromstring(markup).itertext() if text.strip()]


def same(box: Box) -> None:
    # Graphviz's table of a name has its superscript first
    assert sorted(in_dot(box_markup(box, LIGHT))) == sorted(in_svg(draw_box(box, HERE)))


@given(recipes(most_steps=8))
def test_dot_and_svg_say_the_same_of_every_node_and_every_use(recipe: Recipe) -> None:
    output = recipe.graph()
    if output.role != "constant":
        output.backward()
    facts = trace(output)
    for node in facts.nodes:
        box = box_of_node(node)
        assert in_dot(box_markup(box, LIGHT))[-1:] == [box.facts[-1].number]
        same(box)
    for edge in facts.edges:
        middle = None if edge.partial is None else HERE
        rows = [text for row in rows_of_text(text_of_use(edge), LIGHT) for text in in_dot(row)]
        assert rows == in_svg(draw_arrow(edge, "e", [HERE] * 5, middle))


@pytest.mark.parametrize("label", ["w21^3", "x", "", "two words", "<b>&\\N", "x" * 100])
def test_so_they_do_whatever_the_label(label: str) -> None:
    x = Value(2.0, label)
    for node in trace(x * 3).nodes:
        same(box_of_node(node))


def test_an_unlabelled_constant_is_a_bare_number_even_where_it_was_computed() -> None:
    x = Value(3.0, "x")
    boxes = [box_of_node(node) for node in trace(where(x > 1, x, 5)).nodes]
    assert [box.facts[0].number for box in boxes if box.is_bare] == ["1", "1", "5"]
    assert all(in_dot(box_markup(box, LIGHT)) == in_svg(draw_box(box, HERE)) for box in boxes)


def test_the_hint_names_everything_and_the_title_no_numbers() -> None:
    w, x = Value(2.0, "w21^3"), Value(3.0, "x")
    y = w * x
    y.label = "y"
    y.backward()
    weight, _, product = map(box_of_node, trace(y).nodes)
    assert (weight.title, weight.hint) == ("w₂₁⁽³⁾", "w₂₁⁽³⁾ = 2; gradient 3")
    assert (product.title, product.hint) == ("y = w₂₁⁽³⁾ × x", "y = w₂₁⁽³⁾ × x = 6; gradient 1")
