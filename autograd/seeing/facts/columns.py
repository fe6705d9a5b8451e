"""In which columns a graph is laid out from left to right, told before any picture of it is made."""

from __future__ import annotations

from autograd.seeing.facts.records import EdgeFact, Trace


def columns_crossed(trace: Trace) -> dict[EdgeFact, int]:
    """Return over how many columns each edge leads.

    A node stands in the column after the last of its inputs, a leaf in the one before its first use.

    >>> from autograd import Value
    >>> from autograd.seeing.facts.trace import trace
    >>> a = Value(2.0, "a")
    >>> list(columns_crossed(trace((a * a).tanh() + a)).values())
    [1, 1, 1, 1, 3]
    """
    column: dict[str, int] = {}
    for edge in trace.edges:  # in the order of their targets, so that the column of the source is known
        column[edge.target] = max(column.get(edge.target, 0), column.get(edge.source, 0) + 1)
    first_use: dict[str, int] = {}
    for edge in trace.edges:
        first_use[edge.source] = min(first_use.get(edge.source, len(column)), column[edge.target])
    start = {id: column.get(id, first - 1) for id, first in first_use.items()}
    return {edge: column[edge.target] - start[edge.source] for edge in trace.edges}
