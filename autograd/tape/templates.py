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
from autograd.source.formulas import NOTHING_SENT, functions
from autograd.source.variadic import functions_of_sequences
from autograd.tape.picking import row_picked

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
{special}        for k in range(lanes):
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
{special}{lane}
"""

# A power whose exponent is one of these in every lane is computed by vectors.
EXPONENTS = {
    "2.0": ("a * a", "2.0 * a"),
    "-1.0": ("1.0 / a", "-(y * y)"),
    "0.5": ("where(a == -inf, inf, 0.0 + sqrt(a))", "0.5 / y"),
    "-0.5": ("where(a == 0.0, inf, where(a == -inf, 0.0, 1.0 / sqrt(a)))", "-0.5 * y * y * y"),
}
"""For each the power of a, and its slope."""
SAME = """

def same(row: Numbers, lanes: int) -> bool:
    differing = 0
    for k in range(lanes):
        differing += row[k] != row[0]
    return differing == 0
"""
POWERS = """
def power_{k}(a: float) -> float:
    return {value}


def power_{k}_0(upstream: float, a: float, y: float) -> float:
    return {sent}
"""
POWER = """        if lanes > 1 and {needed}a1[0] == {exponent} and same(a1, lanes):
            for k in range(lanes):
                {line}
            continue
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
        if needed[j] > 1:
            G[inputs[j] * stride] = {sent}
        elif needed[j]:
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
                if needed[j] > 1:
                    for k in range(lanes):
                        g_a[k] = -0.0
                for k in range(lanes):
                    g_a[k] += g[k]
"""
DOT = """        half = n // 2
        total = 0.0
        if n % 2 == 1:
            total = V[inputs[n - 1] * stride]
        for j in range(half):
            total += mul_value(V[inputs[j] * stride], V[inputs[j + half] * stride])
        y[0] = total
"""
DOT_REVERSE = """        half = n // 2
        if n % 2 == 1 and needed[n - 1]:
            G[inputs[n - 1] * stride] += g[0]
        for j in range(half):
            w, x = V[inputs[j] * stride], V[inputs[j + half] * stride]
            if needed[j]:
                G[inputs[j] * stride] += mul_0(g[0], w, x, y[0])
            if needed[j + half]:
                G[inputs[j + half] * stride] += mul_1(g[0], w, x, y[0])
"""
DOT_BY_VECTORS = """

def value_of_{W}(V: Numbers, y: Numbers, stride: int, inputs: Rows, n: int) -> None:
    half, total = n // 2, room({W})
    for k in range({W}):
        total[k] = 0.0
    if n % 2 == 1:
        bias = V[inputs[n - 1] * stride :]
        for k in range({W}):
            total[k] = bias[k]
    for j in range(half):
        w, x = V[inputs[j] * stride :], V[inputs[j + half] * stride :]
        for k in range({W}):
            total[k] += mul_value(w[k], x[k])
    for k in range({W}):
        y[k] = total[k]


def reverse_of_{W}(
    V: Numbers, G: Numbers, y: Numbers, g: Numbers, stride: int, inputs: Rows, needed: Rows, n: int
) -> None:
    half, sent, more = n // 2, room({W}), room({W})
    for k in range({W}):
        sent[k] = g[k]
    if n % 2 == 1 and needed[n - 1]:
        send_{W}(G[inputs[n - 1] * stride :], sent, needed[n - 1])
    for j in range(half):
        w, x = V[inputs[j] * stride :], V[inputs[j + half] * stride :]
        if needed[j]:
            for k in range({W}):
                more[k] = mul_0(sent[k], w[k], x[k], y[k])
            send_{W}(G[inputs[j] * stride :], more, needed[j])
        if needed[j + half]:
            for k in range({W}):
                more[k] = mul_1(sent[k], w[k], x[k], y[k])
            send_{W}(G[inputs[j + half] * stride :], more, needed[j + half])


def send_{W}(row: Numbers, sent: Numbers, needed: int) -> None:
    total = room({W})
    if needed > 1:
        for k in range({W}):
            total[k] = sent[k]
    else:
        for k in range({W}):
            total[k] = row[k] + sent[k]
    for k in range({W}):
        row[k] = total[k]
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

# A logarithm of a sum of powers keeps the lanes innermost, as vectors, so many of them at a time that what is
# added up stays in registers; see the rule.  Rows end with a whole line, so the last vectors may be too long.
LOGSUMEXP = """
def value_of_{W}(V: Numbers, y: Numbers, stride: int, inputs: Rows, n: int) -> None:
    top, place, others = room({W}), room({W}), room({W})
    for k in range({W}):
        top[k], place[k], others[k] = V[inputs[0] * stride + k], 0.0, 0.0
    for j in range(1, n):
        a = V[inputs[j] * stride :]
        for k in range({W}):
            x, old = a[k], top[k]
            top[k], place[k] = where(x > old, x, old), where(x > old, float(j), place[k])
    for j in range(n):
        a = V[inputs[j] * stride :]
        for k in range({W}):
            power = exp(a[k] - where(abs(top[k]) < inf, top[k], 0.0))
            others[k] += where(place[k] == float(j), 0.0, power)
    for k in range({W}):
        y[k] = top[k] + log1p(others[k])


def reverse_of_{W}(
    V: Numbers, G: Numbers, y: Numbers, g: Numbers, stride: int, inputs: Rows, needed: Rows, n: int
) -> None:
    total, powers = room({W}), room({W} * min(n, KEPT))
    for k in range({W}):
        total[k] = 0.0
    for j in range(n):
        a, kept = V[inputs[j] * stride :], powers[{W} * min(j, KEPT - 1) :]
        for k in range({W}):
            kept[k] = exp(a[k] - y[k])
            total[k] += kept[k]
    for k in range({W}):
        total[k] = where(abs(y[k]) < inf, total[k], 1.0)
    for j in range(n):
        if needed[j]:
            a, sent, kept = V[inputs[j] * stride :], G[inputs[j] * stride :], powers[{W} * min(j, KEPT - 1) :]
            if j >= KEPT - 1:
                for k in range({W}):
                    kept[k] = exp(a[k] - y[k])
            if needed[j] > 1:
                for k in range({W}):
                    sent[k] = -0.0
            for k in each({W}):
                slope, upstream = kept[k] / total[k], g[k]
                sent[k] += {sent}
"""
BY_VECTORS = """        if lanes > 1{more}:
            k = 0
            while lanes - k >= 32:
                {name}_of_32({moved}, stride, {rest}, n)
                k += 32
            while k < lanes:
                {name}_of_8({moved}, stride, {rest}, n)
                k += 8
            continue
"""
KEPT = 256
"""This many of the powers in a sum are kept while it is added up."""


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
            own = functions(TABLE["mul"], guarded, "mul")
            own += "".join(DOT_BY_VECTORS.format(W=W) for W in (32, 8))
            forward, reverse = by_vectors()
            bodies = own, LISTED + forward + DOT, LISTED_REVERSE + reverse + DOT_REVERSE
        case "sum":
            bodies = "", LISTED + SUM, LISTED_REVERSE + SUM_REVERSE
        case "lookup":
            reverse = LOOKUP_REVERSE.format(nothing=" or nothing_sent(g[k])" * guarded)
            own = getsource(row_picked) + NOTHING_SENT
            bodies = own, LISTED + LOOKUP, LISTED_REVERSE + reverse
        case "pow":
            sent = (
                "where(nothing_sent(upstream), -0.0, upstream * ({}) + 0.0)" if guarded else "upstream * ({})"
            )
            texts = [
                POWERS.format(k=k, value=value, sent=sent.format(slope))
                for k, (value, slope) in enumerate(EXPONENTS.values())
            ]
            value, *back = (
                "".join(
                    POWER.format(needed=needed, exponent=x, line=line.format(k=k))
                    for k, x in enumerate(EXPONENTS)
                )
                for needed, line in (
                    ("", "y[k] = power_{k}(a0[k])"),
                    ("needed == 1 and ", "g0[k] += power_{k}_0(g[k], a0[k], y[k])"),
                    ("needed == 9 and ", "g0[k] = power_{k}_0(g[k], a0[k], y[k])"),
                )
            )
            bodies = (
                functions(op, guarded) + SAME + "".join(texts),
                _elementwise(op, value),
                _elementwise_reverse(op, "".join(back)),
            )
        case _ if op.variadic:
            sent = "upstream * slopes[j]"
            if guarded:
                sent = f"where(nothing_sent(upstream), -0.0, {sent} + 0.0)"
            own = functions_of_sequences(op) + LANES.format(sent=sent) + NOTHING_SENT
            forward, reverse = SEQUENCE, SEQUENCE_REVERSE
            if op.name == "logsumexp":
                sent = sent.replace("slopes[j]", "slope")
                own += f"\nKEPT = {KEPT}\n" + "".join(LOGSUMEXP.format(W=W, sent=sent) for W in (32, 8))
                by_value, by_reverse = by_vectors(" and n > 2")
                forward, reverse = by_value + forward, by_reverse + reverse
            bodies = own, LISTED + forward, LISTED_REVERSE + reverse
        case _:
            bodies = functions(op, guarded), _elementwise(op), _elementwise_reverse(op)
    own, forward, reverse = bodies
    return own + FORWARD + forward.lstrip("\n") + REVERSE + reverse.lstrip("\n")


def by_vectors(reversed_if: str = "") -> tuple[str, str]:
    """Return the lines of a variadic op's kernels that go through the lanes of a row by vectors."""
    return (
        BY_VECTORS.format(name="value", moved="V[k:], y[k:]", rest="inputs", more=""),
        BY_VECTORS.format(
            name="reverse", moved="V[k:], G[k:], y[k:], g[k:]", rest="inputs, needed", more=reversed_if
        ),
    )


def _elementwise(op: Op, special: str = "") -> str:
    places = range(op.arity or 0)
    return ELEMENTWISE.format(
        one=", ".join(f"V[args[3 * i + {j}] * stride]" for j in places),
        rows="\n".join(f"        a{j} = V[args[3 * i + {j}] * stride :]" for j in places),
        lane=", ".join(f"a{j}[k]" for j in places),
        special=special,
    )


def _elementwise_reverse(op: Op, special: str = "") -> str:
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
            f"        if needed & {8 << j}:\n"
            "            for k in range(lanes):\n"
            f"                g{j}[k] = op_{j}(g[k], {lane}, y[k])\n"
            f"        elif needed & {1 << j}:\n"
            "            for k in range(lanes):\n"
            f"                g{j}[k] += op_{j}(g[k], {lane}, y[k])"
            for j in places
        ),
        special=special,
    )
