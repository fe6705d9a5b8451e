"""Shares as bars: a row for each class: what it is called, a bar as long as its share, and that.

A class without a name is called by its number, from 0, and its score.  The one that a cross-entropy is of
is called the right one, and has a ring.
"""

from __future__ import annotations

import math

from autograd.seeing.pages.player.svg.box_shapes import GAP, NUMBER_WIDTH, ROW
from autograd.seeing.pages.player.svg.elements import (
    Point,
    moved,
    slot,
    tag,
    text_width,
    words,
)
from autograd.seeing.pages.player.views.layers import Layer
from autograd.seeing.style import TEXT_SIZE

BAR, THICK = 100.0, 9.0
"""The least length of a bar that is all of it, and how thick a bar is."""
RIGHT = " · right class"
MOST_BELOW = 12
"""At most so many bars stand below each other; further ones begin a new column."""


def bars_size(layer: Layer) -> tuple[float, float]:
    """Return the width and height of all bars of a box."""
    columns, rows = _grid(layer)
    return columns * (_row_width(layer) + 2 * GAP) - 2 * GAP, rows * ROW


def bars(layer: Layer, name: str, corner: Point, width: float) -> list[str]:
    """Return the rows, so wide together; each bar has the id ``name`` and its number."""
    columns, rows = _grid(layer)
    width, parts = (width + 2 * GAP) / columns - 2 * GAP, []
    length = width - _row_width(layer) + BAR
    for k, fact in enumerate(layer.shares):
        along, down = divmod(k, rows)
        x, y = corner.x + along * (width + 2 * GAP), corner.y + down * ROW + TEXT_SIZE
        start = x + width - NUMBER_WIDTH - GAP - length
        whole = tag("rect", width=length, height=THICK, rx=2.0, class_="whole")
        part = tag("rect", width=length * _length(fact.number), height=THICK, rx=2.0)
        parts += [
            *([] if layer.classes else [words(str(k), x, y, "fact")]),
            words(_name(layer, k), x + _digits(layer), y, "class"),
            tag("g", moved(whole + part, Point(start, y - THICK)), id=f"{name}-{k}", class_="dot share"),
            slot(f"box:{layer.key}:{k}", fact.number, x + width, y, "value"),
        ]
        if k == layer.target:
            around = text_width(layer.shares[k].word if layer.classes else str(k), TEXT_SIZE) + GAP
            ring = tag("rect", width=around, height=ROW - 2, rx=ROW / 2 - 1, class_="right")
            parts.append(moved(ring, Point(x - GAP / 2, y - TEXT_SIZE)))
    return parts


def _grid(layer: Layer) -> tuple[int, int]:
    columns = math.ceil(len(layer.shares) / MOST_BELOW)
    return columns, math.ceil(len(layer.shares) / columns)


def _digits(layer: Layer) -> float:
    return 0.0 if layer.classes else text_width(str(len(layer.shares) - 1), TEXT_SIZE) + GAP


def _name(layer: Layer, k: int) -> str:
    return layer.shares[k].word + RIGHT * (k == layer.target)


def _row_width(layer: Layer) -> float:
    names = max(text_width(_name(layer, k), TEXT_SIZE) for k in range(len(layer.shares)))
    return _digits(layer) + names + GAP + BAR + GAP + NUMBER_WIDTH


def _length(share: str) -> float:
    """Return how long a bar is, as a part of the whole."""
    x = float(share.replace("−", "-")) if share[-1:].isdigit() else 0.0  # else nan, or not computed
    return min(max(x, 0.0), 1.0)
