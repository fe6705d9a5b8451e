"""What is right for a graph, and how far an engine may be off: by the rounding of its own numbers.

The table of ops says what is right.  How much rounding matters is tried out: the graph is computed a few
times with numbers that are off by a few roundings, and what that moves is allowed, several times over.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isnan

from autograd.testing.engine.foreign import Outcome
from autograd.testing.recipe import Recipe

TRIALS = 4
"""The graph is computed this many times with numbers that are a little off."""
ROUNDINGS = 16
"""The numbers are off by up to this many roundings of 1, or of themselves if they are larger."""
ROOM = 16
"""An error may be this many times the largest one that rounding was seen to cause."""
LARGE = 1e-6
"""A difference below this, relative to the larger of 1 and the number, is called rounding, not a mistake."""

MOST_KEPT = 4096
"""The right numbers of this many graphs are kept: graphs of single ops are the same for every engine."""


@dataclass(frozen=True)
class Bounded:
    """A number from ``low`` to ``high`` (the same off a kink), and how far an engine may be beyond."""

    low: float
    high: float
    room: float

    def off(self, got: float) -> float:
        """Return how far a number is outside; inf for nan; 0 where no number is right."""
        if isnan(self.low):
            return 0.0
        outside = max(self.low - got, got - self.high, 0.0)
        return (0.0 if outside <= self.room else outside) if got == got else float("inf")

    def is_mistake(self, got: float) -> bool:
        """Return whether a number is farther off than any rounding would explain."""
        return self.off(got) > LARGE * max(1.0, abs(self.low), abs(self.high))


@dataclass(frozen=True)
class Expected:
    """What is right for a graph: its value, and the gradient of each leaf."""

    value: Bounded
    gradients: tuple[Bounded, ...]

    @property
    def is_steady(self) -> bool:
        """Whether rounding matters so little that mistakes show."""
        return all(b.room <= 1e-4 * max(1.0, abs(b.low)) for b in (self.value, *self.gradients))


@lru_cache(maxsize=MOST_KEPT)
def expected(recipe: Recipe, epsilon: float) -> Expected:
    """Return what is right for a graph in an engine whose numbers have this relative rounding."""
    chance = random.Random(len(recipe.steps))

    def nearly(x: float) -> float:
        return x + ROUNDINGS * epsilon * max(1.0, abs(x)) * chance.uniform(-1, 1)

    right = differentiated(recipe)
    trials = [differentiated(recipe, nearly) for _ in range(TRIALS)]
    spreads = [max(abs(t[k] - x) for t in trials) for k, x in enumerate(right)]
    bounded = [Bounded(x, x, ROOM * spread) for x, spread in zip(right, spreads, strict=True)]
    return Expected(bounded[0], _at_kinks(recipe, bounded[1:]))


def differentiated(recipe: Recipe, nearly: Callable[[float], float] = float) -> list[float]:
    """Return the value of a graph, then the gradients of its leaves.

    Args:
        recipe: the graph.
        nearly: what is made of every number and every partial on the way.
    """
    numbers = [*map(float, recipe.numbers), *map(float, recipe.constants)]
    first = len(numbers)
    partials: list[Sequence[float]] = []
    for op, places in recipe.steps:
        y, slopes = op.evaluate([numbers[i] for i in places])
        numbers.append(nearly(y))
        partials.append([nearly(d) for d in slopes])
    gradients = [0.0] * len(numbers)
    gradients[-1 if recipe.steps else 0] = 1.0
    for k in reversed(range(len(recipe.steps))):
        for place, d in zip(recipe.steps[k][1], partials[k], strict=True):
            gradients[place] += gradients[first + k] * d
    return [numbers[-1 if recipe.steps else 0], *gradients[: len(recipe.numbers)]]


def _at_kinks(recipe: Recipe, gradients: Sequence[Bounded]) -> tuple[Bounded, ...]:
    """Allow every slope that an op states at a kink, where the graph is that op alone."""
    if len(recipe.steps) != 1:
        return tuple(gradients)
    (op, places) = recipe.steps[0]
    numbers = [*recipe.numbers, *recipe.constants]
    inputs = [numbers[i] for i in places]
    found = list(gradients)
    for kink in op.kinks:
        if kink.gap(*inputs) == 0:
            for place, (low, high) in zip(places, kink.slopes(*inputs), strict=True):
                if place < len(found):
                    known = found[place]
                    found[place] = Bounded(min(low, known.low), max(high, known.high), known.room)
    return tuple(found)


@dataclass(frozen=True)
class Deviation:
    """The first thing in which an engine is off.

    Attributes:
        leaf: which gradient; None for the value, or where the engine raised.
        want: what is right.
        got: what the engine has; None for nothing.
        is_mistake: False if it may still be rounding.
        words: what happened, where numbers do not tell it.
    """

    leaf: int | None
    want: float
    got: float | None
    is_mistake: bool = True
    words: str = ""


def deviation(recipe: Recipe, want: Expected, got: Outcome) -> Deviation | None:
    """Return the first thing in which an engine is off; None if it is right."""
    if got.error:
        return Deviation(None, want.value.low, None, words=f"raises {got.error}")
    if want.value.off(got.value):
        return Deviation(None, want.value.low, got.value, want.value.is_mistake(got.value))
    for k, (right, gradient) in enumerate(zip(want.gradients, got.gradients, strict=True)):
        number = 0.0 if gradient is None else gradient
        if right.off(number):
            return Deviation(k, right.low, gradient, right.is_mistake(number))
    for x, after in zip(recipe.numbers, got.leaves, strict=True):
        if x != after:
            return Deviation(None, x, after, words="the data of a leaf was changed")
    return None
