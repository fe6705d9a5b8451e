"""Skip connections: where a value is added to what a Module made of it."""

from __future__ import annotations

from autograd.seeing.facts.records import Trace

ADDING = ("add", "sub", "sum")
"""The ops in which an input passes on as it is."""


def skipped(trace: Trace) -> dict[int, set[int]]:
    """Return for each use of a Module those within it that a value goes past, to be added to what they give.

    The sum is computed by the Module itself, or by one within it that adds what others give.

    >>> from autograd import Value
    >>> from autograd.seeing.facts.trace import trace
    >>> from nn import Layer, Module
    >>> class Block(Module):
    ...     def __init__(self):
    ...         self.inner, self.outer = Layer(2, 3, "tanh"), Layer(3, 2, "linear")
    ...     def forward(self, x):
    ...         return [a + b for a, b in zip(x, self.outer(self.inner(x)))]
    >>> facts = trace(Block()([Value(0.5), Value(1.0)])[0])
    >>> [facts.uses[inner].module for inner in skipped(facts)[0]]
    [('inner',)]
    """
    use_of = {id: place.use for id, place in trace.places.items() if place.use is not None}
    inputs: dict[str, list[str]] = {}
    for edge in trace.edges:
        inputs.setdefault(edge.target, []).append(edge.source)
    holding = {use.within for use in trace.uses}
    sums = [
        (node.id, use)
        for node in trace.nodes
        if node.op in ADDING and (own := use_of.get(node.id)) is not None and len({*inputs[node.id]}) > 1
        for use in (own, trace.uses[own].within)
        if use is not None and use in holding
    ]
    if not sums:
        return {}

    wanted = {use for _, use in sums}
    within: dict[int, dict[int, int]] = {}  # by the uses that a use is part of: what each holds it by
    for k, fact in enumerate(trace.uses):
        within[k] = {} if fact.within is None else {**within[fact.within], fact.within: k}
    inside: dict[str, dict[int, int]] = {}
    after: dict[str, set[int]] = {}  # the uses in which a node follows from a use within
    into: dict[tuple[str, int], set[int]] = {}  # the uses within a use that take a value
    for node in trace.nodes:
        own = use_of.get(node.id, -1)
        inner = inside[node.id] = within.get(own, {})
        taken = inputs.get(node.id, ()) if node.role not in ("weight", "constant") else ()
        after[node.id] = {use for use in wanted.intersection(inner) if node.op is not None}
        if own in wanted:
            after[node.id].update(own for x in taken if own in after.get(x, ()))
        for outer in after[node.id] - {own}:
            for x in taken:
                if inside.get(x, {}).get(outer) != inner[outer]:
                    into.setdefault((x, outer), set()).add(inner[outer])
    found: dict[int, set[int]] = {}
    for id, use in sums:
        own = inside[id].get(use)
        for x in inputs[id]:
            past = into.get((x, use), set()) - {own}
            if past and any(use in after.get(y, ()) and y != x for y in inputs[id]):
                found.setdefault(use, set()).update(past)
    return found
