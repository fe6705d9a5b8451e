"""Whether tapes are replayed as machine code: the one place where that is decided."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

COMPILER = ("llvmlite", "scipy", "threadpoolctl")
"""The packages that make machine code."""


@cache
def missing() -> tuple[str, ...]:
    """Return which of them are not installed: if any, NumPy replays every tape of this process."""
    return tuple(name for name in COMPILER if find_spec(name) is None)


def replay_note() -> str:
    """Return in a few words that NumPy replays tapes, and why; "" for machine code."""
    verb = "is" if len(missing()) == 1 else "are"
    return f"replayed by NumPy: {', '.join(missing())} {verb} not installed" if missing() else ""
