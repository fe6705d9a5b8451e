"""How labels are written: the textbook's (``w21^3``) are taken apart, for renderers to set their indices.

>>> parse_label("w21^3")
Label(base='w', subscript='21', superscript='3')
>>> parse_label("w21^3").text
'w₂₁³'
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

TEXTBOOK = re.compile(r"(?P<base>[^\W\d_])(?P<subscript>[0-9]+(?:,[0-9]+)*)?(?:\^(?P<superscript>[0-9]+))?")
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LINE_ENDS = "\n\u2028\u2029"


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
