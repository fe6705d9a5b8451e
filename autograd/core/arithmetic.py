"""The two arithmetics of floats that the engine computes in.

An arithmetic is a namespace of functions: the elementary ones below, ``where``, and the value of
every op in the table.  `FLOATS` is Python's own ``math``: fast, but it raises at ``1/0``, ``log(0)``,
``exp(1000)`` and ``sin(inf)``.  `IEEE` gives infinity or nan there, as NumPy and PyTorch do; the
engine uses it only where `FLOATS` raised.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import inf, nan
from types import SimpleNamespace
from typing import Any

ELEMENTARY = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan",
              "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "pow",
              "log2", "log10", "cbrt", "hypot", "atan2")  # fmt: skip


def choose(condition: Any, a: Any, b: Any) -> Any:
    """Return ``a`` where the condition holds, else ``b``: the ``where`` of plain numbers."""
    return a if condition else b


class NotReached(float):
    """The slope towards a branch that is not taken: 0, and nothing once it is multiplied or added.

    A slope that comes out as 0 is a number like any other, and 0 × ∞ is nan.  `NOT_REACHED` says that there
    is no edge to go along: whatever arrives from one side or waits at the other, nothing is sent.

    >>> 2.0 + NOT_REACHED * inf
    2.0
    """

    __slots__ = ()

    def __mul__(self, other: Any) -> NotReached:
        return self

    def __add__(self, other: Any) -> Any:
        return other

    __rmul__, __radd__ = __mul__, __add__

    def __reduce__(self) -> str:
        return "NOT_REACHED"  # a copy, or a pickle, is the same object


NOT_REACHED = NotReached(0.0)


def floor(x: float) -> float:
    """Return the largest whole number that is not above x, as a float that keeps the sign of zero."""
    return math.copysign(math.floor(x), x)


def nearest(x: float) -> float:
    """Return the nearest whole number, of two the even one, as a float that keeps the sign of zero."""
    return math.copysign(round(x), x)


FUNCTIONS: dict[str, Callable[..., float]] = {
    **{name: getattr(math, name) for name in ELEMENTARY},
    "floor": floor,
    "round": nearest,
}
FLOATS = SimpleNamespace(where=choose, **FUNCTIONS)


class Ieee(float):
    """A float whose division never raises, and whose results are again such floats."""

    __slots__ = ()

    def __truediv__(self, other: float) -> Ieee:
        if other != 0.0:
            return Ieee(float(self) / float(other))
        if self == 0.0 or self != self:
            return Ieee(nan)
        return Ieee(math.copysign(inf, self) * math.copysign(1.0, other))

    def __rtruediv__(self, other: float) -> Ieee:
        return Ieee(other) / self

    def __mod__(self, other: float) -> Ieee:
        return Ieee(nan if other == 0.0 else float(self) % float(other))

    def __rmod__(self, other: float) -> Ieee:
        return Ieee(other) % self


def _results_in_ieee(operator: Callable[..., float]) -> Callable[..., Ieee]:
    return lambda *numbers: Ieee(operator(*numbers))


for _name in ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__neg__", "__abs__"):
    setattr(Ieee, _name, _results_in_ieee(getattr(float, _name)))


def _total(function: Callable[..., float]) -> Callable[..., Ieee]:
    """Return the function with infinity or nan, as IEEE 754 has it, where Python's raises."""

    def result(*numbers: float) -> Ieee:
        try:
            return Ieee(function(*numbers))
        except OverflowError:
            return Ieee(_overflow(function, *numbers))
        except ValueError:
            return Ieee(_invalid(function, *numbers))

    return result


def _overflow(function: Callable[..., float], a: float, b: float = 1.0) -> float:
    odd = function in (math.sinh, floor, nearest) or (function is math.pow and b % 2.0 == 1.0)
    return math.copysign(inf, a) if odd else inf


def _invalid(function: Callable[..., float], a: float, b: float = 1.0) -> float:
    if (function in (math.log, math.log2, math.log10) and a == 0.0) or (function is math.log1p and a == -1.0):
        return -inf
    if function is math.atanh and abs(a) == 1.0:
        return math.copysign(inf, a)
    if function is math.pow and a == 0.0:
        return math.copysign(inf, a) if b % 2.0 == 1.0 else inf
    return nan


IEEE = SimpleNamespace(where=choose, **{name: _total(function) for name, function in FUNCTIONS.items()})
