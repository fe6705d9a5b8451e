"""Slopes of a plain function, by differences alone: to the left, to the right and through the middle.

Nothing is known of the function but its values.  How much they are moved by rounding shows in fourth
differences over tiny steps, which anything smooth leaves no trace in.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd.testing.differences import SHRINK, WITNESSES, Estimate, Number, extrapolated, steps_from
from autograd.testing.digits import EPSILON

NOISE_STEPS = tuple(2.0**-k for k in (48, 39, 30, 21, 12))
"""The steps over which noise is looked for, relative to the input."""
ROUNDINGS = 4
"""A function's value may be off by this many units in its last place, whatever its differences show."""
TIGHT = 16
"""An estimate supports a gradient if its bound is this many times smaller than what it decides between."""
STAIR = 64
"""A step of a function that stands still beside the point is due to rounding if it is at most this many units
in the last place of the function's largest value, or of the 1 that it may have computed with."""
GLANCE = tuple(2.0**-k for k in (5, 7, 9))
"""The steps of a first look, relative to the input or to 1."""
CLOSE = 2.0**-20
"""The step of one more look, to see whether the function behaves the same close by."""
HIDDEN = 1024
"""Over the largest step, changes of less than this many units in the last place are hidden by rounding."""
STEEPER = 1.3
"""Slopes that grow by this factor with each step, down to the smallest, have no limit."""
UNRESOLVED = 1e-3
"""Noise of this share of all that a function does leaves nothing to compare with."""
FLOAT32 = 2.0**-23


class Side(NamedTuple):
    """Estimates of one slope.

    Attributes:
        estimates: the best first.
        endless: how much the difference quotient grows from one step to the next, if it has no limit; else 0.
        climbed: the difference quotient of the smallest step that rounding does not hide, if they grew from
            step to step up to it; else 0.
    """

    estimates: Sequence[Estimate]
    endless: float = 0.0
    climbed: float = 0.0

    @property
    def agreed(self) -> list[Estimate]:
        """The estimates that none of smaller steps contradicts, the best first: a derivative is local."""
        agreed: list[Estimate] = []
        for e in sorted(self.estimates, key=lambda e: e.step):
            if all(_has(e, finer.slope, finer.bound) for finer in agreed):
                agreed.append(e)
        return sorted(agreed, key=lambda e: e.bound)

    def denies(self, slope: float, tolerance: float) -> bool:
        """Return whether the slope is not this one: the best estimates exclude it, no finer one has it.

        Where quotients grew until rounding hid them, they may have gone on to any that is larger.
        """
        if abs(slope) > abs(self.climbed) > 0 and slope * self.climbed > 0:
            return False
        best = self.agreed[:WITNESSES]
        if len(best) < WITNESSES or any(_has(e, slope, tolerance) for e in best):
            return False
        return self._finer(best[0], slope, tolerance) is None

    def from_afar(self, noise: float) -> Estimate:
        """Return the best estimate where ``noise`` of every change may be rounding, near as it looks."""
        return Side([e._replace(bound=e.bound + 2 * noise / e.step) for e in self.estimates]).agreed[0]

    def nearest(self, slope: float, tolerance: float) -> Estimate:
        """Return the best estimate, or a finer one that has the slope if it is a good one."""
        best = self.agreed[0]
        if _has(best, slope, tolerance):
            return best
        return self._finer(best, slope, tolerance) or best

    def _finer(self, best: Estimate, slope: float, tolerance: float) -> Estimate | None:
        apart = abs(slope - best.slope)
        for e in self.estimates:
            if e.step < best.step and _has(e, slope, tolerance) and TIGHT * e.bound < apart:
                return e
        return None

    def is_apart_from(self, other: Side, tolerance: float) -> bool:
        """Return whether the best estimates of both are of slopes that differ."""
        mine, others = self.agreed[:WITNESSES], other.agreed[:WITNESSES]
        return len(mine) == len(others) == WITNESSES and all(
            abs(a.slope - b.slope) > a.bound + b.bound + tolerance for a in mine for b in others
        )


def _has(e: Estimate, slope: float, tolerance: float) -> bool:
    return abs(e.slope - slope) <= e.bound + tolerance


class Slopes(NamedTuple):
    """What differences say of one output along one input.

    Attributes:
        left, right, middle: the slopes to both sides and through the middle.
        resolved: False if the function changes as much between neighbouring numbers as anywhere.
        missing: on which sides the function has no value: "", "left", "right" or "both".
        steepest: how much the function changes within the largest step, relative to that step.
        hidden: the slope that rounding hides even over the largest step.
        noise: what rounding would hide anywhere, if it is that of the function's largest value.
        chords: how fast the function climbs in stairs as wide as its way to a place without a value.
    """

    left: Side
    right: Side
    middle: Side
    resolved: bool = True
    missing: str = ""
    steepest: float = 0.0
    hidden: float = 0.0
    noise: float = 0.0
    chords: Sequence[float] = ()

    def excuse(self, slope: float, tolerance: float) -> bool:
        """Return whether rounding may be why differences have another slope than this one.

        So it may where this one is possible from afar, and the one from close by is not.  And where the
        function climbs about so fast in large stairs.
        """
        if any(chord and 0.5 <= slope / chord <= 2 for chord in self.chords):
            return True
        return self.deceive(tolerance) and all(_has(afar, slope, tolerance) for _, afar in self._near_and_far)

    def deceive(self, tolerance: float) -> bool:
        """Return whether the slopes from close by are hidden from afar, where all sides have others.

        So it is where a term is lost in rounding: exp(x) − 1 − x is computed as −x for the smallest numbers.
        """
        hidden = any(abs(e.slope) * e.step < self.noise for e in self.middle.agreed[:1])
        return hidden and not any(_has(afar, e.slope, e.bound + tolerance) for e, afar in self._near_and_far)

    @property
    def _near_and_far(self) -> list[tuple[Estimate, Estimate]]:
        sides = self.left, self.right, self.middle
        return [(side.agreed[0], side.from_afar(self.noise)) for side in sides]


Line = Callable[[float], Sequence[float] | None]


def glance(
    line: Line, x: float, rounded: Callable[[float], float], epsilon: float, here: Sequence[float]
) -> list[Estimate | None]:
    """Return the slope of each output by a few differences; None where they disagree.

    Args:
        line, x, rounded, epsilon: as for `LineSamples`.
        here: the outputs at the point.
    """
    steps = [max(abs(x), 1.0) * step for step in (*GLANCE, CLOSE)]
    sides = [(rounded(x - step), rounded(x + step)) for step in steps]
    rows = [(line(low), line(high)) for low, high in sides]

    def slope(j: int) -> Estimate | None:
        quotients, bends = [], []
        for (low, high), (below, above) in zip(sides, rows, strict=True):
            if below is None or above is None:
                return None
            noise = ROUNDINGS * epsilon * max(abs(below[j]), abs(above[j]), abs(here[j])) / (high - low)
            slope = (above[j] - below[j]) / (high - low)
            quotients.append(Number(slope, 2 * noise + 2 * EPSILON * abs(slope)))
            bends.append(abs((above[j] - here[j]) / (high - x) - (here[j] - below[j]) / (x - low)))
        if all(row is not None and row[j] == here[j] for pair in rows for row in pair):
            return Estimate(0.0, 0.0)
        close = quotients.pop()
        (*found,) = extrapolated(steps, quotients, SHRINK**2)
        noise = 4 * close.noise
        if not found or noise > 0.01 * abs(found[0].slope):
            return None
        apart = abs(found[0].slope - close.value)
        bend = bends[-1] - 2 * bends[-2] * CLOSE / GLANCE[-1]  # of anything smooth, in proportion to the step
        return found[0] if apart <= noise + found[0].bound and bend <= noise else None

    return [slope(j) for j in range(len(here))]


class LineSamples:
    """The values of all outputs of a function along one of its inputs.

    Args:
        line: the outputs for a number of the input; None where there are none.
        x: the input's number.
        rounded: rounds a number as the input's place does.
        epsilon: the relative spacing of the coarsest format that the function takes or gives.
        scale: the steps begin at this share of the usual ones.
    """

    def __init__(
        self, line: Line, x: float, rounded: Callable[[float], float], epsilon: float, scale: float = 1.0
    ) -> None:
        self.line, self.x, self.rounded, self.epsilon = line, x, rounded, epsilon
        self._seen: dict[float, Sequence[float] | None] = {}
        size = abs(x) or 1.0
        starts = {max(size, 1.0)} | ({size} if size < 1 / SHRINK**2 else set())
        self.ladders = [steps_from(scale * start / SHRINK) for start in sorted(starts, reverse=True)]
        here = self.at(x)
        assert here is not None
        self.here = here
        self._tremors = [(step * size, self._tremor(step * size)) for step in NOISE_STEPS]
        for step in (step for ladder in self.ladders for step in ladder):
            self.at(x - step), self.at(x + step)
        self.at(0.0)  # where many functions end
        # Differences across a place without a value tell nothing of the slope.
        self.reach = min([abs(t - x) for t, row in self._seen.items() if row is None], default=math.inf)
        if self.epsilon < FLOAT32 and self._fits_float32():
            self.epsilon = FLOAT32
        self.stairs = list(map(self._stair, zip(*filter(None, self._seen.values()), strict=True), here))

    def at(self, t: float) -> Sequence[float] | None:
        """Return the outputs at another number of the input, computed once."""
        t = self.rounded(t)
        if t not in self._seen:
            self._seen[t] = self.line(t) if math.isfinite(t) else None
        return self._seen[t]

    def slopes(self, j: int) -> Slopes:
        """Return the slopes of the ``j``-th output."""
        left, right, middle = (self._side(j, side) for side in (-1, 1, 0))
        values = [y[j] for y in self._seen.values() if y is not None]
        noise = max(tremor[j] for _, tremor in self._tremors)
        span = max(values) - min(values)
        lost = noise > UNRESOLVED * span and noise > 1e-6 * max(map(abs, values))
        smallest = self.ladders[-1][-WITNESSES:]
        missing = [
            n
            for n, s in (("left", -1), ("right", 1))
            if all(self.at(self.x + s * h) is None for h in smallest)
        ]
        sides = "both" if len(missing) == 2 else "".join(missing)
        widest = self.ladders[0][0]
        hidden = HIDDEN * self.epsilon * max(map(abs, values)) / widest
        coarse = STAIR * self.epsilon * max(map(abs, values))
        return Slopes(left, right, middle, not lost, sides, span / widest, hidden, coarse, self._chords(j))

    def _chords(self, j: int) -> Sequence[float]:
        changes = {
            abs(t - self.x): (row[j] - self.here[j]) / (t - self.x)
            for t, row in self._seen.items()
            if row is not None and row[j] != self.here[j] and abs(t - self.x) < self.reach
        }
        return [*changes.values()] if changes and min(changes) * STAIR > self.reach else []

    def _side(self, j: int, side: int) -> Side:
        found, endless, climbed = [], 0.0, 0.0
        for ladder in self.ladders:
            quotients = [self._quotient(j, step, side) for step in ladder]
            found += extrapolated(ladder, quotients, SHRINK if side else SHRINK**2)
            climbed, endless = _growth(quotients)
        return Side(sorted(found, key=lambda estimate: estimate.bound), endless, climbed)

    def _quotient(self, j: int, step: float, side: int) -> Number | None:
        low, high = (self.rounded(self.x + s * step) for s in ((-1, 1) if side == 0 else sorted((0, side))))
        below, above = self.at(low), self.at(high)
        if (
            below is None
            or above is None
            or step > self.reach
            or not 0 < 0.5 * step <= high - low <= 4 * step
        ):
            return None
        width = high - low
        size = max(abs(below[j]), abs(above[j]))
        noise = max(ROUNDINGS * self.epsilon * size, self.stairs[j])
        for tiny, tremor in self._tremors:
            if tiny <= step:
                noise = max(noise, tremor[j])
            elif tremor[j] > 0 and below[j] == above[j] == self.here[j]:  # a stair that rounding makes
                return None
        slope = (above[j] - below[j]) / width
        return Number(slope, 2 * noise / width + 2 * EPSILON * abs(slope)) if math.isfinite(slope) else None

    def _stair(self, values: Sequence[float], here: float) -> float:
        """Return the height of the lowest stair that rounding makes of an output; 0 if there is none."""
        heights = sorted(abs(y - here) for y in values)
        lowest = next(filter(None, heights), 0.0)
        stands_still = heights.count(0.0) > WITNESSES
        return (
            lowest if stands_still and lowest <= STAIR * self.epsilon * max(1.0, *map(abs, values)) else 0.0
        )

    def _tremor(self, step: float) -> list[float]:
        """Return the largest fourth difference of each output over the step, on either side of the point."""
        sides = ([self.at(self.x + side * k * step) for k in range(1, 7)] for side in (-1, 1))
        whole = [rows for side in sides if None not in (rows := [*side])]
        tremor = [0.0] * len(self.here)
        for rows in whole:
            for j, values in enumerate(zip(*(row for row in rows if row is not None), strict=True)):
                tremor[j] = max(tremor[j], *map(abs, _differences(values, 4)))
        return [t / 2 for t in tremor]  # of noise alone, about four times its usual size

    def _fits_float32(self) -> bool:
        """Return whether all outputs fit into 32 bits, as doubles all do only by intention."""
        import struct

        values = {y for row in self._seen.values() if row is not None for y in row}
        if len(values) < 4 * WITNESSES:
            return False
        try:
            return all(struct.unpack("f", struct.pack("f", y))[0] == y for y in values)
        except OverflowError:
            return False


def _differences(values: Sequence[float], order: int) -> Sequence[float]:
    for _ in range(order):
        values = [b - a for a, b in itertools.pairwise(values)]
    return values


def _growth(quotients: Sequence[Number | None]) -> tuple[float, float]:
    """Return the last quotient that is clear of rounding, and the growth from step to step; each may be 0.

    The first is 0 if the quotients do not grow up to it, the second also if it is not the last of all.
    """
    usable = [q for q in quotients if q is not None]
    clear = [q.value for q in usable if abs(q.value) > 2 * q.noise]
    last = clear[-2 * WITNESSES :]
    if len(last) < 2 * WITNESSES:
        return 0.0, 0.0
    growth = min(abs(b / a) for a, b in itertools.pairwise(last))
    if growth <= STEEPER:
        return 0.0, 0.0
    return last[-1], growth if last[-1] == usable[-1].value else 0.0


def impossible_together(value: Callable[[float, float], float], stated: tuple[float, float]) -> bool:
    """Return whether a function has no two such slopes around 0, 0, where it may have each one alone.

    It cannot have both if all its slopes along a diagonal near the point are on one side of the stated one.

    Args:
        value: the function of two numbers; nan where it has no value.
        stated: the slope in each of them.

    >>> impossible_together(max, (1.0, 1.0)), impossible_together(max, (0.0, 1.0))
    (True, False)
    """
    step = 2.0**-6
    circle = [(math.cos(t), math.sin(t)) for t in (math.pi * q / 24 for q in range(48))]
    for sign in (1, -1):
        along = stated[0] + sign * stated[1]
        around = [
            (value(u + step, v + sign * step) - value(u - step, v - sign * step)) / (2 * step)
            for u, v in circle
        ]
        room = 0.01 * max(map(abs, [along, *around]))
        if all(map(math.isfinite, around)) and not min(around) - room <= along <= max(around) + room:
            return True
    return False
