"""A node as a chip of one line."""

from __future__ import annotations

from xml.sax.saxutils import escape

from autograd.notation.labels import parse_label
from autograd.seeing.facts.box_content import Box, box_of_node
from autograd.seeing.facts.records import NodeFact
from autograd.seeing.pages.player.svg.box_shapes import draw_number
from autograd.seeing.pages.player.svg.elements import Point, hint, moved, name_markup, name_width, tag

CHIP_HEIGHT, CHIP_NUMBER, CHIP_NAME = 19.0, 68.0, 40.0
CHIP_WIDTH = CHIP_NAME + 2 * CHIP_NUMBER + 2 * 6
SHORT_NAME = 10
"""A chip shows at most this many characters of a name."""


def chip(node: NodeFact, name: str, corner: Point) -> str:
    """Return a node in one line: its name, its value, its gradient."""
    role = box_of_node(node).role
    return tag("g", moved(chip_face(node), corner), id=name, class_=f"node chip {role}")


def chip_face(node: NodeFact) -> str:
    """Return what a chip looks like, wherever it stands, with what it says when pointed at."""
    box = box_of_node(node)
    return hint(box.title) + chip_body(box, short_name(node.label))


def chip_body(box: Box, name: str) -> str:
    """Return a chip's frame, name as markup, and numbers."""
    y = CHIP_HEIGHT / 2 + 4
    rounding = 6.0 if box.role == "weight" else 2.0
    parts = [
        tag("rect", width=CHIP_WIDTH, height=CHIP_HEIGHT, rx=rounding, class_="frame"),
        tag("text", name, x=6.0, y=y, class_="name"),
        *numbers_side_by_side(box, CHIP_WIDTH - 6, y),
    ]
    return "".join(parts)


def short_name(label: str) -> str:
    """Return the name with its indices where that fits into a chip, else the beginning of it in small."""
    name = parse_label(label, SHORT_NAME)
    if name_width(name) * 0.8 <= CHIP_NAME + 4:
        return name_markup(name)
    text = name.text if len(name.text) <= 7 else name.text[:6] + "…"
    return tag("tspan", escape(text), class_="index")


def numbers_side_by_side(box: Box, right: float, y: float) -> list[str]:
    """Return value and gradient side by side."""
    ends = (right - CHIP_NUMBER, right)
    return [draw_number(box, fact, end, y, "small") for fact, end in zip(box.facts, ends, strict=False)]
