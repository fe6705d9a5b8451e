"""Inputs of every op, corners included, and what the table makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import inf, nan

from autograd.core.arithmetic import NOT_REACHED
from autograd.core.primitive import Op
from tests.strategies import samples_of

AWKWARD = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e-300, 1e300, inf, -inf, nan]
WITHIN = 1e-12


def inputs_of(op: Op, count: int) -> Iterator[list[float]]:
    """Everyday inputs, and awkward ones in many combinations."""
    yield from (row for row in samples_of(op, 40) if len(row) == count)
    for i in range(len(AWKWARD) ** 2):
        yield [AWKWARD[(i * (k + 1) + k) % len(AWKWARD)] for k in range(count)]


def stated(op: Op, inputs: list[float]) -> list[float | None]:
    """The value and the partials, None where nothing is sent."""
    y, partials = op.evaluate(inputs)
    return [y, *(None if d is NOT_REACHED else d for d in partials)]


def off(found: float | None, wanted: float | None, scale: float = 0.0) -> float:
    """By how much of its size a number is wrong: 0 for the same infinity, or both nan; infinite without it.

    Where numbers cancel, the size of those that cancel is the scale.
    """
    if found is None or wanted is None:
        return 0.0 if found is wanted else inf
    if found == wanted or (math.isnan(found) and (math.isnan(wanted) or math.isinf(wanted))):
        return 0.0
    size = max(abs(wanted), scale if math.isfinite(scale) else 0.0)
    error = abs(found - wanted) / size if size else inf
    return inf if math.isnan(error) else error


def agrees(found: float | None, wanted: float | None, scale: float = 0.0) -> bool:
    """Whether two numbers are the same but for rounding: to 10⁻¹², both infinite, or both nan."""
    return off(found, wanted, scale) <= WITHIN
