"""What calls of a function show that its graph at one point does not: cut gradients, and branches.

The function is called again beside the point.  If its graph there is the same, with the same constants,
then the graph tells everything, and checking it node by node is enough.  If a constant has another
number, a gradient may have been cut; if the graph is another one, the function branches.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Any, NamedTuple

from autograd.functional.gradients import gradients
from autograd.graph import topological_order
from autograd.node import number_of
from autograd.seeing.facts.replay import recomputed
from autograd.testing.differences import Number, noise_of
from autograd.testing.verdicts import Beside, Calls, a_little
from autograd.value import Constant, Value

Leaves = list[Value]
Run = Callable[[Sequence[float]], tuple[Value, Leaves]]
"""Computes the function at these numbers: the output, and the Values that the numbers were in."""

STEPS = 2.0**-45, 2.0**-20, 2.0**-7, 0.125
"""The sizes of the steps, relative to the inputs, by which all inputs are moved together."""


class Skeleton(NamedTuple):
    """A graph without its numbers, and the numbers of the leaves that are not inputs."""

    shape: list[Any]
    constants: list[float]


def skeleton(output: Value, sources: Sequence[Value]) -> Skeleton:
    """Return the graph as data that can be compared with that of another call."""
    place: dict[Value, int] = {}
    which = {v: i for i, v in enumerate(sources)}
    shape: list[Any] = []
    constants = []
    for node in topological_order(output):
        place[node] = len(place)
        if node in which:
            shape.append(which[node])
        elif node.op is None:
            shape.append(None)
            constants.append(number_of(node))
        else:
            shape.append((node.op, *[place[v] for v in node.inputs]))
    return Skeleton(shape, constants)


def calls_of(run: Run, output: Value, sources: Sequence[Value]) -> Calls:
    """Return what calls of the function beside the point show that its graph at the point does not."""
    calls = _CallsBeside(run, output, sources)
    return Calls(calls.hidden, calls.beside, *calls.suspects())


class _CallsBeside:
    """A function at a point, to be compared with its calls beside it."""

    def __init__(self, run: Run, output: Value, sources: Sequence[Value]) -> None:
        self.run = run
        self.output = output
        self.sources = sources
        self.numbers = [number_of(v) for v in sources]
        self.skeleton = skeleton(output, sources)
        self.pattern = _pattern(output)

    def suspects(self) -> tuple[frozenset[int], frozenset[int]]:
        """Return the inputs that a constant may follow, and those at which the function may branch."""
        follows, branches = self._changes(range(len(self.numbers)))
        each = {i: self._changes([i]) for i in range(len(self.numbers))} if follows or branches else {}
        return (
            frozenset(i for i, (one, _) in each.items() if one and follows),
            frozenset(each if branches else ()),
        )

    def _changes(self, moving: Sequence[int]) -> tuple[bool, bool]:
        """Return whether constants change, and the graph just beside, if these inputs move together."""
        follows = branches = False
        chance = random.Random(0)
        share = {i: chance.uniform(0.5, 1.0) for i in moving}
        for step in STEPS:
            for side in (-step, step):
                found = self._at(
                    [
                        x + side * share[i] * (abs(x) or 1.0) if i in share else x
                        for i, x in enumerate(self.numbers)
                    ]
                )
                if found is None or found.shape != self.skeleton.shape:
                    branches = branches or step == STEPS[0]
                elif found.constants != self.skeleton.constants:
                    follows = True
        return follows, branches

    def _at(self, numbers: Sequence[float]) -> Skeleton | None:
        found = attempt(self.run, numbers)
        return found and skeleton(*found)

    def hidden(self, i: int, x: float) -> Number | None:
        """Return what the function gives beyond its graph for another ``i``-th number; see `Calls`."""
        numbers = [x if j == i else number for j, number in enumerate(self.numbers)]
        called = attempt(self.run, numbers)
        shown = attempt(graph_as_function(self.output, self.sources), numbers)
        if called is None or shown is None or _pattern(called[0]) != self.pattern:
            return None
        noise = noise_of(topological_order(called[0])) + noise_of(topological_order(shown[0]))
        return Number(number_of(called[0]) - number_of(shown[0]), noise)

    def beside(self, i: int, side: int) -> Beside | None:
        """Return the function one last digit to one side of the ``i``-th number; see `Calls`."""
        step = side * a_little(self.numbers[i])
        found = attempt(self.run, [x + step * (j == i) for j, x in enumerate(self.numbers)])
        if found is None or skeleton(*found).shape == self.skeleton.shape:
            return None
        output, leaves = found
        slope = 0.0 if isinstance(output, Constant) else gradients(output, leaves[i])
        return Beside(number_of(output), slope, step)


def graph_as_function(output: Value, sources: Sequence[Value]) -> Run:
    """Return the graph as a function of the numbers of some of its leaves."""
    order = list(dict.fromkeys([*sources, *topological_order(output)]))  # a source may be out of its reach

    def run(numbers: Sequence[float]) -> tuple[Value, Leaves]:
        copies = recomputed(order, dict(zip(sources, numbers, strict=True)))
        return copies[output], [copies[v] for v in sources]

    return run


def attempt(run: Run, numbers: Sequence[float]) -> tuple[Value, Leaves] | None:
    """Return the outcome of a call; None if there is nothing to compare with."""
    try:
        found = run(numbers)
    except Exception:  # whatever failed, there is no difference to take
        return None
    return found if isfinite(number_of(found[0])) else None


def _pattern(output: Value) -> list[Any]:
    """Return the ops of a graph and on which side of each kink they are: the branches it takes."""
    return sorted(_sides_taken(output))


def _sides_taken(output: Value) -> Iterator[tuple[Any, ...]]:
    for node in topological_order(output):
        if node.op is not None:
            gaps = [kink.gap(*map(number_of, node.inputs)) for kink in node.op.kinks]
            yield node.op.name, *[(gap > 0) - (gap < 0) for gap in gaps]
