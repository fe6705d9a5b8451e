"""The table of primitives: every derivative of this project is written here, once.

An op is stated as a *rule*: a function of the arithmetic ``m`` to compute in, which returns the op's
value and its partials, one per input.  The same rule is read

* by the eager engine, where ``m`` is Python's ``math``;
* for higher derivatives, where ``m`` computes on Values: the partials are then graphs themselves;
* by the checks, where ``m`` computes with the 50 digits of ``mpmath``;
* by the tape, whose kernels are these functions compiled;
* by pictures and sentences, where ``m`` writes the formula instead of computing it.

So a rule is written with operators, ``abs``, the elementary functions of ``m``, ``m.where`` in place of
``if``, and the value of any other op of the table (``m.sigmoid``).  A partial takes the inputs and then
``y``, the op's value.  The forms are chosen so that they neither overflow nor lose digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import inf, nan
from operator import mul as times
from typing import Any

from autograd.core.arithmetic import NOT_REACHED
from autograd.core.primitive import NONZERO, POSITIVE, REAL, TABLE, UNIT, Function, Interval, Kink, Op, op

__all__ = ["NONZERO", "POSITIVE", "REAL", "TABLE", "UNIT", "Interval", "Kink", "Op", "op"]

# ------------------------------------------------------------------------------------- the table
# name, symbol, then the rule: the value and the partials in the order of the inputs; then the domain
# fmt: off

LN_2, LN_10 = math.log(2), math.log(10)

add = op("add", "+", lambda m: (lambda a, b: a + b,  lambda a, b, y: 1.0,    lambda a, b, y: 1.0))
sub = op("sub", "−", lambda m: (lambda a, b: a - b,  lambda a, b, y: 1.0,    lambda a, b, y: -1.0))
mul = op("mul", "×", lambda m: (lambda a, b: a * b,  lambda a, b, y: b,      lambda a, b, y: a))
div = op("div", "÷", lambda m: (lambda a, b: a / b,  lambda a, b, y: 1 / b,  lambda a, b, y: -y / b), REAL, NONZERO)
neg = op("neg", "−", lambda m: (lambda a: -a,        lambda a, y: -1.0))

exp   = op("exp",   "exp",   lambda m: (m.exp,    lambda a, y: y))
expm1 = op("expm1", "expm1", lambda m: (m.expm1,  lambda a, y: m.exp(a)))
log   = op("log",   "ln",    lambda m: (m.log,    lambda a, y: 1 / a),        POSITIVE)
log1p = op("log1p", "log1p", lambda m: (m.log1p,  lambda a, y: 1 / (1 + a)),  Interval(low=-1.0))
log2  = op("log2",  "log2",  lambda m: (m.log2,   lambda a, y: 1 / (a * LN_2)),   POSITIVE)
log10 = op("log10", "log10", lambda m: (m.log10,  lambda a, y: 1 / (a * LN_10)),  POSITIVE)
exp2  = op("exp2",  "exp2",  lambda m: (lambda a: m.pow(2.0, a),  lambda a, y: y * LN_2))
sqrt  = op("sqrt",  "√",     lambda m: (m.sqrt,   lambda a, y: 0.5 / y),      POSITIVE)
cbrt  = op("cbrt",  "cbrt",  lambda m: (m.cbrt,   lambda a, y: 1 / (3 * (y * y))),  NONZERO)

def _one_over_cosine(m: Any, sign: float) -> Function:
    """Return ±1 / √(1 − a²), of two forms: one loses no digits near ±1, the other none in its slope near 0."""
    return lambda a, y: sign * m.pow(  # where y is nan, so is the slope
        m.where(abs(a) < 0.5, 1 - a * a, m.where(abs(y) < 4, (1 - a) * (1 + a), y)), -0.5
    )

sin  = op("sin",  "sin",  lambda m: (m.sin,   lambda a, y: m.cos(a)))
cos  = op("cos",  "cos",  lambda m: (m.cos,   lambda a, y: -m.sin(a)))
tan  = op("tan",  "tan",  lambda m: (m.tan,   lambda a, y: 1 + y * y))
asin = op("asin", "asin", lambda m: (m.asin,  _one_over_cosine(m, 1.0)),   UNIT)
acos = op("acos", "acos", lambda m: (m.acos,  _one_over_cosine(m, -1.0)),  UNIT)
atan = op("atan", "atan", lambda m: (m.atan,  lambda a, y: 1 / (1 + a * a)))

sinh = op("sinh", "sinh", lambda m: (m.sinh,                   lambda a, y: m.cosh(a)))
cosh = op("cosh", "cosh", lambda m: (m.cosh,                   lambda a, y: m.sinh(a)))
tanh = op("tanh", "tanh", lambda m: (m.tanh,                   lambda a, y: m.sech(a) * m.sech(a)))
sech = op("sech", "sech", lambda m: (lambda a: 1 / m.cosh(a),  lambda a, y: -y * m.tanh(a)))

asinh = op("asinh", "asinh", lambda m: (m.asinh,  lambda a, y: 1 / m.hypot(a, 1.0)))
acosh = op("acosh", "acosh", lambda m: (m.acosh,  lambda a, y: 1 / (m.sqrt(a - 1) * m.sqrt(a + 1))),  Interval(low=1.0))
atanh = op("atanh", "atanh", lambda m: (m.atanh,  lambda a, y: 1 / ((1 - a) * (1 + a))),              UNIT)

# Of a point (b, a): its distance from the origin, and its angle, which jumps where a = 0 and b < 0.
hypot = op("hypot", "hypot", lambda m: (m.hypot,  lambda a, b, y: a / y,  lambda a, b, y: b / y),  NONZERO, REAL)
atan2 = op("atan2", "atan2", lambda m: (m.atan2,  lambda a, b, y: b / m.hypot(a, b) / m.hypot(a, b),
                                                  lambda a, b, y: -a / m.hypot(a, b) / m.hypot(a, b)),  NONZERO, REAL)
xlogy = op("xlogy", "xlogy", lambda m: (lambda a, b: m.where(m.equal(a, 0.0), 0.0, a * m.log(b)),  # its limit at b = 0
                                        lambda a, b, y: m.log(b),  lambda a, b, y: a / b),  REAL, POSITIVE)

SLOPE_OF_ERF = 2 / math.sqrt(math.pi)
erf  = op("erf",  "erf",  lambda m: (m.erf,   lambda a, y: SLOPE_OF_ERF * m.exp(-(a * a))))
erfc = op("erfc", "erfc", lambda m: (m.erfc,  lambda a, y: -SLOPE_OF_ERF * m.exp(-(a * a))))
# fmt: on


OVERFLOWS = 2.0**-1024  # one divided by this, or by less, is more than a float can be


def _pow(m: Any) -> tuple[Function, ...]:
    def d_a(a: Any, b: Any, y: Any) -> Any:  # a^0 is flat, also where a^-1 overflows, and so is 0^0 = 1
        is_flat = m.equal(b, 0.0)
        of_zero = m.where(is_flat, b, 0.0) / m.where(abs(a) > 0, a, OVERFLOWS) * y
        return m.where(is_flat, of_zero, b * m.pow(a, b - 1))

    def d_b(a: Any, b: Any, y: Any) -> Any:  # y ln a: its limit at a = 0, and nothing below
        at_zero = m.where(m.equal(a, 0.0), m.where(b >= 0, 0.0, -inf), nan)
        return m.where(a > 0, m.xlogy(y, m.where(a > 0, a, 1.0)), at_zero)

    return m.pow, d_a, d_b


pow_ = op("pow", "^", _pow, POSITIVE, REAL)

# ------------------------------------------------------------------------- kinks and comparisons


def _maximum(m: Any) -> tuple[Function, ...]:
    return (
        # neither a > b nor a <= b: one of them is nan, and so is their sum
        lambda a, b: m.where(a > b, a, m.where(a <= b, b, a + b)),
        lambda a, b, y: m.where(a > b, 1.0, m.where(a < b, 0.0, 0.5)),
        lambda a, b, y: m.where(b > a, 1.0, m.where(b < a, 0.0, 0.5)),
    )


def _minimum(m: Any) -> tuple[Function, ...]:
    return (
        lambda a, b: m.where(a < b, a, m.where(a >= b, b, a + b)),
        lambda a, b, y: m.where(a < b, 1.0, m.where(a > b, 0.0, 0.5)),
        lambda a, b, y: m.where(b < a, 1.0, m.where(b > a, 0.0, 0.5)),
    )


def _clip(m: Any) -> tuple[Function, ...]:
    return (
        lambda a, low, high: m.minimum(m.maximum(a, low), high),
        lambda a, low, high, y: m.where(a < low, 0.0, m.where(a > high, 0.0, 1.0)),
        lambda a, low, high, y: m.where(a < low, m.where(low <= high, 1.0, 0.0), 0.0),
        lambda a, low, high, y: m.where(m.maximum(a, low) > high, 1.0, 0.0),
    )


TIE = Kink("a = b", gap=lambda a, b: a - b, slopes=lambda a, b: ((0, 1), (0, 1)))
JUMP = Kink("a = b, a jump", gap=lambda a, b: a - b, slopes=lambda a, b: ((-inf, inf), (-inf, inf)))
FIRST_AT_ZERO = Kink("a = 0, a jump", gap=lambda a, b: a, slopes=lambda a, b: ((-inf, inf), (0, 0)))
SECOND_AT_ZERO = Kink("b = 0, a jump", gap=lambda a, b: b, slopes=lambda a, b: ((0, 0), (-inf, inf)))
AT_ZERO = "a = 0"


def _flat(a: Any, b: Any, y: Any) -> Any:
    return NOT_REACHED


# fmt: off
abs_ = op("abs", "|·|", lambda m: (abs,  lambda a, y: m.where(a > 0, 1.0, m.where(a < 0, -1.0, 0.0))),
          kinks=(Kink(AT_ZERO, gap=lambda a: a, slopes=lambda a: ((-1, 1),)),))
maximum = op("maximum", "max", _maximum, kinks=(TIE,))
minimum = op("minimum", "min", _minimum, kinks=(TIE,))
clip = op("clip", "clip", _clip,
          kinks=(Kink("a = low",    gap=lambda a, low, high: a - low,     slopes=lambda a, low, high: ((0, 1), (0, 1), (0, 1))),
                 Kink("a = high",   gap=lambda a, low, high: a - high,    slopes=lambda a, low, high: ((0, 1), (0, 1), (0, 1))),
                 Kink("low = high", gap=lambda a, low, high: low - high,  slopes=lambda a, low, high: ((0, 1), (0, 1), (0, 1)))))

# A comparison is an op too, 1 for true and 0 for false, so that a recorded `where` still follows its
# data.  It is flat wherever it has a slope at all.
less       = op("less",       "<", lambda m: (lambda a, b: m.where(a < b, 1.0, 0.0),   _flat, _flat), kinks=(JUMP,))
less_equal = op("less_equal", "≤", lambda m: (lambda a, b: m.where(a <= b, 1.0, 0.0),  _flat, _flat), kinks=(JUMP,))
equal      = op("equal",      "=", lambda m: (lambda a, b: m.where(a == b, 1.0, 0.0),  _flat, _flat), kinks=(JUMP,))
not_equal  = op("not_equal",  "≠", lambda m: (lambda a, b: m.where(a == b, 0.0, 1.0),  _flat, _flat), kinks=(JUMP,))

# Conditions combine: of numbers too, where 0 is false and everything else true.
logical_and = op("logical_and", "∧", lambda m: (lambda a, b: m.where(a, m.where(b, 1.0, 0.0), 0.0),  _flat, _flat),
                 kinks=(FIRST_AT_ZERO, SECOND_AT_ZERO))
logical_or  = op("logical_or",  "∨", lambda m: (lambda a, b: m.where(a, 1.0, m.where(b, 1.0, 0.0)),  _flat, _flat),
                 kinks=(FIRST_AT_ZERO, SECOND_AT_ZERO))
logical_not = op("logical_not", "¬", lambda m: (lambda a: m.where(a, 0.0, 1.0),  lambda a, y: NOT_REACHED),
                 kinks=(Kink("a = 0, a jump", gap=lambda a: a, slopes=lambda a: ((-inf, inf),)),))
COMPARISONS = (less, less_equal, equal, not_equal)
CONDITIONS = (*COMPARISONS, logical_and, logical_or, logical_not)
where = op("where", "where", lambda m: (lambda c, a, b: m.where(c, a, b),
                                        lambda c, a, b, y: NOT_REACHED,
                                        lambda c, a, b, y: m.where(c, 1.0, NOT_REACHED),
                                        lambda c, a, b, y: m.where(c, NOT_REACHED, 1.0)),
           kinks=(Kink("c = 0, a jump", gap=lambda c, a, b: c, slopes=lambda c, a, b: ((-inf, inf), (0, 1), (0, 1))),))
# fmt: on

# ---------------------------------------------------------------------------------- whole numbers
# Flat, with a jump at every whole number (round: halfway between two).


def _steps(at: str, gap: Any) -> tuple[Kink, ...]:
    return (Kink(f"{at}, a jump", gap=gap, slopes=lambda a: ((-inf, inf),)),)


def _from_multiple(a: float, b: float) -> float:
    """Return how far a is from the nearest multiple of b; nan where there is none."""
    return math.remainder(a, b) if b and math.isfinite(a) else nan


AT_WHOLE = _steps("a is whole", lambda a: _from_multiple(a, 1.0))


def _level(a: Any, y: Any) -> Any:
    return 0.0


# fmt: off
floor  = op("floor", "floor", lambda m: (m.floor,                 _level),  kinks=AT_WHOLE)
ceil   = op("ceil",  "ceil",  lambda m: (lambda a: -m.floor(-a),  _level),  kinks=AT_WHOLE)
round_ = op("round", "round", lambda m: (m.round,                 _level),
            kinks=_steps("a is halfway", lambda a: _from_multiple(a - 0.5, 1.0)))
sign   = op("sign",  "sign",  lambda m: (lambda a: m.where(a > 0, 1.0, m.where(a < 0, -1.0, a)),  _level),
            kinks=_steps(AT_ZERO, lambda a: a))
mod    = op("mod",   "mod",   lambda m: (lambda a, b: a % b,  lambda a, b, y: 1.0,  lambda a, b, y: m.round((y - a) / b)),
            REAL, NONZERO,
            kinks=(Kink("a is a multiple of b, a jump", gap=_from_multiple, slopes=lambda a, b: ((-inf, inf), (-inf, inf))),))
# fmt: on

# ----------------------------------------------------------------------------------- activations
# The logistic function and its kin, after Goodfellow, Bengio and Courville, Deep Learning (2016), §3.10,
# §6.3; elu: Clevert et al. (2015); selu: Klambauer et al. (2017); gelu, silu: Hendrycks and Gimpel (2016).


def _sigmoid(m: Any) -> tuple[Function, ...]:
    def value(a: Any) -> Any:  # 1 / (1 + exp(-a)), with an exponent that is never positive
        e = m.exp(-abs(a))
        return m.where(a >= 0, 1 / (1 + e), e / (1 + e))

    # y (1 - y) in a form whose own slopes lose no digits either, not even where 1 - 2y is 0
    return value, lambda a, y: 0.25 * (m.sech(0.5 * a) * m.sech(0.5 * a))


def _softplus(m: Any) -> tuple[Function, ...]:  # ln(1 + exp(a))
    return lambda a: m.maximum(a, 0.0) + m.log1p(m.exp(-abs(a))), lambda a, y: m.sigmoid(a)


def _elu(m: Any) -> tuple[Function, ...]:  # the inner where keeps exp from overflowing above zero
    return (
        lambda a, alpha: m.where(a > 0, a, alpha * m.expm1(m.where(a > 0, 0.0, a))),
        lambda a, alpha, y: m.where(a > 0, 1.0, alpha * m.exp(m.where(a > 0, 0.0, a))),
        lambda a, alpha, y: m.expm1(m.where(a > 0, 0.0, a)),
    )


SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def _selu(m: Any) -> tuple[Function, ...]:
    return (
        lambda a: SELU_SCALE * m.elu(a, SELU_ALPHA),
        lambda a, y: SELU_SCALE * m.where(a > 0, 1.0, SELU_ALPHA * m.exp(m.where(a > 0, 0.0, a))),
    )


ROOT_HALF = math.sqrt(0.5)
PEAK_OF_NORMAL = 1 / math.sqrt(2 * math.pi)


def _gelu(m: Any) -> tuple[Function, ...]:  # a times the normal distribution function of a
    return (
        lambda a: a * (0.5 * m.erfc(-a * ROOT_HALF)),
        lambda a, y: 0.5 * m.erfc(-a * ROOT_HALF) + a * (PEAK_OF_NORMAL * m.exp(-0.5 * (a * a))),
    )


# fmt: off
sigmoid  = op("sigmoid",  "σ",        _sigmoid)
softplus = op("softplus", "softplus", _softplus)
relu = op("relu", "ReLU", lambda m: (lambda a: m.where(a <= 0, 0.0, a),  lambda a, y: m.where(a <= 0, 0.0, 1.0)),
          kinks=(Kink(AT_ZERO, gap=lambda a: a, slopes=lambda a: ((0, 1),)),))
leaky_relu = op("leaky_relu", "leaky ReLU", lambda m: (lambda a, slope: m.where(a > 0, a, slope * a),
                                                       lambda a, slope, y: m.where(a > 0, 1.0, slope),
                                                       lambda a, slope, y: m.where(a > 0, 0.0, a)),
                kinks=(Kink(AT_ZERO, gap=lambda a, slope: a, slopes=lambda a, slope: (_between(slope, 1), (0, 0))),))
elu = op("elu", "ELU", _elu,
         kinks=(Kink(AT_ZERO, gap=lambda a, alpha: a, slopes=lambda a, alpha: (_between(alpha, 1), (0, 0))),))
selu = op("selu", "SELU", _selu,
          kinks=(Kink(AT_ZERO, gap=lambda a: a, slopes=lambda a: ((SELU_SCALE, SELU_SCALE * SELU_ALPHA),)),))
silu = op("silu", "SiLU", lambda m: (lambda a: a * m.sigmoid(a),
                                     lambda a, y: m.sigmoid(a) * (1 + a * m.sigmoid(-a))))
gelu = op("gelu", "GELU", _gelu)
# fmt: on


def _between(one: float, other: float) -> tuple[float, float]:
    return (one, other) if one <= other else (other, one)


# ----------------------------------------------------------------------- any number of inputs


def _sum(m: Any) -> tuple[Function, ...]:
    return sum, lambda y, inputs: [1.0] * len(inputs)


def _dot(m: Any) -> tuple[Function, ...]:
    """State w1·x1 + … + wn·xn + b for the inputs w1…wn, x1…xn and, if their number is odd, a bias b."""

    def value(inputs: Sequence[Any]) -> Any:
        n, odd = divmod(len(inputs), 2)
        return sum(map(times, inputs[:n], inputs[n:]), inputs[-1] if odd else 0.0)

    def partials(y: Any, inputs: Sequence[Any]) -> list[Any]:
        n, odd = divmod(len(inputs), 2)
        if odd:
            return [*inputs[n:-1], *inputs[:n], 1.0]
        return [*inputs[n:], *inputs[:n]]

    return value, partials


def _logsumexp(m: Any) -> tuple[Function, ...]:
    """State ln(exp(a1) + … + exp(an)), shifted by the largest input; the partials are the softmax.

    Where the inputs are large, y has rounded away what tells them apart: the partials are shares of their
    own sum, which no shift changes.  Of two, the share is the logistic function of their difference.
    """

    def value(inputs: Sequence[Any]) -> Any:
        top, place = inputs[0], 0
        for k in range(1, len(inputs)):
            if inputs[k] > top:
                top, place = inputs[k], k
        shift = m.where(abs(top) < inf, top, 0.0)
        others = 0.0
        for k in range(len(inputs)):
            if k != place:
                others = others + m.exp(inputs[k] - shift)
        if shift == top:
            return shift + m.log1p(others)
        return m.log(others + m.exp(top))  # infinity or nan

    def partials(y: Any, inputs: Sequence[Any]) -> list[Any]:
        if len(inputs) == 2:
            return [m.sigmoid(inputs[0] - inputs[1]), m.sigmoid(inputs[1] - inputs[0])]
        powers = [m.exp(a - y) for a in inputs]
        total = m.where(abs(y) < inf, sum(powers), 1.0)
        return [e / total for e in powers]

    return value, partials


def _lookup(m: Any) -> tuple[Function, ...]:
    """State the row t_k of a table, for the inputs i, t_0, …, t_(n−1): k is the row's number nearest to i."""

    def value(inputs: Sequence[Any]) -> Any:
        k = m.maximum(m.minimum(m.round(inputs[0]), len(inputs) - 2.0), 0.0)
        found = 0.0 * inputs[0]  # of no rows, as of a sum of nothing, 0; of a nan as an index, nan
        for j in range(1, len(inputs)):
            found = m.where(m.equal(k, j - 1.0), inputs[j], found)
        return found

    def partials(y: Any, inputs: Sequence[Any]) -> list[Any]:
        k = m.maximum(m.minimum(m.round(inputs[0]), len(inputs) - 2.0), 0.0)
        return [m.where(m.equal(k, j - 1.0), 1.0, NOT_REACHED) for j in range(len(inputs))]  # k is never −1

    return value, partials


BETWEEN_ROWS = Kink(
    "i is between two rows, a jump",
    gap=lambda i, *rows: math.remainder(min(max(i, 0.0), len(rows) - 1.0) - 0.5, 1.0),
    slopes=lambda i, *rows: ((-inf, inf), *[(0, 1)] * len(rows)),
)

sum_ = op("sum", "Σ", _sum, variadic=True)
dot = op("dot", "w·x", _dot, variadic=True)
logsumexp = op("logsumexp", "ln Σ exp", _logsumexp, variadic=True)
lookup = op("lookup", "lookup", _lookup, kinks=(BETWEEN_ROWS,), variadic=True)
BRANCHES = (where, lookup)  # of their inputs, only the one that was taken gets a gradient
