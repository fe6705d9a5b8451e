"""What an op computes, written down: its own rule, evaluated on symbols.

The text of a derivative is never typed in a second time.  A rule of the table is called with
`Expression`s for numbers, whose operators compute nothing and remember everything; what comes back
is the formula, and it is right because it is the code.

>>> from autograd.core.primitive import TABLE
>>> formula(TABLE["mul"], ["w", "x"])
'w × x'
>>> partial_formulas(TABLE["div"], ["a", "b"], "y")
['1 / b', '−y / b']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.core.primitive import TABLE, Op

RAISED_DIGITS = tuple("⁰¹²³⁴⁵⁶⁷⁸⁹")
ATOM, POWER, SIGN, PRODUCT, SUM, RELATION, CHOICE = range(7, 0, -1)
"""How tightly an expression binds: an operand that binds less is put in parentheses."""


class Expression:
    """A formula as text that can be computed on: each operator gives the longer formula."""

    def __init__(self, text: str, binding: int = ATOM) -> None:
        self.text = text
        self.binding = binding

    def __str__(self) -> str:
        return self.text

    def inside(self, binding: int) -> str:
        """The text as an operand of something that binds as tightly as ``binding``."""
        return self.text if self.binding >= binding else f"({self.text})"

    def after_a_sign(self, binding: int) -> str:
        """The same to the right of a sign: a minus of its own is put in parentheses, a − (−2)."""
        text = self.inside(binding)
        return f"({text})" if text.startswith("−") else text

    def __add__(self, other: Any) -> Expression:
        return _infix("+", SUM, self, other)

    def __radd__(self, other: Any) -> Expression:
        return self if other == 0 else _infix("+", SUM, other, self)  # the 0 that Python's sum starts with

    def __sub__(self, other: Any) -> Expression:
        return _infix("−", SUM, self, other)

    def __rsub__(self, other: Any) -> Expression:
        return _infix("−", SUM, other, self)

    def __mul__(self, other: Any) -> Expression:
        return _infix("×", PRODUCT, self, other)

    def __rmul__(self, other: Any) -> Expression:
        return _infix("×", PRODUCT, other, self)

    def __truediv__(self, other: Any) -> Expression:
        return _infix("/", PRODUCT, self, other)

    def __rtruediv__(self, other: Any) -> Expression:
        return _infix("/", PRODUCT, other, self)

    def __neg__(self) -> Expression:
        return Expression(f"−{self.after_a_sign(SIGN)}", SIGN)

    def __abs__(self) -> Expression:
        return Expression(f"|({self.text})|" if "|" in self.text else f"|{self.text}|")

    def __lt__(self, other: Any) -> Expression:
        return _infix("<", RELATION, self, other)

    def __le__(self, other: Any) -> Expression:
        return _infix("≤", RELATION, self, other)

    def __gt__(self, other: Any) -> Expression:
        return _infix(">", RELATION, self, other)

    def __ge__(self, other: Any) -> Expression:
        return _infix("≥", RELATION, self, other)


def written(x: Any) -> Expression:
    """A number as an expression; an expression as it is."""
    if isinstance(x, Expression):
        return x
    text = f"{x:.4g}".replace("-", "−").replace("inf", "∞")
    return Expression(text, SIGN if text.startswith("−") else ATOM)


def _infix(sign: str, binding: int, left: Any, right: Any) -> Expression:
    left, right = written(left), written(right)
    if binding == RELATION:  # no chains: (a < b) < c
        return Expression(f"{left.inside(SUM)} {sign} {right.inside(SUM)}", RELATION)
    stronger = binding + (sign in "−/")  # a − (b − c) and a / (b × c) keep their parentheses
    return Expression(f"{left.inside(binding)} {sign} {right.after_a_sign(stronger)}", binding)


class _Symbols:
    """The arithmetic of formulas: every op of the table by name, as what it looks like applied."""

    def __getattr__(self, name: str) -> Callable[..., Expression]:
        if name not in TABLE:
            raise AttributeError(f"there is no op {name!r} in the table")
        return lambda *inputs: _applied(TABLE[name], [written(x) for x in inputs])


SYMBOLS = _Symbols()


def _applied(op: Op, x: Sequence[Expression]) -> Expression:
    match op.name:
        case "add" | "sub" | "mul" | "div" | "neg" | "abs" | "sum":
            value = op.rule(SYMBOLS)[0]
            return written(value(x) if op.variadic else value(*x))
        case "dot":
            n = len(x) // 2
            products = [
                Expression(f"{w.inside(SIGN)}·{a.after_a_sign(SIGN)}", PRODUCT)
                for w, a in zip(x[:n], x[n : 2 * n], strict=True)
            ]
            return written(sum([*products, *x[2 * n :]]))
        case "pow":
            base = x[0].inside(ATOM)
            if base.endswith(RAISED_DIGITS):  # a₁² has a small 2 that is no exponent
                base = f"({base})"
            return Expression(f"{base}^{x[1].inside(ATOM)}", POWER)
        case "sqrt":
            return Expression(f"√{x[0].inside(ATOM)}", POWER)
        case "where":
            return Expression(
                f"{x[1].inside(RELATION)} if {x[0].inside(RELATION)} else {x[2].inside(CHOICE)}", CHOICE
            )
        case "less" | "less_equal" | "equal":
            return _infix(op.symbol, RELATION, *x)
        case "logsumexp":
            return Expression(f"ln({' + '.join(f'exp({a})' for a in x)})")
    return Expression(f"{op.symbol}({', '.join(a.text for a in x)})")


def formula(op: Op, names: Sequence[str]) -> str:
    """``op`` applied to inputs of these names (or numbers written as text)."""
    return applied(op, map(named, names)).text


def applied(op: Op, inputs: Iterable[Expression]) -> Expression:
    """``op`` applied to these expressions, in as few parentheses as can be.

    >>> inner = applied(TABLE["mul"], [named("a"), named("w")])
    >>> applied(TABLE["add"], [inner, named("w")]).text
    'a × w + w'
    """
    return _applied(op, list(inputs))


def partial_formulas(op: Op, names: Sequence[str], y: str) -> list[str]:
    """The partials of ``op`` in the names of its inputs and of its result."""
    inputs = [named(name) for name in names]
    return [written(d).text for d in op.partials(SYMBOLS, inputs, Expression(y))]


def named(name: str) -> Expression:
    """A name, or a number written as text, as an expression."""
    negative = name.startswith(("−", "-"))
    return Expression(name.replace("-", "−", 1) if negative else name, SIGN if negative else ATOM)
