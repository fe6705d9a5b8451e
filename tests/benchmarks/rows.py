"""A row of what is measured: ours, beside a rival or alone, and the bar that it is held to."""

from __future__ import annotations

import statistics
import time
import timeit
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import NamedTuple

Call = Callable[[], object]
Clock = Callable[[], float]


class Row(NamedTuple):
    """One measurement.

    Attributes:
        work: what was done.
        ours: what it took.
        unit: the unit of ours, and of the rival's.
        rival: the name of what it is measured beside; "" for nothing.
        theirs: what that took.
        bar: the most that is wanted of ours ÷ theirs, or of ours alone; None if it is only stated.
    """

    work: str
    ours: float
    unit: str
    rival: str = ""
    theirs: float = 1.0
    bar: float | None = None

    def __str__(self) -> str:
        """Return the row as a line: work, ours, the rival's, the ratio, the bar, and whether it is met."""
        ratio = self.ours / self.theirs
        met = "stated" if self.bar is None else f"≤ {self.bar:.3g} {'met' if ratio <= self.bar else 'MISSED'}"
        beside = f"{ratio:6.2f} × {self.theirs:9.4g} of {self.rival}" if self.rival else ""
        return f"  {self.work:58s} {self.ours:9.4g} {self.unit:6s} {beside:46s} {met}"


def report(rows: Iterable[Row]) -> None:
    """Print each row as soon as it is measured."""
    for row in rows:
        print(row, flush=True)


def installed(*names: str) -> dict[str, bool]:
    """Say which packages are installed; tell of each other that it is left out."""
    found = {name: find_spec(name) is not None for name in names}
    for name, there in found.items():
        if not there:
            print(f"  ({name} is not installed: left out)")
    return found


def best_times(
    calls: dict[str, Call], rounds: int, clock: Clock = time.process_time, seconds: float = 0.0
) -> dict[str, float]:
    """Return the shortest time of each call, in seconds, over rounds in which each has its turn.

    Args:
        calls: what is called, by name.
        rounds: how many turns each has.
        clock: what is read.
        seconds: a short call is made as often in a turn as fits into this time.
    """
    often = dict.fromkeys(calls, 1)
    if seconds:
        for name, call in calls.items():
            call()  # whatever only the first call does is not measured
            start = clock()
            call()
            often[name] = max(1, int(seconds / max(clock() - start, 1e-6)))
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = clock()
            for _ in range(often[name]):
                call()
            best[name] = min(best[name], (clock() - start) / often[name])
    return best


def median_times(calls: dict[str, Call], rounds: int = 15, seconds: float = 0.1) -> dict[str, float]:
    """Return the median time of each call, in seconds, over rounds in which each has its turn.

    In turns, so that a busy moment of the machine meets them all; in a turn, a short call is made
    as often as fits, as in training.
    """
    timers = {}
    for name, call in calls.items():
        call()
        timer = timeit.Timer(call, "gc.enable()")  # the collector at work, as it is for users
        timers[name] = timer, max(1, round(seconds / timer.timeit(1)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, (timer, run) in timers.items():
            times[name].append(timer.timeit(run) / run)
    return {name: statistics.median(listed) for name, listed in times.items()}


def median_time(call: Call) -> float:
    """Return the median time of one call, in seconds."""
    return median_times({"": call})[""]


def table(title: str, calls: dict[str, Call]) -> dict[str, float]:
    """Print each rival's time, and how many times the tape's it is."""
    times = median_times(calls)
    tape = next(iter(times.values()))
    print(f"\n{title}")
    for name, seconds in times.items():
        print(f"  {name:34s} {seconds * 1e3:12.4f} ms   {seconds / tape:12.2f} ×")
    return times
