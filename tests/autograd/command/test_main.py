"""``python -m autograd``: what it prints, what it writes, and how it refuses bad input."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.command.main import main
from autograd.seeing.facts.records import VERSION, Trace

FORMULA = ["(a*b + c) * f", "a=2", "b=-3", "c=10", "f=-2"]
SHARED = ["h = x*y; L = h * (h + y)", "x=2", "y=3"]

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def printed(capture: Capture, *arguments: str) -> str:
    """What the command line prints when all goes well."""
    assert main(arguments) == 0
    out, err = capture.readouterr()
    assert err == ""
    return out


def refused(capture: Capture, *arguments: str) -> str:
    """What the command line says to bad input."""
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capture.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert "Traceback" not in err
    return err


def stepped(capture: Capture, monkeypatch: pytest.MonkeyPatch, typed: str, *arguments: str) -> str:
    """What is printed with ``--step`` when these lines are typed."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    return printed(capture, *arguments, "--step")


def places(text: str) -> list[int]:
    """The numbers of the steps that were shown, in order."""
    return [int(found) for found in re.findall(r"^ {2,4}(\d+)  \S", text, re.MULTILINE)]


# -------------------------------------------------------------------------------------- the walk


def test_the_walk_is_printed_pass_by_pass_and_ends_with_the_gradients(capsys: Capture) -> None:
    out = printed(capsys, *FORMULA)
    assert places(out) == list(range(1, 12))
    forward, reverse, gradients = (out.index(x) for x in ("Forward pass", "Reverse pass", "Gradients"))
    assert forward < reverse < gradients
    assert "v₁ = a × b = 2 × (−3) = −6" in out
    assert re.search(r"^ +10  ∂y/∂a \+= ∂y/∂v₁ · ∂\(a→v₁\) = −2 · \(−3\) = 6 +– → 6$", out, re.MULTILINE)
    assert re.search(r"^  a +2 +\+6 +raise a a little: y rises 6 times as much$", out, re.MULTILINE)
    assert re.search(r"^  b +−3 +−4 +raise b a little: y falls 4 times as much$", out, re.MULTILINE)


@pytest.mark.parametrize("width", ["60", "80", "100"])
@pytest.mark.parametrize(
    "more",
    [[], ["--tangent", "a"], ["--beside", "drops-factor"], ["--step"], ["--path", "a"]],
    ids=lambda more: "".join(more),
)
def test_no_line_is_wider_than_the_terminal(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, width: str, more: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n" * 99))
    long = "tanh(a*a_rather_long_name + exp(-a)*sin(a_rather_long_name)) * (a - 0.123456789)"
    out = printed(capsys, long, "a=1.2345678", "a_rather_long_name=-3.1e-7", *more)
    assert max(map(len, out.splitlines())) <= int(width)


def test_a_name_by_which_a_value_is_defined_is_used_in_the_walk(capsys: Capture) -> None:
    out = printed(capsys, *SHARED)
    assert "∂L/∂h += ∂L/∂v₁ · ∂(h→v₁) = 6 · 1 = 6" in out
    assert re.search(r"9 → 15$", out, re.MULTILINE)


def test_options_and_numbers_come_in_any_order(capsys: Capture) -> None:
    assert "Forward mode" in printed(capsys, "--tangent", "a", "a*b", "b=1", "a=2")
    assert "Forward mode" in printed(capsys, "a*b", "b=1", "--tangent", "a", "a=2")


def test_a_formula_may_begin_with_a_minus(capsys: Capture) -> None:
    assert re.search(r"^  a +2 +−1 ", printed(capsys, "-a", "a=2"), re.MULTILINE)


def test_the_minus_of_a_number_is_written_once(capsys: Capture) -> None:
    assert "y = −a = −2\n" in printed(capsys, "-a", "a=2")


def test_one_input_is_a_walk_as_well(capsys: Capture) -> None:
    assert places(printed(capsys, "a", "a=2")) == [1, 2]


def test_an_input_that_does_not_matter_has_the_gradient_zero(capsys: Capture) -> None:
    out = printed(capsys, "where(a > 0, b*b, 1)", "a=2", "b=3")
    assert re.search(r"^  a +2 +0 +raise a a little: y stays as it is$", out, re.MULTILINE)


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e308", "5e-324", "-0.0"])
def test_numbers_at_the_ends_of_what_there_is_are_walked_through(capsys: Capture, number: str) -> None:
    out = printed(capsys, "a*a*b - exp(a)/b", f"a={number}", "b=0")
    assert "Gradients" in out


def test_a_real_minus_is_a_minus(capsys: Capture) -> None:
    assert "a = −2" in printed(capsys, "a*a", "a=−2")


# -------------------------------------------------------------------------------------- other walks


def test_forward_mode_follows_one_change_to_the_output(capsys: Capture) -> None:
    out = printed(capsys, *FORMULA, "--tangent", "a")
    assert "Reverse pass" not in out
    assert "∂y/∂a = f · ∂v₂/∂a = −2 · (−3) = 6" in out


@pytest.mark.parametrize(
    ("engine", "found"),
    [("overwrites", "+18"), ("depth-first", "+27"), ("keeps-intermediates", "+108"), ("drops-factor", "+3")],
)
def test_a_broken_engine_is_marked_where_it_parts(capsys: Capture, engine: str, found: str) -> None:
    out = printed(capsys, *SHARED, "--beside", engine)
    assert out.count(f"≠ {engine} has ") == 1
    assert re.search(rf"^  x +2 +\+45 +\{found} +≠$", out, re.MULTILINE)
    place = re.search(rf"^{engine} first goes wrong at step (\d+), marked ≠ above\.$", out, re.MULTILINE)
    assert place
    marked = out.index(f"≠ {engine} has ")
    assert places(out[:marked])[-1] == int(place[1])


def test_a_mistake_that_does_not_show_is_said_not_to(capsys: Capture) -> None:
    out = printed(capsys, "x*y", "x=2", "y=3", "--beside", "overwrites")
    assert "≠" not in out
    assert "agrees with the right engine here: its mistake does not show." in out


# ------------------------------------------------------------------------------------ step by step


def test_enter_goes_on_to_the_end_and_then_ends(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    out = stepped(capsys, monkeypatch, "\n" * 30, *FORMULA)
    assert places(out) == list(range(1, 12))
    assert out.count("Gradients") == 1


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("", [1]),
        ("q\n\n\n", [1]),
        ("\n\nb\n\nq\n", [1, 2, 3, 2, 3]),
        ("g 9\n\nb\n", [1, 9, 10, 9]),
        ("g9\n", [1, 9]),
        ("b\n\n", [1, 2]),
        ("g 0\ng 12\ng -1\ng x\ng\n", [1]),
        ("what?\n\n", [1, 2]),
        ("g 11\n\n\n\n", [1, 11]),
    ],
)
def test_what_is_typed_decides_which_step_is_shown(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, typed: str, shown: list[int]
) -> None:
    assert places(stepped(capsys, monkeypatch, typed, *FORMULA)) == shown


def test_what_cannot_be_done_is_said(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    out = stepped(capsys, monkeypatch, "b\ng 99\nhelp\n", *FORMULA)
    assert "This is the first step." in out
    assert "There are steps 1 to 11" in out
    assert "Enter next · b back" in out


def test_gradients_are_not_computed_yet_until_a_step_computes_them(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = stepped(capsys, monkeypatch, "\n" * 9, *FORMULA)
    states = re.findall(r"^  gradient +(.+)$", out, re.MULTILINE)
    assert [state.split() for state in states[3:7]] == [
        ["–", "–", "–", "–", "–", "–", "–"],
        ["–", "–", "–", "–", "–", "–", "1"],
        ["–", "–", "–", "–", "−2", "–", "1"],
        ["–", "–", "–", "–", "−2", "4", "1"],
    ]


def test_the_value_of_the_step_stands_in_brackets(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    out = stepped(capsys, monkeypatch, "\n\n", *FORMULA)
    assert re.findall(r"\[(.+?)\]", out) == ["a", "b", "c", "f", "v₁", "v₂"]


# ---------------------------------------------------------------------------------- files and facts


def test_json_is_the_trace_with_its_steps(capsys: Capture) -> None:
    facts = Trace.from_json(printed(capsys, *FORMULA, "--json"))
    assert len(facts.steps) == 11
    assert {node.label: node.gradient for node in facts.nodes}["a"] == 6.0


def test_the_ledger_of_a_variable(capsys: Capture) -> None:
    out = printed(capsys, *SHARED, "--path", "y")
    assert out.startswith("3 routes from y to L: ∂L/∂y = 36\n")
    assert "Forward pass" not in out


def test_the_ledger_of_a_value_that_the_walk_has_named(capsys: Capture) -> None:
    assert "∂y/∂v₁ = −2" in printed(capsys, *FORMULA, "--path", "v1")


def test_files_are_written_and_named(capsys: Capture, tmp_path: Path) -> None:
    page, drawing = tmp_path / "walk.html", tmp_path / "graph.svg"
    out = printed(capsys, *FORMULA, "--save", str(page), "--svg", str(drawing))
    assert out.splitlines() == [f"walk     {page}", f"drawing  {drawing}"]
    assert "<html" in page.read_text(encoding="utf-8")
    assert "<svg" in drawing.read_text(encoding="utf-8")


def test_with_json_only_json_is_printed(capsys: Capture, tmp_path: Path) -> None:
    assert main([*FORMULA, "--json", "--svg", str(tmp_path / "graph.svg")]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["version"] == VERSION
    assert err.startswith("drawing  ")


# -------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a*b", "a=2"], "column 3: 'b' has no number; give b=…"),
        (["a*b", "a=2", "b"], "'b' is not NAME=NUMBER"),
        (["a*b", "a=2", "b="], "'b=': '' is not a number"),
        (["a*b", "a=2", "b=two"], "'b=two': 'two' is not a number"),
        (["a*b", "a=2", "2=3"], "'2=3' is not NAME=NUMBER"),
        (["a*b", "a=2", "b=1", "a=3"], "'a=3': a has a number already"),
        (["a*b", "a=2", "b=1", "c=3"], "there is no 'c' here to take a number"),
        (["a*", "a=2"], "column 3: the formula ends too early"),
        (["", "a=2"], "there is no formula"),
        (["2+2"], "there is no variable here"),
        (["a*b", "a=2", "b=1", "--tangent", "c"], "--tangent c: there is no such name"),
        (["a*bb", "a=2", "bb=1", "--path", "b"], "--path b: there is no such name; did you mean 'bb'?"),
        (["a*b", "a=2", "b=1", "--beside", "overwrite"], "did you mean 'overwrites'?"),
        (["a*b", "a=2", "b=1", "--beside", "right"], "there are overwrites, depth-first"),
        (["a*b", "a=2", "b=1", "--json", "--step"], "not allowed with argument"),
        (["a*b", "a=2", "b=1", "--what"], "--what"),
        (["a*b", "a=2", "b=1", "--svg"], "--svg"),
        ([], "FORMULA"),
    ],
)
def test_bad_input_is_refused(capsys: Capture, arguments: list[str], words: str) -> None:
    assert words in refused(capsys, *arguments).splitlines()[0]


@pytest.mark.parametrize("option", ["--save", "--svg"])
def test_a_file_that_cannot_be_written_is_refused(capsys: Capture, tmp_path: Path, option: str) -> None:
    target = tmp_path / "nowhere" / "file.html"
    message = refused(capsys, *FORMULA, option, str(target))
    assert str(target) in message
    assert len(message.splitlines()) == 1


def test_a_caret_points_at_the_place(capsys: Capture) -> None:
    lines = refused(capsys, "a + sn(b)", "a=1", "b=2").splitlines()
    assert lines == [
        "error: column 5: there is no function 'sn'; did you mean 'sin'?",
        "  a + sn(b)",
        "      ^",
    ]


def test_a_refused_drawing_changes_no_file(capsys: Capture, tmp_path: Path) -> None:
    target = tmp_path / "graph.svg"
    target.write_text("before")
    refused(capsys, "+".join(["a*b"] * 300), "a=1", "b=2", "--svg", str(target))
    assert target.read_text() == "before"


@given(st.lists(st.text(max_size=12), max_size=4))
def test_no_command_line_ends_in_a_traceback(arguments: list[str]) -> None:
    try:
        code = main(["a*b", "a=1", *arguments])
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code in (0, 2)
