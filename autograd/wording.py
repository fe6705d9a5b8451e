"""How numbers and labels are written wherever a person reads them.

One place for all views: four significant digits, a real minus, ``–`` for a gradient that has not
been computed, and the textbook labels (``w21^3``) taken apart so that each renderer can set them
with true sub- and superscripts.

>>> number(-0.0123456), number(float("inf")), number(None), signed(6.0)
('−0.01235', '∞', '–', '+6')
>>> parse_label("w21^3")
Label(base='w', subscript='21', superscript='3')
>>> parse_label("w21^3").text
'w₂₁³'
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

NOT_COMPUTED = "–"
TEXTBOOK = re.compile(r"(?P<base>[^\W\d_])(?P<subscript>[0-9]+(?:,[0-9]+)*)?(?:\^(?P<superscript>[0-9]+))?")
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LINE_ENDS = "\n\u2028\u2029"


def number(x: float | None) -> str:
    """``x`` in four significant digits; ``–`` for None, a gradient that was not computed.

    >>> number(1234567.0), number(1e-9), number(-0.0)
    ('1.235e6', '1e−9', '0')
    """
    if x is None:
        return NOT_COMPUTED
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    digits, _, exponent = f"{x + 0.0:.4g}".partition("e")  # + 0.0 turns −0 into 0
    return (f"{digits}e{int(exponent)}" if exponent else digits).replace("-", "−")


def as_written(x: float) -> float:
    """The number that `number` writes: ``x`` in four significant digits.

    >>> as_written(2 / 3)
    0.6667
    """
    return float(f"{x:.4g}")


def equals(computed: float, result: float) -> str:
    """``=``, or ``≈`` where a reader who does the sum would find another last digit.

    Args:
        computed: what the numbers give *as they are written*; see `as_written`.
        result: what stands after the sign.

    >>> equals(0.3333 + 0.3333, 2 / 3), equals(0.25 + 0.25, 0.5)
    ('≈', '=')
    """
    return "=" if number(computed) == number(result) else "≈"


def factor(x: float | None) -> str:
    """A number as it is written after a sign: a negative one in parentheses."""
    text = number(x)
    return f"({text})" if text.startswith("−") else text


def product_of(factors: Sequence[float | None], result: float | None) -> str:
    """``2 · (−3) = −6``, or ``0.3333 · 0.3333 ≈ 0.1111`` where rounding shows."""
    return _calculation(" · ", factors, math.prod(_as_written(factors)), result)


def sum_of(terms: Sequence[float | None], result: float | None) -> str:
    """``6 + (−2) = 4``, with ``≈`` where rounding shows."""
    return _calculation(" + ", terms, sum(_as_written(terms)), result)


def _calculation(sign: str, operands: Sequence[float | None], computed: float, result: float | None) -> str:
    assert result is not None
    written = sign.join([number(operands[0]), *map(factor, operands[1:])])
    return f"{written} {equals(computed, result)} {number(result)}"


def _as_written(operands: Sequence[float | None]) -> list[float]:
    return [as_written(x) for x in operands if x is not None]


def signed(x: float | None) -> str:
    """`number` with its sign written even where it is a plus; zero and nan have none."""
    plus = "+" if x is not None and x > 0 else ""
    return plus + number(x)


def count(n: int) -> str:
    """A whole number of any size, grouped; above 10¹⁵ as a power of ten.

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
    """``n`` and what it counts.

    >>> counted(1, "route"), counted(2, "route")
    ('1 route', '2 routes')
    """
    return f"{count(n)} {thing}" if n == 1 else f"{count(n)} {thing}s"


@dataclass(frozen=True)
class Label:
    """A label taken apart: a base, and the indices below and above it.

    Attributes:
        base: the letter, or the whole label where it is no textbook label.
        subscript: digits and commas, or "".
        superscript: digits, or "".
    """

    base: str
    subscript: str = ""
    superscript: str = ""

    @property
    def text(self) -> str:
        """The label in one line of plain text, with Unicode's small digits."""
        return self.base + self.subscript.translate(LOWERED) + self.superscript.translate(RAISED)

    @property
    def layer(self) -> int | None:
        """The superscript as a number; None where there is none."""
        return int(self.superscript) if self.superscript else None

    @property
    def indices(self) -> tuple[int, ...]:
        """The subscript as numbers: one, except for a weight ``w`` ("from" and "to").

        >>> parse_label("w21^3").indices, parse_label("w12,3^1").indices, parse_label("z12^1").indices
        ((2, 1), (12, 3), (12,))
        """
        if "," in self.subscript:
            return tuple(int(index) for index in self.subscript.split(","))
        if self.base == "w" and len(self.subscript) == 2:
            return int(self.subscript[0]), int(self.subscript[1])
        return (int(self.subscript),) if self.subscript else ()


def parse_label(text: str, limit: int = 24) -> Label:
    """A textbook label taken apart; anything else as it stands.

    A textbook label is one letter (Greek as well), then perhaps the digits of its subscript, with
    a comma between indices from 10 up, then perhaps ``^`` and the digits of its superscript.

    Args:
        text: any label.
        limit: how many characters of a label that is not a textbook label are kept.

    >>> parse_label("δ1^2"), parse_label("my label"), parse_label("a^b")
    (Label(base='δ', subscript='1', superscript='2'), Label(base='my label', subscript='', superscript=''), \
Label(base='a^b', subscript='', superscript=''))
    """
    found = TEXTBOOK.fullmatch(text) if len(text) <= limit else None
    if found is None:
        return Label(shorten(text, limit))
    return Label(found["base"], found["subscript"] or "", found["superscript"] or "")


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, all of them visible; an ellipsis stands for what was cut.

    >>> shorten("two\\nlines", 20), shorten("a very long label", 8)
    ('two¶lines', 'a very …')
    """
    kept = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(map(_visible, kept))


def _visible(character: str) -> str:
    if character in LINE_ENDS:
        return "¶"
    category = unicodedata.category(character)
    if category in ("Cs", "Cn"):  # half of a pair; no character at all
        return "�"
    return f"‹{ord(character):x}›" if category in ("Cc", "Cf") else character  # those that cannot be seen
