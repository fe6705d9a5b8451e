"""ONNX's operators on arrays of Values: what a node of a file computes, written with our own functions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from math import prod
from typing import Any

import numpy as np

import autograd
from autograd import Value, log_softmax, logical_not, logsumexp, lookup, mean, softmax, where
from nn.activations import ACTIVATIONS
from nn.exporting.onnx_files.arrays import (
    PLAIN,
    Node,
    affordable,
    array,
    axes_of,
    axis_of,
    by_row,
    each,
    largest,
    of_each,
    of_values,
    plainly,
    smallest,
    whole,
)
from nn.exporting.onnx_files.bodies import ACTIVATED
from nn.exporting.onnx_files.layers import (
    along_axis,
    attention,
    average_pool,
    batch_norm,
    conv,
    embedding,
    gemm,
    gru_step,
    layer_norm,
    lstm_step,
    matmul,
    max_pool,
    over_planes,
    positions,
    rms_norm,
    rnn_step,
    unrolled,
)

# ---------------------------------------------------------------------------------------- shapes, places


def _reshape(node: Node, x: Any, shape: Any) -> Any:
    keeps = not node.attributes.get("allowzero")
    return x.reshape([x.shape[k] if n == 0 and keeps else n for k, n in enumerate(whole(shape))])


def _flatten(node: Node, x: Any) -> Any:
    axis = node.attributes.get("axis", 1)
    return x.reshape(prod(x.shape[: axis if axis == x.ndim else axis_of(axis, x.ndim)]), -1)


def _squeeze(node: Node, x: Any, axes: Any = None) -> Any:
    found = axes_of(node, x.ndim, axes)
    return np.squeeze(x) if found is None else np.squeeze(x, tuple(found))


def _unsqueeze(node: Node, x: Any, axes: Any = None) -> Any:
    return np.expand_dims(x, tuple(node.attributes["axes"] if axes is None else whole(axes)))


def _split(node: Node, x: Any, sizes: Any = None) -> list[Any]:
    axis = node.attributes.get("axis", 0)
    given = node.attributes.get("split") if sizes is None else whole(sizes)
    if given is None:
        parts = node.attributes.get("num_outputs") or node.outputs
        each_part = -(-x.shape[axis] // parts)
        return np.split(x, range(each_part, x.shape[axis], each_part), axis)
    return np.split(x, np.cumsum(given)[:-1], axis)


def _slice(node: Node, x: Any, *given: Any) -> Any:
    names = ("starts", "ends", "axes", "steps")
    found = node.attributes | {n: whole(v) for n, v in zip(names, given, strict=False) if v is not None}
    count, chosen = len(found["starts"]), [slice(None)] * x.ndim
    usual = {"axes": range(count), "steps": [1] * count}
    for start, end, axis, step in zip(*((usual | found)[n] for n in names), strict=True):
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
        found = axes_of(node, x.ndim, axes)
        if not found:
            if node.attributes.get("noop_with_empty_axes"):
                return x
            found = list(range(x.ndim))
        kept = [axis for axis in range(x.ndim) if axis not in found]
        sizes = [x.shape[axis] for axis in kept]
        y = by_row(function, x.transpose(*kept, *found).reshape(*sizes, -1))
        return np.expand_dims(y, tuple(found)) if node.attributes.get("keepdims", 1) else y

    return reduced


def _pad(node: Node, x: Any, pads: Any = None, value: Any = None, axes: Any = None) -> Any:
    given = node.attributes["pads"] if pads is None else whole(pads)
    fill = node.attributes.get("value", 0.0) if value is None else value.item()
    half, around = len(given) // 2, [(0, 0)] * x.ndim
    for k, axis in enumerate(range(x.ndim) if axes is None else whole(axes)):
        around[axis] = given[k], given[half + k]
    affordable([n + before + after for n, (before, after) in zip(x.shape, around, strict=True)])
    return np.pad(x, around, constant_values=fill)


def _clip(node: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    bounds = {
        name: node.attributes.get(name) if given is None else given.item()
        for name, given in (("min", low), ("max", high))
    }
    at_least, at_most = bounds["min"], bounds["max"]
    ends = (-np.inf if at_least is None else at_least, np.inf if at_most is None else at_most)
    return each(lambda v: v.clip(*ends) if isinstance(v, Value) else min(max(v, ends[0]), ends[1]), x)


def _tile(node: Node, x: Any, repeats: Any) -> Any:
    affordable([n * times for n, times in zip(x.shape, whole(repeats), strict=True)])
    return np.tile(x, whole(repeats))


def _trilu(node: Node, x: Any, k: Any = None) -> Any:
    first, is_upper = 0 if k is None else int(k.item()), node.attributes.get("upper", 1)
    rows, columns = x.shape[-2:]
    below = np.tri(rows, columns, first - is_upper, dtype=bool)
    return np.where(below ^ bool(is_upper), x, 0.0 if x.dtype == object else np.zeros((), x.dtype))


def _constant_of_shape(node: Node, shape: Any) -> Any:
    value = node.attributes.get("value")
    return np.full(affordable(whole(shape)), 0.0 if value is None else value[0])


def _expand(node: Node, x: Any, shape: Any) -> Any:
    return np.broadcast_to(x, affordable(np.broadcast_shapes(x.shape, tuple(whole(shape)))))


def _range(node: Node, start: Any, end: Any, step: Any) -> Any:
    affordable([int(abs((end.item() - start.item()) / step.item()))])
    return np.arange(start.item(), end.item(), step.item())


def _cast(node: Node, x: Any) -> Any:
    to = node.attributes["to"]
    return each(_as_condition if to == BOOL else _truncated if to in WHOLE else _as_number, x)


def _as_condition(x: Any) -> Any:
    return x != 0 if isinstance(x, Value | int | float) else x


def _as_number(x: Any) -> Any:
    return float(x) if type(x) in PLAIN else x if isinstance(x, Value) else x.value()


def _truncated(x: Any) -> Any:
    """Return a number without what is after its point."""
    if type(x) in PLAIN:
        return int(x)
    v = _as_number(x)
    return where(v < 0, -autograd.floor(-v), autograd.floor(v))


WHOLE = (2, 3, 4, 5, 6, 7, 12, 13)
"""The numbers by which ONNX calls the types of whole numbers."""
BOOL = 9
"""The number by which ONNX calls the type of conditions."""


def _shape(node: Node, x: Any) -> Any:
    return np.array(x.shape[node.attributes.get("start", 0) : node.attributes.get("end")], int)


# ------------------------------------------------------------------------------------------------ the table


QUOTIENT, POWER, REST = map(plainly, (operator.truediv, operator.pow, operator.mod))
"""What is not computed of whole numbers alone: as IEEE has it, also where Python raises, or turns complex."""


def _divided(a: Any, b: Any) -> Any:
    """Return a / b, without what is after its point where the numbers of the file are whole."""
    if type(a) is type(b) is int:
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    y = QUOTIENT(a, b)
    return _truncated(y) if int in {type(a), type(b)} else y


def _power(a: Any, b: Any) -> Any:
    return a**b if type(a) is type(b) is int and b >= 0 else POWER(a, b)


def _rest(a: Any, b: Any) -> Any:
    return a % b if type(a) is type(b) is int else REST(a, b)


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    return (a if condition else b) if type(condition) in PLAIN else where(condition, a, b)


def _opposite(condition: Any) -> Any:
    return not condition if type(condition) in PLAIN else logical_not(condition)


def _joined(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda node, *arrays: each(lambda *row: function(row), *arrays)


def _with_alpha(function: Callable[..., Value], usual: float) -> Callable[..., Any]:
    return lambda node, x: of_values(lambda z: function(z, node.attributes.get("alpha", usual)))(node, x)


def _hard_sigmoid(node: Node, x: Any) -> Any:
    alpha, beta = (node.attributes.get(name, usual) for name, usual in HARD_SIGMOID.items())
    return of_values(lambda z: (alpha * z + beta).clip(0.0, 1.0))(node, x)


def _selu(node: Node, x: Any) -> Any:
    alpha, gamma = (node.attributes.get(name, usual) for name, usual in SELU.items())
    if {"alpha": alpha, "gamma": gamma} == SELU:  # which are ours in single precision
        return of_values(Value.selu)(node, x)
    return of_values(lambda z: gamma * z.elu(alpha))(node, x)


HARD_SIGMOID = {"alpha": float(np.float32(0.2)), "beta": 0.5}
SELU = {"alpha": float(np.float32(1.6732632423543772)), "gamma": float(np.float32(1.0507009873554805))}
"""What the attributes are where they are left out."""
OF_ONE = {
    ACTIVATED[name]: of_values(function) for name, function in ACTIVATIONS.items()
    if name not in ("linear", "prelu", "leaky_relu", "elu", "selu")
}  # fmt: skip
OPERATORS: dict[str, Callable[..., Any]] = {
    **OF_ONE, "LeakyRelu": _with_alpha(Value.leaky_relu, 0.01), "Elu": _with_alpha(Value.elu, 1.0),
    "Selu": _selu, "HardSigmoid": _hard_sigmoid,
    "HardSwish": of_values(lambda z: z * (z / 6 + 0.5).clip(0.0, 1.0)),
    "PRelu": of_values(Value.prelu),
    **{name: of_values(getattr(Value, name.lower())) for name in (
        "Sqrt", "Exp", "Log", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh",
        "Erf",
    )},
    "Add": of_each(operator.add), "Sub": of_each(operator.sub), "Mul": of_each(operator.mul),
    "Div": of_each(_divided), "Pow": of_each(_power), "Mod": of_each(_rest),
    "Neg": of_each(operator.neg), "Abs": of_each(abs),
    "Reciprocal": of_values(lambda z: 1 / z), "Floor": of_values(autograd.floor),
    "Ceil": of_values(lambda z: -autograd.floor(-z)), "Round": of_values(Value.round),
    "Min": _joined(smallest), "Max": _joined(largest), "Sum": _joined(sum), "Clip": _clip,
    "Where": of_each(_chosen), "Equal": of_each(operator.eq), "Less": of_each(operator.lt),
    "LessOrEqual": of_each(operator.le), "Greater": of_each(operator.gt),
    "GreaterOrEqual": of_each(operator.ge),
    "Not": of_each(_opposite), "And": of_each(operator.and_), "Or": of_each(operator.or_),
    "MatMul": matmul, "Gemm": gemm, "Conv": conv, "MaxPool": max_pool, "AveragePool": average_pool,
    "GlobalAveragePool": over_planes(mean), "GlobalMaxPool": over_planes(largest),
    "BatchNormalization": batch_norm, "LayerNormalization": layer_norm, "RMSNormalization": rms_norm,
    "Softmax": along_axis(softmax), "LogSoftmax": along_axis(log_softmax),
    "RNN": unrolled(rnn_step, 1), "LSTM": unrolled(lstm_step, 2), "GRU": unrolled(gru_step, 1),
    "Attention": attention, "Embedding": embedding, "Positions": positions,
    "Identity": lambda node, x: x, "Dropout": lambda node, x, *rest: x, "Cast": _cast,
    "Flatten": _flatten, "Reshape": _reshape, "Squeeze": _squeeze, "Unsqueeze": _unsqueeze,
    "Transpose": lambda node, x: x.transpose(node.attributes.get("perm")),
    "Concat": lambda node, *arrays: np.concatenate(arrays, node.attributes["axis"]),
    "Split": _split, "Slice": _slice, "Gather": _gather, "Pad": _pad,
    "Expand": _expand, "Tile": _tile, "Trilu": _trilu,
    "Shape": _shape, "ConstantOfShape": _constant_of_shape,
    "Range": _range,
    "ReduceSum": _reduced(autograd.sum), "ReduceMean": _reduced(mean), "ReduceMax": _reduced(largest),
    "ReduceL1": _reduced(lambda row: autograd.sum([abs(v) for v in row])),
    "ReduceSumSquare": _reduced(lambda row: autograd.sum([v * v for v in row])),
    "ReduceProd": _reduced(lambda row: reduce(operator.mul, row)),
    "ReduceMin": _reduced(smallest), "ReduceLogSumExp": _reduced(logsumexp),
}  # fmt: skip
"""What each operator computes: of a node and its inputs, one array or several."""
