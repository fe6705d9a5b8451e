"""Drawings: the facts that the SVG shows, and how it comes about."""

from __future__ import annotations

import math
import re
import stat
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from math import inf, nan
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from graphviz.backend import dot_command
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Parameter, Value, dot, draw, gradient_path, topological_order, where
from autograd import sum as sum_of
from autograd.notation.numbers import number
from autograd.seeing.drawing import Drawing, renderer
from autograd.seeing.pages.frame import theme_variables
from autograd.seeing.style import THEMES, THICKEST, THINNEST, mixed, theme_named, width

SVG = "{http://www.w3.org/2000/svg}"
TITLE = "{http://www.w3.org/1999/xlink}title"


@dataclass
class Part:
    """A node or an arrow of a picture, as it was rendered."""

    element: ElementTree.Element

    @cached_property
    def classes(self) -> set[str]:
        return set(self.element.get("class", "").split())

    @property
    def texts(self) -> list[str]:
        return [(text.text or "").replace("\u00a0", " ") for text in self.element.iter(f"{SVG}text")]

    @property
    def tooltip(self) -> str:
        links = [link.get(TITLE, "") for link in self.element.iter(f"{SVG}a")]
        return links[0].replace("\u00a0", " ").replace("\u200b", "") if links else ""

    @property
    def line(self) -> ElementTree.Element:
        return next(self.element.iter(f"{SVG}path"))


class Picture:
    """A drawing, rendered and read back."""

    def __init__(self, drawing: Drawing) -> None:
        self.root = ElementTree.fromstring(drawing.pipe(encoding="utf-8"))
        groups = [g for g in self.root.iter(f"{SVG}g") if g.get("class", "graph") != "graph"]
        self.parts = {g.get("id", ""): Part(g) for g in groups if g.get("class")}

    def of(self, word: str) -> list[Part]:
        return [part for part in self.parts.values() if word in part.classes]

    def box(self, label: str) -> Part:
        return next(
            part for part in self.parts.values() if "edge" not in part.classes and label in part.texts
        )

    @property
    def caption(self) -> list[str]:
        (graph,) = [g for g in self.root.iter(f"{SVG}g") if g.get("class") == "graph"]
        return [(text.text or "").replace("\u00a0", " ") for text in graph.findall(f"{SVG}text")]


def example() -> Value:
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Parameter(-2.0, "f")
    L = (a * b + c) * f
    L.label = "L"
    return L


def differentiated(output: Value) -> Value:
    output.backward()
    return output


# ------------------------------------------------------------------------------ what a drawing shows


def test_each_value_shows_its_label_value_and_gradient() -> None:
    picture = Picture(draw(differentiated(example())))
    assert picture.box("a").texts == ["a", "input", "value", "2", "gradient", "6"]
    assert picture.box("f").texts == ["f", "weight", "value", "−2", "gradient", "4"]
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


def test_width_is_logarithmic_and_bounded() -> None:
    assert width(0.01) - width(0.001) == pytest.approx(width(100.0) - width(10.0), abs=2e-3)
    assert width(-3.0) == width(3.0)
    assert width(inf) == width(1e9) == THICKEST
    assert width(0.0) == width(nan) == width(None) == THINNEST


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
        assert role in part.texts or role == "constant"
    assert len(outlines) == 4


def test_a_constant_is_a_number_without_gradient_on_a_dotted_arrow() -> None:
    picture = Picture(draw(differentiated(Value(3.0, "x") * 2)))
    (constant,) = [part for part in picture.of("constant") if "use" not in part.classes]
    (arrow,) = [part for part in picture.of("constant") if "use" in part.classes]
    assert constant.texts == ["2"]
    assert arrow.texts == []
    assert arrow.line.get("stroke-dasharray")


def test_constants_can_be_left_out() -> None:
    x = Value(3.0, "x")
    picture = Picture(draw(where(x > 1, x * 2, 5), constants=False))
    assert [part.texts for part in picture.of("constant") if "node" in part.classes] == [
        ["1"]
    ]  # the condition
    assert len(picture.of("value")) == 4


def reusing(length: int) -> Value:
    """A chain in which every step uses the same three weights."""
    weights = [Parameter(0.9, f"w{i}") for i in range(3)]
    y = Value(1.0, "x")
    for i in range(length):
        y = y * weights[i % 3] + weights[(i + 1) % 3]
    return y


def test_in_a_deep_graph_what_is_used_far_away_is_written_again_by_its_name() -> None:
    y = reusing(40)  # with arrows from end to end this took half a minute
    picture = Picture(draw(y))
    again = picture.of("again")
    assert len(again) > 60
    assert all("weight" in part.classes and part.texts[0] == "w" for part in again)
    assert not any("gradient" in part.texts for part in again)
    assert len(picture.of("weight")) == len(again) + 3
    assert len(picture.of("use")) == 160
    assert (
        picture.caption[-1]
        == "a small box stands for the value of that name, which is drawn in full elsewhere"
    )


def test_so_it_is_on_a_long_path() -> None:
    y = reusing(80)
    weight = next(v for v in topological_order(y) if v.label == "w0")
    picture = Picture(gradient_path(y, weight).draw())
    assert len(picture.of("again")) > 40
    assert "a small box stands for" in picture.caption[-1]


def test_in_a_small_graph_nothing_is_written_twice() -> None:
    picture = Picture(draw(reusing(4)))
    assert not picture.of("again")
    assert "small box" not in " ".join(picture.caption)


def test_a_single_value_can_be_drawn() -> None:
    assert Picture(draw(Value(3.0, "x"))).box("x").texts == ["x", "input", "value", "3", "gradient", "–"]


def test_indices_are_smaller_and_above_and_below_the_line() -> None:
    box = Picture(draw(Parameter(1.0, "w12,3^4"))).box("w")
    w, above, below = list(box.element.iter(f"{SVG}text"))[:3]
    assert [w.text, above.text, below.text] == ["w", "4", "12,3"]
    assert float(above.get("font-size", "0")) < float(w.get("font-size", "0"))
    assert float(above.get("y", "0")) < float(w.get("y", "0")) < float(below.get("y", "0"))


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


# -------------------------------------------------------------------------------- any label at all

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
    assert shown == label or (shown.endswith("…") and label.startswith(shown[:-1]))
    assert box.tooltip.startswith(f"{label} = 1")


def test_line_ends_and_control_characters_are_made_visible() -> None:
    box = Picture(draw(Value(1.0, "two\nlines\t\x00"))).of("input")[0]
    assert box.texts[0] == "two¶lines‹9›‹0›"


def test_a_label_of_ten_thousand_characters_is_shortened() -> None:
    drawing = draw(Value(1.0, "x" * 10_000) * 2)
    assert len(drawing.source) < 10_000
    assert Picture(drawing).of("input")[0].texts[0] == "x" * 23 + "…"


@settings(max_examples=15)
@given(st.lists(st.text(max_size=30), min_size=4, max_size=8))
def test_no_label_breaks_the_picture(labels: list[str]) -> None:
    values = [Value(1.0, label) for label in labels]
    picture = Picture(draw(dot(values[:2], values[2:4])))
    assert len(picture.of("value")) == 5


# ------------------------------------------------------------------------------------ too large


def test_a_graph_over_the_limit_is_refused_with_its_size_and_a_way_out() -> None:
    with pytest.raises(ValueError, match="7 nodes and 6 edges") as refusal:
        draw(example(), limit=6)
    for way_out in ("collapse=", "gradient_path(output, weight).draw()", "raise the limit"):
        assert way_out in str(refusal.value)
    assert draw(example(), limit=7)


def test_a_chain_of_a_million_nodes_is_refused_without_recursion() -> None:
    v = Value(1.0, "x")
    for _ in range(10**6):
        v = v.relu()
    with pytest.raises(ValueError, match="1,000,001 nodes and 1,000,000 edges"):
        draw(v)


def test_hidden_constants_do_not_count() -> None:
    x = Value(1.0, "x")
    assert draw(x * 2 + 1, constants=False, limit=3)


# ------------------------------------------------------------------------------------ rendering


def test_it_is_a_digraph_that_shows_itself_in_a_notebook() -> None:
    drawing = draw(example())
    bundle = drawing._repr_mimebundle_()
    assert list(bundle) == ["image/svg+xml"]
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag == f"{SVG}svg"


def test_its_repr_says_in_short_what_it_is() -> None:
    picture = draw(example())
    drawn = Picture(picture)
    nodes, edges = drawn.of("node"), drawn.of("edge")
    assert repr(picture) == f"<drawing: {len(nodes)} nodes, {len(edges)} edges>"
    assert repr(draw(Value(1.0, "a -> b [c]"))) == "<drawing: 1 node, 0 edges>"


def test_it_renders_to_files(tmp_path: Path) -> None:
    drawing = draw(example())
    svg = Path(drawing.render(outfile=tmp_path / "picture.svg", cleanup=True))
    png = Path(drawing.render(outfile=tmp_path / "picture.png", cleanup=True))
    assert svg.read_text(encoding="utf-8").startswith("<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["picture.png", "picture.svg"]
    assert drawing.pipe("png").startswith(b"\x89PNG")
    assert Path(drawing.render("other", tmp_path)).name == "other.svg"
    assert Path(drawing.save("source.gv", directory=tmp_path)).read_text(encoding="utf-8") == drawing.source
    assert "L" in drawing.copy().pipe(encoding="utf-8")


def test_rendering_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    draw(example()).pipe()
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def without_system_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("without_system_dot")
def test_without_a_system_dot_the_one_of_the_environment_renders() -> None:
    before = dot_command.DOT_BINARY
    assert draw(example()).pipe(encoding="utf-8").startswith("<?xml")
    assert before == dot_command.DOT_BINARY


@pytest.mark.usefixtures("without_system_dot")
@pytest.mark.parametrize(
    "ask", [lambda d, p: d.pipe("pdf"), lambda d, p: d.render(outfile=p / "picture.pdf")]
)
def test_a_format_that_it_does_not_write_is_named(ask: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="svg, png and jpg but not 'pdf'"):
        ask(draw(example()), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_system_dot")
def test_without_any_renderer_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "find_pure", lambda: None)
    with pytest.raises(RuntimeError, match="pip install graphviz-pure"):
        draw(example()).pipe()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_system_dot_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in = tmp_path / "dot"
    stand_in.write_text('#!/bin/sh\ncat > /dev/null\necho "system dot $*"\n')  # reads all, or the pipe breaks
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert draw(example()).pipe("pdf", encoding="utf-8") == "system dot -Kdot -Tpdf\n"


def test_importing_the_engine_loads_no_drawing() -> None:
    code = "import sys, autograd; print({'graphviz', 'autograd.seeing.drawing'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "set()\n"


# -------------------------------------------------------------------------------------- themes


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_text_and_lines_stand_out_from_what_is_behind_them(name: str) -> None:
    theme = theme_named(name)
    fills = [theme.fill(role) for role in ("input", "weight", "constant", "operation", "output")]
    for paper in (theme.paper, *fills):
        assert contrast(theme.ink, paper) >= 7
        assert contrast(theme.faint, paper) >= 4.5
    for gradient in (1.0, -1.0, 0.0, None):
        assert contrast(theme.sign_text(gradient), theme.paper) >= 4.5
        assert contrast(theme.sign(gradient), theme.paper) >= 3


def test_a_dark_picture_is_dark() -> None:
    picture = draw(example(), theme="dark").pipe(encoding="utf-8").lower()
    assert THEMES["dark"].paper.lower() in picture
    assert THEMES["light"].paper.lower() not in picture


def test_pages_get_every_colour_as_a_variable_of_its_own() -> None:
    for theme in THEMES.values():
        found = dict(re.findall(r"--([\w-]+):([^;]+);", theme.variables()))
        assert all(re.fullmatch(r"#[0-9A-F]{6}", colour) for colour in found.values())
        assert found["paper"] == theme.paper
        assert [found[f"route{rank}"] for rank in range(1, 6)] == list(theme.routes)
        assert theme.variables() in theme_variables()


def test_mixing_goes_from_one_colour_to_the_other() -> None:
    assert mixed("#FF0000", "#0000FF", 1.0) == "#FF0000"
    assert mixed("#FF0000", "#0000FF", 0.5) == "#800080"


# ---------------------------------------------------------------------------------- refused input


@pytest.mark.parametrize(
    ("output", "options", "error", "message"),
    [
        (3.0, {}, TypeError, "taken of one Value"),
        ([Value(1.0)], {}, TypeError, "list"),
        (Value(1.0), {"limit": 0}, ValueError, "at least 1"),
        (Value(1.0), {"limit": 2.5}, TypeError, "whole number"),
        (Value(1.0), {"theme": "drak"}, ValueError, "'light', 'dark'"),
        (Value(1.0), {"collapse": "layers"}, ValueError, "did you mean 'layer'"),
        (Value(1.0), {"names": ["x"]}, TypeError, "mapping"),
        (Value(1.0), {"names": {5: Value(2.0)}}, TypeError, r"its keys are strings; got 5 \(int\)"),
    ],
)
def test_bad_input_is_refused(
    output: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        draw(output, **options)


# --------------------------------------------------------------------------------- gradient paths


def tower() -> tuple[Value, Parameter]:
    """w reaches L by two routes."""
    w, x = Parameter(3.0, "w"), Value(2.0, "x")
    z = w * x
    z.label = "z"
    L = z + w * w * 0.5 - x
    L.label = "L"
    return L, w


def test_a_path_is_drawn_without_what_is_beside_it() -> None:
    L, w = tower()
    picture = Picture(gradient_path(L, w).draw())
    labels = [part.texts[0] for part in picture.of("value")]
    assert "x" not in labels
    assert len(picture.of("constant")) == 0
    assert len(picture.of("value")) == len(gradient_path(L, w).nodes)
    assert len(picture.of("use")) == len(gradient_path(L, w).uses)


def test_a_path_shows_gradients_without_any_backward() -> None:
    L, w = tower()
    assert Picture(gradient_path(L, w).draw()).box("w").texts == [
        "w",
        "weight",
        "value",
        "3",
        "gradient",
        "5",
    ]


def test_a_path_says_how_many_routes_there_are_and_what_they_sum_to() -> None:
    L, w = tower()
    caption = Picture(gradient_path(L, w).draw()).caption
    assert caption[0] == "3 routes from w to L; their products sum to ∂L/∂w = 5"
    assert caption[1:5] == ["1", "+2", "= 2 · 1 · 1", "w → z → L"]
    assert "+1.5" in caption


def test_the_arrows_of_a_path_carry_its_routes_by_number_and_hue() -> None:
    L, w = tower()
    picture = Picture(gradient_path(L, w).draw())
    into_z = next(part for part in picture.of("use") if part.element.get("id") == "n0-n1-0")
    assert into_z.texts == ["1", "∂ x = 2", "+2"]
    assert into_z.line.get("stroke") == THEMES["light"].routes[0].lower()
    last = next(part for part in picture.of("use") if part.texts[:3] == ["1", "2", "3"])
    assert [p.get("stroke") for p in last.element.iter(f"{SVG}path")] == [
        hue.lower() for hue in THEMES["light"].routes[:3]
    ]


def test_a_weaker_route_is_drawn_thinner_and_what_is_on_no_strong_one_faint() -> None:
    w = Parameter(1.0, "w")
    y = sum_of([w * factor for factor in (90.0, 9.0, 0.9, 0.09, 0.009, 0.0009)])
    picture = Picture(gradient_path(y, w).draw())
    by_rank = {part.texts[0]: part.line for part in picture.of("use") if part.texts[1].startswith("∂ ")}
    widths = [float(by_rank[str(rank)].get("stroke-width", "1")) for rank in range(1, 6)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[4]
    faint = next(part for part in picture.of("use") if part.texts[0].startswith("∂ "))
    assert faint.line.get("stroke") == THEMES["light"].line.lower()


def test_a_single_route_is_spelled_out_as_the_chain_rule() -> None:
    w = Parameter(0.5, "w")
    z = w * 3
    z.label = "z"
    L = z * 4
    L.label = "L"
    caption = Picture(gradient_path(L, w).draw()).caption
    assert caption[0] == "1 route from w to L; its product is ∂L/∂w = 12"
    assert caption[1] == "∂z/∂w · ∂L/∂z = 3 · 4 = 12"


def test_where_there_is_no_route_the_picture_says_so() -> None:
    L, _ = tower()
    picture = Picture(gradient_path(L, Parameter(1.0, "v")).draw())
    assert picture.caption == ["no route leads from v to L: ∂L/∂v = 0"]
    assert (len(picture.of("value")), len(picture.of("use"))) == (2, 0)


def test_a_path_from_an_intermediate_value_begins_there() -> None:
    L, w = tower()
    z = next(use.target for use in gradient_path(L, w).uses if use.target.label == "z")
    picture = Picture(gradient_path(L, z).draw())
    assert picture.box("z")
    assert [part.texts[0] for part in picture.of("value")] == ["z", "z + 4.5", "L"]


def two_layers() -> tuple[Value, Parameter]:
    """Three neurons after one weight, named as a textbook does, in no order."""
    w = Parameter(0.5, "w11^1")
    a = labelled(labelled(w * 2.0, "z1^1").tanh(), "a1^1")
    after = [
        labelled(labelled(a * x, f"z{i}^2").tanh(), f"a{i}^2") for i, x in ((3, 0.1), (1, 2.0), (2, -1.0))
    ]
    return labelled(sum_of(after), "L"), w


def test_on_a_path_the_neurons_of_a_layer_stand_in_order() -> None:
    L, w = two_layers()
    picture = Picture(gradient_path(L, w).draw())
    tops = {
        "".join(part.texts[:3]): float(next(part.element.iter(f"{SVG}text")).get("y", "0"))
        for part in picture.of("operation")
    }
    assert tops["z21"] < tops["z22"] < tops["z23"]
    assert tops["a21"] < tops["a22"] < tops["a23"]


def test_on_a_path_the_slope_of_tanh_is_told_by_its_value() -> None:
    L, w = two_layers()
    texts = [text for part in Picture(gradient_path(L, w).draw()).of("use") for text in part.texts]
    assert f"∂ 1 − (a₁¹)^2 = {number(1 - math.tanh(1.0) ** 2)}" in texts


def test_below_a_wide_picture_the_caption_is_larger() -> None:
    def size_of_title(path: Any) -> float:
        title = next(t for t in Picture(path.draw()).root.iter(f"{SVG}text") if "routes" in (t.text or ""))
        return float(title.get("font-size", "0"))

    narrow, weight = Parameter(1.0, "n"), Parameter(1.0, "w")
    wide = weight * weight
    for _ in range(10):
        wide = wide.tanh()
    assert size_of_title(gradient_path(narrow * narrow, narrow)) < size_of_title(gradient_path(wide, weight))


def test_a_path_takes_names_from_the_callers_variables() -> None:
    weight = Parameter(2.0)
    loss = weight * 3
    picture = Picture(gradient_path(loss, weight).draw(names=locals()))
    assert picture.caption[0] == "1 route from weight to loss; its product is ∂loss/∂weight = 3"


def braid(length: int) -> tuple[Value, Value]:
    w = v = Value(1.0, "w")
    for i in range(length):
        v = v * 1.1 + v * (0.1 + i / 100)
    return v, w


def test_of_a_path_over_the_limit_the_strongest_routes_are_drawn() -> None:
    y, w = braid(8)
    path = gradient_path(y, w)
    assert len(path.nodes) == 25
    picture = Picture(path.draw(limit=24))
    nodes = {v for route in path.routes(5) for v in route.nodes}
    uses = {
        (v, position)
        for route in path.routes(5)
        for v, position in zip(route.nodes[1:], route.positions, strict=True)
    }
    assert len(picture.of("value")) == len(nodes) < 25
    assert len(picture.of("use")) == len(uses)
    assert "only the strongest are drawn: 5 of 256" in picture.caption
    assert "251 more, none of them larger, together" in picture.caption
    assert number(path.ledger(5).rest) in " ".join(picture.caption)


def test_a_route_too_long_to_draw_is_refused_and_still_told_in_words() -> None:
    w = v = Value(1.0, "w")
    for _ in range(500):
        v = v * 2.0
    path = gradient_path(v, w)
    with pytest.raises(ValueError, match="the gradient path has 501 nodes and 500 edges"):
        path.draw()
    assert list(path._repr_mimebundle_()) == ["text/plain"]


def test_a_path_shows_itself_in_a_notebook() -> None:
    L, w = tower()
    bundle = gradient_path(L, w)._repr_mimebundle_()
    assert bundle["text/plain"].startswith("<gradient path: 3 routes")
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag == f"{SVG}svg"


# --------------------------------------------------------------------------------------- networks


def labelled(v: Value, label: str) -> Value:
    v.label = label
    return v


class Net:
    """A little network with textbook labels, made by hand."""

    def __init__(self, *sizes: int, fused: bool = True) -> None:
        self.sizes, self.fused = sizes, fused
        comma = "," if max(sizes) > 9 else ""
        self.w = {
            (i, j, layer): Parameter(math.sin(i + 2 * j + 3 * layer), f"w{i}{comma}{j}^{layer}")
            for layer in range(1, len(sizes))
            for j in range(1, sizes[layer] + 1)
            for i in range(1, sizes[layer - 1] + 1)
        }
        self.b = {
            (j, layer): Parameter(0.1 * j, f"b{j}^{layer}")
            for layer in range(1, len(sizes))
            for j in range(1, sizes[layer] + 1)
        }

    def __call__(self, *numbers: float) -> list[Value]:
        a = [Value(x, f"x{i}") for i, x in enumerate(numbers, start=1)]
        for layer in range(1, len(self.sizes)):
            a = [self.neuron(a, j, layer) for j in range(1, self.sizes[layer] + 1)]
        return a

    def neuron(self, a: list[Value], j: int, layer: int) -> Value:
        weights = [self.w[i, j, layer] for i in range(1, len(a) + 1)]
        if self.fused:
            z = dot(weights, a, self.b[j, layer])
        else:
            z = sum((w * x for w, x in zip(weights, a, strict=True)), Value(0.0).detach()) + self.b[j, layer]
        return labelled(labelled(z, f"z{j}^{layer}").tanh(), f"a{j}^{layer}")


def loss_of(*outputs: Value) -> Value:
    squares = [(a - 1) ** 2 for a in outputs]
    return differentiated(labelled(sum(squares[1:], squares[0]), "L"))


@pytest.mark.parametrize("fused", [True, False])
def test_collapsed_by_neuron_each_neuron_is_one_box(fused: bool) -> None:
    picture = Picture(draw(loss_of(*Net(2, 2, 1, fused=fused)(0.5, -1.0)), collapse="neuron"))
    assert {part.texts[0] for part in picture.of("neuron")} == {"a"}
    assert len(picture.of("neuron")) == 3
    assert [part.texts[0] for part in picture.of("input")] == ["x", "x"]
    assert (
        len([part for part in picture.of("value") if "neuron" not in part.classes]) == 2 + 4
    )  # x; a−1, L, 1, 2


@pytest.mark.parametrize("fused", [True, False])
def test_a_neuron_shows_its_bias_z_a_and_the_gradient_of_z(fused: bool) -> None:
    net = Net(2, 1, fused=fused)
    (a,) = net(0.5, -1.0)
    z = a.inputs[0]
    loss_of(a)
    (neuron,) = Picture(draw(a, collapse="neuron")).of("neuron")
    facts = dict(zip(neuron.texts[4::2], neuron.texts[5::2], strict=True))
    assert neuron.texts[:4] == ["a", "1", "1", "neuron"]
    assert facts == {
        "b": "0.1",
        "z": f"{z.data:.4g}".replace("-", "−"),
        "a": f"{a.data:.4g}".replace("-", "−"),
        "gradient of z": f"{z.grad:.4g}".replace("-", "−"),
    }


@pytest.mark.parametrize("fused", [True, False])
def test_arrows_between_neurons_are_the_weights(fused: bool) -> None:
    net = Net(2, 2, 1, fused=fused)
    picture = Picture(draw(loss_of(*net(0.5, -1.0)), collapse="neuron"))
    for (i, j, layer), w in net.w.items():
        arrow = picture.parts[f"layer{layer - 1}_{i}-layer{layer}_{j}"]
        name = f"w{i}{j}".translate(str.maketrans("12", "₁₂")) + "⁰¹²"[layer]
        assert arrow.texts[0] == f"{name} {w.data:.4g}".replace("-", "−")
        assert arrow.texts[1].replace("−", "-") == f"{w.grad:+.4g}"
        assert ("positive" if w.grad > 0 else "negative") in arrow.classes


def test_many_weights_are_left_unwritten_but_can_be_pointed_at() -> None:
    picture = Picture(draw(loss_of(*Net(4, 3, 1)(1.0, 2.0, 3.0, 4.0)), collapse="neuron"))
    arrow = picture.parts["layer0_4-layer1_2"]
    assert arrow.texts == []
    assert arrow.tooltip.startswith("w₄₂¹ = ")
    assert any("too many weights" in text for text in picture.caption)


def test_many_weights_can_be_seen_through() -> None:
    many = draw(loss_of(*Net(4, 3, 1)(1.0, 2.0, 3.0, 4.0)), collapse="neuron").source
    few = draw(loss_of(*Net(2, 2, 1)(1.0, 2.0)), collapse="neuron").source
    assert re.search(r'color="#[0-9A-F]{6}80"', many)
    assert not re.search(r'color="#[0-9A-F]{6}80"', few)


def test_neurons_stand_in_order() -> None:
    picture = Picture(draw(loss_of(*Net(3, 4, 2)(1.0, 2.0, 3.0)), collapse="neuron"))
    for layer, n in ((0, 3), (1, 4), (2, 2)):
        heights = [
            float(next(picture.parts[f"layer{layer}_{j}"].element.iter(f"{SVG}text")).get("y", "0"))
            for j in range(1, n + 1)
        ]
        assert heights == sorted(heights)


def test_collapsed_by_layer_each_layer_is_one_box() -> None:
    net = Net(3, 4, 2)
    picture = Picture(draw(loss_of(*net(1.0, 2.0, 3.0)), collapse="layer"))
    assert len(picture.of("layer")) == 2
    first, second = picture.parts["layer1_0"], picture.parts["layer2_0"]
    assert first.texts[:2] == ["layer 1", "4 neurons"]
    assert second.texts[:2] == ["layer 2", "2 neurons"]
    assert first.texts[first.texts.index("parameters") + 1] == "16"
    norm = math.hypot(
        *(w.grad for (_, _, layer), w in net.w.items() if layer == 2), net.b[1, 2].grad, net.b[2, 2].grad
    )
    assert second.texts[-1] == f"{norm:.4g}"
    assert picture.parts["layer0_0-layer1_0"].texts == ["12 weights"]
    assert picture.parts["layer1_0-layer2_0"].texts == ["8 weights"]
    assert picture.box("inputs").texts == ["inputs", "3", "x", "1 … 3"]


def test_several_samples_are_one_network() -> None:
    net = Net(2, 2, 1)
    picture = Picture(draw(loss_of(*net(1.0, 2.0), *net(3.0, 4.0), *net(5.0, 6.0)), collapse="neuron"))
    assert len(picture.of("neuron")) == 3
    x = picture.parts["layer0_1"]
    assert x.texts[x.texts.index("value") + 1] == "1 … 5"
    assert picture.parts["layer1_1"].texts[-2:] == ["samples", "3"]


def test_before_backward_a_collapsed_network_has_no_gradients() -> None:
    (a,) = Net(2, 1)(0.5, -1.0)
    picture = Picture(draw(a, collapse="neuron"))
    assert picture.parts["layer1_1"].texts[-2:] == ["gradient of z", "–"]
    assert any("call backward()" in text for text in picture.caption)
    assert "–" in Picture(draw(a, collapse="layer")).parts["layer1_0"].texts


def test_indices_from_ten_up_are_told_apart_by_their_comma() -> None:
    net = Net(11, 1)
    picture = Picture(draw(loss_of(*net(*map(float, range(11)))), collapse="neuron"))
    assert picture.parts["layer0_11-layer1_1"].tooltip.startswith("w₁₁,₁¹")


def test_a_penalty_on_the_weights_stays_outside_the_neurons() -> None:
    net = Net(2, 1)
    (a,) = net(0.5, -1.0)
    weights = list(net.w.values())
    picture = Picture(draw(labelled(a + dot(weights, weights), "L"), collapse="neuron"))
    assert len(picture.of("neuron")) == 1
    assert [part.texts for part in picture.of("op")] == [["w·x"], ["+"]]


def test_what_several_neurons_share_stays_outside_them_but_inside_their_layer() -> None:
    net = Net(2, 2)
    hidden = [a.inputs[0] for a in net(0.5, -1.0)]
    total = sum((z.exp() for z in hidden), Value(0.0).detach())
    outputs = [labelled(z.exp() / total, f"a{j}^1") for j, z in enumerate(hidden, start=1)]
    loss = labelled(outputs[0] * outputs[1], "L")
    by_neuron = Picture(draw(loss, collapse="neuron"))
    assert len(by_neuron.of("neuron")) == 2
    assert len(by_neuron.of("operation")) > 0
    assert len(Picture(draw(loss, collapse="layer")).of("operation")) == 0


def test_a_bias_shared_by_a_layer_belongs_to_no_one_neuron() -> None:
    b, x = Parameter(0.3, "b^1"), Value(1.0, "x1")
    z = [labelled(Parameter(j, f"w1{j}^1") * x + b, f"z{j}^1") for j in (1, 2)]
    picture = Picture(draw(labelled(z[0] * z[1], "L"), collapse="neuron"))
    assert picture.box("b").texts[:2] == ["b", "1"]
    assert len(picture.of("neuron")) == 2


def test_a_graph_without_textbook_labels_cannot_be_collapsed() -> None:
    with pytest.raises(ValueError, match=re.escape("nothing to collapse by neuron")):
        draw(example(), collapse="neuron")


def test_a_collapsed_network_over_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="collapsed by neuron, has 9 nodes and 10 edges"):
        draw(loss_of(*Net(2, 2, 1)(0.5, -1.0)), collapse="neuron", limit=8)
