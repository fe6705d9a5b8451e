"""Short epochs that nothing acts between are gone through together: nobody can tell but by the clock."""

import pytest

from nn import MLP, SGD, Adam, Callback, Resume, fit
from nn.training import loop
from nn.training.eager import EagerEngine
from tests.nn.engines import ENGINES

X = [[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9], [-1.2, -0.4], [0.1, 1.1]]


class Watching(Callback):
    """Acts after each epoch, which are then gone through one by one."""

    def on_epoch_end(self, training, epoch):
        pass


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    monkeypatch.setattr(loop, "SHORT", 60.0)  # on however busy a machine


def trained(engine, *callbacks, rate=0.05, epochs=50, outputs=1, loss="mse", make=Adam):
    model = MLP(2, [3, outputs], "tanh", seed=0)
    y = [1, -1, -1, 1, -1] if outputs == 1 else [0, 1, 2, 0, 1]
    optimizer = make(model.parameters(), lr=rate)
    history = fit(model, X, y, loss=loss, optimizer=optimizer, epochs=epochs, engine=engine,
                  callbacks=callbacks, progress=False)  # fmt: skip
    return history, model.state_dict(), optimizer.state_dict()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "settings", [{}, {"outputs": 3, "loss": "cross_entropy"}, {"make": SGD}, {"loss": "mae"}]
)
def test_together_and_one_by_one_are_the_same_to_the_last_bit(engine, settings):
    together, one_by_one = trained(engine, **settings), trained(engine, Watching(), **settings)
    assert list(together[0]) == list(one_by_one[0])
    assert together[1:] == one_by_one[1:]
    assert together[0].state == one_by_one[0].state


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rate", [30.0, 3.0, 1.6])
def test_a_loss_that_is_no_longer_finite_is_found_at_the_same_epoch(engine, rate):
    with pytest.warns(RuntimeWarning, match="the loss became"):
        together = trained(engine, make=Bursting, rate=rate, epochs=400)
    with pytest.warns(RuntimeWarning, match="the loss became"):
        one_by_one = trained(engine, Watching(), make=Bursting, rate=rate, epochs=400)
    assert len(together[0]) > loop.MEASURED
    assert list(together[0]) == list(one_by_one[0])
    assert together[0].stopped == one_by_one[0].stopped
    assert together[1:] == one_by_one[1:]


class Bursting(SGD):
    """Moves by steps that grow, until nothing is finite."""

    def hyper_parameters(self, group):
        lr, *others = super().hyper_parameters(group)
        return lr * 0.01 * 2.0**self.steps, *others


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_is_resumed_after_epochs_gone_through_together(engine):
    half, _, _ = trained(engine, epochs=30)
    through, resumed = trained(engine), trained(engine, Resume(half.state))
    assert list(resumed[0]) == list(through[0])
    assert resumed[1:] == through[1:]


@pytest.mark.parametrize("slow", [[1], [1, 4], [2, 3]])
def test_epochs_that_were_slow_for_a_moment_are_gone_through_together_again(monkeypatch, slow):
    now, counts, rounds = [0.0], [], EagerEngine.rounds

    def with_a_clock(self, count):
        counts.append(count)
        now[0] += 1000.0 if len(counts) in slow else 1.0
        return rounds(self, count)

    monkeypatch.setattr(loop, "perf_counter", lambda: now[0])
    monkeypatch.setattr(loop, "MOST_TOGETHER", 10)
    monkeypatch.setattr(EagerEngine, "rounds", with_a_clock)
    history, _, _ = trained("eager", epochs=200)
    assert len(history) == 200
    assert sum(counts) >= 200 - loop.MEASURED * (1 + len(slow))


def test_an_interrupt_sets_back_to_the_last_epoch_that_has_a_record(monkeypatch):
    calls = []

    def interrupted(self, count):
        calls.append(count)
        if len(calls) == 2:
            self.step(range(len(X)))
            raise KeyboardInterrupt
        return rounds(self, count)

    rounds = EagerEngine.rounds
    monkeypatch.setattr(EagerEngine, "rounds", interrupted)
    history, weights, _ = trained("eager", epochs=500)
    assert history.interrupted
    assert len(history) == loop.MEASURED + calls[0]
    monkeypatch.undo()
    assert weights == trained("eager", epochs=len(history))[1]
