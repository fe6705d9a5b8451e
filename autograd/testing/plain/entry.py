"""One derivative: what is stated, what differences say, and the verdict."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from autograd.notation.numbers import number
from autograd.testing.certificate import (
    CORRECT,
    KINK,
    LIMITED,
    NOT_DIFFERENTIABLE,
    UNJUDGED,
    WRONG,
    Verdict,
)
from autograd.testing.plain.slopes import Slopes
from autograd.testing.verdicts import digits_of

FEWEST_DIGITS = 4
"""With fewer digits than these a gradient is not called correct."""
BESIDE = 2, 5, 8
"""A gradient may be as far off as it varies when its inputs are off by this many units in the last place."""


class Entry(NamedTuple):
    """One derivative: what is stated, and what differences say."""

    name: str
    at: float
    got: float
    slopes: Slopes
    rtol: float
    rounding: Callable[[], float]

    def verdict(self) -> Verdict:
        left, right, middle = self.slopes.left, self.slopes.right, self.slopes.middle
        if self.slopes.missing:
            place = {"both": "around this point"}.get(self.slopes.missing, f"to the {self.slopes.missing}")
            return self.told(NOT_DIFFERENTIABLE, None, f"the edge of the domain: no value {place}")
        growth = max(left.endless, right.endless)
        if growth:
            return self.told(NOT_DIFFERENTIABLE, None, "a jump" if growth > 3 else "a vertical tangent")
        if not middle.estimates or not left.estimates or not right.estimates:
            return self.told(UNJUDGED, None, "differences have no limit that can be seen")
        best = middle.agreed[0]
        tolerance = self.rtol * max(abs(self.got), abs(best.slope)) if math.isfinite(self.got) else 0.0
        if not self.slopes.resolved:
            return self.told(UNJUDGED, None, "the function changes too fast for differences")
        low, high = sorted((left.agreed[0], right.agreed[0]))
        if left.is_apart_from(right, self.rtol * max(abs(low.slope), abs(high.slope))):
            allowed = tolerance + self.rounding()
            inside = low.slope - low.bound - allowed <= self.got <= high.slope + high.bound + allowed
            between = (float(low.slope), float(high.slope))
            return self.told(KINK if inside else WRONG, (low.slope + high.slope) / 2, "", between)
        if not math.isfinite(self.got):
            known = len(middle.estimates) > 2 and best.bound <= 0.01 * abs(best.slope) + 1e-6
            return self.told(WRONG if known else UNJUDGED, best.slope)
        if middle.denies(self.got, tolerance):
            tolerance += self.rounding()
            if all(side.denies(self.got, tolerance) for side in (middle, left, right)):
                if self.slopes.excuse(self.got, tolerance):
                    return self.told(UNJUDGED, None, "rounding hides the function here")
                return self.told(WRONG, best.slope, off_by(self.got, best.slope))
        found = middle.nearest(self.got, tolerance)
        negligible = max(self.slopes.hidden, self.rtol * self.slopes.steepest)
        told = agreeing(self.name, self.at, self.got, found.slope, found.bound, self.rtol, negligible)
        deceived = told.verdict == CORRECT and self.slopes.deceive(tolerance)
        return replace(told, verdict=LIMITED) if deceived else told

    def told(
        self, verdict: str, slope: float | None, detail: str = "", interval: tuple[float, float] | None = None
    ) -> Verdict:
        return Verdict(self.name, self.at, self.got, slope, verdict, interval=interval, detail=detail)


def agreeing(
    name: str, at: float, got: float, slope: float, bound: float, rtol: float, negligible: float
) -> Verdict:
    """Return the verdict that nothing speaks against what is stated, and how many digits speak for it.

    Where not one does, it is not judged, unless it is known to be within what is negligible.
    """
    size = max(abs(got), abs(slope))
    off = max(bound, abs(got - slope))
    if off > 0.1 * size or not size:
        told = UNJUDGED if off > negligible else LIMITED if got else CORRECT
        return Verdict(name, at, got, slope if got else 0.0, told)
    digits = digits_of(size - off, size)
    told = CORRECT if digits >= FEWEST_DIGITS or off <= rtol * size else LIMITED
    return Verdict(name, at, got, slope, told, math.floor(digits))


def trembling(
    function: Callable[[Sequence[float]], Sequence[float]],
    numbers: Sequence[float],
    epsilon: float,
) -> list[float]:
    """Return how much each output of a function varies if its inputs are moved by a few last digits.

    To each side of the point it is taken apart, and the calmer side counts: what rounding does, it does on
    both, but a jump at the point is not due to it.

    Args:
        function: from numbers to numbers.
        numbers: the point.
        epsilon: the relative spacing of its numbers.
    """
    chance = random.Random(0)
    moved = [0.0] * len(function(numbers))
    for _ in range(3):
        direction = [chance.choice((-epsilon, epsilon)) * x for x in numbers]
        with suppress(Exception):  # beside the point there may be nothing
            sides = [
                [function([x + k * d for x, d in zip(numbers, direction, strict=True)]) for k in steps]
                for steps in (BESIDE, [-k for k in BESIDE])
            ]
            ranges = [[max(each) - min(each) for each in zip(*side, strict=True)] for side in sides]
            calm = [2 * min(both) for both in zip(*ranges, strict=True)]
            moved = [max(m, c) if math.isfinite(c) else m for m, c in zip(moved, calm, strict=True)]
    return moved


def off_by(got: float, slope: float) -> str:
    """Write how far off a number is, relative to the right one or, where that is 0, as it is."""
    if abs(got - slope) < 10 * abs(slope):
        return f"off by {number(100 * abs(got - slope) / abs(slope))} %"
    return f"off by {number(abs(got - slope))}"
