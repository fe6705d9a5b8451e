"""An empty drawing in the colours of a theme, and the words below a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from autograd.seeing.drawing.html_labels import lines
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.style import FONT, SMALL_SIZE, TEXT_SIZE, Theme

RANKSEP = 0.35
"""The room between two columns, in inches, where no arrows need more."""


def canvas(theme: Theme) -> Drawing:
    """Return an empty drawing: left to right, in the theme's colours."""
    drawing = Drawing()
    text = {"fontname": FONT, "fontcolor": theme.ink}
    drawing.attr(
        rankdir="LR", bgcolor=theme.paper, ranksep=str(RANKSEP), nodesep="0.25", pad="0.15",
        fontsize=str(TEXT_SIZE), labeljust="l", labelloc="b", **text,
    )  # fmt: skip
    drawing.attr("node", shape="plain", fontsize=str(TEXT_SIZE), **text)
    drawing.attr("edge", fontsize=str(SMALL_SIZE), color=theme.line, arrowsize="0.7", **text)
    return drawing


def stack(drawing: Drawing, ids: Sequence[str]) -> None:
    """Put nodes into one column, the first on top."""
    with drawing.subgraph() as column:
        column.attr(rank="same")
        for above, below in pairwise(ids):
            column.edge(above, below, style="invis")


def caption(drawing: Drawing, rows: Iterable[str]) -> None:
    """Write rows of markup below the picture."""
    drawing.attr(label=lines(rows, 2))
