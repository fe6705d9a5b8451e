"""The first number that is infinite or nan, named."""

from __future__ import annotations

from math import isfinite
from typing import Any

from autograd.core.primitive import Op
from autograd.core.recording import mode
from autograd.node import number_of
from autograd.notation.formula import formula
from autograd.value import Value, Watched


class AnomalyError(ArithmeticError):
    """A number became infinite or nan while `detect_anomaly` was watching."""


def non_finite(op: Op, inputs: tuple[Value, ...], data: float, label: str = "", verb: str = "is") -> str:
    """The sentence that names a node whose value, or gradient, is infinite or nan."""
    from autograd.notation.formula import formula  # only needed once something has gone wrong

    names = [v.label or f"{v._data:.4g}" for v in inputs]
    numbers = ", ".join(f"{v.label} = {v._data!r}" for v in inputs if v.label)
    name = f"{label} = " if label else ""
    return f"{name}{formula(op, names)} {verb} {data}{', where ' if numbers else ''}{numbers}"


def detect_anomaly() -> Any:
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
    return mode.switched(detecting=True)


def _check_values(order: list[Value]) -> None:
    for node in order:
        if node.op is not None and not isfinite(number_of(node)):
            raise AnomalyError(
                non_finite(node.op, node.inputs, number_of(node), node.label) + _computed_at(node)
            )


def _check_gradient(node: Value, upstream: Any, order: list[Value]) -> None:
    gradient = number_of(upstream) if isinstance(upstream, Value) else upstream
    if isfinite(gradient):
        return
    if node.op is None:
        described = f"{node.label or 'a leaf'} = {number_of(node)!r}"
    else:
        described = non_finite(node.op, node.inputs, number_of(node), node.label, verb="=")
    sender, why = _sent_by(node, order)
    raise AnomalyError(f"the gradient is {gradient} with respect to {described}{why}{_computed_at(sender)}")


def _sent_by(node: Value, order: list[Value]) -> tuple[Value, str]:
    """The node whose slope made a gradient infinite or nan, and how; the node itself if none did."""
    for sender in order:
        for v, slope in zip(sender.inputs, sender.partials, strict=True):
            if v is node and sender.op is not None and not isfinite(slope):
                applied = formula(sender.op, [w.label or f"{number_of(w):.4g}" for w in sender.inputs])
                return sender, f": the slope of {applied} is {slope}"
    return node, ""


def _computed_at(node: Value) -> str:
    if isinstance(node, Watched):
        return f"\n  computed at {node.line}"
    return (
        "" if node.op is None else "\n  computed before detect_anomaly: put it around that, to see the line"
    )
