"""The page of a walk beside a kernel: a number is changed in the page, and the engine computes again.

The page asks in messages; `answer` is all that stands between it and `Walk.what_if`.

>>> from autograd import Value
>>> from autograd.seeing.walk import walk
>>> steps = walk(Value(2.0, "a") * Value(-3.0, "b"))
>>> reply = answer(steps, {"chainrule": "what-if", "request": 1, "values": {"n0": 5.0}})
>>> reply["chainrule"], reply["facts"]["values"]
('facts', ['5', '−3', '−15'])
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from autograd.graph import topological_order
from autograd.seeing.pages.player.content import facts
from autograd.seeing.pages.player.notebook import HEIGHT
from autograd.seeing.pages.player.page import page
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.seeing.walk import Walk


def answer(walk: Walk, message: object) -> dict[str, Any]:
    """What the kernel answers to a page: new facts, or in words why there are none.

    Args:
        walk: the walk that the page was made of; it stays as it is.
        message: what the page asks: ``{"request": 1, "values": {"n0": 5.0}}``, values by the ids
            of the trace, those that are not finite as words.
    """
    asked = message if isinstance(message, Mapping) else {}
    reply = {"request": asked.get("request")}
    try:
        other = walk.what_if(_changes(walk, asked.get("values")))
    except (TypeError, ValueError, ArithmeticError) as error:
        return reply | {"chainrule": "refused", "message": str(error)}
    return reply | {"chainrule": "facts", "facts": facts(other)}


def _changes(walk: Walk, values: object) -> dict[Value, float]:
    if not isinstance(values, Mapping):
        raise TypeError(f"a page asks with numbers by the ids of its leaves; got {type(values).__name__}")
    nodes = zip(walk.trace.nodes, topological_order(walk.output), strict=True)
    leaves = {node.id: v for node, v in nodes if node.op is None}
    unknown = [name for name in values if name not in leaves]
    if unknown:
        raise ValueError(f"there is no leaf {unknown[0]!r} in this walk")
    return {leaves[name]: float(x) for name, x in values.items()}


def live(walk: Walk) -> Any:
    """The player as a widget: the page, tied to this kernel.

    Raises:
        ImportError: if anywidget is not installed.
    """
    return _widget_class()(walk)


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
        """The page of a walk, and its messages to and from the kernel."""

        _esm = files("autograd.seeing.pages.player").joinpath("live.js").read_text(encoding="utf-8")
        page = traitlets.Unicode().tag(sync=True)
        height = traitlets.Int(HEIGHT).tag(sync=True)

        def __init__(self, walk: Walk) -> None:
            super().__init__(page=page(walk))
            self._walk = walk
            self.on_msg(self._hear)

        def _hear(self, widget: object, message: object, buffers: object) -> None:
            self.send(answer(self._walk, message))

    return Player
