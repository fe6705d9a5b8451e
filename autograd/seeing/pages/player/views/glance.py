"""A network of planes at a glance: a thumbnail of each plane, from the input to the shares, left to right.

The page itself fills the thumbnails and tells the answer, with the numbers as they are (``glance.js``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from autograd.notation.labels import shorten
from autograd.seeing.facts.arrow import edge_key
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.box_shapes import NUMBER_WIDTH
from autograd.seeing.pages.player.svg.elements import Point, hint, pair, tag, text_width, words
from autograd.seeing.pages.player.svg.view import Plane, View, canvas
from autograd.seeing.pages.player.views.cards import shape_of
from autograd.seeing.pages.player.views.layers import MOST_IN_PICTURES, Layer
from autograd.seeing.style import SMALL_SIZE, TEXT_SIZE

NAME, TITLE = "glance", "at a glance"

SIDE, SMALL_SIDE, APART = 38.0, 24.0, 6.0
"""The longer side of a plane, that where many planes stand side by side, and the room between two."""
MOST_BELOW = 8
"""At most so many planes stand below each other; further ones begin a new line of them."""
MOST_ROWS, CELL = 40, 12.0
"""At most so many numbers of a column stand below each other, and how large one is at most."""
MOST_WRITTEN = 24
"""The shares of more classes are not written out."""
BETWEEN, MARGIN, HEADER, ROW = 22.0, 8.0, 50.0, 19.0
LONGEST_TITLE = 14
MOST_INSIDE = 24
"""A box of at most so many boxes is shown as these."""
BAR = 44.0


class Column(NamedTuple):
    """What stands below each other.

    Attributes:
        name: the view that it leads to.
        layer: the box that it shows.
        planes: what its thumbnails show; none where it shows shares, or is too large.
    """

    name: str
    layer: Layer
    planes: Sequence[Plane]

    @property
    def beside(self) -> int:
        """How many lines of thumbnails stand side by side."""
        return max(1, math.ceil(len(self.planes) / MOST_BELOW))

    @property
    def below(self) -> int:
        """How many thumbnails stand below each other."""
        return math.ceil(len(self.planes) / self.beside)

    def thumbnail(self) -> tuple[float, float]:
        """Return the width and height of one of its thumbnails."""
        if not self.planes:
            return 0.0, 0.0
        columns, rows = self.planes[0].columns, math.ceil(len(self.planes[0].nodes) / self.planes[0].columns)
        side = SIDE if self.beside == 1 else SMALL_SIDE
        tallest = MOST_BELOW * (SIDE + APART) - APART
        cell = side / max(rows, columns) if self.layer.columns else min(CELL, tallest / rows)
        return columns * cell, rows * cell

    def size(self) -> tuple[float, float]:
        """Return the width and height of what it shows."""
        if self.shows_shares:
            return self.names + BAR + APART + NUMBER_WIDTH, len(self.layer.shares) * ROW
        wide, high = self.thumbnail()
        return self.beside * (wide + APART) - APART, self.below * (high + APART) - APART

    @property
    def shows_shares(self) -> bool:
        """Whether it shows the share of each class."""
        return 0 < len(self.layer.shares) <= MOST_WRITTEN

    @property
    def names(self) -> float:
        """How wide the names of its classes are."""
        return max(text_width(self.called(k), TEXT_SIZE) for k in range(len(self.layer.shares))) + APART

    def called(self, k: int) -> str:
        """Return what one of its classes is called: its number, where it has no name."""
        return self.layer.classes[k] if self.layer.classes else str(k)

    def heading(self) -> list[tuple[str, str]]:
        """Return the words above it, and their classes."""
        title, shape = self.layer.title, shape_of(self.layer)
        of = self.layer.group.of if self.layer.group else ""
        size = f"{shape[0]} × {shape[1]}×{shape[2]}" if shape else self.layer.kind if of else ""
        lines = [of if of and len(title) > LONGEST_TITLE else title, of, size]  # all of it is its hint
        shown = [shorten(line, LONGEST_TITLE) for line in dict.fromkeys(filter(None, lines))]
        return [(line, "called" if k == 0 else "fact") for k, line in enumerate(shown)]


def glance_view(trace: Trace, layers: Sequence[Layer]) -> View | None:
    """Return the network at a glance; None where fewer than two of its boxes give planes.

    Args:
        trace: the facts of the graph.
        layers: the boxes that it is folded into.
    """
    columns = [Column(name, layer, _planes(layer)) for name, layer in _flat(layers, "")]
    if sum(bool(shape_of(column.layer)) for column in columns) < 2:
        return None
    picture = _Picture(max(column.size()[1] for column in columns))
    for column in columns:
        picture.add(column)
    return picture.view(trace)


class Place(NamedTuple):
    """Where what lines lead to and from stands: in which column, the middle of its left side, its width."""

    column: int
    left: Point
    wide: float


class _Picture:
    """Columns side by side, as they are added.

    Args:
        high: how high the highest is.
    """

    def __init__(self, high: float) -> None:
        self._high, self._x, self._columns = high, MARGIN, 0
        self._drawn: list[str] = []
        self._nodes: dict[str, str] = {}
        self._places: dict[str, Place] = {}
        self._planes: dict[str, Plane] = {}
        self._opens: dict[str, str] = {}

    def add(self, column: Column) -> None:
        """Add a column: its heading, and below that its thumbnails or its shares."""
        heading, (wide, high) = column.heading(), column.size()
        width = max(wide, *(text_width(line, SMALL_SIZE * 1.2) for line, _ in heading), SIDE)
        corner = Point(self._x + (width - wide) / 2, HEADER + (self._high - high) / 2)
        name = f"{NAME}-{column.name}"
        said = [
            words(line, self._x + width / 2, 14.0 + 14 * k, f"middle {kind}")
            for k, (line, kind) in enumerate(heading)
        ]
        around = tag("rect", x=self._x - 4, width=width + 8, height=HEADER - 6, rx=6.0, class_="heading")
        head = tag("g", hint(column.layer.title) + around + "".join(said), id=name, class_="node head")
        owners = {node.id: name for node in column.layer.nodes}
        shown = self._shares(column, name, corner, owners) if column.shows_shares else ""
        thumbnails = [self._thumbnail(column, k, name, corner, owners) for k in range(len(column.planes))]
        self._nodes = owners | self._nodes
        self._opens[name] = column.name
        self._drawn.append(tag("g", head + shown + "".join(thumbnails), class_="column"))
        self._x += width + BETWEEN
        self._columns += 1

    def _thumbnail(self, column: Column, k: int, name: str, corner: Point, owners: dict[str, str]) -> str:
        """Return the frame of a plane, which the page fills, and note what it shows."""
        along, down = divmod(k, column.below)
        wide, high = column.thumbnail()
        at = Point(corner.x + along * (wide + APART), corner.y + down * (high + APART))
        own, size = f"{name}-{k}", len(column.layer.dots) // len(column.planes)
        shown = [dot.members for dot in column.layer.dots[k * size : (k + 1) * size]]
        for members in shown if column.layer.columns else [column.layer.nodes]:
            owners.update(dict.fromkeys([node.id for node in members], own))
        self._places[own] = Place(self._columns, Point(at.x, at.y + high / 2), wide)
        self._planes[own] = column.planes[k]
        self._opens[own] = column.name
        frame = tag("rect", width=wide, height=high, class_="frame")
        return tag("g", frame, id=own, class_="node thumbnail", transform=f"translate({pair(at)})")

    def _shares(self, column: Column, name: str, corner: Point, owners: dict[str, str]) -> str:
        """Return a row for each class: what it is called, a bar, and its share, as the page fills them in."""
        own, (wide, high), drawn = f"{name}-shares", column.size(), list[str]()
        for k, fact in enumerate(column.layer.shares):
            y = corner.y + k * ROW + 13
            bar = [
                tag("rect", x=corner.x + column.names, y=y - 9, width=length, height=9.0, rx=2.0, class_=kind)
                for kind, length in (("whole", BAR), ("part", 0.0))
            ]
            called = words(column.called(k), corner.x, y, "class")
            share = words(fact.number, corner.x + wide, y, "number")
            drawn.append(tag("g", "".join([called, *bar, share]), class_="row"))
        for unit in column.layer.units:
            owners.update(dict.fromkeys([node.id for node in unit.members], own))
        self._places[own] = Place(self._columns, Point(corner.x, corner.y + high / 2), wide)
        self._opens[own] = column.name
        target = {} if column.layer.target is None else {"data_target": str(column.layer.target)}
        return tag("g", "".join(drawn), id=own, class_="node shares", data_key=column.layer.key, **target)

    def view(self, trace: Trace) -> View:
        """Return the whole of it, with its lines, and a way to the boxes."""
        lines, edges = self._lines(trace)
        boxes, y = f"{NAME}-boxes", HEADER + self._high + 14
        door = tag("g", words("Its boxes ›", MARGIN, y, "note"), id=boxes, class_="door")
        svg = canvas("".join([*lines, *self._drawn, door]), self._x - BETWEEN + MARGIN, y + 8)
        opens = self._opens | {boxes: "network"}
        return View(NAME, TITLE, svg, self._nodes, edges, opens, planes=self._planes)

    def _lines(self, trace: Trace) -> tuple[list[str], dict[str, str]]:
        """Return a line from each thumbnail to each that is computed of it, and which shows an edge."""
        given = {node.id for node in trace.nodes if node.role not in ("weight", "constant")}
        drawn: dict[str, str] = {}
        edges: dict[str, str] = {}
        for edge in trace.edges:
            source, target = self._nodes[edge.source], self._nodes[edge.target]
            ends = self._places.get(source), self._places.get(target)
            if edge.source not in given or ends[0] is None or ends[1] is None:
                continue
            if ends[0].column < ends[1].column:
                name = edges[edge_key(edge)] = f"{source}-to-{target}"
                if name not in drawn:
                    drawn[name] = _line(name, ends[0], ends[1])
        return [*drawn.values()], edges


def _line(name: str, before: Place, after: Place) -> str:
    start, end = Point(before.left.x + before.wide + 1, before.left.y), Point(after.left.x - 1, after.left.y)
    bends = Point(start.x + BETWEEN / 2, start.y), Point(end.x - BETWEEN / 2, end.y)
    way = f"M{pair(start)}C{' '.join(map(pair, (*bends, end)))}"
    return tag("g", tag("path", d=way, class_="line"), id=name, class_="edge use thread")


def _flat(layers: Sequence[Layer], prefix: str) -> Iterator[tuple[str, Layer]]:
    """Yield the boxes, those that hold some boxes as these, each with the name of its view."""
    for i, layer in enumerate(layers):
        name = f"{prefix}l{i}"
        if layer.opens_as == "boxes" and not layer.columns and len(layer.inner) <= MOST_INSIDE:
            yield from _flat(layer.inner, name)
        else:
            yield name, layer


def _planes(layer: Layer) -> list[Plane]:
    """Return the numbers that a box gives, plane by plane; numbers in no picture as one."""
    if layer.shares:
        return []
    if layer.columns or layer.opens_as in ("inputs", "neurons"):
        given = [dot.members[-1].id for dot in layer.dots]
    else:
        given = [node.id for node in (layer.group.outputs() if layer.group else ())]
    if len(given) > MOST_IN_PICTURES:
        return []
    size = len(layer.units) // layer.planes if layer.columns else len(given)
    columns = layer.columns or math.ceil(len(given) / MOST_ROWS)
    return [Plane(given[k : k + size], columns) for k in range(0, len(given), size or 1)]
