"""Ties: what a network holds in several places, told by path, and tied again in one that was built anew.

>>> from nn import Layer, Module
>>> class Net(Module):
...     def __init__(self):
...         self.first, self.second = Layer(2, 2), Layer(2, 2)
>>> model, other = Net(), Net()
>>> for mine, its in zip(model.second.neurons, model.first.neurons):
...     mine.w = its.w
>>> ties_of(model)
{'second.neurons.0.w': 'first.neurons.0.w', 'second.neurons.1.w': 'first.neurons.1.w'}
>>> tie(other, ties_of(model))
>>> ties_of(other) == ties_of(model)
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from autograd import Value
from autograd.extend import VALUE_TYPES
from nn.holding import held, hold, may_hold
from nn.module import Module

MOST_TIES = 10_000
"""More ties than this are not told: a file would be larger by them than by its numbers."""
Trail: TypeAlias = tuple[Any, ...]


def ties_of(model: Module) -> dict[str, str]:
    """Return each path at which something is held that is held elsewhere first, and where that is.

    A list whose parts are those of another list is told by the path of the list.
    """
    first: dict[int, tuple[Trail, int]] = {}  # of a Value in a list the trail of the list, and its position
    ties: dict[Trail, Trail] = {}
    lists: list[tuple[Trail, list[Any]]] = []

    def note(x: Any, trail: Trail, position: int = -1) -> None:
        if id(x) not in first:
            first[id(x)] = trail, position
        else:
            ties[_whole(trail, position)] = _whole(*first[id(x)])

    for trail, x in _slots(model):
        note(x, trail)
        if type(x) is list and first[id(x)] == (trail, -1):
            lists.append((trail, x))
            for k, v in enumerate(x) if _is_row(x) else ():
                note(v, trail, k)
    for trail, x in reversed(lists):  # the innermost first
        source = ties.get((*trail, 0), ())[:-1]
        inside = [(*trail, k) for k in range(len(x))]
        if source and all(ties.get(place) == (*source, place[-1]) for place in inside):
            ties = {place: home for place, home in ties.items() if place[: len(trail)] != trail}
            ties[trail] = source
    return dict(sorted((_path(trail), _path(home)) for trail, home in ties.items()))


def _slots(model: Module) -> Iterator[tuple[Trail, Any]]:
    """Yield all that holds, or is, a Value or a Module wherever it is held, but what is in a row of Values.

    What is held again elsewhere is yielded again; what is in it is not.
    """
    seen: dict[int, Any] = {}
    stack: list[tuple[Trail, Any]] = [((), model)]
    while stack:
        trail, x = stack.pop()
        is_new = id(x) not in seen
        inside = [] if isinstance(x, Value) or not is_new else [(n, y) for n, y in held(x) if may_hold(y)]
        if isinstance(x, (Value, Module)) or inside or not is_new:
            seen[id(x)] = x
            yield trail, x
        if not _is_row(x):
            stack += [((*trail, name), y) for name, y in reversed(inside)]


def _is_row(x: Any) -> bool:
    """Return whether something is a list of Values and nothing else, as most of a large model is."""
    return type(x) is list and VALUE_TYPES.issuperset(map(type, x))


def _whole(trail: Trail, position: int) -> Trail:
    return trail if position < 0 else (*trail, position)


def _path(trail: Trail) -> str:
    return ".".join(map(str, trail))


def tie(model: Module, ties: Mapping[Any, Any]) -> None:
    """Let a network hold at some paths what it holds at others.

    Args:
        model: the network.
        ties: by each path the other one; neither is trusted.

    Raises:
        ValueError: if there is nothing at a path, or what is there does not fit what is to be held instead.
    """
    slots = {_path(trail): (trail, x) for trail, x in _slots(model)}
    for trail, row in [(trail, x) for trail, x in slots.values() if _is_row(x)]:
        slots |= {_path((*trail, k)): ((*trail, k), v) for k, v in enumerate(row)}
    objects = dict(slots.values())
    for path, source in ties.items():
        for place in (path, source):
            if not isinstance(place, str) or place not in slots:
                raise ValueError(f"nothing is held at {place!r}")
        (trail, there), (_, x) = slots[path], slots[source]
        if not trail or not _fits(there, x):
            raise ValueError(f"{path} and {source} are not of one kind")
        try:
            _hold_instead(objects[trail[:-1]], trail[-1], there, x)
        except TypeError as error:
            raise ValueError(f"{path} stands where nothing can be changed: a {error}") from None


def _fits(there: Any, x: Any) -> bool:
    """Return whether one thing can be held in place of another: of lists each part in place of a part."""
    if type(there) is list and type(x) is list:
        return len(there) == len(x) and all(map(_fits, there, x))
    return type(there) is type(x)


def _hold_instead(holder: Any, name: Any, there: Any, x: Any) -> None:
    if type(there) is list:
        for k, (old, new) in enumerate(zip(there, x, strict=True)):
            _hold_instead(there, k, old, new)
    else:
        hold(holder, name, x)
