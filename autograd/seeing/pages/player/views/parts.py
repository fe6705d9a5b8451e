"""A graph that is too large for one picture, cut into parts that follow each other in the walk.

The parts follow the order of the walk: the forward pass goes through them from first to last and
the reverse pass back again, so a learner who steps stays in one part for a while before turning to
the next.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from autograd.notation.labels import parse_label
from autograd.notation.numbers import counted
from autograd.seeing.facts.columns import columns_crossed
from autograd.seeing.facts.events import inputs_by_target
from autograd.seeing.facts.order import forward_order, parts_of
from autograd.seeing.facts.records import NodeFact, Trace
from autograd.seeing.pages.player.svg.arrows import plain_arrow
from autograd.seeing.pages.player.svg.elements import Point
from autograd.seeing.pages.player.svg.layout import connected
from autograd.seeing.pages.player.svg.view import Moulds, View, canvas, graph_view
from autograd.seeing.pages.player.views.cards import layer_box, layer_size
from autograd.seeing.pages.player.views.layers import Layer, Unit

LARGEST = 150
"""At most this many nodes are drawn in one picture."""

FARTHEST = 400
"""The edges of one picture cross at most this many columns together: the time to place it grows with them."""

PART = 30
"""A part has at most this many nodes."""

MARGIN, BETWEEN = 16.0, 46.0


def fits(trace: Trace) -> bool:
    """Tell whether one picture can show a graph, and be ready in an instant."""
    return len(trace.nodes) <= LARGEST and sum(columns_crossed(trace).values()) <= FARTHEST


class Table(NamedTuple):
    """A neuron's table: the rows, as the places of nodes in its part, what is not in them, and its number."""

    rows: list[list[int]]
    tail: list[int]
    number: int


class Whole:
    """A graph that parts are taken of, ready to find what each of them uses.

    Attributes:
        trace: the graph.
        moulds: what its pictures are cast from.
        tables: those of its neurons, by the shapes of their parts.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.moulds = Moulds()
        self.tables: dict[object, Table] = {}
        self._order = {node.id: i for i, node in enumerate(trace.nodes)}
        self._into = inputs_by_target(trace)
        self._used: dict[str, NodeFact] = {}
        self._kinds: dict[tuple[str, bool], int] = {}
        self._numbers: dict[object, int] = {}

    @cached_property
    def walked(self) -> list[NodeFact]:
        """The nodes as the forward pass comes to them, each leaf before what first uses it."""
        order = forward_order(self.trace, parts_of(self.trace))
        used = ((*[edge.source for edge in self._into[id]], id) for id in order)
        return [self.trace.nodes[self._order[id]] for id in dict.fromkeys(chain.from_iterable(used))]

    def shape(self, part: Trace, used: set[str]) -> object:
        """Return what parts have in common that are drawn alike, but for the sizes of their boxes.

        That is what each node is, whether it is only used, and which nodes its inputs are.
        """
        place = {node.id: k for k, node in enumerate(part.nodes)}
        kinds = [self._kind(node, node.id in used) for node in part.nodes]
        return tuple(kinds), tuple([place[edge.source] for edge in part.edges])

    def _kind(self, node: NodeFact, is_used: bool) -> int:
        """Return a number for what a node is, as a picture shows it."""
        if (node.id, is_used) not in self._kinds:
            kind: object = is_used, node.role, bool(node.label)
            if not is_used:
                place = self.trace.places.get(node.id)
                part, index = (place.part, place.index) if place else ("", None)
                inputs = len(self._into.get(node.id, ()))
                kind = kind, node.op, inputs, part, index if part == "weight" else None
            self._kinds[node.id, is_used] = self._numbers.setdefault(kind, len(self._numbers))
        return self._kinds[node.id, is_used]

    def part(self, members: Iterable[str]) -> tuple[Trace, set[str]]:
        """Return the part that computes the members, and which of its nodes are only used by it."""
        order = sorted(members, key=self._order.__getitem__)
        edges = tuple(chain.from_iterable([self._into.get(member, ()) for member in order]))
        used = {edge.source for edge in edges}.difference(order)
        ids = sorted((*order, *used), key=self._order.__getitem__)
        places = self.trace.places
        nodes = tuple([self._as_used(id) if id in used else self.trace.nodes[self._order[id]] for id in ids])
        among = {id: places[id] for id in ids if id in places}
        return replace(self.trace, nodes=nodes, edges=edges, output=ids[-1], steps=(), places=among), used

    def _as_used(self, node: str) -> NodeFact:
        """Return a node without how it was computed."""
        if node not in self._used:
            self._used[node] = self.trace.nodes[self._order[node]]._replace(symbol=None)
        return self._used[node]


def views_of(whole: Whole, members: set[str], name: str, title: str, parent: str | None) -> list[View]:
    """Show the members in one picture, or else in parts with one picture that leads to them."""
    inside, used = whole.part(members)
    if fits(inside):
        drawn = _cast_view(whole, inside, used, name) if parent else graph_view(inside, name, used)
        return [replace(drawn, name=name, title=title, parent=parent)]
    order = [node for node in whole.walked if node.id in members]
    apart = _apart(inside, used, order)
    parts = apart or [order[i : i + PART] for i in range(0, len(order), PART)]
    views = []
    for i, part in enumerate(parts, 1):
        cut, elsewhere = whole.part(node.id for node in part)
        drawn = _cast_view(whole, cut, elsewhere, f"{name}p{i}")
        views.append(replace(drawn, title=f"part {i}", parent=name))
    return [_overview(parts, name, title, parent, bool(apart)), *views]


def _cast_view(whole: Whole, trace: Trace, elsewhere: set[str], name: str) -> View:
    shape = whole.shape(trace, elsewhere), *map(whole.moulds.faces.size, trace.nodes)
    return whole.moulds.view(trace, name, shape, lambda: graph_view(trace, name, elsewhere))


def _apart(inside: Trace, used: set[str], order: list[NodeFact]) -> list[list[NodeFact]]:
    """Return the parts that have nothing to do with each other; none if there is but one, or a large one."""
    nodes = {node.id: node for node in order}
    pieces = connected(nodes, [(e.source, e.target) for e in inside.edges if e.source not in used])
    found = [[nodes[id] for id in piece] for piece in pieces]
    return found if len(found) > 1 and max(map(len, found)) <= PART else []


def _overview(parts: list[list[NodeFact]], name: str, title: str, parent: str | None, apart: bool) -> View:
    """Show a box for each part, in lines that are read like text, and arrows if they follow each other."""
    layers = [_as_layer(part, i) for i, part in enumerate(parts, 1)]
    width = max(layer_size(layer)[0] for layer in layers)
    height = max(layer_size(layer)[1] for layer in layers)
    columns = min(len(layers), max(2, round(math.sqrt(len(layers) * 1.6 * height / width))))
    drawn: list[str] = []
    nodes: dict[str, str] = {}
    opens: dict[str, str] = {}
    for i, layer in enumerate(layers):
        down, along = divmod(i, columns)
        corner = Point(MARGIN + along * (width + BETWEEN), MARGIN + down * (height + BETWEEN))
        box = f"{name}-b{i}"
        drawn.append(layer_box(layer, box, corner))
        opens[box] = f"{name}p{i + 1}"
        nodes |= {node.id: f"{box}-{j}" for j, node in enumerate(parts[i])}
        if along and not apart:
            middle = corner.y + height / 2
            drawn.append(
                plain_arrow(
                    f"{name}-a{i}", Point(corner.x - BETWEEN + 4, middle), Point(corner.x - 4, middle)
                )
            )
    rows = math.ceil(len(layers) / columns)
    svg = canvas(
        "".join(drawn),
        columns * (width + BETWEEN) - BETWEEN + 2 * MARGIN,
        rows * (height + BETWEEN) - BETWEEN + 2 * MARGIN,
    )
    note = (
        f"{counted(len(nodes), 'value')} are too many for one picture: they are shown in {len(parts)} parts, "
        "none of which uses another"
        if apart
        else f"{counted(len(nodes), 'value')} are too many for one picture, and no Module tells what belongs "
        f"together: they are shown in {len(parts)} parts, in the order of the forward pass"
    )
    return View(name, title, svg, nodes, {}, opens, parent, note)


def _as_layer(part: list[NodeFact], number: int) -> Layer:
    """Return a part as a box of dots; below them which operations are in it."""
    units = tuple(
        Unit(parse_label(node.label or node.symbol or node.role), "", (node,), (node,)) for node in part
    )
    symbols = [symbol for symbol, _ in Counter(n.symbol for n in part if n.symbol).most_common(4)]
    return Layer(f"part {number}", counted(len(part), "value"), units, note="  ".join(symbols))
