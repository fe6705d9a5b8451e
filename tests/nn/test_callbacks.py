"""Callbacks: each method is called at its time, and what a callback changes the training takes."""

import random

import pytest

from nn import MLP, SGD, Callback, Clip, EarlyStopping, LSTMCell, Recurrent, Resume, fit, losses
from nn.callbacks import evenly_spaced
from nn.schedules import ExponentialLR, StepLR
from tests.nn.engines import ENGINES

X = [[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9], [-1.2, -0.4], [0.1, 1.1]]
Y = [1, -1, -1, 1, -1]


def trained(*callbacks, model=None, engine="eager", epochs=2, **settings):
    model = model or MLP(2, [3, 1], "tanh", seed=0)
    settings = {"loss": "hinge", "optimizer": SGD(model.parameters(), lr=0.1), "batch_size": 3} | settings
    return model, fit(
        model, X, Y, callbacks=callbacks, engine=engine, epochs=epochs, progress=False, **settings
    )


class Diary(Callback):
    """Writes down which of its methods was called."""

    def __init__(self, name=""):
        self.name, self.lines = name, []

    def on_train_begin(self, training):
        self.lines.append("begin")

    def on_gradients(self, training):
        self.lines.append("gradients")

    def on_batch_end(self, training, loss, samples):
        self.lines.append(f"batch of {samples}")

    def on_epoch_end(self, training, epoch):
        self.lines.append(f"epoch {epoch.number}")

    def on_train_end(self, training):
        self.lines.append("end")


BATCHES = ["gradients", "batch of 3", "gradients", "batch of 2"]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_method_is_called_at_its_time(engine):
    diary = Diary()
    trained(diary, engine=engine)
    assert diary.lines == ["begin", *BATCHES, "epoch 1", *BATCHES, "epoch 2", "end"]


def test_the_end_comes_after_an_interrupt_and_after_an_error_too():
    class Breaking(Callback):
        def __init__(self, error):
            self.error = error

        def on_gradients(self, training):
            raise self.error

    diary = Diary()
    _, history = trained(diary, Breaking(KeyboardInterrupt()))
    assert history.interrupted
    assert diary.lines == ["begin", "gradients", "end"]
    diary = Diary()
    with pytest.raises(RuntimeError, match="no more"):
        trained(diary, Breaking(RuntimeError("no more")))
    assert diary.lines[-1] == "end"


def test_each_window_of_a_sequence_has_gradients_of_its_own_and_each_batch_one_end():
    model = Recurrent(LSTMCell(1, 2, seed=0), 1, every_step=True, truncate=2, seed=0)
    diary = Diary()
    fit(model, [[0.1] * 4] * 3, [[0.0] * 4] * 3, loss="mse", epochs=1, callbacks=[diary], engine="eager")
    assert diary.lines == ["begin", "gradients", "gradients", "batch of 3", "epoch 1", "end"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_optimiser_takes_the_gradients_that_a_callback_sets(engine):
    class Reverse(Callback):
        def on_gradients(self, training):
            training.set_gradients([-g for g in training.gradients()])

    upwards, _ = trained(Reverse(), engine=engine, epochs=1, batch_size=None)
    downwards, _ = trained(engine=engine, epochs=1, batch_size=None)
    start = MLP(2, [3, 1], "tanh", seed=0)
    for up, down, w in zip(*(m.parameters() for m in (upwards, downwards, start)), strict=True):
        assert up.data - w.data == pytest.approx(w.data - down.data, abs=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_function_is_called_after_each_epoch_and_finds_the_trained_numbers(engine):
    seen = []
    model = MLP(2, [3, 1], "tanh", seed=0)

    def after(training, epoch):
        seen.append((epoch.number, model.state_dict(), list(training.weights())))

    trained(after, model=model, engine=engine, epochs=3)
    assert [number for number, _, _ in seen] == [1, 2, 3]
    assert all(list(state.values()) == weights for _, state, weights in seen)
    assert seen[-1][1] == model.state_dict() != seen[0][1]


def test_a_callback_may_stop_the_training():
    def stop(training, epoch):
        training.stop("enough")

    _, history = trained(stop, epochs=5)
    assert (len(history), history.stopped) == (1, "enough")
    _, history = trained(stop, epochs=1)
    assert history.stopped == ""  # it was at its end


def test_clipping_takes_a_limit_in_range():
    with pytest.raises(ValueError, match="norm is a finite number from 0 up"):
        Clip(norm=-1.0)
    with pytest.raises(TypeError, match="value is a number"):
        Clip(value="1")
    with pytest.raises(ValueError, match="patience is at least 1"):
        EarlyStopping(0)


# --------------------------------------------------------------------------------- schedules by batch


@pytest.mark.parametrize("engine", ENGINES)
def test_a_schedule_may_step_after_every_batch(engine):
    rates = []

    class Rates(Callback):
        def on_gradients(self, training):
            rates.append(training.optimizer.lr)

    model = MLP(2, [3, 1], "tanh", seed=0)
    own = SGD(model.parameters(), lr=0.8)
    _, history = trained(
        Rates(), ExponentialLR(own, 0.5, every="batch"), model=model, engine=engine, optimizer=None
    )
    assert rates == [0.8, 0.4, 0.2, 0.1]
    assert history["lr"] == [0.8, 0.2]  # of the first batch of each epoch
    with pytest.raises(ValueError, match="unknown step of a schedule 'batches'; did you mean 'batch'"):
        StepLR(own, 1, every="batches")


@pytest.mark.parametrize("engine", ENGINES)
def test_after_an_interrupt_in_an_epoch_a_schedule_by_batch_goes_on_from_the_last_whole_one(engine):
    class Interrupt(Callback):
        def __init__(self):
            self.left = 5  # two batches an epoch: in the third

        def on_batch_end(self, training, loss, samples):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

    def run(*callbacks, epochs=5):
        model = MLP(2, [3, 1], "tanh", seed=0)
        optimizer = SGD(model.parameters(), lr=0.8, momentum=0.5)
        schedule = ExponentialLR(optimizer, 0.8, every="batch")
        return trained(schedule, *callbacks, model=model, optimizer=optimizer, engine=engine, epochs=epochs)

    model, through = run()
    _, cut = run(Interrupt())
    assert cut.interrupted
    again, resumed = run(Resume(cut.state))
    assert again.state_dict() == model.state_dict()
    assert list(resumed) == list(through)


# --------------------------------------------------------------------------------------- continuing


class Counting(Callback):
    """Counts batches, also those before a break."""

    def __init__(self):
        self.batches = 0

    def on_batch_end(self, training, loss, samples):
        self.batches += 1

    def on_save(self, training):
        return {"batches": self.batches}

    def on_resume(self, training, state):
        self.batches = state["batches"]


def test_a_callback_of_ones_own_continues_where_it_was():
    one, two = Counting(), Counting()
    _, half = trained(one, two, epochs=2)
    assert half.state["callbacks"] == {"Counting": {"batches": 4}, "Counting 2": {"batches": 4}}
    again = Counting(), Counting()
    trained(*again, Resume(half.state), epochs=5)
    assert [counting.batches for counting in again] == [10, 10]


def test_what_comes_last_sees_what_the_others_changed():
    states = []
    model = MLP(2, [3, 1], "tanh", seed=0)
    schedule = ExponentialLR(SGD(model.parameters(), lr=0.8), 0.5)
    trained(lambda training, epoch: states.append(training.state()), schedule, model=model, optimizer=None)
    assert [state["callbacks"]["ExponentialLR"]["t"] for state in states] == [1, 2]


def test_a_used_early_stopping_starts_anew():
    stopping = EarlyStopping(1)
    still = losses.Penalised(lambda p, t: p * 0.0 + 1.0)
    for _ in range(2):
        _, history = trained(stopping, loss=still, epochs=9)
        assert (len(history), history.best_epoch) == (2, 1)


def test_epochs_are_evenly_spaced_with_the_last_among_them():
    rng = random.Random(0)
    for _ in range(50):
        epochs, count = rng.randint(1, 300), rng.randint(1, 80)
        chosen = evenly_spaced(epochs, count)
        assert max(chosen) == epochs
        assert len(chosen) == min(epochs, count)
        assert min(chosen) >= 1
