"""Arrows in the DOT language: their width and hue show a gradient, their words stand in the middle."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd.notation.numbers import signed
from autograd.seeing.drawing.html_labels import lines, text, tooltip
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.facts.arrow import ArrowText
from autograd.seeing.style import SMALL_SIZE, Theme, width

SEE_THROUGH = "80"
"""Half opaque, as the last two digits of a colour."""


@dataclass(frozen=True)
class Arrow:
    """An arrow of a picture.

    Attributes:
        tail, head: ids in the drawing.
        id: its own id.
        text: what is written on it.
        silent: whether that is left out, there being too many arrows.
        gradient: what its width and hue show.
        carries: whether a gradient can flow along it.
        hint: what it says when pointed at.
        straight: whether it goes from the middle of one side to the middle of the other.
        pull: how strongly a straight arrow pulls its ends to the same height.
        signed: whether the gradient has a sign to show; the size of several has none.
        leads_back: whether it leads to a box that stands before the one it comes from.
        margin: how much room is left around the text.
    """

    tail: str
    head: str
    id: str
    text: ArrowText
    gradient: float | None
    carries: bool = True
    hint: str = ""
    silent: bool = False
    signed: bool = True
    straight: bool = False
    pull: int = 0
    leads_back: bool = False
    margin: int = 3

    @property
    def word(self) -> str:
        """What hue and style say, as a word: the class of the arrow in the SVG."""
        if not self.carries:
            return "constant"
        if self.gradient is None:
            return "uncomputed"
        if math.isnan(self.gradient):
            return "nan"
        if self.gradient == 0.0:
            return "zero"
        if not self.signed:
            return "size"
        return "positive" if self.gradient > 0.0 else "negative"


STYLES = {"constant": "dotted", "zero": "dashed", "nan": "dashed"}
"""The style of an arrow by its word; all others are solid."""


def add_arrow(drawing: Drawing, arrow: Arrow, theme: Theme) -> None:
    """Draw an arrow: dashed where its gradient is zero or nan, dotted where none can flow."""
    attributes = arrow_attributes(arrow, theme)
    if arrow.leads_back and not arrow.straight:  # laid out as one that leads on: it keeps clear of boxes
        drawing.edge(arrow.head, arrow.tail, dir="back", **attributes)
    else:
        drawing.edge(arrow.tail, arrow.head, **attributes)


def arrow_attributes(arrow: Arrow, theme: Theme) -> dict[str, str]:
    """Return an arrow in the attributes of the DOT language."""
    attributes = {
        "id": arrow.id,
        "color": theme.sign(arrow.gradient) if arrow.signed else theme.line,
        "penwidth": str(width(arrow.gradient)),
        "style": STYLES.get(arrow.word, "solid"),
        "class": f"use {arrow.word}",
    }
    rows = rows_of_text(arrow.text, theme)
    if rows and not arrow.silent:
        attributes["label"] = arrow_label(rows, arrow.margin)
    if arrow.straight:
        tail, head = "we" if arrow.leads_back else "ew"
        attributes |= {"tailport": tail, "headport": head, "weight": str(arrow.pull), "arrowsize": "0.35"}
        attributes["color"] += SEE_THROUGH  # there are many, one across the other
        if arrow.leads_back:
            attributes["constraint"] = "false"
    if arrow.hint:
        attributes["edgetooltip"] = attributes["labeltooltip"] = tooltip(arrow.hint)
    return attributes


def arrow_label(rows: list[str], margin: int) -> str:
    """Return the label of an arrow, one row below the other."""
    return lines(rows, padding=0, align='ALIGN="CENTER"', margin=margin)


def rows_of_text(said: ArrowText, theme: Theme) -> list[str]:
    """Return what is written on an arrow as rows of markup: the words, the gradient."""
    rows = [text(said.words, SMALL_SIZE, theme.faint if said.counts else theme.ink)] if said.words else []
    return rows if said.gradient is None else [*rows, gradient_markup(said.gradient, theme)]


def gradient_markup(gradient: float, theme: Theme) -> str:
    """Return a gradient with its sign, in the colour of its sign."""
    return text(signed(gradient), SMALL_SIZE, theme.sign_text(gradient), bold=True)
