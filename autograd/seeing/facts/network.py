"""A network folded together: one entry per neuron or layer, read off the textbook labels.

A neuron is its pre-activation ``z1^2`` and activation ``a1^2``, its weights ``w11^2, w21^2, …`` and
bias ``b1^2``, and everything without a label that only its z or a is computed from: the products
and partial sums.  What comes after the last activation, the loss, stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from autograd.notation.labels import Label, parse_label
from autograd.seeing.facts.records import EdgeFact, NodeFact, Trace

Place = tuple[int, int]
"""A layer, and a neuron of it from 1; neuron 0 stands for the whole layer, layer 0 for the inputs."""

WHOLE = 0
"""The neuron that stands for a whole layer."""
OUTSIDE: Place = (-1, -1)
"""The place of what belongs to no neuron."""
INPUTS = 0
"""The layer of the inputs."""
By = Literal["neuron", "layer"]
"""What a network is folded into."""


@dataclass
class Group:
    """The Values of one neuron, one layer, one input or all inputs.

    Where the network was evaluated for several samples, they are all in here.

    Attributes:
        id: its name in the drawing.
        place: which layer and neuron; see `Place`.
        members: its nodes, in topological order.
    """

    id: str
    place: Place
    members: list[NodeFact] = field(default_factory=list)

    def labelled(self, *bases: str) -> list[NodeFact]:
        """Return the members with a textbook label of one of these letters."""
        return [node for node in self.members if node.label and parse_label(node.label).base in bases]

    def neurons(self) -> int:
        """Return how many different neurons (or inputs) are in here."""
        indices = [parse_label(node.label).indices for node in self.labelled("z", "a", "o", "x")]
        return len(set(indices))

    def samples(self) -> int:
        """Return for how many samples each neuron was evaluated."""
        labels = [node.label for node in self.labelled("z", "a", "o", "x")]
        return max((labels.count(label) for label in set(labels)), default=0)


@dataclass
class Link:
    """All uses that lead from one group or node to another.

    Attributes:
        source, target: ids of groups or nodes.
        edges: the uses.
        weights: the weights that the target multiplies the source by.
    """

    source: str
    target: str
    edges: list[EdgeFact] = field(default_factory=list)
    weights: list[NodeFact] = field(default_factory=list)

    def gradient(self) -> float | None:
        """Return the gradient of the only weight, else of what flows back through the edges.

        If all of it flows into one value, that is the sum; if it flows into several, where it does not
        add up, it is the size of all together.
        """
        if len(self.weights) == 1:
            return self.weights[0].gradient
        flows = [edge.contribution for edge in self.edges if edge.contribution is not None]
        if not flows:
            return None
        return sum(flows) if self.has_sign() else math.hypot(*flows)

    def has_sign(self) -> bool:
        """Return whether `gradient` is that of one value, and not the size of several."""
        return len(self.weights) == 1 or (not self.weights and len({edge.source for edge in self.edges}) == 1)


@dataclass(frozen=True)
class Network:
    """A folded trace: groups, the nodes that belong to none, and the links between them.

    Attributes:
        output: the id of the group or node that the trace was taken of.
        last: the number of the last layer.
    """

    groups: tuple[Group, ...]
    nodes: tuple[NodeFact, ...]
    links: tuple[Link, ...]
    output: str
    last: int


def collapse(trace: Trace, by: By) -> Network:
    """Fold a trace by neuron or by layer.

    Raises:
        ValueError: if no pre-activation or activation carries a textbook label.
    """
    places = _places(trace, by)
    groups = _groups(trace, places)
    if not any(group.place[0] > INPUTS for group in groups.values()):
        raise ValueError(
            f"there is nothing to collapse by {by}: no value has a label such as z1^2 or a1^2, which tell "
            "the neurons apart. Draw without collapse, or label the values"
        )
    home = {node.id: groups[places[node.id]].id if node.id in places else node.id for node in trace.nodes}
    return Network(
        groups=tuple(groups.values()),
        nodes=tuple(node for node in trace.nodes if node.id not in places),
        links=_links(trace, home, groups.values(), by),
        output=home[trace.output],
        last=max(group.place[0] for group in groups.values()),
    )


def _places(trace: Trace, by: By) -> dict[str, Place]:
    """Return the place of every node that has one, by id."""
    labels = {node.id: parse_label(node.label) for node in trace.nodes if node.label}
    last = max((label.layer or 0 for label in labels.values() if label.base in "za"), default=0)
    places: dict[str, Place] = {}
    for id, label in labels.items():
        place = _named_place(label, last, by)
        if place is not None:
            places[id] = place
    _claim_unlabelled(trace, labels, places)
    return places


def _named_place(label: Label, last: int, by: By) -> Place | None:
    """Return which neuron or layer a label names: ``w21^3`` goes *to* neuron 1 of layer 3."""
    layer, indices = label.layer, label.indices
    if label.base == "x" and layer is None and len(indices) == 1:
        layer = INPUTS
    if label.base == "o" and layer is None and len(indices) == 1 and last:
        layer = last
    if layer is None or label.base not in ("w", "b", "z", "a", "x", "o"):
        return None
    if label.base == "x" and layer != INPUTS:  # of a step of a sequence, not of a layer
        return None
    if by == "layer":
        return layer, WHOLE
    if len(indices) != (2 if label.base == "w" else 1):
        return None  # a bias that a whole layer shares belongs to no single neuron
    return layer, indices[-1]


def _claim_unlabelled(trace: Trace, labels: dict[str, Label], places: dict[str, Place]) -> None:
    """Give a node without a label to the neuron that alone uses it."""
    users: dict[str, list[str]] = {}
    for edge in trace.edges:
        users.setdefault(edge.source, []).append(edge.target)
    for node in reversed(trace.nodes):
        if node.id in labels:
            continue
        claims = {_claimed_by(user, labels, places) for user in users.get(node.id, ())}
        if len(claims) == 1 and claims != {OUTSIDE}:
            places[node.id] = claims.pop()


def _claimed_by(user: str, labels: dict[str, Label], places: dict[str, Place]) -> Place:
    if user in labels and labels[user].base not in ("z", "a", "o"):
        return OUTSIDE
    return places.get(user, OUTSIDE)


def _groups(trace: Trace, places: dict[str, Place]) -> dict[Place, Group]:
    groups: dict[Place, Group] = {}
    for node in trace.nodes:
        if node.id in places:
            place = places[node.id]
            group = groups.setdefault(place, Group(f"layer{place[0]}_{place[1]}", place))
            group.members.append(node)
    return groups


def _links(trace: Trace, home: dict[str, str], groups: Iterable[Group], by: By) -> tuple[Link, ...]:
    links: dict[tuple[str, str], Link] = {}
    for edge in trace.edges:
        ends = home[edge.source], home[edge.target]
        if ends[0] != ends[1]:
            links.setdefault(ends, Link(*ends)).edges.append(edge)
    weights = {(group.id, w.label): w for group in groups for w in group.labelled("w")}
    for group in groups:
        for w in {w.id: w for w in group.labelled("w")}.values():
            ends = _source_of(w, group, by), group.id
            if ends in links and w is weights[group.id, w.label]:
                links[ends].weights.append(w)
    return tuple(links.values())


def _source_of(weight: NodeFact, group: Group, by: By) -> str:
    """Return the group whose activation the weight multiplies."""
    before = group.place[0] - 1
    return f"layer{before}_{WHOLE if by == 'layer' else parse_label(weight.label).indices[0]}"
