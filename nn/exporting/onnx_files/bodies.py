"""Operators as functions of an ONNX file, in operators that every runtime has in double precision.

onnxruntime 1.32 has no Conv, no pooling by means, no recurrent operator and few activations in double
precision, and attributes of operators, such as a norm's epsilon, are single in every file.  So in a file of
doubles these are functions of their names, with the same inputs and attributes.  What ONNX does not have, or
only in later versions, is a function in every file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from autograd import Value
from autograd.tape import OnnxNodes

DOMAIN = "chainrule"
"""The domain of the functions."""
Attributes = Mapping[str, Any]

ACTIVATED = {
    "relu": "Relu", "leaky_relu": "LeakyRelu", "prelu": "PRelu", "elu": "Elu", "selu": "Selu", "gelu": "Gelu",
    "silu": "Silu", "softplus": "Softplus", "sigmoid": "Sigmoid", "tanh": "Tanh", "sin": "Sin",
}  # fmt: skip
"""The operator of each activation; `linear` needs none."""


def windows(plane: Any, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int] = ()) -> Any:
    """Return what stands in each window on a plane, of shape (windows each way, numbers of a window).

    Args:
        plane: an array.
        kernel: the size of a window.
        stride: how far it is from one window to the next.
        dilation: how far it is from one number of a window to the next; 1 by default.

    >>> windows(np.arange(4).reshape(1, 4), (1, 2), (1, 2)).tolist()
    [[[0, 1], [2, 3]]]
    """
    apart = dilation or (1,) * len(kernel)
    span = tuple((n - 1) * d + 1 for n, d in zip(kernel, apart, strict=True))
    found = np.lib.stride_tricks.sliding_window_view(plane, span)
    found = found[tuple(slice(None, None, step) for step in (*stride, *apart))]
    return found.reshape(*found.shape[: len(kernel)], -1)


def _reduced(g: OnnxNodes, operator: str, x: str, *axes: int, keepdims: int = 1) -> str:
    """Return what an operator makes of some axes, which are an input from version 18 on."""
    if g.operators < 18:
        return g.node(operator, x, axes=axes, keepdims=keepdims)
    return g.node(operator, x, g.whole(*axes), keepdims=keepdims)


def _split(g: OnnxNodes, parts: int, x: str, axis: int) -> list[str]:
    """Return equal parts along an axis; from version 18 on their number is to be told."""
    told = {} if g.operators < 18 else {"num_outputs": parts}
    return g.several("Split", parts, x, axis=axis, **told)


def _patches(g: OnnxNodes, a: Attributes, shape: Sequence[int], x: str) -> Any:
    """Return the numbers of each window, channel by channel, and the size of what comes out."""
    channels, *size = shape
    half, pads = len(size), a.get("pads", ())
    if any(pads):
        x = g.node("Pad", x, g.whole(0, 0, *pads[:half], 0, 0, *pads[half:]))
        size = [n + before + after for n, before, after in zip(size, pads[:half], pads[half:], strict=True)]
    places = windows(
        np.arange(prod(size)).reshape(size),
        a["kernel_shape"],
        a.get("strides") or [1] * half,
        a.get("dilations", ()),
    )
    flat = g.node("Reshape", x, g.whole(0, channels, -1))
    index = g.number(places.reshape(-1, places.shape[-1]).T, np.int64)
    return g.node("Gather", flat, index, axis=2), places.shape[:-1]


def conv(g: OnnxNodes, a: Attributes, shape: Any, X: str, W: str, B: str = "") -> list[str]:
    """Give a product of each kernel with the numbers of each window, and its bias."""
    found, out = _patches(g, a, shape, X)
    groups = a.get("group", 1)
    numbers = shape[0] // groups * prod(a["kernel_shape"])
    columns = g.node("Reshape", found, g.whole(0, groups, numbers, -1))
    z = g.node("MatMul", g.node("Reshape", W, g.whole(groups, -1, numbers)), columns)
    z = g.node("Reshape", z, g.whole(0, -1, prod(out)))
    if B:
        z = g.node("Add", z, g.node("Unsqueeze", B, g.whole(1)))
    return [g.node("Reshape", z, g.whole(0, 0, *out))]


def average_pool(g: OnnxNodes, a: Attributes, shape: Any, X: str) -> list[str]:
    """Give the mean of each window."""
    found, out = _patches(g, a, shape, X)
    return [g.node("Reshape", _reduced(g, "ReduceMean", found, 2, keepdims=0), g.whole(0, 0, *out))]


def _over_planes(operator: str) -> Callable[..., list[str]]:
    """Return the body of what makes one number of each plane."""

    def body(g: OnnxNodes, a: Attributes, shape: Any, X: str) -> list[str]:
        return [_reduced(g, operator, X, *range(2, len(shape) + 1))]

    return body


def _row(a: Attributes, shape: Any) -> range:
    """Return the axes from that of a norm on, counted from the last one."""
    axis = a.get("axis", -1)
    return range(axis if axis < 0 else axis - len(shape) - 1, 0)


def _normed(g: OnnxNodes, a: Attributes, shape: Any, X: str, scale: str) -> str:
    square = _reduced(g, "ReduceMean", g.node("Mul", X, X), *_row(a, shape))
    size = g.node("Sqrt", g.node("Add", square, g.number(a.get("epsilon", 1e-5))))
    return g.node("Mul", g.node("Div", X, size), scale)


def rms_normalization(g: OnnxNodes, a: Attributes, shape: Any, X: str, scale: str) -> list[str]:
    """Give each row divided by its root mean square; see `nn.RMSNorm`."""
    return [_normed(g, a, shape, X, scale)]


def layer_normalization(
    g: OnnxNodes, a: Attributes, shape: Any, X: str, Scale: str, B: str = ""
) -> list[str]:
    """Give each row about its mean, in units of its deviation; see `nn.LayerNorm`."""
    y = _normed(g, a, shape, g.node("Sub", X, _reduced(g, "ReduceMean", X, *_row(a, shape))), Scale)
    return [g.node("Add", y, B) if B else y]


def embedding(g: OnnxNodes, a: Attributes, shape: Any, weight: str, ids: str) -> list[str]:
    """Give the row of each id, and nan for what is not an id."""
    count = g.node("Cast", g.node("Shape", weight, start=0, end=1), to=g.kind)
    last = g.node("Squeeze", g.node("Sub", count, g.number(1.0)))
    nearest = g.node("Clip", g.node("Round", ids), g.number(0.0), last)
    found = g.node("Equal", nearest, ids)
    row = g.node("Cast", g.node("Where", found, nearest, g.number(0.0)), to=g.onnx.TensorProto.INT64)
    rows = g.node("Gather", weight, row)
    return [g.node("Where", g.node("Unsqueeze", found, g.whole(-1)), rows, g.number(np.nan))]


def positions(g: OnnxNodes, a: Attributes, shape: Any, X: str) -> list[str]:
    """Give the positions of each sample, counted from 0."""
    length = g.node("Squeeze", g.node("Shape", X, start=1, end=2))
    return [g.node("Cast", g.node("Range", g.number(0, np.int64), length, g.number(1, np.int64)), to=g.kind)]


def attention(g: OnnxNodes, a: Attributes, shape: Any, Q: str, K: str, V: str) -> list[str]:
    """Give the values, mixed by how much each position looks at each, head by head; see `nn.Attention`."""
    heads, width = a["q_num_heads"], shape[-1]
    by_head = g.whole(0, 0, heads, width // heads)
    queries, keys, values = (
        g.node("Transpose", g.node("Reshape", part, by_head), perm=perm)
        for part, perm in zip((Q, K, V), ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True)
    )
    scores = g.node("Mul", g.node("MatMul", queries, keys), g.number((width // heads) ** -0.5))
    if a["is_causal"]:
        (places,) = positions(g, {}, (), Q)
        later = g.node("Less", g.node("Unsqueeze", places, g.whole(1)), places)
        scores = g.node("Where", later, g.number(-np.inf), scores)
    mixed = g.node("MatMul", g.node("Softmax", scores, axis=-1), values)
    return [g.node("Reshape", g.node("Transpose", mixed, perm=[0, 2, 1, 3]), g.whole(0, 0, width))]


def prelu(g: OnnxNodes, a: Attributes, shape: Any, X: str, slope: str) -> list[str]:
    """Give x, or slope·x below 0."""
    y: Any = Value(1.0).prelu(1.0)
    return [g.applied(y.op, [X, slope])]


def hard_sigmoid(g: OnnxNodes, a: Attributes, shape: Any, X: str) -> list[str]:
    """Give alpha·x + beta, but not below 0 and not above 1."""
    alpha, beta = (
        g.number(a.get(name, usual)) for name, usual in (("alpha", np.float32(0.2)), ("beta", 0.5))
    )
    line = g.node("Add", g.node("Mul", X, alpha), beta)
    return [g.node("Clip", line, g.number(0.0), g.number(1.0))]


def hard_swish(g: OnnxNodes, a: Attributes, shape: Any, X: str) -> list[str]:
    """Give x · (x / 6 + ½), the latter not below 0 and not above 1."""
    return [g.node("Mul", X, *hard_sigmoid(g, {"alpha": 1 / 6}, shape, X))]


def _pointwise(function: Callable[..., Value]) -> Callable[..., list[str]]:
    """Return the body of a function of each number, and of the attributes, such as an alpha."""

    def body(g: OnnxNodes, a: Attributes, shape: Any, X: str) -> list[str]:
        x = Value(1.0)
        y: Any = function(x, *a.values())
        return [g.applied(y.op, [X if v is x else g.number(v.data) for v in y.inputs])]

    return body


# -------------------------------------------------------------------------------------- recurrent cells


def _gates(g: OnnxNodes, x: str, h: str, weights: Sequence[str]) -> tuple[str, str]:
    """Return W·x + b and R·h + b of all gates, or without the biases."""
    of_x, of_h = (g.node("MatMul", rows, w) for rows, w in zip((x, h), weights[:2], strict=True))
    biases = weights[2:]
    return (g.node("Add", of_x, biases[0]), g.node("Add", of_h, biases[1])) if biases else (of_x, of_h)


def _rnn_step(g: OnnxNodes, a: Attributes, x: str, h: str, *weights: str) -> list[str]:
    return [g.node(a.get("activations", ["Tanh"])[0], g.node("Add", *_gates(g, x, h, weights)))]


def _lstm_step(g: OnnxNodes, a: Attributes, x: str, h: str, c: str, *weights: str) -> list[str]:
    gates = _split(g, 4, g.node("Add", *_gates(g, x, h, weights)), 1)
    i, o, f = (g.node("Sigmoid", gate) for gate in gates[:3])
    c = g.node("Add", g.node("Mul", f, c), g.node("Mul", i, g.node("Tanh", gates[3])))
    return [g.node("Mul", o, g.node("Tanh", c)), c]


def _gru_step(g: OnnxNodes, a: Attributes, x: str, h: str, *weights: str) -> list[str]:
    of_x, of_h = (_split(g, 3, gates, 1) for gates in _gates(g, x, h, weights))
    z, r = (g.node("Sigmoid", g.node("Add", *pair)) for pair in zip(of_x[:2], of_h[:2], strict=True))
    new = g.node("Tanh", g.node("Add", of_x[2], g.node("Mul", r, of_h[2])))
    kept = g.node("Mul", z, h)
    return [g.node("Add", g.node("Mul", g.node("Sub", g.number(1.0), z), new), kept)]


def _scanned(step: Callable[..., list[str]], states: int) -> Callable[..., list[str]]:
    """Return the body of a recurrent operator, whose cell takes this step."""

    def body(
        g: OnnxNodes, a: Attributes, shape: Any, X: str, W: str, R: str, B: str = "",
        sequence_lens: str = "", initial_h: str = "", initial_c: str = "",
    ) -> list[str]:  # fmt: skip
        n = a["hidden_size"]
        weights = [g.node("Transpose", g.node("Squeeze", w, g.whole(0)), perm=[1, 0]) for w in (W, R)]
        weights += _split(g, 2, g.node("Squeeze", B, g.whole(0)), 0) if B else []
        inner, begin = Inner(g.dtype), [initial_h, initial_c][:states]
        inner.operators, before = g.operators, [f"state{k}" for k in range(states)]
        after = step(inner, a, "row", *before, *weights)
        inner.nodes.append(g.helper.make_node("Identity", after[:1], ["seen"]))

        def info(name: str, size: int) -> Any:
            return g.helper.make_tensor_value_info(name, g.kind, ["samples", size])

        taken = [*(info(name, n) for name in before), info("row", shape[-1])]
        cell = g.helper.make_graph(inner.nodes, "step", taken, [info(v, n) for v in (*after, "seen")])
        wide = g.node("Concat", g.node("Shape", X, start=1, end=2), g.whole(n), axis=0)
        zeros = g.node("Expand", g.number([[0.0]]), wide)
        starts = [g.node("Squeeze", state, g.whole(0)) if state else zeros for state in begin]
        *last, every = g.several("Scan", states + 1, *starts, X, body=cell, num_scan_inputs=1)
        return [g.node("Unsqueeze", every, g.whole(1)), *(g.node("Unsqueeze", v, g.whole(0)) for v in last)]

    return body


class Inner(OnnxNodes):
    """The nodes of a body within a body, under names of their own."""

    def new_name(self, operator: str) -> str:
        """Return a name for what an operator gives."""
        return f"step.{super().new_name(operator)}"


YOUNGER: dict[str, Callable[..., list[str]]] = {
    "Gelu": _pointwise(Value.gelu), "Silu": _pointwise(Value.silu), "RMSNormalization": rms_normalization,
    "Attention": attention, "Embedding": embedding, "Positions": positions,
}  # fmt: skip
"""What is a function in every file: the operators of later versions under their names, and what has none."""
SINGLE: dict[str, Callable[..., list[str]]] = {
    **{name.title(): _pointwise(getattr(Value, name)) for name in (
        "elu", "selu", "softplus", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh",
        "erf",
    )},
    "LeakyRelu": _pointwise(Value.leaky_relu), "PRelu": prelu, "HardSigmoid": hard_sigmoid,
    "HardSwish": hard_swish, "Conv": conv, "AveragePool": average_pool,
    "GlobalAveragePool": _over_planes("ReduceMean"), "GlobalMaxPool": _over_planes("ReduceMax"),
    "LayerNormalization": layer_normalization,
    "RNN": _scanned(_rnn_step, 1), "LSTM": _scanned(_lstm_step, 2), "GRU": _scanned(_gru_step, 1),
}  # fmt: skip
"""What is a function in files of doubles only."""
DOUBLE = ("LayerNormalization",)
"""What runtimes do have in double precision: a function only where its epsilon is no single number."""
