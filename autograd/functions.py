"""Functions of several Values, each one node (or few) however many inputs there are."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from math import inf
from operator import ge, gt, le, lt
from typing import Any

from autograd import ops
from autograd.core.primitive import Op
from autograd.node import number_of
from autograd.notation.numbers import counted
from autograd.protocols import OWN_FUNCTIONS, real_number
from autograd.value import Comparison, Constant, Operand, Value, apply, as_condition, as_value, as_values


def where(condition: Any, a: Operand, b: Operand) -> Value:
    """Return ``a`` where the condition holds, else ``b``; the gradient goes to the one taken.

    Args:
        condition: a comparison of Values (``x > 0``), a Value (0 is false), or a plain truth value.
        a, b: Values or numbers; both are computed, as in NumPy.

    Raises:
        TypeError: if the condition is none of these.

    >>> x = Value(-2.0)
    >>> where(x > 0, x, 3 * x).data
    -6.0
    """
    a, b, chosen = as_value(a), as_value(b), as_condition(condition)
    if isinstance(condition, Comparison | Value):
        return apply(ops.where, (chosen, a, b))
    return a if condition else b


def equal(a: Operand, b: Operand) -> Comparison:
    """Return whether two numbers are equal: ``a == b``."""
    return Comparison(ops.equal, as_value(a), as_value(b))


def not_equal(a: Operand, b: Operand) -> Comparison:
    """Return whether two numbers differ: ``a != b``."""
    return Comparison(ops.not_equal, as_value(a), as_value(b))


def logical_and(a: Any, b: Any) -> Comparison:
    """Return whether both conditions hold: ``a & b``.

    Args:
        a, b: comparisons of Values, Values (0 is false), or plain truth values.

    >>> x = Value(2.0)
    >>> where(logical_and(x > 0, x != 1), x, 0).data
    2.0
    """
    return Comparison(ops.logical_and, as_condition(a), as_condition(b))


def logical_or(a: Any, b: Any) -> Comparison:
    """Return whether at least one condition holds, ``a | b``; see `logical_and`."""
    return Comparison(ops.logical_or, as_condition(a), as_condition(b))


def logical_not(a: Any) -> Comparison:
    """Return whether a condition does not hold, ``~a``; see `logical_and`."""
    return Comparison(ops.logical_not, as_condition(a))


def sum(values: Iterable[Operand]) -> Value:
    """Return a1 + … + an as one node; 0 for no values."""
    return apply(ops.sum_, as_values(values))


def mean(values: Iterable[Operand]) -> Value:
    """Return (a1 + … + an) / n.

    Raises:
        ValueError: for no values.
    """
    values = _at_least_one("mean", values)
    return sum(values) / len(values)


def dot(w: Iterable[Operand], x: Iterable[Operand], bias: Operand | None = None) -> Value:
    """Return w1·x1 + … + wn·xn (+ bias) as one node: a neuron.

    Raises:
        ValueError: if ``w`` and ``x`` differ in length.

    >>> dot([1, 2], [Value(3.0), Value(4.0)], bias=0.5).data
    11.5
    """
    w, x = as_values(w), as_values(x)
    if len(w) != len(x):
        raise ValueError(f"dot needs as many w as x; got {len(w)} w and {len(x)} x")
    return apply(ops.dot, (*w, *x) if bias is None else (*w, *x, as_value(bias)))


def logsumexp(values: Iterable[Operand]) -> Value:
    """Return ln(exp(a1) + … + exp(an)), without overflow.

    Raises:
        ValueError: for no values.
    """
    return apply(ops.logsumexp, _at_least_one("logsumexp", values))


def softmax(values: Iterable[Operand]) -> list[Value]:
    """Return exp(ai) / (exp(a1) + … + exp(an)) for each i; they sum to one.

    The slope of a share p with its own input, p(1 − p), is the sum of two routes, and right to within about
    10⁻¹⁵.  Where p is so close to 1 that this matters, `log_softmax` keeps the digits.

    Raises:
        ValueError: for no values.
    """
    values = _at_least_one("softmax", values)
    shift = apply(ops.logsumexp, values, kind=Constant)  # any shift will do: the shares stay the same
    powers = [(a - shift).exp() for a in values]
    total = sum(powers)
    return [e / total for e in powers]


def log_softmax(values: Iterable[Operand]) -> list[Value]:
    """Return ai − ln(exp(a1) + … + exp(an)) for each i: the logarithms of `softmax`, without underflow.

    Raises:
        ValueError: for no values.
    """
    values = _at_least_one("log_softmax", values)
    total = logsumexp(values)
    return [a - total for a in values]


def lookup(index: Any, table: Iterable[Any]) -> Any:
    """Return the row of a table whose number is ``index``, counted from 0.

    A plain number picks the row itself.  A Value, such as an input that a tape varies, gives a node for each
    number of the row: a gradient goes to the row that was picked, and none to the index.  For a Value that is
    no row's number they are nan.

    Args:
        index: a whole number, or a Value.
        table: its rows: numbers or Values, or as many of these in each row.

    Returns:
        A Value, or a list of as many as a row has.

    Raises:
        TypeError: if ``index`` is not a number.
        IndexError: if ``index`` is a plain number and not that of a row.
        ValueError: if there are no rows, or if they differ in length.

    >>> lookup(1, [Value(2.0), Value(3.0)]).data
    3.0
    >>> [v.data for v in lookup(Value(0.0), [[Value(2.0), Value(3.0)], [Value(4.0), Value(5.0)]])]
    [2.0, 3.0]
    """
    rows = table if isinstance(table, Sequence) else tuple(table)
    if not rows:
        raise ValueError("lookup in a table without rows is not defined; give at least one")
    if not isinstance(index, Value):
        row = rows[row_number(index, len(rows))]
        return list(as_values(row)) if _has_several(row) else as_value(row)
    nearest = index.round().clip(0, len(rows) - 1)
    i = where(nearest == index, index, math.nan)
    if not _has_several(rows[0]):
        return apply(ops.lookup, (i, *as_values(rows)))
    columns = map(as_values, zip(*rows, strict=True))
    return [apply(ops.lookup, (i, *column)) for column in columns]


def row_number(index: Any, rows: int) -> int:
    """Return a plain number as the number of a row, counted from 0.

    Raises:
        TypeError: if it is not a number.
        IndexError: if it is not whole, or if there is no such row.
    """
    x = real_number("an index is", index)
    if not 0 <= x < rows or x != math.floor(x):
        raise IndexError(f"an index is a whole number from 0 to {rows - 1}, one for each row; got {index!r}")
    return int(x)


def logaddexp(a: Operand, b: Operand) -> Value:
    """Return ln(exp(a) + exp(b)), without overflow."""
    return logsumexp([a, b])


def sinc(a: Operand) -> Value:
    """Return sin(πa) / (πa), near zero by its series: it has every derivative there.

    >>> sinc(0.0).data, sinc(0.5).data
    (1.0, 0.6366197723675814)
    """
    angle = math.pi * as_value(a)
    series: Operand = 0.0
    for k in range(26, 0, -2):
        series = (series + 1) * -(angle * angle) / (k * (k + 1))
    near = abs(angle) < 1.5
    return where(near, series + 1, angle.sin() / where(near, 1.0, angle))


def as_function(op: Op) -> Callable[..., Value]:
    """Return an op of one's own as a function of Values and numbers; in a class of Values, as a method.

    The function raises TypeError where the op's rule does not give real numbers.

    Args:
        op: an entry of the table.

    >>> clip = as_function(ops.clip)
    >>> clip(Value(5.0), 0, 1).data
    1.0
    >>> clip(Value(5.0), 0)
    Traceback (most recent call last):
    ...
    TypeError: clip takes 3 inputs; got 2
    """

    def call(*inputs: Operand) -> Value:
        if op.arity is not None and len(inputs) != op.arity:
            raise TypeError(f"{op.name} takes {counted(op.arity, 'input')}; got {len(inputs)}")
        values = as_values(inputs)
        try:
            result = apply(op, values)
        except TypeError as error:
            raise TypeError(
                f"the rule of op {op.name!r} cannot be computed: {error}; "
                "its value takes the inputs, and each of its partials the inputs and the value y"
            ) from error
        for x in (number_of(result), *result.partials):
            real_number(f"the value and the partials of op {op.name!r} are each", x)
        return result

    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = f"The op {op.name} of the table ({op.symbol}), applied to Values or numbers."
    return call


def _has_several(row: Any) -> bool:
    return isinstance(row, Iterable) and not isinstance(row, Value)


def _at_least_one(name: str, values: Iterable[Operand]) -> tuple[Value, ...]:
    listed = as_values(values)
    if not listed:
        raise ValueError(f"{name} of no values is not defined; give at least one")
    return listed


def _clip(a: Operand, low: Operand | None, high: Operand | None) -> Value:
    return Value.clip(a, -inf if low is None else low, inf if high is None else high)


def _nan_to_num(
    a: Operand,
    *,
    copy: bool = True,
    nan: Operand = 0.0,
    posinf: Operand | None = None,
    neginf: Operand | None = None,
) -> Value:
    a, largest = as_value(a), sys.float_info.max
    top, bottom = largest if posinf is None else posinf, -largest if neginf is None else neginf
    return where(a > largest, top, where(a < -largest, bottom, where(equal(a, a), a, nan)))


OWN_FUNCTIONS.update(
    where=where, clip=_clip, nan_to_num=_nan_to_num, maximum=Value.maximum, minimum=Value.minimum,
    less=lt, less_equal=le, greater=gt, greater_equal=ge, equal=equal, not_equal=not_equal,
    logical_and=logical_and, logical_or=logical_or, logical_not=logical_not,
    sign=Value.sign, logaddexp=logaddexp,
)  # fmt: skip
