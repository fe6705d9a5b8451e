"""A gradient that is a graph itself, drawn together with the graph that it is the gradient of.

What differentiating made stands on grey, and a word in its boxes says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

from autograd.graph import topological_order
from autograd.seeing.drawing.box_shapes import add_node, add_operation
from autograd.seeing.drawing.canvas import canvas, caption
from autograd.seeing.drawing.legend import legend_of_graph, note
from autograd.seeing.drawing.limits import too_large
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.drawing.uses import add_uses
from autograd.seeing.facts.names import labels_of, name_of_value
from autograd.seeing.facts.records import Trace
from autograd.seeing.facts.trace import trace
from autograd.seeing.style import Theme, mixed
from autograd.value import Value


@dataclass(frozen=True)
class Ties:
    """A gradient's graph and the one it came from, as one.

    Attributes:
        trace: all nodes of both, each once.
        before: the ids of those that belong to the graph that was differentiated.
        name: what its output is called.
    """

    trace: Trace
    before: frozenset[str]
    name: str


def tie(
    gradient: Value, origin: Value, names: Mapping[str, Any] | None, among: Set[Value] | None = None
) -> Ties:
    """Return the facts of both graphs as one.

    Args:
        gradient: of ``origin``, or a Value computed from such gradients.
        origin: what was differentiated.
        names: variables by name, for Values without a label.
        among: the Values to keep, if not all.
    """
    facts, earlier = (trace(v, names, among=among) for v in (gradient, origin))
    ids = dict(zip(_kept(gradient, among), (node.id for node in facts.nodes), strict=True))
    joined = {
        node.id: ids.get(v, f"before_{node.id}")
        for v, node in zip(_kept(origin, among), earlier.nodes, strict=True)
    }
    known = set(ids.values())
    nodes = [node._replace(id=joined[node.id]) for node in earlier.nodes if joined[node.id] not in known]
    edges = [
        edge._replace(source=joined[edge.source], target=joined[edge.target])
        for edge in earlier.edges
        if joined[edge.target] not in known
    ]
    return Ties(
        trace=Trace((*facts.nodes, *nodes), (*facts.edges, *edges), facts.output),
        before=frozenset(joined.values()),
        name=name_of_value(origin, labels_of(names, origin)) or "the origin",
    )


def _kept(output: Value, among: Set[Value] | None) -> list[Value]:
    return [v for v in topological_order(output) if among is None or v in among]


def draw_ties(ties: Ties, limit: int, theme: Theme) -> Drawing:
    """Draw both graphs.

    Raises:
        ValueError: if there are more nodes than the limit.
    """
    nodes, edges = len(ties.trace.nodes), len(ties.trace.edges)
    if nodes > limit:
        raise too_large("the gradient's graph with the one it came from", nodes, edges, limit)
    drawing = canvas(theme)
    made = _tinted(theme)
    for node in ties.trace.nodes:
        earlier = node.id in ties.before
        look, word = (theme, f"of {ties.name}") if earlier else (made, f"∂ of {ties.name}")
        add_node(drawing, node, look, word)
        add_operation(drawing, node, look)
    arrows = add_uses(drawing, ties.trace, theme)
    told = f"of {ties.name}: was there before; ∂ of {ties.name}, on grey: made by differentiating"
    caption(drawing, [note(told, theme), *legend_of_graph(ties.trace, arrows, theme)])
    return drawing


def _tinted(theme: Theme) -> Theme:
    """Return the theme for what differentiating made."""
    return replace(theme, surface=mixed(theme.ink, theme.paper, 0.13), thin=theme.frame)
