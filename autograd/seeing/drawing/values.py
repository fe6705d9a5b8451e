"""Pictures of Values: a box each, a circle for each operation, an arrow for each use."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from autograd.notation.labels import parse_label
from autograd.notation.numbers import NOT_COMPUTED, number, signed
from autograd.seeing.drawing.markup import (
    cell,
    escaped,
    fillers,
    label,
    lines,
    row,
    stroke,
    table,
    text,
    tooltip,
)
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.facts.records import EdgeFact as Edge
from autograd.seeing.facts.records import NodeFact as Node
from autograd.seeing.facts.records import Trace
from autograd.seeing.style import (
    FONT,
    LARGEST,
    NAME_SIZE,
    SMALL_SIZE,
    SMALLEST,
    TEXT_SIZE,
    Theme,
    width,
)

SEE_THROUGH = "80"
"""Half opaque, as the last two digits of a colour."""
RANKSEP, WIDEST_RANKSEP = 0.35, 1.2
LONGEST_ARROW = 3
"""In a deep graph: past how many columns an arrow may lead before what it comes from is written again."""
MOST_COLUMNS_PASSED = 200
"""By how many columns the arrows of a graph may be longer, all together, than if each led to the next one."""


def canvas(theme: Theme) -> Drawing:
    """An empty drawing: left to right, in the theme's colours."""
    drawing = Drawing()
    drawing.attr(
        rankdir="LR", bgcolor=theme.paper, ranksep=str(RANKSEP), nodesep="0.25", pad="0.15",
        fontname=FONT, fontsize=str(TEXT_SIZE), fontcolor=theme.ink, labeljust="l", labelloc="b",
    )  # fmt: skip
    drawing.attr("node", shape="plain", fontname=FONT, fontsize=str(TEXT_SIZE), fontcolor=theme.ink)
    drawing.attr(
        "edge",
        fontname=FONT,
        fontsize=str(SMALL_SIZE),
        fontcolor=theme.ink,
        color=theme.line,
        arrowsize="0.7",
    )
    return drawing


def add_values(drawing: Drawing, nodes: Iterable[Node], theme: Theme) -> None:
    """A box for each node, and the circle of the operation that computed it."""
    for node in nodes:
        add_box(drawing, node, theme)
        add_operation(drawing, node, theme)


def add_box(drawing: Drawing, node: Node, theme: Theme, operation: str = "") -> None:
    """The box of a node; with its operation's symbol inside, where that has no circle of its own."""
    described = {"id": node.id, "tooltip": tooltip(_description(node)), "class": f"value {node.role}"}
    drawing.node(node.id, f"<{box(node, theme, operation)}>", **described)


def add_operation(drawing: Drawing, node: Node, theme: Theme) -> None:
    """The circle of the operation that computed a node; nothing for a leaf."""
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
        color=theme.operation,
        fontsize="14",
        **{"class": "op"},
    )
    result = {
        "arrowhead": "none",
        "color": theme.operation,
        "penwidth": "1.2",
        "weight": "8",
        "class": "result",
    }
    drawing.edge(circle, node.id, **result)


def operation_id(node: Node) -> str:
    """Where the arrows into a node end: the circle of its operation."""
    return f"{node.id}_op" if node.symbol is not None else node.id


@dataclass(frozen=True)
class Arrow:
    """An arrow of a picture.

    Attributes:
        tail, head: ids in the drawing.
        name: its own id.
        rows: what is written on it, as markup.
        gradient: what its width and hue show.
        carries: whether a gradient can flow along it.
        hint: what it says when pointed at.
        straight: whether it goes from the middle of one side to the middle of the other.
        pull: how strongly a straight arrow pulls its ends to the same height.
        signed: whether the gradient has a sign to show; the size of several has none.
    """

    tail: str
    head: str
    name: str
    rows: tuple[str, ...]
    gradient: float | None
    carries: bool = True
    hint: str = ""
    signed: bool = True
    straight: bool = False
    pull: int = 0


def add_uses(drawing: Drawing, trace: Trace, theme: Theme) -> None:
    """One arrow a use: its partial and, where there is one, its contribution.

    In a deep graph what is used far from where it stands is written again, by its name.
    """
    tails = add_tails(drawing, trace, theme)
    for edge, head in heads_of(trace):
        arrow = replace(arrow_of_use(edge, head, rows_of_use(edge, theme)), tail=tails[edge])
        add_arrow(drawing, arrow, theme)


def add_tails(drawing: Drawing, trace: Trace, theme: Theme) -> dict[Edge, str]:
    """The id of what each arrow begins at: a node, or a small box that stands for one far away."""
    again = distant_uses(trace)
    open_fans(drawing, [edge for edge in trace.edges if edge not in again])
    nodes = {node.id: node for node in trace.nodes}
    return {
        edge: _add_again(drawing, nodes[edge.source], _name_of_use(edge), theme)
        if edge in again
        else edge.source
        for edge in trace.edges
    }


def _add_again(drawing: Drawing, node: Node, arrow: str, theme: Theme) -> str:
    """A small box that stands for a node drawn elsewhere; gives its id."""
    place = f"{arrow}-again"
    name = label(parse_label(node.label), TEXT_SIZE, theme.ink) if node.label else _plain_number(node, theme)
    described = {"id": place, "tooltip": tooltip(_description(node)), "class": f"value {node.role} again"}
    drawing.node(place, f"<{framed([row(cell(name))], node.role, theme)}>", **described)
    return place


def distant_uses(trace: Trace) -> set[Edge]:
    """The uses whose arrows would be too long, in a graph where such arrows have a long way in all.

    A layout takes time, and a reader patience, with every column that an arrow has to pass.  What
    has no name to be written again by keeps its arrows.
    """
    column: dict[str, int] = {}
    inputs: dict[str, list[Edge]] = {}
    for edge in trace.edges:
        inputs.setdefault(edge.target, []).append(edge)
    for node in trace.nodes:
        column[node.id] = max((column[edge.source] + 1 for edge in inputs.get(node.id, ())), default=0)
    nearest: dict[str, int] = {}
    for edge in trace.edges:
        nearest[edge.source] = min(nearest.get(edge.source, column[edge.target]), column[edge.target])
    column |= {leaf: place - 1 for leaf, place in nearest.items() if leaf not in inputs}  # as it is laid out
    lengths = {edge: column[edge.target] - column[edge.source] for edge in trace.edges}
    if sum(length - 1 for length in lengths.values()) <= MOST_COLUMNS_PASSED:
        return set()
    nameable = {node.id for node in trace.nodes if node.label or node.role == "constant"}
    return {edge for edge, length in lengths.items() if length > LONGEST_ARROW and edge.source in nameable}


def open_fans(drawing: Drawing, edges: Iterable[Edge]) -> None:
    """Leave as much room between the ranks as the widest fan of arrows needs to open."""
    fans = Counter(edge.source for edge in edges if edge.partial is not None)
    widest = max(fans.values(), default=1)
    drawing.attr(ranksep=str(min(RANKSEP + 0.2 * (widest - 1), WIDEST_RANKSEP)))


def heads_of(trace: Trace) -> list[tuple[Edge, str]]:
    """Every use, and the id of what its arrow points at."""
    heads = {node.id: operation_id(node) for node in trace.nodes}
    return [(edge, heads[edge.target]) for edge in trace.edges]


def arrow_of_use(edge: Edge, head: str, rows: tuple[str, ...]) -> Arrow:
    """The arrow of a use, with these rows written on it."""
    return Arrow(edge.source, head, _name_of_use(edge), rows, edge.contribution, edge.partial is not None)


def _name_of_use(edge: Edge) -> str:
    return f"{edge.source}-{edge.target}-{edge.position}"


def rows_of_use(edge: Edge, theme: Theme) -> tuple[str, ...]:
    """The local derivative and, once there is one, what the edge adds to the gradient."""
    if edge.partial is None:
        return ()
    partial = text("∂ ", number(edge.partial), size=SMALL_SIZE, colour=theme.ink)
    return (partial,) if edge.contribution is None else (partial, gradient_text(edge.contribution, theme))


def gradient_text(gradient: float, theme: Theme, size: int = SMALL_SIZE) -> str:
    """A gradient with its sign, in the colour of its sign."""
    return text(signed(gradient), size=size, colour=theme.sign_text(gradient), bold=True)


def add_arrow(drawing: Drawing, arrow: Arrow, theme: Theme) -> None:
    """Width and hue show the gradient; dashed where it is zero or nan, dotted where none can flow."""
    drawing.edge(arrow.tail, arrow.head, **arrow_attributes(arrow, theme))


def arrow_attributes(arrow: Arrow, theme: Theme) -> dict[str, str]:
    """An arrow in the attributes of the DOT language."""
    flat = arrow.gradient is not None and (arrow.gradient == 0.0 or math.isnan(arrow.gradient))
    attributes = {
        "id": arrow.name,
        "color": theme.sign(arrow.gradient) if arrow.signed else theme.line,
        "penwidth": str(width(arrow.gradient)),
        "style": "dotted" if not arrow.carries else "dashed" if flat else "solid",
        "class": f"use {_arrow_word(arrow)}",
    }
    if arrow.rows:
        attributes["label"] = lines(arrow.rows, padding=0, align="CENTER", margin=3)
    if arrow.straight:
        attributes |= {"tailport": "e", "headport": "w", "weight": str(arrow.pull), "arrowsize": "0.35"}
        attributes["color"] += SEE_THROUGH  # there are many, one across the other
    if arrow.hint:
        attributes["edgetooltip"] = attributes["labeltooltip"] = tooltip(arrow.hint)
    return attributes


def _arrow_word(arrow: Arrow) -> str:
    """What the hue and style of an arrow say, as a word: how it is found in the SVG."""
    if not arrow.carries:
        return "constant"
    if arrow.gradient is None:
        return "uncomputed"
    if math.isnan(arrow.gradient):
        return "nan"
    if not arrow.signed or arrow.gradient == 0.0:
        return "zero" if arrow.gradient == 0.0 else "size"
    return "positive" if arrow.gradient > 0.0 else "negative"


# ------------------------------------------------------------------------------------------ boxes


def box(node: Node, theme: Theme, operation: str = "") -> str:
    """The box of one Value: its name and perhaps its operation, its value, its gradient."""
    rows = []
    if node.label or node.role != "operation" or operation:
        rows += [_heading(node, theme, operation), "<HR/>"]
    rows.append(fact("value", number(node.value), theme))
    if node.role != "constant":
        rows.append(fact("gradient", number(node.gradient), theme))
    if node.role == "constant" and not node.label:
        rows = [row(cell(_plain_number(node, theme)))]
    return framed(rows, node.role, theme)


def _plain_number(node: Node, theme: Theme) -> str:
    return text(number(node.value), size=TEXT_SIZE, colour=theme.ink)


def _heading(node: Node, theme: Theme, operation: str) -> str:
    words = [operation] if operation else []
    words += [node.role] if node.role != "operation" else []
    kind = text(" · ".join(words), size=SMALL_SIZE, colour=theme.faint)
    if not node.label:
        return row(cell(kind, 'COLSPAN="2"'))
    name = cell(label(parse_label(node.label), NAME_SIZE, theme.ink), 'ALIGN="LEFT"')
    return row(name, cell(kind, 'ALIGN="RIGHT"')) if words else row(name)


def fact(name: str, number: str, theme: Theme) -> str:
    """A row of a box: what it is, and the number."""
    return row(
        cell(text(name, size=SMALL_SIZE, colour=theme.faint), 'ALIGN="LEFT"'),
        cell(text(number, size=TEXT_SIZE, colour=theme.ink), 'ALIGN="RIGHT"'),
    )


SHAPES = {
    "input": 'BORDER="2"',
    "weight": 'BORDER="2" STYLE="ROUNDED"',
    "constant": 'BORDER="1" STYLE="DASHED"',
    "operation": 'BORDER="1"',
    "output": 'BORDER="2"',
}


def framed(rows: Iterable[str], role: str, theme: Theme, rounded: bool = False) -> str:
    """The rows in the frame of a role; the output's is double, a neuron's rounded."""
    colour = theme.role(role)
    attributes = (
        f'{SHAPES[role]} CELLBORDER="0" CELLSPACING="0" COLOR="{colour}" BGCOLOR="{theme.fill(role)}"'
    )
    style = ' STYLE="ROUNDED"' if rounded else ""
    inner = table(rows, 3, attributes + style)
    if role != "output":
        return inner
    return table([row(cell(inner))], 2, f'BORDER="1" CELLBORDER="0" CELLSPACING="0" COLOR="{colour}"{style}')


def _description(node: Node) -> str:
    """The whole of a node in one line, for the tooltip."""
    parts = [node.label, node.formula, number(node.value)]  # the label in full: the box may shorten it
    gradient = "" if node.role == "constant" else f"; gradient {number(node.gradient)}"
    return " = ".join(part for part in parts if part) + gradient


# ----------------------------------------------------------------------------------------- legend


def legend(gradients: Iterable[float | None], theme: Theme, arrow: str) -> list[str]:
    """How to read the arrows: rows of markup.

    Args:
        gradients: what the widths and hues of the picture's arrows show.
        theme: the colours.
        arrow: what is written on an arrow.
    """
    on_an_arrow = note(f"on an arrow: {arrow}", theme)
    if all(gradient is None for gradient in gradients):
        return [on_an_arrow, note(f"{NOT_COMPUTED} not computed yet: call backward() on the output", theme)]
    return [on_an_arrow, _scale(theme)]


def legend_of_again(trace: Trace, theme: Theme) -> list[str]:
    """What a small box stands for, where there are any."""
    if not distant_uses(trace):
        return []
    return [note("a small box stands for the value of that name, which is drawn in full elsewhere", theme)]


def note(words: str, theme: Theme, size: int = SMALL_SIZE) -> str:
    """A line of small print."""
    return text(words, size=size, colour=theme.faint)


def _scale(theme: Theme) -> str:
    """Samples of widths and hues, with what they stand for."""
    samples = [(theme.line, magnitude, number(magnitude)) for magnitude in (SMALLEST, 1e-2, 1.0, LARGEST)]
    samples += [(theme.positive, 1.0, "+ positive"), (theme.negative, 1.0, "− negative")]
    cells = [cell(note("size", theme))]
    for colour, magnitude, words in samples:
        cells += [cell(stroke(width(magnitude), colour)), cell(note(words, theme))]
    return table([row(*cells, *fillers())], 3)


def caption(drawing: Drawing, rows: Iterable[str]) -> None:
    """What is written below the picture."""
    drawing.attr(label=lines(rows, 2))


ON_A_USE = "∂, the local derivative; in bold what it adds to the gradient of the value it comes from"


def draw_values(trace: Trace, theme: Theme) -> Drawing:
    """The picture of a whole trace."""
    drawing = canvas(theme)
    add_values(drawing, trace.nodes, theme)
    add_uses(drawing, trace, theme)
    words = legend([edge.contribution for edge in trace.edges], theme, ON_A_USE)
    caption(drawing, [*words, *legend_of_again(trace, theme)])
    return drawing
