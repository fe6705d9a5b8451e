"""Dots of varying numbers that share them, as attention has them, computed tile by tile.

Each query of a sequence meets each of its keys.  Dot by dot, every product reads two rows of V; a tile of
SIDE queries and SIDE keys reads as many rows for all of its products as it has sides, and keeps what it adds
up in registers.  The dots of a tile may go on by themselves where those before end: shares of other lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from autograd.core.primitive import Op
from autograd.tape.native.machine_code import addresses
from autograd.tape.native.words import Rows
from autograd.tape.program import LISTS, NEED, NEED_LIST, OP, PTR, STEPS, TILES, parts_of

SIDE = 4
DOTS = SIDE * SIDE

SOURCE = """
def forward(V: Numbers, stride: int, lanes: int, ptr: Rows, lists: Rows, table: Rows) -> None:
    tiles, others = table[3:], table[3 + {dots} * table[0] + table[0] :]
    for t in range(table[0]):
        tile = tiles[({dots} + 1) * t :]
        k = 0
        while lanes - k >= {widest}:
            values_of_{widest}(V[k:], stride, ptr, lists, tile[1:], tile[0])
            k += {widest}
        while k < lanes:
            values_of_8(V[k:], stride, ptr, lists, tile[1:], tile[0])
            k += 8
        for i in range({dots}):
            rest(V, stride, lanes, ptr, lists, tile[1 + i], tile[0])
    for i in range(table[1]):
        y = V[others[i] * stride :]
        for k in range(lanes):
            y[k] = 0.0
        rest(V, stride, lanes, ptr, lists, others[i], 0)


def reverse(V: Numbers, G: Numbers, stride: int, lanes: int, ptr: Rows, lists: Rows, table: Rows) -> None:
    tiles, others = table[3:], table[3 + {dots} * table[0] + table[0] :]
    unsent = others[table[1] :]
    for i in range(table[2]):
        g = G[unsent[i] * stride :]
        for k in range(lanes):
            g[k] = -0.0
    for t in range(table[0]):
        tile = tiles[({dots} + 1) * t :]
        k = 0
        while lanes - k >= {widest}:
            send_{widest}(V[k:], G[k:], stride, ptr, lists, tile[1:], tile[0])
            k += {widest}
        while k < lanes:
            send_8(V[k:], G[k:], stride, ptr, lists, tile[1:], tile[0])
            k += 8
        for i in range({dots}):
            send_rest(V, G, stride, lanes, ptr, lists, tile[1 + i], tile[0])
    for i in range(table[1]):
        send_rest(V, G, stride, lanes, ptr, lists, others[i], 0)


@fast("contract")
def rest(V: Numbers, stride: int, lanes: int, ptr: Rows, lists: Rows, row: int, start: int) -> None:
    y, inputs, half = V[row * stride :], lists[ptr[row] :], (ptr[row + 1] - ptr[row]) // 2
    for j in range(start, half):
        w, x = V[inputs[j] * stride :], V[inputs[j + half] * stride :]
        for k in each(lanes):
            y[k] += w[k] * x[k]


@fast("contract")
def send_rest(
    V: Numbers, G: Numbers, stride: int, lanes: int, ptr: Rows, lists: Rows, row: int, start: int
) -> None:
    g, inputs, half = G[row * stride :], lists[ptr[row] :], (ptr[row + 1] - ptr[row]) // 2
    for j in range(start, half):
        w, x = inputs[j] * stride, inputs[j + half] * stride
        g_w, g_x, v_w, v_x = G[w:], G[x:], V[w:], V[x:]
        for k in each(lanes):
            g_w[k] += g[k] * v_x[k]
        for k in each(lanes):
            g_x[k] += g[k] * v_w[k]
"""
BY_VECTORS = """

@fast("contract")
def values_of_{W}(V: Numbers, stride: int, ptr: Rows, lists: Rows, rows: Rows, n: int) -> None:
    {lists}
    {rooms}
    for k in range({W}):
        {zeros}
    for j in range(n):
        {inputs}
        for k in range({W}):
            {sums}
    {results}


@fast("contract")
def send_{W}(V: Numbers, G: Numbers, stride: int, ptr: Rows, lists: Rows, rows: Rows, n: int) -> None:
    {lists}
    {rooms}
    {upstreams}
    {sent_rooms}
    for j in range(n):
        {inputs}
        for k in range({W}):
            {slopes}
        {sends}
"""


def tiled(program: Rows, kernels: Sequence[tuple[Op, bool]], dtype: str) -> list[Rows]:
    """Return the steps of a packed program with dots in tiles where there are many, and what they point to.

    Args:
        program: the program.
        kernels: the op, and whether it is behind branches, of each number of a kernel in the steps.
        dtype: "float64" or "float32".
    """
    parts = parts_of(program)
    steps = parts[STEPS].reshape(-1, 6)
    dots = [k for k, (op, guarded) in enumerate(kernels) if op.name == "dot" and not guarded]
    found = {
        s: table
        for s in np.flatnonzero((steps[:, 0] == OP) & np.isin(steps[:, 3], dots)).tolist()
        if (table := _table(parts, *steps[s, 1:3].tolist(), bool(steps[s, 5]))) is not None
    }
    if not found:
        return [steps.ravel()]
    compiled = addresses("tiles", _source(dtype), ("forward", "reverse"), dtype)
    functions = np.array([compiled["forward"], compiled["reverse"]], np.int64)
    steps = steps.copy()
    for s, table in found.items():
        steps[s, 0], steps[s, 3:5] = TILES, (table.ctypes.data, functions.ctypes.data)
    return [steps.ravel(), functions, *found.values()]


def _table(parts: list[Rows], start: int, end: int, sent: bool) -> Rows | None:
    """Return the tiles of a step: their number, that of other dots, and that of rows to be set to −0.

    Then come, for each tile, how many terms its dots have in common, and their rows, column by column; the
    rows of the other dots; and the rows whose gradients nothing has been sent to.  None if most dots
    are others, or send no gradient to some of their inputs.
    """
    ptr, lists, need, need_list = [parts[k] for k in (PTR, LISTS, NEED, NEED_LIST)]
    begin, stop = ptr[start:end], ptr[start + 1 : end + 1]
    flags, halves = need_list[ptr[start] : ptr[end]], (stop - begin) // 2
    if ((stop - begin) % 2).any() or (sent and not (need[start:end].all() and flags.all())):
        return None
    first, second = lists[begin], lists[begin + halves]
    edges = np.flatnonzero(np.diff(second, prepend=-1, append=-1)).tolist()
    columns = np.concatenate([np.arange(i, j - SIDE + 1, SIDE) for i, j in pairwise(edges)])
    _, group = np.unique(first[columns[:, None] + np.arange(SIDE)], axis=0, return_inverse=True)
    columns = columns[np.argsort(group, kind="stable")]
    tiles, inside = [], np.zeros(end - start, bool)
    for alike in np.split(columns, np.cumsum(np.bincount(group))[:-1]):
        for c in range(0, len(alike) - SIDE + 1, SIDE):
            rows = (alike[c : c + SIDE, None] + np.arange(SIDE)).ravel()
            n = int(halves[rows].min())
            if _share(lists, begin[rows], halves[rows], n):
                tiles.append([n, *(start + rows).tolist()])
                inside[rows] = True
    if 2 * DOTS * len(tiles) < end - start:
        return None
    others = start + np.flatnonzero(~inside)
    unsent = np.unique(lists[ptr[start] : ptr[end]][flags > 1])
    sizes = [len(tiles), len(others), len(unsent)]
    return np.concatenate([sizes, np.ravel(tiles), others, unsent]).astype(np.int64)


def _share(lists: Rows, begin: Rows, halves: Rows, n: int) -> bool:
    """Return whether the first n terms of these dots are those of a tile, given where their inputs begin."""
    queries, keys = [
        lists[at[:, None] + np.arange(n)].reshape(SIDE, SIDE, n) for at in (begin, begin + halves)
    ]
    return bool((queries == queries[:1]).all() and (keys == keys[:, :1]).all())


def _source(dtype: str) -> str:
    """Return the text of the two functions, which take as many lanes at once as fit into registers."""
    side, pairs = range(SIDE), [(a, b) for b in range(SIDE) for a in range(SIDE)]

    def lines(indent: int, texts: Sequence[str]) -> str:
        return ("\n" + " " * indent).join(texts)

    def by_vectors(W: int) -> str:
        sent = [f"sent_{x}{i}" for x in "qk" for i in side]
        return BY_VECTORS.format(
            W=W,
            lists=lines(
                4,
                [f"q{a} = lists[ptr[rows[{a}]] :]" for a in side]
                + [f"k{b} = lists[(ptr[rows[{SIDE * b}]] + ptr[rows[{SIDE * b}] + 1]) // 2 :]" for b in side],
            ),
            rooms=lines(4, [f"t{a}{b} = room({W})" for a, b in pairs]),
            zeros=lines(8, [f"t{a}{b}[k] = 0.0" for a, b in pairs]),
            inputs=lines(8, [f"v_{x}{i} = V[{x}{i}[j] * stride :]" for x in "qk" for i in side]),
            sums=lines(12, [f"t{a}{b}[k] += v_q{a}[k] * v_k{b}[k]" for a, b in pairs]),
            results=lines(
                4,
                [
                    f"y = V[rows[{SIDE * b + a}] * stride :]\n    for k in range({W}):\n        y[k] = t{a}{b}[k]"
                    for a, b in pairs
                ],
            ),
            upstreams=lines(
                4,
                [
                    f"g = G[rows[{SIDE * b + a}] * stride :]\n    for k in range({W}):\n        t{a}{b}[k] = g[k]"
                    for a, b in pairs
                ],
            ),
            sent_rooms=lines(4, [f"{x} = room({W})" for x in sent]),
            slopes=lines(
                12,
                [f"sent_q{a}[k] = " + " + ".join(f"t{a}{b}[k] * v_k{b}[k]" for b in side) for a in side]
                + [f"sent_k{b}[k] = " + " + ".join(f"t{a}{b}[k] * v_q{a}[k]" for a in side) for b in side],
            ),
            sends=lines(
                8,
                [
                    f"g = G[{x}{i}[j] * stride :]\n        for k in range({W}):\n"
                    f"            g[k] += sent_{x}{i}[k]"
                    for x in "qk"
                    for i in side
                ],
            ),
        )

    widest = 16 if dtype == "float32" else 8
    widths = {8, widest}
    return SOURCE.format(dots=DOTS, widest=widest) + "".join(map(by_vectors, sorted(widths)))
