"""A gallery: the gradient path of every weight, one card per weight, on one self-contained page.

>>> from autograd import Parameter
>>> w, v, x = Parameter(3.0, "w1^1"), Parameter(2.0, "w1^2"), 0.5
>>> loss = (w * x).tanh() * v
>>> pictures = gallery(loss)
>>> [(card.name, card.count) for card in pictures.cards]
[('w1^2', 1), ('w1^1', 1)]
>>> pictures.html().startswith("<!doctype html>")
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from autograd.files.atomic_write import write_whole
from autograd.notation.labels import parse_label
from autograd.notation.numbers import counted, number, signed
from autograd.seeing.pages.frame import notebook_frame, path_of_page
from autograd.seeing.pages.gallery.facts import Card, Facts, gather
from autograd.seeing.pages.gallery.page import page
from autograd.value import Value

__all__ = ["Gallery", "gallery"]

HEIGHT = 720
"""The height of the page in a notebook, in pixels."""
SHEET = 960
"""The same on paper: what a sheet has room for."""
CARDS_IN_TEXT = 10
"""At most this many cards stand in the text for a terminal."""


class Gallery:
    """A page of cards, one per weight; made by `gallery`.

    It shows itself in a notebook; `save` writes it as a file that needs nothing else.

    Attributes:
        facts: all that the page shows.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    @property
    def cards(self) -> tuple[Card, ...]:
        """The cards, the largest gradient first."""
        return self.facts.cards

    def html(self) -> str:
        """Return the page."""
        return page(self.facts)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the page, and return its path.

        Raises:
            ValueError: for another ending than ``.html``.
            OSError: if the file cannot be written.
        """
        place = path_of_page(path, "a gallery", 'gradient_path(output, weight).save("path.svg")')
        write_whole(place, self.html())
        return place

    def __str__(self) -> str:
        facts = self.facts
        lines = [f"{facts.counted} of {parse_label(facts.output).text} = {number(facts.value)}"]
        lines += [facts.trend()] if facts.trend() else []
        for card in facts.cards[:CARDS_IN_TEXT]:
            name = parse_label(card.name).text
            lines.append(f"  {name:10} {signed(card.gradient):>11}  {counted(card.count, 'route')}")
        more = facts.weights - CARDS_IN_TEXT
        return "\n".join([*lines, f"  and {more:,} more"] if more > 0 else lines)

    def __repr__(self) -> str:
        return f"<gallery: {self.facts.counted} of {parse_label(self.facts.output).text}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        frame = notebook_frame(self.html(), repr(self)[1:-1], HEIGHT, printed=SHEET)
        return {"text/plain": str(self), "text/html": frame}


def gallery(
    output: Value, weights: Iterable[Value] | None = None, names: Mapping[str, Any] | None = None
) -> Gallery:
    """Return the gradient path of every weight and the gradient by layer, on one page to sort and filter.

    No ``.grad`` is read or changed.

    Args:
        output: the Value to differentiate, usually a loss.
        weights: the Values that get a card; by default every Parameter that the output depends on.
            Of more than 3,000 those with the largest gradients get one.
        names: variables by name, as `locals` gives them, for Values without a label.

    Raises:
        TypeError: if ``output`` or one of the weights is not a Value.
        ValueError: if there are no weights, or ``output`` is a constant.
    """
    return Gallery(gather(output, weights, names))
