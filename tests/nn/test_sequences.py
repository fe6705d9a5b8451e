"""Training on sequences: truncated backpropagation through time, alike on both engines."""

import random

import pytest

from autograd import mean
from nn import (
    MLP,
    SGD,
    Adam,
    Clip,
    EarlyStopping,
    GRUCell,
    LSTMCell,
    Monitor,
    Recurrent,
    Resume,
    RNNCell,
    accuracy,
    fit,
    losses,
    predict,
)
from nn.sequences import Windows

CELLS = (RNNCell, LSTMCell, GRUCell)
T = 7


def sequences(count=10, steps=T, width=2, seed=0):
    rng = random.Random(seed)
    return [[[rng.uniform(-1, 1) for _ in range(width)] for _ in range(steps)] for _ in range(count)]


def sums(X):
    """What is to be said after the last step: the sum of all first inputs."""
    return [sum(step[0] for step in x) for x in X]


def running(X):
    """What is to be said after each step: the step's first input, one step late."""
    return [[0.0, *(step[0] for step in x[:-1])] for x in X]


def signs(X):
    return [[int(t > 0) for t in row] for row in running(X)]


def model_of(kind, nout=1, every_step=False, truncate=None):
    return Recurrent(kind(2, 3, seed=1), nout, every_step=every_step, truncate=truncate, seed=2)


# ------------------------------------------------------------------------------------------ the loop


@pytest.mark.parametrize("kind", CELLS)
def test_untruncated_fit_is_the_five_line_loop(kind):
    X = sequences()
    y = sums(X)
    by_hand, fitted = model_of(kind), model_of(kind)
    for _ in range(3):
        loss = mean(losses.mse(by_hand(x), t) for x, t in zip(X, y, strict=True))
        by_hand.zero_grad()
        loss.backward()
        SGD(by_hand.parameters(), 0.1).step()
    history = fit(fitted, X, y, loss="mse", epochs=3, engine="eager", optimizer=SGD(fitted.parameters(), 0.1))
    assert history["loss"][-1] == pytest.approx(loss.data)
    for ours, wanted in zip(fitted.parameters(), by_hand.parameters(), strict=True):
        assert ours.data == pytest.approx(wanted.data, rel=1e-12)


def test_truncated_fit_is_the_loop_that_cuts_the_state_off_after_every_window():
    X = sequences(count=4)
    y = running(X)
    by_hand, fitted = (model_of(RNNCell, every_step=True, truncate=3) for _ in range(2))
    states = [by_hand.cell.zeros()] * len(X)
    total = 0.0
    for start in range(0, T, 3):
        parts, after = [], []
        for x, t, state in zip(X, y, states, strict=True):
            steps = [tuple(by_hand_inputs(step)) for step in x[start : start + 3]]
            outputs, state = by_hand.unroll(steps, state=state)
            wanted = t[start : start + 3]
            parts.append(mean(losses.mse(o, target) for o, target in zip(outputs, wanted, strict=True)))
            after.append(tuple(v.detach() for v in state))
        loss = mean(parts)
        by_hand.zero_grad()
        loss.backward()
        SGD(by_hand.parameters(), 0.1).step()
        total += loss.data * len(wanted) / T
        states = after
    optimizer = SGD(fitted.parameters(), 0.1)
    history = fit(fitted, X, y, loss="mse", epochs=1, engine="eager", optimizer=optimizer)
    assert history["loss"][0] == pytest.approx(total)
    assert optimizer.steps == 3
    for ours, wanted in zip(fitted.parameters(), by_hand.parameters(), strict=True):
        assert ours.data == pytest.approx(wanted.data, rel=1e-12)


def by_hand_inputs(step):
    from autograd import Value

    return [Value(v) for v in step]


# --------------------------------------------------------------------------------------- both engines

TASKS = {
    "a number at the end": ("mse", 1, False, sums),
    "a class at the end": ("cross_entropy", 3, False, lambda X: [int(3 * abs(s)) % 3 for s in sums(X)]),
    "a number a step": ("huber", 1, True, running),
    "a class a step": ("cross_entropy", 2, True, signs),
    "yes or no a step": ("binary_cross_entropy", 1, True, signs),
    "two numbers a step": ("mae", 2, True, lambda X: [[[a, -a] for a in row] for row in running(X)]),
}


@pytest.mark.parametrize(
    ("kind", "task", "truncate"),
    [
        *((LSTMCell, task, truncate) for task in TASKS for truncate in (None, 3)),
        (RNNCell, "a number at the end", 3),
        (GRUCell, "a class a step", 3),
        (GRUCell, "a class at the end", 1),
    ],
)
def test_both_engines_train_alike(kind, task, truncate):
    pytest.importorskip("llvmlite", reason="the tape is not installed")
    loss, nout, every_step, targets = TASKS[task]
    X = sequences()
    found = []
    for engine in ("eager", "tape"):
        model = model_of(kind, nout, every_step, truncate)
        history = fit(
            model, X, targets(X), loss=losses.Penalised(loss, l2=1e-3), epochs=2, batch_size=4, engine=engine,
            optimizer=Adam(model.parameters(), 0.01), validation=0.2, callbacks=[Clip(norm=0.5)],
        )  # fmt: skip
        assert history.engine == engine
        numbers = [x for column in history.columns for x in history[column]]
        found.append([*numbers, *model.state_dict().values()])
    assert found[1] == pytest.approx(found[0], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("engine", ["eager", "tape"])
def test_without_truncation_a_memory_of_the_first_step_is_learned_and_with_it_is_not(engine):
    if engine == "tape":
        pytest.importorskip("llvmlite", reason="the tape is not installed")
    X = sequences(count=20, steps=5, width=1)
    y = [x[0][0] for x in X]
    reached = []
    for truncate in (None, 2):
        model = Recurrent(LSTMCell(1, 3, seed=0), 1, truncate=truncate, seed=1)
        optimizer = Adam(model.parameters(), 0.05)
        history = fit(model, X, y, loss="mse", optimizer=optimizer, epochs=60, engine=engine)
        reached.append(history["loss"][-1])
    whole, truncated = reached
    assert whole < 0.03
    assert truncated > 5 * whole


@pytest.mark.parametrize("engine", ["eager", "tape"])
def test_a_training_on_sequences_goes_on_where_it_was_left(engine):
    if engine == "tape":
        pytest.importorskip("llvmlite", reason="the tape is not installed")
    X = sequences()

    def train(model, epochs, *callbacks):
        return fit(
            model, X, running(X), loss="mse", epochs=epochs, batch_size=4, engine=engine,
            optimizer=Adam(model.parameters(), 0.01), callbacks=callbacks,
        )  # fmt: skip

    whole, parts = (model_of(GRUCell, every_step=True, truncate=3) for _ in range(2))
    history = train(whole, 4)
    resumed = train(parts, 4, Resume(train(parts, 2).state))
    assert resumed["loss"] == history["loss"]
    assert parts.state_dict() == whole.state_dict()


def test_patience_puts_back_the_best_weights():
    X = sequences()
    model = model_of(RNNCell, truncate=4)
    history = fit(
        model, X, sums(X), loss="mse", engine="eager", epochs=30, callbacks=[EarlyStopping(2)],
        validation=0.3, optimizer=SGD(model.parameters(), 1.5),
    )  # fmt: skip
    assert history.best_epoch is not None
    assert history["val_loss"][history.best_epoch - 1] == min(history["val_loss"])


@pytest.mark.parametrize("engine", ["eager", "tape"])
def test_the_bad_route_of_a_sequence_can_be_drawn(engine):
    if engine == "tape":
        pytest.importorskip("llvmlite", reason="the tape is not installed")
    X = sequences()
    model = Recurrent(RNNCell(2, 3, init="zeros"), 2, every_step=True, truncate=4, seed=2)
    monitor = Monitor()
    for p in model.cell.weights():
        p.data = 30.0
    fit(model, X, signs(X), loss="cross_entropy", epochs=20, engine=engine, callbacks=[monitor])
    assert monitor.findings
    assert monitor.draw() is not None


# ------------------------------------------------------------------------------- predict and accuracy


def test_predict_takes_sequences_in_every_form():
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    X = sequences(count=3)
    model = model_of(GRUCell, every_step=True)
    wanted = [[v.data for v in model(x)] for x in X]
    assert predict(model, X) == wanted
    assert predict(model, numpy.array(X)) == wanted
    single = Recurrent(RNNCell(1, 2, seed=0), 1, seed=1)
    assert predict(single, [[1.0, 2.0], [0.0, 1.0]]) == predict(single, [[[1.0], [2.0]], [[0.0], [1.0]]])


def test_accuracy_counts_sequences_or_steps():
    X = sequences(count=6)
    last = model_of(LSTMCell)
    y = [int(p > 0) for p in predict(last, X)]
    assert accuracy(last, X, y) == 1.0
    assert accuracy(last, X, [1 - y[0], *y[1:]]) == pytest.approx(5 / 6)
    each = model_of(LSTMCell, 3, every_step=True)
    classes = [[max(range(3), key=step.__getitem__) for step in row] for row in predict(each, X)]
    assert accuracy(each, X, classes) == 1.0
    classes[0][0] = (classes[0][0] + 1) % 3
    assert accuracy(each, X, classes) == pytest.approx(1 - 1 / (6 * T))


# ------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (
            [[[1.0, 2.0]], [[1.0]]],
            r"step 0 of sequence 1 of X \(counted from 0\) has 1 input; the network takes 2",
        ),
        (
            [[[1.0, float("nan")]], [[1.0, 2.0]]],
            "input 1 at step 0 of sequence 0 of X .* is nan; it has to be a finite number",
        ),
        ([], "X is empty"),
        ([[], []], "sequence 0 of X is empty"),
    ],
)
def test_sequences_that_do_not_suit_are_refused_by_their_shape(X, words):
    with pytest.raises(ValueError, match=words):
        fit(model_of(RNNCell), X, [0.0, 1.0], loss="mse")


def test_an_array_of_the_wrong_shape_is_named():
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    with pytest.raises(ValueError, match=r"X has the shape \(3, 7, 5\); \(sequences, steps, 2\) is wanted"):
        fit(model_of(RNNCell), numpy.zeros((3, 7, 5)), [0.0] * 3, loss="mse")


def test_there_is_a_target_for_every_step():
    X = sequences(count=2)
    model = model_of(RNNCell, every_step=True)
    with pytest.raises(ValueError, match="a target for each of the 7 steps; sequence 1 has 6 steps"):
        fit(model, X, [[0.0] * 7, [0.0] * 6], loss="mse")
    with pytest.raises(ValueError, match="sequence 0 has one number"):
        fit(model, X, [0.0, 1.0], loss="mse")
    with pytest.raises(ValueError, match="X has 2 rows, but y has 1"):
        fit(model, X, [[0.0] * 7], loss="mse")


def test_truncation_is_for_sequences_and_of_whole_steps():
    with pytest.raises(
        TypeError, match=r"'truncate': it belongs to the model: Recurrent\(cell, nout, truncate=…"
    ):
        fit(MLP(1, [1]), [[1.0]], [1.0], loss="mse", truncate=3)
    with pytest.raises(ValueError, match="truncate is at least 1; got 0"):
        model_of(RNNCell, truncate=0)


def test_every_target_is_in_one_window():
    for steps in range(1, 9):
        for length in range(1, steps + 1):
            for every_step in (True, False):
                cut = Windows(model_of(RNNCell, every_step=every_step), steps, length)
                windows = range(cut.count)
                assert sum(map(cut.targets, windows)) == (steps if every_step else 1)
                assert all(sum(cut.shares(w)) == pytest.approx(1.0) for w in windows if cut.targets(w))
