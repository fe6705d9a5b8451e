"""Pictures of gradient paths: what lies between one weight and the output, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from autograd.drawing.limits import check_limit, too_large
from autograd.drawing.markup import cell, fillers, row, table, text
from autograd.drawing.renderer import Drawing
from autograd.drawing.style import SMALL_SIZE, TEXT_SIZE, Theme, theme_named
from autograd.drawing.values import (
    ON_A_USE,
    add_uses,
    add_values,
    canvas,
    caption,
    gradient_text,
    legend,
    note,
)
from autograd.paths import GradientPath, Route, product_in_words
from autograd.trace import Trace, labels_of, trace
from autograd.value import Value
from autograd.wording import count, parse_label

STRONGEST = 5
LONGEST_CHAIN_IN_SYMBOLS = 4
MOST_STOPS = 12


def draw_path(
    path: GradientPath, *, names: Mapping[str, Any] | None = None, limit: int = 400, theme: str = "light"
) -> Drawing:
    """See `GradientPath.draw`."""
    check_limit(limit)
    look = theme_named(theme)
    names_by_value = labels_of(names)
    routes = path.routes(STRONGEST)
    if not routes:
        facts = _unconnected(path, names)
    elif len(path.nodes) <= limit:
        facts = _facts(path, path.upstream, names)
    else:
        routes = _fitting(path, routes, limit)
        facts = _facts_of_routes(path, routes, names)

    drawing = canvas(look)
    add_values(drawing, facts.nodes, look)
    add_uses(drawing, facts, look)
    words = [text(path.in_words(names_by_value), size=TEXT_SIZE, colour=look.ink, bold=True)]
    if len(path.nodes) > limit:
        words.append(note(f"only the strongest are drawn: {len(routes)} of {count(path.count)}", look))
    if path.count > 1:
        words += _ledger(path, routes, names_by_value, look)
    elif routes:
        words.append(text(_in_symbols(routes[0], names_by_value), size=SMALL_SIZE, colour=look.ink))
    if routes:
        words += legend([edge.contribution for edge in facts.edges], look, ON_A_USE)
    caption(drawing, words)
    return drawing


def _facts(path: GradientPath, among: Collection[Value], names: Mapping[str, Any] | None) -> Trace:
    """The trace of the sub-graph.  Its gradients are the path's own: no backward() is needed."""
    facts = trace(path.output, names, path.upstream, among)
    start, *others = facts.nodes
    return replace(facts, nodes=(replace(start, symbol=None), *others))  # how it came about is not shown


def _unconnected(path: GradientPath, names: Mapping[str, Any] | None) -> Trace:
    """The weight and the output side by side."""
    ends = ((path.weight, 0.0), (path.output, 1.0))
    alone = [trace(v, names, {v: gradient}, among=(v,)).nodes[0] for v, gradient in ends]
    nodes = tuple(replace(node, id=id, symbol=None) for node, id in zip(alone, ("n0", "n1"), strict=True))
    return Trace(nodes, (), "n1")


def _fitting(path: GradientPath, routes: list[Route], limit: int) -> list[Route]:
    """As many of the strongest routes as fit."""
    for kept in range(len(routes), 0, -1):
        if len({v for route in routes[:kept] for v in route.nodes}) <= limit:
            return routes[:kept]
    raise too_large("gradient path", len(path.nodes), len(path.uses), limit)


def _facts_of_routes(path: GradientPath, routes: list[Route], names: Mapping[str, Any] | None) -> Trace:
    """The trace of these routes alone."""
    among = {v for route in routes for v in route.nodes}
    facts = _facts(path, among, names)
    ids = dict(zip((v for v in path.nodes if v in among), (node.id for node in facts.nodes), strict=True))
    used = {
        (ids[target], position)
        for route in routes
        for target, position in zip(route.nodes[1:], route.positions, strict=True)
    }
    return replace(facts, edges=tuple(e for e in facts.edges if (e.target, e.position) in used))


# --------------------------------------------------------------------------------------- captions


def _ledger(path: GradientPath, routes: list[Route], names: Mapping[Value, str], theme: Theme) -> list[str]:
    """A row for each of the routes: its product, the factors, the Values it passes."""
    rows = [
        row(
            cell(gradient_text(route.product, theme), 'ALIGN="RIGHT"'),
            cell(text(f"= {_factors(route, names)}", size=SMALL_SIZE, colour=theme.ink), 'ALIGN="LEFT"'),
            cell(note(_way(route, names), theme), 'ALIGN="LEFT"'),
            *fillers(),
        )
        for route in routes
    ]
    hidden = path.count - len(routes)
    more = [note(f"and {count(hidden)} more, none of them larger", theme)] if hidden else []
    return [table(rows, 2), *more]


def _way(route: Route, names: Mapping[Value, str]) -> str:
    """``w → z → L``: the Values passed that have a name."""
    stops = [name for name in (_name(v, names) for v in route.nodes) if name]
    if len(stops) > MOST_STOPS:
        stops = [*stops[: MOST_STOPS // 2], "…", *stops[-MOST_STOPS // 2 :]]
    return " → ".join(stops)


def _factors(route: Route, names: Mapping[Value, str]) -> str:
    return product_in_words(route).partition(" = ")[0]


def _in_symbols(route: Route, names: Mapping[Value, str]) -> str:
    """``∂z/∂w · ∂L/∂z = 0.5 · 2 = 1`` for a short route of named Values; else the numbers alone."""
    stops = [_name(v, names) for v in route.nodes]
    if len(stops) < 2 or len(stops) > LONGEST_CHAIN_IN_SYMBOLS + 1 or not all(stops):
        return product_in_words(route)
    symbols = [f"∂{after}/∂{before}" for before, after in pairwise(stops)]
    return f"{' · '.join(symbols)} = {product_in_words(route)}"


def _name(v: Value, names: Mapping[Value, str]) -> str:
    label = v.label or names.get(v, "")
    return parse_label(label, limit=12).text if label else ""
