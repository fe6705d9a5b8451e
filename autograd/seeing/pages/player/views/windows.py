"""Windows that go over a picture row by row, such as a convolution's, and where in it their numbers stand.

Where no earlier box tells where these stand, what the windows share does: the next window has all but the
first numbers of each line.

>>> windows = ["abef", "bcfg", "cdgh", "efij", "fgjk", "ghkl"]  # 2 × 2, on a picture of 3 rows of 4 letters
>>> found = sliding(windows, {})
>>> found.size, found.across, found.planes
((2, 2), 3, (('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'),))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product, takewhile
from math import prod
from typing import NamedTuple

MOST_COLUMNS = 40
"""A wider picture is not shown as one."""

Window = Sequence[str]
"""What a window sees, line by line, of one plane after the other; "" for a 0 that is put around a picture."""


class Place(NamedTuple):
    """Where a number stands in pictures."""

    plane: int
    row: int
    column: int


@dataclass(frozen=True)
class Sliding:
    """Windows of one size that go over a picture; pairs are rows and columns.

    Attributes:
        planes: the numbers of the picture, plane by plane, each row by row; "" for one that is not in the
            graph, since no window sees it.
        columns: how many of them stand side by side.
        size, stride, start: of a window; from one to the next; where the first begins, which is below 0 where
            zeros are put around the picture.
        across: how many windows stand side by side.
        order: which entry of a window stands at each place in it, plane by plane and row by row.
        apart: whether each plane has windows of its own, which see no other plane.
    """

    planes: tuple[tuple[str, ...], ...]
    columns: int
    size: tuple[int, int]
    stride: tuple[int, int]
    start: tuple[int, int]
    across: int
    order: tuple[int, ...]
    apart: bool = False

    def seen(self, number: int) -> list[str]:
        """Return what a window sees of all planes; "" for what is outside of the picture."""
        top, left = (
            start + stride * k
            for start, stride, k in zip(self.start, self.stride, divmod(number, self.across), strict=True)
        )
        rows = len(self.planes[0]) // self.columns
        lines, line = (range(first, first + n) for first, n in zip((top, left), self.size, strict=True))
        return [
            plane[row * self.columns + column] if 0 <= row < rows and 0 <= column < self.columns else ""
            for plane, row, column in product(self.planes, lines, line)
        ]

    def unseen(self, windows: int) -> list[int]:
        """Return the places on a plane that none of so many windows sees."""
        cells = tuple(map(str, range(len(self.planes[0]))))
        alone = replace(self, planes=(cells,))
        seen = {cell for k in range(windows) for cell in alone.seen(k)}
        return [k for k, cell in enumerate(cells) if cell not in seen]


def sliding(
    windows: Sequence[Window], places: Mapping[str, Place], size: Sequence[int] = ()
) -> Sliding | None:
    """Return how windows go over a picture; None if they do not, or if that cannot be told.

    Args:
        windows: what each of them sees.
        places: where numbers stand, as far as that is known.
        size: the rows and columns of a window, and what `over` a picture takes; empty if that is not known.
    """
    seen = {number for window in windows for number in window if number}
    if not seen or len({*map(len, windows)}) > 1:
        return None
    known = over(windows, size) if len(size) > 2 and len(windows[0]) >= prod(size[:2]) else None
    if known is not None:
        return known
    if not seen <= places.keys():
        places = places_by(size[:2], windows) if size else places_of(windows, columns_of(windows))
        if not seen <= places.keys():
            return None
    planes = {plane: k for k, plane in enumerate(sorted({places[number].plane for number in seen}))}
    cells = {
        place._replace(plane=planes[place.plane]): number
        for number, place in places.items()
        if place.plane in planes
    }
    rows, columns = (max(axis) + 1 for axis in [*zip(*cells, strict=True)][1:])
    if len(cells) != len(planes) * rows * columns:
        return None
    at = {number: place for place, number in cells.items()}
    offsets, starts = _laid_out(windows, at)
    top, left = (min((place[axis] for place in offsets.values()), default=0) for axis in (1, 2))
    low, right = (max((place[axis] + 1 for place in offsets.values()), default=0) for axis in (1, 2))
    high, wide = low - top, right - left
    order = sorted(offsets, key=offsets.__getitem__)
    if len(starts) < len(windows) or len({len(order), len(windows[0]), len(planes) * high * wide}) > 1:
        return None
    corners = [(starts[k].row + top, starts[k].column + left) for k in range(len(windows))]
    across = len([*takewhile(lambda corner: corner[0] == corners[0][0], corners)])
    stride = (
        corners[across][0] - corners[0][0] if across < len(corners) else 1,
        corners[1][1] - corners[0][1] if across > 1 else 1,
    )
    picture = tuple(
        tuple(cells[Place(plane, row, column)] for row, column in product(range(rows), range(columns)))
        for plane in planes.values()
    )
    found = Sliding(picture, columns, (high, wide), stride, corners[0], across, tuple(order))
    is_true = all([window[k] for k in order] == found.seen(number) for number, window in enumerate(windows))
    return found if is_true else None


def over(windows: Sequence[Window], size: Sequence[int]) -> Sliding | None:
    """Return how windows go over a picture, row by row, that is known in all its sizes; None if they do not.

    Args:
        windows: what each of them sees.
        size: rows and columns of a window, of the picture, from one window to the next, and of zeros around.
    """
    high, wide, rows, columns, down, along, above, beside = size
    length, depth, across = (
        rows * columns,
        len(windows[0]) // (high * wide),
        (columns + 2 * beside - wide) // along + 1,
    )
    cells = tuple(tuple(map(str, range(p, p + length))) for p in range(0, depth * length, length))
    order = tuple(range(len(windows[0])))
    places = Sliding(cells, columns, (high, wide), (down, along), (-above, -beside), across, order)
    numbers: dict[str, str] = {}
    for k, window in enumerate(windows):
        numbers.update(zip(places.seen(k), window, strict=False))
    found = replace(places, planes=tuple(tuple(numbers.get(cell, "") for cell in plane) for plane in cells))
    is_true = all([*window] == found.seen(k) for k, window in enumerate(windows))
    return found if is_true and columns <= MOST_COLUMNS else None


def _laid_out(
    windows: Sequence[Window], at: Mapping[str, Place]
) -> tuple[dict[int, Place], dict[int, Place]]:
    """Return where each entry of a window stands in it, and where each window begins; as far as they meet.

    The beginning of a window is measured from that of the fullest one, whose entries are where they stand.
    """
    first = max(range(len(windows)), key=lambda k: len([*filter(None, windows[k])]))
    offsets = {i: at[number] for i, number in enumerate(windows[first]) if number}
    starts, met = {first: Place(0, 0, 0)}, 0
    while met < len(starts):
        met = len(starts)
        for k, window in enumerate(windows):
            known = [(i, at[number]) for i, number in enumerate(window) if number]
            begins = starts.get(k) or next((_from(x, offsets[i]) for i, x in known if i in offsets), None)
            if begins is not None:
                starts[k] = begins
                for i, x in known:
                    offsets.setdefault(i, _from(x, begins))
    return offsets, starts


def _from(place: Place, other: Place) -> Place:
    """Return a place, its row and column as counted from another."""
    return Place(place.plane, place.row - other.row, place.column - other.column)


# ------------------------------------------------------------------------------ windows in any order


def in_rows(
    windows: Sequence[Window], places: Mapping[str, Place], size: Sequence[int] = ()
) -> Iterator[list[int]]:
    """Yield in which orders windows that came in any order may go over a picture row by row.

    By where their numbers stand or the size of a window, if that is known, else for each length that a line
    of a window may have.

    >>> windows = ["hikl", "degh", "abde", "ghjk", "bcef", "efhi"]  # 2 × 2, on 4 rows of 3 letters
    >>> [windows[k] for k in next(in_rows(windows, {}))]
    ['abde', 'bcef', 'degh', 'efhi', 'ghjk', 'hikl']
    """
    seen = [[*filter(None, window)] for window in windows]
    if all(seen) and all(number in places for window in seen for number in window):
        corners = [[places[number] for number in window] for window in seen]
        middles = [tuple(min(axis) + max(axis) for axis in zip(*own, strict=True))[1:] for own in corners]
        yield sorted(range(len(windows)), key=middles.__getitem__)
        return
    most = len(windows[0])
    for line in size[1:2] or [n for n in range(most, 0, -1) if most % n == 0]:
        starts = _started(windows, line)
        if len({*starts.values()}) == len(windows):
            yield sorted(starts, key=starts.__getitem__)


def _started(windows: Sequence[Window], line: int) -> dict[int, tuple[int, int]]:
    """Return where windows begin, as counted from the first; of those that share numbers with others."""
    sharing: dict[str, list[tuple[int, int]]] = {}
    for k, window in enumerate(windows):
        for i, number in enumerate(window):
            if number:
                sharing.setdefault(number, []).append((k, i))
    starts, waiting = {0: (0, 0)}, [0]
    while waiting:
        k = waiting.pop()
        for i, number in enumerate(windows[k]):
            for other, j in sharing.get(number, ()):
                if other not in starts:
                    steps = zip(starts[k], divmod(i, line), divmod(j, line), strict=True)
                    down, along = (start + here - there for start, here, there in steps)
                    starts[other] = down, along
                    waiting.append(other)
    return starts


def places_by(size: Sequence[int], windows: Sequence[Window]) -> dict[str, Place]:
    """Return where the numbers of a picture stand, given the rows and columns of a window.

    Of none where windows do not share numbers, or the picture is too wide.
    """
    starts = _started(windows, size[1])
    found: dict[str, Place] = {}
    for k, (down, along) in starts.items():
        for i, number in enumerate(windows[k]):
            plane, at = divmod(i, prod(size))
            row, column = divmod(at, size[1])
            place = Place(plane, down + row, along + column)
            if number and found.setdefault(number, place) != place:
                return {}
    found = _from_the_corner(found)
    is_narrow = all(place.column < MOST_COLUMNS for place in found.values())
    return found if len(starts) == len(windows) and is_narrow else {}


def _from_the_corner(places: Mapping[str, Place]) -> dict[str, Place]:
    """Return places as counted from the first row and column that there is."""
    top, left = (min(axis) for axis in [*zip(*places.values(), strict=True)][1:])
    return {number: Place(p, row - top, column - left) for number, (p, row, column) in places.items()}


# ------------------------------------------------------------------------------ by what windows share


def columns_of(windows: Sequence[Window]) -> int:
    """Return how many windows stand side by side; 0 if they do not go over a picture, or do not overlap."""
    shared = [len({*a} & {*b} - {""}) for a, b in pairwise(windows)]
    if not shared or not shared[0] or {*windows[0]} == {*windows[1]}:
        return 0
    columns = next((k for k, n in enumerate(shared, 1) if n < shared[0]), len(windows))
    return columns if len(windows) % columns == 0 and columns <= MOST_COLUMNS else 0


def places_of(windows: Sequence[Window], columns: int) -> dict[str, Place]:
    """Return where the numbers of the picture stand; of none where that cannot be told.

    It cannot unless windows share numbers with those beside and those below, or see one line each: one line
    of windows, each of three rows, might as well see three planes of one row.

    Args:
        windows: what each of them sees.
        columns: how many of them stand side by side.
    """
    size = max(map(len, windows), default=0)
    equal = [k for k, window in enumerate(windows) if len(window) == size]
    whole = [k for k in equal if all(windows[k])]
    right = [
        _next(windows[k], windows[k + 1]) for k in whole if k + 1 in equal and columns and (k + 1) % columns
    ]
    below = [_next(windows[k], windows[k + columns]) for k in whole if k + columns in equal]
    if not columns or not right or right[0] is None:
        return {}
    shift, line = right[0]
    alone = (0, line) if len(windows) == columns and line == size else None
    down, plane = (below[0] if below else alone) or (0, 0)
    if not plane:
        return {}
    found: dict[str, Place] = {}
    for k in equal:
        lower, along = divmod(k, columns)
        for p, number in enumerate(windows[k]):
            place = Place(p // plane, lower * down // line + p % plane // line, along * shift + p % line)
            if number and found.setdefault(number, place) != place:
                return {}
    return _from_the_corner(found)


def _next(window: Window, other: Window) -> tuple[int, int] | None:
    """Return how much earlier the next window has what both see, and the length of a line, if both show."""
    at = {number: q for q, number in enumerate(other) if number}
    shared = [p for p, number in enumerate(window) if number in at]
    starts = [p for p, number in enumerate(window) if number not in at and (not p or window[p - 1] in at)]
    if not shared or not starts:
        return None
    return shared[0] - at[window[shared[0]]], starts[1] - starts[0] if len(starts) > 1 else len(window)
