"""The first number that is infinite or nan, found and named.

The engine knows nothing of this file: `detect_anomaly` hands it a watch, which is asked about every
number for as long as the context lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from autograd.core.primitive import Op
from autograd.core.recording import Setting, users_line
from autograd.node import Node, number_of
from autograd.notation.formula import formula
from autograd.value import Value, new_node


class AnomalyError(ArithmeticError):
    """A number became infinite or nan while `detect_anomaly` was watching."""


def detect_anomaly() -> Setting:
    """Raise `AnomalyError` at the first number, forward or reverse, that is infinite or nan.

    A context manager, and a decorator as ``@detect_anomaly()``.  Put it around the forward pass as
    well as the reverse one: a gradient's message can then name the line that computed the Value.
    Recording is several times slower inside, and as fast as ever outside.

    >>> x = Value(-1.0, "x")
    >>> with detect_anomaly():
    ...     x.log()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    autograd.anomaly.AnomalyError: ln(x) is nan, where x = -1.0
      computed at ...
    """
    return Setting(watch=_Watch())


class Watched(Value):
    """What an op computed inside `detect_anomaly`: it remembers the line that asked for it."""

    __slots__ = ("line",)
    line: str

    def __repr__(self) -> str:
        return super().__repr__().replace("Watched", "Value", 1)


class _Watch:
    """What looks at each number while `detect_anomaly` lasts."""

    def new_node(self, op: Op, inputs: Sequence[Node], data: float) -> Watched:
        """Begin the node of a number that was just computed."""
        if not isfinite(data):
            raise AnomalyError(f"{non_finite(op, inputs, data)}\n  computed at {users_line(source=True)}")
        node = new_node(Watched)
        node.line = users_line(source=True)
        return node

    def check_values(self, order: Sequence[Node]) -> None:
        """Look at the graph before a reverse pass: parts of it may be older than the watch."""
        for node in order:
            if node.op is not None and not isfinite(number_of(node)):
                named = non_finite(node.op, node.inputs, number_of(node), node.label)
                raise AnomalyError(named + _computed_at(node))

    def check_gradient(self, node: Node, upstream: Any, order: Sequence[Node]) -> None:
        """Look at what a node was sent, before it passes it on."""
        gradient = number_of(upstream) if isinstance(upstream, Node) else upstream
        if isfinite(gradient):
            return
        if node.op is None:
            described = f"{node.label or 'a leaf'} = {number_of(node)!r}"
        else:
            described = non_finite(node.op, node.inputs, number_of(node), node.label, verb="=")
        sender, why = _sent_by(node, order)
        raise AnomalyError(
            f"the gradient is {gradient} with respect to {described}{why}{_computed_at(sender)}"
        )


def non_finite(op: Op, inputs: Sequence[Node], data: float, label: str = "", verb: str = "is") -> str:
    """Return the sentence that names a node whose value, or gradient, is infinite or nan."""
    names = [v.label or f"{number_of(v):.4g}" for v in inputs]
    numbers = ", ".join(f"{v.label} = {number_of(v)!r}" for v in inputs if v.label)
    name = f"{label} = " if label else ""
    return f"{name}{formula(op, names)} {verb} {data}{', where ' if numbers else ''}{numbers}"


def _sent_by(node: Node, order: Sequence[Node]) -> tuple[Node, str]:
    """Return the node whose partial made a gradient infinite or nan, and how; the node itself if none did."""
    for sender in order:
        for v, partial in zip(sender.inputs, sender.partials, strict=True):
            if v is node and sender.op is not None and not isfinite(partial):
                applied = formula(sender.op, [w.label or f"{number_of(w):.4g}" for w in sender.inputs])
                return sender, f": the slope of {applied} is {partial}"
    return node, ""


def _computed_at(node: Node) -> str:
    if isinstance(node, Watched):
        return f"\n  computed at {node.line}"
    return (
        "" if node.op is None else "\n  computed before detect_anomaly: put it around that, to see the line"
    )
