"""ONNX's operators on arrays of Values: what a node of a file computes, written with our own functions.

An array of Values is a NumPy array of objects; what holds plain numbers only, such as a shape, stays numbers.
The first axis is that of the samples, of which there is one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from typing import Any, Protocol

import numpy as np

import autograd
from autograd import Value, dot, log_softmax, logical_not, lookup, mean, softmax, where
from nn.activations import ACTIVATIONS
from nn.exporting.onnx_bodies import OPERATORS as ACTIVATED
from nn.exporting.onnx_bodies import windows


class Node(Protocol):
    """A node of a file: its attributes by name, the version of its operator, and how many outputs it has."""

    attributes: dict[str, Any]
    version: int
    outputs: int


PLAIN = frozenset({bool, int, float})


def array(values: Sequence[Any], shape: Sequence[int]) -> Any:
    """Return Values or numbers in a row as an array of a shape."""
    if PLAIN.issuperset(map(type, values)):
        return np.array(values).reshape(shape)
    return np.fromiter(values, object, len(values)).reshape(shape)


def each(function: Callable[..., Any], *arrays: Any) -> Any:
    """Return what a function gives for each number of arrays, which are broadcast."""
    spread = np.broadcast_arrays(*arrays)
    rows = zip(*(a.ravel().tolist() for a in spread), strict=True)
    return array([function(*row) for row in rows], spread[0].shape)


def _each(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda node, *arrays: each(function, *arrays)


def _by_row(function: Callable[[list[Any]], Any], x: Any) -> Any:
    """Return what a function makes of the numbers along the last axis: as many, or one."""
    made = [function(row.tolist()) for row in x.reshape(-1, x.shape[-1])]
    if made and isinstance(made[0], list):
        return array([v for row in made for v in row], (*x.shape[:-1], len(made[0])))
    return array(made, x.shape[:-1])


def _whole(x: Any) -> list[int]:
    """Return an array of whole numbers as a list."""
    return [int(n) for n in x.ravel().tolist()]


def _axes(node: Node, rank: int, given: Any = None) -> list[int] | None:
    """Return the axes of a node, an input or an attribute; None if it names none."""
    axes = node.attributes.get("axes") if given is None else _whole(given)
    return None if axes is None else [axis % rank for axis in axes]


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


def _matmul(node: Node, a: Any, b: Any) -> Any:
    left, right = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    outer = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    lefts = np.broadcast_to(left, (*outer, *left.shape[-2:])).reshape(-1, *left.shape[-2:])
    rights = np.broadcast_to(right, (*outer, *right.shape[-2:])).reshape(-1, *right.shape[-2:])
    made = [_products(y.T, x).T for x, y in zip(lefts, rights, strict=True)]  # a column of weights first
    found = np.stack(made).reshape(*outer, left.shape[-2], right.shape[-1])
    found = found[..., 0, :] if a.ndim == 1 else found
    return found[..., 0] if b.ndim == 1 else found


def _gemm(node: Node, a: Any, b: Any, c: Any = None) -> Any:
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


def _conv(node: Node, x: Any, W: Any, b: Any = None) -> Any:
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


def _max_pool(node: Node, x: Any) -> Any:
    return _pooled(node, x, lambda window, size: reduce(Value.maximum, window))


def _average_pool(node: Node, x: Any) -> Any:
    if node.attributes.get("count_include_pad"):
        return _pooled(node, x, lambda window, size: autograd.sum(window) / size)
    return _pooled(node, x, lambda window, size: mean(window))


def _largest(values: Sequence[Any]) -> Any:
    return reduce(Value.maximum, values) if any(isinstance(v, Value) for v in values) else max(values)


def _smallest(values: Sequence[Any]) -> Any:
    return reduce(Value.minimum, values) if any(isinstance(v, Value) for v in values) else min(values)


def _global(function: Callable[[Any], Any]) -> Callable[..., Any]:
    def pooled(node: Node, x: Any) -> Any:
        return _by_row(function, x.reshape(*x.shape[:2], -1)).reshape(*x.shape[:2], *[1] * (x.ndim - 2))

    return pooled


# -------------------------------------------------------------------------------------------- norms


def _along(x: Any, axis: int, function: Callable[[list[Any]], Any], before_13: bool = False) -> Any:
    """Return what a function makes of the numbers along an axis; once, along all from it on."""
    if before_13:
        return _by_row(function, x.reshape(prod(x.shape[: axis % x.ndim]), -1)).reshape(x.shape)
    return np.moveaxis(_by_row(function, np.moveaxis(x, axis, -1)), -1, axis)


def _softmax(function: Callable[[Any], Any]) -> Callable[..., Any]:
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


def _layer_norm(node: Node, x: Any, scale: Any, bias: Any = None) -> Any:
    y = _normed(x, node.attributes.get("axis", -1), node.attributes.get("epsilon", 1e-5), True) * scale
    return y if bias is None else y + bias


def _rms_norm(node: Node, x: Any, scale: Any) -> Any:
    return _normed(x, node.attributes.get("axis", -1), node.attributes.get("epsilon", 1e-5), False) * scale


def _batch_norm(node: Node, x: Any, scale: Any, bias: Any, middle: Any, variance: Any) -> Any:
    size = (variance + node.attributes.get("epsilon", 1e-5)) ** -0.5
    scale, bias, middle, size = (v.reshape(-1, *[1] * (x.ndim - 2)) for v in (scale, bias, middle, size))
    return (x - middle) * size * scale + bias


# ---------------------------------------------------------------------------------------- shapes, places


def _reshape(node: Node, x: Any, shape: Any) -> Any:
    keeps = not node.attributes.get("allowzero")
    return x.reshape([x.shape[k] if n == 0 and keeps else n for k, n in enumerate(_whole(shape))])


def _flatten(node: Node, x: Any) -> Any:
    axis = node.attributes.get("axis", 1)
    return x.reshape(prod(x.shape[: axis if axis >= 0 else axis + x.ndim]), -1)


def _squeeze(node: Node, x: Any, axes: Any = None) -> Any:
    found = _axes(node, x.ndim, axes)
    return np.squeeze(x) if found is None else np.squeeze(x, tuple(found))


def _unsqueeze(node: Node, x: Any, axes: Any = None) -> Any:
    given = node.attributes.get("axes") if axes is None else _whole(axes)
    return np.expand_dims(x, tuple(given))


def _split(node: Node, x: Any, sizes: Any = None) -> list[Any]:
    axis = node.attributes.get("axis", 0)
    given = node.attributes.get("split") if sizes is None else _whole(sizes)
    if given is None:
        parts = node.attributes.get("num_outputs") or node.outputs
        each_part = -(-x.shape[axis] // parts)
        return np.split(x, range(each_part, x.shape[axis], each_part), axis)
    return np.split(x, np.cumsum(given)[:-1], axis)


def _slice(node: Node, x: Any, *given: Any) -> Any:
    names = ("starts", "ends", "axes", "steps")
    found = [_whole(v) for v in given] or [node.attributes[n] for n in names if n in node.attributes]
    starts, ends = found[:2]
    axes = found[2] if len(found) > 2 else range(len(starts))
    steps = found[3] if len(found) > 3 else [1] * len(starts)
    chosen = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        last = None if step < 0 and end < -x.shape[axis] else end
        chosen[axis] = slice(start, last, step)
    return x[tuple(chosen)]


def _gather(node: Node, data: Any, indices: Any) -> Any:
    axis = node.attributes.get("axis", 0)
    if indices.dtype != object:
        return np.take(data, indices.astype(int), axis)
    table = np.moveaxis(data, axis, 0)
    rows = [lookup(i, table.reshape(len(table), -1).tolist()) for i in indices.ravel().tolist()]
    found = array([v for row in rows for v in row], (*indices.shape, *table.shape[1:]))
    return np.moveaxis(found, range(indices.ndim), range(axis, axis + indices.ndim))


def _reduced(function: Callable[[Any], Any]) -> Callable[..., Any]:
    def reduced(node: Node, x: Any, axes: Any = None) -> Any:
        found = _axes(node, x.ndim, axes)
        if not found:
            if node.attributes.get("noop_with_empty_axes"):
                return x
            found = list(range(x.ndim))
        kept = [axis for axis in range(x.ndim) if axis not in found]
        sizes = [x.shape[axis] for axis in kept]
        y = _by_row(function, x.transpose(*kept, *found).reshape(*sizes, -1))
        return np.expand_dims(y, tuple(found)) if node.attributes.get("keepdims", 1) else y

    return reduced


def _pad(node: Node, x: Any, pads: Any = None, value: Any = None, axes: Any = None) -> Any:
    given = node.attributes["pads"] if pads is None else _whole(pads)
    fill = node.attributes.get("value", 0.0) if value is None else value.item()
    half, around = len(given) // 2, [(0, 0)] * x.ndim
    for k, axis in enumerate(range(x.ndim) if axes is None else _whole(axes)):
        around[axis] = given[k], given[half + k]
    return np.pad(x, around, constant_values=fill)


def _clip(node: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    bounds = {
        name: node.attributes.get(name) if given is None else given.item()
        for name, given in (("min", low), ("max", high))
    }
    at_least, at_most = bounds["min"], bounds["max"]
    ends = (-np.inf if at_least is None else at_least, np.inf if at_most is None else at_most)
    return each(lambda v: v.clip(*ends) if isinstance(v, Value) else min(max(v, ends[0]), ends[1]), x)


def _constant_of_shape(node: Node, shape: Any) -> Any:
    value = node.attributes.get("value")
    return np.full(_whole(shape), 0.0 if value is None else value[0])


def _cast(node: Node, x: Any) -> Any:
    """Return Values as they are: what is whole stays whole."""
    return x.astype(int) if x.dtype != object and node.attributes["to"] in WHOLE else x


WHOLE = (2, 3, 4, 5, 6, 7, 9, 12, 13)
"""The numbers by which ONNX calls the types of whole numbers."""


def _shape(node: Node, x: Any) -> Any:
    return np.array(x.shape[node.attributes.get("start", 0) : node.attributes.get("end")], int)


# ------------------------------------------------------------------------------------- recurrent, attention


def _rnn_step(node: Node, of_x: Any, of_h: Any, h: Any) -> tuple[Any, ...]:
    name = (node.attributes.get("activations") or ["Tanh"])[0]
    return (each(getattr(Value, name.lower()), of_x + of_h),)


def _lstm_step(node: Node, of_x: Any, of_h: Any, h: Any, c: Any) -> tuple[Any, ...]:
    i, o, f, g = np.split(of_x + of_h, 4, axis=1)
    i, o, f = (each(Value.sigmoid, gate) for gate in (i, o, f))
    c = f * c + i * each(Value.tanh, g)
    return o * each(Value.tanh, c), c


def _gru_step(node: Node, of_x: Any, of_h: Any, h: Any) -> tuple[Any, ...]:
    (zx, rx, nx), (zh, rh, nh) = np.split(of_x, 3, axis=1), np.split(of_h, 3, axis=1)
    z, r = each(Value.sigmoid, zx + zh), each(Value.sigmoid, rx + rh)
    return ((1 - z) * each(Value.tanh, nx + r * nh) + z * h,)


def _unrolled(step: Callable[..., Any], states: int) -> Callable[..., Any]:
    def run(node: Node, X: Any, W: Any, R: Any, B: Any = None, lengths: Any = None, *start: Any) -> list[Any]:
        n, samples = node.attributes["hidden_size"], X.shape[1]
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


def _attention(node: Node, Q: Any, K: Any, V: Any) -> Any:
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


def _positions(node: Node, x: Any) -> Any:
    return np.arange(x.shape[1])


def _embedding(node: Node, weight: Any, ids: Any) -> Any:
    table = weight.tolist()
    rows = [lookup(i, table) for i in ids.ravel().tolist()]
    return array([v for row in rows for v in row], (*ids.shape, weight.shape[1]))


# ------------------------------------------------------------------------------------------------ the table


def _divided(a: Any, b: Any) -> Any:
    return int(a / b) if isinstance(a, int) and isinstance(b, int) else a / b


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    return (a if condition else b) if type(condition) is bool else where(condition, a, b)


def _opposite(condition: Any) -> Any:
    return not condition if type(condition) is bool else logical_not(condition)


def _prelu(z: Any, slope: Any) -> Any:
    return z.prelu(slope)


def _joined(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda node, *arrays: each(lambda *row: function(row), *arrays)


def _leaky(node: Node, x: Any) -> Any:
    return each(lambda z: z.leaky_relu(node.attributes.get("alpha", 0.01)), x)


def _elu(node: Node, x: Any) -> Any:
    return each(lambda z: z.elu(node.attributes.get("alpha", 1.0)), x)


def _selu(node: Node, x: Any) -> Any:
    alpha, gamma = (node.attributes.get(name, usual) for name, usual in SELU.items())
    if {"alpha": alpha, "gamma": gamma} == SELU:  # which are ours in single precision
        return each(Value.selu, x)
    return each(lambda z: gamma * z.elu(alpha), x)


SELU = {"alpha": float(np.float32(1.6732632423543772)), "gamma": float(np.float32(1.0507009873554805))}
"""What the attributes of Selu are where they are left out."""
OF_ONE = {
    ACTIVATED[name]: _each(function) for name, function in ACTIVATIONS.items()
    if name not in ("linear", "prelu", "leaky_relu", "elu", "selu")
}  # fmt: skip
OPERATORS: dict[str, Callable[..., Any]] = {
    **OF_ONE, "LeakyRelu": _leaky, "Elu": _elu, "Selu": _selu, "PRelu": _each(_prelu),
    **{name: _each(getattr(Value, name.lower())) for name in (
        "Sqrt", "Exp", "Log", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh",
        "Erf",
    )},
    "Add": _each(operator.add), "Sub": _each(operator.sub), "Mul": _each(operator.mul),
    "Div": _each(_divided), "Pow": _each(operator.pow), "Mod": _each(operator.mod),
    "Neg": _each(operator.neg), "Abs": _each(abs),
    "Reciprocal": _each(lambda z: 1 / z), "Floor": _each(autograd.floor), "Round": _each(Value.round),
    "Min": _joined(_smallest), "Max": _joined(_largest), "Sum": _joined(sum), "Clip": _clip,
    "Where": _each(_chosen), "Equal": _each(operator.eq), "Less": _each(operator.lt),
    "LessOrEqual": _each(operator.le), "Greater": _each(operator.gt), "GreaterOrEqual": _each(operator.ge),
    "Not": _each(_opposite), "And": _each(operator.and_), "Or": _each(operator.or_),
    "MatMul": _matmul, "Gemm": _gemm, "Conv": _conv, "MaxPool": _max_pool, "AveragePool": _average_pool,
    "GlobalAveragePool": _global(mean), "GlobalMaxPool": _global(_largest),
    "BatchNormalization": _batch_norm, "LayerNormalization": _layer_norm, "RMSNormalization": _rms_norm,
    "Softmax": _softmax(softmax), "LogSoftmax": _softmax(log_softmax),
    "RNN": _unrolled(_rnn_step, 1), "LSTM": _unrolled(_lstm_step, 2), "GRU": _unrolled(_gru_step, 1),
    "Attention": _attention, "Embedding": _embedding, "Positions": _positions,
    "Identity": lambda node, x: x, "Dropout": lambda node, x, *rest: x, "Cast": _cast,
    "Flatten": _flatten, "Reshape": _reshape, "Squeeze": _squeeze, "Unsqueeze": _unsqueeze,
    "Transpose": lambda node, x: x.transpose(node.attributes.get("perm")),
    "Concat": lambda node, *arrays: np.concatenate(arrays, node.attributes["axis"]),
    "Split": _split, "Slice": _slice, "Gather": _gather, "Pad": _pad,
    "Expand": lambda node, x, shape: np.broadcast_to(x, np.broadcast_shapes(x.shape, _whole(shape))),
    "Shape": _shape, "ConstantOfShape": _constant_of_shape,
    "Range": lambda node, start, end, step: np.arange(start.item(), end.item(), step.item()),
    "ReduceSum": _reduced(autograd.sum), "ReduceMean": _reduced(mean), "ReduceMax": _reduced(_largest),
    "ReduceMin": _reduced(_smallest), "ReduceLogSumExp": _reduced(autograd.logsumexp),
}  # fmt: skip
"""What each operator computes: of a node and its inputs, one array or several."""
