"""Slopes by differences: of a function in doubles, and of a graph node by node in many digits.

In doubles a difference is good to a bound that has to be found with it: extrapolation says how much
the step still matters, an analysis of the graph how much rounding does.  With enough digits the
step can be so small that neither matters, and the slopes to the two sides can be told apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autograd.ops import Op
from autograd.testing.oracle import EPSILON, arithmetic, value_of
from autograd.value import Value, number_of

TINY = 60  # a step in many digits is 10⁻⁶⁰ of the input
ROUNDINGS = 32  # for the few ulps of each op, and what a cut graph hides
SHRINK = 4.0  # from one step in doubles to the next


class Estimate(NamedTuple):
    """A slope in doubles, and how far it may be from the true one."""

    slope: float
    bound: float

    def excludes(self, slope: float) -> bool:
        """Whether the true slope cannot be this one."""
        return abs(self.slope - slope) > self.bound


class Number(NamedTuple):
    """A number in doubles, and how far rounding may have moved it."""

    value: float
    noise: float


def estimates(function: Callable[[float], Number | None], x: float) -> list[Estimate]:
    """The slope of a function at ``x``, by central differences extrapolated twice, the best first.

    Richardson's extrapolation over steps that shrink by four: each estimate comes from three of
    them, and its bound from how much the extrapolation still changed it and from the noise.

    Args:
        function: gives None where it cannot be used.
        x: where.

    >>> best, *_ = estimates(lambda x: Number(math.exp(x), 1e-16), 0.0)
    >>> best.excludes(1.0), best.bound < 1e-9
    (False, True)
    """
    start = max(abs(x), 1.0) / SHRINK
    differences = [_central(function, x, start / SHRINK**k) for k in range(22)]
    found = []
    for coarse, middle, fine in zip(differences, differences[1:], differences[2:], strict=False):
        if coarse is None or middle is None or fine is None:
            continue
        first = middle.value + (middle.value - coarse.value) / (SHRINK**2 - 1)
        second = fine.value + (fine.value - middle.value) / (SHRINK**2 - 1)
        best = second + (second - first) / (SHRINK**4 - 1)
        noise = coarse.noise + middle.noise + fine.noise
        bound = 2 * max(abs(best - first), abs(best - second)) + 2 * noise
        if math.isfinite(bound):
            found.append(Estimate(best, bound))
    return sorted(found, key=lambda estimate: estimate.bound)


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
    """How far rounding may move the last of these nodes: each one's own, times what passes it on.

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
            reach[v] = reach.get(v, 0.0) + reach[node] * abs(d)
    size: float = total + abs(number_of(order[-1]))
    return ROUNDINGS * EPSILON * size


# ------------------------------------------------------------------------------ in many digits


class Sided(NamedTuple):
    """What a number does as something it depends on moves to one side.

    Attributes:
        start: the number just beside: another than at the place itself only behind a jump.
        slope: how fast it changes there, per unit of the movement.
        jumps: whether it is another number at once.
    """

    start: Any
    slope: Any
    jumps: bool = False


def sided(op: Op, inputs: Sequence[Sided]) -> Sided | None:
    """What an op's value does as its inputs move; None where it has no real value there."""
    mp = arithmetic()
    value = value_of(op)
    moving = [v for v in inputs if v.slope]
    sizes = [abs(mp.mpf(v.start) / v.slope) for v in moving if v.start]
    step = mp.mpf(10) ** -TINY * min([1, *sizes]) / max([1, *(abs(v.slope) for v in moving)])
    largest = max([1, *(abs(v.start) for v in inputs if abs(v.start) < math.inf)])
    with mp.workdps(int(3 * TINY + 2 * mp.log10(largest / step))):
        starts = [mp.mpf(v.start) for v in inputs]
        here = value(starts)
        beside = value([x + step * v.slope for x, v in zip(starts, inputs, strict=True)])
        if not (_is_real(here) and _is_real(beside)):
            return None
        change = mp.mpf(beside) - here
        if abs(change) > mp.mpf(10) ** (-TINY // 3) * max(1, abs(here)):  # too much for so small a step
            return Sided(mp.mpf(beside), mp.mpf(0), jumps=True)
        return Sided(mp.mpf(here), change / step)


def _is_real(y: Any) -> bool:
    return isinstance(y, int | float | arithmetic().mpf) and bool(abs(y) < math.inf)


def sided_slopes(
    order: Sequence[Value], source: Value, side: int, noise: float, exactly: bool = False
) -> Sided | None:
    """What the last of these nodes does as one of them moves to one side.

    Each node is moved at the inputs that it was computed from, so that kinks are where the graph
    met them; ``exactly`` computes the inputs themselves in many digits as well.

    Args:
        order: the nodes of a graph in topological order.
        source: which of them moves.
        side: 1 or -1; the slope is per unit to the right in both cases.
        noise: how far the last of them may be off by rounding.
        exactly: whether the graph is computed anew from its leaves.
    """
    mp = arithmetic()
    moves: dict[Value, Sided] = {}
    moved: set[Value] = set()
    for node in order:
        start, slope = number_of(node), 1 if node is source else 0
        inputs = [moves[v] for v in node.inputs]
        if (
            node.op is None
            or node is source
            or not (exactly or any(v.slope for v in inputs) or moved.intersection(node.inputs))
        ):
            moves[node] = Sided(start, slope)
            continue
        found = sided(node.op, [Sided(v.start, side * v.slope) for v in inputs])
        if found is None:
            return None
        if found.jumps or moved.intersection(node.inputs):
            moved.add(node)
        anew = exactly or node in moved
        moves[node] = Sided(found.start if anew else start, side * found.slope)
    last = moves[order[-1]]
    jumps = order[-1] in moved and abs(last.start - mp.mpf(number_of(order[-1]))) > noise
    return Sided(last.start, last.slope, jumps)
