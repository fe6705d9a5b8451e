"""The oracle of the checks: the table of ops in 50 digits, slopes by differences, errors in ulps.

`DIGITS` is an arithmetic for the rules of the table: the same definitions, computed by mpmath.
`slope` does not use the partials that a rule states; it differentiates the value alone.

>>> from autograd.core.primitive import TABLE
>>> error = slope(value_of(TABLE["exp"]), [1.0], 0) - exact(partial_of(TABLE["exp"], 0), [1.0])
>>> bool(abs(error) < 1e-45)
True
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

from autograd.core.arithmetic import ELEMENTARY, choose
from autograd.core.primitive import Op, entry
from autograd.core.untimed import untimed

DIGITS_KEPT = 50
EPSILON = sys.float_info.epsilon
LARGEST = sys.float_info.max
HUGE = 1e9
SMALLEST = math.ulp(0.0)
SMALLEST_NORMAL = sys.float_info.min

Numbers = Sequence[Any]


def arithmetic() -> Any:
    """Return mpmath's context ``mp``, loaded on first use.

    Raises:
        ModuleNotFoundError: if mpmath is not installed; the message names the extra that brings it.
    """
    try:
        with untimed:
            return import_module("mpmath").mp
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            'arithmetic of 50 digits needs mpmath: pip install "chainrule[test]"', name="mpmath"
        ) from missing


def _beyond(exponent: Any) -> Any:
    """Return exp of an exponent too large for mpmath to be quick: 0 or infinity to any float."""
    mp = arithmetic()
    return mp.inf if exponent > 0 else mp.mpf(0) if exponent < 0 else mp.nan


class _Digits:
    """The arithmetic of mpmath's numbers: every op of the table by name."""

    where = staticmethod(choose)

    @staticmethod
    def exp(x: Any) -> Any:
        mp = arithmetic()
        return mp.exp(x) if abs(x) < HUGE else _beyond(x)

    @staticmethod
    def log2(x: Any) -> Any:
        return arithmetic().log(x, 2)

    @staticmethod
    def cbrt(x: Any) -> Any:
        mp = arithmetic()
        return mp.sign(x) * mp.cbrt(abs(x))

    @staticmethod
    def floor(x: Any) -> Any:
        return arithmetic().floor(x)

    @staticmethod
    def round(x: Any) -> Any:
        return arithmetic().nint(x)

    @staticmethod
    def pow(a: Any, b: Any) -> Any:
        mp = arithmetic()
        if not a and b < 0:
            return mp.inf  # mpmath raises there
        exponent = b * mp.log(abs(a)) if a and abs(b) > HUGE**0.5 else 0
        return mp.power(a, b) if abs(exponent) < HUGE else _beyond(exponent)

    @staticmethod
    def erfc(x: Any) -> Any:
        mp = arithmetic()
        if abs(x) < 100:
            return mp.erfc(x)
        if x < 0:
            return 2 - _Digits.erfc(-x)
        term = total = mp.mpf(1)  # mpmath is slow there; Abramowitz and Stegun (1964), 7.1.23
        for k in range(1, 10_000):
            term *= -(2 * k - 1) / (2 * x * x)
            total += term
            if abs(term) < mp.eps:
                break
        return _Digits.exp(-x * x) / (x * mp.sqrt(mp.pi)) * total

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in ELEMENTARY:
            function: Callable[..., Any] = getattr(arithmetic(), name)
            return function
        value: Callable[..., Any] = entry(name).rule(self)[0]
        return value


DIGITS = _Digits()


@lru_cache(maxsize=512)
def rule_in_digits(op: Op) -> tuple[Callable[[Numbers], Any], Callable[[Any, Numbers], Sequence[Any]]]:
    """Return the op's value, as a function of its inputs, and its partials, of the value and the inputs."""
    value, *partials = op.rule(DIGITS)
    if op.variadic:
        return value, partials[0]
    return lambda inputs: value(*inputs), lambda y, inputs: [partial(*inputs, y) for partial in partials]


def is_real(y: Any) -> bool:
    """Return whether y is a finite real number, in any arithmetic."""
    return isinstance(y, int | float | arithmetic().mpf) and bool(abs(y) < math.inf)


def value_of(op: Op) -> Callable[[Numbers], Any]:
    """Return the op's value alone, as a function of a sequence of mpmath's numbers."""
    value = op.rule(DIGITS)[0]
    return value if op.variadic else lambda inputs: value(*inputs)


def partial_of(op: Op, i: int) -> Callable[[Numbers], Any]:
    """Return the op's ``i``-th partial, as a function of a sequence of mpmath's numbers."""
    evaluate = op.evaluator(DIGITS)
    return lambda inputs: evaluate(inputs)[1][i]


def exact(function: Callable[[Numbers], Any], inputs: Sequence[float]) -> Any:
    """Compute the function at exactly these floats, to 50 digits."""
    mp = arithmetic()
    with mp.workdps(DIGITS_KEPT):
        return mp.mpf(function([mp.mpf(x) for x in inputs]))


def slope(function: Callable[[Numbers], Any], inputs: Sequence[float], i: int) -> Any:
    """Return ∂function/∂input i by a central difference; see `derivative`."""
    return derivative(function, inputs, [i])


def derivative(function: Callable[[Numbers], Any], inputs: Sequence[float], places: Sequence[int]) -> Any:
    """Return the derivative in these inputs, one after another, by central differences in hundreds of digits.

    The step is 10⁻⁶⁰ of the input (at most of 1, and for 0 of the smallest other input), so that it never
    crosses a kink that the inputs, floats, are not exactly on.

    >>> cube = derivative(lambda x: x[0] ** 3, [0.0], [0, 0, 0])
    >>> float(cube)
    6.0
    """
    smallest = min([1.0, *(abs(a) for a in inputs if a)])
    sizes = [min(abs(inputs[i]), 1.0) or smallest for i in places]
    spread = math.log10(max(1.0, *map(abs, inputs))) - math.log10(smallest)
    mp = arithmetic()
    with mp.workdps(6 * DIGITS_KEPT + (len(places) - 1) * 2 * DIGITS_KEPT + (1 + len(places)) * int(spread)):
        points = [(mp.mpf(1), [mp.mpf(a) for a in inputs])]
        for i, size in zip(places, sizes, strict=True):
            step = mp.mpf(10) ** -60 * size
            points = [
                (side * weight / (2 * step), [*point[:i], point[i] + side * step, *point[i + 1 :]])
                for weight, point in points
                for side in (1, -1)
            ]
        return mp.fsum(weight * function(point) for weight, point in points)


def sensitivity(function: Callable[[Numbers], Any], inputs: Sequence[float]) -> Any:
    """Return Σ |inputᵢ · ∂function/∂inputᵢ|: how far the value moves if each input is off by its own size.

    Divided by the value it is the condition number; undivided it also serves where the value is 0.
    """
    return sum(abs(a * slope(function, inputs, i)) for i, a in enumerate(inputs) if a)


def ulp(want: Any) -> float:
    """Return the unit in the last place of a number of 50 digits, for floats."""
    return math.ulp(min(abs(float(want)), LARGEST))


def ulps(got: float, want: Any) -> float:
    """Return the error of a float in units in the last place of the true number."""
    if abs(want) > LARGEST and math.isinf(got):  # beyond the floats, infinity is the right answer
        return 0.0 if (got > 0) == (want > 0) else math.inf
    if not math.isfinite(got):
        return math.inf
    return float(abs(arithmetic().mpf(got) - want) / ulp(want))
