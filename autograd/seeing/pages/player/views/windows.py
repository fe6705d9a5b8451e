"""Windows that go over a picture row by row, such as a convolution's, and where in it their numbers stand.

Nothing says so but what they share: the next window has all but the first numbers of each line.

>>> windows = ["abef", "bcfg", "cdgh", "efij", "fgjk", "ghkl"]  # 2 × 2, on a picture of 3 rows of 4 letters
>>> columns = columns_of(windows)
>>> columns, [["".join(row) for row in plane] for plane in planes_of(windows, columns)]
(3, [['abcd', 'efgh', 'ijkl']])
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

MOST_COLUMNS = 40
"""A wider picture is not shown as one."""

Window = Sequence[str]
"""What a window sees, line by line, of one plane after the other, without what is put around a picture."""


def columns_of(windows: Sequence[Window]) -> int:
    """Return how many windows stand side by side; 0 if they do not go over a picture, or do not overlap."""
    shared = [len({*a} & {*b}) for a, b in pairwise(windows)]
    if not shared or not shared[0] or {*windows[0]} == {*windows[1]}:
        return 0
    columns = next((k for k, n in enumerate(shared, 1) if n < shared[0]), len(windows))
    return columns if len(windows) % columns == 0 and columns <= MOST_COLUMNS else 0


def planes_of(windows: Sequence[Window], columns: int) -> list[list[list[str]]]:
    """Return the planes of the picture, each row by row; none where they cannot be told."""
    size = max(map(len, windows))
    whole = [k for k, window in enumerate(windows) if len(window) == size]
    right = [_next(windows[k], windows[k + 1]) for k in whole if k + 1 in whole and (k + 1) % columns]
    below = [_next(windows[k], windows[k + columns]) for k in whole if k + columns in whole]
    if not right or right[0] is None:
        return []
    shift, line = right[0]
    alone = (0, line) if len(windows) == columns else (size, size)
    down, plane = (below[0] if below else None) or alone
    found: dict[str, tuple[int, int, int]] = {}
    for k in whole:
        lower, along = divmod(k, columns)
        for p, number in enumerate(windows[k]):
            place = p // plane, lower * down // line + p % plane // line, along * shift + p % line
            if found.setdefault(number, place) != place:
                return []
    planes: dict[int, dict[int, list[str]]] = {}
    for number in sorted(found, key=found.__getitem__):
        planes.setdefault(found[number][0], {}).setdefault(found[number][1], []).append(number)
    shapes = {(len(rows), len(row)) for rows in planes.values() for row in rows.values()}
    return [[*rows.values()] for rows in planes.values()] if len(shapes) == 1 else []


def _next(window: Window, other: Window) -> tuple[int, int] | None:
    """Return how much earlier the next window has what both see, and the length of a line, if both show."""
    at = {number: q for q, number in enumerate(other)}
    shared = [p for p, number in enumerate(window) if number in at]
    starts = [p for p, number in enumerate(window) if number not in at and (not p or window[p - 1] in at)]
    if not shared or not starts:
        return None
    return shared[0] - at[window[shared[0]]], starts[1] - starts[0] if len(starts) > 1 else len(window)
