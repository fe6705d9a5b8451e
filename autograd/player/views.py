"""The pictures that a walk is shown in: SVG whose parts are tied to the trace by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd.drawing.values import operation_id
from autograd.player.arrangement import Arrangement, arrange
from autograd.player.shapes import arrow, box, circle, curve, edge_key, node_group, short_number, tag
from autograd.trace import Node, Trace
from autograd.value import Value


@dataclass(frozen=True)
class View:
    """One picture of a graph or of a part of it.

    Attributes:
        name: what other views open it by.
        title: what a breadcrumb says.
        svg: the picture, an ``<svg>`` element with classes and without colours.  Numbers stand in
            text elements with a ``data-slot``: ``value:n3``, ``gradient:n3``, and on arrows
            ``partial:n0>n3:1`` and ``contribution:n0>n3:1``.  They hold the trace's own numbers,
            as a page without scripts shows them.
        nodes: the id of the element that shows a node, by the node's id in the trace.
        edges: the id of the element that shows an edge, by ``source>target:position``.
        opens: the name of the view that an element opens, by the element's id.
        parent: the name of the view to go back to; None for the first.
    """

    name: str
    title: str
    svg: str
    nodes: dict[str, str]
    edges: dict[str, str]
    opens: dict[str, str] = field(default_factory=dict)
    parent: str | None = None


def views(output: Value, trace: Trace, names: Mapping[str, Any] | None = None) -> list[View]:
    """The views of a graph, the first one first.

    Args:
        output: the Value that the trace was taken of.
        trace: its facts.
        names: variables by name, for Values without a label.
    """
    return [whole(trace)]


def whole(trace: Trace) -> View:
    """The graph as it is: every node and every edge."""
    places = arrange(trace)
    nodes = {node.id: f"g0-{node.id}" for node in trace.nodes}
    edges = {edge_key(edge): f"g0-{edge.source}-{edge.target}-{edge.position}" for edge in trace.edges}
    drawn = [
        arrow(edge, edges[edge_key(edge)], places.curves[edge_key(edge)], places.middles.get(edge_key(edge)))
        for edge in trace.edges
    ]
    drawn += [node_group(node, nodes[node.id], _parts(node, places)) for node in trace.nodes]
    return View("graph", "graph", canvas("".join(drawn), places.width, places.height), nodes, edges)


def _parts(node: Node, places: Arrangement) -> str:
    drawn = box(node, places.corners[node.id])
    if node.symbol is None:
        return drawn
    stem = tag("path", d=curve(places.curves[node.id]), class_="stem")
    return stem + circle(node.symbol, places.corners[operation_id(node)]) + drawn


def canvas(content: str, width: float, height: float) -> str:
    """An ``<svg>`` element of this size."""
    return tag(
        "svg",
        content,
        xmlns="http://www.w3.org/2000/svg",
        class_="graph",
        role="img",
        viewBox=f"0 0 {short_number(width)} {short_number(height)}",
        width=width,
        height=height,
    )
