"""gradcheck finds every mutant, by name, and never accuses what is right."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given

from autograd import Value, maximum, no_grad, where
from autograd.core.primitive import TABLE, Op
from autograd.functions import dot
from autograd.mistakes import ENGINES, gradients_of
from autograd.testing import Certificate, GradientError, check_op, gradcheck
from autograd.testing.strategies import Recipe, recipes
from autograd.value import apply
from tests.strategies import samples_of
from tests.thorough import ALL

EVERY_OP = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE.keys())


def verdicts(certificate: Certificate) -> list[str]:
    return [v.verdict for v in certificate.verdicts]


# ---------------------------------------------------------------------------------------- mutants

Mistake = Callable[[Any, Any], Any]
MISTAKES: dict[str, Mistake] = {
    "sign flipped": lambda d, y: -d,
    "factor 2": lambda d, y: d * 2,
    "missing": lambda d, y: d * 0,
    "the value": lambda d, y: y,
    "one more": lambda d, y: d + 1,
}


def mutant(op: Op, mistake: Mistake, i: int) -> Op:
    """The op with a mistake in its ``i``-th partial (in all of them, if it takes any number of inputs)."""

    def rule(m: Any) -> tuple[Callable[..., Any], ...]:
        value, *partials = op.rule(m)
        right = partials[i]

        def wrong(*arguments: Any) -> Any:
            if op.variadic:
                return [mistake(d, arguments[0]) for d in right(*arguments)]
            return mistake(right(*arguments), arguments[-1])

        return value, *partials[:i], wrong, *partials[i + 1 :]

    return dataclasses.replace(op, rule=rule)


def mutants_of(op: Op) -> list[tuple[Op, list[float]]]:
    """Each mutant of the op that differs from it, with the first inputs that show it."""
    found = []
    for i in range(1 if op.variadic else op.arity or 0):
        for mistake in MISTAKES.values():
            wrong = mutant(op, mistake, i)
            rows = [row for row in samples_of(op) if wrong.evaluate(row) != op.evaluate(row)]
            found += [(wrong, row) for row in rows[:1]]
    return found


@EVERY_OP
def test_every_wrong_partial_is_found_and_its_op_named_on_the_first_example(op: Op) -> None:
    for wrong, row in mutants_of(op):
        with pytest.raises(GradientError) as caught:
            gradcheck(lambda *v, wrong=wrong: (apply(wrong, v) * 0.5 + v[0]).sin(), tuple(row))
        assert caught.value.certificate is not None
        assert {v.op for v in caught.value.certificate.wrong} == {op.name}


@EVERY_OP
def test_check_op_finds_wrong_partials_and_passes_the_right_ones(op: Op) -> None:
    assert op.name in check_op(op)
    for wrong, _ in mutants_of(op)[: None if ALL else 2]:  # test_mutants has more
        with pytest.raises(GradientError, match=f"∂{op.name}/∂input"):
            check_op(wrong)


def test_no_op_goes_without_mutants() -> None:
    assert all(mutants_of(op) for op in TABLE.values())


@pytest.mark.parametrize(
    ("mistake", "cause"),
    [("sign flipped", "sign flipped"), ("factor 2", "factor 2 too large"), ("missing", "missing term")],
)
def test_the_likely_cause_is_told(mistake: str, cause: str) -> None:
    wrong = mutant(TABLE["mul"], MISTAKES[mistake], 1)
    with pytest.raises(GradientError, match=f"∂mul/∂input 2 of x × y is .*{cause}"):
        gradcheck(lambda x, y: apply(wrong, (x, y)).exp(), (0.5, 3.0))


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "right"])
def test_every_broken_engine_is_found_and_its_mistake_told(name: str) -> None:
    def function(x: Value, y: Value) -> Value:
        h = x * y
        return h * (h + y)

    def reverse(output: Value, wrt: Sequence[Value]) -> list[float]:
        found = gradients_of(ENGINES[name], output)
        return [found.get(v, 0.0) for v in wrt]

    words = {
        "overwrites": "overwritten accumulation",
        "depth_first": "no topological order",
        "keeps_intermediates": "stale gradients",
        "drops_factor": "a dropped factor",
    }
    with pytest.raises(GradientError, match=f"every partial is right; likely {words[name]}"):
        gradcheck(function, (2.0, 3.0), reverse=reverse)


# -------------------------------------------------------------------------------- no false alarm


@given(recipes())
def test_what_is_right_is_never_accused(recipe: Recipe) -> None:
    assert "wrong" not in verdicts(gradcheck(recipe, recipe.numbers))


@given(recipes(most_steps=4))
def test_a_graph_is_checked_as_it_stands(recipe: Recipe) -> None:
    output = recipe.graph()
    assert "wrong" not in verdicts(gradcheck(output))
    assert all(v.grad == 0.0 for v in output.inputs)


def test_second_derivatives_are_checked_as_well() -> None:
    certificate = gradcheck(lambda x, y: x**3 * y + y.sin(), (1.0, 2.0), order=2)
    assert certificate["∂/∂x ∂/∂y"].gradient == 3.0
    assert verdicts(certificate) == ["correct"] * 6


def test_digits_lost_to_cancellation_are_told_and_accuse_nobody() -> None:
    verdict = gradcheck(lambda x: (1 - x.cos()) / (x * x), 1e-6)["x"]
    assert (verdict.verdict, verdict.digits) == ("limited by rounding", 0.0)


@pytest.mark.parametrize("x", [-3.0, 0.0])
def test_a_constant_exponent_asks_for_no_slope_of_its_own(x: float) -> None:
    assert gradcheck(lambda x: x**2, x)["x"].verdict == "correct"


def test_a_branch_on_data_is_fine_where_the_function_does_not_branch() -> None:
    assert gradcheck(lambda x: 3 * x if x > 0 else x, 1.0)["x"].verdict == "correct"


Function = Callable[..., Value]

UNUSUAL: dict[str, tuple[Function, Any]] = {
    "faster than any step": (lambda x: x.sin(), 1e22),
    "faster than steps in doubles": (lambda x: (x * 1e8).sin(), 1.2345),
    "a peak that steps miss": (lambda x: (-(((x - 1e6) * 1e6) ** 2)).exp(), 1e6 + 1e-6),
    "the edge of a pole": (lambda x: x.tan(), math.pi / 2),
    "a tail of subnormal numbers": (lambda x: x.erfc(), 27.0),
    "a slope of 1e-317 beside 2": (lambda x: x.erfc(), -27.0),
    "nothing is left of the slope": (lambda x: x.tanh(), 400.0),
    "underflow on the way": (lambda x: x * 1e-200 * 1e-130 * 1e300, 1.0),
    "large": (lambda x: x * x, 1e150),
    "small": (lambda x: x * x, 1e-150),
    "x⁰ at 0": (lambda x: x**0, 0.0),
    "x³ at 0": (lambda x, y: x**y, (0.0, 3.0)),
    "|x|^1.5 at 0": (lambda x: abs(x) ** 1.5, 0.0),
    "a chain of kinks that is smooth": (lambda x: x * x.relu() + abs(x) * abs(x), 0.0),
    "a branch that is not taken is nan": (lambda x: where(x > 0, x.log(), 2 * x), -1.0),
    "a kink close by": (lambda x: 3 * x if x > 1 else x + 2, 1 + 1e-14),
    "a maximum that is detached": (lambda *xs: _logsumexp_by_hand(xs), (1000.0, 1000.0, 3.0)),
    "a loop that ends by the data": (lambda x: _halved(x), 1000.0),
    "sums in any order": (lambda *xs: sum({*xs, *(a * b for a in xs for b in xs)}), (0.1, 0.2, 0.3)),
    "Newton's method": (lambda x: _root(x), 2.0),
    "an interval of one point": (lambda x: x.clip(1.0, 1.0), 1.0),
    "sizes far apart": (lambda *xs: dot(xs, xs), (1e-150, 1e-20, 1.0, 1e150)),
}


def _logsumexp_by_hand(xs: Sequence[Value]) -> Value:
    top = max(x.data for x in xs)
    total: Any = sum((x - top).exp() for x in xs)
    output: Value = total.log() + top
    return output


def _halved(x: Value) -> Value:
    while x > 1:
        x = x / 2
    return x * x


def _root(x: Value) -> Value:
    y = x
    for _ in range(20):
        y = y - (y * y - x) / (2 * y)
    return y


@pytest.mark.parametrize("name", UNUSUAL)
def test_no_correct_function_is_accused_however_unusual(name: str) -> None:
    function, point = UNUSUAL[name]
    assert "wrong" not in verdicts(gradcheck(function, point))


@pytest.mark.parametrize(
    "name", ["a tail of subnormal numbers", "sizes far apart", "a kink close by", "x³ at 0"]
)
def test_nor_is_it_called_less_than_correct_where_all_digits_are_right(name: str) -> None:
    assert set(verdicts(gradcheck(*UNUSUAL[name]))) == {"correct"}


def test_a_branch_that_is_not_taken_spoils_nothing() -> None:
    assert gradcheck(lambda x: where(x > 0, x.sqrt(), 2 * x), -1.0, order=2)["x"].gradient == 2.0
    polynomial = gradcheck(lambda x: 1 + 2 * x + 3 * x**2, 0.0, order=2)
    assert [v.gradient for v in polynomial.verdicts] == [2.0, 6.0]
    assert set(verdicts(polynomial)) == {"correct"}


def test_a_long_chain_and_many_inputs_are_checked_in_one_pass() -> None:
    def chain(*xs: Value) -> Value:
        y = xs[0]
        for k in range(600):
            y = (y + 0.01 * xs[k % len(xs)]).sin() if k % 2 else y * 1.01
        return y

    assert set(verdicts(gradcheck(chain, tuple(0.01 * k for k in range(1, 61))))) == {"correct"}


# ------------------------------------------------------------------------------- kinks and borders


@pytest.mark.parametrize(
    ("function", "point", "interval", "op"),
    [
        (lambda x: x.relu(), (0.0,), (0, 1), "relu"),
        (lambda x: abs(x), (0.0,), (-1, 1), "abs"),
        (maximum, (1.0, 1.0), (0, 1), "maximum"),
        (lambda x: where(x > 0, 3 * x, x), (0.0,), (1, 3), "less"),
        (lambda x: 3 * x if x > 0 else x, (0.0,), (1, 3), ""),
    ],
)
def test_a_kink_is_shown_with_the_slopes_to_both_sides(
    function: Callable[..., Value], point: tuple[float, ...], interval: tuple[float, float], op: str
) -> None:
    for verdict in gradcheck(function, point).verdicts:
        assert (verdict.verdict, verdict.interval, verdict.op) == ("kink", interval, op)


def test_a_kink_that_cancels_is_none() -> None:
    assert gradcheck(lambda x: maximum(x, x), 1.0)["x"].verdict == "correct"


def test_a_vertical_tangent_is_not_differentiable() -> None:
    verdict = gradcheck(lambda x: x.sqrt(), 0.0)["x"]
    assert (verdict.verdict, verdict.op) == ("not differentiable here", "sqrt")


def test_a_jump_is_not_differentiable() -> None:
    verdict = gradcheck(lambda x: where(x >= 1, x + 1, x), 1.0)["x"]
    assert (verdict.verdict, verdict.detail) == ("not differentiable here", "a jump at 1 ≤ x")


# ------------------------------------------------------------------------------- ways to call it


def test_the_point_decides_how_the_function_is_called() -> None:
    assert list(map(verdicts, [
        gradcheck(lambda x, y: x * y, (2.0, 3.0)),
        gradcheck(lambda x, y: x * y, [2.0, 3.0]),
        gradcheck(lambda x: x[0] * x[1], [2.0, 3.0]),
        gradcheck(lambda p: dot(p["w"], p["x"]), {"w": [2.0], "x": [3.0]}),
    ])) == [["correct"] * 2] * 4  # fmt: skip


def test_it_checks_while_recording_is_switched_off_around_it() -> None:
    with no_grad():
        assert gradcheck(lambda x: x * x, 2.0)["x"].gradient == 4.0
