"""The plan of a table: what each of its columns became, and how other tables are read by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from autograd.notation.hints import did_you_mean, short_repr
from autograd.notation.labels import shorten
from autograd.notation.numbers import counted
from nn.checks import import_extra, one_of
from nn.data.columns import (
    FEWEST_ROWS,
    MEANT,
    Column,
    column_of,
    few,
    is_counting,
    place,
    read,
    targets_of,
    tidied,
)
from nn.data.leaks import warnings_of
from nn.data.rows import Rows

MISSING = {
    "mean": "the column's mean, or none of its categories",
    "mark": "as mean, and a further input says that it was missing",
    "drop": "its row is left out",
    "refuse": "an error",
}
"""The ways to treat a missing cell of an input; a row whose target is missing is left out."""
TASKS = ("classification", "regression")


@dataclass(frozen=True)
class Options:
    """How a table is to be read, where its cells do not say it.

    Attributes:
        task: one of `TASKS`; None to tell it by the target.
        columns: the features by name; None for all that can be learned from.
        drop: the columns that are left out by name.
        missing: one of `MISSING`.
        classes: the names of the classes in their order, also such as "NA" and "none".
    """

    task: str | None = None
    columns: Sequence[str] | None = None
    drop: Sequence[str] = ()
    missing: str = "mean"
    classes: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name in ("columns", "drop", "classes"):
            if isinstance(getattr(self, name), str):
                raise TypeError(f"{name} is a list of names; got the text {getattr(self, name)!r}")
        one_of("missing", self.missing, MISSING)
        if self.task is not None:
            one_of("task", self.task, dict.fromkeys(TASKS))
        if self.task == "regression" and self.classes is not None:
            raise ValueError("classes are for classification, and the task is regression")


@dataclass(frozen=True)
class Plan:
    """What the columns of a table became.

    Attributes:
        columns: one for each column but the target, in order.
        missing: what becomes of missing cells.
        notes: what else is to be said of the table, one sentence each.
    """

    columns: tuple[Column, ...]
    missing: str = "mean"
    notes: tuple[str, ...] = ()

    @property
    def used(self) -> list[Column]:
        """The columns that are learned from."""
        return [column for column in self.columns if column.kind != "left out"]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns of numbers."""
        return tuple(name for column in self.used for name in column.features)

    def rows(self, frame: Any) -> tuple[Rows, Any]:
        """Return the rows of a table that has these columns, in any order, and which rows are left out.

        Raises:
            ValueError: for a column that is not there, and for a cell that cannot be read.
        """
        absent = [column.name for column in self.used if column.name not in frame.columns]
        if absent:
            raise ValueError(
                f"there is no column {', '.join(map(repr, absent))}; the table has {', '.join(frame.columns)}"
            )
        ways = {c.name: frame.attrs.get("way", "") if c.way in ("", "plain") else c.way for c in self.used}
        return self.encoded({name: tidied(frame[name], way=way) for name, way in ways.items()})

    def encoded(self, cells: Mapping[str, Any]) -> tuple[Rows, Any]:
        """Return what `rows` does of tidied columns by their names."""
        frame = import_extra("pandas", "a table", "data").DataFrame(cells)
        gone = frame.isna().any(axis=1)
        if self.missing == "refuse" and gone.any():
            name = next(name for name in frame.columns if frame[name].isna()[gone.idxmax()])
            raise ValueError(
                f"{place(gone)}, column {name!r} is missing, and {int(gone.sum()) - 1} more rows have such a "
                "cell; fill them in, or train with --missing mean, mark or drop"
            )
        left_out = gone if self.missing == "drop" else gone & False
        kept = frame[~left_out]
        encoded = [numbers for column in self.used for numbers in column.numbers(kept[column.name])]
        return Rows.beside(encoded), left_out

    def fitting(self, frame: Any, target: str) -> tuple[Any, list[str]]:
        """Return a table whose names are texts, if all its columns are known, and what is to be said of it.

        A category that was not learned from is as a missing cell, if others of its column were.

        Raises:
            ValueError: naming the columns that are new.
        """
        frame = frame.set_axis([str(name) for name in frame.columns], axis=1).reset_index(drop=True)
        names = [column.name for column in self.columns]
        new = [name for name in frame.columns if name not in {*names, target, ""}]
        if new:
            raise ValueError(
                f"{', '.join(map(repr, new))} was not in the table that was learned from; it had "
                f"{', '.join(name for name in names if name)}"
            )
        said = []
        for column in self.used:
            if column.kind == "categories" and column.name in frame.columns:
                texts = tidied(frame[column.name]).astype("string")
                strange = (texts.notna() & ~texts.isin(column.values)).to_numpy(bool, na_value=False)
                if strange.any() and texts.isin(column.values).any():
                    new = few(sorted(set(texts[strange].map(short_repr))))
                    said.append(
                        f"{shorten(column.name, 30)}: {counted(int(strange.sum()), 'cell')} of categories "
                        f"that were not learned from ({', '.join(new)}), taken as missing"
                    )
                    frame = frame.assign(**{column.name: texts.mask(strange)})
        return frame, said

    def lines(self) -> list[str]:
        """Return what each column became, those of one kind together."""
        kinds: dict[str, list[str]] = {}
        for column in self.columns:
            kinds.setdefault(column.said, []).append(shorten(column.name, 30) or "(no name)")
        return [f"{', '.join(few(names))}: {said}" for said, names in kinds.items()]

    def to_json(self) -> dict[str, Any]:
        """Return it as what a file can hold; see `from_json`."""
        return {"missing": self.missing, "columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Plan:
        """Return the plan that `to_json` turned into this."""
        columns = [Column(**{**column, "values": tuple(column["values"])}) for column in told["columns"]]
        return cls(tuple(columns), told["missing"])


def planned(
    frame: Any, target: str, options: Options, said: Sequence[str] = ()
) -> tuple[Plan, Rows, list[float], tuple[str, ...] | None]:
    """Return the plan of a table, its rows, its targets and its classes.

    Raises:
        ValueError: if the table cannot be learned from.
    """
    names = [str(name) for name in frame.columns]
    check_names(names)
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    known(target, names)
    named: dict[str, Any] = {what: getattr(options, what) for what in ("columns", "drop", "classes")}
    named = {what: some and tuple(map(str, some)) for what, some in named.items()}
    options = replace(options, **named)
    for name in [*(options.columns or ()), *options.drop]:
        known(name, [other for other in names if other != target])
    check_enough_rows(len(frame))
    way = frame.attrs.get("way", "")
    y = tidied(frame[target], options.classes or (), way)
    notes = list(said)
    gone = y.isna()
    if gone.all():
        raise ValueError(f"the target column {target!r} is missing in every row")
    if gone.any():
        if options.missing == "refuse":
            raise ValueError(f"{place(gone)}, column {target!r} is missing; fill it in, or leave the row out")
        notes.append(f"{counted(int(gone.sum()), 'row')} left out, whose {shorten(target, 30)} is missing")
        check_enough_rows(int((~gone).sum()))
        if y.nunique() == 1:
            raise ValueError(
                f"the target column {target!r} is {y.dropna().iloc[0]} in every row but the "
                f"{int(gone.sum())} that read as missing; if these are a class too, such as NA, name the "
                "classes (--classes)"
            )
        frame, y = frame[~gone].reset_index(drop=True), y[~gone].reset_index(drop=True)
    told = {name: read(frame[name], way=way) for name in names if name != target}
    cells = {name: found for name, (found, _) in told.items()}
    columns = [replace(column, way=told[column.name][1]) for column in _columns(cells, options)]
    plan = Plan(tuple(columns), options.missing)
    if not plan.used:
        raise ValueError("no column is left to learn from: " + "; ".join(plan.lines()))
    X, left_out = plan.encoded({column.name: cells[column.name] for column in plan.used})
    y, kept = y[~left_out], {c.name: cells[c.name][~left_out] for c in plan.used}
    notes += _missing_words(cells, plan, int(left_out.sum()))
    check_enough_rows(len(y))
    targets, classes = targets_of(target, y, options.task, options.classes)
    if classes is not None and y.dtype.kind in "iu" and options.task is None:
        notes.append(
            f"{shorten(target, 30)} has {len(classes)} whole numbers, which are learned as classes; "
            "--task regression learns them as numbers"
        )
    if y.dtype.kind in "Mm" and classes is None:
        kind = "date" if y.dtype.kind == "M" else "time"
        notes.append(f"{shorten(target, 30)} is learned, and predicted, as {MEANT[kind]}")
    notes += warnings_of(kept, target, y, classes)
    return Plan(plan.columns, plan.missing, tuple(notes)), X, targets, classes


def _columns(cells: dict[str, Any], options: Options) -> list[Column]:
    """Return what each feature column becomes; a count of the rows stays if nothing else would."""

    def column(name: str, named: bool) -> Column:
        if name in options.drop or (options.columns is not None and name not in options.columns):
            return Column(name, "left out", why="as was asked for")
        return column_of(name, cells[name], options.missing == "mark", named)

    columns = [column(name, options.columns is not None) for name in cells]
    if all(found.kind == "left out" for found in columns) and options.columns is None:
        columns = [
            column(found.name, found.name != "" and is_counting(cells[found.name])) for found in columns
        ]
    return columns


def _missing_words(cells: dict[str, Any], plan: Plan, rows: int) -> list[str]:
    if plan.missing == "drop":
        return [f"{counted(rows, 'row')} with missing cells left out"] if rows else []
    counts = {c.name: int(cells[c.name].isna().sum()) for c in plan.used}
    some = few([f"{shorten(name, 30)} {n}" for name, n in counts.items() if n])
    total = sum(counts.values())
    return [f"{counted(total, 'missing cell')} ({', '.join(some)}): {MISSING[plan.missing]}"] if total else []


def known(name: str, names: Collection[str]) -> None:
    """Refuse a name that no column has."""
    if name not in names:
        hint = did_you_mean(name, names, otherwise=".")
        raise ValueError(f"there is no column {name!r}{hint} Columns are: {', '.join(names)}")


def check_enough_rows(rows: int) -> None:
    """Refuse data with too few rows to learn from."""
    if rows < FEWEST_ROWS:
        raise ValueError(f"{rows} rows are too few; at least {FEWEST_ROWS} are wanted")


def check_names(names: list[str]) -> None:
    """Refuse fewer than two columns, and a name that comes twice."""
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise ValueError(f"{count} columns are called {name!r}; give each a name of its own")
    if len(names) < 2:
        raise ValueError(f"{name!r} is the only column; a target and at least one feature are wanted")


def plan_of(features: Sequence[str]) -> Plan:
    """Return the plan of a table of numbers with these columns."""
    return Plan(tuple(Column(name, "number") for name in features), "refuse")
