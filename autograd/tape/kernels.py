"""The machine that replays a tape: it knows rows, lanes and steps, but no op by name.

A program is a list of steps, each a run of consecutive rows computed in the same way: by an op's
kernel (called through its address), as one matrix product, or as copies of uniform numbers.  It is
run forward and then, for gradients, backward.  Rows lie in flat arrays: row r of V holds one number
per lane, at V[r * stride : r * stride + lanes]; row r of G holds its gradients.  U and GU are the same
for uniform numbers, with a single lane.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import cfunc, njit, types
from numba.extending import get_cython_function_address, intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from autograd.tape.arguments import HELD, Arrays, Sizes
from autograd.tape.program import AFFINE, OP, PARTS, Program, Rows

Numbers = NDArray[Any]


def linked(code: Rows, addresses: Sequence[tuple[int, int]]) -> Rows:
    """Return a packed program with addresses of forward and reverse kernels in place of their numbers."""
    code = code.copy()
    steps = code[PARTS : PARTS + code[0]].reshape(-1, 6)
    ops = steps[:, 0] == OP
    steps[ops, 3:5] = np.array(addresses, np.int64).reshape(-1, 2)[steps[ops, 3]]
    return code


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
        code[g:h].reshape(-1, 10), code[h:].reshape(-1, 5),
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
    """Return the address of BLAS's general matrix product for the dtype, as SciPy ships it."""
    name = "dgemm" if dtype == "float64" else "sgemm"
    address: int = get_cython_function_address("scipy.linalg.cython_blas", name)
    return address


SMALL_PRODUCT = 2048
"""For fewer multiplications than this, plain loops are faster than a call of BLAS (measured on layers of
2 to 64)."""


@njit(cache=True, nogil=True, inline="always")
def nothing_sent(gradient):
    """Return whether a gradient is −0: no contribution has arrived; see `autograd.tape.templates`."""
    return gradient == 0.0 and math.copysign(1.0, gradient) < 0.0


LINE = 8
"""Numbers in a cache line."""

N, T = ord("N"), ord("T")


@njit(cache=True, nogil=True)
def _add_product(blas, shape, a, b, c):
    """Compute C += op(A) op(B) for column-major matrices of ``shape`` (rows, columns, terms of a sum).

    A matrix is (address of its first element, numbers from column to column, N or T); ``blas`` is
    (address of gemm, room for its integers, a 1 of the dtype).
    """
    gemm, work, one = blas
    work[0], work[1], work[2] = shape
    work[3], work[4], work[5], work[6], work[7] = a[1], b[1], c[1], a[2], b[2]
    w = work.ctypes.data
    scale = one.ctypes.data
    _call(gemm, (w + 24, w + 28, w, w + 4, w + 8, scale, a[0], w + 12, b[0], w + 16, scale, c[0], w + 20))


# To BLAS, a matrix with contiguous rows is the transpose of one with contiguous columns.  Z = W X in rows
# is Zᵀ = Xᵀ Wᵀ in columns, and samples that follow one another need no copy to serve as X.


@njit(cache=True, nogil=True, error_model="numpy")
def _affine_forward(p, q, V, stride, lanes, samples, U, blas):
    """Compute Z = W X + b: the rows of Z start as b, and each segment of X adds its product."""
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
    """Add ∂/∂W = D Xᵀ, ∂/∂b = the sums of D's rows and ∂/∂X = Wᵀ D, where D is the gradient of Z."""
    out, R, K, w, b = p.affine[q, 0], p.affine[q, 8], p.affine[q, 2], p.affine[q, 3], p.affine[q, 4]
    v, g, u, gu, size = V.ctypes.data, G.ctypes.data, U.ctypes.data, GU.ctypes.data, V.itemsize
    need_w, guarded = p.affine[q, 7], p.affine[q, 9]
    if b >= 0 and need_w:
        for r in range(R):
            GU[b + r] += _total(G[(out + r) * stride : (out + r) * stride + lanes])
    for s in range(p.affine[q, 5], p.affine[q, 6]):
        x, column, length = p.segments[s, 0], p.segments[s, 1], p.segments[s, 2]
        need_x, direct = p.segments[s, 3], p.segments[s, 4]
        if guarded:
            _guarded_reverse(V, G, stride, lanes, U, GU, out, R, w + column, K, x, length, need_w, need_x)
            continue
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


@njit(cache=True, nogil=True, error_model="numpy")
def _guarded_reverse(V, G, stride, lanes, U, GU, out, R, w, K, x, length, need_w, need_x):
    """Do the same behind branches: where nothing was sent to a lane, nothing is passed on."""
    for r in range(R):
        d = G[(out + r) * stride : (out + r) * stride + lanes]
        for j in range(length):
            place = w + r * K + j
            row = V[(x + j) * stride : (x + j) * stride + lanes]
            sent = G[(x + j) * stride : (x + j) * stride + lanes]
            for k in range(lanes):
                if nothing_sent(d[k]):
                    continue
                if need_w:
                    GU[place] += d[k] * row[k] + 0.0
                if need_x:
                    sent[k] += U[place] * d[k] + 0.0


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
    """Load the columns ``loaded`` of the samples, the rows of X, into the first rows of V.

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


@cache
def entry(dtype: str) -> Callable[[int], None]:
    """Return the compiled function that replays the frame at an address."""
    compiled = cfunc("void(int64)", cache=True)({"float64": _float64, "float32": _float32}[dtype])
    call: Callable[[int], None] = compiled.ctypes
    return call


def _float64(address):
    _replay(address, np.float64)


def _float32(address):
    _replay(address, np.float32)


@intrinsic
def _pointer(typing_context, address):
    """Return an address as a pointer."""

    def generate(context, builder, signature, values):
        return builder.inttoptr(values[0], context.get_value_type(types.voidptr))

    return types.voidptr(address), generate


@njit(nogil=True)
def _at(words, i, dtype):
    """Return the i-th array of a frame."""
    return carray(_pointer(words[i]), words[HELD + i], dtype)


@njit(nogil=True, error_model="numpy")
def _replay(address, dtype):
    """Replay once: the uniform part around the varying blocks."""
    w = carray(_pointer(address), 2 * HELD + 7, np.int64)
    i = np.int64
    a = Arrays(
        _at(w, 0, i), _at(w, 1, i), _at(w, 2, dtype), _at(w, 3, dtype), _at(w, 4, dtype), _at(w, 5, dtype),
        _at(w, 6, dtype), _at(w, 7, i), _at(w, 8, i), _at(w, 9, dtype), _at(w, 10, i), _at(w, 11, i),
        _at(w, 12, dtype), _at(w, 13, dtype), _at(w, 14, dtype), _at(w, 15, dtype),
    )  # fmt: skip
    z = 2 * HELD
    n = Sizes(w[z], w[z + 1], w[z + 2], w[z + 3], w[z + 4], w[z + 5], w[z + 6])
    if not n.alone:
        _run_blocks(a, n)
        return
    count = n.stop - n.start
    a.totals[:] = 0.0
    if a.seeds.size:
        a.GU[:] = -0.0
        for j in range(a.outputs.size):
            if a.uniform_outputs[j] >= 0 and a.seeds[j] != 0.0:
                a.GU[a.uniform_outputs[j]] += a.seeds[j] * count
    uniform_forward(a.uniform, a.U, n.gemm)
    if a.V.size:
        _run_blocks(a, n)
    values = a.values.reshape(-1, a.outputs.size)
    for j in range(a.outputs.size):
        if a.uniform_outputs[j] >= 0:
            a.totals[j] = a.U[a.uniform_outputs[j]] * count
            if values.size:
                values[:, j] = a.U[a.uniform_outputs[j]]
    if a.seeds.size:
        uniform_reverse(a.uniform, a.U, a.GU, n.gemm)
        a.GU[:] += 0.0


@njit(nogil=True, error_model="numpy")
def _run_blocks(a, n):
    """Run the samples through the varying program, a block of lanes at a time."""
    varying = _unpack(a.varying)
    blas = (n.gemm, np.empty(8, np.int32), np.ones(1, a.V.dtype))
    V, G, stride, columns = a.V, a.G, n.stride, n.columns
    X, gathered = a.X.reshape(-1, columns), a.gathered.reshape(-1, columns)
    values = a.values.reshape(-1, a.outputs.size)
    inputs_gradient = a.inputs_gradient.reshape(-1, columns)
    first_gradient = 0 if inputs_gradient.size else a.loaded.size * stride
    for first in range(n.start, n.stop, n.block):
        lanes = min(n.block, n.stop - first)
        if a.samples.size:
            for k in range(lanes):
                gathered[k] = X[a.samples[first + k]]
            here = gathered[:lanes]
        else:
            here = X[first : first + lanes]
        at = (here.ctypes.data, columns)
        _load(V, stride, lanes, here, a.loaded)
        _forward(varying, V, stride, lanes, at, a.U, blas)
        for j in range(a.outputs.size):
            if a.outputs[j] >= 0:
                row = V[a.outputs[j] * stride : a.outputs[j] * stride + lanes]
                a.totals[j] += _total(row)
                if values.size:
                    values[first : first + lanes, j] = row
        if a.seeds.size == 0:
            continue
        G[first_gradient : varying.args.shape[0] * stride] = -0.0
        for j in range(a.outputs.size):
            if a.outputs[j] >= 0 and a.seeds[j] != 0.0:
                G[a.outputs[j] * stride : a.outputs[j] * stride + lanes] += a.seeds[j]
        _reverse(varying, V, G, stride, lanes, at, a.U, a.GU, blas)
        if inputs_gradient.size:
            for k in range(lanes):
                for j in range(columns):
                    inputs_gradient[first + k, j] = G[j * stride + k] + 0.0


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
