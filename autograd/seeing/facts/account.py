"""The account of a gradient: what each of the largest routes adds to it, and what the rest adds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Self

from autograd.graph import topological_order
from autograd.notation.labels import parse_label
from autograd.notation.numbers import count, number
from autograd.notation.signs import local_sign
from autograd.seeing.facts.names import all_names, label_of, labels_of, name_of_output
from autograd.seeing.facts.routes import Route, Routes, by_target
from autograd.seeing.facts.trace import trace
from autograd.value import Value

LONGEST_FORMULA = 20
"""A Value without a name is called by its formula if that has at most this many characters."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One local derivative of a route, ∂(before→after).

    Attributes:
        before, after: the labels of the Values at the two ends, or what stands for a label.
        value: the number.
        position: by which input, from 0, where several inputs of the other are called as the one; else None.
            Each of them is a route of its own: ``e * e`` has two, both with the slope e.
    """

    before: str
    after: str
    value: float
    position: int | None = None

    @property
    def name(self) -> str:
        """``∂(z₁⁽¹⁾→a₁⁽¹⁾)``, as plain text."""
        return local_sign(parse_label(self.before).text, parse_label(self.after).text, self.position)

    def __str__(self) -> str:
        return f"{self.name} = {number(self.value)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One route of an account.

    Attributes:
        rank: its place among all routes by the size of its product, from 1.
        factors: the local derivatives along it, from the weight to the output.
        product: of the factors: what this route adds to the gradient.
        running: the sum of the products up to and including this one.
    """

    rank: int
    factors: tuple[Factor, ...]
    product: float
    running: float


@dataclass(frozen=True, slots=True)
class Account:
    """Where a gradient comes from, route by route.

    Attributes:
        weight, output: the labels of the two ends, or what stands for a label.
        entries: the largest routes, the largest first.
        count: how many routes there are in all, exactly.
        rest: the sum of the products of all routes that have no entry.  It is computed from these
            routes, not as what is missing from the gradient, so that `sum` is a check.
        gradient: ∂output/∂weight, as the reverse pass computes it.
    """

    weight: str
    output: str
    entries: tuple[Entry, ...]
    count: int
    rest: float
    gradient: float

    @classmethod
    def of(cls, path: Routes, routes: list[Route], names: Mapping[str, Any] | None) -> Self:
        """Return the account of a gradient: these routes, what the others add, and the sum.

        Args:
            path: all routes.
            routes: those that get an entry, the largest first.
            names: variables by name, for Values without a label.
        """
        called = _names_on(path, routes, names)
        entries, products = [], []
        for rank, route in enumerate(routes, 1):
            products.append(route.product)
            factors = tuple(
                Factor(
                    called[before],
                    called[after],
                    partial,
                    position if [called.get(v) for v in after.inputs].count(called[before]) > 1 else None,
                )
                for (before, after), partial, position in zip(
                    pairwise(route.nodes), route.partials, route.positions, strict=True
                )
            )
            entries.append(Entry(rank, factors, route.product, total(products)))
        return cls(
            weight=called[path.weight],
            output=called[path.output],
            entries=tuple(entries),
            count=path.count,
            rest=sum_of_others(path, routes),
            gradient=path.total,
        )

    @property
    def remaining(self) -> int:
        """How many routes have no entry of their own."""
        return self.count - len(self.entries)

    @property
    def sum(self) -> float:
        """The products of all routes added up; the gradient, but for rounding."""
        return total([*[entry.product for entry in self.entries], self.rest])


def total(numbers: Iterable[float]) -> float:
    """Return the sum, rounded once; what floats make of it where it overflows or holds ∞ − ∞.

    >>> total([1e16, 1.0, -1e16]), total([math.inf, 1.0, -math.inf])
    (1.0, nan)
    """
    summands = list(numbers)
    try:
        return math.fsum(summands)
    except (OverflowError, ValueError):
        return sum(summands)


def is_repeated(before: Value, after: Value) -> bool:
    """Return whether the one is more than one input of the other."""
    return sum(v is before for v in after.inputs) > 1


def sum_of_others(path: Routes, routes: list[Route]) -> float:
    """Return the sum of the products of all routes but these.

    Every other route parts from these at some node on the way back from the output, by an edge that
    none of them takes from there.  Up to the source of that edge, ∂source/∂weight sums all the ways.
    """
    if len(routes) == path.count:
        return 0.0
    slope = path.slopes()
    if not routes:
        return slope[path.output]
    steps = {
        target: [Step(use.source, use.position, use.partial) for use in uses]
        for target, uses in by_target(path.uses).items()
    }
    ways = [(route.nodes[::-1], route.positions[::-1]) for route in routes]
    return sum_beside(path.output, ways, steps, slope)


class Step(NamedTuple):
    """A use as it is passed in one direction: where it leads, by which input, and the local derivative."""

    to: Value
    position: int
    partial: float


def sum_beside(
    start: Value,
    routes: Sequence[tuple[Sequence[Value], Sequence[int]]],
    steps: Mapping[Value, Sequence[Step]],
    sums: Mapping[Value, float],
) -> float:
    """Return the sum of the products of all routes but these, which are followed from one end to the other.

    Args:
        start: the end at which they begin.
        routes: the nodes of each from there, and the positions between them.
        steps: those that lead on from each Value.
        sums: what all ways from a Value to the other end sum up to; nothing gets through where it is missing.
    """
    others: list[float] = []
    ahead = [(start, 1.0, routes, 0)]
    while ahead:
        here, product, taking, depth = ahead.pop()
        for to, position, partial in steps.get(here, ()):
            along = [
                (nodes, positions)
                for nodes, positions in taking
                if len(positions) > depth and nodes[depth + 1] is to and positions[depth] == position
            ]
            if along:
                ahead.append((to, product * partial, along, depth + 1))
            elif to in sums:
                others.append(product * partial * sums[to])
    return total(others)


def others_in_words(n: int, write: Callable[[int], str] = count) -> str:
    """Return how the routes that are not told one by one are called, as in the player.

    >>> others_in_words(1), others_in_words(1234)
    ('the other one', '1,234 others')
    """
    return "the other one" if n == 1 else f"{write(n)} others"


def _names_on(path: Routes, routes: list[Route], names: Mapping[str, Any] | None) -> dict[Value, str]:
    """Return what each Value on the routes is called: its label or formula, else its name in a walk."""
    labels = labels_of(names, path.output)
    order = topological_order(path.output)
    called = {path.weight: "weight", path.output: name_of_output(order, labels)}
    if routes:
        facts = trace(path.output, names, {}, set(path.upstream)).nodes
        readable: set[Value] = set()
        as_in_a_walk = {v: name for name, v in all_names(order, labels).items()}
        for v, node in zip(path.nodes, facts, strict=True):
            known = all(x.label or x.role == "constant" or x in readable for x in v.inputs)
            formula = node.formula or ""
            name = node.label or (formula if known and len(formula) <= LONGEST_FORMULA else "")
            if name:
                readable.add(v)
            called[v] = name if node.label else called.get(v) or name or as_in_a_walk[v]
    name = label_of(path.weight, labels)
    return called | ({path.weight: name} if name else {})
