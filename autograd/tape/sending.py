"""Which gradients are the first to be sent to a row: they set it, so that it need not start as −0.

The reverse pass takes the steps from the last to the first, the rows of each in their order, and the inputs
of a row in theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autograd.core.primitive import Op
from autograd.tape.listing import Indices
from autograd.tape.lowering import Mask
from autograd.tape.program import AFFINE, OP, Program

KEEPING = frozenset({"lookup"})
"""Ops of any number of inputs that do not send to each of them in every lane."""


def first_sent(program: Program, kernels: Sequence[tuple[Op, bool]], outputs: Indices, read: Mask) -> Program:
    """Return the program with marks where a gradient is the first that is sent to its row.

    Args:
        program: a program without them.
        kernels: the ops by the numbers of the kernels in its steps.
        outputs: the rows that start with a gradient from outside.
        read: which rows have gradients that are read.
    """
    steps, count = program.steps, len(program.args)
    if 2 * len(steps) > count:  # narrow: it would take longer than it ever saves
        return program._replace(unsent=np.array([[0, count]]))
    step_of = np.full(count, -1)  # for the rows before those of the first step, the place after the last
    lengths = steps[:, 2] - steps[:, 1]
    step_of[count - lengths.sum() :] = np.repeat(np.arange(len(steps)), lengths)
    single, several, sets = (np.zeros(len(steps) + 1, bool) for _ in range(3))
    for k, (op, _) in enumerate(kernels):
        of_kernel = np.flatnonzero((steps[:, 0] == OP) & (steps[:, 3] == k) & (steps[:, 5] > 0))
        (several if op.variadic else single)[of_kernel] = True
        sets[of_kernel] = op.name not in KEEPING
    # the edges that send, slot by slot, and those of ops of any number of inputs: from which rows, to which
    sending = [np.flatnonzero(single[step_of] & (program.need >> j & 1 > 0)) for j in range(3)]
    edges = [(rows, program.args[rows, j]) for j, rows in enumerate(sending)]
    of_list = np.repeat(np.arange(count), np.diff(program.ptr))
    listed = np.flatnonzero((program.need_list > 0) & (several[step_of] & (program.need > 0))[of_list])
    lists = of_list[listed], program.lists[listed]
    segments = list(_segments(program))
    last = np.full(count, -1)  # the last step that sends to each row, which is the first in the reverse pass
    for rows, to in (*edges, lists):
        np.maximum(last, _marked(count, to, step_of[rows]), out=last)
    for s, _, to in segments:
        last[to] = np.maximum(last[to], s)
    last[outputs] = -1
    unset = read.copy()
    need, need_list, runs = program.need.copy(), program.need_list.copy(), program.segments.copy()
    first = []  # of the places 3·row + slot that send to a row in that step, the first
    for j, (rows, to) in enumerate(edges):
        among = np.flatnonzero(step_of[rows] == last[to])[::-1]
        first.append(_marked(count, to[among], 3 * rows[among] + j, 3 * count))
    places = np.minimum.reduce(first)
    unset[places < 3 * count] = False
    for j in range(3):
        need[places[(places < 3 * count) & (places % 3 == j)] // 3] |= 8 << j
    rows, to = lists
    among = np.flatnonzero((step_of[rows] == last[to]) & sets[step_of[rows]])[::-1]
    places = _marked(count, to[among], listed[among])
    need_list[places[places >= 0]] = 3
    unset[places >= 0] = False
    for s, k, to in segments:
        if (last[to] == s).all() and unset[to].all():  # no input comes twice
            runs[k, 3], unset[to] = 3, False
    edge = np.flatnonzero(np.diff(np.concatenate(([0], unset, [0]))))
    unsent = np.stack((edge[::2], edge[1::2] - edge[::2]), axis=1)
    return program._replace(need=need, need_list=need_list, segments=runs, unsent=unsent)


def _marked(count: int, rows: Indices, marks: Indices, nothing: int = -1) -> Indices:
    """Return an array of ``count`` entries with the marks at these rows: of equal rows the last one's."""
    marked = np.full(count, nothing)
    marked[rows] = marks
    return marked


def _segments(program: Program) -> Iterator[tuple[int, int, Indices]]:
    """Yield the step, the place and the rows of each segment that a matrix product sends to."""
    for s in np.flatnonzero((program.steps[:, 0] == AFFINE) & (program.steps[:, 5] > 0)).tolist():
        product = program.affine[program.steps[s, 3]]
        for k in range(product[5], product[6]):
            row, _, length, need, _ = program.segments[k].tolist()
            if need:
                yield s, k, np.arange(row, row + length * int(product[10]))
