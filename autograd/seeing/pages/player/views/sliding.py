"""What slides over a picture, in one view: the planes that it sees, its kernel, and the planes that it gives.

The page itself draws the window and the kernel, of the number that one is at (``windows.js``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from autograd.notation.numbers import counted
from autograd.seeing.pages.player.svg.elements import Point, coordinate, tag, text_width, words
from autograd.seeing.pages.player.svg.view import View, canvas, own_id
from autograd.seeing.pages.player.views.cards import across
from autograd.seeing.pages.player.views.layers import Layer
from autograd.seeing.pages.player.views.windows import Sliding
from autograd.seeing.style import NAME_SIZE, SMALL_SIZE

CELL, SQUARE = 16, 14
"""From one number to the next, and the square that it is shown as."""

APART, HEADER = 14.0, 40.0

Grid = tuple[int, int]
"""Rows and columns."""


def sliding_view(layer: Layer, before: str, view: View) -> View:
    """Return the view of a box that opens as windows.

    Args:
        layer: the box.
        before: the title of the box that it sees.
        view: what the view is called and opens.
    """
    assert layer.slides is not None
    slides, units = layer.slides, layer.units
    windows, name = slides.windows, view.name
    inputs = [[own_id(name, id) if id else "" for id in plane] for plane in windows.planes]
    size = len(units) // layer.planes
    outputs = [[f"{name}-{j}" for j in range(k, k + size)] for k in range(0, len(units), size)]
    around = _around(windows, size // windows.across)
    drawn = [
        _planes(before, inputs, windows.columns, around, "seen input", windows.unseen(size)),
        tag("g", id=f"{name}-kernel", class_="kernel weight"),
        _planes(layer.title, outputs, layer.columns, (0, 0, 0, 0), "given"),
    ]
    nodes = {id: own_id(name, id) for plane in windows.planes for id in plane if id}
    nodes |= {id: f"{name}-kernel" for id in (*slides.biases, *sum(slides.kernels, ())) if id}
    for j, unit in enumerate(units):
        for node in unit.members:
            nodes.setdefault(node.id, f"{name}-{j}")
    return replace(view, drawing=canvas("".join(drawn), 0.0, 0.0), nodes=nodes, slides=slides)


def _around(windows: Sliding, down: int) -> tuple[int, int, int, int]:
    """Return how many zeros stand above, left, below and right of the picture."""
    rows, (top, left) = len(windows.planes[0]) // windows.columns, windows.start
    bottom, right = (
        start + stride * (n - 1) + size - length
        for start, stride, n, size, length in zip(
            windows.start, windows.stride, (down, windows.across), windows.size, (rows, windows.columns),
            strict=True,
        )
    )  # fmt: skip
    return max(0, -top), max(0, -left), max(0, bottom), max(0, right)


def _planes(
    title: str, planes: Sequence[Sequence[str]], columns: int, around: tuple[int, int, int, int], kind: str,
    unseen: Sequence[int] = (),
) -> str:  # fmt: skip
    """Return a cell for each number, plane by plane, with what they are above them.

    Args:
        title: the box that they belong to.
        planes: the ids of the cells.
        columns: how many stand side by side.
        around: how many empty cells stand above, left, below and right of a plane.
        kind: the class of all of them together; the page places that, and is told how large it is.
        unseen: the places on a plane that no window sees.
    """
    top, left, bottom, right = around
    rows = len(planes[0]) // columns
    beside = across(len(planes))
    wide = (left + columns + right) * CELL + APART
    high = (top + rows + bottom) * CELL + APART
    size = f"{counted(len(planes), 'plane')} of {rows} × {columns}"
    size += f", {len(unseen)} of {rows * columns} in no window" if unseen else ""
    drawn = [words(title, 0.0, 14.0, "title"), words(size, 0.0, 30.0, "fact")]
    for k, plane in enumerate(planes):
        down, along = divmod(k, beside)
        corner = Point(along * wide + left * CELL, HEADER + down * high + top * CELL)
        outside = product(range(-top, rows + bottom), range(-left, columns + right))
        empty = [(r, c) for r, c in outside if not (0 <= r < rows and 0 <= c < columns)]
        gone = [divmod(at, columns) for at, id in enumerate(plane) if not id]
        drawn.append(_empty(corner, [*empty, *gone]))
        drawn += [_cell(id, corner, divmod(at, columns)) for at, id in enumerate(plane) if id]
    texts = text_width(title, NAME_SIZE, bold=True), text_width(size, SMALL_SIZE)
    whole = max(beside * wide - APART, *texts), HEADER - (-len(planes) // beside) * high - APART
    return tag("g", "".join(drawn), class_=kind, data_width=whole[0], data_height=whole[1])


def _empty(corner: Point, cells: Iterable[Grid]) -> str:
    square = f"h{SQUARE}v{SQUARE}h-{SQUARE}z"
    way = [f"M{corner.x + c * CELL:.0f} {corner.y + r * CELL:.0f}{square}" for r, c in cells]
    return tag("path", d="".join(way), class_="around") if way else ""


def _cell(name: str, corner: Point, at: Grid) -> str:
    """Return a number's cell, which the page fills as it fills a dot."""
    x, y = coordinate(corner.x + at[1] * CELL), coordinate(corner.y + at[0] * CELL)
    return f'<rect id="{name}" class="dot" x="{x}" y="{y}" width="{SQUARE}" height="{SQUARE}"/>'
