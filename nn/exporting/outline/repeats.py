"""Which stretches of a graph repeat each other, such as the blocks of a transformer.

Only what is computed tells: operators, their settings, the shapes of weights and how a stretch is linked
within itself.  No name is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

SHORTEST = 6
"""A block has at least this many operators."""
FEWEST = 24
"""Where there are fewer operators than this, all of them are seen side by side."""


class Step(NamedTuple):
    """An operator, as it is compared.

    Attributes:
        kind: what two that are alike have in common.
        taken: for each of its inputs the position of the step that computes it, −1 for no step.
    """

    kind: Any
    taken: tuple[int, ...]


class Run(NamedTuple):
    """Blocks that follow one another: this many, of ``length`` operators each, from ``start`` on."""

    start: int
    length: int
    blocks: int


def repeats(steps: Sequence[Step]) -> list[Run]:
    """Return the runs of blocks, in order; the longest one first decides.

    >>> chain = [Step(kind, (k - 1,)) for k, kind in enumerate("i" + 5 * "abcdef" + "o")]
    >>> repeats(chain)
    [Run(start=1, length=6, blocks=5)]
    """
    numbers: dict[Any, int] = {}
    codes = np.array([numbers.setdefault(step.kind, len(numbers)) for step in steps])
    found: list[Run] = []
    waiting = [(0, len(steps))]
    while waiting:
        start, end = waiting.pop()
        run = _longest(steps, codes, start, end) if end - start >= FEWEST else None
        if run is not None:
            found.append(run)
            waiting += [(start, run.start), (run.start + run.length * run.blocks, end)]
    return sorted(found)


def _longest(steps: Sequence[Step], codes: Any, first: int, end: int) -> Run | None:
    """Return the run in a stretch that comprises most operators; of equals the one of the shortest blocks."""
    best: Run | None = None
    here = codes[first:end]
    for length in range(SHORTEST, len(here) // 2 + 1):
        if best is not None and best.length * best.blocks >= len(here) - length:
            break
        alike = np.flatnonzero(np.diff(np.r_[0, here[:-length] == here[length:], 0]))
        for start, stop in alike.reshape(-1, 2).tolist():
            if stop - start >= length and (best is None or stop - start + length > best.length * best.blocks):
                run = _linked_alike(steps, first + start, stop - start, length)
                if run is not None and (best is None or run.length * run.blocks > best.length * best.blocks):
                    best = run
    return best


def _linked_alike(steps: Sequence[Step], first: int, more: int, length: int) -> Run | None:
    """Return the blocks of a stretch whose links are alike, too, begun where the fewest links are cut."""
    count = 1 + more // length
    offset = min(range(more % length + 1), key=lambda k: _cut(steps, first + k + length))
    starts = [first + offset + k * length for k in range(count)]
    runs = [[*same] for _, same in groupby(starts, lambda start: _links(steps, start, length))]
    longest = max(runs, key=len)
    return Run(longest[0], length, len(longest)) if len(longest) > 1 else None


def _cut(steps: Sequence[Step], place: int) -> int:
    """Return how many of the steps before a place are taken by one after it, not long before and after."""
    return len({j for step in steps[place : place + 200] for j in step.taken if place - 200 <= j < place})


def _links(steps: Sequence[Step], start: int, length: int) -> list[list[int]]:
    """Return how a block is linked within itself; −1 for what comes from outside."""
    block = steps[start : start + length]
    return [[j - start if start <= j else -1 for j in step.taken] for step in block]
