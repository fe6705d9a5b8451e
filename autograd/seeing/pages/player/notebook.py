"""The player in a notebook: its page in a frame, or else a picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from autograd.seeing.drawing.graph import draw_graph
from autograd.seeing.facts.records import Step
from autograd.seeing.facts.sizes import Strides
from autograd.seeing.pages.frame import notebook_frame
from autograd.seeing.pages.player.content import Content
from autograd.seeing.pages.player.page import page
from autograd.seeing.pages.player.sketch import is_sketched
from autograd.seeing.style import THEMES, fitting, in_parts

HEIGHT = 720
"""The height of the page in a notebook, in pixels."""
MOST_DRAWN = 400
"""Of a graph with at most this many nodes, a picture stands beside the page."""
MOST_IN_PARTS = 150
"""The picture of one with at most this many is printed in parts, each of which draws all of it."""
MOST_PRINTED = 500
"""At most this many steps are printed, as on the page itself."""
PAPER = (
    "<style>@media screen{.walk-on-paper{display:none}}"
    ".walk-on-paper{color:#000;background:#fff;font-size:13px}.walk-on-paper li{break-inside:avoid}</style>"
)
"""How what stands below the frame on paper looks."""


def bundle(content: Content) -> dict[str, str]:
    """Return the page and a picture by MIME type; a notebook shows the first that it can.

    A frame is as high on paper as on the screen.  What has no room in it there stands below it, on paper
    alone: a picture that is too large, and all steps, unless they are to be predicted.
    """
    picture = ""
    if len(content.trace.nodes) <= MOST_DRAWN:
        picture = draw_graph(content.trace, THEMES["light"]).pipe(encoding="utf-8")
    is_cut = len(content.trace.nodes) <= MOST_IN_PARTS and in_parts(picture)
    svg = picture[picture.find("<svg") :] if is_cut else ""
    told = "" if content.quiz else _told(content)
    printed = f'{PAPER}<div class="walk-on-paper">{svg and fitting(svg)}{told}</div>' if svg or told else ""
    shown = {"text/html": framed(content) + printed}
    return shown | {"image/svg+xml": picture} if picture else shown


def _told(content: Content) -> str:
    """Return all steps as a list, if they are not too many."""
    size = "layer" if is_sketched(content) else content.size
    steps: Sequence[Step] = content.steps if size == "edge" else Strides(content.trace, content.steps, size)
    items = (
        "".join(f"<li>{escape(step.sentence)}</li>" for step in steps) if len(steps) <= MOST_PRINTED else ""
    )
    return items and f"<ol>{items}</ol>"


def framed(content: Content) -> str:
    """Return the page in a frame, as a notebook holds it; a prediction is sent as a form."""
    return notebook_frame(page(content), f"Walk through {content.title}", HEIGHT, forms=True)
