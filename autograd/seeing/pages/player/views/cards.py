"""The small boxes of folded networks: a layer as dots, a neuron as a card, a node as a chip of one line."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from autograd.notation.labels import parse_label
from autograd.notation.numbers import count
from autograd.seeing.facts.box import Box, Fact, box_of_node
from autograd.seeing.facts.records import NodeFact
from autograd.seeing.pages.player.svg.boxes import GAP, HEADING, NUMBER_WIDTH, PADDING, ROW, draw_number
from autograd.seeing.pages.player.svg.elements import (
    Point,
    hint,
    moved,
    name_markup,
    name_width,
    slot,
    tag,
    text_width,
    words,
)
from autograd.seeing.pages.player.views.layers import Layer, Unit
from autograd.seeing.style import NAME_SIZE, SMALL_SIZE

DOT, PITCH = 5.0, 15.0
CHIP_HEIGHT, CHIP_NUMBER, CHIP_NAME = 19.0, 68.0, 40.0
CHIP_WIDTH = CHIP_NAME + 2 * CHIP_NUMBER + 2 * 6
SHORT_NAME = 10
"""A chip shows at most this many characters of a name."""


# ----------------------------------------------------------------------------------------- layers


def across(units: int) -> int:
    """Return how many dots stand side by side: a square of pixels comes out as a square."""
    return max(1, math.ceil(math.sqrt(units)))


def layer_size(layer: Layer) -> tuple[float, float]:
    """Return the width and height of a layer's box."""
    columns = across(len(layer.units))
    rows = math.ceil(len(layer.units) / columns)
    heading = text_width(layer.title, NAME_SIZE) + GAP + text_width(layer.kind, SMALL_SIZE)
    facts = text_width("parameters", SMALL_SIZE) + GAP + NUMBER_WIDTH
    width = max(columns * PITCH, heading, facts) + 2 * PADDING
    return width, HEADING + rows * PITCH + len(_facts(layer)) * ROW + 2 * PADDING


def _facts(layer: Layer) -> list[tuple[Fact, str]]:
    """Return what is written below the dots, and the slot that each number stands in."""
    if layer.note:
        return [(Fact(layer.note, ""), "")]
    if layer.parameters:
        return [(Fact("parameters", count(layer.parameters)), "")]
    if layer.is_network:
        return []
    last = box_of_node(layer.units[-1].members[-1])
    return [(fact, f"{fact.word}:{last.id}") for fact in last.facts]


def layer_box(layer: Layer, name: str, corner: Point) -> str:
    """Return the box of a layer.

    It has a dot for each unit, with the id ``name`` and the unit's number from 0.
    """
    width, height = layer_size(layer)
    left, right = PADDING, width - PADDING
    role = _role(layer)
    parts = [
        hint(f"{layer.title}: {layer.kind}"),
        tag("rect", width=width, height=height, rx=8.0, class_="frame"),
        words(layer.title, left, 19.0, "title"),
        words(layer.kind, right, 18.0, "role"),
    ]
    columns = across(len(layer.units))
    start = round((width - columns * PITCH) / 2 + PITCH / 2)
    top = round(HEADING + PADDING + PITCH / 2)
    for i in range(len(layer.units)):
        down, along = divmod(i, columns)
        parts.append(_dot(f"{name}-{i}", Point(start + along * PITCH, top + down * PITCH)))
    y = top + math.ceil(len(layer.units) / columns) * PITCH - PITCH / 2
    for fact, where in _facts(layer):
        y += ROW
        parts.append(words(fact.word, left, y - 2, "fact"))
        if where:
            parts.append(slot(where, fact.number, right, y - 2, fact.word))
        elif fact.number:
            parts.append(words(fact.number, right, y - 2, "number"))
    return tag("g", moved("".join(parts), corner), id=name, class_=f"node layer {role}")


def _role(layer: Layer) -> str:
    if layer.opens_as in ("inputs", "outside"):
        return {"inputs": "input", "outside": "operation elsewhere"}[layer.opens_as]
    return "operation" if layer.is_network else "output"


def _dot(name: str, middle: Point) -> str:
    """Return a dot, in the colour of its box; the page tells its name when it is pointed at."""
    return tag("circle", id=name, class_="dot", cx=middle.x, cy=middle.y, r=DOT)


# ------------------------------------------------------------------------------------------ cards


CARD_WIDTH = 2 * PADDING + 20 + 2 * CHIP_NUMBER


def card_height(layer: Layer) -> float:
    """Return the height of the cards of a layer."""
    return HEADING + max((len(unit.shown) or 1 for unit in layer.units), default=1) * ROW + PADDING


def card(unit: Unit, name: str, corner: Point, height: float, role: str) -> str:
    """Return a unit as a small table: a row for its pre-activation, one for its activation."""
    left, right = PADDING, CARD_WIDTH - PADDING
    y = 18.0
    parts = [
        hint(unit.name.text),
        tag("rect", width=CARD_WIDTH, height=height, rx=8.0, class_="frame"),
        tag("text", name_markup(unit.name), x=left, y=y, class_="name"),
    ]
    if unit.shown:
        parts += [words("value", right - CHIP_NUMBER, y, "role"), words("gradient", right, y, "role")]
    else:
        parts.append(words(f"{count(len(unit.members))} values", right, y, "role"))
    for k, node in enumerate(unit.shown):
        y += ROW
        parts.append(words(unit.letters[k] if len(unit.shown) > 1 else "", left, y, "fact"))
        parts += _numbers(box_of_node(node), right, y)
    return tag("g", moved("".join(parts), corner), id=name, class_=f"node {role}")


def _numbers(box: Box, right: float, y: float) -> list[str]:
    """Return value and gradient side by side."""
    ends = (right - CHIP_NUMBER, right)
    return [draw_number(box, fact, end, y, "small") for fact, end in zip(box.facts, ends, strict=False)]


# ------------------------------------------------------------------------------------------ chips


def chip(node: NodeFact, name: str, corner: Point) -> str:
    """Return a node in one line: its name, its value, its gradient."""
    box, y = box_of_node(node), CHIP_HEIGHT / 2 + 4
    rounding = 6.0 if box.role == "weight" else 2.0
    parts = [
        hint(box.title),
        tag("rect", width=CHIP_WIDTH, height=CHIP_HEIGHT, rx=rounding, class_="frame"),
        tag("text", _short_name(node), x=6.0, y=y, class_="name"),
        *_numbers(box, CHIP_WIDTH - 6, y),
    ]
    return tag("g", moved("".join(parts), corner), id=name, class_=f"node chip {box.role}")


def _short_name(node: NodeFact) -> str:
    """Return the name with its indices where that fits into a chip, else the beginning of it in small."""
    name = parse_label(node.label, SHORT_NAME)
    if name_width(name) * 0.8 <= CHIP_NAME + 4:
        return name_markup(name)
    text = name.text if len(name.text) <= 7 else name.text[:6] + "…"
    return tag("tspan", escape(text), class_="index")
