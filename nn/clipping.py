"""Clipping: gradients held within bounds before a step, against those that explode.

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
from dataclasses import dataclass
from math import hypot, isfinite, isnan, nan
from typing import Any

from autograd import Value
from autograd.extend import NO_GRADIENT
from nn.checks import finite_number

KEPT_FROM_ZERO = 1e-6
"""Added to a norm that is divided by, as PyTorch does."""


def clip_grad_norm_(
    parameters: Value | Iterable[Value], max_norm: float, error_if_nonfinite: bool = False
) -> float:
    """Shrink all gradients by one factor so that, taken as one vector, they are at most so long.

    g ← g · min(1, max_norm / (‖g‖ + 10⁻⁶)), PyTorch's way with Pascanu, Mikolov and Bengio, On the
    difficulty of training recurrent neural networks (2013), algorithm 1.  Shorter ones stay.

    Args:
        parameters: whose ``.grad`` is changed; those without a gradient are left out.
        max_norm: the greatest length ‖g‖ = √Σg², from 0 up.
        error_if_nonfinite: refuse a length that is infinite or nan.  Else an infinite one turns all
            finite gradients to 0, and a nan makes all of them nan.

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
        parameters: whose ``.grad`` is changed; those without a gradient are left out.
        clip_value: the greatest size, from 0 up.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or out of range.
    """
    clipped = _with_gradients(parameters)
    clip_value = finite_number("clip_value", clip_value, at_least=0.0)
    for v in clipped:
        v.grad = within(v.grad, clip_value)


@dataclass(frozen=True)
class Clipping:
    """What `nn.fit` does to a gradient before a step: first by value, then by norm.

    Attributes:
        norm: the greatest length of the whole; None for any.
        value: the greatest size of each number; None for any.
    """

    norm: float | None = None
    value: float | None = None

    def __call__(self, parameters: Iterable[Value]) -> None:
        """Clip the gradients of these parameters."""
        parameters = list(parameters)
        if self.value is not None:
            clip_grad_value_(parameters, self.value)
        if self.norm is not None:
            clip_grad_norm_(parameters, self.norm)


def norm(gradients: Iterable[float]) -> float:
    """√Σg², without overflow on the way; nan if one of them is."""
    numbers = list(gradients)
    return nan if any(map(isnan, numbers)) else hypot(*numbers)


def shrinkage(length: float, max_norm: float) -> float:
    """The factor by which a gradient of this length is clipped to ``max_norm``."""
    factor = max_norm / (length + KEPT_FROM_ZERO)
    return 1.0 if factor > 1.0 else factor


def within(g: float, limit: float) -> float:
    """``g``, or the end of −limit … limit that it lies beyond; nan stays nan."""
    if g > limit:
        return limit
    return -limit if g < -limit else g


def _with_gradients(parameters: Any) -> list[Any]:
    if isinstance(parameters, Value):
        parameters = [parameters]
    if isinstance(parameters, str) or not isinstance(parameters, Iterable):
        raise TypeError(
            f"clipping takes Parameters, such as model.parameters(); "
            f"got {parameters!r} ({type(parameters).__name__})"
        )
    listed = list(parameters)
    for v in listed:
        if not isinstance(v, Value):
            raise TypeError(f"clipping takes Parameters; got {v!r} ({type(v).__name__})")
    return [v for v in listed if v.grad is not NO_GRADIENT]
