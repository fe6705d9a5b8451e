"""The order of `autograd.reverse.backward`, a fifth faster found than by `autograd.graph.topological_order`.

Which nodes have been visited is not kept in a set: the nodes hold a mark themselves, in the place of their
gradient.  What an earlier pass left there belongs to that pass.  A leaf keeps adding up, and is not marked.
"""

from __future__ import annotations

from typing import Any

from autograd.core.recording import clock
from autograd.core.stale import refuse_stale
from autograd.node import NO_GRADIENT, Node


def marked_order(output: Node, mark: float) -> list[Node]:
    """Return `topological_order` without the leaves, and set the gradient of each of these nodes to the mark.

    Args:
        output: a Value.
        mark: a float that no node holds yet.

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
        while node.op is not None and (gradient := node._grad) is not mark:
            if gradient is not NO_GRADIENT:
                earlier += node, gradient
            node._grad = mark
            a, b = node._a, node._b
            if a is None:
                if not ready.issuperset(b):
                    below = [v for v in b if v.op is not None and v._grad is not mark]
                    if below:
                        waiting += node, None, *reversed(below)
                        break
                    ready.update(b)
            elif b is not None and b.op is not None and b._grad is not mark:
                waiting.append(node)
                waiting.append(None)
                waiting.append(b)
                node = a
                continue
            elif a.op is not None and a._grad is not mark:
                waiting.append(node)
                waiting.append(None)
                node = a
                continue
            # Nothing is waited for.  Whatever is stale has such a node below it that is as old, or is one.
            if node._made[2] is not now:  # the same number, or not; `refuse_stale` compares
                old = True
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
