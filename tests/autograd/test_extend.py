"""One entry in the table, and an op of one's own is everywhere: the way that the README shows, to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from autograd import Value, draw, gradient_path, gradients, walk
from autograd.core.primitive import REAL, TABLE, Interval, Kink, Op, op
from autograd.functions import as_function
from autograd.testing import GradientError, check_op, gradcheck
from autograd.testing.strategies import Recipe, inputs_of, recipes


def pinball_rule(m: Any) -> tuple[Callable[..., Any], ...]:
    """The loss of quantile regression: an error a weighs q above zero and 1 − q below."""
    return (
        lambda a, q: m.where(a > 0, q * a, (q - 1) * a),
        lambda a, q, y: m.where(a > 0, q, q - 1),
        lambda a, q, y: a,
    )


AT_ZERO = Kink("a = 0", gap=lambda a, q: a, slopes=lambda a, q: ((q - 1, q), (0, 0)))


@pytest.fixture(scope="module")
def pinball() -> Iterator[Op]:
    yield op("pinball", "pinball", pinball_rule, REAL, Interval(0, 1), kinks=(AT_ZERO,))
    del TABLE["pinball"]


@pytest.fixture
def error() -> Value:
    return Value(-2.0, "e")


def test_it_is_a_function_of_values_and_numbers(pinball: Op, error: Value) -> None:
    loss = as_function(pinball)(error, 0.75)
    assert (loss.data, gradients(loss, error)) == (0.5, -0.25)
    with pytest.raises(TypeError, match="pinball takes 2 inputs; got 1"):
        as_function(pinball)(error)


def test_it_is_a_method_where_it_is_set_on_the_class(
    pinball: Op, error: Value, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Value, "pinball", as_function(pinball), raising=False)
    method: Any = error
    assert method.pinball(0.75).data == 0.5


def test_pictures_walks_and_paths_know_it_by_its_symbol(pinball: Op, error: Value) -> None:
    loss = as_function(pinball)(error, 0.75) * 3
    assert "pinball" in draw(loss).source
    assert "pinball(e, 0.75) = pinball(−2, 0.75) = 0.5" in str(walk(loss))
    assert gradient_path(loss, error).total == -0.75


def test_it_has_higher_derivatives(pinball: Op) -> None:
    error, q = Value(-2.0), Value(0.75)
    slope = gradients(as_function(pinball)(error, q), error, create_graph=True)
    assert gradients(slope, q) == 1.0


def test_the_tape_replays_it(pinball: Op) -> None:
    tape = pytest.importorskip("autograd.tape")
    recorded = tape.Tape.record(lambda e: as_function(pinball)(e, 0.75), 1.0)
    assert list(recorded.forward([1.0, -1.0])) == [0.75, 0.25]


def test_the_strategies_draw_it_in_its_domain_and_on_its_kink(pinball: Op) -> None:
    @settings(max_examples=20)
    @given(st.data())
    def look(data: st.DataObject) -> None:
        a, q = data.draw(inputs_of(pinball, kinks=True))
        assert a == 0.0
        assert q in pinball.domain_of(1)

    look()
    drawn = find(recipes(ops=[pinball]), lambda recipe: True)
    assert "apply(TABLE['pinball'], (x1, " in repr(drawn)


@settings(max_examples=10)
@given(data=st.data())
def test_gradcheck_vouches_for_it_alone_and_among_others(pinball: Op, data: st.DataObject) -> None:
    recipe: Recipe = data.draw(recipes(most_steps=4, ops=[pinball, TABLE["exp"], TABLE["mul"]]))
    assert not gradcheck(recipe, recipe.numbers).wrong


def test_its_kink_is_told(pinball: Op) -> None:
    verdict = gradcheck(lambda e: as_function(pinball)(e, 0.75), 0.0)["e"]
    assert (verdict.verdict, verdict.interval, verdict.op) == ("kink", (-0.25, 0.75), "pinball")


def test_check_op_vouches_for_it(pinball: Op) -> None:
    assert check_op(pinball).splitlines()[1].startswith("pinball")


@pytest.mark.parametrize("i", [0, 1])
def test_check_op_names_a_wrong_partial_of_it(i: int) -> None:
    def rule(m: Any) -> tuple[Callable[..., Any], ...]:
        value, *partials = pinball_rule(m)
        right = partials[i]
        partials[i] = lambda a, q, y: -right(a, q, y)
        return value, *partials

    wrong = Op("wrong", "wrong", rule, (REAL, Interval(0, 1)), (AT_ZERO,))
    with pytest.raises(GradientError, match=rf"∂wrong/∂input {i + 1} is wrong .*sign flipped"):
        check_op(wrong)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (lambda m: (lambda a: a**0.5, lambda a, y: 0.5 / y), r"one real number, not .*complex"),
        (lambda m: (lambda a: "x", lambda a, y: 1.0), r"one real number, not 'x'"),
        (lambda m: (lambda a: a, lambda a, y: None), "one real number, not None"),
        (lambda m: (lambda a: None, lambda a, y: 1.0), "one real number, not None"),
        (lambda m: (lambda a, b: a, lambda a, y: 1.0), "cannot be computed: .*argument.*; its value takes"),
        (lambda m: (lambda a: a, lambda a: 1.0 * a), "cannot be computed: .*argument.*; its value takes"),
    ],
)
def test_a_rule_that_gives_no_real_numbers_is_named(rule: Any, told: str) -> None:
    with pytest.raises(TypeError, match=f"op 'odd'.*{told}"):
        as_function(Op("odd", "odd", rule))(-2.0)
