"""Replays give the outputs and gradients of every sample."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Callable
from math import inf

import numpy as np
import pytest

import autograd
from autograd import Constant, Parameter, Value, maximum, where
from autograd.leaves import set_data
from autograd.tape import Tape

pytestmark = pytest.mark.usefixtures("executor")


def test_a_dot_that_sends_no_gradient_turns_no_infinite_weight_into_nan() -> None:
    w, v = Parameter(2.0, "w"), Parameter(inf, "v")
    x1, x2 = Value(1.0, "x1"), Value(3.0, "x2")
    asked = autograd.dot([w, w], [x1, x2])
    beside = autograd.dot([v, v], [x1, x2])
    tape = Tape.of([asked, beside], [x1, x2])
    assert tape.input_gradients([1.0], [3.0]).tolist() == [[2.0, 2.0]]
    assert tape.gradients([1.0], [3.0])[1].tolist() == [4.0, 0.0]


def test_an_output_that_is_not_asked_for_sends_no_nan() -> None:
    w = Parameter(0.0)
    tape = Tape.record(lambda x: [w * x, w.sqrt()], 1.0)
    assert tape.gradients([1.0, 2.0])[1].tolist() == [1.5]


def test_where_and_its_kin_follow_the_data_of_each_sample() -> None:
    tape = Tape.record(lambda x: where(x > 0, x, -2 * x) + maximum(x, 0.5) + x.clip(-1, 1), 3.0)
    assert tape.forward([3.0, -3.0, 0.0]).tolist() == [7.0, 5.5, 0.5]


def test_a_condition_sends_no_nan() -> None:
    w = Parameter(1.0)
    tape = Tape.record(lambda x: where((w * x).log() < 0, w * x, w * x * 2), 1.0)
    _, gradient = tape.gradients([0.0])
    assert gradient.tolist() == [0.0]


def test_several_outputs_come_as_columns_and_each_has_its_gradient() -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: [w * x, w * w, x + 1], 2.0)
    assert tape.forward([2.0, 4.0]).tolist() == [[6.0, 9.0, 3.0], [12.0, 9.0, 5.0]]
    assert [tape.gradients([2.0, 4.0], output=j)[1].tolist() for j in range(3)] == [[3.0], [6.0], [0.0]]
    assert tape.input_gradients([2.0], output=2).tolist() == [1.0]


def test_a_graph_without_varying_leaves_is_replayed_as_it_stands() -> None:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    tape = Tape.of((a * b).tanh() + a)
    value, gradient = tape.gradients()
    ((a * b).tanh() + a).backward()
    assert value == pytest.approx(2.0 + np.tanh(-6.0))
    assert dict(zip(tape.parameters, gradient, strict=True)) == pytest.approx({a: a.grad, b: b.grad})


def test_an_output_that_is_an_input_or_a_constant() -> None:
    tape = Tape.record(lambda x: [x, Constant(2.0)], 1.0)
    assert tape.forward([5.0]).tolist() == [[5.0, 2.0]]
    assert tape.input_gradients([5.0]).tolist() == [1.0]


def test_an_input_that_no_output_needs_still_has_its_column() -> None:
    tape = Tape.record(lambda x: x[1] * 2, [1.0, 2.0, 3.0])
    assert tape.forward([[9.0, 5.0, 9.0]]).tolist() == [10.0]
    assert tape.input_gradients([[9.0, 5.0, 9.0]]).tolist() == [[0.0, 2.0, 0.0]]


def test_replays_see_the_parameters_as_they_are() -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: w * x, 1.0)
    w.data = 10.0
    assert tape.forward([2.0]).tolist() == [20.0]


def test_bad_input_is_refused_by_name() -> None:
    tape = Tape.record(lambda x, y: x[0] * x[1] + y, [1.0, 2.0], 3.0)
    with pytest.raises(ValueError, match=r"2 arguments \(x, y\); got 1"):
        tape.forward([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"shape \(1, 3\); x was recorded as 2 numbers: \(samples, 2\)"):
        tape.forward([[1.0, 2.0, 3.0]], [1.0])
    with pytest.raises(ValueError, match=r"shape \(1, 1\); y was recorded as one number"):
        tape.forward([[1.0, 2.0]], [[1.0]])
    with pytest.raises(ValueError, match=r"differ in their number of samples: \{'x': 1, 'y': 2\}"):
        tape.forward([[1.0, 2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="no samples"):
        tape.forward(np.empty((0, 2)), np.empty(0))
    with pytest.raises(ValueError, match="no output 1; the tape has 1"):
        tape.gradients([[1.0, 2.0]], [1.0], output=1)


@pytest.mark.parametrize("data", [[None], [1j], ["1"]])
def test_samples_that_are_no_real_numbers_are_refused(data: list[object]) -> None:
    with pytest.raises(TypeError, match=r"x holds .* real numbers are wanted"):
        Tape.record(lambda x: x * 2, 1.0).forward(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda tape: pickle.loads(pickle.dumps(tape))])
def test_a_copied_tape_replays_on_with_weights_of_its_own(copied: Callable[[Tape], Tape]) -> None:
    w, data = Parameter(3.0, "w"), [1.0, 2.0]
    tape = Tape.record(lambda x: w * where(x > 1, x * x, x).tanh(), 1.0, dtype="float32", threads=2)
    tape.gradients(data)
    other = copied(tape)
    assert (repr(other), str(other)) == (repr(tape), str(tape))
    assert other.forward(data).tolist() == tape.forward(data).tolist()
    other.parameters[0].data = 0.0
    assert other.forward(data).tolist() == [0.0, 0.0]
    assert w.data == 3.0
    assert tape.forward(data).tolist() != [0.0, 0.0]


def test_a_shallow_copy_of_a_tape_shares_its_values() -> None:
    w = Parameter(3.0, "w")
    other = copy.copy(Tape.record(lambda x: w * x, 1.0))
    assert other.parameters[0] is w


def test_a_long_tape_is_pickled_without_recursion() -> None:
    def function(x: Value) -> Value:
        y = x
        for _ in range(5_000):
            y = (y * x).sin()
        return y

    tape = Tape.record(function, 0.5)
    assert pickle.loads(pickle.dumps(tape)).forward([0.25]) == tape.forward([0.25])


def test_a_copy_of_a_tape_in_training_has_what_the_vector_holds_and_is_not_in_training() -> None:
    w = Parameter(3.0, "w")
    tape = Tape.record(lambda x: w * x, 1.0)
    with tape.training([1.0]) as run:
        run.vector[:] = 7.0
        for copied in (copy.copy, copy.deepcopy, lambda tape: pickle.loads(pickle.dumps(tape))):
            other = copied(tape)
            assert other.forward([2.0]).tolist() == [14.0]
            with other.training([1.0]):
                pass


KINDS: tuple[Callable[[float, int], object], ...] = (
    lambda x, n: x, lambda x, n: np.float64(x), lambda x, n: int(x), lambda x, n: np.array(x),
    lambda x, n: x + np.arange(n), lambda x, n: (x + np.arange(n)).astype(np.float32),
    lambda x, n: (x + np.arange(n)).tolist(), lambda x, n: (x + np.arange(2 * n))[::2],
)  # fmt: skip
"""What a call may be given for a number of the sample: one for n samples, or one for all."""


@pytest.mark.parametrize("seed", range(5))
def test_a_call_gives_the_same_whatever_calls_and_assignments_went_before(seed: int) -> None:
    def assigned(k: int, x: float) -> None:
        """Give parameters other numbers, in one of the ways there are, or leave them."""
        if k == 0:
            a.data = x
        elif k == 1:
            set_data([b, a], [x, -x])
        elif k == 2:
            tape.vector = [x, 2 * x]
        elif k == 3:
            tape.gradients(1.0, 2.0, at=[x, -x])
        elif k == 4:
            with tape.training([x], [1.0]) as run:
                run.vector[:] = x, 0.5
                tape.gradients(x, 2.0)

    rng, (a, b) = random.Random(seed), (Parameter(0.5), Parameter(-1.5))
    tape = Tape.record(lambda x, y: a * x * y + b * y.tanh() + a, 1.0, 2.0)
    for _ in range(200):
        count, x, y = rng.randint(1, 3), rng.choice([-1.0, 2.0, 0.5]), rng.choice([1.0, 3.0])
        data = rng.choice(KINDS)(x, count), rng.choice(KINDS)(y, count)
        assigned(rng.randrange(12), x)
        new = Tape.of(*tape.outputs, tape.inputs)
        wanted = np.broadcast_arrays(np.asarray(data[0], float), np.asarray(data[1], float))
        rows = [np.atleast_1d(column) for column in wanted]
        assert tape.forward(*data).tolist() == new.forward(*rows).tolist()
        assert tape.gradients(*data)[1].tolist() == new.gradients(*rows)[1].tolist()
        slopes = np.stack(tape.input_gradients(*data), axis=1)
        assert slopes.tolist() == new.input_gradients(*rows).tolist()
