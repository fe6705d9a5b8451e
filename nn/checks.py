"""Things chosen by name: activations, initialisers, losses, optimisers."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from math import inf, isfinite
from numbers import Real
from operator import index
from typing import Any, TypeVar

from nn.clipping import bound

T = TypeVar("T")


def by_name(kind: str, name: Any, table: Mapping[str, T]) -> T:
    """What the table holds under the name.

    Args:
        kind: what is being chosen, for the message.
        name: an entry of the table.
        table: the choices.

    Raises:
        TypeError: if the name is not a string.
        ValueError: if the table has no such name; the message names the closest one.

    >>> by_name("colour", "bleu", {"blue": 1, "red": 2})
    Traceback (most recent call last):
    ...
    ValueError: unknown colour 'bleu'; did you mean 'blue'? Known are: blue, red
    """
    if not isinstance(name, str):
        raise TypeError(f"the {kind} is chosen by name; got {name!r} ({type(name).__name__})")
    if name not in table:
        raise ValueError(f"unknown {kind} {name!r}{did_you_mean(name, table)} Known are: {', '.join(table)}")
    return table[name]


def did_you_mean(name: str, known: Collection[str]) -> str:
    """``; did you mean '…'?`` where a known name is close, else just the mark that ends the clause."""
    by_lower = {other.lower(): other for other in known}  # a wrong case is the likeliest slip
    beginning = [other for other in by_lower if other.startswith(name.lower())]
    close = get_close_matches(name.lower(), by_lower, n=1) or beginning
    return f"; did you mean {by_lower[close[0]]!r}?" if close else "."


def _number(name: str, x: Any, above: float = -inf, low: float = 0.0, below: float = inf) -> float:
    if not isinstance(x, Real) or isinstance(x, bool):
        raise TypeError(f"{name} is a number; got {x!r} ({type(x).__name__})")
    number = float(x)
    if not (isfinite(number) and low <= number < below and number > above):
        wanted = f"above {above:g}" if above >= low else f"from {low:g} up"
        wanted += f" and below {below:g}" if isfinite(below) else ""
        raise ValueError(f"{name} is a finite number {wanted}; got {x!r}")
    return number


def check_keys(whose: str, state: Any, wanted: Iterable[str]) -> None:
    """Refuse a state that is not a mapping with just these keys.

    Raises:
        TypeError: if it is not a mapping.
        ValueError: naming what is missing or not expected.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"{whose} is a mapping, as state_dict() gives it; got {type(state).__name__}")
    wanted = list(wanted)
    missing = [name for name in wanted if name not in state]
    unexpected = [name for name in state if name not in wanted]
    for complaint, names in (("lacks", missing), ("has an unknown", unexpected)):
        if names:
            raise ValueError(f"{whose} {complaint} {', '.join(map(repr, names))}; nothing was loaded")


def check_count(name: str, n: Any) -> int:
    """A whole number from 0 up.

    Raises:
        ValueError: if it is not one.
    """
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise ValueError(f"{name} is a whole number from 0 up; got {n!r}")
    return n


def check_column(name: str, numbers: Any, length: int, of: str = "parameter") -> array[float]:
    """So many finite numbers, one for each of something, as an array.

    Raises:
        TypeError, ValueError: if they are not.
    """
    try:
        column = array("d", numbers)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} holds one number for each {of}") from None
    if len(column) != length:
        raise ValueError(f"{name} holds {len(column)} numbers, one for each {of}; {length} are wanted")
    for i, x in enumerate(column):
        if not isfinite(x):
            raise ValueError(f"{name} holds finite numbers; number {i} is {x!r}")
    return column


def _whole(name: str, n: Any) -> int:
    try:
        number = index(n)
    except TypeError:
        raise TypeError(f"{name} is a whole number; got {n!r} ({type(n).__name__})") from None
    if number < 1:
        raise ValueError(f"{name} is at least 1; got {number}")
    return number


def _seed(seed: Any) -> int:
    try:
        return index(seed)
    except TypeError:
        raise TypeError(f"seed is a whole number; got {seed!r} ({type(seed).__name__})") from None


def _yes_or_no(name: str, x: Any) -> bool:
    if x not in (True, False):
        raise TypeError(f"{name} is True or False; got {x!r} ({type(x).__name__})")
    return bool(x)


def _limit(name: str, x: Any) -> float | None:
    return None if x is None else bound(name, x)


def _factor(name: str, x: Any) -> float:
    if not isinstance(x, Real):
        raise TypeError(f"{name} is a number; got {x!r} ({type(x).__name__})")
    factor = float(x)
    if not (isfinite(factor) and factor >= 0):
        raise ValueError(f"{name} is a finite number from 0 up; got {x!r}")
    return factor
