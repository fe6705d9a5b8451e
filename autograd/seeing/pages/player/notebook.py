"""The player in a notebook: its page in a frame, or else a picture."""

from __future__ import annotations

from autograd.seeing.drawing.graph import draw_graph
from autograd.seeing.pages.frame import notebook_frame
from autograd.seeing.pages.player.content import Content
from autograd.seeing.pages.player.page import page
from autograd.seeing.style import THEMES

HEIGHT = 720
"""The height of the page in a notebook, in pixels."""
MOST_DRAWN = 400
"""Of a graph with at most this many nodes, a picture stands beside the page."""


def bundle(content: Content) -> dict[str, str]:
    """Return the page and a picture by MIME type; a notebook shows the first that it can."""
    shown = {"text/html": framed(content)}
    if len(content.trace.nodes) <= MOST_DRAWN:
        shown["image/svg+xml"] = draw_graph(content.trace, THEMES["light"]).pipe(encoding="utf-8")
    return shown


def framed(content: Content) -> str:
    """Return the page in a frame, as a notebook holds it; a prediction is sent as a form."""
    return notebook_frame(page(content), f"Walk through {content.title}", HEIGHT, forms=True)
