"""The order in which a graph is visited.  A graph is data: a node points at its inputs, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from autograd.core.recording import clock, mode
from autograd.node import Node, number_of
from autograd.notation.hints import did_you_mean

N = TypeVar("N", bound=Node)

LONGEST_LABEL = 40
"""A message repeats at most this many characters of a label."""


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


def refuse_stale(computed: Sequence[Node]) -> None:
    """Raise if a number no longer follows from its inputs: the data of one was changed afterwards.

    Every node knows when it was made, and a leaf when its data was last assigned.  What is older than an
    input is computed again and compared, so that data that was changed and put back is not an error.

    Args:
        computed: a graph in topological order, without its leaves.

    Raises:
        RuntimeError: if there is such a number; it names the leaf and the op.
    """
    if not clock.now or min([v._made[2] for v in computed], default=clock.now) == clock.now:
        return  # no data was assigned since the first of them was computed, the usual case
    latest = max([x._made[2] for v in computed for x in v.inputs if not x.inputs])
    older = [v for v in computed if v._made[2] < latest]
    for node in older:
        changed = [x for x in node.inputs if x._made[2] > node._made[2]]
        if changed and node.op is not None:
            now, _ = node.op.evaluate(list(map(number_of, node.inputs)))
            if now != node._data and (now == now or node._data == node._data):
                raise RuntimeError(
                    f"the data of {changed[0].label or changed[0]} was changed after {node.op.name} was "
                    f"computed from it: that was {node._data!r}, and would be {now!r} now. Compute it again"
                )
    if older:
        mode.read_clock()


def find(output: N, label: str) -> N:
    """Return the Value with this label, among those that the output was computed from.

    Args:
        output: where to look back from, such as a loss.
        label: as it was given: ``"a1^2"``.

    Raises:
        TypeError: if ``output`` is not a Value, or ``label`` not a string.
        ValueError: if no Value has the label, or more than one has it, as where a network was
            evaluated for several samples.

    >>> from autograd import Value
    >>> x = Value(3.0, "x1")
    >>> find((2 * x).tanh() + x, "x1") is x
    True
    """
    if not isinstance(output, Node):
        raise TypeError(f"find looks through the graph of one Value; got {type(output).__name__}")
    if not isinstance(label, str):
        raise TypeError(f"a label is a string, such as 'a1^2'; got {type(label).__name__}")
    order = topological_order(output)
    found = [v for v in order if v.label == label]
    if len(found) == 1 and label:
        return found[0]
    called = repr(label) if len(label) <= LONGEST_LABEL else f"{label[:LONGEST_LABEL]!r}…"
    if found and label:
        raise ValueError(
            f"{len(found)} Values have the label {called}; look back from one of the outputs they lead to"
        )
    known = [v.label for v in order if 0 < len(v.label) <= LONGEST_LABEL]
    raise ValueError(f"no Value has the label {called}{did_you_mean(label, known)}")


def leaves(*outputs: N) -> list[N]:
    """Return the Values without inputs that the outputs were computed from, in topological order."""
    return [v for v in topological_order(*outputs) if not v.inputs]
