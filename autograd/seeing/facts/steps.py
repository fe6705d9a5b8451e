"""The steps of a walk as a sequence.

A step is put into words when it is first asked for, so that a walk through 100,000 nodes begins at
once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import overload

from autograd.notation.numbers import count
from autograd.seeing.facts.events import Event
from autograd.seeing.facts.order import Inside, parts_of
from autograd.seeing.facts.records import Step, Trace
from autograd.seeing.facts.sentences import Teller


class Told(Sequence[Step], ABC):
    """Steps, each of which is told when it is asked for."""

    @abstractmethod
    def told(self, place: int) -> Step:
        """Return the step at this place, told."""

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        places = range(len(self))[index]
        return self.told(places) if isinstance(places, int) else tuple(map(self.told, places))


class Steps(Told):
    """The steps of a walk, each told when it is first asked for.

    Args:
        facts: the nodes and edges, gradients included.
        events: what happens, in order.

    Attributes:
        events: these.
        inputs: the edges into each node.
    """

    def __init__(self, facts: Trace, events: Sequence[Event]) -> None:
        self.events, self._facts = events, facts
        self._teller = Teller(facts, way_back=not events or events[-1].phase == "reverse")
        self.inputs = self._teller.inputs
        self._told: dict[int, Step] = {}

    @cached_property
    def parts(self) -> dict[str, Inside]:
        """The layer and the neuron of each computed node."""
        return parts_of(self._facts)

    @cached_property
    def users(self) -> dict[str, set[str]]:
        """What is computed from each node that something is computed from."""
        users: dict[str, set[str]] = {}
        for target, edges in self.inputs.items():
            for edge in edges:
                users.setdefault(edge.source, set()).add(target)
        return users

    def __len__(self) -> int:
        return len(self.events)

    def outlines(self) -> list[Step]:
        """Return all steps without their words: symbols, numbers and sentences are empty."""
        return [self._teller.outline(place, event) for place, event in enumerate(self.events)]

    def shape(self, place: int) -> Hashable:
        """Return what steps have in common that say the same of other nodes; see `Teller.shape`."""
        return self._teller.shape(self.events[place])

    def told(self, place: int) -> Step:
        if place not in self._told:
            self._told[place] = self._teller.tell(place, self.events[place])
        return self._told[place]

    def places(self, node: str) -> list[int]:
        """Return the numbers of the steps that compute something of this node."""
        return [place for place, event in enumerate(self.events) if any(v.id == node for v in event.nodes)]

    def edges(self) -> dict[tuple[str, str, int], int]:
        """Return the numbers of the reverse steps by source, target and position."""
        return {
            edge[:3]: place
            for place, event in enumerate(self.events)
            if event.kind == "edge"
            for edge in event.edges
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"<{count(len(self))} steps>"
