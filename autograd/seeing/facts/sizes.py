"""Steps in three sizes: along one edge, through a neuron, through a layer.

A larger step is a run of the small ones that lie in one part of the graph (`order.parts_of`).  What it says
names nodes and counts edges, and holds whatever numbers they have; numbers stand in its line alone.

>>> from autograd import walk
>>> from nn import MLP
>>> print(walk(MLP(2, [2, 1], seed=0)([1.0, -2.0]), by="layer")[1].sentence)
Layer 1: a₁⁽¹⁾ and a₂⁽¹⁾ are computed from x₁ and x₂, with 4 weights and 2 biases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from typing import Literal

from autograd.notation.hints import described, did_you_mean
from autograd.notation.numbers import counted, number, sum_of, weights_and_biases
from autograd.seeing.facts.events import Event
from autograd.seeing.facts.names import gradient_of, name_of
from autograd.seeing.facts.phrases import listed, shortened, written_out
from autograd.seeing.facts.records import NodeFact, Step, Trace
from autograd.seeing.facts.steps import Steps, Told

Size = Literal["edge", "neuron", "layer"]
"""How large a step is."""

SIZES: tuple[Size, ...] = ("edge", "neuron", "layer")


def checked_size(size: object) -> Size:
    """Return a size if it is one.

    Raises:
        ValueError: for anything else.
    """
    for known in SIZES:
        if size == known:
            return known
    hint = did_you_mean(str(size), SIZES)
    raise ValueError(f'steps go by "edge", "neuron" or "layer"; got {described(size)}{hint}')


class Strides(Told):
    """The steps of a walk in a larger size.

    Args:
        facts: the nodes and edges, gradients included.
        steps: the steps along single edges.
        size: "neuron" or "layer".

    Attributes:
        ends: for each step, after how many of the small ones it is done.
    """

    def __init__(self, facts: Trace, steps: Steps, size: Size) -> None:
        self._facts, self._steps, self._size = facts, steps, size
        self._parts = steps.parts
        self._nodes = {node.id: node for node in facts.nodes}
        self._biases = facts.biases()
        self._depth = 0 if size == "layer" else 1
        runs = [len([*run]) for _, run in groupby(steps.events, self._part)]
        self.ends = [*accumulate(runs)]

    def _part(self, event: Event) -> object:
        """Return what an event has in common with those of the same step."""
        if event.kind == "edge":
            return event.kind, self._parts[event.edges[0].target][self._depth]
        if event.kind in ("leaf", "seed") or event.node.id not in self._parts:
            return event.kind, event.phase, event.node.id
        return "value", self._parts[event.node.id][self._depth]

    def __len__(self) -> int:
        return len(self.ends)

    def places(self, node: str) -> list[int]:
        """Return the numbers of the steps that compute something of this node."""
        return [k for k in range(len(self)) if any(v.id == node for e in self.events_of(k) for v in e.nodes)]

    def events_of(self, number: int) -> Sequence[Event]:
        """Return what happens in a step."""
        return self._steps.events[self.ends[number - 1] if number else 0 : self.ends[number]]

    def told(self, number: int) -> Step:
        events = self.events_of(number)
        if len(events) == 1:
            return self._steps[self.ends[number] - 1]._replace(number=number)
        nodes = [*dict.fromkeys(event.node.id for event in events)]
        last = events[-1]
        numbers = self._gradients(events) if last.kind == "edge" else self._values(events)
        line = shortened(", ".join(numbers), ", ")
        return Step(
            number, last.phase, self._size, nodes[-1], tuple(nodes), None, None, line, line,
            None, None, None, None, None, None, self._sentence(events),
        )  # fmt: skip

    # --------------------------------------------------------------------------------------- words

    def sentences(self) -> list[str]:
        """Return what each step says; "" where a step is a single small one, which speaks for itself."""
        steps = map(self.events_of, range(len(self)))
        return [self._sentence(events) if len(events) > 1 else "" for events in steps]

    def _sentence(self, events: Sequence[Event]) -> str:
        """Return what a step of several events says."""
        first = events[0]
        computes = first.edges[0].target if first.kind == "edge" else first.node.id
        title = self._parts[computes][self._depth].title
        told = self._backwards(events) if first.kind == "edge" else self._forwards(events)
        return f"{title[:1].upper()}{title[1:]}: {told}" if title else f"{told[:1].upper()}{told[1:]}"

    def _results(self, events: Sequence[Event]) -> list[NodeFact]:
        """Return what of the values computed is used elsewhere, or is the output."""
        computed = {event.node.id: event.node for event in events}
        return [
            node for id, node in computed.items()
            if id == self._facts.output or not computed.keys() >= self._steps.users.get(id, set())
        ]  # fmt: skip

    def _values(self, events: Sequence[Event]) -> Iterator[str]:
        """Yield the results, and then their tangents where there are any."""
        results = self._results(events)
        yield from (f"{name_of(node)} = {number(node.value)}" for node in results)
        tangents = {event.node.id: event for event in events if event.phase == "tangent"}
        for node in results:
            if (event := tangents.get(node.id)) is not None and event.wrt is not None:
                yield f"{gradient_of(node, event.wrt)} = {number(event.after)}"

    def _forwards(self, events: Sequence[Event]) -> str:
        computed = dict.fromkeys(event.node.id for event in events)
        results = self._results(events)
        sources = (edge.source for id in computed for edge in self._steps.inputs[id])
        taken = [self._nodes[id] for id in dict.fromkeys(sources) if id not in computed]
        weights = [v for v in taken if v.role == "weight"]
        others = [name_of(v) for v in taken if v.role != "weight" and v.label]
        told_from = f" from {listed(others)}" if others else ""
        told_from += f"{',' if others else ''} with {self._counted(weights)}" if weights else ""
        are = "is" if len(results) == 1 else "are"
        told = f"{listed([name_of(v) for v in results])} {are} computed{told_from}."
        (wrt, *_) = [*(event.wrt for event in events if event.wrt is not None), None]
        if wrt is not None:
            told += f" With each value comes how many times as much it changes as {name_of(wrt)}."
        return told

    def _ends(self, events: Sequence[Event]) -> list[Event]:
        """Return the last event of each node at which a way back ends."""
        targets = {event.edges[0].target for event in events}
        last = {event.node.id: event for event in events}
        return [last[id] for id in last if id not in targets]

    def _backwards(self, events: Sequence[Event]) -> str:
        reached = {event.node.id for event in events}
        targets = dict.fromkeys(event.edges[0].target for event in events)
        starts = [name_of(self._nodes[id]) for id in targets if id not in reached]
        ends = self._ends(events)
        told = (
            f"what has arrived at {listed(starts)} goes on along {counted(len(events), 'edge')}, each time "
            "multiplied by the local derivative; what meets in one node is added up. "
            f"It reaches {self._reached(ends)}."
        )
        unfinished = [event for event in ends if event.part < event.parts]
        if unfinished:
            told += f" More is still to come for {listed([name_of(event.node) for event in unfinished])}."
        return told

    def _reached(self, ends: Sequence[Event]) -> str:
        """Return in words what a way back ends at: names, or how many weights."""
        weights = [event.node for event in ends if event.node.role == "weight"]
        others = [name_of(event.node) for event in ends if event.node.role != "weight"]
        counts = [self._counted(weights)] if len(weights) > 1 else [*map(name_of, weights)]
        return ", and ".join([*([listed(others)] if others else []), *counts])

    def _counted(self, parameters: Sequence[NodeFact]) -> str:
        """Return how many weights there are among parameters, and how many biases."""
        biases = sum(node.id in self._biases for node in parameters)
        return weights_and_biases(len(parameters) - biases, biases)

    def _gradients(self, events: Sequence[Event]) -> Iterator[str]:
        """Yield the gradients that are complete, with what came before, and what the others receive."""
        output = self._nodes[self._facts.output]
        received: dict[str, float] = {}
        before: dict[str, float | None] = {}
        for event in events:
            contribution = event.edges[0].contribution
            assert contribution is not None
            received[event.node.id] = received.get(event.node.id, 0.0) + contribution
            before.setdefault(event.node.id, event.before)
        ends = self._ends(events)
        kept = written_out("sum", ends)
        for k, event in enumerate(kept):
            if len(kept) < len(ends) and k == len(kept) - 2:
                yield "…"
            sign = gradient_of(output, event.node)
            earlier, now = before[event.node.id], received[event.node.id]
            if event.part < event.parts:
                yield f"{sign} += {number(now)}"
            else:
                total = number(event.after) if earlier is None else sum_of([earlier, now], event.after)
                yield f"{sign} = {total}"
