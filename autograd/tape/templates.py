"""The generated Python of an op's kernels.

Row i of the tape is V[i * stride : i * stride + lanes].  Inner loops run over the contiguous lanes of
slices, so that Numba sees that no index is negative and vectorises them.  A single lane has code of its
own where preparing the slices would take longer than the work.

A branch that is not taken in a lane sends nothing there.  Rows of gradients start as −0, which adds nothing
to any number, and it stands for "nothing was sent"; where branches send, and behind them, a gradient of 0
is always +0.
"""

from __future__ import annotations

from autograd import ops
from autograd.core.primitive import Op

HEADER = '''"""Kernels of the op {name}, generated from its record in the table of ops."""

import numpy as np
from numba import carray, cfunc, njit

from autograd.ops import TABLE
from autograd.tape.compiled import functions, signatures

value, {partials} = functions(TABLE["{name}"])
FORWARD, REVERSE = signatures("{dtype}")
'''

SENT = """

@njit(inline="always")
def sent(upstream, partial):
    return upstream * partial
"""

SENT_UNLESS = """
from autograd.tape.kernels import nothing_sent


@njit(inline="always")
def sent(upstream, partial):
    zero = np.{dtype}(0.0)
    return -zero if {nothing} else upstream * partial + zero
"""
BRANCH_NOT_TAKEN = "partial == zero"
NOT_REACHED = "nothing_sent(upstream)"

ELEMENTWISE_FORWARD = """

@cfunc(FORWARD, cache=True, error_model="numpy")
def forward(v, stride, lanes, args, ptr, lists, start, end):
    V = carray(v, (end * stride,))
    A = carray(args, (3 * end,))
    if lanes == 1:
        for i in range(start, end):
            V[i * stride] = value({one})
        return
    for i in range(start, end):
        y = V[i * stride : i * stride + lanes]
{offsets}
{rows}
        for k in range(lanes):
            y[k] = value({lane})
"""

ELEMENTWISE_REVERSE = """

@cfunc(REVERSE, cache=True, error_model="numpy")
def reverse(v, g, stride, lanes, args, ptr, lists, need, need_list, start, end):
    V = carray(v, (end * stride,))
    G = carray(g, (end * stride,))
    A = carray(args, (3 * end,))
    N = carray(need, (end,))
    for i in range(start, end):
        needed = N[i]
        if needed == 0:
            continue
{offsets}
        if lanes == 1:
            result = V[i * stride]
            upstream = G[i * stride]
{one}
            continue
        y = V[i * stride : i * stride + lanes]
        g_y = G[i * stride : i * stride + lanes]
{rows}
{lane}
"""

# Ops of any number of inputs find them in a list: row i's are L[P[i]:P[i + 1]].
LISTED_FORWARD = """

@cfunc(FORWARD, cache=True, error_model="numpy")
def forward(v, stride, lanes, args, ptr, lists, start, end):
    V = carray(v, (end * stride,))
    P = carray(ptr, (end + 1,))
    L = carray(lists, (P[end],))
    for i in range(start, end):
        y = V[i * stride : i * stride + lanes]
"""

LISTED_REVERSE = """

@cfunc(REVERSE, cache=True, error_model="numpy")
def reverse(v, g, stride, lanes, args, ptr, lists, need, need_list, start, end):
    V = carray(v, (end * stride,))
    G = carray(g, (end * stride,))
    P = carray(ptr, (end + 1,))
    L = carray(lists, (P[end],))
    N = carray(need, (end,))
    M = carray(need_list, (P[end],))
    for i in range(start, end):
        if N[i] == 0:
            continue
        y = V[i * stride : i * stride + lanes]
        g_y = G[i * stride : i * stride + lanes]
"""

# In general, the op's own functions on the inputs of one lane after another.
VARIADIC_FORWARD = """        inputs = np.empty(P[i + 1] - P[i], dtype=np.{dtype})
        for k in range(lanes):
            for j in range(inputs.size):
                inputs[j] = V[L[P[i] + j] * stride + k]
            y[k] = value(inputs)
"""

VARIADIC_REVERSE = """        inputs = np.empty(P[i + 1] - P[i], dtype=np.{dtype})
        for k in range(lanes):
            for j in range(inputs.size):
                inputs[j] = V[L[P[i] + j] * stride + k]
            slopes = d_0(y[k], inputs)
            for j in range(inputs.size):
                if M[P[i] + j]:
                    G[L[P[i] + j] * stride + k] += sent(g_y[k], slopes[j])
"""

# A sum and a dot keep the lanes in the innermost loop.  A dot is its pairs' products added up, and its
# reverse is that of each product: the functions of mul.
SUM_FORWARD = """        y[:] = 0.0
        for j in range(P[i], P[i + 1]):
            a = V[L[j] * stride : L[j] * stride + lanes]
            for k in range(lanes):
                y[k] += a[k]
"""

SUM_REVERSE = """        for j in range(P[i], P[i + 1]):
            if M[j]:
                g_a = G[L[j] * stride : L[j] * stride + lanes]
                for k in range(lanes):
                    g_a[k] += g_y[k]
"""

MUL = """product, d_w, d_x = functions(TABLE["mul"])
"""

DOT_FORWARD = """        n = (P[i + 1] - P[i]) // 2
        bias = (P[i + 1] - P[i]) % 2 == 1
        last = L[P[i + 1] - 1] * stride
        if lanes == 1:
            total = V[last] if bias else np.{dtype}(0.0)
            for j in range(P[i], P[i] + n):
                total += product(V[L[j] * stride], V[L[j + n] * stride])
            y[0] = total
            continue
        y[:] = 0.0
        if bias:
            y[:] = V[last : last + lanes]
        for j in range(P[i], P[i] + n):
            w = V[L[j] * stride : L[j] * stride + lanes]
            x = V[L[j + n] * stride : L[j + n] * stride + lanes]
            for k in range(lanes):
                y[k] += product(w[k], x[k])
"""

DOT_REVERSE = """        n = (P[i + 1] - P[i]) // 2
        if (P[i + 1] - P[i]) % 2 == 1 and M[P[i + 1] - 1]:
            at = L[P[i + 1] - 1] * stride
            g_b = G[at : at + lanes]
            for k in range(lanes):
                g_b[k] += g_y[k]
        for j in range(P[i], P[i] + n):
            at_w = L[j] * stride
            at_x = L[j + n] * stride
            if lanes == 1:
                if M[j]:
                    G[at_w] += sent(g_y[0], d_w(V[at_w], V[at_x], y[0]))
                if M[j + n]:
                    G[at_x] += sent(g_y[0], d_x(V[at_w], V[at_x], y[0]))
                continue
            w = V[at_w : at_w + lanes]
            x = V[at_x : at_x + lanes]
            if M[j]:
                g_w = G[at_w : at_w + lanes]
                for k in range(lanes):
                    g_w[k] += sent(g_y[k], d_w(w[k], x[k], y[k]))
            if M[j + n]:
                g_x = G[at_x : at_x + lanes]
                for k in range(lanes):
                    g_x[k] += sent(g_y[k], d_x(w[k], x[k], y[k]))
"""


def source(op: Op, dtype: str, guarded: bool = False) -> str:
    """Return the generated Python of the op's two kernels.

    Args:
        op: the op.
        dtype: "float64" or "float32".
        guarded: whether they are for rows behind branches, where nothing may be sent to a lane.
    """
    partials = ", ".join(f"d_{j}" for j in range(1 if op.variadic else op.arity or 0)) or "_"
    header = HEADER.format(name=op.name, partials=partials + ("," if partials == "_" else ""), dtype=dtype)
    nothing = [BRANCH_NOT_TAKEN] * (op in ops.BRANCHES) + [NOT_REACHED] * guarded
    header += SENT_UNLESS.format(dtype=dtype, nothing=" or ".join(nothing)) if nothing else SENT
    if op.variadic:
        return header + _listed(op).format(dtype=dtype)
    places = range(op.arity or 0)
    offsets = "\n".join(f"        at{j} = A[3 * i + {j}] * stride" for j in places)
    rows = "\n".join(f"        a{j} = V[at{j} : at{j} + lanes]" for j in places)
    one = ", ".join(f"V[A[3 * i + {j}] * stride]" for j in places)
    lane = ", ".join(f"a{j}[k]" for j in places)
    alone = ", ".join(f"V[at{j}]" for j in places)
    reverse_one = "\n".join(
        f"            if needed & {1 << j}:\n"
        f"                G[at{j}] += sent(upstream, d_{j}({alone}, result))"
        for j in places
    )
    reverse_lane = "\n".join(
        f"        if needed & {1 << j}:\n            g_a = G[at{j} : at{j} + lanes]\n"
        "            for k in range(lanes):\n"
        f"                g_a[k] += sent(g_y[k], d_{j}({lane}, y[k]))"
        for j in places
    )
    return (
        header
        + ELEMENTWISE_FORWARD.format(one=one, offsets=offsets, rows=rows, lane=lane)
        + ELEMENTWISE_REVERSE.format(one=reverse_one, offsets=offsets, rows=rows, lane=reverse_lane)
    )


def _listed(op: Op) -> str:
    match op.name:
        case "dot":
            return MUL + LISTED_FORWARD + DOT_FORWARD + LISTED_REVERSE + DOT_REVERSE
        case "sum":
            return LISTED_FORWARD + SUM_FORWARD + LISTED_REVERSE + SUM_REVERSE
    return LISTED_FORWARD + VARIADIC_FORWARD + LISTED_REVERSE + VARIADIC_REVERSE
