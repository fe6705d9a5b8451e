"""What lies left and right of an op's kink, and which slope is taken there."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograd import ops
from autograd.core.primitive import TABLE, Kink, Op
from autograd.notation.numbers import number
from autograd.seeing.facts.events import inputs_by_target
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import EdgeFact, NodeFact, Trace

RELATIONS = tuple([op.name for op in ops.COMPARISONS])
"""The ops that compare; their formulas stand in parentheses."""
CONNECTIVES = tuple([op.name for op in ops.CONDITIONS if op not in ops.COMPARISONS])
"""The ops that combine conditions."""
CONDITIONS = (*RELATIONS, *CONNECTIVES)


@dataclass(frozen=True)
class Corner:
    """How the result of an op follows one of its inputs, the others held still, at a kink.

    Attributes:
        place: where the kink is, in names: ``x = 0``.
        left, right: the slopes just below and just above the input; where the result jumps, its values.
        taken: the slope that the op's rule states.
        jumps: whether the result jumps there, so that it has no slope at all.
        usual: whether the op is the library's own, whose choices are those of PyTorch.
    """

    place: str
    left: float
    right: float
    taken: float
    jumps: bool
    usual: bool

    def told(self, what: str, taken: str) -> str:
        """Return what lies on both sides, which slope is taken, and that it is a choice.

        Args:
            what: the name of the result.
            taken: the slope that is taken, in words.
        """
        too = ", as PyTorch does too" if self.usual else ""
        left, right = number(self.left), number(self.right)
        if self.jumps:
            how = "jumps" if left != right else "switches"
            return (
                f"{what} {how} where {self.place}: it is {left} just left of it, and {right} just right. "
                f"A jump has no slope: {taken} is taken{too}, and that is a choice"
            )
        between = (
            f"any slope from {left} to {right} would do" if left != right else "both sides have another slope"
        )
        return (
            f"{what} has a corner where {self.place}: its slope is {left} just left of it, and {right} just "
            f"right. {taken} is taken{too}, and that is a choice: {between}"
        )


def corner(op: Op, inputs: Sequence[float], position: int, names: Sequence[str]) -> Corner | None:
    """Return the corner that an op is at in one of its inputs; None where it has a slope.

    Args:
        op: what is applied.
        inputs: its numbers.
        position: which of them moves.
        names: what its inputs are called.

    >>> corner(ops.relu, [0.0], 0, ["x"]).told("y", "0")
    'y has a corner where x = 0: its slope is 0 just left of it, and 1 just right. 0 is taken, as PyTorch \
does too, and that is a choice: any slope from 0 to 1 would do'
    """
    for kink in op.kinks:
        if kink.gap(*inputs) != 0.0:
            continue
        low, high = kink.slopes(*inputs)[position]
        below, above = (_moved(op, inputs, position, towards) for towards in (-math.inf, math.inf))
        value, partials = op.evaluate(inputs)
        taken = partials[position]
        if below == above == (value, partials):
            continue  # as where 0 % b moves with b; a condition chooses, be what it chooses from equal
        jumps = math.isinf(high - low)
        left, right = (side[0] if jumps else side[1][position] for side in (below, above))
        if jumps or not left == right == taken:
            return Corner(in_names(kink, names), left, right, taken, jumps, is_usual(op))
    return None


def is_usual(op: Op) -> bool:
    """Return whether the op is the library's own, whose choices at kinks are those of PyTorch."""
    return getattr(op.rule, "__module__", "") == ops.__name__


def _moved(op: Op, inputs: Sequence[float], position: int, towards: float) -> tuple[float, tuple[float, ...]]:
    """Return the value and the partials where the input is the next float."""
    moved = [*inputs]
    moved[position] = math.nextafter(moved[position], towards)
    return op.evaluate(moved)


def in_names(kink: Kink, names: Sequence[str]) -> str:
    """Return the place of a kink with the names of the inputs in it, each once."""
    place = kink.where.removesuffix(", a jump")
    meant = dict(zip(inspect.signature(kink.gap).parameters, names, strict=False))
    return re.sub(r"\b[a-z]+\b", lambda word: meant.pop(word[0], word[0]), place)


def is_turned(source: NodeFact, target: NodeFact, position: int) -> bool:
    """Return whether the source is a condition of the target: it may be turned, but never moves a little."""
    is_asked = target.op in CONDITIONS or (target.op == "where" and position == 0)
    return source.op in CONDITIONS and is_asked


class Corners:
    """The corners that the nodes of a trace are at.

    Attributes:
        targets: the nodes into which a corner leads.
        before, behind: the nodes from which, and to which, a change passes a corner: what is said of such a
            change holds by the slopes chosen there.  What a slope of 0 stops gets to none but a jump.

    Args:
        facts: the nodes and edges.
    """

    def __init__(self, facts: Trace) -> None:
        self._nodes = {node.id: node for node in facts.nodes}
        self._inputs = inputs_by_target(facts)
        self._found = dict(self._all())
        self.targets = {target for target, _ in self._found}
        self.before: set[str] = set()
        self.behind: set[str] = set()
        together = {id for id, edges in self._inputs.items() if self._turns_as_a_whole(id, edges)}
        if not self._found and not together:
            return
        jumped, jumping = {*together}, {*together}
        for edge in facts.edges:
            there = self.at(edge)
            if edge.source in jumped or (there and there.jumps):
                jumped.add(edge.target)
            passes = edge.source in self.behind and edge.partial != 0
            if there or passes or edge.target in jumped:
                self.behind.add(edge.target)
        for edge in reversed(facts.edges):
            there = self.at(edge)
            if edge.partial is not None and (edge.target in jumping or (there and there.jumps)):
                jumping.add(edge.source)  # a slope of 0 is none of a jump
            passes = edge.target in self.before and edge.partial not in (None, 0)
            if there or passes or edge.source in jumping:
                self.before.add(edge.source)

    def _all(self) -> Iterator[tuple[tuple[str, int], Corner]]:
        for target, edges in self._inputs.items():
            name = self._nodes[target].op
            if name is None or not TABLE[name].kinks:
                continue
            if name in RELATIONS and len({edge.source for edge in edges}) == 1:
                continue  # a number compared with itself: neither gets ahead
            inputs = [self._nodes[edge.source] for edge in edges]
            names, numbers = [name_of(v) for v in inputs], [v.value for v in inputs]
            for position, v in enumerate(inputs):
                if is_turned(v, self._nodes[target], position) or (v.role == "constant" and v.op is None):
                    continue  # it does not move a little
                found = corner(TABLE[name], numbers, position, names)
                if found is not None:
                    yield (target, position), found

    def _turns_as_a_whole(self, target: str, edges: Sequence[EdgeFact]) -> bool:
        """Return whether a condition that no one number turns can be turned by several that move together."""
        node = self._nodes[target]
        sources = [self._nodes[edge.source] for edge in edges]
        if node.op not in CONNECTIVES:
            return False
        moving = [not is_turned(v, node, k) for k, v in enumerate(sources)]
        at_border = any(kink.gap(*[v.value for v in sources]) == 0 for kink in TABLE[node.op].kinks)
        return sum(moving) > 1 and at_border

    def at(self, edge: EdgeFact) -> Corner | None:
        """Return the corner at which the edge's source enters its target."""
        return self._found.get((edge.target, edge.position))

    def can_turn(self, condition: NodeFact) -> bool:
        """Return whether the smallest change of a number can turn the condition."""
        edges = self._inputs.get(condition.id, [])
        if condition.op in CONNECTIVES:
            return any(self.can_turn(self._nodes[edge.source]) for edge in edges)
        return condition.op in RELATIONS and any(map(self.at, edges))
