"""How many of a float's digits are right: the largest error of each op over random inputs.

    python -m tests.benchmarks.ulp_table [POINTS]

Errors are in ulps (units in the last place) of the true number, computed with 50 digits.  Where a
function is ill-conditioned, a rounding error in its input alone moves the result by many ulps;
the second figure of a pair is therefore the error divided by 1 + the condition number.
"""

from __future__ import annotations

import math
import random
import sys

from autograd.ops import TABLE, Function, Interval, Op
from autograd.testing.oracle import (
    EPSILON,
    LARGEST,
    SMALLEST_NORMAL,
    exact,
    partial_of,
    sensitivity,
    ulp,
    ulps,
    value_of,
)
from tests.strategies import domain_of, on_a_kink

POINTS = 1000


def number(chance: random.Random, domain: Interval) -> float:
    """Half of the time an everyday number; else of any size, or close to a border of the domain."""
    while True:
        match chance.randrange(6):
            case 0 | 1 | 2:
                x = chance.uniform(-10, 10)
            case 3:
                x = chance.choice([-1, 1]) * math.exp(chance.uniform(-50, 50))
            case 4:
                x = chance.choice([-1, 1]) * 10 ** chance.uniform(-100, 100)
            case _:
                border = chance.choice([b for b in (domain.low, domain.high) if abs(b) < math.inf] or [0.0])
                x = border + chance.choice([-1, 1]) * 10 ** chance.uniform(-15, 0)
        if x in domain:
            return x


def inputs_for(chance: random.Random, op: Op) -> list[float]:
    """Random inputs off the op's kinks."""
    while True:
        n = op.arity or chance.randrange(1, 7)
        inputs = [number(chance, domain_of(op, i)) for i in range(n)]
        if not on_a_kink(op, inputs):
            return inputs


def errors(function: Function, inputs: list[float], got: float) -> tuple[float, float]:
    """The error in ulps, and divided by 1 + the condition number."""
    want = exact(function, inputs)
    if abs(want) < SMALLEST_NORMAL or abs(want) > LARGEST:  # out of digits, out of range
        return 0.0, 0.0
    error = ulps(got, want)
    if error <= 1.0:
        return error, error
    return error, error / (1 + float(EPSILON * sensitivity(function, inputs) / ulp(want)))


def worst(op: Op, points: int, seed: int = 0) -> tuple[tuple[float, float], tuple[float, float]]:
    """The largest errors of the value and of any partial, each over ``points`` random inputs."""
    chance = random.Random(seed)
    value = partial = (0.0, 0.0)
    for _ in range(points):
        inputs = inputs_for(chance, op)
        y, partials = op.evaluate(inputs)
        value = _larger(value, errors(value_of(op), inputs, y))
        for i, d in enumerate(partials):
            partial = _larger(partial, errors(partial_of(op, i), inputs, d))
    return value, partial


def _larger(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return max(one[0], other[0]), max(one[1], other[1])


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else POINTS
    print(f"largest error in ulps over {points} random inputs (and divided by 1 + the condition number)\n")
    print(f"{'op':<12} {'value':>18} {'partials':>18}")
    for name, op in TABLE.items():
        columns = [f"{error:.2f} ({relative:.2f})" for error, relative in worst(op, points)]
        print(f"{name:<12} {columns[0]:>18} {columns[1]:>18}")


if __name__ == "__main__":
    main()
