"""Columns of text: the cells of a CSV file or of a frame, and what they mean as numbers and classes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

MOST_CLASSES = 20
"""A target column of whole numbers names classes if it has at most this many distinct values."""
MOST_CATEGORIES = 12
"""A feature column of text is one-hot encoded if it has at most this many distinct values."""
FEWEST_ROWS = 4
"""Data have at least this many rows: XOR has as many, and with fewer there is nothing to learn."""
MISSING = {"", "na", "n/a", "nan", "null", "none"}
"""What files write in a cell that is missing, in upper or lower case."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, its cells, and in which line of a file each stands."""

    name: str
    cells: list[str]
    lines: list[int] | None = None

    def place(self, row: int) -> str:
        """Return where the cell of the row with this index stands, for a message."""
        return f"{self._row(row)}, column {self.name!r}"

    def first(self, wanted: Callable[[str], bool]) -> str:
        """Return the first cell that ``wanted`` accepts and its row, for a message."""
        row = next(row for row, cell in enumerate(self.cells) if wanted(cell))
        return f"{self.cells[row]!r} in {self._row(row)}"

    def _row(self, row: int) -> str:
        return f"row {row + 1} (line {self.lines[row]})" if self.lines else f"row {row + 1}"

    def numbers(self) -> list[float] | None:
        """Return the cells as floats, or None if one of them is text.

        Raises:
            ValueError: for a cell that is infinite.
        """
        found = []
        for row, cell in enumerate(self.cells):
            number = _number(cell)
            if number is None:
                return None
            if not isfinite(number):
                raise ValueError(f"{self.place(row)}: {cell} is not a finite number")
            found.append(number)
        return found


def read_columns(path: Path) -> list[Column]:
    """Read the columns of a file, each with its name."""
    header, rows, lines = read_cells(path)
    _check_header(header)
    return [Column(name, [row[i] for row in rows], lines) for i, name in enumerate(header)]


def check_enough_rows(rows: int) -> None:
    """Refuse data with too few rows to learn from."""
    if rows < FEWEST_ROWS:
        raise ValueError(f"{rows} rows are too few; at least {FEWEST_ROWS} are wanted")


def check_filled(columns: list[Column]) -> None:
    """Refuse columns in which a cell is missing; the message names the first, row by row."""
    for cells in zip(*[enumerate(column.cells) for column in columns], strict=True):
        for column, (row, cell) in zip(columns, cells, strict=True):
            if cell.lower() in MISSING:
                raise ValueError(f"{column.place(row)} is missing; fill it in, or leave the row out")


def read_cells(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Read the header, the rows, and the number of the line on which each row ends."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a CSV file")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"not UTF-8 text (byte {error.object[error.start]:#04x} at offset {error.start}); "
            "save it as UTF-8"
        ) from None
    if "\0" in text:
        raise ValueError("not a text file: it holds zero bytes")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    table = StringIO(text, newline="")
    reader = csv.reader(table, delimiter=delimiter, skipinitialspace=True, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None
    if not rows:
        raise ValueError("the file is empty")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(rows[0]):
            raise ValueError(f"line {line} has {len(row)} cells, the header has {len(rows[0])}")
    return rows[0], rows[1:], lines[1:]


def _check_header(header: list[str]) -> None:
    check_names(header)
    if all(_number(name) is not None for name in header):
        raise ValueError("the first line holds numbers; a header line with the columns' names is wanted")


def check_names(header: list[str]) -> None:
    """Refuse a header with fewer than two columns, without a name, or with a name that comes twice."""
    for i, name in enumerate(header, start=1):
        if not name:
            raise ValueError(f"column {i} has no name in the header line")
    name, count = Counter(header).most_common(1)[0]
    if count > 1:
        raise ValueError(f"{count} columns are called {name!r}; give each a name of its own")
    if len(header) < 2:
        raise ValueError(f"{name!r} is the only column; a target and at least one feature are wanted")


def targets_of(column: Column) -> tuple[list[float], tuple[str, ...] | None]:
    """Return the targets, and the names of the classes if they are classes."""
    numbers = column.numbers()
    keys: list[Any] = column.cells if numbers is None else numbers
    distinct = sorted(set(keys))
    repeated = 2 * len(distinct) <= len(keys)
    if len(distinct) == 1:
        raise ValueError(f"the target column {column.name!r} is {column.cells[0]} in every row")
    if numbers is None:
        if not repeated:
            raise ValueError(
                f"the target column {column.name!r} is text with {len(distinct)} distinct values in "
                f"{len(keys)} rows ({column.first(_is_text)}, …); classes have to repeat"
            )
        names = tuple(distinct)
    elif repeated and len(distinct) <= MOST_CLASSES and all(n == int(n) for n in numbers):
        names = tuple(str(int(n)) for n in distinct)
    else:
        return numbers, None
    index = {key: i for i, key in enumerate(distinct)}
    return [index[key] for key in keys], names


def features_of(column: Column) -> list[tuple[str, list[float]]]:
    """Return the column as named columns of numbers: itself, or one per value of its text."""
    numbers = column.numbers()
    if numbers is not None:
        return [(column.name, numbers)]
    values = sorted(set(column.cells))
    if len(values) > MOST_CATEGORIES or 2 * len(values) > len(column.cells):
        raise ValueError(
            f"the column {column.name!r} is text ({column.first(_is_text)}, …) with {len(values)} distinct "
            f"values in {len(column.cells)} rows, too many to encode; leave it out or turn it into numbers"
        )
    return [(f"{column.name}={value}", [float(cell == value) for cell in column.cells]) for value in values]


def _is_text(cell: str) -> bool:
    return _number(cell) is None


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # Python reads 1_000 as a number; nobody else does
    except ValueError:
        return None
