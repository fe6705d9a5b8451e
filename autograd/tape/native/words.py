"""What the words of the language mean when it is run as Python, on arrays."""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, frexp, ldexp
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EXP_OVERFLOWS",
    "EXP_VANISHES",
    "Mask",
    "Numbers",
    "Rows",
    "Shorts",
    "call",
    "copysign",
    "each",
    "exponent_of",
    "fast",
    "power_of_two",
    "where",
]

Rows = NDArray[np.int64]
Shorts = NDArray[np.int32]
Mask = NDArray[np.bool_]
Numbers = NDArray[Any]
T = TypeVar("T")


EXP_OVERFLOWS, EXP_VANISHES = 711.0, -746.0
"""Beyond these, exp is infinite or 0, and cosh infinite; in single precision they are 90 and −104."""


def power_of_two(k: float) -> float:
    """Return 2ᵏ for a whole number, if it is neither denormal nor too large."""
    return ldexp(1.0, int(k))


def exponent_of(x: float) -> float:
    """Return the whole number k for which 2ᵏ ≤ |x| < 2ᵏ⁺¹, for a number that is neither 0 nor denormal."""
    return float(frexp(x)[1] - 1)


each = range
"""A range of rounds none of which reads or writes what another one writes."""


def fast(*flags: str) -> Callable[[T], T]:
    """Allow LLVM to compute the function's floats less exactly: "contract" a product and a sum, "reassoc"."""
    return lambda function: function


def where(condition: Any, a: T, b: T) -> T:
    """Return ``a`` where the condition holds, else ``b``; both are computed."""
    return a if condition else b


def call(address: Any, *arguments: Any) -> None:
    """Call the C function at the address."""
    raise NotImplementedError("only machine code calls addresses")
