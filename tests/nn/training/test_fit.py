"""Training: fit is the hand-written loop, sees good data only, and keeps a true record."""

import random
from inspect import signature
from math import inf, nan

import pytest

from autograd import Parameter, Value, gradients, mean
from autograd.extend import NO_GRADIENT
from nn import (
    MLP,
    SGD,
    Adam,
    Module,
    Monitor,
    accuracy,
    fit,
    losses,
    predict,
)
from nn.data.samples import Samples, split, targets
from nn.outputs import is_right
from tests.nn.engines import ENGINES

X = [[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9], [-1.2, -0.4], [0.1, 1.1]]
SIGNS = [1, -1, -1, 1, -1]
CLASSES = [0, 2, 1, 0, 2]
REALS = [0.3, -0.5, 1.2, 0.0, 0.7]


def trained(model=None, X=X, y=SIGNS, loss="hinge", **settings):
    """A short eager training, with the model and the history."""
    model = model or MLP(2, [3, 1], "tanh", seed=0)
    settings = {"epochs": 3, "engine": "eager", "progress": False} | settings
    return model, fit(model, X, y, loss=loss, **settings)


def like(model):
    """Another network of the same shape and numbers."""
    copy = MLP(2, [layer.nout for layer in model.layers], "tanh")
    copy.load_state_dict(model.state_dict())
    return copy


# ------------------------------------------------------------------- the loop written by hand


@pytest.mark.parametrize(
    ("y", "loss", "outputs"),
    [
        (SIGNS, losses.hinge, 1),
        ([0, 1, 1, 0, 1], losses.binary_cross_entropy, 1),
        (REALS, losses.half_mse, 1),
        ([[a, 1 - a] for a in REALS], losses.mse, 2),
        (CLASSES, losses.cross_entropy, 3),
    ],
)
def test_a_full_batch_training_is_the_hand_written_loop(y, loss, outputs):
    model = MLP(2, [3, outputs], "tanh", seed=1)
    by_hand = like(model)
    optimizer = SGD(by_hand.parameters(), lr=0.2, momentum=0.5)
    costs = []
    for _ in range(8):
        cost = mean(loss(by_hand(x), t) for x, t in zip(X, y, strict=True))
        cost = cost + 0.1 * losses.l1(by_hand.weights()) + 0.2 * losses.l2(by_hand.weights())
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        costs.append(cost.data)
    own = SGD(model.parameters(), lr=0.2, momentum=0.5)
    objective = losses.Penalised(loss, l1=0.1, l2=0.2)
    _, history = trained(model, y=y, loss=objective, optimizer=own, epochs=8)
    assert history["loss"] == pytest.approx(costs, rel=1e-12)
    assert list(model.state_dict().values()) == pytest.approx(list(by_hand.state_dict().values()), rel=1e-11)


def test_a_batch_larger_than_what_is_differentiated_at_once_is_still_one_batch():
    rng = random.Random(0)
    rows = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(37)]
    y = [rng.gauss(0, 1) for _ in rows]
    model = MLP(2, [3, 1], "tanh", seed=0)
    by_hand = like(model)
    cost = mean(losses.mse(by_hand(x), t) for x, t in zip(rows, y, strict=True))
    wanted = gradients(cost, by_hand.parameters())
    last = []
    trained(
        model, rows, y, "mse", epochs=1, callbacks=[lambda training, _: last.extend(training.gradients())]
    )
    assert last == pytest.approx(wanted, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_gradients_of_a_training_are_not_added_to_those_that_come_after_it(engine):
    model, extra = MLP(2, [3, 1], "tanh", seed=0), Parameter(1.0)
    optimizer = SGD([*model.parameters(), extra], lr=0.1)
    trained(model, optimizer=optimizer, engine=engine)
    assert all(p.grad is NO_GRADIENT for p in (*model.parameters(), extra))


def test_mini_batches_and_single_samples_are_steps_in_the_order_of_the_seed():
    for size in (1, 2, 4):
        model = MLP(2, [3, 1], "tanh", seed=0)
        by_hand = like(model)
        optimizer, rng = SGD(by_hand.parameters(), lr=0.1), random.Random(5)
        for _ in range(2):
            order = list(range(5))
            rng.shuffle(order)
            for start in range(0, 5, size):
                batch = order[start : start + size]
                optimizer.zero_grad()
                mean(losses.hinge(by_hand(X[i]), SIGNS[i]) for i in batch).backward()
                optimizer.step()
        trained(model, epochs=2, batch_size=size, seed=5)
        assert list(model.state_dict().values()) == pytest.approx(list(by_hand.state_dict().values()))


def test_the_recorded_loss_of_mini_batches_weighs_every_sample_alike():
    _, history = trained(y=REALS, loss="mse", batch_size=2, epochs=1, optimizer=None)
    model = MLP(2, [3, 1], "tanh", seed=0)
    still = SGD(model.parameters(), lr=1e-300)
    _, unmoved = trained(model, y=REALS, loss="mse", batch_size=2, epochs=1, optimizer=still)
    total = sum((p - t) ** 2 for p, t in zip(predict(model, X), REALS, strict=True)) / 5
    assert unmoved["loss"] == [pytest.approx(total)]
    assert history["loss"] != unmoved["loss"]


def test_the_same_seed_trains_the_same_network():
    one, _ = trained(batch_size=2, seed=3, validation=0.2)
    same, _ = trained(batch_size=2, seed=3, validation=0.2)
    other, _ = trained(batch_size=2, seed=4, validation=0.2)
    assert one.state_dict() == same.state_dict() != other.state_dict()


@pytest.mark.parametrize("engine", ENGINES)
def test_without_a_seed_the_samples_come_in_order_and_the_last_are_held_out(engine):
    by_hand = MLP(2, [3, 1], "tanh", seed=0)
    optimizer = SGD(by_hand.parameters(), lr=0.1)
    for _ in range(3):
        for batch in ([0, 1], [2]):
            optimizer.zero_grad()
            mean(losses.hinge(by_hand(X[i]), SIGNS[i]) for i in batch).backward()
            optimizer.step()
    model, history = trained(batch_size=2, seed=None, validation=0.4, engine=engine)
    assert list(model.state_dict().values()) == pytest.approx(list(by_hand.state_dict().values()))
    assert history[-1].val_accuracy == accuracy(by_hand, X[3:], SIGNS[3:])


def test_fit_has_at_most_fifteen_arguments():
    assert len(signature(fit).parameters) <= 15


def test_the_global_generator_is_left_alone():
    random.seed(1)
    before = random.getstate()
    trained(batch_size=2, validation=0.4)
    assert random.getstate() == before


def test_any_loss_and_any_module_will_do():
    class Power(Module):
        def __init__(self):
            self.exponent = Parameter(1.0)

        def __call__(self, x):
            return Value.__pow__(Value(x[0]), self.exponent)

    model = Power()
    squares = [[1.0], [2.0], [3.0]], [1.0, 4.0, 9.0]
    optimizer = Adam(model.parameters(), lr=0.1)
    _, history = trained(model, *squares, loss=lambda p, t: abs(p - t), optimizer=optimizer, epochs=100)
    assert model.exponent.data == pytest.approx(2.0, abs=0.05)
    assert history["accuracy"] == [None] * 100


def test_a_frozen_parameter_stays():
    model = MLP(2, [3, 1], "tanh", seed=0)
    before = model.layers[0].W
    with pytest.warns(UserWarning, match=r"layers\.0 \(Layer, 9 parameters\) is not held by the optimizer"):
        trained(model, optimizer=SGD(model.layers[1].parameters(), lr=0.1))
    assert before == model.layers[0].W


def test_penalties_leave_the_biases_out():
    model = MLP(2, [1], init="zeros")
    model.layers[0].b = [5.0]
    objective = losses.Penalised(lambda p, t: p * 0.0, l1=1.0, l2=1.0)
    _, history = trained(model, y=REALS, loss=objective, epochs=1)
    assert history["loss"] == [0.0]


# ------------------------------------------------------------------------------ what it can learn


@pytest.mark.parametrize("seed", range(5))
def test_one_neuron_learns_and(seed):
    model = MLP(2, [1], seed=seed)
    _, history = trained(model, [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, -1, -1, 1], epochs=300)
    assert history["accuracy"][-1] == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_two_layers_learn_xor(seed):
    model = MLP(2, [8, 1], "tanh", seed=seed)
    table, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    optimizer = Adam(model.parameters(), lr=0.1)
    _, history = trained(model, table, y, "binary_cross_entropy", optimizer=optimizer, epochs=100)
    assert history["accuracy"][-1] == 1.0


# ----------------------------------------------------------------------------------- kinds of data


def kinds_of_data():
    yield "lists", X, CLASSES
    yield "tuples", tuple(map(tuple, X)), tuple(CLASSES)
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    yield "arrays", numpy.array(X), numpy.array(CLASSES)
    yield "float32 classes", numpy.array(X, "float64"), numpy.array(CLASSES, "float32")
    yield "columns", numpy.asfortranarray(X), numpy.array(CLASSES).reshape(-1, 1)
    yield "objects", numpy.array(X, dtype=object), numpy.array(CLASSES, dtype=object)
    yield "frames", pandas.DataFrame(X, columns=["a", "b"]), pandas.Series(CLASSES)
    yield "list of arrays", list(numpy.array(X)), [numpy.int64(c) for c in CLASSES]
    yield "one-hot", X, numpy.eye(3)[CLASSES]


def test_lists_arrays_and_frames_train_alike():
    found = {}
    for name, rows, y in kinds_of_data():
        model = MLP(2, [3, 3], "tanh", seed=0)
        _, history = trained(model, rows, y, "cross_entropy")
        found[name] = model.state_dict(), history["accuracy"], accuracy(model, rows, y), predict(model, rows)
    for name, result in found.items():
        assert result == found["lists"], name


def test_classes_are_counted_from_0_and_told_by_the_largest_output():
    model = MLP(2, [3], init="zeros")
    model.layers[0].W = [[1, 0], [0, 1], [-1, 0]]
    rows = [[2, 1], [1, 2], [-1, -2]]
    assert accuracy(model, rows, [0, 1, 2]) == 1.0
    assert accuracy(model, rows, [0, 1, 1]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("loss", "y", "threshold"),
    [
        (losses.hinge, [-1, 1], 0.0),
        (losses.binary_cross_entropy, [0, 1], 0.0),
        (losses.mse, [0, 1], 0.5),
        (losses.half_mse, [-1, 1], 0.0),
        (losses.mse, [0.5, 1], None),
        (losses.binary_cross_entropy, [0.2, 1], None),
        (losses.mse, [0, 0], None),
        (losses.half_mse, [1, 1], None),
        (lambda p, t: abs(p - t), [-1, -1], None),
        (losses.hinge, [1, 1], 0.0),
        (losses.binary_cross_entropy, [0, 0], 0.0),
    ],
)
def test_two_classes_are_told_apart_where_the_loss_tells_them_apart(loss, y, threshold):
    assert targets(y, 1, loss)[1] == threshold


def test_accuracy_takes_the_threshold_of_probabilities():
    model = MLP(1, [1], output="sigmoid", init=lambda nout, nin, rng: [[1.0]])
    assert accuracy(model, [[-2.0], [2.0]], [0, 1], threshold=0.5) == 1.0
    assert accuracy(model, [[-2.0], [2.0]], [0, 1], threshold=0.0) == 0.5
    assert accuracy(model, [[-2.0], [2.0]], [0, 1]) == 1.0


@pytest.mark.parametrize("engine", ENGINES)
def test_held_out_samples_of_one_class_are_judged_as_the_others(engine):
    held_out = X[:2], [1, 1]
    model, history = trained(y=[0, 1, 1, 0, 1], loss="mse", validation=held_out, engine=engine)
    assert history[-1].val_accuracy == accuracy(model, *held_out, threshold=0.5)
    _, history = trained(y=[1.0] * 5, loss="mse", validation=held_out, engine=engine)
    assert history["accuracy"] == history["val_accuracy"] == [None] * 3


def test_the_largest_output_names_the_class_the_first_of_equals():
    assert is_right([1.0, 1.0], [1.0, 0.0], 0.0)
    assert not is_right([1.0, 1.0], [0.0, 1.0], 0.0)


def test_predict_gives_floats():
    assert predict(MLP(2, [1], init="zeros"), X) == [0.0] * 5
    assert predict(MLP(2, [2], init="zeros"), X) == [[0.0, 0.0]] * 5


# --------------------------------------------------------------------------------- held-out data


def test_validation_data_are_judged_and_not_trained_on():
    held_out = [[0.2, 0.2], [0.9, -0.9]], [1, -1]
    objective = losses.Penalised("hinge", l2=0.1)
    model, history = trained(validation=held_out, loss=objective, epochs=2)
    plain, _ = trained(loss=objective, epochs=2)
    assert model.state_dict() == plain.state_dict()
    scores = predict(model, held_out[0])
    wanted = sum(max(0.0, 1 - s * t) for s, t in zip(scores, held_out[1], strict=True)) / 2
    wanted += 0.1 * sum(w.data**2 for w in model.weights())
    assert history[-1].val_loss == pytest.approx(wanted)
    assert history[-1].val_accuracy == accuracy(model, *held_out)


def test_a_fraction_is_held_out_once_and_for_all():
    samples = Samples([[float(i)] for i in range(10)], [[0.0]] * 10)
    train, held_out = split(samples, 0.3, random.Random(0))
    assert sorted(x for (x,) in train.X + held_out.X) == list(range(10))
    assert len(held_out) == 3
    assert held_out.X != [[7.0], [8.0], [9.0]]
    assert split(samples, 0.3, None)[1].X == [[7.0], [8.0], [9.0]]


# ------------------------------------------------------------------------------------------ bad input

BAD = [
    ({"X": []}, ValueError, "X is empty"),
    ({"X": [[], []]}, ValueError, "rows of X are empty"),
    ({"y": []}, ValueError, "y is empty"),
    ({"X": [*X[:4], [1.0]]}, ValueError, "X is ragged: row 4 has 1 numbers where row 0 has 2"),
    ({"X": X[:3]}, ValueError, "X has 3 rows, but y has 5"),
    ({"X": [[x[0]] for x in X]}, ValueError, "takes 2 inputs, but the rows of X have 1"),
    ({"X": [*X[:4], [1.0, nan]]}, ValueError, r"row 4, column 1 of X \(counted from 0\) is nan"),
    ({"X": [*X[:4], [inf, 1.0]]}, ValueError, "row 4, column 0 of X .* is inf"),
    ({"X": [*X[:4], [1.0, "a"]]}, TypeError, "row 4, column 1 of X .* is 'a'"),
    ({"X": [*X[:4], None]}, TypeError, "row 4 of X is None"),
    ({"X": [1.0, 2.0, 3.0, 4.0, 5.0]}, TypeError, r"X is a table.*\[\[x\] for x in X\]"),
    ({"X": "data.csv"}, TypeError, "X holds one row per sample; got 'data.csv'"),
    ({"X": 3}, TypeError, "X holds one row per sample; got 3"),
    ({"y": [1, -1, 1, -1, nan]}, ValueError, "row 4, column 0 of y .* is nan"),
    ({"y": [0, 1, 0, 1, 0]}, ValueError, "row 0 of y: the hinge loss has the classes −1 and"),
    ({"y": ["a", "b", "a", "b", "a"]}, TypeError, "row 0 of y is 'a'"),
    ({"y": [[1, 1]] * 5}, ValueError, "has 1 outputs, but the rows of y have 2 targets"),
    ({"loss": "hing"}, ValueError, "did you mean 'hinge'"),
    ({"loss": None}, TypeError, "loss"),
    ({"loss": lambda p, t: 1.0}, TypeError, "a loss gives a Value; this one gave 1.0"),
    ({"optimizer": 0.1}, TypeError, "optimizer is one of nn.optim"),
    ({"optimizer": SGD(MLP(1, [1]).parameters(), lr=0.1)}, ValueError, "none of the model's parameters"),
    ({"epochs": 0}, ValueError, "epochs is at least 1"),
    ({"epochs": 1.5}, TypeError, "epochs is a whole number"),
    ({"batch_size": 0}, ValueError, "batch_size is at least 1"),
    ({"validation": 1.5}, ValueError, "between 0 and 1"),
    ({"validation": 0.01}, ValueError, "leaves 0 to validate on"),
    ({"validation": [X]}, TypeError, "a pair"),
    ({"validation": (X, SIGNS[:2])}, ValueError, "the validation X has 5 rows, but the validation y has 2"),
    ({"seed": "a"}, TypeError, "seed is a whole number; got 'a'"),
    ({"seed": 0.5}, TypeError, "seed is a whole number"),
    ({"shuffle": False}, TypeError, "no argument 'shuffle': seed=None takes the samples in the order given"),
    ({"progress": "no"}, TypeError, "progress is True or False; got 'no'"),
    ({"callbacks": [True]}, TypeError, "a callback is an nn.Callback, or a function of .* got True"),
    ({"callbacks": ["run.safetensors"]}, TypeError, "a callback is an nn.Callback"),
    ({"callbacks": [Monitor]}, TypeError, "a callback is an nn.Callback"),
    ({"l2": 0.1}, TypeError, r"no argument 'l2': .* loss=losses\.Penalised"),
    ({"patience": 3}, TypeError, r"no argument 'patience': callbacks=\[EarlyStopping\(patience\)\]"),
    ({"batchsize": 3}, TypeError, "no argument 'batchsize'; did you mean 'batch_size'"),
    ({"engine": "eagle"}, ValueError, "did you mean 'eager'"),
]


@pytest.mark.parametrize(("bad", "error", "message"), BAD, ids=[message for *_, message in BAD])
def test_bad_input_is_refused_before_anything_changes(bad, error, message):
    model = MLP(2, [3, 1], "tanh", seed=0)
    before = model.state_dict()
    with pytest.raises(error, match=message):
        fit(model, **({"X": X, "y": SIGNS, "loss": "hinge"} | bad))
    assert model.state_dict() == before


@pytest.mark.parametrize(("label", "error"), [(3, "is 3"), (-1, "is -1"), (0.5, "is 0.5")])
def test_a_class_that_is_not_one_is_refused(label, error):
    with pytest.raises(ValueError, match=rf"row 4 of y {error}; for a network of 3 outputs"):
        trained(MLP(2, [3]), y=[0, 1, 2, 0, label], loss="cross_entropy")


def test_a_bad_number_in_an_array_or_a_frame_is_named():
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rows = numpy.array(X)
    rows[3, 1] = nan
    with pytest.raises(ValueError, match=r"row 3, column 1 of X \(counted from 0\) is nan"):
        trained(X=rows)
    with pytest.raises(ValueError, match=r"row 3, column 'width' of X .* is nan"):
        trained(X=pandas.DataFrame(rows, columns=["height", "width"]))
    with pytest.raises(TypeError, match=r"row 0, column 'colour' of X .* is 'red'"):
        trained(X=pandas.DataFrame({"height": [1.0] * 5, "colour": ["red"] * 5}))
    with pytest.raises(ValueError, match=r"two dimensions.*\(5, 2, 1\)"):
        trained(X=numpy.zeros((5, 2, 1)))


def test_a_model_is_a_module_with_parameters():
    with pytest.raises(TypeError, match=r"trains an nn\.Module; got function"):
        fit(lambda x: x, X, SIGNS, loss="hinge")
    with pytest.raises(ValueError, match="no parameters"):
        fit(Module(), X, SIGNS, loss="hinge")


def test_a_model_gives_values():
    class Plain(Module):
        def __init__(self):
            self.w = Parameter(1.0)

        def __call__(self, x):
            return x[0] * self.w.data

    with pytest.raises(TypeError, match=r"a model gives a Value, or a list of them; this one gave 0\.5"):
        fit(Plain(), X, SIGNS, loss="hinge")
