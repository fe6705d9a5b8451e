"""How a Value behaves beside arithmetic: what it can be made of, copies, text, NumPy's names, refusals.

None of it is needed to understand the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from numbers import Real
from typing import Any

from autograd.core.recording import refuse_branch
from autograd.node import NO_GRADIENT, Node
from autograd.notation.hints import described

TOO_LARGE = "this whole number is too large for a float, which goes up to about 1.8e308"


def real_number(what: str, x: object) -> float:
    """Return a real number as a float.

    Args:
        what: how the message begins: "a Value holds".

    Raises:
        TypeError: if ``x`` is not a real number.
        ValueError: if it is a whole number too large for a float.
    """
    if holds_one_number(x):
        x = x.item()  # type: ignore[attr-defined]
    if not isinstance(x, (float, int, Real)):
        raise TypeError(f"{what} one real number, not {described(x)}{_advice(x)}")
    try:
        return float(x)
    except OverflowError:
        raise ValueError(TOO_LARGE) from None


def holds_one_number(x: object) -> bool:
    """Return whether this is an array or tensor of no dimensions, that is, of one number.

    Raises:
        TypeError: if it is a tensor of PyTorch that waits for a gradient, which would be cut.
    """
    if getattr(x, "shape", None) != () or getattr(getattr(x, "dtype", None), "kind", "f") not in "fiu":
        return False
    if getattr(x, "requires_grad", False):
        raise TypeError(f"{described(x)} requires a gradient, which would be cut; write tensor.detach()")
    return hasattr(x, "item")


def label_text(label: object) -> str:
    """Return a label.

    Raises:
        TypeError: if it is not a string.
    """
    if not isinstance(label, str):
        raise TypeError(f"the label of a Value is a string, not {described(label)}{_advice(label)}")
    return label


def _advice(x: object) -> str:
    if hasattr(x, "partials"):
        return "; it is a Value already: take it as it is, or x.detach() for a constant of its number"
    if isinstance(x, str):
        return "; convert text with float(...) first"
    if hasattr(x, "__len__") or hasattr(x, "__iter__"):
        return "; wrap its numbers one by one"
    return ""


def _another_name(op: str) -> Callable[..., Any]:
    def call(self: Any, *others: Any) -> Any:
        return getattr(self, op)(*others)

    call.__doc__ = f"The op {op}, under NumPy's name."
    return call


class Protocols:
    """The methods of `autograd.Value` that have nothing to do with derivatives."""

    __slots__ = ()

    _data: float

    # NumPy's names: np.arcsin(v) calls v.arcsin().

    arcsin, arccos, arctan, arctan2 = map(_another_name, ("asin", "acos", "atan", "atan2"))
    arcsinh, arccosh, arctanh = map(_another_name, ("asinh", "acosh", "atanh"))
    fabs, rint = map(_another_name, ("abs", "round"))

    def radians(self: Any) -> Any:
        """An angle in degrees, in radians."""
        return self * (pi / 180)

    def degrees(self: Any) -> Any:
        """An angle in radians, in degrees."""
        return self * (180 / pi)

    deg2rad, rad2deg = radians, degrees

    def conjugate(self: Any) -> Any:
        """Itself, as of any real number; np.var and np.vdot ask for it."""
        return self

    def __round__(self: Any, digits: int | None = None) -> Any:
        """The op round: ``round(v)`` is the nearest whole number, as a Value."""
        if digits is not None:
            raise TypeError(
                "a Value is rounded to whole numbers, round(v); write round(v.data, digits) where only "
                "the number is wanted"
            )
        return self.round()

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

    # Copies and pickles: a gradient that is not computed yet stays so, and the Modules that computed a
    # Value are not copied along with it.

    def __getstate__(self: Any) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in Node.__slots__} | getattr(self, "__dict__", {})
        del state["place"]
        if self.grad is NO_GRADIENT:
            del state["grad"]
        return state

    def __setstate__(self: Any, state: dict[str, Any]) -> None:
        for name, setting in ({"grad": NO_GRADIENT, "place": None} | state).items():
            setattr(self, name, setting)

    # As text

    def __repr__(self: Any) -> str:
        grad = "" if self.grad is NO_GRADIENT else f", grad={self.grad}"
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self._data}{grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)
