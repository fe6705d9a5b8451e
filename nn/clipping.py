"""Clipping: gradients are kept within bounds before a step, in case they explode.

>>> from autograd import Parameter
>>> v, w = Parameter(3.0), Parameter(4.0)
>>> (v * v / 2 + w * w / 2).backward()
>>> clip_grad_norm_([v, w], max_norm=1.0)
5.0
>>> round(v.grad, 6), round(w.grad, 6)
(0.6, 0.8)
"""

from __future__ import annotations

from collections.abc import Iterable
from math import hypot, inf, isfinite, isnan, nan, sqrt
from typing import Any

from autograd import Value
from autograd.extend import NO_GRADIENT
from autograd.notation.hints import described
from nn.callbacks import Callback, Training
from nn.checks import finite_number, listed

KEPT_FROM_ZERO = 1e-6
"""This is added to a norm before it divides, as PyTorch does."""


def clip_grad_norm_(
    parameters: Value | Iterable[Value], max_norm: float, error_if_nonfinite: bool = False
) -> float:
    """Shrink all gradients by one factor so that, taken as one vector, they are not longer than ``max_norm``.

    g ← g · min(1, max_norm / (‖g‖ + 10⁻⁶)), PyTorch's way with Pascanu, Mikolov and Bengio, On the
    difficulty of training recurrent neural networks (2013), algorithm 1.  A shorter vector stays as it is.

    Args:
        parameters: their ``.grad`` is changed; those without a gradient are left out.
        max_norm: the greatest length ‖g‖ = √Σg², from 0 up.
        error_if_nonfinite: refuse a length that is infinite or nan.  Otherwise an infinite length
            turns all finite gradients to 0, and nan makes all of them nan.

    Returns:
        The length before.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or out of range.
        RuntimeError: if ``error_if_nonfinite`` is set and the length is not finite; nothing is changed.
    """
    clipped = _with_gradients(parameters)
    max_norm = finite_number("max_norm", max_norm, at_least=0.0)
    length = norm([v.grad for v in clipped])
    if error_if_nonfinite and not isfinite(length):
        raise RuntimeError(
            f"the norm of the gradients is {length}, so they cannot be clipped; look for the cause with "
            "autograd.detect_anomaly(), or clip with error_if_nonfinite=False"
        )
    factor = shrinkage(length, max_norm)
    for v in clipped:
        v.grad *= factor
    return length


def clip_grad_value_(parameters: Value | Iterable[Value], clip_value: float) -> None:
    """Bring each gradient into the range from −clip_value to clip_value.

    Args:
        parameters: their ``.grad`` is changed; those without a gradient are left out.
        clip_value: the greatest size, from 0 up.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or out of range.
    """
    clipped = _with_gradients(parameters)
    clip_value = finite_number("clip_value", clip_value, at_least=0.0)
    for v in clipped:
        v.grad = within(v.grad, clip_value)


class Clip(Callback):
    """Clips the gradient before each step of a training: first by value, then by norm.

    Args:
        norm: the greatest length of the whole gradient, see `clip_grad_norm_`; None for any.
        value: the greatest size of each of its numbers, see `clip_grad_value_`; None for any.

    Raises:
        TypeError, ValueError: if a limit is not a finite number from 0 up.
    """

    def __init__(self, *, norm: float | None = None, value: float | None = None) -> None:
        self.norm = None if norm is None else finite_number("norm", norm, at_least=0.0)
        self.value = None if value is None else finite_number("value", value, at_least=0.0)

    def on_gradients(self, training: Training) -> None:
        gradients = training.gradients()
        if self.value is not None:
            gradients = _within(gradients, self.value)
        if self.norm is not None:
            gradients = _times(gradients, shrinkage(norm(gradients), self.norm))
        training.set_gradients(gradients)

    def __repr__(self) -> str:
        return f"Clip(norm={self.norm}, value={self.value})"


def norm(numbers: Any) -> float:
    """Return √Σx² of a list or of a NumPy array, without overflow on the way; nan if one of them is.

    >>> norm([3e200, 0.0])
    3e+200
    """
    if hasattr(numbers, "dot"):
        largest = float(abs(numbers).max(initial=0.0))
        if not 0 < largest < inf:
            return largest
        scaled = numbers / largest
        return largest * sqrt(scaled.dot(scaled))
    numbers = list(numbers)
    return nan if any(map(isnan, numbers)) else hypot(*numbers)


def shrinkage(length: float, max_norm: float) -> float:
    """Return the factor by which a gradient of this length is clipped to ``max_norm``."""
    factor = max_norm / (length + KEPT_FROM_ZERO)
    return 1.0 if factor > 1.0 else factor


def within(g: float, limit: float) -> float:
    """Return ``g``, or the end of −limit … limit that it lies beyond; nan stays nan."""
    if g > limit:
        return limit
    return -limit if g < -limit else g


def _within(gradients: Any, limit: float) -> Any:
    """Clip each number of a list or of an array."""
    return (
        gradients.clip(-limit, limit) if hasattr(gradients, "clip") else [within(g, limit) for g in gradients]
    )


def _times(gradients: Any, factor: float) -> Any:
    """Multiply each number of a list or of an array."""
    return gradients * factor if hasattr(gradients, "dot") else [g * factor for g in gradients]


def _with_gradients(parameters: Any) -> list[Any]:
    if isinstance(parameters, Value):
        parameters = [parameters]
    given = listed("clipping takes Parameters, such as model.parameters()", parameters)
    for v in given:
        if not isinstance(v, Value):
            raise TypeError(f"clipping takes Parameters; got {described(v)}")
    return [v for v in given if v.grad is not NO_GRADIENT]
