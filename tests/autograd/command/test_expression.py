"""Formulas as text: what is read, what it computes, and how everything else is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Constant, Value, gradients, topological_order
from autograd.command.expression import evaluate, parse
from autograd.command.reader import FUNCTIONS, LONGEST, ExpressionError

NUMBERS = {"a": 2.0, "b": -3.0, "c": 0.5}


def refusal(text: str, **numbers: float) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, **numbers)
    return caught.value


def outcome_of(text: str) -> Value | ExpressionError:
    try:
        program = parse(text)
        return program.evaluate(dict.fromkeys(program.variables, 1.5))
    except ExpressionError as error:
        return error


# -------------------------------------------------------------------------------- what it computes


@st.composite
def formulas(draw: st.DrawFn, depth: int = 3) -> str:
    """Arithmetic in a, b and c, with more and fewer parentheses than it needs."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(["a", "b", "c", "2", "0.5", ".25", "1e-3", "1_000"]))
    left, right = draw(formulas(depth=depth - 1)), draw(formulas(depth=depth - 1))
    shape = draw(st.sampled_from(["{} + {}", "{}-{}", "{} * {}", "({})*({})", "-{}", "({} - {})", "+({})"]))
    return shape.format(left, right)


@given(formulas())
def test_arithmetic_means_what_it_means_in_python(text: str) -> None:
    wanted = eval(text, {}, dict(NUMBERS))
    program = parse("0*a + 0*b + 0*c + " + text)
    assert program.evaluate(NUMBERS).data == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@given(formulas())
def test_the_graph_is_the_one_that_python_builds(text: str) -> None:
    values = {name: Value(x, name) for name, x in NUMBERS.items()}
    by_hand = eval("a + b + c + " + text.replace("+(", "("), {}, values)  # Values have no unary plus
    read = parse("a + b + c + " + text).evaluate(NUMBERS)
    ours, theirs = topological_order(read), topological_order(by_hand)
    assert [(v.op, v.data, v.label) for v in ours] == [(v.op, v.data, v.label) for v in theirs]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_the_table_can_be_called(name: str) -> None:
    op = FUNCTIONS[name]
    inputs = [0.3 + (0.3 not in op.domain_of(0)), 0.2, 0.6][: op.arity or 3]
    output = parse(f"{name}({', '.join('abc'[: len(inputs)])})").evaluate(
        dict(zip("abc", inputs, strict=False))
    )
    assert output.op is op
    assert output.data == op.evaluate(inputs)[0]


@pytest.mark.parametrize("text", ["leaky_relu(a)", "elu(a)", "clip(a)", "clip(a, -1)"])
def test_inputs_with_a_default_can_be_left_out(text: str) -> None:
    assert evaluate(text, a=-2.0).data == eval(text, vars(autograd), {"a": Value(-2.0)}).data


@pytest.mark.parametrize(("a", "wanted"), [(2.0, 6.0), (-2.0, -2.0)])
@pytest.mark.parametrize("condition", ["a > 0", "0 < a", "a >= 0.5", "a == 2", "a"])
def test_where_takes_a_condition(a: float, wanted: float, condition: str) -> None:
    output = evaluate(f"where({condition}, 3*a, a)", a=a)
    assert output.data == (6.0 if condition == "a" and a > 0 else wanted if condition != "a" else 3 * a)


def test_a_condition_gets_no_gradient() -> None:
    output = evaluate("where(a > b, a*a, b)", a=3, b=2)
    (condition,) = [v for v in topological_order(output) if isinstance(v, Constant)]
    assert condition.data == 1.0
    a, b = (v for v in topological_order(output) if v.label)
    assert gradients(output, [a, b]) in ([6.0, 0.0], [0.0, 6.0])


def test_powers_bind_as_in_python() -> None:
    assert evaluate("-a**2", a=3).data == -9
    assert evaluate("2**a**2", a=2).data == 16
    assert evaluate("a**-2", a=2).data == 0.25


def test_a_name_stands_for_one_value_wherever_it_is_used() -> None:
    output = evaluate("h = x*y; h * (h + y)", x=2, y=3)
    assert [v.label for v in topological_order(output)] == ["x", "y", "h", "", ""]


def test_names_given_in_the_text_are_labels_and_nothing_else_is() -> None:
    output = evaluate("e = a*b; d = e + c; L = d*f", a=2, b=-3, c=10, f=-2)
    assert [v.label for v in topological_order(output)] == ["a", "b", "e", "c", "d", "f", "L"]
    assert output.data == -8.0


def test_a_plain_number_with_a_name_is_an_input() -> None:
    output = evaluate("a = 2; b = 3*4; a*b")
    assert [(v.label, v.data, v.role) for v in output.inputs] == [("a", 2.0, "input"), ("b", 12.0, "input")]


def test_numbers_are_computed_before_they_meet_a_value() -> None:
    output = evaluate("2 * 3 * exp(0) * a", a=1)
    assert [v.data for v in output.inputs] == [6.0, 1.0]


def test_variables_come_in_the_order_of_their_first_use() -> None:
    assert parse("(b*a + c) * b").variables == ("b", "a", "c")


def test_letters_of_any_script_are_names() -> None:
    assert parse("σ*é + w1").variables == ("σ", "é", "w1")


def test_white_space_does_not_count() -> None:
    assert evaluate("\n  a\t*\n (a\r\n + 1)  ", a=2).data == 6


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_numbers_need_not_be_finite(x: float) -> None:
    assert not math.isfinite(evaluate("a + 1", a=x).data)


@pytest.mark.parametrize("text", ["a**9**9**9", "1e308*10*a", "a**1e300"])
def test_what_overflows_is_infinite_and_computed_at_once(text: str) -> None:
    assert evaluate(text, a=2).data == math.inf


def test_a_long_sum_is_read() -> None:
    assert evaluate("+".join(["a"] * 900), a=1).data == 900


@pytest.mark.parametrize(
    ("printed", "typed"),
    [
        ("a^2", "a**2"),
        ("(a)^2 × b", "(a)**2 * b"),
        ("a³ − b·a⁻¹", "a**3 - b*a**-1"),
        ("(−a)^2 ÷ b", "(-a)**2 / b"),
        ("where(a ≤ b, a, b)", "where(a <= b, a, b)"),
    ],
)
def test_what_is_printed_can_be_typed(printed: str, typed: str) -> None:
    names = {name: x for name, x in (("a", 2.0), ("b", 3.0)) if name in typed}
    assert evaluate(printed, **names).data == evaluate(typed, **names).data


# -------------------------------------------------------------------------------- what it refuses


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "there is no formula"),
        ("   ", 1, "there is no formula"),
        ("a b", 3, "'b' is not expected here; is an operator missing"),
        ("a + * b", 5, r"'\*' is not expected here"),
        ("a +", 4, "ends too early"),
        ("  a +  ", 6, "ends too early"),
        ("(a + b", 1, r"'\(' was never closed"),
        ("a)", 2, r"unmatched '\)'"),
        ("(a b)", 2, "an operator or a comma is missing in 'a b'"),
        ("2a", 1, "'2a' is not a number"),
        ("b + 1.2.3", 5, "'1.2.3' is not a number"),
        ("a·b + x³ b", 10, "'b' is not expected here"),
        ("√a", 1, r"'√' is typed as sqrt\(…\)"),
        ("é // b", 3, r"the operators here are"),
        ("a*lambda", 3, "'lambda' is a keyword of Python"),
        ("lambda", 1, "'lambda' is a keyword of Python"),
        ("for * 2 + (a", 1, "'for' is a keyword of Python"),
        ("a if b else c", 1, "where"),
        ("a > b", 1, "a comparison belongs in a condition"),
        ("where(a < b < c, a, b)", 7, "two at a time"),
        ("where(a is b, a, b)", 7, "the comparisons here are"),
        ("not a", 1, "not understood here"),
        ("a, b", 1, "the formula itself has one result"),
        ("a.b", 1, "a function is typed as"),
        ("a[0]", 1, "not a formula"),
        ("[a for a in b]", 1, "not a formula"),
        ("'text'", 1, "not a real number"),
        ("True * a", 1, "not a real number"),
        ("a * 2j", 5, "not a real number"),
        ("a * 1e999", 5, "1.797e308"),
        ("a * " + "9" * 400, 5, "1.797e308"),
        ("a * " + "9" * 5000, 5, "too many digits"),
        ("a # b", 3, "'#' has no place"),
        ("a\\b", 2, "no place"),
        ("a\x00", 2, "no place"),
        ("a + \x1b[31mb", 5, "no place"),
        ("a * sn(b)", 5, "no function 'sn'; did you mean 'sin'"),
        ("ln(a)", 1, "did you mean 'log'"),
        ("max(a, b)", 1, "did you mean 'maximum'"),
        ("x(a + b)", 1, r"x\*\(…\)"),
        ("2(a)", 1, "an operator is missing"),
        ("__import__('os')", 1, "no function '__import__'"),
        ("sin * a", 1, r"'sin' is a function, sin\(a\)"),
        ("sin()", 1, "sin takes 1"),
        ("sin(a, b)", 1, "got 2"),
        ("clip(a, b, c, a)", 1, "takes 1 to 3"),
        ("where(a > b)", 1, "takes 3"),
        ("sum()", 1, "got 0"),
        ("sin(*a)", 1, "without names and stars"),
        ("sin(a, b=2)", 1, "without names and stars"),
        ("import os", 1, "not a formula"),
        ("a += 2", 3, "not expected|not a formula"),
        ("a := 2", 3, "not expected"),
        ("a*b; c", 1, "only the last formula"),
        ("h = a; h = b; h", 8, "used or defined before"),
        ("b = a*h; h = b; h", 10, "used or defined before"),
        ("x = y = a", 1, "one formula one name"),
        ("h = a*b; c", 1, "the output does not use it"),
        ("exp = a; exp*2", 1, "'exp' is a function"),
        ("(" * 201 + "a" + ")" * 201, 201, "nested too deeply"),
    ],
)
def test_what_is_no_formula_is_refused_by_its_column(text: str, column: int, words: str) -> None:
    error = refusal(text)
    assert str(error).startswith(f"column {error.column}: ")
    assert "\n" not in str(error)
    with pytest.raises(ExpressionError, match=words):
        parse(text)
    if words != "not expected|not a formula":
        assert error.column == column


@pytest.mark.parametrize(
    "text",
    ["(" * 10_000 + "a" + ")" * 10_000, "+".join(["a"] * 100_000), "-" * 100_000 + "a", "a**" * 50_000 + "a"],
)
def test_a_very_long_formula_is_refused_by_its_length(text: str) -> None:
    error = refusal(text)
    assert f"at most {LONGEST:,} characters" in error.problem


@pytest.mark.parametrize("text", ["-" * 9_999 + "a", "a**" * 3_000 + "a", "+".join(["a"] * 5_000)])
def test_a_very_deep_formula_is_read_or_refused_but_never_crashes(text: str) -> None:
    outcome = outcome_of(text)
    assert isinstance(outcome, Value) or "too many operations" in outcome.problem


@given(st.text(max_size=30) | st.text("ab(+-*/)^=;<>.,0123456789 esinx", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    outcome = outcome_of(text)
    if isinstance(outcome, ExpressionError):
        assert 1 <= outcome.column <= len(text) + 1
        assert len(outcome.pointer().splitlines()[-1]) <= 77


@pytest.mark.parametrize(
    ("text", "numbers", "column", "words"),
    [
        ("a*b", {"a": 1.0}, 3, "'b' has no number; give b=…"),
        ("a*b + c", {}, 1, "'a' has no number; give a=… b=… c=…"),
        ("alpha + 2", {"alhpa": 1.0}, 1, "'alpha' has no number; did you mean 'alhpa'?"),
        ("a*b", {"a": 1.0, "b": 1.0, "d": 1.0}, 1, "there is no 'd' here to take a number"),
        ("rate*2", {"rate": 1.0, "rat": 1.0}, 1, "did you mean 'rate'?"),
        ("c*a; h", {"c": 1.0}, 1, "only the last formula"),
        ("b*b; h", {}, 1, "only the last formula"),
        ("c + 0; h = c", {}, 1, "only the last formula"),
        ("h = a*a; h", {"a": 1.0, "h": 1.0}, 1, "'h' is defined here, so it takes no number"),
        ("2 + 3", {}, 1, "there is no variable here"),
    ],
)
def test_names_and_numbers_must_match(text: str, numbers: dict[str, float], column: int, words: str) -> None:
    error = refusal(text, **numbers)
    assert words in error.problem
    assert error.column == column


@pytest.mark.parametrize("text", [None, 3, b"a*b", ["a"]])
def test_a_formula_is_a_string(text: Any) -> None:
    with pytest.raises(TypeError, match="a formula is a string"):
        parse(text)


def test_a_number_is_a_number() -> None:
    bad: Any = "2"
    with pytest.raises(TypeError, match="a must be a real number; got '2'"):
        evaluate("a*2", a=bad)


# -------------------------------------------------------------------------------- the caret


def test_the_caret_points_at_the_column() -> None:
    text, caret = refusal("a + sn(b)").pointer().splitlines()
    assert text == "a + sn(b)"
    assert text[len(caret) - 1 :] == "sn(b)"


@pytest.mark.parametrize("column", [1, 40, 100, 250, 300, 301])
def test_of_a_long_formula_only_the_part_around_the_caret_is_shown(column: int) -> None:
    text = "".join(chr(ord("a") + i % 26) for i in range(300))
    shown, caret = ExpressionError(text, column, "").pointer(width=40).splitlines()
    assert len(shown) == 40
    assert len(caret) <= 41
    assert shown[len(caret) - 1 :][:1] == text[column - 1 : column]


def test_what_cannot_be_seen_takes_one_place() -> None:
    assert refusal("a\x1b").pointer() == "a?\n ^"
