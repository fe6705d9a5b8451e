"""A graph computed again, with other numbers in its leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograd.core.recording import mode
from autograd.value import Constant, Parameter, Value, apply

KINDS: dict[str, type[Value]] = {"input": Value, "weight": Parameter, "constant": Constant}
"""The class of a leaf, by its role."""


def recomputed(order: Iterable[Value], numbers: Mapping[Value, float]) -> dict[Value, Value]:
    """Return a copy of a graph in which some leaves have other numbers: by Value, what stands in for it.

    Args:
        order: the graph in topological order.
        numbers: new numbers by leaf.

    Raises:
        TypeError: if a number is not a real number.
    """
    copies: dict[Value, Value] = {}
    with mode.switched(recording=True):
        for v in order:
            if v.op is None:
                copy = KINDS[v.role](numbers.get(v, v.data))
            else:
                copy = apply(
                    v.op, tuple([copies[x] for x in v.inputs]), Constant if v.role == "constant" else None
                )
            copy.label = v.label
            copies[v] = copy
    return copies
