"""A node of the graph: one operation, and all that is remembered of it.

Applying an op makes a node.  It knows the op, the inputs, and one partial per input; nothing else is
needed to draw the graph, or to run the chain rule through it.
"""

from __future__ import annotations

import sys
from operator import attrgetter
from typing import Any, ClassVar

from autograd.core.freeing import free_in_turn
from autograd.core.primitive import Op
from autograd.core.recording import Use

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

    __slots__ = ("_data", "_grad", "_made", "inputs", "label", "op", "partials")

    role: ClassVar[str] = "input"
    _data: float  # read without the checks of Value.data
    _grad: float  # written without the checks of Value.grad
    op: Op | None
    inputs: tuple[Any, ...]
    partials: tuple[float, ...]
    label: str
    _made: Use  # where and when it was made: `place` reads it, and `autograd.core.stale`

    @property
    def place(self) -> Use | None:
        return self._made if self._made[0] is not None else None

    if sys.platform == "emscripten":  # only there, since it takes time

        def __del__(self) -> None:
            free_in_turn(self)


number_of = attrgetter("_data")
"""The number of a node, without the checks of ``.data``, for code that computes with it."""


def time_of(node: Any) -> int:
    """Return how many times the clock had ticked when a node was made, or its data last assigned."""
    time: int = node._made[2]
    return time


gradient_of = attrgetter("_grad")
"""The gradient of a node as the reverse pass has it, `NO_GRADIENT` where none has arrived."""
