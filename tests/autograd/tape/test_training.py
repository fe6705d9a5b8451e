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
