"""The player in a notebook: its page in a frame, or else a picture."""

from __future__ import annotations

from html import escape

from autograd.seeing.drawing.values import draw_values
from autograd.seeing.pages.player.content import Content
from autograd.seeing.pages.player.page import page
from autograd.seeing.style import THEMES

HEIGHT = 620
MOST_DRAWN = 400
"""How many nodes a picture beside the page has at most."""


def bundle(content: Content) -> dict[str, str]:
    """Return the page and a picture by MIME type, the fullest first: a notebook shows the first that it can.

    The page stands in a frame that may run scripts and nothing else: it reaches neither the
    notebook nor any other page in it.
    """
    shown = {"text/html": frame(page(content))}
    if len(content.trace.nodes) <= MOST_DRAWN:
        shown["image/svg+xml"] = draw_values(content.trace, THEMES["light"]).pipe(encoding="utf-8")
    return shown


def frame(html: str) -> str:
    """A page inside another one.

    >>> frame('<p class="a">').split("srcdoc=")[1]
    '"&lt;p class=&quot;a&quot;&gt;"></iframe>'
    """
    style = f"width:100%;height:{HEIGHT}px;border:1px solid #8883;border-radius:8px"
    attributes = f'title="Walk" sandbox="allow-scripts allow-forms" loading="lazy" style="{style}"'
    return f'<iframe {attributes} srcdoc="{escape(html)}"></iframe>'
