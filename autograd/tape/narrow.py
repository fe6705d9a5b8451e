"""Steps of single rows, with a single lane, computed without a call for each.

Where a program is narrow, its steps are of one row, and calling a kernel takes longer than what it computes.
A run of such steps becomes one step: its rows are instructions, and two functions made for the program go
from row to row by a switch, with the formulas of the ops inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd.core.primitive import Op
from autograd.source.formulas import functions
from autograd.tape.native.machine_code import addresses
from autograd.tape.native.words import Rows, Shorts
from autograd.tape.program import ARGS, NARROW, NEED, OP, STEPS, parts_of

ENOUGH = 64
"""A program with fewer single rows than this, or in which they are a minority, is left as it is: there is
not much to gain (measured)."""

FORWARD = """
def forward(V: Numbers, codes: Shorts, start: int, end: int) -> None:
    for i in range(start, end):
        at = codes[4 * i :]
        a, b, c, code = at[1], at[2], at[3], at[0]
"""
REVERSE = """
def reverse(V: Numbers, G: Numbers, codes: Shorts, start: int, end: int) -> None:
    for i in range(end - 1, start - 1, -1):
        at = codes[4 * i :]
        a, b, c, code, u = at[1], at[2], at[3], at[0], G[i]
"""

Kernels = Sequence[tuple[Op, bool]]


def narrowed(program: Rows, kernels: Kernels, dtype: str) -> list[Rows | Shorts]:
    """Return the steps of a packed program with runs of single rows as one step each, and what they point to.

    Args:
        program: the program.
        kernels: the op, and whether it is behind branches, of each number of a kernel in the steps.
        dtype: "float64" or "float32".
    """
    steps, args, need = [parts_of(program)[k] for k in (STEPS, ARGS, NEED)]
    steps = steps.reshape(-1, 6)
    single = (steps[:, 0] == OP) & (steps[:, 2] - steps[:, 1] == 1)
    single[single] = ~np.array([op.variadic for op, _ in kernels], bool)[steps[single, 3]]
    if single.sum() < max(ENOUGH, len(need) // 2):
        return [steps.ravel()]
    rows = steps[single, 1]
    cases, case_of_row = np.unique(steps[single, 3] * 8 + (need[rows] & 7), return_inverse=True)
    codes = np.zeros((len(need), 4), np.int32)
    codes[rows, 0], codes[:, 1:] = case_of_row, args.reshape(-1, 3)
    switch = _functions([(case >> 3, case & 7) for case in cases.tolist()], kernels, dtype)
    begins = single & ~np.concatenate(([False], single[:-1]))
    ends = single & ~np.concatenate((single[1:], [False]))
    new = steps[begins | ~single]
    runs = np.flatnonzero(single[begins | ~single])
    new[runs, 0], new[runs, 2] = NARROW, steps[ends, 2]
    new[runs, 3], new[runs, 4] = codes.ctypes.data, switch.ctypes.data
    sent = np.concatenate(([0], np.cumsum(steps[:, 5])))
    new[runs, 5] = sent[1:][ends] > sent[:-1][begins]
    return [new.ravel(), codes, switch]


def _functions(cases: Sequence[tuple[int, int]], kernels: Kernels, dtype: str) -> Rows:
    """Return the addresses of the two functions for these cases: a kernel, and which inputs are sent to."""

    def inputs(kernel: int) -> str:
        return ", ".join(f"V[{place}]" for place in "abc"[: kernels[kernel][0].arity])

    def sent(kernel: int, needed: int) -> str:
        places = [(j, place) for j, place in enumerate("abc") if needed & 1 << j]
        lines = [f"G[{place}] += op{kernel}_{j}(u, {inputs(kernel)}, V[i])" for j, place in places]
        return "\n            ".join(lines or ["continue"])

    texts = [
        functions(*kernels[kernel], name=f"op{kernel}") for kernel in sorted({kernel for kernel, _ in cases})
    ]
    forward = _switch([f"V[i] = op{kernel}_value({inputs(kernel)})" for kernel, _ in cases])
    reverse = _switch([sent(kernel, needed) for kernel, needed in cases])
    found = addresses(
        "narrow", "".join([*texts, FORWARD, forward, REVERSE, reverse]), ("forward", "reverse"), dtype
    )
    return np.array([found["forward"], found["reverse"]], np.int64)


def _switch(cases: Sequence[str]) -> str:
    return "".join(
        f"        {'el' if k else ''}if code == {k}:\n            {case}\n" for k, case in enumerate(cases)
    )
