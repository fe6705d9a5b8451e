"""Columns that give the target away, or may say no more than which row it is: each is warned of by name."""

from __future__ import annotations

from typing import Any

from autograd.notation.labels import shorten
from nn.checks import import_extra
from nn.data.columns import MOST_CATEGORIES, as_floats, few, is_text

SAME, SAME_SCALED = 0.9995, 0.9999
"""A column is the target in another unit, or on another scale, if their correlation is above this: rounding
keeps it from being 1."""
OF_A_VALUE, OF_A_CLASS = 5, 10
"""Values of a column, or classes, have at least this many rows each on average, or their fitting the target
may be chance."""
FEWEST_NAMED = 10
"""In fewer rows than this, whole numbers may all differ by chance."""


def warnings_of(cells: dict[str, Any], target: str, y: Any, classes: tuple[str, ...] | None) -> list[str]:
    """Return a warning for each column from which the target can be read off, or the row's number.

    Args:
        cells: the columns that are learned from, tidied.
        target, y: the name of the target, and its cells.
        classes: their names; None for a regression.
    """
    said, differing = [], []
    for name, column in cells.items():
        shown, whole = shorten(name, 30), column.dtype.kind in "iu"
        if why := _what_gives_away(name, column, y, classes is not None):
            said.append(f"{shown} gives {shorten(target, 30)} away: {why}")
        elif whole and len(cells) > 1 and column.diff().iloc[1:].nunique() == 1:
            said.append(f"{shown} grows evenly from row to row: it may say no more than which row it is")
        elif whole and len(cells) > 1 and column.nunique() == len(column) >= FEWEST_NAMED:
            differing.append(shown)
    if differing:
        said.append(
            f"{', '.join(few(differing))}: a whole number that differs in each row; what only names the rows "
            "is better left out (--drop)"
        )
    return said


def _what_gives_away(name: str, column: Any, y: Any, of_classes: bool) -> str:
    """Return how the target can be read off a column; "" if it cannot."""
    there = column.notna()
    column, goal = (column, y) if there.all() else (column[there], y[there])
    if not len(column):
        return ""
    pandas = import_extra("pandas", "a table", "data")
    (codes, found), (of_goal, goals) = pandas.factorize(column), pandas.factorize(goal)
    values, pairs = len(found), len(pandas.unique(codes * len(goals) + of_goal))
    if 2 * values <= len(column) and pairs == values == len(goals):
        return f"each of its values is one {'class' if of_classes else 'number'}"
    if of_classes and pairs == values <= MOST_CATEGORIES and OF_A_VALUE * values <= len(column):
        return "each of its values has one class only"
    if is_text(column):
        return ""
    floats = as_floats(name, column).to_numpy()
    if of_classes:
        enough = OF_A_CLASS * len(goals) <= len(column)
        return "each class has a range of its own" if enough and _apart(floats, of_goal) else ""
    return "" if is_text(goal) else _scale(floats, as_floats("", goal).to_numpy())


def _apart(numbers: Any, codes: Any) -> bool:
    """Return whether the numbers of each code, all of which occur, lie apart from those of the others."""
    numpy = import_extra("numpy", "a table", "data")
    order = codes.argsort(kind="stable")
    starts = codes[order].searchsorted(range(codes.max() + 1))
    low = numpy.minimum.reduceat(numbers[order], starts)
    high = numpy.maximum.reduceat(numbers[order], starts)
    rising = low.argsort()
    return bool((high[rising][:-1] < low[rising][1:]).all())


def _scale(column: Any, goal: Any) -> str:
    """Return in which way a column is the same number as the target; "" if it is not."""
    numpy = import_extra("numpy", "a table", "data")

    def same(x: Any, y: Any, beyond: float) -> bool:
        x, y = x - x.mean(), y - y.mean()  # sums without BLAS, whose threads cost more than they save here
        return bool(abs((x * y).sum()) > beyond * numpy.sqrt((x * x).sum()) * numpy.sqrt((y * y).sum()))

    with numpy.errstate(all="ignore"):  # what overflows is not the same
        if same(column, goal, SAME):
            return "it is nearly the same number, perhaps in another unit"
        scales = [[some, numpy.log(some)] if some.min() > 0 else [some] for some in (column, goal)]
        shapes = [*scales[0], 1 / column] if column.min() > 0 else scales[0]
        if any(same(x, y, SAME_SCALED) for x in shapes for y in scales[1]):
            return "it is the same number on another scale, such as its logarithm, square or reciprocal"
    return ""
