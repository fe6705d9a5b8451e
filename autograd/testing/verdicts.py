"""The verdict on each input: the reverse pass held against slopes that know nothing of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from autograd.graph import between, topological_order
from autograd.testing.broken import ENGINES, gradients_of
from autograd.testing.differences import Estimate, Number, estimates, noise_of, sided_slopes
from autograd.testing.nodes import Fault, fault_of, is_on_a_kink, written
from autograd.testing.oracle import EPSILON, LARGEST
from autograd.testing.table import CORRECT, KINK, LIMITED, NOT_DIFFERENTIABLE, WRONG, Verdict
from autograd.value import Value, number_of

ALL_DIGITS = 15.0
HALF_OF_A_DOUBLE = 8.0
WITNESSES = 3  # so many differences must agree before a gradient is called wrong

Rerun = Callable[[int, float], "Number | None"]


class Beside(NamedTuple):
    """A function just beside the point, where it takes another branch: its value, slope, and the step."""

    value: float
    slope: float
    step: float


@dataclass
class Evidence:
    """A graph, with what all verdicts on its inputs share.

    Attributes:
        output: the Value that was differentiated.
        rerun: the output computed anew with another number for one of the inputs; None where the
            function takes another branch there or cannot be computed.
        beside: the function a small step to one side of one of the inputs, where it takes another
            branch there; else None.
        cut: says what a function's graph does not show, where it changes with its inputs.
    """

    output: Value
    rerun: Rerun
    beside: Callable[[int, int], Beside | None]
    cut: Callable[[int], str]
    order: list[Value] = field(init=False)
    noise: float = field(init=False)
    _faults: dict[Value, Fault | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.order = topological_order(self.output)
        self.noise = noise_of(self.order)

    def verdict(self, i: int, source: Value, name: str, gradient: float) -> Verdict:
        """The verdict on the gradient of the ``i``-th input."""
        route = [node for node in between(source, self.output) if node.op is not None]
        found = self._in_the_graph(source, name, gradient, route)
        if found.verdict not in (CORRECT, LIMITED):
            return found
        return self._rerun(i, source, found) or found

    # ------------------------------------------------------------------------------ node by node

    def _in_the_graph(self, source: Value, name: str, gradient: float, route: Sequence[Value]) -> Verdict:
        at = number_of(source)
        moving = {source, *route}
        for node in route:
            if not all(
                math.isfinite(d) for v, d in zip(node.inputs, node.partials, strict=True) if v in moving
            ):
                detail = f"the slope of {written(node)} is not finite"
                op = node.op.name if node.op else ""
                return Verdict(name, at, gradient, None, NOT_DIFFERENTIABLE, op=op, detail=detail)
        for node in route:
            fault = self._fault(node)
            if fault is not None:
                return self._accused(source, name, gradient, fault)
        sides = [sided_slopes(self.order, source, side, self.noise) for side in (-1, 1)]
        left, right = sides
        kinks = [node for node in route if is_on_a_kink(node)]
        wrong = self._wrong_sum(source, name, gradient, None if kinks or left is None else float(left.slope))
        if wrong is not None:
            return wrong
        op = kinks[0].op.name if kinks and kinks[0].op else ""
        detail = f"at {written(kinks[0])}" if kinks else ""
        if left is None or right is None or left.jumps or right.jumps:
            what = "the edge of the domain" if left is None or right is None else "a jump"
            return Verdict(
                name, at, gradient, None, NOT_DIFFERENTIABLE, op=op, detail=f"{what} {detail}".strip()
            )
        low, high = sorted([left.slope, right.slope])
        same = high - low <= 16 * EPSILON * max(abs(low), abs(high)) + 1e-40
        slope = float((low + high) / 2)
        if not same or (kinks and abs(gradient - slope) > self._rounding(source, gradient)):
            interval = None if same else (float(low), float(high))
            told = f"the subgradients taken {detail} do not add up to the slope" if same else detail
            return Verdict(name, at, gradient, slope, KINK, interval=interval, op=op, detail=told)
        if not kinks:
            exact = [sided_slopes(self.order, source, side, self.noise, exactly=True) for side in (-1, 1)]
            if exact[0] is not None and exact[1] is not None:
                slope = float((exact[0].slope + exact[1].slope) / 2)
        digits = digits_of(gradient, slope)
        return Verdict(name, at, gradient, slope, LIMITED if digits < HALF_OF_A_DOUBLE else CORRECT, digits)

    def _accused(self, source: Value, name: str, gradient: float, fault: Fault) -> Verdict:
        right = sided_slopes(self.order, source, 1, self.noise)
        slope = None if right is None else float(right.slope)
        apart = None if slope is None else ulps_between(gradient, slope)
        at, detail = number_of(source), _accusation(fault)
        return Verdict(name, at, gradient, slope, WRONG, ulps=apart, op=fault.op.name, detail=detail)

    def _fault(self, node: Value) -> Fault | None:
        if node not in self._faults:
            self._faults[node] = None if node.role == "constant" else fault_of(node)
        return self._faults[node]

    def _rounding(self, source: Value, gradient: float) -> float:
        return 4 * len(self.order) * EPSILON * max(abs(gradient), *self._routes(source))

    def _routes(self, source: Value) -> list[float]:
        """The sum over all routes of the sizes of their products: what cancels in a gradient."""
        total: dict[Value, float] = {self.output: 1.0}
        for node in reversed(self.order):
            for v, d in zip(node.inputs, node.partials, strict=True):
                if node in total and v.role != "constant":
                    total[v] = total.get(v, 0.0) + abs(total[node] * d)
        return [total.get(source, 0.0), 0.0]

    def _wrong_sum(self, source: Value, name: str, gradient: float, slope: float | None) -> Verdict | None:
        """Wrong if the right partials were put together wrongly: the chain rule itself."""
        right = gradients_of(ENGINES["right"], self.output).get(source, 0.0)
        if not math.isfinite(right) or abs(gradient - right) <= self._rounding(source, gradient):
            return None
        want = right if slope is None else slope
        cause = next((_CAUSES[k] for k in _CAUSES if self._is_from(k, source, gradient)), "the chain rule")
        at, detail = number_of(source), f"every partial is right; likely {cause}"
        return Verdict(name, at, gradient, want, WRONG, ulps=ulps_between(gradient, want), detail=detail)

    def _is_from(self, engine: str, source: Value, gradient: float) -> bool:
        found = gradients_of(ENGINES[engine], self.output).get(source, 0.0)
        return abs(found - gradient) <= self._rounding(source, gradient)

    # ------------------------------------------------------------------------- the function re-run

    def _rerun(self, i: int, source: Value, found: Verdict) -> Verdict | None:
        """What differences of the function in doubles object to; None if nothing."""
        candidates = estimates(lambda x: self.rerun(i, x), found.at)[:WITNESSES]
        slopes = (found.gradient, found.gradient if found.slope is None else found.slope)
        if len(candidates) < WITNESSES or not all(c.excludes(x) for c in candidates for x in slopes):
            return self._branches(i, found)
        best: Estimate = candidates[0]
        cause = self.cut(i) or "the function changes in a way that its graph does not show"
        detail = f"cut graph: {cause}"
        apart = ulps_between(found.gradient, best.slope)
        return Verdict(found.name, found.at, found.gradient, best.slope, WRONG, ulps=apart, detail=detail)

    def _branches(self, i: int, found: Verdict) -> Verdict | None:
        """A kink or a jump where the function goes another way just beside; None where it does not."""
        size = number_of(self.output)
        here = Beside(size, found.gradient, 0.0)
        both = [self.beside(i, side) or here for side in (-1, 1)]
        if both == [here, here]:
            return None
        if any(abs(b.value - size) > 2 * abs(b.slope * b.step) + self.noise for b in both):
            told, detail = NOT_DIFFERENTIABLE, "the function branches here, and jumps"
            return Verdict(found.name, found.at, found.gradient, None, told, detail=detail)
        low, high = sorted(b.slope for b in both)
        if low == high:
            return None
        detail = "the function branches here"
        slope = (low + high) / 2
        return Verdict(found.name, found.at, found.gradient, slope, KINK, interval=(low, high), detail=detail)


_CAUSES = {
    "overwrites": "overwritten accumulation: = where += belongs",
    "depth_first": "no topological order: a node passed its gradient on before all of it had arrived",
    "keeps_intermediates": "stale gradients: those of an earlier pass were not reset",
    "drops_factor": "a dropped factor: the partial was passed on without its upstream",
}


def _accusation(fault: Fault) -> str:
    which = f"∂{fault.op.name}/∂input {fault.position + 1}"
    cause = f": {fault.cause}" if fault.cause else ""
    return f"{which} of {fault.formula} is {fault.got:.6g}, its slope {fault.want:.6g}{cause}"


def digits_of(got: float, want: float) -> float:
    """How many decimal digits of ``got`` are those of ``want``."""
    if got == want:
        return ALL_DIGITS
    if want == 0.0 or not math.isfinite(got):
        return 0.0
    return min(ALL_DIGITS, max(0.0, -math.log10(abs(got - want) / abs(want))))


def ulps_between(got: float, want: float) -> float:
    """How far apart two numbers are, in units in the last place of the second."""
    return abs(got - want) / math.ulp(min(abs(want), LARGEST)) if got != want else 0.0
