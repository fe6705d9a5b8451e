"""A tape as an ONNX graph: what other programs open, for any number of samples.

Each step of the program that a tape replays for every sample becomes a node or a few, on arrays of shape
(rows, samples): a matrix product is a MatMul, an op of the table is written from its rule.  What is the same
for all samples, such as the weights, is computed here and kept as numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.core.primitive import Op
from autograd.ops import dot, logsumexp, sum_
from autograd.source.expression import CONSTANT, UNREACHED, VARIABLE, Expression, in_order
from autograd.tape.listing import COMPUTED, Indices
from autograd.tape.lowering import varying_nodes
from autograd.tape.onnx_functions import value_of
from autograd.tape.program import AFFINE, BROADCAST, GATHER, unpack
from autograd.tape.schedule import schedule
from autograd.tape.structure import Columns
from autograd.tape.tape import Tape

OPSET, FORMAT = 17, 8
"""The versions of the operators and of the file: those of 2022, which every runtime reads."""
SAMPLES = "samples"
"""The name of the axis whose length is free."""

OPERATORS = {
    "+": "Add", "-": "Sub", "*": "Mul", "/": "Div", "neg": "Neg", "abs": "Abs", "pow": "Pow",
    "where": "Where", "<": "Less", "<=": "LessOrEqual", ">": "Greater", ">=": "GreaterOrEqual", "==": "Equal",
    "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "sin": "Sin", "cos": "Cos", "tanh": "Tanh",
    "floor": "Floor", "round": "Round",
}  # fmt: skip
"""The operator of each operation in `autograd.tape.onnx_functions`."""


def onnx_model(tape: Tape) -> Any:
    """Return a tape's forward pass as an ``onnx.ModelProto``, with the parameters as they are now.

    Its inputs and outputs have the names and shapes that the tape was recorded with, the samples along a new
    first axis of any length; its numbers are of the tape's ``dtype``.

    Raises:
        ImportError: if the package onnx is not installed.
        ValueError: if the tape has no inputs.
        NotImplementedError: naming an op whose rule cannot be written as an expression.

    Its operators follow the steps of the tape, such as a MatMul for each layer of a network: write
    ``onnx_model(tape).SerializeToString()`` to a file.
    """
    return _Graph(tape).model()


class _Graph:
    """The graph of a tape, as it is written."""

    def __init__(self, tape: Tape) -> None:
        try:
            self._onnx = import_module("onnx")
        except ImportError:
            raise ImportError('an ONNX graph needs onnx: pip install "chainrule[onnx]"') from None
        self._helper, self._arrays = import_module("onnx.helper"), import_module("onnx.numpy_helper")
        if not tape.inputs:
            raise ValueError("this tape has no inputs: every sample would have the same outputs")
        self._tape, self._dtype = tape, np.dtype(tape.dtype)
        self._kind = self._helper.np_dtype_to_tensor_dtype(self._dtype)
        self._nodes: list[Any] = []
        self._kept: dict[tuple[Any, ...], tuple[str, Any]] = {}
        self._names = (f"t{k}" for k in count())
        self._joined: dict[tuple[int, ...], str] = {}
        self._pieces: list[tuple[str, int]] = []  # arrays of some rows each, and how many
        self._plan = schedule(tape.recorded.listing, tape.inputs, 0, False)
        self._uniform = self._uniform_numbers()
        rows = self._plan.varying_rows.count
        self._piece_of, self._offset_of = np.full(rows, -1), np.zeros(rows, np.int64)

    def model(self) -> Any:
        """Return the model."""
        recorded, helper = self._tape.recorded, self._helper
        inputs, X = self._read(recorded.arguments)
        loaded = self._plan.loaded
        if len(loaded):  # wide products read the samples themselves
            self._put(np.arange(len(loaded)), self._rows_of(X, loaded, len(self._tape.inputs)))
        self._steps(X)
        outputs = self._write(recorded.results)
        kept = [self._arrays.from_array(array, name) for name, array in self._kept.values()]
        graph = helper.make_graph(self._nodes, "tape", inputs, outputs, kept)
        made = helper.make_model(
            graph,
            producer_name="chainrule",
            ir_version=FORMAT,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        self._onnx.checker.check_model(made, full_check=True)
        return made

    # ------------------------------------------------------------------------------ names and numbers

    def _node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; return the name of what it gives."""
        name = next(self._names)
        self._nodes.append(self._helper.make_node(operator, inputs, [name], **attributes))
        return name

    def _number(self, x: Any, dtype: Any = None) -> str:
        """Return the name of numbers that are kept in the file."""
        array = np.asarray(x, dtype or self._dtype)
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._kept:
            self._kept[key] = (f"n{len(self._kept)}", array)
        return self._kept[key][0]

    def _whole(self, *numbers: Any) -> str:
        return self._number(numbers, np.int64)

    def _uniform_numbers(self) -> NDArray[np.float64]:
        """Return what is the same for all samples, in the order of its rows, as it is now."""
        listing = self._tape.recorded.listing
        now = dict(zip(self._tape.parameters, self._tape.vector.tolist(), strict=True))
        data = listing.data.copy()
        for i in np.flatnonzero(~varying_nodes(listing)).tolist():
            op = listing.op(i)
            if listing.kinds[i] == COMPUTED and op is not None:
                data[i] = op.evaluate(data[listing.inputs(i)].tolist())[0]
            elif listing.nodes[i] in now:
                data[i] = now[listing.nodes[i]]
        return data[self._plan.uniform_rows.node_of]

    # ------------------------------------------------------------------------------ inputs and outputs

    def _info(self, name: str, shape: Sequence[int]) -> Any:
        return self._helper.make_tensor_value_info(name, self._kind, [SAMPLES, *shape])

    def _read(self, columns: Columns) -> tuple[list[Any], str]:
        """Return the graph's inputs, and the name of all of them as one array, a row for each column."""
        infos, arrays = [], []
        for part in columns.parts:
            size = int(np.prod(part.shape, dtype=int))
            infos.append(self._info(part.name, part.shape))
            flat = (
                part.name if len(part.shape) == 1 else self._node("Reshape", part.name, self._whole(-1, size))
            )
            arrays.append(self._node("Transpose", flat, perm=[1, 0]))
        X = arrays[0] if len(arrays) == 1 else self._node("Concat", *arrays, axis=0)
        return infos, X

    def _write(self, columns: Columns) -> list[Any]:
        """Write the outputs; return what the graph says of them."""
        uniform = self._plan.uniform_outputs
        rows = self._plan.outputs.copy()
        for j in np.flatnonzero(rows < 0).tolist():  # an output that no input reaches
            rows[j] = len(self._piece_of)
            self._piece_of, self._offset_of = np.append(self._piece_of, -1), np.append(self._offset_of, 0)
            self._put(rows[j : j + 1], self._spread(self._uniform[uniform[j : j + 1]]))
        taken = {part.name for part in self._tape.recorded.arguments.parts}
        whole = "output" if "y" in taken else "y"
        infos = []
        for part in columns.parts:
            name = part.name.replace("the result", whole)
            chosen = rows[
                part.columns if isinstance(part.columns, slice) else slice(part.columns, part.columns + 1)
            ]
            turned = self._node("Transpose", self._gathered(chosen), perm=[1, 0])
            self._nodes.append(
                self._helper.make_node("Reshape", [turned, self._whole(-1, *part.shape)], [name])
            )
            infos.append(self._info(name, part.shape))
        return infos

    # ---------------------------------------------------------------------------------- rows of arrays

    def _put(self, rows: Indices, name: str) -> None:
        """Say which array holds these rows."""
        self._piece_of[rows], self._offset_of[rows] = len(self._pieces), np.arange(len(rows))
        self._pieces.append((name, len(rows)))

    def _gathered(self, rows: Indices, alike: bool = False) -> str:
        """Return the name of an array of these rows; of a single one for all, if they are ``alike``."""
        pieces = np.unique(self._piece_of[rows])
        lengths = [self._pieces[k][1] for k in pieces.tolist()]
        names = [self._pieces[k][0] for k in pieces.tolist()]
        starts = np.cumsum([0, *lengths])
        key = tuple(pieces.tolist())
        if key not in self._joined:
            self._joined[key] = names[0] if len(names) == 1 else self._node("Concat", *names, axis=0)
        places = starts[np.searchsorted(pieces, self._piece_of[rows])] + self._offset_of[rows]
        if alike and (places == places[0]).all():
            places = places[:1]
        return self._rows_of(self._joined[key], places, int(starts[-1]))

    def _rows_of(self, name: str, places: Indices, length: int) -> str:
        """Return the name of some of the rows of an array."""
        if len(places) == length and (places == np.arange(length)).all():
            return name
        first, last = int(places[0]), int(places[-1])
        if (places == np.arange(first, first + len(places))).all():
            return self._node("Slice", name, self._whole(first), self._whole(last + 1), self._whole(0))
        return self._node("Gather", name, self._number(places, np.int64), axis=0)

    def _spread(self, numbers: Any) -> str:
        """Return the name of an array with a number for each row, the same for all samples."""
        wide = self._node("Shape", self._tape.recorded.arguments.parts[0].name, start=0, end=1)
        shape = self._node("Concat", self._whole(1), wide, axis=0)
        return self._node("Expand", self._number(np.reshape(numbers, (-1, 1))), shape)

    # ------------------------------------------------------------------------------------------- steps

    def _steps(self, X: str) -> None:
        """Write the program that is run for every sample."""
        program, width = unpack(self._plan.varying), len(self._tape.inputs)
        for kind, start, end, which, apart, _ in program.steps.tolist():
            rows, args = np.arange(start, end), program.args[start:end]
            if kind == BROADCAST:
                self._put(rows, self._spread(self._uniform[args[:, 0]]))
            elif kind == GATHER:
                self._put(rows, self._looked_up(args, which, apart))
            elif kind == AFFINE:
                product = program.affine[which].tolist()
                segments = program.segments[product[5] : product[6]].tolist()
                self._put(rows, self._product(product, segments, X, width))
            else:
                op = self._plan.kernels[which][0]
                if op.variadic:
                    self._each_length(op, rows, program.ptr, program.lists)
                else:
                    inputs = [self._gathered(args[:, j], alike=True) for j in range(op.arity or 0)]
                    self._put(rows, self._wide(self._applied(op, inputs), inputs, args))

    def _each_length(self, op: Op, rows: Indices, ptr: Indices, lists: Indices) -> None:
        """Write rows of an op of any number of inputs, those of equally many together."""
        counts = np.diff(ptr)[rows]
        for n in np.unique(counts).tolist():
            some = rows[counts == n]
            self._put(some, self._listed(op, lists[ptr[some][:, None] + np.arange(n)]))

    def _wide(self, name: str, inputs: Sequence[str], args: Indices) -> str:
        """Return an array of as many rows as there are: where every input was one row for all, it has one."""
        if len(args) == 1 or not inputs or any(len(set(column)) > 1 for column in args[:, : len(inputs)].T):
            return name
        return self._node("Gather", name, self._number(np.zeros(len(args)), np.int64), axis=0)

    def _product(self, product: Sequence[int], segments: Sequence[Sequence[int]], X: str, width: int) -> str:
        """Return W·x + b, where x is read from several places; for all positions of a sequence at once."""
        _, height, inner, weight, bias, *_, positions = product
        parts = [
            self._rows_of(X, np.arange(first, first + length), width) if direct
            else self._gathered(np.arange(first, first + length * positions))
            for first, _, length, _, direct in segments
        ]  # fmt: skip
        x = parts[0] if len(parts) == 1 else self._node("Concat", *parts, axis=0)
        if positions > 1:
            x = self._node("Reshape", x, self._whole(inner, -1))
        W = self._number(self._uniform[weight : weight + height * inner].reshape(height, inner))
        z = self._node("MatMul", W, x)
        if bias >= 0:
            z = self._node("Add", z, self._number(self._uniform[bias : bias + height, None]))
        return z if positions == 1 else self._node("Reshape", z, self._whole(height * positions, -1))

    def _looked_up(self, args: Indices, length: int, apart: int) -> str:
        """Return numbers of a table, each picked by an index; nan where the index is nan."""
        index = self._gathered(args[:, 0])
        first = int(args[:, 1].min())
        end = int(args[:, 1].max()) + apart * (length - 1) + 1
        found = self._node("Equal", index, index)
        safe = self._node("Where", found, index, self._number(0.0))
        clipped = self._node("Clip", self._node("Round", safe), self._number(0.0), self._number(length - 1.0))
        row = self._node("Cast", clipped, to=self._onnx.TensorProto.INT64)
        place = self._node("Mul", row, self._number(apart, np.int64))
        place = self._node("Add", place, self._number(args[:, 1:2] - first, np.int64))
        picked = self._node("Gather", self._number(self._uniform[first:end]), place, axis=0)
        return self._node("Where", found, picked, self._number(np.nan))

    def _listed(self, op: Op, lists: Indices) -> str:
        """Return what an op of any number of inputs gives for ``lists``, of shape (rows, inputs)."""
        height, n = lists.shape
        if n == 0:
            return self._spread([op.evaluate([])[0]] * height)

        def stacked(columns: Indices) -> str:
            shape = self._whole(columns.shape[1], height, -1)
            return self._node("Reshape", self._gathered(columns.T.ravel()), shape)

        if op is sum_:
            return self._node("ReduceSum", stacked(lists), self._whole(0), keepdims=0)
        if op is logsumexp:
            return self._node("ReduceLogSumExp", stacked(lists), axes=[0], keepdims=0)
        if op is dot:
            half = n // 2
            both = self._node("Mul", stacked(lists[:, :half]), stacked(lists[:, half : 2 * half]))
            total = self._node("ReduceSum", both, self._whole(0), keepdims=0)
            return self._node("Add", total, self._gathered(lists[:, -1])) if n % 2 else total
        return self._applied(op, [self._gathered(column) for column in lists.T])

    # ------------------------------------------------------------------------------------- expressions

    def _applied(self, op: Op, inputs: Sequence[str]) -> str:
        """Return what an op's rule gives for these arrays."""
        result = value_of(op, len(inputs))
        names: dict[Expression, str] = {}
        for e in in_order([result]):
            if e.name == VARIABLE:
                names[e] = inputs[int(str(e.value)[1:])]
            elif e.name in (CONSTANT, UNREACHED):
                names[e] = self._number(e.value)
            else:
                names[e] = self._operation(e, [names[x] for x in e.inputs])
        return names[result]

    def _operation(self, e: Expression, inputs: list[str]) -> str:
        if e.name == "where" and not e.inputs[0].is_condition:
            zero = self._node("Equal", inputs[0], self._number(0.0))
            inputs[0] = self._node("Not", zero)
        if e.name == "!=":
            return self._node("Not", self._node("Equal", *inputs))
        if e.name == "fmod":
            return self._node("Mod", *inputs, fmod=1)
        if e.name == "single atan":
            single = self._node("Cast", inputs[0], to=self._onnx.TensorProto.FLOAT)
            return self._node("Cast", self._node("Atan", single), to=self._kind)
        return self._node(OPERATORS[e.name], *inputs)
