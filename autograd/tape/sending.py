"""Which gradients are the first to be sent to a row: they set it, so that it need not start as −0.

The reverse pass takes the steps from the last to the first, the rows of each in their order, and the inputs
of a row in theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autograd.core.primitive import Op
from autograd.tape.listing import Indices
from autograd.tape.program import AFFINE, OP, Program

KEEPING = frozenset({"lookup"})
"""Ops of any number of inputs that do not send to each of them in every lane."""


def first_sent(program: Program, kernels: Sequence[tuple[Op, bool]], outputs: Indices) -> Program:
    """Return the program with marks where a gradient is the first that is sent to its row.

    Args:
        program: a program without them.
        kernels: the ops by the numbers of the kernels in its steps.
        outputs: the rows that start with a gradient from outside.
    """
    steps, count = program.steps, len(program.args)
    step_of = np.full(count, -1)  # for the rows before those of the first step, the place after the last
    lengths = steps[:, 2] - steps[:, 1]
    step_of[count - lengths.sum() :] = np.repeat(np.arange(len(steps)), lengths)
    single, several, sets = (np.zeros(len(steps) + 1, bool) for _ in range(3))
    for k, (op, _) in enumerate(kernels):
        of_kernel = np.flatnonzero((steps[:, 0] == OP) & (steps[:, 3] == k) & (steps[:, 5] > 0))
        (several if op.variadic else single)[of_kernel] = True
        sets[of_kernel] = op.name not in KEEPING
    # every edge that sends: from which step, to which row, in the order of the rows
    places = np.flatnonzero((program.need[:, None] >> np.arange(3) & 1) * single[step_of][:, None])
    edges = step_of[places // 3], program.args.ravel()[places]
    of_list = np.repeat(np.arange(count), np.diff(program.ptr))
    owner = step_of[of_list]
    listed = np.flatnonzero((program.need_list > 0) & several[owner] & (program.need[of_list] > 0))
    more = owner[listed], program.lists[listed]
    segments = list(_segments(program))
    last = np.full(count, -1)  # the last step that sends to each row, which is the first in the reverse pass
    for of, rows in (edges, more, *((np.full(len(rows), s), rows) for s, _, rows in segments)):
        own = np.full(count, -1)
        own[rows] = of  # of equal rows the last one counts
        np.maximum(last, own, out=last)
    last[outputs] = -1
    unset = np.ones(count, bool)
    need, need_list, runs = program.need.copy(), program.need_list.copy(), program.segments.copy()
    chosen = _first(edges, last)
    np.bitwise_or.at(need, places[chosen] // 3, 8 << places[chosen] % 3)
    unset[edges[1][chosen]] = False
    chosen = _first(more, last)
    chosen = chosen[sets[more[0][chosen]]]
    need_list[listed[chosen]] = 3
    unset[more[1][chosen]] = False
    for s, k, rows in segments:
        if (last[rows] == s).all() and unset[rows].all():
            runs[k, 3], unset[rows] = 3, False
    edge = np.flatnonzero(np.diff(np.concatenate(([0], unset, [0]))))
    unsent = np.stack((edge[::2], edge[1::2] - edge[::2]), axis=1)
    return program._replace(need=need, need_list=need_list, segments=runs, unsent=unsent)


def _first(edges: tuple[Indices, Indices], last: Indices) -> Indices:
    """Return those edges that are the first to send to their rows."""
    of, rows = edges
    among = np.flatnonzero(of == last[rows])[::-1]
    at = np.full(len(last), -1)
    at[rows[among]] = among  # of equal rows the last one counts: the first of the step
    return at[at >= 0]


def _segments(program: Program) -> Iterator[tuple[int, int, Indices]]:
    """Yield the step, the place and the rows of each segment that a matrix product sends to."""
    for s in np.flatnonzero((program.steps[:, 0] == AFFINE) & (program.steps[:, 5] > 0)).tolist():
        product = program.affine[program.steps[s, 3]]
        for k in range(product[5], product[6]):
            row, _, length, need, _ = program.segments[k].tolist()
            if need:
                yield s, k, np.arange(row, row + length * int(product[10]))
