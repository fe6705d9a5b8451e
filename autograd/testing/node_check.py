"""The check of one node: whether the value and partials it recorded are those of its op."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.core.primitive import Op
from autograd.functional.gradients import VALUES
from autograd.node import number_of
from autograd.notation.formula import formula
from autograd.testing.differences import TINY, OneSided, one_sided
from autograd.testing.digits import (
    DIGITS_KEPT,
    EPSILON,
    LARGEST,
    Numbers,
    arithmetic,
    exact,
    is_real,
    partial_of,
    rule_in_digits,
)
from autograd.value import Value

DIGITS_HERE = 2 * DIGITS_KEPT, 480
"""The digits that are tried: enough for all but the tails of functions, then enough for the tails too."""
VERY_STEEP = 1e10
"""A step is made smaller where it would change the value by more than this, relative to itself."""
RESOLVED = 36
"""A difference must have this many digits left."""
THE_SAME = 1e-30
"""Two slopes are the same if they differ by less than this, relative to themselves."""
UNDERFLOWS = -330
"""10 to this power is 0 as a float."""


class Fault(NamedTuple):
    """A partial that is wrong.

    Attributes:
        op: the op at fault.
        position: which of its inputs, from 0.
        formula: the node, in symbols and numbers.
        got: the recorded or stated partial.
        want: the slope of the op's value.
        cause: the likely mistake.
    """

    op: Op
    position: int
    formula: str
    got: float
    want: float
    cause: str


class NodeCheck(NamedTuple):
    """What differences say of one node.

    Attributes:
        slopes: of the op's value, one per input, in many digits; 0 for an input that does not move.
        smooth: whether the slopes to both sides of every input are the same.
        fault: the first partial that is not the slope.
    """

    slopes: Sequence[Any]
    smooth: bool
    fault: Fault | None = None


def check_node(node: Value, moving: Sequence[int]) -> NodeCheck:
    """Look at one node.

    Args:
        node: what an op computed.
        moving: the positions of the inputs that something flows through.
    """
    assert node.op is not None
    inputs = [number_of(v) for v in node.inputs]
    stale = None if _is_fresh(node, inputs) else _stale(node, inputs)
    slopes = None
    if all(math.isfinite(inputs[k]) for k in moving) and not is_on_a_kink(node):
        slopes = _along_one_direction(node.op, inputs, moving)
    found = NodeCheck(slopes, True) if slopes is not None else _one_by_one(node, inputs, moving)
    return found._replace(fault=stale) if stale else found


def _along_one_direction(op: Op, inputs: Numbers, moving: Sequence[int]) -> Sequence[Any] | None:
    """Return the stated partials if one central difference confirms them all, else None.

    The direction moves each input so that all partials should contribute alike: a wrong one shows,
    however small it is beside the others.
    """
    mp = arithmetic()
    value, partials = rule_in_digits(op)
    sizes: dict[int, Any] = {k: min(abs(inputs[k]) or 1.0, 1.0) for k in moving}
    smallest = min(sizes.values(), default=1.0)
    for digits in DIGITS_HERE:
        with mp.workdps(digits):
            x = [mp.mpf(number) for number in inputs]
            here = value(x)
            if not is_real(here):
                return None
            try:
                stated = partials(here, x)
            except (ArithmeticError, ValueError, TypeError):
                return None
            if not all(is_real(stated[k]) for k in moving):
                return None
            tiny = mp.mpf(10) ** UNDERFLOWS
            for k in moving:  # a step must not change the value by more than a little
                if here and abs(stated[k]) * sizes[k] > abs(here) * VERY_STEEP:
                    sizes[k] = abs(here / stated[k])
            shares = {k: abs(stated[k]) * sizes[k] for k in moving if abs(stated[k]) > tiny}
            least = min(shares.values(), default=1)
            step = mp.mpf(10) ** -TINY
            above, below, total, size = list(x), list(x), mp.mpf(0), mp.mpf(0)
            for count, k in enumerate(moving):
                move = mp.mpf(1 + 0.618 * (count + 1) % 1)  # all different, so that nothing cancels
                move *= sizes[k] * least / shares[k] if k in shares else smallest
                above[k] += step * move
                below[k] -= step * move
                total += stated[k] * move
                size += abs(stated[k] * move)
            high, low = value(above), value(below)
            if not (is_real(high) and is_real(low)):
                return None
            largest = max(abs(high), abs(low))
            flat = not size and here == high == low
            if largest and abs(high - low) < largest * mp.mpf(10) ** (RESOLVED - digits):
                if (flat and digits == DIGITS_HERE[-1]) or (size and not shares):
                    break
                continue
            slope, bend = (high - low) / (2 * step), (high - 2 * here + low) / step
            allowed = size * (4 * EPSILON if len(shares) == 1 and len(moving) == 1 else THE_SAME)
            if abs(slope - total) <= allowed and (flat or abs(bend) <= size * 1e-15):
                break
            return None
    else:
        return None
    return [mp.mpf(d) if k in sizes else mp.mpf(0) for k, d in enumerate(stated)]


def _one_by_one(node: Value, inputs: Numbers, moving: Sequence[int]) -> NodeCheck:
    """Look at each input alone, to both sides."""
    assert node.op is not None
    mp = arithmetic()
    slopes, smooth, fault = [mp.mpf(0)] * len(inputs), True, None
    for k in moving:
        sides = _sides(node.op, inputs, k)
        slopes[k] = mp.mpf(node.partials[k])
        if sides is None:
            smooth = False
            continue
        low, high = sides
        slopes[k] = (low + high) / 2
        smooth = smooth and high - low <= THE_SAME * max(abs(low), abs(high))
        if fault is None and node.role != "constant" and node.inputs[k].role != "constant":
            fault = _fault(node.op, inputs, k, low, high, written(node))
        smooth = smooth and not any(slopes[k] != node.partials[k] for _ in _chosen_from(node.op, inputs, k))
    return NodeCheck(slopes, smooth, fault)


def partial_without_number(node: Value, moving: Sequence[int]) -> Fault | None:
    """Return the first partial of a node that is infinite or nan where its op's value has a slope."""
    assert node.op is not None
    inputs = [number_of(v) for v in node.inputs]
    for k in moving:
        if not math.isfinite(node.partials[k]) and node.inputs[k].role != "constant":
            fault = wrong_partial(node.op, inputs, k, written(node))
            if fault is not None:
                return fault
    return None


def all_partials_confirmed(op: Op, inputs: Numbers) -> bool:
    """Return whether one difference, with all inputs moving, confirms all partials at once."""
    if any(kink.gap(*inputs) == 0 for kink in op.kinks):
        return False
    return _along_one_direction(op, inputs, range(len(inputs))) is not None


def wrong_partial(op: Op, inputs: Numbers, i: int, text: str = "") -> Fault | None:
    """Return the op's ``i``-th partial at these inputs, if it is not the slope of its value there.

    The stated partial and the slope are both computed in many digits, so that they are the same or
    they are not; the only allowance is for constants such as π, which stand in a rule as floats.
    Where the slopes to both sides differ, any number between them is right.

    Raises:
        ValueError: if the rule computes in floats rather than in the arithmetic that it is given.
    """
    sides = _sides(op, inputs, i)
    return None if sides is None else _fault(op, inputs, i, *sides, text)


def one_sided_slopes(op: Op, inputs: Numbers, i: int) -> tuple[Any, Any] | None:
    """Return the slopes to the left and to the right in the ``i``-th input; None at an edge or a jump."""
    found = []
    for side in (-1, 1):
        moves = [OneSided(x, side * (j == i)) for j, x in enumerate(inputs)]
        one = one_sided(op, moves)
        if one is not None and not one.slope and not one.jumps and one.start:
            one = one_sided(op, moves, more=DIGITS_HERE[-1])  # flat, or changing too little for so few digits
        if one is None or one.jumps:
            return None
        found.append(side * one.slope)
    return found[0], found[1]


def _sides(op: Op, inputs: Numbers, i: int) -> tuple[Any, Any] | None:
    """Return the smaller and the larger of the slopes to the left and to the right."""
    with arithmetic().workdps(2 * DIGITS_KEPT):
        sides = one_sided_slopes(op, inputs, i)
        return sides and (min(sides), max(sides))


def _fault(op: Op, inputs: Numbers, i: int, low: Any, high: Any, text: str) -> Fault | None:
    try:
        stated = exact(partial_of(op, i), inputs)
    except (ArithmeticError, ValueError, TypeError):  # no real number: the doubles have infinity or nan
        return _without_number(op, inputs, i, low, high, text)
    if not is_real(stated):
        return _without_number(op, inputs, i, low, high, text)
    if max(abs(stated), abs(low), abs(high)) < arithmetic().mpf(10) ** UNDERFLOWS:
        return None
    allowed = 4 * EPSILON * max(abs(low), abs(high)) + 1e-50 * bool(low != high)
    if low - allowed <= stated <= high + allowed:
        return None
    allowed += min(8 * _sensitivity(op, inputs, i, stated), 1e-6 * max(abs(low), abs(high)))
    if low - allowed <= stated <= high + allowed:
        return None
    if any(least <= stated <= most for least, most in _chosen_from(op, inputs, i)):
        return None
    _refuse_floats(op, inputs)
    want = (low + high) / 2
    return Fault(op, i, text, float(stated), float(want), cause_of(float(stated), float(want)))


def _without_number(op: Op, inputs: Numbers, i: int, low: Any, high: Any, text: str) -> Fault | None:
    """Return a fault if the rule states no number although the value has a slope there, inside its domain."""
    stated = op.evaluate(inputs)[1][i]
    if math.isfinite(stated) or not all(x in op.domain_of(k) for k, x in enumerate(inputs)):
        return None
    steepest = max(abs(low), abs(high))
    if high - low > THE_SAME * steepest or steepest > LARGEST / 1000:  # a kink; or too steep for a double
        return None
    return Fault(op, i, text, stated, float((low + high) / 2), "no number, where the value has a slope")


def _sensitivity(op: Op, inputs: Numbers, i: int, stated: Any) -> Any:
    """Return how far the stated partial moves if every input is off by its last digit."""
    moved = [[*inputs[:j], x * (1 + EPSILON), *inputs[j + 1 :]] for j, x in enumerate(inputs) if x]
    return sum(abs(exact(partial_of(op, i), row) - stated) for row in moved)


def _refuse_floats(op: Op, inputs: Numbers) -> None:
    """Raise if the rule does not compute in the arithmetic it is given: then it cannot be checked."""
    value = op.rule(VALUES)[0]
    leaves = [Value(x) for x in inputs]
    try:
        value(leaves) if op.variadic else value(*leaves)
    except TypeError as error:
        raise ValueError(
            f"the rule of the op {op.name} computes in floats of its own ({error}): it can be neither "
            "checked in 50 digits nor differentiated twice. Write it with operators and the functions of "
            "the arithmetic m that it is given: m.exp(a) rather than math.exp(a)"
        ) from error


def cause_of(got: float, want: float) -> str:
    """Return the usual mistake that makes the one number out of the other; "" if there is none."""
    if got == 0.0:
        return "missing term: nothing is sent to this input"
    ratio = got / want if want else math.inf
    for likely, cause in {-1.0: "sign flipped", 2.0: "factor 2 too large", 0.5: "factor 2 too small"}.items():
        if abs(ratio - likely) < 1e-6:
            return cause
    return ""


def written(node: Value) -> str:
    """Write a node in symbols: its op applied to the labels or numbers of its inputs."""
    assert node.op is not None
    return formula(node.op, [v.label or f"{number_of(v):.4g}" for v in node.inputs])


def is_on_a_kink(node: Value) -> bool:
    """Return whether a node is exactly where the derivative of its op is stated to be a choice."""
    return node.op is not None and any(kink.gap(*map(number_of, node.inputs)) == 0 for kink in node.op.kinks)


def _chosen_from(op: Op, inputs: Numbers, i: int) -> list[tuple[float, float]]:
    """Return the intervals that the op states for its ``i``-th partial at the kinks it is on.

    They can hold more than the slopes to both sides of this one input: clip(x, 1, 1) is flat in x,
    and a slope of 1 in x is a limit of those beside it.
    """
    return [kink.slopes(*inputs)[i] for kink in op.kinks if kink.gap(*inputs) == 0]


def _stale(node: Value, inputs: Numbers) -> Fault:
    assert node.op is not None
    fresh = node.op.evaluate(inputs)
    place = next((i for i, d in enumerate(fresh[1]) if not _same(d, node.partials[i])), 0)
    cause = "stale: the data of an input was changed after the node was computed"
    return Fault(node.op, place, written(node), node.partials[place], fresh[1][place], cause)


def _is_fresh(node: Value, inputs: Numbers) -> bool:
    assert node.op is not None
    data, partials = node.op.evaluate(inputs)
    return _same(data, number_of(node)) and all(map(_same, partials, node.partials))


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)
