"""Where everything of a graph goes: Graphviz places it, nothing is drawn with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from autograd.seeing.drawing.markup import cell, row, table
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.drawing.values import operation_id
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.shapes import EDGE_LABEL, Point, box_size, circle_size, edge_key

POINTS = 72
MARGIN = 12.0
CIRCLE = "_op"


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
    """Places for every node and edge of a trace, from left to right."""
    drawing = Drawing()
    drawing.attr(rankdir="LR", ranksep="0.2", nodesep="0.2")
    drawing.attr("node", shape="box", fixedsize="true", label="")
    drawing.attr("edge", arrowsize="0.7", label="")
    sizes = {}
    for node in trace.nodes:
        sizes[node.id] = box_size(node)
        if node.symbol is not None:
            sizes[operation_id(node)] = circle_size(node.symbol)
            drawing.edge(operation_id(node), node.id, comment=node.id, weight="8", arrowhead="none")
    for name, (width, height) in sizes.items():
        shape = "ellipse" if name.endswith(CIRCLE) else "box"
        drawing.node(name, width=str(width / POINTS), height=str(height / POINTS), shape=shape)
    heads = {node.id: operation_id(node) for node in trace.nodes}
    room = cell("", f'FIXEDSIZE="TRUE" WIDTH="{EDGE_LABEL[0]:.0f}" HEIGHT="{EDGE_LABEL[1]:.0f}"')
    for edge in trace.edges:
        label = f"<{table([row(room)])}>" if edge.partial is not None else ""
        drawing.edge(edge.source, heads[edge.target], comment=edge_key(edge), label=label)
    return _read(json.loads(drawing.pipe(format="json", encoding="utf-8")), sizes)


def _read(placed: dict[str, Any], sizes: dict[str, tuple[float, float]]) -> Arrangement:
    """What Graphviz says, with y from the top and a margin around."""
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
    """Graphviz's ``e,x,y x,y x,y …``: the Bézier points, then the tip where there is one."""
    points = text.split(" ")
    if points[0].startswith("e,"):
        points.append(points.pop(0).removeprefix("e,"))
    return points
