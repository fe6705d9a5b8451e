"""The walk as one self-contained page: the graph, every step of it, the learner's own predictions.

The page asks nothing of any server and computes no formula: all that it shows was written down
here, from the walk's trace.

>>> from autograd import Value
>>> from autograd.seeing.walk import walk
>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> html = page(walk(a * b))
>>> html.startswith("<!doctype html>"), "<title>y = a × b</title>" in html
(True, True)
"""

from __future__ import annotations

from autograd.seeing.pages.player.content import facts
from autograd.seeing.pages.player.notebook import bundle
from autograd.seeing.pages.player.page import page

__all__ = ["bundle", "facts", "page"]
