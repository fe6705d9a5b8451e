"""One picture of a graph or of a part of it, tied to the trace by ids."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from autograd.seeing.facts.arrow import edge_key, operation_id, use_id
from autograd.seeing.facts.box_content import box_of_node
from autograd.seeing.facts.records import NodeFact, Trace
from autograd.seeing.pages.player.svg.arrows import curve, draw_arrow
from autograd.seeing.pages.player.svg.box_shapes import box_size, draw_box, draw_circle, node_group
from autograd.seeing.pages.player.svg.cast import Cast, Faces, Mould, mould_of
from autograd.seeing.pages.player.svg.elements import coordinate, tag
from autograd.seeing.pages.player.svg.layout import arrange
from autograd.seeing.pages.player.views.kernels import Slides


class Own(Mapping[str, str]):
    """The ids of the elements of what is shown by one element each.

    >>> {**Own("view", ["n0>n2:1"])}
    {'n0>n2:1': 'view-n0-n2-1'}
    """

    def __init__(self, view: str, things: Sequence[str]) -> None:
        self._view, self._things = view, things

    def __getitem__(self, thing: str) -> str:
        if thing not in self._things:
            raise KeyError(thing)
        return own_id(self._view, thing)

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)


def own_id(view: str, thing: str) -> str:
    """Return the id of the element that shows just one node, by its id, or edge, by its `edge_key`."""
    return f"{view}-{thing.replace('>', '-').replace(':', '-')}"


class Plane(NamedTuple):
    """The numbers of a thumbnail, row by row: the ids of their nodes, and how many stand side by side."""

    nodes: Sequence[str]
    columns: int


@dataclass(frozen=True)
class View:
    """One picture of a graph or of a part of it.

    Attributes:
        name: what other views open it by.
        title: what a breadcrumb says.
        drawing: the picture, or what it is cast from: an ``<svg>`` element with classes and without
            colours.  Numbers stand in text elements with a ``data-slot``: ``value:n3``, ``gradient:n3``,
            and on arrows ``partial:n0>n3:1`` and ``contribution:n0>n3:1``.
        nodes: the id of the element that shows a node, by the node's id in the trace.  Where a
            view shows several nodes as one, they share its element.
        edges: the id of the element that shows an edge, by ``source>target:position``; one arrow
            may stand for many.  Edges inside of what is shown as one are left out.
        opens: the name of the view that an element opens, by the element's id; of elements one
            inside the other, the inner one counts.
        parent: the name of the view to go back to; None for the first.
        note: what is not shown or must be explained, in words; "" where there is nothing to say.
        about: what a box is that it shows the inside of, by which it can be found; "" for anything else.
        slides: what it shows sliding over a picture, if it does.
        planes: what its thumbnails show, by their ids.
    """

    name: str
    title: str
    drawing: str | Cast
    nodes: Mapping[str, str]
    edges: Mapping[str, str]
    opens: dict[str, str] = field(default_factory=dict)
    parent: str | None = None
    note: str = ""
    about: str = ""
    slides: Slides | None = None
    planes: Mapping[str, Plane] = field(default_factory=dict)

    @property
    def svg(self) -> str:
        """The picture."""
        return str(self.drawing)


@dataclass
class Moulds:
    """Draws pictures of parts of one graph, each shape of them once."""

    faces: Faces = field(default_factory=Faces)
    _known: dict[object, tuple[Mould, list[int], list[int]]] = field(default_factory=dict)

    def view(self, trace: Trace, name: str, shape: object, draw: Callable[[], View]) -> View:
        """Return the view of a part.

        Args:
            trace: the part.
            name: the name of the view.
            shape: what decides where everything stands in its picture.
            draw: draws the picture, and is only called for the first of a shape.
        """
        if shape not in self._known:
            drawn = draw()
            self._known[shape] = (
                mould_of(drawn.svg, name, trace.nodes, self.faces),
                [k for k, node in enumerate(trace.nodes) if node.id in drawn.nodes],
                [k for k, edge in enumerate(trace.edges) if edge_key(edge) in drawn.edges],
            )
        mould, nodes, edges = self._known[shape]
        return View(
            name,
            "",
            Cast(mould, name, trace.nodes, self.faces),
            Own(name, [trace.nodes[k].id for k in nodes]),
            Own(name, [edge_key(trace.edges[k]) for k in edges]),
        )


def graph_view(trace: Trace, prefix: str, elsewhere: Collection[str] = ()) -> View:
    """Show every node and every edge of a trace.

    Args:
        trace: the facts.
        prefix: what the ids of elements begin with.
        elsewhere: ids of nodes that are shown without how they were computed.
    """
    places = arrange(trace)
    nodes = {node.id: f"{prefix}-{node.id}" for node in trace.nodes}
    edges = {edge_key(edge): f"{prefix}-{use_id(edge)}" for edge in trace.edges}
    drawn = []
    for edge in trace.edges:
        key = edge_key(edge)
        drawn.append(draw_arrow(edge, edges[key], places.curves[key], places.middles.get(key)))
    boxes = {node.id: box_of_node(node) for node in trace.nodes}

    def column_and_row(node: NodeFact) -> tuple[int, float]:
        corner, (width, _) = places.corners[node.id], box_size(boxes[node.id])
        return round(corner.x + width / 2), corner.y

    for node in sorted(trace.nodes, key=column_and_row):  # the keyboard goes from left to right
        box = boxes[node.id]
        parts = draw_box(box, places.corners[node.id])
        if node.symbol is not None:
            stem = tag("path", d=curve(places.curves[node.id]), class_="stem")
            parts = stem + draw_circle(node.symbol, places.corners[operation_id(node)]) + parts
        kind = "elsewhere" if node.id in elsewhere else ""
        drawn.append(node_group(box, nodes[node.id], parts, kind))
    return View("graph", "graph", canvas("".join(drawn), places.width, places.height), nodes, edges)


def canvas(content: str, width: float, height: float, **more: object) -> str:
    """Return an ``<svg>`` element of this size, with more attributes if there are any."""
    return tag(
        "svg",
        content,
        xmlns="http://www.w3.org/2000/svg",
        class_="graph",
        role="img",
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        width=width,
        height=height,
        **more,
    )
