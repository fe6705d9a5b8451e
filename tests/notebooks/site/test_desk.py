"""The lab's Python, without a browser: what it shows, in which form, and what it says of mistakes."""

import pytest

from autograd import Value
from autograd.seeing import draw_with
from notebooks.site.lab.desk import Desk, traced, viz_js
from notebooks.site.lab.examples import EXAMPLES

NUMBERS = {"a": 2.0, "b": -3.0}


@pytest.fixture
def shown():
    return []


@pytest.fixture
def desk(shown):
    return Desk(lambda kind, text: shown.append((kind, text)))


@pytest.mark.parametrize(
    ("view", "kind", "part"),
    [
        ("draw", "html", "<svg"),
        ("path", "html", "<svg"),
        ("ledger", "html", "<table>"),
        ("walk", "walk 0", "<iframe"),
    ],
)
def test_a_formula_is_seen_in_every_view(desk, shown, view, kind, part):
    desk.formula(view, "a*b", NUMBERS, "a")
    ((found, text),) = shown
    assert found == kind
    assert part in text


def test_a_formula_s_names_are_those_that_need_a_number(desk):
    assert desk.variables("h = a*b; h + c") == ["a", "b", "c"]
    with pytest.raises(ValueError, match="did you mean 'sin'"):
        desk.variables("sn(a)")


@pytest.mark.parametrize("name", [name for name, _, _ in EXAMPLES])
def test_an_example_runs_and_shows_something(desk, shown, name):
    code = next(code for key, _, code in EXAMPLES if key == name)
    desk.run(code)
    assert shown
    assert name == "check" or "error" not in dict(shown)


def test_a_program_shows_what_it_prints_and_its_last_line(desk, shown):
    desk.run("print(1)\ndisplay(2)\nx = 3\nx")
    assert "".join(text for _, text in shown) == "1\n23"
    shown.clear()
    desk.run("x = 3")
    assert shown == []


@pytest.mark.parametrize(
    ("program", "says"),
    [("a = 1\na.b", "AttributeError"), ("(", "SyntaxError"), ("import sys; sys.exit()", "SystemExit")],
)
def test_a_mistake_is_told_from_the_learner_s_own_line_on(desk, shown, program, says):
    desk.run(program)
    ((kind, text),) = shown
    assert kind == "error"
    assert says in text
    assert "desk.py" not in text
    assert says == "SyntaxError" or f"line {len(program.splitlines())}" in text


def test_a_walk_answers_what_if(desk):
    desk.formula("walk", "a*b", NUMBERS, "a")
    reply = desk.change(0, {"chainrule": "what-if", "request": 1, "values": {"n0": 5.0}})
    assert reply["facts"]["values"] == ["5", "−3", "−15"]


def test_viz_js_writes_what_the_lab_needs_and_names_what_it_does_not():
    viz_js(lambda source, wanted: f"<svg>{wanted}</svg>")
    try:
        from autograd import draw

        drawing = draw(Value(1.0, "a"))
        assert drawing.pipe("json", encoding="utf-8") == "<svg>json</svg>"
        with pytest.raises(ValueError, match="got 'png'"):
            drawing.pipe("png")
    finally:
        draw_with(None)


def test_an_error_of_the_lab_s_own_is_told_in_a_line():
    assert traced(KeyError("x")) == "KeyError: 'x'"
