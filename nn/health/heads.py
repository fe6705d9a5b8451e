"""What is read off the heads of attention: how widely each looks, and which of them do the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log
from typing import TypeAlias

Look: TypeAlias = tuple[str, int, int, int]
"""A look of a head; see `nn.attention.Share.look`."""


@dataclass(frozen=True)
class HeadFacts:
    """What was read off one head, over the watched samples and all positions that see several.

    Attributes:
        name: of its attention and it, such as "block 1 · attention · head 2".
        entropy: how widely it looks: the mean entropy of its shares, −Σ a·log a, as a share of the greatest
            possible; 1 if it looks everywhere alike, 0 if at one position.
        twin: the name of the head of the same attention whose looks are most like its own; "" if it has
            no other.
        difference: how much of its looks would have to move to make them those of its twin, 0 … 1.
    """

    name: str
    entropy: float
    twin: str = ""
    difference: float = 1.0


class Heads:
    """Adds up what heads do, sample by sample."""

    def __init__(self) -> None:
        self._entropy: dict[tuple[str, int], float] = defaultdict(float)
        self._apart: dict[tuple[str, int, int], float] = defaultdict(float)
        self._positions: dict[tuple[str, int], int] = defaultdict(int)

    def see(self, looks: Sequence[Look], numbers: Sequence[float]) -> None:
        """Take the shares of one sample: whose look each is part of, and how large it is."""
        rows: dict[tuple[str, int, int], dict[int, list[float]]] = {}
        for (block, document, position, head), a in zip(looks, numbers, strict=True):
            rows.setdefault((block, document, position), {}).setdefault(head, []).append(a)
        for (block, _, _), heads in rows.items():
            for head, own in heads.items():
                if len(own) > 1:
                    self._positions[block, head] += 1
                    self._entropy[block, head] -= sum(a * log(a) for a in own if a > 0) / log(len(own))
            for one, other in combinations(heads, 2):
                apart = (abs(a - b) for a, b in zip(heads[one], heads[other], strict=True))
                self._apart[block, one, other] += sum(apart) / 2

    def facts(self) -> tuple[HeadFacts, ...]:
        """Return what was read, head by head; nothing of heads that never had a choice."""
        nearest: dict[tuple[str, int], tuple[float, int]] = {}
        for (block, one, other), apart in self._apart.items():
            for head, twin in ((one, other), (other, one)):
                mean = apart / max(1, self._positions[block, head])
                nearest[block, head] = min(nearest.get((block, head), (2.0, 0)), (mean, twin))
        found = []
        for (block, head), positions in self._positions.items():
            if positions:
                apart, twin = nearest.get((block, head), (1.0, 0))
                twin_name = _name(block, twin) if twin else ""
                entropy = self._entropy[block, head] / positions
                found.append(HeadFacts(_name(block, head), entropy, twin_name, apart))
        return tuple(found)


def _name(block: str, head: int) -> str:
    return f"{block} · head {head}" if block else f"head {head}"
