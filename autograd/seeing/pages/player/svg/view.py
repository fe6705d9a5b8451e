"""One picture of a graph or of a part of it, tied to the trace by ids."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from autograd.seeing.drawing.values import operation_id
from autograd.seeing.facts.records import NodeFact as Node
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.layout import Arrangement, arrange
from autograd.seeing.pages.player.svg.shapes import (
    arrow,
    box,
    circle,
    curve,
    edge_key,
    node_group,
    short_number,
    tag,
)


@dataclass(frozen=True)
class View:
    """One picture of a graph or of a part of it.

    Attributes:
        name: what other views open it by.
        title: what a breadcrumb says.
        svg: the picture, an ``<svg>`` element with classes and without colours.  Numbers stand in
            text elements with a ``data-slot``: ``value:n3``, ``gradient:n3``, and on arrows
            ``partial:n0>n3:1`` and ``contribution:n0>n3:1``.
        nodes: the id of the element that shows a node, by the node's id in the trace.  Where a
            view shows several nodes as one, they share its element.
        edges: the id of the element that shows an edge, by ``source>target:position``; one arrow
            may stand for many.  Edges inside of what is shown as one are left out.
        opens: the name of the view that an element opens, by the element's id; of elements one
            inside the other, the inner one counts.
        parent: the name of the view to go back to; None for the first.
        note: what is not shown, in words; "" where there is nothing to say.
    """

    name: str
    title: str
    svg: str
    nodes: dict[str, str]
    edges: dict[str, str]
    opens: dict[str, str] = field(default_factory=dict)
    parent: str | None = None
    note: str = ""


def draw_graph(trace: Trace, prefix: str, elsewhere: Collection[str] = ()) -> View:
    """Every node and every edge of a trace.

    Args:
        trace: the facts.
        prefix: what the ids of elements begin with.
        elsewhere: ids of nodes that are shown without how they were computed.
    """
    places = arrange(trace)
    nodes = {node.id: f"{prefix}-{node.id}" for node in trace.nodes}
    edges = {edge_key(edge): f"{prefix}-{edge.source}-{edge.target}-{edge.position}" for edge in trace.edges}
    drawn = [
        arrow(edge, edges[edge_key(edge)], places.curves[edge_key(edge)], places.middles.get(edge_key(edge)))
        for edge in trace.edges
    ]
    for node in trace.nodes:
        kind = "elsewhere" if node.id in elsewhere else ""
        drawn.append(node_group(node, nodes[node.id], _parts(node, places), kind))
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
