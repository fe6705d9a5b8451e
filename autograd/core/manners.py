"""How a Value behaves beside arithmetic: NumPy's names, copies and pickles, and what it refuses.

None of it is needed to understand the engine.
"""

from __future__ import annotations

from typing import Any

from autograd.core.recording import refuse_branch
from autograd.node import NO_GRADIENT, Node


class Manners:
    """The methods of `autograd.Value` that have nothing to do with derivatives."""

    __slots__ = ()

    _data: float

    # NumPy's names: np.arcsin(v) calls v.arcsin().

    def arcsin(self: Any) -> Any:
        """The op asin, under NumPy's name."""
        return self.asin()

    def arccos(self: Any) -> Any:
        """The op acos, under NumPy's name."""
        return self.acos()

    def arctan(self: Any) -> Any:
        """The op atan, under NumPy's name."""
        return self.atan()

    # Refusals

    def __bool__(self) -> bool:
        refuse_branch(self, "as", "a truth value")
        return True

    def __float__(self) -> float:
        raise TypeError(
            "a Value is not a float: turning it into one would silently cut the gradient. "
            "Write v.exp() rather than math.exp(v), and v.data where only the number is wanted"
        )

    __int__ = __float__

    # Copies and pickles, where a gradient that is not computed yet is to stay so.

    def __getstate__(self: Any) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in Node.__slots__} | getattr(self, "__dict__", {})
        if self.grad is NO_GRADIENT:
            del state["grad"]
        return state

    def __setstate__(self: Any, state: dict[str, Any]) -> None:
        for name, setting in ({"grad": NO_GRADIENT} | state).items():
            setattr(self, name, setting)

    # As text

    def __repr__(self: Any) -> str:
        grad = "" if self.grad is NO_GRADIENT else f", grad={self.grad}"
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self._data}{grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)
