"""Data sets from tables: arrays, frames and CSV files."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from autograd.notation.hints import did_you_mean
from nn.checks import naming_file
from nn.data.columns import (
    Column,
    check_enough_rows,
    check_filled,
    check_names,
    features_of,
    read_columns,
    targets_of,
)
from nn.data.dataset import Dataset
from nn.data.rows import Rows
from nn.data.samples import as_list
from nn.data.samples import features as table_of


def from_arrays(X: Any, y: Any, name: str = "data", target: str = "target") -> Dataset:
    """Return a data set from a table and its targets: lists, NumPy arrays, a pandas frame and a series.

    Args:
        X: one row of numbers per sample; a frame's columns give the features their names.
        y: one target per sample; whether they are classes is decided as in `from_csv`.
        name: what to call the set.
        target: what to call the target, if ``y`` is not a series with a name.

    Raises:
        TypeError, ValueError: naming the place, if they are not such a table or differ in length.

    >>> from_arrays([[0.0, 1.0], [1.0, 0.0]] * 2, ["no", "yes"] * 2).classes
    ('no', 'yes')
    """
    table = table_of(X)
    cells = [str(t) for t in as_list(y)]
    if len(cells) != len(table):
        raise ValueError(f"X has {len(table)} rows, but y has {len(cells)}: one per sample")
    check_enough_rows(len(cells))
    named = getattr(y, "name", None)
    column = Column(target if named is None else str(named), cells)
    check_filled([column])
    targets, classes = targets_of(column)
    names = X.columns if hasattr(X, "columns") else [f"x{i}" for i in range(1, len(table[0]) + 1)]
    return Dataset(name, table, targets, tuple(map(str, names)), column.name, classes)


def from_frame(frame: Any, target: str, name: str = "data") -> Dataset:
    """Return a data set from a pandas frame, read as `from_csv` reads a file.

    Args:
        frame: the table.
        target: the name of the column to learn; all others are features.
        name: what to call the set.

    Raises:
        TypeError: if it is not a frame.
        ValueError: see `from_csv`.
    """
    if not hasattr(frame, "columns"):
        raise TypeError(f"from_frame takes a pandas frame; got {type(frame).__name__}")
    header = [str(column) for column in frame.columns]
    check_names(header)
    columns = [
        Column(name, [str(x).strip() for x in frame[column].tolist()])
        for name, column in zip(header, frame.columns, strict=True)
    ]
    return _dataset(name, columns, target)


def from_csv(path: str | PathLike[str], target: str) -> Dataset:
    """Read a data set from a CSV file with a header line.

    The file is UTF-8 text, its cells separated by commas, semicolons or tabs, whichever the header
    has most of.  The target decides the task: a column of text, or of whole numbers with at most
    20 distinct values, names classes, provided that each occurs twice or more on average; any
    other column of numbers is a regression.  A feature column of text with at most 12 distinct
    values, each occurring twice or more on average, becomes one column of 0 and 1 per value.

    Args:
        path: the file.
        target: the name of the column to learn; all others are features.

    Raises:
        FileNotFoundError: if there is no such file.
        OSError: if it cannot be read.
        ValueError: naming the place, for a file that is not UTF-8 text or empty, a column without
            a name, a name that occurs twice, a row of another length, a missing or infinite cell,
            a column of text with too many distinct values, a target that is not a column or always
            the same, or fewer than 4 rows.
    """
    path = Path(path)
    with naming_file(path):
        return _dataset(path.stem, read_columns(path), target)


def _dataset(name: str, columns: list[Column], target: str) -> Dataset:
    names = [column.name for column in columns]
    if target not in names:
        hint = did_you_mean(target, names, otherwise=".")
        raise ValueError(f"there is no column {target!r}{hint} Columns are: {', '.join(names)}")
    check_enough_rows(len(columns[0].cells))
    check_filled(columns)
    y, classes = targets_of(columns[names.index(target)])
    encoded = [pair for column in columns if column.name != target for pair in features_of(column)]
    features = tuple(name for name, _ in encoded)
    X = Rows.beside([numbers for _, numbers in encoded])
    return Dataset(name, X, y, features, target, classes)
