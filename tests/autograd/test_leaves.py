"""The data of many leaves, set at once."""

from __future__ import annotations

from typing import Any

import pytest

from autograd import Parameter, Value, gradients
from autograd.core.recording import BranchError, mode
from autograd.extend import forget_gradients, set_data
from autograd.node import NO_GRADIENT
from nn import Adam
from nn.optim import OPTIMIZERS, Optimizer


def test_each_leaf_gets_its_number_as_a_float() -> None:
    leaves = [Value(0.0), Parameter(0.0), Value(0.0)]
    set_data(leaves, iter([1, 2.5, True]))
    assert [v.data for v in leaves] == [1.0, 2.5, 1.0]
    assert {type(v.data) for v in leaves} == {float}


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([1.0, "2"], "the data of a Value is one real number"),
        ([1.0], "got 1 for 2"),
        ([1.0, 10**400], "too large"),
    ],
)
def test_nothing_is_set_if_one_is_refused(numbers: list[Any], said: str) -> None:
    leaves = [Value(3.0), Value(4.0)]
    with pytest.raises((TypeError, ValueError), match=said):
        set_data(leaves, numbers)
    assert [v.data for v in leaves] == [3.0, 4.0]


def test_what_was_computed_is_refused() -> None:
    x = Value(2.0)
    y = x * x
    with pytest.raises(ValueError, match="follows from its inputs"):
        set_data([x, y], [5.0, 5.0])
    assert x.data == 2.0


def test_it_cuts_a_tape_and_makes_numbers_stale_like_the_attribute() -> None:
    x = Value(2.0, "x")
    y = x * x
    with mode.switched(branching=False), pytest.raises(BranchError, match="setting"):
        set_data([x], [3.0])
    set_data([x], [3.0])
    with pytest.raises(RuntimeError, match="data of x was changed"):
        gradients(y, x)
    assert gradients(x * x, x) == 6.0


def test_gradients_are_forgotten() -> None:
    x = Value(2.0)
    (x * x).backward()
    forget_gradients([x])
    assert x.grad is NO_GRADIENT


@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_parameters_that_no_gradient_reached_stay_with_their_state(kind: type[Optimizer]) -> None:
    every, some = [[Parameter(1.0), Parameter(2.0), Parameter(3.0)] for _ in range(2)]
    steps = [kind(every, 0.1), kind(some, 0.1)]
    for _ in range(2):
        for parameters, gradients_of in ((every, (0.5, 0.25, 0.125)), (some, (0.5, None, 0.125))):
            for p, g in zip(parameters, gradients_of, strict=True):
                p.grad = g
        for optimizer in steps:
            optimizer.step()
    assert [p.data for p in some] == [every[0].data, 2.0, every[2].data]
    for name, numbers in steps[1].state.items():
        assert list(numbers) == [steps[0].state[name][0], 0.0, steps[0].state[name][2]]


def test_a_step_that_raises_moves_nothing() -> None:
    class Failing(Adam):
        @staticmethod
        def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
            if p == 2.0:
                raise ZeroDivisionError
            return 0.0, 1.0, 1.0

    parameters = [Parameter(1.0), Parameter(2.0)]
    optimizer = Failing(parameters)
    for p in parameters:
        p.grad = 1.0
    with pytest.raises(ZeroDivisionError):
        optimizer.step()
    assert [p.data for p in parameters] == [1.0, 2.0]
    assert [list(numbers) for numbers in optimizer.state.values()] == [[0.0, 0.0]] * 2
