"""The functions of the op table in those that ONNX runtimes compute in double precision.

Of the elementary functions such a runtime has the exponential, the logarithm, the root, sine, cosine, tanh
and powers; in single precision also the arctangent.  All others are written with these, so that they agree
with our own to about 1e-13.

>>> from autograd.ops import TABLE
>>> print(value_of(TABLE["tan"], 1))
(sin(a0) / cos(a0))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from math import inf
from typing import Any

from numpy.polynomial.chebyshev import chebinterpolate

from autograd.core.primitive import Op
from autograd.source.expression import Expression, Symbols

SMALL = 0.5
"""Below this, erf is computed from its own series, above from erfc."""
LARGE = 1e8
"""Beyond this, √(a² + 1) is a."""
FARTHEST = 28.0
"""Beyond this, erfc is smaller than any double."""


def value_of(op: Op, inputs: int) -> Expression:
    """Return the value of an op of variables ``a0``, ``a1``, … in the operations that are exported.

    Raises:
        NotImplementedError: if the rule cannot be run on symbols.
    """
    m = _Elementary()
    names = [m.variable(f"a{k}") for k in range(inputs)]
    try:
        value = m.rule(op)[0]
        (result,) = m.every_way(lambda: [value(names) if op.variadic else value(*names)])
    except Exception as error:  # a rule may do anything
        raise NotImplementedError(f"the op {op.name!r} cannot be exported: {error}") from error
    return result


class _Elementary(Symbols):
    """Symbols whose functions are those that a runtime has."""

    def apply(self, name: str, *inputs: Any) -> Expression:
        """Return the operation of that name; the remainder has the sign of b, as in Python."""
        if name != "%":
            return super().apply(name, *inputs)
        rest, b = super().apply("fmod", *inputs), self.expression(inputs[1])
        return self.apply("where", rest * b < 0, rest + b, rest)

    def expm1(self, a: Any) -> Any:
        t = self.tanh(0.5 * a)
        return self.where(abs(a) < 1, 2 * t / (1 - t), self.exp(a) - 1)

    def log1p(self, a: Any) -> Any:  # Kahan: the rounding of 1 + a is made good by the quotient
        u = 1 + a
        near = abs(a) < SMALL
        v = self.where(self.apply("==", u, 1.0), 2.0, u)
        corrected = self.where(self.apply("==", u, 1.0), a, self.log(v) * (a / (v - 1)))
        return self.where(near, corrected, self.log(u))

    def log2(self, a: Any) -> Any:
        return self.log(a) / math.log(2)

    def log10(self, a: Any) -> Any:
        return self.log(a) / math.log(10)

    def cbrt(self, a: Any) -> Any:
        root = self.pow(abs(a), 1 / 3)
        return self.where(a < 0, -root, root)

    def hypot(self, a: Any, b: Any) -> Any:
        most = self.maximum(abs(a), abs(b))
        scale = self.where(most < inf, self.where(self.apply("==", most, 0.0), 1.0, most), 1.0)
        return scale * self.sqrt((a / scale) * (a / scale) + (b / scale) * (b / scale))

    def tan(self, a: Any) -> Any:
        return self.sin(a) / self.cos(a)

    def sinh(self, a: Any) -> Any:
        e = self.expm1(a)
        return 0.5 * self.where(abs(a) < 1, e + e / (e + 1), self.exp(a) - self.exp(-a))

    def cosh(self, a: Any) -> Any:
        return 0.5 * (self.exp(a) + self.exp(-a))

    def asinh(self, a: Any) -> Any:
        size = abs(a)
        found = self.log1p(size + size * size / (1 + self.sqrt(size * size + 1)))
        found = self.where(size < LARGE, found, self.log(size) + math.log(2))
        return self.where(a < 0, -found, found)

    def acosh(self, a: Any) -> Any:
        return self.log1p((a - 1) + self.sqrt(a - 1) * self.sqrt(a + 1))

    def atanh(self, a: Any) -> Any:
        return 0.5 * (self.log1p(a) - self.log1p(-a))

    def atan(self, a: Any) -> Any:
        return self.atan2(a, 1.0)

    def asin(self, a: Any) -> Any:
        return self.atan2(a, self.sqrt((1 - a) * (1 + a)))

    def acos(self, a: Any) -> Any:
        return self.atan2(self.sqrt((1 - a) * (1 + a)), a)

    def atan2(self, b: Any, a: Any) -> Any:
        """Return the angle of (a, b): that in single precision, turned by what is left of the point."""
        b, a = self.expression(b), self.expression(a)
        far, below = abs(a) + abs(b), b < 0
        b, a = (self.where(far < inf, x, self.where(abs(x) < inf, 0.0, self.sign(x))) for x in (b, a))
        flat = self.apply("single atan", b / a)
        angle = self.where(a < 0, self.where(below, flat - math.pi, flat + math.pi), flat)
        c, s = self.cos(angle), self.sin(angle)
        turned = angle + (b * c - a * s) / (a * c + b * s)
        return self.where(self.apply("==", far, 0.0), b, turned)

    def erf(self, a: Any) -> Any:
        series = a * self._chebyshev(_erf_over_a(), 2 / SMALL**2 * (a * a) - 1)
        return self.where(abs(a) < SMALL, series, 1 - self.erfc(a))

    def erfc(self, a: Any) -> Any:
        z = abs(a)
        t, lowest = 2 / (2 + z), _t(FARTHEST)
        exponent = self._chebyshev(_log_erfcx(), (2 * t - (1 + lowest)) / (1 - lowest))
        right = t * self.exp(exponent - z * z)
        return self.where(a < 0, 2 - right, right)

    def _chebyshev(self, coefficients: Sequence[float], x: Any) -> Any:
        """Return a Chebyshev series at x, from −1 to 1, by Clenshaw's recurrence."""
        b, before = 0.0, 0.0
        for c in coefficients[:0:-1]:
            b, before = 2 * x * b - before + c, b
        return x * b - before + coefficients[0]


def _t(z: float) -> float:
    return 2 / (2 + z)


@cache
def _log_erfcx() -> list[float]:
    """Return ln(erfc(z)·exp(z²)/t) as a series in t = 2/(2 + z), z from 0 to `FARTHEST`."""

    def of(t: float) -> float:
        z = 2 / t - 2
        if z < 25:
            return math.log(math.erfc(z)) + z * z - math.log(t)
        q = 1 / (2 * z * z)  # the asymptotic series: erfc is too small to be a normal double
        return math.log((1 - q * (1 - 3 * q * (1 - 5 * q))) / (z * math.sqrt(math.pi))) - math.log(t)

    return _series(of, _t(FARTHEST), 1.0, 30)


@cache
def _erf_over_a() -> list[float]:
    """Return erf(a)/a as a series in a², a from 0 to `SMALL`."""
    return _series(lambda s: math.erf(math.sqrt(s)) / math.sqrt(s), 0.0, SMALL**2, 12)


def _series(function: Callable[[float], float], low: float, high: float, degree: int) -> list[float]:
    def on_unit(x: Any) -> Any:
        return [function(0.5 * ((high - low) * u + high + low)) for u in x]

    found: list[float] = chebinterpolate(on_unit, degree).tolist()
    return found
