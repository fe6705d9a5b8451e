"""The table of ops in the arithmetic of Values: derivatives that are graphs themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import ops
from autograd.arithmetic import IEEE, choose
from autograd.functions import where
from autograd.ops import TABLE, Op
from autograd.value import Comparison, Constant, Operand, Value, apply, as_value, as_values, number_of


def _on_values(op: Op) -> Callable[..., Any]:
    """The op as a function that stays with plain floats as long as it is given nothing else."""

    def call(*inputs: Any) -> Any:
        if op is ops.where and isinstance(inputs[0], (Comparison, Value)):
            return where(*inputs)
        if op is ops.where:
            return choose(*inputs)
        if op in COMPARISONS and any(isinstance(x, Value) for x in inputs):
            return Comparison(op, *map(as_value, inputs))
        if any(isinstance(x, Value) for x in inputs):
            return apply(op, as_values(inputs))
        return float(getattr(IEEE, op.name)(*inputs))

    return call


COMPARISONS = (ops.less, ops.less_equal, ops.equal)


class _Values:
    """The arithmetic of Values: every op of the table by name, those registered later included."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in TABLE:
            raise AttributeError(f"there is no op {name!r} in the table")
        return _on_values(TABLE[name])


VALUES = _Values()


def partials_as_values(node: Value) -> list[Operand]:
    """The partials of a node as graphs of its inputs (plain floats where they depend on none)."""
    assert node.op is not None
    inputs = [number_of(v) if isinstance(v, Constant) and v.op is None else v for v in node.inputs]
    return node.op.partials(VALUES, inputs, node)
