"""Pictures of gradient paths: what lies between one weight and the output, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from autograd.graph import topological_order
from autograd.notation.numbers import count
from autograd.notation.signs import local_sign
from autograd.pure_reverse import upstreams
from autograd.seeing.drawing.box_shapes import add_node
from autograd.seeing.drawing.canvas import canvas, caption, stack
from autograd.seeing.drawing.html_labels import wrapped
from autograd.seeing.drawing.legend import legend_of_graph, legend_of_short_boxes, note
from autograd.seeing.drawing.limits import check_limit, too_large
from autograd.seeing.drawing.network import draw_network
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.drawing.routes import DrawnPath, add_routes, legend_of_routes, table_of_routes
from autograd.seeing.drawing.uses import add_uses
from autograd.seeing.facts.account import is_repeated
from autograd.seeing.facts.folding.options import Folding
from autograd.seeing.facts.folding.path import fold_path
from autograd.seeing.facts.names import labels_of, name_of_output, name_of_value
from autograd.seeing.facts.places import Path
from autograd.seeing.facts.records import NodeFact, Trace
from autograd.seeing.facts.routes import Route, Routes, product_in_words
from autograd.seeing.facts.trace import trace, with_formulas
from autograd.seeing.style import SMALL_SIZE, TEXT_SIZE, theme_named
from autograd.value import Value

STRONGEST = 5
"""At most this many routes are told apart; the others are summed up in one row."""
LONGEST_CHAIN_IN_SYMBOLS = 4
"""A single route is written out in symbols where it has at most this many partials."""
LONGEST_FORMULA = 16
"""A box without a name shows its formula where that has at most this many characters."""


def draw_path(
    path: Routes,
    *,
    names: Mapping[str, Any] | None = None,
    folding: Folding | None = None,
    limit: int = 400,
    theme: str = "light",
) -> Drawing:
    """Draw a gradient path; see `GradientPath.draw`."""
    check_limit(limit)
    look = theme_named(theme)
    if folding is not None and path.count:
        labels = labels_of(names, path.output)
        whole = trace(path.output, names, upstreams(path.output), formulas=False)
        facts = _with_named_output(whole, path, labels)
        network = fold_path(path, facts, folding.of(facts))
        nodes = with_formulas(network.nodes, facts, topological_order(path.output), names)
        return draw_network(replace(network, nodes=nodes), look, limit, path.in_words(labels))
    drawn = _chosen(path, names, limit)
    drawing = canvas(look)
    for node in drawn.trace.nodes:
        add_node(drawing, node, look, _operation(node))
    _stack_layers(drawing, drawn.trace)
    drawn = _without_circles(drawn)
    words = [wrapped(path.in_words(drawn.labels), TEXT_SIZE, look.ink, bold=True)]
    if len(path.nodes) > limit:
        shown = f"only the strongest are drawn: {len(drawn.routes)} of {count(path.count)}"
        words.append(note(shown, look))
    if path.count > 1:
        arrows = add_routes(drawing, drawn, look)
        words += [table_of_routes(drawn, look), *legend_of_routes(arrows, look)]
        words += legend_of_short_boxes(drawn.trace, look)
    elif drawn.routes:
        arrows = add_uses(drawing, drawn.trace, look)
        words.append(wrapped(_in_symbols(drawn.routes[0], drawn.labels), SMALL_SIZE, look.ink))
        words += legend_of_graph(drawn.trace, arrows, look)
    caption(drawing, words)
    drawing.name = path.in_words(drawn.labels)
    return drawing


def _in_symbols(route: Route, labels: Mapping[Value, str]) -> str:
    """Return ``∂(w→z) · ∂(z→L) = 0.5 · 2 = 1`` for a short route of named Values; else the numbers alone."""
    stops = [name_of_value(v, labels, limit=12) for v in route.nodes]
    if not 2 <= len(stops) <= LONGEST_CHAIN_IN_SYMBOLS + 1 or not all(stops):
        return product_in_words(route)
    ends = zip(pairwise(stops), pairwise(route.nodes), route.positions, strict=True)
    symbols = [
        local_sign(*names, position if is_repeated(before, after) else None)
        for names, (before, after), position in ends
    ]
    return f"{' · '.join(symbols)} = {product_in_words(route)}"


# --------------------------------------------------------------------------------- what is drawn


def _chosen(path: Routes, names: Mapping[str, Any] | None, limit: int) -> DrawnPath:
    """Return what is drawn of a path: all of it, or the strongest routes that fit into the limit."""
    labels = labels_of(names, path.output)
    routes = path.routes(STRONGEST)
    values = list(path.nodes)
    if not routes:
        facts, values = _unconnected(path, names), []
    elif len(values) <= limit:
        facts = _facts(path, values, names)
    else:
        routes = _fitting(path, routes, limit)
        passed = {v for route in routes for v in route.nodes}
        values = [v for v in values if v in passed]
        facts = _facts(path, values, names)
    ids = dict(zip(values, (node.id for node in facts.nodes), strict=bool(values)))
    drawn = DrawnPath(path, routes, _with_named_output(facts, path, labels), ids, labels)
    return drawn if len(values) == len(path.nodes) else _along_routes(drawn)


def _facts(path: Routes, values: list[Value], names: Mapping[str, Any] | None) -> Trace:
    """Return the trace of these Values.  Its gradients are the path's own: no backward() is needed."""
    facts = trace(path.output, names, path.upstream, among=set(values))
    start, *others = facts.nodes
    return replace(facts, nodes=(start._replace(symbol=None), *others))  # how it came about is not shown


def _unconnected(path: Routes, names: Mapping[str, Any] | None) -> Trace:
    """Return the weight and the output side by side."""
    ends = ((path.weight, 0.0), (path.output, 1.0))
    alone = [trace(v, names, {v: gradient}, among={v}).nodes[0] for v, gradient in ends]
    nodes = tuple(node._replace(id=id, symbol=None) for node, id in zip(alone, ("n0", "n1"), strict=True))
    return Trace(nodes, (), "n1")


def _fitting(path: Routes, routes: list[Route], limit: int) -> list[Route]:
    """Return as many of the strongest routes as fit."""
    for kept in range(len(routes), 0, -1):
        if len({v for route in routes[:kept] for v in route.nodes}) <= limit:
            return routes[:kept]
    raise too_large("the gradient path", len(path.nodes), len(path.uses), limit)


def _along_routes(drawn: DrawnPath) -> DrawnPath:
    """Leave out the uses that no drawn route passes along."""
    used = drawn.strands()
    edges = tuple(edge for edge in drawn.trace.edges if (edge.target, edge.position) in used)
    return replace(drawn, trace=replace(drawn.trace, edges=edges))


def _with_named_output(facts: Trace, path: Routes, labels: Mapping[Value, str]) -> Trace:
    """Give the output the name that the caption uses."""
    label = name_of_output(topological_order(path.output), labels)
    nodes = [node._replace(label=label) if node.id == facts.output else node for node in facts.nodes]
    return replace(facts, nodes=tuple(nodes))


def _without_circles(drawn: DrawnPath) -> DrawnPath:
    nodes = tuple(node._replace(symbol=None) for node in drawn.trace.nodes)
    return replace(drawn, trace=replace(drawn.trace, nodes=nodes))


def _operation(node: NodeFact) -> str:
    """Return what a box says of its operation, there being no circles; without a name, all of it."""
    if node.label or node.formula is None or len(node.formula) > LONGEST_FORMULA:
        return node.symbol or ""
    return node.formula


def _stack_layers(drawing: Drawing, facts: Trace) -> None:
    """Put the neurons of one use of a layer one below the other, the first on top."""
    order = {path: i for i, path in enumerate(facts.modules)}
    layers: dict[tuple[str, int | None, Path], dict[Path, str]] = {}
    for node in facts.nodes:
        place = facts.places.get(node.id)
        if place is None or place.use is None or place.part not in ("pre-activation", "activation"):
            continue
        within = facts.uses[place.use].within
        layers.setdefault((place.part, within, place.module[:-1]), {}).setdefault(place.module, node.id)
    for layer in layers.values():
        stack(drawing, [layer[module] for module in sorted(layer, key=order.__getitem__)])
