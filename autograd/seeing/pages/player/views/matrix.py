"""The weights of a layer as the picture of a matrix: a row for each neuron, a column for each input."""

from __future__ import annotations

import math
import struct
from base64 import b64encode
from collections.abc import Sequence
from itertools import chain
from typing import Any
from zlib import compress, crc32

from autograd.notation.numbers import counted, number
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.elements import Point, moved, tag, text_width, words
from autograd.seeing.pages.player.svg.view import View, canvas
from autograd.seeing.pages.player.views.cards import layer_box, layer_size
from autograd.seeing.pages.player.views.layers import Layer
from autograd.seeing.style import TEXT_SIZE

MARGIN, LINE = 16.0, 18.0
WIDTH = 800.0
"""A matrix is shown so wide, unless its cells would be larger than this:"""
LARGEST_CELL = 14.0
SHADES = 15
"""How many sizes of a weight the picture tells apart."""

Matrix = list[list[float]]
"""Numbers row by row, all rows of one length."""


def matrix_of(layer: Layer, trace: Trace) -> Matrix:
    """Return the weights of each neuron of a layer, in the order of its inputs; empty where they differ."""
    rows = []
    for unit in layer.units if layer.opens_as == "neurons" else ():
        weights = {
            place.index or 0: node.value
            for node in unit.members
            if node.role == "weight" and (place := trace.places.get(node.id)) and place.part == "weight"
        }
        rows.append([weights[k] for k in sorted(weights)])
    return rows if len({len(row) for row in rows}) == 1 and rows[0] else []


def matrix_view(layer: Layer, matrix: Matrix, name: str, parent: str) -> View:
    """Show the box of a layer beside its weights.

    Args:
        layer: as its box is drawn.
        matrix: its weights.
        name, parent: the names of the view, and of that around it.
    """
    wide, high = layer_size(layer)
    columns = len(matrix[0])
    cell = min(LARGEST_CELL, WIDTH / columns)
    size = columns * cell, len(matrix) * cell
    finite = [abs(w) for w in chain.from_iterable(matrix) if math.isfinite(w)]
    largest, others = max(finite, default=0.0), columns * len(matrix) - len(finite)
    said = [
        f"W: {counted(len(matrix), 'row')}, one per neuron; {counted(columns, 'column')}, one per input",
        f"the fuller the colour, the larger |w|, at most {number(largest)}; "
        "the colours tell the sign as everywhere",
        *([f"{counted(others, 'weight')} not finite: left blank"] if others else []),
    ]
    pictures = [
        _of_one_sign(
            f"{name}-{sign}",
            kind,
            [[factor * w / largest if math.isfinite(w) else 0.0 for w in row] for row in matrix],
            size,
        )
        for sign, kind, factor in (("plus", "positive", 1.0), ("minus", "negative", -1.0))
        if largest
    ]
    frame = tag("rect", width=size[0], height=size[1], class_="around")
    texts = [words(text, 0.0, size[1] + (k + 1) * LINE, "note") for k, text in enumerate(said)]
    corner = Point(2 * MARGIN + wide, MARGIN)
    drawn = layer_box(layer, f"{name}-here", Point(MARGIN, MARGIN))
    drawn += moved("".join([frame, *pictures, *texts]), corner)
    widest = max(size[0], *(text_width(text, TEXT_SIZE) for text in said))
    height = max(high, size[1] + len(said) * LINE) + 2 * MARGIN
    svg = canvas(drawn, corner.x + widest + MARGIN, height)
    return View(name, layer.title, svg, {node.id: f"{name}-here" for node in layer.nodes}, {}, {}, parent)


def _of_one_sign(name: str, kind: str, shares: Matrix, size: tuple[float, float]) -> str:
    """Return the weights of one sign: where there are any, their colour shows through a mask."""
    shades = [[round(SHADES * min(max(share, 0.0), 1.0)) for share in row] for row in shares]
    room: dict[str, Any] = {"width": size[0], "height": size[1]}
    data = f"data:image/png;base64,{b64encode(png(shades)).decode()}"
    mask = tag("image", href=data, preserveAspectRatio="none", class_="cells", **room)
    return tag("mask", mask, id=name) + tag("rect", class_=f"cells {kind}", mask=f"url(#{name})", **room)


def png(shades: Sequence[Sequence[int]]) -> bytes:
    """Return a PNG picture of shades of grey, from 0 for black to 15 for white.

    >>> png([[0, 15]])[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    lines = []
    for row in shades:
        pairs = zip(row[::2], [*row[1::2], *([0] * (len(row) % 2))], strict=True)
        lines.append(bytes([0, *(left << 4 | right for left, right in pairs)]))
    header = struct.pack(">IIBBBBB", len(shades[0]), len(shades), 4, 0, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", compress(b"".join(lines), 9)), (b"IEND", b"")
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))
        for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
