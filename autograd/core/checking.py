"""What may become the data and the label of a Value."""

from __future__ import annotations

from numbers import Real

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
    if not isinstance(x, (float, int, Real)):
        raise TypeError(f"{what} one real number, not {described(x)}{_advice(x)}")
    try:
        return float(x)
    except OverflowError:
        raise ValueError(TOO_LARGE) from None


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
        return "; it is a Value already"
    if isinstance(x, str):
        return "; convert text with float(...) first"
    if hasattr(x, "__len__") or hasattr(x, "__iter__"):
        return "; wrap its numbers one by one"
    return ""
