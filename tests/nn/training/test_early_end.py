"""Trainings that end before their last epoch: interrupted, or with a loss that overflows."""

from math import inf

import pytest

from nn import (
    MLP,
    SGD,
    Adam,
    losses,
    predict,
)
from nn.schedules import ExponentialLR
from tests.nn.engines import ENGINES
from tests.nn.training.test_fit import trained


class Interrupting(SGD):
    """Ctrl-C during the third step."""

    def step(self):
        if self.steps == 2:
            raise KeyboardInterrupt
        super().step()


def test_an_interrupt_keeps_what_was_trained_so_far():
    model = MLP(2, [3, 1], "tanh", seed=0)
    model, history = trained(model, optimizer=Interrupting(model.parameters(), lr=0.1), epochs=10)
    wanted, _ = trained(epochs=2)
    assert history.interrupted
    assert len(history) == 2
    assert model.state_dict() == wanted.state_dict()
    assert "interrupted" in repr(history)


def test_a_loss_that_overflows_ends_the_training_and_keeps_the_last_good_weights():
    model = MLP(1, [1], init="zeros")
    optimizer = SGD(model.parameters(), lr=1e120)
    with pytest.warns(RuntimeWarning, match=r"the loss became inf in epoch \d.*Lower the learning rate"):
        model, history = trained(model, [[1.0]], [1.0], "mse", optimizer=optimizer, epochs=50)
    assert len(history) < 50
    assert "last good weights" in history.stopped
    assert all(abs(x) < inf for x in history["loss"])
    assert predict(model, [[1.0]])[0] ** 2 < inf


RUNAWAYS = {
    "momentum": lambda p: (SGD(p, lr=1e100, momentum=0.9), []),
    "adam": lambda p: (Adam(p, lr=1e120), []),
    "schedule": lambda p: scheduled(SGD(p, lr=1e60, momentum=0.5)),
}


def scheduled(optimizer):
    return optimizer, [ExponentialLR(optimizer, 0.5)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("make", RUNAWAYS.values(), ids=RUNAWAYS)
def test_an_overflow_takes_back_the_optimisers_state_as_well(make, engine):
    model = MLP(1, [2, 1], "linear", seed=0)
    optimizer, schedules = make(model.parameters())
    with pytest.warns(RuntimeWarning, match="the loss became"):
        _, history = trained(
            model, [[1.0], [2.0]], [1.0, 0.0], "mse", optimizer=optimizer, callbacks=schedules, epochs=50,
            engine=engine, batch_size=1, seed=None,
        )  # fmt: skip
    assert history.state is None
    numbers = [p.data for p in model.parameters()] + [x for row in optimizer.state.values() for x in row]
    assert all(abs(x) < inf for x in numbers)
    assert optimizer.steps in (2 * len(history) - 2, 0)  # the last whole epoch's steps are not trusted
    assert abs(losses.mse(model([1.0]), 1.0).data) < inf


def test_an_error_in_the_middle_comes_through():
    class Failing(SGD):
        def step(self):
            raise RuntimeError("no more")

    model = MLP(2, [3, 1], seed=0)
    with pytest.raises(RuntimeError, match="no more"):
        trained(model, optimizer=Failing(model.parameters(), lr=0.1))


def test_nothing_is_shown_away_from_a_terminal(capsys):
    trained(progress=True)
    assert capsys.readouterr() == ("", "")
