"""The order in which a walk tells a graph: as a reader goes through it, part by part.

What one Module computes in one use is told together, its neurons one after the other; a graph that no
Module computed is told column by column, from left to right.  The way back goes through the same parts,
and each gradient still receives its contributions in the engine's own order, so that its sums are the
engine's to the last bit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from autograd.seeing.facts.places import AFTER, ELSEWHERE, layer_of, title_of
from autograd.seeing.facts.records import Trace

Inside = tuple["Part", "Part"]
"""In which layer a node is, and in which neuron of it."""


class Part(NamedTuple):
    """A part of a graph that a coarse step goes through.

    Attributes:
        key: what tells it from all others.
        title: how it is called: ``layer 2``, ``neuron 1 of layer 2``, ``layer 1 · use 3``, ``column 4``.
    """

    key: Hashable
    title: str


def parts_of(facts: Trace) -> dict[str, Inside]:
    """Return the layer and the neuron of each computed node, by id.

    A layer is what the outermost Module of several holds, in one use of it; a neuron is the innermost use
    of a Module.  Where no Module computed anything, columns as they are drawn stand for layers, the first one
    of leaves, and nodes for neurons.

    >>> from autograd import Value
    >>> from autograd.seeing.facts.trace import trace
    >>> a = Value(2.0, "a")
    >>> [layer.title for layer, _ in parts_of(trace((a * a).tanh())).values()]
    ['column 2', 'column 3']
    """
    if not facts.uses:
        return {
            node.id: (Part(column, f"column {column + 1}"), Part(node.id, ""))
            for node, column in zip(facts.nodes, _columns(facts), strict=True)
            if node.op is not None
        }
    uses = _Uses(facts)
    title = AFTER if facts.output not in facts.places else ELSEWHERE
    outside = Part("", title), Part("", title)
    found: dict[str, Inside] = {}
    for node in facts.nodes:
        place = facts.places.get(node.id)
        if node.op is not None:
            found[node.id] = outside if place is None or place.use is None else uses.inside(place.use)
    return found


def _columns(facts: Trace) -> Iterable[int]:
    """Yield for each node how many steps of computation lead to it at most."""
    column: dict[str, int] = {}
    inputs: dict[str, list[str]] = defaultdict(list)
    for edge in facts.edges:
        inputs[edge.target].append(edge.source)
    for node in facts.nodes:
        column[node.id] = max((column[x] + 1 for x in inputs[node.id]), default=0)
        yield column[node.id]


class _Uses:
    """The uses of Modules in a trace, and which parts they are."""

    def __init__(self, facts: Trace) -> None:
        self._uses, self._modules = facts.uses, facts.modules
        self._held: dict[int | None, list[int]] = defaultdict(list)
        for number, use in enumerate(facts.uses):
            if not self._is_unit(number):
                self._held[use.within].append(number)
        self._several = {use.module for use in facts.uses if use.turn}
        self._known: dict[int, Inside] = {}

    def inside(self, use: int) -> Inside:
        """Return the layer and the neuron that a use is, or is part of."""
        if use not in self._known:
            around = self._around(use)
            depth = 0  # a Module that only wraps one other is not looked at
            while depth + 1 < len(around) and len(self._held[around[depth]]) == 1:
                depth += 1
            below = around[depth + 1 : depth + 2]
            layer = below[0] if below and not self._is_unit(below[0]) else around[depth]
            self._known[use] = self._part(layer), self._part(use)
        return self._known[use]

    def _is_unit(self, use: int) -> bool:
        path = self._uses[use].module
        return path in self._modules and self._modules[path].is_unit

    def _around(self, use: int | None) -> list[int]:
        """Return the uses that a use is part of, from the outermost to itself."""
        found: list[int] = []
        while use is not None:
            found.insert(0, use)
            use = self._uses[use].within
        return found

    def _part(self, use: int) -> Part:
        path = self._uses[use].module
        title = title_of(layer_of(path, self._modules), self._modules)
        if self._is_unit(use) and layer_of(path, self._modules) != path:
            title = f"{title_of(path[-1:], {})} of {title}"
        turns = [
            f"use {self._uses[u].turn + 1}"
            for u in self._around(use)
            if self._uses[u].module in self._several
        ]
        return Part(use, " · ".join([title, *turns]))


# ------------------------------------------------------------------------------------------- orders


def forward_order(facts: Trace, parts: Mapping[str, Inside]) -> list[str]:
    """Return the computed nodes, each after its inputs, part by part."""
    if not facts.uses:
        return sorted(parts, key=lambda node: _column_in(parts, node))
    before: dict[str, list[str]] = {id: [] for id in parts}
    for edge in facts.edges:
        if edge.source in parts:
            before[edge.target].append(edge.source)
    rank = {path: i for i, path in enumerate(facts.modules)}
    first: dict[Part, int] = {}
    for i, (layer, _) in enumerate(parts.values()):
        first.setdefault(layer, i)

    def as_held(node: str) -> tuple[int, int]:
        """Return when the layer of a node begins, and where in its network its Module stands."""
        place = facts.places.get(node)
        return first[parts[node][0]], 0 if place is None else rank.get(place.module, 0)

    return _in_runs(sorted(parts, key=as_held), before, parts)


def reverse_order(facts: Trace, parts: Mapping[str, Inside]) -> list[str]:
    """Return the nodes that can pass a gradient on, each after all that use it, part by part.

    What feeds into several nodes hears from them in the reverse of topological order, as in the engine.
    The order is the same whatever the numbers are, and with them the branches that a gradient takes.
    """
    constants = {node.id for node in facts.nodes if node.role == "constant"}
    users: dict[str, list[str]] = defaultdict(list)
    for edge in reversed(facts.edges):
        if constants.isdisjoint((edge.source, edge.target)):
            users[edge.source].append(edge.target)
    passing = {target for those in users.values() for target in those}
    before = {id: [*users[id]] for id in parts if id in passing}
    for those in users.values():
        for earlier, later in pairwise(those):
            if earlier != later:
                before[later].append(earlier)
    order = [id for id in reversed([*parts]) if id in passing]
    if not facts.uses:
        order.sort(key=lambda node: -_column_in(parts, node))
    return _in_runs(order, before, parts)


def _column_in(parts: Mapping[str, Inside], node: str) -> int:
    column = parts[node][0].key
    assert isinstance(column, int)
    return column


def _in_runs(
    order: Sequence[str], before: Mapping[str, Sequence[str]], parts: Mapping[str, Inside]
) -> list[str]:
    """Return an order in which each id comes after those before it, and stays in its part while it can.

    Of what is ready, the first in ``order`` comes next: in the same neuron, else in the same layer, else
    anywhere.
    """
    number = {id: i for i, id in enumerate(order)}
    missing = {id: len(before[id]) for id in order}
    after: dict[str, list[str]] = defaultdict(list)
    for id in order:
        for earlier in before[id]:
            after[earlier].append(id)
    ready: dict[tuple[Part, ...], list[int]] = defaultdict(list)
    told: list[str] = []
    done: set[int] = set()

    def add(node: str) -> None:
        for depth in range(3):
            heappush(ready[parts[node][:depth]], number[node])

    for id in order:
        if not missing[id]:
            add(id)
    here: tuple[Part, ...] = ()
    while len(told) < len(order):
        for depth in (2, 1, 0):
            waiting = ready[here[:depth]]
            while waiting and waiting[0] in done:
                heappop(waiting)
            if waiting:
                break
        next_one = heappop(waiting)
        done.add(next_one)
        id = order[next_one]
        told.append(id)
        here = parts[id]
        for later in after[id]:
            missing[later] -= 1
            if not missing[later]:
                add(later)
    return told
