"""The views of a network: its layers, the neurons of a layer, and each neuron."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autograd.seeing.facts.arrow import IN_BRACKETS, edge_key, tells_share, weights_of_link
from autograd.seeing.facts.folding.links import Link, links_between
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.arrows import bent_arrow
from autograd.seeing.pages.player.svg.elements import Point, tag, text_width, words
from autograd.seeing.pages.player.svg.view import View, canvas
from autograd.seeing.pages.player.views.cards import (
    CARD_WIDTH,
    card,
    card_height,
    layer_box,
    layer_size,
    shape_of,
)
from autograd.seeing.pages.player.views.glance import glance_view
from autograd.seeing.pages.player.views.layers import Layer, Unit, from_outside
from autograd.seeing.pages.player.views.neuron import neuron_view
from autograd.seeing.pages.player.views.parts import Whole, views_of
from autograd.seeing.pages.player.views.sliding import sliding_view
from autograd.seeing.pages.player.views.ways import Pair, stand
from autograd.seeing.style import SMALL_SIZE

MARGIN, BETWEEN, GAP = 16.0, 96.0, 10.0
HEADER = 30.0
WIDE = 3.0
"""The cards of a large layer are laid out this many times as wide as high: the place for a graph is wide."""
WIDEST = 940.0
"""Boxes stand side by side up to this width, that of a page; further ones begin a new line, as text does."""
BELOW = 18.0
"""The room between two boxes that stand one below the other."""
FIRST = "network"


def network_views(trace: Trace, layers: Sequence[Layer]) -> list[View]:
    """Return the network, first at a glance if it gives planes, then each box followed by what is in it."""
    row, first = Row(Whole(trace), layers, ""), glance_view(trace, layers)
    glance, parent = ([], None) if first is None else ([first], first.name)
    return [*glance, overview(row, FIRST, "network", parent), *_views_inside(row, FIRST)]


@dataclass(frozen=True)
class Row:
    """Boxes that follow each other: those of the network, or those in one box of it.

    Attributes:
        whole: the whole graph.
        layers: the boxes.
        prefix: what the names of their views begin with; the ids of elements begin with these names.
        outside: how many boxes, the first ones, stand for what comes from elsewhere.
        drawn: what the boxes are drawn as; empty where that is what they are.
    """

    whole: Whole
    layers: Sequence[Layer]
    prefix: str
    outside: int = 0
    drawn: Sequence[Layer] = ()

    def name(self, layer: int, unit: int | None = None) -> str:
        """Return the name of the view of a box, or of one of its units."""
        opens = self.layers[layer].opens_as == "boxes"
        own = f"{self.prefix}l{layer - self.outside}"
        return own if unit is None else f"{own}{'l' if opens else 'u'}{unit}"

    def opened(self, layer: int, box: str) -> dict[str, str]:
        """Return the view that a box opens and those that its units open, by the ids of their elements."""
        opens_as = self.layers[layer].opens_as
        own = {} if opens_as == "outside" else {box: self.name(layer)}
        if opens_as in ("neurons", "boxes", "windows"):
            dots = (self.drawn or self.layers)[layer].dots
            own |= {f"{box}-{dot.key}": self.name(layer, dot.unit) + dot.inner for dot in dots}
        return own

    def within(self, layer: int) -> Row:
        """Return the boxes in a box, after what they take from outside of it."""
        inner = self.layers[layer].inner
        inside, used = self.whole.part(node.id for node in self.layers[layer].nodes)
        taken = [n for n in inside.nodes if n.id in used and n.role not in ("weight", "constant")]
        ids = {node.id for node in taken}
        origins = {
            box.title.removeprefix("from ")
            for box in self.layers
            if any(node.id in ids for node in box.nodes)
        }
        whole = [box for box in self.layers if ids == {node.id for node in box.nodes}]
        taken, columns, planes = (
            (whole[0].nodes, whole[0].columns, whole[0].planes) if whole else (taken, 0, 1)
        )
        outside = [from_outside(taken, origins, columns, planes)] if taken else []
        return Row(self.whole, [*outside, *inner], self.name(layer), len(outside))

    @cached_property
    def links(self) -> dict[Pair, Link]:
        """The links between the boxes, by which of them they lead from and to.

        What several boxes hold, such as the weights of a Module used several times, is not a link; nor is a
        plain number, such as the 0 that a state begins with: it comes from no box.
        """
        home: dict[str, str] = {}
        for i, layer in enumerate(self.layers):
            for node in layer.nodes:
                is_plain = node.role == "constant" and node.op is None and layer.opens_as != "inputs"
                home[node.id] = str(i) if node.id not in home and not is_plain else ""
        inside, _ = self.whole.part(home)
        links = links_between(inside, {id: i for id, i in home.items() if i})
        return {(int(link.source), int(link.target)): link for link in links}

    @cached_property
    def words(self) -> dict[Pair, str]:
        """What the arrow of each link says: the shape of what crosses, and how many weights it stands for.

        The shape is that of pictures, planes × rows × columns, where all of what a box gives crosses.
        """
        said: dict[Pair, str] = {}
        for (i, j), link in self.links.items():
            weights = weights_of_link(link) if link.weights or link.is_only_tied else ""
            shape, tied = shape_of(self.layers[i]), {node.id for node in link.tied}
            crosses = len({edge.source for edge in link.edges} - tied)
            whole = "×".join(map(str, shape)) + " values" if shape and math.prod(shape) == crosses else ""
            said[i, j] = " · ".join(filter(None, [whole, weights]))
        return said


def _views_inside(row: Row, parent: str) -> list[View]:
    views: list[View] = []
    for i, layer in enumerate(row.layers):
        name = row.name(i)
        if layer.opens_as == "outside":
            continue
        if layer.opens_as == "values":
            own, *inside = views_of(row.whole, {node.id for node in layer.nodes}, name, layer.title, parent)
        elif layer.opens_as == "boxes":
            inner = row.within(i)
            own, inside = overview(inner, name, layer.title, parent), _views_inside(inner, name)
        else:
            draw, units = _windows_view if layer.slides else _layer_view, enumerate(layer.units)
            own, is_open = draw(row, i, parent), layer.opens_as in ("neurons", "windows")
            inside = [view for j, unit in units if is_open for view in _neuron_views(row, unit, i, j)]
        views += [replace(own, about=about(layer)), *inside]
    return views


def about(layer: Layer) -> str:
    """Return the class of a box's Module, and what that says of itself; "" of what is no Module."""
    return ": ".join(filter(None, [layer.group.of, layer.group.brief])) if layer.group else ""


# -------------------------------------------------------------------------------------- the boxes


def overview(row: Row, name: str, title: str, parent: str | None) -> View:
    """Show a box for each layer or other Module, and an arrow for all that one takes from another."""
    layers = row.drawn or row.layers
    between = _room_for_words(said for (i, j), said in row.words.items() if j == i + 1)
    standing = stand(
        [layer_size(layer) for layer in layers], row.links,
        widest=WIDEST, between=between, margin=MARGIN,
    )  # fmt: skip
    drawn: list[str] = []
    nodes: dict[str, str] = {}
    opens: dict[str, str] = {}
    edges: dict[str, str] = {}
    for i, (layer, corner) in enumerate(zip(layers, standing.corners, strict=True)):
        box = f"{name}-{row.name(i)}"
        drawn.append(layer_box(layer, box, corner))
        opens |= row.opened(i, box)
        nodes = _mapped(layer, box) | nodes
    ways = standing.ways
    for i, j in sorted(row.links, key=lambda ends: math.dist(*ways[ends][-2:])):  # no words under a line
        arrow, link = f"{name}-{row.name(i)}-to-{row.name(j)}", row.links[i, j]
        drawn.append(bent_arrow(arrow, ways[i, j], row.words[i, j]))
        edges |= _shown_by(arrow, link)
    ends = (ways[ends][-1].x + text_width(said, SMALL_SIZE) for ends, said in row.words.items())
    width = max(standing.width, *(x + MARGIN for x in ends), 0)
    svg = canvas("".join(drawn), width, standing.height, data_between=between)
    return View(name, title, svg, nodes, edges, opens, parent, _explained(row.links.values()))


def _explained(links: Iterable[Link]) -> str:
    """Return what the words on the arrows of links mean that do not speak for themselves."""
    return IN_BRACKETS if any(map(tells_share, links)) else ""


def _room_for_words(said: Iterable[str]) -> float:
    """Return how far apart boxes stand that arrows lead straight between."""
    return max([BETWEEN, *(text_width(words, SMALL_SIZE) + 2 * GAP for words in said)])


def _mapped(layer: Layer, box: str) -> dict[str, str]:
    """Map each node to the dot of its unit, the first of several; what belongs to no unit, to the box."""
    nodes = {node.id: box for node in layer.common}
    for dot in layer.dots:
        for node in dot.members:
            nodes.setdefault(node.id, f"{box}-{dot.key}")
    return nodes


def _shown_by(arrow: str, link: Link) -> dict[str, str]:
    """Map each edge of a link to its arrow; those inside a box are not shown."""
    return {edge_key(edge): arrow for edge in link.edges}


# -------------------------------------------------------------------------------------- one layer


def _layer_view(row: Row, i: int, parent: str) -> View:
    """Show the neurons of a layer as cards, between the boxes before and after it."""
    layers, layer, name = row.layers, row.layers[i], row.name(i)
    high = card_height(layer)
    columns = max(1, round(math.sqrt(len(layer.units) * (high + GAP) * WIDE / (CARD_WIDTH + GAP))))
    lines = math.ceil(len(layer.units) / columns)
    columns = math.ceil(len(layer.units) / lines)  # the last of them may not be needed
    width = columns * (CARD_WIDTH + GAP) + GAP
    frame_height = HEADER + lines * (high + GAP) + GAP
    before = [(a, link) for (a, b), link in row.links.items() if b == i]
    after = [(b, link) for (a, b), link in row.links.items() if a == i]
    sizes = {j: layer_size(layers[j]) for j, _ in (*before, *after)}
    stacks = [sum(sizes[j][1] + BELOW for j, _ in side) for side in (before, after)]
    height = max(frame_height, *stacks) + 2 * MARGIN
    between = _room_for_words(said for ends, said in row.words.items() if i in ends)
    left = MARGIN + max((sizes[j][0] + between for j, _ in before), default=0)
    frame = Point(left, (height - frame_height) / 2)
    box = f"{name}-here"
    drawn = [
        tag("rect", x=frame.x, y=frame.y, width=width, height=frame_height, rx=10.0, class_="around", id=box),
        words(layer.title, frame.x + GAP + 2, frame.y + 22, "title"),
        words(layer.kind, frame.x + width - GAP, frame.y + 21, "role"),
    ]
    nodes = {node.id: box for node in layer.common}
    opens = {unit: view for unit, view in row.opened(i, box).items() if unit != box}
    for j, unit in enumerate(layer.units):
        along, down = divmod(j, lines)
        corner = Point(
            frame.x + GAP + along * (CARD_WIDTH + GAP), frame.y + HEADER + GAP / 2 + down * (high + GAP)
        )
        role = "input" if layer.opens_as == "inputs" else "operation"
        drawn.append(card(unit, f"{box}-{j}", corner, high, role))
        nodes |= {node.id: f"{box}-{j}" for node in unit.members}
    edges: dict[str, str] = {}
    right = frame.x + width
    for side, beside, stacked in (("before", before, stacks[0]), ("after", after, stacks[1])):
        y = (height - stacked + BELOW) / 2
        for k, (j, link) in enumerate(beside, 1):
            wide, high = sizes[j]
            other = f"{name}-{side}{j}"
            corner = Point(frame.x - between - wide if side == "before" else frame.x + width + between, y)
            drawn.append(layer_box(layers[j], other, corner))
            nodes = _mapped(layers[j], other) | nodes
            opens |= {box: view for box, view in row.opened(j, other).items() if box == other}
            at = frame.y + frame_height * k / (len(beside) + 1)
            way = (
                [Point(corner.x + wide + 3, y + high / 2), Point(frame.x - 3, at)]
                if side == "before"
                else [Point(frame.x + width + 3, at), Point(corner.x - 3, y + high / 2)]
            )
            said = row.words[(j, i) if side == "before" else (i, j)]
            drawn.append(bent_arrow(f"{other}-arrow", way, said))
            edges |= _shown_by(f"{other}-arrow", link)
            right = max(right, corner.x + wide)
            y += high + BELOW
    svg = canvas("".join(drawn), right + MARGIN, height)
    note = _explained(link for _, link in (*before, *after))
    return View(name, layer.title, svg, nodes, edges, opens, parent, note)


def _windows_view(row: Row, i: int, parent: str) -> View:
    """Show what slides over a picture."""
    layer, name = row.layers[i], row.name(i)
    seen = next(filter(None, layer.slides.windows.planes[0])) if layer.slides else ""
    before = next((box.title for box in row.layers if any(node.id == seen for node in box.nodes)), "")
    opens = {unit: view for unit, view in row.opened(i, name).items() if unit != name}
    return sliding_view(layer, before, View(name, layer.title, "", {}, {}, opens, parent))


# ------------------------------------------------------------------------------------- one neuron


def _neuron_views(row: Row, unit: Unit, i: int, j: int) -> list[View]:
    """Show a neuron as a table of its weights; as a graph if it is not a sum or was used several times."""
    common = () if row.layers[i].slides else row.layers[i].common
    members = {node.id for node in (*unit.members, *common)}
    name, parent = row.name(i, j), row.name(i)
    drawn = neuron_view(row.whole, *row.whole.part(members), name) if unit.shown else None
    if drawn is None:
        return views_of(row.whole, members, name, unit.title, parent)
    return [replace(drawn, title=unit.title, parent=parent)]
