"""Routes too long to be written out, cut so that they can be told apart."""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import accumulate, pairwise, takewhile


def ways_in_words(routes: Sequence[Sequence[str]], most: int) -> list[str]:
    """Return ``w → … → L`` for each of the routes, cut so that they can be told apart."""
    return [
        " → ".join("…" if i is None else stops[i] for i in places)
        for stops, places in zip(routes, cut_apart(routes, most), strict=True)
    ]


def cut_apart(routes: Sequence[Sequence[str]], most: int) -> list[list[int | None]]:
    """Return the places of the stops to name on each route; None for what is left out between them.

    Of a route of more than ``most`` stops, the first and the last are named, and those at which it parts from
    another: routes that read differently do so when they are cut as well.

    >>> cut_apart(["abcdefgh", "abcdXfgh", "abcd"], 5)
    [[0, 1, None, 4, 5, 6, 7], [0, 1, None, 4, 5, 6, 7], [0, 1, 2, 3]]
    """
    order = sorted(range(len(routes)), key=lambda i: [*routes[i]])
    alike = [_begin_alike(routes[i], routes[j]) for i, j in pairwise(order)]  # the most alike are neighbours
    parting: list[set[int]] = [set() for _ in routes]
    for k, i in enumerate(order):
        parting[i] = {*accumulate(reversed(alike[:k]), min), *accumulate(alike[k:], min)}
    named: list[list[int]] = []
    for ends in range(most // 2, 0, -1):
        named = [_places(len(route), ends, parting[i], most) for i, route in enumerate(routes)]
        if max(map(len, named), default=0) <= most:
            break
    cut = [_with_gaps(places) for places in named]
    read = {tuple("" if p is None else r[p] for p in places) for r, places in zip(routes, cut, strict=True)}
    is_told = len(read) == len({tuple(route) for route in routes})
    if is_told:
        return cut
    return [[*range(len(route))] for route in routes]  # stops that are called alike, again and again


def _begin_alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many stops two routes have in common at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _places(length: int, ends: int, parting: Set[int], most: int) -> list[int]:
    """Return the places of the stops to name: so many at both ends, those of parting, and all of a few."""
    return [i for i in range(length) if length <= most or i in parting or not ends <= i < length - ends]


def _with_gaps(places: Sequence[int]) -> list[int | None]:
    """Return the places with None where some are missing; a single one that is missing is put in."""
    whole: list[int | None] = [*places[:1]]
    for before, after in pairwise(places):
        between: dict[int, list[int | None]] = {1: [], 2: [before + 1]}
        whole += [*between.get(after - before, [None]), after]
    return whole
