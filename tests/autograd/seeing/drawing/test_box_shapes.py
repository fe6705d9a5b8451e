"""Boxes: roles, names, and any label at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Parameter, Value, dot, draw
from tests.autograd.seeing.drawing.pictures import SVG, Picture


def test_roles_differ_in_words_and_outline_and_not_only_in_colour() -> None:
    w, x = Parameter(2.0, "w"), Value(3.0, "x")
    picture = Picture(draw(w * x + 1))
    outlines = set()
    for role in ("weight", "input", "constant", "output"):
        (part,) = [part for part in picture.of(role) if "value" in part.classes]
        drawn = list(part.element.iter())
        outlines.add(
            (
                sum(shape.tag == f"{SVG}polygon" and shape.get("fill") == "none" for shape in drawn),
                sum(shape.tag == f"{SVG}path" for shape in drawn),
                any("dasharray" in name for shape in drawn for name in shape.attrib),
            )
        )
        assert {"weight": "parameter", "constant": "1"}.get(role, role) in part.texts
    assert len(outlines) == 4


def test_indices_are_smaller_and_above_and_below_the_line() -> None:
    box = Picture(draw(Parameter(1.0, "w12,3^4"))).box("w")
    w, above, below = list(box.element.iter(f"{SVG}text"))[:3]
    assert [w.text, above.text, below.text] == ["w", "(4)", "12,3"]
    assert float(above.get("font-size", "0")) < float(w.get("font-size", "0"))
    assert float(above.get("y", "0")) < float(w.get("y", "0")) < float(below.get("y", "0"))


HOSTILE = [
    "<script>alert(1)</script>",
    "</td></table>>",
    '"quo\'tes"',
    "{a|b}",
    "back\\slash\\N\\G\\",
    "\\",
    "&amp; &lt;",
    "  spaced   out ",
    "αβγ → 中文 😀",
    "%s ${x} {{y}}",
    "digraph",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_is_shown_literally(label: str) -> None:
    box = Picture(draw(Value(1.0, label) * 2)).of("input")[0]
    shown = box.texts[0]
    begin, cut, end = shown.partition("…")
    assert shown == label or (cut and label.startswith(begin) and label.endswith(end))
    assert box.tooltip.startswith(f"{label} = 1")


def test_line_ends_and_control_characters_are_made_visible() -> None:
    box = Picture(draw(Value(1.0, "two\nlines\t\x00"))).of("input")[0]
    assert box.texts[0] == "two¶lines‹9›‹0›"


def test_a_label_of_ten_thousand_characters_is_shortened() -> None:
    drawing = draw(Value(1.0, "x" * 10_000) * 2)
    assert len(drawing.source) < 10_000
    assert Picture(drawing).of("input")[0].texts[0] == "x" * 12 + "…" + "x" * 11


@settings(max_examples=15)
@given(st.lists(st.text(max_size=30), min_size=4, max_size=8))
def test_no_label_breaks_the_picture(labels: list[str]) -> None:
    values = [Value(1.0, label) for label in labels]
    picture = Picture(draw(dot(values[:2], values[2:4])))
    assert len(picture.of("value")) == 5
