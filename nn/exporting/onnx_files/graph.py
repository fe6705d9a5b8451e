"""A network as an ONNX graph while it is written: operators and weights in their places.

What no operator computes is recorded on a tape, and stands there operation by operation.  An operator that
runtimes do not have in double precision, or that is younger than the version of the file, is a function of
the file: one node, with the inputs and attributes of the operator; see `nn.exporting.onnx_files.bodies`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import signature
from itertools import chain, count
from typing import Any, NamedTuple

import numpy as np
from onnx import helper, numpy_helper

from autograd import Parameter, Value
from autograd.tape import OnnxNodes, Tape, onnx_model
from nn.exporting.onnx_files.bodies import DOMAIN, DOUBLE, SINGLE, YOUNGER
from nn.exporting.onnx_files.nested import in_a_row, shape_of
from nn.module import Module

SAMPLES, LENGTH = "samples", "length"
"""The sizes of the axes of any length: that of the samples, and that of the positions."""


PLACES = re.compile(r"(\.\d+)+$")
"""The positions at the end of a path."""


class FixedLengthError(ValueError):
    """A part of a network takes whole sequences in a way of its own."""


class Array(NamedTuple):
    """An array of the graph.

    Attributes:
        name: how the graph calls it.
        shape: that of one sample; the first size is `LENGTH` where any number of positions will do.
    """

    name: str
    shape: tuple[Any, ...]


class Graph(OnnxNodes):
    """A graph that is written operator by operator.

    Args:
        model: the network, whose paths name what is written.
        dtype: the precision.
        taken: the names of inputs and outputs.

    Attributes:
        kept: the weights that are kept in the file.
        sample: a sample of what the network takes, if there is one.
    """

    def __init__(self, model: Module, dtype: Any, *taken: str) -> None:
        super().__init__(dtype)
        self.kept: list[Any] = []
        self.sample: Any = None
        self._model = model
        self._paths = {id(module): path for path, module in model.named_modules()}
        self._taken, self._path, self._place = set(taken), "", ""
        self._chief = False
        self._weights: dict[Any, str] = {}
        self._functions: dict[bytes, Any] = {}

    # ------------------------------------------------------------------------------ names and numbers

    @contextmanager
    def at(self, module: Module) -> Iterator[None]:
        """Write in the place of a Module."""
        before = self._path, self._place
        self._path = self._paths.get(id(module), type(module).__name__)
        self._place = self._path or type(module).__name__
        try:
            yield
        finally:
            self._path, self._place = before

    def new_name(self, operator: str) -> str:
        """Return a name for what an operator gives: the place of its Module, if it is what that does."""
        names = [self._place] if self._chief else []
        return self._unused(*names, f"{self._place}/{operator}")

    def _unused(self, *names: str) -> str:
        """Return the first of some names that is not taken; the last one also with a number."""
        numbered = (f"{names[-1]}_{k}" for k in count(2))
        found = next(name for name in chain(names, numbered) if name not in self._taken)
        self._taken.add(found)
        return found

    def several(self, operator: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add a node that gives several arrays, called after its place or these; return their names."""
        names = super().several(operator, outputs, *inputs, **attributes)
        is_first = self._chief and all(node.name != self._place for node in self.nodes)
        self.nodes[-1].name = self._place if is_first else names[0]
        return names

    def weight(self, rows: Any, name: str = "") -> str:
        """Return the name of Parameters in nested lists, which are kept in the file under their path.

        Those that are kept already are the same array; numbers alone are a constant.

        Args:
            rows: the lists.
            name: what the Module at whose place this is written calls them; otherwise it is looked for.
        """
        key, flat = self._key(rows), in_a_row(rows)
        array = np.reshape([x.data if isinstance(x, Value) else x for x in flat], key[0]).astype(self.dtype)
        if not any(isinstance(x, Parameter) for x in flat):
            return self.number(array)
        if key not in self._weights:
            path = f"{self._path}.{name}".removeprefix(".") if name else self._path_of(flat)
            path = self._unused(path)
            self._weights[key] = path
            self.kept.append(numpy_helper.from_array(array, path))
        return self._weights[key]

    def _path_of(self, flat: list[Any]) -> str:
        """Return the path of the attribute that holds the first of some Parameters."""
        wanted = {id(x) for x in flat}
        path = next((path for path, p in self._model.named_parameters() if id(p) in wanted), "held")
        return PLACES.sub("", path)

    def transposed(self, rows: Any, name: str) -> str:
        """Return the name of the columns of a matrix of Parameters: of its rows, if these are kept."""
        kept = self._weights.get(self._key(rows))
        if kept is not None:
            return self.node("Transpose", kept, perm=[1, 0])
        return self.weight([*map(list, zip(*rows, strict=True))], name)

    @staticmethod
    def _key(rows: Any) -> Any:
        """Return what tells nested lists of Values and numbers apart."""
        return shape_of(rows), *(id(x) if isinstance(x, Value) else x for x in in_a_row(rows))

    # -------------------------------------------------------------------------------------- operators

    def operator(self, name: str, *inputs: str, shape: Any = (), **attributes: Any) -> str:
        """Add the operator that a Module is; return the name of what it gives.

        Args:
            name: that of an operator, or of a function of `nn.exporting.onnx_files.bodies`.
            inputs: the names of its inputs.
            shape: that of one sample of its first input.
            attributes: those of the operator.
        """
        return self.outputs_of(name, 1, *inputs, shape=shape, **attributes)[0]

    def outputs_of(
        self, name: str, outputs: int, *inputs: str, shape: Any = (), **attributes: Any
    ) -> list[str]:
        """Add the operator that a Module is; return the names of all that it gives."""
        body = YOUNGER.get(name) or (SINGLE.get(name) if self.dtype == np.float64 else None)
        if name in DOUBLE and all(float(np.float32(x)) == x for x in attributes.values()):
            body = None
        where: dict[str, Any] = {}
        if body is not None:
            name = self._function(name, body, inputs, outputs, shape, attributes)
            where = {"domain": DOMAIN}
            # an attribute that is a number is single in every file, but not one that is an array
            attributes = {
                key: numpy_helper.from_array(np.array(x)) if type(x) is float else x
                for key, x in attributes.items()
            }
        self._chief = True
        try:
            return self.several(name, outputs, *inputs, **where, **attributes)
        finally:
            self._chief = False

    def _function(
        self, name: str, body: Callable[..., list[str]], inputs: Sequence[str], outputs: int, shape: Any,
        attributes: Any,
    ) -> str:  # fmt: skip
        """Return the name of a function of the file; those that compute something else have another one."""
        taken = [*signature(body).parameters][3 : 3 + len(inputs)]
        nodes = OnnxNodes(self.dtype)
        nodes.operators = self.operators
        held = [name if x else "" for name, x in zip(taken, inputs, strict=True)]
        given = body(nodes, attributes, shape, *held)[:outputs]
        others = sum(f.name.partition("_")[0] == name for f in self._functions.values())
        made = helper.make_function(
            DOMAIN, name, taken, given, nodes.nodes, [helper.make_opsetid("", self.operators)], [*attributes]
        )
        key = made.SerializeToString(deterministic=True)
        if key not in self._functions:
            made.name = f"{name}_{others + 1}" if others else name
            self._functions[key] = made
        return str(self._functions[key].name)

    # --------------------------------------------------------------------------------- what is recorded

    def apply(self, function: Callable[..., Any], x: Array) -> Array:
        """Return what a function gives for each sample, operation by operation."""
        if LENGTH in x.shape:
            raise FixedLengthError(f"{self._place} takes a whole sequence in a way of its own")
        return self.recorded(function, x)

    def each(self, function: Callable[..., Any], x: Array) -> Array:
        """Return what a function gives for each row, in which the last axis of an array stands."""
        if len(x.shape) < 2:
            return self.apply(function, x)
        row = x.shape[-1:]
        y = self.recorded(function, Array(self.node("Reshape", x.name, self.whole(-1, *row)), row))
        sizes = self.node("Shape", x.name, start=0, end=-1)
        shape = self.node("Concat", sizes, self.whole(*y.shape), axis=0) if y.shape else sizes
        return Array(self.node("Reshape", y.name, shape), x.shape[:-1] + y.shape)

    def recorded(self, function: Callable[..., Any], *inputs: Array, samples: Any = None) -> Array:
        """Add what a function does with one sample; return what that gives."""
        nodes, y = self.written(function, *inputs, samples=samples)
        self.nodes += nodes
        return y

    def written(
        self, function: Callable[..., Any], *inputs: Array, samples: Any = None
    ) -> tuple[list[Any], Array]:
        """Record what a function does with one sample; return the nodes of it, and what they give."""
        sample = [np.full(x.shape, 0.0).tolist() for x in inputs] if samples is None else samples
        dtype: Any = str(self.dtype)
        graph = onnx_model(Tape.record(function, *sample, dtype=dtype)).graph
        if len(graph.output) != 1:
            raise FixedLengthError(f"{self._place} gives several arrays")
        before = self._unused(f"{self._place}/tape")
        names = dict(zip((i.name for i in graph.input), (x.name for x in inputs), strict=True))
        for node in graph.node:
            for ends in (node.input, node.output):
                ends[:] = [names.get(name, f"{before}/{name}") for name in ends]
            node.name = node.output[0]
        for tensor in graph.initializer:
            tensor.name = f"{before}/{tensor.name}"
        self.kept += graph.initializer
        (output,) = graph.output
        shape = tuple(d.dim_value for d in output.type.tensor_type.shape.dim[1:])
        return list(graph.node), Array(f"{before}/{output.name}", shape)

    # ---------------------------------------------------------------------------------------- the model

    def finished(self, inputs: list[Any], outputs: list[Any], names: Mapping[str, str]) -> Any:
        """Return the model of the nodes.

        Args:
            inputs, outputs: what the graph says of them.
            names: what outputs are called so far, and how they are to be called.
        """
        given = {name for node in self.nodes for name in node.output}
        for name in names.keys() - given:  # what comes out as it went in
            self.nodes.append(helper.make_node("Identity", [name], [names[name]]))
        for node in self.nodes:
            for ends in (node.input, node.output):
                ends[:] = [names[name] if name in given and name in names else name for name in ends]
        functions = [*self._functions.values()]
        imports = [helper.make_opsetid(DOMAIN, 1)] if functions else []
        made = self.model("network", inputs, outputs, self.kept, functions=functions, imports=imports)
        return self.onnx.shape_inference.infer_shapes(made)
