"""Formulas as text: an op applied to names, and a rule of the table evaluated on symbols.

The text of a derivative is never typed a second time.  A rule of the table is called with
`Expression`s in place of numbers, whose operators compute nothing and remember everything.  The result
is the formula, and it is right because it comes from the code.

>>> from autograd.core.primitive import TABLE
>>> formula(TABLE["mul"], ["w", "x"])
'w × x'
>>> a, b, y = map(named, "aby")
>>> [partial.text for partial in TABLE["div"].partials(SYMBOLS, [a, b], y)]
['1 / b', '−y / b']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.core.primitive import Op, entry
from autograd.notation.labels import SUPERSCRIPT_DIGITS
from autograd.notation.numbers import number

ATOM, POWER, SIGN, PRODUCT, SUM, RELATION, CONNECTION, CHOICE = range(8, 0, -1)
"""How tightly an expression binds: an operand that binds less tightly is put in parentheses."""


class Expression:
    """A formula as text, with operators that return the longer formula."""

    def __init__(self, text: str, binding: int = ATOM) -> None:
        self.text = text
        self.binding = binding

    def __str__(self) -> str:
        return self.text

    def inside(self, binding: int) -> str:
        """Return the text as an operand of an operation that binds as tightly as ``binding``."""
        return self.text if self.binding >= binding else f"({self.text})"

    def after_a_sign(self, binding: int) -> str:
        """Return the same to the right of a sign, where a leading minus needs parentheses: a − (−2)."""
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


def as_expression(x: Any) -> Expression:
    """Return a number as an expression, and an expression itself."""
    if isinstance(x, Expression):
        return x
    text = number(x)
    return Expression(text, SIGN if text.startswith("−") else ATOM)


def _infix(sign: str, binding: int, left: Any, right: Any) -> Expression:
    left, right = as_expression(left), as_expression(right)
    if binding == RELATION:  # relations do not chain: (a < b) < c
        return Expression(f"{left.inside(SUM)} {sign} {right.inside(SUM)}", RELATION)
    stronger = binding + (sign in "−/")  # a − (b − c) and a / (b × c) keep their parentheses
    return Expression(f"{left.inside(binding)} {sign} {right.after_a_sign(stronger)}", binding)


class _Symbols:
    """The arithmetic of formulas: every op of the table by name, as a function of expressions."""

    def __getattr__(self, name: str) -> Callable[..., Expression]:
        op = entry(name)
        return lambda *inputs: applied(op, map(as_expression, inputs))


SYMBOLS = _Symbols()


def applied(op: Op, inputs: Iterable[Expression]) -> Expression:
    """Return ``op`` applied to these expressions, with as few parentheses as possible.

    >>> from autograd.core.primitive import TABLE
    >>> inner = applied(TABLE["mul"], [named("a"), named("w")])
    >>> applied(TABLE["add"], [inner, named("w")]).text
    'a × w + w'
    """
    x = list(inputs)
    match op.name:
        case "add" | "sub" | "mul" | "div" | "neg" | "abs" | "sum":
            value = op.rule(SYMBOLS)[0]
            return as_expression(value(x) if op.variadic else value(*x))
        case "dot":
            n = len(x) // 2
            products = [
                Expression(f"{w.after_a_sign(SIGN) if k else w.inside(SIGN)}·{a.after_a_sign(SIGN)}", PRODUCT)
                for k, (w, a) in enumerate(zip(x[:n], x[n : 2 * n], strict=True))
            ]
            return as_expression(sum([*products, *x[2 * n :]]))
        case "pow":
            base = x[0].inside(ATOM)
            if base.endswith(tuple(SUPERSCRIPT_DIGITS)):  # the ² of a name that ends so is not an exponent
                base = f"({base})"
            return Expression(f"{base}^{x[1].inside(ATOM)}", POWER)
        case "sqrt":
            return Expression(f"√{x[0].inside(ATOM)}", POWER)
        case "where":
            return Expression(
                f"{x[1].inside(CONNECTION)} if {x[0].inside(CONNECTION)} else {x[2].inside(CHOICE)}", CHOICE
            )
        case "less" | "less_equal" | "equal" | "not_equal":
            return _infix(op.symbol, RELATION, *x)
        case "logical_and" | "logical_or":
            return Expression(f"{x[0].inside(RELATION)} {op.symbol} {x[1].inside(RELATION)}", CONNECTION)
        case "logical_not":
            return Expression(f"¬{x[0].inside(ATOM)}", SIGN)
        case "logsumexp":
            return Expression(f"ln({' + '.join(f'exp({a})' for a in x)})")
    return Expression(f"{op.symbol}({', '.join(a.text for a in x)})")


def formula(op: Op, names: Sequence[str]) -> str:
    """Write ``op`` applied to inputs with these names (or numbers written as text)."""
    return applied(op, map(named, names)).text


def named(name: str) -> Expression:
    """Return a name, or a number written as text, as an expression."""
    negative = name.startswith(("−", "-"))
    return Expression(name.replace("-", "−", 1) if negative else name, SIGN if negative else ATOM)
