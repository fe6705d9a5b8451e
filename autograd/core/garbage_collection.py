"""Python's cyclic garbage collector, kept out of the way where there is nothing for it to find."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause Python's cyclic garbage collector.

    Graphs have no cycles for it to find, and its repeated visits to every object would take much of the
    time in which a large graph is built.  Afterwards what was built counts as old: it is visited at the next
    full collection, rather than at once.

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
            if not gc.get_freeze_count():  # else somebody else has set objects apart
                gc.freeze()
                gc.unfreeze()  # these two move all objects to the oldest generation, without a visit
            gc.enable()
