"""What the player takes, and what its page says besides the pictures: bare facts, and patterns for the words.

A step is a number in each of a few columns, so that a page of thousands of steps is small and opens
at once; its sentence and its formula are filled in from their patterns when the step is shown.

>>> from autograd import Value, walk
>>> said = facts(walk(Value(2.0, "a") * Value(-3.0, "b")).content())
>>> said["values"], said["steps"]["after"]
(['2', '−3', '−6'], ['–', '−6', '1', '−3', '2'])
>>> sentence, formula, slope = said["words"][said["steps"]["words"][0]]
>>> said["sentences"][sentence]
('', 10, ' and ', 1, ' are inputs: their values are given.')
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from autograd.notation.labels import is_cut, parse_label
from autograd.notation.mathml import mathml
from autograd.notation.numbers import number
from autograd.notation.signs import GRADIENT, LOCAL
from autograd.seeing.facts.comparison import Beside
from autograd.seeing.facts.named import held_again
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import NodeFact, Step, Trace
from autograd.seeing.facts.shares import Shares, Softmaxes
from autograd.seeing.facts.sizes import SIZES, Size, Strides
from autograd.seeing.facts.steps import Steps
from autograd.seeing.pages.player.packing.patterns import FIRST_SHOWN, Writer, shown_of
from autograd.seeing.pages.player.questions import (
    DIGITS,
    WORDS,
    Answer,
    Questions,
    predictions,
)
from autograd.seeing.pages.player.summaries import measures, summaries
from autograd.seeing.pages.player.touch import can_be_written, touch
from autograd.seeing.pages.player.views.choice import LEGIBLE, boxes_of
from autograd.seeing.pages.player.views.layers import Layer
from autograd.seeing.pages.player.views.shares import named
from autograd.value import Value

LEAST_SIDE = 6
"""Fewer inputs than the square of this are no picture, but a row of a table."""

MOST_LEAVES = 400
"""A page offers at most this many leaves to change."""

IN_THE_ROW = -1
"""Stands for a number that is not among those that a step shows."""

NOBODY = -1
"""Stands for a node where a step has none."""

WRAPPING = mathml("")
"""What stands around every formula in MathML."""


class Sample(NamedTuple):
    """What can be chosen where the inputs form a picture.

    Attributes:
        name: what it is called.
        numbers: a number for each pixel, plane by plane and row by row.
        target: its class, from 0; None where that is not known.
    """

    name: str
    numbers: Sequence[float]
    target: int | None = None


@dataclass(frozen=True)
class Content:
    """What the player shows: all that its page is made of.

    Attributes:
        title: what is stepped through, in one line: the output and how it was computed.
        output: the Value that the trace was taken of.
        trace: the facts of the graph.
        steps: what happens, step by step.
        beside: how another engine compares with the right one; None if none runs beside it.
        size: how large a step is at first.
        quiz: whether each reverse step is to be predicted, and the score can be saved.
        answered: whether whoever shows the page says what becomes of numbers that are changed in it.
        samples: what can be chosen where the inputs form a picture.
        classes: what the classes of a softmax are called; empty where they have no names.
    """

    title: str
    output: Value
    trace: Trace
    steps: Steps
    beside: Beside | None = None
    size: Size = "edge"
    quiz: bool = False
    answered: bool = False
    samples: Sequence[Sample] = ()
    classes: tuple[str, ...] = ()

    @cached_property
    def outlined(self) -> Trace:
        """The trace, its steps without their words."""
        return replace(self.trace, steps=self.steps.outlines())

    @cached_property
    def computes_itself(self) -> bool:
        """Whether its page can follow a change without a kernel: both passes, by ops that JavaScript has."""
        reverse = bool(self.steps) and self.steps[-1].phase != "tangent"
        return reverse and self.beside is None and not self.answered and can_be_written(self.trace)

    @cached_property
    def layers(self) -> list[Layer]:
        """What the network is shown as; empty where one picture shows it, or no Module computed it.

        Larger steps are those of neurons and layers: these are shown, however small the network is.
        """
        layers = boxes_of(self.trace, LEGIBLE if self.size == "edge" else 0)
        return named(layers, self.classes) if self.classes else layers


def facts(content: Content) -> dict[str, Any]:
    """Return what the page shows, apart from its pictures: numbers, words and formulas as JSON has them.

    The same graph with other numbers has other facts and the same pictures, so that a page can be
    given new facts when a number is changed.
    """
    trace, steps = content.outlined, content.outlined.steps
    place = {node.id: i for i, node in enumerate(trace.nodes)}
    writer = Writer(trace, content.steps)
    shown = [shown_of(step) for step in steps]
    columns = _columns(steps, shown, writer)
    return {
        "title": content.title,
        "output": place[trace.output],
        "names": [_name(node) for node in trace.nodes],
        "whole": {i: x.label for i, x in enumerate(trace.nodes) if is_cut(name_of(x), x.label)},
        "again": [[".".join(path), ".".join(first)] for path, first in held_again(trace)],
        "values": [number(node.value) for node in trace.nodes],
        "leaves": _leaves(trace)[:MOST_LEAVES],
        "constants": [i for i, node in enumerate(trace.nodes) if node.role == "constant"],
        "weights": [i for i, node in enumerate(trace.nodes) if node.role == "weight"],
        "biases": sorted(place[id] for id in trace.biases()),
        "parameters": [i for i, node in enumerate(trace.nodes) if trace.kind_of(node) == "parameter"],
        "inputs": _inputs(trace, place),
        "read": [place[id] for step in steps[:1] for id in step.nodes],
        "kinds": KINDS,
        "written": {"gradient": GRADIENT, "local": LOCAL},
        "steps": columns,
        "size": content.size,
        "quiz": content.quiz,
        "sizes": _sizes(trace, content.steps),
        "words": writer.words.all,
        "sentences": writer.sentences.all,
        "formulas": writer.formulas.all,
        "boxes": summaries(content.layers, steps),
        "beside": _beside(content.beside, place),
        "questions": _questions(shown, trace),
        "touch": _touch(content, place),
    }


def _touch(content: Content, place: dict[str, int]) -> dict[str, Any] | None:
    """Return what the page computes with, and the leaves that it does not offer; None if it cannot."""
    if not content.computes_itself:
        return None
    trace = content.trace
    offered = {i for i, _ in _leaves(trace)[:MOST_LEAVES]}
    leaves = [i for i, node in enumerate(trace.nodes) if node.op is None and i not in offered]
    given = [[i, exact(trace.nodes[i].value)] for i in leaves]
    return {
        **touch(trace, content.steps.parts),
        "given": given,
        "boxes": measures(content.layers, place),
        "picture": _picture(content, place),
    }


def _picture(content: Content, place: dict[str, int]) -> dict[str, Any] | None:
    """Return the inputs that form a picture, and what the network gives; None without a picture.

    A picture is what windows go over, or a square of at least `LEAST_SIDE` inputs in each row.  Of a softmax
    of what the network gives, "classes" are the places of that class by class, and "target" the right one.
    """
    layers, trace = content.layers, content.trace
    for inputs in layers:
        side = math.isqrt(len(inputs.units))
        columns = inputs.columns or (side if side >= LEAST_SIDE and side**2 == len(inputs.units) else 0)
        if inputs.opens_as == "inputs" and columns:
            last = [layer for layer in layers if layer.is_network and not layer.shares][-1]
            gives = [place[unit.shown[-1].id] for unit in last.units if unit.shown]
            return {
                "nodes": [place[node.id] for node in inputs.nodes],
                "columns": columns,
                "planes": inputs.planes,
                "gives": gives,
                "samples": content.samples,
                **_classes(Softmaxes(trace).among(trace.nodes), gives, place),
                "called": content.classes,
            }
    return None


def _classes(found: Iterable[Shares], gives: Sequence[int], place: dict[str, int]) -> dict[str, Any]:
    for shares in found:
        classes = [place[class_.logit.id] for class_ in shares.classes]
        if {*classes} == {*gives}:
            return {"classes": classes, "target": shares.target}
    return {"classes": [], "target": None}


def exact(x: float) -> float | str:
    """Return a number as the trace's JSON writes it: those that are not finite as words."""
    text = repr(x)
    return text if text in ("inf", "-inf", "nan") else x


def _name(node: NodeFact) -> list[str]:
    """Return a node's name: base, subscript, superscript, all of it as text, and as MathML."""
    text = name_of(node)
    markup = mathml(text).removeprefix(WRAPPING[: -len("</math>")]).removesuffix("</math>")
    if not node.label:
        return [text, "", "", text, markup]
    label = parse_label(node.label)
    return [label.base, label.subscript, label.superscript, text, markup]


def _leaves(trace: Trace) -> list[list[Any]]:
    """Return the nodes that have no inputs and can be changed: their numbers and exact values."""
    leaves = (i for i, node in enumerate(trace.nodes) if node.op is None and node.role != "constant")
    return [[i, exact(trace.nodes[i].value)] for i in leaves]


def _inputs(trace: Trace, place: dict[str, int]) -> list[list[int]]:
    """Return the numbers of every node's inputs, in order."""
    inputs: list[list[int]] = [[] for _ in trace.nodes]
    for edge in trace.edges:
        inputs[place[edge.target]].append(place[edge.source])
    return inputs


# ------------------------------------------------------------------------------------------ steps


def _sizes(trace: Trace, steps: Steps) -> list[dict[str, Any]]:
    """Return the steps in every size: after how many of the smallest each is done, and what it says.

    What is said of a larger step holds whatever the numbers are; "" where it is a single small one.
    """
    names = {"edge": "edge", "neuron": "neuron", "layer": "layer"}
    if not trace.uses:
        names |= {"neuron": "node", "layer": "column"}
    found: list[dict[str, Any]] = [{"size": "edge", "name": names["edge"], "ends": [], "sentences": []}]
    for size in SIZES[1:]:
        strides = Strides(trace, steps, size)
        found.append(
            {"size": size, "name": names[size], "ends": strides.ends, "sentences": strides.sentences()}
        )
    return found


KINDS = (
    ("forward", "leaf"),
    ("forward", "apply"),
    ("reverse", "seed"),
    ("reverse", "edge"),
    ("tangent", "seed"),
    ("tangent", "apply"),
)
"""The kinds of steps: phase and kind."""


def _columns(steps: Sequence[Step], shown: Sequence[list[str]], writer: Writer) -> dict[str, Any]:
    """Return the steps, column by column.

    What a gradient was before a step is what the last step made it, and a contribution alone is
    the whole gradient: these are left out, as is the upstream, which is the gradient of the target.
    """
    kinds = {kind: i for i, kind in enumerate(KINDS)}
    words = [writer.step(step, its) for step, its in zip(steps, shown, strict=True)]
    return {
        "kind": [kinds[step.phase, step.kind] for step in steps],
        "node": [writer.place(step.node) for step in steps],
        "target": [NOBODY if step.target is None else writer.place(step.target) for step in steps],
        "position": [NOBODY if step.position is None else step.position for step in steps],
        "partial": ["" if step.partial is None else its[1] for step, its in zip(steps, shown, strict=True)],
        "contribution": [
            "" if step.contribution is None else its[2] for step, its in zip(steps, shown, strict=True)
        ],
        "after": [its[4] for its in shown],
        "words": [number for number, _ in words],
        "extras": {i: extras for i, (_, extras) in enumerate(words) if extras},
    }


# -------------------------------------------------------------------------------------- questions


def _questions(told: Sequence[list[str]], trace: Trace) -> dict[str, Any]:
    """Return the mistakes that a learner may make before the steps: per step a shape, and what belongs in it.

    A shape says for each question by which mistakes a wrong answer comes about, and which number it is, as a
    pattern.  A number that the step does not show stands in the row; of it the first `DIGITS` digits are
    known.  The right answers are what the steps show.
    """
    shapes: dict[Any, int] = {}
    rows = []
    for place, questions in predictions(trace).items():
        row: list[Any] = [place, 0]
        shown = [x.lstrip("−") for x in told[place]]
        shape = tuple(
            (question, tuple([_mistake(answer, shown, row) for answer in wrong]))
            for question, (_, *wrong) in _distinct(questions)
        )
        row[1] = shapes.setdefault(shape, len(shapes))
        rows.append(row)
    return {"words": WORDS, "digits": DIGITS, "shapes": list(shapes), "rows": rows}


def _mistake(answer: Answer, shown: list[str], row: list[Any]) -> tuple[Any, ...]:
    """Return a wrong answer's part of the shape; what is not in the shape is added to the row."""
    text = number(answer.number)
    digits = text.lstrip("−")
    reference = FIRST_SHOWN + shown.index(digits) if digits in shown else IN_THE_ROW
    if reference == IN_THE_ROW:
        row.append(digits)
    if answer.other:
        row.append(answer.other)
    return answer.mistakes, "−" if text.startswith("−") else "", reference, bool(answer.other)


def _distinct(questions: Questions) -> Iterable[tuple[str, list[Answer]]]:
    """Return the questions; of two with the same answers the first."""
    shared = questions["gradient"] is questions["contribution"]
    return [(q, answers) for q, answers in questions.items() if not (shared and q == "gradient")]


# ----------------------------------------------------------------------------------------- beside


def _beside(beside: Beside | None, place: dict[str, int]) -> dict[str, Any] | None:
    """Return where another engine parts from the right one, and the gradients of both."""
    if beside is None:
        return None
    return {
        "engine": beside.engine,
        "parts_at": beside.parts_at,
        "node": None if beside.node is None else place[beside.node],
        "right": number(beside.right),
        "found": number(beside.found),
        "diagnosis": beside.diagnosis,
        "gradients": [
            [place[node], number(right), number(found), number(right) != number(found)]
            for node, (right, found) in beside.gradients.items()
        ],
    }
