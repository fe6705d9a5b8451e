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
        code[g:h].reshape(-1, 8), code[h:].reshape(-1, 5),
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
def _add_product(blas, shape, a, b, c):
    """C += op(A) op(B) for column-major matrices of ``shape`` (rows of C, columns of C, terms of a sum).

    A matrix is (address of its first element, numbers from column to column, N or T); ``blas`` is
    (address of gemm, room for its integers, a 1 of the dtype).
    """
    gemm, work, one = blas
    work[0], work[1], work[2] = shape
    work[3], work[4], work[5], work[6], work[7] = a[1], b[1], c[1], a[2], b[2]
    w = work.ctypes.data
    scale = one.ctypes.data
    _call(gemm, (w + 24, w + 28, w, w + 4, w + 8, scale, a[0], w + 12, b[0], w + 16, scale, c[0], w + 20))


# A matrix whose rows are contiguous is, to BLAS, the transpose of one whose columns are: what is
# Z = W X in rows is Zᵀ = Xᵀ Wᵀ in columns, and the X of samples one after another is there as it is.


@njit(cache=True, nogil=True, error_model="numpy")
def _affine_forward(p, q, V, stride, lanes, samples, U, blas):
    """Z = W X + b: the rows of Z start as b, and each segment of X adds its product."""
    out, R, K, w, b = p.affine[q, 0], p.affine[q, 1], p.affine[q, 2], p.affine[q, 3], p.affine[q, 4]
    v, u, size = V.ctypes.data, U.ctypes.data, V.itemsize
    zero = blas[2][0] - blas[2][0]
    for r in range(R):
        V[(out + r) * stride : (out + r) * stride + lanes] = U[b + r] if b >= 0 else zero
    for s in range(p.affine[q, 5], p.affine[q, 6]):
        x, column, length, direct = p.segments[s, 0], p.segments[s, 1], p.segments[s, 2], p.segments[s, 4]
        if not direct and (R * length * lanes < SMALL_PRODUCT or R == 1 or length == 1):
            _small_forward(V, stride, lanes, U, out, R, w + column, K, x, length)
            continue
        X = (samples[0] + x * size, samples[1], T) if direct else (v + x * stride * size, stride, N)
        W = (u + (w + column) * size, K, N)
        _add_product(blas, (lanes, R, length), X, W, (v + out * stride * size, stride))


@njit(cache=True, nogil=True, error_model="numpy")
def _affine_reverse(p, q, V, G, stride, lanes, samples, U, GU, blas):
    """∂/∂W = D Xᵀ, ∂/∂b = the sums of D's rows, ∂/∂X = Wᵀ D, where D is the gradient of Z."""
    out, R, K, w, b = p.affine[q, 0], p.affine[q, 1], p.affine[q, 2], p.affine[q, 3], p.affine[q, 4]
    v, g, u, gu, size = V.ctypes.data, G.ctypes.data, U.ctypes.data, GU.ctypes.data, V.itemsize
    need_w = p.affine[q, 7]
    if b >= 0 and need_w:
        for r in range(R):
            GU[b + r] += _total(G[(out + r) * stride : (out + r) * stride + lanes])
    for s in range(p.affine[q, 5], p.affine[q, 6]):
        x, column, length = p.segments[s, 0], p.segments[s, 1], p.segments[s, 2]
        need_x, direct = p.segments[s, 3], p.segments[s, 4]
        if not direct and (R * length * lanes < SMALL_PRODUCT or R == 1 or length == 1):
            _small_reverse(V, G, stride, lanes, U, GU, out, R, w + column, K, x, length, need_w, need_x)
            continue
        D = g + out * stride * size
        if need_w:
            X = (samples[0] + x * size, samples[1], N) if direct else (v + x * stride * size, stride, T)
            _add_product(blas, (length, R, lanes), X, (D, stride, N), (gu + (w + column) * size, K))
        if need_x:
            W = (u + (w + column) * size, K, T)
            _add_product(blas, (lanes, length, R), (D, stride, N), W, (g + x * stride * size, stride))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _small_forward(V, stride, lanes, U, out, R, w, K, x, length):
    for r in range(R):
        z = V[(out + r) * stride : (out + r) * stride + lanes]
        for j in range(length):
            weight = U[w + r * K + j]
            row = V[(x + j) * stride : (x + j) * stride + lanes]
            for k in range(lanes):
                z[k] += weight * row[k]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def _small_reverse(V, G, stride, lanes, U, GU, out, R, w, K, x, length, need_w, need_x):
    for r in range(R):
        d = G[(out + r) * stride : (out + r) * stride + lanes]
        for j in range(length):
            place = w + r * K + j
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


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def _total(row):
    total = row[0]
    for k in range(1, row.size):
        total += row[k]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _forward(p, V, stride, lanes, samples, U, blas):
    v, args, ptr, lists = V.ctypes.data, p.args.ctypes.data, p.ptr.ctypes.data, p.lists.ctypes.data
    for s in range(p.steps.shape[0]):
        kind, start, end = p.steps[s, 0], p.steps[s, 1], p.steps[s, 2]
        if kind == OP:
            _call(p.steps[s, 3], (v, stride, lanes, args, ptr, lists, start, end))
        elif kind == AFFINE:
            _affine_forward(p, p.steps[s, 3], V, stride, lanes, samples, U, blas)
        else:
            for i in range(start, end):
                V[i * stride : i * stride + lanes] = U[p.args[i, 0]]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc"})
def _reverse(p, V, G, stride, lanes, samples, U, GU, blas):
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
            _affine_reverse(p, p.steps[s, 3], V, G, stride, lanes, samples, U, GU, blas)
        else:
            for i in range(start, end):
                if p.need[i]:
                    total = GU[p.args[i, 0]]
                    for upstream in G[i * stride : i * stride + lanes]:
                        total += upstream
                    GU[p.args[i, 0]] = total


@njit(cache=True, nogil=True)
def _load(V, stride, lanes, X, loaded):
    """Columns ``loaded`` of the samples, the first rows of X, into the first rows of V.

    Eight samples at a time, so that each cache line of V is filled in one go.
    """
    for k in range(0, lanes, LINE):
        width = min(LINE, lanes - k)
        for j in range(loaded.size):
            line = V[j * stride + k : j * stride + k + width]
            for i in range(width):
                line[i] = X[k + i, loaded[j]]


@njit(cache=True, nogil=True, error_model="numpy")
def uniform_forward(uniform_code, U, gemm):
    """Compute what is the same for all samples."""
    blas = (gemm, np.empty(8, np.int32), np.ones(1, U.dtype))
    _forward(_unpack(uniform_code), U, 1, 1, (U.ctypes.data, U.size), U, blas)


@njit(cache=True, nogil=True, error_model="numpy")
def uniform_reverse(uniform_code, U, GU, gemm):
    """Pass the gradients of what is the same for all samples back to the parameters."""
    blas = (gemm, np.empty(8, np.int32), np.ones(1, U.dtype))
    _reverse(_unpack(uniform_code), U, GU, 1, 1, (U.ctypes.data, U.size), U, GU, blas)


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
    loaded,
    samples,
    gathered,
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
        loaded: the columns of X that the first rows of V hold.
        samples: which rows of X the samples are; empty for the rows as they stand.
        gathered: room for a block of them, where they are not taken as they stand.
        start, stop: the range of samples.
        outputs: the rows of V that are outputs; -1 for an output that is uniform.
        seeds: the gradient that each output starts with, in every lane; empty for no reverse pass.
        totals: to which each output's sum over the samples is added.
        values: where each sample's outputs go, one row a sample; empty if they are not wanted.
        inputs_gradient: where the gradients of the inputs go, shaped like X; empty if not wanted.
        gemm: the address of the matrix product.
    """
    varying = _unpack(varying_code)
    blas = (gemm, np.empty(8, np.int32), np.ones(1, V.dtype))
    first_gradient = 0 if inputs_gradient.size else loaded.size * stride
    for first in range(start, stop, block):
        lanes = min(block, stop - first)
        if samples.size:
            for k in range(lanes):
                gathered[k] = X[samples[first + k]]
            here = gathered[:lanes]
        else:
            here = X[first : first + lanes]
        at = (here.ctypes.data, X.shape[1])
        _load(V, stride, lanes, here, loaded)
        _forward(varying, V, stride, lanes, at, U, blas)
        for j in range(outputs.size):
            if outputs[j] >= 0:
                row = V[outputs[j] * stride : outputs[j] * stride + lanes]
                totals[j] += _total(row)
                if values.size:
                    values[first : first + lanes, j] = row
        if seeds.size == 0:
            continue
        G[first_gradient : varying.args.shape[0] * stride] = 0.0
        for j in range(outputs.size):
            if outputs[j] >= 0:
                G[outputs[j] * stride : outputs[j] * stride + lanes] += seeds[j]
        _reverse(varying, V, G, stride, lanes, at, U, GU, blas)
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
    loaded,
    samples,
    gathered,
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
            loaded,
            samples,
            gathered,
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
