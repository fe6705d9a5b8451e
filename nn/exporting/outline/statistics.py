"""What the numbers of an array are, in a few facts: their range, their spread, a picture of them."""

from __future__ import annotations

from base64 import b64encode
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.notation.numbers import counted, number

BINS = 24
"""The bars of a histogram."""
SIDE = 64
"""A picture has at most this many rows and columns; of a larger matrix each cell is the mean of a block."""
WRITTEN = 16
"""At most this many numbers are written out."""
FINEST = 127
"""In a picture, the largest number is this many steps of a byte."""


@np.errstate(all="ignore")  # what is beyond floats is told as ∞
def statistics(x: Any) -> dict[str, Any]:
    """Return the facts of an array, in words and as what a page draws.

    >>> statistics(np.array([[1.0, -2.0, 0.0, np.nan]]))["rows"][:2]
    [['smallest', '−2'], ['largest', '1']]
    """
    if x.dtype.kind not in "fiub" and not hasattr(x, "astype"):
        return {}
    x = x.astype(np.float32 if x.dtype.itemsize < 4 else float) if x.dtype.kind not in "f" else x
    if not x.size:
        return {"rows": [["numbers", "none"]]}
    is_finite = np.isfinite(x)
    finite = x if is_finite.all() else x[is_finite]
    rows = []
    if finite.size:
        low, high = float(finite.min()), float(finite.max())
        zeros = (finite.size - np.count_nonzero(finite)) / x.size
        rows += [
            ["smallest", number(low)], ["largest", number(high)],
            ["mean", number(float(finite.mean(dtype=float)))],
            ["standard deviation", number(float(finite.std(dtype=float)))],
            ["zeros", f"{number(100 * zeros)} %"],
        ]  # fmt: skip
    for word, found in (("nan", np.isnan(x)), ("infinite", np.isinf(x))):
        if count := int(np.count_nonzero(found)) if finite.size < x.size else 0:
            rows.append([word, counted(count, "number")])
    told: dict[str, Any] = {"rows": rows}
    if x.size <= WRITTEN:
        return told | {"numbers": ", ".join(map(number, x.ravel().tolist()))}
    if finite.size and low < high:
        told["histogram"] = _histogram(finite, low, high)
    if x.ndim > 1 and min(len(x), x[0].size) > 1 and finite.size:
        told["picture"] = _picture(np.where(is_finite, x, 0) if finite.size < x.size else x)
    return told


def _histogram(x: Any, low: float, high: float) -> dict[str, Any]:
    """Return how many numbers are in each of equal parts of their range."""
    counts, edges = np.histogram(x, BINS, (low, high))
    signs = [int(a >= 0) - int(b <= 0) for a, b in pairwise(edges)]
    most = int(counts.argmax())
    told = (
        f"{BINS} equal parts from {number(low)} to {number(high)}: the fullest, about "
        f"{number(float(edges[most : most + 2].mean()))}, holds {counted(int(counts[most]), 'number')}"
    )
    return {"counts": counts.tolist(), "signs": signs, "ends": [number(low), number(high)], "told": told}


def _picture(x: Any) -> dict[str, Any]:
    """Return a matrix as signed bytes, its first axis down; blocks of a large one as their means."""
    matrix = x.reshape(len(x), -1)
    starts = [np.linspace(0, n, min(n, SIDE), endpoint=False).astype(int) for n in matrix.shape]
    sizes = [np.diff([*start, n]) for start, n in zip(starts, matrix.shape, strict=True)]
    sums = np.add.reduceat(np.add.reduceat(matrix, starts[1], 1, dtype=float), starts[0], 0)
    means = sums / np.outer(*sizes)
    deepest = float(np.abs(means).max())
    steps = np.round(means / (deepest or 1.0) * FINEST).astype(np.int8)
    whole = max(n for size in sizes for n in size) == 1
    flattened = f", as {' × '.join(map(str, matrix.shape))}" if x.ndim > 2 else ""
    cells = "each number" if whole else f"means of {_spans(sizes[0])} × {_spans(sizes[1])} numbers"
    told = f"{' × '.join(map(str, x.shape))}{flattened}: {cells}, deepest at {number(deepest)}"
    size = [*means.shape]
    return {"size": size, "bytes": b64encode(steps.tobytes()).decode(), "told": told}


def _spans(sizes: Any) -> str:
    low, high = int(sizes.min()), int(sizes.max())
    return str(low) if low == high else f"{low} to {high}"
