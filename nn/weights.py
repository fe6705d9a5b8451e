"""Weights as lists of plain numbers, in which a number that is set is set in the weight itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from math import isfinite
from numbers import Real
from typing import Any

from autograd import Value
from autograd.notation.hints import described
from autograd.notation.numbers import counted


class NumbersOf(list[float]):
    """The numbers in some Values; a number that is set here is set in its Value.

    Args:
        values: the Values.
        name: what messages call them.
    """

    def __init__(self, values: Sequence[Value], name: str) -> None:
        super().__init__([v.data for v in values])
        self._values, self._name = values, name

    def __setitem__(self, place: Any, x: Any) -> None:
        after = list(self)
        after[place] = x
        numbers = finite_numbers(self._name, after)
        if len(numbers) != len(self):
            raise ValueError(
                f"{self._name} has {counted(len(self), 'number')}; this would make it {len(numbers)}"
            )
        for v, number in zip(self._values, numbers, strict=True):
            v.data = number
        super().__setitem__(slice(None), numbers)


class RowsOf(list[Any]):
    """The rows of a matrix; a row that is set is set number by number."""

    def __setitem__(self, place: Any, row: Any) -> None:
        if isinstance(place, slice):
            raise TypeError("set the rows of W one by one, or all of it: layer.W = rows")
        self[place][:] = row


def finite_rows(rows: Any) -> list[list[float]]:
    """Return the rows of W as lists of floats.

    Raises:
        TypeError, ValueError: if they are not rows of finite numbers.
    """
    if isinstance(rows, str) or not isinstance(rows, Iterable):
        raise TypeError(f"W is given as rows of numbers; got {described(rows)}")
    return [finite_numbers(f"row {i} of W", row) for i, row in enumerate(rows, 1)]


def finite_numbers(name: str, numbers: Any) -> list[float]:
    """Return the numbers as a list of floats.

    Raises:
        TypeError, ValueError: if they are not finite numbers.
    """
    if isinstance(numbers, str) or not isinstance(numbers, Iterable):
        raise TypeError(f"{name} is given as numbers in a row; got {described(numbers)}")
    listed = list(numbers)
    if {float}.issuperset(map(type, listed)) and all(map(isfinite, listed)):
        return listed
    for x in listed:
        if not isinstance(x, Real):
            raise TypeError(f"{name} holds numbers; got {described(x)}")
        if not isfinite(x):
            raise ValueError(f"{name} holds finite numbers; got {x!r}")
    return [float(x) for x in listed]


MOST_WEIGHTS = 20_000_000
"""A network has at most this many weights: each is an object of some hundred bytes, and with more of
them a machine is busy for minutes."""


_allowance: ContextVar[int | None] = ContextVar("allowance", default=None)
"""How many weights may still be made; None where only `MOST_WEIGHTS` limits a network."""


@contextmanager
def allowing(weights: int) -> Iterator[None]:
    """Have at most this many weights made in the block, by all neurons, layers and networks together."""
    before = _allowance.set(weights)
    try:
        yield
    finally:
        _allowance.reset(before)


def check_weights(sizes: Sequence[int]) -> None:
    """Refuse a network of these layers' sizes if it has more weights than may be made."""
    weights, left = sum(n * m for n, m in pairwise(sizes)), _allowance.get()
    most = MOST_WEIGHTS if left is None else min(left, MOST_WEIGHTS)
    if weights > most:
        raise ValueError(
            f"a network {' → '.join(f'{n:,}' for n in sizes)} has {weights:,} weights, each an object of "
            f"its own; at most {most:,} are made"
        )


def use_up(weights: int) -> None:
    """Count weights that were made, inside `allowing`."""
    left = _allowance.get()
    if left is not None:
        _allowance.set(left - weights)
