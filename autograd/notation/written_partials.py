"""The partials of a node as formulas at the node's numbers: ``2 × x``.

An op's rule tells cases apart.  At a node the numbers are known, and so is the case.  Here the rule is
evaluated on symbols that know their value: ``where`` takes the branch that the engine takes, and an
operation on numbers alone is computed.

>>> from autograd.core.primitive import TABLE
>>> x, y = known_name("x", 3.0), known_name("y", 9.0)
>>> written_partials(TABLE["pow"], [x, known_number(2.0)], y)[0].text
'2 × x'
>>> written_partials(TABLE["relu"], [x], x)
[WrittenPartial(text='1', because='x > 0')]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from autograd.core.arithmetic import IEEE, Ieee
from autograd.core.primitive import TABLE, Op, entry
from autograd.notation.formula import SYMBOLS, Expression, as_expression, named

TAUGHT: dict[str, Callable[[Any, Any, Any], Any]] = {
    "tanh": lambda m, a, y: 1 - m.pow(y, 2),
    "sigmoid": lambda m, a, y: y * (1 - y),
    "asin": lambda m, a, y: 1 / m.sqrt(1 - m.pow(a, 2)),
    "acos": lambda m, a, y: -1 / m.sqrt(1 - m.pow(a, 2)),
}
"""Partials as textbooks write them, as functions of an arithmetic, an op's input and its value.

They are computed in another form: 1 − tanh² has lost all its digits where sech² still has them.  That the
two are equal is tested; the derivative itself is stated in the table of ops."""


class WrittenPartial(NamedTuple):
    """A partial in symbols.

    Attributes:
        text: the formula: ``b``, ``1 / x``, ``1``.
        because: the case of the rule that holds, if the formula is only a number; else "".
    """

    text: str
    because: str


@dataclass(frozen=True, eq=False)
class KnownExpression:
    """A formula that knows its value; operators act on both.

    Attributes:
        expression: the formula.
        value: its number.
        is_number: whether the formula is only a number, without any name in it.
        because: the condition that chose this number, or "".
        denied: whether the number was chosen because the condition does not hold.
        otherwise: for a condition, its opposite in symbols.
    """

    expression: Expression
    value: float
    is_number: bool = False
    because: str = ""
    denied: bool = False
    otherwise: str = ""


def known_name(name: str, value: float) -> KnownExpression:
    """Return a name that stands for a number."""
    return KnownExpression(named(name), value)


def known_number(x: float, because: str = "") -> KnownExpression:
    """Return a number that is written as itself."""
    return KnownExpression(as_expression(float(x)), float(x), is_number=True, because=because)


def written_partials(op: Op, inputs: Sequence[KnownExpression], y: KnownExpression) -> list[WrittenPartial]:
    """Write the partials of ``op`` at these inputs, where its value is ``y``."""
    found = [_known(d) for d in op.partials(KNOWN_SYMBOLS, inputs, y)]
    texts = [d.expression.text for d in found]
    if op.name in TAUGHT and TABLE[op.name] is op and not found[0].is_number:
        texts = [TAUGHT[op.name](SYMBOLS, inputs[0].expression, y.expression).text]
    return [
        WrittenPartial(text, d.because if d.is_number else "") for d, text in zip(found, texts, strict=True)
    ]


def _known(x: Any) -> KnownExpression:
    return x if isinstance(x, KnownExpression) else known_number(x)


def _combined(
    text: Callable[..., Expression], compute: Callable[..., Any], operands: Sequence[Any]
) -> KnownExpression:
    """Apply an operation to the formulas and to their values."""
    known = [_known(x) for x in operands]
    value = float(compute(*(Ieee(x.value) for x in known)))
    if all(x.is_number for x in known):
        return known_number(value, next((x.because for x in known if x.because), ""))
    return KnownExpression(text(*(x.expression for x in known)), value)


def _operator(name: str) -> Callable[..., KnownExpression]:
    text, compute = getattr(Expression, name), getattr(Ieee, name)
    return lambda *operands: _combined(text, compute, operands)


def _without(neutral: float, name: str, sides: str) -> Callable[..., KnownExpression]:
    """Return an operator that leaves out a number which changes nothing: a factor 1, a summand 0."""
    operate = _operator(name)

    def shortened(left: KnownExpression, right: Any) -> KnownExpression:
        a, b = _known(left), _known(right)
        if sides == "both" and a.is_number and a.value == neutral:
            return b
        return a if b.is_number and b.value == neutral else operate(a, b)

    return shortened


def _relation(name: str, opposite: str) -> Callable[[KnownExpression, Any], KnownExpression]:
    compare = _operator(name)

    def relation(left: KnownExpression, right: Any) -> KnownExpression:
        a, b = _known(left), _known(right)
        if a.value != a.value or b.value != b.value:  # a nan is neither less nor greater
            return known_number(0.0)
        said, denied = (getattr(Expression, n)(a.expression, b.expression).text for n in (name, opposite))
        return KnownExpression(Expression(said), compare(a, b).value, otherwise=denied)

    return relation


for _name in ("__sub__", "__rsub__", "__rtruediv__", "__neg__", "__abs__"):
    setattr(KnownExpression, _name, _operator(_name))
for _name, _neutral, _sides in (
    ("__add__", 0.0, "both"),
    ("__radd__", 0.0, "both"),
    ("__mul__", 1.0, "both"),
    ("__rmul__", 1.0, "both"),
    ("__truediv__", 1.0, "right"),
):
    setattr(KnownExpression, _name, _without(_neutral, _name, _sides))
for _name, _opposite in (("__lt__", "__ge__"), ("__le__", "__gt__")):
    setattr(KnownExpression, _name, _relation(_name, _opposite))
    setattr(KnownExpression, _opposite, _relation(_opposite, _name))


class _KnownSymbols:
    """The arithmetic of `KnownExpression`: every op of the table by name."""

    def __getattr__(self, name: str) -> Callable[..., KnownExpression]:
        op = entry(name)
        return lambda *operands: _combined(getattr(SYMBOLS, op.name), getattr(IEEE, op.name), operands)

    def where(self, condition: Any, a: Any, b: Any) -> KnownExpression:
        """Return the branch that is taken; a number remembers why."""
        holds, chosen = _known(condition), _known(a if _known(condition).value else b)
        if not chosen.is_number or holds.is_number:
            return chosen
        reasons = [_reason(holds), chosen.because]
        if chosen.because and not chosen.denied:  # x < 0 already implies the x ≤ 0 before it
            reasons = reasons[1:]
        return replace(
            known_number(chosen.value, " and ".join(filter(None, reasons))), denied=not holds.value
        )

    def pow(self, a: Any, b: Any) -> KnownExpression:
        """Return a^b, written as 1 where b is 0 and as a where b is 1."""
        a, b = _known(a), _known(b)
        if b.is_number and b.value in (0.0, 1.0):
            return a if b.value else known_number(1.0)
        return _combined(SYMBOLS.pow, IEEE.pow, (a, b))


def _reason(condition: KnownExpression) -> str:
    """Return the condition or its opposite, whichever holds."""
    text = condition.expression.text
    if " " not in text:  # the name of a comparison computed before
        return f"{text} is {'true' if condition.value else 'false'}"
    return text if condition.value else condition.otherwise


KNOWN_SYMBOLS = _KnownSymbols()
