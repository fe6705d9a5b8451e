"""The chain rule one step at a time."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import (
    Constant,
    Parameter,
    Value,
    Walk,
    dot,
    exp,
    gallery,
    gradient_path,
    gradients,
    log,
    no_grad,
    topological_order,
    walk,
    where,
)
from autograd.mistakes import Update
from autograd.notation.latex import latex
from autograd.notation.numbers import number
from autograd.reverse import upstreams
from autograd.seeing.facts.records import Step
from autograd.seeing.facts.sizes import SIZES
from autograd.testing import broken
from nn import MLP, Module
from tests.strategies import Recipe, recipes


def example() -> Value:
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Parameter(-2.0, "f")
    d = a * b
    d.label = "d"
    L = (d + c) * f
    L.label = "L"
    return L


def shared() -> Value:
    """``h * (h + y)`` with ``h = x * y``: both h and y are used twice."""
    x, y = Value(2.0, "x"), Value(3.0, "y")
    h = x * y
    h.label = "h"
    L = h * (h + y)
    L.label = "L"
    return L


def by_label(output: Value, label: str) -> Value:
    return next(v for v in topological_order(output) if v.label == label)


def computed(recipe: Recipe) -> Value:
    y = recipe.compute([Value(x) for x in recipe.numbers])
    assume(y.role != "constant")
    return y


def edges_of(steps: Walk) -> Iterator[Step]:
    return (step for step in steps if step.kind == "edge")


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
        "(∂(a→d) = b = −3), and that changes L −2 times as much as d; so a receives −2 · (−3) = 6. a is an "
        "input: training does not change it, so this gradient only tells how L depends on it."
    )


def test_that_a_contribution_is_the_whole_gradient_is_said_once() -> None:
    sentences = [step.sentence for step in walk(example())]
    assert [i for i, sentence in enumerate(sentences) if "used nowhere else" in sentence] == [5]
    assert "v₁ is used nowhere else, so this is its whole gradient." in sentences[5]


def test_without_weights_nothing_is_said_of_training() -> None:
    assert not any("training" in step.sentence for step in walk(Value(2.0, "a") * Value(3.0, "b")))


def test_an_input_of_many_uses_is_told_of_training_when_its_gradient_is_complete() -> None:
    x = Value(2.0, "x")
    first, second = (s for s in walk(x * Parameter(3.0, "w") + x) if s.symbols.startswith("∂y/∂x +="))
    assert "training" not in first.sentence
    assert second.sentence.endswith(
        "x is an input: training does not change it, so this gradient only tells how y depends on it."
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


# --------------------------------------------------------------------------- the facts, at random


@given(recipes())
def test_contributions_into_a_node_sum_to_its_gradient(recipe: Recipe) -> None:
    y = computed(recipe)
    steps = walk(y)
    received: dict[str, list[float]] = defaultdict(list)
    final: dict[str, float | None] = {}
    for step in edges_of(steps):
        assert step.before == final.get(step.node)
        assert step.contribution is not None
        received[step.node].append(step.contribution)
        final[step.node] = step.after
    right = upstreams(y)
    for node, v in zip(steps.trace.nodes, topological_order(y), strict=True):
        if v is y or v not in right:
            assert node.id not in received
        else:
            assert math.fsum(received[node.id]) == pytest.approx(right[v], rel=1e-9, abs=1e-12)
            assert final[node.id] == right[v] == node.gradient


@given(recipes())
def test_forward_steps_come_after_their_inputs_and_reverse_steps_after_all_uses(recipe: Recipe) -> None:
    steps = walk(computed(recipe))
    computed_so_far: set[str] = set()
    inputs = defaultdict(list)
    for edge in steps.trace.edges:
        inputs[edge.target].append(edge.source)
    for step in steps:
        if step.phase == "forward":
            for node in step.nodes:
                assert computed_so_far.issuperset(inputs[node])
            computed_so_far.update(step.nodes)
    passed_on = set()
    for step in edges_of(steps):
        passed_on.add(step.target)
        assert step.node not in passed_on


@given(recipes(), st.data())
def test_forward_mode_ends_with_the_gradient_of_the_reverse_pass(recipe: Recipe, data: st.DataObject) -> None:
    y = computed(recipe)
    leaf = data.draw(st.sampled_from([v for v in topological_order(y) if v.role != "constant"]))
    last = walk(y, tangent=leaf)[-1]
    assert last.phase == "tangent"
    assert last.after == pytest.approx(gradients(y, leaf), rel=1e-9, abs=1e-9)


@given(recipes())
def test_a_walk_changes_nothing_of_the_values(recipe: Recipe) -> None:
    y = computed(recipe)
    order = topological_order(y)
    before = [(v.data, v.grad, v.label, v.partials) for v in order]
    steps = walk(y, beside=broken.overwrites)
    while steps.step():
        pass
    leaf = next(v for v in order if not v.inputs)
    steps.what_if({leaf: 0.25})
    assert [(v.data, v.grad, v.label, v.partials) for v in order] == before
    assert all(v.grad is gradient for v, (_, gradient, _, _) in zip(order, before, strict=True))


@given(recipes())
def test_a_step_forward_and_one_back_is_none(recipe: Recipe) -> None:
    steps = walk(computed(recipe))
    for place in range(-1, len(steps) - 1):
        before = steps.here
        assert steps.step() == steps[place + 1]
        assert steps.back() is before
        steps.step()


# --------------------------------------------------------------------------------------- stepping


def test_a_walk_is_a_sequence() -> None:
    steps = walk(example())
    assert len(steps) == 11
    assert steps[-1].number == 10
    assert [step.number for step in steps[2:4]] == [2, 3]
    assert steps[3] in steps
    assert steps.index(steps[3]) == 3
    with pytest.raises(IndexError):
        steps[11]


def test_stepping_stays_at_the_last_step_and_before_the_first() -> None:
    steps = walk(Value(1.0, "x"))
    assert steps.here is None
    assert steps.back() is None
    assert [step.kind for step in iter(steps.step, None) if step is not None] == ["leaf", "seed"]
    assert steps.step() is None
    assert steps.here == steps[-1]
    steps.rewind()
    assert steps.here is None


def test_goto_takes_a_number_from_either_end() -> None:
    steps = walk(example())
    assert steps.goto(5).number == 5
    assert steps.goto(-1).number == 10
    assert steps.here == steps[10]


@pytest.mark.parametrize("by", ["label", "Value"])
def test_goto_a_node_goes_to_its_next_step_in_turn(by: str) -> None:
    L = shared()
    steps = walk(L)
    h = "h" if by == "label" else by_label(L, "h")
    assert [steps.goto(h).number for _ in range(4)] == [1, 5, 7, 1]


@pytest.mark.parametrize(
    ("where_to", "error", "message"),
    [
        (14, ValueError, r"11 steps .* numbered from 0 to 10, as in walk\[0\]; got 14"),
        (-15, ValueError, "got -15"),
        ("dd", ValueError, "no node has the label 'dd'; did you mean 'd'?"),
        ("q" * 10_000, ValueError, "no node has the label"),
        (Value(1.0, "stranger"), ValueError, "stranger.* is not part of this graph"),
        (1.5, TypeError, r"got 1\.5 \(float\)"),
        (None, TypeError, "got None"),
    ],
)
def test_a_place_that_is_not_there_is_refused(where_to: Any, error: type[Exception], message: str) -> None:
    steps = walk(example())
    steps.goto(3)
    with pytest.raises(error, match=message):
        steps.goto(where_to)
    assert steps.here == steps[3]


def test_a_label_that_two_nodes_have_is_refused() -> None:
    with pytest.raises(ValueError, match="2 nodes have the label 'x'; give the Value itself"):
        walk(Value(1.0, "x") * Value(2.0, "x")).goto("x")


# ----------------------------------------------------------------------------------------- as text


def test_a_walk_prints_its_steps_with_the_current_one_marked() -> None:
    steps = walk(shared())
    steps.goto(8)
    lines = repr(steps).splitlines()
    assert lines[0] == "a walk of 11 steps through L = h × (h + y)"
    assert "reverse" in lines
    assert [line for line in lines if line.startswith("→")] == ["→   [8]  " + steps[8].line]


def test_its_title_is_the_whole_formula_where_that_is_short_and_the_last_op_where_it_is_not() -> None:
    a, b = Value(2.0, "a"), Value(3.0)
    product = a * b
    assert walk(product * a + b, names={"b": b}).title == "y = a × b × a + b"
    assert walk(product * a + b, names={"b": b}).what_if(a=5.0).title == "y = a × b × a + b"
    assert walk(product * a, names={"b": b, "product": product}).title == "y = product × a"
    for _ in range(7):
        product = product.tanh() * b
    assert walk(product, names={"b": b}).title.startswith("y = v")


def test_of_a_long_walk_the_ends_and_what_is_around_the_current_step_are_printed() -> None:
    x = Value(1.0, "x")
    for _ in range(500):
        x = x.tanh()
    steps = walk(x)
    steps.goto(400)
    text = repr(steps)
    assert len(text.splitlines()) < 60
    for place in (0, 397, 403, len(steps) - 1):
        assert steps[place].line in text
    assert "… 377 steps …" in text


def test_a_walk_is_taken_along_as_its_ending_says(tmp_path: Path) -> None:
    steps = walk(example())
    for name, begins in (("w.html", "<!doctype html>"), ("w.md", "## L = "), ("w.TEX", "\\section*{$L=")):
        steps.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8").lower().startswith(begins.lower())
    with pytest.raises(ValueError, match=r'"w\.html"; got .w\.png.*graph\.svg.*walk\.md'):
        steps.save(tmp_path / "w.png")
    assert not (tmp_path / "w.png").exists()


@pytest.mark.parametrize("text", [Walk.to_markdown, Walk.to_latex])
def test_a_text_tells_every_step_in_every_size(text: Callable[[Walk], str]) -> None:
    steps = walk(example())
    for size in SIZES:
        shown = text(steps.by(size))
        assert all(latex(step.line) in shown for step in steps.by(size))


def test_a_step_shows_itself_in_a_notebook() -> None:
    step = walk(Value(2.0, "<b>") * 3)[1]
    assert step._repr_html_() == f"<p>{escape(step.sentence)}</p>{step.mathml()}"
    assert "<b>" not in step._repr_html_()


# --------------------------------------------------------------------------------- special graphs


def test_a_leaf_alone_is_one_step_each_way() -> None:
    steps = walk(Value(3.0, "x"))
    assert [step.line for step in steps] == ["x = 3", "∂x/∂x = 1"]


def test_a_constant_is_refused_as_backward_refuses_it() -> None:
    with pytest.raises(ValueError, match="depends on nothing that has a gradient"):
        walk(Constant(3.0))


def test_what_is_not_a_value_is_refused() -> None:
    output: Any = 3.0
    with pytest.raises(TypeError, match="a walk is taken of one Value"):
        walk(output)


def test_nothing_is_sent_to_constants_or_through_conditions() -> None:
    x = Value(1.0, "x")
    steps = walk(where(x > 0, x * 2, 3))
    roles = {node.id: node.role for node in steps.trace.nodes}
    assert {roles[step.node] for step in edges_of(steps)} == {"input", "operation"}
    assert any("A comparison has no slope" in step.sentence for step in steps)


def test_numbers_that_are_not_finite_are_explained() -> None:
    text = "\n".join(step.explain() for step in walk(log(Value(-1.0, "a")) + exp(Value(1000.0, "b"))))
    assert "There is no such number: the result is nan" in text
    assert "beyond every number that can be stored" in text
    assert "An input is nan (not a number), so the result is nan too" in text


def test_zero_times_infinity_is_explained() -> None:
    x = Value(0.0, "x")
    last = walk(0 * x.sqrt())[-1]
    assert last.after is not None
    assert math.isnan(last.after)
    assert "Zero times infinity has no value" in last.sentence


def test_a_chain_of_a_hundred_thousand_nodes_can_be_walked() -> None:
    x = Value(1.0, "x")
    v = x
    for _ in range(100_000):
        v = v + x
    steps = walk(v)
    assert len(steps) == 1 + 100_000 + 1 + 200_000
    assert steps.goto("v50000").symbols.startswith("v₅₀₀₀₀ = ")
    assert steps[-1].after == 100_001.0
    assert "All 100,001 contributions are in" in steps[-1].sentence


# ----------------------------------------------------------------------------------- forward mode


def test_forward_mode_carries_a_change_along_with_the_values() -> None:
    L = shared()
    steps = walk(L, tangent="y")
    assert [step.line for step in steps if step.phase == "tangent"] == [
        "∂y/∂y = 1",
        "∂h/∂y = x · ∂y/∂y = 2 · 1 = 2",
        "∂v₁/∂y = 1 · ∂h/∂y + 1 · ∂y/∂y = 1 · 2 + 1 · 1 = 3",
        "∂L/∂y = v₁ · ∂h/∂y + h · ∂v₁/∂y = 9 · 2 + 6 · 3 = 36",
    ]
    assert "the reverse pass multiplies the same factors, from the other end" in steps[-1].sentence


def test_a_value_that_does_not_reach_the_output_has_tangent_zero() -> None:
    x = Value(1.0, "x")
    last = walk(where(x > 0, Value(2.0, "a"), 3), tangent=x)[-1]
    assert (last.line, last.after) == ("∂y/∂x = 0", 0.0)
    assert "No change of x reaches y" in last.sentence


@pytest.mark.parametrize(
    ("tangent", "message"), [("q", "no node has the label 'q'"), (Value(1.0), "not part of this graph")]
)
def test_a_tangent_of_what_is_not_there_is_refused(tangent: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        walk(shared(), tangent=tangent)


def test_a_tangent_of_a_constant_is_refused() -> None:
    k = Constant(2.0, "k")
    with pytest.raises(ValueError, match="is a constant; a tangent"):
        walk(Value(1.0) * k, tangent=k)


# ---------------------------------------------------------------------------------------- what if


@given(recipes(), st.floats(-2, 2))
def test_what_if_computes_what_the_engine_computes(recipe: Recipe, x: float) -> None:
    y = computed(recipe)
    leaf = next(v for v in topological_order(y) if not v.inputs)
    place = next(i for i, v in enumerate(topological_order(y)) if v is leaf)
    asked = walk(y).what_if({leaf: x})
    again = asked.output
    anew = walk(again)
    assert topological_order(again)[place].data == x
    assert asked.trace.to_json() == walk(again, {n.label: v for n, v in _pairs(asked)}).trace.to_json()
    assert len(anew) == len(asked)


def _pairs(steps: Walk) -> list[tuple[Any, Value]]:
    return list(zip(steps.trace.nodes, topological_order(steps.output), strict=True))


def test_what_if_takes_labels_and_values_and_keeps_the_place() -> None:
    L = example()
    a = by_label(L, "a")
    steps = walk(L)
    steps.goto(9)
    asked = steps.what_if({a: 5.0}, b=1)
    assert asked[1].line == "d = a × b = 5 × 1 = 5"
    assert asked.output.data == (5.0 * 1 + 10) * -2
    assert asked.here == asked[9]
    assert [v.role for v in topological_order(asked.output)] == [v.role for v in topological_order(L)]
    assert asked.what_if({a: 2.0}, b=-3.0).trace == steps.trace


def test_what_if_takes_the_path_of_a_parameter_where_a_label_has_two() -> None:
    pair = {"a": MLP(1, [1], seed=0), "b": MLP(1, [1], seed=1)}

    class Pair(Module):
        def __init__(self) -> None:
            self.pair = pair

        def forward(self, x: float) -> Value:
            return self.pair["a"](x) * self.pair["b"](x)

    model = Pair()
    steps = walk(model(2.0))
    with pytest.raises(ValueError, match=r"2 nodes have the label 'w11\^1'.* its path: 'a.layers.0"):
        steps.what_if(**{"w11^1": 0.0})
    path = "pair.b.layers.0.neurons.0.w.0"
    expected = steps.what_if({model.parameter(path): 0.0}).trace
    assert (
        steps.what_if({path: 0.0}).trace == steps.what_if({path.removeprefix("pair."): 0.0}).trace == expected
    )
    assert expected != steps.trace


def test_a_parameter_without_a_label_is_called_by_the_shortest_path_that_is_unique() -> None:
    class Line(Module):
        def __init__(self) -> None:
            self.slope, self.offsets = Parameter(2.0), [Parameter(1.0)]

        def forward(self, x: Value) -> Value:
            return self.slope * x + self.offsets[0]

    class Lines(Module):
        def __init__(self) -> None:
            self.first, self.second, self.scale = Line(), Line(), Parameter(3.0)

        def forward(self, x: Value) -> Value:
            return self.first(x) * self.second(x) * self.scale

    labels = {node.label for node in walk(Lines()(Value(1.0, "x"))).trace.nodes}
    held = {"first.slope", "second.slope", "first.offsets.0", "second.offsets.0", "scale"}
    assert held <= labels
    assert "slope" not in labels


def test_what_if_keeps_the_tangent_and_the_engine_beside() -> None:
    L = shared()
    assert walk(L, tangent="y").what_if(x=1.0)[-1].symbols == walk(L, tangent="y")[-1].symbols
    beside = walk(L, beside=broken.overwrites).what_if(x=1.0).beside
    assert beside is not None
    assert beside.parts_at == 7


def test_what_if_works_inside_no_grad() -> None:
    steps = walk(example())
    with no_grad():
        asked = steps.what_if(a=5.0)
    assert len(asked) == len(steps)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"d": 1.0}, ValueError, r"d is computed \(a × b\)"),
        ({"q": 1.0}, ValueError, "no node has the label 'q'"),
        ({"a": "1"}, TypeError, "a Value holds one real number"),
        ({3: 1.0}, TypeError, "got 3"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        walk(example()).what_if(changes)


# ----------------------------------------------------------------------------- another engine beside


def drops_the_partial(output: Value) -> Iterator[Update]:
    for update in broken.right(output):
        yield update._replace(after=update.before + 1.0)
        return


def does_nothing(output: Value) -> Iterator[Update]:
    return iter(())


@pytest.mark.parametrize(
    ("engine", "parts_at", "diagnosis"),
    [
        (broken.overwrites, 7, r"h had 9 already\. The engine overwrites it \(=\) where it must add \(\+=\)"),
        (broken.depth_first, 9, "the gradient of h on too early: 1 of its 2 contributions had arrived"),
        (broken.keeps_intermediates, 5, "h starts with 15, left over from an earlier pass"),
        (broken.drops_factor, 7, "sends the partial alone: it leaves out the factor ∂L/∂v₁ = 6"),
        (drops_the_partial, 5, "sends the upstream alone: it leaves out the factor ∂\\(h→L\\) = 9"),
        (does_nothing, 5, "never passes the gradient of L on to h"),
    ],
)
def test_the_first_step_at_which_an_engine_goes_wrong_is_found_and_explained(
    engine: Any, parts_at: int, diagnosis: str
) -> None:
    steps = walk(shared(), beside=engine)
    assert steps.beside is not None
    assert steps.beside.parts_at == parts_at
    assert steps.beside.node == steps[parts_at].node
    assert steps.beside.right == steps[parts_at].after
    assert re.search(diagnosis, steps.beside.diagnosis)
    assert f"≠{f'[{parts_at}]':>5}  {steps[parts_at].line}" in repr(steps)
    assert f"at step {parts_at + 1}, walk[{parts_at}]:" in str(steps.beside)
    assert steps.beside.diagnosis in str(steps.beside)


@given(recipes())
def test_the_right_engine_never_parts(recipe: Recipe) -> None:
    beside = walk(computed(recipe), beside=broken.right).beside
    assert beside is not None
    assert beside.parts_at is None
    assert all(right == found for right, found in beside.gradients.values())


@given(recipes(), st.sampled_from(list(broken.ENGINES)))
def test_an_engine_with_wrong_gradients_always_parts(recipe: Recipe, name: str) -> None:
    y = computed(recipe)
    right, found = upstreams(y), broken.gradients_of(broken.ENGINES[name], y)
    wrong = any(
        not math.isclose(found.get(v, 0.0), right[v], rel_tol=1e-6, abs_tol=1e-6)
        for v in right
        if v.role != "constant"
    )
    beside = walk(y, beside=broken.ENGINES[name]).beside
    assert beside is not None
    assert beside.parts_at is not None or not wrong


def test_an_engine_is_a_function() -> None:
    engine: Any = "overwrites"
    with pytest.raises(TypeError, match="beside is an engine"):
        walk(shared(), beside=engine)


def test_an_engine_is_not_compared_in_forward_mode() -> None:
    with pytest.raises(ValueError, match="give only one"):
        walk(shared(), tangent="y", beside=broken.right)
