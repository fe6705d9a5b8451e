"""gradcheck finds every mutant, by name, and never accuses what is right."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given

from autograd import Value, maximum, no_grad, where
from autograd.functions import dot
from autograd.ops import TABLE, Op
from autograd.testing import Certificate, GradientError, check_op, gradcheck
from autograd.testing.broken import ENGINES, gradients_of
from autograd.testing.strategies import Recipe, recipes
from autograd.value import apply
from tests.strategies import samples_of

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
def test_check_op_finds_every_wrong_partial_and_passes_the_right_ones(op: Op) -> None:
    assert op.name in check_op(op)
    for wrong, _ in mutants_of(op):
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


@given(recipes(most_steps=4))
def test_a_recipe_prints_as_the_python_that_builds_it(recipe: Recipe) -> None:
    names: dict[str, Any] = {}
    exec(repr(recipe), names)
    built, meant = names[f"v{len(recipe.steps)}"].data, recipe.graph().data
    assert built == meant or (math.isnan(built) and math.isnan(meant))


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


# ---------------------------------------------------------------------------- functions at fault


def test_a_graph_cut_by_data_is_found() -> None:
    with pytest.raises(GradientError, match=r"cut graph: a constant follows the input x; \.data") as caught:
        gradcheck(lambda x: x * x.data, 3.0)
    assert caught.value.certificate is not None
    assert (caught.value.certificate["x"].gradient, caught.value.certificate["x"].slope) == (3.0, 6.0)


def test_state_kept_between_calls_is_found() -> None:
    kept: list[Value] = []

    def function(x: Value) -> Value:
        kept.append(x * x)
        return kept[0] + x

    with pytest.raises(GradientError, match="stale state: the second call"):
        gradcheck(function, 2.0)


def test_data_changed_after_the_graph_was_built_is_found() -> None:
    x = Value(2.0, "x")
    y = x * x
    x.data = 5.0
    with pytest.raises(GradientError, match="stale: the data of an input was changed"):
        gradcheck(y)


def test_a_function_that_gives_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match=r"gives 1\.0 \(float\): its graph was cut"):
        gradcheck(lambda x: x.data, 1.0)


def test_a_random_function_is_refused() -> None:
    chance = random.Random(0)
    with pytest.raises(ValueError, match=r"not one of its inputs alone: at x = 1\.0 it gave"):
        gradcheck(lambda x: x * chance.random(), 1.0)


def test_a_function_that_changes_its_inputs_is_refused() -> None:
    def function(x: Value) -> Value:
        x.data = 4.0
        return x * x

    with pytest.raises(ValueError, match=r"changes its inputs: it set x from 1\.0 to 4\.0"):
        gradcheck(function, 1.0)


def test_what_a_function_raises_comes_through_with_the_point() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        gradcheck(lambda x: x / (1 // 0), 1.0)
    assert caught.value.__notes__ == ["raised while gradcheck called the function at x = 1.0"]


def test_a_point_outside_the_domain_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x = -1\.0 is outside the domain: ln\(x\) is nan"):
        gradcheck(lambda x: x.log(), -1.0)


@pytest.mark.parametrize("order", [0, 3, True, 1.5])
def test_another_order_is_refused(order: Any) -> None:
    with pytest.raises(ValueError, match="order 1 and 2; got order="):
        gradcheck(lambda x: x, 1.0, order=order)


def test_nothing_of_the_users_is_changed() -> None:
    w = Value(0.5, "w")
    (w * 3).backward()
    gradcheck(lambda x: (w * x).tanh(), 2.0)
    assert (w.data, w.grad) == (0.5, 3.0)


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


def test_the_certificate_is_an_aligned_table() -> None:
    assert str(gradcheck(lambda first, y: first * y.relu(), (2.0, 0.0))).splitlines() == [
        "input  at  reverse pass  differences  verdict",
        "first  2   0             0            correct  15 digits",
        "y      0   0             1            kink     any slope from 0 to 2; at ReLU(y)",
    ]


def test_an_op_that_is_in_the_table_already_is_refused() -> None:
    from autograd.ops import op

    before = TABLE["tanh"]
    with pytest.raises(ValueError, match="the table has an op 'tanh' already; give this one another name"):
        op("tanh", "t", lambda m: (lambda a: a, lambda a, y: 1.0))
    assert TABLE["tanh"] is before
