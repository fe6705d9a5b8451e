"""The picture of what a network is made of, without numbers: boxes for parts, arrows for what they pass on.

>>> parts = [Part("a", "conv1", "Conv", "1 → 6, 5×5", "150 weights"), Part("b", "relu1", "Relu", "")]
>>> picture = draw_outline(parts, [("a", "b", "6 × 24 × 24")])
>>> "conv1" in picture.source, "6&#160;×&#160;24" in picture.source
(True, True)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from autograd.notation.labels import Label
from autograd.notation.numbers import count
from autograd.seeing.drawing.arrows import Arrow, add_arrow
from autograd.seeing.drawing.box_shapes import add_box, box_markup
from autograd.seeing.drawing.canvas import canvas
from autograd.seeing.drawing.limits import TooLargeError, check_limit
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.facts.arrow import ArrowText
from autograd.seeing.facts.box_content import Box, Fact
from autograd.seeing.style import theme_named


class Part(NamedTuple):
    """A part of a network.

    Attributes:
        id: what arrows call it.
        name, kind, brief: its name, its class, and what that says of itself in a few words.
        holds: what it holds, such as ``150 weights``; "" if nothing.
        role: "input", "operation" or "output".
    """

    id: str
    name: str
    kind: str
    brief: str
    holds: str = ""
    role: str = "operation"


def draw_outline(
    parts: Sequence[Part], links: Iterable[tuple[str, str, str]], *, limit: int = 400, theme: str = "light"
) -> Drawing:
    """Draw parts one below the other.

    Args:
        parts: a box each.
        links: for each arrow the ids of its ends, and what is written on it.
        limit: at most this many boxes are drawn.
        theme: "light" or "dark".

    Raises:
        TypeError, ValueError: for an unknown theme, or if there are more parts than the limit.
    """
    check_limit(limit)
    if len(parts) > limit:
        what = f"the network has {count(len(parts))} parts, too many to read in a picture."
        raise TooLargeError(what, f"Raise the limit (limit={limit}) to draw it all the same")
    look = theme_named(theme)
    drawing = canvas(look)
    drawing.attr(rankdir="TB")
    for part in parts:
        held = (Fact("holds", part.holds),) if part.holds else ()
        hint = ", ".join(filter(None, [part.name, part.kind, part.brief, part.holds]))
        module = Fact(part.kind, part.brief) if part.kind or part.brief else None
        box = Box(part.id, part.role, Label(part.name), "", held, part.name, hint, module)
        add_box(drawing, box, box_markup(box, look, is_module=True), "layer")
    for tail, head, words in links:
        said = ArrowText(words, None, True)
        arrow = Arrow(tail, head, f"{tail}-{head}", said, None, carries=True, signed=False)
        add_arrow(drawing, arrow, look)
    return drawing
