"""The order in which a graph is visited.  A graph is data: a node points at its inputs, and nowhere else."""

from __future__ import annotations

from typing import Any, TypeVar

from autograd.node import Node

N = TypeVar("N", bound=Node)


def topological_order(*outputs: N) -> list[N]:
    """Return every Value that the outputs were computed from, each after all of its inputs.

    The outputs themselves are included.  The order is that of a depth-first walk through the
    inputs from first to last, so the same graph always gives the same order.  The walk keeps its
    own stack: depth costs memory, never Python's recursion limit.

    >>> from autograd import Value
    >>> a, b = Value(2.0, "a"), Value(3.0, "b")
    >>> [v.label or v.op.name for v in topological_order(a * b + a)]
    ['a', 'b', 'mul', 'add']
    """
    order: list[N] = []
    seen: set[N] = set()
    waiting: list[Any] = [*reversed(outputs)]  # what is to be visited; below a None, what waits for that
    while waiting:
        node = waiting.pop()
        if node is None:  # all inputs of the next one are in the order
            order.append(waiting.pop())
            continue
        while node not in seen:
            seen.add(node)
            a, b = node._a, node._b
            if a is None:  # a leaf, or more than two inputs: see `autograd.node.in_two_slots`
                if seen.issuperset(b):
                    order.append(node)
                else:
                    waiting += node, None, *[v for v in reversed(b) if v not in seen]
                break
            if b is not None and b not in seen:
                waiting.append(node)
                waiting.append(None)
                waiting.append(b)
            elif a not in seen:
                waiting.append(node)
                waiting.append(None)
            else:
                order.append(node)
                break
            node = a
    return order


def leaves(*outputs: N) -> list[N]:
    """Return the Values without inputs that the outputs were computed from, in topological order."""
    return [v for v in topological_order(*outputs) if not v.inputs]
