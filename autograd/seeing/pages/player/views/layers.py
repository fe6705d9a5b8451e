"""The layers of a network as the views show them: units, each of them some nodes of the trace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby

from autograd.notation.labels import Label, parse_label
from autograd.notation.numbers import counted
from autograd.seeing.facts.network import INPUTS, Group, collapse
from autograd.seeing.facts.records import NodeFact, Trace


@dataclass(frozen=True)
class Unit:
    """A neuron, an input, or one value of what follows the last layer.

    Attributes:
        name: what it is called.
        members: its nodes, in topological order.
        shown: those of its nodes whose numbers stand for it: z and a; empty where it was evaluated
            for several samples.
    """

    name: Label
    members: tuple[NodeFact, ...]
    shown: tuple[NodeFact, ...]


@dataclass(frozen=True)
class Layer:
    """The inputs, a layer, or everything that belongs to none.

    Attributes:
        title: what it is called.
        kind: what it is made of, in words.
        units: its neurons or inputs.
        common: its nodes that belong to no single neuron, such as a bias that they share.
        is_network: whether it is part of the network itself: the inputs or a layer.
        note: what else is said about it.
    """

    title: str
    kind: str
    units: tuple[Unit, ...]
    common: tuple[NodeFact, ...] = ()
    is_network: bool = True
    note: str = ""

    @property
    def nodes(self) -> list[NodeFact]:
        """All of its nodes."""
        return [node for unit in self.units for node in unit.members] + list(self.common)

    @property
    def parameters(self) -> int:
        """How many weights and biases it has."""
        return sum(node.role == "weight" for node in self.nodes)


def layers_of(trace: Trace, own_labels: list[str]) -> list[Layer]:
    """Return the layers from the inputs to the last one, then what belongs to none of them.

    Args:
        trace: the facts of the graph.
        own_labels: the label of each Value itself; the names that a walk gives to the others do not count.

    Raises:
        ValueError: if no label names a neuron.
    """
    bare = tuple(replace(n, label=own) for n, own in zip(trace.nodes, own_labels, strict=True))
    by_neuron = collapse(replace(trace, nodes=bare), "neuron")
    nodes = {node.id: node for node in trace.nodes}
    groups = sorted(by_neuron.groups, key=lambda group: group.place)
    loose = [nodes[node.id] for node in by_neuron.nodes]
    common = _by_layer(loose, own_labels=dict(zip(nodes, own_labels, strict=True)))
    inputs = (
        []
        if groups[0].place[0] == INPUTS
        else _inputs_among(loose, trace, {n.id for g in groups for n in g.members})
    )
    layers = [_inputs(inputs)] if inputs else []
    for place, found in groupby(groups, key=lambda group: group.place[0]):
        layers.append(_layer(place, list(found), nodes, common.get(place, [])))
    placed = {node.id for layer in layers for node in layer.nodes}
    rest = [node for node in trace.nodes if node.id not in placed]
    return [*layers, _rest(rest, trace.output)] if rest else layers


def _by_layer(loose: list[NodeFact], own_labels: dict[str, str]) -> dict[int, list[NodeFact]]:
    """Return biases and the like that a whole layer shares, by layer."""
    common: dict[int, list[NodeFact]] = {}
    for node in loose:
        label = parse_label(own_labels[node.id])
        if label.base in ("w", "b") and label.layer is not None:
            common.setdefault(label.layer, []).append(node)
    return common


def _inputs_among(loose: list[NodeFact], trace: Trace, members: set[str]) -> list[NodeFact]:
    """Return the network's inputs where no label names them: leaves that only neurons use."""
    users: dict[str, set[str]] = {}
    for edge in trace.edges:
        users.setdefault(edge.source, set()).add(edge.target)
    return [n for n in loose if n.op is None and n.role != "weight" and users.get(n.id, {""}) <= members]


def _inputs(nodes: list[NodeFact]) -> Layer:
    units = [Unit(parse_label(node.label or f"x{i}"), (node,), (node,)) for i, node in enumerate(nodes, 1)]
    return Layer("inputs", counted(len(units), "input"), tuple(units))


def _layer(place: int, groups: list[Group], nodes: dict[str, NodeFact], common: list[NodeFact]) -> Layer:
    units = tuple(_unit(group, nodes) for group in groups)
    if place == INPUTS:
        return Layer("inputs", counted(len(units), "input"), units)
    return Layer(f"layer {place}", counted(len(units), "neuron"), units, tuple(common))


def _unit(group: Group, nodes: dict[str, NodeFact]) -> Unit:
    layer, neuron = group.place
    named = group.labelled("x") if layer == INPUTS else group.labelled("z", "a", "o")
    base = parse_label(named[-1].label).base if named else "a"
    shown = tuple(nodes[node.id] for node in named) if group.samples() == 1 else ()
    name = Label(base, str(neuron), "" if layer == INPUTS else str(layer))
    return Unit(name, tuple(nodes[node.id] for node in group.members), shown)


def _rest(nodes: list[NodeFact], output: str) -> Layer:
    units = tuple(
        Unit(parse_label(node.label or node.symbol or "number"), (node,), (node,)) for node in nodes
    )
    title = "loss" if any(node.id == output for node in nodes) else "the rest"
    return Layer(title, counted(len(units), "value"), units, is_network=False)
