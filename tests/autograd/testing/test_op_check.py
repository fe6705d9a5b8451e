"""check_op finds what is wrong in any corner of the domain, and accuses nothing that is right."""

from __future__ import annotations

from typing import Any

import pytest

from autograd.core.primitive import Kink, Op
from autograd.testing import GradientError, check_op


def _op(value: Any, partial: Any, *kinks: Kink) -> Op:
    return Op("mine", "mine", lambda m: (value(m), partial(m)), kinks=kinks)


AT_ZERO = Kink("a = 0", gap=lambda a: a, slopes=lambda a: ((0, 1),))
AT_ONE = Kink("a = 1", gap=lambda a: a - 1, slopes=lambda a: ((0, 1),))
TOO_WIDE = Kink("a = 0", gap=lambda a: a, slopes=lambda a: ((0, 2),))


def ramp(m: Any) -> Any:
    return lambda a: m.where(a > 0, a, 0.0)


def step(m: Any) -> Any:
    return lambda a, y: m.where(a > 0, 1.0, 0.0)


def square(m: Any) -> Any:
    return lambda a: a * a


WRONG_OPS = {
    "only far out": (_op(square, lambda m: lambda a, y: m.where(a > 500, a, 2 * a)), "factor 2 too small"),
    "only close to 0": (
        _op(square, lambda m: lambda a, y: m.where(abs(a) < 1e-8, a, 2 * a)),
        "factor 2 too small",
    ),
    "between the usual points": (
        _op(square, lambda m: lambda a, y: m.where(a > 17.3, m.where(a < 19.9, -2 * a, 2 * a), 2 * a)),
        "sign flipped",
    ),
    "a kink that is not stated": (_op(ramp, step), "has a kink that it does not state: at mine(0) the slope"),
    "a kink at another place": (_op(ramp, step, AT_ONE), "has a kink that it does not state: at mine(0)"),
    "a kink at an odd place": (
        _op(
            lambda m: lambda a: m.where(a > 0.37, a - 0.37, 0.0),
            lambda m: lambda a, y: m.where(a > 0.37, 1.0, 0.0),
        ),
        "has a kink that it does not state: at mine(0.37)",
    ),
    "a jump that is not stated": (
        _op(lambda m: lambda a: m.where(a > 2.5, 1.0, 0.0), lambda m: lambda a, y: 0.0),
        "jumps where it does not state it: from 0.0 at mine(2.5) to 1.0",
    ),
    "slopes that are not there": (
        _op(ramp, step, TOO_WIDE),
        "states slopes from 0 to 2 .* go from 0.0 to 1.0",
    ),
    "a slope outside at the kink": (
        _op(ramp, lambda m: lambda a, y: m.where(a > 0, 1.0, m.where(a < 0, 0.0, -1.0)), AT_ZERO),
        "is wrong at mine(0)",
    ),
    "wrong to one side": (
        _op(ramp, lambda m: lambda a, y: m.where(a > 0, 2.0, 0.0), AT_ZERO),
        "factor 2 too large",
    ),
}


@pytest.mark.parametrize("name", WRONG_OPS)
def test_check_op_finds_what_is_wrong_in_a_corner_only(name: str) -> None:
    op, message = WRONG_OPS[name]
    with pytest.raises(GradientError, match=message.replace("(", r"\(").replace(")", r"\)")):
        check_op(op)


RIGHT_OPS = {
    "mish": _op(
        lambda m: lambda a: a * m.tanh(m.softplus(a)),
        lambda m: lambda a, y: m.tanh(m.softplus(a)) + a * m.sech(m.softplus(a)) ** 2 * m.sigmoid(a),
    ),
    "a kink that is stated": _op(ramp, step, AT_ZERO),
    "very steep": _op(lambda m: lambda a: m.tanh(1e8 * a), lambda m: lambda a, y: 1e8 * m.sech(1e8 * a) ** 2),
    "a smooth junction": _op(
        lambda m: lambda a: m.where(a > 0, a * a, 0.0), lambda m: lambda a, y: m.where(a > 0, 2 * a, 0.0)
    ),
    "an overflow on the way": _op(lambda m: lambda a: m.exp(-m.exp(a)), lambda m: lambda a, y: -m.exp(a) * y),
}


@pytest.mark.parametrize("name", RIGHT_OPS)
def test_check_op_accuses_nothing_that_is_right(name: str) -> None:
    assert "mine" in check_op(RIGHT_OPS[name])
