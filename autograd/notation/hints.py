"""Parts of error messages: a short repr, "did you mean", another error in one line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 40
"""At most this many characters of a repr or a name are repeated in a message."""


def short_repr(x: object) -> str:
    """Return the repr of anything, cut to a length that fits a message.

    >>> short_repr([1.5] * 100)
    '[1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5…'
    """
    text = repr(x)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def described(x: object) -> str:
    """Return the short repr of anything, and its type.

    >>> described("2")
    "'2' (str)"
    """
    return f"{short_repr(x)} ({type(x).__name__})"


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return ``; did you mean '…'?`` if a known name is close to this one, else ``otherwise``.

    Case is ignored: a wrong one is the likeliest slip.  Of a dotted name the last part is, where others are
    known that begin as it does.

    >>> did_you_mean("sine", ["sin", "cos"]), did_you_mean("a.b3", ["ab3", "a.b12"])
    ("; did you mean 'sin'?", "; did you mean 'a.b12'?")
    """
    by_lower = {other.lower(): other for other in known}
    typed = name.lower()[:LONGEST]
    holder, dot, _ = typed.rpartition(".")
    beside = [other for other in by_lower if other.rpartition(".")[0] == holder] if dot else []
    by_lower = {other: by_lower[other] for other in beside or by_lower}
    beginning = [other for other in by_lower if typed and other.startswith(typed)]
    close = get_close_matches(typed, by_lower, n=1) or beginning
    return f"; did you mean {by_lower[close[0]]!r}?" if close else otherwise


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says; the name of its type if it says nothing.

    >>> first_line(ValueError("too large\\nand more")), first_line(KeyboardInterrupt())
    ('too large', 'KeyboardInterrupt')
    """
    return str(error).partition("\n")[0] or type(error).__name__
