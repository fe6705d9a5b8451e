"""The reverse pass: the chain rule, applied from the output back to the leaves.

A node's gradient, ∂output/∂node, is its *upstream*.  The node passes it on to each of its inputs,
multiplied by the partial that it recorded for that input.  An input adds up what it is sent, because
its routes to the output add up.  So a node may pass on only what is complete: the nodes are visited
in reverse topological order, in which everybody who depends on a node comes before it.
"""

from __future__ import annotations

from typing import Any

from autograd.core.recording import clock, mode, refuse_cut
from autograd.core.stale import refuse_stale
from autograd.node import NO_GRADIENT, Node
from autograd.pure_reverse import check_output, upstreams


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
    nothing = float(0)  # the zero of this pass: a node that holds it has been sent nothing yet
    order = _computed_order(output, nothing)
    # The output moves with itself one to one.  Everything else follows from this 1.
    output._grad += 1.0
    for node in reversed(order):
        # All that depends on this node has been visited: its gradient is complete.
        upstream = node._grad
        if upstream is nothing:  # only a condition, or a branch not taken, needs it
            node._grad = NO_GRADIENT
            continue
        # The chain rule: each input gets upstream × partial, added to what it has from other routes.
        # (Towards a branch that is not taken the partial is NOT_REACHED, which leaves the sum as it is.)
        a, b = node._a, node._b
        if a is not None:  # one input or two: nearly every op
            a._grad += upstream * node._d_a
            if b is not None:
                b._grad += upstream * node._d_b
            continue
        partials = iter(node._d_b)  # a strict zip would take as long as the rest of the loop
        for v in b:
            v._grad += upstream * next(partials)


def _computed_order(output: Node, nothing: float) -> list[Node]:
    """Return `topological_order` without the leaves, and set the gradient of each node to ``nothing``.

    What an earlier pass left at the nodes between belongs to that pass; a leaf keeps adding up.  The zero
    also tells which nodes have been visited, in half the time that a set of them would take.

    Raises:
        RuntimeError: if a number no longer follows from its inputs; all gradients are as they were.
    """
    order: list[Node] = []
    waiting: list[Any] = [output]  # what is to be visited; below a None, what waits for that
    ready: set[Node] = set()  # leaves and visited nodes: it saves looking at the many inputs of a node again
    earlier: list[Any] = []  # a node and its gradient, the next one and its gradient, …
    now, old = clock.now, False
    while waiting:
        node = waiting.pop()
        if node is None:  # all inputs of the next one are in the order
            order.append(waiting.pop())
            continue
        while node.op is not None and (gradient := node._grad) is not nothing:
            if gradient is not NO_GRADIENT:
                earlier += node, gradient
            node._grad = nothing
            a, b = node._a, node._b
            if a is None:
                if not ready.issuperset(b):
                    below = [v for v in b if v.op is not None and v._grad is not nothing]
                    if below:
                        waiting += node, None, *reversed(below)
                        break
                    ready.update(b)
            elif b is not None and b.op is not None and b._grad is not nothing:
                waiting.append(node)
                waiting.append(None)
                waiting.append(b)
                node = a
                continue
            elif a.op is not None and a._grad is not nothing:
                waiting.append(node)
                waiting.append(None)
                node = a
                continue
            # Nothing is waited for.  Whatever is stale has such a node below it that is as old, or is one.
            old = old or node._made[2] != now
            order.append(node)
            break
    if old:
        try:
            refuse_stale(order)
        except RuntimeError:
            for node in order:
                node._grad = NO_GRADIENT
            for node, gradient in zip(earlier[::2], earlier[1::2], strict=True):
                node._grad = gradient
            raise
    return order


# `backward` writes into the nodes, for speed.  `autograd.pure_reverse` has the same rule as a pure function:
# it touches no node, and its contributions may be graphs themselves.  One pass that did both would take
# `backward` twice the time (measured), so there are two.
