"""Local derivatives as they are at a node: the right number, in the names of the node."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.core.primitive import TABLE, Op
from autograd.notation.written_partials import (
    KNOWN_SYMBOLS,
    TAUGHT,
    KnownExpression,
    known_name,
    known_number,
    written_partials,
)
from autograd.testing.digits import DIGITS, DIGITS_KEPT, arithmetic, exact, partial_of
from tests.strategies import inputs_of

EVERY_OP = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE.keys())


@EVERY_OP
@given(data=st.data())
def test_the_formula_has_the_value_of_the_partial_and_leaves_no_case_open(
    op: Op, data: st.DataObject
) -> None:
    numbers = data.draw(inputs_of(op))
    y, partials = op.evaluate(numbers)
    known = [known_name(f"x{i}", x) for i, x in enumerate(numbers)]
    read = op.partials(KNOWN_SYMBOLS, known, known_name("y", y))
    for told, partial in zip(read, partials, strict=True):
        value = told.value if isinstance(told, KnownExpression) else told
        assert value == pytest.approx(partial, rel=1e-12, nan_ok=True)
    assert all(" if " not in told.text for told in written_partials(op, known, known_name("y", y)))


@pytest.mark.parametrize(
    ("op", "inputs", "told"),
    [
        ("pow", [("x", 3.0), 3.0], [("3 × x^2", "")]),
        ("pow", [("x", 3.0), 1.0], [("1", "")]),
        ("pow", [("x", 3.0), -1.0], [("−1 × x^(−2)", "")]),
        ("relu", [("z", -1.0)], [("0", "z ≤ 0")]),
        ("abs", [("z", -1.0)], [("−1", "z < 0")]),
        ("maximum", [("a", 1.0), ("b", 2.0)], [("0", "a < b"), ("1", "b > a")]),
        ("maximum", [("a", 1.0), 1.0], [("0.5", "a ≤ 1 and a ≥ 1")]),
        ("clip", [("a", 1.0), 0.0, 2.0], [("1", "a ≥ 0 and a ≤ 2")]),
        ("where", [("c", 1.0), ("a", 1.0), ("b", 2.0)], [("0", ""), ("1", "c is true"), ("0", "c is true")]),
        ("mul", [("a", 2.0), 5.0], [("5", ""), ("a", "")]),
        ("tanh", [("z", 0.5)], [("1 − y^2", "")]),
        ("sigmoid", [("z", 0.5)], [("y × (1 − y)", "")]),
        ("asin", [("a", 0.25)], [("1 / √(1 − a^2)", "")]),
        ("acos", [("a", 0.75)], [("−1 / √(1 − a^2)", "")]),
        ("div", [("a", 2.0), ("b", 4.0)], [("1 / b", ""), ("−y / b", "")]),
    ],
)
def test_it_is_written_as_a_person_would(
    op: str, inputs: list[tuple[str, float] | float], told: list[tuple[str, str]]
) -> None:
    known = [known_name(*x) if isinstance(x, tuple) else known_number(x) for x in inputs]
    y = TABLE[op].evaluate([x.value for x in known])[0]
    assert [tuple(partial) for partial in written_partials(TABLE[op], known, known_name("y", y))][
        : len(told)
    ] == told


@pytest.mark.parametrize("name", TAUGHT)
@given(data=st.data())
def test_a_partial_written_otherwise_is_the_same_function(name: str, data: st.DataObject) -> None:
    domain = TABLE[name].domain_of(0)
    x = data.draw(st.floats(max(domain.low, -20.0), min(domain.high, 20.0)).filter(domain.__contains__))
    m = arithmetic()
    with m.workdps(DIGITS_KEPT):
        a = m.mpf(x)
        taught = TAUGHT[name](DIGITS, a, getattr(DIGITS, name)(a))
        assert m.almosteq(taught, exact(partial_of(TABLE[name], 0), [x]), rel_eps=m.mpf(10) ** -25)


def test_a_broken_op_is_not_written_as_the_right_one() -> None:
    wrong = replace(TABLE["tanh"], rule=lambda m: (m.tanh, lambda a, y: 1 - y))
    (partial,) = written_partials(wrong, [known_name("z", 0.5)], known_name("y", 0.4621))
    assert partial.text == "1 − y"


def test_a_number_that_is_no_number_is_in_no_case() -> None:
    (partial,) = written_partials(TABLE["relu"], [known_name("z", math.nan)], known_name("y", math.nan))
    assert partial.because == ""


def test_what_is_not_in_the_table_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no op 'sinc'"):
        getattr(KNOWN_SYMBOLS, "sin" + "c")
