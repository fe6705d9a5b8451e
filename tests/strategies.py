"""What the tests are run on: inputs from all over an op's domain, and graphs of all shapes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import copysign, frexp, inf, nextafter
from sys import float_info
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from autograd.ops import TABLE, Interval, Op
from autograd.value import apply

MOST_INPUTS = 6  # of an op that takes any number of them
LARGEST_OF_MANY = 1e100  # so that neither sums nor products of several overflow half-way
EVERYDAY = 8.0


def inside(domain: Interval, largest: float) -> SearchStrategy[float]:
    """Numbers of the interval up to ``largest`` in size: usual, extreme, and close to its borders."""
    # a subnormal input has lost digits before the op begins
    usual = st.floats(max(domain.low, -EVERYDAY), min(domain.high, EVERYDAY), allow_subnormal=False)
    extreme = st.floats(max(domain.low, -largest), min(domain.high, largest), allow_subnormal=False)
    borders = [b for b in (domain.low, domain.high, *domain.excluding) if abs(b) < inf]
    gaps = [side * gap for gap in (1e-300, 1e-16, 1e-12, 1e-6) for side in (1, -1)]
    corners = [border + gap for border in (*borders, 0.0) for gap in gaps]
    return st.one_of(usual, extreme, st.sampled_from(corners)).filter(lambda x: x in domain)


@st.composite
def inputs_of(draw: DrawFn, op: Op) -> list[float]:
    """Inputs for the op from all of its domain, now and then only just off a tie."""
    n = op.arity or draw(st.integers(1, MOST_INPUTS))
    largest = LARGEST_OF_MANY if op.variadic else float_info.max
    inputs = [draw(inside(domain_of(op, i), largest)) for i in range(n)]
    if len(inputs) > 1 and draw(st.integers(0, 4)) == 0:  # two that are equal but for the last digit
        i, j = draw(st.permutations(range(len(inputs))))[:2]
        near = nextafter(inputs[j], draw(st.sampled_from([-inf, inf])))
        if near in domain_of(op, i) and abs(near) >= float_info.min:
            inputs[i] = near
    return inputs


def everyday_inputs_of(op: Op) -> SearchStrategy[list[float]]:
    """Those of `inputs_of` that are neither very large nor, but for 0 itself, very small."""
    return (
        inputs_of(op)
        .map(lambda inputs: [everyday(x) for x in inputs])
        .filter(lambda inputs: all(x in domain_of(op, i) for i, x in enumerate(inputs)))
    )


def everyday(x: float) -> float:
    """The number itself if it is of everyday size, else its digits with another exponent."""
    if x == 0 or 1e-12 <= abs(x) <= EVERYDAY:
        return x
    return copysign(frexp(x)[0], x)


def domain_of(op: Op, i: int) -> Interval:
    """The domain of the op's ``i``-th input: the last one stated serves all further inputs."""
    return op.domain[min(i, len(op.domain) - 1)]


def on_a_kink(op: Op, inputs: Sequence[float], width: float = 0.0) -> bool:
    """Whether the inputs are within ``width`` of a kink of the op."""
    return any(abs(kink.gap(*inputs)) <= width for kink in op.kinks)


def samples_of(op: Op, how_many: int = 24) -> list[list[float]]:
    """Everyday inputs of the op, well off its kinks; the same ones every time."""
    chance = random.Random(7)
    found: list[list[float]] = []
    while len(found) < how_many:
        n = op.arity or chance.randrange(2, 5)
        row = [chance.uniform(-2, 2) for _ in range(n)]
        if all(x in domain_of(op, i) for i, x in enumerate(row)) and not on_a_kink(op, row, 0.01):
            found.append(row)
    return found


# --------------------------------------------------------------------------- graphs of all shapes

CALM = 20.0  # no number in a recipe is larger
OFF_KINKS = 1e-3
OFF_BORDERS = 0.05
SMOOTH_ENOUGH = 50.0  # no partial in a recipe is larger


@dataclass(frozen=True)
class Recipe:
    """A graph as data: how to compute an output from numbers, in whatever arithmetic.

    Attributes:
        numbers: the leaves.
        steps: an op of the table each, and which of the numbers so far (leaves, then results in
            order) it is applied to.
    """

    numbers: tuple[float, ...]
    steps: tuple[tuple[Op, tuple[int, ...]], ...]

    def compute(self, leaves: Sequence[Any], call: Callable[[Op, tuple[Any, ...]], Any] = apply) -> Any:
        """The last result, from these leaves; ``call`` applies an op, by default to Values."""
        results = list(leaves)
        for op, places in self.steps:
            results.append(call(op, tuple([results[i] for i in places])))
        return results[-1]


@st.composite
def recipes(draw: DrawFn, most_steps: int = 10) -> Recipe:
    """Graphs of any ops of the table that share nodes and repeat inputs, off every border and kink."""
    numbers = draw(st.lists(st.floats(-3, 3).map(everyday), min_size=1, max_size=4))
    results = list(numbers)
    steps: list[tuple[Op, tuple[int, ...]]] = []
    for _ in range(draw(st.integers(1, most_steps))):
        op = draw(st.sampled_from(list(TABLE.values())))
        n = op.arity or draw(st.integers(1, 4))
        places = tuple(draw(st.lists(st.integers(0, len(results) - 1), min_size=n, max_size=n)))
        if not _is_calm(op, [results[i] for i in places]):
            op, places = TABLE["tanh"], places[:1]  # is calm everywhere
        steps.append((op, places))
        results.append(op.evaluate([results[i] for i in places])[0])
    return Recipe(tuple(numbers), tuple(steps))


def _is_calm(op: Op, inputs: Sequence[float]) -> bool:
    """Whether differences can tell the op's slopes here."""
    for i, x in enumerate(inputs):
        domain = domain_of(op, i)
        if not domain.low + OFF_BORDERS < x < domain.high - OFF_BORDERS:
            return False
        if any(abs(x - hole) < OFF_BORDERS for hole in domain.excluding):
            return False
    if on_a_kink(op, inputs, OFF_KINKS):
        return False
    y, partials = op.evaluate(inputs)
    return abs(y) <= CALM and all(abs(d) <= SMOOTH_ENOUGH for d in partials)
