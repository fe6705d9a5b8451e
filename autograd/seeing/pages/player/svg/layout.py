"""Where the parts of a graph stand: Graphviz places them, but draws nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from autograd.seeing.drawing.html_labels import cell, row, table
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.facts.arrow import edge_key, operation_id
from autograd.seeing.facts.box import box_of_node
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.arrows import EDGE_LABEL
from autograd.seeing.pages.player.svg.boxes import box_size, circle_size
from autograd.seeing.pages.player.svg.elements import Point

POINTS = 72
"""Points per inch."""
MARGIN = 12.0


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
    """Return places for every node and edge of a trace, from left to right."""
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
    sizes = boxes | circles
    for name, (width, height) in sizes.items():
        shape = "ellipse" if name in circles else "box"
        drawing.node(name, width=str(width / POINTS), height=str(height / POINTS), shape=shape)
    room = cell("", f'FIXEDSIZE="TRUE" WIDTH="{EDGE_LABEL[0]:.0f}" HEIGHT="{EDGE_LABEL[1]:.0f}"')
    for edge in trace.edges:
        label = f"<{table([row(room)])}>" if edge.partial is not None else ""
        drawing.edge(edge.source, heads[edge.target], comment=edge_key(edge), label=label)
    return _read(json.loads(drawing.pipe(format="json", encoding="utf-8")), sizes)


def _read(placed: dict[str, Any], sizes: dict[str, tuple[float, float]]) -> Arrangement:
    """Read what Graphviz says, with y from the top and a margin around."""
    left, bottom, right, top = _numbers(placed["bb"])

    def point(pair: str) -> Point:
        x, y = _numbers(pair)
        return Point(x - left + MARGIN, top - y + MARGIN)

    corners: dict[str, Point] = {}
    for thing in placed.get("objects", ()):
        middle = point(thing["pos"])
        width, height = sizes[thing["name"]]
        corners[thing["name"]] = Point(middle.x - width / 2, middle.y - height / 2)
    edges = placed.get("edges", ())
    return Arrangement(
        width=right - left + 2 * MARGIN,
        height=top - bottom + 2 * MARGIN,
        corners=corners,
        curves={edge["comment"]: [point(pair) for pair in _spline(edge["pos"])] for edge in edges},
        middles={edge["comment"]: point(edge["lp"]) for edge in edges if "lp" in edge},
    )


def _numbers(text: str) -> list[float]:
    return [float(x) for x in text.split(",")]


def _spline(text: str) -> list[str]:
    """Return the Bézier points in Graphviz's ``e,x,y x,y x,y …``, then the tip where there is one."""
    points = text.split(" ")
    if points[0].startswith("e,"):
        points.append(points.pop(0).removeprefix("e,"))
    return points
