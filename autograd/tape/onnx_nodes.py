"""ONNX nodes as they are written one by one: operators, numbers, and the ops of the table in their rules."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import count
from typing import Any

import numpy as np

from autograd.core.primitive import Op
from autograd.source.expression import CONSTANT, UNREACHED, VARIABLE, Expression, in_order
from autograd.tape.onnx_functions import value_of

OPERATORS = {
    "+": "Add", "-": "Sub", "*": "Mul", "/": "Div", "neg": "Neg", "abs": "Abs", "pow": "Pow",
    "where": "Where", "<": "Less", "<=": "LessOrEqual", ">": "Greater", ">=": "GreaterOrEqual", "==": "Equal",
    "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "sin": "Sin", "cos": "Cos", "tanh": "Tanh",
    "floor": "Floor", "round": "Round",
}  # fmt: skip
"""The operator of each operation in `autograd.tape.onnx_functions`."""


class OnnxNodes:
    """Nodes that are written one after the other.

    Args:
        dtype: the precision, "float64" or "float32".

    Attributes:
        dtype, kind: the precision as NumPy and ONNX call it.
        nodes: those that were written.
        operators, version: the versions of the operators and of the file: those of 2022, which every runtime
            reads.

    Raises:
        ImportError: if the package onnx is not installed.
        ValueError: if there is no such precision.
    """

    operators, version = 17, 8

    def __init__(self, dtype: Any) -> None:
        try:
            self.onnx = import_module("onnx")
        except ImportError:
            raise ImportError('an ONNX graph needs onnx: pip install "chainrule[onnx]"') from None
        if dtype not in ("float64", "float32"):
            raise ValueError(f'dtype is "float64" or "float32", not {dtype!r}')
        self.helper, self.arrays = import_module("onnx.helper"), import_module("onnx.numpy_helper")
        self.dtype = np.dtype(dtype)
        self.kind = self.helper.np_dtype_to_tensor_dtype(self.dtype)
        self.nodes: list[Any] = []
        self._names = (f"t{k}" for k in count())

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; return the name of what it gives."""
        (name,) = self.several(operator, 1, *inputs, **attributes)
        return name

    def several(self, operator: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add a node that gives several arrays; return their names."""
        names = [self.new_name(operator) for _ in range(outputs)]
        self.nodes.append(self.helper.make_node(operator, inputs, names, **attributes))
        return names

    def new_name(self, operator: str) -> str:
        """Return a name for what an operator gives."""
        return next(self._names)

    def model(self, name: str, inputs: list[Any], outputs: list[Any], kept: list[Any], **more: Any) -> Any:
        """Return the model of the nodes, checked.

        Args:
            name: that of the graph.
            inputs, outputs: what the graph says of them.
            kept: the arrays that are kept in the file.
            more: what `onnx.helper.make_model` takes besides.
        """
        graph = self.helper.make_graph(self.nodes, name, inputs, outputs, kept)
        imports = [self.helper.make_opsetid("", self.operators), *more.pop("imports", ())]
        made = self.helper.make_model(
            graph, producer_name="chainrule", ir_version=self.version, opset_imports=imports, **more
        )
        self.onnx.checker.check_model(made, full_check=True)
        return made

    def number(self, x: Any, dtype: Any = None) -> str:
        """Return the name of constant numbers."""
        return self.node("Constant", value=self.arrays.from_array(np.asarray(x, dtype or self.dtype)))

    def whole(self, *numbers: Any) -> str:
        """Return the name of whole numbers, such as a shape."""
        return self.number(numbers, np.int64)

    def applied(self, op: Op, inputs: Sequence[str]) -> str:
        """Return what an op's rule gives for these arrays."""
        result = value_of(op, len(inputs))
        names: dict[Expression, str] = {}
        for e in in_order([result]):
            if e.name == VARIABLE:
                names[e] = inputs[int(str(e.value)[1:])]
            elif e.name in (CONSTANT, UNREACHED):
                names[e] = self.number(e.value)
            else:
                names[e] = self._operation(e, [names[x] for x in e.inputs])
        return names[result]

    def _operation(self, e: Expression, inputs: list[str]) -> str:
        if e.name == "where" and not e.inputs[0].is_condition:
            zero = self.node("Equal", inputs[0], self.number(0.0))
            inputs[0] = self.node("Not", zero)
        if e.name == "!=":
            return self.node("Not", self.node("Equal", *inputs))
        if e.name == "fmod":
            return self.node("Mod", *inputs, fmod=1)
        if e.name == "single atan":
            single = self.node("Cast", inputs[0], to=self.onnx.TensorProto.FLOAT)
            return self.node("Cast", self.node("Atan", single), to=self.kind)
        return self.node(OPERATORS[e.name], *inputs)
