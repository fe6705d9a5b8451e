"""What the boxes of a folded network say while a walk goes on: nothing is told before it is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from autograd.notation.numbers import NOT_COMPUTED
from autograd.seeing.facts.records import Step
from autograd.seeing.pages.player.views.layers import Layer


def summaries(layers: Iterable[Layer], steps: Sequence[Step]) -> dict[str, Any]:
    """Return what each box says, by its key.

    That is the step that computes the last of its values, the step that completes its gradients, and for
    each row what it says before the first of these, between them, and after both; what measures no values is
    told from the beginning.
    """
    computed = {id: step.number for step in steps if step.phase == "forward" for id in step.nodes}
    complete = {id: step.number for step in steps if step.phase == "reverse" for id in step.nodes}
    return {
        layer.key: [
            _last(layer, computed, len(steps)),
            _last(layer, complete, len(steps)),
            [[NOT_COMPUTED if row.pattern else row.number, row.early, row.number] for row in layer.facts],
        ]
        for layer in _every(layers)
        if layer.facts or layer.group
    }


def measures(layers: Iterable[Layer], place: Mapping[str, int]) -> dict[str, list[Any]]:
    """Return by box what its rows say of which nodes, so that a page can measure these anew."""
    return {
        layer.key: [[row.pattern, [place[node.id] for node in row.nodes]] for row in layer.facts]
        for layer in _every(layers)
        if layer.facts or layer.group
    }


def _every(layers: Iterable[Layer]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        yield from _every(layer.inner)


def _last(layer: Layer, numbers: Mapping[str, int], never: int) -> int:
    own = layer.group.members if layer.group else layer.nodes
    return max((numbers[node.id] for node in own if node.id in numbers), default=never)
