"""Links: all uses that lead from one box of a folded graph to another, and the weights on them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
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
        weights: the weights that the target multiplies the source by, but for those of other links to it.
        beside: the uses without a weight, where others have one: those of a skip connection.
        tied: the weights among what it carries that the source computes with as well.
        taken: the uses of these weights that it stands for.
        others: how many more uses these weights have, elsewhere.
        routes: in a gradient path how many of its routes lead along it, each as often as it does; what
            they add to the gradient are the contributions of the edges.
    """

    source: str
    target: str
    edges: list[EdgeFact] = field(default_factory=list)
    weights: list[NodeFact] = field(default_factory=list)
    beside: list[EdgeFact] = field(default_factory=list)
    tied: list[NodeFact] = field(default_factory=list)
    taken: list[EdgeFact] = field(default_factory=list)
    others: int = 0
    routes: int = 0

    @property
    def is_only_tied(self) -> bool:
        """Whether it carries tied weights and nothing else."""
        return bool(self.tied) and {edge.source for edge in self.edges} == {node.id for node in self.tied}

    def gradient(self) -> float | None:
        """Return what it adds to the gradient of the one weight, else to those of what its edges lead from.

        Into one value that is the sum; into several it is the size of all together, since what
        flows into different values does not add up.
        """
        flows = _flows(self.taken if len(self.weights) == 1 else self.edges)
        if not flows:
            return None
        return sum(flows.values()) if self.has_sign() else math.hypot(*flows.values())

    def size(self) -> float | None:
        """Return how much it adds to gradients: to those of its weights, and of what goes beside them."""
        if len(self.weights) < 2 and not self.beside:
            return self.gradient()
        flows = _flows([*self.taken, *self.beside])
        return math.hypot(*flows.values()) if flows else None

    def has_sign(self) -> bool:
        """Return whether `gradient` is that of one value, and not the size of several."""
        if self.routes or len(self.weights) == 1:
            return True
        return not self.weights and len({edge.source for edge in self.edges}) == 1


def _flows(edges: Iterable[EdgeFact]) -> dict[str, float]:
    """Return what edges add to the gradient of each node that they lead from, where that is known."""
    flows: dict[str, float] = {}
    for edge in edges:
        if edge.contribution is not None:
            flows[edge.source] = flows.get(edge.source, 0.0) + edge.contribution
    return flows


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
    weights = {node.id: node for node in trace.nodes if node.role == "weight"}
    ops = {node.id: node.op for node in trace.nodes}
    links: dict[tuple[str, str], Link] = {}
    for target, into in groupby(trace.edges, attrgetter("target")):
        box = where.get(target)
        if box is None:
            continue
        used = {edge.position: edge for edge in into}
        met = factors(ops[target], max(used) + 1)
        link = None
        for edge in used.values():
            origin = where.get(edge.source)
            if not origin or origin == box or (shared and box in shared.get(edge.source, ())):
                continue
            if link is None or link.source != origin:
                link = links.setdefault((origin, box), Link(origin, box))
            link.edges.append(edge)
            factor = used.get(met.get(edge.position, -1))
            if factor is not None and (id := factor.source) in weights:
                home = where.get(id)
                if home == box or home is None or box in shared.get(id, ()) or home == origin != id:
                    link.taken.append(factor)
                    continue
            if edge.partial is not None and edge.source not in weights:
                link.beside.append(edge)
    computing = {where[node.id] for node in trace.nodes if node.op and node.id in where}
    uses = Counter(edge.source for edge in trace.edges)
    for link in links.values():
        taken = dict.fromkeys(link.taken)
        link.weights = [weights[id] for id in dict.fromkeys(edge.source for edge in taken)]
        if not link.weights:
            link.beside = []
        if link.source in computing:
            carried = [edge for edge in link.edges if edge.source in weights]
            link.tied = [weights[id] for id in dict.fromkeys(edge.source for edge in carried)]
            taken |= dict.fromkeys(carried)
        link.taken = [*taken]
        link.others = sum(uses[id] for id in {edge.source for edge in taken}) - len(taken)
    return tuple(links.values())


MULTIPLYING = ("mul", "dot")
"""The ops in which an input is multiplied by another one."""


@lru_cache(maxsize=100)
def factors(op: str | None, inputs: int) -> Mapping[int, int]:
    """Return by the position of each input that an op multiplies by another one the position of that.

    >>> factors("dot", 5), factors("add", 2)
    ({0: 2, 1: 3, 2: 0, 3: 1}, {})
    """
    half = 1 if op == "mul" else inputs // 2 if op == "dot" else 0  # the bias comes last
    return {k: (k + half) % (2 * half) for k in range(2 * half)}
