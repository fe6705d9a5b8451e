"""The chain rule one step at a time.

>>> from autograd import Value
>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> steps = walk(a * b)
>>> steps.goto(-1).line
'∂y/∂b += ∂y/∂y · ∂y/∂b = 1 · 2 = 2'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, overload

from autograd.events import both_passes
from autograd.graph import topological_order
from autograd.reverse import upstreams
from autograd.telling import Steps
from autograd.trace import Step, Trace, check_value, labels_of, trace
from autograd.value import Value

__all__ = ["Step", "Walk", "walk"]


class Walk(Sequence[Step]):
    """The forward and reverse passes as a sequence of steps, and a place in it; made by `walk`.

    Attributes:
        output: the Value at the end of the forward pass.
        trace: the facts of the graph, steps included.
        here: the current step; None before the first.
    """

    def __init__(self, output: Value, names: Mapping[str, Any] | None) -> None:
        self.output = output
        order = topological_order(output)
        self._names = _all_names(order, labels_of(names))
        facts = trace(output, self._names, gradients=upstreams(output))
        self._ids = {v: node.id for v, node in zip(order, facts.nodes, strict=True)}
        self.trace: Trace = replace(facts, steps=Steps(facts, both_passes(facts)))
        self._place = -1

    def __len__(self) -> int:
        return len(self.trace.steps)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        return self.trace.steps[index]

    @property
    def here(self) -> Step | None:
        """The current step; None before the first."""
        return None if self._place < 0 else self[self._place]

    def step(self) -> Step | None:
        """Go on by one and give the step arrived at; None, staying there, after the last."""
        if self._place + 1 == len(self):
            return None
        self._place += 1
        return self.here

    def back(self) -> Step | None:
        """Go back by one and give the step arrived at; None before the first."""
        self._place = max(self._place - 1, -1)
        return self.here

    def rewind(self) -> None:
        """Go back to before the first step."""
        self._place = -1

    def goto(self, where: int | Value | str) -> Step:
        """Go to a step by its number, or to the next step of a node by the Value or its label."""
        self._place = range(len(self))[where] if isinstance(where, int) else self._next_of(self._id(where))
        return self[self._place]

    def _next_of(self, node: str) -> int:
        places = [*range(self._place + 1, len(self)), *range(self._place + 1)]
        return next(place for place in places if self[place].node == node)

    def _id(self, which: Value | str) -> str:
        if isinstance(which, Value):
            return self._ids[which]
        return next(node.id for node in self.trace.nodes if node.label == which)

    def __repr__(self) -> str:
        return "\n".join(f"{step.number:4}  {step.line}" for step in self)

    def save(self, path: str) -> None:
        """Write the walk as one HTML page that needs nothing else."""
        from pathlib import Path

        from autograd.player import page  # pages are loaded only when wanted

        Path(path).write_text(page(self), encoding="utf-8")


def walk(output: Value, names: Mapping[str, Any] | None = None) -> Walk:
    """The forward and reverse passes through everything that ``output`` was computed from.

    Args:
        output: the Value at the end, such as a loss.
        names: variables by name, as `locals` gives them, for Values without a label.

    Raises:
        TypeError: if ``output`` is not a Value, or ``names`` not a mapping.
        ValueError: if ``output`` is a constant.
    """
    check_value("a walk", output)
    return Walk(output, names)


def _all_names(order: Sequence[Value], labels: Mapping[Value, str]) -> dict[str, Value]:
    """A name for every Value that has no label: the caller's, else ``y`` for the output, v1, v2, …"""
    named = {label: v for v in order if not v.label and (label := labels.get(v))}
    nameless = [v for v in order if not v.label and v not in labels and (v.op or v.role != "constant")]
    free = _free_names({*named, *(v.label for v in order)})
    if nameless and nameless[-1] is order[-1] and "y" not in named:
        named["y"] = nameless.pop()
    return named | dict(zip(free, nameless, strict=False))


def _free_names(taken: Iterable[str]) -> Iterator[str]:
    used = set(taken)
    return (name for i in count(1) if (name := f"v{i}") not in used)
