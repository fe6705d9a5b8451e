"""Rows of numbers in one buffer: how large data are held where they did not come as an array.

A list of lists of floats takes four times the memory, and each number is an object of its own.

>>> rows = Rows.of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
>>> rows[1], rows.shape, rows.take([2, 0])
([3.0, 4.0], (3, 2), [[5.0, 6.0], [1.0, 2.0]])
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import index
from typing import Any, overload


class Held(ABC):
    """A table of finite numbers, its rows of one length, that need not be looked through again."""

    ndim = 2

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """How many rows there are, and how many numbers in each."""

    @abstractmethod
    def take(self, places: Iterable[int]) -> Held:
        """Return the rows at these places, in this order."""

    def __len__(self) -> int:
        return self.shape[0]


class Rows(Held, Sequence[list[float]]):
    """Rows of numbers of one length.

    Each row comes out as a list of its own: to change a number in that changes nothing here.  NumPy
    reads the buffer itself: ``numpy.asarray(rows)`` copies nothing.

    Args:
        numbers: one row after the other.
        width: how many numbers a row has, at least 1.
        whole: the columns whose numbers come out as whole numbers.
    """

    def __init__(self, numbers: array[float], width: int, whole: Sequence[int] = ()) -> None:
        self.numbers, self.width, self.whole = numbers, width, whole

    @classmethod
    def of(cls, rows: Iterable[Iterable[float]]) -> Rows:
        """Return rows that are held in any other way.

        Raises:
            ValueError: if they differ in length.
        """
        if isinstance(rows, Rows):
            return rows
        numbers, width = array("d"), 0
        for i, row in enumerate(rows):
            before = len(numbers)
            numbers.extend(row)
            width = width if i else len(numbers)
            if len(numbers) - before != width:
                raise ValueError(f"row {i} has {len(numbers) - before} numbers where row 0 has {width}")
        return cls(numbers, max(1, width))

    @classmethod
    def beside(cls, columns: Sequence[Iterable[float]]) -> Rows:
        """Return the rows whose columns are these, all of one length."""
        held = [array("d", column) for column in columns]
        numbers = array("d", bytes(8 * len(held) * len(held[0])))
        for j, column in enumerate(held):
            numbers[j :: len(held)] = column
        return cls(numbers, len(held))

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows there are, and how many numbers in each."""
        return len(self.numbers) // self.width, self.width

    @overload
    def __getitem__(self, i: int) -> list[float]: ...
    @overload
    def __getitem__(self, i: slice) -> list[list[float]]: ...
    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        start = range(0, len(self.numbers), self.width)[index(i)]
        row = self.numbers[start : start + self.width].tolist()
        for j in self.whole:
            row[j] = int(row[j])
        return row

    def __iter__(self) -> Iterator[list[float]]:
        return map(self.__getitem__, range(len(self)))

    def take(self, places: Iterable[int]) -> Rows:
        """Return the rows at these places, in this order."""
        numbers, width = array("d"), self.width
        for i in places:
            numbers += self.numbers[i * width : (i + 1) * width]
        return Rows(numbers, width, self.whole)

    def put(self, i: int, column: int, numbers: Iterable[float]) -> None:
        """Put other numbers into a row, from a column on."""
        new, start = array("d", numbers), i * self.width + column
        self.numbers[start : start + len(new)] = new

    def by_column(self) -> Iterator[array[float]]:
        """Yield one column after the other."""
        for j in range(self.width):
            yield self.numbers[j :: self.width]

    def tolist(self) -> list[list[float]]:
        """Return the rows as a list of lists."""
        return list(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy as np  # whoever asks has it

        table = np.frombuffer(self.numbers).reshape(self.shape)
        return table.astype(dtype or float, copy=bool(copy))

    def __add__(self, others: Sequence[Sequence[float]]) -> Rows:
        return Rows(self.numbers + Rows.of(others).numbers, self.width, self.whole)

    def __eq__(self, other: object) -> bool:
        return self.tolist() == list(other) if isinstance(other, list | Rows) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.tolist())
