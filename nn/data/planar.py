"""Sets of two inputs, drawn from formulas: what can be seen whole in a plane.

Each is a function ``(samples, noise, seed)`` that gives points in random order: how many, the standard
deviation of the noise that is added to every coordinate, and where noise and order come from.

>>> [len(circles(noise=0.0)), spirals(5, seed=1).classes, ramp().classes]
[200, ('first', 'second'), None]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import WRAPPER_ASSIGNMENTS, wraps
from math import cos, exp, pi, sin, sqrt
from typing import Protocol, TypeAlias

from nn.checks import finite_number, whole_number
from nn.data.columns import FEWEST_ROWS
from nn.data.dataset import Dataset
from nn.data.random_state import RandomState

Point: TypeAlias = tuple[float, float, float]
"""Two inputs and the target: a class, or a number."""

GOLDEN_ANGLE = pi * (3 - sqrt(5))


class Drawn(Protocol):
    """A set of this kind."""

    __name__: str

    def __call__(self, samples: int = 200, noise: float = 0.1, seed: int = 0) -> Dataset:
        """Return the set: at least 4 samples, the same ones for the same seed."""


@dataclass(frozen=True)
class Planar:
    """What such a set is made of.

    Attributes:
        points: gives a number of points without noise.
        classes: the classes' names; None if the target is a number.
    """

    points: Callable[[int], Sequence[Point]]
    classes: tuple[str, str] | None


PLANAR: dict[str, Planar] = {}
"""What the sets are made of, by name."""


def planar(
    target: str, classes: tuple[str, str] | None = None
) -> Callable[[Callable[[int], Sequence[Point]]], Drawn]:
    """Turn a function that gives exact points into a set of this kind."""

    def decorate(points: Callable[[int], Sequence[Point]]) -> Drawn:
        name = points.__name__
        PLANAR[name] = Planar(points, classes)

        @wraps(points, [name for name in WRAPPER_ASSIGNMENTS if name != "__annotations__"])
        def drawn(samples: int = 200, noise: float = 0.1, seed: int = 0) -> Dataset:
            samples = whole_number("samples", samples, FEWEST_ROWS)
            noise = finite_number("noise", noise, at_least=0.0)
            exact, state = points(samples), RandomState(seed)
            shuffled = [exact[i] for i in state.shuffled(range(samples))]
            X = [[x1 + noise * state.normal(), x2 + noise * state.normal()] for x1, x2, _ in shuffled]
            return Dataset(name, X, [y for _, _, y in shuffled], ("x1", "x2"), target, classes)

        del drawn.__wrapped__  # its arguments are its own
        return drawn

    return decorate


@planar("moon", ("upper", "lower"))
def moons(n: int) -> Sequence[Point]:
    """Return two interleaved half circles, the points of scikit-learn's ``make_moons``."""
    upper = _angles(n // 2)
    lower = _angles(n - len(upper))
    return [(cos(t), sin(t), 0) for t in upper] + [(1 - cos(t), 1 - sin(t) - 0.5, 1) for t in lower]


def _angles(n: int) -> list[float]:
    """Return ``n`` angles from 0 to π, evenly."""
    return [i * (pi / (n - 1)) for i in range(n - 1)] + [pi]


@planar("circle", ("outer", "inner"))
def circles(n: int) -> Sequence[Point]:
    """Return two circles, one within the other: scikit-learn's ``make_circles`` with a factor of ½."""
    counts = (n // 2, 1.0, 0), (n - n // 2, 0.5, 1)
    angles = [(i * (2 * pi / m), r, label) for m, r, label in counts for i in range(m)]
    return [(r * cos(t), r * sin(t), label) for t, r, label in angles]


@planar("cluster", ("lower", "upper"))
def clusters(n: int) -> Sequence[Point]:
    """Return two discs, which a straight line separates."""
    return _discs(n, (-1, -1, 0), (1, 1, 1))


@planar("signs", ("equal", "opposite"))
def quadrants(n: int) -> Sequence[Point]:
    """Return four discs, one per quadrant, of which opposite ones are of one class: XOR of many points."""
    return _discs(n, (-1, -1, 0), (1, -1, 1), (1, 1, 0), (-1, 1, 1))


@planar("arm", ("first", "second"))
def spirals(n: int) -> Sequence[Point]:
    """Return two spirals, wound into each other."""
    counts = (n // 2, 0.0, 0), (n - n // 2, pi, 1)
    along = [(3 * (i + 1) / m, turned, label) for m, turned, label in counts for i in range(m)]
    return [(r * sin(3.5 * r + turned), r * cos(3.5 * r + turned), label) for r, turned, label in along]


@planar("height")
def ramp(n: int) -> Sequence[Point]:
    """Return a disc of points whose target, a number, grows evenly in one direction."""
    return [(x, y, (x + y) / 3) for x, y in _disc(n, 3.0)]


@planar("height")
def hills(n: int) -> Sequence[Point]:
    """Return a disc of points whose target, a number, is the height of two hills and two hollows."""
    tops = (0, 2, 1.0), (2, 0, -1.0), (0, -2, 1.0), (-2, 0, -1.0)
    return [
        (x, y, sum(top * exp(-((x - u) ** 2) - (y - v) ** 2) for u, v, top in tops)) for x, y in _disc(n, 3.0)
    ]


def _discs(n: int, *discs: Point) -> Sequence[Point]:
    """Return points in discs, evenly distributed among them, each of its disc's class."""
    counted = [(n + k) // len(discs) for k in range(len(discs))]
    return [
        (x + u, y + v, label)
        for m, (x, y, label) in zip(counted, discs, strict=True)
        for u, v in _disc(m, 0.8)
    ]


def _disc(n: int, radius: float) -> Iterator[tuple[float, float]]:
    """Yield ``n`` points evenly over a disc, as the seeds of a sunflower lie."""
    for i in range(n):
        r = radius * sqrt((i + 0.5) / n)
        yield r * cos(i * GOLDEN_ANGLE), r * sin(i * GOLDEN_ANGLE)
