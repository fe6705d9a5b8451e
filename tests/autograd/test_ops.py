"""Every op of the table, over its whole domain.

The table is walked, never listed: a new op arrives with these tests.  What an op may say of itself
is a wider bound than `BOUND`, with the reason, in `BOUNDS`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd.core.primitive import TABLE, Function, Interval, Op
from autograd.functional.gradients import gradients
from autograd.testing.digits import (
    EPSILON,
    LARGEST,
    SMALLEST,
    SMALLEST_NORMAL,
    Numbers,
    exact,
    partial_of,
    sensitivity,
    slope,
    ulp,
    value_of,
)
from autograd.value import Value, apply
from tests.strategies import everyday, everyday_inputs_of, inputs_of, on_a_kink, samples_of

EVERY_OP = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE.keys())


# -------------------------------------------------------------------- how close is close enough


@dataclass(frozen=True)
class Bound:
    """How far a float may be from the true number, in ulps of the true number.

    Attributes:
        value: for the op's value.
        partial: for each partial.
        condition: so many ulps more for each unit of the condition number: what a rounding error in
            the inputs or half-way must be allowed to grow to.
        inner: so many ulps more for partials, as a function of the inputs: a rounding error half-way
            that the condition number does not see.
        overflows: where a partial may be infinite because a number half-way is.
    """

    value: float = 2.0
    partial: float = 4.0
    condition: float = 0.0
    inner: Callable[..., float] = lambda *inputs: 0.0
    overflows: Callable[..., bool] = lambda *inputs: False


BOUND = Bound()
BOUNDS = {
    "cbrt": Bound(value=4, partial=12),  # the C library's cbrt, good to 4 ulp; its square
    "sech": Bound(value=3),  # the reciprocal of the C library's cosh, itself good to 2 ulp
    "tanh": Bound(value=2.5, partial=6),  # the C library's tanh; the square of sech
    "sigmoid": Bound(value=2.5),  # a quotient of what exp has rounded
    "erf": Bound(condition=2),  # exp of a square: its tails
    "erfc": Bound(condition=2),
    "pow": Bound(
        condition=2,
        inner=lambda a, b: abs(math.log(a)),  # b − 1 is rounded, and is an exponent
        overflows=lambda a, b: a < SMALLEST_NORMAL and 0 < abs(b) < 0.01,  # a^(b − 1), then times b
    ),
    "silu": Bound(value=3, condition=2),  # the root of its slope
    "gelu": Bound(condition=2),  # tails, and the root of its slope
    # the distance is rounded, and coarsely where it is subnormal
    "hypot": Bound(inner=lambda a, b: SMALLEST / math.hypot(a, b) / EPSILON),
    "sum": Bound(condition=4),  # cancellation
    "dot": Bound(condition=4),
    # cancellation in the value; in the partials the value is rounded, and is an exponent
    "logsumexp": Bound(condition=4, inner=lambda *inputs: abs(max(inputs))),
}


def is_close(got: float, want: Any, allowed: float, inputs: Numbers) -> bool:
    """Whether ``got`` is ``want`` to so many ulps, or as near as floats get close to their limits."""
    if math.isinf(got):  # an intermediate may overflow a little before the result does
        return bool(abs(want) > LARGEST / 1000 and (got > 0) == (want > 0))
    if abs(want) < SMALLEST_NORMAL:  # digits run out
        return abs(got) <= 2 * SMALLEST_NORMAL
    # digits may also have run out half-way, in an intermediate that an input then scaled up
    lost = SMALLEST * max(1.0, *map(abs, inputs))
    return bool(abs(got - want) <= allowed * ulp(want) + lost)


def is_right(bound: Bound, base: float, got: float, function: Function, inputs: Numbers) -> bool:
    """Whether ``got`` is ``function(inputs)`` to ``base`` ulps, and what the bound adds to that."""
    want = exact(function, inputs)
    if is_close(got, want, base, inputs):
        return True
    if not bound.condition:
        return False
    condition = EPSILON * sensitivity(function, inputs) / ulp(want)
    return is_close(got, want, base + bound.condition * condition, inputs)


def check_value(op: Op, inputs: Numbers) -> None:
    """The value the engine computes is that of 50 digits."""
    bound = BOUNDS.get(op.name, BOUND)
    got, _ = op.evaluate(inputs)
    assert is_right(bound, bound.value, got, value_of(op), inputs), f"{op.name}{tuple(inputs)} = {got!r}"


def check_partials(op: Op, inputs: Numbers) -> None:
    """The partials the engine computes are those of 50 digits."""
    bound = BOUNDS.get(op.name, BOUND)
    _, partials = op.evaluate(inputs)
    assert len(partials) == len(inputs)
    for i, got in enumerate(partials):
        base = bound.partial + bound.inner(*inputs)
        if math.isinf(got) and bound.overflows(*inputs):
            continue
        assert is_right(bound, base, got, partial_of(op, i), inputs), (
            f"partial {i} of {op.name}{tuple(inputs)} = {got!r}"
        )


def check_rule(op: Op, inputs: Numbers) -> None:
    """The partials that the rule states are the slopes of its value, by differences in hundreds of digits."""
    for i in range(len(inputs)):
        stated = exact(partial_of(op, i), inputs)
        found = slope(value_of(op), inputs, i)
        # π and the like stand in the table as floats: that is all these two may differ by
        constants = sensitivity(partial_of(op, i), inputs) if len(inputs) == 1 else 0
        assert abs(stated - found) <= 4 * EPSILON * (abs(found) + constants), (
            f"partial {i} of {op.name}{tuple(inputs)} is stated {float(stated)!r}, found {float(found)!r}"
        )


# ---------------------------------------------------------------------------- the ops, everywhere


@EVERY_OP
@given(data=st.data())
def test_value_and_partials_are_right_to_the_last_digits(op: Op, data: st.DataObject) -> None:
    inputs = data.draw(inputs_of(op))
    check_value(op, inputs)
    assume(not on_a_kink(op, inputs))
    check_partials(op, inputs)


@EVERY_OP
@given(data=st.data())
def test_rule_states_the_slopes_of_its_value(op: Op, data: st.DataObject) -> None:
    inputs = data.draw(everyday_inputs_of(op))
    assume(not on_a_kink(op, inputs))
    check_rule(op, inputs)


@EVERY_OP
@given(data=st.data())
def test_both_derivatives_agree_with_differences(op: Op, data: st.DataObject) -> None:
    inputs = data.draw(tame_inputs_of(op))
    check_differences_of_floats(op, inputs)
    check_second_derivatives(op, inputs)


def check_differences_of_floats(op: Op, inputs: Numbers) -> None:
    """The partials are the slopes of the value, both as floats."""
    _, partials = op.evaluate(inputs)
    for i, partial in enumerate(partials):
        coarse, fine = (_difference(op, inputs, i, step) for step in (2e-4, 1e-4))
        rounding = 1e4 * 8 * EPSILON * max(abs(op.evaluate(inputs)[0]), *map(abs, inputs), 1.0)
        # halving the step divides the error of a central difference by four
        assert abs(fine - partial) <= abs(coarse - fine) + rounding


def check_second_derivatives(op: Op, inputs: Numbers) -> None:
    """The gradients of the gradients are those of 50 digits."""
    values = [Value(x) for x in inputs]
    first = gradients(apply(op, tuple(values)), values, create_graph=True)
    for i, partial in enumerate(first):
        for j, got in enumerate(gradients(partial, values)):
            want = slope(partial_of(op, i), inputs, j)
            assert abs(got - want) <= 1e-12 * (1 + abs(want)), f"∂²{op.name}/∂{i}∂{j} at {inputs}"


def test_a_mixed_input_counts_each_of_its_routes() -> None:
    for op in TABLE.values():
        if op.arity != 2 or op.kinks:
            continue
        x = Value(0.75)
        _, (d_a, d_b) = op.evaluate([0.75, 0.75])
        assert gradients(apply(op, (x, x)), x) == d_a + d_b


def tame_inputs_of(op: Op) -> st.SearchStrategy[list[float]]:
    """Inputs of everyday size, well inside the domain and well off every kink."""

    def tame(domain: Interval) -> st.SearchStrategy[float]:
        low, high = max(domain.low + 0.25, -3.0), min(domain.high - 0.25, 3.0)
        return (
            st.floats(low, high)
            .map(everyday)
            .filter(lambda x: all(abs(x - hole) > 0.25 for hole in domain.excluding))
        )

    n = st.integers(1, 5) if op.variadic else st.just(op.arity or 0)
    rows = n.flatmap(lambda n: st.tuples(*(tame(op.domain_of(i)) for i in range(n)))).map(list)
    return rows.filter(lambda inputs: not on_a_kink(op, inputs, width=1e-3) and not _near_a_pole(op, inputs))


def _near_a_pole(op: Op, inputs: Sequence[float]) -> bool:
    y, partials = op.evaluate(inputs)
    return max(abs(y), *map(abs, partials)) > 100


def _difference(op: Op, inputs: Sequence[float], i: int, step: float) -> float:
    above, below = list(inputs), list(inputs)
    above[i] += step
    below[i] -= step
    return (op.evaluate(above)[0] - op.evaluate(below)[0]) / (above[i] - below[i])


# ------------------------------------------------------------------------------------------ kinks

OPS_WITH_KINKS = pytest.mark.parametrize(
    ("op", "number"),
    [
        pytest.param(op, number, id=f"{op.name}: {kink.where}")
        for op in TABLE.values()
        for number, kink in enumerate(op.kinks)
    ],
)


def inputs_on(op: Op, number: int) -> list[list[float]]:
    """Inputs of the domain that are on the op's kink of that number: small numbers, tried one and all."""
    n = op.arity or 4
    few = {1: range(-6, 7), 2: range(-6, 7), 3: range(-4, 5, 2), 4: range(-1, 4)}[n]
    rows = [[x / 2 for x in row] for row in product(few, repeat=n)]
    inside = [row for row in rows if all(x in op.domain_of(i) for i, x in enumerate(row))]
    return [row for row in inside if op.kinks[number].gap(*row) == 0]


@EVERY_OP
def test_how_far_a_kink_is_can_be_asked_anywhere(op: Op) -> None:
    for x in product((0.0, 1.0, math.inf, math.nan), repeat=op.arity or 1):
        assert all(isinstance(kink.gap(*x), float) for kink in op.kinks)


@OPS_WITH_KINKS
def test_partials_on_a_kink_are_subgradients(op: Op, number: int) -> None:
    rows = inputs_on(op, number)
    assert rows
    for row in rows:
        _, partials = op.evaluate(row)
        for partial, (low, high) in zip(partials, op.kinks[number].slopes(*row), strict=True):
            assert low <= partial <= high, f"{op.name}{tuple(row)}"


@OPS_WITH_KINKS
def test_partials_on_a_kink_lie_between_the_slopes_around_it(op: Op, number: int) -> None:
    """The slopes are differences of the value: along the kink where an input stays on it, else beside it."""
    for row in inputs_on(op, number):
        beside = points_around(op, row)
        assert beside
        for i, partial in enumerate(op.evaluate(row)[1]):
            points = [row] if stays_on_its_kinks(op, row, i) else beside
            found = [slope(value_of(op), near, i) for near in points]
            assert min(found) - 1e-5 <= partial <= max(found) + 1e-5, f"{op.name}{tuple(row)}"


def points_around(op: Op, row: list[float]) -> list[list[float]]:
    """Points beside a row, off every kink: each input a step down or up, no two by steps of one size."""
    steps = [2.0**i / 2**24 for i in range(len(row))]
    around = [
        [x + sign * step for x, sign, step in zip(row, signs, steps, strict=True)]
        for signs in product((-1, 1), repeat=len(row))
    ]
    return [near for near in around if not on_a_kink(op, near)]


def stays_on_its_kinks(op: Op, row: list[float], i: int) -> bool:
    """Whether the row is on the same kinks when its input i moves a little."""
    moved = [[*row[:i], row[i] + step, *row[i + 1 :]] for step in (-(2.0**-24), 2.0**-24)]
    return all((kink.gap(*row) == 0) == (kink.gap(*x) == 0) for kink in op.kinks for x in moved)


def test_clip_keeps_its_slope_as_far_as_its_bounds() -> None:
    """This is our own choice: PyTorch's slope of clamp on a bound was 1, and is 0.5 or 0 since 2.14."""
    op = TABLE["clip"]
    on_a_bound = [row for number in (0, 1) for row in inputs_on(op, number) if row[1] < row[2]]
    assert [op.evaluate(row)[1] for row in on_a_bound if row[1] <= row[0] <= row[2]] == [
        (1.0, 0.0, 0.0)
    ] * len(on_a_bound)


@OPS_WITH_KINKS
def test_partials_on_a_kink_are_those_of_pytorch(op: Op, number: int) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is compared with where it is installed")
    in_pytorch = {
        "clip": lambda a, low, high: torch.clamp(a, low, high).detach(),  # its slope depends on its version
        "leaky_relu": lambda a, slope: torch.nn.functional.prelu(a.reshape(1), slope.reshape(1)).sum(),
        "elu": lambda a, alpha: torch.nn.functional.elu(a, alpha.item()),
        "where": lambda c, a, b: torch.where(c != 0, a, b),
        "less": torch.lt,
        "less_equal": torch.le,
        "equal": torch.eq,
        "mod": torch.remainder,
        "not_equal": torch.ne,
        "lookup": lambda i, *rows: torch.stack(rows)[int(i.round().clamp(0, len(rows) - 1))],
    }
    for row in inputs_on(op, number):
        tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in row]
        y = in_pytorch.get(op.name, getattr(torch, op.name, None))(*tensors)
        value, partials = op.evaluate(row)
        assert value == y.item()
        if not y.requires_grad:  # a condition
            assert op.name == "clip" or not any(partials)
            continue
        y.backward()
        for partial, tensor in zip(partials, tensors, strict=True):
            if tensor.grad is not None:  # else PyTorch takes this input as a plain number
                assert partial == tensor.grad.item(), f"{op.name}{tuple(row)}"


@pytest.mark.parametrize("name", ["maximum", "minimum", "clip"])
def test_what_picks_one_of_its_inputs_moves_with_all_of_them_on_its_kinks_too(name: str) -> None:
    op = TABLE[name]
    for row in product((-1.0, 0.0, 0.5, 1.0), repeat=op.arity or 0):
        _, partials = op.evaluate(row)
        assert math.fsum(partials) == 1.0, f"{name}{row}"


# --------------------------------------------------------------------------- the checks, checked


def broken(op: Op, mistake: Callable[[Any], Any], i: int) -> Op:
    """The op with a mistake in its ``i``-th partial (in all of them, if it takes any number of inputs)."""

    def rule(m: Any) -> tuple[Callable[..., Any], ...]:
        value, *partials = op.rule(m)
        right = partials[i]

        def wrong(*inputs: Any) -> Any:
            return [mistake(d) for d in right(*inputs)] if op.variadic else mistake(right(*inputs))

        return value, *partials[:i], wrong, *partials[i + 1 :]

    return dataclasses.replace(op, rule=rule)


MISTAKES: dict[str, Callable[[Any], Any]] = {
    "sign": lambda d: -d,
    "factor": lambda d: d * (1 + 1e-13),
    "zero": lambda d: d * 0,
}


@EVERY_OP
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_wrong_partial_is_caught(op: Op, mistake: Callable[[Any], Any]) -> None:
    for i in range(1 if op.variadic else op.arity or 0):
        wrong = broken(op, mistake, i)
        rows = [row for row in samples_of(op, 8) if op.evaluate(row)[1][i] != 0]
        assert all(_rejects(check_rule, wrong, row) for row in rows)


class Imprecise(Op):
    """An op that has lost its last three digits."""

    def evaluate(self, numbers: Sequence[float]) -> tuple[float, tuple[float, ...]]:
        y, partials = super().evaluate(numbers)
        return y * (1 + 1e-13), tuple([d * (1 + 1e-13) for d in partials])


@EVERY_OP
def test_lost_digits_are_caught(op: Op) -> None:
    imprecise = Imprecise(op.name, op.symbol, op.rule, op.domain, op.kinks, op.variadic)
    for place, check in enumerate((check_value, check_partials)):
        rows = [row for row in samples_of(op) if op.evaluate(row)[place] != imprecise.evaluate(row)[place]]
        for row in rows:
            check(op, row)
        caught = [row for row in rows if _rejects(check, imprecise, row)]
        assert len(caught) >= 0.8 * len(rows)  # where an op is ill-conditioned, these digits are nobody's


def _rejects(check: Callable[[Op, Numbers], None], op: Op, inputs: Numbers) -> bool:
    try:
        check(op, inputs)
    except AssertionError:
        return True
    return False
