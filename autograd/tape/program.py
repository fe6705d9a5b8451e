"""A program: the steps that the machine takes, and what each of them needs, as arrays of whole numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.tape.native.words import Rows

OP, AFFINE, BROADCAST, NARROW, GATHER, TILES = 0, 1, 2, 3, 4, 5
"""The kinds of step: an op's kernel, a matrix product, uniform numbers copied to lanes, rows of a single lane
of whatever op, uniform numbers picked from a table by an index in each lane, and tiles of dots."""


class Program(NamedTuple):
    """A program as arrays.

    Attributes:
        steps: one row per step: kind, first row, row after the last, number of the kernel (OP), index into
            ``affine`` (AFFINE) or the table's length (GATHER), how far apart its entries lie in U (GATHER),
            whether the reverse pass needs it.
        args: rows of the inputs of each row, three columns (OP); for BROADCAST the row of U; for GATHER the
            row of the index, the row of U of the table's first entry, whether the row lies behind branches.
        ptr, lists: for ops of any number of inputs, row i's inputs are lists[ptr[i]:ptr[i + 1]].
        need, need_list: which inputs a gradient is to be sent to: bit j of need[i] for input j, or
            one flag for each entry of ``lists``.  Bit j + 3, or the flag's next bit, says that nothing was
            sent there before.
        affine: one row per matrix product: first row of the result, number of rows R, number of
            inputs K, first row of W in U (R × K, row by row), first row of the bias in U or -1,
            first segment and the one after the last, whether W needs a gradient, how many of the
            rows send one (the first ones), whether they lie behind branches, number of positions P.
            With more than one, what is called a row here is P rows that follow one another.
        segments: runs of consecutive inputs: first row in V, first column of W, length, whether
            they need a gradient (3 if nothing was sent there before), and whether they lie in the samples
            instead, from that column on.
        unsent: runs of rows whose gradients are to start as −0, as the first that is sent does not set them:
            first row, and number of rows.
    """

    steps: Rows
    args: Rows
    ptr: Rows
    lists: Rows
    need: Rows
    need_list: Rows
    affine: Rows
    segments: Rows
    unsent: Rows


STEPS, ARGS, PTR, LISTS, NEED, NEED_LIST, PRODUCTS, SEGMENTS, UNSENT, PARTS = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
"""The places of the parts in a packed program, and their number."""


def pack(program: Program) -> Rows:
    """Return the program as one array, quick to hand over: the lengths of its parts, then the parts."""
    lengths = [part.size for part in program]
    return np.concatenate([lengths, *[part.ravel() for part in program]]).astype(np.int64)


def parts_of(code: Rows) -> list[Rows]:
    """Return the parts of a packed program, each flat."""
    return np.split(code[PARTS:], np.cumsum(code[: PARTS - 1]))


def unpack(code: Rows) -> Program:
    """Return the program that was packed."""
    widths = {"steps": 6, "args": 3, "affine": 11, "segments": 5, "unsent": 2}
    named = zip(Program._fields, parts_of(code), strict=True)
    return Program(*[flat.reshape(-1, widths[name]) if name in widths else flat for name, flat in named])
