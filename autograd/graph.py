"""Orders and sub-graphs.  A graph is data: each Value points at its inputs, and at nothing else."""

from __future__ import annotations

from typing import Any

from autograd.value import Value


def topological_order(*outputs: Value) -> list[Value]:
    """Every Value that the outputs were computed from, each after all of its inputs.

    The outputs themselves are included.  The order is that of a depth-first walk through the
    inputs from first to last, so the same graph always gives the same order.  The walk keeps its
    own stack: depth costs memory, never Python's recursion limit.

    >>> a, b = Value(2.0, "a"), Value(3.0, "b")
    >>> [v.label or v.op.name for v in topological_order(a * b + a)]
    ['a', 'b', 'mul', 'add']
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Any] = [*reversed(outputs)]
    while stack:
        node = stack.pop()
        if node is None:  # a mark: the inputs of the node under it are all in the order
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            if seen.issuperset(node.inputs):  # a leaf, or all its inputs are in the order
                order.append(node)
            else:
                stack.append(node)
                stack.append(None)
                stack.extend(node.inputs[::-1])
    return order


def leaves(*outputs: Value) -> list[Value]:
    """The Values without inputs that the outputs were computed from, in topological order."""
    return [v for v in topological_order(*outputs) if not v.inputs]


def between(source: Value, output: Value) -> list[Value]:
    """Every Value on a route from ``source`` to ``output``, both included, in topological order.

    Empty where the output does not depend on the source.
    """
    reached = {source}
    for node in topological_order(output):
        if any(v in reached for v in node.inputs):
            reached.add(node)
    if output not in reached:
        return []
    return [v for v in topological_order(output) if v in reached]
