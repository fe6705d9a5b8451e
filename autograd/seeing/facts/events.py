"""What happens in a walk, in order, before it is put into words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from autograd.seeing.facts.order import Inside, forward_order, parts_of, reverse_order
from autograd.seeing.facts.records import EdgeFact, NodeFact, Trace

ROLES = ("input", "weight", "constant")
"""The roles of leaves, in the order in which these are read."""

InputsOf = Mapping[str, Sequence[EdgeFact]]
"""The edges into each node, in the order of its inputs."""


class Event(NamedTuple):
    """What one step is about.

    Attributes:
        phase, kind, before, after: as in `Step`.
        node: whose value, gradient or tangent is computed.
        edges: the edge that a contribution comes along, or those that a tangent is summed over.
        part, parts: which of how many contributions to the node's gradient it is, from 1.
        leaves: the nodes that are read, all in one step; else empty.
        rates: the tangents of the sources of the edges.
        wrt: the node that all tangents are taken with respect to.
        first_whole: whether it is the first contribution in the walk that is a whole gradient.
    """

    phase: str
    kind: str
    node: NodeFact
    after: float | None
    before: float | None = None
    edges: tuple[EdgeFact, ...] = ()
    part: int = 0
    parts: int = 0
    leaves: tuple[NodeFact, ...] = ()
    rates: tuple[float, ...] = ()
    wrt: NodeFact | None = None
    first_whole: bool = False

    @property
    def nodes(self) -> tuple[NodeFact, ...]:
        """All nodes that something is computed of, or read."""
        return self.leaves or (self.node,)

    @property
    def rated(self) -> list[tuple[EdgeFact, float]]:
        """The edges with the tangents of their sources."""
        return list(zip(self.edges, self.rates, strict=True))


def both_passes(facts: Trace) -> list[Event]:
    """Return the forward pass, then the reverse pass: one event for all leaves, then one per computed node,
    one for the seed, and one per edge that carries a gradient."""
    parts, inputs = parts_of(facts), inputs_by_target(facts)
    return [*_forward(facts, parts, inputs), *_reverse(facts, parts, inputs)]


def _forward(facts: Trace, parts: Mapping[str, Inside], inputs: InputsOf) -> Iterator[Event]:
    nodes = {node.id: node for node in facts.nodes}
    order = forward_order(facts, parts)
    leaves = _leaves(facts, order, inputs)
    yield Event("forward", "leaf", leaves[-1], leaves[0].value if len(leaves) == 1 else None, leaves=leaves)
    for id in order:
        yield Event("forward", "apply", nodes[id], nodes[id].value)


def _leaves(facts: Trace, order: Sequence[str], inputs: InputsOf) -> tuple[NodeFact, ...]:
    """Return the leaves: inputs, weights, constants, each in the order in which they are used."""
    used = dict.fromkeys(edge.source for id in order for edge in inputs[id])
    place = {id: i for i, id in enumerate(used)}
    leaves = [node for node in facts.nodes if node.op is None]
    return tuple(sorted(leaves, key=lambda node: (ROLES.index(node.role), place.get(node.id, 0))))


def _reverse(facts: Trace, parts: Mapping[str, Inside], inputs: InputsOf) -> Iterator[Event]:
    nodes = {node.id: node for node in facts.nodes}
    yield Event("reverse", "seed", nodes[facts.output], 1.0)
    uses = Counter(edge.source for edge in facts.edges if edge.contribution is not None)
    arrived: Counter[str] = Counter()
    gradient: dict[str, float] = {}
    explained = False
    for target in reverse_order(facts, parts):
        for edge in inputs[target]:
            if edge.contribution is None:
                continue
            source = edge.source
            before = gradient.get(source)
            after = edge.contribution if before is None else before + edge.contribution
            gradient[source] = after
            arrived[source] += 1
            whole = uses[source] == 1 and not explained
            explained = explained or whole
            part = arrived[source], uses[source]
            yield Event("reverse", "edge", nodes[source], after, before, (edge,), *part, (), (), None, whole)


def forward_mode(facts: Trace, wrt: str) -> Iterator[Event]:
    """Yield one pass: the leaves, each value, and with it how fast it changes with the node ``wrt``."""
    nodes = {node.id: node for node in facts.nodes}
    inputs = inputs_by_target(facts)
    rate = {wrt: 1.0}
    for event in _forward(facts, parts_of(facts), inputs):
        yield event
        if any(node.id == wrt for node in event.nodes):
            yield Event("tangent", "seed", nodes[wrt], 1.0, wrt=nodes[wrt])
            continue
        node = event.node
        edges = [edge for edge in inputs.get(node.id, ()) if edge.partial is not None and edge.source in rate]
        if not edges and node.id != facts.output:
            continue  # it does not change: a term that is left out of the sums further on
        rates = [rate[edge.source] for edge in edges]
        total = _sum_of_products(edges, rates)
        if edges:
            rate[node.id] = total
        yield Event("tangent", "apply", node, total, edges=tuple(edges), rates=tuple(rates), wrt=nodes[wrt])


def _sum_of_products(edges: list[EdgeFact], rates: list[float]) -> float:
    total = 0.0
    for edge, rate in zip(edges, rates, strict=True):
        assert edge.partial is not None
        total += edge.partial * rate
    return total


def inputs_by_target(facts: Trace) -> dict[str, list[EdgeFact]]:
    """Return the edges that end in each node, in the order of its inputs."""
    found: dict[str, list[EdgeFact]] = {}
    for edge in facts.edges:
        found.setdefault(edge.target, []).append(edge)
    return found
