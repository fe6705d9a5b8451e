"""Arrows as SVG: those that Graphviz has placed, with their numbers in slots, and straight ones.

The slots of an arrow are ``partial:n0>n3:1`` and ``contribution:n0>n3:1``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from autograd.notation.numbers import signed
from autograd.seeing.facts.arrow import edge_key, text_of_use
from autograd.seeing.facts.records import EdgeFact
from autograd.seeing.pages.player.svg.elements import Point, moved, pair, slot, tag, text_width, words
from autograd.seeing.style import SMALL_SIZE

EDGE_LABEL = (62.0, 30.0)
"""The room for what is written on an arrow: the local derivative above the contribution."""


ROUNDING = 6.0
"""The rounding of the corners of an arrow that leads around boxes."""
BESIDE = 8.0
"""How far words on an arrow stand from its corners."""


def draw_arrow(edge: EdgeFact, name: str, points: list[Point], middle: Point | None) -> str:
    """Return the arrow of one use: a Bézier path through the points, a head at its end, its numbers.

    Args:
        edge: the use.
        name: the id of the element.
        points: the start, then three points a piece as in SVG's ``C``, then the tip.
        middle: where the numbers stand; None for an arrow that carries none.
    """
    parts = [tag("path", d=curve(points[:-1]), class_="line")]
    parts.append(tag("path", d=head(points[-2], points[-1]), class_="head"))
    if middle is not None:
        key, said = edge_key(edge), text_of_use(edge)
        added = "" if said.gradient is None else signed(said.gradient)
        numbers = slot(f"partial:{key}", said.words, 0.0, -6.0, "partial")
        numbers += slot(f"contribution:{key}", added, 0.0, 6.0, "contribution")
        parts.append(moved(numbers, middle))
    kind = "constant" if edge.partial is None else "use"
    return tag("g", "".join(parts), id=name, class_=f"edge {kind}")


def curve(points: Iterable[Point]) -> str:
    """Return the ``d`` of a path through Bézier points in whole units, relative to where each piece starts.

    >>> curve([Point(100, 100), Point(101.2, 100), Point(104, 98.3), Point(104, 99)])
    'M100 100c1 0 4 -2 4 -1'
    """
    start, *rest = (Point(round(p.x), round(p.y)) for p in points)
    d = f"M{pair(start)}c"
    moves = []
    for i in range(0, len(rest), 3):
        moves += [pair(Point(p.x - start.x, p.y - start.y)) for p in rest[i : i + 3]]
        start = rest[min(i + 2, len(rest) - 1)]
    return d + " ".join(moves)


def head(back: Point, tip: Point, half: float = 3.5) -> str:
    """Return the ``d`` of an arrow's head from its back to its tip."""
    length = math.hypot(tip.x - back.x, tip.y - back.y) or 1.0
    dx, dy = half * (tip.x - back.x) / length, half * (tip.y - back.y) / length
    side = Point(back.x - dy - tip.x, back.y + dx - tip.y)
    return f"M{pair(tip)}l{pair(side)} {pair(Point(2 * dy, -2 * dx))}z"


def plain_arrow(name: str, start: Point, tip: Point, bow: float = 0.0) -> str:
    """Return an arrow: straight, or bowed upwards by this much."""
    reach = math.hypot(tip.x - start.x, tip.y - start.y) or 1.0
    back = Point(tip.x - 8 * (tip.x - start.x) / reach, tip.y - 8 * (tip.y - start.y) / reach)
    bend = Point((start.x + tip.x) / 2, (start.y + tip.y) / 2 - bow)
    if bow:
        back = Point(tip.x - 6, tip.y - 5)
    line = f"M{pair(start)}Q{pair(bend)} {pair(back)}" if bow else f"M{pair(start)}L{pair(back)}"
    parts = [tag("path", d=line, class_="line"), tag("path", d=head(back, tip), class_="head")]
    return tag("g", "".join(parts), id=name, class_="edge use")


def bent_arrow(name: str, way: Sequence[Point], text: str = "") -> str:
    """Return an arrow through points, its corners rounded, with words above it, near its end."""
    pieces = [f"M{pair(way[0])}"]
    for before, corner, after in zip(way, way[1:], way[2:], strict=False):
        pieces.append(f"L{pair(_towards(corner, before, ROUNDING))}Q{pair(corner)} ")
        pieces.append(pair(_towards(corner, after, ROUNDING)))
    back = _towards(way[-1], way[-2], 8.0)
    pieces.append(f"L{pair(back)}")
    parts = [tag("path", d="".join(pieces), class_="line")]
    parts.append(tag("path", d=head(back, way[-1]), class_="head"))
    if text:
        parts.append(_words_above(way, text))
    return tag("g", "".join(parts), id=name, class_="edge use")


def _words_above(way: Sequence[Point], text: str) -> str:
    """Return words above the last piece that is not upright: in its middle, or at its end before a corner."""
    width = text_width(text, SMALL_SIZE)
    if len(way) < 3 or way[-2].x != way[-1].x:
        p, q = way[-2:]
        return words(text, (p.x + q.x) / 2, (p.y + q.y) / 2 - 6, "note middle", data_wide=width)
    p, q = way[-3:-1]
    to_the_right = max(q.x - BESIDE - width, p.x + BESIDE)
    to_the_left = min(q.x + BESIDE, p.x - BESIDE - width)
    return words(text, to_the_right if p.x < q.x else to_the_left, q.y - 5, "note", data_wide=width)


def _towards(start: Point, goal: Point, most: float) -> Point:
    """Return the point so far from the start on the way to the goal, half of that way at most."""
    length = math.hypot(goal.x - start.x, goal.y - start.y) or 1.0
    share = min(most, length / 2) / length
    return Point(start.x + share * (goal.x - start.x), start.y + share * (goal.y - start.y))


def plain_line(name: str, start: Point, end: Point) -> str:
    """Return a line without a head."""
    path = tag("path", d=f"M{pair(start)}L{pair(end)}", class_="line")
    return tag("g", path, id=name, class_="edge use")
