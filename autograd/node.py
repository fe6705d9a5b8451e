"""A node of the graph: one operation, and all that is remembered of it.

Applying an op makes a node.  It knows the op, the inputs, and one partial per input; nothing else is
needed to draw the graph, or to run the chain rule through it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from operator import attrgetter
from typing import Any, ClassVar, Self

from autograd.core.freeing import free_in_turn
from autograd.core.primitive import Op
from autograd.core.recording import Use

STATE = ("_data", "_grad", "_made", "inputs", "label", "op", "partials")
"""The attributes of a node that a copy or a pickle keeps."""

NO_GRADIENT = float(0)
"""The ``.grad`` of a node that no reverse pass has reached: zero, but this very zero.

``v.grad is NO_GRADIENT`` tells "not computed yet" from a gradient that came out as 0.
"""


class Node:
    """What is remembered of one operation; `autograd.Value` is a node with operators.

    Attributes:
        grad: ∂output/∂self, the sum over all routes, once a reverse pass has run; 0.0 before.
        op: the op that computed it; None for a leaf.
        inputs: the nodes that the op was applied to, in order; ``a * a`` has two.
        partials: one per input: how the result moves with that input while the others are held still.
        label: its name, or "".
        place: the `Use` of a Module in which it was made, else None.
        role: "input"; subclasses are a "weight" or a "constant".  A constant gets no gradient.
    """

    __slots__ = ("_a", "_b", "_d_a", "_d_b", "_data", "_grad", "_made", "label", "op")

    role: ClassVar[str] = "input"
    _data: float  # read without the checks of Value.data
    _grad: float  # written without the checks of Value.grad
    op: Op | None
    label: str
    _made: Use  # where and when it was made: `place` reads it, and `autograd.core.stale`

    # Nearly every op has one or two inputs.  They stand in slots of the node, and so do their partials:
    # without tuples a graph takes two thirds of the memory, and of the time.  See `in_two_slots`.
    _a: Any
    _b: Any
    _d_a: Any
    _d_b: Any

    @property
    def inputs(self) -> tuple[Self, ...]:
        a, b = self._a, self._b
        if a is None:
            return b  # type: ignore[no-any-return]
        return (a,) if b is None else (a, b)

    @inputs.setter
    def inputs(self, inputs: tuple[Any, ...]) -> None:
        self._a, self._b = in_two_slots(inputs)

    @property
    def partials(self) -> tuple[float, ...]:
        if self._a is None:
            return self._d_b  # type: ignore[no-any-return]
        return (self._d_a,) if self._b is None else (self._d_a, self._d_b)

    @partials.setter
    def partials(self, partials: tuple[float, ...]) -> None:
        self._d_a, self._d_b = in_two_slots(partials)

    @property
    def place(self) -> Use | None:
        return self._made if self._made[0] is not None else None

    if sys.platform == "emscripten":  # only there, since it takes time

        def __del__(self) -> None:
            free_in_turn(self)


def in_two_slots(things: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return what stands in the two slots of a node: one thing and None, two, or None and a tuple of all.

    >>> in_two_slots((1.0,)), in_two_slots((1.0, 2.0)), in_two_slots(())
    ((1.0, None), (1.0, 2.0), (None, ()))
    """
    match things:
        case (a,):
            return a, None
        case (a, b):
            return a, b
    return None, things


number_of = attrgetter("_data")
"""The number of a node, without the checks of ``.data``, for code that computes with it."""


def data_of(nodes: Iterable[Any]) -> list[float]:
    """Return the number of each node: many are read in half of the time that `number_of` takes."""
    return [v._data for v in nodes]


def time_of(node: Any) -> int:
    """Return how many times the clock had ticked when a node was made, or its data last assigned."""
    time: int = node._made[2]
    return time


gradient_of = attrgetter("_grad")
"""The gradient of a node as the reverse pass has it, `NO_GRADIENT` where none has arrived."""
