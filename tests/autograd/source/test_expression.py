"""Rules run on symbols: what is traced computes what the rule computes."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.core.arithmetic import IEEE, NOT_REACHED, Ieee
from autograd.core.primitive import TABLE, Op
from autograd.source.expression import (
    CONSTANT,
    UNREACHED,
    VARIABLE,
    Expression,
    Symbols,
    in_order,
    sends_nothing,
    shared,
    traced,
)  # fmt: skip

AWKWARD = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e-300, 1e300, inf, -inf, nan]
OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "%": operator.mod,
    "neg": operator.neg, "abs": abs, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def computed(results: Sequence[Expression], variables: dict[str, float]) -> list[float]:
    """The numbers of expressions, every node of their graph once."""
    numbers: dict[Expression, Any] = {}
    for e in in_order(results):
        inputs = [numbers[x] for x in e.inputs]
        if e.name == VARIABLE:
            numbers[e] = Ieee(variables[str(e.value)])
        elif e.name in (CONSTANT, UNREACHED):
            numbers[e] = Ieee(float(e.value))
        else:
            numbers[e] = OPERATORS.get(e.name) or getattr(IEEE, e.name)
            numbers[e] = numbers[e](*inputs)
    return [float(numbers[e]) for e in results]


def same(a: float, b: float) -> bool:
    return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_every_rule_is_traced_to_the_numbers_that_it_computes(op: Op) -> None:
    n = op.arity or 3
    formulas = traced(op, n if op.variadic else None)
    for i in range(len(AWKWARD) ** 2):
        inputs = [AWKWARD[(i * (k + 1) + k) % len(AWKWARD)] for k in range(n)]
        y, partials = op.evaluate(inputs)
        variables = {**{f"a{k}": x for k, x in enumerate(inputs)}, "y": y}
        found = computed([formulas.value, *formulas.partials], variables)
        assert all(map(same, found, [y, *partials])), (inputs, found, y, partials)


STEPS = [op.name for op in TABLE.values() if op.arity in (1, 2)]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 30), st.integers(0, 30)), max_size=12),
       st.floats(-3, 3), st.floats(-3, 3))  # fmt: skip
def test_random_rules_are_traced_to_the_numbers_that_they_compute(
    steps: list[tuple[str, int, int]], a: float, b: float
) -> None:
    def value(m: Any, *numbers: Any) -> Any:
        known = list(numbers)
        for name, i, j in steps:
            places = (i, j)[: TABLE[name].arity]
            known.append(getattr(m, name)(*[known[k % len(known)] for k in places]))
        return known[-1]

    drawn = Op("drawn", "d", lambda m: (
        lambda a, b: value(m, a, b), lambda a, b, y: value(m, y, a), lambda a, b, y: value(m, b, y)
    ))  # fmt: skip
    y, partials = drawn.evaluate([a, b])
    formulas = traced(drawn)
    found = computed([formulas.value, *formulas.partials], {"a0": a, "a1": b, "y": y})
    assert all(map(same, found, [y, *partials]))


def rule(value: Callable[..., Any], slope: Callable[..., Any] = lambda a, y: 1.0) -> Op:
    return Op("mine", "m", lambda m: (value, slope))


def test_what_looks_the_same_is_computed_once() -> None:
    m = Symbols()
    a = m.variable("a")
    assert m.exp(a + 1) is m.exp(a + 1)
    assert m.expression(0.0) is not m.expression(-0.0)
    assert [str(e) for e in shared([(a + 1) * m.exp(a + 1)])] == ["(a + 1.0)"]


def test_a_branch_in_python_becomes_a_where() -> None:
    def value(a: Any) -> Any:
        if a > 1:
            return a * 2
        return -a if a < 0 else a

    formula = traced(rule(value)).value
    for x in (-3.0, 0.5, 4.0, nan):
        assert same(computed([formula], {"a0": x})[0], value(x))


def test_functions_of_math_are_traced_too() -> None:
    def value(a: Any) -> Any:
        return math.exp(a) + math.pi

    assert str(traced(rule(value)).value) == f"(exp(a0) + {math.pi})"


def endless(a: Any) -> Any:
    while a > 0:
        a = a - 1
    return a


@pytest.mark.parametrize("value", [endless, lambda a: float(str(a)), lambda a: round(a), lambda a: [a][a]])
def test_what_cannot_be_traced_is_refused_by_name_with_what_to_write(value: Callable[..., Any]) -> None:
    with pytest.raises(NotImplementedError, match=r"'mine' cannot be written as an expression.*m\.where"):
        traced(rule(value))


def test_a_branch_that_is_not_taken_is_marked() -> None:
    _, then, otherwise = map(sends_nothing, traced(TABLE["where"]).partials)
    for c in (0.0, 2.0, nan):
        taken = [not x for x in computed([then, otherwise], {"a0": c, "y": 0.0})]
        assert taken == [bool(c), not c]
    assert sends_nothing(traced(TABLE["less"]).partials[0]) is True
    assert sends_nothing(traced(TABLE["mul"]).partials[0]) is False


def test_what_is_not_reached_takes_no_part() -> None:
    a = Symbols().variable("a")
    assert a * NOT_REACHED is NOT_REACHED * a is NOT_REACHED
    assert a + NOT_REACHED is NOT_REACHED + a is a
