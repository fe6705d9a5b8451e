"""The small boxes of folded networks: a layer as dots, a neuron as a card."""

from __future__ import annotations

import math
from functools import lru_cache

from autograd.notation.numbers import count
from autograd.seeing.facts.box_content import Fact, box_of_node
from autograd.seeing.pages.player.svg.box_shapes import GAP, HEADING, NUMBER_WIDTH, PADDING, ROW
from autograd.seeing.pages.player.svg.chips import CHIP_NUMBER, numbers_side_by_side
from autograd.seeing.pages.player.svg.elements import (
    Point,
    coordinate,
    hint,
    moved,
    name_markup,
    slot,
    tag,
    text_width,
    words,
)
from autograd.seeing.pages.player.views.bars import bars, bars_size
from autograd.seeing.pages.player.views.layers import Layer, Unit
from autograd.seeing.style import NAME_SIZE, TEXT_SIZE

DOT, PITCH = 5.0, 15.0
LEAST_WIDTH = 130.0


# ----------------------------------------------------------------------------------------- layers


def across(units: int) -> int:
    """Return how many dots stand side by side: a square of pixels comes out as a square."""
    return max(1, math.ceil(math.sqrt(units)))


def _places(layer: Layer) -> tuple[list[Point], float, float]:
    """Return where a layer's dots stand in their place, and how wide and high that is.

    Those of windows stand in the rows and columns of what they see, the planes of several kernels apart.
    """
    units = len(layer.units) // layer.planes
    return _grid(units, layer.columns or across(units), len(layer.dots))


def shape_of(layer: Layer) -> tuple[int, ...]:
    """Return the planes, rows and columns of what a box gives, where its dots stand as pictures; else ()."""
    if not layer.columns or layer.opens_as in ("inputs", "outside"):
        return ()
    units = len(layer.units) // layer.planes
    return len(layer.dots) // units, units // layer.columns, layer.columns


@lru_cache(maxsize=100)
def _grid(units: int, columns: int, dots: int) -> tuple[list[Point], float, float]:
    """Return where the dots of so many units, in so many columns, stand in their place, and its size."""
    rows, planes = math.ceil(units / columns), dots // max(1, units)
    beside = across(planes)
    width, height = columns * PITCH + GAP, rows * PITCH + GAP
    points = []
    for place in range(dots):
        plane, unit = divmod(place, units)
        below, right = divmod(plane, beside)
        down, along = divmod(unit, columns)
        points.append(Point(right * width + along * PITCH, below * height + down * PITCH))
    return points, beside * width - GAP, math.ceil(planes / beside) * height - GAP if planes else 0.0


def layer_size(layer: Layer) -> tuple[float, float]:
    """Return the width and height of a layer's box."""
    wide, high = bars_size(layer) if layer.shares else _places(layer)[1:]
    heading = text_width(_title(layer), NAME_SIZE, bold=True) + GAP + text_width(layer.kind, TEXT_SIZE)
    facts = [  # small words grow where the picture shrinks, until they are as large as its numbers
        text_width(fact.word, TEXT_SIZE) + GAP + max(NUMBER_WIDTH, text_width(fact.number, TEXT_SIZE))
        for fact, _ in _facts(layer)
    ]
    width = max(wide, heading, *facts, LEAST_WIDTH) + 2 * PADDING
    return width, HEADING + high + len(_facts(layer)) * ROW + 2 * PADDING


def _title(layer: Layer) -> str:
    """Return what a box is called, and the class of its Module where neither that nor its kind tells it."""
    of = layer.group.of if layer.group else ""
    is_told = of in ("", layer.kind) or of.lower() in layer.title.lower().split()
    return layer.title if is_told else f"{layer.title} · {of}"


def _facts(layer: Layer) -> list[tuple[Fact, str]]:
    """Return what is written below the dots, and the slot that each number stands in."""
    if layer.note:
        return [(Fact(layer.note, ""), "")]
    if layer.group is not None:
        rows = [(fact, f"box:{layer.key}:{k}") for k, fact in enumerate(layer.facts)]
        return rows[len(layer.shares) :]
    if layer.is_network:
        return []
    whole = [node for node in layer.nodes if node.role == "output"] if layer.shares else layer.nodes[-1:]
    last = box_of_node(layer.units[-1].members[-1] if layer.units and not layer.shares else whole[0])
    return [(fact, f"{fact.word}:{last.id}") for fact in last.facts]


def layer_box(layer: Layer, name: str, corner: Point) -> str:
    """Return the box of a layer.

    It has a dot for each unit, with the id ``name`` and the dot's key.
    """
    width, height = layer_size(layer)
    left, right = PADDING, width - PADDING
    role, brief = _role(layer), layer.group.brief if layer.group else ""
    parts = [
        hint(f"{_title(layer)}: {', '.join(filter(None, [brief, layer.kind]))}"),
        tag("rect", width=width, height=height, rx=8.0, class_="frame"),
        words(_title(layer), left, 19.0, "title"),
        words(layer.kind, right, 18.0, "role"),
    ]
    y = HEADING + PADDING
    if layer.shares:
        parts += bars(layer, name, Point(left, y), right - left)
        y += bars_size(layer)[1]
    else:
        points, wide, high = _places(layer)
        start, top = round((width - wide) / 2 + PITCH / 2), round(y + PITCH / 2)
        for dot, at in zip(layer.dots, points, strict=True):
            parts.append(_dot(f"{name}-{dot.key}", Point(start + at.x, top + at.y)))
        y = top + high - PITCH / 2
    for fact, where in _facts(layer):
        y += ROW
        parts.append(words(fact.word, left, y - 2, "fact"))
        if where:
            parts.append(slot(where, fact.number, right, y - 2, "value"))
        elif fact.number:
            parts.append(words(fact.number, right, y - 2, "number"))
    return tag("g", moved("".join(parts), corner), id=name, class_=f"node layer {role}")


def _role(layer: Layer) -> str:
    if layer.opens_as in ("inputs", "outside"):
        return {"inputs": "input", "outside": "operation elsewhere"}[layer.opens_as]
    return "operation" if layer.is_network else "output"


def _dot(name: str, middle: Point) -> str:
    """Return a dot, in the colour of its box; the page tells its name when it is pointed at."""
    x, y = coordinate(middle.x), coordinate(middle.y)
    return f'<circle id="{name}" class="dot" cx="{x}" cy="{y}" r="{coordinate(DOT)}"/>'  # there are thousands


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
        parts += numbers_side_by_side(box_of_node(node), right, y)
    return tag("g", moved("".join(parts), corner), id=name, class_=f"node {role}")
