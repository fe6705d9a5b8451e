"""The inputs of a network, checked and named."""

from __future__ import annotations

from functools import cache
from numbers import Real
from typing import Any

from autograd import Value
from autograd.extend import VALUE_TYPES
from autograd.notation.numbers import counted


def as_inputs(x: Any, nin: int, whose: str) -> tuple[Value, ...]:
    """Return one sample as Values: numbers become ``x1``, ``x2``, …; Values stay as they are.

    Raises:
        TypeError: if something in ``x`` is neither.
        ValueError: if there are not ``nin`` of them.
    """
    values = (x,) if isinstance(x, (Value, Real)) else tuple(x)
    if len(values) != nin:
        raise ValueError(f"the {whose} takes {counted(nin, 'input')} per sample; got {len(values)}")
    if VALUE_TYPES.issuperset(map(type, values)):
        return values
    return tuple(
        [
            v if isinstance(v, Value) else Value(v, label)
            for v, label in zip(values, _input_labels(nin), strict=True)
        ]
    )


@cache
def _input_labels(n: int) -> tuple[str, ...]:
    return tuple(f"x{i}" for i in range(1, n + 1))
