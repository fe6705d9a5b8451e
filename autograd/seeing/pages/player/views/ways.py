"""The ways of arrows between boxes that stand in lines: straight to the next box, and around all others.

Above each line there are lanes, as on a road: an arrow that leads further than to the next box rises from
its box to a lane, goes along it, and comes down on its target.  No way leads through a box.  All that
leaves a box goes along together, until it turns off.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from autograd.seeing.pages.player.svg.elements import Point

LANE = 20.0
"""The room for one lane, with words on it."""

NEAR = 3.0
"""How far from a box an arrow begins and ends."""

BESIDE = 4.0
"""The room between two ways beside the lines."""

Pair = tuple[int, int]
"""The box that an arrow comes from, and the one that it leads to."""


@dataclass(frozen=True)
class Standing:
    """Where some boxes stand, and the ways between them.

    Attributes:
        corners: the top left corner of each box.
        ways: the points that each arrow leads through.
        width, height: of the whole.
    """

    corners: list[Point]
    ways: dict[Pair, list[Point]]
    width: float
    height: float


def stand(
    sizes: Sequence[tuple[float, float]],
    pairs: Collection[Pair],
    *,
    widest: float,
    between: float,
    margin: float,
) -> Standing:
    """Place boxes line by line, like text, and find ways for the arrows between them.

    Args:
        sizes: the width and height of each box.
        pairs: which boxes arrows lead between.
        widest: boxes that stand side by side are at most this wide together, with the room around them.
        between: the room between two boxes of a line.
        margin: the room around the whole.

    >>> found = stand([(10, 10)] * 3, [(0, 1), (0, 2)], widest=100, between=20, margin=5)
    >>> [(p.x, p.y) for p in found.ways[0, 1]]
    [(18.0, 30.0), (32.0, 30.0)]
    >>> [(p.x, p.y) for p in found.ways[0, 2]]
    [(10.0, 22.0), (10.0, 20.0), (70.0, 20.0), (70.0, 22.0)]
    """
    lines, lefts = [0], [margin]
    for (before, _), (width, _) in pairwise(sizes):
        left = lefts[-1] + before + between
        is_full = left + width + margin > widest
        lines.append(lines[-1] + is_full)
        lefts.append(margin if is_full else left)
    straight = {(a, b) for a, b in pairs if b == a + 1 and lines[a] == lines[b]}
    around = sorted(set(pairs) - straight, key=lambda pair: (abs(pair[1] - pair[0]), pair))
    width = max(left + size[0] for left, size in zip(lefts, sizes, strict=True)) + margin
    starts, ends = _ports(around, lines, lefts, sizes)
    legs = {pair: _legs(pair, lines, starts[pair], ends[pair], width) for pair in around}
    lanes = _lanes(legs)
    corners, tops, height = [Point(0, 0)] * len(sizes), {}, 0.0
    for line in sorted(set(lines)):
        own = [i for i, its in enumerate(lines) if its == line]
        tallest = max(sizes[i][1] for i in own)
        highest = max((lane for (_, gap), lane in lanes.items() if gap == line), default=-1)
        tops[line] = height + LANE * (highest + 1)
        for i in own:
            corners[i] = Point(lefts[i], tops[line] + margin + (tallest - sizes[i][1]) / 2)
        height = tops[line] + tallest + 2 * margin

    ways: dict[Pair, list[Point]] = {}
    for a, b in straight:
        y = corners[a].y + sizes[a][1] / 2
        ways[a, b] = [Point(lefts[a] + sizes[a][0] + NEAR, y), Point(lefts[b] - NEAR, y)]
    for a, b in around:
        leaves = corners[a].y + (sizes[a][1] + NEAR if lines[b] > lines[a] else -NEAR)
        way = [Point(starts[a, b], leaves)]
        for leg in legs[a, b]:
            y = tops[leg.gap] - LANE * lanes[a, leg.gap]
            way += [Point(leg.start, y), Point(leg.end, y)]
        ways[a, b] = [*way, Point(ends[a, b], corners[b].y - NEAR)]
    farthest = max((p.x for way in ways.values() for p in way), default=0.0)
    return Standing(corners, ways, max(width, farthest + margin), height)


class _Leg(NamedTuple):
    """A piece of a way along a lane, above the line ``gap``."""

    gap: int
    start: float
    end: float


def _ports(
    around: Sequence[Pair], lines: Sequence[int], lefts: Sequence[float], sizes: Sequence[tuple[float, float]]
) -> tuple[dict[Pair, float], dict[Pair, float]]:
    """Return where each arrow leaves its box and where it arrives, from left to right.

    What leaves a box leaves it in one place, but for what leads to a lower line.
    """
    sides: dict[tuple[int, bool], dict[tuple[int, bool], list[Pair]]] = {}
    for a, b in around:
        down = lines[b] > lines[a]
        furthest = (lefts[b] > lefts[a]) - (lefts[b] < lefts[a])
        sides.setdefault((a, down), {}).setdefault((0, True), []).append((a, b))
        sides.setdefault((b, False), {}).setdefault((-furthest * (a + 1), False), []).append((a, b))
    starts: dict[Pair, float] = {}
    ends: dict[Pair, float] = {}
    for (box, _), ports in sides.items():
        for k, (port, pairs) in enumerate(sorted(ports.items()), 1):
            at = lefts[box] + sizes[box][0] * k / (len(ports) + 1)
            (starts if port[1] else ends).update(dict.fromkeys(pairs, at))
    return starts, ends


def _legs(pair: Pair, lines: Sequence[int], start: float, end: float, width: float) -> list[_Leg]:
    """Return the legs: one above the target's line, and one to the right end before it if that is far."""
    a, b = (lines[i] for i in pair)
    first = a + 1 if b > a else a
    if first == b:
        return [_Leg(b, start, end)]
    turn = width + BESIDE * (pair[0] + 1)
    return [_Leg(first, start, turn), _Leg(b, turn, end)]


def _lanes(legs: Mapping[Pair, Sequence[_Leg]]) -> dict[tuple[int, int], int]:
    """Return the lane of all that leaves a box, by the box and the line below: what leads far is above."""
    reach: dict[tuple[int, int], tuple[float, float]] = {}
    for (source, _), own in legs.items():
        for leg in own:
            low, high = reach.get((source, leg.gap), (leg.start, leg.start))
            reach[source, leg.gap] = min(low, leg.start, leg.end), max(high, leg.start, leg.end)
    taken: dict[tuple[int, int], list[tuple[float, float]]] = {}
    lanes = {}
    for (source, gap), (low, high) in sorted(reach.items(), key=lambda item: item[1][1] - item[1][0]):
        lane = 0
        while any(low <= end + NEAR and start <= high + NEAR for start, end in taken.get((gap, lane), ())):
            lane += 1
        taken.setdefault((gap, lane), []).append((low, high))
        lanes[source, gap] = lane
    return lanes
