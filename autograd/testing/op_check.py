"""The check of an op, over all of its domain: is its derivative right?"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, pairwise, product
from math import inf, isfinite, nextafter, prod

from autograd.core.primitive import Interval, Kink, Op
from autograd.notation.hints import described
from autograd.notation.numbers import count, number
from autograd.testing.certificate import GradientError, aligned
from autograd.testing.digits import (
    DIGITS_KEPT,
    EPSILON,
    LARGEST,
    SMALLEST_NORMAL,
    arithmetic,
    exact,
    rule_in_digits,
    sensitivity,
    value_of,
)
from autograd.testing.node_check import all_partials_confirmed, one_sided_slopes, wrong_partial

EVERYDAY = 24
"""The number of everyday points."""
SIMPLE = (-1.0, -0.5, 0.0, 0.5, 1.0)
SMALL, USUAL, LARGE = (
    (1e-300, 1e-100, 1e-12, 1e-6, 1e-3),
    (0.1, 0.5, 1.0, 2.0, 5.0, 12.0),
    (30.0, 100.0, 700.0),
)
SIZES = (*SMALL, *USUAL, *LARGE, 1e4, 1e12, 1e100, 1e300)
MOST_CORNERS = 200
"""At most this many combinations of sizes and signs are checked."""
MOST_INPUTS = 4
"""An op that takes any number of inputs is checked with at most this many, and one more at corners."""
FARTHEST, STRIDE = 40.0, 2.0
"""The end of the lines along which kinks are looked for, and the distance between their points."""
LINES = 2
"""The number of lines for each input of an op with several inputs."""
ROUNDINGS = 32
"""A value may be off by this many units in the last place for each unit of its condition number."""
NEARLY_TOO_LARGE = LARGEST / 1000
"""Values beyond this are not compared: an intermediate may overflow a little before the value does."""
TOO_SMALL_TO_TELL, TOO_FAR_TO_TELL = 1e-7, 1e3
"""Values are compared for inputs between these sizes: beyond, a rule may under- or overflow on its way."""
CLOSE, BESIDE = 1e-6, 1e-9
"""The tolerance for slopes beside a kink, and the distance of the points beside it."""


def check_op(op: Op) -> str:
    """Check a primitive: its value and its partials, over its domain, its borders and its kinks.

    The value in doubles is compared with that of the same rule in 50 digits; each partial, in many
    digits, with the difference of the value, so that a right one agrees to the last digits.  Along
    lines through the domain every jump of a partial is traced to its place: the op must
    state a kink there, with the slopes that are found beside it.

    Args:
        op: an entry of the table, or one that was never entered.

    Returns:
        What was checked, as a table that can be printed.

    Raises:
        GradientError: an ``AssertionError`` that names the partial, where, and both numbers; or the
            kink that is not stated, or stated wrongly.
        TypeError: if ``op`` is not an op.
        ValueError: if the op cannot be computed at a point of the domain that it states, or its rule
            computes in floats of its own.

    >>> from autograd.core.primitive import TABLE
    >>> print(check_op(TABLE["relu"]))
    op    points  checked
    relu  105     value, ∂/∂input 1, kink at a = 0
    """
    if not isinstance(op, Op):
        raise TypeError(f"check_op takes an op of the table, such as TABLE['tanh']; got {described(op)}")
    points = 0
    for inputs in _points(op):
        _check_at(op, inputs)
        points += 1
    for kink in op.kinks:
        _check_kink(op, kink)
    for inputs in _simple(op):
        _check_at(op, inputs)
        points += 1
    for line in islice(_everyday(op), 1 if op.arity == 1 else LINES):
        for i in range(len(line)):  # the input that moves through all of its domain
            points += _check_along(op, line, i)
    n = op.arity
    partials = ["all partials"] if n is None else [f"∂/∂input {i + 1}" for i in range(n)]
    checked = ", ".join(["value", *partials, *(f"kink at {kink.where}" for kink in op.kinks)])
    return aligned([("op", "points", "checked"), (op.name, count(points), checked)])


# ------------------------------------------------------------------------------- at one point


def _check_at(op: Op, inputs: list[float]) -> None:
    if all(TOO_SMALL_TO_TELL < abs(x) <= TOO_FAR_TO_TELL or x == 0 for x in inputs):
        _check_value(op, inputs)  # beyond, a value that is right may still over- or underflow on its way
    _, partials = op.evaluate(inputs)
    if len(partials) != len(inputs):
        raise GradientError(f"{op.name} states {len(partials)} partials for {len(inputs)} inputs")
    if all_partials_confirmed(op, inputs):
        return
    for i in range(len(inputs)):
        fault = wrong_partial(op, inputs, i)
        if fault is not None:
            cause = f"; likely {fault.cause}" if fault.cause else ""
            raise GradientError(
                f"∂{op.name}/∂input {i + 1} is wrong at {_applied(op, inputs)}: the rule states "
                f"{fault.got!r}, differences of the value give {fault.want!r}{cause}"
            )
        _refuse_unstated(op, inputs, i)


def _check_value(op: Op, inputs: list[float]) -> None:
    got, _ = op.evaluate(inputs)
    try:
        want = exact(value_of(op), inputs)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(
            f"{_applied(op, inputs)} has no real value, though the op's domain says so"
        ) from error
    if abs(want) > NEARLY_TOO_LARGE and abs(got) > NEARLY_TOO_LARGE and (got > 0) == (want > 0):
        return
    allowed = ROUNDINGS * EPSILON * abs(want) + 2 * SMALLEST_NORMAL  # below it digits run out
    if abs(got - want) <= allowed:
        return
    if not abs(got - want) <= allowed + ROUNDINGS * EPSILON * sensitivity(value_of(op), inputs):
        raise GradientError(
            f"the value of {_applied(op, inputs)} is {got!r} in doubles; it is {float(want)!r}"
        )


def _refuse_unstated(op: Op, inputs: Sequence[float], i: int) -> None:
    """Raise if the slopes to both sides differ where the op states no kink."""
    if any(kink.gap(*inputs) == 0 for kink in op.kinks):
        return
    with arithmetic().workdps(2 * DIGITS_KEPT):
        sides = one_sided_slopes(op, inputs, i)
        size = 0 if sides is None else max(map(abs, sides))
        if sides is None or size < SMALLEST_NORMAL or abs(sides[1] - sides[0]) <= CLOSE * size:
            return
    raise GradientError(_unstated(op, inputs, i, float(sides[0]), float(sides[1])))


def _unstated(op: Op, inputs: Sequence[float], i: int, left: float, right: float) -> str:
    return (
        f"{op.name} has a kink that it does not state: at {_applied(op, inputs)} the slope in input {i + 1} "
        f"is {left!r} to the left and {right!r} to the right. Give the op kinks=(Kink(…),)"
    )


# ------------------------------------------------------------------------------------- at kinks


def _check_kink(op: Op, kink: Kink) -> None:
    """Check that the slopes stated at a kink are those of the partials just beside it."""
    found = 0
    for inputs in _on(op, kink):
        found += 1
        _check_value(op, inputs)
        here = op.evaluate(inputs)[1]
        beside = [here, *_beside(op, inputs)]
        for i, (low, high) in enumerate(kink.slopes(*inputs)):
            seen = [partials[i] for partials in beside]
            stated = here[i]
            room = CLOSE * max(1.0, *map(abs, seen))
            where = f"at {_applied(op, inputs)}, where {kink.where}"
            if not low - room <= stated <= high + room:
                raise GradientError(
                    f"∂{op.name}/∂input {i + 1} is wrong {where}: the rule states {stated!r}, and "
                    f"the op slopes from {low!r} to {high!r}"
                )
            outside = min(seen) < low - room or max(seen) > high + room
            wide = max(seen) - min(seen) > room and max(min(seen) - low, high - max(seen)) > room
            if outside or (wide and high - low < inf):
                raise GradientError(
                    f"{op.name} states slopes from {low!r} to {high!r} in input {i + 1} {where}; "
                    f"just beside they go from {min(seen)!r} to {max(seen)!r}"
                )
    if not found:
        raise ValueError(
            f"{op.name} states a kink where {kink.where}, and no point was found where its gap is 0"
        )


def _on(op: Op, kink: Kink) -> Iterator[list[float]]:
    """Yield everyday points, each moved along one input onto the kink."""
    for inputs in _everyday(op):
        for i in range(len(inputs)):
            x = onto(kink, inputs, i, op.domain_of(i))
            if x is not None:
                yield [*inputs[:i], x, *inputs[i + 1 :]]


def onto(kink: Kink, inputs: Sequence[float], i: int, domain: Interval) -> float | None:
    """Find by secants an ``i``-th input that is exactly on a kink; return None if none is found."""

    def gap(x: float) -> float:
        return kink.gap(*inputs[:i], x, *inputs[i + 1 :])

    x, beside = inputs[i], inputs[i] + 0.0625  # less than a period of what repeats
    for _ in range(60):
        here, there = gap(x), gap(beside)
        if here == 0:
            return x if x in domain else None
        if here == there or not (isfinite(here) and isfinite(there)):
            return None
        x, beside = x - here * (beside - x) / (there - here), x
    return None


def _beside(op: Op, inputs: Sequence[float]) -> Iterator[tuple[float, ...]]:
    """Yield the partials around a point, in all directions."""
    chance = random.Random(7)
    for signs in product((-1, 1), repeat=len(inputs)):
        for _ in range(3):
            steps = [side * BESIDE * (abs(x) or 1.0) for side, x in zip(signs, inputs, strict=True)]
            moved = [x + step * chance.uniform(0.1, 1.0) for x, step in zip(inputs, steps, strict=True)]
            if all(x in op.domain_of(j) for j, x in enumerate(moved)):
                yield op.evaluate(moved)[1]


# ---------------------------------------------------------------------------------- along lines


def _check_along(op: Op, inputs: list[float], i: int) -> int:
    """Check the op along a line, and every jump of a partial on it; return the number of points."""
    domain = op.domain_of(i)
    line = [-FARTHEST + (k + 0.37) * STRIDE for k in range(int(2 * FARTHEST / STRIDE))]
    inside = [x for x in line if x in domain and _is_calm(op, [*inputs[:i], x, *inputs[i + 1 :]])]
    for x in inside:
        _check_at(op, [*inputs[:i], x, *inputs[i + 1 :]])
    for low, high in pairwise(inside):
        if not any(low <= hole <= high for hole in domain.excluding):
            _check_between(op, inputs, i, low, high)
    return len(inside)


def _check_between(op: Op, inputs: list[float], i: int, low: float, high: float) -> None:
    """Trace the largest jump of the value and of each partial between two numbers to its place."""

    def row(x: float) -> list[float]:
        return [*inputs[:i], x, *inputs[i + 1 :]]

    for k in range(-1, len(inputs)):  # -1: the value
        place = _jump(partial(_outcome, op, inputs, i, k), low, high)
        if place is None:
            continue
        left, right = map(row, place)
        if any(kink.gap(*left) * kink.gap(*right) <= 0 for kink in op.kinks):
            continue
        for point in (left, right):
            _check_at(op, point)
        if not _is_jump_in_digits(op, left, right, k + 1):
            continue
        if k >= 0:
            raise GradientError(_unstated(op, left, k, op.evaluate(left)[1][k], op.evaluate(right)[1][k]))
        raise GradientError(
            f"{op.name} jumps where it does not state it: from {op.evaluate(left)[0]!r} at "
            f"{_applied(op, left)} to {op.evaluate(right)[0]!r} just beside. Give the op kinks=(Kink(…),)"
        )


def _outcome(op: Op, inputs: Sequence[float], i: int, k: int, x: float) -> float:
    """Return the value (-1) or a partial with ``x`` as the ``i``-th input."""
    value, partials = op.evaluate([*inputs[:i], x, *inputs[i + 1 :]])
    return value if k < 0 else partials[k]


def _jump(function: Callable[[float], float], low: float, high: float) -> tuple[float, float] | None:
    """Return two neighbouring floats between which the function jumps; None if it is continuous."""
    at_low, at_high = function(low), function(high)
    size, change, width = max(abs(at_low), abs(at_high)), abs(at_high - at_low), high - low
    while nextafter(low, inf) < high:
        middle = low + (high - low) / 2
        there = function(middle)
        if not isfinite(there) or abs(there) > 1e6 * max(1.0, size):
            return None  # a pole
        if abs(there - at_low) > abs(at_high - there):
            high, at_high = middle, there
        else:
            low, at_low = middle, there
        left, share = abs(at_high - at_low), (high - low) / width
        if left <= 1e-12 * size or (share < 2**-12 and left < 64 * change * share):
            return None
    return low, high


def _is_jump_in_digits(op: Op, left: Sequence[float], right: Sequence[float], k: int) -> bool:
    """Return whether the value (0) or a partial (from 1) differs between two neighbouring points."""
    mp = arithmetic()
    value, partials = rule_in_digits(op)
    with mp.workdps(DIGITS_KEPT):
        found = []
        for point in (left, right):
            inputs = [mp.mpf(x) for x in point]
            y = value(inputs)
            found.append([y, *partials(y, inputs)][k])
        return bool(abs(found[0] - found[1]) > CLOSE * max(map(abs, found)))


# --------------------------------------------------------------------------------------- points


def _points(op: Op) -> Iterator[list[float]]:
    """Yield everyday points, then inputs of all sizes and signs; the same ones every time."""
    yield from _everyday(op)
    for n in [op.arity] if op.arity else range(1, MOST_INPUTS + 2):
        yield from _corners(op, n)


def _everyday(op: Op) -> Iterator[list[float]]:
    chance = random.Random(7)
    for k in range(EVERYDAY):
        n = op.arity or 1 + k % MOST_INPUTS
        yield [_inside(chance, op.domain_of(i)) for i in range(n)]


def _simple(op: Op) -> Iterator[list[float]]:
    """Yield all combinations of halves and whole numbers: ties, and possible special cases of a rule."""
    for row in product(SIMPLE, repeat=op.arity or 0):
        if row and all(x in op.domain_of(i) for i, x in enumerate(row)):
            yield list(row)


def _inside(chance: random.Random, domain: Interval) -> float:
    while True:
        x = chance.uniform(max(domain.low, -3.0), min(domain.high, 3.0))
        if x in domain:
            return x


def _corners(op: Op, n: int) -> Iterator[list[float]]:
    choices = [[x for x in _sizes(op.domain_of(i)) if x in op.domain_of(i)] for i in range(n)]
    rows: Iterable[Sequence[float]] = product(*choices)
    if prod(map(len, choices)) > MOST_CORNERS:
        chance = random.Random(11)
        most = MOST_CORNERS if op.arity else MOST_CORNERS // MOST_INPUTS
        rows = ([chance.choice(numbers) for numbers in choices] for _ in range(most))
    yield from filter(partial(_is_calm, op), map(list, rows))


def _sizes(domain: Interval) -> list[float]:
    """Return numbers of all sizes, counted from the borders of the domain where it has some."""
    borders = [(domain.low, 1), (domain.high, -1)]
    ends = [(border, side) for border, side in borders if abs(border) < inf] or [(0.0, 1), (0.0, -1)]
    return sorted({border + side * size for border, side in ends for size in SIZES})


def _is_calm(op: Op, inputs: list[float]) -> bool:
    """Return whether many digits can be asked for: nothing overflows on the way, or not by much."""
    try:
        op.fast(inputs)
    except (ArithmeticError, ValueError):
        return max(map(abs, inputs)) <= TOO_FAR_TO_TELL
    return True


def _applied(op: Op, inputs: Sequence[float]) -> str:
    return f"{op.name}({', '.join(map(number, inputs))})"
