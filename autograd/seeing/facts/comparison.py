"""An engine run beside the right one: where they part, and why.

>>> from autograd import Value, walk
>>> from autograd.mistakes import overwrites
>>> a = Value(3.0, "a")
>>> parting = walk(a * a, beside=overwrites).beside
>>> parting.parts_at
4
>>> print(parting)
overwrites parts from the right engine at step 5, walk[4]: ∂y/∂a is 6, and overwrites has 3
a had 3 already. The engine overwrites it (=) where it must add (+=): 3 + 3 = 6 is right, and only \
the last contribution, 3, is left.
<BLANKLINE>
node  right  overwrites
y         1           1
a         6           3  ≠
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograd.notation.numbers import counted, number, product_of, sum_of
from autograd.notation.signs import local_sign
from autograd.seeing.facts.events import both_passes
from autograd.seeing.facts.names import gradient_of, name_of
from autograd.seeing.facts.records import EdgeFact, Trace
from autograd.seeing.facts.steps import Steps
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.mistakes import Engine, Update

MOST_ROWS = 20
"""The text of a comparison lists at most this many nodes."""
ROUNDING = 1e-9
"""Two engines may differ by this much, relative to the terms, because they add in another order."""


@dataclass(frozen=True)
class Beside:
    """What an engine computed, compared with the right gradients.

    Attributes:
        engine: its name.
        parts_at: the number of the step at which it first goes wrong, from 0; None if it never does.
        node: the id of the node whose gradient is wrong there, or None.
        right: the gradient of that node after the step, as it should be.
        found: the gradient that the engine has instead.
        diagnosis: what the engine did, in plain words; "" if nothing was wrong.
        gradients: by node id, the right gradient and the engine's (None where it has none).
        text: all of that, as a text to print.
    """

    engine: str
    parts_at: int | None
    node: str | None
    right: float | None
    found: float | None
    diagnosis: str
    gradients: Mapping[str, tuple[float, float | None]]
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class _Mistake:
    """The first thing that an engine does wrong: at which edge, what gradient it leaves, and why."""

    edge: EdgeFact
    found: float | None
    why: str


def compare(facts: Trace, ids: Mapping[Value, str], engine: Engine, output: Value) -> Beside:
    """Run the engine on the output, and find the first update that is not as it should be."""
    steps = Steps(facts, both_passes(facts))
    watcher = _Watcher(facts)
    for update in engine(output):
        watcher.see(update, ids)
    called = getattr(engine, "__name__", type(engine).__name__)
    mistake = watcher.mistake or watcher.forgotten(steps)
    if mistake is None:
        text = f"{called} agrees with the right engine at every step"
        return Beside(called, None, None, None, None, "", watcher.gradients(), text)
    edge = mistake.edge
    place = steps.edges()[edge.source, edge.target, edge.position]
    right = steps[place].after
    node = watcher.nodes[edge.source]
    gradient = gradient_of(watcher.output, node)
    heading = (
        f"{called} parts from the right engine at step {place + 1}, walk[{place}]: "
        f"{gradient} is {number(right)}, and {called} has {number(mistake.found)}"
    )
    table = _table(called, watcher)
    text = "\n".join([heading, mistake.why, "", *table])
    return Beside(called, place, edge.source, right, mistake.found, mistake.why, watcher.gradients(), text)


class _Watcher:
    """Follows an engine update by update, until the first mistake and beyond."""

    def __init__(self, facts: Trace) -> None:
        self.nodes = {node.id: node for node in facts.nodes}
        self.output = self.nodes[facts.output]
        self.edges = {
            (edge.source, edge.target, edge.position): edge
            for edge in facts.edges
            if edge.contribution is not None
        }
        self.uses = Counter((edge.source, edge.target) for edge in facts.edges)
        self.done: set[tuple[str, str, int]] = set()
        self.current: dict[str, float] = {facts.output: 1.0}
        self.mistake: _Mistake | None = None

    def see(self, update: Update, ids: Mapping[Value, str]) -> None:
        """Take note of an update, and of what is wrong with it."""
        if update.source.role == "constant":
            return  # what a constant is sent ends there
        key = ids[update.source], ids[update.target], update.position
        if self.mistake is None and key in self.edges:
            why = self._why_wrong(self.edges[key], update)
            if why:
                self.mistake = _Mistake(self.edges[key], update.after, why)
        self.done.add(key)
        self.current[key[0]] = update.after

    def _why_wrong(self, edge: EdgeFact, update: Update) -> str:
        """Return what is wrong with an update, or ""."""
        assert edge.contribution is not None
        node = self.nodes[edge.source]
        if edge.source not in self.current and update.before != 0.0:
            return (
                f"{name_of(node)} starts with {number(update.before)}, left over from an earlier pass. "
                "The gradients of computed nodes must be reset before each pass, or they are counted again."
            )
        if (edge.source, edge.target, edge.position) in self.done:
            return f"The engine passes the gradient of {name_of(self.nodes[edge.target])} on a second time."
        if _same(update.after, update.before + edge.contribution, update.before, edge.contribution):
            return ""
        return self._why_other(edge, update)

    def _why_other(self, edge: EdgeFact, update: Update) -> str:
        node, target = self.nodes[edge.source], self.nodes[edge.target]
        contribution, upstream, partial = edge.contribution, target.gradient, edge.partial
        assert contribution is not None
        assert upstream is not None
        assert partial is not None
        if _same(update.after, contribution, contribution):
            return (
                f"{name_of(node)} had {number(update.before)} already. The engine overwrites it (=) "
                "where it must add (+=): "
                f"{sum_of((update.before, contribution), update.before + contribution)} is right, and only "
                "the last contribution, "
                f"{number(contribution)}, is left."
            )
        had = self.current.get(edge.target, 0.0)
        if not _same(had, upstream, upstream):
            return self._why_early(edge, had, update)
        sent = update.after - update.before
        product = product_of((upstream, partial), contribution)
        should = f"{name_of(node)} should receive upstream times partial, {product}"
        if _same(sent, partial, partial):
            above = f"{gradient_of(self.output, target)} = {number(upstream)}"
            return f"{should}. The engine sends the partial alone: it leaves out the factor {above}."
        if _same(sent, upstream, upstream):
            slot = edge.position if self.uses[edge.source, edge.target] > 1 else None
            local = f"{local_sign(name_of(node), name_of(target), slot)} = {number(partial)}"
            return f"{should}. The engine sends the upstream alone: it leaves out the factor {local}."
        return f"{should}; the engine sends {number(sent)}."

    def _why_early(self, edge: EdgeFact, had: float, update: Update) -> str:
        target = self.nodes[edge.target]
        uses = [key for key in self.edges if key[0] == edge.target]
        arrived = sum(key in self.done for key in uses)
        if arrived == len(uses):
            return f"The gradient of {name_of(target)} was wrong already: {number(had)}."
        return (
            f"The engine passes the gradient of {name_of(target)} on too early: {arrived} of its "
            f"{counted(len(uses), 'contribution')} had arrived, and it stood at {number(had)} instead of "
            f"{number(target.gradient)}. In reverse topological order everything that uses {name_of(target)} "
            f"comes before {name_of(target)} itself."
        )

    def forgotten(self, steps: Steps) -> _Mistake | None:
        """Return the first edge that the engine never went along."""
        for key in steps.edges():
            if key not in self.done:
                edge = self.edges[key]
                why = (
                    f"The engine never passes the gradient of {name_of(self.nodes[edge.target])} on to "
                    f"{name_of(self.nodes[edge.source])}."
                )
                return _Mistake(edge, self.current.get(edge.source), why)
        return None

    def gradients(self) -> dict[str, tuple[float, float | None]]:
        """Return the right gradient and the engine's last one by node, the output first."""
        return {
            node.id: (node.gradient, self.current.get(node.id))
            for node in reversed(self.nodes.values())
            if node.gradient is not None
        }


def _same(x: float, y: float, *terms: float) -> bool:
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    size = max((abs(term) for term in (y, *terms)), default=0.0)
    return x == y or abs(x - y) <= ROUNDING * size


def _table(called: str, watcher: _Watcher) -> list[str]:
    rows = [("node", "right", called, "")]
    compared = list(watcher.gradients().items())
    for node, (right, found) in compared[:MOST_ROWS]:
        wrong = found is None or not _same(found, right, right)
        rows.append((name_of(watcher.nodes[node]), number(right), number(found), "≠" if wrong else ""))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [
        f"{row[0]:{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip()
        for row in rows
    ]
    if len(compared) > MOST_ROWS:
        lines.append(f"… and {counted(len(compared) - MOST_ROWS, 'node')} more")
    return lines
