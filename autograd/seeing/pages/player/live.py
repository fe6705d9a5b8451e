"""The player tied to a kernel: a number is changed in the page, and the engine computes again.

The page asks in messages; `answer` is all that stands between it and the engine.

>>> from autograd import Value, walk
>>> steps = walk(Value(2.0, "a") * Value(-3.0, "b"))
>>> message = {"chainrule": "what-if", "request": 1, "values": {"n0": 5.0}}
>>> reply = answer(steps.content(), steps.content_with, message)
>>> reply["chainrule"], reply["facts"]["values"]
('facts', ['5', '−3', '−15'])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from autograd.seeing.pages.frame import asset
from autograd.seeing.pages.player.content import Content, facts
from autograd.seeing.pages.player.notebook import framed

Again = Callable[[Mapping[str, float]], Content]
"""Computes the graph again with other numbers in its leaves, given by their ids in the trace."""


def answer(content: Content, again: Again, message: object) -> dict[str, Any]:
    """Return what the kernel answers to a page: new facts, or in words why there are none.

    Args:
        content: what the page was made of.
        again: computes it with other numbers.
        message: what the page asks: ``{"request": 1, "values": {"n0": 5.0}}``, values by the ids
            of the trace, those that are not finite as words.
    """
    asked = message if isinstance(message, Mapping) else {}
    reply = {"request": asked.get("request")}
    try:
        other = again(_changes(content, asked.get("values")))
    except (TypeError, ValueError, ArithmeticError) as error:
        return reply | {"chainrule": "refused", "message": str(error)}
    return reply | {"chainrule": "facts", "facts": facts(other)}


def _changes(content: Content, values: object) -> dict[str, float]:
    if not isinstance(values, Mapping):
        raise TypeError(f"a page asks with numbers by the ids of its leaves; got {type(values).__name__}")
    leaves = {node.id for node in content.trace.nodes if node.op is None}
    unknown = [name for name in values if name not in leaves]
    if unknown:
        raise ValueError(f"there is no leaf {unknown[0]!r} in this walk")
    return {name: float(x) for name, x in values.items()}


def live(content: Content, again: Again) -> Any:
    """Return the player as a widget: the page, tied to this kernel.

    Args:
        content: what to step through.
        again: computes it with other numbers.

    Raises:
        ImportError: if anywidget is not installed.
    """
    return _widget_class()(content, again)


@cache
def _widget_class() -> type[Any]:
    try:
        import anywidget
        import traitlets
    except ModuleNotFoundError as error:
        raise ImportError(
            'a player tied to the kernel needs anywidget: pip install "chainrule[notebook]"'
        ) from error

    class Player(anywidget.AnyWidget):
        """The page, and its messages to and from the kernel."""

        _esm = asset(__package__, "live.js")
        frame = traitlets.Unicode().tag(sync=True)

        def __init__(self, content: Content, again: Again) -> None:
            super().__init__(frame=framed(content))
            self._content, self._again = content, again
            self.on_msg(self._hear)

        def _repr_mimebundle_(self, **options: Any) -> Any:
            """Return the widget, and the page for where no kernel runs: a saved notebook shows it."""
            shown, metadata = super()._repr_mimebundle_(**options) or ({}, {})
            return {**shown, "text/html": self.frame, "text/plain": self._content.title}, metadata

        def _hear(self, widget: object, message: object, buffers: object) -> None:
            self.send(answer(self._content, self._again, message))

    return Player
