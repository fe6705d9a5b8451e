"""Where the parts of a graph stand: Graphviz places them, but draws nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from autograd.seeing.drawing.canvas import stack
from autograd.seeing.drawing.html_labels import cell, row, table
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.facts.arrow import edge_key, operation_id
from autograd.seeing.facts.box_content import box_of_node
from autograd.seeing.facts.records import NodeFact, Trace
from autograd.seeing.facts.shares import Softmaxes
from autograd.seeing.pages.player.svg.arrows import EDGE_LABEL
from autograd.seeing.pages.player.svg.box_shapes import box_size, circle_size
from autograd.seeing.pages.player.svg.elements import Point

POINTS = 72
"""Points per inch."""
ADDING = ("sum", "logsumexp")
"""The ops whose inputs stand below each other in their order."""
MARGIN = 12.0
APART = 14.0
"""The room between pieces of a graph that no arrow connects."""
WIDE = 1.6
"""Such pieces are laid out about this many times as wide as high, as the place for a graph is."""


@dataclass(frozen=True)
class Arrangement:
    """The places of a graph's parts, in units from the top left.

    Attributes:
        width, height: of the whole.
        corners: the top left corner of each node's box, by id, and of the circle of its
            operation, by `operation_id`.
        curves: the Bézier points of each edge, by its key, and its tip; those of the line from
            circle to box by the node's id.
        middles: where the numbers of an edge stand, by its key.
    """

    width: float
    height: float
    corners: dict[str, Point]
    curves: dict[str, list[Point]]
    middles: dict[str, Point]


def arrange(trace: Trace) -> Arrangement:
    """Return places for every node and edge of a trace, from left to right; loose pieces in columns."""
    drawing = Drawing()
    drawing.attr(rankdir="LR", ranksep="0.14", nodesep="0.2")
    drawing.attr("node", shape="box", fixedsize="true", label="")
    drawing.attr("edge", arrowsize="0.7", label="")
    boxes = {node.id: box_size(box_of_node(node)) for node in trace.nodes}
    heads = {node.id: operation_id(node) for node in trace.nodes}
    circles = {heads[node.id]: circle_size(node.symbol) for node in trace.nodes if node.symbol is not None}
    for node in trace.nodes:
        if node.symbol is not None:
            drawing.edge(heads[node.id], node.id, comment=node.id, weight="8", arrowhead="none")
        if node.op in ADDING and node.symbol is not None:
            drawing.node(heads[node.id], ordering="in")  # what it adds up stands in the order of its formula
    for shares in Softmaxes(trace).among(trace.nodes):
        _stack(drawing, [class_.logit for class_ in shares.classes])
    sizes = boxes | circles
    for name, (width, height) in sizes.items():
        shape = "ellipse" if name in circles else "box"
        drawing.node(name, width=str(width / POINTS), height=str(height / POINTS), shape=shape)
    room = cell("", f'FIXEDSIZE="TRUE" WIDTH="{EDGE_LABEL[0]:.0f}" HEIGHT="{EDGE_LABEL[1]:.0f}"')
    for edge in trace.edges:
        label = f"<{table([row(room)])}>" if edge.partial is not None else ""
        drawing.edge(edge.source, heads[edge.target], comment=edge_key(edge), label=label)
    placed = _whole(_read(json.loads(drawing.pipe(format="json", encoding="utf-8")), sizes))
    pieces = connected([node.id for node in trace.nodes], [(e.source, e.target) for e in trace.edges])
    return _in_columns(placed, trace, sizes, pieces) if len(pieces) > 1 else placed


def _stack(drawing: Drawing, logits: Sequence[NodeFact]) -> None:
    """Put what a softmax takes below each other in its order, where nothing of it is computed here."""
    if all(node.symbol is None for node in logits):
        stack(drawing, [*dict.fromkeys(node.id for node in logits)])


def connected(ids: Iterable[str], pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the pieces that the pairs connect, in the order in which they begin.

    >>> connected("abcd", [("a", "c"), ("c", "d")])
    [['a', 'c', 'd'], ['b']]
    """
    home = {id: id for id in ids}

    def first(node: str) -> str:
        while home[node] != node:
            home[node] = node = home[home[node]]
        return node

    for a, b in pairs:
        home[first(b)] = first(a)
    pieces: dict[str, list[str]] = {}
    for id in home:
        pieces.setdefault(first(id), []).append(id)
    return [*pieces.values()]


def _in_columns(
    placed: Arrangement, trace: Trace, sizes: dict[str, tuple[float, float]], pieces: list[list[str]]
) -> Arrangement:
    """Move the pieces of a graph, which stand in one column, into several."""
    piece = {id: k for k, ids in enumerate(pieces) for id in ids}
    piece |= {operation_id(node): piece[node.id] for node in trace.nodes}
    piece |= {edge_key(edge): piece[edge.target] for edge in trace.edges}
    reached: list[list[Point]] = [[] for _ in pieces]
    for id, corner in placed.corners.items():
        width, height = sizes[id]
        reached[piece[id]] += corner, Point(corner.x + width, corner.y + height)
    for id, points in placed.curves.items():
        reached[piece[id]] += points
    for id, middle in placed.middles.items():
        half = Point(EDGE_LABEL[0] / 2, EDGE_LABEL[1] / 2)
        reached[piece[id]] += (
            Point(middle.x - half.x, middle.y - half.y),
            Point(middle.x + half.x, middle.y + half.y),
        )
    corners = [Point(min(p.x for p in points), min(p.y for p in points)) for points in reached]
    ends = [Point(max(p.x for p in points), max(p.y for p in points)) for points in reached]
    wide = max(end.x - corner.x for corner, end in zip(corners, ends, strict=True)) + APART
    high = [end.y - corner.y + APART for corner, end in zip(corners, ends, strict=True)]
    most = max(sum(high) / max(1, round(math.sqrt(sum(high) * WIDE / wide))), *high)
    moves, column, down, lowest = [], 0, 0.0, 0.0
    for corner, height in zip(corners, high, strict=True):
        if down + height > most + APART:
            column, down = column + 1, 0.0
        moves.append(Point(MARGIN + column * wide - corner.x, MARGIN + down - corner.y))
        down += height
        lowest = max(lowest, down)

    def moved(name: str, p: Point) -> Point:
        by = moves[piece[name]]
        return Point(p.x + by.x, p.y + by.y)

    return Arrangement(
        width=(column + 1) * wide - APART + 2 * MARGIN,
        height=lowest - APART + 2 * MARGIN,
        corners={id: moved(id, p) for id, p in placed.corners.items()},
        curves={id: [moved(id, p) for p in points] for id, points in placed.curves.items()},
        middles={id: moved(id, p) for id, p in placed.middles.items()},
    )


def _read(placed: dict[str, Any], sizes: dict[str, tuple[float, float]]) -> Arrangement:
    """Read what Graphviz says, with y from the top and a margin around."""
    left, bottom, right, top = _numbers(placed["bb"])

    def point(pair: str) -> Point:
        x, y = _numbers(pair)
        return Point(x - left + MARGIN, top - y + MARGIN)

    corners: dict[str, Point] = {}
    for thing in (x for x in placed.get("objects", ()) if "pos" in x):  # a column has none
        middle = point(thing["pos"])
        width, height = sizes[thing["name"]]
        corners[thing["name"]] = Point(middle.x - width / 2, middle.y - height / 2)
    edges = placed.get("edges", ())
    return Arrangement(
        width=right - left + 2 * MARGIN,
        height=top - bottom + 2 * MARGIN,
        corners=corners,
        curves={e["comment"]: [point(pair) for pair in _spline(e["pos"])] for e in edges if "comment" in e},
        middles={edge["comment"]: point(edge["lp"]) for edge in edges if "lp" in edge},
    )


def _whole(placed: Arrangement) -> Arrangement:
    """Return it with room for all of its curves: Graphviz leaves some of them partly outside."""
    points = [*chain.from_iterable(placed.curves.values())]
    left, top = (max(0.0, MARGIN / 2 - min(axis, default=MARGIN)) for axis in _axes(points))
    right, bottom = (max(axis, default=0.0) + MARGIN / 2 for axis in _axes(points))

    def moved(p: Point) -> Point:
        return Point(p.x + left, p.y + top)

    return Arrangement(
        width=max(placed.width, right) + left,
        height=max(placed.height, bottom) + top,
        corners={id: moved(p) for id, p in placed.corners.items()},
        curves={id: [moved(p) for p in curve] for id, curve in placed.curves.items()},
        middles={id: moved(p) for id, p in placed.middles.items()},
    )


def _axes(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [p.x for p in points], [p.y for p in points]


def _numbers(text: str) -> list[float]:
    return [float(x) for x in text.split(",")]


def _spline(text: str) -> list[str]:
    """Return the Bézier points in Graphviz's ``e,x,y x,y x,y …``, then the tip where there is one."""
    points = text.split(" ")
    if points[0].startswith("e,"):
        points.append(points.pop(0).removeprefix("e,"))
    return points
