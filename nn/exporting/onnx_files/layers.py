"""ONNX's operators that are layers, on arrays of Values: products, windows, norms, cells and attention.

The first axis is that of the samples, of which there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

import autograd
from autograd import Value, dot, lookup, mean, softmax
from nn.exporting.onnx_files.arrays import Node, array, axis_of, by_row, each, largest
from nn.exporting.onnx_files.bodies import windows

# -------------------------------------------------------------------------------- products and windows


def _products(rows: Any, columns: Any, bias: Any = None) -> Any:
    """Return the product of each row with each column; the biases are one for each row or column."""
    biases = [[None] * len(columns)] * len(rows) if bias is None else bias.tolist()
    held, passing = [row.tolist() for row in rows], [column.tolist() for column in columns]
    made = [
        dot(row, column, b) for row, of_row in zip(held, biases, strict=True)
        for column, b in zip(passing, of_row, strict=True)
    ]  # fmt: skip
    return array(made, (len(rows), len(columns)))


def matmul(node: Node, a: Any, b: Any) -> Any:
    """Return the product of matrices, of which further axes may give several, or of vectors."""
    left, right = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    outer = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    lefts = np.broadcast_to(left, (*outer, *left.shape[-2:])).reshape(-1, *left.shape[-2:])
    rights = np.broadcast_to(right, (*outer, *right.shape[-2:])).reshape(-1, *right.shape[-2:])
    made = [_products(y.T, x).T for x, y in zip(lefts, rights, strict=True)]  # a column of weights first
    found = np.stack(made).reshape(*outer, left.shape[-2], right.shape[-1])
    found = found[..., 0, :] if a.ndim == 1 else found
    return found[..., 0] if b.ndim == 1 else found


def gemm(node: Node, a: Any, b: Any, c: Any = None) -> Any:
    """Return α·A·B + β·C, each of A and B transposed if the node says so."""
    alpha, beta = (node.attributes.get(name, 1.0) for name in ("alpha", "beta"))
    a = a.T if node.attributes.get("transA") else a
    b = b if node.attributes.get("transB") else b.T
    shape = len(a), len(b)
    if alpha == beta == 1:
        bias = None if c is None else np.broadcast_to(c, shape).T
        return _products(b, a, bias).T
    y = alpha * _products(b, a).T
    return y if c is None else y + beta * np.broadcast_to(c, shape)


def _pads(node: Node, size: Sequence[int], kernel: Sequence[int], stride: Any, apart: Any) -> list[int]:
    """Return how much is put before each axis of a plane, and then how much after each."""
    how = node.attributes.get("auto_pad", "NOTSET")
    if not how.startswith("SAME"):
        return (how == "NOTSET" and node.attributes.get("pads")) or [0] * (2 * len(size))
    more = [
        max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        for n, k, s, d in zip(size, kernel, stride, apart, strict=True)
    ]
    less = [n // 2 for n in more]
    rest = [n - half for n, half in zip(more, less, strict=True)]
    return less + rest if how == "SAME_UPPER" else rest + less


def _windows(node: Node, size: Sequence[int], kernel: Sequence[int]) -> Any:
    """Return which numbers of a plane stand in each window, and −1 for what was put around it."""
    stride, apart = (node.attributes.get(name) or [1] * len(size) for name in ("strides", "dilations"))
    pads, half = _pads(node, size, kernel, stride, apart), len(size)
    around = [*zip(pads[:half], pads[half:], strict=True)]
    grid = np.pad(np.arange(prod(size)).reshape(size), around, constant_values=-1)
    return windows(grid, kernel, stride, apart)


def conv(node: Node, x: Any, W: Any, b: Any = None) -> Any:
    """Return what each kernel gives at each place: w·x + b of what is under it in its planes."""
    groups, kernel = node.attributes.get("group", 1), W.shape[2:]
    places = _windows(node, x.shape[2:], kernel)
    out = places.shape[:-1]
    made = []
    for sample in x.reshape(len(x), x.shape[1], -1):
        padded = np.concatenate([sample, np.zeros((len(sample), 1), object)], axis=1)  # −1 is the last
        for k, own in enumerate(np.split(padded, groups)):
            patches = own[:, places.reshape(-1, places.shape[-1])]  # (planes, windows, numbers)
            columns = np.moveaxis(patches, 0, 1).reshape(len(places.reshape(-1, places.shape[-1])), -1)
            rows = np.split(W.reshape(len(W), -1), groups)[k]
            bias = None
            if b is not None:
                of_group = np.split(b, groups)[k]
                bias = np.broadcast_to(of_group[:, None], (len(rows), len(columns)))
            made.append(_products(rows, columns, bias))
    return np.concatenate(made).reshape(len(x), len(W), *out)


def _pooled(node: Node, x: Any, pool: Callable[[list[Any], int], Any]) -> Any:
    places = _windows(node, x.shape[2:], node.attributes["kernel_shape"])
    flat, each_window = x.reshape(*x.shape[:2], -1), places.reshape(-1, places.shape[-1])
    made = [
        pool([plane[p] for p in window.tolist() if p >= 0], len(window))
        for planes in flat for plane in planes for window in each_window
    ]  # fmt: skip
    return array(made, (*x.shape[:2], *places.shape[:-1]))


def max_pool(node: Node, x: Any) -> Any:
    """Return the largest number of each window; what was put around a plane does not count."""
    return _pooled(node, x, lambda window, size: largest(window))


def average_pool(node: Node, x: Any) -> Any:
    """Return the mean of each window; zeros that were put around a plane count if the node says so."""
    if node.attributes.get("count_include_pad"):
        return _pooled(node, x, lambda window, size: autograd.sum(window) / size)
    return _pooled(node, x, lambda window, size: mean(window))


def over_planes(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return the operator that makes one number of each plane."""

    def pooled(node: Node, x: Any) -> Any:
        return by_row(function, x.reshape(*x.shape[:2], -1)).reshape(*x.shape[:2], *[1] * (x.ndim - 2))

    return pooled


# -------------------------------------------------------------------------------------------- norms


def _along(x: Any, axis: int, function: Callable[[list[Any]], Any], before_13: bool = False) -> Any:
    """Return what a function makes of the numbers along an axis; once, along all from it on."""
    if before_13:
        return by_row(function, x.reshape(prod(x.shape[: axis_of(axis, x.ndim)]), -1)).reshape(x.shape)
    return np.moveaxis(by_row(function, np.moveaxis(x, axis, -1)), -1, axis)


def along_axis(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return the operator that makes of the numbers along an axis as many others."""

    def applied(node: Node, x: Any) -> Any:
        old = node.version < 13
        return _along(x, node.attributes.get("axis", 1 if old else -1), function, old)

    return applied


def _normed(x: Any, axis: int, epsilon: float, centred: bool) -> Any:
    def normed(row: list[Any]) -> list[Any]:
        middle = mean(row) if centred else 0.0
        values = [v - middle for v in row] if centred else row
        scale = (dot(values, values) / len(values) + epsilon) ** -0.5
        return [v * scale for v in values]

    return _along(x, axis, normed, before_13=True)


def layer_norm(node: Node, x: Any, scale: Any, bias: Any = None) -> Any:
    """Return the numbers from an axis on about their mean, in units of their deviation."""
    y = _normed(x, node.attributes.get("axis", -1), node.attributes.get("epsilon", 1e-5), True) * scale
    return y if bias is None else y + bias


def rms_norm(node: Node, x: Any, scale: Any) -> Any:
    """Return the numbers from an axis on divided by their root mean square."""
    return _normed(x, node.attributes.get("axis", -1), node.attributes.get("epsilon", 1e-5), False) * scale


def batch_norm(node: Node, x: Any, scale: Any, bias: Any, middle: Any, variance: Any) -> Any:
    """Return each plane about its running mean, in units of its running deviation."""
    size = (variance + node.attributes.get("epsilon", 1e-5)) ** -0.5
    scale, bias, middle, size = (v.reshape(-1, *[1] * (x.ndim - 2)) for v in (scale, bias, middle, size))
    return (x - middle) * size * scale + bias


# ------------------------------------------------------------------------------------- recurrent, attention


def rnn_step(node: Node, of_x: Any, of_h: Any, h: Any) -> tuple[Any, ...]:
    """Return the next state of a simple cell: φ(W·x + R·h + b)."""
    name = (node.attributes.get("activations") or ["Tanh"])[0]
    return (each(getattr(Value, name.lower()), of_x + of_h),)


def lstm_step(node: Node, of_x: Any, of_h: Any, h: Any, c: Any) -> tuple[Any, ...]:
    """Return the next state of an LSTM, whose gates are i, o, f and c; see `nn.LSTMCell`."""
    i, o, f, g = np.split(of_x + of_h, 4, axis=1)
    i, o, f = (each(Value.sigmoid, gate) for gate in (i, o, f))
    c = f * c + i * each(Value.tanh, g)
    return o * each(Value.tanh, c), c


def gru_step(node: Node, of_x: Any, of_h: Any, h: Any) -> tuple[Any, ...]:
    """Return the next state of a GRU, whose gates are z, r and h; see `nn.GRUCell`."""
    (zx, rx, nx), (zh, rh, nh) = np.split(of_x, 3, axis=1), np.split(of_h, 3, axis=1)
    z, r = each(Value.sigmoid, zx + zh), each(Value.sigmoid, rx + rh)
    return ((1 - z) * each(Value.tanh, nx + r * nh) + z * h,)


def unrolled(step: Callable[..., Any], states: int) -> Callable[..., Any]:
    """Return the operator that takes a step of a cell for each one of (steps, samples, inputs)."""

    def run(node: Node, X: Any, W: Any, R: Any, B: Any = None, lengths: Any = None, *start: Any) -> list[Any]:
        n, samples = R.shape[2], X.shape[1]
        Wb, Rb = (None, None) if B is None else np.split(B[0], 2)
        zeros = np.zeros((samples, n))
        given = [zeros if k >= len(start) or start[k] is None else start[k][0] for k in range(states)]
        state, every = tuple(given), []
        for x in X:
            of_x, of_h = (
                _products(w, v, None if b is None else np.broadcast_to(b[:, None], (len(w), samples))).T
                for w, v, b in ((W[0], x, Wb), (R[0], state[0], Rb))
            )
            state = step(node, of_x, of_h, *state)
            every.append(state[0])
        return [np.stack(every)[:, None], *(v[None] for v in state)]

    return run


def attention(node: Node, Q: Any, K: Any, V: Any) -> Any:
    """Return the values, mixed by how much each position looks at each, head by head."""
    heads, made = node.attributes["q_num_heads"], []
    for rows in zip(Q, K, V, strict=True):
        parts = []
        for q, k, v in zip(*(np.split(x, heads, axis=1) for x in rows), strict=True):
            scores = _products(q, k) * (q.shape[1] ** -0.5)
            mixed = []
            for t, row in enumerate(scores, 1):
                seen = t if node.attributes.get("is_causal") else len(row)
                shares = softmax(row[:seen].tolist())
                mixed.append([dot(shares, column) for column in v[:seen].T.tolist()])
            parts.append(array([x for row in mixed for x in row], q.shape))
        made.append(np.concatenate(parts, axis=1))
    return np.stack(made)


def positions(node: Node, x: Any) -> Any:
    """Return the positions of a sequence, counted from 0."""
    return np.arange(x.shape[1])


def embedding(node: Node, weight: Any, ids: Any) -> Any:
    """Return the row of each id."""
    table = weight.tolist()
    rows = [lookup(i, table) for i in ids.ravel().tolist()]
    return array([v for row in rows for v in row], (*ids.shape, weight.shape[1]))
