"""The operators that are written out do what `apply` does with the table's rule, bit for bit."""

from __future__ import annotations

import math
import operator
import struct
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Constant, Parameter, Value, detect_anomaly, no_grad, value
from autograd.anomaly import AnomalyError, Watched
from autograd.core.primitive import Op
from autograd.core.recording import mode, unusual
from autograd.fast_operators import written_out
from autograd.ops import TABLE
from autograd.value import WRITTEN_OUT, apply
from nn import MLP
from tests.benchmarks import minimal_value
from tests.benchmarks.plain_gpt import GPT, tokens_of

OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
}
each_operator = pytest.mark.parametrize("op", WRITTEN_OUT, ids=lambda op: op.name)


def called(op: Op, *inputs: Any) -> Any:
    """What a user's expression gives: an operator, or a method of Value."""
    return OPERATORS.get(op.name, getattr(Value, op.name, None))(*inputs)


numbers = st.floats() | st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1e308])


def bits(node: Value) -> list[bytes]:
    """The number and the partials, so that every nan is equal to itself and no zero to another."""
    return [b"nan" if x != x else struct.pack("d", x) for x in (node.data, *node.partials)]


@each_operator
@given(a=numbers, b=numbers)
def test_numbers_and_partials_are_those_of_the_table(op: Op, a: float, b: float) -> None:
    inputs = (Value(a), Parameter(b))[: op.arity]
    made, applied = called(op, *inputs), apply(op, inputs)
    assert bits(made) == bits(applied)
    assert {type(d) for d in made.partials} == {float}
    assert (type(made), made.op, made.inputs, made.label) == (Value, op, inputs, "")
    mixed = [(inputs[0], b), (a, inputs[-1])] if op.arity == 2 else [(a,)] * (op.name != "neg")
    for some in mixed:
        half = called(op, *some)
        assert bits(half) == bits(applied)
        assert list(map(type, half.inputs)) == [Constant if isinstance(x, float) else type(x) for x in some]


@each_operator
def test_modes_hold(op: Op) -> None:
    inputs = (Value(0.5), Value(0.25))[: op.arity]
    with no_grad():
        assert type(called(op, *inputs)) is Constant
    with detect_anomaly():
        assert type(called(op, *inputs)) is Watched
    made: list[Any] = []
    with mode.switched(made=made):
        y = called(op, *inputs)
    assert made == [y]


def test_an_anomaly_is_found() -> None:
    with detect_anomaly(), pytest.raises(AnomalyError, match="computed at"):
        Value(1.0) / Value(0.0)


def test_a_rule_with_more_than_arithmetic_is_refused() -> None:
    with pytest.raises(TypeError, match="abs"):
        written_out(TABLE["sigmoid"], {})


def test_constants_of_a_rule_are_written_to_the_last_digit() -> None:
    third = Op(
        "third", "⅓", lambda m: (lambda a, b: (a - -b) / 3, lambda a, b, y: 1 / 3, lambda a, b, y: 1 / 3)
    )
    names = vars(value) | {"third": third}
    made = written_out(third, names)(Value(1.0), Value(0.5))
    assert bits(made) == bits(apply(third, (Value(1.0), Value(0.5))))


def test_a_traceback_shows_the_line() -> None:
    class Odd(Value):
        __slots__ = ()

    with pytest.raises(AttributeError) as caught:
        Value(1.0) + object.__new__(Odd)
    shown = "".join(traceback.format_exception(caught.value))
    assert "a, b = self._data, other._data" in shown


def test_nothing_unusual_is_left_behind() -> None:
    before = set(unusual)
    with no_grad():
        assert mode.now in unusual
        MLP(2, [3, 1])([1.0, 2.0])
    MLP(2, [3, 1])([1.0, 2.0])
    with pytest.raises(ValueError, match="takes 2 inputs"):
        MLP(2, [3, 1])([1.0])
    assert unusual == before


def test_what_goes_on_in_one_thread_is_usual_in_another() -> None:
    x, found = Value(2.0), []
    with no_grad():
        thread = threading.Thread(target=lambda: found.append(x * 3))
        thread.start()
        thread.join()
        assert (x * 3).inputs == ()
    assert found[0].inputs[0] is x
    model = MLP(1, [1])
    inside = model([x])
    assert inside.place is not None
    assert (inside * 2).place is None


def test_a_gpt_of_little_nodes_has_the_gradients_of_a_minimal_engine() -> None:
    ours, minimal = GPT(Parameter, seed=1), GPT(minimal_value.Value, seed=1)
    losses = [model.loss(tokens_of("abe")) for model in (ours, minimal)]
    assert losses[0].data == losses[1].data
    for loss in losses:
        loss.backward()
    assert len(ours.parameters()) == 4192
    for p, q in zip(ours.parameters(), minimal.parameters(), strict=True):
        assert p.grad == pytest.approx(q.grad, rel=1e-12, abs=1e-15)
