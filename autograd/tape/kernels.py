"""The machine that replays a tape: it knows rows, lanes and steps, and no op by name.

A program is a list of steps, each a run of consecutive rows computed in the same way: by an op's
kernel (called through its address), as one matrix product, or as copies of uniform numbers.  It is
run forward and then, for gradients, backward.  Rows lie in flat arrays: row r of V holds one number
a lane, at V[r * stride : r * stride + lanes]; row r of G its gradient.  U and GU are the same for
uniform numbers, with a single lane.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import get_cython_function_address, intrinsic
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Numbers = NDArray[Any]

OP, AFFINE, BROADCAST = 0, 1, 2
"""The kinds of step: an op's kernel, a matrix product, uniform numbers copied to lanes."""


class Program(NamedTuple):
    """A program as arrays.

    Attributes:
        steps: one row a step: kind, first row, row after the last, address of the forward and of
            the reverse kernel (OP) or index into ``affine`` (AFFINE), whether the reverse pass needs it.
        args: rows of the inputs of each row, three columns (OP); for BROADCAST the row of U.
        ptr, lists: for ops of any number of inputs, row i's inputs are lists[ptr[i]:ptr[i + 1]].
        need, need_list: which inputs a gradient is to be sent to: bit j of need[i] for input j, or
            one flag for each entry of ``lists``.
        affine: one row a matrix product: first row of the result, number of rows R, number of
            inputs K, first row of W in U (R × K, row by row), first row of the bias in U or -1,
            first segment and the one after the last, whether W needs a gradient.
        segments: runs of consecutive input rows: first row in V, first column of W, length,
            whether they need a gradient.
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


def pack(program: Program) -> Rows:
    """The program as one array, quick to hand over: the lengths of its parts, then the parts."""
    return np.concatenate([[part.size for part in program], *[part.ravel() for part in program]]).astype(
        np.int64
    )


@njit(cache=True, nogil=True)
def _unpack(code):
    a = PARTS
    b = a + code[0]
    c = b + code[1]
    d = c + code[2]
    e = d + code[3]
    f = e + code[4]
    g = f + code[5]
    h = g + code[6]
    return Program(
        code[a:b].reshape(-1, 6), code[b:c].reshape(-1, 3), code[c:d], code[d:e], code[e:f], code[f:g],
        code[g:h].reshape(-1, 8), code[h:].reshape(-1, 4),
    )  # fmt: skip


@intrinsic
def _call(typing_context, address, arguments):
    """Call the C function at ``address`` with a tuple of 64-bit arguments: integers and addresses."""

    def generate(context, builder, signature, values):
        word = ir.IntType(64)
        words = [builder.extract_value(values[1], k) for k in range(len(signature.args[1]))]
        function = ir.FunctionType(ir.VoidType(), [word] * len(words))
        builder.call(builder.inttoptr(values[0], function.as_pointer()), words)
        return context.get_dummy_value()

    return types.void(address, arguments), generate


def blas_address(dtype: str) -> int:
    """The address of BLAS's general matrix product for the dtype, as SciPy ships it."""
    name = "dgemm" if dtype == "float64" else "sgemm"
    address: int = get_cython_function_address("scipy.linalg.cython_blas", name)
    return address


SMALL_PRODUCT = 2048
"""Multiplications below which plain loops beat the call of a BLAS (measured on layers of 2 to 64)."""

LINE = 8
"""Numbers in a cache line."""

N, T = ord("N"), ord("T")


@njit(cache=True, nogil=True)
def _gemm(gemm, work, one, flip_a, flip_b, m, n, k, a, lda, b, ldb, c, ldc):
    """C += op(A) op(B) for column-major matrices given by the addresses of their first elements."""
    work[0], work[1], work[2], work[3], work[4], work[5] = m, n, k, lda, ldb, ldc
    work[6], work[7] = flip_a, flip_b
    w = work.ctypes.data
    scale = one.ctypes.data
    _call(gemm, (w + 24, w + 28, w, w + 4, w + 8, scale, a, w + 12, b, w + 16, scale, c, w + 20))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _affine_forward(p, q, V, stride, lanes, U, gemm, work, one):
    """Z = W X + b: the rows of Z start as b, and each segment of X adds its product."""
    out, R, K, w, b = p.affine[q, 0], p.affine[q, 1], p.affine[q, 2], p.affine[q, 3], p.affine[q, 4]
    for r in range(R):
        V[(out + r) * stride : (out + r) * stride + lanes] = U[b + r] if b >= 0 else one[0] - one[0]
    for s in range(p.affine[q, 5], p.affine[q, 6]):
        x, column, length = p.segments[s, 0], p.segments[s, 1], p.segments[s, 2]
        if R * length * lanes >= SMALL_PRODUCT and R > 1 and length > 1:
            size = V.itemsize
            _gemm(
                gemm,
                work,
                one,
                N,
                N,
                lanes,
                R,
                length,
                V.ctypes.data + x * stride * size,
                stride,
                U.ctypes.data + (w + column) * size,
                K,
                V.ctypes.data + out * stride * size,
                stride,
            )
            continue
        for r in range(R):
            z = V[(out + r) * stride : (out + r) * stride + lanes]
            for j in range(length):
                weight = U[w + r * K + column + j]
                row = V[(x + j) * stride : (x + j) * stride + lanes]
                for k in range(lanes):
                    z[k] += weight * row[k]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def _affine_reverse(p, q, V, G, stride, lanes, U, GU, gemm, work, one):
    """∂/∂W = D Xᵀ, ∂/∂b = the sums of D's rows, ∂/∂X = Wᵀ D, where D is the gradient of Z."""
    out, R, K, w, b = p.affine[q, 0], p.affine[q, 1], p.affine[q, 2], p.affine[q, 3], p.affine[q, 4]
    need_w = p.affine[q, 7]
    if b >= 0 and need_w:
        for r in range(R):
            d = G[(out + r) * stride : (out + r) * stride + lanes]
            total = GU[b + r]
            for k in range(lanes):
                total += d[k]
            GU[b + r] = total
    for s in range(p.affine[q, 5], p.affine[q, 6]):
        x, column, length, need_x = p.segments[s, 0], p.segments[s, 1], p.segments[s, 2], p.segments[s, 3]
        if R * length * lanes >= SMALL_PRODUCT and R > 1 and length > 1:
            size = V.itemsize
            upstream = G.ctypes.data + out * stride * size
            if need_w:
                _gemm(
                    gemm,
                    work,
                    one,
                    T,
                    N,
                    length,
                    R,
                    lanes,
                    V.ctypes.data + x * stride * size,
                    stride,
                    upstream,
                    stride,
                    GU.ctypes.data + (w + column) * size,
                    K,
                )
            if need_x:
                _gemm(
                    gemm,
                    work,
                    one,
                    N,
                    T,
                    lanes,
                    length,
                    R,
                    upstream,
                    stride,
                    U.ctypes.data + (w + column) * size,
                    K,
                    G.ctypes.data + x * stride * size,
                    stride,
                )
            continue
        for r in range(R):
            d = G[(out + r) * stride : (out + r) * stride + lanes]
            for j in range(length):
                place = w + r * K + column + j
                if need_w:
                    row = V[(x + j) * stride : (x + j) * stride + lanes]
                    total = GU[place]
                    for k in range(lanes):
                        total += d[k] * row[k]
                    GU[place] = total
                if need_x:
                    weight = U[place]
                    sent = G[(x + j) * stride : (x + j) * stride + lanes]
                    for k in range(lanes):
                        sent[k] += weight * d[k]


@njit(cache=True, nogil=True, error_model="numpy")
def _forward(p, V, stride, lanes, U, gemm, work, one):
    v, args, ptr, lists = V.ctypes.data, p.args.ctypes.data, p.ptr.ctypes.data, p.lists.ctypes.data
    for s in range(p.steps.shape[0]):
        kind, start, end = p.steps[s, 0], p.steps[s, 1], p.steps[s, 2]
        if kind == OP:
            _call(p.steps[s, 3], (v, stride, lanes, args, ptr, lists, start, end))
        elif kind == AFFINE:
            _affine_forward(p, p.steps[s, 3], V, stride, lanes, U, gemm, work, one)
        else:
            for i in range(start, end):
                V[i * stride : i * stride + lanes] = U[p.args[i, 0]]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc"})
def _reverse(p, V, G, stride, lanes, U, GU, gemm, work, one):
    v, g, args = V.ctypes.data, G.ctypes.data, p.args.ctypes.data
    ptr, lists = p.ptr.ctypes.data, p.lists.ctypes.data
    need, need_list = p.need.ctypes.data, p.need_list.ctypes.data
    for s in range(p.steps.shape[0] - 1, -1, -1):
        if p.steps[s, 5] == 0:
            continue
        kind, start, end = p.steps[s, 0], p.steps[s, 1], p.steps[s, 2]
        if kind == OP:
            _call(p.steps[s, 4], (v, g, stride, lanes, args, ptr, lists, need, need_list, start, end))
        elif kind == AFFINE:
            _affine_reverse(p, p.steps[s, 3], V, G, stride, lanes, U, GU, gemm, work, one)
        else:
            for i in range(start, end):
                if p.need[i]:
                    total = GU[p.args[i, 0]]
                    for upstream in G[i * stride : i * stride + lanes]:
                        total += upstream
                    GU[p.args[i, 0]] = total


@njit(cache=True, nogil=True)
def _load(V, stride, lanes, X, samples, first):
    """Samples first … first + lanes of X (through ``samples``, unless that is empty) into the lanes.

    Eight samples at a time, so that each cache line of V is filled in one go.
    """
    for k in range(0, lanes, LINE):
        width = min(LINE, lanes - k)
        at = np.empty(LINE, np.int64)
        for i in range(width):
            at[i] = samples[first + k + i] if samples.size else first + k + i
        for j in range(X.shape[1]):
            line = V[j * stride + k : j * stride + k + width]
            for i in range(width):
                line[i] = X[at[i], j]


@njit(cache=True, nogil=True, error_model="numpy")
def uniform_forward(uniform_code, U, gemm):
    """Compute what is the same for all samples."""
    _forward(_unpack(uniform_code), U, 1, 1, U, gemm, np.empty(8, np.int32), np.ones(1, U.dtype))


@njit(cache=True, nogil=True, error_model="numpy")
def uniform_reverse(uniform_code, U, GU, gemm):
    """Pass the gradients of what is the same for all samples back to the parameters."""
    _reverse(_unpack(uniform_code), U, GU, 1, 1, U, GU, gemm, np.empty(8, np.int32), np.ones(1, U.dtype))


@njit(cache=True, nogil=True, error_model="numpy")
def run_blocks(
    varying_code,
    U,
    GU,
    V,
    G,
    block,
    stride,
    X,
    samples,
    start,
    stop,
    outputs,
    seeds,
    totals,
    values,
    inputs_gradient,
    gemm,
):
    """Run samples start … stop through the varying program, a block of ``block`` lanes at a time.

    Args:
        varying_code: the program, packed.
        U, GU, V, G, stride: the numbers and their gradients; see the module's text.
        block: how many lanes are processed together, at most ``stride``.
        X: the varying inputs, one row a sample.
        samples: which rows of X the samples are; empty for the rows as they stand.
        start, stop: the range of samples.
        outputs: the rows of V that are outputs; -1 for an output that is uniform.
        seeds: the gradient that each output starts with, in every lane; empty for no reverse pass.
        totals: to which each output's sum over the samples is added.
        values: where each sample's outputs go, one row a sample; empty if they are not wanted.
        inputs_gradient: where the gradients of the inputs go, shaped like X; empty if not wanted.
        gemm: the address of the matrix product.
    """
    varying = _unpack(varying_code)
    work, one = np.empty(8, np.int32), np.ones(1, V.dtype)
    first_gradient = 0 if inputs_gradient.size else X.shape[1] * stride
    for first in range(start, stop, block):
        lanes = min(block, stop - first)
        _load(V, stride, lanes, X, samples, first)
        _forward(varying, V, stride, lanes, U, gemm, work, one)
        for j in range(outputs.size):
            if outputs[j] >= 0:
                row = outputs[j] * stride
                for k in range(lanes):
                    totals[j] += V[row + k]
                    if values.size:
                        values[first + k, j] = V[row + k]
        if seeds.size == 0:
            continue
        G[first_gradient : varying.args.shape[0] * stride] = 0.0
        for j in range(outputs.size):
            if outputs[j] >= 0:
                for k in range(lanes):
                    G[outputs[j] * stride + k] += seeds[j]
        _reverse(varying, V, G, stride, lanes, U, GU, gemm, work, one)
        if inputs_gradient.size:
            for k in range(lanes):
                for j in range(X.shape[1]):
                    inputs_gradient[first + k, j] = G[j * stride + k]


@njit(cache=True, nogil=True, error_model="numpy")
def replay(
    uniform_code,
    varying_code,
    U,
    GU,
    V,
    G,
    block,
    stride,
    X,
    samples,
    count,
    outputs,
    uniform_outputs,
    seeds,
    totals,
    values,
    inputs_gradient,
    gemm,
):
    """One replay over ``count`` samples on one thread: the uniform part around the varying blocks."""
    totals[:] = 0.0
    if seeds.size:
        GU[:] = 0.0
        for j in range(outputs.size):
            if uniform_outputs[j] >= 0:
                GU[uniform_outputs[j]] += seeds[j] * count
    uniform_forward(uniform_code, U, gemm)
    if V.size:
        run_blocks(
            varying_code,
            U,
            GU,
            V,
            G,
            block,
            stride,
            X,
            samples,
            0,
            count,
            outputs,
            seeds,
            totals,
            values,
            inputs_gradient,
            gemm,
        )
    for j in range(outputs.size):
        if uniform_outputs[j] >= 0:
            totals[j] = U[uniform_outputs[j]] * count
            if values.size:
                values[:, j] = U[uniform_outputs[j]]
    if seeds.size:
        uniform_reverse(uniform_code, U, GU, gemm)


@njit(cache=True)
def levels_of(ptr, args, level):
    """Fill in each node's level: one more than the highest of its inputs; -1 stays for uniform ones.

    ``level`` comes with 0 for varying leaves and -1 elsewhere; nodes are in topological order.
    """
    for i in range(level.size):
        for j in range(ptr[i], ptr[i + 1]):
            if level[args[j]] >= 0:
                level[i] = max(level[i], level[args[j]] + 1)


@njit(cache=True)
def reach_forward(ptr, args, stops, reached):
    """Mark every node that has a marked input, but none of ``stops``; nodes are in topological order."""
    for i in range(reached.size):
        for j in range(ptr[i], ptr[i + 1]):
            reached[i] |= reached[args[j]] and not stops[i]


@njit(cache=True)
def reach_back(ptr, args, stops, reached):
    """Mark every input of a marked node, but pass through no node of ``stops``."""
    for i in range(reached.size - 1, -1, -1):
        if reached[i] and not stops[i]:
            for j in range(ptr[i], ptr[i + 1]):
                reached[args[j]] = True
