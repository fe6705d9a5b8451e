"""Formulas as text: read back, they compute what the table computes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograd.core.primitive import TABLE, Op
from autograd.notation.formula import SYMBOLS, Expression, as_expression, formula, named
from tests.strategies import samples_of

EVERY_OP = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE.keys())

# ------------------------------------------------------------------------- reading it back


def as_python(text: str) -> str:
    """The formula as Python writes it, with the names of `READER`."""
    for op in sorted(TABLE.values(), key=lambda op: -len(op.symbol)):  # leaky ReLU before ReLU
        if op.symbol[0].isalpha():
            text = re.sub(rf"(?<!\w){op.symbol}\(", f"{op.name}_(", text)
    if "∧" in text or "∨" in text:
        text = f"bool({text})"
    signs = {"×": "*", "·": "*", "−": "-", "^": "**", "≤": "<=", "≥": ">=", " = ": " == ", "∞": "inf"}
    signs |= {"≠": "!=", "∧": "and", "∨": "or", "¬": "not "}
    for sign, python in signs.items():
        text = text.replace(sign, python)
    return _roots(_bars(text))


def _bars(text: str) -> str:
    """Each |…| as abs(…): a bar closes the last thing opened if that is a bar, else it opens."""
    opened: list[str] = []
    written = ""
    for sign in text:
        if sign == "|" and opened[-1:] == ["|"]:
            opened.pop()
            sign = ")"
        elif sign in "(|":
            opened.append(sign)
            sign = "(" if sign == "(" else "abs("
        elif sign == ")":
            opened.pop()
        written += sign
    return written


def _roots(text: str) -> str:
    """Each √ as a call of what stands right after it."""
    while "√" in text:
        start = text.rindex("√")
        end = _end_of_operand(text, start + 1)
        text = f"{text[:start]}sqrt_({text[start + 1 : end]}){text[end:]}"
    return text


def _end_of_operand(text: str, start: int) -> int:
    end = start
    while end < len(text) and (text[end].isalnum() or text[end] in "_."):
        end += 1
    if end < len(text) and text[end] == "(":
        depth = 0
        while True:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
            if depth == 0:
                break
    return end


def _function(op: Op) -> Callable[..., float]:
    return lambda *inputs: op.evaluate(inputs)[0]


READER: dict[str, Any] = {
    **{f"{op.name}_": _function(op) for op in TABLE.values()},
    "inf": math.inf,
    "nan": math.nan,
    "abs": abs,
    "bool": bool,
}


def read(text: str, numbers: dict[str, float]) -> float:
    """The number that the formula stands for, where its names stand for these numbers."""
    return float(eval(as_python(text), {"__builtins__": {}}, {**READER, **numbers}))


def names_of(op: Op, inputs: Sequence[float]) -> list[str]:
    return [f"x{i + 1}" for i in range(len(inputs))]


@EVERY_OP
def test_a_formula_reads_as_the_value(op: Op) -> None:
    for inputs in samples_of(op):
        names = names_of(op, inputs)
        got = read(formula(op, names), dict(zip(names, inputs, strict=True)))
        assert got == pytest.approx(op.evaluate(inputs)[0], rel=1e-12)


@EVERY_OP
def test_the_formulas_of_partials_read_as_the_partials(op: Op) -> None:
    for inputs in samples_of(op):
        names = names_of(op, inputs)
        y, partials = op.evaluate(inputs)
        texts = [as_expression(d).text for d in op.partials(SYMBOLS, [*map(named, names)], named("y"))]
        assert len(texts) == len(partials)
        for text, partial in zip(texts, partials, strict=True):
            numbers = {**dict(zip(names, inputs, strict=True)), "y": y}
            # constants are written with four digits
            assert read(text, numbers) == pytest.approx(partial, rel=1e-3, abs=1e-3), text


# --------------------------------------------------------------- parentheses, on any nesting

LEAVES = {"a": 1.25, "b": -0.75, "c": 2.5}
NESTABLE = [
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "abs",
    "sqrt",
    "pow",
    "exp",
    "maximum",
    "where",
    "less",
    "sum",
    "dot",
]


@st.composite
def nested(draw: st.DrawFn, depth: int = 4) -> tuple[Any, float]:
    """A random expression, or a plain number, and the number it has for the `LEAVES`."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        name = draw(st.sampled_from(list(LEAVES)))
        constant = draw(st.sampled_from([2.0, -2.0, 0.5]))
        return draw(st.sampled_from([(Expression(name), LEAVES[name]), (constant, constant)]))
    op = TABLE[draw(st.sampled_from(NESTABLE))]
    parts = [draw(nested(depth=depth - 1)) for _ in range(op.arity or draw(st.integers(1, 4)))]
    number, _ = op.evaluate([x for _, x in parts])
    assume(math.isfinite(number))  # Python, reading it back, raises where the engine gives infinity or nan
    return getattr(SYMBOLS, op.name)(*(text for text, _ in parts)), number


@settings(max_examples=300)
@given(nested())
def test_parentheses_keep_the_meaning_of_any_nesting(pair: tuple[Any, float]) -> None:
    written, want = pair
    assert read(f"{written}", LEAVES) == pytest.approx(want, rel=1e-12), f"{written}"


@pytest.mark.parametrize(
    ("name", "inputs", "text"),
    [
        ("sub", ["a", "-2"], "a − (−2)"),
        ("mul", ["−2", "−3"], "−2 × (−3)"),
        ("neg", ["-2"], "−(−2)"),
        ("pow", ["-2", "3"], "(−2)^3"),
        ("dot", ["w", "x", "b"], "w·x + b"),
        ("dot", ["w1", "w2", "-1", "x2"], "w1·(−1) + w2·x2"),
        ("sum", [], "0"),
        ("less", ["a", "-1"], "a < −1"),
        ("where", ["c", "a", "b"], "a if c else b"),
        ("logsumexp", ["a", "b"], "ln(exp(a) + exp(b))"),
    ],
)
def test_formulas_read_as_one_writes_them(name: str, inputs: list[str], text: str) -> None:
    assert formula(TABLE[name], inputs) == text


def test_there_are_symbols_for_nothing_but_the_table() -> None:
    with pytest.raises(AttributeError, match="no op 'sinc'"):
        getattr(SYMBOLS, "sin" + "c")


def test_a_name_with_a_raised_index_is_kept_apart_from_its_exponent() -> None:
    assert formula(TABLE["pow"], ["a₁⁽²⁾", "2"]) == "a₁⁽²⁾^2"
    assert formula(TABLE["pow"], ["a₁", "2"]) == "a₁^2"
