"""Every sentence and equation of a walk is true: what it says of a small change, a small change does.

A number is moved to either side, by 10⁻⁴⁰ of the smallest one in the graph, and followed through the ops'
values in 200 digits or more.  No stated derivative takes part in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, walk, where
from autograd.core.primitive import TABLE
from autograd.graph import topological_order
from autograd.notation.numbers import as_written, number
from autograd.notation.signs import gradient_sign, local_sign
from autograd.seeing.facts.corners import CONDITIONS, Corners
from autograd.seeing.facts.events import inputs_by_target
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import EdgeFact, Step, Trace
from autograd.seeing.facts.sizes import Size
from autograd.testing.digits import arithmetic, is_real, value_of
from autograd.value import apply
from tests.strategies import Recipe, recipes

NUMBER = r"−?[\d.]+(?:e−?\d+)?"
AS_MUCH = rf"(?:just as much|({NUMBER}) times as much)"
HELD = "with the other inputs? held still, "
LOCAL = re.compile(
    rf": (?P<held>{HELD})?a small change of (?P<moved>.+?) "
    rf"(?:does not change (?P<flat>.+?)|changes (?P<follower>.+?) (?P<times>{AS_MUCH})) \("
)
CORNER = re.compile(rf"corner where .+: its slope is ({NUMBER}) just left of it, and ({NUMBER}) just right")
JUMP = re.compile(rf"(?:jumps|switches) where .+: it is ({NUMBER}) just left .+, and ({NUMBER}) just right")
CHOSEN = "by the slopes chosen at corners"


def read(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


def times_in(said: str) -> float:
    """The factor in ``changes L −2 times as much``, 1 in ``just as much``, 0 in ``does not change``."""
    if "does not change" in said:
        return 0.0
    found = re.search(AS_MUCH, said)
    assert found is not None, said
    return read(found[1]) if found[1] else 1.0


class Moving:
    """What the nodes of a trace do when one of their numbers moves a little."""

    def __init__(self, facts: Trace) -> None:
        self.nodes = {node.id: node for node in facts.nodes}
        self.inputs = inputs_by_target(facts)
        self.facts, self.corners = facts, Corners(facts)
        self.whole = cache(self._whole)
        smallest = min([1.0, *(abs(v.value) for v in facts.nodes if v.value)])
        self.power = 40 - math.floor(math.log10(smallest))
        self.digits = 120 + 2 * self.power
        self.size: dict[str, float] = {facts.output: 1.0}
        for edge in reversed(facts.edges):  # how large a gradient's summands are: what rounding can cost
            if edge.partial is not None and edge.target in self.size:
                size = abs(edge.partial) * self.size[edge.target]
                self.size[edge.source] = self.size.get(edge.source, 0.0) + size

    def _value(self, target: str, moves: dict[int, Any]) -> Any:
        op, edges = self.nodes[target].op, self.inputs[target]
        assert op is not None
        mp = arithmetic()
        numbers = [mp.mpf(self.nodes[e.source].value) + moves.get(e.position, 0) for e in edges]
        try:
            value = value_of(TABLE[op])(numbers)
        except (ArithmeticError, ValueError):  # mpmath's way to say that there is no such number
            return mp.nan
        return mp.nan if isinstance(value, mp.mpc) else value  # a complex number is none either

    def slot(self, edge: EdgeFact, side: int) -> Any:
        """How many times as much the edge's target moves, its other inputs held still."""
        mp = arithmetic()
        with mp.workdps(self.digits):
            h = side * mp.mpf(10) ** -self.power
            return (self._value(edge.target, {edge.position: h}) - self._value(edge.target, {})) / h

    def beside(self, edge: EdgeFact, side: int) -> Any:
        """The value of the edge's target beside where it is."""
        with arithmetic().workdps(self.digits):
            return self._value(edge.target, {edge.position: side * arithmetic().mpf(10) ** -self.power})

    def _whole(self, start: str, side: int) -> dict[str, Any]:
        """How many times as much every node moves when one of them does, by all ways."""
        mp = arithmetic()
        with mp.workdps(self.digits):
            h = side * mp.mpf(10) ** -self.power
            moved = {start: h}
            for target in self.nodes:
                edges = self.inputs.get(target, [])
                moves = {e.position: moved[e.source] for e in edges if e.source in moved}
                if moves and target != start:
                    moved[target] = self._value(target, moves) - self._value(target, {})
            return {node: move / h for node, move in moved.items()}

    def gradient(self, node: str, side: int) -> Any:
        return self.whole(node, side).get(self.facts.output, 0)


def agrees(said: float, measured: Any, size: float = 0.0) -> bool:
    """Whether a number of four digits is what was measured; ``size`` is what rounding is relative to."""
    if not is_real(measured) or not math.isfinite(said):
        return True  # no number: nothing is claimed of a small change
    return bool(abs(said - measured) <= 6e-4 * abs(measured) + 1e-9 * size + 1e-12 * abs(said) + 1e-30)


def edge_of(step: Step, facts: Trace) -> EdgeFact:
    (edge,) = [
        e for e in facts.edges if (e.source, e.target, e.position) == (step.node, step.target, step.position)
    ]
    return edge


def sign_of(edge: EdgeFact, moving: Moving) -> str:
    source, target = moving.nodes[edge.source], moving.nodes[edge.target]
    repeated = sum(e.source == edge.source for e in moving.inputs[edge.target]) > 1
    return local_sign(name_of(source), name_of(target), edge.position if repeated else None)


def check_edge(step: Step, moving: Moving) -> None:
    """Hold the sentence and the equation of a reverse step to what a small change does."""
    facts, told = moving.facts, step.sentence
    edge = edge_of(step, facts)
    source, target = moving.nodes[edge.source], moving.nodes[edge.target]
    output = moving.nodes[facts.output]
    sign = sign_of(edge, moving)
    gradients = [gradient_sign(name_of(output), name_of(node)) for node in (source, target)]
    assert step.symbols == f"{gradients[0]} += {gradients[1]} · {sign}"
    assert f"{sign} = " in told

    if "as a condition" in told:
        assert edge.partial == 0.0
        return
    local, kink = LOCAL.search(told), CORNER.search(told) or JUMP.search(told)
    size = abs(edge.partial or 0.0)
    if local is not None:
        assert (local["flat"] or local["follower"]) == name_of(target)
        alone = local["held"] or local["moved"] == "this input"
        assert alone or local["moved"] == name_of(source)
        for side in (-1, 1):
            does = moving.slot(edge, side) if alone else moving.whole(source.id, side)[target.id]
            assert agrees(times_in(local[0]), does, size), told
            assert agrees(edge.partial or 0.0, does, size), told
    elif kink is not None:
        assert "that is a choice" in told
        for side, said in zip((-1, 1), kink.groups(), strict=True):
            measure = moving.slot if "corner" in kink[0] else moving.beside
            assert agrees(read(said), measure(edge, side), 1.0), told
    else:
        assert "no number tells" in told or "infinitely" in told, told

    onwards = re.search(r"\), and (?:that|a small change of .+?) (.+?); so ", told)
    if onwards is not None and "no number" not in told and "infinitely" not in told:
        for side in (-1, 1):
            does = moving.gradient(target.id, side)
            assert agrees(times_in(onwards[1]), does, moving.size[target.id]), told
    elif target is not output:
        assert CHOSEN in told or "no number" in told or "infinitely" in told or kink, told

    if "complete" in told or "whole gradient" in told:
        follows = [moving.gradient(source.id, side) for side in (-1, 1)]
        smooth = source.id not in moving.corners.before and follows[0] == pytest.approx(follows[1], rel=1e-9)
        if smooth:  # else a corner lies on one of its ways
            assert agrees(step.after or 0.0, follows[0], moving.size[source.id]), told


def check_forward(step: Step, moving: Moving) -> None:
    """Hold what is noted for the way back, and what is said of a border, to what a small change does."""
    noted = re.split(r"(?:, | and )(?=∂)", step.sentence.rpartition("Noted for the way back: ")[2])
    for edge in moving.inputs[step.node]:
        sign = sign_of(edge, moving)
        for said in (said for said in noted if said.startswith(f"{sign} = ")):
            if "by choice" in said:
                continue
            value = read(re.split(" because |\\.(?: |$)", said)[0].rpartition(" = ")[2])
            assert all(agrees(value, moving.slot(edge, side), 1.0) for side in (-1, 1)), step.sentence
    border = re.search(
        r"for a little less (.+) it is (true|false), for a little more (true|false)", step.sentence
    )
    if border is not None:
        (edge, *_) = [e for e in moving.inputs[step.node] if name_of(moving.nodes[e.source]) == border[1]]
        for side, said in zip((-1, 1), border.groups()[1:], strict=True):
            assert bool(moving.beside(edge, side)) is (said == "true")


def steps_of(y: Value) -> Iterator[tuple[Step, Moving]]:
    steps = walk(y)
    moving = Moving(steps.trace)
    for step in steps:
        yield step, moving


@given(st.one_of(recipes(), recipes(kinks=True)))
def test_what_a_step_says_of_a_small_change_a_small_change_does(recipe: Recipe) -> None:
    y = recipe.compute([Value(x) for x in recipe.numbers])
    if y.role == "constant":
        return
    for step, moving in steps_of(y):
        if step.kind == "edge":
            check_edge(step, moving)
        elif step.kind == "apply":
            check_forward(step, moving)


ADDS = ("add", "sub", "sum", "dot", "hypot")
AWKWARD = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e200, -1e200, 1e-200, -1e-200, 38.0, -800.0, 1.00042]
awkward = recipes(most_steps=6).flatmap(
    lambda recipe: st.lists(
        st.sampled_from(AWKWARD), min_size=len(recipe.numbers), max_size=len(recipe.numbers)
    ).map(lambda numbers: replace(recipe, numbers=tuple(numbers)))
)


def holds(exact: Any, written: str, adds: bool) -> bool:
    """Whether a result is right to half a unit of its fourth digit, and, if no point is in it, altogether."""
    said = read(written)
    if not math.isfinite(said) or not is_real(exact):
        return not is_real(exact) or not arithmetic().isfinite(exact)
    if "." not in written and not adds:  # a tiny term changes no digit of a sum
        return bool(exact == arithmetic().mpf(written.replace("−", "-")))
    return bool(abs(exact - said) <= abs(said) * 5.01e-4) and (said != 0 or bool(exact == 0))


def check_equation(step: Step, moving: Moving) -> None:
    """Hold an equation in numbers, where it says ``=``, to the numbers that are written in it."""
    _, equal, result = step.numbers.rpartition(" = ")
    if not equal:
        return
    mp = arithmetic()
    with mp.workdps(800):
        if step.kind == "edge":
            shown = [number(x).replace("−", "-").replace("∞", "inf") for x in (step.upstream, step.partial)]
            upstream, partial = map(mp.mpf, shown)
            assert holds(upstream * partial, result, False), step.line
            return
        op = moving.nodes[step.node].op
        assert op is not None
        inputs = [moving.nodes[edge.source].value for edge in moving.inputs[step.node]]
        if op in CONDITIONS or not all(map(math.isfinite, inputs)) or math.isnan(read(result)):
            return
        if any(abs(kink.gap(*map(as_written, inputs))) < 1e-9 for kink in TABLE[op].kinks):
            return  # the digits in binary may lie on the other side of a jump
        if op in ("sin", "cos", "tan") and max(map(abs, inputs)) > 1e9:
            return  # nor does a float of that size lie in the same period as its digits
        numbers = [mp.mpf(number(x).replace("−", "-")) for x in inputs]
        try:
            exact = value_of(TABLE[op])(numbers)
        except (ArithmeticError, ValueError):
            return
        assert holds(exact, result, op in ADDS), step.line


@given(st.one_of(recipes(), recipes(kinks=True), awkward))
def test_every_equation_holds_in_the_digits_that_are_written(recipe: Recipe) -> None:
    y = recipe.compute([Value(x) for x in recipe.numbers])
    if y.role == "constant":
        return
    for step, moving in steps_of(y):
        if step.kind in ("edge", "apply"):
            check_equation(step, moving)


@given(awkward)
def test_a_number_that_no_small_change_moves_is_said_to_follow_none(recipe: Recipe) -> None:
    y = recipe.compute([Value(x) for x in recipe.numbers])
    if y.role == "constant":
        return
    for step, moving in steps_of(y):
        if step.kind != "edge" or "as a condition" in step.sentence or "that is a choice" in step.sentence:
            continue
        target, output = moving.nodes[step.target or ""], moving.nodes[moving.facts.output]
        told = step.sentence
        if not math.isfinite(target.value):
            assert "no number tells" in told.partition(" (∂")[0], told
            assert "by the rule alone" in told or math.isnan(step.partial or 0.0), told
        if target is not output and not math.isfinite(output.value):
            assert "no number tells" in told.rpartition("), and ")[2], told
        if "Nothing gets through" in told:
            assert step.upstream == 0 or step.partial == 0, told


def test_a_condition_at_its_border_is_a_choice_be_what_it_chooses_from_equal() -> None:
    x = Value(0.0, "x")
    y = where(-x, 2.0 * x, x)  # to either side of 0 it is 2x, and x at 0 alone
    (noted,) = [step.sentence for step, _ in steps_of(y) if "is one of" in step.sentence]
    assert "= 0 by choice, because there is no one slope where" in noted
    for step, moving in steps_of(y):
        if step.kind == "edge":
            check_edge(step, moving)


@given(st.one_of(recipes(most_steps=6), recipes(most_steps=6, kinks=True)))
def test_forward_mode_says_what_a_small_change_does(recipe: Recipe) -> None:
    leaves = [Value(x) for x in recipe.numbers]
    y = recipe.compute(leaves)
    used = [x for x in leaves if x in topological_order(y)]
    if y.role == "constant" or not used:
        return
    steps = walk(y, tangent=used[0])
    moving = Moving(steps.trace)
    start = next(step.node for step in steps if (step.phase, step.kind) == ("tangent", "seed"))
    for step in steps:
        if step.phase != "tangent" or CHOSEN in step.sentence.lower() or "that is a choice" in step.sentence:
            continue
        for side in (-1, 1):
            size = sum(abs(e.partial or 0.0) for e in moving.inputs.get(step.node, ())) + 1.0
            does = moving.whole(start, side).get(step.node, 0)
            assert agrees(step.after or 0.0, does, size), step.sentence


GRADIENT = re.compile(rf"∂\\S+/∂(\\S+) = ({NUMBER})(?:,|$)")


@given(st.one_of(recipes(), recipes(kinks=True)), st.sampled_from(["neuron", "layer"]))
def test_what_a_larger_step_computes_is_what_small_changes_do(recipe: Recipe, size: Size) -> None:
    y = recipe.compute([Value(x) for x in recipe.numbers])
    if y.role == "constant":
        return
    steps = walk(y, by=size)
    moving = Moving(steps.trace)
    names = {name_of(node): node.id for node in steps.trace.nodes if node.label}
    for step in steps:
        if step.kind != size or step.phase != "reverse":
            continue
        for name, said in GRADIENT.findall(step.line):
            node = names[name]
            follows = [moving.gradient(node, side) for side in (-1, 1)]
            if node not in moving.corners.before and follows[0] == pytest.approx(follows[1], rel=1e-9):
                assert agrees(read(said), follows[0], moving.size[node]), step.line


def test_the_partial_of_one_arrow_and_the_gradient_are_never_taken_for_each_other() -> None:
    x = Value(3.0, "x")
    lines = [step.line for step in walk(x * x + x)]
    assert "∂y/∂x += ∂y/∂y · ∂(x→y) = 1 · 1 = 1" in lines
    assert "∂y/∂x += ∂y/∂v₁ · ∂₂(x→v₁) = 1 · 3 = 3" in lines


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (lambda x: x.relu(), "corner where x = 0: its slope is 0 just left of it, and 1 just right"),
        (lambda x: abs(x), "corner where x = 0: its slope is −1 just left of it, and 1 just right"),
        (lambda x: x.maximum(0.0), "corner where x = 0: its slope is 0 just left of it, and 1 just right"),
        (lambda x: x.minimum(0.0), "corner where x = 0: its slope is 1 just left of it, and 0 just right"),
        (lambda x: x.clip(0.0, 2.0), "corner where x = 0: its slope is 0 just left of it, and 1 just right"),
        (lambda x: x.clip(-2.0, 0.0), "corner where x = 0: its slope is 1 just left of it, and 0 just right"),
        (lambda x: x.floor(), "jumps where x is whole: it is −1 just left of it, and 0 just right"),
    ],
)
def test_a_kink_is_told_as_a_kink(output: Callable[[Value], Value], told: str) -> None:
    sentence = walk(output(Value(0.0, "x")))[-1].sentence
    assert told in sentence
    assert "is taken, as PyTorch does too, and that is a choice" in sentence


def test_a_choice_at_its_border_says_so() -> None:
    x = Value(0.0, "x")
    told = [step.sentence for step in walk(where(x > 0.0, x * 2.0, x))]
    assert any("at its border, 0 = x" in s or "at its border, 0 < x" in s for s in told), told
    assert any("a small change can turn it, and then y is v" in s and "that is a choice" in s for s in told)


def test_what_jumps_at_the_top_of_a_curve_and_what_turns_as_a_whole_is_a_choice() -> None:
    x = Value(0.0, "x")
    assert CHOSEN in walk((-x).cos().floor())[-1].sentence
    assert CHOSEN in walk(apply(TABLE["logical_and"], (-x, x)), tangent=x)[-1].sentence


def test_nothing_turns_or_jumps_where_it_stays_the_same() -> None:
    x = Value(2.0, "x")
    told = " ".join(step.sentence for step in walk(where(x < x, x, x * (0.0 % x))))
    assert not re.search("border|jumps|switches|choice", told), told
