"""Boxes and circles as SVG; what a box says is told by `autograd.seeing.facts.box_content`.

Numbers stand in slots, that is in text elements with a ``data-slot`` such as ``value:n3`` and
``gradient:n3``; each is wide enough for any number of four significant digits.
"""

from __future__ import annotations

from autograd.seeing.facts.box_content import Box, Fact
from autograd.seeing.pages.player.svg.elements import (
    Point,
    coordinate,
    hint,
    moved,
    name_markup,
    name_width,
    slot,
    tag,
    text_width,
    words,
)
from autograd.seeing.style import SMALL_SIZE, TEXT_SIZE

PADDING = 8.0
HEADING = 24.0
ROW = 17.0
GAP = 8.0
RADIUS = 13.0
ROUNDING = {"weight": 9.0, "output": 4.0}
"""The rounding of the corners of a frame by role; those of the others are almost square."""

WIDEST_NUMBER = "−1.234e−5"
"""The longest usual number of four digits; see `is_small_print` for those with a longer exponent."""
NUMBER_WIDTH = text_width(WIDEST_NUMBER, TEXT_SIZE)


def box_size(box: Box) -> tuple[float, float]:
    """Return the width and height of a box."""
    if box.is_bare:
        return text_width(box.facts[0].number, TEXT_SIZE) + 2 * PADDING, ROW + PADDING
    facts = max(text_width(fact.word, SMALL_SIZE) for fact in box.facts) + GAP + NUMBER_WIDTH
    name = name_width(box.name) if box.name else 0.0
    heading = name + GAP + text_width(box.kind, SMALL_SIZE)
    height = (HEADING if box.has_heading else 0.0) + len(box.facts) * ROW + PADDING
    return max(facts, heading) + 2 * PADDING, height


def draw_box(box: Box, corner: Point) -> str:
    """Return a box whose top left corner is at this point."""
    return moved(box_face(box), corner)


def box_face(box: Box, name: str = "") -> str:
    """Return what a box looks like, wherever it stands; its name as this markup, if any is given."""
    width, height = box_size(box)
    right = width - PADDING
    parts = [_frame(box.role, width, height)]
    if box.is_bare:
        parts.append(draw_number(box, box.facts[0], right, height / 2 + 4))
    else:
        y = PADDING / 2
        if box.has_heading:
            parts += _heading(box, name, y, right)
            y += HEADING
        for fact in box.facts:
            parts.append(words(fact.word, PADDING, y + 12.5, "fact"))
            parts.append(draw_number(box, fact, right, y + 12.5))
            y += ROW
    return "".join(parts)


def draw_number(box: Box, fact: Fact, right: float, y: float, size: str = "") -> str:
    """Return the slot of one of a box's numbers, which ends at ``right``."""
    is_long = fact.word in ("value", "gradient") and is_small_print(fact.number)
    kind = " ".join(filter(None, [fact.word, size, "long" if is_long else ""]))
    return slot(f"{fact.word}:{box.id}", fact.number, right, y, kind)


def is_small_print(text: str) -> bool:
    """Return whether a number, such as −1.234e−308, would touch the word before it in the usual size."""
    return "e" in text and len(text) > len(WIDEST_NUMBER)


def _heading(box: Box, markup: str, y: float, right: float) -> list[str]:
    """Return the name and the kind side by side, and the rule below them."""
    rule = f"M{coordinate(PADDING)} {coordinate(y + HEADING - 2)}H{coordinate(right)}"
    if box.name:
        name = [tag("text", markup or name_markup(box.name), x=PADDING, y=y + 15, class_="name")]
        kind = words(box.kind, right, y + 14, "role")
    else:
        name = []
        kind = words(box.kind, PADDING, y + 14, "role alone")
    return [*name, kind, tag("path", d=rule, class_="rule")]


def _frame(role: str, width: float, height: float) -> str:
    """Return a frame: rounded for weights, double for the output; the style sheet dashes constants."""
    rounding = ROUNDING.get(role, 2.0)
    frames = tag("rect", width=width, height=height, rx=rounding, class_="frame")
    if role == "output":
        inner = "frame inner"
        frames += tag("rect", x=3.0, y=3.0, width=width - 6, height=height - 6, rx=rounding, class_=inner)
    return frames


def circle_size(symbol: str) -> tuple[float, float]:
    """Return the width and height of the circle of an operation."""
    return 2 * max(RADIUS, text_width(symbol, TEXT_SIZE) / 2 + 5), 2 * RADIUS


def draw_circle(symbol: str, corner: Point) -> str:
    """Return the circle of an operation."""
    width, height = circle_size(symbol)
    shape = tag("rect", width=width, height=height, rx=RADIUS, class_="op")
    return moved(shape + words(symbol, width / 2, RADIUS + 4.5, "symbol"), corner)


def node_group(box: Box, name: str, parts: str, kind: str = "") -> str:
    """Return what shows one node, with what it says when pointed at.

    Args:
        box: what its box says.
        name: the id of the element.
        parts: its box, its operation's circle and the line between.
        kind: one more class.
    """
    return tag("g", hint(box.title) + parts, id=name, class_=f"node {box.role} {kind}".rstrip())
