"""Slopes by differences: of a function in doubles, and of a graph node by node in many digits.

In doubles a difference comes with a bound of its error: extrapolation shows how much the step still
matters, and an analysis of the graph how much rounding does.  With enough digits the step can be so
small that neither matters, and the slopes to the two sides can be told apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.core.arithmetic import NOT_REACHED
from autograd.core.primitive import Op
from autograd.node import number_of
from autograd.testing.digits import EPSILON, arithmetic, is_real, rule_in_digits
from autograd.value import Value

TINY = 40
"""In many digits, a step is 10⁻⁴⁰ of the input."""
SMALLER = 20
"""In many digits, the second step is 10⁻²⁰ of the first."""
ROUNDINGS = 32
"""This many roundings are allowed for each node: the few ulps of its op, and what a cut graph hides."""
SHRINK = 4.0
"""Each step in doubles is the one before divided by this."""
STEPS = 22
"""This many steps are taken in doubles."""
WITNESSES = 3
"""This many differences must agree before a gradient is called wrong."""


class Estimate(NamedTuple):
    """A slope in doubles, and how far it may be from the true one; the smallest step it comes from."""

    slope: float
    bound: float
    step: float = 0.0

    def excludes(self, slope: float) -> bool:
        """Return whether the true slope cannot be this one."""
        return abs(self.slope - slope) > self.bound


class Number(NamedTuple):
    """A number in doubles, and how far rounding may have moved it."""

    value: float
    noise: float


def slope_estimates(function: Callable[[float], Number | None], x: float) -> list[Estimate]:
    """Estimate the slope of a function at ``x`` by central differences, extrapolated twice; the best first.

    Richardson's extrapolation over steps that shrink by four: each estimate comes from three of
    them, and its bound from how much the extrapolation still changed it and from the noise.

    Args:
        function: returns None where it cannot be used.
        x: the point.

    >>> best, *_ = slope_estimates(lambda x: Number(math.exp(x), 1e-16), 0.0)
    >>> best.excludes(1.0), best.bound < 1e-9
    (False, True)
    """
    starts = {max(abs(x), 1.0), abs(x) or 1.0}  # a small x may matter on its own scale
    ladders = [steps_from(start / SHRINK) for start in starts]
    found = [
        estimate
        for steps in ladders
        for estimate in extrapolated(steps, [_central(function, x, step) for step in steps], SHRINK**2)
    ]
    return sorted(found, key=lambda estimate: estimate.bound)


def steps_from(start: float) -> list[float]:
    """Return steps that shrink from ``start`` to what is left of a double's digits."""
    return [start / SHRINK**k for k in range(STEPS)]


def extrapolated(
    steps: Sequence[float], differences: Sequence[Number | None], ratio: float
) -> list[Estimate]:
    """Extrapolate differences over shrinking steps twice; each three in a row give one estimate.

    Args:
        steps: from the largest to the smallest.
        differences: one for each step; None where there is none.
        ratio: by which the leading error shrinks with each step; the next one by the square of it.
    """
    found = []
    for step, coarse, middle, fine in zip(
        steps[2:], differences, differences[1:], differences[2:], strict=False
    ):
        if coarse is None or middle is None or fine is None:
            continue
        first = middle.value + (middle.value - coarse.value) / (ratio - 1)
        second = fine.value + (fine.value - middle.value) / (ratio - 1)
        best = second + (second - first) / (ratio**2 - 1)
        noise = coarse.noise + middle.noise + fine.noise
        bound = 2 * max(abs(best - first), abs(best - second)) + 2 * noise
        if math.isfinite(bound):
            found.append(Estimate(best, bound, step))
    return found


def _central(function: Callable[[float], Number | None], x: float, step: float) -> Number | None:
    above, below = x + step, x - step
    high, low = function(above), function(below)
    if high is None or low is None or above == below:
        return None
    width = above - below
    slope = (high.value - low.value) / width
    noise = (high.noise + low.noise) / width + 2 * EPSILON * abs(slope)
    return Number(slope, noise) if math.isfinite(slope) else None


def noise_of(order: Sequence[Value]) -> float:
    """Return how far rounding may move the last of these nodes: each one's own, times what passes it on.

    Args:
        order: the nodes of a graph in topological order.
    """
    reach: dict[Value, float] = {order[-1]: 1.0}
    total = 0.0
    for node in reversed(order):
        if not node.inputs or node not in reach:
            continue
        moved = [abs(d * number_of(v)) for v, d in zip(node.inputs, node.partials, strict=True)]
        total += reach[node] * (abs(number_of(node)) + sum(m for m in moved if m == m))
        for v, d in zip(node.inputs, node.partials, strict=True):
            if d is not NOT_REACHED:
                reach[v] = reach.get(v, 0.0) + reach[node] * abs(d)
    size: float = total + abs(number_of(order[-1]))
    return ROUNDINGS * EPSILON * size


# ------------------------------------------------------------------------------ in many digits


class OneSided(NamedTuple):
    """What a number does as something it depends on moves to one side.

    Attributes:
        start: the number just beside the place; it differs from that at the place only behind a jump.
        slope: how fast it changes there, per unit of the movement.
        jumps: whether it differs at once.
    """

    start: Any
    slope: Any
    jumps: bool = False


def one_sided(op: Op, inputs: Sequence[OneSided], more: int = 0) -> OneSided | None:
    """Return what an op's value does as its inputs move; None where it has no real value or slope.

    Two steps are taken, the second far smaller: what does not shrink with the step is a jump, a
    slope that shrinks with it is 0 (x² at 0), and one that grows with it is a vertical tangent.

    Args:
        op: the op.
        inputs: how each of its inputs moves.
        more: digits beyond the usual, for slopes that are tiny beside the value.
    """
    mp = arithmetic()
    value, _ = rule_in_digits(op)
    moving = [v for v in inputs if v.slope]
    sizes = [abs(mp.mpf(v.start) / v.slope) for v in moving if v.start and abs(v.start) < math.inf]
    steepest = max([1, *(abs(v.slope) for v in moving)])
    step = mp.mpf(10) ** -TINY * min([1 / steepest, *sizes])
    largest = max([1, *(abs(v.start) for v in inputs if abs(v.start) < math.inf)])
    with mp.workdps(4 * TINY + int(2 * mp.log10(largest / step)) + more):
        starts = [mp.mpf(v.start) for v in inputs]
        steps = step, step * mp.mpf(10) ** -SMALLER
        try:
            here = value(starts)
            beside = [value([x + h * v.slope for x, v in zip(starts, inputs, strict=True)]) for h in steps]
        except ZeroDivisionError:  # behind a jump that leads to a pole
            return None
        if not all(map(is_real, (here, *beside))):
            return None
        coarse, fine = (mp.mpf(y) - here for y in beside)
        if abs(fine) * 2 > abs(coarse):
            return OneSided(mp.mpf(beside[1]), mp.mpf(0), jumps=True)
        first, second = coarse / steps[0], fine / steps[1]
        if abs(second) > 1000 * abs(first):
            return None
        return OneSided(mp.mpf(here), mp.mpf(0) if 1000 * abs(second) < abs(first) else second)
