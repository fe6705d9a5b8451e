"""What an executor runs: a list of steps, and the arrays that say what each of them does.

A program knows rows, lanes and steps, but no op by name.  Each step is a run of consecutive rows computed
in the same way: by an op's kernel, as one matrix product, or as copies of uniform numbers.  It is run
forward and then, for gradients, backward.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

OP, AFFINE, BROADCAST = 0, 1, 2
"""The kinds of step: an op's kernel, a matrix product, uniform numbers copied to lanes."""


class Program(NamedTuple):
    """A program as arrays.

    Attributes:
        steps: one row per step: kind, first row, row after the last, number of the kernel (OP) or index
            into ``affine`` (AFFINE), 0, whether the reverse pass needs it.
        args: rows of the inputs of each row, three columns (OP); for BROADCAST the row of U.
        ptr, lists: for ops of any number of inputs, row i's inputs are lists[ptr[i]:ptr[i + 1]].
        need, need_list: which inputs a gradient is to be sent to: bit j of need[i] for input j, or
            one flag for each entry of ``lists``.
        affine: one row per matrix product: first row of the result, number of rows R, number of
            inputs K, first row of W in U (R × K, row by row), first row of the bias in U or -1,
            first segment and the one after the last, whether W needs a gradient, how many of the
            rows send one (the first ones), whether they lie behind branches.
        segments: runs of consecutive inputs: first row in V, first column of W, length, whether
            they need a gradient, and whether they lie in the samples instead, from that column on.
    """

    steps: Rows
    args: Rows
    ptr: Rows
    lists: Rows
    need: Rows
    need_list: Rows
    affine: Rows
    segments: Rows


PARTS = len(Program._fields)

WIDTHS = {"steps": 6, "args": 3, "affine": 10, "segments": 5}
"""The numbers of columns of those parts that have more than one."""


def pack(program: Program) -> Rows:
    """Return the program as one array, quick to hand over: the lengths of its parts, then the parts."""
    return np.concatenate([[part.size for part in program], *[part.ravel() for part in program]]).astype(
        np.int64
    )


def unpack(code: Rows) -> Program:
    """Return the program that was packed."""
    parts = np.split(code[PARTS:], np.cumsum(code[: PARTS - 1]))
    named = zip(Program._fields, parts, strict=True)
    return Program(*[part.reshape(-1, WIDTHS[name]) if name in WIDTHS else part for name, part in named])
