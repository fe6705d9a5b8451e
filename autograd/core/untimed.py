"""What is loaded and compiled once is not part of the time that Hypothesis gives an example.

Hypothesis fails a test of which one example takes longer than its deadline, and again because the next one
does not.  It does not count the time of drawing; so what is inside ``with untimed:`` is entered as drawing.
Hypothesis has no public way to do so; in a version that keeps its times elsewhere nothing is entered,
and only a test with a short deadline may notice.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from time import perf_counter


class _Untimed(threading.local):
    """A context that counts its own time once, however deep it is nested."""

    depth = 0
    started = 0.0

    def __enter__(self) -> None:
        if self.depth == 0:
            self.started = perf_counter()
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
        control = sys.modules.get("hypothesis.control")
        with suppress(AttributeError):
            if self.depth == 0 and control is not None and control.currently_in_test_context():
                times = control.current_build_context().data.draw_times
                times["loading"] = times.get("loading", 0.0) + perf_counter() - self.started


untimed = _Untimed()
