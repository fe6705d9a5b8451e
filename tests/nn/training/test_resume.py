"""Resuming: a training that went on from a state is to the last bit the one that was never interrupted."""

import copy
import json
import random
from array import array
from math import nan

import pytest

from nn import MLP, SGD, Adam, Clip, EarlyStopping, LSTMCell, Recurrent, Resume, fit, schedules
from tests.nn.engines import ENGINES


def data(n=24):
    rng = random.Random(1)
    X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(n)]
    return X, [1 if a * b > 0 else -1 for a, b in X]


def adam(model):
    return Adam(model.parameters(), lr=0.05), []


def scheduled(model):
    groups = [{"params": model.layers[0].parameters(), "lr": 0.02}, {"params": model.layers[1].parameters()}]
    optimizer = SGD(groups, lr=0.1, momentum=0.9, nesterov=True)
    return optimizer, [schedules.CosineAnnealingLR(optimizer, 8)]


def plateau(model):
    optimizer = SGD(model.parameters(), lr=0.5, momentum=0.5)
    return optimizer, [schedules.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)]


CASES = {
    "adam, mini-batches": (adam, {"batch_size": 5}),
    "groups, schedule, clipping": (
        scheduled,
        {"batch_size": 7, "callbacks": lambda: [Clip(norm=0.5, value=0.2)]},
    ),
    "validation, patience, plateau": (
        plateau,
        {"batch_size": 5, "validation": 0.25, "callbacks": lambda: [EarlyStopping(4)]},
    ),
    "patience alone": (
        plateau,
        {"callbacks": lambda: [EarlyStopping(3)], "seed": None, "batch_size": 6},
    ),
}


def trained(make, settings, engine, epochs, state=None, model=None, dropout=0.0):
    model = model or MLP(2, [4, 1], "tanh", seed=0, dropout=dropout)
    optimizer, callbacks = make(model)
    settings = {"callbacks": list} | settings
    callbacks += settings.pop("callbacks")() + ([] if state is None else [Resume(state)])
    history = fit(
        model, *data(), loss="hinge", optimizer=optimizer, callbacks=callbacks, epochs=epochs,
        engine=engine, progress=False, **{"seed": 3, **settings},
    )  # fmt: skip
    return model, optimizer, history


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_resumed_training_is_the_uninterrupted_one_bit_for_bit(case, engine):
    make, settings = case
    model, optimizer, through = trained(make, settings, engine, 12)
    _, _, half = trained(make, settings, engine, 5)
    fresh = MLP(2, [4, 1], "tanh", seed=99)  # weights come from the state
    other, own, resumed = trained(make, settings, engine, 12, stored(half.state), fresh)
    assert other.state_dict() == model.state_dict()
    assert own.state_dict() == optimizer.state_dict()
    assert list(resumed) == list(through)
    assert stored(resumed.state) == stored(through.state)
    assert (resumed.stopped, resumed.best_epoch) == (through.stopped, through.best_epoch)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", [3, None])
def test_dropout_goes_on_with_the_same_masks(engine, seed):
    settings = {"batch_size": 5, "seed": seed}
    model, _, through = trained(adam, settings, engine, 8, dropout=0.3)
    _, _, half = trained(adam, settings, engine, 3, dropout=0.3)
    other, _, resumed = trained(adam, settings, engine, 8, half.state, dropout=0.3)
    assert other.state_dict() == model.state_dict()
    assert list(resumed) == list(through)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_on_sequences_goes_on_bit_for_bit(engine):
    rng = random.Random(0)
    X = [[[rng.random()] for _ in range(6)] for _ in range(8)]
    y = [sum(x for (x,) in sequence) for sequence in X]

    def through(epochs, state=None, seed=0):
        model = Recurrent(LSTMCell(1, 2, seed=seed), 1, seed=seed, truncate=3)
        callbacks = [Clip(norm=1.0), *([] if state is None else [Resume(state)])]
        history = fit(
            model, X, y, loss="mse", optimizer=Adam(model.parameters(), lr=0.02), epochs=epochs, batch_size=3,
            callbacks=callbacks, engine=engine, progress=False,
        )  # fmt: skip
        return model.state_dict(), list(history), history.state

    weights, epochs, _ = through(5)
    assert through(5, through(2)[2], seed=9)[:2] == (weights, epochs)


@pytest.mark.parametrize("engine", ENGINES)
def test_any_of_the_states_given_while_training_will_do(engine):
    make, settings = CASES["groups, schedule, clipping"]
    states, weights = [], []
    model = MLP(2, [4, 1], "tanh", seed=0)

    def keep(training, epoch):
        states.append(training.state())
        weights.append([p.data for p in model.parameters()])

    trained(make, settings | {"callbacks": lambda: [keep, *settings["callbacks"]()]}, engine, 6, model=model)
    assert [state["epoch"] for state in states] == [1, 2, 3, 4, 5, 6]
    assert [list(state["weights"]) for state in states] == weights
    for state in states[:3]:
        other, _, _ = trained(make, settings, engine, 6, state)
        assert other.state_dict() == model.state_dict()


@pytest.mark.parametrize("engine", ENGINES)
def test_after_an_interrupt_the_last_whole_epoch_is_gone_on_from(engine):
    make, settings = CASES["adam, mini-batches"]
    model, _, _ = trained(make, settings, engine, 6)

    def interrupt(training, epoch):
        if epoch.number == 4:
            raise KeyboardInterrupt

    _, _, cut = trained(make, settings | {"callbacks": lambda: [interrupt]}, engine, 6)
    assert cut.interrupted
    other, _, _ = trained(make, settings, engine, 6, cut.state)
    assert other.state_dict() == model.state_dict()


def test_a_training_that_is_complete_takes_no_more_steps():
    model, optimizer, done = trained(adam, {}, "eager", 3)
    other, own, again = trained(adam, {}, "eager", 3, done.state)
    assert other.state_dict() == model.state_dict()
    assert own.steps == optimizer.steps
    assert list(again) == list(done)


def stored(state):
    """What is left of a state that was kept as text."""
    return json.loads(json.dumps(state, default=lambda x: list(x) if isinstance(x, array) else x.item()))


def change(path, new):
    def spoil(state):
        *way, last = path
        for key in way:
            state = state[key]
        if new is KeyError:
            del state[last]
        else:
            state[last] = new

    return spoil


BAD = [
    (change(["epoch"], -1), ValueError, "epoch is at least 0; got -1"),
    (change(["epoch"], 7), ValueError, "7 epochs, but its history"),
    (change(["epoch"], KeyError), ValueError, "lacks 'epoch'"),
    (change(["weights"], [1.0]), ValueError, "weights holds 1 numbers.*17 are wanted"),
    (change(["weights", 3], nan), ValueError, "weights holds finite numbers; number 3 is nan"),
    (change(["optimizer", "steps"], "x"), TypeError, "steps is a whole number"),
    (change(["optimizer", "optimizer"], "Adam"), ValueError, "of 'Adam', this optimiser is SGD"),
    (change(["callbacks"], None), TypeError, "callbacks of a state are a mapping"),
    (
        change(["callbacks", "ReduceLROnPlateau"], KeyError),
        ValueError,
        "a training without ReduceLROnPlateau",
    ),
    (change(["callbacks", "StepLR"], {}), ValueError, "a training with StepLR"),
    (change(["callbacks", "ReduceLROnPlateau", "t"], 0.5), TypeError, "t is a whole number"),
    (change(["generators"], []), ValueError, "draws from 1 generators"),
    (change(["generators", 0], [3, [1, 2], None]), ValueError, "generator is damaged"),
    (change(["generators", 0, 1, 0], -1), ValueError, "generator is damaged"),
    (change(["generators", 0, 2], "x"), ValueError, "generator is damaged"),
    (change(["generators", 0], None), ValueError, "generator is damaged"),
    (change(["history", "loss"], [1.0]), ValueError, "history's loss does not"),
    (change(["history", "loss", 0], "x"), ValueError, "its loss does not"),
    (change(["history"], []), TypeError, "mapping"),
    (change(["callbacks", "EarlyStopping", "best", "loss"], nan), ValueError, "finite number; got nan"),
    (
        change(["callbacks", "EarlyStopping", "best", "weights"], [0.0]),
        ValueError,
        "best weights holds 1 numbers",
    ),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("spoil", "error", "message"), BAD, ids=[message for *_, message in BAD])
def test_a_refused_state_changes_nothing(spoil, error, message, engine):
    make, settings = CASES["validation, patience, plateau"]
    state = stored(trained(make, settings, engine, 2)[2].state)
    spoil(state)
    model = MLP(2, [4, 1], "tanh", seed=5)
    optimizer, (schedule,) = make(model)
    before = copy.deepcopy((model.state_dict(), optimizer.state_dict(), schedule.state_dict()))
    with pytest.raises(error, match=message):
        fit(
            model, *data(), loss="hinge", optimizer=optimizer, epochs=4, engine=engine,
            **settings | {"callbacks": [schedule, *settings["callbacks"](), Resume(state)]},
        )  # fmt: skip
    assert (model.state_dict(), optimizer.state_dict(), schedule.state_dict()) == before


def test_a_state_is_a_mapping_and_continues_one_training():
    with pytest.raises(TypeError, match="the state of a training is a mapping"):
        trained(adam, {}, "eager", 3, 7)
    state = trained(adam, {}, "eager", 1)[2].state
    with pytest.raises(ValueError, match="two callbacks continue an earlier training"):
        trained(adam, {"callbacks": lambda: [Resume(state)]}, "eager", 3, state)
