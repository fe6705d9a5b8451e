"""Our Modules in ONNX's operators: the arrays are of all samples at once, along a first axis.

Sequences and documents may have any length where every Module takes them position by position.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from inspect import signature
from typing import Any

import numpy as np
from onnx import helper

from autograd import no_grad
from nn.activations import Elementwise
from nn.attention import Attention, has_plain_heads
from nn.containers import Sequential
from nn.convolution import AvgPool1d, AvgPool2d, Conv1d, Conv2d, Flatten, MaxPool1d, MaxPool2d, Reshape
from nn.dropout import Dropout
from nn.embedding import Embedding
from nn.exporting.onnx_files.again import written_again
from nn.exporting.onnx_files.bodies import ACTIVATED, windows
from nn.exporting.onnx_files.graph import LENGTH, SAMPLES, Array, FixedLengthError, Graph
from nn.exporting.onnx_files.nested import shape_of
from nn.exporting.onnx_files.network import OnnxNetwork
from nn.exporting.onnx_files.own import in_parts
from nn.exporting.onnx_files.rows import active, by_row, fired
from nn.layers import MLP, Layer, is_plain
from nn.module import Module
from nn.normalisation import LayerNorm, RMSNorm
from nn.recurrent import Cell, GRUCell, LSTMCell, Recurrent, RNNCell, unlike_others
from nn.transformer import Block, FeedForward, Sum, Transformer

RECURRENT: dict[type[Cell], tuple[str, tuple[int, ...]]] = {
    RNNCell: ("RNN", (0,)), LSTMCell: ("LSTM", (0, 3, 1, 2)), GRUCell: ("GRU", (1, 0, 2)),
}  # fmt: skip
"""The operator of a cell, and the order in which that has the gates of our files."""


def known_model(model: Module, dtype: Any, *sample: Any) -> Any:
    """Return a network as an ONNX model in operators, for any number of samples.

    Args:
        model: the network, out of training.
        dtype: the precision.
        sample: what it takes; nothing, where that is known.

    Returns:
        The model; None if the network, or a part of it, has to be recorded as a whole.

    Raises:
        TypeError, ValueError, IndexError: if the network does not take the sample.
    """
    if type(model) is OnnxNetwork:
        return written_again(model, dtype, *sample)
    if len(sample) > 1:
        return None
    if not _is_known(model):
        with suppress(Exception):  # what cannot be parted is recorded as a whole, and refused there
            return _in_operators(model, dtype, *sample)
        return None
    return _in_operators(model, dtype, *sample)


def _in_operators(model: Module, dtype: Any, *sample: Any) -> Any:
    free = shape_taken(model)
    given = shape_of(sample[0]) if sample else free
    if given is None:
        return None
    with no_grad():
        found = shape_of(model(*sample or [_zeros(given)]))
    for shape in (free, given):
        if shape is not None and _alike(shape, given):
            try:
                return _written(model, dtype, shape, found, *sample)
            except FixedLengthError:
                continue
    return None


def _is_known(model: Module) -> bool:
    """Return whether a Module is an operator, or some, through and through."""
    return type(model) in WRITERS and (type(model) is not Sequential or all(map(_is_known, model)))


def _known_within(model: Module) -> list[Module]:
    """Return the outermost Modules within one of one's own that are operators."""
    found: dict[str, Module] = {}
    for path, module in model.named_modules():
        if _is_known(module) and not any(path.startswith(f"{p}.") for p in found):
            found[path] = module
    return [*found.values()]


def _written(
    model: Module, dtype: Any, shape: tuple[Any, ...], found: tuple[int, ...] | None, *sample: Any
) -> Any:
    name = next(iter(signature(model.computing()).parameters))
    output = "output" if name == "y" else "y"
    graph = Graph(model, dtype, name, output)
    graph.sample = sample[0] if sample else None
    x = Array(name, shape)
    y = passed(model, x, graph)
    if found is None or not _alike(y.shape, found):
        raise FixedLengthError(f"{type(model).__name__} gives something else than its operators")
    taken, given = (
        [helper.make_tensor_value_info(end, graph.kind, [SAMPLES, *shape])]
        for end, shape in (x, (output, y.shape))
    )
    return graph.finished(taken, given, {y.name: output})


def shape_taken(model: Module) -> tuple[Any, ...] | None:
    """Return the shape of what a network takes, where it tells; positions may be any number."""
    while type(model) is Sequential:
        model = model[0]
    match model:
        case Recurrent():
            return (LENGTH, model.nin)
        case Attention():
            return (LENGTH, model.width)
        case Block():
            return (LENGTH, model.attention.width)
        case Embedding() | Transformer():
            return (LENGTH,)
        case Layer() | MLP():
            return (model.nin,)
    nin = None if type(model) in WRITERS else getattr(model, "nin", None)
    return (nin,) if isinstance(nin, int) else None


def _alike(shape: tuple[Any, ...], given: tuple[Any, ...]) -> bool:
    """Return whether a sample has a shape."""
    return len(shape) == len(given) and all(n in (LENGTH, m) for n, m in zip(shape, given, strict=True))


def _zeros(shape: tuple[Any, ...]) -> Any:
    """Return a sample of a shape, of one position."""
    return np.zeros([1 if n == LENGTH else n for n in shape], int).tolist()


def passed(model: Module, x: Array, graph: Graph) -> Array:
    """Return what a Module makes of an array."""
    with graph.at(model):
        write = WRITERS.get(type(model))
        if write is not None:
            return write(model, x, graph)
        known = _known_within(model)
        return in_parts(model, x, graph, known, passed) if known else graph.apply(model, x)


# ------------------------------------------------------------------------------------ by whole samples


def of_rank(x: Array, rank: int) -> None:
    """Refuse an array of samples that are not of this many axes."""
    if len(x.shape) != rank:
        raise FixedLengthError("a Module gets a sample of another form than it has an operator for")


def _row(x: Array, graph: Graph) -> Array:
    """Return samples that are rows; a single number is one."""
    if x.shape == ():
        return Array(graph.node("Unsqueeze", x.name, graph.whole(1)), (1,))
    of_rank(x, 1)
    return x


def _of_a_row(model: Module, x: Array, graph: Graph) -> Array:
    return by_row(model, _row(x, graph), graph)


def _single(x: Array, graph: Graph) -> Array:
    """Return the outputs of samples; a single one is a number."""
    return x if x.shape != (1,) else Array(graph.node("Squeeze", x.name, graph.whole(1)), ())


def _layer(model: Layer, x: Array, graph: Graph) -> Array:
    return _single(fired(model, _row(x, graph), graph), graph)


def _mlp(model: MLP, x: Array, graph: Graph) -> Array:
    x = _row(x, graph)
    for k, layer in enumerate(model.layers):
        x = passed(model.dropout, x, graph) if k and model.dropout is not None else x
        x = fired(layer, x, graph)
    return _single(x, graph)


def _sequential(model: Sequential, x: Array, graph: Graph) -> Array:
    for step in model:
        x = passed(step, x, graph)
    return x


def _as_it_is(model: Module, x: Array, graph: Graph) -> Array:
    return x


def _flatten(model: Flatten, x: Array, graph: Graph) -> Array:
    if LENGTH in x.shape:
        raise FixedLengthError("all numbers of a sample in a row are as many as it has")
    return Array(graph.operator("Flatten", x.name, axis=1), (int(np.prod(x.shape, dtype=int)),))


def _reshape(model: Reshape, x: Array, graph: Graph) -> Array:
    of_rank(x, 1)
    return Array(graph.operator("Reshape", x.name, graph.whole(0, *model.shape)), model.shape)


def _convolution(model: Conv2d, x: Array, graph: Graph) -> Array:
    of_rank(x, 1 + model.dimensions)
    kernels = model.kernels
    if not is_plain(kernels):
        return graph.apply(model, x)
    arrays = model.arrays_to_keep()
    weights = [graph.weight(arrays[name], name) for name in ("weight", "bias") if name in arrays]
    size = [n + 2 * p for n, p in zip(x.shape[1:], model.padding, strict=True)]
    z = graph.operator(
        "Conv", x.name, *weights, shape=x.shape, kernel_shape=model.size, strides=model.stride,
        pads=model.padding * 2,
    )  # fmt: skip
    shape = kernels.nout, *windows(np.empty(size), model.size, model.stride).shape[:-1]
    return active(kernels, Array(z, shape), graph, "kernels.")


def _pool(model: Any, x: Array, graph: Graph) -> Array:
    of_rank(x, 1 + model.dimensions)
    name = "MaxPool" if isinstance(model, MaxPool2d) else "AveragePool"
    y = graph.operator(name, x.name, shape=x.shape, kernel_shape=model.size, strides=model.stride)
    out = windows(np.empty(x.shape[1:]), model.size, model.stride).shape[:-1]
    return Array(y, (x.shape[0], *out))


def _embedding(model: Embedding, x: Array, graph: Graph) -> Array:
    if len(x.shape) > 1:
        raise FixedLengthError("ids are in a row")
    rows = graph.operator("Embedding", graph.weight(model.weight, "weight"), x.name)
    return Array(rows, (*x.shape, model.width))


# -------------------------------------------------------------------------------------------- sequences


def _recurrent(model: Recurrent, x: Array, graph: Graph) -> Array:
    if len(x.shape) == 1 and x.shape != (LENGTH,):  # all steps, one after the other
        rows = graph.node("Reshape", x.name, graph.whole(0, -1, model.nin))
        x = Array(rows, (x.shape[0] // model.nin, model.nin))
    of_rank(x, 2)
    cell = model.cell
    with graph.at(cell):
        steps = Array(graph.node("Transpose", x.name, perm=[1, 0, 2]), x.shape)
        attributes = _operator(cell)
        if attributes is None:
            states = _scanned(model, steps, graph)
        else:
            states = _stepped(model, steps, attributes, graph)
        if model.every_step:
            states = graph.node("Transpose", states, perm=[1, 0, 2])
    shape = (x.shape[0], cell.n) if model.every_step else (cell.n,)
    return _single_rows(model, fired(model.readout, Array(states, shape), graph), graph)


def _single_rows(model: Recurrent, y: Array, graph: Graph) -> Array:
    if not model.every_step or model.nout > 1:
        return _single(y, graph)
    return Array(graph.node("Squeeze", y.name, graph.whole(2)), y.shape[:1])


def _operator(cell: Cell) -> dict[str, Any] | None:
    """Return the attributes of the operator of a cell; None if there is no such operator."""
    if unlike_others(cell):
        return None
    if isinstance(cell, RNNCell):
        return {"activations": [ACTIVATED[cell.hidden.activation_name]]}
    return {"linear_before_reset": 1} if isinstance(cell, GRUCell) else {}


def _stepped(model: Recurrent, steps: Array, attributes: dict[str, Any], graph: Graph) -> str:
    """Return the states of a cell for which there is an operator: the last, or all, step by step."""
    cell, arrays, n = model.cell, model.cell.arrays_to_keep(), model.cell.n
    name, order = RECURRENT[type(cell)]

    def gates(rows: Any) -> list[Any]:
        parts = [rows[k : k + n] for k in range(0, len(rows), n)]
        return [row for k in order for row in parts[k]]

    more = arrays.get("bias_hn", [])
    of_state = [0.0] * (len(order) * n - len(more)) + list(more)
    weights = [
        graph.weight([gates(arrays["weight_ih"])], "weight_ih"),
        graph.weight([gates(arrays["weight_hh"])], "weight_hh"),
        graph.weight([gates(arrays["bias"]) + of_state], "bias"),
    ]
    every, last, *_ = graph.outputs_of(
        name, 1 + len(cell.parts), steps.name, *weights, shape=steps.shape, hidden_size=n, **attributes
    )
    if model.every_step:  # the other axis is that of the directions
        return graph.node("Squeeze", every, graph.whole(1))
    return graph.node("Squeeze", last, graph.whole(0))


def _scanned(model: Recurrent, steps: Array, graph: Graph) -> str:
    """Return the states of a cell whose step is recorded: the last, or all, step by step."""
    cell, size, row = model.cell, model.state_size, steps.shape[1:]
    ends = Array("state", (size,)), Array("row", row)
    nodes, after = graph.written(lambda h, x: list(cell.step(tuple(x), tuple(h))), *ends)
    seen = f"{after.name}.seen"
    nodes.append(helper.make_node("Identity", [after.name], [seen]))
    infos = [
        helper.make_tensor_value_info(name, graph.kind, [SAMPLES, width])
        for name, width in (("state", size), ("row", *row), (after.name, size), (seen, size))
    ]
    body = helper.make_graph(nodes, "step", infos[:2], infos[2:])
    zeros = graph.number([[v.data for v in cell.zeros()]])
    shape = graph.node("Concat", graph.node("Shape", steps.name, start=1, end=2), graph.whole(size), axis=0)
    start = graph.node("Expand", zeros, shape)
    last, every = graph.several("Scan", 2, start, steps.name, body=body, num_scan_inputs=1)
    found = every if model.every_step else last
    return graph.node("Slice", found, graph.whole(0), graph.whole(cell.n), graph.whole(-1))


def _attention(model: Attention, x: Array, graph: Graph) -> Array:
    of_rank(x, 2)
    if not has_plain_heads(model):
        return graph.apply(model, x)
    asked = [fired(layer, x, graph).name for layer in (model.queries, model.keys, model.values)]
    heads = len(model.heads)
    mixed = graph.operator(
        "Attention", *asked, shape=x.shape, q_num_heads=heads, kv_num_heads=heads, is_causal=int(model.causal)
    )
    return fired(model.output, Array(mixed, x.shape), graph)


def _sum(model: Module, a: Array, b: Array, graph: Graph) -> Array:
    """Return the sum of two arrays, in the place of a Module."""
    if type(model) is not Sum:
        raise FixedLengthError(f"{type(model).__name__} is not a sum")
    with graph.at(model):
        return Array(graph.operator("Add", a.name, b.name), a.shape)


def _block(model: Block, x: Array, graph: Graph) -> Array:
    of_rank(x, 2)
    seen = passed(model.attention, by_row(model.attention_norm, x, graph), graph)
    between = _sum(model.attention_sum, x, seen, graph)
    more = by_row(model.feedforward, by_row(model.feedforward_norm, between, graph), graph)
    return _sum(model.feedforward_sum, between, more, graph)


def _transformer(model: Transformer, x: Array, graph: Graph) -> Array:
    of_rank(x, 1)
    with graph.at(model.positions):
        table = model.positions
        rows = table.weight if type(table) is Embedding else numbers(table(range(model.context)))
        places = graph.operator("Positions", x.name)
        positions = graph.operator("Embedding", graph.weight(rows, "weight"), places)
    tokens = passed(model.tokens, x, graph)
    y = _sum(model.embedding, tokens, Array(positions, tokens.shape), graph)
    if model.embedding_norm is not None:
        y = by_row(model.embedding_norm, y, graph)
    for block in model.blocks:
        y = passed(block, y, graph)
    if model.final_norm is not None:
        y = by_row(model.final_norm, y, graph)
    return fired(model.output, y, graph)


def numbers(rows: Any) -> list[list[float]]:
    """Return the numbers in rows of Values."""
    return [[v.data for v in row] for row in rows]


WRITERS: dict[type[Module], Callable[[Any, Array, Graph], Array]] = {
    Layer: _layer, MLP: _mlp, Sequential: _sequential, Elementwise: active, Dropout: _as_it_is,
    LayerNorm: _of_a_row, RMSNorm: _of_a_row, FeedForward: _of_a_row,
    Flatten: _flatten, Reshape: _reshape, Conv1d: _convolution, Conv2d: _convolution,
    MaxPool1d: _pool, MaxPool2d: _pool, AvgPool1d: _pool, AvgPool2d: _pool,
    Embedding: _embedding, Recurrent: _recurrent, Attention: _attention, Block: _block,
    Transformer: _transformer,
}  # fmt: skip
"""What writes each Module; a class that inherits from one may compute something else."""
