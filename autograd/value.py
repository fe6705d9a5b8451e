"""Value: a node with operators.

Every operator and function here does the same thing: it applies an op of the table to its inputs and
records the op, the inputs and the partials in a new node.  That record is the graph, and all that the
reverse pass (reverse.py) needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import inf
from numbers import Complex, Real
from typing import Any, TypeAlias

from autograd import ops, reverse
from autograd.core.arithmetic import FLOATS, NOT_REACHED  # noqa: F401 - the first in what is written out
from autograd.core.primitive import Op
from autograd.core.recording import clock, mode, refuse_branch, refuse_cut, unusual, usual
from autograd.fast_operators import written_out
from autograd.node import NO_GRADIENT, Node, number_of
from autograd.notation.formula import formula
from autograd.notation.hints import described
from autograd.ops import add, div, exp, log, mul, neg, relu, sub, tanh
from autograd.protocols import ForNumPy, Protocols, holds_one_number, label_text, real_number

new_node = object.__new__  # a node without the checks that Value(...) makes


def apply(
    op: Op, inputs: tuple[Value, ...], kind: type[Value] | None = None, numbers: list[float] | None = None
) -> Value:
    """Apply ``op`` to Values: the new node knows its op, its inputs and its partials.

    Inside `no_grad` the result is a constant that knows nothing of them.

    Args:
        op: an op of the table.
        inputs: as many Values as it takes.
        kind: `Constant` for a node that no gradient goes to.
        numbers: the data of the inputs, where the caller has them at hand already.

    Raises:
        AnomalyError: inside `detect_anomaly`, if the result is infinite or nan.
    """
    if numbers is None:
        numbers = list(map(number_of, inputs))
    try:
        data, partials = op.fast(numbers)
    except (ArithmeticError, ValueError):  # such as 1/0: infinity or nan, as IEEE 754 has it
        data, partials = op.evaluate(numbers)
    if kind is not None:  # a gradient that reaches it ends there
        partials = (NOT_REACHED,) * len(inputs)
    now = mode.now if unusual else usual
    if now.plain:
        node = new_node(kind or Value)
    else:
        node = _new_node_in_mode(op, inputs, data, kind)
        if not mode.recording:
            return node
    node._data = data
    node._grad = NO_GRADIENT
    node.op = op
    if len(inputs) == 2:
        node._a, node._b = inputs
        node._d_a, node._d_b = partials
    elif len(inputs) == 1:
        node._a, node._b = inputs[0], None
        node._d_a = partials[0]
    else:
        node._a, node._b, node._d_b = None, inputs, partials
    node.label = ""
    node._made = now.use
    if now.made is not None:
        now.made.append(node)
    return node


def _new_node_in_mode(op: Op, inputs: tuple[Value, ...], data: float, kind: type[Value] | None) -> Value:
    """Begin a node inside `no_grad`, where it is a constant, or `detect_anomaly`, where it is watched."""
    if not mode.recording:
        refuse_cut("no_grad")
    watched: Value | None = mode.watch.new_node(op, inputs, data) if mode.watch else None
    if not mode.recording:
        return Constant(data)
    if kind or watched is None:
        return new_node(kind or Value)
    return watched


def as_value(x: Any) -> Value:
    """Return ``x`` itself if it is a Value, else the number as a constant.

    Raises:
        TypeError: if ``x`` is neither.
    """
    return x if isinstance(x, Value) else Constant(x)


def as_values(xs: Iterable[Any]) -> tuple[Value, ...]:
    """Return each ``x`` as a Value; see `as_value`.

    Raises:
        TypeError: also if ``xs`` is a single thing.
    """
    if isinstance(xs, Value) or not isinstance(xs, Iterable):
        raise TypeError(f"several Values are wanted, such as a list of them; got {described(xs)}")
    xs = tuple(xs)
    if VALUE_TYPES.issuperset(map(type, xs)):  # nothing to convert, the usual case
        return xs
    return tuple([as_value(x) for x in xs])


# ------------------------------------------------------------------ ops as methods and operators

WRITTEN_OUT = (add, sub, mul, div, neg, exp, log, tanh, relu)
"""The ops of small programs, each written out as one function: half the time; see `fast_operators`."""


def unary(op: Op) -> Callable[[Operand], Value]:
    """Return the op as a function of a Value or number; in a class body, as a method."""

    def call(a: Operand) -> Value:
        if not isinstance(a, Value):
            a = Constant(a)
        return apply(op, (a,), None, [a._data])

    method = written_out(op, globals()) if op in WRITTEN_OUT else call
    method.__name__ = method.__qualname__ = op.name
    method.__doc__ = f"The op {op.name} of the table ({op.symbol}), applied to a Value or a number."
    return method


def _operator(op: Op) -> tuple[Callable[[Value, Any], Value], Callable[[Value, Any], Value]]:
    """Return the methods for ``self ∘ other`` and ``other ∘ self``."""

    def forward(self: Value, other: Any) -> Any:
        if not isinstance(other, Value):
            if not isinstance(other, (float, int, Real)) and not holds_one_number(other):
                return NotImplemented
            other = Constant(other)
        return apply(op, (self, other), None, [self._data, other._data])

    method = written_out(op, globals()) if op in WRITTEN_OUT else forward

    def reflected(self: Value, other: Any) -> Any:
        if not isinstance(other, (float, int, Real)) and not holds_one_number(other):
            return NotImplemented
        return method(Constant(other), self)

    return method, reflected


def _comparison(op: Op, swapped: bool = False) -> Callable[[Value, Any], Comparison]:
    def compare(self: Value, other: Any) -> Any:
        if not isinstance(other, (Value, Real)):
            return NotImplemented  # so that pytest.approx, mock.ANY and their kind get their turn
        left, right = self, as_value(other)
        return Comparison(op, right, left) if swapped else Comparison(op, left, right)

    return compare


class Value(Protocols, Node):
    """One real number in a computation that remembers how it came about.

    Args:
        data: the number; anything real (int, float, a NumPy scalar).
        label: a name for pictures and messages; ``w21^3`` is drawn with sub- and superscript.

    Attributes:
        data: the number, a float.
        grad: ∂output/∂self, once ``output.backward()`` has run; 0.0 before.
        op: the op that computed it; None for a leaf.
        inputs: the Values the op was applied to, in order, repeats kept.
        partials: the local derivatives, one per input.
        label: its name, or "".
        role: "input"; "weight" or "constant" for the leaves of the subclasses.

    Raises:
        TypeError: if ``data`` is not a real number or ``label`` not a string.
        ValueError: if ``data`` is a whole number too large for a float.

    ``==`` compares data, like ``<``, and the hash is that of the object.  So sets and the keys of
    dictionaries tell Values apart even where their numbers are equal, while ``in``, ``index``, ``count``
    and ``remove`` of a list take the first Value with an equal number; ``is`` compares objects.  In a
    condition a Value is true unless it is 0, as in `autograd.where`.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> c = a * b + b
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (-9.0, -3.0, 3.0)
    """

    __slots__ = ()

    def __init__(self, data: Any, label: str = "") -> None:
        self._grad = NO_GRADIENT
        self.op = None
        self._a, self._b, self._d_b = None, (), ()
        self.label = label if type(label) is str else label_text(label)
        self._made = (mode.now if unusual else usual).use
        try:
            self._data = data if type(data) is float else real_number("a Value holds", data, self.role)
        except TypeError:
            if not self._follows(data):
                raise

    def _follows(self, x: Any) -> bool:
        """Take the number of an input of the tape that is being recorded, where replays put each sample's.

        A model that wraps the numbers of its sample, ``[Value(x) for x in row]``, then runs there as well.
        """
        if mode.made is None or type(x) is not Value or x.op is not None or self.role == "weight":
            return False
        self._data, self.op, self.inputs, self.partials = x._data, ops.mul, (x, Constant(1.0)), (1.0, x._data)
        mode.made.append(self)
        return True

    @property
    def data(self) -> float:
        """The number.  While a tape is being recorded it cannot be read: it is one sample's."""
        if not mode.branching:
            refuse_cut("reading .data")
        return self._data

    @data.setter
    def data(self, number: float) -> None:
        x = number if type(number) is float else real_number("the data of a Value is", number)
        if not mode.branching:
            refuse_cut("setting .data")
        if self.op is not None:
            raise ValueError(
                f"the data of {self.label or self} follows from its inputs; set a leaf's, and compute again"
            )
        self._data = x
        clock.now += 1
        self._made = mode.read_clock()

    @property
    def grad(self) -> float:
        """The gradient; setting it to None means that it is not computed, as in PyTorch."""
        return self._grad

    @grad.setter
    def grad(self, number: float | None) -> None:
        if type(number) is not float:  # a float needs no check, and optimisers set many of them
            number = NO_GRADIENT if number is None else real_number("the gradient of a Value is", number)
        self._grad = number

    def backward(self) -> None:
        """Fill in the gradient of every Value that this one was computed from.

        See `autograd.reverse.backward`.
        """
        reverse.backward(self)

    def detach(self) -> Constant:
        """Return the same number as a constant: no gradient flows through it."""
        refuse_cut("detach")
        return Constant(self._data, self.label)

    __add__, __radd__ = _operator(ops.add)
    __sub__, __rsub__ = _operator(ops.sub)
    __mul__, __rmul__ = _operator(ops.mul)
    __truediv__, __rtruediv__ = _operator(ops.div)
    __pow__, __rpow__ = _operator(ops.pow_)
    __mod__, __rmod__ = _operator(ops.mod)
    __neg__ = unary(ops.neg)
    __abs__ = abs = unary(ops.abs_)

    def __pos__(self) -> Value:
        return self

    # Comparisons are of data.  The hash is that of the object: see the docstring.
    __eq__ = _comparison(ops.equal)  # type: ignore[assignment]
    __ne__ = _comparison(ops.not_equal)  # type: ignore[assignment]
    __hash__ = object.__hash__
    __lt__ = _comparison(ops.less)
    __le__ = _comparison(ops.less_equal)
    __gt__ = _comparison(ops.less, swapped=True)
    __ge__ = _comparison(ops.less_equal, swapped=True)

    exp, expm1, log, log1p, sqrt = map(unary, (ops.exp, ops.expm1, ops.log, ops.log1p, ops.sqrt))
    exp2, log2, log10, cbrt = map(unary, (ops.exp2, ops.log2, ops.log10, ops.cbrt))
    sin, cos, tan, asin, acos, atan = map(unary, (ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan))
    sinh, cosh, tanh, sech = map(unary, (ops.sinh, ops.cosh, ops.tanh, ops.sech))
    asinh, acosh, atanh = map(unary, (ops.asinh, ops.acosh, ops.atanh))
    erf, erfc = map(unary, (ops.erf, ops.erfc))
    floor, ceil, round, sign = map(unary, (ops.floor, ops.ceil, ops.round_, ops.sign))
    __floor__, __ceil__ = floor, ceil
    sigmoid, softplus, relu, selu = map(unary, (ops.sigmoid, ops.softplus, ops.relu, ops.selu))
    silu, gelu = map(unary, (ops.silu, ops.gelu))

    def leaky_relu(self: Operand, slope: Operand = 0.01) -> Value:
        """Return ``self`` above zero, ``slope × self`` below."""
        return apply(ops.leaky_relu, (as_value(self), as_value(slope)))

    def prelu(self: Operand, slope: Operand) -> Value:
        """Apply `leaky_relu` with a slope that is learned: a Value that gets its gradient."""
        return Value.leaky_relu(self, slope)

    def elu(self: Operand, alpha: Operand = 1.0) -> Value:
        """Return ``self`` above zero, ``alpha × (exp(self) − 1)`` below."""
        return apply(ops.elu, (as_value(self), as_value(alpha)))

    def maximum(self: Operand, other: Operand) -> Value:
        """Return the larger of two; equals share the gradient half and half."""
        return apply(ops.maximum, (as_value(self), as_value(other)))

    def minimum(self: Operand, other: Operand) -> Value:
        """Return the smaller of two; equals share the gradient half and half."""
        return apply(ops.minimum, (as_value(self), as_value(other)))

    def clip(self: Operand, low: Operand = -inf, high: Operand = inf) -> Value:
        """Return ``self`` held between ``low`` and ``high``; flat outside, slope 1 on the bounds."""
        return apply(ops.clip, (as_value(self), as_value(low), as_value(high)))

    def atan2(self: Operand, other: Operand) -> Value:
        """Return the angle of the point (other, self), from −π to π."""
        return apply(ops.atan2, (as_value(self), as_value(other)))

    def hypot(self: Operand, other: Operand) -> Value:
        """Return √(self² + other²), without overflow."""
        return apply(ops.hypot, (as_value(self), as_value(other)))

    def xlogy(self: Operand, other: Operand) -> Value:
        """Return self · ln(other), which is 0 where ``self`` is 0."""
        return apply(ops.xlogy, (as_value(self), as_value(other)))


def _name_methods() -> None:
    """Have the methods that `unary` made found where they are, as pickle looks for them."""
    for name, method in vars(Value).items():
        if getattr(method, "__qualname__", ".").isidentifier():
            method.__qualname__ = f"Value.{name}"


_name_methods()
new_value = partial(new_node, Value)
Complex.register(Value)  # a number, if not a float: what asks for one, as pytest.approx, may compute with it


class Constant(Value):
    """A leaf that no gradient goes to: a plain number in an expression, or a detached Value.

    What it is sent in a reverse pass ends here, and its ``grad`` is never computed.
    """

    __slots__ = ()
    role = "constant"

    grad = Value.grad.getter(lambda self: NO_GRADIENT)  # type: ignore[attr-defined]


class Parameter(Value):
    """A leaf that training adjusts: a weight or a bias."""

    __slots__ = ()
    role = "weight"


Operand: TypeAlias = Value | float
VALUE_TYPES = frozenset({Value, Constant, Parameter})


class Comparison(ForNumPy):
    """``a < b`` of Values: true or false to Python, and data to `where`.

    Comparisons combine with ``&``, ``|`` and ``~``, each in parentheses.

    >>> a = Value(2.0)
    >>> a > 1, not a > 1, (a > 1) & ~(a == 3)
    (True, False, True)
    """

    __slots__ = ("inputs", "op")

    def __init__(self, op: Op, *inputs: Value) -> None:
        self.op, self.inputs = op, inputs

    def __bool__(self) -> bool:
        refuse_branch(formula(self.op, [v.label or f"{v._data:.4g}" for v in self.inputs]))
        return self.op.evaluate([v._data for v in self.inputs])[0] == 1.0

    def __and__(self, other: Any) -> Comparison:
        return Comparison(ops.logical_and, self.value(), as_condition(other))

    def __or__(self, other: Any) -> Comparison:
        return Comparison(ops.logical_or, self.value(), as_condition(other))

    __rand__, __ror__ = __and__, __or__

    def __invert__(self) -> Comparison:
        return Comparison(ops.logical_not, self.value())

    def __eq__(self, other: object) -> bool:
        return bool(self) == other

    def __hash__(self) -> int:
        return hash(bool(self))

    def __repr__(self) -> str:
        return repr(self.op.evaluate([v._data for v in self.inputs])[0] == 1.0)

    def value(self) -> Value:
        """Return the outcome as a Value, 1 or 0, that follows its inputs on a tape."""
        return apply(self.op, self.inputs, kind=Constant)


def as_condition(x: Any) -> Value:
    """Return a comparison, a Value or a truth value as a Value: 0 is false, everything else true.

    Raises:
        TypeError: if ``x`` is none of these.
    """
    if isinstance(x, Comparison):
        return x.value()
    if isinstance(x, Value):
        return x
    if x is None or not hasattr(x, "__bool__"):
        raise TypeError(
            f"a condition is a comparison such as x > 0, a Value or a truth value; got {described(x)}"
        )
    return Constant(bool(x))
