"""What the tests are run on, beside the strategies that users get as well."""

from __future__ import annotations

import random

from autograd.core.primitive import Op
from autograd.testing.strategies import (
    Recipe,
    everyday,
    everyday_inputs_of,
    inputs_of,
    inside,
    on_a_kink,
    recipes,
)

__all__ = [
    "Recipe",
    "everyday",
    "everyday_inputs_of",
    "inputs_of",
    "inside",
    "on_a_kink",
    "recipes",
    "samples_of",
]


def samples_of(op: Op, how_many: int = 24) -> list[list[float]]:
    """Everyday inputs of the op, well off its kinks; the same ones every time."""
    chance = random.Random(7)
    found: list[list[float]] = []
    while len(found) < how_many:
        n = op.arity or chance.randrange(2, 5)
        row = [chance.uniform(-2, 2) for _ in range(n)]
        if all(x in op.domain_of(i) for i, x in enumerate(row)) and not on_a_kink(op, row, 0.01):
            found.append(row)
    return found
