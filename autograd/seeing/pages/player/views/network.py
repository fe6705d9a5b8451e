"""The views of a network: its layers, the neurons of a layer, and each neuron."""

from __future__ import annotations

import math
from dataclasses import replace

from autograd.notation.numbers import counted
from autograd.seeing.facts.arrow import edge_key
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.arrows import plain_arrow
from autograd.seeing.pages.player.svg.elements import Point, tag, words
from autograd.seeing.pages.player.svg.view import View, canvas
from autograd.seeing.pages.player.views.cards import CARD_WIDTH, card, card_height, layer_box, layer_size
from autograd.seeing.pages.player.views.layers import Layer, Unit
from autograd.seeing.pages.player.views.neuron import draw_neuron, rows_of
from autograd.seeing.pages.player.views.parts import among, views_of

MARGIN, BETWEEN, GAP = 16.0, 96.0, 10.0
HEADER = 30.0
WIDE = 3.0
"""The cards of a large layer are laid out this many times as wide as high: the place for a graph is wide."""
FIRST = "network"


def network_views(trace: Trace, layers: list[Layer]) -> list[View]:
    """Return the whole network, then each layer followed by its neurons."""
    views = [_overview(trace, layers)]
    for i, layer in enumerate(layers):
        if not layer.is_network:
            views += views_of(trace, {node.id for node in layer.nodes}, _name(i), layer.title, FIRST)
            continue
        views.append(_layer_view(trace, layers, i))
        if layer.title != "inputs":
            for j, unit in enumerate(layer.units):
                views += _neuron_views(trace, layer, unit, i, j)
    return views


def _name(layer: int, unit: int | None = None) -> str:
    """Return the name of a view; the ids of its elements begin with it."""
    return f"l{layer}" if unit is None else f"l{layer}u{unit}"


# ------------------------------------------------------------------------------------- the layers


def _overview(trace: Trace, layers: list[Layer]) -> View:
    """Show a box for each layer, an arrow from each to the next."""
    sizes = [layer_size(layer) for layer in layers]
    height = max(high for _, high in sizes) + 2 * MARGIN
    corners = []
    x = MARGIN
    for wide, high in sizes:
        corners.append(Point(x, (height - high) / 2))
        x += wide + BETWEEN
    boxes = [f"{FIRST}-{_name(i)}" for i in range(len(layers))]
    drawn = [layer_box(layer, box, at) for layer, box, at in zip(layers, boxes, corners, strict=True)]
    nodes: dict[str, str] = {}
    opens: dict[str, str] = {}
    for i, layer in enumerate(layers):
        opens[boxes[i]] = _name(i)
        nodes |= _mapped(layer, boxes[i])
        if layer.is_network and layer.title != "inputs":
            opens |= {f"{boxes[i]}-{j}": _name(i, j) for j in range(len(layer.units))}
    arrows = {}
    for i in range(1, len(layers)):
        tip = Point(corners[i].x - 3, height / 2)
        start = Point(corners[i - 1].x + sizes[i - 1][0] + 3, height / 2)
        name = f"{FIRST}-to-{_name(i)}"
        arrows[boxes[i - 1], boxes[i]] = name
        drawn.append(plain_arrow(name, start, tip, _words_on_arrow(layers[i])))
    svg = canvas("".join(drawn), x - BETWEEN + MARGIN, height)
    return View(FIRST, "network", svg, nodes, _edges(trace, nodes, arrows), opens)


def _words_on_arrow(layer: Layer) -> str:
    weights = sum(n.role == "weight" and n.label.startswith("w") for n in layer.nodes)
    return counted(weights, "weight") if weights else ""


def _mapped(layer: Layer, box: str) -> dict[str, str]:
    """Map each node to the dot of its unit; what belongs to no unit, to the box."""
    dots = {node.id: f"{box}-{j}" for j, unit in enumerate(layer.units) for node in unit.members}
    return dots | {node.id: box for node in layer.common}


def _edges(trace: Trace, nodes: dict[str, str], arrows: dict[tuple[str, str], str]) -> dict[str, str]:
    """Map each edge from one box to the next to the arrow between them; those inside a box are not shown."""
    boxes = {box for ends in arrows for box in ends}

    def box_of(node: str) -> str:
        return nodes[node] if nodes[node] in boxes else nodes[node].rpartition("-")[0]

    shown = {edge_key(edge): arrows.get((box_of(edge.source), box_of(edge.target))) for edge in trace.edges}
    return {key: arrow for key, arrow in shown.items() if arrow}


# -------------------------------------------------------------------------------------- one layer


def _layer_view(trace: Trace, layers: list[Layer], i: int) -> View:
    """Show the neurons of a layer as cards, between the layers before and after it."""
    layer, name = layers[i], _name(i)
    high = card_height(layer)
    columns = max(1, round(math.sqrt(len(layer.units) * (high + GAP) * WIDE / (CARD_WIDTH + GAP))))
    lines = math.ceil(len(layer.units) / columns)
    width = columns * (CARD_WIDTH + GAP) + GAP
    frame_height = HEADER + lines * (high + GAP) + GAP
    beside = {j: layer_size(layers[j]) for j in (i - 1, i + 1) if 0 <= j < len(layers)}
    height = max([frame_height, *(size[1] for size in beside.values())]) + 2 * MARGIN
    left = MARGIN + (beside[i - 1][0] + BETWEEN if i - 1 in beside else 0)
    frame = Point(left, (height - frame_height) / 2)
    box = f"{name}-here"
    drawn = [
        tag("rect", x=frame.x, y=frame.y, width=width, height=frame_height, rx=10.0, class_="around", id=box),
        words(layer.title, frame.x + GAP + 2, frame.y + 22, "title"),
        words(layer.kind, frame.x + width - GAP, frame.y + 21, "role"),
    ]
    nodes = {node.id: box for node in layer.common}
    opens: dict[str, str] = {}
    for j, unit in enumerate(layer.units):
        along, down = divmod(j, lines)
        corner = Point(
            frame.x + GAP + along * (CARD_WIDTH + GAP), frame.y + HEADER + GAP / 2 + down * (high + GAP)
        )
        role = "input" if layer.title == "inputs" else "operation"
        drawn.append(card(unit, f"{box}-{j}", corner, high, role))
        nodes |= {node.id: f"{box}-{j}" for node in unit.members}
        if layer.title != "inputs":
            opens[f"{box}-{j}"] = _name(i, j)
    arrows = {}
    for j, (wide, tall) in beside.items():
        other = f"{name}-{'before' if j < i else 'after'}"
        x = MARGIN if j < i else frame.x + width + BETWEEN
        drawn.append(layer_box(layers[j], other, Point(x, (height - tall) / 2)))
        nodes |= _mapped(layers[j], other)
        opens[other] = _name(j)
        start = x + wide + 3 if j < i else frame.x + width + 3
        ends = (other, box) if j < i else (box, other)
        arrows[ends] = f"{other}-arrow"
        tip = Point(start + BETWEEN - 6, height / 2)
        drawn.append(
            plain_arrow(f"{other}-arrow", Point(start, height / 2), tip, _words_on_arrow(layers[max(i, j)]))
        )
    for j, far in enumerate(layers):
        if j < i - 1 or j > i + 1:
            nodes |= {node.id: f"{name}-{'before' if j < i else 'after'}" for node in far.nodes}
    right = frame.x + width + (BETWEEN + beside[i + 1][0] if i + 1 in beside else 0) + MARGIN
    svg = canvas("".join(drawn), right, height)
    return View(name, layer.title, svg, nodes, _edges(trace, nodes, arrows), opens, FIRST)


# ------------------------------------------------------------------------------------- one neuron


def _neuron_views(trace: Trace, layer: Layer, unit: Unit, i: int, j: int) -> list[View]:
    """Show a neuron as a table of its weights; as a graph if it is no such sum or has several samples."""
    members = {node.id for node in (*unit.members, *layer.common)}
    name, title = _name(i, j), f"neuron {unit.name.subscript}"
    inside, elsewhere = among(trace, members)
    rows = rows_of(inside, elsewhere) if unit.shown else []
    if not rows:
        return views_of(trace, members, name, title, _name(i))
    return [replace(draw_neuron(inside, rows, name), title=title, parent=_name(i))]
