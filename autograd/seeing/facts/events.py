"""What happens in a walk, in order, before it is put into words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from autograd.seeing.facts.records import EdgeFact, NodeFact, Trace


class Event(NamedTuple):
    """What one step is about.

    Attributes:
        phase, kind, before, after: as in `Step`.
        node: whose value, gradient or tangent is computed.
        edges: the edge that a contribution comes along, or those that a tangent is summed over.
        part, parts: which of how many contributions to the node's gradient it is, from 1.
        rates: the tangents of the sources of the edges.
        wrt: the node that all tangents are taken with respect to.
        first_whole: whether it is the first contribution in the walk that is a whole gradient.
    """

    phase: str
    kind: str
    node: NodeFact
    after: float
    before: float | None = None
    edges: tuple[EdgeFact, ...] = ()
    part: int = 0
    parts: int = 0
    rates: tuple[float, ...] = ()
    wrt: NodeFact | None = None
    first_whole: bool = False

    @property
    def rated(self) -> list[tuple[EdgeFact, float]]:
        """The edges with the tangents of their sources."""
        return list(zip(self.edges, self.rates, strict=True))


def both_passes(facts: Trace) -> list[Event]:
    """Return the forward pass, then the reverse pass: one event per node, one for the seed, one per edge."""
    return [*map(_computed, facts.nodes), *_reverse(facts)]


def _computed(node: NodeFact) -> Event:
    return Event("forward", "leaf" if node.op is None else "apply", node, node.value)


def _reverse(facts: Trace) -> Iterator[Event]:
    nodes = {node.id: node for node in facts.nodes}
    yield Event("reverse", "seed", nodes[facts.output], 1.0)
    parts = Counter(edge.source for edge in facts.edges if edge.contribution is not None)
    arrived: Counter[str] = Counter()
    gradient: dict[str, float] = {}
    explained = False
    for edge in _backwards(facts):
        assert edge.contribution is not None
        source = edge.source
        before = gradient.get(source)
        after = edge.contribution if before is None else before + edge.contribution
        gradient[source] = after
        arrived[source] += 1
        whole = parts[source] == 1 and not explained
        explained = explained or whole
        part = arrived[source], parts[source]
        yield Event("reverse", "edge", nodes[source], after, before, (edge,), *part, first_whole=whole)


def _backwards(facts: Trace) -> Iterator[EdgeFact]:
    """Yield the edges that carry a gradient: targets from last to first, the inputs of each in order."""
    inputs = inputs_by_target(facts)
    for node in reversed(facts.nodes):
        for edge in inputs.get(node.id, ()):
            if edge.contribution is not None:
                yield edge


def forward_mode(facts: Trace, wrt: str) -> Iterator[Event]:
    """Yield one pass: each value, and with it how fast it changes with the node ``wrt``."""
    nodes = {node.id: node for node in facts.nodes}
    inputs = inputs_by_target(facts)
    rate = {wrt: 1.0}
    for node in facts.nodes:
        yield _computed(node)
        if node.id == wrt:
            yield Event("tangent", "seed", node, 1.0, wrt=node)
            continue
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
