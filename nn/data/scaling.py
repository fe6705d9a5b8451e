"""Scaling: columns brought to mean 0 and standard deviation 1, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from math import fsum, isfinite, sqrt
from typing import Any

from nn.data.rows import Held, Rows
from nn.data.samples import Table, is_array

PART = 1 << 18
"""The squares of at most this many numbers are held at once."""


@dataclass(frozen=True)
class Scaler:
    """Brings each column to mean 0 and standard deviation 1, and back.

    A column that never changes is only moved to 0.

    Attributes:
        mean: one per column.
        std: one per column, never 0.

    >>> scaler = Scaler.fit([[1.0, 5.0], [3.0, 5.0]])
    >>> scaler.transform([[1.0, 5.0], [5.0, 6.0]])
    [[-1.0, 0.0], [3.0, 1.0]]
    >>> scaler.inverse([[3.0, 1.0]])
    [[5.0, 6.0]]
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fit(cls, rows: Table, together: bool = False) -> Scaler:
        """Return the scaler that standardises these rows.

        Args:
            rows: at least one row; every row the same number of floats.
            together: one mean and one standard deviation over all columns, for columns that share
                a unit, such as the pixels of a picture.

        Raises:
            ValueError: for no rows, or numbers too large to add up.
        """
        if not len(rows):
            raise ValueError("there are no rows to fit a scaler to")
        if is_array(rows):
            return cls(*_array_mean_and_std(rows, together))
        table = Rows.of(rows)
        if together:
            mean, std = _mean_and_std(table.numbers, 0)
            return cls((mean,) * table.width, (std,) * table.width)
        fitted = [_mean_and_std(column, i) for i, column in enumerate(table.by_column())]
        return cls(tuple(mean for mean, _ in fitted), tuple(std for _, std in fitted))

    def transform(self, rows: Table) -> Table:
        """Return the rows in standard deviations from the mean; an array gives an array."""
        if is_array(rows):
            mean, std = self._arrays
            scaled = rows.astype(float)
            scaled -= mean
            scaled /= std
            return scaled
        if not len(rows):
            return rows
        columns = zip(Rows.of(rows).by_column(), self.mean, self.std, strict=True)
        return Rows.beside([[(x - m) / s for x in column] for column, m, s in columns])

    def inverse(self, rows: Table) -> Table:
        """Return the rows that `transform` would turn into these."""
        if is_array(rows):
            mean, std = self._arrays
            return rows * std + mean
        columns = zip(Rows.of(rows).by_column(), self.mean, self.std, strict=True)
        return Rows.beside([[z * s + m for z in column] for column, m, s in columns])

    @cached_property
    def _arrays(self) -> tuple[Any, Any]:
        numpy = import_module("numpy")  # an array came in, so it is installed
        return numpy.asarray(self.mean), numpy.asarray(self.std)


@dataclass(frozen=True)
class Scaled(Held):
    """An array of rows as a scaler brings them to size, computed for the rows that are asked for.

    Bytes, such as the pixels of pictures, take an eighth of the memory of their scaled numbers.

    Attributes:
        rows: the array.
        scaler: what brings them to size.
    """

    rows: Any
    scaler: Scaler

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows there are, and how many numbers in each."""
        return self.rows.shape  # type: ignore[no-any-return]

    def take(self, places: Iterable[int]) -> Scaled:
        """Return the rows at these places, in this order."""
        return replace(self, rows=self.rows[list(places)])

    def __getitem__(self, places: Any) -> Any:
        return self.scaler.transform(self.rows[places])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.scaler.transform(self.rows).astype(dtype or float, copy=False)


def _array_mean_and_std(rows: Any, together: bool) -> tuple[tuple[float, ...], tuple[float, ...]]:
    numpy = import_module("numpy")  # an array came in, so it is installed
    axis, ones = None if together else 0, numpy.ones(len(rows[0]))
    low, high = rows.min(axis), rows.max(axis)
    with numpy.errstate(over="ignore", invalid="ignore"):
        mean = rows.mean(axis, dtype=float)
        std = _spread(rows.reshape(-1), mean) if together else rows.std(axis, dtype=float)
        mean, std = numpy.where(low == high, low, mean), numpy.where(low == high, 1.0, std)
    if not numpy.isfinite(std).all():
        raise ValueError(f"X holds numbers too large to scale, up to {rows.max():g}")
    std = numpy.where(std == 0, 1.0, std)
    return tuple((mean * ones).tolist()), tuple((std * ones).tolist())


def _spread(numbers: Any, mean: float) -> float:
    """Return the standard deviation of many numbers as NumPy does, without a copy of all as doubles."""

    def squares(start: int, stop: int) -> float:
        if stop - start <= PART:
            deviations = numbers[start:stop] - mean
            return float((deviations * deviations).sum())
        half = (stop - start) // 2  # NumPy's own halves, by which its sums are pairwise ones
        middle = start + half - half % 8
        return squares(start, middle) + squares(middle, stop)

    return sqrt(squares(0, len(numbers)) / len(numbers))


def _mean_and_std(column: Sequence[float], index: int) -> tuple[float, float]:
    if min(column) == max(column):
        return column[0], 1.0
    try:
        mean = fsum(column) / len(column)
        std = sqrt(fsum((x - mean) ** 2 for x in column) / len(column))
    except OverflowError:
        std = float("inf")
    if not isfinite(std):
        raise ValueError(f"column {index + 1} holds numbers too large to scale, up to {max(column):g}")
    return mean, std or 1.0
