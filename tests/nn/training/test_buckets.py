"""Samples of several shapes: each shape has a tape, and all of them one training."""

import math
import random

import pytest

from autograd import mean
from nn import (
    SGD,
    Adam,
    EarlyStopping,
    Embedding,
    Layer,
    LSTMCell,
    Module,
    Monitor,
    Recurrent,
    Resume,
    RNNCell,
    Weighted,
    accuracy,
    classify,
    fit,
    losses,
    predict,
)
from nn.data.buckets import Buckets
from nn.data.structures import shape_of, shapes_of
from nn.training.material import Material
from nn.transformer import Transformer
from tests.nn.engines import ENGINES

WORDS = [[0, 2, 1], [0, 1], [0, 1, 1, 2], [0, 2], [0, 2, 2], [0, 1, 2, 1], [0, 1, 1]]
NEXT = [[2, 1, 0], [1, 0], [1, 1, 2, 0], [2, 0], [2, 2, 0], [1, 2, 1, 0], [1, 1, 0]]


def gpt() -> Transformer:
    """A small one, without biases: those of keys have the gradient 0, of which Adam makes rounded steps."""
    return Transformer(3, 4, heads=2, blocks=1, context=6, bias=False, seed=0)


def sequences(count=9, *, seed=0):
    """Sequences of 2 to 4 numbers, and whether their sum is positive."""
    rng = random.Random(seed)
    X = [[rng.uniform(-1, 1) for _ in range(rng.randint(2, 4))] for _ in range(count)]
    return X, [int(sum(x) > 0) for x in X]


def trained(model, X, y, **options):
    options = {"epochs": 3, "batch_size": 2, "progress": False, **options}
    options.setdefault("optimizer", Adam(model.parameters(), lr=0.05))
    return fit(model, X, y, **options), [p.data for p in model.parameters()]


@pytest.mark.parametrize("batch_size", [None, 1, 2])
@pytest.mark.parametrize("seed", [None, 3])
def test_both_engines_train_documents_of_any_length_alike(batch_size, seed):
    results = {
        engine: trained(
            gpt(), WORDS, NEXT, loss="cross_entropy", engine=engine, batch_size=batch_size, seed=seed,
            validation=(WORDS[:3], NEXT[:3]),
        )
        for engine in ("eager", "tape")
    }  # fmt: skip
    (eager, by_eager), (tape, by_tape) = results.values()
    assert by_tape == pytest.approx(by_eager, rel=1e-9, abs=1e-9)
    for column in ("loss", "val_loss"):
        assert tape[column] == pytest.approx(eager[column], rel=1e-12)


@pytest.mark.parametrize("truncate", [None, 2])
@pytest.mark.parametrize("cell", [RNNCell, LSTMCell])
def test_both_engines_train_sequences_of_any_length_alike(cell, truncate):
    X, y = sequences()
    numbers = []
    for engine in ("eager", "tape"):
        model = Recurrent(cell(1, 2, seed=0), 1, truncate=truncate, seed=1)
        history, weights = trained(model, X, y, loss="binary_cross_entropy", engine=engine)
        numbers.append([*weights, *history["loss"], *history["accuracy"]])
    assert numbers[1] == pytest.approx(numbers[0], rel=1e-9, abs=1e-9)


def test_the_numbers_of_an_epoch_are_means_over_all_samples():
    X, y = sequences(12)
    model = Recurrent(RNNCell(1, 2, seed=0), 1, seed=1)
    wanted = sum(losses.binary_cross_entropy(model(x), t).data for x, t in zip(X, y, strict=True)) / len(X)
    right = sum(c == t for c, t in zip(classify(model, X), y, strict=True)) / len(X)
    optimizer = SGD(model.parameters(), lr=1e-12)
    history, _ = trained(
        model, X, y, loss="binary_cross_entropy", optimizer=optimizer, epochs=1, validation=(X, y)
    )
    assert history["loss"] == pytest.approx([wanted], rel=1e-9)
    assert history["val_loss"] == pytest.approx([wanted], rel=1e-9)
    assert history["accuracy"] == history["val_accuracy"] == [pytest.approx(right)]


def test_a_full_batch_of_one_shape_after_the_other_is_descent_by_hand():
    model, by_hand = gpt(), gpt()
    optimizer = SGD(by_hand.parameters(), lr=0.1)
    for length in (3, 2, 4):  # in the order in which they come first
        own = [i for i, word in enumerate(WORDS) if len(word) == length]
        costs = [
            sum(map(losses.cross_entropy, by_hand(WORDS[i]), NEXT[i])) / length for i in own
        ]  # fmt: skip
        optimizer.zero_grad()
        (sum(costs) / len(own)).backward()
        optimizer.step()
    fit(model, WORDS, NEXT, loss="cross_entropy", optimizer=SGD(model.parameters(), lr=0.1), epochs=1,
        seed=None, progress=False)  # fmt: skip
    wanted = [p.data for p in by_hand.parameters()]
    assert [p.data for p in model.parameters()] == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("engine", ["eager", "tape"])
def test_a_training_is_continued_to_the_last_bit(engine):
    options = {"loss": "cross_entropy", "engine": engine, "validation": 0.3}
    _, at_once = trained(gpt(), WORDS, NEXT, epochs=4, **options)
    half, _ = trained(gpt(), WORDS, NEXT, epochs=2, **options)
    whole, in_two = trained(gpt(), WORDS, NEXT, epochs=4, callbacks=[Resume(half.state)], **options)
    assert in_two == at_once
    assert len(whole) == 4


@pytest.mark.parametrize("engine", ["eager", "tape"])
def test_what_acts_during_a_training_acts_on_all_shapes(engine):
    monitor = Monitor()
    model = gpt()
    history, _ = trained(
        model, WORDS, NEXT, loss="cross_entropy", engine=engine, epochs=30, validation=(WORDS[:2], NEXT[:2]),
        callbacks=[monitor, EarlyStopping(2)], optimizer=Adam(model.parameters(), lr=0.3),
    )  # fmt: skip
    assert history.best_epoch
    assert monitor.records
    best = min(history["val_loss"])
    judged = [
        sum(map(losses.cross_entropy, model(x), t)) / len(x) for x, t in zip(WORDS[:2], NEXT[:2], strict=True)
    ]
    assert sum(v.data for v in judged) / 2 == pytest.approx(best, rel=1e-9)


def test_weights_of_samples_count_over_all_shapes():
    ones, weights_of_ones = trained(gpt(), WORDS, Weighted(NEXT, [2.0] * 7), loss="cross_entropy")
    plain, weights_of_plain = trained(gpt(), WORDS, NEXT, loss="cross_entropy")
    assert weights_of_ones == pytest.approx(weights_of_plain, rel=1e-9)
    assert ones["loss"] == pytest.approx(plain["loss"], rel=1e-12)


def test_the_precision_is_that_of_the_shared_numbers():
    single, _ = trained(gpt(), WORDS, NEXT, loss="cross_entropy", dtype="float32")
    double, _ = trained(gpt(), WORDS, NEXT, loss="cross_entropy")
    assert single["loss"] == pytest.approx(double["loss"], rel=1e-4)
    assert single["loss"] != double["loss"]


def test_a_validation_may_have_shapes_of_its_own():
    history, _ = trained(
        gpt(), WORDS[:1], NEXT[:1], loss="cross_entropy", validation=([[0, 1, 2, 2, 1]], [[1, 2, 2, 1, 0]])
    )
    assert all(map(math.isfinite, history["val_loss"]))


def test_each_epoch_has_every_sample_once_and_batches_of_one_shape():
    material = Material(gpt(), WORDS, NEXT, losses.cross_entropy, None, None)
    assert isinstance(material.train, Buckets)
    for rng in (None, random.Random(0)):
        batches = material.train.batches(2, rng)
        assert sorted(i for batch in batches for i in batch) == list(range(7))
        assert all(len({len(WORDS[i]) for i in batch}) == 1 for batch in batches)
        assert len(batches) == material.train.count(2)
    assert material.train.batches(2, random.Random(0)) != material.train.batches(2, random.Random(1))


def test_outputs_come_in_the_order_of_the_samples():
    X, _ = sequences()
    model = Recurrent(RNNCell(1, 2, seed=0), 1, seed=1)
    assert predict(model, X) == pytest.approx([model(x).data for x in X], rel=1e-12)


def test_the_accuracy_is_that_of_all_answers():
    X, y = sequences()
    model = Recurrent(RNNCell(1, 2, seed=0), 1, seed=1)
    right = [c == t for c, t in zip(classify(model, X), y, strict=True)]
    assert accuracy(model, X, y) == pytest.approx(sum(right) / len(right))
    with pytest.raises(ValueError, match="X has 9 rows, but y has 8"):
        accuracy(model, X, y[:8])


def test_a_position_may_have_a_target_for_each_output():
    of_classes, _ = trained(gpt(), WORDS, NEXT, loss="mse", engine="eager")
    rows = [[[float(k == t) for k in range(3)] for t in row] for row in NEXT]
    for loss in ("mse", "cross_entropy"):
        histories = [
            trained(gpt(), WORDS, rows, loss=loss, engine=engine)[0]["loss"] for engine in ("eager", "tape")
        ]
        assert histories[1] == pytest.approx(histories[0], rel=1e-9)
        if loss == "mse":
            assert histories[0] == of_classes["loss"]


class Doubled(Module):
    """Gives one output at each position of a list of any length."""

    def __init__(self):
        self.layer = Layer(1, 1, "linear", seed=0)

    def __call__(self, x):
        return [[self.layer([v])] for v in x]


@pytest.mark.parametrize("engine", ["eager", "tape"])
def test_a_position_may_have_a_single_output(engine):
    X = [[1.0, 2.0], [0.5], [-1.0, 0.0, 1.5]]
    model = Doubled()
    optimizer = SGD(model.parameters(), lr=0.2)
    y = [[2 * v for v in x] for x in X]
    history = fit(model, X, y, loss="mse", optimizer=optimizer, engine=engine, epochs=200, progress=False)
    assert history["loss"][-1] < 1e-6
    assert model([3.0])[0][0].data == pytest.approx(6.0, abs=1e-2)
    with pytest.raises(ValueError, match=r"target 0 of position 1 of sample 0 of y.* is nan"):
        fit(model, X, [[1.0, math.nan], *y[1:]], loss="mse", progress=False)


def test_samples_of_one_shape_are_told_by_their_lengths():
    assert shape_of([1, 2, 3]) == 3
    assert shape_of([[1], [2, 3]]) == (1, 2)
    assert shapes_of([1, 2]) is None
    assert shapes_of([[1], [1, 2]]) == [1, 2]


class Mean(Module):
    """Takes a list of any length, but not of five."""

    def __init__(self) -> None:
        self.net = Recurrent(RNNCell(1, 1, seed=0), 1, seed=0)

    def __call__(self, x):
        if len(x) == 5:
            raise ValueError("five is too much")
        return self.net(x)


BAD = [
    ({"X": [*WORDS[:4], [0] * 7]}, ValueError, r"document 0 of X\[4:5\] has 7 tokens; the context holds 6"),
    ({"X": [*WORDS[:4], []]}, ValueError, r"X\[4:5\]"),
    ({"X": [*WORDS[:4], [0, 3, 0]]}, ValueError, r"token 1 of document 0 of X\[.*\] is 3; .* from 0 to 2"),
    ({"X": [*WORDS[:4], [0, "a", 0]]}, TypeError, r"column 1 of X\[4:5\] .* is 'a'"),
    ({"y": [*NEXT[:4], [0, 1, 3]]}, ValueError, r"position 2 of sample 0 of y\[4:5\] is 3; it is a class"),
    ({"y": [*NEXT[:4], [0, 1]]}, ValueError, r"y\[4:5\] has a target for each of the 3 positions"),
    ({"y": NEXT[:4]}, ValueError, "X has 5 rows, but y has 4"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "error", "message"), BAD)
def test_the_first_sample_that_does_not_suit_is_named(given, error, message):
    model = gpt()
    before = model.state_dict()
    data = {"X": WORDS[:5], "y": NEXT[:5], **given}
    with pytest.raises(error, match=message):
        fit(model, data["X"], data["y"], loss="cross_entropy", progress=False)
    assert model.state_dict() == before


def test_a_model_of_ones_own_says_which_length_it_does_not_take():
    with pytest.raises(ValueError, match="sample 1 of X: five is too much"):
        fit(Mean(), [[1.0], [1.0] * 5], [0.0, 1.0], loss="mse", progress=False)
    history = fit(Mean(), [[1.0], [1.0] * 4], [0.0, 1.0], loss="mse", epochs=2, progress=False)
    assert history.engine == "tape"


@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_that_a_callback_assigns_are_taken_over(engine):
    model = gpt()
    last = model.parameters()[-1]
    trained(model, WORDS, NEXT, loss="cross_entropy", engine=engine,
            callbacks=[lambda training, epoch: setattr(last, "data", 123.0)])  # fmt: skip
    assert last.data == 123.0


@pytest.mark.parametrize("engine", ENGINES)
def test_an_id_that_a_table_does_not_have_is_refused_whatever_the_shape(engine):
    class Looking(Module):
        def __init__(self):
            self.table, self.layer = Embedding(5, 2, seed=0), Layer(2, 1, "linear", seed=0)

        def __call__(self, ids):
            return self.layer([mean(column) for column in zip(*self.table(ids), strict=True)])

    with pytest.raises(IndexError, match="got 7"):
        trained(Looking(), [[1, 2], [3], [1, 7], [4]], [0.0, 1.0, 0.0, 1.0], loss="mse", engine=engine)
