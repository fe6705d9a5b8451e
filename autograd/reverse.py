"""The reverse pass: the chain rule, applied from the output back to the leaves.

Each node passes its upstream ∂output/∂node on to its inputs, multiplied by the partials it
recorded.  An input adds up what it is sent, because its routes to the output add up.  In reverse
topological order a node has received everything before it passes anything on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd.anomaly import _check_gradient, _check_values
from autograd.core.recording import mode, refuse_cut
from autograd.graph import topological_order
from autograd.node import NO_GRADIENT
from autograd.value import Constant, Value

Contributions = Callable[[Value, Any], Sequence[Any]]


def in_numbers(node: Value, upstream: float) -> list[float]:
    """upstream × partial for each input of the node."""
    return [upstream * partial for partial in node.partials]


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
