"""Exercises that are parts of an engine: a rule, the order, the reverse pass.  `check_engine` judges them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.core.primitive import Op
from autograd.graph import topological_order
from autograd.node import Node, number_of
from autograd.testing.certificate import WRONG
from autograd.testing.engine import EngineReport, causes, check_engine
from autograd.testing.exercises.grading import Unanswered, called

AGAIN = "a second backward"
"""The property that an engine of the exercises need not have: each graph is differentiated once."""


class Number(Node):
    """A small engine: what a learner's rule makes, and what a learner's reverse pass goes over."""

    __slots__ = ("grad",)

    def __init__(self, data: float, inputs: Sequence[Number] = (), partials: Sequence[float] = ()) -> None:
        self._data, self.grad = data, 0.0
        self.inputs, self.partials = tuple(inputs), tuple(partials)

    data = property(number_of)

    def __add__(self, other: Number) -> Number:
        return Number(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Number) -> Number:
        return Number(self.data * other.data, (self, other), (other.data, self.data))

    def __repr__(self) -> str:
        return f"Number({self.data:g})"


@dataclass(frozen=True)
class RuleExercise:
    """The rule of an op: its value and its partials, from numbers.

    Attributes:
        name: the function that the learner writes.
        op: the op; the table knows what is right.
    """

    name: str
    op: Op

    def judge(self, answer: Callable[..., Any]) -> str:
        """Return a hint for a wrong rule; "" for a right one."""
        n = self.op.arity or 1
        found = called(answer, *[0.5] * n)
        if isinstance(found, str) or not hasattr(found, "__len__") or len(found) != n + 1:
            return f"A rule returns {n + 1} numbers: the value, then one partial per input."
        if any(x is None or x is ... for x in found):
            raise Unanswered

        def function(*inputs: Any) -> Number:
            nodes = [x if isinstance(x, Number) else Number(x) for x in inputs]
            value, *partials = answer(*[v.data for v in nodes])
            return Number(value, nodes, partials)

        return _hint(check_engine(Number, backward=_backward, functions={self.op.name: function}, graphs=0))


class OrderExercise:
    """A topological order: each node after everything that it was computed from."""

    name = "order_of"

    def judge(self, answer: Callable[..., Any]) -> str:
        """Return a hint for a wrong order; "" for a right one."""
        for graph in _graphs():
            nodes = topological_order(graph)
            found = list(called(answer, graph))
            if missing := [v for v in nodes if v not in found]:
                return f"{missing[0]} is missing: every node belongs in the order, leaves and output too."
            if len(found) != len(nodes):
                return "A node is in the order more than once: remember those that you have visited."
            place = {v: k for k, v in enumerate(found)}
            if graph.inputs and all(place[v] > place[u] for u in nodes for v in u.inputs):
                return "It is the order backwards: a node comes after its inputs, and the output last."
            early = next((u for u in nodes if any(place[v] > place[u] for v in u.inputs)), None)
            if early is not None:
                return f"{early} comes before one of its inputs: add a node once all its inputs are there."
        return ""


class BackwardExercise:
    """The reverse pass over a graph whose order is given."""

    name = "backward"

    def judge(self, answer: Callable[..., Any]) -> str:
        """Return a hint for a wrong reverse pass; "" for a right one."""
        graph = _graphs()[0]
        try:
            answer(topological_order(graph))
        except NotImplementedError as error:
            raise Unanswered from error
        seed = graph.grad
        if seed != 1.0:
            graph = _graphs()[0]
            graph.grad = 1.0  # what is written may still do the rest
            answer(topological_order(graph))
            if graph.grad == 1.0 and all(v.grad == 0.0 for v in graph.inputs):
                raise Unanswered
            return f"The output moves as fast as itself: its gradient is 1, and yours is {seed:g}."
        return _hint(check_engine(Number, backward=lambda y: answer(topological_order(y)), graphs=20))


def _hint(report: EngineReport) -> str:
    """Return the gravest finding of a report in one line."""
    wrong = [f for f in report.findings if f.verdict == WRONG and f.what != AGAIN]
    if not wrong:
        return ""
    found = min(wrong, key=lambda f: causes.OR in f.likely)  # one cause tells more than two
    told = f"In {found.graph.partition('; backward(y)')[0]} {found.got}"
    right = f", and {found.expected} is right" if found.expected else ""
    return f"{told}{right}." + (f" Likely {found.likely}." if found.likely else "")


def _graphs() -> list[Number]:
    """Return the graphs that an order is tried on: results that are used twice, sooner and later."""
    a, b = Number(2.0), Number(3.0)
    h = a * b
    p = h + b
    return [a * b, h * p, p * h, (h * p) * (p + (p * h)), a]


def _backward(output: Number) -> None:
    output.grad = 1.0
    for node in reversed(topological_order(output)):
        for v, d in zip(node.inputs, node.partials, strict=True):
            v.grad += node.grad * d
