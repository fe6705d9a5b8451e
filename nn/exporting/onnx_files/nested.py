"""Nested lists as arrays: their shape, and what stands in them."""

from __future__ import annotations

from typing import Any


def shape_of(x: Any) -> tuple[int, ...] | None:
    """Return the shape of nested lists; None if they are not regular.

    >>> shape_of([[1, 2, 3], [4, 5, 6]]), shape_of([[1], [2, 3]]), shape_of(0.5)
    ((2, 3), None, ())
    """
    x = x.tolist() if hasattr(x, "tolist") else x
    if not isinstance(x, list | tuple):
        return ()
    parts = {shape_of(part) for part in x}
    part = parts.pop() if len(parts) == 1 else None
    return None if part is None else (len(x), *part)


def in_a_row(x: Any) -> list[Any]:
    """Return what stands in nested lists.

    >>> in_a_row([[1, 2, 3], [4, 5, 6]])
    [1, 2, 3, 4, 5, 6]
    """
    x = x.tolist() if hasattr(x, "tolist") else x
    return [v for part in x for v in in_a_row(part)] if isinstance(x, list | tuple) else [x]


def nested(values: list[Any], shape: Any) -> Any:
    """Return values in a row as nested lists of a shape: back from `in_a_row`.

    >>> nested([1, 2, 3, 4, 5, 6], (2, 3))
    [[1, 2, 3], [4, 5, 6]]
    """
    if not shape:
        return values[0]
    for n in shape[:0:-1]:
        values = [values[k : k + n] for k in range(0, len(values), n)]
    return values
