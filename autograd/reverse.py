"""The reverse pass: the chain rule, applied from the output back to the leaves.

Each node passes its upstream ∂output/∂node on to its inputs, multiplied by the partials it
recorded.  An input adds up what it is sent, because its routes to the output add up.  In reverse
topological order a node has received everything before it passes anything on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Any, Literal, overload

from autograd.formula import formula
from autograd.graph import topological_order
from autograd.higher import partials_as_values
from autograd.value import (
    NO_GRADIENT,
    AnomalyError,
    Constant,
    Operand,
    Value,
    Watched,
    mode,
    non_finite,
    number_of,
    refuse_cut,
)

Contributions = Callable[[Value, Any], Sequence[Any]]


def in_numbers(node: Value, upstream: float) -> list[float]:
    """upstream × partial for each input of the node."""
    return [upstream * partial for partial in node.partials]


def in_values(node: Value, upstream: Operand) -> list[Operand]:
    """upstream × partial for each input of the node, as graphs."""
    return [_product(upstream, partial) for partial in partials_as_values(node)]


def upstreams(output: Value, contributions: Contributions = in_numbers) -> dict[Value, Any]:
    """∂output/∂node for every node that a gradient reaches.

    Args:
        output: the Value to differentiate.
        contributions: what a node passes on to its inputs: `in_numbers` or `in_values`.

    Raises:
        TypeError: if ``output`` is not a Value.
        ValueError: if ``output`` is a constant.
        AnomalyError: inside `detect_anomaly`, at the first number that is infinite or nan.
    """
    _check_output(output)
    order = topological_order(output)
    if mode.detecting:
        _check_values(order)
    upstream: dict[Value, Any] = {output: 1.0}
    for node in reversed(order):
        if node not in upstream:  # only a condition depends on it
            continue
        if mode.detecting:
            _check_gradient(node, upstream[node], order)
        if not node.inputs:
            continue
        for v, contribution in zip(node.inputs, contributions(node, upstream[node]), strict=True):
            if v in upstream:
                upstream[v] += contribution
            elif v.role != "constant":
                upstream[v] = contribution
    return upstream


def backward(output: Value) -> None:
    """Compute ∂output/∂v for every Value v that ``output`` was computed from.

    The gradient is *added* to the ``.grad`` of leaves, so that the gradients of several outputs
    add up until they are zeroed, and *set* as the ``.grad`` of all other nodes.  Constants get
    none.  Nothing is changed if the call raises.

    Raises:
        TypeError: if ``output`` is not a Value.
        ValueError: if ``output`` is a constant.
        AnomalyError: inside `detect_anomaly`, at the first number that is infinite or nan.

    >>> x = Value(3.0, "x")
    >>> backward(x * x)
    >>> x.grad
    6.0
    """
    refuse_cut("backward()")
    if mode.detecting:
        upstreams(output)  # raises before anything is changed
    _check_output(output)
    order = topological_order(output)
    for node in order:
        if node.inputs:
            node.grad = NO_GRADIENT
    output.grad += 1.0
    for node in reversed(order):
        upstream = node.grad
        if upstream is NO_GRADIENT:  # only a condition depends on it
            continue
        if node.role == "constant":  # a number, or a condition: what it was sent ends here
            node.grad = NO_GRADIENT
            continue
        partials = iter(node.partials)  # a strict zip would take as long as the rest of the loop
        for v in node.inputs:
            v.grad += upstream * next(partials)


@overload
def gradients(output: Value, wrt: Value, create_graph: Literal[False] = ...) -> float: ...
@overload
def gradients(output: Value, wrt: Value, create_graph: Literal[True]) -> Value: ...
@overload
def gradients(output: Value, wrt: Sequence[Value], create_graph: Literal[False] = ...) -> list[float]: ...
@overload
def gradients(output: Value, wrt: Sequence[Value], create_graph: Literal[True]) -> list[Value]: ...
def gradients(output: Value, wrt: Any, create_graph: bool = False) -> Any:
    """∂output/∂v for each v of ``wrt``, without touching any ``.grad``.

    Args:
        output: the Value to differentiate.
        wrt: one Value, or a sequence of them.
        create_graph: give the gradients as Values, with a graph of their own that can be drawn
            and differentiated again, to any order.

    Returns:
        One gradient, or a list of them; 0 where ``output`` does not depend on v.

    Raises:
        TypeError: if ``output`` or something in ``wrt`` is not a Value.
        ValueError: if ``output`` is a constant.
        AnomalyError: inside `detect_anomaly`, at the first number that is infinite or nan.

    >>> x = Value(2.0, "x")
    >>> gradients(x**3, x)
    12.0
    >>> slope = gradients(x**3, x, create_graph=True)
    >>> gradients(slope, x)
    12.0
    """
    wanted = list(wrt) if isinstance(wrt, Iterable) else [wrt]
    for v in (output, *wanted):
        if not isinstance(v, Value):
            raise TypeError(
                f"gradients are taken of a Value with respect to Values; got {v!r} ({type(v).__name__})"
            )
    if create_graph:
        with mode.switched(recording=True):
            upstream = upstreams(output, in_values)
        # a slope that depends on nothing is a leaf, not a constant: its own gradients are zeros
        found: list[Any] = [g if isinstance(g := upstream.get(v, 0.0), Value) else Value(g) for v in wanted]
    else:
        refuse_cut("gradients(…) without create_graph=True")
        upstream = upstreams(output)
        found = [upstream.get(v, 0.0) for v in wanted]
    return found[0] if isinstance(wrt, Value) else found


def no_grad() -> Any:
    """Compute without recording: within it every result is a constant.

    A context manager, and a decorator as ``@no_grad()``.

    >>> w = Value(1.5)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.inputs
    ()
    """
    return mode.switched(recording=False)


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
    autograd.value.AnomalyError: ln(x) is nan, where x = -1.0
      computed at ...
    """
    return mode.switched(detecting=True)


def _check_output(output: Value) -> None:
    if not isinstance(output, Value):
        raise TypeError(
            f"gradients are taken of one Value, such as a loss; got {output!r} ({type(output).__name__})"
        )
    if isinstance(output, Constant):
        raise ValueError(
            f"{output} depends on nothing that has a gradient: it is a plain number, was detached, "
            "or was computed under no_grad"
        )


def _product(upstream: Any, partial: Any) -> Any:
    """upstream × partial, less the multiplications by one that would clutter a gradient's graph."""
    if partial.__class__ is float and partial == 1.0:
        return upstream
    if upstream.__class__ is float and upstream == 1.0:
        return partial
    return upstream * partial


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
