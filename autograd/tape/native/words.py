"""What the words of the language mean when it is run as Python, on arrays."""

from __future__ import annotations

from collections.abc import Callable
from math import copysign
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mask", "Numbers", "Rows", "Shorts", "call", "copysign", "fast", "where"]

Rows = NDArray[np.int64]
Shorts = NDArray[np.int32]
Mask = NDArray[np.bool_]
Numbers = NDArray[Any]


def fast(*flags: str) -> Callable[[Any], Any]:
    """Allow LLVM to compute the function's floats less exactly: "contract" a product and a sum, "reassoc"."""
    return lambda function: function


def where(condition: Any, a: Any, b: Any) -> Any:
    """Return ``a`` where the condition holds, else ``b``; both are computed."""
    return a if condition else b


def call(address: Any, *arguments: Any) -> None:
    """Call the C function at the address."""
    raise NotImplementedError("only machine code calls addresses")
