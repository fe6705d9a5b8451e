"""The picture of a graph: what its boxes, circles and arrows show."""

from __future__ import annotations

from math import inf

from autograd import Value, draw
from autograd.seeing.style import THEMES
from tests.autograd.seeing.drawing.pictures import Picture, differentiated, example


def test_each_value_shows_its_label_value_and_gradient() -> None:
    picture = Picture(draw(differentiated(example())))
    assert picture.box("a").texts == ["a", "input", "value", "2", "gradient", "6"]
    assert picture.box("f").texts == ["f", "parameter", "value", "−2", "gradient", "4"]
    assert picture.box("L").texts == ["L", "output", "value", "−8", "gradient", "1"]
    assert len(picture.of("value")) == 7
    assert [part.texts for part in picture.of("operation")] == [
        ["value", "−6", "gradient", "−2"],
        ["value", "4", "gradient", "−2"],
    ]


def test_each_operation_is_a_circle_with_its_symbol_and_formula() -> None:
    circles = Picture(draw(example())).of("op")
    assert [circle.texts for circle in circles] == [["×"], ["+"], ["×"]]
    assert [circle.tooltip for circle in circles] == ["a × b", "a × b + c", "(a × b + c) × f"]


def test_each_use_is_an_arrow_with_its_partial_and_contribution() -> None:
    picture = Picture(draw(differentiated(example())))
    assert [part.texts for part in picture.of("use")] == [
        ["∂ −3", "+6"],
        ["∂ 2", "−4"],
        ["∂ 1", "−2"],
        ["∂ 1", "−2"],
        ["∂ −2", "−2"],
        ["∂ 4", "+4"],
    ]


def test_both_uses_of_a_square_are_drawn() -> None:
    x = Value(3.0, "x")
    assert len(Picture(draw(x * x)).of("use")) == 2


def test_before_backward_gradients_are_a_dash_and_the_legend_says_why() -> None:
    picture = Picture(draw(example()))
    assert picture.box("a").texts[-1] == "–"
    assert {len(part.texts) for part in picture.of("use")} == {1}
    assert len(picture.of("uncomputed")) == 6
    assert any("call backward()" in text for text in picture.caption)


def test_the_legend_explains_size_and_sign() -> None:
    caption = Picture(draw(differentiated(example()))).caption
    assert {"size", "0.01", "100", "+ positive", "− negative"} <= set(caption)


def test_width_and_hue_follow_the_contribution() -> None:
    small, large = Value(1.0, "small"), Value(1.0, "large")
    picture = Picture(draw(differentiated(small * 0.001 - large * 50)))
    positive, negative = picture.of("positive"), picture.of("negative")
    assert {part.line.get("stroke") for part in positive} == {THEMES["light"].positive.lower()}
    assert {part.line.get("stroke") for part in negative} == {THEMES["light"].negative.lower()}
    widths = {part.texts[1]: float(part.line.get("stroke-width", "1")) for part in (*positive, *negative)}
    assert widths["+0.001"] < widths["+1"] == widths["−1"] < widths["−50"]


def test_a_constant_is_a_number_without_gradient_on_a_dotted_arrow() -> None:
    picture = Picture(draw(differentiated(Value(3.0, "x") * 2)))
    (constant,) = [part for part in picture.of("constant") if "use" not in part.classes]
    (arrow,) = [part for part in picture.of("constant") if "use" in part.classes]
    assert constant.texts == ["2"]
    assert arrow.texts == []
    assert arrow.line.get("stroke-dasharray")


def test_a_single_value_can_be_drawn() -> None:
    assert Picture(draw(Value(3.0, "x"))).box("x").texts == ["x", "input", "value", "3", "gradient", "–"]


def test_names_come_from_the_callers_variables() -> None:
    left, right = Value(2.0), Value(3.0, "own")
    product = left * right
    picture = Picture(draw(product, names=locals()))
    assert picture.box("left").texts[0] == "left"
    assert picture.box("own").texts[0] == "own"
    assert picture.box("product").texts[1] == "output"


def test_infinite_and_undefined_numbers_are_drawn() -> None:
    x, y = Value(inf, "x"), Value(0.0, "y")
    picture = Picture(draw(differentiated((x * y).exp())))
    assert picture.box("x").texts == ["x", "input", "value", "∞", "gradient", "nan"]
    assert len(picture.of("nan")) == 3
    assert ["∂ ∞", "nan"] in [part.texts for part in picture.of("nan")]


def test_a_gradient_of_zero_is_dashed_and_not_taken_for_none() -> None:
    picture = Picture(draw(differentiated(Value(-1.0, "x").relu())))
    (arrow,) = picture.of("zero")
    assert arrow.texts == ["∂ 0", "0"]
    assert arrow.line.get("stroke-dasharray")
