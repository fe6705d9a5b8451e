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
    done: set[N] = set()
    waiting: list[Any] = []  # nodes whose inputs are being visited, each with those that are left
    node, inputs = None, iter(outputs)
    while True:
        for v in inputs:
            if v in done:
                continue
            if done.issuperset(v.inputs):  # a leaf, or all its inputs are in the order
                done.add(v)
                order.append(v)
            else:  # its inputs come first
                waiting.append((node, inputs))
                node, inputs = v, iter(v.inputs)
                break
        else:
            if node is None:  # the outputs are in the order themselves
                return order
            done.add(node)
            order.append(node)
            node, inputs = waiting.pop()


def leaves(*outputs: N) -> list[N]:
    """Return the Values without inputs that the outputs were computed from, in topological order."""
    return [v for v in topological_order(*outputs) if not v.inputs]
