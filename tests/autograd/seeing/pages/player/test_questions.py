"""Predictions: the right answers, and the classical mistakes recognised by their numbers."""

import math

import pytest
from hypothesis import given, settings

from autograd import Value
from autograd.seeing.pages.player.questions import WORDS, diagnosis, predictions, tolerance
from autograd.seeing.walk import walk
from tests.strategies import recipes


def asked(output, node, which=-1):
    """The questions of a node's ``which``-th reverse step, and that step with its trace."""
    steps = walk(output)
    names = {n.label: n.id for n in steps.trace.nodes}
    step = [s for s in steps if s.kind == "edge" and s.node == names[node]][which]
    return predictions(steps.trace)[step.number], step, steps.trace


def mistakes(answers, number):
    (found,) = [a for a in answers if a.number == pytest.approx(number)]
    return found.mistakes


def shared():
    """a is used twice: L = a·b + a, so that its gradient is 1 and then 1 + b."""
    a, b = Value(5.0, "a"), Value(-3.0, "b")
    d = a * b
    d.label = "d"
    L = a + d
    L.label = "L"
    return L


def scaled():
    """L = f·(a·b): the upstream of a is f = 7."""
    a, b, f = Value(2.0, "a"), Value(-3.0, "b"), Value(7.0, "f")
    d = a * b
    d.label = "d"
    L = f * d
    L.label = "L"
    return L


def test_the_right_answers_are_the_trace_s_own():
    questions, step, _ = asked(shared(), "a")
    assert questions["contribution"][0].number == step.contribution == -3.0
    assert questions["gradient"][0].number == step.after == -2.0
    assert questions["gradient"][0].mistakes == questions["contribution"][0].mistakes == ()


def test_overwriting_is_told_from_adding():
    questions, step, trace = asked(shared(), "a")
    assert mistakes(questions["gradient"], -3.0) == ("overwrote",)
    (answer,) = [a for a in questions["gradient"] if a.mistakes == ("overwrote",)]
    assert "a already has 1 from another route" in diagnosis(answer, step, trace)


def test_the_gradient_is_told_from_the_contribution():
    assert mistakes(asked(shared(), "a")[0]["contribution"], -2.0) == ("total",)


@pytest.mark.parametrize(
    ("number", "mistake"),
    [
        (7.0, "upstream alone"),
        (-3.0, "partial alone"),
        (7.0 * 2.0, "value of the input"),
        (7.0 * -6.0, "value of the result"),
        (7.0 * 3.0, "sign"),
        (7.0 - 3.0, "added factors"),
    ],
)
def test_a_classical_mistake_is_known_by_its_number(number, mistake):
    questions, step, trace = asked(scaled(), "a")
    answers = questions["contribution"]
    assert mistakes(answers, number) == (mistake,)
    (answer,) = [a for a in answers if a.mistakes == (mistake,)]
    assert "∂(a→d)" in diagnosis(answer, step, trace)


def test_passing_on_an_incomplete_gradient_is_a_wrong_order():
    b = Value(3.0, "b")
    d = b * 10
    d.label = "d"
    e = d * 3
    L = e + d * 2  # ∂L/∂d is 2 by one route and 3 by the other: 5 in all, before d passes anything on
    questions, step, trace = asked(L, "b")
    unfinished = [a for a in questions["contribution"] if a.mistakes == ("unfinished",)]
    assert [a.number for a in unfinished] == [10.0 * trace_first(trace, step.target)]
    assert "its gradient is 5" in diagnosis(unfinished[0], step, trace)


def trace_first(trace, node):
    return next(s.after for s in trace.steps if s.phase == "reverse" and s.node == node)


def test_taking_one_input_for_the_other_is_named():
    a, b = Value(3.0, "a"), Value(4.0, "b")
    y = a / b
    questions, step, trace = asked(y, "a")
    (answer,) = [a for a in questions["contribution"] if a.mistakes == ("other input",)]
    assert answer.number == -3.0 / 16.0
    assert "belongs to b" in diagnosis(answer, step, trace)


def test_what_is_not_shown_of_the_factors_is_forgiven():
    a, b = Value(1 / 3, "a"), Value(2 / 3, "b")
    answer = asked((a * b).tanh(), "a")[0]["contribution"][0]
    _, step, _ = asked((a * b).tanh(), "a")
    by_hand = float(f"{step.upstream:.4g}") * float(f"{step.partial:.4g}")
    assert abs(by_hand - answer.number) <= answer.tolerance < 2e-3 * abs(answer.number)


@pytest.mark.parametrize("x", [1.0, -9.999, 1.23456e-7, 6.022e23])
def test_four_digits_are_enough_and_three_are_not(x):
    assert abs(float(f"{x:.4g}") - x) <= tolerance(x)
    assert abs(x * 1.001 - x) > tolerance(x) / 2


@settings(max_examples=40)
@given(recipes())
def test_every_edge_is_asked_about_and_no_wrong_answer_passes_for_the_right_one(recipe):
    steps = walk(recipe.compute([Value(x) for x in recipe.numbers]))
    questions = predictions(steps.trace)
    assert [*questions] == [s.number for s in steps if s.kind == "edge"]
    for answers in (a for q in questions.values() for a in q.values()):
        right, *wrong = answers
        assert right.mistakes == ()
        assert all(set(a.mistakes) <= set(WORDS) and a.mistakes for a in wrong)
        if math.isfinite(right.number):
            assert all(not abs(a.number - right.number) <= right.tolerance for a in wrong)


@settings(max_examples=40)
@given(recipes())
def test_a_diagnosis_is_true_of_its_number(recipe):
    steps = walk(recipe.compute([Value(x) for x in recipe.numbers]))
    for place, questions in predictions(steps.trace).items():
        step = steps[place]
        said = {
            "overwrote": step.contribution, "nothing added": step.before, "total": step.after,
            "upstream alone": step.upstream, "partial alone": step.partial, "sign": -step.contribution,
        }  # fmt: skip
        for asked_for, answers in questions.items():
            before = step.before or 0.0 if asked_for == "gradient" else 0.0
            said["sign"] = -step.after if before else -step.contribution
            added = ("upstream alone", "partial alone", "sign of a part")
            for answer in answers[1:]:
                (mistake,) = answer.mistakes
                if mistake in said and math.isfinite(answer.number):
                    plus = before if mistake in added else 0.0
                    assert answer.number == pytest.approx(said[mistake] + plus), mistake


def test_what_is_written_in_full_is_right_in_its_digits_alone():
    answer = asked(Value(3.0, "a") * Value(5.0, "b") * 1.0, "a")[0]["contribution"][0]
    assert answer.number == 5.0
    assert answer.tolerance < 0.001


def test_numbers_that_are_not_finite_are_asked_about_as_well():
    x = Value(0.0, "x")
    questions, _, _ = asked(x.log(), "x")
    assert questions["contribution"][0].number == math.inf
    assert questions["contribution"][0].tolerance == 0.0


def test_the_whole_gradient_is_told_from_what_one_edge_adds():
    x = Value(3.0, "x")
    questions, step, trace = asked(x * x + x, "x", which=0)  # 1 by the arrow into +, 7 by all ways
    assert questions["contribution"][0].number == 1.0
    (answer,) = [a for a in questions["contribution"] if a.mistakes == ("whole",)]
    assert answer.number == 7.0
    assert "That is the whole gradient of x, by all its routes" in diagnosis(answer, step, trace)
