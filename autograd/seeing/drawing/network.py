"""Pictures of folded networks: a box a neuron or a layer, an arrow a weight."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import groupby, pairwise

from autograd.notation.labels import Label, parse_label
from autograd.notation.numbers import counted, number
from autograd.seeing.drawing.markup import cell, label, row, text, tooltip
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.drawing.values import (
    Arrow,
    add_arrow,
    add_values,
    canvas,
    caption,
    fact,
    framed,
    gradient_text,
    legend,
    note,
    operation_id,
    rows_of_use,
)
from autograd.seeing.facts.network import INPUTS, WHOLE, Group, Link, Network
from autograd.seeing.facts.records import NodeFact as Node
from autograd.seeing.style import NAME_SIZE, SMALL_SIZE, TEXT_SIZE, Theme

MOST_LABELLED_WEIGHTS = 6
"""Between two layers: the text of more arrows than this would push them out of their way."""


MOST_IN_FULL = 8
"""Neurons in a layer: with more, each is drawn in one line and says the rest when pointed at."""

STRONGLY = 10
WIDEST_RANKSEP = 6.0


def draw_network(network: Network, theme: Theme) -> Drawing:
    """The picture of a folded network."""
    by_layer = network.groups[0].place[1] == WHOLE
    labelled = by_layer or max(_weights_into_layers(network).values(), default=0) <= MOST_LABELLED_WEIGHTS
    drawing = canvas(theme)
    tallest = max(map(len, _layers(network)))
    brief = tallest > MOST_IN_FULL
    per_neuron = 0.09 if brief else 0.2  # the taller the layers, the steeper the arrows between them
    ranksep = 0.9 if labelled else min(0.5 + per_neuron * tallest, WIDEST_RANKSEP)
    drawing.attr(ranksep=str(ranksep), splines="true" if labelled else "line")
    if brief:
        drawing.attr(nodesep="0.06")
    for group in network.groups:
        kind = "neuron" if group.place[1] != WHOLE else "layer"
        described = {
            "id": group.id,
            "tooltip": tooltip(_description(group)),
            "class": kind if group.place[0] != INPUTS else "value input",
        }
        drawing.node(group.id, f"<{box_of_group(group, network, theme, brief)}>", **described)
    _keep_order(drawing, network)
    add_values(drawing, network.nodes, theme)
    _add_links(drawing, network, theme, labelled)
    gradients = [link.gradient() for link in network.links]
    caption(drawing, legend(gradients, theme, _on_an_arrow(by_layer, labelled)))
    return drawing


def _on_an_arrow(by_layer: bool, labelled: bool) -> str:
    if by_layer:
        return "how many weights it stands for; its size is that of their gradients together"
    if labelled:
        return "a weight, or the local derivative ∂; in bold the gradient"
    return "nothing, there are too many weights: point at one to read it; its size is that of its gradient"


def _weights_into_layers(network: Network) -> Counter[str]:
    """How many arrows with a weight end in each layer."""
    layers = {group.id: group.id.partition("_")[0] for group in network.groups}
    return Counter(layers[link.target] for link in network.links if link.weights)


def _layers(network: Network) -> list[list[Group]]:
    """The groups of each layer, in order."""
    ordered = sorted(network.groups, key=lambda group: group.place)
    return [list(layer) for _, layer in groupby(ordered, key=lambda group: group.place[0])]


def _keep_order(drawing: Drawing, network: Network) -> None:
    """Put the neurons of a layer one below the other, the first on top."""
    for layer in _layers(network):
        with drawing.subgraph() as column:
            column.attr(rank="same")
            for above, below in pairwise(layer):
                column.edge(above.id, below.id, style="invis")


def _add_links(drawing: Drawing, network: Network, theme: Theme, labelled: bool) -> None:
    heads = {node.id: operation_id(node) for node in network.nodes}
    # the middle one, or both, of each layer hold the layers level
    middles = {layer[i].id for layer in _layers(network) for i in ((len(layer) - 1) // 2, len(layer) // 2)}
    for link in network.links:
        arrow = Arrow(
            tail=link.source,
            head=heads.get(link.target, link.target),
            name=f"{link.source}-{link.target}",
            rows=_rows_of_link(link, theme) if labelled or not link.weights else (),
            gradient=_size_of_link(link),
            carries=any(edge.partial is not None for edge in link.edges),
            hint=_hint(link),
            signed=link.has_sign(),
            straight=not labelled and bool(link.weights),
            pull=STRONGLY if {link.source, link.target} <= middles else 0,
        )
        add_arrow(drawing, arrow, theme)


def _size_of_link(link: Link) -> float | None:
    """What the width shows: one gradient, or the size of many together."""
    if len(link.weights) < 2:
        return link.gradient()
    return norm(link.weights)


def _rows_of_link(link: Link, theme: Theme) -> tuple[str, ...]:
    if len(link.weights) > 1:
        return (note(counted(len(link.weights), "weight"), theme),)
    if link.weights:
        (weight,) = link.weights
        named = text(f"{_name(weight)} {number(weight.value)}", size=SMALL_SIZE, colour=theme.ink)
        return (named,) if weight.gradient is None else (named, gradient_text(weight.gradient, theme))
    if len(link.edges) == 1:
        return rows_of_use(link.edges[0], theme)
    if not link.has_sign():
        return (note(counted(len(link.edges), "use"), theme),)
    gradient = link.gradient()
    return () if gradient is None else (gradient_text(gradient, theme),)


def _hint(link: Link) -> str:
    if len(link.weights) != 1:
        return counted(len(link.weights), "weight") if link.weights else ""
    (weight,) = link.weights
    return f"{_name(weight)} = {number(weight.value)}; gradient {number(weight.gradient)}"


def _name(node: Node) -> str:
    return parse_label(node.label).text


# ------------------------------------------------------------------------------------------ boxes


def box_of_group(group: Group, network: Network, theme: Theme, brief: bool = False) -> str:
    """The box of a neuron, a layer, or inputs; a brief one has its name and what it gives out."""
    layer, neuron = group.place
    role = "input" if layer == INPUTS else "output" if layer == network.last else "operation"
    if brief and neuron != WHOLE:
        given = extent(node.value for node in group.labelled("x", "a", "o") or group.labelled("z"))
        said = cell(text(given, size=SMALL_SIZE, colour=theme.ink), 'ALIGN="RIGHT"')
        named = cell(label(_name_of_group(group), TEXT_SIZE, theme.ink), 'ALIGN="LEFT"')
        return framed([row(named, said)], role, theme, rounded=layer != INPUTS)
    rows = [_heading(group, theme), "<HR/>", *(fact(name, said, theme) for name, said in facts(group))]
    return framed(rows, role, theme, rounded=layer != INPUTS and neuron != WHOLE)


def facts(group: Group) -> list[tuple[str, str]]:
    """What the box of a group says: names and numbers."""
    layer, neuron = group.place
    if layer == INPUTS:
        inputs = group.labelled("x")
        said = [("value" if neuron != WHOLE else "x", extent(node.value for node in inputs))]
        if neuron != WHOLE:
            said.append(("gradient", extent_of_gradients(inputs)))
    elif neuron == WHOLE:
        trained = [node for node in group.labelled("w", "b") if node.role == "weight"]
        said = [("a", extent(node.value for node in group.labelled("a", "o") or group.labelled("z")))]
        said.append(("parameters", f"{len(trained)}"))
        said.append(("‖gradient‖", number(norm(trained))))
    else:
        said = [(base, extent(node.value for node in group.labelled(base))) for base in ("b", "z")]
        said.append(("a", extent(node.value for node in group.labelled("a", "o"))))
        said.append(("gradient of z", extent_of_gradients(group.labelled("z") or group.labelled("a", "o"))))
    samples = group.samples()
    return [(name, text) for name, text in said if text] + (
        [("samples", f"{samples}")] if samples > 1 else []
    )


def extent(numbers: Iterable[float]) -> str:
    """One number, or the least and the largest of several; "" for none."""
    listed = list(numbers)
    if not listed:
        return ""
    if any(math.isnan(x) for x in listed):
        return "nan"
    low, high = number(min(listed)), number(max(listed))
    return low if low == high else f"{low} … {high}"


def extent_of_gradients(nodes: list[Node]) -> str:
    """`extent` of the gradients, or the mark that they were not computed."""
    gradients = [node.gradient for node in nodes if node.gradient is not None]
    return extent(gradients) if gradients else number(None)


def norm(nodes: list[Node]) -> float | None:
    """The Euclidean norm of the gradients of all these nodes together; None before there are any."""
    gradients = [node.gradient for node in nodes if node.gradient is not None]
    return math.hypot(*gradients) if gradients else None


def _heading(group: Group, theme: Theme) -> str:
    layer, neuron = group.place
    if neuron != WHOLE:
        kind = "input" if layer == INPUTS else "neuron"
    else:
        kind = f"{group.neurons()}" if layer == INPUTS else counted(group.neurons(), "neuron")
    name = _name_of_group(group)
    return row(
        cell(label(name, NAME_SIZE, theme.ink), 'ALIGN="LEFT"'),
        cell(text(kind, size=SMALL_SIZE, colour=theme.faint), 'ALIGN="RIGHT"'),
    )


def _name_of_group(group: Group) -> Label:
    layer, neuron = group.place
    if neuron == WHOLE:
        return Label("inputs" if layer == INPUTS else f"layer {layer}")
    base = "x" if layer == INPUTS else parse_label(group.labelled("a", "o", "z")[-1].label).base
    return Label(base, str(neuron), str(layer) if layer != INPUTS else "")


def _description(group: Group) -> str:
    layer, neuron = group.place
    where = "inputs" if layer == INPUTS else f"layer {layer}"
    who = f"neuron {neuron}, " if neuron != WHOLE and layer != INPUTS else ""
    return f"{who}{where}: " + ", ".join(f"{name} {said}" for name, said in facts(group))
