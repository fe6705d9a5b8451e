"""Numbers as text: four significant digits, a real minus, ``–`` for what is not computed yet.

A number without a point is exact; one that was rounded to a whole number shows its zeros.

>>> number(-0.0123456), number(float("inf")), number(None), signed(6.0), number(1.00042)
('−0.01235', '∞', '–', '+6', '1.000')
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

NOT_COMPUTED = "–"
MOST_KEPT = 200_000
"""At most this many written numbers are kept: a page writes each of its numbers many times."""


@lru_cache(maxsize=MOST_KEPT)
def number(x: float | None) -> str:
    """Write ``x`` in four significant digits; ``–`` for None, a gradient that was not computed.

    >>> number(1234567.0), number(1e-9), number(-0.0), number(-(10**400))
    ('1.235e6', '1e−9', '0', '−1e400')
    """
    if x is None:
        return NOT_COMPUTED
    try:
        text = _rounded(x)
    except OverflowError:  # a whole number beyond floats
        from decimal import Context, Decimal  # seldom needed

        text = f"{Decimal(x).normalize(Context(prec=4)):g}"
    if "e" in text:
        digits, _, exponent = text.partition("e")
        text = f"{digits}e{int(exponent)}"
    return text.replace("-", "−").replace("inf", "∞")


def _rounded(x: float) -> str:
    """Return four digits of a number, as Python writes it: ``2`` of 2, and ``2.000`` of what is near it."""
    text = f"{x + 0.0:.4g}"  # + 0.0 turns −0 into 0
    if "." in text or not math.isfinite(x) or float(text) == x:
        return text
    text = f"{x:#.4g}"
    return f"{x:.3e}" if text.endswith(".") else text  # no digit is left behind the point


@lru_cache(maxsize=MOST_KEPT)
def as_written(x: float) -> float:
    """Return the number that `number` writes: ``x`` rounded to four significant digits.

    >>> as_written(2 / 3)
    0.6667
    """
    return float(f"{x + 0.0:.4g}")  # of −0, which is written 0, 0 too


def equals(computed: float, result: float, operands: Sequence[float] = ()) -> str:
    """Return ``=``, or ``≈`` where a reader who does the calculation would get another last digit.

    Args:
        computed: the outcome for the numbers *as they are written*; see `as_written`.
        result: the number after the sign.
        operands: numbers whose sum or product cannot be infinite unless it is too large to be stored.

    >>> equals(0.3333 + 0.3333, 2 / 3), equals(0.25 + 0.25, 0.5)
    ('≈', '=')
    """
    if operands and math.isinf(result) and all(map(math.isfinite, operands)):
        return "≈"
    if "." not in number(result) and math.isfinite(result):  # it claims to be exact
        return "=" if math.isclose(computed, result, rel_tol=1e-12) else "≈"
    return "=" if f"{computed + 0.0:.4g}" == f"{result + 0.0:.4g}" else "≈"  # as `number` rounds


def equals_product(factors: Sequence[float | None], result: float) -> str:
    """Return what stands between factors, as they are written, and their product.

    >>> equals_product((2.0, 0.0), 0.0), equals_product((1e-200, 1e-200), 0.0)
    ('=', '≈')
    """
    written = _as_written(factors)
    vanished = result == 0.0 and all(written)
    return "≈" if vanished else equals(math.prod(written), result, written)


def equals_sum(terms: Sequence[float | None], result: float) -> str:
    """Return what stands between terms, as they are written, and their sum."""
    written = _as_written(terms)
    return equals(sum(written), result, written)


@lru_cache(maxsize=MOST_KEPT)
def factor(x: float | None) -> str:
    """Write a number after a multiplication or plus sign: a negative one in parentheses."""
    return after_a_sign(number(x))


def after_a_sign(text: str) -> str:
    """Return a written number as it stands after a multiplication or plus sign."""
    return f"({text})" if text.startswith("−") else text


def product_of(factors: Sequence[float | None], result: float | None) -> str:
    """Write ``2 · (−3) = −6``, or ``0.3333 · 0.3333 ≈ 0.1111`` where rounding shows."""
    return _calculation(" · ", factors, equals_product, result)


def sum_of(terms: Sequence[float | None], result: float | None) -> str:
    """Write ``6 + (−2) = 4``, with ``≈`` where rounding shows."""
    return _calculation(" + ", terms, equals_sum, result)


def _calculation(
    sign: str,
    operands: Sequence[float | None],
    equality: Callable[[Sequence[float | None], float], str],
    result: float | None,
) -> str:
    assert result is not None
    written = sign.join([number(operands[0]), *map(factor, operands[1:])])
    return f"{written} {equality(operands, result)} {number(result)}"


def _as_written(operands: Sequence[float | None]) -> list[float]:
    return [as_written(x) for x in operands if x is not None]


def signed(x: float | None) -> str:
    """Write a number as `number` does, with its sign even if it is a plus; zero and nan have none."""
    plus = "+" if x is not None and x > 0 else ""
    return plus + number(x)


def sign_word(x: float | None) -> str:
    """Return the sign of a number as a word, by which a page chooses its hue; "" for None.

    >>> sign_word(-2.0), sign_word(0.0), sign_word(math.nan)
    ('negative', 'zero', 'nan')
    """
    if x is None or x != x:
        return "" if x is None else "nan"
    return "zero" if x == 0.0 else "positive" if x > 0.0 else "negative"


def count(n: int) -> str:
    """Write a whole number of any size, in groups of three digits; from 10¹⁵ on as a power of ten.

    >>> count(1234567), count(2**200)
    ('1,234,567', 'about 1.607e60')
    """
    if n < 10**15:
        return f"{n:,}"
    exponent = math.log10(n)  # exact enough for integers too large for a float
    power = math.floor(exponent)
    digits = f"{10 ** (exponent - power):.4g}"
    return f"about 1e{power + 1}" if digits == "10" else f"about {digits}e{power}"


def counted(n: int, thing: str) -> str:
    """Write ``n`` and what it counts, in the plural where it needs one.

    >>> counted(1, "route"), counted(2, "route")
    ('1 route', '2 routes')
    """
    return f"{count(n)} {thing}" if n == 1 else f"{count(n)} {thing}s"


def weights_and_biases(weights: int, biases: int) -> str:
    """Write how many there are of both; nothing of what there are none of.

    >>> weights_and_biases(4, 2), weights_and_biases(0, 1)
    ('4 weights and 2 biases', '1 bias')
    """
    told = [counted(weights, "weight")] if weights else []
    return " and ".join([*told, f"{count(biases)} bias{'' if biases == 1 else 'es'}"] if biases else told)
