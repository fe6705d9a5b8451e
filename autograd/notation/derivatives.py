"""The local derivatives of a node, written as they are at its numbers: ``2 × x``.

`formula.partial_formulas` writes an op's rule out in full, with every case that it tells apart.  At
a node the numbers are known, and so is the case.  Here the same rule is read on symbols that know
their value: ``where`` takes the branch that the engine takes, and what can be computed is.

>>> from autograd.core.primitive import TABLE
>>> x, y = symbol("x", 3.0), symbol("y", 9.0)
>>> slopes(TABLE["pow"], [x, plain(2.0)], y)[0].text
'2 × x'
>>> slopes(TABLE["relu"], [x], x)
[Slope(text='1', because='x > 0')]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from autograd.core.arithmetic import IEEE, Ieee
from autograd.core.primitive import TABLE, Op
from autograd.notation.formula import SYMBOLS, Expression, named, written


@dataclass(frozen=True)
class Identity:
    """Two ways to write the same, which are functions of an arithmetic, an op's input and its value.

    Attributes:
        kept: how the rule has it, chosen for its digits.
        taught: how a person knows it, by the output.
    """

    kept: Callable[[Any, Any, Any], Any]
    taught: Callable[[Any, Any, Any], Any]


IDENTITIES = {
    "tanh": Identity(lambda m, a, y: m.sech(a) * m.sech(a), lambda m, a, y: 1 - m.pow(y, 2)),
    "sigmoid": Identity(lambda m, a, y: y * m.sigmoid(-a), lambda m, a, y: y * (1 - y)),
}
"""Where a partial is written otherwise than it is computed: 1 − tanh² has lost all its digits where
sech² still has them.  They say that two formulas are equal; what the derivative is, the table says."""


class Slope(NamedTuple):
    """A local derivative in symbols.

    Attributes:
        text: the formula: ``b``, ``1 / x``, ``1``.
        because: the case of the rule that holds, where it leaves a mere number; else "".
    """

    text: str
    because: str


@dataclass(frozen=True, eq=False)
class Known:
    """A formula that knows its value, and computes on both.

    Attributes:
        expression: what it is written as.
        value: its number.
        plain: whether it is a mere number, which no name stands in.
        because: the condition under which it is what it is, or "".
        denied: whether what it is because of is a condition that does not hold.
        otherwise: of a condition: the opposite, in symbols.
    """

    expression: Expression
    value: float
    plain: bool = False
    because: str = ""
    denied: bool = False
    otherwise: str = ""


def symbol(name: str, value: float) -> Known:
    """A name for a number."""
    return Known(named(name), value)


def plain(x: float, because: str = "") -> Known:
    """A mere number."""
    return Known(written(float(x)), float(x), plain=True, because=because)


def slopes(op: Op, inputs: Sequence[Known], y: Known) -> list[Slope]:
    """The partials of ``op`` at these inputs, where its value is ``y``."""
    return [_slope(_known(d), _taught(op, inputs, y)) for d in op.partials(KNOWN, inputs, y)]


def _slope(d: Known, taught: Mapping[str, str]) -> Slope:
    text = d.expression.text
    return Slope(taught.get(text, text), d.because if d.plain else "")


def _taught(op: Op, inputs: Sequence[Known], y: Known) -> dict[str, str]:
    """The form that a partial is taught in, by that in which it is computed."""
    if op.name not in IDENTITIES:
        return {}
    identity, a = IDENTITIES[op.name], inputs[0].expression
    kept, taught = (form(SYMBOLS, a, y.expression) for form in (identity.kept, identity.taught))
    return {kept.text: taught.text}


def _known(x: Any) -> Known:
    return x if isinstance(x, Known) else plain(x)


def _combined(text: Callable[..., Expression], compute: Callable[..., Any], operands: Sequence[Any]) -> Known:
    """An operation on symbols and on numbers at once."""
    known = [_known(x) for x in operands]
    value = float(compute(*(Ieee(x.value) for x in known)))
    if all(x.plain for x in known):
        return plain(value, next((x.because for x in known if x.because), ""))
    return Known(text(*(x.expression for x in known)), value)


def _operator(name: str) -> Callable[..., Known]:
    text, compute = getattr(Expression, name), getattr(Ieee, name)
    return lambda *operands: _combined(text, compute, operands)


def _product(name: str) -> Callable[..., Known]:
    multiply = _operator(name)

    def product(left: Known, right: Any) -> Known:
        a, b = _known(left), _known(right)
        if a.plain and a.value == 1.0:
            return b
        return a if b.plain and b.value == 1.0 else multiply(a, b)

    return product


def _relation(name: str, opposite: str) -> Callable[[Known, Any], Known]:
    compare = _operator(name)

    def relation(left: Known, right: Any) -> Known:
        a, b = _known(left), _known(right)
        if a.value != a.value or b.value != b.value:  # a nan is neither less nor greater
            return plain(0.0)
        said, denied = (getattr(Expression, n)(a.expression, b.expression).text for n in (name, opposite))
        return Known(Expression(said), compare(a, b).value, otherwise=denied)

    return relation


for _name in (
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__truediv__",
    "__rtruediv__",
    "__neg__",
    "__abs__",
):
    setattr(Known, _name, _operator(_name))
for _name in ("__mul__", "__rmul__"):
    setattr(Known, _name, _product(_name))
for _name, _opposite in (("__lt__", "__ge__"), ("__le__", "__gt__")):
    setattr(Known, _name, _relation(_name, _opposite))
    setattr(Known, _opposite, _relation(_opposite, _name))


class _KnownSymbols:
    """The arithmetic of formulas that know their value."""

    def __getattr__(self, name: str) -> Callable[..., Known]:
        if name not in TABLE:
            raise AttributeError(f"there is no op {name!r} in the table")
        return lambda *operands: _combined(getattr(SYMBOLS, name), getattr(IEEE, name), operands)

    def where(self, condition: Any, a: Any, b: Any) -> Known:
        """The branch that holds; a mere number remembers why."""
        holds, chosen = _known(condition), _known(a if _known(condition).value else b)
        if not chosen.plain or holds.plain:
            return chosen
        reasons = [_reason(holds), chosen.because]
        if chosen.because and not chosen.denied:  # x < 0 says all that x ≤ 0 before it did
            reasons = reasons[1:]
        return replace(plain(chosen.value, " and ".join(filter(None, reasons))), denied=not holds.value)

    def pow(self, a: Any, b: Any) -> Known:
        """a^b; but 1 where b is 0, and a itself where b is 1."""
        a, b = _known(a), _known(b)
        if b.plain and b.value in (0.0, 1.0):
            return a if b.value else plain(1.0)
        return _combined(SYMBOLS.pow, IEEE.pow, (a, b))


def _reason(condition: Known) -> str:
    """The condition, or its opposite, whichever holds."""
    text = condition.expression.text
    if " " not in text:  # a name, of a comparison computed before
        return f"{text} is {'true' if condition.value else 'false'}"
    return text if condition.value else condition.otherwise


KNOWN = _KnownSymbols()
