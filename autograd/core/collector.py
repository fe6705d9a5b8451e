"""Python's cyclic garbage collector, kept out of the way where there is nothing for it to find."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without Python's cyclic garbage collector.

    Graphs, and what is written of them, have no cycles for it to find, and its visits to every
    object again and again would take much of the time in which something large is built.

    >>> with collector_paused():
    ...     gc.isenabled()
    False
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
