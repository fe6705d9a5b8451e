"""Pictures of gradient paths: what lies between one weight and the output, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from autograd.graph import topological_order
from autograd.notation.derivatives import plain, slopes, symbol
from autograd.notation.labels import parse_label
from autograd.notation.numbers import count, number
from autograd.seeing.drawing.limits import check_limit, too_large
from autograd.seeing.drawing.markup import cell, fillers, lines, row, table, text
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.drawing.values import (
    ON_A_USE,
    add_box,
    add_tails,
    add_uses,
    arrow_attributes,
    arrow_of_use,
    canvas,
    caption,
    gradient_text,
    heads_of,
    legend,
    legend_of_again,
    note,
    rows_of_use,
)
from autograd.seeing.facts.ledger import sum_of_others
from autograd.seeing.facts.names import labels_of, name_of_output
from autograd.seeing.facts.records import EdgeFact as Edge
from autograd.seeing.facts.records import NodeFact as Node
from autograd.seeing.facts.records import Trace
from autograd.seeing.facts.routes import Route, Routes, equality, factors_in_words, product_in_words
from autograd.seeing.facts.trace import trace
from autograd.seeing.style import SMALL_SIZE, TEXT_SIZE, THINNEST, Theme, mixed, theme_named, width
from autograd.value import Value

STRONGEST = 5
LONGEST_CHAIN_IN_SYMBOLS = 4
MOST_STOPS = 12
LONGEST_PARTIAL = 16
LEFT = 'ALIGN="LEFT"'
COLUMNS_AT_FULL_SIZE, LARGEST_SCALE = 6, 1.5
NAMELESS = "\0"
"""Stands in a formula for a result that has no name."""
THIN_STRAND, THICK_STRAND = 1.8, 2.6


def draw_path(
    path: Routes, *, names: Mapping[str, Any] | None = None, limit: int = 400, theme: str = "light"
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

    facts = _with_named_output(facts, path, names_by_value)
    drawing = canvas(look)
    for node in facts.nodes:
        add_box(drawing, node, look, _operation(node))
    _keep_order(drawing, facts)
    facts = replace(facts, nodes=tuple(replace(node, symbol=None) for node in facts.nodes))
    sizes = _sizes(routes)
    words = [text(path.in_words(names_by_value), size=sizes.text, colour=look.ink, bold=True)]
    if len(path.nodes) > limit:
        drawn = f"only the strongest are drawn: {len(routes)} of {count(path.count)}"
        words.append(note(drawn, look, sizes.small))
    if path.count > 1:
        _add_strands(
            drawing, facts, _strands(path, routes, facts), _symbols(path, facts, routes, names_by_value), look
        )
        words += _ledger(path, routes, names_by_value, look, sizes)
        words += _legend_of_routes(look, sizes)
    elif routes:
        add_uses(drawing, facts, look)
        words.append(text(_in_symbols(routes[0], names_by_value), size=SMALL_SIZE, colour=look.ink))
        words += legend([edge.contribution for edge in facts.edges], look, ON_A_USE)
    caption(drawing, [*words, *legend_of_again(facts, look)])
    return drawing


def _keep_order(drawing: Drawing, facts: Trace) -> None:
    """Put the neurons of a layer one below the other, the first on top."""
    layers: dict[tuple[str, int], dict[tuple[int, ...], Node]] = {}
    for node in facts.nodes:
        label = parse_label(node.label)
        if label.base in ("z", "a") and label.layer is not None and len(label.indices) == 1:
            layers.setdefault((label.base, label.layer), {}).setdefault(label.indices, node)
    for layer in layers.values():
        with drawing.subgraph() as column:
            column.attr(rank="same")
            for above, below in pairwise(sorted(layer)):
                column.edge(layer[above].id, layer[below].id, style="invis")


def _with_named_output(facts: Trace, path: Routes, names: Mapping[Value, str]) -> Trace:
    """The trace with the name for the output that the caption uses."""
    label = name_of_output(topological_order(path.output), names)
    nodes = [replace(node, label=label) if node.id == facts.output else node for node in facts.nodes]
    return replace(facts, nodes=tuple(nodes))


def _operation(node: Node) -> str:
    """What is written in the box of its operation, there being no circles; without a name, all of it."""
    if node.label or node.formula is None or len(node.formula) > LONGEST_PARTIAL:
        return node.symbol or ""
    return node.formula


def _facts(path: Routes, among: Collection[Value], names: Mapping[str, Any] | None) -> Trace:
    """The trace of the sub-graph.  Its gradients are the path's own: no backward() is needed."""
    facts = trace(path.output, names, path.upstream, among)
    start, *others = facts.nodes
    return replace(facts, nodes=(replace(start, symbol=None), *others))  # how it came about is not shown


def _unconnected(path: Routes, names: Mapping[str, Any] | None) -> Trace:
    """The weight and the output side by side."""
    ends = ((path.weight, 0.0), (path.output, 1.0))
    alone = [trace(v, names, {v: gradient}, among=(v,)).nodes[0] for v, gradient in ends]
    nodes = tuple(replace(node, id=id, symbol=None) for node, id in zip(alone, ("n0", "n1"), strict=True))
    return Trace(nodes, (), "n1")


def _fitting(path: Routes, routes: list[Route], limit: int) -> list[Route]:
    """As many of the strongest routes as fit."""
    for kept in range(len(routes), 0, -1):
        if len({v for route in routes[:kept] for v in route.nodes}) <= limit:
            return routes[:kept]
    raise too_large("gradient path", len(path.nodes), len(path.uses), limit)


def _facts_of_routes(path: Routes, routes: list[Route], names: Mapping[str, Any] | None) -> Trace:
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


# ------------------------------------------------------------------------------- routes as strands

Use = tuple[str, int]
"""A use in a trace: the id of the node computed, and which of its inputs."""


@dataclass(frozen=True)
class Strand:
    """One of the strongest routes, where it passes along a use.

    Attributes:
        rank: its place among the routes, from 1.
        product: what it adds to the gradient.
    """

    rank: int
    product: float


def _values_of(path: Routes, facts: Trace, routes: Sequence[Route]) -> dict[Value, str]:
    """The Values drawn, each with its id in the trace."""
    if len(facts.nodes) == len(path.nodes):
        return dict(zip(path.nodes, (node.id for node in facts.nodes), strict=True))
    passed = {v for route in routes for v in route.nodes}
    return dict(zip((v for v in path.nodes if v in passed), (node.id for node in facts.nodes), strict=True))


def _strands(path: Routes, routes: list[Route], facts: Trace) -> dict[Use, list[Strand]]:
    """Which of the routes pass along each use, the strongest first."""
    ids = _values_of(path, facts, routes)
    strands: dict[Use, list[Strand]] = {}
    for rank, route in enumerate(routes, 1):
        for target, position in zip(route.nodes[1:], route.positions, strict=True):
            strands.setdefault((ids[target], position), []).append(Strand(rank, route.product))
    return strands


def _symbols(
    path: Routes, facts: Trace, routes: Sequence[Route], names: Mapping[Value, str]
) -> dict[Use, str]:
    """The local derivatives in symbols, as far as they are short and say more than the number."""
    symbols: dict[Use, str] = {}
    for v, id in _values_of(path, facts, routes).items():
        if v.op is None or not all(x.role == "constant" or _name(x, names) for x in v.inputs):
            continue
        known = [symbol(name, x.data) if (name := _name(x, names)) else plain(x.data) for x in v.inputs]
        found = slopes(v.op, known, symbol(_name(v, names) or NAMELESS, v.data))
        for position, formula in enumerate(slope.text for slope in found):
            readable = len(formula) <= LONGEST_PARTIAL and NAMELESS not in formula
            if readable and any(map(str.isalpha, formula)):
                symbols[id, position] = formula
    return symbols


def _add_strands(
    drawing: Drawing,
    facts: Trace,
    strands: Mapping[Use, list[Strand]],
    symbols: Mapping[Use, str],
    theme: Theme,
) -> None:
    """One arrow a use; it carries a strand for each route, in the hue of its rank."""
    tails = add_tails(drawing, facts, theme)
    for edge, head in heads_of(facts):
        passing = strands.get((edge.target, edge.position), [])
        rows = _rows(edge, passing, symbols.get((edge.target, edge.position), ""), theme)
        attributes = arrow_attributes(arrow_of_use(edge, head, rows), theme)
        attributes["label"] = lines(rows, align="CENTER", padding=0, margin=3 + len(passing))
        drawing.edge(tails[edge], head, **attributes | _look_of(passing, theme))


def _look_of(passing: Sequence[Strand], theme: Theme) -> dict[str, str]:
    """The strands side by side; thin and faint where none of the routes passes."""
    if not passing:
        return {"color": theme.line, "penwidth": str(THINNEST), "arrowsize": "0.5"}
    thickness = max(THIN_STRAND, width(passing[0].product))
    if len(passing) > 1:
        thickness = min(thickness, THICK_STRAND)  # or they would cover each other
    hues = [theme.routes[strand.rank - 1] for strand in passing]
    return {"color": ":".join(hues), "penwidth": str(thickness)}


def _rows(edge: Edge, passing: Sequence[Strand], symbols: str, theme: Theme) -> tuple[str, ...]:
    """What is written on an arrow: the ranks of its routes, the partial, what it adds."""
    rows = rows_of_use(edge, theme)
    if symbols:
        partial = text("∂ ", symbols, " = ", number(edge.partial), size=SMALL_SIZE, colour=theme.ink)
        rows = (partial, *rows[1:])
    if not passing:
        return rows
    ranks = table([row(*fillers(), *[cell(_rank(strand.rank, theme)) for strand in passing], *fillers())], 1)
    return ranks, *rows


def _rank(rank: int, theme: Theme, size: int = SMALL_SIZE) -> str:
    """The number of a route in a badge of its hue."""
    hue = theme.routes[rank - 1]
    badge = (
        f'BORDER="1" CELLBORDER="0" CELLSPACING="0" COLOR="{hue}" BGCOLOR="{mixed(hue, theme.paper, 0.25)}"'
    )
    return table([row(cell(text(str(rank), size=size, colour=theme.ink, bold=True)))], 1, badge)


# --------------------------------------------------------------------------------------- captions


@dataclass(frozen=True)
class Sizes:
    """The sizes of a caption's text: larger below a wider picture, which is seen from further off."""

    text: int
    small: int


def _sizes(routes: Sequence[Route]) -> Sizes:
    columns = max((len(route.nodes) for route in routes), default=0) if len(routes) > 1 else 0
    scale = min(max(columns / COLUMNS_AT_FULL_SIZE, 1.0), LARGEST_SCALE)
    return Sizes(round(TEXT_SIZE * scale), round(SMALL_SIZE * scale))


def _legend_of_routes(theme: Theme, sizes: Sizes) -> list[str]:
    passing = "on an arrow: the routes that pass along it, by their numbers; thicker for a stronger one"
    return [note(passing, theme, sizes.small), note(ON_A_USE, theme, sizes.small)]


def _ledger(
    path: Routes, routes: list[Route], names: Mapping[Value, str], theme: Theme, sizes: Sizes
) -> list[str]:
    """A row for each of the routes, with its number, product, factors and way; and one for the rest."""
    rows = [
        row(
            cell(_rank(rank, theme, sizes.small)),
            cell(gradient_text(route.product, theme, sizes.small), 'ALIGN="RIGHT"'),
            cell(text(_equation(route), size=sizes.small, colour=theme.ink), LEFT),
            cell(note(_way(route, names), theme, sizes.small), LEFT),
            *fillers(),
        )
        for rank, route in enumerate(routes, 1)
    ]
    hidden = path.count - len(routes)
    if hidden:
        words = note(f"{count(hidden)} more, none of them larger, together", theme, sizes.small)
        rest = gradient_text(sum_of_others(path, routes), theme, sizes.small)
        rows.append(row(cell(""), cell(rest, 'ALIGN="RIGHT"'), cell(words, 'ALIGN="LEFT" COLSPAN="2"')))
    return [table(rows, 3)]


def _equation(route: Route) -> str:
    """``= 0.5 · (−2)``"""
    return f"{equality(route)} {factors_in_words(route)}"


def _way(route: Route, names: Mapping[Value, str]) -> str:
    """``w → z → L``: the Values passed that have a name."""
    stops = [name for name in (_name(v, names) for v in route.nodes) if name]
    if len(stops) > MOST_STOPS:
        stops = [*stops[: MOST_STOPS // 2], "…", *stops[-MOST_STOPS // 2 :]]
    return " → ".join(stops)


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
