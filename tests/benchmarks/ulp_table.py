"""How many of a float's digits are right: the largest error of each op over random inputs.

    python -m tests.benchmarks.ulp_table [POINTS] [PROCESSES]

Errors are in ulps (units in the last place) of the true number, computed with 50 digits.  Where a
function is ill-conditioned, a rounding error in its input alone moves the result by many ulps.  The
columns are therefore the largest errors where the function is well conditioned: where its condition
number, the sum of |input · slope / result|, is at most `WELL`.  The last column has all points: the
largest error divided by 1 + the condition number.
"""

from __future__ import annotations

import math
import random
import sys
from functools import reduce
from multiprocessing import Pool
from typing import NamedTuple

from autograd.ops import TABLE, Function, Interval, Op
from autograd.testing.oracle import (
    LARGEST,
    SMALLEST_NORMAL,
    exact,
    partial_of,
    sensitivity,
    ulps,
    value_of,
)
from tests.strategies import domain_of, on_a_kink

POINTS = 1000
PORTION = 500  # points that one process computes at a time
WELL = 4.0
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
        inputs = [number(chance, domain_of(op, i)) for i in range(n)]
        if not on_a_kink(op, inputs):
            return inputs


class Error(NamedTuple):
    """The largest error in ulps where the function is well conditioned, and, divided, anywhere."""

    well: float = 0.0
    divided: float = 0.0

    def larger(self, other: Error) -> Error:
        """The larger of two, one by one."""
        return Error(max(self.well, other.well), max(self.divided, other.divided))


def error_of(function: Function, inputs: list[float], got: float, known: Error) -> Error:
    """The error of one result; none where it is no larger than what is known already."""
    want = exact(function, inputs)
    if abs(want) < SMALLEST_NORMAL or abs(want) > LARGEST:  # out of digits, out of range
        return known
    error = ulps(got, want)
    if error <= known.well and error <= known.divided:
        return known
    condition = float(sensitivity(function, inputs) / abs(want))
    return known.larger(Error(error if condition <= WELL else 0.0, error / (1 + condition)))


def portion(task: tuple[str, int, int]) -> list[Error]:
    """The largest errors of an op's value and of its partials over so many random inputs."""
    name, points, seed = task
    op = TABLE[name]
    chance = random.Random(f"{name} {seed}")
    found = [Error()] * COLUMNS
    for _ in range(points):
        inputs = inputs_for(chance, op)
        y, partials = op.evaluate(inputs)
        found[0] = error_of(value_of(op), inputs, y, found[0])
        for i, d in enumerate(partials):
            column = 1 if op.variadic else 1 + i
            found[column] = error_of(partial_of(op, i), inputs, d, found[column])
    return found


def row(op: Op, errors: list[Error]) -> str:
    """One line of the table; an error above the bar is marked."""
    cells = [_cell(errors[0], VALUE_BAR)]
    for i in range(1, COLUMNS):
        stated = i == 1 if op.variadic else i <= (op.arity or 0)
        cells.append(_cell(errors[i], PARTIAL_BAR) if stated else "")
    anywhere = reduce(Error.larger, errors).divided
    return f"{op.name:<12}" + "".join(f"{cell:>12}" for cell in cells) + f"{anywhere:>16.2f}"


def _cell(error: Error, bar: float) -> str:
    return f"{error.well:.2f}{'!' if error.well > bar else ' '}"


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else POINTS
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    print(f"largest error in ulps over {points:,} random inputs an op, where it is well conditioned")
    print(f"! marks a value above {VALUE_BAR:g} and a partial above {PARTIAL_BAR:g}\n")
    heads = ("value", "∂/∂input 1", "∂/∂input 2", "∂/∂input 3")
    print(f"{'op':<12}" + "".join(f"{head:>12}" for head in heads) + f"{'by condition':>16}", flush=True)
    sizes = [min(PORTION, points - done) for done in range(0, points, PORTION)]
    with Pool(processes) as pool:
        for name, op in TABLE.items():
            tasks = [(name, size, seed) for seed, size in enumerate(sizes)]
            every = pool.map(portion, tasks, chunksize=1)
            print(row(op, [reduce(Error.larger, column) for column in zip(*every, strict=True)]), flush=True)


if __name__ == "__main__":
    main()
