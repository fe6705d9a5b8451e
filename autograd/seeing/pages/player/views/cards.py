"""The pictures of folded networks are put together from these: layers, cards, chips, plain arrows."""

from __future__ import annotations

import math

from autograd.notation.labels import Label, parse_label
from autograd.notation.numbers import count, number
from autograd.seeing.facts.records import NodeFact as Node
from autograd.seeing.pages.player.svg.shapes import (
    GAP,
    HEADING,
    NUMBER_WIDTH,
    PADDING,
    ROW,
    SMALL,
    Point,
    description,
    head,
    hint,
    moved,
    name_markup,
    name_width,
    short_number,
    slot,
    tag,
    text_width,
    words,
)
from autograd.seeing.pages.player.views.layers import Layer, Unit

DOT, PITCH = 5.0, 15.0
CHIP_HEIGHT, CHIP_NUMBER, CHIP_NAME = 19.0, 68.0, 40.0
CHIP_WIDTH = CHIP_NAME + 2 * CHIP_NUMBER + 2 * 6
SHORT_NAME = 10


# ----------------------------------------------------------------------------------------- layers


def across(units: int) -> int:
    """How many dots stand side by side: a square of pixels comes out as a square."""
    return max(1, math.ceil(math.sqrt(units)))


def layer_size(layer: Layer) -> tuple[float, float]:
    """The width and height of a layer's box."""
    columns = across(len(layer.units))
    rows = math.ceil(len(layer.units) / columns)
    heading = text_width(layer.title, 15) + GAP + text_width(layer.kind, SMALL)
    facts = text_width("parameters", SMALL) + GAP + NUMBER_WIDTH
    width = max(columns * PITCH, heading, facts) + 2 * PADDING
    return width, HEADING + rows * PITCH + len(_facts(layer)) * ROW + 2 * PADDING


def _facts(layer: Layer) -> list[tuple[str, str, str]]:
    """What is written below the dots: the word, the number, the slot it stands in."""
    if layer.note:
        return [(layer.note, "", "")]
    if layer.parameters:
        return [("parameters", count(layer.parameters), "")]
    if layer.is_network:
        return []
    last = layer.units[-1].members[-1]
    return [
        ("value", number(last.value), f"value:{last.id}"),
        ("gradient", number(last.gradient), f"gradient:{last.id}"),
    ]


def layer_box(layer: Layer, name: str, corner: Point) -> str:
    """The box of a layer: a dot for each unit, with the id ``name`` and the unit's number from 0."""
    width, height = layer_size(layer)
    left, right = PADDING, width - PADDING
    role = "input" if layer.title == "inputs" else "operation" if layer.is_network else "output"
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
    for word, written, where in _facts(layer):
        y += ROW
        parts.append(words(word, left, y - 2, "fact"))
        parts.append(
            slot(where, written, right, y - 2, word) if where else words(written, right, y - 2, "number")
        )
    return tag("g", moved("".join(parts), corner), id=name, class_=f"node layer {role}")


def _dot(name: str, middle: Point) -> str:
    """A dot, in the colour of its box; the page tells its name when it is pointed at."""
    return tag("circle", id=name, class_="dot", cx=middle.x, cy=middle.y, r=DOT)


# ------------------------------------------------------------------------------------------ cards


CARD_WIDTH = 2 * PADDING + 20 + 2 * CHIP_NUMBER


def card_height(layer: Layer) -> float:
    """The height of the cards of a layer."""
    return HEADING + max((len(unit.shown) or 1 for unit in layer.units), default=1) * ROW + PADDING


def card(unit: Unit, name: str, corner: Point, height: float, role: str) -> str:
    """A unit as a small table: a row for its pre-activation, one for its activation."""
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
    for node in unit.shown:
        y += ROW
        base = parse_label(node.label).base if len(unit.shown) > 1 else ""
        parts.append(words(base, left, y, "fact"))
        parts += _numbers(node, right, y)
    return tag("g", moved("".join(parts), corner), id=name, class_=f"node {role}")


def _numbers(node: Node, right: float, y: float) -> list[str]:
    """Value and gradient side by side."""
    parts = [slot(f"value:{node.id}", number(node.value), right - CHIP_NUMBER, y, "value small")]
    if node.role != "constant":
        parts.append(slot(f"gradient:{node.id}", number(node.gradient), right, y, "gradient small"))
    return parts


# ------------------------------------------------------------------------------------------ chips


def chip(node: Node, name: str, corner: Point) -> str:
    """A node in one line: its name, its value, its gradient."""
    y = CHIP_HEIGHT / 2 + 4
    named: Label = parse_label(node.label, SHORT_NAME)
    fits = name_width(named) * 0.8 <= CHIP_NAME + 4
    rounding = 6.0 if node.role == "weight" else 2.0
    parts = [
        hint(description(node)),
        tag("rect", width=CHIP_WIDTH, height=CHIP_HEIGHT, rx=rounding, class_="frame"),
        tag("text", name_markup(named) if fits else _small(named), x=6.0, y=y, class_="name"),
        *_numbers(node, CHIP_WIDTH - 6, y),
    ]
    return tag("g", moved("".join(parts), corner), id=name, class_=f"node chip {node.role}")


def _small(name: Label) -> str:
    text = name.text
    return tag("tspan", words_only(text if len(text) <= 7 else text[:6] + "…"), class_="index")


def words_only(text: str) -> str:
    """Text as the inside of an element."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# ----------------------------------------------------------------------------------------- arrows


def plain_arrow(
    name: str, start: Point, tip: Point, text: str = "", bow: float = 0.0, kind: str = "use"
) -> str:
    """A straight arrow, or one that bows upwards by so much, with a word above its middle."""
    reach = math.hypot(tip.x - start.x, tip.y - start.y) or 1.0
    back = Point(tip.x - 8 * (tip.x - start.x) / reach, tip.y - 8 * (tip.y - start.y) / reach)
    bend = Point((start.x + tip.x) / 2, (start.y + tip.y) / 2 - bow)
    if bow:
        back = Point(tip.x - 6, tip.y - 5)
    a, b, c = (f"{short_number(p.x)} {short_number(p.y)}" for p in (start, bend, back))
    line = f"M{a}Q{b} {c}" if bow else f"M{a}L{c}"
    parts = [tag("path", d=line, class_="line"), tag("path", d=head(back, tip), class_="head")]
    if text:
        parts.append(words(text, bend.x, bend.y - 7, "note middle"))
    return tag("g", "".join(parts), id=name, class_=f"edge {kind}")


def line(name: str, start: Point, end: Point) -> str:
    """A line without a head."""
    d = f"M{short_number(start.x)} {short_number(start.y)}L{short_number(end.x)} {short_number(end.y)}"
    return tag("g", tag("path", d=d, class_="line"), id=name, class_="edge use")
