"""The slip that makes a wrong gradient out of the right one: a sign, a factor, a transpose, a lost term."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

FACTORS = {
    -1.0: "the sign is flipped",
    2.0: "a factor of 2 too large",
    0.5: "a factor of 2 too small",
    -2.0: "a factor of −2",
    -0.5: "a factor of −1/2",
    180 / math.pi: "too large by 180/π: radians and degrees",
    math.pi / 180: "too small by 180/π: radians and degrees",
    math.log(10): "too large by ln 10: a logarithm to another base",
    1 / math.log(10): "too small by ln 10: a logarithm to another base",
    math.log(2): "too small by ln 2: a logarithm to another base",
    1 / math.log(2): "too large by ln 2: a logarithm to another base",
}
"""The factors by which a gradient is off, and what has happened."""
SAME = 1e-4
"""Two numbers are taken for the same if they differ by less than this, relative to the larger."""


class Matrix(NamedTuple):
    """A stated Jacobian beside the right one.

    Attributes:
        got: the stated entries, row by row.
        want: the slopes; None where there is none.
        wrong: whether an entry is accused.
        rows: how many outputs there are.
        shape: of the input, if it is one array.
    """

    got: Sequence[float]
    want: Sequence[float | None]
    wrong: Sequence[bool]
    rows: int
    shape: tuple[int, ...] | None


def slip_of(entries: Matrix, inputs: Mapping[str, float], output: float) -> str:
    """Return the likely slip in words; "" if none is known.

    Args:
        entries: what is stated, and what is right.
        inputs: the point, by name.
        output: the function's value there.

    >>> slip_of(Matrix([1.0, 3.0], [2.0, 3.0], [True, False], 1, (2,)), {"x[0]": 2.0, "x[1]": 3.0}, 7.0)
    'a factor of 2 too small'
    """
    pairs = [
        (g, w)
        for g, w, bad in zip(entries.got, entries.want, entries.wrong, strict=True)
        if bad and w is not None
    ]
    if not pairs:
        return ""
    candidates = (
        _of_place(entries),
        _of_factor(pairs, len(inputs) if entries.rows == 1 else entries.rows),
        _of_term(entries, pairs, inputs, output),
    )
    return next(filter(None, candidates), "")


def _of_place(entries: Matrix) -> str:
    """Return the slip if right numbers stand in wrong places."""
    if None in entries.want or len(entries.want) < 2 or sum(entries.wrong) < 2:
        return ""
    want = [w for w in entries.want if w is not None]
    columns = len(want) // entries.rows
    if entries.rows > 1 and columns > 1 and _alike(entries.got, _transposed(want, entries.rows)):
        return "the Jacobian is transposed: one row for each output is wanted, one column for each input"
    is_matrix = entries.rows == 1 and entries.shape and len(entries.shape) == 2 and min(entries.shape) > 1
    if entries.shape and is_matrix and _alike(entries.got, _transposed(want, entries.shape[0])):
        return "transposed"
    if entries.rows == 1:
        if len(want) > 2 and _alike(entries.got, want[::-1]):
            return "in reverse order"
        if len(want) > 2 and any(_alike(entries.got, want[k:] + want[:k]) for k in (1, -1)):
            return "shifted by one place"
    places = [k for k, bad in enumerate(entries.wrong) if bad]
    if len(places) == 2 and _alike([entries.got[k] for k in places], [want[k] for k in places[::-1]]):
        return "these two are exchanged"
    return ""


def _of_factor(pairs: Sequence[tuple[float, float]], count: int) -> str:
    """Return the slip if one factor makes every wrong number out of the right one."""
    if all(g == 0 for g, _ in pairs):
        return "missing: 0, where there is a slope"
    if any(math.isnan(g) for g, _ in pairs):
        return "not a number"
    factors = dict(FACTORS)
    if count > 2:
        factors |= {float(count): f"too large by {count}: a sum where a mean is meant"}
        factors |= {1.0 / count: f"too small by {count}: a mean where a sum is meant"}
    for factor, words in factors.items():
        if _alike([g for g, _ in pairs], [factor * w for _, w in pairs]):
            return words
    if len(pairs) > 1 and pairs[0][1]:
        factor = pairs[0][0] / pairs[0][1]
        if _alike([g for g, _ in pairs], [factor * w for _, w in pairs]):
            return f"all by the same factor, {factor:.6g}"
    return ""


def _of_term(
    entries: Matrix, pairs: Sequence[tuple[float, float]], inputs: Mapping[str, float], output: float
) -> str:
    """Return the slip if the stated numbers are those of something else, or lack something simple."""
    if entries.rows > 1:
        return ""
    if all(_same(g, output) for g, _ in pairs):
        return "this is the value of the function"
    known = [("1", 1.0), *[(name, x) for name, x in inputs.items() if abs(x) not in (0.0, 1.0)]]
    for name, x in known:
        for times in (1, 2, -1, -2):
            if all(abs(w - g) > SAME * abs(w) and _same(w - g, times * x) for g, w in pairs):
                term = name if abs(times) == 1 else f"2·{name}" if name != "1" else "2"
                return f"a term of {term} is {'missing' if times > 0 else 'too many'}, or one as large"
    return ""


def _transposed(numbers: Sequence[float], rows: int) -> list[float]:
    columns = len(numbers) // rows
    return [numbers[r * columns + c] for c in range(columns) for r in range(rows)]


def _alike(got: Sequence[float], want: Sequence[float]) -> bool:
    size = max(map(abs, want), default=0.0)
    return all(_same(g, w) or abs(g - w) <= 1e-6 * SAME * size for g, w in zip(got, want, strict=True))


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= SAME * max(abs(a), abs(b))
