"""The picture of how large the gradients of each layer's weights are, on a logarithmic scale.

A row a layer, in the order in which the reverse pass meets them: from the output, at the top, down
to the inputs.  Gradients that vanish drift to the left, gradients that explode to the right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from autograd.galleries.facts import Spread, in_full, powers_between, times
from autograd.wording import number

WIDTH, ROW, HEAD, FOOT = 1080, 30, 46, 14
LEFT, RIGHT = 110, 760
SIZE_COLUMN, STEP_COLUMN, COUNT_COLUMN = 860, 960, WIDTH
MOST_TICKS = 8
MOST_DOTS = 60
"""Of more weights than this in a layer, as many are marked, spread evenly over their order."""


def layers_svg(layers: Sequence[Spread]) -> str:
    """The picture as an ``<svg>`` element, styled by the page's style sheet."""
    height = HEAD + ROW * len(layers) + FOOT
    scale = Scale.around([size for spread in layers for size in (*spread.sizes[:1], *spread.sizes[-1:])])
    rows = [_row(spread, HEAD + ROW * i + ROW / 2, scale) for i, spread in enumerate(layers)]
    dots = [
        (scale.x(s.typical), HEAD + ROW * i + ROW / 2)
        for i, s in enumerate(layers)
        if 0 < s.typical < math.inf
    ]
    course = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
    marks = "".join(f'<circle class="typical" cx="{x:.1f}" cy="{y:.1f}" r="6"/>' for x, y in dots)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="layers-title layers-rows">'
        f'<title id="layers-title">The size of the gradient, layer by layer on the way back</title>'
        f'<desc id="layers-rows">{"; ".join(map(_in_words, layers))}</desc>'
        f"{_heads()}{_axis(scale, height)}{''.join(rows)}{_steps(layers)}"
        f'<polyline class="course" points="{course}"/>{marks}</svg>'
    )


class Scale:
    """From sizes to places: whole powers of ten at both ends."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    @classmethod
    def around(cls, sizes: Sequence[float]) -> Scale:
        """The scale that holds these sizes, at least two powers of ten wide."""
        if not sizes:
            return cls(-1, 1)
        low = math.floor(math.log10(min(sizes)))
        return cls(low, max(low + 2, math.ceil(math.log10(max(sizes)))))

    def x(self, size: float) -> float:
        """The place of a size."""
        return self.at(math.log10(size))

    def at(self, power: float) -> float:
        """The place of a power of ten."""
        return LEFT + (power - self.low) / (self.high - self.low) * (RIGHT - LEFT)

    def ticks(self) -> range:
        """The powers of ten that are marked."""
        return range(self.low, self.high + 1, math.ceil((self.high - self.low) / (MOST_TICKS - 1)))


def _heads() -> str:
    return (
        f'<text class="small" x="0" y="16">way back ↓</text>'
        f'<text class="small" x="{LEFT}" y="16">|gradient| of each weight, and of ● all together</text>'
        f'<text class="small end" x="{SIZE_COLUMN}" y="16">● root mean square</text>'
        f'<text class="small end" x="{STEP_COLUMN}" y="16">changes by</text>'
        f'<text class="small end" x="{COUNT_COLUMN}" y="16">weights</text>'
    )


def _axis(scale: Scale, height: float) -> str:
    return "".join(
        f'<line class="grid" x1="{scale.at(p):.1f}" x2="{scale.at(p):.1f}" y1="{HEAD - 4}" '
        f'y2="{height - FOOT}"/><text class="small middle" x="{scale.at(p):.1f}" y="{HEAD - 10}">'
        f"{in_full(p, 1)}</text>"
        for p in scale.ticks()
    )


def _row(spread: Spread, y: float, scale: Scale) -> str:
    text = y + 4.5
    parts = [
        f'<text x="0" y="{text}">{called(spread.layer)}</text>',
        f'<line class="row" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>',
        f'<text class="end" x="{SIZE_COLUMN}" y="{text}">{number(spread.typical)}</text>',
        f'<text class="small end" x="{COUNT_COLUMN}" y="{text}">{_counted(spread)}</text>',
    ]
    if spread.sizes:
        low, high = scale.x(spread.sizes[0]), scale.x(spread.sizes[-1])
        parts.append(f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>')
        parts += [
            f'<circle class="each" cx="{scale.x(size):.1f}" cy="{y}" r="3"/>' for size in _some(spread.sizes)
        ]
    return "".join(parts)


def _some(sizes: Sequence[float]) -> list[float]:
    """At most `MOST_DOTS` of the sizes, the smallest and the largest among them."""
    if len(sizes) <= MOST_DOTS:
        return list(sizes)
    return [sizes[round(i * (len(sizes) - 1) / (MOST_DOTS - 1))] for i in range(MOST_DOTS)]


def _steps(layers: Sequence[Spread]) -> str:
    """Between two rows, by what the typical size changes."""
    return "".join(
        f'<text class="small step end" x="{STEP_COLUMN}" y="{HEAD + ROW * (i + 1) + 4}">{change}</text>'
        for i, (after, before) in enumerate(pairwise(layers))
        if (change := _change(after, before))
    )


def _change(after: Spread, before: Spread) -> str:
    if before.layer is None or not after.typical or not before.typical:
        return ""
    return times(powers_between(after.typical, before.typical), 3)


def called(layer: int | None) -> str:
    return "no layer" if layer is None else f"layer {layer}"


def _counted(spread: Spread) -> str:
    """How many weights, and how many of them cannot be on the scale."""
    n = len(spread.sizes) + spread.zeros + spread.others
    beside = [f"{spread.zeros:,} zero"] * bool(spread.zeros) + [f"{spread.others:,} ∞ or nan"] * bool(
        spread.others
    )
    return f"{n:,}{': ' if beside else ''}{', '.join(beside)}"


def _in_words(spread: Spread) -> str:
    return f"{called(spread.layer)}: {number(spread.typical)}"
