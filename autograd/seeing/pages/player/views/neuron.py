"""One neuron as a table: a row for each weight, and beside it what becomes of their sum.

All neurons of a layer look alike, so their places are computed and not searched for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from autograd.seeing.facts.arrow import edge_key, use_id
from autograd.seeing.facts.box_content import box_of_node
from autograd.seeing.facts.records import EdgeFact, NodeFact, Trace
from autograd.seeing.pages.player.svg.arrows import plain_arrow, plain_line
from autograd.seeing.pages.player.svg.box_shapes import (
    box_size,
    circle_size,
    draw_box,
    draw_circle,
    node_group,
)
from autograd.seeing.pages.player.svg.chips import CHIP_HEIGHT, CHIP_NAME, CHIP_NUMBER, CHIP_WIDTH, chip
from autograd.seeing.pages.player.svg.elements import Point, tag, words
from autograd.seeing.pages.player.svg.view import View, canvas
from autograd.seeing.pages.player.views.parts import Table, Whole

MARGIN, HEADER, PITCH = 14.0, 20.0, 24.0
JOINT = 22.0
"""The room between two chips of a row."""

GUTTER = 34.0
WIDE = 3.0
"""The table of a large neuron is about this many times as wide as high."""

STEM = 12.0
BETWEEN = 60.0
MOST_ARROWS = 16
"""A table of at most this many rows has an arrow from each of them to the sum."""


@dataclass
class Sketch:
    """A picture that is being put together.

    Attributes:
        trace: the neuron's own nodes, those that it uses, and the edges into its own.
        prefix: what the ids of elements begin with.
        drawn: the elements so far.
        nodes, edges: as in `View`.
    """

    trace: Trace
    prefix: str
    drawn: list[str] = field(default_factory=list)
    nodes: dict[str, str] = field(default_factory=dict)
    edges: dict[str, str] = field(default_factory=dict)

    def node(self, node: NodeFact) -> str:
        """Return the id for the element of a node."""
        return self.nodes.setdefault(node.id, f"{self.prefix}-{node.id}")

    def edge(self, edge: EdgeFact) -> str:
        """Return the id for the element of an edge."""
        return self.edges.setdefault(edge_key(edge), f"{self.prefix}-{use_id(edge)}")


Row = list[NodeFact]
"""An input and its weight; their product and the sum so far where these are nodes as well."""


def rows_of(trace: Trace, elsewhere: set[str]) -> list[Row]:
    """Return the rows of a neuron's table; none where it is not a sum of weights times inputs.

    A plain number, such as the 0 around a picture, may stand in several of them; an input stands in one.

    Args:
        trace: the neuron's own nodes and those that it uses.
        elsewhere: the ids of those that it only uses.
    """
    nodes = {node.id: node for node in trace.nodes}
    uses: dict[str, list[EdgeFact]] = {}
    into: dict[str, list[EdgeFact]] = {}
    for edge in trace.edges:
        uses.setdefault(edge.source, []).append(edge)
        into.setdefault(edge.target, []).append(edge)
    parts = {id: place.part for id, place in trace.places.items()}
    weights = [n for n in trace.nodes if parts.get(n.id) == "weight" and n.id not in elsewhere]
    rows = [_row(weight, uses, into, nodes, parts) for weight in weights]
    taken = {row[0].id for row in rows if row}
    again = [row[0].id for row in rows if row and not (row[0].role == "constant" and row[0].op is None)]
    is_told = all(rows) and len({*again}) == len(again)
    if not is_told or not elsewhere <= taken or any(nodes[x].op for x in taken - elsewhere):
        return []
    return sorted(rows, key=lambda row: trace.places[row[1].id].index or 0)


def _row(
    weight: NodeFact,
    uses: dict[str, list[EdgeFact]],
    into: dict[str, list[EdgeFact]],
    nodes: dict[str, NodeFact],
    parts: dict[str, str],
) -> Row:
    """Return the row of a weight that is used once; empty for any other."""
    if len(uses.get(weight.id, ())) != 1:
        return []
    (use,) = uses[weight.id]
    inputs = into[use.target]
    if nodes[use.target].op == "dot":
        half = len(inputs) // 2
        return [
            nodes[inputs[use.position + half if use.position < half else use.position - half].source],
            weight,
        ]
    after = uses.get(use.target, [])
    if nodes[use.target].op != "mul" or len(after) != 1 or nodes[after[0].target].op != "add":
        return []
    row = [nodes[inputs[1 - use.position].source], weight, nodes[use.target]]
    total = nodes[after[0].target]
    return row if parts.get(total.id) == "pre-activation" else [*row, total]


# -------------------------------------------------------------------------------------- the table


def neuron_view(whole: Whole, part: Trace, used: set[str], name: str) -> View | None:
    """Show the table, and to its right what becomes of the sum; None where it is no such sum."""
    part = replace(part, nodes=tuple(sorted(part.nodes, key=lambda node: node.id not in used)))
    shape = whole.shape(part, used)
    if shape not in whole.tables:
        place = {node.id: k for k, node in enumerate(part.nodes)}
        rows = [[place[node.id] for node in row] for row in rows_of(part, used)]
        tail = sorted(set(place.values()).difference(*rows))
        whole.tables[shape] = Table(rows, tail, len(whole.tables))
    table = whole.tables[shape]
    if not table.rows:
        return None
    sizes = [whole.moulds.faces.size(part.nodes[k]) for k in table.tail]
    rows_drawn = ([part.nodes[k] for k in row] for row in table.rows)
    return whole.moulds.view(
        part, name, (table.number, *sizes), lambda: draw_neuron(part, [*rows_drawn], name)
    )


def draw_neuron(trace: Trace, rows: list[Row], prefix: str) -> View:
    """Draw the table, and to its right what becomes of the sum."""
    sketch = Sketch(trace, prefix)
    columns = _columns(rows)
    chips = max(map(len, rows))
    width = chips * CHIP_WIDTH + (chips - 1) * JOINT
    lines = math.ceil(len(rows) / columns)
    height = HEADER + lines * PITCH
    corners: dict[str, Point] = {}
    for i, row in enumerate(rows):
        along, down = divmod(i, lines)
        for j, node in enumerate(row):
            x = MARGIN + along * (width + GUTTER) + j * (CHIP_WIDTH + JOINT)
            corner = Point(x, MARGIN + HEADER + down * PITCH)
            if corners.setdefault(node.id, corner) is not corner:  # a plain number that stands above as well
                sketch.drawn.append(
                    words("the same constant", x + CHIP_WIDTH - 6, corner.y + CHIP_HEIGHT - 6, "role")
                )
    for along in range(columns):
        _head_columns(sketch, rows[0], MARGIN + along * (width + GUTTER))
    right = MARGIN + columns * (width + GUTTER) - GUTTER
    tail = [node for node in trace.nodes if node.id not in corners]
    _draw_joints(sketch, rows, corners)
    joined = len(rows) <= MOST_ARROWS and columns == 1
    size = _draw_tail(sketch, tail, Point(right, MARGIN + HEADER + lines * PITCH / 2), corners, joined)
    if not joined:
        _draw_frame(sketch, right, height)
    for node in {node.id: node for row in rows for node in row}.values():
        sketch.drawn.append(chip(node, sketch.node(node), corners[node.id]))
    svg = canvas("".join(sketch.drawn), size.x + MARGIN, max(height + 2 * MARGIN, size.y + MARGIN))
    return View(prefix, "", svg, sketch.nodes, sketch.edges)


def _columns(rows: list[Row]) -> int:
    """Return how many rows stand side by side, for the table to be `WIDE` times as wide as high."""
    if len(rows) <= MOST_ARROWS:
        return 1
    width = max(map(len, rows)) * (CHIP_WIDTH + JOINT)
    return max(1, round(math.sqrt(len(rows) * PITCH * WIDE / width)))


HEADINGS = ("input", "weight", "product", "sum so far")


def _head_columns(sketch: Sketch, row: Row, left: float) -> None:
    """Write above the first row what stands in each column."""
    y = MARGIN + HEADER - 7
    for j in range(len(row)):
        x = left + j * (CHIP_WIDTH + JOINT)
        sketch.drawn.append(words(HEADINGS[j], x + 6, y, "note"))
        sketch.drawn.append(words("value", x + CHIP_WIDTH - 6 - CHIP_NUMBER, y, "role"))
        sketch.drawn.append(words("gradient", x + CHIP_WIDTH - 6, y, "role"))


def _draw_joints(sketch: Sketch, rows: list[Row], corners: dict[str, Point]) -> None:
    """Draw the edges inside the table: into each product from both sides, and on to the next sum."""
    middle = CHIP_HEIGHT / 2
    place = {node.id: (i, j) for i, row in [*enumerate(rows)][::-1] for j, node in enumerate(row)}
    for row in rows:
        corner = corners[row[1].id]
        sketch.drawn.append(words("×", corner.x - JOINT / 2, corner.y + middle + 4, "symbol"))
    for edge in sketch.trace.edges:
        if edge.source not in place:
            if edge.target in place:  # the bias, which the sums begin with
                corner = corners[edge.target]
                _down(sketch, edge, corner)
            continue
        corner = corners[edge.source]
        column = place[edge.source][1]
        y = corner.y + middle
        if column == 0:
            start = Point(corner.x + CHIP_WIDTH, y)
            sketch.drawn.append(plain_line(sketch.edge(edge), start, Point(start.x + JOINT / 2 - 6, y)))
        elif column == 1:
            sketch.drawn.append(
                plain_line(sketch.edge(edge), Point(corner.x - JOINT / 2 + 6, y), Point(corner.x, y))
            )
        elif edge.target in place and place[edge.target][0] != place[edge.source][0]:
            _down(sketch, edge, corners[edge.target])
        else:
            start = Point(corner.x + CHIP_WIDTH, y)
            sketch.drawn.append(plain_arrow(sketch.edge(edge), start, Point(start.x + JOINT - 2, y)))


def _down(sketch: Sketch, edge: EdgeFact, corner: Point) -> None:
    """Draw the arrow from the sum above into this one."""
    x = corner.x + CHIP_NAME / 2
    sketch.drawn.append(
        plain_arrow(sketch.edge(edge), Point(x, corner.y - PITCH + CHIP_HEIGHT), Point(x, corner.y))
    )


def _draw_frame(sketch: Sketch, right: float, height: float) -> None:
    """Draw a frame around a table of many rows: they all go into the sum."""
    width, high = right - MARGIN + 16, height + 8
    frame = tag("rect", x=MARGIN - 8, y=MARGIN - 4, width=width, height=high, rx=8.0, class_="around")
    sketch.drawn.insert(0, frame)


# --------------------------------------------------------------------------------------- the tail


def _draw_tail(
    sketch: Sketch, tail: list[NodeFact], start: Point, corners: dict[str, Point], joined: bool
) -> Point:
    """Draw what becomes of the sum, from left to right; return how far it reaches."""
    x, lowest = start.x + 8 + BETWEEN + (40 if joined else 0), 0.0
    heads: dict[str, Point] = {}
    tails: dict[str, Point] = {}
    for node in tail:
        box = box_of_node(node)
        width, height = box_size(box)
        if node.symbol is None:  # the bias, or a number: below the others, at their left
            corner = Point(start.x + 8 + 30, start.y + 54)
            while any(abs(corner.y - other.y) < 1 for other in corners.values()):
                corner = Point(corner.x, corner.y + height + 14)
            drawn = draw_box(box, corner)
        else:
            wide, high = circle_size(node.symbol)
            heads[node.id] = Point(x, start.y)
            corner = Point(x + wide + STEM, start.y - height / 2)
            stem = tag("path", d=f"M{x + wide:.1f} {start.y:.1f}h{STEM:.0f}", class_="stem")
            symbol = draw_circle(node.symbol, Point(x, start.y - high / 2))
            drawn = stem + symbol + draw_box(box, corner)
            x = corner.x + width + BETWEEN
        corners[node.id] = corner
        tails[node.id] = Point(corner.x + width, corner.y + height / 2)
        lowest = max(lowest, corner.y + height)
        sketch.drawn.append(node_group(box, sketch.node(node), drawn))
    _draw_tail_edges(sketch, heads, tails, corners, start, joined)
    return Point(x - BETWEEN, lowest)


def _draw_tail_edges(
    sketch: Sketch,
    heads: dict[str, Point],
    tails: dict[str, Point],
    corners: dict[str, Point],
    start: Point,
    joined: bool,
) -> None:
    """Draw the arrows into what follows the table; those from a long table are one."""
    first = next(iter(heads.values()), start)
    if not joined:
        sketch.drawn.append(plain_arrow(f"{sketch.prefix}-all", Point(start.x + 8, start.y), first))
    for edge in sketch.trace.edges:
        if edge.target not in heads or edge_key(edge) in sketch.edges:
            continue
        tip = heads[edge.target]
        from_below = corners[edge.source].y > tip.y + 20 and edge.source in tails
        begin = tails[edge.source]
        if from_below:
            begin, tip = Point(tip.x + 13, corners[edge.source].y), Point(tip.x + 13, tip.y + 13)
        sketch.drawn.append(
            plain_arrow(sketch.edge(edge), begin, tip, bow=70 if tip.x - begin.x > 100 else 0)
        )
    if joined:
        _join(sketch, corners, start, first)


def _join(sketch: Sketch, corners: dict[str, Point], start: Point, tip: Point) -> None:
    """Draw an arrow from the end of each row to the sum."""
    ends = {c.y: c.x for c in sorted(corners.values(), key=lambda c: c.x) if c.x + CHIP_WIDTH <= start.x + 1}
    for y in ends:
        begin = Point(start.x + 3, y + CHIP_HEIGHT / 2)
        sketch.drawn.append(plain_arrow(f"{sketch.prefix}-row{y:.0f}", begin, tip))
