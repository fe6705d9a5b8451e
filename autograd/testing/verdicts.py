"""The verdict on each input: the reverse pass compared with slopes that are independent of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from autograd import ops
from autograd.core.arithmetic import NOT_REACHED
from autograd.graph import topological_order
from autograd.mistakes import CAUSES, ENGINES, gradients_of
from autograd.node import number_of
from autograd.testing.certificate import CORRECT, KINK, LIMITED, NOT_DIFFERENTIABLE, WRONG, Verdict
from autograd.testing.differences import (
    WITNESSES,
    Estimate,
    Number,
    OneSided,
    noise_of,
    one_sided,
    slope_estimates,
)
from autograd.testing.digits import DIGITS_KEPT, EPSILON, LARGEST, arithmetic, is_real, rule_in_digits
from autograd.testing.node_check import (
    Fault,
    NodeCheck,
    check_node,
    is_on_a_kink,
    partial_without_number,
    written,
)
from autograd.value import Value

ALL_DIGITS, HALF_OF_A_DOUBLE = 15.0, 8.0
"""The decimal digits of a double, and how many must agree for a gradient to be called correct."""
CANCELS = 1e-30
"""A sum in many digits that is smaller than this, relative to its terms, is 0."""


class Beside(NamedTuple):
    """A function just beside the point, where it takes another branch: its value, slope, and the step."""

    value: float
    slope: float
    step: float


class Calls(NamedTuple):
    """What calls of the function itself show that the graph at the point does not.

    Attributes:
        hidden: for the ``i``-th input at some number, what the function gives there beyond what the graph
            at the point gives; None where it takes another branch.
        beside: for the ``i``-th input and a side, the function just beside the point if its graph is
            another one there; else None.
        follows: the inputs that the function may depend on in a way that its graph does not show.
        branches: the inputs in which the function may branch at this point.
    """

    hidden: Callable[[int, float], Number | None]
    beside: Callable[[int, int], Beside | None]
    follows: frozenset[int] = frozenset()
    branches: frozenset[int] = frozenset()


class Evidence:
    """A graph, and what all verdicts on its inputs share: each node is checked once.

    Args:
        output: the Value that was differentiated.
        sources: the inputs.
        names: their names.
        calls: what calls of the function show.
    """

    def __init__(self, output: Value, sources: Sequence[Value], names: Sequence[str], calls: Calls) -> None:
        self.output = output
        self.sources = sources
        self.names = names
        self.calls = calls
        self.order = topological_order(output)
        self.noise = noise_of(self.order)
        self.reach = _reach(self.order, sources)
        self.not_taken = _not_taken(self.order, self.reach)
        self.infinite = {node: bits for node in self._flowing() if (bits := self._infinite_along(node))}
        self.locals = self._checked_nodes()
        self.faulty = [node for node, found in self.locals.items() if found.fault]
        self.kinks = [node for node, found in self.locals.items() if not found.smooth]
        self.right_gradients = gradients_of(ENGINES["right"], output)
        self.route_sizes = self._route_sizes()

    def verdict(self, i: int, name: str, gradient: float) -> Verdict:
        """Return the verdict on the gradient of the ``i``-th input."""
        found = self._verdict_of_graph(i, name, gradient)
        if found.verdict != WRONG and i in self.calls.follows:
            found = self._hidden_dependence(i, found)
        if found.verdict in (CORRECT, LIMITED) and i in self.calls.branches:
            found = self._branch_beside(i, found)
        return found

    # ------------------------------------------------------------------------------ node by node

    def _flowing(self) -> Iterator[Value]:
        """Yield the nodes that something flows through from an input to the output."""
        return (v for v in self.order if v.op is not None and self.reach[v] and v not in self.not_taken)

    def _moving(self, node: Value) -> list[int]:
        """Return the positions of the inputs of a node that move with the inputs of the graph."""
        return [k for k, v in enumerate(node.inputs) if self.reach[v]]

    def _infinite_along(self, node: Value) -> int:
        """Return the inputs of the graph, as bits, along which a node has no finite slope."""
        if not math.isfinite(number_of(node)):
            return self.reach[node]
        bits = 0
        for v, d in zip(node.inputs, node.partials, strict=True):
            if not math.isfinite(d) and v not in self.not_taken:
                bits |= self.reach[v]
        return bits

    def _checked_nodes(self) -> dict[Value, NodeCheck]:
        found: dict[Value, NodeCheck] = {}
        for node in self._flowing():
            if math.isfinite(number_of(node)):
                moving = [k for k in self._moving(node) if not _is_still(node.inputs[k], found)]
                found[node] = check_node(node, [k for k in moving if math.isfinite(node.partials[k])])
        return found

    def _verdict_of_graph(self, i: int, name: str, gradient: float) -> Verdict:
        at = number_of(self.sources[i])
        for node in (node for node, bits in self.infinite.items() if bits >> i & 1):
            fault = (
                partial_without_number(node, self._moving(node)) if math.isfinite(number_of(node)) else None
            )
            if fault is not None:
                return self._accused(i, name, gradient, fault)
            op = node.op.name if node.op else ""
            detail = f"the slope of {written(node)} is not finite"
            return Verdict(name, at, gradient, None, NOT_DIFFERENTIABLE, op=op, detail=detail)
        for node in self._on_routes_from(i, self.faulty):
            fault = self.locals[node].fault
            if fault is not None:
                return self._accused(i, name, gradient, fault)
        kinks = list(self._on_routes_from(i, self.kinks))
        slope = None if kinks else float(self.gradients_by_slopes.get(self.sources[i], 0))
        wrong = self._wrong_sum(i, name, gradient, slope)
        if wrong is not None:
            return wrong
        if kinks:
            return self._at_a_kink(i, name, gradient, kinks[0])
        return _agreeing(name, at, gradient, float(self.gradients_anew.get(self.sources[i], 0)))

    def _on_routes_from(self, i: int, nodes: Sequence[Value]) -> Iterator[Value]:
        """Yield those of the nodes that are on a route from the ``i``-th input."""
        return (node for node in nodes if self.reach[node] >> i & 1)

    def _at_a_kink(self, i: int, name: str, gradient: float, kink: Value) -> Verdict:
        at, detail = number_of(self.sources[i]), f"at {written(kink)}"
        op = kink.op.name if kink.op else ""
        left, right = (self._to_one_side(i, side) for side in (-1, 1))
        if left is None or right is None or left.jumps or right.jumps:
            what = "the edge of the domain" if left is None or right is None else "a jump"
            return Verdict(name, at, gradient, None, NOT_DIFFERENTIABLE, op=op, detail=f"{what} {detail}")
        low, high = sorted([left.slope, right.slope])
        slope = float((low + high) / 2)
        if high - low > CANCELS * self.route_sizes.get(self.sources[i], 0.0):
            interval = float(low), float(high)
            return Verdict(name, at, gradient, slope, KINK, interval=interval, op=op, detail=detail)
        if abs(gradient - slope) > self._rounding(i, gradient):
            detail = f"the subgradients taken {detail} do not add up to the slope"
            return Verdict(name, at, gradient, slope, KINK, op=op, detail=detail)
        return _agreeing(name, at, gradient, slope)

    def _accused(self, i: int, name: str, gradient: float, fault: Fault) -> Verdict:
        right = self._to_one_side(i, 1)
        slope = None if right is None else float(right.slope)
        apart = None if slope is None or not math.isfinite(gradient) else ulps_between(gradient, slope)
        at, detail = number_of(self.sources[i]), _accusation(fault)
        return Verdict(name, at, gradient, slope, WRONG, ulps=apart, op=fault.op.name, detail=detail)

    # ------------------------------------------------------------------------- the chain rule itself

    @cached_property
    def gradients_by_slopes(self) -> dict[Value, Any]:
        """∂output/∂v in many digits, from the slopes of each node at the numbers it was computed from."""
        return self._chained({node: found.slopes for node, found in self.locals.items()})

    @cached_property
    def gradients_anew(self) -> dict[Value, Any]:
        """The same where the nodes themselves are computed anew in many digits."""
        mp = arithmetic()
        with mp.workdps(DIGITS_KEPT):
            numbers = {v: mp.mpf(number_of(v)) for v in self.order}
            partials: dict[Value, Sequence[Any]] = {}
            for node in self.order:
                if node.op is None:
                    continue
                if not math.isfinite(number_of(node)):  # computing its digits could take forever
                    numbers[node] = mp.nan
                    continue
                value, partials_of = rule_in_digits(node.op)
                inputs = [numbers[v] for v in node.inputs]
                try:
                    numbers[node] = mp.mpf(value(inputs))
                    if node in self.locals:
                        partials[node] = partials_of(numbers[node], inputs)
                except (ArithmeticError, ValueError, TypeError):  # in a branch that is not taken
                    numbers[node] = mp.nan
        known = {k: d for k, d in partials.items() if all(is_real(d[j]) for j in self._moving(k))}
        return self._chained({k: known.get(k, found.slopes) for k, found in self.locals.items()})

    def _chained(self, slopes: dict[Value, Sequence[Any]]) -> dict[Value, Any]:
        mp = arithmetic()
        with mp.workdps(2 * DIGITS_KEPT):
            total: dict[Value, Any] = {self.output: mp.mpf(1)}
            for node in reversed(self.order):
                if node in total and node in slopes and node.role != "constant":
                    for k in self._moving(node):
                        v = node.inputs[k]
                        total[v] = total.get(v, 0) + total[node] * slopes[node][k]
        return total

    def _to_one_side(self, i: int, side: int) -> OneSided | None:
        """Return what the output does as the ``i``-th input moves to one side; None where it cannot.

        Each node is moved at the inputs that it was computed from, so that kinks are where the graph
        met them; behind a jump it is computed anew.
        """
        moves: dict[Value, OneSided] = {self.sources[i]: OneSided(number_of(self.sources[i]), 1)}
        moved: set[Value] = set()
        with arithmetic().workdps(2 * DIGITS_KEPT):
            for node in self._on_routes_from(i, [*self.locals]):
                inputs = [moves.get(v) or OneSided(number_of(v), 0) for v in node.inputs]
                anew = not moved.isdisjoint(node.inputs)
                if self.locals[node].smooth and not anew:
                    slopes = self.locals[node].slopes
                    total = sum(d * v.slope for d, v in zip(slopes, inputs, strict=True) if v.slope)
                    moves[node] = OneSided(number_of(node), total)
                    continue
                found = (
                    one_sided(node.op, [OneSided(v.start, side * v.slope) for v in inputs])
                    if node.op
                    else None
                )
                if found is None:
                    return None
                anew = anew or found.jumps
                moves[node] = OneSided(found.start if anew else number_of(node), side * found.slope)
                if anew:
                    moved.add(node)
            last = moves.get(self.output, OneSided(number_of(self.output), 0))
            jumps = self.output in moved and abs(last.start - number_of(self.output)) > self.noise
            return OneSided(last.start, last.slope, bool(jumps))

    def _rounding(self, i: int, gradient: float) -> float:
        return 4 * len(self.order) * EPSILON * max(abs(gradient), self.route_sizes.get(self.sources[i], 0.0))

    def _route_sizes(self) -> dict[Value, float]:
        """Return the sum over all routes of the sizes of their products: what cancels in a gradient."""
        total: dict[Value, float] = {self.output: 1.0}
        for node in reversed(self.order):
            if node in total:
                for v, d in zip(node.inputs, node.partials, strict=True):
                    if v.role != "constant" and d is not NOT_REACHED:
                        total[v] = total.get(v, 0.0) + abs(total[node] * d)
        return total

    def _wrong_sum(self, i: int, name: str, gradient: float, slope: float | None) -> Verdict | None:
        """Return a verdict if right partials were put together wrongly: the chain rule itself is at fault."""
        at = number_of(self.sources[i])
        right = self.right_gradients.get(self.sources[i], 0.0)
        if not math.isfinite(right):
            return None
        if abs(gradient - right) <= self._rounding(i, gradient):
            return None
        want = right if slope is None else slope
        cause = next((CAUSES[k] for k in CAUSES if self._is_that_of(k, i, gradient)), "the chain rule")
        detail = f"every partial is right; likely {cause}"
        return Verdict(name, at, gradient, want, WRONG, ulps=ulps_between(gradient, want), detail=detail)

    def _is_that_of(self, engine: str, i: int, gradient: float) -> bool:
        found = gradients_of(ENGINES[engine], self.output).get(self.sources[i], 0.0)
        return abs(found - gradient) <= self._rounding(i, gradient)

    # ------------------------------------------------------------------------- the function itself

    def _hidden_dependence(self, i: int, found: Verdict) -> Verdict:
        """Accuse the gradient if the function follows its input in a way that the graph does not show."""
        if any(self._jumps(i, found.at, side * a_little(found.at)) for side in (-1, 1)):
            detail = "the function jumps here, in a way that its graph does not show"
            return Verdict(found.name, found.at, found.gradient, None, NOT_DIFFERENTIABLE, detail=detail)
        candidates = slope_estimates(lambda x: self.calls.hidden(i, x), found.at)[:WITNESSES]
        if len(candidates) < WITNESSES or not all(c.excludes(0.0) for c in candidates):
            return found
        best: Estimate = candidates[0]
        slope = best.slope + (found.gradient if found.slope is None else found.slope)
        slope = 0.0 if abs(slope) <= best.bound else slope
        detail = (
            f"cut graph: a constant follows the input {self.names[i]}; "
            ".data, float(…) or detach() took it out of the graph"
        )
        apart = ulps_between(found.gradient, slope)
        return Verdict(found.name, found.at, found.gradient, slope, WRONG, ulps=apart, detail=detail)

    def _jumps(self, i: int, at: float, step: float) -> bool:
        """Return whether what the graph does not show appears at once, rather than growing with the step."""
        near, farther = self.calls.hidden(i, at + step), self.calls.hidden(i, at + 1000 * step)
        if near is None or farther is None:
            return False
        return abs(near.value) > near.noise and 2 * abs(near.value) > abs(farther.value)

    def _branch_beside(self, i: int, found: Verdict) -> Verdict:
        """Find a kink or a jump where the function takes another branch just beside the point."""
        size = number_of(self.output)
        here = Beside(size, found.gradient, 0.0)
        both = [self.calls.beside(i, side) or here for side in (-1, 1)]
        if both == [here, here]:
            return found
        if any(abs(b.value - size) > 2 * abs(b.slope * b.step) + self.noise for b in both):
            told, detail = NOT_DIFFERENTIABLE, "the function branches here, and jumps"
            return Verdict(found.name, found.at, found.gradient, None, told, detail=detail)
        low, high = sorted(b.slope for b in both)
        if high - low <= self._rounding(i, max(abs(low), abs(high))):
            return found
        detail = "the function branches here"
        slope = (low + high) / 2
        return Verdict(found.name, found.at, found.gradient, slope, KINK, interval=(low, high), detail=detail)


def _reach(order: Sequence[Value], sources: Sequence[Value]) -> dict[Value, int]:
    """Return for each node the inputs that it depends on, the ``i``-th one as the bit 2ⁱ."""
    reach = {v: 1 << i for i, v in enumerate(sources)}
    for node in order:
        if node not in reach:
            bits = 0
            for v in node.inputs:
                bits |= reach[v]
            reach[node] = bits
    return reach


def _not_taken(order: Sequence[Value], reach: dict[Value, int]) -> set[Value]:
    """Return the nodes that only branches not taken depend on, if some number there is not finite."""
    flowing = [v for v in order if reach[v] and v.op is not None]
    if all(math.isfinite(number_of(v)) and all(map(math.isfinite, v.partials)) for v in flowing):
        return set()
    live = {order[-1]}
    for node in reversed(order):
        if node in live:
            live.update(v for k, v in enumerate(node.inputs) if not _ignores(node, k))
    return {v for v in order if v not in live}


def _ignores(node: Value, position: int) -> bool:
    """Return whether an input is a branch that is not taken, neither here nor just beside."""
    if node.op not in ops.BRANCHES or position == 0 or node.partials[position] is not NOT_REACHED:
        return False
    return not is_on_a_kink(node.inputs[0])


def _is_still(v: Value, found: dict[Value, NodeCheck]) -> bool:
    """Return whether a node is a condition that does not change: flat to all sides."""
    return v.role == "constant" and v in found and found[v].smooth


def a_little(x: float) -> float:
    """Return a step that makes a difference to a number, and to little else."""
    return 4 * math.ulp(x) if x else 1e-60


def _agreeing(name: str, at: float, gradient: float, slope: float) -> Verdict:
    digits = digits_of(gradient, slope)
    told = LIMITED if digits < HALF_OF_A_DOUBLE else CORRECT
    return Verdict(name, at, gradient, slope, told, digits)


def _accusation(fault: Fault) -> str:
    which = f"∂{fault.op.name}/∂input {fault.position + 1}"
    cause = f": {fault.cause}" if fault.cause else ""
    return f"{which} of {fault.formula} is {fault.got:.6g}, its slope {fault.want:.6g}{cause}"


def digits_of(got: float, want: float) -> float:
    """Return how many decimal digits of ``got`` are those of ``want``."""
    if got == want:
        return ALL_DIGITS
    if want == 0.0 or not math.isfinite(got):
        return 0.0
    return min(ALL_DIGITS, max(0.0, -math.log10(abs(got - want) / abs(want))))


def ulps_between(got: float, want: float) -> float:
    """Return how far apart two numbers are, in units in the last place of the second."""
    return abs(got - want) / math.ulp(min(abs(want), LARGEST)) if got != want else 0.0
