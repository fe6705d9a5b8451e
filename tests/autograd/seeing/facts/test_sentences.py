"""What the steps of a walk say, and what they call things."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
from hypothesis import given

from autograd import (
    Constant,
    Parameter,
    Value,
    dot,
    gallery,
    gradient_path,
    maximum,
    walk,
    where,
)
from autograd.notation.numbers import number
from nn import MLP
from tests.autograd.seeing.test_walk import computed, edges_of, example, shared
from tests.strategies import Recipe, recipes

# ---------------------------------------------------------------------------- what the steps say


def test_the_forward_pass_then_the_reverse_pass() -> None:
    steps = walk(example())
    assert [(s.number, s.phase, s.kind, s.line) for s in steps] == [
        (0, "forward", "leaf", "a = 2, b = −3, c = 10, f = −2"),
        (1, "forward", "apply", "d = a × b = 2 × (−3) = −6"),
        (2, "forward", "apply", "v₁ = d + c = −6 + 10 = 4"),
        (3, "forward", "apply", "L = v₁ × f = 4 × (−2) = −8"),
        (4, "reverse", "seed", "∂L/∂L = 1"),
        (5, "reverse", "edge", "∂L/∂v₁ += ∂L/∂L · ∂(v₁→L) = 1 · (−2) = −2"),
        (6, "reverse", "edge", "∂L/∂f += ∂L/∂L · ∂(f→L) = 1 · 4 = 4"),
        (7, "reverse", "edge", "∂L/∂d += ∂L/∂v₁ · ∂(d→v₁) = −2 · 1 = −2"),
        (8, "reverse", "edge", "∂L/∂c += ∂L/∂v₁ · ∂(c→v₁) = −2 · 1 = −2"),
        (9, "reverse", "edge", "∂L/∂a += ∂L/∂d · ∂(a→d) = −2 · (−3) = 6"),
        (10, "reverse", "edge", "∂L/∂b += ∂L/∂d · ∂(b→d) = −2 · 2 = −4"),
    ]


def test_a_reverse_step_has_the_numbers_of_its_edge() -> None:
    step = walk(example())[9]
    assert (step.node, step.target, step.position) == ("n0", "n2", 0)
    assert (step.upstream, step.partial_symbols, step.partial, step.contribution) == (-2.0, "b", -3.0, 6.0)
    assert (step.before, step.after) == (None, 6.0)


def test_only_reverse_steps_have_an_edge() -> None:
    for step in walk(example()):
        of_edge = (step.target, step.position, step.partial_symbols, step.upstream, step.contribution)
        assert (None not in of_edge) == (step.kind == "edge")


def test_a_sentence_says_what_happens_and_why() -> None:
    assert walk(example())[9].sentence == (
        "a feeds into d: with the other input held still, a small change of a changes d −3 times as much "
        "(∂(a→d) = b = −3), and that changes L −2 times as much as d; so a receives −2 · (−3) = 6. a is no "
        "parameter: training does not change it, so this gradient only tells how L depends on it."
    )


def test_that_a_contribution_is_the_whole_gradient_is_said_once() -> None:
    sentences = [step.sentence for step in walk(example())]
    assert [i for i, sentence in enumerate(sentences) if "receives nothing else" in sentence] == [5]
    assert "v₁ receives nothing else, so this is its whole gradient." in sentences[5]


def test_parameters_are_called_what_their_modules_hold_them_as() -> None:
    told = walk(MLP(2, [1], seed=0)([1.0, 2.0]) * Parameter(2.0, "s"))[0].sentence
    assert (
        " is a bias, a number that training adjusts. s is a parameter, a number that training adjusts."
        in told
    )
    facts = walk(MLP(2, [3, 1], seed=0)([1.0, 2.0])).trace
    assert {node.id for node in facts.nodes if facts.kind_of(node) == "bias"} == facts.biases()
    assert "parameter" not in map(facts.kind_of, facts.nodes)


def test_without_weights_nothing_is_said_of_training() -> None:
    assert not any("training" in step.sentence for step in walk(Value(2.0, "a") * Value(3.0, "b")))


def test_an_input_of_many_uses_is_told_of_training_when_its_gradient_is_complete() -> None:
    x = Value(2.0, "x")
    first, second = (s for s in walk(x * Parameter(3.0, "w") + x) if s.symbols.startswith("∂y/∂x +="))
    assert "training" not in first.sentence
    assert second.sentence.endswith(
        "x is no parameter: training does not change it, so this gradient only tells how y depends on it."
    )


def test_a_rounded_calculation_that_does_not_add_up_as_written_says_so() -> None:
    x = Value(1 / 3, "x")
    steps = walk(x + x)
    assert steps[1].numbers == "0.3333 + 0.3333 ≈ 0.6667"
    assert steps[-1].sentence.count("1 + 1 = 2") == 1
    assert walk(x * x)[1].numbers == "0.3333 × 0.3333 = 0.1111"


def test_a_rounded_sum_of_contributions_says_so_too() -> None:
    w, a, b = Parameter(1.0, "w"), Value(1 / 3, "a"), Value(1 / 3, "b")
    last = [step for step in walk(w * a + w * b) if step.symbols.startswith("∂y/∂w")][-1]
    assert "at once: 0.3333 + 0.3333 ≈ 0.6667" in last.sentence
    assert walk(w * a + w * b, tangent=w)[-1].numbers == "1 · 0.3333 + 1 · 0.3333 ≈ 0.6667"


@given(recipes())
def test_every_equation_holds_as_it_is_written(recipe: Recipe) -> None:
    for step in edges_of(walk(computed(recipe))):
        written = re.fullmatch(r"(.+) · (.+) = (.+)", step.numbers)
        if written is not None:
            upstream, partial, product = (
                float(x.strip("()").replace("−", "-").replace("∞", "inf")) for x in written.groups()
            )
            assert number(upstream * partial) == number(product)


def test_in_forward_mode_nothing_is_noted_for_a_way_back() -> None:
    x = Value(2.0, "x")
    assert any("way back" in step.sentence for step in walk(x * x))
    assert not any("Noted for the way back" in step.sentence for step in walk(x * x, tangent=x))


def test_a_choice_says_which_branch_is_taken_and_why() -> None:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    steps = walk(where(a < b, a, b))
    assert "v₁ compares: 2 < −3 is false, so it is 0, which stands for false." in steps[1].sentence
    assert steps[2].numbers == "(2 if false else −3) = −3"
    assert steps[2].sentence.startswith("y is one of a and b: v₁ is false, so it is b = −3.")
    assert "the condition is true, so it is a = 2." in walk(where(Constant(1.0), a, b))[1].sentence


def test_slopes_that_are_no_numbers_are_worded() -> None:
    told = walk(Value(math.nan, "x") * Value(2.0, "a"))[-1].sentence
    assert "no number tells how a small change of a changes y (∂(a→y) = x = nan)" in told
    told = walk(Value(math.inf, "x") * Value(2.0, "a"))[-1].sentence
    assert "no number tells how a small change of a changes y (∂(a→y) = x = ∞ by the rule alone)" in told
    told = walk(Value(0.0, "x").sqrt())[-1].sentence
    assert "changes y infinitely many times (∞) as much" in told
    a = Value(2.0, "a")
    told = walk(Value(math.nan, "x") * a, tangent=a)[-1].sentence
    assert "no number tells how y changes with a" in told


def test_a_slope_of_zero_is_said_plainly() -> None:
    a, b = Value(2.0, "a"), Value(0.0, "b")
    assert "a small change of a does not change y (∂(a→y) = b = 0)" in walk(a * b)[-2].sentence
    assert "y does not change with a" in walk(a * b, tangent=a)[-1].sentence


def test_an_output_without_a_name_is_called_alike_everywhere() -> None:
    w, y = Parameter(2.0, "w"), Value(3.0, "y")
    assert walk(w * w).trace.nodes[-1].label == "y"
    assert gradient_path(w * w, w).ledger().output == gallery(w * w).facts.output == "y"
    assert "∂y/∂w" in repr(gradient_path(w * w, w))
    assert walk(w * y).trace.nodes[-1].label == "output"
    assert gradient_path(w * y, w).ledger().output == gallery(w * y).facts.output == "output"
    assert "∂output/∂w" in repr(gradient_path(w * y, w))


def test_a_second_contribution_says_why_it_is_added() -> None:
    first, second = (s for s in walk(shared()) if s.kind == "edge" and s.symbols.startswith("∂L/∂h "))
    assert first.before is None
    assert "the first of 2 contributions" in first.sentence
    assert (second.before, second.contribution, second.after) == (9.0, 6.0, 15.0)
    assert "added (+=) to the 9 that h had already, because a change of h takes effect" in second.sentence
    assert "9 + 6 = 15. Both contributions are in" in second.sentence
    assert "can be passed on" in second.sentence


def test_a_value_used_twice_by_one_op_has_two_steps() -> None:
    x = Value(3.0, "x")
    first, second = edges_of(walk(x * x))
    assert "twice, here as input number 1" in first.sentence
    assert "twice, here as input number 2" in second.sentence
    assert (first.position, second.position, second.after) == (0, 1, 6.0)


@pytest.mark.parametrize(
    ("compute", "told"),
    [
        (lambda x: x**2, "∂(x→y) = 2 × x = 6"),
        (lambda x: x.relu(), "∂(x→y) = 1 because x > 0"),
        (lambda x: (-x).relu(), "∂(v₁→y) = 0 because v₁ ≤ 0"),
        (lambda x: x.exp(), "∂(x→y) = y = 20.09"),
        (lambda x: x / 2, "(∂(x→y) = 0.5)"),
    ],
)
def test_the_local_derivative_is_told_as_it_is_there(compute: Callable[[Value], Value], told: str) -> None:
    assert any(told in step.sentence for step in edges_of(walk(compute(Value(3.0, "x")))))


def test_a_gradient_that_is_stopped_is_said_to_be() -> None:
    x = Value(-3.0, "x")
    assert "receives 1 · 0 = 0. Nothing gets through." in walk(x.relu())[-1].sentence


def test_explain_is_the_sentence_and_the_line() -> None:
    step = walk(example())[9]
    assert step.explain() == f"{step.sentence}\n{step.line}"


def test_mathematics_has_true_fractions_and_indices() -> None:
    w, x = Parameter(2.0, "w21^3"), Value(3.0, "x1")
    markup = walk(w * x)[-2].mathml()
    assert "<mfrac><mrow><mo>∂</mo><mi>y</mi></mrow><mrow><mo>∂</mo><msubsup><mi>w</mi>" in markup


# ------------------------------------------------------------------------------------------ names


def test_names_come_from_variables_and_what_has_none_is_numbered() -> None:
    a, b = Value(1.0), Value(2.0)
    e = a * b
    steps = walk((e + 1) * Value(3.0), names={"a": a, "e": e})
    assert [node.label for node in steps.trace.nodes] == ["a", "v1", "e", "", "v2", "v3", "y"]


def test_made_up_names_do_not_repeat_given_ones() -> None:
    v1, y = Value(1.0, "v1"), Value(2.0, "y")
    labels = [node.label for node in walk(v1 * y + 1).trace.nodes]
    assert labels == ["v1", "y", "v2", "", "output"]


def test_long_labels_are_shortened_and_never_markup() -> None:
    label = '"><img src=x onerror=alert(1)>' * 400
    a = Value(2.0, label)
    for step in walk(a * a + a):
        assert "<img" not in step.mathml()
        assert len(step.explain()) < 1000


def test_long_sums_leave_out_their_middle() -> None:
    steps = walk(dot([Parameter(1.0, f"w{i}") for i in range(1000)], [1.0] * 1000))
    last = steps[1]
    assert last.symbols == "y = w₀·1 + w₁·1 + w₂·1 + … + w₉₉₈·1 + w₉₉₉·1"
    assert len(last.sentence) < 500


def test_slopes_that_are_chosen_are_spoken_of_only_where_a_change_gets_to_them() -> None:
    """A unit that is off stops it, whatever is chosen at a corner behind it."""
    v, w, x = Value(-2.0, "v"), Value(-1.0, "w"), Value(1.0, "x")
    off, other = (w * x).relu(), (v * x).relu()
    steps = walk(maximum(off, other))
    labels = {node.id: node.label for node in steps.trace.nodes}
    of_edges = [(labels[step.node], step.sentence) for step in steps if step.target]
    of_leaves = [said for label, said in of_edges if label in ("v", "w", "x")]
    assert len(of_leaves) == 4
    assert not any("chosen" in said for said in of_leaves)
    assert sum("a choice" in said for _, said in of_edges) == 2  # at the corner itself
