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
            f"{', '.join(few(differing))}: another whole number in each row; what only names the rows is "
            "better left out (--drop)"
        )
    return said


def _what_gives_away(name: str, column: Any, y: Any, of_classes: bool) -> str:
    """Return how the target can be read off a column; "" if it cannot."""
    there = column.notna()
    column, goal = column[there], y[there]
    if not len(column):
        return ""
    values = column.nunique()
    pairs = len(set(zip(column.map(str), goal.map(str), strict=True)))
    if 2 * values <= len(column) and pairs == values == goal.nunique():
        return f"each of its values is one {'class' if of_classes else 'number'}"
    if of_classes and pairs == values <= MOST_CATEGORIES and OF_A_VALUE * values <= len(column):
        return "each of its values has one class only"
    if is_text(column):
        return ""
    floats = as_floats(name, column)
    if of_classes:
        spans = floats.groupby(goal.map(str)).agg(["min", "max"]).sort_values("min")
        apart = (spans["max"].iloc[:-1].to_numpy() < spans["min"].iloc[1:].to_numpy()).all()
        return "each class has a range of its own" if apart and OF_A_CLASS * len(spans) <= len(column) else ""
    return "" if is_text(goal) else _scale(floats, as_floats("", goal))


def _scale(column: Any, goal: Any) -> str:
    """Return in which way a column is the same number as the target; "" if it is not."""
    if abs(column.corr(goal)) > SAME:
        return "it is the same number, perhaps in another unit"
    numpy = import_extra("numpy", "a table", "data")
    scales = [[numbers, numpy.log(numbers)] if numbers.min() > 0 else [numbers] for numbers in (column, goal)]
    shapes = [*scales[0], 1 / column] if column.min() > 0 else scales[0]
    if any(abs(x.corr(y)) > SAME_SCALED for x in shapes for y in scales[1]):
        return "it is the same number on another scale, such as its logarithm, square or reciprocal"
    return ""
