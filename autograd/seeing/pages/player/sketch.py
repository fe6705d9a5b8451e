"""What the player shows of a network that is too large to be stepped through value by value.

Its Modules stand for what they compute: the innermost boxes are the nodes of the page, what leads from one
to another its edges, and a step is one of a whole layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from autograd.notation.numbers import count, number
from autograd.notation.signs import GRADIENT, LOCAL
from autograd.seeing.facts.arrow import edge_key
from autograd.seeing.facts.events import Event
from autograd.seeing.facts.records import EdgeFact, NodeFact, Step, Trace
from autograd.seeing.facts.sizes import Strides
from autograd.seeing.pages.player.content import KINDS, NOBODY, Content
from autograd.seeing.pages.player.questions import DIGITS, WORDS
from autograd.seeing.pages.player.summaries import summaries
from autograd.seeing.pages.player.svg.view import View
from autograd.seeing.pages.player.views.choice import INSTEAD, MOST_NODES
from autograd.seeing.pages.player.views.layers import Layer
from autograd.seeing.pages.player.views.matrix import matrix_of, matrix_view
from autograd.seeing.pages.player.views.network import FIRST, Row, about, overview
from autograd.seeing.pages.player.views.parts import Whole

MOST_CELLS = 800_000
"""At most this many weights are shown as pictures of matrices: a page stays within two megabytes."""
MOST_USES = 12
"""At most this many uses of a Module that holds others, such as time steps, are shown one by one."""


def is_sketched(content: Content) -> bool:
    """Return whether the Modules of a network are shown in the place of its values."""
    reverse = bool(content.steps) and content.steps.events[-1].phase == "reverse"
    is_told = reverse and content.beside is None and not content.quiz
    return len(content.trace.nodes) > MOST_NODES and bool(content.layers) and is_told


@dataclass(frozen=True)
class Sketch:
    """A network in its Modules."""

    content: Content

    @cached_property
    def strides(self) -> Strides:
        """The steps by layer."""
        return Strides(self.content.trace, self.content.steps, "layer")

    @cached_property
    def _boxes(self) -> list[Layer]:
        """The innermost boxes: each is a node of the page."""
        return [*_innermost(self.content.layers)]

    @cached_property
    def _home(self) -> dict[str, int]:
        """In which of them each value is."""
        home: dict[str, int] = {}
        for k, box in enumerate(self._boxes):
            for node in box.nodes:
                home.setdefault(node.id, k)
        return home

    def _name(self, value: str) -> str:
        return f"n{self._home[value]}"

    # ------------------------------------------------------------------------------------ pictures

    @cached_property
    def views(self) -> list[View]:
        """The network, the inside of boxes that hold others, and the matrices of layers."""
        row = Row(Whole(self.content.trace), self.content.layers, "")
        left_out = _LeftOut()
        first, *others = [
            self._overview(row, FIRST, "network", None),
            *self._inside(row, FIRST, left_out),
        ]
        names = {view.name for view in others}
        nodes = len(self.content.trace.nodes)
        note = (
            f"{count(nodes)} values are too many to step through one by one: these are the Modules that "
            f"compute them, and steps go by layer. {INSTEAD}"
        )
        if left_out.said:
            note += f". Not shown one by one: {', '.join(left_out.said)}"
        return [
            replace(view, opens={box: other for box, other in view.opens.items() if other in names})
            for view in (replace(first, note=note), *others)
        ]

    def _overview(self, row: Row, name: str, title: str, parent: str | None) -> View:
        drawn = replace(row, drawn=[_without_dots(layer) for layer in row.layers])
        return self._of_boxes(overview(drawn, name, title, parent))

    def _inside(self, row: Row, parent: str, left_out: _LeftOut) -> Iterator[View]:
        for i, layer in enumerate(row.layers):
            name = row.name(i)
            if _holds_others(layer):
                inner = row.within(i)
                yield replace(self._overview(inner, name, layer.title, parent), about=about(layer))
                yield from self._inside(inner, name, left_out)
                continue
            use = layer
            while use.inner:  # all uses have the same weights
                use = use.inner[0]
            left_out.note_uses(layer)
            matrix = matrix_of(use, self.content.trace)
            if matrix and left_out.has_room_for(layer, matrix):
                shown = matrix_view(_without_dots(layer), matrix, name, parent)
                yield replace(self._of_boxes(shown), about=about(layer))

    def _of_boxes(self, view: View) -> View:
        """Return a view of values as one of the boxes that they are in."""
        nodes: dict[str, str] = {}
        for value, element in view.nodes.items():
            nodes.setdefault(self._name(value), element)
        edges: dict[str, str] = {}
        for key, element in view.edges.items():
            source, _, rest = key.partition(">")
            ends = self._name(source), self._name(rest.partition(":")[0])
            if ends in self._keys:
                edges.setdefault(self._keys[ends], element)
        output = self.content.trace.output
        drawn = str(view.drawing)
        for kind in ("value", "gradient"):
            drawn = drawn.replace(f'data-slot="{kind}:{output}"', f'data-slot="{kind}:{self._name(output)}"')
        return replace(view, drawing=drawn, nodes=nodes, edges=edges)

    # --------------------------------------------------------------------------------------- facts

    @cached_property
    def _keys(self) -> dict[tuple[str, str], str]:
        """What the page calls the edges between boxes, by their ends."""
        return {(edge.source, edge.target): edge_key(edge) for edge in self.trace.edges}

    @cached_property
    def trace(self) -> Trace:
        """The boxes as nodes, and an edge from each to every other that computes with what it gives."""
        nodes = [
            NodeFact(
                f"n{k}",
                box.title,
                "input" if box.opens_as == "inputs" else "operation",
                None,
                None,
                None,
                0,
                None,
            )
            for k, box in enumerate(self._boxes)
        ]
        into: dict[str, dict[str, None]] = {node.id: {} for node in nodes}
        for edge in self.content.trace.edges:
            source, target = self._name(edge.source), self._name(edge.target)
            if source != target and edge.partial is not None:
                into[target][source] = None
        edges = [
            EdgeFact(source, target, position, None, None)
            for target, sources in into.items()
            for position, source in enumerate(sources)
        ]
        return Trace(tuple(nodes), tuple(edges), self._name(self.content.trace.output))

    @cached_property
    def _steps(self) -> tuple[list[Step], list[int]]:
        """What happens in the boxes, and after how much of it each step by layer is done."""
        steps: list[Step] = []
        ends = []
        for stride in range(len(self.strides)):
            for said in self._happening(self.strides.events_of(stride)):
                steps.append(said._replace(number=len(steps)))
            ends.append(len(steps))
        return steps, ends

    def _happening(self, events: Sequence[Event]) -> Iterator[Step]:
        """Yield what happens in one step: for each box that computes, and each edge that a gradient takes."""
        first = events[0]
        if first.kind == "leaf":
            ids = tuple(node.id for node in first.leaves)
            read = next((self._name(id) for id in ids), "")
            yield _step("forward", "leaf", read, ids)
            return
        found: dict[tuple[str, str], list[Event]] = {}
        for event in events:
            here = self._name(event.node.id)
            target = self._name(event.edges[0].target) if event.kind == "edge" else here
            found.setdefault((here, target), []).append(event)
        for (here, target), those in found.items():
            ids = tuple(dict.fromkeys(event.node.id for event in those))
            if here == target:  # what the box does itself; on the way back it begins anew, as at the output
                yield _step(first.phase, "apply" if first.phase == "forward" else "seed", here, ids)
            elif (here, target) in self._keys:
                received: dict[str, float] = {}
                for event in those:
                    sent = event.edges[0].contribution or 0.0
                    received[event.node.id] = received.get(event.node.id, 0.0) + sent
                yield _step("reverse", "edge", here, ids, target, math.hypot(*received.values()))

    def facts(self) -> dict[str, Any]:
        """Return what the page shows, as `autograd.seeing.pages.player.content.facts` has it."""
        steps, ends = self._steps
        trace, content = self.trace, self.content
        place = {node.id: k for k, node in enumerate(trace.nodes)}
        inputs: list[list[int]] = [[] for _ in trace.nodes]
        for edge in trace.edges:
            inputs[place[edge.target]].append(place[edge.source])
        output = content.trace.nodes[-1]
        leaves = {k for k, box in enumerate(self._boxes) if all(node.op is None for node in box.nodes)}
        kinds = {kind: i for i, kind in enumerate(KINDS)}
        told = [[fact for fact in box.facts if fact.early == fact.number] for box in self._boxes]
        values = ["; ".join(f"{fact.word} {fact.number}" for fact in own) for own in told]
        values[place[trace.output]] = number(output.value)
        after = {trace.output: number(output.gradient)}
        return {
            "title": content.title,
            "output": place[trace.output],
            "names": [[node.label, "", "", node.label, ""] for node in trace.nodes],
            "whole": {},
            "again": [],
            "values": values,
            "leaves": [],
            "constants": [k for k, node in enumerate(trace.nodes) if node.id != trace.output],
            "weights": [],
            "biases": [],
            "parameters": [],
            "inputs": inputs,
            "read": sorted(leaves),
            "kinds": KINDS,
            "written": {"gradient": GRADIENT, "local": LOCAL},
            "steps": {
                "kind": [kinds[step.phase, step.kind] for step in steps],
                "node": [place[step.node] for step in steps],
                "target": [NOBODY if step.target is None else place[step.target] for step in steps],
                "position": [self._position(step) for step in steps],
                "partial": [""] * len(steps),
                "contribution": ["" if x.contribution is None else number(x.contribution) for x in steps],
                "after": [after.get(step.node, "") for step in steps],
                "words": [0] * len(steps),
                "extras": {},
            },
            "size": "layer",
            "quiz": False,
            "sizes": [
                {
                    "size": "layer",
                    "name": "layer",
                    "ends": ends,
                    "sentences": [x.sentence for x in self.strides],
                }
            ],
            "words": [[0, 0, 0]],
            "sentences": [[]],
            "formulas": [[]],
            "boxes": summaries(map(_without_dots, content.layers), steps),
            "rows": [self._rows(box) for box in self._boxes],
            "beside": None,
            "questions": {"words": WORDS, "digits": DIGITS, "shapes": [], "rows": []},
            "touch": None,
        }

    def _position(self, step: Step) -> int:
        if step.target is None:
            return NOBODY
        return int(self._keys[step.node, step.target].rpartition(":")[2])

    def _rows(self, box: Layer) -> list[Any]:
        """Return what is told of a box where a step is about it: words, and whose rows they are of."""
        return [[f"{box.title}: {fact.word}" for fact in box.facts], _without_dots(box).key]


class _LeftOut:
    """What a page has no room for, in words."""

    def __init__(self) -> None:
        self._room = MOST_CELLS
        self.said: list[str] = []

    def note_uses(self, layer: Layer) -> None:
        """Note uses that stay in one box though there are Modules in each."""
        if any(use.inner for use in layer.inner):
            self.said.append(f"{count(len(layer.inner))} uses of {layer.title}")

    def has_room_for(self, layer: Layer, matrix: Sequence[Sequence[float]]) -> bool:
        """Return whether there is room for weights as the cells of a picture; note them if not."""
        cells = len(matrix) * len(matrix[0])
        if cells > self._room:
            self.said.append(f"{count(cells)} weights of {layer.title}")
            return False
        self._room -= cells
        return True


def _innermost(layers: Sequence[Layer]) -> Iterator[Layer]:
    for layer in layers:
        if _holds_others(layer):
            yield from _innermost(layer.inner)
        else:
            yield layer


def _holds_others(layer: Layer) -> bool:
    """Return whether a box is shown by those in it: other Modules, or a few uses of one that hold some."""
    if not _is_of_uses(layer):
        return bool(layer.inner)
    return len(layer.inner) <= MOST_USES and any(map(_holds_others, layer.inner))


def _is_of_uses(layer: Layer) -> bool:
    """Return whether there is nothing in a box but uses of one Module."""
    return len({box.group.path if box.group else None for box in layer.inner}) == 1


def _without_dots(layer: Layer) -> Layer:
    """Return a box whose values have no dots, in the order in which they are computed."""
    nodes = tuple(sorted(layer.nodes, key=lambda node: int(node.id[1:])))
    return replace(layer, units=(), common=nodes, columns=0, inner=tuple(map(_without_dots, layer.inner)))


def _step(
    phase: str,
    kind: str,
    node: str,
    nodes: tuple[str, ...],
    target: str | None = None,
    size: float | None = None,
) -> Step:
    """Return a step of boxes, which is told by that of the layer that it is part of."""
    return Step(0, phase, kind, node, nodes, target, None, "", "", None, None, None, size, None, None, "")
