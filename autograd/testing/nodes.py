"""One node at a time: whether what it recorded is what its op should have given."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from autograd.formula import formula
from autograd.ops import Op
from autograd.testing.differences import Sided, sided
from autograd.testing.oracle import EPSILON, Numbers, exact, partial_of
from autograd.value import Value, number_of


class Fault(NamedTuple):
    """A partial that is wrong.

    Attributes:
        op: the op at fault.
        position: which of its inputs, from 0.
        formula: the node, in symbols and numbers.
        got: the partial.
        want: the slope of the op's value.
        cause: the likely mistake.
    """

    op: Op
    position: int
    formula: str
    got: float
    want: float
    cause: str


def fault_of(node: Value) -> Fault | None:
    """The first wrong partial of a node that a gradient is sent along; None if all are right."""
    assert node.op is not None
    inputs = [number_of(v) for v in node.inputs]
    if not _is_fresh(node, inputs):
        fresh = node.op.evaluate(inputs)
        place = next((i for i, d in enumerate(fresh[1]) if not _same(d, node.partials[i])), 0)
        cause = "stale: the data of an input was changed after the node was computed"
        return Fault(node.op, place, written(node), node.partials[place], fresh[1][place], cause)
    for i, v in enumerate(node.inputs):
        if v.role != "constant":
            fault = wrong_partial(node.op, inputs, i, written(node))
            if fault is not None:
                return fault
    return None


def wrong_partial(op: Op, inputs: Numbers, i: int, text: str = "") -> Fault | None:
    """The op's ``i``-th partial at these inputs, if it is not the slope of its value there.

    The stated partial and the slope are both computed in many digits, so that they are the same or
    they are not; all that is allowed for is that a constant such as π stands in a rule as a float.
    Where the slopes to both sides differ, any number between them is right.
    """
    left, right = (_slope(op, inputs, i, side) for side in (-1, 1))
    if left is None or right is None or left.jumps or right.jumps:
        return None  # nothing to compare with: the edge of the domain, or a jump
    low, high = sorted([left.slope, right.slope])
    stated = exact(partial_of(op, i), inputs)
    allowed = 4 * EPSILON * max(abs(low), abs(high)) + 1e-50
    if low - allowed <= stated <= high + allowed:
        return None
    allowed += 8 * _sensitivity(op, inputs, i, stated)
    if low - allowed <= stated <= high + allowed:
        return None
    want = (low + high) / 2
    return Fault(op, i, text, float(stated), float(want), cause_of(float(stated), float(want)))


def _slope(op: Op, inputs: Numbers, i: int, side: int) -> Sided | None:
    found = sided(op, [Sided(x, side * (j == i)) for j, x in enumerate(inputs)])
    return found and Sided(found.start, side * found.slope, found.jumps)


def _sensitivity(op: Op, inputs: Numbers, i: int, stated: Any) -> Any:
    """How far the stated partial moves if every input is off by its last digit."""
    moved = [[*inputs[:j], x * (1 + EPSILON), *inputs[j + 1 :]] for j, x in enumerate(inputs) if x]
    return sum(abs(exact(partial_of(op, i), row) - stated) for row in moved)


def cause_of(got: float, want: float) -> str:
    """What usually makes the one number out of the other; "" where nothing usual does."""
    if got == 0.0:
        return "missing term: nothing is sent to this input"
    ratio = got / want if want else math.inf
    for likely, cause in {-1.0: "sign flipped", 2.0: "factor 2 too large", 0.5: "factor 2 too small"}.items():
        if abs(ratio - likely) < 1e-6:
            return cause
    return ""


def written(node: Value) -> str:
    """A node in symbols: its op applied to the labels or numbers of its inputs."""
    assert node.op is not None
    return formula(node.op, [v.label or f"{number_of(v):.4g}" for v in node.inputs])


def is_on_a_kink(node: Value) -> bool:
    """Whether a node is just where its op's derivative is a choice."""
    return node.op is not None and any(k.gap(*map(number_of, node.inputs)) == 0 for k in node.op.kinks)


def _is_fresh(node: Value, inputs: Numbers) -> bool:
    assert node.op is not None
    data, partials = node.op.evaluate(inputs)
    return _same(data, number_of(node)) and all(map(_same, partials, node.partials))


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)
