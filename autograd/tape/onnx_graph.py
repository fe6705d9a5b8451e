"""A tape as an ONNX graph: what other programs open, for any number of samples.

Each step of the program that a tape replays for every sample becomes a node or a few, on arrays of shape
(rows, samples): a matrix product is a MatMul, an op of the table is written from its rule.  What is the same
for all samples, such as the weights, is computed here and kept as numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.core.primitive import Op
from autograd.ops import dot, logsumexp, sum_
from autograd.tape.listing import COMPUTED, Indices
from autograd.tape.lowering import varying_nodes
from autograd.tape.onnx_nodes import OnnxNodes
from autograd.tape.program import AFFINE, BROADCAST, GATHER, unpack
from autograd.tape.schedule import schedule
from autograd.tape.structure import Columns
from autograd.tape.tape import Tape

SAMPLES = "samples"
"""The name of the axis whose length is free."""


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
    return _Graph(tape).of_the_tape()


class _Graph(OnnxNodes):
    """The graph of a tape, as it is written."""

    def __init__(self, tape: Tape) -> None:
        super().__init__(tape.dtype)
        if not tape.inputs:
            raise ValueError("this tape has no inputs: every sample would have the same outputs")
        self._tape = tape
        self._kept: dict[tuple[Any, ...], tuple[str, Any]] = {}
        self._joined: dict[tuple[int, ...], str] = {}
        self._pieces: list[tuple[str, int]] = []  # arrays of some rows each, and how many
        self._plan = schedule(tape.recorded.listing, tape.inputs, 0, False)
        self._uniform = self._uniform_numbers()
        rows = self._plan.varying_rows.count
        self._piece_of, self._offset_of = np.full(rows, -1), np.zeros(rows, np.int64)

    def of_the_tape(self) -> Any:
        """Return the model."""
        recorded = self._tape.recorded
        inputs, X = self._read(recorded.arguments)
        loaded = self._plan.loaded
        if len(loaded):  # wide products read the samples themselves
            self._put(np.arange(len(loaded)), self._rows_of(X, loaded, len(self._tape.inputs)))
        self._steps(X)
        outputs = self._write(recorded.results)
        kept = [self.arrays.from_array(array, name) for name, array in self._kept.values()]
        return self.model("tape", inputs, outputs, kept)

    # ------------------------------------------------------------------------------ names and numbers

    def number(self, x: Any, dtype: Any = None) -> str:
        """Return the name of numbers that are kept in the file."""
        array = np.asarray(x, dtype or self.dtype)
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._kept:
            self._kept[key] = (f"n{len(self._kept)}", array)
        return self._kept[key][0]

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
        return self.helper.make_tensor_value_info(name, self.kind, [SAMPLES, *shape])

    def _read(self, columns: Columns) -> tuple[list[Any], str]:
        """Return the graph's inputs, and the name of all of them as one array, a row for each column."""
        infos, arrays = [], []
        for part in columns.parts:
            size = int(np.prod(part.shape, dtype=int))
            infos.append(self._info(part.name, part.shape))
            flat = (
                part.name if len(part.shape) == 1 else self.node("Reshape", part.name, self.whole(-1, size))
            )
            arrays.append(self.node("Transpose", flat, perm=[1, 0]))
        X = arrays[0] if len(arrays) == 1 else self.node("Concat", *arrays, axis=0)
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
            turned = self.node("Transpose", self._gathered(chosen), perm=[1, 0])
            self.nodes.append(self.helper.make_node("Reshape", [turned, self.whole(-1, *part.shape)], [name]))
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
            self._joined[key] = names[0] if len(names) == 1 else self.node("Concat", *names, axis=0)
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
            return self.node("Slice", name, self.whole(first), self.whole(last + 1), self.whole(0))
        return self.node("Gather", name, self.number(places, np.int64), axis=0)

    def _spread(self, numbers: Any) -> str:
        """Return the name of an array with a number for each row, the same for all samples."""
        wide = self.node("Shape", self._tape.recorded.arguments.parts[0].name, start=0, end=1)
        shape = self.node("Concat", self.whole(1), wide, axis=0)
        return self.node("Expand", self.number(np.reshape(numbers, (-1, 1))), shape)

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
                    self._put(rows, self._wide(self.applied(op, inputs), inputs, args))

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
        return self.node("Gather", name, self.number(np.zeros(len(args)), np.int64), axis=0)

    def _product(self, product: Sequence[int], segments: Sequence[Sequence[int]], X: str, width: int) -> str:
        """Return W·x + b, where x is read from several places; for all positions of a sequence at once."""
        _, height, inner, weight, bias, *_, positions = product
        parts = [
            self._rows_of(X, np.arange(first, first + length), width) if direct
            else self._gathered(np.arange(first, first + length * positions))
            for first, _, length, _, direct in segments
        ]  # fmt: skip
        x = parts[0] if len(parts) == 1 else self.node("Concat", *parts, axis=0)
        if positions > 1:
            x = self.node("Reshape", x, self.whole(inner, -1))
        W = self.number(self._uniform[weight : weight + height * inner].reshape(height, inner))
        z = self.node("MatMul", W, x)
        if bias >= 0:
            z = self.node("Add", z, self.number(self._uniform[bias : bias + height, None]))
        return z if positions == 1 else self.node("Reshape", z, self.whole(height * positions, -1))

    def _looked_up(self, args: Indices, length: int, apart: int) -> str:
        """Return numbers of a table, each picked by an index; nan where the index is nan."""
        index = self._gathered(args[:, 0])
        first = int(args[:, 1].min())
        end = int(args[:, 1].max()) + apart * (length - 1) + 1
        found = self.node("Equal", index, index)
        safe = self.node("Where", found, index, self.number(0.0))
        clipped = self.node("Clip", self.node("Round", safe), self.number(0.0), self.number(length - 1.0))
        row = self.node("Cast", clipped, to=self.onnx.TensorProto.INT64)
        place = self.node("Mul", row, self.number(apart, np.int64))
        place = self.node("Add", place, self.number(args[:, 1:2] - first, np.int64))
        picked = self.node("Gather", self.number(self._uniform[first:end]), place, axis=0)
        return self.node("Where", found, picked, self.number(np.nan))

    def _listed(self, op: Op, lists: Indices) -> str:
        """Return what an op of any number of inputs gives for ``lists``, of shape (rows, inputs)."""
        height, n = lists.shape
        if n == 0:
            return self._spread([op.evaluate([])[0]] * height)

        def stacked(columns: Indices) -> str:
            shape = self.whole(columns.shape[1], height, -1)
            return self.node("Reshape", self._gathered(columns.T.ravel()), shape)

        if op is sum_:
            return self.node("ReduceSum", stacked(lists), self.whole(0), keepdims=0)
        if op is logsumexp:
            return self.node("ReduceLogSumExp", stacked(lists), axes=[0], keepdims=0)
        if op is dot:
            half = n // 2
            both = self.node("Mul", stacked(lists[:, :half]), stacked(lists[:, half : 2 * half]))
            total = self.node("ReduceSum", both, self.whole(0), keepdims=0)
            return self.node("Add", total, self._gathered(lists[:, -1])) if n % 2 else total
        return self.applied(op, [self._gathered(column) for column in lists.T])
