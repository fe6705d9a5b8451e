"""The record of an op, and the table in which it is entered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from autograd.core.arithmetic import FLOATS, IEEE, NOT_REACHED, Ieee

Function = Callable[..., Any]
Rule = Callable[[Any], tuple[Function, ...]]
"""A function of the arithmetic to compute in, that returns an op's value and then its partials."""
Evaluator = Callable[[Sequence[Any]], tuple[Any, tuple[Any, ...]]]
"""A function of the inputs that returns the value and the partials as numbers."""


@dataclass(frozen=True)
class Interval:
    """The open interval ``low < x < high`` without the points ``excluding``."""

    low: float = -inf
    high: float = inf
    excluding: tuple[float, ...] = ()

    def __contains__(self, x: float) -> bool:
        return self.low < x < self.high and x not in self.excluding


REAL = Interval()
POSITIVE = Interval(low=0.0)
NONZERO = Interval(excluding=(0.0,))
UNIT = Interval(-1.0, 1.0)


@dataclass(frozen=True)
class Kink:
    """A place inside the domain where an op has more than one slope.

    Attributes:
        where: the place, in symbols.
        gap: a function of the inputs that is zero there and nowhere else.
        slopes: the subgradient intervals there, one per input, as a function of the inputs.  The
            partial lies inside its interval and is, but for clip at its bounds, the one that PyTorch gives.
    """

    where: str
    gap: Callable[..., float]
    slopes: Callable[..., tuple[tuple[float, float], ...]]


@dataclass(frozen=True, eq=False)
class Op:
    """A primitive operation: one record of the table.

    Attributes:
        name: its name in Python.
        symbol: its sign in drawings and formulas.
        rule: its value and partials in any arithmetic.  The rule of an op of any number of inputs
            (``variadic``) returns two functions: the value of a sequence of inputs, and the list of
            all partials from ``y`` and that sequence.
        domain: where the op has a value and a derivative: one interval per input; the last one
            serves all further inputs.
        kinks: where the derivative is a choice.
        variadic: whether it takes any number of inputs.
        arity: how many inputs it takes; None for any number.
        fast: value and partials as floats, raising where `evaluate` has infinity or nan.
    """

    name: str
    symbol: str
    rule: Rule
    domain: tuple[Interval, ...] = (REAL,)
    kinks: tuple[Kink, ...] = ()
    variadic: bool = False
    arity: int | None = field(init=False)
    fast: Evaluator = field(init=False)
    _safe: Evaluator = field(init=False)

    def __post_init__(self) -> None:
        derived = {
            "arity": None if self.variadic else len(self.rule(FLOATS)) - 1,
            "fast": self.evaluator(FLOATS),
            "_safe": self.evaluator(IEEE),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)  # the way to derive a field of a frozen record

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> Any:
        return entry, (self.name,)  # a copy or a pickle of a graph refers to the table

    def domain_of(self, i: int) -> Interval:
        """Return the domain of the ``i``-th input."""
        return self.domain[min(i, len(self.domain) - 1)]

    def evaluate(self, numbers: Sequence[float]) -> tuple[float, tuple[float, ...]]:
        """Return value and partials as floats: infinity or nan, not an exception, where IEEE 754 has them."""
        try:
            return self.fast(numbers)
        except (ArithmeticError, ValueError):
            y, partials = self._safe([Ieee(x) for x in numbers])
            return float(y), tuple([d if d is NOT_REACHED else float(d) for d in partials])

    def evaluator(self, m: Any) -> Evaluator:
        """Return the function from the inputs to ``(value, partials)`` in the arithmetic ``m``."""
        value, *partials = self.rule(m)
        if self.variadic:
            (all_partials,) = partials
            return lambda inputs: (y := value(inputs), tuple(all_partials(y, inputs)))

        fixed = _fixed(partials)
        if fixed is not None:  # as for a + b: one tuple serves every node
            return lambda inputs: (value(*inputs), fixed)

        def evaluate(inputs: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
            y = value(*inputs)
            return y, tuple([partial(*inputs, y) for partial in partials])

        def evaluate_one(inputs: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
            (a,) = inputs
            y = value(a)
            return y, (d_a(a, y),)

        def evaluate_two(inputs: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
            a, b = inputs
            y = value(a, b)
            return y, (d_a(a, b, y), d_b(a, b, y))

        match partials:  # the same thing three times: loops cost, and nearly every op has one or two inputs
            case [d_a]:
                return evaluate_one
            case [d_a, d_b]:
                return evaluate_two
        return evaluate

    def partials(self, m: Any, inputs: Sequence[Any], y: Any) -> list[Any]:
        """Return the partials alone, in the arithmetic ``m``, for the known value ``y``."""
        _, *partials = self.rule(m)
        if self.variadic:
            return list(partials[0](y, inputs))
        return [partial(*inputs, y) for partial in partials]


class _Unknown:
    """A number of which nothing is known: whatever depends on it raises."""

    def __bool__(self) -> bool:
        raise TypeError


def _fixed(partials: Sequence[Function]) -> tuple[float, ...] | None:
    """Return the partials, if all of them are the same whatever the inputs; else None."""
    try:
        found = tuple([partial(*[_Unknown()] * (len(partials) + 1)) for partial in partials])
    except Exception:  # it depends on an input
        return None
    return found if all(isinstance(d, float) for d in found) else None


TABLE: dict[str, Op] = {}
"""The ops by name; see `autograd.ops`."""


def entry(name: str) -> Op:
    """Return the op of that name.

    Raises:
        AttributeError: if the table has none, as of any namespace.
    """
    if name not in TABLE:
        raise AttributeError(f"there is no op {name!r} in the table")
    return TABLE[name]


def op(name: str, symbol: str, rule: Rule, *domain: Interval, kinks: tuple[Kink, ...] = (),
       variadic: bool = False) -> Op:  # fmt: skip
    """Enter an op in the table and return it; the arguments are the attributes of `Op`.

    Raises:
        TypeError: if the rule is not a function of an arithmetic.
        ValueError: if the table has an op of that name; nothing is changed.
    """
    if not callable(rule):
        raise TypeError(
            f"the rule of an op is a function of an arithmetic m that returns the value and the partials; "
            f"op {name!r} got {rule!r} ({type(rule).__name__})"
        )
    if name in TABLE:
        raise ValueError(
            f"the table has an op {name!r} already; give this one another name, or use the existing one: "
            f"TABLE[{name!r}]"
        )
    new = Op(name, symbol, rule, domain or (REAL,), kinks, variadic)
    for arithmetic in (FLOATS, IEEE):
        if not hasattr(arithmetic, name):
            setattr(arithmetic, name, rule(arithmetic)[0])
    TABLE[name] = new
    return new
