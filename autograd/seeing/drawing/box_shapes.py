"""Boxes and circles in the DOT language; what a box says is told by `autograd.seeing.facts.box_content`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograd.seeing.drawing.html_labels import (
    LEFT,
    RIGHT,
    cell,
    escaped,
    name_markup,
    row,
    table,
    text,
    tooltip,
    wrapped,
)
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.facts.arrow import operation_id
from autograd.seeing.facts.box_content import Box, Fact, box_of_node
from autograd.seeing.facts.records import NodeFact
from autograd.seeing.style import NAME_SIZE, SMALL_SIZE, SYMBOL_SIZE, TEXT_SIZE, Theme

FRAMES = {
    "input": 'BORDER="2"',
    "weight": 'BORDER="2" STYLE="ROUNDED"',
    "constant": 'BORDER="1" STYLE="DASHED"',
    "operation": 'BORDER="1"',
    "output": 'BORDER="2"',
    "error": 'BORDER="5"',
}
"""The outline of each role."""


def add_nodes(drawing: Drawing, nodes: Iterable[NodeFact], theme: Theme) -> None:
    """Draw a box for each node, and the circle of the operation that computed it."""
    for node in nodes:
        add_node(drawing, node, theme)
        add_operation(drawing, node, theme)


def add_node(drawing: Drawing, node: NodeFact, theme: Theme, operation: str = "") -> None:
    """Draw the box of a node, with these words on its operation where that has no circle of its own."""
    box = box_of_node(node, operation)
    add_box(drawing, box, box_markup(box, theme), f"value {node.role}")


def add_short_box(drawing: Drawing, node: NodeFact, place: str, theme: Theme) -> None:
    """Draw a small box, with the id ``place``, for a node drawn elsewhere: its name, or the plain number."""
    box = replace(box_of_node(node), id=place)
    said = name_markup(box.name, TEXT_SIZE, theme.ink) if box.name else _plain_number(box, theme)
    add_box(drawing, box, framed([row(cell(said))], box.role, theme), f"value {node.role} again")


def add_box(drawing: Drawing, box: Box, markup: str, kind: str) -> None:
    """Draw a box with this markup inside, and its hint; ``kind`` is its class in the SVG."""
    drawing.node(box.id, f"<{markup}>", id=box.id, tooltip=tooltip(box.hint), **{"class": kind})


def add_operation(drawing: Drawing, node: NodeFact, theme: Theme) -> None:
    """Draw the circle of the operation that computed a node; nothing for a leaf."""
    symbol = node.symbol
    if symbol is None:
        return
    circle = operation_id(node)
    drawing.node(
        circle,
        f"<{escaped(symbol)}>",
        id=circle,
        tooltip=tooltip(node.formula or ""),
        shape="circle" if len(symbol) < 3 else "ellipse",
        margin="0.03",
        width="0.36",
        height="0.36",
        style="filled",
        fillcolor=theme.surface,
        color=theme.thin,
        fontsize=str(SYMBOL_SIZE),
        **{"class": "op"},
    )
    line = {"arrowhead": "none", "color": theme.thin, "penwidth": "1.2", "weight": "8"}
    drawing.edge(circle, node.id, **line, **{"class": "result"})


def box_markup(box: Box, theme: Theme, rounded: bool = False, is_module: bool = False) -> str:
    """Return a box as a table: a heading, which is long for a Module, then a row for each fact."""
    if box.is_bare:
        return framed([row(cell(_plain_number(box, theme)))], box.role, theme)
    facts = [*filter(None, [box.module]), *box.facts]
    heading = [_heading(box, theme, is_module), *["<HR/>"] * bool(facts)] if box.has_heading else []
    return framed([*heading, *(_row(fact, theme) for fact in facts)], box.role, theme, rounded)


def _plain_number(box: Box, theme: Theme) -> str:
    return text(box.facts[0].number, TEXT_SIZE, theme.ink)


def _heading(box: Box, theme: Theme, is_module: bool) -> str:
    kind = text(box.kind, SMALL_SIZE, theme.faint)
    if box.name is None:
        return row(cell(kind, 'COLSPAN="2"'))
    name = cell(name_markup(box.name, NAME_SIZE, theme.ink), LEFT)
    both = row(name, cell(kind, RIGHT)) if box.kind else row(name)
    return row(cell(table([both]), 'COLSPAN="2"')) if is_module else both


def _row(fact: Fact, theme: Theme) -> str:
    return row(
        cell(text(fact.word, SMALL_SIZE, theme.faint), LEFT),
        cell(wrapped(fact.number, TEXT_SIZE, theme.ink), RIGHT),
    )


def framed(rows: Iterable[str], role: str, theme: Theme, rounded: bool = False) -> str:
    """Return the rows in the frame of a role; that of the output is double."""
    colour, style = theme.role(role), ' STYLE="ROUNDED"' if rounded else ""
    plain = f'CELLBORDER="0" CELLSPACING="0" COLOR="{colour}"'
    inner = table(rows, 3, f'{FRAMES[role]} {plain} BGCOLOR="{theme.fill(role)}"{style}')
    return table([row(cell(inner))], 2, f'BORDER="1" {plain}{style}') if role == "output" else inner
