"""How wide text is in Helvetica, for which Graphviz leaves room: any other font is fitted into that."""

from __future__ import annotations

import re
from html import unescape

WIDTHS = {
    width: letters
    for letters, width in (
        ("ijl'", 0.222), (' !,./:;I[]\\ft|·\xa0"', 0.278), ("-()`r{}₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", 0.34),
        ("*", 0.389), ("Jckszvxy^ςι", 0.5), ("+<=>~−×±≈≤≥≠÷", 0.584), ("FTZLΓ", 0.611),
        ("&ABEKPSVXY", 0.667), ("CDHNRUw", 0.722), ("GOQ", 0.778), ("Mm", 0.833), ("%", 0.889), ("W", 0.944),
        ("@→←…—●▸", 1.0),
    )
}  # fmt: skip
"""Letters by their width, in parts of the size of the font; all others are as wide as a digit."""
DIGIT, BOLD = 0.556, 1.07
OF_LETTER = {letter: width for width, letters in WIDTHS.items() for letter in letters}

TEXT = re.compile(r'<text (?P<rest>[^>]*font-size="(?P<size>[\d.]+)"[^>]*)>(?P<text>[^<]+)</text>')


def width_of(text: str, size: float, bold: bool = False) -> float:
    """Return the width of a line of text.

    >>> round(width_of("0.5", 10.0), 2)
    13.9
    """
    return sum(OF_LETTER.get(letter, DIGIT) for letter in text) * size * (BOLD if bold else 1.0)


def in_any_font(svg: str) -> str:
    """Return a picture whose texts say how wide they are: a wider font is set closer, and leaves no frame."""
    return TEXT.sub(_measured, svg)


def _measured(found: re.Match[str]) -> str:
    bold = 'font-weight="bold"' in found["rest"]
    width = width_of(unescape(found["text"]), float(found["size"]), bold)
    length = f'textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"'
    return f"<text {found['rest']} {length}>{found['text']}</text>"
