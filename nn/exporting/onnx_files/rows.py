"""Our Modules that take a row in ONNX's operators: the rows stand along the last axis of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nn.activations import PReLU, choice
from nn.exporting.onnx_files.bodies import ACTIVATED
from nn.exporting.onnx_files.graph import Array, Graph
from nn.layers import Layer, is_plain
from nn.module import Module
from nn.normalisation import LayerNorm, RMSNorm
from nn.transformer import FeedForward


def by_row(model: Module, x: Array, graph: Graph) -> Array:
    """Return what a Module that takes rows makes of every row of an array."""
    with graph.at(model):
        write = ROWS.get(type(model))
        return graph.each(model, x) if write is None else write(model, x, graph)


def fired(layer: Layer, x: Array, graph: Graph) -> Array:
    """Return the outputs of a layer for every row."""
    with graph.at(layer):
        if not is_plain(layer):
            return graph.each(lambda row: layer.fire(tuple(row)), x)
        bias = [graph.weight(layer.bias, "bias")] if layer.bias else []
        if len(x.shape) == 1:
            z = graph.operator("Gemm", x.name, graph.weight(layer.weight, "weight"), *bias, transB=1)
        else:
            z = graph.operator("MatMul", x.name, graph.transposed(layer.weight, "weight"))
            z = graph.node("Add", z, *bias) if bias else z
        return active(layer, Array(z, (*x.shape[:-1], layer.nout)), graph)


def active(holder: Any, x: Array, graph: Graph, within: str = "") -> Array:
    """Return the activations of an array.

    Args:
        holder: whose activation it is.
        x: the array.
        graph: where it is written, in the place of a Module.
        within: the path from there to the holder, with a point behind it.
    """
    phi = holder.activation
    name = choice(holder.activation_name, phi)
    if name == "linear":
        return x
    if type(phi) is PReLU:
        slope = graph.weight([phi.slope], f"{within}activation.slope")
        return Array(graph.node("PRelu", x.name, slope), x.shape)
    if isinstance(name, str):
        return Array(graph.operator(ACTIVATED[name], x.name), x.shape)
    return graph.each(phi if x.shape == () else lambda row: [phi(v) for v in row], x)


def _norm(model: LayerNorm | RMSNorm, x: Array, graph: Graph) -> Array:
    gains = graph.weight([1.0] * model.width if model.weight is None else model.weight, "weight")
    bias = [] if model.bias is None else [graph.weight(model.bias, "bias")]
    name = "LayerNormalization" if isinstance(model, LayerNorm) else "RMSNormalization"
    return Array(graph.operator(name, x.name, gains, *bias, axis=-1, epsilon=model.eps), x.shape)


def _feed_forward(model: FeedForward, x: Array, graph: Graph) -> Array:
    hidden = fired(model.up, x, graph)
    if model.gate is not None:
        gate = fired(model.gate, x, graph)
        hidden = Array(graph.operator("Mul", gate.name, hidden.name), hidden.shape)
    return fired(model.down, hidden, graph)


ROWS: dict[type[Module], Callable[[Any, Array, Graph], Array]] = {
    Layer: fired, LayerNorm: _norm, RMSNorm: _norm, FeedForward: _feed_forward,
}  # fmt: skip
"""What writes each Module that takes a row."""
