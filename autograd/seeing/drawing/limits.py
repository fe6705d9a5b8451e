"""How large a picture may be, and the error that refuses a larger one."""

from __future__ import annotations

from autograd.notation.numbers import count

FOLDED = 'Draw a network folded, with collapse="neuron", "layer" or "module"'
"""The advice where a graph has too many Values to draw them one by one."""


class TooLargeError(ValueError):
    """The refusal of a picture that nobody could read.

    Attributes:
        fact: what is too large, without what to do instead in Python.
    """

    def __init__(self, fact: str, instead: str) -> None:
        super().__init__(f"{fact} {instead}")
        self.fact = fact.rstrip(".")


def check_limit(limit: int) -> None:
    """Refuse a limit that is not a positive whole number."""
    if not isinstance(limit, int):
        raise TypeError(f"limit is how many nodes may be drawn, a whole number; got {limit!r}")
    if limit < 1:
        raise ValueError(f"limit is how many nodes may be drawn, at least 1; got {limit}")


def too_large(what: str, nodes: int, edges: int, limit: int, instead: str = FOLDED) -> TooLargeError:
    """Return the refusal to draw: how large it is, and what to do instead."""
    return TooLargeError(
        f"{what} has {count(nodes)} nodes and {count(edges)} edges, too many to read in a picture.",
        f"{instead}; draw one weight's part of it, with gradient_path(output, weight).draw(); or raise the "
        f"limit (limit={limit})",
    )
