"""Whether tapes are replayed as machine code: the one place where that is decided."""

from __future__ import annotations

from functools import cache
from importlib import import_module

COMPILER = ("numba", "scipy", "threadpoolctl")
"""The packages that machine code is made with."""


@cache
def missing() -> tuple[str, ...]:
    """Return which of them cannot be imported: if any, NumPy replays every tape of this process."""
    return tuple(name for name in COMPILER if not _loads(name))


def _loads(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def replay_note() -> str:
    """Return in a few words that NumPy replays tapes, and why; "" for machine code."""
    verb = "is" if len(missing()) == 1 else "are"
    return f"replayed by NumPy: {', '.join(missing())} {verb} not installed" if missing() else ""
