"""Gradients as results, and as graphs that can be differentiated again.

The partials of an op are stated in any arithmetic (`autograd.ops`).  Stated in the arithmetic of
Values they are graphs themselves, and so is what the reverse pass makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, overload

from autograd import ops
from autograd.core.arithmetic import IEEE, NOT_REACHED, choose
from autograd.core.primitive import Op, entry
from autograd.core.recording import mode, refuse_cut
from autograd.functions import logical_not, where
from autograd.node import number_of
from autograd.notation.hints import described
from autograd.pure_reverse import upstreams
from autograd.value import Comparison, Constant, Operand, Value, apply, as_condition, as_value, as_values


@overload
def gradients(output: Value, wrt: Value, create_graph: Literal[False] = ...) -> float: ...
@overload
def gradients(output: Value, wrt: Value, create_graph: Literal[True]) -> Value: ...
@overload
def gradients(output: Value, wrt: Sequence[Value], create_graph: Literal[False] = ...) -> list[float]: ...
@overload
def gradients(output: Value, wrt: Sequence[Value], create_graph: Literal[True]) -> list[Value]: ...
def gradients(output: Value, wrt: Any, create_graph: bool = False) -> Any:
    """Return ∂output/∂v for each v of ``wrt``, without touching any ``.grad``.

    Args:
        output: the Value to differentiate.
        wrt: one Value, or a sequence of them.
        create_graph: give the gradients as Values, with a graph of their own that can be drawn
            and differentiated again, to any order.

    Returns:
        One gradient, or a list of them; 0 where ``output`` does not depend on v.

    Raises:
        TypeError: if ``output`` or something in ``wrt`` is not a Value.
        ValueError: if ``output`` is a constant.
        AnomalyError: inside `detect_anomaly`, at the first number that is infinite or nan.

    >>> x = Value(2.0, "x")
    >>> gradients(x**3, x)
    12.0
    >>> slope = gradients(x**3, x, create_graph=True)
    >>> gradients(slope, x)
    12.0
    """
    wanted = list(wrt) if isinstance(wrt, Iterable) else [wrt]
    for v in (output, *wanted):
        if not isinstance(v, Value):
            raise TypeError(f"gradients are taken of a Value with respect to Values; got {described(v)}")
    if create_graph:
        with mode.switched(recording=True):
            upstream = upstreams(output, in_values)
        # a slope that depends on nothing is a leaf, not a constant: its own gradients are zeros
        slopes = [number_in(upstream.get(v, 0.0)) for v in wanted]
        found: list[Any] = [g if isinstance(g, Value) else Value(g) for g in slopes]
    else:
        refuse_cut("gradients(…) without create_graph=True")
        upstream = upstreams(output)
        found = [upstream.get(v, 0.0) for v in wanted]
    return found[0] if isinstance(wrt, Value) else found


def in_values(node: Value, upstream: Operand) -> list[Operand]:
    """Return upstream × partial for each input of the node, as graphs."""
    return [product(upstream, partial) for partial in partials_as_values(node)]


def partials_as_values(node: Value) -> list[Operand]:
    """Return the partials of a node as graphs of its inputs (plain floats where they depend on none)."""
    assert node.op is not None
    inputs = [number_of(v) if isinstance(v, Constant) and v.op is None else v for v in node.inputs]
    return [0.0, 0.0] if _is_one(node.op, inputs) else node.op.partials(VALUES, inputs, node)


def _is_one(op: Op, inputs: Sequence[Any]) -> bool:
    """Return whether it is a power with the number 0 as exponent: 1 for all data, and flat to any order."""
    return op is ops.pow_ and inputs[1].__class__ is float and inputs[1] == 0.0


def product(upstream: Any, partial: Any) -> Any:
    """Return upstream × partial, less the multiplications by one that would clutter a gradient's graph."""
    if partial is NOT_REACHED or isinstance(partial, Reached):
        return partial * upstream
    if partial.__class__ is float and partial == 1.0:
        return upstream
    if upstream.__class__ is float and upstream == 1.0:
        return partial
    return upstream * partial


# ------------------------------------------------------------------------ a branch, for all data


class Reached:
    """A gradient that comes through a branch: it is there only where the branch is taken.

    A graph of gradients is differentiated and replayed at other numbers too, so which branch is taken must
    stay open.  What is multiplied behind the branch counts only where it is taken: ``where`` sees to that
    after each multiplication, so that 0 × ∞ is never added up, nor differentiated.

    Attributes:
        number: the gradient, 0 where the branch is not taken; or a partial, still a plain number.
        taken: true where it is taken, false (0) elsewhere; no gradient goes to it.
        nothing: the 0 that stands for the gradient elsewhere.
    """

    __slots__ = ("nothing", "number", "taken")

    def __init__(self, number: Operand, taken: Value, nothing: Constant | None = None) -> None:
        self.number, self.taken = number, taken
        self.nothing = Constant(0.0) if nothing is None else nothing

    def __mul__(self, other: Any) -> Reached:
        taken = self.taken
        if isinstance(other, Reached):
            if other.taken is not taken:
                taken = _condition(taken, other.taken, self.nothing)
            other = other.number
        elif other.__class__ is float and isinstance(self.number, Value):  # 0 times a plain number is 0
            return Reached(product(self.number, other), taken, self.nothing)
        return Reached(where(taken, product(self.number, other), self.nothing), taken, self.nothing)

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Reached):
            same = other.taken is self.taken
            taken = self.taken if same else _condition(self.taken, 1.0, other.taken)
            return Reached(self.number + other.number, taken, self.nothing)
        return self.number + other

    __radd__ = __add__


def number_in(gradient: Any) -> Any:
    """Return the gradient itself, whether it came through a branch or not."""
    return gradient.number if isinstance(gradient, Reached) else gradient


def _condition(condition: Any, a: Operand, b: Operand) -> Value:
    """Return ``where`` of two truth values: a condition itself."""
    return apply(ops.where, (condition, as_value(a), as_value(b)), kind=Constant)


# ------------------------------------------------------------------- the arithmetic of Values


class _Values:
    """The arithmetic of Values: every op of the table by name, those registered later included."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return _on_values(entry(name))


VALUES = _Values()


def _on_values(op: Op) -> Callable[..., Any]:
    """Return the op as a function that stays with plain floats as long as it is given nothing else."""

    def call(*inputs: Any) -> Any:
        if op is ops.where and isinstance(inputs[0], (Comparison, Value)):
            condition, a, b = inputs
            if b is NOT_REACHED:
                return Reached(a, as_condition(condition))
            if a is NOT_REACHED:
                return Reached(b, as_condition(logical_not(condition)))
            return where(condition, a, b)
        if op is ops.where:
            return choose(*inputs)
        if _is_one(op, inputs):
            return 1.0
        if op in ops.COMPARISONS and any(isinstance(x, Value) for x in inputs):
            return Comparison(op, *map(as_value, inputs))
        if any(isinstance(x, Value) for x in inputs):
            return apply(op, as_values(inputs))
        return float(getattr(IEEE, op.name)(*inputs))

    return call
