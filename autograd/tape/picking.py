"""Numbers picked from a table by an index in each lane; see `autograd.tape.kernels`."""

from __future__ import annotations

from autograd.tape.native.words import Numbers, Rows, copysign, where


def nothing_sent(gradient: float) -> bool:
    """Return whether a gradient is −0: no contribution has arrived; see `autograd.tape.templates`."""
    return gradient == 0.0 and copysign(1.0, gradient) < 0.0


def row_picked(index: float, rows: int) -> int:
    """Return the row of a table that is nearest to an index."""
    return min(max(int(round(index)), 0), rows - 1)  # noqa: RUF046


def gather_forward(
    V: Numbers, stride: int, lanes: int, U: Numbers, args: Rows, start: int, end: int, length: int, apart: int
) -> None:
    """Pick a number of U in each lane; for nan as an index it is nan."""
    for i in range(start, end):
        y, index, table = V[i * stride :], V[args[3 * i] * stride :], U[args[3 * i + 1] :]
        for k in range(lanes):
            y[k] = where(index[k] == index[k], table[row_picked(index[k], length) * apart], index[k])


def gather_reverse(
    V: Numbers, G: Numbers, stride: int, lanes: int, GU: Numbers, args: Rows, need: Rows,
    start: int, end: int, length: int, apart: int,
) -> None:  # fmt: skip
    """Add the gradients of the rows to those of the numbers picked, and nothing to the others."""
    for i in range(start, end):
        if need[i] == 0:
            continue
        g, index, table = G[i * stride :], V[args[3 * i] * stride :], GU[args[3 * i + 1] :]
        guarded = args[3 * i + 2]
        for k in range(lanes):
            if index[k] == index[k] and not (guarded and nothing_sent(g[k])):
                table[row_picked(index[k], length) * apart] += g[k] + 0.0
