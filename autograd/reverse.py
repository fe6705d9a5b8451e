"""The reverse pass: the chain rule, applied from the output back to the leaves.

A node's gradient, ∂output/∂node, is its *upstream*.  The node passes it on to each of its inputs,
multiplied by the partial that it recorded for that input.  An input adds up what it is sent, because
its routes to the output add up.  So a node may pass on only what is complete: the nodes are visited
in reverse topological order, in which everybody who depends on a node comes before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from autograd.core.arithmetic import NOT_REACHED
from autograd.core.recording import mode, refuse_cut
from autograd.graph import refuse_stale, topological_order
from autograd.node import NO_GRADIENT, Node

N = TypeVar("N", bound=Node)


def backward(output: Node) -> None:
    """Compute ∂output/∂v for every Value v that ``output`` was computed from.

    The gradient is *added* to the ``.grad`` of leaves, so that the gradients of several outputs
    add up until they are zeroed, and *set* as the ``.grad`` of all other nodes.  Constants get
    none.  Nothing is changed if the call raises.

    Raises:
        TypeError: if ``output`` is not a Value.
        ValueError: if ``output`` is a constant.
        AnomalyError: inside `detect_anomaly`, at the first number that is infinite or nan.

    >>> from autograd import Value
    >>> x = Value(3.0, "x")
    >>> backward(x * x)
    >>> x.grad
    6.0
    """
    refuse_cut("backward()")
    check_output(output)
    if mode.watch:
        upstreams(output)  # a rehearsal: it raises before anything is changed
    computed = [v for v in topological_order(output) if v.inputs]  # a leaf keeps what it is sent
    refuse_stale(computed)
    # What an earlier pass left at the nodes between belongs to that pass; a leaf keeps adding up.
    for node in computed:
        node._grad = NO_GRADIENT
    # The output moves with itself one to one.  Everything else follows from this 1.
    output._grad += 1.0
    for node in reversed(computed):
        # All that depends on this node has been visited: its gradient is complete.
        upstream = node._grad
        if upstream is NO_GRADIENT:  # nothing was sent: only a condition, or a branch not taken, needs it
            continue
        # The chain rule: each input gets upstream × partial, added to what it has from other routes.
        # (Towards a branch that is not taken the partial is NOT_REACHED, which leaves v.grad as it is.)
        inputs = node.inputs
        if len(inputs) == 2:  # the same as below, without its loop: nearly every op has two inputs
            a, b = inputs
            d_a, d_b = node.partials
            a._grad += upstream * d_a
            b._grad += upstream * d_b
            continue
        partials = iter(node.partials)  # a strict zip would take as long as the rest of the loop
        for v in inputs:
            v._grad += upstream * next(partials)


# `backward` writes into the nodes, for speed.  The pass below is the same rule as a pure function: it
# touches no node, and its contributions may be graphs themselves.  One pass that did both would take
# `backward` twice the time (measured), so there are two.

Contributions = Callable[[Any, Any], Sequence[Any]]


def in_numbers(node: Node, upstream: float) -> list[float]:
    """Return upstream × partial for each input of the node."""
    return [upstream * partial for partial in node.partials]


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
    refuse_stale([v for v in order if v.inputs])
    if mode.watch:
        mode.watch.check_values(order)
    upstream: dict[N, Any] = {output: 1.0}
    for node in reversed(order):
        if node not in upstream:  # only a condition, or a branch not taken, depends on it
            continue
        if mode.watch:
            mode.watch.check_gradient(node, upstream[node], order)
        if not node.inputs:
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
