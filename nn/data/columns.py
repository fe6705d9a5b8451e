"""Columns of a table: what each becomes, and how it is turned into numbers and classes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from autograd.notation.hints import short_repr
from autograd.notation.labels import shorten
from nn.checks import import_extra
from nn.data.table_files import ALWAYS_MISSING, QUOTED

MOST_CLASSES = 20
"""A target column of whole numbers names classes if it has at most this many distinct values."""
MOST_CATEGORIES = 12
"""A feature column of text is one-hot encoded if it has at most this many distinct values."""
FEWEST_ROWS = 4
"""Data have at least this many rows: XOR has as many, and with fewer there is nothing to learn."""

AMONG_NUMBERS = {"none", "--", "–", "missing", "unknown"}
"""The cells that say in a column of numbers that one is missing; in a column of texts they are texts."""
ID = re.compile(r"(?i:no|nr|key|row|case|obs|index|idx|rownames?|(.*[ _.-])?ids?)|.*[a-z]ID", re.ASCII)
"""A column with such a name only says which row it is, if no two of its cells are equal."""
DATE = re.compile(r"(?=.*\d)\w{1,9}([-/. ]|, )\w{1,9}([-/. ]|, )\d{1,4}\b.*")
THOUSANDS = r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?"
DECIMAL_COMMA = r"[+-]?(\d{1,3}(\.\d{3})+|\d*),\d+([eE][+-]?\d+)?"

Kind = Literal["number", "truth", "date", "categories", "left out"]


@dataclass(frozen=True)
class Column:
    """What a column of a table became.

    Attributes:
        name: what it is called in the table.
        kind: what its cells are; or that it is left out.
        values: its categories, in order.
        fill: what stands for a missing number: the column's mean.
        marked: whether a further feature says where a cell was missing.
        why: why it is left out.
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    fill: float = 0.0
    marked: bool = False
    why: str = ""

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns of numbers that it becomes."""
        if self.kind == "left out":
            return ()
        made = tuple(f"{self.name}={value}" for value in self.values) or (self.name,)
        return (*made, f"{self.name} missing") if self.marked else made

    def numbers(self, cells: Any) -> list[Any]:
        """Return the columns of numbers that these cells become.

        Raises:
            ValueError: naming the first cell that is none of these, or infinite.
        """
        gone = cells.isna()
        marks = [gone.to_numpy(float)] if self.marked else []
        if self.kind == "categories":
            texts = cells.astype("string")
            strange = ~(gone | texts.isin(self.values))
            if strange.any():
                known = ", ".join(map(short_repr, self.values))
                raise ValueError(
                    f"{place(strange)}, column {self.name!r}: {_first(texts, strange)} is not one of {known}"
                )
            return [(texts == value).to_numpy(float, na_value=0.0) for value in self.values] + marks
        return [as_floats(self.name, cells).fillna(self.fill).to_numpy(float), *marks]

    @property
    def said(self) -> str:
        """What it became, in words."""
        words = {
            "number": "a number",
            "truth": "0 or 1",
            "date": "a date, in days since 1970",
            "categories": f"{len(self.values)} categories, an input each",
            "left out": f"left out: {self.why}",
        }
        return f"{words[self.kind]}{', and whether it is missing' if self.marked else ''}"


def tidied(cells: Any, kept: Collection[str] = ()) -> Any:
    """Return the cells of a column as what they are: numbers, dates, booleans or texts, some of them missing.

    Args:
        cells: a pandas series.
        kept: texts that are not to be read as missing.
    """
    pandas = import_extra("pandas", "a table", "data")
    cells = cells.convert_dtypes()
    if pandas.api.types.is_bool_dtype(cells) or pandas.api.types.is_numeric_dtype(cells):
        return cells
    if cells.dtype.kind in "Mm":
        return cells
    category = isinstance(cells.dtype, pandas.CategoricalDtype)
    if not kept and not category and (plain := _plain_numbers(pandas, cells)) is not None:
        return plain  # as most columns are, and much sooner
    texts = cells.astype("string").str.strip()
    lower = texts.str.lower()
    texts = texts.mask(lower.isin(ALWAYS_MISSING) & ~texts.isin(kept))
    if category:
        return texts
    filled = texts[~(texts.isna() | lower.isin(AMONG_NUMBERS))]
    for read in (_read_numbers, _read_truths, _read_dates):
        found = read(pandas, filled)
        if len(filled) and found is not None:
            return found.reindex(texts.index)
    return texts.str.removeprefix(QUOTED)


def _read_numbers(pandas: Any, texts: Any) -> Any:
    """Return texts as numbers, or None: those of a column are all written in one way."""

    def all_are(form: str, others: str) -> bool:
        return bool(texts.str.fullmatch(f"{form}|{others}").all() and texts.str.fullmatch(form).any())

    plain = _plain_numbers(pandas, texts)
    if plain is not None:
        return plain
    if all_are(THOUSANDS, r"[+-]?[\d.]+"):
        return _plain_numbers(pandas, texts.str.replace(",", ""))
    if all_are(DECIMAL_COMMA, r"[+-]?\d+"):
        return _plain_numbers(pandas, texts.str.replace(".", "").str.replace(",", "."))
    return None


def _plain_numbers(pandas: Any, texts: Any) -> Any:
    try:
        return pandas.to_numeric(texts.astype(object)).convert_dtypes()
    except (ValueError, TypeError):
        return None


def _read_truths(pandas: Any, texts: Any) -> Any:
    lower = texts.str.lower()
    return (lower == "true") if lower.isin(("true", "false")).all() else None


def _read_dates(pandas: Any, texts: Any) -> Any:
    if not texts.str.fullmatch(DATE).all():
        return None
    for day_first in (False, True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a format that has to be found out
            try:
                return pandas.to_datetime(texts, dayfirst=day_first).dt.tz_localize(None)
            except (ValueError, TypeError, OverflowError):
                continue
    return None


def as_floats(name: str, cells: Any) -> Any:
    """Return the cells as floats, dates in days since 1970; a missing one is nan.

    Raises:
        ValueError: for text, and for an infinite number.
    """
    pandas = import_extra("pandas", "a table", "data")
    if cells.dtype.kind == "M":
        found = (cells.dt.tz_localize(None) - pandas.Timestamp(0)) / pandas.Timedelta(days=1)
    elif cells.dtype.kind == "m":
        found = cells / pandas.Timedelta(days=1)
    elif is_text(cells):
        found = pandas.to_numeric(cells.astype(object), errors="coerce")
        wrong = cells.notna() & found.isna()
        if wrong.any():
            raise ValueError(f"{place(wrong)}, column {name!r}: {_first(cells, wrong)} is not a number")
    else:
        found = cells
    floats = pandas.Series(found.to_numpy(float, na_value=float("nan")), index=cells.index)
    infinite = floats.abs() == float("inf")
    if infinite.any():
        raise ValueError(
            f"{place(infinite)}, column {name!r}: {_first(floats, infinite)} is not a finite number"
        )
    return floats


def is_text(cells: Any) -> bool:
    """Return whether tidied cells are texts."""
    return cells.dtype.kind not in "biufMm"


def place(wanted: Any) -> str:
    """Return where the first True stands, for a message.  Rows are counted from 1, below the header."""
    return f"row {int(wanted.to_numpy(bool, na_value=False).argmax()) + 1}"


def _first(cells: Any, wanted: Any) -> str:
    cell = cells[wanted.to_numpy(bool, na_value=False)].iloc[0]
    return short_repr(cell) if isinstance(cell, str) else str(cell)


def few(names: list[str], most: int = 8) -> list[str]:
    """Return the first names, and how many more there are."""
    return names if len(names) <= most else [*names[: most - 1], f"and {len(names) - most + 1} more"]


def column_of(name: str, cells: Any, mark: bool, named: bool) -> Column:
    """Return what a feature column becomes.

    Args:
        name: what it is called.
        cells: tidied.
        mark: whether missing cells get a feature of their own.
        named: whether the user asked for it by name: then it is left out only if it cannot be read.
    """

    def left_out(why: str) -> Column:
        return Column(name, "left out", why=why)

    known = cells.dropna()
    marked = mark and len(known) < len(cells)
    if not len(known):
        return left_out("no cell is filled")
    text, distinct = is_text(cells), known.nunique()
    if not named:
        if name == "":
            return left_out("it has no name: it counts or names the rows")
        if distinct == 1 and not marked:
            return left_out(f"it is {shorten(str(known.iloc[0]), 20)} in every row")
        if is_counting(cells):
            return left_out("it counts the rows")
        if distinct == len(cells) and (text or ID.fullmatch(name)) and _whole(cells):
            return left_out("it names the rows: it is another in each")
    if text:
        if distinct > MOST_CATEGORIES or 2 * distinct > len(known):
            return left_out(f"text with {distinct} distinct values")
        return Column(name, "categories", tuple(sorted(map(str, known.unique()))), marked=marked)
    kind: Kind = "date" if cells.dtype.kind == "M" else "truth" if cells.dtype.kind == "b" else "number"
    mean = float(as_floats(name, cells).mean())
    return Column(name, kind, fill=mean if isfinite(mean) else 0.0, marked=marked)


def _whole(cells: Any) -> bool:
    return is_text(cells) or (cells.dtype.kind in "iu")


def is_counting(cells: Any) -> bool:
    """Return whether the cells are 0, 1, 2, … or 1, 2, 3, … from the first row to the last."""
    if cells.dtype.kind not in "iu" or cells.isna().any() or cells.iloc[0] not in (0, 1):
        return False
    return len(cells) > 2 and bool((cells.diff().iloc[1:] == 1).all())


def targets_of(
    name: str, cells: Any, task: str | None, wanted: Collection[str] | None
) -> tuple[list[float], tuple[str, ...] | None]:
    """Return the targets, and the names of the classes if they are classes.

    Args:
        name: what the column is called.
        cells: tidied, none missing.
        task: "classification" or "regression"; None to tell it by the cells.
        wanted: the names of the classes in their order, if they are given.

    Raises:
        ValueError: if the cells cannot be learned so.
    """
    distinct = sorted(cells.unique())
    if len(distinct) == 1:
        raise ValueError(f"the target column {name!r} is {distinct[0]} in every row")
    text, repeated = is_text(cells), 2 * len(distinct) <= len(cells)
    if task == "regression":
        return as_floats(name, cells).tolist(), None
    few = repeated and len(distinct) <= MOST_CLASSES and cells.dtype.kind in "iu"
    if task is None and wanted is None and not (text or few or cells.dtype.kind == "b"):
        return as_floats(name, cells).tolist(), None
    if text and not repeated and task is None and wanted is None:
        some = ", ".join(short_repr(str(x)) for x in cells.iloc[:3])
        raise ValueError(
            f"the target column {name!r} is text with {len(distinct)} distinct values in {len(cells)} rows "
            f"({some}, …); classes have to repeat"
        )
    names = tuple(map(str, distinct)) if wanted is None else tuple(wanted)
    index = {value: i for i, value in enumerate(names)}
    keys = cells.map(str)
    strange = ~keys.isin(names)
    if strange.any():
        raise ValueError(
            f"{place(strange)}: the target {name!r} is {_first(keys, strange)}, which is not among the "
            f"classes {', '.join(names)}"
        )
    return [index[key] for key in keys], names
