"""check_gradient finds mistakes in gradients written by hand, and accuses nobody who is right."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest

from autograd.testing import GradientError, check_gradient, gradcheck
from autograd.testing.plain import check

np = pytest.importorskip("numpy")
pytest.importorskip("scipy")

from tests.hand_written import MUTANTS, Example, examples, is_accused  # noqa: E402  # they need SciPy


def verdicts(*arguments: Any, **options: Any) -> list[str]:
    return [v.verdict for v in check_gradient(*arguments, **options).verdicts]


def message(*arguments: Any, **options: Any) -> str:
    with pytest.raises(GradientError) as caught:
        check_gradient(*arguments, **options)
    return str(caught.value)


def cube(x: float) -> float:
    return x**3


def slope_of_cube(x: float) -> float:
    return 3 * x**2


# ------------------------------------------------------------------------------- right and wrong


def test_no_right_gradient_is_accused() -> None:
    """A few hundred; ``python -m tests.benchmarks.hand_written`` takes as many as one likes."""
    for example in examples(seed=1, count=150):
        with np.errstate(all="ignore"):
            check_gradient(example.f, example.df, example.x)


def wrong(example: Example, mistake: str, chance: random.Random) -> bool | None:
    """Whether a mistake is found; None if it makes no difference to the gradient, or to a number's digits."""
    right = np.asarray(example.df(example.x), dtype=float)
    mutated = np.asarray(MUTANTS[mistake](right, chance), dtype=float)
    if np.allclose(right, mutated, rtol=1e-5, atol=0):
        return None
    return is_accused(example, mutated)


def is_hidden(example: Example) -> bool:
    """Whether the value hardly moves with its inputs: differences of floats say little about such a slope."""
    y, slopes, x = (np.max(np.abs(v)) for v in (example.f(example.x), example.df(example.x), example.x))
    return bool(slopes * max(x, 1.0) < 1e-6 * y)


def test_mistakes_are_found() -> None:
    """All but those that rounding hides: a part in 10⁴ at points near 0, or of a sum that nearly cancels."""
    chance = random.Random(2)
    found: Counter[tuple[str, bool | None]] = Counter()
    for example in examples(seed=2, count=60):
        if not any(rough in example.name for rough in ("noise", "float32", "·x")) and not is_hidden(example):
            found.update((mistake, wrong(example, mistake, chance)) for mistake in MUTANTS)
    for mistake in MUTANTS:
        assert (
            found[mistake, True] >= (4 if mistake in ("1 % off", "1e-4 off") else 9) * found[mistake, False]
        )
    assert found["sign", True] > 20


@pytest.mark.parametrize(
    ("f", "df", "x"),
    [
        (lambda x: (1 - math.cos(x)) / x**2, lambda x: -x / 12, 1e-6),  # digits are lost to cancellation
        (lambda x: math.sin(1e8 * x), lambda x: 1e8 * math.cos(1e8 * x), 1.2345),
        (lambda x: x + 1e-9 * math.sin(1e9 * x), lambda x: 1 + math.cos(1e9 * x), 1.2345),
        (math.sin, math.cos, 1e22),
        (lambda x: abs(x) ** 1.5, lambda x: math.copysign(1.5, x) * abs(x) ** 0.5, 0.0),
        (lambda x: (x - 1) ** 3, lambda x: 3 * (x - 1) ** 2, 1.0),
        (lambda x: abs(x - 1) + 5, lambda x: 1.0, 1 + 1e-10),  # a kink close by
        (math.erfc, lambda x: -2 / math.sqrt(math.pi) * math.exp(-x * x), 27.0),
        (math.tan, lambda x: 1 + math.tan(x) ** 2, math.pi / 2),
        (lambda x: x * x, lambda x: 2 * x, 1e150),
        (lambda x: x * x, lambda x: 2 * x, 1e-150),
        (lambda x: 1.0, lambda x: 0.0, 3.0),
        (math.acos, lambda x: -1 / math.sqrt((1 - x) * (1 + x)), 1 - 1e-10),
    ],
)
def test_no_right_gradient_is_accused_however_unusual(f: Any, df: Any, x: float) -> None:
    assert "wrong" not in verdicts(f, df, x)


@pytest.mark.parametrize("x", [1e-150, 1e-20, 0.3, 1e20, 1e150])
def test_a_small_mistake_is_found_at_any_scale(x: float) -> None:
    assert "off by 0.01 %" in message(lambda x: x * x, lambda x: 2.0002 * x, x)


def test_the_last_digits_are_no_mistake_unless_the_user_says_so() -> None:
    assert verdicts(cube, lambda x: 3 * x**2 * (1 + 1e-7), 2.0) == ["correct"]
    assert "wrong" in message(cube, lambda x: 3 * x**2 * (1 + 1e-7), 2.0, rtol=1e-9)
    assert verdicts(cube, lambda x: 3.1 * x**2, 2.0, rtol=0.1) == ["correct"]


@pytest.mark.parametrize(
    "f", [lambda x: np.sin(np.float32(x)), lambda x: float(np.sin(np.float32(x)))], ids=["typed", "hidden"]
)
def test_functions_in_float32_are_noticed(f: Any) -> None:
    assert verdicts(f, lambda x: math.cos(x) * (1 + 1e-5), 0.5) == ["correct"]
    assert "off by 1.000 %" in message(f, lambda x: math.cos(x) * 1.01, 0.5)
    assert "missing" in message(f, lambda x: 0.0, 0.5)


# ------------------------------------------------------------------------------- kinks and borders


def test_at_a_kink_any_slope_between_the_two_is_right() -> None:
    for slope in (-1.0, 0.0, 0.3, 1.0):
        verdict = check_gradient(abs, lambda x, slope=slope: slope, 0.0)["x"]
        assert (verdict.verdict, verdict.interval) == ("kink", (-1.0, 1.0))
    assert "any slope from −1 to 1" in message(abs, lambda x: 2.0, 0.0)


@pytest.mark.parametrize(
    ("f", "x", "told"),
    [
        (math.floor, 2.0, "a jump"),
        (lambda x: math.copysign(abs(x) ** 0.5, x), 0.0, "a vertical tangent"),
        (math.sqrt, 0.0, "the edge of the domain: no value to the left"),
        (math.acos, 1.0, "the edge of the domain: no value to the right"),
    ],
)
def test_where_there_is_no_derivative_it_is_said(f: Any, x: float, told: str) -> None:
    verdict = check_gradient(f, lambda x: 0.0, x).verdicts[0]
    assert (verdict.verdict, verdict.detail) == ("not differentiable here", told)


# -------------------------------------------------------------------------------- where, and which slip


A = np.array([[1.0, 2.0, 4.0], [3.0, -5.0, 7.0], [2.0, 8.0, 9.0]])


@pytest.mark.parametrize(
    ("f", "df", "x", "told"),
    [
        (lambda x: x @ x, lambda x: -2 * x, np.ones(3), "x[0], x[1], x[2] (3 of 3); the sign is flipped"),
        (lambda x: x @ x, lambda x: x, np.ones(3), "a factor of 2 too small"),
        (lambda x: (x**2).mean(), lambda x: 2 * x, np.arange(1.0, 4.0), "too large by 3: a sum where a mean"),
        (lambda x: x @ x, lambda x: 2 * x * [1, 1, 1.1], np.ones(3), "x[2] (1 of 3)"),
        (
            lambda x: x @ x,
            lambda x: 2 * x * [1, 0, 1],
            np.ones(3),
            "x[1] (1 of 3); missing: 0, where there is",
        ),
        (lambda x: x @ x, lambda x: 2 * x[::-1], np.arange(1.0, 4.0), "in reverse order"),
        (lambda x: x @ x, lambda x: 2 * np.roll(x, 1), np.arange(1.0, 5.0), "shifted by one place"),
        (lambda x, y: x * y, lambda x, y: (x, y), (2.0, 3.0), "x, y (2 of 2); these two are exchanged"),
        (
            lambda x, y: x**2 + x * y,
            lambda x, y: (2 * x, x),
            (2.0, 5.0),
            "a term of y is missing, or one as large",
        ),
        (lambda x: A @ x, lambda x: A.T, np.ones(3), "the Jacobian is transposed"),
        (lambda x: A[:2] @ x, lambda x: A[:2].T, np.ones(3), "the Jacobian is transposed"),
        (lambda W: (A[:2] * W).sum(), lambda W: A[:2].T.copy(), np.ones((2, 3)), "transposed"),
        (
            lambda x: math.sin(math.radians(x)),
            lambda x: math.cos(math.radians(x)),
            20.0,
            "radians and degrees",
        ),
        (math.log10, lambda x: 1 / x, 20.0, "too large by ln 10"),
        (cube, cube, 2.0, "this is the value of the function"),
        (cube, lambda x: math.nan, 2.0, "not a number"),
    ],
)
def test_the_place_and_the_likely_slip_are_told(f: Any, df: Any, x: Any, told: str) -> None:
    assert told in message(f, df, x)


def test_of_one_number_not_every_mistake_has_a_name() -> None:
    assert message(math.exp, lambda x: x * math.exp(x - 1), 2.5).startswith("the gradient is wrong: x\n")


def test_the_message_is_the_certificate() -> None:
    assert message(
        lambda x: x[0] ** 2 * x[1], lambda x: [2 * x[0] * x[1], x[0]], [3.0, 2.0]
    ).splitlines() == [
        "the gradient is wrong: x[1] (1 of 2); a term of 2·x[0] is missing, or one as large",
        "input  at  gradient  differences  verdict",
        "x[0]   3   12        12           correct  13 digits",
        "x[1]   2   3         9            wrong    off by 66.67 %",
    ]


# ---------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ((cube, 2.0), TypeError, r"As a gradient to check it got 2\.0 .*gradcheck\(f, x\)"),
        ((cube, slope_of_cube), TypeError, "needs a point"),
        ((3.0, slope_of_cube, 2.0), TypeError, r"As a function it got 3\.0"),
        ((cube, slope_of_cube, "2"), TypeError, r"x is '2' \(str\); real numbers are wanted"),
        ((cube, slope_of_cube, []), TypeError, "at least one number"),
        ((cube, slope_of_cube, math.inf), ValueError, "finite numbers; x is inf"),
        ((np.log, lambda x: 1 / x, -1.0), ValueError, r"x = -1\.0 is outside the domain: .* gives nan"),
        ((lambda x: x @ x, lambda x: x[:2], np.ones(3)), ValueError, "2 numbers; wanted is one for each"),
        ((lambda x: x * random.random(), slope_of_cube, 2.0), ValueError, "not one of its inputs alone"),
        ((lambda x: [], slope_of_cube, 2.0), TypeError, "gives no numbers"),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_refused(arguments: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told), np.errstate(all="ignore"):
        check_gradient(*arguments)


def test_a_tolerance_is_a_part() -> None:
    with pytest.raises(ValueError, match="rtol"):
        check_gradient(cube, slope_of_cube, 2.0, rtol=-1)


def test_an_error_of_the_users_function_comes_through_with_the_point() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        check_gradient(lambda x: x / (1 // 0), slope_of_cube, 2.0)
    assert caught.value.__notes__ == ["raised while check_gradient called the function at x = 2.0"]


# --------------------------------------------------------------------------- nothing silently wrong


def hinge(x: float) -> float:
    return max(0.0, 1 - x) ** 2


@pytest.mark.parametrize(
    ("f", "df", "x"),
    [
        (cube, lambda x: 3 * x**2 if x < 1 else -3 * x**2, 1.0),
        (cube, lambda x: 3 * x**2 if x != 1 else 0.0, 1.0),
        (lambda r: r * r / 2 if abs(r) <= 1 else abs(r) - 0.5, lambda r: r if abs(r) < 1 else 1.0, -1.0),
        (hinge, lambda x: -2 * (1 - x) if x < 1 else 1.0, 1.0),
        (hinge, lambda x: 1.0 if x == 1 else -2 * max(0.0, 1 - x), 1.0),
    ],
)
def test_a_gradient_that_jumps_where_the_function_does_not_bend_is_wrong(f: Any, df: Any, x: float) -> None:
    assert "the gradient is wrong" in message(f, df, x)


def test_the_rounding_of_32_bits_excuses_no_mistake() -> None:
    single = np.float32
    x = np.random.default_rng(0).normal(size=200).astype(single)
    slope = 2 * x / single(200)
    assert set(verdicts(lambda x: np.mean(x**2), lambda x: slope, x)) == {"correct"}
    assert "factor, 1.05" in message(lambda x: np.mean(x**2), lambda x: slope * single(1.05), x)
    for k in (7, int(np.abs(x).argmin())):
        lost = np.where(np.arange(200) == k, single(0), slope)
        assert f"x[{k}] (1 of 200); missing" in message(lambda x: np.mean(x**2), lambda x, g=lost: g, x)
    forced = (lambda x: np.sum(x**2, dtype=single)), np.array([0.1, 3], single)
    assert "x[0] (1 of 2)" in message(forced[0], lambda x: np.array([-2, 2], single) * x, forced[1])


def test_what_could_not_be_judged_is_no_pass() -> None:
    found = check_gradient(lambda x: math.sin(1e22 * x), lambda x: 5.0, 1.0)
    assert [v.verdict for v in found.verdicts] == ["could not be judged"]
    assert not found
    assert check_gradient(cube, slope_of_cube, 1e-120)  # 0 as far as the function's size goes


@pytest.mark.parametrize(
    ("f", "df", "x"),
    [
        (lambda x: 1 - math.cos(x), math.sin, 2.0**-14),
        (lambda x: math.log(math.cosh(x)), math.tanh, 2.0**-24),
        (cube, slope_of_cube, 2.5e-108),
    ],
)
def test_a_function_whose_rounding_stands_still_beside_the_point_is_seen_from_afar(
    f: Any, df: Any, x: float
) -> None:
    assert check_gradient(f, df, x)
    assert "wrong" in message(f, lambda x: df(x) + 0.01, x)


@pytest.mark.parametrize("x", [8.8e-175, 8.8e-9, -1e-12])
def test_a_term_that_is_lost_in_rounding_is_no_mistake(x: float) -> None:
    def f(x: float) -> float:
        return math.exp(x) - 1 - x

    assert verdicts(f, lambda x: math.exp(x) - 1, x) == ["could not be judged"]
    assert verdicts(f, math.expm1, x) == ["could not be judged"]
    assert "the gradient is wrong" in message(f, math.exp, x)
    assert verdicts(f, lambda x: -math.exp(x), x) != ["correct"]


@pytest.mark.parametrize(
    ("f", "df", "x"),
    [
        (lambda x: math.atanh(8 * x**2 - 1), lambda x: 16 * x / (1 - (8 * x**2 - 1) ** 2), 6e-9),
        (lambda x: math.log(math.erf(x)), lambda x: 2 / math.sqrt(math.pi) * math.exp(-x * x), 5.8542402),
        (
            lambda x: -5.54e4 * math.log1p(math.exp(5.75e5 * x - 1.37)),
            lambda x: -5.54e4 * (5.75e5 * math.exp(5.75e5 * x - 1.37) if x > -1.268e-3 else 0.0),
            -1.26953e-3,
        ),
    ],
    ids=["stairs beside a hole", "stairs of 1", "underflow"],
)
def test_what_rounding_and_underflow_do_is_no_mistake(f: Any, df: Any, x: float) -> None:
    assert check_gradient(f, df, x).wrong == ()


# ------------------------------------------------------------------------------------- many inputs


def bowl(x: Any) -> Any:
    return np.sum(np.cos(x) + x**2 / 2)


def slope_of_bowl(x: Any) -> Any:
    return x - np.sin(x)


def test_of_many_inputs_most_are_right_at_a_glance() -> None:
    calls = 0

    def counted(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return bowl(x) + abs(x[100])

    x = np.linspace(0.5, 2, 200)
    x[100] = 0.0
    found = verdicts(counted, lambda x: slope_of_bowl(x) + np.where(np.arange(200) == 100, np.sign(x), 0), x)
    assert found == ["correct"] * 100 + ["kink"] + ["correct"] * 99
    assert calls < 20 * 200


@pytest.mark.parametrize("k", [0, 20, 199])
@pytest.mark.parametrize(
    "change", [lambda d: -d, lambda d: 0.0, lambda d: d * (1 + 1e-4), lambda d: d + 1e-3]
)
def test_one_mistake_among_many_inputs_is_found(change: Any, k: int) -> None:
    x = np.linspace(0.5, 2, 200)

    def mistaken(x: Any) -> Any:
        d = slope_of_bowl(x)
        d[k] = change(d[k])
        return d

    assert f"x[{k}] (1 of 200)" in message(bowl, mistaken, x)


def test_a_gradient_that_is_wrong_everywhere_is_not_looked_at_closely_everywhere() -> None:
    calls = 0

    def counted(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return bowl(x)

    told = message(counted, lambda x: -slope_of_bowl(x), np.linspace(0.5, 2, 1000))
    assert "(1000 of 1000); the sign is flipped" in told
    assert calls < 25 * 1000


@pytest.mark.parametrize("seed", range(5))
def test_right_gradients_are_right_at_a_glance_too(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "FEW", 0)
    for example in examples(seed=100 + seed, count=60):
        assert not is_accused(example, example.df(example.x)), (example.name, example.x)


def test_a_misspelt_key_and_a_second_point_are_refused() -> None:
    with pytest.raises(ValueError, match=r"gives df\['w'\], which has no input; df\['W'\] is wanted"):
        check_gradient(lambda p: p["W"] ** 2, lambda p: {"w": 2 * p["W"]}, {"W": 3.0})
    with pytest.raises(TypeError, match=r"given as a tuple, check_gradient\(f, df, \(x, y\)\)"):
        check_gradient(lambda x, y=1.0: x * y, lambda x, y=1.0: y, 1.0, 0.5)


def test_gradcheck_takes_an_array_after_a_gradient() -> None:
    assert gradcheck(lambda x: x @ x, lambda x: 2 * x, np.ones(2))


def test_slopes_at_a_tie_must_be_possible_together() -> None:
    for right in ([1, 0], [0, 1], [0.5, 0.5]):
        assert verdicts(max, lambda x, g=right: g, [2.0, 2.0]) == ["kink"] * 2
    for wrong in ([1, 1], [0, 0]):
        assert "not both at once" in message(max, lambda x, g=wrong: g, [2.0, 2.0])
    for g in ([1, 1], [-1, 1], [0, 0], [0.3, -1]):
        assert verdicts(lambda x: abs(x[0]) - abs(x[1]), lambda x, g=g: g, [0.0, 0.0]) == ["kink"] * 2
    assert verdicts(np.linalg.norm, lambda x: x, np.zeros(3)) == ["kink"] * 3


def test_a_slope_that_grows_until_rounding_hides_it_is_not_denied() -> None:
    def f(x: float) -> float:
        return 5.64e-12 * math.copysign(abs(1.15 - 169 * x) ** (1 / 3), 1.15 - 169 * x) + 12.6

    def slope(x: float) -> float:
        return -5.64e-12 * 169 / 3 * abs(1.15 - 169 * x) ** (-2 / 3)

    for gap in (1e-12, 4.5e-11, 1e-9):
        check_gradient(f, slope, 1.15 / 169 - gap)
