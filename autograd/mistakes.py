"""Reverse passes with one classical mistake each, beside the right one.

Run beside the right engine they answer "why `+=`?" and "why in topological order?"; and a check of
gradients that lets one of them pass is not a check.  An engine yields what it does, update by update,
and keeps the gradients to itself: it never writes to the Values that it is run on.

One graph of five Values is enough for all of the mistakes to show:

>>> x, y = Value(2.0, "x"), Value(3.0, "y")
>>> h = x * y
>>> p = h + y
>>> L = h * p
>>> for name, engine in ENGINES.items():
...     found = gradients_of(engine, L)
...     print(f"{name:20} ∂L/∂x = {found[x]:.0f}  ∂L/∂y = {found[y]:.0f}")
right                ∂L/∂x = 45  ∂L/∂y = 36
overwrites           ∂L/∂x = 18  ∂L/∂y = 12
depth_first          ∂L/∂x = 27  ∂L/∂y = 24
keeps_intermediates  ∂L/∂x = 108  ∂L/∂y = 84
drops_factor         ∂L/∂x = 3  ∂L/∂y = 3
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from autograd.core.arithmetic import NOT_REACHED
from autograd.graph import topological_order
from autograd.value import Value


class Update(NamedTuple):
    """One step of a reverse pass: what one edge did to the gradient of one input.

    Attributes:
        source: the input whose gradient changes.
        target: the Value that sends the contribution.
        position: which input of the target the source is, from 0.
        before, after: the source's gradient; 0 before the first update.
    """

    source: Value
    target: Value
    position: int
    before: float
    after: float


Engine: TypeAlias = Callable[[Value], Iterator[Update]]


def right(output: Value) -> Iterator[Update]:
    """Make no mistake: every contribution is added, and passed on only once all of them have arrived."""
    gradient = {output: 1.0}
    for target in reversed(topological_order(output)):
        yield from _pass_on(target, gradient)


def overwrites(output: Value) -> Iterator[Update]:
    """Write ``=`` where ``+=`` belongs: of several contributions to a Value only the last one stays.

    Shows as soon as a Value is used twice: ``a * a``, or ``a + a``.
    """
    gradient = {output: 1.0}
    for target in reversed(topological_order(output)):
        for source, position in _inputs(target, gradient):
            before = gradient.get(source, 0.0)
            gradient[source] = gradient[target] * target.partials[position]
            yield Update(source, target, position, before, gradient[source])


def depth_first(output: Value) -> Iterator[Update]:
    """Go deeper at once, so that a Value may pass on its gradient before all of it has arrived.

    Shows where something computed is used twice, and a use meets it before the other one has sent
    its share: ``h * (h + y)`` with ``h = x * y``.  Leaves pass nothing on, so where only they are
    shared the order is right by luck.
    """
    gradient = {output: 1.0}
    visited = set()
    stack = [output]
    while stack:
        target = stack.pop()
        if target not in visited:
            visited.add(target)
            yield from _pass_on(target, gradient)
            stack.extend(reversed(target.inputs))


def keeps_intermediates(output: Value) -> Iterator[Update]:
    """Keep the gradients of the previous pass: only those of the leaves were reset.

    The updates are those of the second of two passes over the same graph.  Shows wherever there is
    anything between a leaf and the output: ``(x * y) * y``.
    """
    gradient = {output: 1.0}
    order = topological_order(output)
    for target in reversed(order):
        for _ in _pass_on(target, gradient):
            pass
    stale = {v: gradient[v] for v in order if v in gradient and v.inputs and v is not output}
    gradient = {**stale, output: 1.0}
    for target in reversed(order):
        yield from _pass_on(target, gradient)


def drops_factor(output: Value) -> Iterator[Update]:
    """Forget a factor of the chain rule: the partial is sent on without the upstream.

    Shows where an upstream is not 1, which takes two operations: ``(x * y) * y``.  Directly
    below the output the upstream is 1, and nothing is missed.
    """
    gradient = {output: 1.0}
    for target in reversed(topological_order(output)):
        for source, position in _inputs(target, gradient):
            before = gradient.get(source, 0.0)
            gradient[source] = before + target.partials[position]
            yield Update(source, target, position, before, gradient[source])


ENGINES: dict[str, Engine] = {
    engine.__name__: engine for engine in (right, overwrites, depth_first, keeps_intermediates, drops_factor)
}
"""The engines by name."""

CAUSES: dict[str, str] = {
    "overwrites": "overwritten accumulation: = where += belongs",
    "depth_first": "no topological order: a node passed its gradient on before all of it had arrived",
    "keeps_intermediates": "stale gradients: those of an earlier pass were not reset",
    "drops_factor": "a dropped factor: the partial was passed on without its upstream",
}
"""What each mistake is called."""


def gradients_of(engine: Engine, output: Value) -> dict[Value, float]:
    """Return what the engine takes for ∂output/∂v, for every Value v that a gradient reaches.

    Args:
        engine: one of `ENGINES`, or any function like them.
        output: the Value to differentiate; its own gradient is 1.

    >>> a = Value(3.0, "a")
    >>> y = a * a
    >>> gradients_of(right, y)[a], gradients_of(overwrites, y)[a]
    (6.0, 3.0)
    """
    gradient = {output: 1.0}
    for update in engine(output):
        gradient[update.source] = update.after
    return gradient


def _pass_on(target: Value, gradient: dict[Value, float]) -> Iterator[Update]:
    """Apply the chain rule to one Value: add upstream × partial to each of its inputs."""
    for source, position in _inputs(target, gradient):
        before = gradient.get(source, 0.0)
        gradient[source] = before + gradient[target] * target.partials[position]
        yield Update(source, target, position, before, gradient[source])


def _inputs(target: Value, gradient: dict[Value, float]) -> Iterator[tuple[Value, int]]:
    """Yield the inputs that get a gradient, with their positions; none if the target itself has none."""
    if target in gradient:
        for position, source in enumerate(target.inputs):
            if source.role != "constant" and target.partials[position] is not NOT_REACHED:
                yield source, position
