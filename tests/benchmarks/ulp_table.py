"""How many of a float's digits are right: the largest error of each op over random inputs.

    python -m tests.benchmarks.ulp_table [POINTS] [PROCESSES] [OP ...]

Errors are in ulps (units in the last place) of the true number, computed with 50 digits.  Where a
function is ill-conditioned, a rounding error in its input alone moves the result by many ulps.  The
columns are therefore the largest errors where the function is well conditioned: where its condition
number, the sum of |input · slope / result|, is at most `WELL`.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Sequence
from multiprocessing import Pool
from typing import Any

from autograd.core.primitive import TABLE, Function, Interval, Op
from autograd.testing.digits import (
    DIGITS_KEPT,
    LARGEST,
    SMALLEST_NORMAL,
    arithmetic,
    exact,
    partial_of,
    ulps,
    value_of,
)
from tests.strategies import on_a_kink

POINTS = 1000
PORTION = 500  # points that one process computes at a time
WELL = 4.0
STEP = 20  # a step in many digits is 10⁻²⁰ of the input
VALUE_BAR, PARTIAL_BAR = 2.0, 4.0
COLUMNS = 4  # the value and up to three partials; those of an op of any number of inputs count as one


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
        inputs = [number(chance, op.domain_of(i)) for i in range(n)]
        if not on_a_kink(op, inputs):
            return inputs


def error_of(function: Function, inputs: list[float], got: float, known: float) -> float:
    """The error of one result in ulps, if it counts: else, or if that is more, what is known."""
    want = exact(function, inputs)
    if abs(want) < SMALLEST_NORMAL or abs(want) > LARGEST:  # out of digits, out of range
        return known
    error = ulps(got, want)
    if error <= known or condition_of(function, inputs, want) > WELL:
        return known
    return error


def condition_of(function: Function, inputs: list[float], want: Any) -> float:
    """The sum of |input · slope / result|, by differences good to twenty digits."""
    mp = arithmetic()
    with mp.workdps(DIGITS_KEPT + 3 * STEP):
        moved = 0
        for i, x in enumerate(inputs):
            step = mp.mpf(x) * mp.mpf(10) ** -STEP
            rows = [[mp.mpf(a) + side * step * (j == i) for j, a in enumerate(inputs)] for side in (1, -1)]
            moved += abs(function(rows[0]) - function(rows[1])) / 2 * mp.mpf(10) ** STEP
        return float(moved / abs(want))


def portion(task: tuple[str, int, int]) -> list[float]:
    """The largest errors of an op's value and of its partials over so many random inputs."""
    name, points, seed = task
    op = TABLE[name]
    chance = random.Random(f"{name} {seed}")
    found = [0.0] * COLUMNS
    for _ in range(points):
        inputs = inputs_for(chance, op)
        y, partials = op.evaluate(inputs)
        found[0] = error_of(value_of(op), inputs, y, found[0])
        for i, d in enumerate(partials):
            column = 1 if op.variadic else 1 + i
            found[column] = error_of(partial_of(op, i), inputs, d, found[column])
    return found


def row(op: Op, errors: Sequence[float]) -> str:
    """One line of the table; an error above the bar is marked."""
    partials = 1 if op.variadic else op.arity or 0
    bars = [VALUE_BAR, *[PARTIAL_BAR] * partials]
    cells = [f"{error:.2f}{'!' if error > bar else ' '}" for error, bar in zip(errors, bars, strict=False)]
    return f"{op.name:<12}" + "".join(f"{cell:>12}" for cell in cells)


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else POINTS
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    print(f"largest error in ulps over {points:,} random inputs an op, where it is well conditioned")
    print(f"! marks a value above {VALUE_BAR:g} and a partial above {PARTIAL_BAR:g}\n")
    heads = ("value", "∂/∂input 1", "∂/∂input 2", "∂/∂input 3")
    print(f"{'op':<12}" + "".join(f"{head:>12}" for head in heads), flush=True)
    sizes = [min(PORTION, points - done) for done in range(0, points, PORTION)]
    with Pool(processes) as pool:
        for name in sys.argv[3:] or list(TABLE):
            tasks = [(name, size, seed) for seed, size in enumerate(sizes)]
            every = pool.map(portion, tasks, chunksize=1)
            print(
                row(TABLE[name], [max(column) for column in zip(*every, strict=True)]),
                flush=True,
            )


if __name__ == "__main__":
    main()
