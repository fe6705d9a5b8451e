"""The steps of a walk, told: in symbols, in numbers and in plain words.

Everything here is read off a trace's nodes and edges; nothing is computed a second time but the
running sums of the gradients.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from autograd.formula import formula, partial_formulas
from autograd.ops import TABLE
from autograd.trace import Edge, Node, Step, Trace
from autograd.wording import number, parse_label


@dataclass(frozen=True, slots=True)
class Event:
    """What a step is about, before it is put into words.

    Attributes:
        phase, kind: as in `Step`.
        node: whose value, gradient or tangent is computed.
        edges: the edge a contribution comes along, or those that a tangent is summed over.
        before, after: as in `Step`.
    """

    phase: str
    kind: str
    node: Node
    edges: tuple[Edge, ...] = ()
    before: float | None = None
    after: float | None = None


class Steps(Sequence[Step]):
    """The steps of a walk, each put into words when it is first asked for."""

    def __init__(self, facts: Trace, events: Sequence[Event]) -> None:
        self._events = events
        self._teller = Teller(facts)
        self._told: dict[int, Step] = {}

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        places = range(len(self))[index]
        return self._step(places) if isinstance(places, int) else tuple(map(self._step, places))

    def _step(self, place: int) -> Step:
        if place not in self._told:
            self._told[place] = self._teller.tell(place, self._events[place])
        return self._told[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"<{len(self)} steps>"


def default_events(facts: Trace) -> list[Event]:
    """The forward pass, then the reverse pass: one event a node, one for the seed, one an edge."""
    nodes = {node.id: node for node in facts.nodes}
    output = nodes[facts.output]
    events = list(_forward(facts))
    events.append(Event("reverse", "seed", output, after=1.0))
    gradient = {output.id: 1.0}
    for edge in _backwards(facts):
        assert edge.contribution is not None
        before = gradient.get(edge.source)
        after = edge.contribution if before is None else before + edge.contribution
        gradient[edge.source] = after
        events.append(Event("reverse", "edge", nodes[edge.source], (edge,), before, after))
    return events


def _forward(facts: Trace) -> Iterator[Event]:
    for node in facts.nodes:
        yield Event("forward", "leaf" if node.op is None else "apply", node, after=node.value)


def _backwards(facts: Trace) -> Iterator[Edge]:
    """The edges that carry a gradient: targets from last to first, the inputs of each in order."""
    uses = inputs_by_target(facts)
    for node in reversed(facts.nodes):
        for edge in uses.get(node.id, ()):
            if edge.contribution is not None:
                yield edge


def inputs_by_target(facts: Trace) -> dict[str, list[Edge]]:
    """The edges that end in each node, in the order of its inputs."""
    found: dict[str, list[Edge]] = {}
    for edge in facts.edges:
        found.setdefault(edge.target, []).append(edge)
    return found


class Teller:
    """Puts the events of one trace into symbols, numbers and words."""

    def __init__(self, facts: Trace) -> None:
        self._nodes = {node.id: node for node in facts.nodes}
        self._inputs = inputs_by_target(facts)
        self._output = self._nodes[facts.output]
        self._partials: tuple[str, list[str]] = ("", [])

    def tell(self, place: int, event: Event) -> Step:
        """The event as a step."""
        if event.phase == "forward":
            return self._forward(place, event)
        return self._seed(place, event) if event.kind == "seed" else self._edge(place, event)

    def _forward(self, place: int, event: Event) -> Step:
        node = event.node
        if node.op is None:
            sentence = f"{name(node)} is {_article(node.role)}: {number(node.value)}."
            return _step(place, event, name(node), number(node.value), sentence)
        inputs = [self._nodes[edge.source] for edge in self._inputs[node.id]]
        symbols = f"{name(node)} = {formula(TABLE[node.op], [name(v) for v in inputs])}"
        computed = formula(TABLE[node.op], [number(v.value) for v in inputs])
        numbers = f"{computed} = {number(node.value)}"
        return _step(place, event, symbols, numbers, f"{symbols} is computed: {numbers}.")

    def _seed(self, place: int, event: Event) -> Step:
        output = name(self._output)
        sentence = (
            f"The way back begins at {output}: it changes as much as itself, so ∂{output}/∂{output} = 1."
        )
        return _step(place, event, self._gradient(self._output), "1", sentence)

    def _edge(self, place: int, event: Event) -> Step:
        (edge,) = event.edges
        node, target = event.node, self._nodes[edge.target]
        upstream = target.gradient
        symbols = f"{self._gradient(node)} += {self._gradient(target)} · ∂{name(target)}/∂{name(node)}"
        numbers = f"{number(upstream)} · {_factor(edge.partial)} = {number(edge.contribution)}"
        sentence = f"{name(node)} feeds into {name(target)}: it receives {numbers}."
        return _step(
            place, event, symbols, numbers, sentence,
            target=target.id, position=edge.position, partial_symbols=self.partials(target)[edge.position],
            upstream=upstream, partial=edge.partial, contribution=edge.contribution,
        )  # fmt: skip

    def _gradient(self, node: Node) -> str:
        return f"∂{name(self._output)}/∂{name(node)}"

    def partials(self, target: Node) -> list[str]:
        """The local derivatives of a node in names, one an input."""
        if self._partials[0] != target.id:  # the edges of one target follow each other
            inputs = [name(self._nodes[edge.source]) for edge in self._inputs[target.id]]
            assert target.op is not None
            self._partials = target.id, partial_formulas(TABLE[target.op], inputs, name(target))
        return self._partials[1]


def name(node: Node) -> str:
    """What a node is called in formulas and sentences: its label, a plain number its number."""
    return parse_label(node.label).text if node.label else number(node.value)


def _step(place: int, event: Event, symbols: str, numbers: str, sentence: str, **of_edge: Any) -> Step:
    edge: dict[str, Any] = dict.fromkeys(
        ("target", "position", "partial_symbols", "upstream", "partial", "contribution")
    )
    return Step(
        number=place, phase=event.phase, kind=event.kind, node=event.node.id,
        symbols=symbols, numbers=numbers, sentence=sentence,
        before=event.before, after=event.after, **{**edge, **of_edge},
    )  # fmt: skip


def _article(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"


def _factor(x: float | None) -> str:
    text = number(x)
    return f"({text})" if text.startswith("−") else text
