"""The picture of how large the gradients of each layer's weights are, on a logarithmic scale.

One row per layer, in the order in which the reverse pass meets them: from the output, at the top, down
to the inputs.  Gradients that vanish drift to the left, gradients that explode to the right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

from autograd.notation.labels import shorten
from autograd.notation.numbers import number
from autograd.seeing.pages.gallery.facts import Spread, follow_each_other, in_full, powers_between, times

ROW, HEAD, FOOT = 30, 46, 14
"""The heights of a row, and of what stands above and below the rows, in units of the picture."""
LOWEST = 13
"""A row is no lower than this: the words of two rows would touch."""
MOST_DOTS = 60
"""A layer of more weights than this has only this many dots, spread evenly over the order of sizes."""


@dataclass(frozen=True)
class Columns:
    """Where the columns of the picture stand, in units of the picture.

    Attributes:
        name: "wide", "medium" for a notebook and for paper, or "narrow" for the screen of a telephone.
        width: of the whole.
        title: at most this many characters of a layer's title are written.
        left, right: the ends of the scale.
        size: the right end of the column of sizes.
        step, count: those of the changes and of the numbers of weights; None where they are left out.
        ticks: how many powers of ten may be marked.
        rows: all rows together are no higher than this, as long as each is at least `LOWEST`.
    """

    name: str
    width: int
    title: int
    left: int
    right: int
    size: int
    step: int | None
    count: int | None
    ticks: int
    rows: float = math.inf


WIDE = Columns("wide", 1080, 18, 140, 760, 860, 960, 1080, 8)
MEDIUM = Columns("medium", 640, 12, 96, 390, 475, 560, 640, 5, rows=420)
NARROW = Columns("narrow", 360, 9, 62, 270, 360, None, None, 4)
WIDTHS = (WIDE, MEDIUM, NARROW)
"""The picture in three widths; the page shows the one that fits."""


def layers_svg(layers: Sequence[Spread], columns: Columns = WIDE) -> str:
    """Return the picture as an ``<svg>`` element, styled by the page's style sheet.

    Where layers stand side by side, or recur, nothing leads from row to row.
    """
    is_one_way = follow_each_other(layers)
    columns = columns if is_one_way else replace(columns, step=None)
    row = max(LOWEST, min(ROW, columns.rows / len(layers)))
    middles = [round(HEAD + row * (i + 0.5), 1) for i in range(len(layers))]
    height = round(HEAD + row * len(layers) + FOOT)
    sizes = [size for spread in layers for size in (*spread.sizes[:1], *spread.sizes[-1:])]
    scale = Scale.around(sizes, columns)
    rows = [_row(spread, y, scale) for y, spread in zip(middles, layers, strict=True)]
    title, described = f"layers-title-{columns.name}", f"layers-rows-{columns.name}"
    dots = [(scale.x(s.typical), y) for y, s in zip(middles, layers, strict=True) if 0 < s.typical < math.inf]
    course = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots) if is_one_way else ""
    marks = "".join(f'<circle class="typical" cx="{x:.1f}" cy="{y:.1f}" r="6"/>' for x, y in dots)
    return (
        f'<svg class="{columns.name}" viewBox="0 0 {columns.width} {height}" role="img" '
        f'aria-labelledby="{title} {described}">'
        f'<title id="{title}">The size of the gradient, layer by layer on the way back</title>'
        f'<desc id="{described}">{"; ".join(map(_in_words, layers))}</desc>'
        f"{_heads(columns)}{_axis(scale, height)}{''.join(rows)}{_steps(layers, columns, row)}"
        f'<polyline class="course" points="{course}"/>{marks}</svg>'
    )


class Scale:
    """From sizes to places: whole powers of ten at both ends."""

    def __init__(self, low: int, high: int, columns: Columns = WIDE) -> None:
        self.low, self.high, self.columns = low, high, columns

    @classmethod
    def around(cls, sizes: Sequence[float], columns: Columns = WIDE) -> Scale:
        """Return the scale that holds these sizes, at least two powers of ten wide."""
        if not sizes:
            return cls(-1, 1, columns)
        low = math.floor(math.log10(min(sizes)))
        return cls(low, max(low + 2, math.ceil(math.log10(max(sizes)))), columns)

    def x(self, size: float) -> float:
        """Return the place of a size."""
        return self.at(math.log10(size))

    def at(self, power: float) -> float:
        """Return the place of a power of ten."""
        left, right = self.columns.left, self.columns.right
        return left + (power - self.low) / (self.high - self.low) * (right - left)

    def ticks(self) -> range:
        """Return the powers of ten that are marked."""
        return range(self.low, self.high + 1, math.ceil((self.high - self.low) / (self.columns.ticks - 1)))


def _heads(columns: Columns) -> str:
    ends = {columns.size: "● root mean square", columns.step: "changes by", columns.count: "parameters"}
    has_room = columns.right - columns.left > 500
    what = "|gradient| of each parameter, and of ● all together" if has_room else "|gradient| of each"
    return (
        '<text class="small" x="0" y="16">way back ↓</text>'
        f'<text class="small" x="{columns.left + (0 if columns.count else 24)}" y="16">{what}</text>'
    ) + "".join(f'<text class="small end" x="{x}" y="16">{head}</text>' for x, head in ends.items() if x)


def _axis(scale: Scale, height: float) -> str:
    return "".join(
        f'<line class="grid" x1="{scale.at(p):.1f}" x2="{scale.at(p):.1f}" y1="{HEAD - 4}" '
        f'y2="{height - FOOT}"/><text class="small middle" x="{scale.at(p):.1f}" y="{HEAD - 10}">'
        f"{in_full(p, 1)}</text>"
        for p in scale.ticks()
    )


def _row(spread: Spread, y: float, scale: Scale) -> str:
    text, columns = y + 4.5, scale.columns
    parts = [
        f'<text x="0" y="{text}">{called(spread.layer, columns.title)}</text>',
        f'<line class="row" x1="{columns.left}" x2="{columns.right}" y1="{y}" y2="{y}"/>',
        f'<text class="end" x="{columns.size}" y="{text}">{number(spread.typical)}</text>',
    ]
    if columns.count is not None:
        parts.append(f'<text class="small end" x="{columns.count}" y="{text}">{_counted(spread)}</text>')
    if spread.sizes:
        low, high = scale.x(spread.sizes[0]), scale.x(spread.sizes[-1])
        parts.append(f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>')
        parts += [
            f'<circle class="each" cx="{scale.x(size):.1f}" cy="{y}" r="3"/>' for size in _some(spread.sizes)
        ]
    return "".join(parts)


def _some(sizes: Sequence[float]) -> list[float]:
    """Return at most `MOST_DOTS` of the sizes, the smallest and the largest among them."""
    if len(sizes) <= MOST_DOTS:
        return list(sizes)
    return [sizes[round(i * (len(sizes) - 1) / (MOST_DOTS - 1))] for i in range(MOST_DOTS)]


def _steps(layers: Sequence[Spread], columns: Columns, row: float) -> str:
    """Return what stands between two rows: the factor by which the typical size changes."""
    if columns.step is None:
        return ""
    return "".join(
        f'<text class="small step end" x="{columns.step}" y="{HEAD + row * (i + 1) + 4:.4g}">{change}</text>'
        for i, (after, before) in enumerate(pairwise(layers))
        if (change := _change(after, before))
    )


def _change(after: Spread, before: Spread) -> str:
    if not before.layer or not after.typical or not before.typical:
        return ""
    return times(powers_between(after.typical, before.typical), 3)


def called(layer: str, limit: int = 60) -> str:
    """Return the name of a layer, cut to that many characters."""
    return escape(shorten(layer or "no layer", limit))


def _counted(spread: Spread) -> str:
    """Return how many weights, and how many of them cannot be on the scale."""
    beside = [f"{spread.zeros:,} zero"] * bool(spread.zeros) + [f"{spread.others:,} ∞ or nan"] * bool(
        spread.others
    )
    return f"{spread.weights:,}{': ' if beside else ''}{', '.join(beside)}"


def _in_words(spread: Spread) -> str:
    return f"{called(spread.layer)}: {number(spread.typical)}"
