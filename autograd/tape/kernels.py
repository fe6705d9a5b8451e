"""The machine that replays a tape: it knows rows, lanes and steps, but no op by name.

A program is a list of steps, each a run of consecutive rows computed in the same way: by an op's
kernel (called through its address), as one matrix product, or as copies of uniform numbers.  It is
run forward and then, for gradients, backward.  Rows lie in flat arrays: row r of V holds one number
per lane, at V[r * stride : r * stride + lanes]; row r of G holds its gradients.  U and GU are the same
for uniform numbers, with a single lane.

What follows `source` is written in the small part of Python that `autograd.tape.native` compiles.
"""

from __future__ import annotations

import ctypes
import inspect
from collections.abc import Callable
from functools import cache

from autograd.tape import arguments, graph_passes, picking, program
from autograd.tape.arguments import Arguments
from autograd.tape.native.words import Mask, Numbers, Rows, call, fast
from autograd.tape.picking import gather_forward, gather_reverse, nothing_sent
from autograd.tape.program import (
    AFFINE,
    ARGS,
    BROADCAST,
    GATHER,
    LISTS,
    NEED,
    NEED_LIST,
    OP,
    PARTS,
    PRODUCTS,
    PTR,
    SEGMENTS,
    TILES,
    UNSENT,
)  # fmt: skip


@cache
def machine(name: str, dtype: str) -> Callable[[int], None]:
    """Return a function of the machine, compiled: it is called with the address of its arguments.

    Args:
        name: `replay`, `uniform_forward` or `uniform_reverse`.
        dtype: "float64" or "float32".
    """
    from autograd.tape.native.machine_code import addresses

    roots = ("replay", "uniform_forward", "uniform_reverse")
    return ctypes.CFUNCTYPE(None, ctypes.c_int64)(addresses("machine", source(), roots, dtype)[name])


@cache
def graph_pass(name: str) -> Callable[..., None]:
    """Return `levels_of`, `reach_forward` or `reach_back`, compiled: it takes arrays."""
    from autograd.tape.native.machine_code import addresses

    roots = ("levels_of", "reach_forward", "reach_back")
    pointer = ctypes.c_void_p
    compiled = ctypes.CFUNCTYPE(None, *[pointer] * 4, ctypes.c_int64)(
        addresses("graph", inspect.getsource(graph_passes), roots, "float64")[name]
    )

    def run(ptr: Rows, args: Rows, *marks: Rows | Mask) -> None:
        arrays = [ptr, args, *marks]
        compiled(*[a.ctypes.data for a in arrays], *[None] * (4 - len(arrays)), len(marks[0]))

    return run


@cache
def source() -> str:
    """Return the text that the machine is compiled from."""
    this = __import__(__name__, fromlist=["replay"])
    return "".join(map(inspect.getsource, (arguments, program, picking, this)))


SMALL_PRODUCT = 2048
"""For fewer multiplications than this, plain loops are faster than a call of BLAS (measured on layers of
2 to 64)."""

LINE = 8
"""Numbers in a cache line."""

N, T = 78, 84
"""The letters by which BLAS tells a matrix and its transpose."""


def part(code: Rows, k: int) -> Rows:
    """Return the k-th part of a packed program."""
    at = PARTS
    for j in range(k):
        at += code[j]
    return code[at:]


def fill(row: Numbers, lanes: int, x: float) -> None:
    """Set a row to one number."""
    for k in range(lanes):
        row[k] = x


@fast("reassoc")
def total_of(row: Numbers, lanes: int) -> float:
    """Return the sum of a row."""
    total: float = row[0]
    for k in range(1, lanes):
        total += row[k]
    return total


# To BLAS, a matrix with contiguous rows is the transpose of one with contiguous columns.  Z = W X in rows
# is Zᵀ = Xᵀ Wᵀ in columns, and samples that follow one another need no copy to serve as X.


def add_product(
    a: Arguments, rows: int, columns: int, terms: int,
    x: Numbers, x_stride: int, x_kind: int, y: Numbers, y_stride: int, y_kind: int, z: Numbers, z_stride: int,
) -> None:  # fmt: skip
    """Compute Z += op(X) op(Y), of sums of ``terms``, for column-major matrices.

    A stride is how far apart columns are; a kind is N for the matrix as it is, T for its transpose.
    """
    w = a.work
    w[0], w[1], w[2], w[3], w[4], w[5] = rows, columns, terms, x_stride, y_stride, z_stride
    w[6], w[7] = x_kind, y_kind
    call(a.gemm, w[6:], w[7:], w[0:], w[1:], w[2:], a.one, x, w[3:], y, w[4:], a.one, z, w[5:])


# The rows of a product with several positions lie P · stride apart, one position behind the other.  Where no
# padding is between them, they are the lanes of one product; else each position has its own.


def affine_forward(
    code: Rows, q: int, V: Numbers, stride: int, lanes: int, samples: Numbers, U: Numbers, a: Arguments
) -> None:
    """Compute Z = W X + b: the rows of Z start as b, and each segment of X adds its product."""
    p = part(code, PRODUCTS)[11 * q :]
    R, K, w, b, apart, times = p[1], p[2], p[3], p[4], p[10] * stride, p[10]
    if lanes == stride:
        lanes, times = apart, 1
    for t in range(times):
        Z = V[(p[0] + t) * stride :]
        for r in range(R):
            start = 0.0
            if b >= 0:
                start = U[b + r]
            fill(Z[r * apart :], lanes, start)
        for s in range(p[5], p[6]):
            segment = part(code, SEGMENTS)[5 * s :]
            x, column, length, direct = segment[0], segment[1], segment[2], segment[4]
            W, X = U[w + column :], V[(x + t) * stride :]
            if direct:
                add_product(a, lanes, R, length, samples[x:], a.columns, T, W, K, N, Z, apart)
            elif R * length * lanes < SMALL_PRODUCT or R == 1 or length == 1:
                small_forward(Z, X, apart, lanes, W, R, K, length)
            else:
                add_product(a, lanes, R, length, X, apart, N, W, K, N, Z, apart)


def affine_reverse(
    code: Rows, q: int, V: Numbers, G: Numbers, stride: int, lanes: int, samples: Numbers,
    U: Numbers, GU: Numbers, a: Arguments,
) -> None:  # fmt: skip
    """Add ∂/∂W = D Xᵀ, ∂/∂b = the sums of D's rows and ∂/∂X = Wᵀ D, where D is the gradient of Z."""
    p = part(code, PRODUCTS)[11 * q :]
    K, w, b, need_w, R, guarded, apart, times = p[2], p[3], p[4], p[7], p[8], p[9], p[10] * stride, p[10]
    if lanes == stride:
        lanes, times = apart, 1
    for t in range(times):
        D = G[(p[0] + t) * stride :]
        if b >= 0 and need_w:
            for r in range(R):
                GU[b + r] += total_of(D[r * apart :], lanes)
        for s in range(p[5], p[6]):
            segment = part(code, SEGMENTS)[5 * s :]
            x, column, length, need_x, direct = segment[0], segment[1], segment[2], segment[3], segment[4]
            W, GW, X, GX = U[w + column :], GU[w + column :], V[(x + t) * stride :], G[(x + t) * stride :]
            if need_x > 1:
                for j in range(length):
                    fill(GX[j * apart :], lanes, -0.0)
            if guarded:
                guarded_reverse(D, X, GX, apart, lanes, W, GW, R, K, length, need_w, need_x)
                continue
            if not direct and (R * length * lanes < SMALL_PRODUCT or R == 1 or length == 1):
                small_reverse(D, X, GX, apart, lanes, W, GW, R, K, length, need_w, need_x)
                continue
            if need_w and direct:
                add_product(a, length, R, lanes, samples[x:], a.columns, N, D, apart, N, GW, K)
            if need_w and not direct:
                add_product(a, length, R, lanes, X, apart, T, D, apart, N, GW, K)
            if need_x:
                add_product(a, lanes, length, R, D, apart, N, W, K, T, GX, apart)


@fast("contract")
def small_forward(
    Z: Numbers, X: Numbers, stride: int, lanes: int, W: Numbers, R: int, K: int, length: int
) -> None:
    """Add W X to Z, by plain loops."""
    if stride == 1:
        single_forward(Z, X, W, R, K, length)
        return
    for r in range(R):
        z = Z[r * stride :]
        for j in range(length):
            weight, x = W[r * K + j], X[j * stride :]
            for k in range(lanes):
                z[k] += weight * x[k]


@fast("contract", "reassoc")
def single_forward(Z: Numbers, X: Numbers, W: Numbers, R: int, K: int, length: int) -> None:
    """Do the same for a single lane: each row of W is one dot."""
    for r in range(R):
        w, total = W[r * K :], Z[r]
        for j in range(length):
            total += w[j] * X[j]
        Z[r] = total


@fast("contract", "reassoc")
def small_reverse(
    D: Numbers, X: Numbers, GX: Numbers, stride: int, lanes: int, W: Numbers, GW: Numbers,
    R: int, K: int, length: int, need_w: int, need_x: int,
) -> None:  # fmt: skip
    """Add D Xᵀ to the gradient of W and Wᵀ D to that of X, by plain loops."""
    if stride == 1:
        single_reverse(D, X, GX, W, GW, R, K, length, need_w, need_x)
        return
    for r in range(R):
        d = D[r * stride :]
        for j in range(length):
            if need_w:
                x, total = X[j * stride :], GW[r * K + j]
                for k in range(lanes):
                    total += d[k] * x[k]
                GW[r * K + j] = total
            if need_x:
                weight, sent = W[r * K + j], GX[j * stride :]
                for k in range(lanes):
                    sent[k] += weight * d[k]


@fast("contract")
def single_reverse(
    D: Numbers, X: Numbers, GX: Numbers, W: Numbers, GW: Numbers,
    R: int, K: int, length: int, need_w: int, need_x: int,
) -> None:  # fmt: skip
    """Do the same for a single lane."""
    for r in range(R):
        d, w, g = D[r], W[r * K :], GW[r * K :]
        if need_w:
            for j in range(length):
                g[j] += d * X[j]
        if need_x:
            for j in range(length):
                GX[j] += w[j] * d


def guarded_reverse(
    D: Numbers, X: Numbers, GX: Numbers, stride: int, lanes: int, W: Numbers, GW: Numbers,
    R: int, K: int, length: int, need_w: int, need_x: int,
) -> None:  # fmt: skip
    """Do the same behind branches: where nothing was sent to a lane, nothing is passed on."""
    for r in range(R):
        d = D[r * stride :]
        for j in range(length):
            x, sent = X[j * stride :], GX[j * stride :]
            for k in range(lanes):
                if nothing_sent(d[k]):
                    continue
                if need_w:
                    GW[r * K + j] += d[k] * x[k] + 0.0
                if need_x:
                    sent[k] += W[r * K + j] * d[k] + 0.0


def forward(
    code: Rows, steps: Rows, count: int, V: Numbers, stride: int, lanes: int, samples: Numbers, U: Numbers,
    a: Arguments,
) -> None:  # fmt: skip
    """Run the steps of a program forward."""
    args, ptr, lists = part(code, ARGS), part(code, PTR), part(code, LISTS)
    for s in range(count):
        step = steps[6 * s :]
        kind, start, end = step[0], step[1], step[2]
        if kind == OP:
            call(a.kernels[2 * step[3]], V, stride, lanes, args, ptr, lists, start, end)
        elif kind == AFFINE:
            affine_forward(code, step[3], V, stride, lanes, samples, U, a)
        elif kind == BROADCAST:
            for i in range(start, end):
                fill(V[i * stride :], lanes, U[args[3 * i]])
        elif kind == GATHER:
            gather_forward(V, stride, lanes, U, args, start, end, step[3], step[4])
        elif kind == TILES:
            call(Rows(step[4])[0], V, stride, lanes, ptr, lists, Rows(step[3]))
        else:
            call(Rows(step[4])[0], V, step[3], start, end)


def reverse(
    code: Rows, steps: Rows, count: int, V: Numbers, G: Numbers, stride: int, lanes: int, samples: Numbers,
    U: Numbers, GU: Numbers, a: Arguments,
) -> None:  # fmt: skip
    """Run the steps of a program backward."""
    args, ptr, lists = part(code, ARGS), part(code, PTR), part(code, LISTS)
    need, need_list = part(code, NEED), part(code, NEED_LIST)
    for s in range(count - 1, -1, -1):
        step = steps[6 * s :]
        kind, start, end = step[0], step[1], step[2]
        if step[5] == 0:
            continue
        if kind == OP:
            kernel = a.kernels[2 * step[3] + 1]
            call(kernel, V, G, stride, lanes, args, ptr, lists, need, need_list, start, end)
        elif kind == AFFINE:
            affine_reverse(code, step[3], V, G, stride, lanes, samples, U, GU, a)
        elif kind == BROADCAST:
            for i in range(start, end):
                if need[i]:
                    GU[args[3 * i]] += total_of(G[i * stride :], lanes)
        elif kind == GATHER:
            gather_reverse(V, G, stride, lanes, GU, args, need, start, end, step[3], step[4])
        elif kind == TILES:
            call(Rows(step[4])[1], V, G, stride, lanes, ptr, lists, Rows(step[3]))
        else:
            call(Rows(step[4])[1], V, G, step[3], start, end)


def load(V: Numbers, stride: int, lanes: int, X: Numbers, columns: int, loaded: Rows, count: int) -> None:
    """Load the columns ``loaded`` of the samples, the rows of X, into the first rows of V.

    Eight samples at a time, so that each cache line of V is filled in one go.
    """
    for k in range(0, lanes, LINE):
        width = min(LINE, lanes - k)
        for j in range(count):
            line, x = V[j * stride + k :], X[k * columns + loaded[j] :]
            for i in range(width):
                line[i] = x[i * columns]


def uniform_forward(a: Arguments) -> None:
    """Compute what is the same for all samples."""
    forward(a.uniform, a.uniform_steps, len(a.uniform_steps) // 6, a.U, 1, 1, a.U, a.U, a)


def uniform_reverse(a: Arguments) -> None:
    """Pass the gradients of what is the same for all samples back to the parameters."""
    reverse(a.uniform, a.uniform_steps, len(a.uniform_steps) // 6, a.U, a.GU, 1, 1, a.U, a.U, a.GU, a)


def replay(a: Arguments) -> None:
    """Replay once: the uniform part around the varying blocks."""
    if not a.alone:
        run_blocks(a)
        return
    count, outputs = a.stop - a.start, len(a.outputs)
    fill(a.totals, outputs, 0.0)
    if len(a.seeds):
        fill(a.GU, len(a.GU), -0.0)
        for j in range(outputs):
            if a.uniform_outputs[j] >= 0 and a.seeds[j] != 0.0:
                a.GU[a.uniform_outputs[j]] += a.seeds[j] * count
    uniform_forward(a)
    if len(a.V):
        run_blocks(a)
    for j in range(outputs):
        if a.uniform_outputs[j] >= 0:
            x = a.U[a.uniform_outputs[j]]
            a.totals[j] = x * count
            if len(a.values):
                for k in range(count):
                    a.values[k * outputs + j] = x
    if len(a.seeds):
        uniform_reverse(a)
        for i in range(len(a.GU)):
            a.GU[i] += 0.0


def run_blocks(a: Arguments) -> None:
    """Run the samples through the varying program, a block of lanes at a time."""
    V, G, stride, columns, outputs = a.V, a.G, a.stride, a.columns, len(a.outputs)
    fixed = len(a.loaded) * stride  # where no gradient is wanted
    if len(a.inputs_gradient):
        fixed = 0
    count = len(a.varying_steps) // 6
    size = a.varying[ARGS] // 3 * stride - fixed  # a row has three args
    for first in range(a.start, a.stop, a.block):
        lanes = min(a.block, a.stop - first)
        X = a.X[first * columns :]
        if len(a.samples):
            X = a.gathered
            for k in range(lanes):
                x, row = a.X[a.samples[first + k] * columns :], X[k * columns :]
                for j in range(columns):
                    row[j] = x[j]
        load(V, stride, lanes, X, columns, a.loaded, len(a.loaded))
        forward(a.varying, a.varying_steps, count, V, stride, lanes, X, a.U, a)
        for j in range(outputs):
            if a.outputs[j] >= 0:
                row = V[a.outputs[j] * stride :]
                a.totals[j] += total_of(row, lanes)
                if len(a.values):
                    for k in range(lanes):
                        a.values[(first + k) * outputs + j] = row[k]
        if len(a.seeds) == 0:
            continue
        if lanes == 1:  # rows of a single lane add to what is there
            fill(G[fixed:], size, -0.0)
        else:
            unsent = part(a.varying, UNSENT)
            for j in range(0, a.varying[UNSENT], 2):
                fill(G[unsent[j] * stride :], unsent[j + 1] * stride, -0.0)
        for j in range(outputs):
            if a.outputs[j] >= 0 and a.seeds[j] != 0.0:
                row = G[a.outputs[j] * stride :]
                for k in range(lanes):
                    row[k] += a.seeds[j]
        reverse(a.varying, a.varying_steps, count, V, G, stride, lanes, X, a.U, a.GU, a)
        if len(a.inputs_gradient):
            for k in range(lanes):
                for j in range(columns):
                    a.inputs_gradient[(first + k) * columns + j] = G[j * stride + k] + 0.0
