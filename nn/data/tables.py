"""Data sets from tables: arrays, frames and files."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from autograd.files.reading import naming_file
from nn.checks import import_extra
from nn.data.dataset import Dataset
from nn.data.plan import Options, planned
from nn.data.table_files import read_table


def from_arrays(X: Any, y: Any, name: str = "data", target: str = "target", **options: Any) -> Dataset:
    """Return a data set from a table and its targets: lists, NumPy arrays, a pandas frame and a series.

    Args:
        X: one row per sample; a frame's columns give the features their names.
        y: one target per sample, as a list, a series or one column; classes are told as in `from_csv`.
        name: what to call the set.
        target: what to call the target, if ``y`` is not a series or a frame, which has a name.
        options: see `from_csv`.

    Raises:
        ValueError: if they differ in length, or see `from_csv`.

    >>> from_arrays([[0.0, 1.0], [1.0, 0.0]] * 2, ["no", "yes"] * 2).classes
    ('no', 'yes')
    """
    pandas = import_extra("pandas", "a table", "data")
    try:
        frame = X.copy() if hasattr(X, "columns") else pandas.DataFrame(X)
        column = pandas.DataFrame(y)
    except ValueError as error:
        raise ValueError(f"X is a table with one row per sample, and y one column ({error})") from None
    if not hasattr(X, "columns"):
        frame.columns = [f"x{i}" for i in range(1, frame.shape[1] + 1)]
    if column.shape[1] != 1 or len(column) != len(frame):
        raise ValueError(
            f"X has {len(frame)} rows, but y has {' × '.join(map(str, column.shape))}: one per sample"
        )
    named = y.columns[0] if hasattr(y, "columns") else getattr(y, "name", None)
    goal = target if named is None else str(named)
    frame.insert(len(frame.columns), goal, column.iloc[:, 0].to_numpy(), allow_duplicates=True)
    return from_frame(frame, goal, name, **options)


def from_frame(frame: Any, target: Any, name: str = "data", **options: Any) -> Dataset:
    """Return a data set from a pandas frame, read as `from_csv` reads a file.

    Args:
        frame: the table.
        target: the name of the column to learn; all others are features.
        name: what to call the set.
        options: see `from_csv`.

    Raises:
        TypeError: if it is not a frame.
        ValueError: see `from_csv`.
    """
    if not hasattr(frame, "columns"):
        raise TypeError(f"from_frame takes a pandas frame; got {type(frame).__name__}")
    return _dataset(name, frame, str(target), Options(**options))


def from_csv(path: str | PathLike[str], target: str, **options: Any) -> Dataset:
    """Read a data set from a file of a table: CSV with a header line, or parquet.

    Encoding, packing, delimiter and decimal comma are found out.  The target decides the task: a column
    of text, or of whole numbers with at most 20 distinct values, names classes, provided that each occurs
    twice or more on average; any other column of numbers is a regression.  A feature column of text with at
    most 12 distinct values, each occurring twice or more on average, becomes one column of 0 and 1 per
    value, and dates become numbers of days.  What numbers or names the rows, never changes, or is text of
    more values is left out.  The set's ``plan`` says what each column became.

    Args:
        path: the file; ``-`` for standard input.
        target: the name of the column to learn; all others are features.
        options: the attributes of `nn.data.plan.Options`: ``task``, ``columns``, ``drop``, ``missing`` and
            ``classes``.

    Raises:
        FileNotFoundError: if there is no such file.
        OSError: if it cannot be read.
        ImportError: if pandas is not installed.
        ValueError: naming the place, for a file that is not a table, a name that occurs twice, an infinite
            cell, a target that is not a column, cannot be learned or is always the same, if no column is
            left to learn from, or fewer than 4 rows.
    """
    chosen = Options(**options)
    with naming_file(path):
        frame, said = read_table(path)
        return _dataset("table" if str(path) == "-" else Path(path).stem, frame, target, chosen, said)


def _dataset(name: str, frame: Any, target: str, options: Options, said: Sequence[str] = ()) -> Dataset:
    plan, X, y, classes = planned(frame, target, options, said)
    return Dataset(name, X, y, plan.features, target, classes, plan=plan)
