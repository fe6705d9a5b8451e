"""Things chosen by name: activations, initialisers, losses, optimisers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

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
