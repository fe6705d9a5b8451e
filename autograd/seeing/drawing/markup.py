"""Text for Graphviz: HTML-like labels in which any text is shown as it stands.

Sub- and superscripts are set by a small table: what Graphviz writes for ``<SUB>`` and ``<SUP>``,
browsers leave on the line.
"""

from __future__ import annotations

from collections.abc import Iterable

from autograd.notation.labels import Label, shorten
from autograd.seeing.style import INDEX_SIZE

PLAIN_TABLE = 'BORDER="0" CELLBORDER="0" CELLSPACING="0"'
LONGEST_TOOLTIP = 400
NO_WIDTH = "\u200b"


def escaped(text: str) -> str:
    """The text for an HTML-like label, each character meaning itself."""
    text = text.replace("\\", "\\\\")  # Graphviz reads \N as the node's name here as well
    return _without_markup(text).replace(" ", "&#160;")  # plain spaces in a row would be one


def tooltip(text: str) -> str:
    """The text for a tooltip, each character meaning itself.

    Graphviz looks for its escapes in a tooltip more than once, so that doubling a backslash is
    not enough: a space of no width after each keeps what follows from being read as an escape.
    """
    return _without_markup(shorten(text, LONGEST_TOOLTIP).replace("\\", "\\\\" + NO_WIDTH))


def _without_markup(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def font(markup: str, size: int, colour: str, bold: bool = False) -> str:
    """Markup in a font."""
    markup = f"<B>{markup}</B>" if bold else markup
    return f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{markup}</FONT>'


def cell(content: str, attributes: str = "") -> str:
    return f"<TD{' ' if attributes else ''}{attributes}>{content}</TD>"


def row(*cells: str) -> str:
    return f"<TR>{''.join(cells)}</TR>"


def table(rows: Iterable[str], padding: int = 0, attributes: str = PLAIN_TABLE) -> str:
    return f'<TABLE {attributes} CELLPADDING="{padding}">{"".join(rows)}</TABLE>'


def label(name: Label, size: int, colour: str) -> str:
    """A name in bold with its indices where they belong, as markup."""
    base = font(escaped(name.base), size, colour, bold=True)
    if not name.subscript and not name.superscript:
        return base
    above, below = (
        cell(font(escaped(index or " "), INDEX_SIZE, colour), 'ALIGN="LEFT"')
        for index in (name.superscript, name.subscript)
    )
    return table([row(cell(base, 'ROWSPAN="2"'), above, *fillers('ROWSPAN="2"')), row(below)])


def fillers(attributes: str = "") -> list[str]:
    """Empty cells at the end of a row: they take up most of the room when a table is stretched."""
    return [cell("", attributes)] * 12


def text(*parts: str, size: int, colour: str, bold: bool = False) -> str:
    """Plain text as markup; labels in it carry Unicode's small digits."""
    return font(escaped("".join(parts)), size, colour, bold)


def lines(rows: Iterable[str], padding: int = 1, align: str = "LEFT", margin: int = 0) -> str:
    """Markup one below the other, with a margin around, as the value of a label attribute."""
    inner = table((row(cell(markup, f'ALIGN="{align}"')) for markup in rows), padding)
    return f"<{table([row(cell(inner))], margin) if margin else inner}>"


def stroke(width: float, colour: str, length: int = 28) -> str:
    """A sample of a line, for a legend."""
    bar = f'BGCOLOR="{colour}" FIXEDSIZE="TRUE" WIDTH="{length}" HEIGHT="{max(1, round(width))}"'
    return table([row(cell("", bar))])
