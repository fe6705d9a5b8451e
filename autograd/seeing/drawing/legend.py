"""How to read a picture, in small print below it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from autograd.notation.numbers import NOT_COMPUTED, number
from autograd.seeing.drawing.arrows import Arrow
from autograd.seeing.drawing.html_labels import cell, empty_cells, row, stroke, table, wrapped
from autograd.seeing.drawing.uses import distant_uses
from autograd.seeing.facts.after_an_error import ERROR
from autograd.seeing.facts.arrow import ArrowText
from autograd.seeing.facts.records import Trace
from autograd.seeing.style import LARGEST, SMALL_SIZE, SMALLEST, Theme, width

LOCAL = "∂, the local derivative, other inputs held still"
WEIGHT = "a weight"
COUNTED = {
    "route": "how many of the routes lead along it",
    "weight": "how many weights it stands for",
    "use": "how many uses it stands for, each of one Value by one operation",
}
"""What an arrow that says how many it stands for says, by the word for these."""
SHOWN = {WEIGHT: "the weight's gradient", COUNTED["route"]: "what these routes add to the gradient"}
"""What is in bold, and seen in hue and width, by the words; elsewhere what a use adds to the gradient."""
STYLED = {
    "zero": "dashed: a gradient of 0",
    "nan": "dashed: a gradient that is nan",
    "constant": "dotted: no gradient flows back, as to a constant or from a condition",
    "size": "the width of an arrow that stands for several: the size of their gradients together",
}
"""What the style of an arrow says, by its word."""
SILENT = "an arrow without words: {}there are too many to label; in a page, point at one to read it"


def legend_of_graph(trace: Trace, arrows: Collection[Arrow], theme: Theme) -> list[str]:
    """Return how to read the picture of a trace: rows of markup."""
    is_told = not arrows and trace.nodes[0].gradient is not None
    return [
        *([] if is_told else legend(arrows, theme, {node.role for node in trace.nodes})),
        *legend_of_short_boxes(trace, theme),
    ]


def legend(arrows: Collection[Arrow], theme: Theme, roles: Collection[str] = ()) -> list[str]:
    """Return how to read the arrows of a picture, given the roles of its boxes: rows of markup."""
    told = words_on(arrows)
    if silent := [arrow for arrow in arrows if arrow.hint and arrow.silent]:
        shown = ", or ".join(_shown(silent))
        told.append(SILENT.format(f"its hue and width show {shown}; " if shown else ""))
    notes = [note(words, theme) for words in told]
    words = {arrow.word for arrow in arrows}
    if words <= {"uncomputed", "constant"}:
        why = "the error was raised before any" if ERROR in roles else "call backward() on the output"
        return [*notes, note(f"{NOT_COMPUTED} not computed yet: {why}", theme)]
    return [*notes, *_scales(theme, words)]


def words_on(arrows: Collection[Arrow]) -> list[str]:
    """Return what the words and the styles of these arrows say, and nothing that none of them shows."""
    labelled = [arrow for arrow in arrows if not arrow.silent]
    plain = dict.fromkeys(x for arrow in labelled for x in _meanings(arrow.text))
    bold = _shown(labelled)
    in_bold = [f"in bold {', or '.join(bold)}"] if bold else []
    written = "; ".join([*([", or ".join(plain)] if plain else []), *in_bold])
    styles = {arrow.word for arrow in arrows}
    return [
        *([f"on an arrow: {written}"] if written else []),
        *(meaning for word, meaning in STYLED.items() if word in styles),
    ]


def _shown(arrows: Iterable[Arrow]) -> list[str]:
    """Return what the gradients of arrows are, each meaning once."""
    of_one = [_meanings(x.text) for x in arrows if x.signed and x.text.gradient is not None]
    found = (next((SHOWN[x] for x in said if x in SHOWN), "what it adds to the gradient") for said in of_one)
    return [*dict.fromkeys(found)]


def _meanings(said: ArrowText) -> list[str]:
    """Return what the words on an arrow are."""
    if said.counts:
        return [meaning for word, meaning in COUNTED.items() if re.search(rf"\b{word}s?\b", said.words)]
    if not said.words:
        return []
    return [LOCAL if said.words.startswith("∂") else WEIGHT]


def legend_of_short_boxes(trace: Trace, theme: Theme) -> list[str]:
    """Return what a small box stands for, where there are any."""
    if not distant_uses(trace):
        return []
    return [note("a small box stands for the value of that name, which is drawn in full elsewhere", theme)]


def note(words: str, theme: Theme) -> str:
    """Return small print, in lines."""
    return wrapped(words, SMALL_SIZE, theme.faint)


def _scales(theme: Theme, styles: Collection[str]) -> list[str]:
    """Return samples of widths and of the hues that arrows of these styles have: a row for each."""
    sizes = [(theme.line, magnitude, number(magnitude)) for magnitude in (SMALLEST, 1e-2, 1.0, LARGEST)]
    hues = {"positive": (theme.positive, 1.0, "+ positive"), "negative": (theme.negative, 1.0, "− negative")}
    signs = [sample for word, sample in hues.items() if word in styles]
    rows = []
    for heading, samples in (("size", sizes), ("sign", signs))[: 1 + bool(signs)]:
        cells = [cell(note(heading, theme))]
        for colour, magnitude, words in samples:
            cells += [cell(stroke(width(magnitude), colour)), cell(note(words, theme))]
        rows.append(table([row(*cells, *empty_cells())], 3))
    return rows
