"""Values found by their labels."""

from __future__ import annotations

from typing import TypeVar

from autograd.graph import topological_order
from autograd.node import Node
from autograd.notation.hints import did_you_mean
from autograd.notation.labels import is_cut, typed

N = TypeVar("N", bound=Node)

LONGEST_LABEL = 40
"""A message repeats at most this many characters of a label."""


def find(output: N, label: str) -> N:
    """Return the Value with this label, among those that the output was computed from.

    Args:
        output: where to look back from, such as a loss.
        label: as it was given, ``"a1^2"``, or as it is printed, ``"a₁⁽²⁾"``.

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
    found = (
        [v for v in order if v.label == label]
        or [v for v in order if v.label == typed(label)]
        or [v for v in order if is_cut(label, v.label)]
    )
    if len(found) == 1 and label:
        return found[0]
    called = repr(label) if len(label) <= LONGEST_LABEL else f"{label[:LONGEST_LABEL]!r}…"
    if found and label:
        raise ValueError(
            f"{len(found)} Values have the label {called}; look back from one of the outputs they lead to"
        )
    known = [v.label for v in order if 0 < len(v.label) <= LONGEST_LABEL]
    raise ValueError(f"no Value has the label {called}{did_you_mean(label, known)}")
