"""Columns of a table: what each becomes, and how it is turned into numbers and classes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
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

AMONG_NUMBERS = {"none", "nil", "--", "–", "missing", "unknown"}
"""The cells that say in a column of numbers that one is missing; in a column of texts they are texts."""
ID = re.compile(r"(?i:no|nr|key|row|case|obs|index|idx|rownames?|(.*[ _.-])?ids?)|.*[a-z]ID", re.ASCII)
"""A column with such a name only says which row it is, if no two of its cells are equal."""
DATE = re.compile(r"(?=.*\d)\w{1,9}([-/. ]|, )\w{1,9}([-/. ]|, )\d{1,4}(\b|T\d).*")
NAMED = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
MONTH = re.compile(rf"(?i:\d{{4}}[- ]?Q[1-4]|\d{{4}}-(0[1-9]|1[0-2])|\d{{4}}[- ]{NAMED}|{NAMED}[- ]\d{{4}})")
"""A date without a day; a quarter stands for its first month."""
TIME = re.compile(r"(-?\d+ days?,? \+?)?\d{1,3}:\d\d(:\d\d(\.\d+)?)?")
THOUSANDS = r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?"
DECIMAL_COMMA = r"[+-]?(\d{1,3}(\.\d{3})+|\d*),\d+([eE][+-]?\d+)?"

Kind = Literal["number", "truth", "date", "time", "categories", "left out"]
MEANT = {"date": "a date, in days since 1970", "time": "a time, in days"}


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
        way: how its cells are written: one of the `WAYS`, or `TEXTS`; "" if they are no texts.
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    fill: float = 0.0
    marked: bool = False
    why: str = ""
    way: str = ""

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
            **MEANT,
            "categories": f"{len(self.values)} categories, an input each",
            "left out": f"left out: {self.why}",
        }
        return f"{words[self.kind]}{', and whether it is missing' if self.marked else ''}"


def tidied(cells: Any, kept: Collection[str] = (), way: str = "") -> Any:
    """Return the cells of a column as what they are: numbers, dates, booleans or texts, some of them missing.

    Args:
        cells: a pandas series.
        kept: texts that are not to be read as missing.
        way: how its cells were written in the table that was learned from; see `read`.
    """
    return read(cells, kept, way)[0]


def read(cells: Any, kept: Collection[str] = (), way: str = "") -> tuple[Any, str]:
    """Return the cells as `tidied` does, and in which of the `WAYS` they are written, or `TEXTS`."""
    pandas = import_extra("pandas", "a table", "data")
    cells = cells.convert_dtypes()
    if pandas.api.types.is_bool_dtype(cells) or pandas.api.types.is_numeric_dtype(cells):
        return cells, ""
    if cells.dtype.kind in "Mm":
        return cells, ""
    category = isinstance(cells.dtype, pandas.CategoricalDtype)
    as_texts = category or way == TEXTS
    if not kept and not as_texts and (plain := _plain_numbers(pandas, cells)) is not None:
        return plain, ""  # as most columns are, and much sooner
    texts = cells.astype("string").str.strip()
    lower = texts.str.lower()
    texts = texts.mask(lower.isin(ALWAYS_MISSING) & ~texts.isin(kept))
    filled = texts[~(texts.isna() | lower.isin(AMONG_NUMBERS))]
    for name in sorted(WAYS, key=lambda name: name != way) if len(filled) and not as_texts else ():
        found = WAYS[name](pandas, filled)
        if found is not None:
            return found.reindex(texts.index), name
    return texts.str.removeprefix(QUOTED), TEXTS


def _all_are(texts: Any, form: str, others: str) -> bool:
    return bool(texts.str.fullmatch(f"{form}|{others}").all() and texts.str.fullmatch(form).any())


def _thousands(pandas: Any, texts: Any) -> Any:
    if _all_are(texts, THOUSANDS, r"[+-]?[\d.]+"):
        return _plain_numbers(pandas, texts.str.replace(",", ""))
    return None


def _decimal_commas(pandas: Any, texts: Any) -> Any:
    if _all_are(texts, DECIMAL_COMMA, r"[+-]?\d+"):
        return _plain_numbers(pandas, texts.str.replace(".", "").str.replace(",", "."))
    return None


def _plain_numbers(pandas: Any, texts: Any) -> Any:
    try:
        return pandas.to_numeric(texts.astype(object)).convert_dtypes()
    except (ValueError, TypeError):
        return None


def _truths(pandas: Any, texts: Any) -> Any:
    lower = texts.str.lower()
    return (lower == "true") if lower.isin(("true", "false")).all() else None


def _dates(pandas: Any, texts: Any, **how: Any) -> Any:
    if texts.str.fullmatch(MONTH).all():
        texts = texts.str.replace(" Q", "Q", case=False)
    elif not texts.str.fullmatch(DATE).all():
        return None
    if not how and texts.str.match(r"(1[3-9]|2\d|3[01])[-/. ]").any():  # pandas would read this in silence
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a format that has to be found out
        try:
            return pandas.to_datetime(texts, utc=True, **how).dt.tz_localize(None)
        except (ValueError, TypeError, OverflowError):
            return None


def _times(pandas: Any, texts: Any, before: str = "", after: str = ":00") -> Any:
    """Return times of day, or durations; where a cell has but one colon, this is added."""
    if not texts.str.fullmatch(TIME).all():
        return None
    full = texts.str.count(":") == 2
    if after and 0 < full.sum() < len(full):  # with hours or without
        return None
    try:
        return pandas.to_timedelta(texts.where(full, before + texts + after))
    except ValueError:
        return None


WAYS: dict[str, Callable[[Any, Any], Any]] = {
    "plain": _plain_numbers,
    "thousands": _thousands,
    "decimal commas": _decimal_commas,
    "truths": _truths,
    "dates": _dates,
    "dates, the day first": partial(_dates, dayfirst=True),
    "dates, some with more digits": partial(_dates, format="ISO8601"),
    "times": _times,
    "times, the hours in some": partial(_times, before="0:", after=""),
}
"""What reads all texts of a column as numbers, truths, dates or times, or returns None, by how they are
written.  Of one cell, such as 1,234 or 01/02/2020, it cannot be told: so it is kept for later tables."""
TEXTS = "texts"
"""The way of what is read as it stands."""


def as_floats(name: str, cells: Any) -> Any:
    """Return the cells as floats, dates in days since 1970; a missing one is nan.

    Raises:
        ValueError: for text, and for an infinite number.
    """
    pandas = import_extra("pandas", "a table", "data")
    if cells.dtype.kind == "M":
        found = (cells.dt.tz_localize(None) - pandas.Timestamp("1970-01-01")) / pandas.Timedelta(days=1)
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
            f"{place(infinite)}, column {name!r}: {_first(floats, infinite)} is not a finite number; leave "
            "the row out, or the column (--drop)"
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
    among = _among_numbers(known) if text else ""
    if not named:
        if name == "":
            return left_out("it has no name: it counts or names the rows")
        if distinct == 1 and not marked:
            return left_out(f"it is {shorten(str(known.iloc[0]), 20)} in every row")
        if is_counting(cells):
            return left_out("it counts the rows")
        if distinct == len(cells) and (text or ID.fullmatch(name)) and _whole(cells) and not among:
            return left_out("it names the rows: it differs in each")
    if text:
        if distinct > MOST_CATEGORIES or 2 * distinct > len(known):
            return left_out(f"text with {distinct} distinct values{among}")
        return Column(name, "categories", tuple(sorted(map(str, known.unique()))), marked=marked)
    kinds: dict[str, Kind] = {"M": "date", "m": "time", "b": "truth"}
    kind = kinds.get(cells.dtype.kind, "number")
    mean = float(as_floats(name, cells).mean())
    return Column(name, kind, fill=mean if isfinite(mean) else 0.0, marked=marked)


def _among_numbers(cells: Any) -> str:
    """Say which text stands among numbers; "" if less than half of the cells are numbers."""
    numbers = import_extra("pandas", "a table", "data").to_numeric(cells.astype(object), errors="coerce")
    text = numbers.isna()
    if not 0 < 2 * text.sum() <= len(cells):
        return ""
    first, others = text.idxmax(), int(text.sum()) - 1
    more = f", and {others} more are no numbers either" if others else ""
    return f", though most are numbers: row {first + 1} is {short_repr(cells[first])}{more}"


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
    untold = text and task is None and wanted is None
    if untold and len(distinct) > MOST_CLASSES and (among := _among_numbers(cells)):
        raise ValueError(
            f"the target column {name!r} is text with {len(distinct)} distinct values{among}; leave such "
            "rows out, or learn classes (--task classification)"
        )
    if untold and not repeated:
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
