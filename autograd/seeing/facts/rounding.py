"""Whether a result that looks exact was rounded: σ(38) is not 1, nor the product of two tiny numbers 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from autograd.core.arithmetic import FUNCTIONS, IEEE, Ieee
from autograd.core.primitive import REAL, TABLE, Op
from autograd.notation.numbers import as_written, equals, number
from autograd.seeing.facts.records import NodeFact

WHOLE = ("sqrt", "cbrt", "pow", "hypot", "log2", "log10", "floor", "round")
"""The elementary functions that give whole numbers of others than 0 and ±1."""
SHRINKING = ("mul", "div", "pow", "exp2", "leaky_relu")
"""The ops whose result is 0 without a 0 among their inputs only where it is too small to be stored."""
USUAL = 0.5
"""An input at which no elementary function is exact, and which lies in all domains but one."""


class Rounding(NamedTuple):
    """What of an op tells where its result cannot be exact.

    Attributes:
        irrational: whether it is computed by a function that is exact at 0 and ±1 alone, if anywhere.
        shrinks: whether it is one of the `SHRINKING`.
        poles: whether it is infinite at the borders of its domain.
        power: whether it is a power, which is 1 only where its exponent is 0 or its base 1 or −1.
    """

    irrational: bool
    shrinks: bool
    poles: bool
    power: bool


@cache
def rounding_of(op: Op) -> Rounding:
    """Return what tells where an op's result cannot be exact."""
    poles = any(interval != REAL for interval in op.domain)
    return Rounding(_is_irrational(op), op.name in SHRINKING, poles, op.name in ("pow", "exp2"))


def _is_irrational(op: Op) -> bool:
    watched = _Watched()
    value, numbers = op.rule(watched)[0], [Ieee(USUAL)] * (op.arity or 2)
    value(numbers) if op.variadic else value(*numbers)
    return watched.irrational


class _Watched:
    """The arithmetic of floats, watched for functions that give no whole numbers."""

    irrational = False

    def __getattr__(self, name: str) -> Any:
        if name in TABLE and name not in (*FUNCTIONS, "where"):
            return TABLE[name].rule(self)[0]
        if name in FUNCTIONS and name not in WHOLE:
            self.irrational = True
        return getattr(IEEE, name)


def result_sign(node: NodeFact, inputs: Sequence[NodeFact]) -> str:
    """Return ``=`` or ``≈`` between what an op makes of its inputs, as they are written, and its value."""
    assert node.op is not None
    op, written = TABLE[node.op], [as_written(v.value) for v in inputs]
    return "≈" if is_rounded(op, written, node.value) else equals(op.evaluate(written)[0], node.value)


def is_rounded(op: Op, inputs: Sequence[float], result: float) -> bool:
    """Return whether a result is written without a point, as an exact one, and is not exact.

    >>> [is_rounded(TABLE["sigmoid"], [x], TABLE["sigmoid"].evaluate([x])[0]) for x in (0.0, 38.0)]
    [False, True]
    """
    if "." in number(result) or math.isnan(result) or not all(map(math.isfinite, inputs)):
        return False
    irrational, shrinks, poles, power = rounding_of(op)
    special = any(x in (-1.0, 0.0, 1.0) for x in (inputs[:1] if op.kinks else inputs))
    if math.isinf(result):
        return not (poles and special)
    if irrational:
        copied = bool(op.kinks) and result in inputs  # by the branch of a rule that computes nothing
        return not copied and (op.variadic or not special)
    if power and result == 1.0:
        return not special
    return shrinks and result == 0.0 and all(inputs)
