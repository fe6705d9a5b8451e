"""Training on a tape: the vector and the Values agree, however it ends."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import Parameter, Value
from autograd.tape import Tape

pytestmark = pytest.mark.usefixtures("executor")


def test_a_wide_layer_beside_other_readers_of_its_inputs_replays_any_samples() -> None:
    rng = np.random.default_rng(0)
    W = [[Parameter(w) for w in row] for row in rng.normal(size=(40, 30))]
    X = rng.normal(size=(700, 30))

    def function(x: list[Value]) -> Value:
        return autograd.sum(autograd.dot(row, x).tanh() for row in W) + x[3] * x[4]

    tape = Tape.record(function, X[0])
    places = rng.permutation(700)[:600]
    with tape.training(X) as run:
        mean = run.step(places)
        gradient = run.gradient.copy()
    wanted, found = Tape.record(function, X[0]).gradients(X[places])
    assert mean == pytest.approx(wanted, rel=1e-12)
    assert np.allclose(gradient, found, rtol=1e-10, atol=1e-12)


def test_training_writes_the_vector_back_when_it_ends() -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: (w * x) ** 2, 1.0)
    with tape.training([1.0, 2.0]) as run:
        for _ in range(5):
            run.step()
            run.vector -= 0.05 * run.gradient
        assert w.data == 3.0, "not before"
        run.write()
        asked = w.data
        run.step()
        run.vector -= 0.05 * run.gradient
    assert asked == pytest.approx(3.0 * 0.75**5)
    assert w.data == pytest.approx(3.0 * 0.75**6)
    assert w.grad == run.gradient[0]


def test_interrupted_training_leaves_whole_parameters() -> None:
    a, b = Parameter(1.0), Parameter(1.0)
    tape = Tape.record(lambda x: (a * x - b) ** 2, 1.0)
    vectors = []

    def interrupted() -> None:
        with tape.training([3.0]) as run:
            run.step()
            run.vector -= 0.01 * run.gradient
            vectors.append(run.vector)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (a.data, b.data) == tuple(vectors[0])
    assert a.data != 1.0


def test_replays_while_in_training_see_the_vector_and_do_not_undo_it() -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: w * x, 1.0)
    with tape.training([1.0]) as run:
        run.vector[:] = 7.0
        assert tape.forward([2.0]).tolist() == [14.0]
        assert tape.input_gradients([2.0]).tolist() == [7.0]
        assert run.vector.tolist() == [7.0]
        with pytest.raises(RuntimeError, match="in training already"):
            tape.training([1.0]).__enter__()
    assert w.data == 7.0


def test_training_on_some_of_the_samples() -> None:
    w = Parameter(1.0)
    tape = Tape.record(lambda x: w * x, 1.0)
    with tape.training([1.0, 10.0, 100.0]) as run:
        values = np.empty((2, 1))
        assert run.step(np.array([2, 0]), values) == 50.5
        assert values[:, 0].tolist() == [100.0, 1.0]
        assert run.gradient.tolist() == [50.5]


@pytest.mark.parametrize("inputs", [1, 0])
def test_steps_on_ever_other_samples_give_the_gradients_of_those(inputs: int) -> None:
    w = Parameter(2.0)
    tape = Tape.record(*[lambda x: w * x, 1.0] if inputs else [lambda: w * 3.0])
    data = [np.arange(6.0)] if inputs else []
    some: list[list[int] | None] = [[0, 1], [4, 5], [4, 5], None, [3], [2], [1, 2, 3], None, [5, 0]]
    with tape.training(*data) as run:
        if not inputs:
            some = [None if places is None else [0] * len(places) for places in some]
        for places in some:
            mean = float(np.mean(data[0][places or slice(None)])) if inputs else 3.0
            assert run.step(places) == 2.0 * mean
            assert run.gradient.tolist() == [mean]


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.int64, ">i8", list])
def test_places_of_samples_of_any_whole_dtype_and_layout_are_taken(dtype: type) -> None:
    w = Value(1.0)
    places = [5, 1, 0, 4] if dtype is list else np.array([5, 9, 1, 9, 0, 9, 4, 9], dtype)[::2]
    with Tape.record(lambda x: w * x, 1.0).training(np.arange(6.0)) as run:
        assert run.step(places) == 2.5


@pytest.mark.parametrize(
    "places", [np.array([0.0, 1.0]), np.array([True, False]), ["a"], np.zeros((2, 2), int), [], [6], [-1], 3]
)
def test_what_are_no_places_of_samples_is_refused(places: object) -> None:
    w = Value(1.0)
    with Tape.record(lambda x: w * x, 1.0).training(np.arange(6.0)) as run:
        with pytest.raises((TypeError, ValueError), match="samples are places"):
            run.step(places)  # type: ignore[arg-type]
        assert run.step() == 2.5


def test_values_are_filled_only_into_an_array_that_can_hold_them() -> None:
    w = Value(1.0)
    frozen = np.zeros((6, 1))
    frozen.flags.writeable = False
    with Tape.record(lambda x: w * x, 1.0).training(np.arange(6.0)) as run:
        for values in (np.zeros((6, 1), np.float32), np.zeros((6, 2))[:, :1], np.zeros((5, 1)), frozen):
            with pytest.raises(ValueError, match=r"float64 and the shape \(6, 1\) is wanted"):
                run.step(values=values)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_samples_set_anew_are_converted_or_refused(dtype: str) -> None:
    w = Value(1.0)
    tape = Tape.record(lambda x: w * x[0] - x[1], [1.0, 0.0], dtype=dtype)  # type: ignore[arg-type]
    with tape.training(np.ones((6, 2))) as run:
        for X in (np.array([[2, 0], [4, 1]]), np.array([[2.0, 4.0], [0.0, 1.0]]).T, [[2, 0], [4, 1]]):
            run.X = X
            assert run.step() == 2.5
            assert run.forward(X).tolist() == [[2.0], [3.0]]
        with pytest.raises(ValueError, match=r"\(samples, 2\) is wanted"):
            run.X = np.arange(6.0).reshape(2, 3)


def test_the_vector_set_whole_is_the_vector_that_is_replayed() -> None:
    w = Value(1.0)
    with Tape.record(lambda x: w * x, 1.0).training([1.0, 2.0]) as run:
        run.vector = np.array([4])
        assert run.step() == 6.0
        run.gradient = run.gradient / 3
        run.write()
        assert w.grad == 0.5
        with pytest.raises(ValueError, match="broadcast"):
            run.vector = [1.0, 2.0]
    assert w.data == 4.0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_is_assigned_to_a_parameter_in_training_is_taken_over(dtype: str) -> None:
    a, b = Value(1.1), Value(1.2)
    with Tape.record(lambda x: a * x + b, 1.0, dtype=dtype).training([1.0, 3.0]) as run:  # type: ignore[arg-type]
        run.vector[1] = 0.5
        a.data = 100.0
        assert run.step() == 200.5
        a.data = 7.3
        run.write()
        assert (a.data, b.data) == (7.3, 0.5)
        run.vector -= 0.5
        b.data = 2.1
    assert (a.data, b.data) == (pytest.approx(6.8), 2.1)


def test_parameters_that_do_not_move_keep_their_digits_in_float32() -> None:
    a, b = Value(1.1), Value(1.2)
    with Tape.record(lambda x: a * x + b, 1.0, dtype="float32").training([1.0, 3.0]) as run:
        run.step()
        run.vector[0] -= 1.0
    assert b.data == 1.2
    assert a.data == pytest.approx(0.1, rel=1e-6)
