"""The inputs of a network, checked and named; those that several of its Modules see are the same Values."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache
from numbers import Real
from typing import Any

from autograd import Value
from autograd.extend import VALUE_TYPES, recording
from autograd.notation.numbers import counted


def as_inputs(x: Any, nin: int, whose: str) -> tuple[Value, ...]:
    """Return one sample as Values: numbers become ``x1``, ``x2``, …; Values stay as they are.

    Within one call of a Module the numbers of one list, or array, become the same inputs for all that see it.

    Raises:
        TypeError: if something in ``x`` is neither.
        ValueError: if there are not ``nin`` of them.
    """
    values = (x,) if isinstance(x, (Value, Real)) else tuple(x)
    if len(values) != nin:
        raise ValueError(f"the {whose} takes {counted(nin, 'input')} per sample; got {len(values)}")
    if VALUE_TYPES.issuperset(map(type, values)):
        return values
    return once_as_values(x, values, _input_labels(nin))


def once_as_values(x: Any, numbers: tuple[Any, ...], labels: Iterable[str]) -> tuple[Value, ...]:
    """Return numbers as inputs of these labels, or the inputs that they are already in this call.

    Args:
        x: what holds the numbers, and possibly Values.  A list of numbers alone is known again, within the
            call of a Module that contains the one that asks; a number is not: equal ones are one object.
    """
    use = recording.now.use
    if use[1] is None or isinstance(x, Real) or not VALUE_TYPES.isdisjoint(map(type, numbers)):
        return _as_values(numbers, labels)
    while use[1] is not None:
        use = use[1]
    if _seen.call is not use:
        _seen.call, _seen.rows = use, {}
    _, before, values = _seen.rows.get(id(x), (x, (), ()))
    if before != numbers:  # it is new, or was changed since
        values = _as_values(numbers, labels)
        _seen.rows[id(x)] = x, numbers, values  # with x, so that no other object gets its id
    return values


class _Seen(threading.local):
    """What the outermost call has made inputs of, by the id of what holds the numbers."""

    def __init__(self) -> None:
        self.call: Any = None
        self.rows: dict[int, tuple[Any, tuple[Any, ...], tuple[Value, ...]]] = {}


_seen = _Seen()


def forget_inputs() -> None:
    """Forget what inputs were made of: the outermost call is over."""
    _seen.call, _seen.rows = None, {}


def _as_values(numbers: Iterable[Any], labels: Iterable[str]) -> tuple[Value, ...]:
    return tuple(
        [v if isinstance(v, Value) else Value(v, label) for v, label in zip(numbers, labels, strict=True)]
    )


@cache
def _input_labels(n: int) -> tuple[str, ...]:
    return tuple(f"x{i}" for i in range(1, n + 1))
