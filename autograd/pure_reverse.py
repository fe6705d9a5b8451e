"""The reverse pass as a pure function: the gradients as its result, and no node is touched.

See `autograd.reverse` for the rule, and for why it is written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from autograd.core.arithmetic import NOT_REACHED
from autograd.core.recording import mode
from autograd.core.stale import refuse_stale
from autograd.graph import topological_order
from autograd.node import Node

N = TypeVar("N", bound=Node)

Contributions = Callable[[Any, Any], Sequence[Any]]


def in_numbers(node: Node, upstream: float) -> list[float]:
    """Return upstream × partial for each input of the node."""
    if node._a is None:
        return [upstream * partial for partial in node._d_b]
    if node._b is None:
        return [upstream * node._d_a]
    return [upstream * node._d_a, upstream * node._d_b]


def upstreams(output: N, contributions: Contributions = in_numbers) -> dict[N, Any]:
    """Return ∂output/∂node for every node that a gradient reaches.

    Args:
        output: the Value to differentiate.
        contributions: what a node passes on to its inputs: `in_numbers`, or the graphs of
            `autograd.functional.gradients.in_values`.

    Raises:
        TypeError: if ``output`` is not a Value.
        ValueError: if ``output`` is a constant.
        AnomalyError: inside `detect_anomaly`, at the first number that is infinite or nan.
    """
    check_output(output)
    order = topological_order(output)
    refuse_stale([v for v in order if v.op is not None])
    if mode.watch:
        mode.watch.check_values(order)
    upstream: dict[N, Any] = {output: 1.0}
    for node in reversed(order):
        if node not in upstream:  # only a condition, or a branch not taken, depends on it
            continue
        if mode.watch:
            mode.watch.check_gradient(node, upstream[node], order)
        if node.op is None:
            continue
        for v, contribution in zip(node.inputs, contributions(node, upstream[node]), strict=True):
            if contribution is NOT_REACHED:
                continue
            if v in upstream:
                upstream[v] += contribution
            elif v.role != "constant":
                upstream[v] = contribution
    return upstream


def check_output(output: object) -> None:
    """Raise if no gradients can be taken of this: it is not a Value, or a constant."""
    if not isinstance(output, Node):
        raise TypeError(
            f"gradients are taken of one Value, such as a loss; got {output!r} ({type(output).__name__})"
        )
    if output.role == "constant":
        raise ValueError(
            f"{output} depends on nothing that has a gradient: it is a plain number, was detached, "
            "or was computed under no_grad"
        )
