"""Expressions: what a rule of the table computes, as a graph of symbols.

A rule is a function of an arithmetic.  `Symbols` is the arithmetic that computes nothing and writes down
what was asked for, so a derivative that is stated once in the table can be written in any language.

>>> from autograd.ops import TABLE
>>> tanh = traced(TABLE["tanh"])
>>> print(tanh.value, "|", *tanh.partials)
tanh(a0) | ((1.0 / cosh(a0)) * (1.0 / cosh(a0)))
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from types import BuiltinFunctionType, FunctionType, SimpleNamespace
from typing import Any

from autograd.core.arithmetic import FUNCTIONS, NOT_REACHED
from autograd.core.primitive import Op, entry

VARIABLE, CONSTANT, UNREACHED = "variable", "constant", "not reached"
OPERATORS = ("+", "-", "*", "/", "%")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
MOST_BRANCHES = 32
"""A function may branch in Python on symbols this often, and end in this many ways."""


class Expression:
    """A number in symbols: a variable, a constant, or an operation on other expressions.

    Attributes:
        name: VARIABLE; CONSTANT; UNREACHED, the slope towards a branch that is not taken, as a number 0;
            or the operation: one of OPERATORS, ``neg``, ``abs``, one of COMPARISONS, ``where``, or a name
            in `autograd.core.arithmetic.FUNCTIONS`.
        inputs: the expressions it operates on.
        value: the variable's name, or the constant's number.

    Expressions of one `Symbols` that look the same are the same object.
    """

    __slots__ = ("inputs", "m", "name", "value")

    def __init__(self, m: Symbols, name: str, inputs: tuple[Expression, ...], value: str | float) -> None:
        self.m, self.name, self.inputs, self.value = m, name, inputs, value

    def __add__(self, other: Any) -> Any:
        return self if other is NOT_REACHED else self.m.apply("+", self, other)

    def __radd__(self, other: Any) -> Any:
        return self.m.apply("+", other, self)

    def __sub__(self, other: Any) -> Any:
        return self.m.apply("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.m.apply("-", other, self)

    def __mul__(self, other: Any) -> Any:
        return other if other is NOT_REACHED else self.m.apply("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.m.apply("*", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self.m.apply("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.m.apply("/", other, self)

    def __mod__(self, other: Any) -> Any:
        return self.m.apply("%", self, other)

    def __rmod__(self, other: Any) -> Any:
        return self.m.apply("%", other, self)

    def __pow__(self, other: Any) -> Any:
        return self.m.apply("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return self.m.apply("pow", other, self)

    def __neg__(self) -> Any:
        return self.m.apply("neg", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.m.apply("abs", self)

    def __lt__(self, other: Any) -> Any:
        return self.m.apply("<", self, other)

    def __le__(self, other: Any) -> Any:
        return self.m.apply("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        return self.m.apply(">", self, other)

    def __ge__(self, other: Any) -> Any:
        return self.m.apply(">=", self, other)

    def __eq__(self, other: Any) -> Any:
        return self.m.apply("==", self, other)

    def __ne__(self, other: Any) -> Any:
        return self.m.apply("!=", self, other)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        """Answer a branch in Python as the way says that is being followed; see `Symbols.every_way`."""
        return self.m.answer(self)

    @property
    def is_condition(self) -> bool:
        """Whether it is true or false, not a number."""
        return self.name in COMPARISONS

    def __str__(self) -> str:
        if not self.inputs:
            return str(self.value)
        parts = [str(e) for e in self.inputs]
        if self.name in OPERATORS or self.is_condition:
            return f"({parts[0]} {self.name} {parts[1]})"
        return f"{self.name}({', '.join(parts)})"

    __repr__ = __str__


class Symbols:
    """The arithmetic of expressions: elementary functions, ``where``, and every op of the table inlined."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Expression] = {}
        self._answers: list[bool] = []
        self._asked: dict[Expression, bool] = {}

    def variable(self, name: str) -> Expression:
        """Return the variable of that name."""
        return self._expression(VARIABLE, (), name)

    def expression(self, x: Any) -> Expression:
        """Return the expression of a number; an expression is returned as it is.

        Raises:
            TypeError: if it is not a number.
        """
        if isinstance(x, Expression):
            return x
        if x is NOT_REACHED:
            return self._expression(UNREACHED, (), 0.0)
        if isinstance(x, (int, float)):
            return self._expression(CONSTANT, (), float(x))
        raise TypeError(f"a number is wanted, not {x!r}")

    def apply(self, name: str, *inputs: Any) -> Expression:
        """Return the operation of that name on expressions and numbers."""
        return self._expression(name, tuple([self.expression(x) for x in inputs]), 0.0)

    def _expression(self, name: str, inputs: tuple[Expression, ...], value: str | float) -> Expression:
        key = (name, repr(value), *map(id, inputs))
        if key not in self._known:
            self._known[key] = Expression(self, name, inputs, value)
        return self._known[key]

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """Return ``a`` where the condition holds, else ``b``."""
        if not isinstance(condition, Expression):
            return a if condition else b
        return self.apply("where", condition, a, b)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in FUNCTIONS:
            return lambda *inputs: self.apply(name, *inputs)
        return self.rule(entry(name))[0]

    def rule(self, op: Op) -> tuple[Callable[..., Any], ...]:
        """Return the op's value and partials in this arithmetic."""
        return tuple([self.reading(function) for function in self.reading(op.rule)(self)])

    def reading(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with the functions of ``math`` that it names replaced by these here."""
        if not isinstance(function, FunctionType):
            return function
        mine = {name: getattr(self, name) for name in FUNCTIONS if hasattr(math, name)}
        replaced = {getattr(math, name): traced for name, traced in mine.items()}
        namespace = {
            name: SimpleNamespace(**{**vars(math), **mine}) if x is math
            else replaced.get(x, x) if isinstance(x, BuiltinFunctionType) else x
            for name, x in function.__globals__.items()
        }  # fmt: skip
        copy = FunctionType(
            function.__code__, namespace, function.__name__, function.__defaults__, function.__closure__
        )
        copy.__kwdefaults__ = function.__kwdefaults__
        return copy

    def every_way(self, run: Callable[[], Sequence[Any]]) -> list[Expression]:
        """Return what ``run`` returns; where it branches in Python, both ways are run and joined by `where`.

        Raises:
            NotImplementedError: if there are too many ways, as in a loop that ends by a comparison.
        """
        ways = 0

        def follow(answers: list[bool]) -> list[Any]:
            nonlocal ways
            ways += 1
            if ways > MOST_BRANCHES:
                raise NotImplementedError(TOO_MANY)
            self._answers, self._asked = answers, {}
            result = list(run())
            asked = list(self._asked.items())
            for k in reversed(range(len(answers), len(asked))):
                otherwise = follow([*(answer for _, answer in asked[:k]), False])
                result = [self.where(asked[k][0], a, b) for a, b in zip(result, otherwise, strict=True)]
            return result

        return [self.expression(x) for x in follow([])]

    def answer(self, condition: Expression) -> bool:
        """Return whether the condition holds on the way that is being followed."""
        if condition not in self._asked:
            k = len(self._asked)
            if k == MOST_BRANCHES:
                raise NotImplementedError(TOO_MANY)
            self._asked[condition] = k >= len(self._answers) or self._answers[k]
        return self._asked[condition]


TOO_MANY = "it branches in Python on numbers in too many ways; m.where chooses between two numbers"


@dataclass(frozen=True)
class Traced:
    """An op in symbols.

    Attributes:
        m: the arithmetic of its expressions.
        inputs: the variables ``a0``, ``a1``, …
        y: the variable that stands for the op's value in the partials.
        value: the value.
        partials: one per input.
    """

    m: Symbols
    inputs: tuple[Expression, ...]
    y: Expression
    value: Expression
    partials: tuple[Expression, ...]


def traced(op: Op, inputs: int | None = None) -> Traced:
    """Return the op's rule in symbols.

    Args:
        op: the op.
        inputs: how many inputs, for an op of any number of them.

    Raises:
        NotImplementedError: if the rule cannot be run on symbols.
    """
    m = Symbols()
    names = tuple([m.variable(f"a{k}") for k in range(op.arity if inputs is None else inputs)])  # type: ignore[arg-type]
    y = m.variable("y")
    try:
        value, *partials = m.rule(op)
        if op.variadic:
            (result,) = m.every_way(lambda: [value(names)])
            return Traced(m, names, y, result, tuple(m.every_way(lambda: partials[0](y, names))))
        (result,) = m.every_way(lambda: [value(*names)])
        slopes = [m.every_way(lambda d=d: [d(*names, y)])[0] for d in partials]  # type: ignore[misc]
    except Exception as error:  # a rule may do anything
        raise NotImplementedError(
            f"the rule of the op {op.name!r} cannot be written as an expression: {error}.  A rule is made of "
            "operators, m.where in place of if, the functions of m (m.exp) and the ops of the table (m.tanh)"
        ) from error
    return Traced(m, names, y, result, tuple(slopes))


def in_order(results: Sequence[Expression]) -> Iterator[Expression]:
    """Yield every expression that the results are made of once, inputs first."""
    seen: set[Expression] = set()
    stack = [(e, False) for e in reversed(results)]
    while stack:
        e, ready = stack.pop()
        if ready:
            yield e
        elif e not in seen:
            seen.add(e)
            stack.append((e, True))
            stack.extend([(x, False) for x in reversed(e.inputs)])


def shared(results: Sequence[Expression]) -> set[Expression]:
    """Return the operations that occur more than once in the results: what to give a name when written."""
    order = list(in_order(results))
    uses = Counter([*results, *chain.from_iterable(e.inputs for e in order)])
    return {e for e in order if uses[e] > 1 and e.inputs}


def sends_nothing(slope: Expression) -> Any:
    """Return where the slope leads to a branch that is not taken: True, False, or a condition on symbols."""
    if slope.name == UNREACHED:
        return True
    if slope.name == "where":
        condition, a, b = slope.inputs
        then, otherwise = sends_nothing(a), sends_nothing(b)
        return then if then is otherwise else slope.m.where(condition, then, otherwise)
    return False
