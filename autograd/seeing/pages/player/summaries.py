"""What the boxes of a folded network say while a walk goes on: nothing is told before it is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograd.notation.numbers import NOT_COMPUTED
from autograd.seeing.facts.box_content import box_of_group
from autograd.seeing.facts.folding.folded import Group
from autograd.seeing.facts.records import NodeFact, Step
from autograd.seeing.pages.player.views.layers import Layer


def summaries(layers: Iterable[Layer], steps: Sequence[Step]) -> dict[str, Any]:
    """Return what each box says, by its key.

    That is the step that computes the last of its values, the step that completes its gradients, and for
    each row what it says before the first of these, between them, and after both.
    """
    computed = {id: step.number for step in steps if step.phase == "forward" for id in step.nodes}
    complete = {step.node: step.number for step in steps if step.phase == "reverse"}
    rows = _Rows()
    return {
        layer.key: [_last(group, computed, len(steps)), _last(group, complete, len(steps)), rows.of(group)]
        for layer in _every(layers)
        if (group := layer.group) is not None
    }


def measures(layers: Iterable[Layer], place: Mapping[str, int]) -> dict[str, list[Any]]:
    """Return by box what its rows say of which nodes, so that a page can measure these anew."""
    return {
        layer.key: [
            [fact.pattern, [place[node.id] for node in fact.nodes]]
            for fact in box_of_group(layer.group, False).facts
        ]
        for layer in _every(layers)
        if layer.group is not None
    }


def _every(layers: Iterable[Layer]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        yield from _every(layer.inner)


def _last(group: Group, numbers: Mapping[str, int], never: int) -> int:
    return max((numbers[node.id] for node in group.members if node.id in numbers), default=never)


class _Rows:
    """The rows of boxes while a walk goes on; a node is in many boxes, one inside the other."""

    def __init__(self) -> None:
        self._earlier: dict[str, NodeFact] = {}

    def of(self, group: Group) -> list[list[str]]:
        """Return each row in its three states; what measures no values is told from the beginning."""
        forward = replace(group, members=[*map(self._before, group.members)])
        between, after = (box_of_group(state, False).facts for state in (forward, group))
        return [
            [NOT_COMPUTED if late.pattern else late.number, early.number, late.number]
            for early, late in zip(between, after, strict=True)
        ]

    def _before(self, node: NodeFact) -> NodeFact:
        """Return a node before its gradient is computed."""
        if node.id not in self._earlier:
            self._earlier[node.id] = node._replace(gradient=None)
        return self._earlier[node.id]
