"""What graphs are made of as SVG: boxes for Values, arrows for uses.

Shapes carry classes and no colours, so that one drawing serves the light and the dark look; the
classes are coloured in ``graph.css`` by the style sheet's variables.  Numbers stand in slots, that is
in text elements with a ``data-slot`` such as ``value:n3``, ``gradient:n3``, ``partial:n0>n3:1`` and
``contribution:n0>n3:1``; each is wide enough for any number of four significant digits.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from autograd.notation.labels import Label, parse_label, shorten
from autograd.notation.numbers import number, signed
from autograd.seeing.drawing.markup import LONGEST_TOOLTIP
from autograd.seeing.facts.records import EdgeFact as Edge
from autograd.seeing.facts.records import NodeFact as Node

PADDING = 8.0
HEADING = 24.0
ROW = 17.0
TEXT, SMALL, NAME, INDEX = 12.0, 10.0, 15.0, 10.0
WIDEST_NUMBER = "−1.234e−308"
GAP = 12.0
RADIUS = 13.0
EDGE_LABEL = (74.0, 30.0)
"""The room for what is written on an arrow: the local derivative above the contribution."""


@dataclass(frozen=True)
class Point:
    """A place in a picture, in its units, from the top left."""

    x: float
    y: float


def text_width(text: str, size: float) -> float:
    """A safe guess at how wide text comes out in any sans-serif font, in units of the picture."""
    return sum(size * (1.0 if unicodedata.east_asian_width(c) in "WF" else 0.62) for c in text)


HARMLESS = re.compile(r"[\w .,:()+-]*")
"""A text that means itself in an attribute."""

NUMBER_WIDTH = text_width(WIDEST_NUMBER, TEXT)


def short_number(x: float) -> str:
    """A coordinate: one decimal at most.

    >>> short_number(1.0), short_number(2.345678)
    ('1', '2.3')
    """
    text = f"{x:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def tag(name: str, content: str = "", **attributes: object) -> str:
    """An element; an underscore at the end of an attribute's name is dropped, others are hyphens.

    >>> tag("text", "&lt;", class_="name", data_slot='"')
    '<text class="name" data-slot=\\'"\\'>&lt;</text>'
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}={_attribute(value)}" for key, value in attributes.items()
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def _attribute(value: object) -> str:
    if isinstance(value, float):
        return f'"{short_number(value)}"'
    text = str(value)
    return f'"{text}"' if HARMLESS.fullmatch(text) else quoteattr(text)


def words(text: str, x: float, y: float, class_: str, **more: object) -> str:
    """Any text, each character meaning itself."""
    return tag("text", escape(text), x=x, y=y, class_=class_, **more)


def slot(name: str, content: str, x: float, y: float, class_: str) -> str:
    """A place for a number, written from its right end."""
    return words(content, x, y, f"number {class_}", data_slot=name)


def hint(text: str) -> str:
    """What an element says when pointed at."""
    return tag("title", escape(shorten(text, LONGEST_TOOLTIP)))


# ----------------------------------------------------------------------------------------- labels


def name_markup(name: Label) -> str:
    """A name with true sub- and superscripts, one above the other, as the inside of a text element."""
    markup = escape(name.base)
    if name.subscript:
        markup += tag("tspan", escape(name.subscript), class_="index", dy=4.0)
    if name.superscript:
        back = INDEX * sum(
            0.28 if c == "," else 0.556 for c in name.subscript
        )  # as wide as it is in Helvetica
        markup += tag(
            "tspan", escape(name.superscript), class_="index", dx=-back, dy=-11.0 if name.subscript else -7.0
        )
    return markup


def name_width(name: Label) -> float:
    """How wide `name_markup` comes out."""
    return text_width(name.base, NAME) + text_width(max(name.subscript, name.superscript, key=len), INDEX)


# ------------------------------------------------------------------------------------------ boxes


def is_bare(node: Node) -> bool:
    """Whether a node is a plain number inside an expression: nothing but its value is shown."""
    return node.role == "constant" and not node.label and node.symbol is None


def circle_size(symbol: str) -> tuple[float, float]:
    """The width and height of the circle of an operation."""
    return 2 * max(RADIUS, text_width(symbol, TEXT) / 2 + 5), 2 * RADIUS


def box_size(node: Node) -> tuple[float, float]:
    """The width and height of a node's box."""
    if is_bare(node):
        return text_width(number(node.value), TEXT) + 2 * PADDING, ROW + PADDING
    heading = _has_heading(node)
    rows = 1 if node.role == "constant" else 2
    facts = text_width("gradient" if rows == 2 else "value", SMALL) + GAP + NUMBER_WIDTH
    named = name_width(_name(node)) + GAP + text_width(_role(node), SMALL) if heading else 0.0
    height = (HEADING if heading else 0.0) + rows * ROW + PADDING
    return max(facts, named) + 2 * PADDING, height


def _has_heading(node: Node) -> bool:
    return bool(node.label) or node.role != "operation"


def _name(node: Node) -> Label:
    return parse_label(node.label)


def _role(node: Node) -> str:
    return "" if node.role == "operation" else node.role


def box(node: Node, corner: Point) -> str:
    """The box of a node."""
    width, height = box_size(node)
    right = width - PADDING
    if is_bare(node):
        rows = [slot(f"value:{node.id}", number(node.value), right, height / 2 + 4, "value")]
    else:
        rows = _rows(node, Point(PADDING, 0.0), right)
    return moved(_frame(node.role, width, height) + "".join(rows), corner)


def moved(parts: str, corner: Point) -> str:
    """Parts drawn around (0, 0), with that at the corner: equal parts are then equal texts, in less room."""
    place = f"translate({round(corner.x)} {round(corner.y)})"
    return tag("g", parts, transform=place)


def circle(symbol: str, corner: Point) -> str:
    """The circle of an operation."""
    width, height = circle_size(symbol)
    shape = tag("rect", width=width, height=height, rx=RADIUS, class_="op")
    return moved(shape + words(symbol, width / 2, RADIUS + 4.5, "symbol"), corner)


def node_group(node: Node, name: str, parts: str, kind: str = "") -> str:
    """What shows one node, with what it says when pointed at.

    Args:
        node: the node.
        name: the id of the element.
        parts: its box, its operation's circle and the line between.
        kind: one more class.
    """
    shown = hint(description(node)) + parts
    return tag("g", shown, id=name, class_=f"node {node.role} {kind}".rstrip())


def _rows(node: Node, start: Point, right: float) -> list[str]:
    """The name and role, the value, the gradient."""
    y = start.y + PADDING / 2
    parts = []
    if _has_heading(node):
        if node.label:
            parts.append(tag("text", name_markup(_name(node)), x=start.x, y=y + 15, class_="name"))
        role_x = right if node.label else start.x
        parts.append(words(_role(node), role_x, y + 14, "role" if node.label else "role alone"))
        y += HEADING
        parts.append(
            tag(
                "path",
                d=f"M{short_number(start.x)} {short_number(y - 2)}H{short_number(right)}",
                class_="rule",
            )
        )
    facts = [("value", number(node.value))]
    if node.role != "constant":
        facts.append(("gradient", number(node.gradient)))
    for name, written in facts:
        parts.append(words(name, start.x, y + 12.5, "fact"))
        parts.append(slot(f"{name}:{node.id}", written, right, y + 12.5, name))
        y += ROW
    return parts


def _frame(role: str, width: float, height: float) -> str:
    """Square for inputs, rounded for weights, dashed for constants, double for the output."""
    rounding = {"weight": 9.0, "output": 4.0}.get(role, 2.0)
    frames = tag("rect", width=width, height=height, rx=rounding, class_="frame")
    if role == "output":
        frames += tag(
            "rect", x=3.0, y=3.0, width=width - 6, height=height - 6, rx=rounding, class_="frame inner"
        )
    return frames


def description(node: Node) -> str:
    """The whole of a node in one line, its label in full."""
    label = parse_label(node.label, limit=LONGEST_TOOLTIP).text if node.label else ""
    named = " = ".join(part for part in (label, node.formula) if part)
    return named or node.role


# ----------------------------------------------------------------------------------------- arrows


def edge_key(edge: Edge) -> str:
    """How an edge is named wherever views are tied to a trace: ``n0>n2:1``."""
    return f"{edge.source}>{edge.target}:{edge.position}"


def arrow(edge: Edge, name: str, points: list[Point], middle: Point | None) -> str:
    """The arrow of one use: a Bézier path through the points, a head at its end, its numbers.

    Args:
        edge: the use.
        name: the id of the element.
        points: the start, then three points a piece as in SVG's ``C``, then the tip.
        middle: where the numbers stand; None for an arrow that carries none.
    """
    parts = [tag("path", d=curve(points[:-1]), class_="line")]
    parts.append(tag("path", d=head(points[-2], points[-1]), class_="head"))
    key = edge_key(edge)
    if middle is not None:
        added = signed(edge.contribution) if edge.contribution is not None else ""
        numbers = slot(f"partial:{key}", "∂ " + number(edge.partial), 0.0, -3.0, "partial")
        numbers += slot(f"contribution:{key}", added, 0.0, 10.0, "contribution")
        parts.append(moved(numbers, middle))
    kind = "constant" if edge.partial is None else "use"
    return tag("g", "".join(parts), id=name, class_=f"edge {kind}")


def curve(points: Iterable[Point]) -> str:
    """The ``d`` of a path through Bézier points in whole units, each piece told from where it starts.

    >>> curve([Point(100, 100), Point(101.2, 100), Point(104, 98.3), Point(104, 99)])
    'M100 100c1 0 4 -2 4 -1'
    """
    start, *rest = (Point(round(p.x), round(p.y)) for p in points)
    d = f"M{_pair(start)}c"
    moves = []
    for i in range(0, len(rest), 3):
        moves += [_pair(Point(p.x - start.x, p.y - start.y)) for p in rest[i : i + 3]]
        start = rest[min(i + 2, len(rest) - 1)]
    return d + " ".join(moves)


def _pair(p: Point) -> str:
    return f"{short_number(p.x)} {short_number(p.y)}"


def head(back: Point, tip: Point, half: float = 3.5) -> str:
    """The ``d`` of an arrow's head from its back to its tip."""
    length = math.hypot(tip.x - back.x, tip.y - back.y) or 1.0
    dx, dy = half * (tip.x - back.x) / length, half * (tip.y - back.y) / length
    side = Point(back.x - dy - tip.x, back.y + dx - tip.y)
    return f"M{_pair(tip)}l{_pair(side)} {_pair(Point(2 * dy, -2 * dx))}z"
