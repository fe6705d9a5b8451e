"""Units of a network, such as its neurons: which of the Values behind an output are what they give.

>>> from nn import MLP
>>> [[v.label for v in layer] for layer in hidden_units([MLP(2, [3, 2, 1], "tanh")([0.5, 1.0])])]
[['a1^1', 'a2^1', 'a3^1'], ['a1^2', 'a2^2']]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autograd import Value


def computed_behind(outputs: Iterable[Value]) -> list[Value]:
    """Return what ops computed on the way to some outputs, in topological order.

    The leaves are left out: there are far more weights than units, and nobody here looks at them.
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Any] = [*outputs][::-1]
    while stack:
        node = stack.pop()
        if node is None:  # a mark: the inputs of the node under it are all in the order
            order.append(stack.pop())
        elif node.op is not None and node not in seen:
            seen.add(node)
            stack += [node, None, *[x for x in node.inputs if x.op is not None][::-1]]
    return order


def use_of_unit(use: Any) -> Any:
    """Return the use of the unit that a use is part of; the use itself if it is part of none."""
    outer = use
    while outer is not None:
        if outer[0].is_unit:
            return outer
        outer = outer[1]
    return use


def hidden_units(outputs: Sequence[Value]) -> list[list[Value]]:
    """Return what the units behind some outputs give, a list for each layer, as they were computed.

    A unit gives the last Value that a use of it computes; those that are outputs themselves are left out.
    """
    last: dict[int, tuple[Any, Value]] = {}  # by use
    for v in computed_behind(outputs):
        use = use_of_unit(v.place)
        if use is not None and use[0].is_unit:
            last[id(use)] = use, v
    layers: dict[int, list[Value]] = {}  # by the use that called the unit: that of its layer
    for use, v in last.values():
        if not any(v is output for output in outputs):
            layers.setdefault(id(use[1]), []).append(v)
    return [*layers.values()]
