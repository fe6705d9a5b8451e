"""The views of a network: its layers, the neurons of a layer, and each neuron."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autograd.notation.numbers import counted
from autograd.seeing.facts.arrow import edge_key
from autograd.seeing.facts.links import links_between
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.arrows import plain_arrow
from autograd.seeing.pages.player.svg.elements import Point, tag, words
from autograd.seeing.pages.player.svg.view import View, canvas
from autograd.seeing.pages.player.views.cards import CARD_WIDTH, card, card_height, layer_box, layer_size
from autograd.seeing.pages.player.views.layers import Layer, Unit
from autograd.seeing.pages.player.views.neuron import draw_neuron, rows_of
from autograd.seeing.pages.player.views.parts import Whole, views_of

MARGIN, BETWEEN, GAP = 16.0, 96.0, 10.0
HEADER = 30.0
WIDE = 3.0
"""The cards of a large layer are laid out this many times as wide as high: the place for a graph is wide."""
MOST_IN_A_LINE = 6
"""At most this many boxes stand side by side; more are read like text, line by line."""
FIRST = "network"


def network_views(trace: Trace, layers: Sequence[Layer]) -> list[View]:
    """Return the whole network, then each box followed by what is in it."""
    row = Row(Whole(trace), layers, "")
    return [_overview(row, FIRST, "network", None), *_views_inside(row, FIRST)]


@dataclass(frozen=True)
class Row:
    """Boxes that follow each other: those of the network, or those in one box of it.

    Attributes:
        whole: the whole graph.
        layers: the boxes.
        prefix: what the names of their views begin with; the ids of elements begin with these names.
    """

    whole: Whole
    layers: Sequence[Layer]
    prefix: str

    def name(self, layer: int, unit: int | None = None) -> str:
        """Return the name of the view of a box, or of one of its units."""
        opens = self.layers[layer].opens_as == "boxes"
        own = f"{self.prefix}l{layer}"
        return own if unit is None else f"{own}{'l' if opens else 'u'}{unit}"

    def opened_units(self, layer: int, box: str) -> dict[str, str]:
        """Return the view that each unit of a box opens, by the id of the unit's element."""
        if self.layers[layer].opens_as not in ("neurons", "boxes"):
            return {}
        return {f"{box}-{j}": self.name(layer, j) for j in range(len(self.layers[layer].units))}

    @cached_property
    def weights(self) -> dict[int, int]:
        """How many weights each box multiplies what the box before it gives by; none without such a use."""
        home = {node.id: str(i) for i, layer in enumerate(self.layers) for node in layer.nodes}
        links = links_between(self.whole.trace, home)
        return {
            int(link.target): len(link.weights)
            for link in links if int(link.source) + 1 == int(link.target)
        }  # fmt: skip


def _views_inside(row: Row, parent: str) -> list[View]:
    views: list[View] = []
    for i, layer in enumerate(row.layers):
        name = row.name(i)
        if layer.opens_as == "values":
            views += views_of(row.whole, {node.id for node in layer.nodes}, name, layer.title, parent)
        elif layer.opens_as == "boxes":
            inner = Row(row.whole, layer.inner, name)
            views += [_overview(inner, name, layer.title, parent), *_views_inside(inner, name)]
        else:
            views.append(_layer_view(row, i, parent))
            if layer.opens_as == "neurons":
                for j, unit in enumerate(layer.units):
                    views += _neuron_views(row, unit, i, j)
    return views


# -------------------------------------------------------------------------------------- the boxes


def _overview(row: Row, name: str, title: str, parent: str | None) -> View:
    """Show a box for each layer or other Module, and an arrow from each to the next if that uses it."""
    layers, weights = row.layers, row.weights
    sizes = [layer_size(layer) for layer in layers]
    boxes = [f"{name}-{row.name(i)}" for i in range(len(layers))]
    drawn: list[str] = []
    nodes: dict[str, str] = {}
    opens: dict[str, str] = {}
    arrows: dict[tuple[str, str], str] = {}
    top, width = 0.0, 0.0
    for start in range(0, len(layers), MOST_IN_A_LINE):
        line = range(start, min(start + MOST_IN_A_LINE, len(layers)))
        height = max(sizes[i][1] for i in line) + 2 * MARGIN
        x = MARGIN
        for i in line:
            wide, high = sizes[i]
            drawn.append(layer_box(layers[i], boxes[i], Point(x, top + (height - high) / 2)))
            opens[boxes[i]] = row.name(i)
            opens |= row.opened_units(i, boxes[i])
            nodes |= _mapped(layers[i], boxes[i])
            if i > start and i in weights:
                arrow = f"{name}-to-{row.name(i)}"
                arrows[boxes[i - 1], boxes[i]] = arrow
                begin, tip = Point(x - BETWEEN + 3, top + height / 2), Point(x - 3, top + height / 2)
                drawn.append(plain_arrow(arrow, begin, tip, _words_on_arrow(weights[i])))
            x += wide + BETWEEN
        top, width = top + height, max(width, x - BETWEEN + MARGIN)
    svg = canvas("".join(drawn), width, top)
    return View(name, title, svg, nodes, _edges(row.whole.trace, nodes, arrows), opens, parent)


def _words_on_arrow(weights: int) -> str:
    return counted(weights, "weight") if weights else ""


def _mapped(layer: Layer, box: str) -> dict[str, str]:
    """Map each node to the dot of its unit; what belongs to no unit, to the box."""
    dots = {node.id: f"{box}-{j}" for j, unit in enumerate(layer.units) for node in unit.members}
    return dots | {node.id: box for node in layer.common}


def _edges(trace: Trace, nodes: dict[str, str], arrows: dict[tuple[str, str], str]) -> dict[str, str]:
    """Map each edge from one box to the next to the arrow between them; those inside a box are not shown."""
    boxes = {box for ends in arrows for box in ends}

    def box_of(node: str) -> str:
        shown = nodes.get(node, "")
        return shown if shown in boxes else shown.rpartition("-")[0]

    shown = {edge_key(edge): arrows.get((box_of(edge.source), box_of(edge.target))) for edge in trace.edges}
    return {key: arrow for key, arrow in shown.items() if arrow}


# -------------------------------------------------------------------------------------- one layer


def _layer_view(row: Row, i: int, parent: str) -> View:
    """Show the neurons of a layer as cards, between the boxes before and after it."""
    layers, layer, name = row.layers, row.layers[i], row.name(i)
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
    opens = row.opened_units(i, box)
    for j, unit in enumerate(layer.units):
        along, down = divmod(j, lines)
        corner = Point(
            frame.x + GAP + along * (CARD_WIDTH + GAP), frame.y + HEADER + GAP / 2 + down * (high + GAP)
        )
        role = "input" if layer.opens_as == "inputs" else "operation"
        drawn.append(card(unit, f"{box}-{j}", corner, high, role))
        nodes |= {node.id: f"{box}-{j}" for node in unit.members}
    arrows = {}
    for j, (wide, tall) in beside.items():
        other = f"{name}-{'before' if j < i else 'after'}"
        x = MARGIN if j < i else frame.x + width + BETWEEN
        drawn.append(layer_box(layers[j], other, Point(x, (height - tall) / 2)))
        nodes |= _mapped(layers[j], other)
        opens[other] = row.name(j)
        if max(i, j) not in row.weights:
            continue
        start = x + wide + 3 if j < i else frame.x + width + 3
        ends = (other, box) if j < i else (box, other)
        arrows[ends] = f"{other}-arrow"
        tip = Point(start + BETWEEN - 6, height / 2)
        drawn.append(
            plain_arrow(
                f"{other}-arrow", Point(start, height / 2), tip, _words_on_arrow(row.weights[max(i, j)])
            )
        )
    for j, far in enumerate(layers):
        if j < i - 1 or j > i + 1:
            nodes |= {node.id: f"{name}-{'before' if j < i else 'after'}" for node in far.nodes}
    right = frame.x + width + (BETWEEN + beside[i + 1][0] if i + 1 in beside else 0) + MARGIN
    svg = canvas("".join(drawn), right, height)
    return View(name, layer.title, svg, nodes, _edges(row.whole.trace, nodes, arrows), opens, parent)


# ------------------------------------------------------------------------------------- one neuron


def _neuron_views(row: Row, unit: Unit, i: int, j: int) -> list[View]:
    """Show a neuron as a table of its weights; as a graph if it is no such sum or was used several times."""
    members = {node.id for node in (*unit.members, *row.layers[i].common)}
    name, parent = row.name(i, j), row.name(i)
    inside, elsewhere = row.whole.part(members)
    rows = rows_of(inside, elsewhere) if unit.shown else []
    if not rows:
        return views_of(row.whole, members, name, unit.title, parent)
    return [replace(draw_neuron(inside, rows, name), title=unit.title, parent=parent)]
