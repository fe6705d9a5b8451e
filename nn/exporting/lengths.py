"""Sequences and documents of any length as ONNX graphs: what is recorded is one position.

A tape has as many steps as the sample that it was recorded with.  So here only what happens at a single
position is recorded, and ONNX's operators take it along: a cell is the body of a Scan, attention is a
product of all positions with all, and whatever looks at one position gets each of them as a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from autograd import no_grad
from autograd.tape import Tape, onnx_model
from nn.attention import Attention
from nn.containers import Sequential
from nn.embedding import Embedding
from nn.module import Module
from nn.recurrent import Recurrent
from nn.transformer import Block, Transformer

SAMPLES, LENGTH = "samples", "length"
"""The names of the axes of any length."""


class FixedLengthError(ValueError):
    """A part of a network takes whole sequences in a way of its own."""


class Array(NamedTuple):
    """An array of the graph.

    Attributes:
        name: how the graph calls it.
        shape: that of one sample, or of one position of it.
        long: whether it has a second axis of any length, that of the positions.
    """

    name: str
    shape: tuple[int, ...]
    long: bool = True


class Graph:
    """A graph that is written operator by operator, and of what tapes record.

    Args:
        dtype: the precision.
    """

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.nodes: list[onnx.NodeProto] = []
        self.kept: list[onnx.TensorProto] = []
        self.operators: Any = ()
        self.version = 0
        self._names = count()

    def node(self, operator: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Add a node; return the name of what it gives, or several names."""
        names = [f"a{next(self._names)}" for _ in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def number(self, x: Any, dtype: Any = None) -> str:
        """Return the name of numbers that are kept in the file."""
        name = f"a{next(self._names)}"
        self.kept.append(numpy_helper.from_array(np.asarray(x, dtype or self.dtype), name))
        return name

    def whole(self, *numbers: int) -> str:
        """Return the name of whole numbers, such as a shape."""
        return self.number(numbers, np.int64)

    def size(self, name: str, axis: int) -> str:
        """Return the name of the length of an axis, an array of one number."""
        return str(self.node("Shape", name, start=axis, end=axis + 1))

    def written(self, function: Callable[..., Any], *inputs: Array) -> tuple[list[onnx.NodeProto], Array]:
        """Record what a function does with one sample; return the nodes of it, and what they give."""
        sample = [np.full(x.shape, 0.0).tolist() for x in inputs]
        made = onnx_model(Tape.record(function, *sample, dtype=self.dtype))
        graph, before = made.graph, f"a{next(self._names)}."
        self.operators, self.version = made.opset_import, made.ir_version
        names = dict(zip((i.name for i in graph.input), (x.name for x in inputs), strict=True))
        for node in graph.node:
            for ends in (node.input, node.output):
                ends[:] = [names.get(name, before + name) for name in ends]
        for tensor in graph.initializer:
            tensor.name = before + tensor.name
        self.kept += graph.initializer
        (output,) = graph.output
        shape = tuple(d.dim_value for d in output.type.tensor_type.shape.dim[1:])
        return list(graph.node), Array(before + output.name, shape, long=False)

    def apply(self, function: Callable[..., Any], *inputs: Array) -> Array:
        """Return what a function gives for each sample, or for each position of each."""
        x = inputs[0]
        flat = [
            Array(self.node("Reshape", a.name, self.whole(-1, *a.shape)), a.shape) if a.long else a
            for a in inputs
        ]
        nodes, y = self.written(function, *flat)
        self.nodes += nodes
        if not x.long:
            return y
        lengths = self.node("Shape", x.name, start=0, end=2)
        shape = self.node("Concat", lengths, self.whole(*y.shape), axis=0) if y.shape else lengths
        return Array(self.node("Reshape", y.name, shape), y.shape)

    def add(self, a: Array, b: Array) -> Array:
        """Return the sum of two arrays."""
        return Array(self.node("Add", a.name, b.name), a.shape)


def free_model(model: Module, dtype: Any, *sample: Any) -> onnx.ModelProto:
    """Return a network as an ONNX model that takes any number of samples, of any length.

    Args:
        model: the network.
        dtype: the precision.
        sample: at most one sample, for which it is checked that the network takes it.

    Raises:
        FixedLengthError: if the network, or a part of it, takes whole sequences in a way of its own, or the
            sample is not a sequence of positions.
        TypeError, ValueError, IndexError: if the network does not take the sample.
    """
    graph = Graph(dtype)
    name = next(iter(signature(model).parameters))
    x = Array(name, shape_of(model))
    for one in sample:
        if np.ndim(one) != 1 + len(x.shape):
            raise FixedLengthError("the sample is not a sequence of positions")
    y = passed(model, x, graph)
    if sample:
        with no_grad():
            model(*sample)
    output = "output" if name == "y" else "y"
    graph.nodes.append(helper.make_node("Identity", [y.name], [output]))
    ends = [
        helper.make_tensor_value_info(end, graph.kind, [SAMPLES, *[LENGTH] * a.long, *a.shape])
        for end, a in ((name, x), (output, y))
    ]
    whole = helper.make_graph(graph.nodes, "network", ends[:1], ends[1:], graph.kept)
    made = helper.make_model(
        whole, producer_name="chainrule", ir_version=graph.version, opset_imports=graph.operators
    )
    onnx.checker.check_model(made, full_check=True)
    return made


def shape_of(model: Module) -> tuple[int, ...]:
    """Return the shape of what a network takes at one position.

    Raises:
        FixedLengthError: if it does not take a position at a time.
    """
    while type(model) is Sequential:
        model = model[0]
    match model:
        case Recurrent():
            return (model.nin,)
        case Attention():
            return (model.width,)
        case Block():
            return (model.attention.width,)
        case Embedding() | Transformer():
            return ()
    raise FixedLengthError(f"{type(model).__name__} does not take a sequence position by position")


def passed(model: Module, x: Array, graph: Graph) -> Array:
    """Return what a Module makes of an array."""
    if type(model) in WRITERS:
        return WRITERS[type(model)](model, x, graph)
    if x.long:
        raise FixedLengthError(f"{type(model).__name__} takes a whole sequence in a way of its own")
    return graph.apply(model, x)


def _sequential(model: Sequential, x: Array, graph: Graph) -> Array:
    for step in model:
        x = passed(step, x, graph)
    return x


def _recurrent(model: Recurrent, x: Array, graph: Graph) -> Array:
    cell, size = model.cell, model.state_size
    state, row = Array("state", (size,), False), Array("row", x.shape, False)
    nodes, after = graph.written(lambda h, x: list(cell.step(tuple(x), tuple(h))), state, row)
    seen = f"{after.name}.seen"
    nodes.append(helper.make_node("Identity", [after.name], [seen]))
    ends = {
        name: helper.make_tensor_value_info(name, graph.kind, [SAMPLES, width])
        for name, width in (("state", size), ("row", model.nin), (after.name, size), (seen, size))
    }
    body = helper.make_graph(nodes, "step", [ends["state"], ends["row"]], [ends[after.name], ends[seen]])
    zeros = graph.number([[v.data for v in cell.zeros()]])
    start = graph.node(
        "Expand", zeros, graph.node("Concat", graph.size(x.name, 0), graph.whole(size), axis=0)
    )
    last, every = graph.node(
        "Scan", start, x.name, outputs=2, body=body, num_scan_inputs=1, scan_input_axes=[1],
        scan_output_axes=[1],
    )  # fmt: skip

    def read(h: Sequence[Any]) -> Any:
        outputs = model.readout.fire(tuple(h[: cell.n]))
        return outputs[0] if model.nout == 1 else outputs

    return graph.apply(read, Array(every if model.every_step else last, (size,), model.every_step))


def _embedding(model: Embedding, x: Array, graph: Graph) -> Array:
    return graph.apply(model, x)


def _attention(model: Attention, x: Array, graph: Graph) -> Array:
    node, heads = graph.node, len(model.heads)

    def asked(row: Sequence[Any]) -> list[Any]:
        return [v for layer in (model.queries, model.keys, model.values) for v in layer.fire(tuple(row))]

    parts = node("Split", graph.apply(asked, x).name, graph.whole(*[model.width] * 3), outputs=3, axis=2)
    by_head = graph.whole(0, 0, heads, model.width // heads)
    queries, keys, values = (
        node("Transpose", node("Reshape", part, by_head), perm=perm)
        for part, perm in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True)
    )
    scores = node("Mul", node("MatMul", queries, keys), graph.number(model.heads[0].size ** -0.5))
    if model.causal:
        places = _places(x, graph)
        later = node("Less", node("Unsqueeze", places, graph.whole(1)), places)
        scores = node("Where", later, graph.number(-np.inf), scores)
    mixed = node("Transpose", node("MatMul", node("Softmax", scores, axis=-1), values), perm=[0, 2, 1, 3])
    rows = Array(node("Reshape", mixed, graph.whole(0, 0, model.width)), x.shape)
    return graph.apply(lambda row: model.output.fire(tuple(row)), rows)


def _places(x: Array, graph: Graph) -> str:
    """Return the name of the positions of an array, counted from 0."""
    length = graph.node("Squeeze", graph.size(x.name, 1))
    return str(graph.node("Range", graph.number(0, np.int64), length, graph.number(1, np.int64)))


def _block(model: Block, x: Array, graph: Graph) -> Array:
    between = graph.add(x, passed(model.attention, graph.apply(model.attention_norm, x), graph))
    return graph.add(
        between, graph.apply(lambda row: model.feedforward(model.feedforward_norm(row)), between)
    )


def _transformer(model: Transformer, x: Array, graph: Graph) -> Array:
    width = model.tokens.width
    table = [[v.data for v in row] for row in model.positions(range(model.context))] + [[np.nan] * width]
    place = graph.node("Min", _places(x, graph), graph.number(model.context, np.int64))
    positions = Array(graph.node("Gather", graph.number(table), place), (width,))
    rows = graph.add(graph.apply(model.tokens, x), positions)
    if model.embedding_norm is not None:
        rows = graph.apply(model.embedding_norm, rows)
    for block in model.blocks:
        rows = passed(block, rows, graph)
    if model.final_norm is not None:
        rows = graph.apply(model.final_norm, rows)
    return graph.apply(lambda row: model.output.fire(tuple(row)), rows)


WRITERS: dict[type[Module], Callable[[Any, Array, Graph], Array]] = {
    Sequential: _sequential, Recurrent: _recurrent, Embedding: _embedding, Attention: _attention,
    Block: _block, Transformer: _transformer,
}  # fmt: skip
"""What writes each Module that takes sequences; a class that inherits from one may compute something else."""
