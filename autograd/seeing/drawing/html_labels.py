"""Text for Graphviz: HTML-like labels in which any text is shown as it stands.

Sub- and superscripts are set by a small table, because browsers leave on the line what Graphviz
writes for ``<SUB>`` and ``<SUP>``.
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from autograd.notation.labels import Label, shorten, visible
from autograd.seeing.facts.box_content import LONGEST_HINT
from autograd.seeing.style import INDEX_SIZE

PLAIN_TABLE = 'BORDER="0" CELLBORDER="0" CELLSPACING="0"'
LEFT, RIGHT = 'ALIGN="LEFT"', 'ALIGN="RIGHT"'
LINE = 64
"""A line of small print has at most this many characters: it is as wide as a phone."""
NO_WIDTH = "\u200b"
"""A space of no width: behind a backslash it keeps the next letter from being read as an escape."""


def escaped(text: str) -> str:
    """Return the text for an HTML-like label, each character meaning itself."""
    text = visible(text).replace("\\", "\\\\")  # Graphviz reads \N as the node's name here as well
    return _without_markup(text).replace(" ", "&#160;")  # several plain spaces would become one


def tooltip(text: str) -> str:
    """Return the text for a tooltip, each character meaning itself.

    Graphviz looks for its escapes in a tooltip more than once, so that doubling a backslash is
    not enough; see `NO_WIDTH`.
    """
    return _without_markup(shorten(text, LONGEST_HINT).replace("\\", "\\\\" + NO_WIDTH))


def _without_markup(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def font(markup: str, size: int, colour: str, bold: bool = False) -> str:
    """Return markup in a font; nothing for none, since Graphviz reads no empty font."""
    if not markup:
        return ""
    markup = f"<B>{markup}</B>" if bold else markup
    return f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{markup}</FONT>'


def text(words: str, size: int, colour: str, bold: bool = False) -> str:
    """Return plain text as markup; labels in it carry Unicode's small digits."""
    return font(escaped(words), size, colour, bold)


def wrapped(words: str, size: int, colour: str, bold: bool = False, limit: int = LINE) -> str:
    """Return plain text as markup in lines of at most ``limit`` characters, broken between words."""
    lines = wrap(words, limit, break_long_words=False, break_on_hyphens=False) or [""]
    ended = [text(line, size, colour, bold) + '<BR ALIGN="LEFT"/>' for line in lines]
    return "".join(ended) if len(lines) > 1 else text(words, size, colour, bold)


def cell(content: str, attributes: str = "") -> str:
    """Return a cell of a table."""
    return f"<TD{' ' if attributes else ''}{attributes}>{content}</TD>"


def row(*cells: str) -> str:
    """Return a row of a table."""
    return f"<TR>{''.join(cells)}</TR>"


def table(rows: Iterable[str], padding: int = 0, attributes: str = PLAIN_TABLE) -> str:
    """Return a table."""
    return f'<TABLE {attributes} CELLPADDING="{padding}">{"".join(rows)}</TABLE>'


def empty_cells(attributes: str = "") -> list[str]:
    """Return cells for the end of a row: they take up most of the room when a table is stretched."""
    return [cell("", attributes)] * 12


def name_markup(name: Label, size: int, colour: str) -> str:
    """Return a name in bold, with its indices where they belong."""
    base = font(escaped(name.base), size, colour, bold=True)
    if not name.subscript and not name.superscript:
        return base
    above, below = (
        cell(font(escaped(index or " "), INDEX_SIZE, colour), LEFT)
        for index in (name.superscript, name.subscript)
    )
    return table([row(cell(base, 'ROWSPAN="2"'), above, *empty_cells('ROWSPAN="2"')), row(below)])


def lines(rows: Iterable[str], padding: int = 1, align: str = LEFT, margin: int = 0) -> str:
    """Return the value of a label attribute: markup one below the other, with a margin around."""
    inner = table((row(cell(markup, align)) for markup in rows), padding)
    return f"<{table([row(cell(inner))], margin) if margin else inner}>"


def stroke(width: float, colour: str) -> str:
    """Return a sample of a line, for a legend."""
    bar = f'BGCOLOR="{colour}" FIXEDSIZE="TRUE" WIDTH="28" HEIGHT="{max(1, round(width))}"'
    return table([row(cell("", bar))])
