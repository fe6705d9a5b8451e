"""Links: all uses that lead from one box of a folded graph to another, and the weights on them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType

from autograd.seeing.facts.records import EdgeFact, NodeFact, Trace


@dataclass
class Link:
    """All uses that lead from one group or node to another.

    Attributes:
        source, target: ids of groups or nodes.
        edges: the uses.
        weights: the weights that the target multiplies the source by.
        beside: the uses without a weight, where others have one: those of a skip connection.
        tied: the weights among what it carries that the source computes with as well.
        routes: in a gradient path how many of its routes lead along it, each as often as it does; what
            they add to the gradient are the contributions of the edges.
    """

    source: str
    target: str
    edges: list[EdgeFact] = field(default_factory=list)
    weights: list[NodeFact] = field(default_factory=list)
    beside: list[EdgeFact] = field(default_factory=list)
    tied: list[NodeFact] = field(default_factory=list)
    routes: int = 0

    @property
    def is_only_tied(self) -> bool:
        """Whether it carries tied weights and nothing else."""
        return bool(self.tied) and {edge.source for edge in self.edges} == {node.id for node in self.tied}

    def gradient(self) -> float | None:
        """Return the gradient of the one weight, else what flows back through the edges, or along the routes.

        Into one value that is their sum; into several it is the size of all together, since what
        flows into different values does not add up.
        """
        if len(self.weights) == 1:
            return self.weights[0].gradient
        flows = [edge.contribution for edge in self.edges if edge.contribution is not None]
        if not flows:
            return None
        return sum(flows) if self.has_sign() else math.hypot(*flows)

    def has_sign(self) -> bool:
        """Return whether `gradient` is that of one value, and not the size of several."""
        if self.routes or len(self.weights) == 1:
            return True
        return not self.weights and len({edge.source for edge in self.edges}) == 1


def links_between(
    trace: Trace, where: Mapping[str, str], shared: Mapping[str, Collection[str]] = MappingProxyType({})
) -> tuple[Link, ...]:
    """Return the links of a trace between boxes.

    Args:
        trace: the facts.
        where: the id of the box that each node is in, or its own id where it is in none; what is not in
            here is not looked at.
        shared: the ids of other boxes that a weight belongs to as well: no link leads to these from it.
    """
    links: dict[tuple[str, str], Link] = {}
    others: dict[tuple[str, str], list[str]] = {}  # by what each edge's target multiplies its source
    ops = {node.id: node.op for node in trace.nodes}
    for target, into in groupby(trace.edges, attrgetter("target")):
        box = where.get(target)
        if box is None:
            continue
        factors: dict[int, str] | None = None
        for edge in (edges := [*into]):
            origin = where.get(edge.source)
            if not origin or origin == box or box in shared.get(edge.source, ()):
                continue
            ends = origin, box
            if ends not in links:
                links[ends], others[ends] = Link(*ends), []
            links[ends].edges.append(edge)
            if factors is None:
                factors = _factors(ops[target], edges)
            others[ends].append(factors.get(edge.position, ""))
    weights = {node.id: node for node in trace.nodes if node.role == "weight"}
    computing = {where[node.id] for node in trace.nodes if node.op and node.id in where}
    for ends, link in links.items():
        link.weights = [
            weights[id] for id in dict.fromkeys(others[ends]) if id in weights and where.get(id) != id
        ]
        if link.weights:
            plain = (
                edge
                for edge, id in zip(link.edges, others[ends], strict=True)
                if edge.partial is not None and id not in weights
            )
            link.beside = [edge for edge in plain if edge.source not in weights]
        carried = dict.fromkeys(edge.source for edge in link.edges if link.source in computing)
        link.tied = [weights[id] for id in carried if id in weights]
    return tuple(links.values())


def _factors(op: str | None, edges: Iterable[EdgeFact]) -> dict[int, str]:
    """Return by position what an op multiplies an input by, given the edges into one node."""
    used = {edge.position: edge.source for edge in edges}
    found: dict[int, str] = {}
    for first, second in multiplied(op, max(used) + 1):
        found[first], found[second] = used.get(second, ""), used.get(first, "")
    return found


MULTIPLYING = ("mul", "dot")
"""The ops in which an input is multiplied by another one."""


def multiplied(op: str | None, inputs: int) -> Iterable[tuple[int, int]]:
    """Return which of its inputs an op multiplies with each other, in pairs of their positions.

    >>> list(multiplied("dot", 5)), list(multiplied("add", 2))
    ([(0, 2), (1, 3)], [])
    """
    if op == "mul":
        return [(0, 1)]
    half = inputs // 2 if op == "dot" else 0  # the bias comes last
    return [(k, half + k) for k in range(half)]
