"""How to read a picture, in small print below it."""

from __future__ import annotations

from collections.abc import Iterable

from autograd.notation.numbers import NOT_COMPUTED, number
from autograd.seeing.drawing.html_labels import cell, empty_cells, row, stroke, table, wrapped
from autograd.seeing.drawing.uses import distant_uses
from autograd.seeing.facts.records import Trace
from autograd.seeing.style import LARGEST, SMALL_SIZE, SMALLEST, Theme, width

ON_A_USE = "∂, the local derivative, other inputs held still; in bold what it adds to the gradient"


def legend_of_graph(trace: Trace, theme: Theme) -> list[str]:
    """Return how to read the picture of a trace: rows of markup."""
    gradients = [edge.contribution for edge in trace.edges]
    return [*legend(gradients, theme, ON_A_USE), *legend_of_short_boxes(trace, theme)]


def legend(gradients: Iterable[float | None], theme: Theme, on_an_arrow: str) -> list[str]:
    """Return how to read the arrows: rows of markup.

    Args:
        gradients: what the widths and hues of the picture's arrows show.
        theme: the colours.
        on_an_arrow: what is written on an arrow.
    """
    first = note(f"on an arrow: {on_an_arrow}", theme)
    if all(gradient is None for gradient in gradients):
        return [first, note(f"{NOT_COMPUTED} not computed yet: call backward() on the output", theme)]
    return [first, *_scales(theme)]


def legend_of_short_boxes(trace: Trace, theme: Theme) -> list[str]:
    """Return what a small box stands for, where there are any."""
    if not distant_uses(trace):
        return []
    return [note("a small box stands for the value of that name, which is drawn in full elsewhere", theme)]


def note(words: str, theme: Theme) -> str:
    """Return small print, in lines."""
    return wrapped(words, SMALL_SIZE, theme.faint)


def _scales(theme: Theme) -> list[str]:
    """Return samples of widths and of hues, with what they stand for: a row for each."""
    sizes = [(theme.line, magnitude, number(magnitude)) for magnitude in (SMALLEST, 1e-2, 1.0, LARGEST)]
    signs = [(theme.positive, 1.0, "+ positive"), (theme.negative, 1.0, "− negative")]
    rows = []
    for heading, samples in (("size", sizes), ("sign", signs)):
        cells = [cell(note(heading, theme))]
        for colour, magnitude, words in samples:
            cells += [cell(stroke(width(magnitude), colour)), cell(note(words, theme))]
        rows.append(table([row(*cells, *empty_cells())], 3))
    return rows
