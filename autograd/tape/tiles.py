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
    k = 0
    while lanes - k >= {widest}:
        values_of_{widest}(V[k:], stride, ptr, lists, table)
        k += {widest}
    while k < lanes:
        values_of_8(V[k:], stride, ptr, lists, table)
        k += 8


def reverse(V: Numbers, G: Numbers, stride: int, lanes: int, ptr: Rows, lists: Rows, table: Rows) -> None:
    k = 0
    while lanes - k >= {widest}:
        send_{widest}(V[k:], G[k:], stride, ptr, lists, table)
        k += {widest}
    while k < lanes:
        send_8(V[k:], G[k:], stride, ptr, lists, table)
        k += 8
"""
BY_VECTORS = """

@fast("contract")
def values_of_{W}(V: Numbers, stride: int, ptr: Rows, lists: Rows, table: Rows) -> None:
    {rooms}
    for t in range(table[0]):
        n, rows = table[3 + {size} * t], table[4 + {size} * t :]
        {lists}
        for k in range({W}):
            {zeros}
        for j in range(n):
            {inputs}
            for k in range({W}):
                {sums}
        {results}
        for i in range({size} - 1):
            add_{W}(V, stride, ptr, lists, rows[i], n)
    others = table[3 + {size} * table[0] :]
    for i in range(table[1]):
        y = V[others[i] * stride :]
        for k in range({W}):
            y[k] = 0.0
        add_{W}(V, stride, ptr, lists, others[i], 0)


@fast("contract")
def add_{W}(V: Numbers, stride: int, ptr: Rows, lists: Rows, row: int, start: int) -> None:
    y, inputs, half, total = V[row * stride :], lists[ptr[row] :], (ptr[row + 1] - ptr[row]) // 2, room({W})
    if half == start:
        return
    for k in range({W}):
        total[k] = y[k]
    for j in range(start, half):
        w, x = V[inputs[j] * stride :], V[inputs[j + half] * stride :]
        for k in range({W}):
            total[k] += w[k] * x[k]
    for k in range({W}):
        y[k] = total[k]


@fast("contract")
def send_{W}(V: Numbers, G: Numbers, stride: int, ptr: Rows, lists: Rows, table: Rows) -> None:
    {rooms}
    {sent_rooms}
    others = table[3 + {size} * table[0] :]
    for i in range(table[1], table[1] + table[2]):
        g = G[others[i] * stride :]
        for k in range({W}):
            g[k] = -0.0
    for t in range(table[0]):
        n, rows = table[3 + {size} * t], table[4 + {size} * t :]
        {lists}
        {upstreams}
        for j in range(n):
            {inputs}
            for k in range({W}):
                {slopes}
            {sends}
        for i in range({size} - 1):
            send_more_{W}(V, G, stride, ptr, lists, rows[i], n)
    for i in range(table[1]):
        send_more_{W}(V, G, stride, ptr, lists, others[i], 0)


@fast("contract")
def send_more_{W}(V: Numbers, G: Numbers, stride: int, ptr: Rows, lists: Rows, row: int, start: int) -> None:
    g, inputs, half = G[row * stride :], lists[ptr[row] :], (ptr[row + 1] - ptr[row]) // 2
    upstream, sent_w, sent_x = room({W}), room({W}), room({W})
    for k in range({W}):
        upstream[k] = g[k]
    for j in range(start, half):
        w, x = inputs[j] * stride, inputs[j + half] * stride
        v_w, v_x, g_w, g_x = V[w:], V[x:], G[w:], G[x:]
        for k in range({W}):
            sent_w[k], sent_x[k] = upstream[k] * v_x[k], upstream[k] * v_w[k]
        for k in range({W}):
            g_w[k] += sent_w[k]
        for k in range({W}):
            g_x[k] += sent_x[k]
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
    found = {}
    for s in np.flatnonzero((steps[:, 0] == OP) & np.isin(steps[:, 3], dots)).tolist():
        table = _table(parts, int(steps[s, 1]), int(steps[s, 2]), bool(steps[s, 5]))
        if table is not None:
            found[s] = table
    if not found:
        return [steps.ravel()]
    functions, steps = np.array(compiled(dtype), np.int64), steps.copy()
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
    group = group.ravel()
    columns = columns[np.argsort(group, kind="stable")]
    tiles, inside = [], np.zeros(end - start, bool)
    for alike in np.split(columns, np.cumsum(np.bincount(group))[:-1]):
        for c in range(0, len(alike) - SIDE + 1, SIDE):
            rows = (alike[c : c + SIDE, None] + np.arange(SIDE)).ravel()
            n = int(halves[rows].min())
            if n >= SIDE and _share(lists, begin[rows], halves[rows], n):
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


def compiled(dtype: str) -> list[int]:
    """Return the addresses of the two functions; they take two cache lines of a row at once."""
    widest = 32 if dtype == "float32" else 16
    text = SOURCE.format(widest=widest) + "".join(map(_by_vectors, (8, widest)))
    roots = ("forward", "reverse")
    found = addresses("tiles", text, roots, dtype)
    return [found[name] for name in roots]


def _by_vectors(W: int) -> str:
    """Return the text for so many lanes: the dot of query a and key b is added up in ``tab``."""
    side = range(SIDE)
    dots = [(f"t{a}{b}", a, b, f"[rows[{SIDE * b + a}] * stride :]") for b in side for a in side]
    inputs = [f"{x}{i}" for x in "qk" for i in side]

    def lines(indent: int, *texts: str) -> str:
        return ("\n" + " " * indent).join(line for text in texts for line in text.splitlines())

    def each_lane(text: str) -> str:
        return f"for k in range({W}):\n    {text}"

    return BY_VECTORS.format(
        W=W,
        size=DOTS + 1,
        rooms=lines(4, *(f"{t} = room({W})" for t, *_ in dots)),
        lists=lines(
            8,
            *(f"q{a} = lists[ptr[rows[{a}]] :]" for a in side),
            *(f"k{b} = lists[(ptr[rows[{SIDE * b}]] + ptr[rows[{SIDE * b}] + 1]) // 2 :]" for b in side),
        ),
        zeros=lines(12, *(f"{t}[k] = 0.0" for t, *_ in dots)),
        inputs=lines(12, *(f"v_{x} = V[{x}[j] * stride :]" for x in inputs)),
        sums=lines(16, *(f"{t}[k] += v_q{a}[k] * v_k{b}[k]" for t, a, b, _ in dots)),
        results=lines(8, *(f"y = V{at}\n" + each_lane(f"y[k] = {t}[k]") for t, _, _, at in dots)),
        upstreams=lines(8, *(f"g = G{at}\n" + each_lane(f"{t}[k] = g[k]") for t, _, _, at in dots)),
        sent_rooms=lines(4, *(f"sent_{x} = room({W})" for x in inputs)),
        slopes=lines(
            16,
            *(f"sent_q{a}[k] = " + " + ".join(f"t{a}{b}[k] * v_k{b}[k]" for b in side) for a in side),
            *(f"sent_k{b}[k] = " + " + ".join(f"t{a}{b}[k] * v_q{a}[k]" for a in side) for b in side),
        ),
        sends=lines(12, *(f"g = G[{x}[j] * stride :]\n" + each_lane(f"g[k] += sent_{x}[k]") for x in inputs)),
    )
