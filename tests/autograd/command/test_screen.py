"""A walk as lines of text: what is known after a step, and the tables it is shown in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value
from autograd.command.expression import evaluate
from autograd.command.screen import (
    MOST_COLUMNS,
    PLAIN,
    Look,
    gradient_lines,
    known_after,
    legend_lines,
    state_lines,
    step_lines,
    walk_lines,
    wrapped,
)
from autograd.seeing.walk import walk
from tests.strategies import Recipe, recipes


def example() -> Value:
    return evaluate("(a*b + c) * f", a=2, b=-3, c=10, f=-2)


@given(recipes(most_steps=5))
def test_after_the_last_step_everything_is_known(recipe: Recipe) -> None:
    facts = walk(recipe.compute([Value(x) for x in recipe.numbers])).trace
    values, changes = known_after(len(facts.steps), facts)
    for node in facts.nodes:
        assert values[node.id] == node.value
        assert changes.get(node.id) == node.gradient


@given(recipes(most_steps=5), st.integers(60, 120))
def test_no_line_of_a_state_is_too_wide_or_moves(recipe: Recipe, width: int) -> None:
    facts = walk(recipe.compute([Value(x) for x in recipe.numbers])).trace
    states = [state_lines(facts, step.number, Look(width)) for step in facts.steps]
    assert len({len(lines) for lines in states}) == 1
    assert max(len(line) for lines in states for line in lines) <= width


def test_what_is_not_computed_yet_is_a_dash() -> None:
    facts = walk(example()).trace
    assert state_lines(facts, 0) == [
        "           [a] [b]  v₁  [c]  v₂  [f]  y",
        "  value     2  −3    –  10    –  −2   –",
        "  gradient  –   –    –   –    –   –   –",
    ]
    assert state_lines(facts, 9) == [
        "           [a]  b   v₁   c   v₂   f   y",
        "  value     2  −3   −6  10    4  −2  −8",
        "  gradient  6   –   −2  −2   −2   4   1",
    ]


def test_a_state_too_wide_goes_on_below() -> None:
    facts = walk(
        evaluate(
            " + ".join(f"{name}*{name}" for name in "abcdefghijkl"), **dict.fromkeys("abcdefghijkl", 1.5)
        )
    ).trace
    lines = state_lines(facts, 0, Look(60))
    assert [line.split()[0] for line in lines if line].count("value") >= 2
    assert "" in lines


def test_the_state_of_a_large_graph_is_not_shown() -> None:
    x = Value(1.0, "x")
    for _ in range(MOST_COLUMNS):
        x = -x
    assert state_lines(walk(x).trace, 0) == []


def test_a_tangent_is_called_so() -> None:
    steps = walk(example(), tangent="a")
    assert state_lines(steps.trace, len(steps) - 1)[2].split() == [
        "tangent", "1", "–", "−3", "–", "−3", "–", "6",
    ]  # fmt: skip


@pytest.mark.parametrize("label", ["x" * 10_000, "two\nlines", "\x1b[31m", '"><img src=x>'])
def test_a_label_is_text_that_is_kept_short(label: str) -> None:
    a = Value(2.0, label)
    facts = walk(a * a + a).trace
    lines = [*legend_lines(facts), *walk_lines(facts.steps), *state_lines(facts, 1), *gradient_lines(facts)]
    assert "\x1b" not in "".join(lines)
    assert max(map(len, lines)) <= 80
    assert not any("\n" in line for line in lines)


@pytest.mark.parametrize(
    ("slope", "words"),
    [
        (6.0, "raise a a little: y rises 6 times as much"),
        (-0.25, "raise a a little: y falls 0.25 times as much"),
        (1.0, "raise a a little: y rises just as much"),
        (-1.0, "raise a a little: y falls just as much"),
        (0.0, "raise a a little: y stays as it is"),
        (math.inf, ""),
        (math.nan, ""),
    ],
)
def test_a_gradient_is_said_in_words(slope: float, words: str) -> None:
    line = gradient_lines(walk(Value(2.0, "a") * slope).trace)[-1]
    assert line.endswith(words)
    assert words or "raise" not in line


def test_that_numbers_are_rounded_is_said_where_they_are() -> None:
    assert not any("rounded" in line for line in legend_lines(walk(example()).trace))
    assert any("rounded" in line for line in legend_lines(walk(Value(1 / 3, "a") * 2).trace))


def test_one_value_needs_no_legend() -> None:
    assert legend_lines(walk(Value(2.0, "a")).trace) == []


def test_a_calculation_is_not_broken_across_lines() -> None:
    sentence = "so a receives −2 · (−3) = 6 and is done"
    assert wrapped(sentence, 24) == ["so a receives", "−2 · (−3) = 6 and is", "done"]


def test_colours_are_the_look_s_to_choose() -> None:
    step = walk(example())[8]
    assert not any("\x1b" in line for line in step_lines(step, 14, PLAIN))
    assert any("\x1b[1m" in line for line in step_lines(step, 14, Look(colour=True)))
    assert Look(colour=True).by_sign("0", 0.0) == "0"
    assert Look(colour=True).by_sign("1", 1.0) != Look(colour=True).by_sign("1", -1.0)
