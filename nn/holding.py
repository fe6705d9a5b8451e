"""What a Module or a container holds, by name or position: where its parameters are looked for."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from functools import lru_cache
from inspect import ismemberdescriptor
from typing import Any

from autograd import Value
from nn.complaints import UNORDERED
from nn.construction import GIVEN, Constructed

READS_AS_POSITION = re.compile(r"-?\d+")
"""A key of a dictionary that a path could not tell from a position in a list."""


class Key(str):
    """A key of a dictionary that reads as a position would: in a path it stands in brackets, ``experts.[1]``.

    Attributes:
        key: the key itself.

    >>> Key(1)
    '[1]'
    """

    key: Any

    def __new__(cls, key: Any) -> Key:
        """Write the key, and keep it."""
        written = super().__new__(cls, f"[{key}]")
        written.key = key
        return written


def held(holder: Any) -> Iterable[tuple[Any, Any]]:
    """Return what a Module or container holds, by name or position; nothing for anything else."""
    if isinstance(holder, Constructed):
        kind: Any = type(holder)
        slots = [(name, getattr(holder, name)) for name in _slots(kind) if hasattr(holder, name)]
        return slots + [(name, x) for name, x in vars(holder).items() if name != GIVEN]
    if isinstance(holder, Mapping):
        return [(Key(key) if READS_AS_POSITION.fullmatch(str(key)) else key, x) for key, x in holder.items()]
    if isinstance(holder, AbstractSet):
        return _named_by_label(holder)
    if isinstance(holder, list | tuple | deque):
        return enumerate(holder)
    if is_dataclass(holder):
        return [(f.name, getattr(holder, f.name, None)) for f in fields(holder)]
    rows = holder.tolist()  # of NumPy's array of objects
    return enumerate(rows) if isinstance(rows, list) else [(0, rows)]


def held_at(holder: Any, path: str) -> Any:
    """Return what is held at a dotted path, be it held elsewhere too; None if nothing is."""
    for name in path.split("."):
        inside = held(holder) if may_hold(holder) else ()
        holder = next((x for other, x in inside if str(other) == name), None)
    return holder


def hold(holder: Any, name: Any, x: Any) -> None:
    """Let a Module or container hold this in place of what it holds by a name or position.

    Raises:
        TypeError: if it cannot be changed.
    """
    if isinstance(holder, list | deque | dict):
        holder[getattr(name, "key", name)] = x
    elif isinstance(holder, Constructed) or is_dataclass(holder):
        object.__setattr__(holder, name, x)  # of a frozen dataclass too
    else:
        raise TypeError(f"{type(holder).__name__} cannot be changed")


@lru_cache(maxsize=1024)
def _slots(kind: type) -> tuple[str, ...]:
    """Return the attributes of a class that have slots, and do not stand in its ``__dict__``."""
    own = (name for cls in kind.__mro__[::-1] for name, x in vars(cls).items() if ismemberdescriptor(x))
    return tuple(dict.fromkeys(own))


def may_hold(x: Any) -> bool:
    """Return whether something is, or can hold, a Value or a Module."""
    kind: Any = type(x)
    return _holds(kind) or getattr(getattr(x, "dtype", None), "kind", "") == "O"


@lru_cache(maxsize=1024)
def _holds(kind: type) -> bool:
    """Return whether everything of this type is, or can hold, a Value or a Module."""
    holders = (Value, Constructed, list, tuple, dict, deque, Mapping, AbstractSet)
    return issubclass(kind, holders) or is_dataclass(kind)


def may_hold_modules(x: Any) -> bool:
    """Return whether something is, or can hold, a Module."""
    return not isinstance(x, Value) and may_hold(x)


def _named_by_label(holder: AbstractSet[Any]) -> Iterable[tuple[Any, Any]]:
    """Return what a set holds: it has no order, so each goes by its label, and those without come last."""
    held = [x for x in holder if isinstance(x, (Value, Constructed))]
    labels = [getattr(x, "label", "") for x in held]
    if all(labels) and len(set(labels)) == len(labels):
        return sorted(zip(labels, held, strict=True), key=lambda pair: str(pair[0]))
    return [(UNORDERED + str(k), x) for k, x in enumerate(held)]
