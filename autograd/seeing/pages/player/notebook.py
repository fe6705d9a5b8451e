"""How a walk shows itself in a notebook: the page in a frame, else a picture, else text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from autograd.seeing.drawing.graph import draw_graph
from autograd.seeing.pages.player.page import page
from autograd.seeing.style import THEMES

if TYPE_CHECKING:
    from autograd.seeing.walk import Walk

HEIGHT = 620
MOST_DRAWN = 400
"""How many nodes a picture beside the page has at most."""


def bundle(walk: Walk) -> dict[str, str]:
    """The walk by MIME type, the fullest first: a notebook shows the first that it can.

    The page stands in a frame that may run scripts and nothing else: it reaches neither the
    notebook nor any other walk in it.
    """
    shown = {"text/html": frame(page(walk))}
    if len(walk.trace.nodes) <= MOST_DRAWN:
        shown["image/svg+xml"] = draw_graph(walk.trace, THEMES["light"]).pipe(encoding="utf-8")
    return shown | {"text/plain": repr(walk)}


def frame(html: str) -> str:
    """A page inside another one.

    >>> frame('<p class="a">').split("srcdoc=")[1]
    '"&lt;p class=&quot;a&quot;&gt;"></iframe>'
    """
    style = f"width:100%;height:{HEIGHT}px;border:1px solid #8883;border-radius:8px"
    attributes = f'title="Walk" sandbox="allow-scripts allow-forms" loading="lazy" style="{style}"'
    return f'<iframe {attributes} srcdoc="{escape(html)}"></iframe>'
