"""Is my op right?  One primitive, over all of its domain."""

from __future__ import annotations

import random
from collections.abc import Iterator
from math import inf

from autograd.ops import Interval, Op
from autograd.testing.nodes import wrong_partial
from autograd.testing.oracle import EPSILON, LARGEST, SMALLEST_NORMAL, exact, sensitivity, value_of
from autograd.testing.table import GradientError, aligned
from autograd.wording import number

POINTS = 24  # of everyday size
CORNERS = (1e-12, 1e-6, 1e-3, 1.0, 30.0, 1e3)
MOST_INPUTS = 4  # of an op that takes any number of them
ROUNDINGS = 32  # a value may be off by so many units in the last place for each unit of its condition
NEARLY_TOO_LARGE = LARGEST / 1000  # an intermediate may overflow a little before the value does


def check_op(op: Op) -> str:
    """Check a primitive: its value and its partials, over its domain, its borders and its kinks.

    The value in doubles is compared with that of the same rule in 50 digits; each partial, in 50
    digits, with the difference of the value, so that a right one agrees to the last digits.

    Args:
        op: an entry of the table, or one that was never entered.

    Returns:
        What was checked, as a table that can be printed.

    Raises:
        GradientError: an ``AssertionError`` that names the partial, where, and both numbers.
        TypeError: if ``op`` is no op.
        ValueError: if the op cannot be computed at a point of the domain that it states.

    >>> from autograd.ops import TABLE
    >>> print(check_op(TABLE["log"]))
    op   points  checked
    log  36      value, ∂/∂input 1
    """
    if not isinstance(op, Op):
        raise TypeError(
            f"check_op takes an op of the table, such as TABLE['tanh']; got {op!r} ({type(op).__name__})"
        )
    points = list(_points(op))
    for inputs in points:
        _check_value(op, inputs)
        _, partials = op.evaluate(inputs)
        if len(partials) != len(inputs):
            raise GradientError(f"{op.name} states {len(partials)} partials for {len(inputs)} inputs")
        for i in range(len(inputs)):
            _check_partial(op, inputs, i)
    partials_checked = (
        "all partials" if op.arity is None else ", ".join(f"∂/∂input {i + 1}" for i in range(op.arity))
    )
    checked = f"value, {partials_checked}"
    return aligned([("op", "points", "checked"), (op.name, str(len(points)), checked)])


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


def _check_partial(op: Op, inputs: list[float], i: int) -> None:
    fault = wrong_partial(op, inputs, i)
    if fault is not None:
        cause = f"; likely {fault.cause}" if fault.cause else ""
        raise GradientError(
            f"∂{op.name}/∂input {i + 1} is wrong at {_applied(op, inputs)}: the rule states {fault.got!r}, "
            f"differences of the value give {fault.want!r}{cause}"
        )


def _points(op: Op) -> Iterator[list[float]]:
    """The same ones every time: everyday points, all inputs close to a border or large, and kinks."""
    chance = random.Random(7)
    for k in range(POINTS):
        n = op.arity or 1 + k % MOST_INPUTS
        yield [_everyday(chance, domain_of(op, i)) for i in range(n)]
    n = op.arity or MOST_INPUTS
    for gap in CORNERS:
        for side in (1, -1):
            inputs = [_corner(domain_of(op, i), side * gap) for i in range(n)]
            if all(x in domain_of(op, i) for i, x in enumerate(inputs)):
                yield inputs


def _everyday(chance: random.Random, domain: Interval) -> float:
    while True:
        x = chance.uniform(max(domain.low, -3.0), min(domain.high, 3.0))
        if x in domain:
            return x


def _corner(domain: Interval, gap: float) -> float:
    if domain.low > -inf:
        return domain.low + abs(gap)
    return min(domain.high, 0.0) + gap


def domain_of(op: Op, i: int) -> Interval:
    """The domain of the op's ``i``-th input: the last one stated serves all further inputs."""
    return op.domain[min(i, len(op.domain) - 1)]


def _applied(op: Op, inputs: list[float]) -> str:
    return f"{op.name}({', '.join(map(number, inputs))})"
