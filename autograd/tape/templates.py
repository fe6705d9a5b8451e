"""The text of an op's kernels, in the language that `autograd.tape.native` compiles.

The op's value and its partials become functions of numbers, written from the expressions of its rule; a
kernel is loops around them.  Row i of the tape is V[i * stride : i * stride + lanes], and inner loops run
over lanes.  A single lane has code of its own where preparing the loop would take longer than the work.

A branch that is not taken in a lane sends nothing there.  Rows of gradients start as −0, which adds nothing
to any number, and it stands for "nothing was sent"; where branches send, and behind them, a gradient of 0
is always +0.
"""

from __future__ import annotations

from inspect import getsource

from autograd.core.primitive import TABLE, Op
from autograd.tape.formulas import NOTHING_SENT, functions
from autograd.tape.kernels import row_picked
from autograd.tape.variadic import functions_of_sequences

FORWARD = """
def forward(
    V: Numbers, stride: int, lanes: int, args: Rows, ptr: Rows, lists: Rows, start: int, end: int
) -> None:
"""
REVERSE = """
def reverse(
    V: Numbers, G: Numbers, stride: int, lanes: int, args: Rows, ptr: Rows, lists: Rows,
    need: Rows, need_list: Rows, start: int, end: int,
) -> None:
"""
ELEMENTWISE = """
    if lanes == 1:
        for i in range(start, end):
            V[i * stride] = op_value({one})
        return
    for i in range(start, end):
        y = V[i * stride :]
{rows}
        for k in range(lanes):
            y[k] = op_value({lane})
"""

ELEMENTWISE_REVERSE = """
    for i in range(start, end):
        needed = need[i]
        if needed == 0:
            continue
        y, g = V[i * stride :], G[i * stride :]
{rows}
        if lanes == 1:
            upstream, result = g[0], y[0]
{one}
            continue
{lane}
"""

# Ops of any number of inputs find them in a list: row i's are lists[ptr[i]:ptr[i + 1]].
LISTED = """
    for i in range(start, end):
        y, inputs, n = V[i * stride :], lists[ptr[i] :], ptr[i + 1] - ptr[i]
"""
LISTED_REVERSE = """
    for i in range(start, end):
        y, inputs, n = V[i * stride :], lists[ptr[i] :], ptr[i + 1] - ptr[i]
        g, needed = G[i * stride :], need_list[ptr[i] :]
        if need[i] == 0:
            continue
"""

# In general, the op's own functions on the inputs of one lane after another.
SEQUENCE = """        for k in range(lanes):
            y[k] = lane_value(V[k:], stride, inputs, n)
"""
SEQUENCE_REVERSE = """        for k in range(lanes):
            lane_reverse(V[k:], G[k:], stride, inputs, needed, n, g[k], y[k])
"""
LANES = """
def lane_value(V: Numbers, stride: int, inputs: Rows, n: int) -> float:
    numbers = room(n)
    for j in range(n):
        numbers[j] = V[inputs[j] * stride]
    return op_value(numbers, n)


def lane_reverse(
    V: Numbers, G: Numbers, stride: int, inputs: Rows, needed: Rows, n: int, upstream: float, y: float
) -> None:
    numbers, slopes = room(n), room(n)
    for j in range(n):
        numbers[j] = V[inputs[j] * stride]
    op_partials(y, numbers, n, slopes)
    for j in range(n):
        if needed[j]:
            G[inputs[j] * stride] += {sent}
"""

# A sum and a dot keep the lanes in the innermost loop.  A dot is its pairs' products added up, and its
# reverse is that of each product: the functions of mul.
SUM = """        for k in range(lanes):
            y[k] = 0.0
        for j in range(n):
            a = V[inputs[j] * stride :]
            for k in range(lanes):
                y[k] += a[k]
"""
SUM_REVERSE = """        for j in range(n):
            if needed[j]:
                g_a = G[inputs[j] * stride :]
                for k in range(lanes):
                    g_a[k] += g[k]
"""
DOT = """        half = n // 2
        if lanes == 1:
            total = 0.0
            if n % 2 == 1:
                total = V[inputs[n - 1] * stride]
            for j in range(half):
                total += mul_value(V[inputs[j] * stride], V[inputs[j + half] * stride])
            y[0] = total
            continue
        fours = half // 4 * 4
        for k in range(lanes):
            y[k] = 0.0
        if n % 2 == 1:
            bias = V[inputs[n - 1] * stride :]
            for k in range(lanes):
                y[k] = bias[k]
        for j in range(0, fours, 4):
            w0, x0 = V[inputs[j] * stride :], V[inputs[j + half] * stride :]
            w1, x1 = V[inputs[j + 1] * stride :], V[inputs[j + half + 1] * stride :]
            w2, x2 = V[inputs[j + 2] * stride :], V[inputs[j + half + 2] * stride :]
            w3, x3 = V[inputs[j + 3] * stride :], V[inputs[j + half + 3] * stride :]
            for k in each(lanes):
                two, more = mul_value(w0[k], x0[k]), mul_value(w2[k], x2[k])
                two, more = two + mul_value(w1[k], x1[k]), more + mul_value(w3[k], x3[k])
                y[k] += two + more
        for j in range(fours, half):
            w, x = V[inputs[j] * stride :], V[inputs[j + half] * stride :]
            for k in each(lanes):
                y[k] += mul_value(w[k], x[k])
"""
DOT_REVERSE = """        half = n // 2
        if n % 2 == 1 and needed[n - 1]:
            g_b = G[inputs[n - 1] * stride :]
            for k in range(lanes):
                g_b[k] += g[k]
        for j in range(half):
            w, x = V[inputs[j] * stride :], V[inputs[j + half] * stride :]
            g_w, g_x = G[inputs[j] * stride :], G[inputs[j + half] * stride :]
            if lanes == 1:
                if needed[j]:
                    g_w[0] += mul_0(g[0], w[0], x[0], y[0])
                if needed[j + half]:
                    g_x[0] += mul_1(g[0], w[0], x[0], y[0])
                continue
            if needed[j]:
                for k in each(lanes):
                    g_w[k] += mul_0(g[k], w[k], x[k], y[k])
            if needed[j + half]:
                for k in each(lanes):
                    g_x[k] += mul_1(g[k], w[k], x[k], y[k])
"""

# A lookup goes straight to the row that its index names.
LOOKUP = """        index = V[inputs[0] * stride :]
        for k in range(lanes):
            y[k] = 0.0 * index[k]
            if n > 1 and index[k] == index[k]:
                y[k] = V[inputs[1 + row_picked(index[k], n - 1)] * stride + k]
"""
LOOKUP_REVERSE = """        index = V[inputs[0] * stride :]
        for k in range(lanes):
            if n == 1 or index[k] != index[k]{nothing}:
                continue
            picked = 1 + row_picked(index[k], n - 1)
            if needed[picked]:
                G[inputs[picked] * stride + k] += g[k] + 0.0
"""

# A logarithm of a sum of powers keeps the lanes innermost, as vectors; see the rule.
LOGSUMEXP = """
def lanes_value(V: Numbers, y: Numbers, stride: int, lanes: int, inputs: Rows, n: int) -> None:
    place, others = room(lanes), room(lanes)
    for k in range(lanes):
        y[k], place[k], others[k] = V[inputs[0] * stride + k], 0.0, 0.0
    for j in range(1, n):
        a = V[inputs[j] * stride :]
        for k in range(lanes):
            higher = a[k] > y[k]
            y[k], place[k] = where(higher, a[k], y[k]), where(higher, float(j), place[k])
    for j in range(n):
        a = V[inputs[j] * stride :]
        for k in range(lanes):
            power = exp(a[k] - where(abs(y[k]) < inf, y[k], 0.0))
            others[k] += where(place[k] == float(j), 0.0, power)
    for k in range(lanes):
        if abs(y[k]) < inf:
            y[k] += log1p(others[k])
        else:
            y[k] = log(others[k] + exp(y[k]))


def lanes_reverse(
    V: Numbers, G: Numbers, y: Numbers, g: Numbers, stride: int, lanes: int,
    inputs: Rows, needed: Rows, n: int,
) -> None:
    total = room(lanes)
    for k in range(lanes):
        total[k] = 0.0
    for j in range(n):
        a = V[inputs[j] * stride :]
        for k in range(lanes):
            total[k] += exp(a[k] - y[k])
    for k in range(lanes):
        total[k] = where(abs(y[k]) < inf, total[k], 1.0)
    for j in range(n):
        if needed[j]:
            a, sent = V[inputs[j] * stride :], G[inputs[j] * stride :]
            for k in range(lanes):
                slope, upstream = exp(a[k] - y[k]) / total[k], g[k]
                sent[k] += {sent}
"""
BY_LANES = """        if n > 2 and lanes > 1:
            lanes_value(V, y, stride, lanes, inputs, n)
            continue
"""
BY_LANES_REVERSE = """        if n > 2 and lanes > 1:
            lanes_reverse(V, G, y, g, stride, lanes, inputs, needed, n)
            continue
"""


def source(op: Op, guarded: bool = False) -> str:
    """Return the text of the op's two kernels, ``forward`` and ``reverse``.

    Args:
        op: the op.
        guarded: whether they are for rows behind branches, where nothing may be sent to a lane.

    Raises:
        NotImplementedError: if the op's rule cannot be written in the language.
    """
    match op.name:
        case "dot":
            bodies = functions(TABLE["mul"], guarded, "mul"), LISTED + DOT, LISTED_REVERSE + DOT_REVERSE
        case "sum":
            bodies = "", LISTED + SUM, LISTED_REVERSE + SUM_REVERSE
        case "lookup":
            reverse = LOOKUP_REVERSE.format(nothing=" or nothing_sent(g[k])" * guarded)
            own = getsource(row_picked) + NOTHING_SENT
            bodies = own, LISTED + LOOKUP, LISTED_REVERSE + reverse
        case _ if op.variadic:
            sent = "upstream * slopes[j]"
            if guarded:
                sent = f"where(nothing_sent(upstream), -0.0, {sent} + 0.0)"
            own = functions_of_sequences(op) + LANES.format(sent=sent) + NOTHING_SENT
            forward, reverse = SEQUENCE, SEQUENCE_REVERSE
            if op.name == "logsumexp":
                own += LOGSUMEXP.format(sent=sent.replace("slopes[j]", "slope"))
                forward, reverse = BY_LANES + forward, BY_LANES_REVERSE + reverse
            bodies = own, LISTED + forward, LISTED_REVERSE + reverse
        case _:
            bodies = functions(op, guarded), _elementwise(op), _elementwise_reverse(op)
    own, forward, reverse = bodies
    return own + FORWARD + forward.lstrip("\n") + REVERSE + reverse.lstrip("\n")


def _elementwise(op: Op) -> str:
    places = range(op.arity or 0)
    return ELEMENTWISE.format(
        one=", ".join(f"V[args[3 * i + {j}] * stride]" for j in places),
        rows="\n".join(f"        a{j} = V[args[3 * i + {j}] * stride :]" for j in places),
        lane=", ".join(f"a{j}[k]" for j in places),
    )


def _elementwise_reverse(op: Op) -> str:
    places = range(op.arity or 0)
    alone = ", ".join(f"a{j}[0]" for j in places)
    lane = ", ".join(f"a{j}[k]" for j in places)
    return ELEMENTWISE_REVERSE.format(
        rows="\n".join(
            f"        at = args[3 * i + {j}] * stride\n        a{j}, g{j} = V[at:], G[at:]" for j in places
        ),
        one="\n".join(
            f"            if needed & {1 << j}:\n                g{j}[0] += op_{j}(upstream, {alone}, result)"
            for j in places
        ),
        lane="\n".join(
            f"        if needed & {1 << j}:\n"
            "            for k in range(lanes):\n"
            f"                g{j}[k] += op_{j}(g[k], {lane}, y[k])"
            for j in places
        ),
    )
