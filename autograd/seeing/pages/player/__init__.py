"""The player: a walk as one self-contained page, with the graph, every step and the learner's predictions.

The page asks nothing of any server.  What it shows at first was written down here, from the facts in a
`Content`; where a number in it is changed, it computes both passes itself, by the rules of the table.

>>> from autograd import Value, walk
>>> from autograd.seeing.pages.player.page import page
>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> html = page(walk(a * b).content())
>>> html.startswith("<!doctype html>"), "<title>y = a × b</title>" in html
(True, True)
"""

from __future__ import annotations

from autograd.seeing.pages.player.content import Content, facts
from autograd.seeing.pages.player.notebook import bundle

__all__ = ["Content", "bundle", "facts"]
