"""Any structure that a model's call takes and gives is trained, in both engines, as written by hand."""

import random

import pytest

from autograd import Parameter, Value, dot, mean
from nn import (
    MLP,
    SGD,
    GRUCell,
    Layer,
    Module,
    Monitor,
    Recurrent,
    Weighted,
    accuracy,
    classify,
    fit,
    losses,
    predict,
    probabilities,
)
from tests.nn.engines import ENGINES

rng = random.Random(0)
USERS = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(12)]
ITEMS = [[rng.gauss(0, 1) for _ in range(2)] for _ in range(12)]
PRICES = [rng.gauss(0, 1) for _ in range(12)]
SCORES = [rng.gauss(0, 1) for _ in range(12)]


class TwoTowers(Module):
    """The product of what two networks make of a user and of an item."""

    def __init__(self):
        self.users, self.items = MLP(3, [4, 2], "tanh", seed=0), MLP(2, [2], seed=1)

    def forward(self, user, item):
        return dot(self.users(user), self.items(item))


class Named(TwoTowers):
    def forward(self, sample):
        return super().forward(sample["user"], sample["item"])


class Pair(TwoTowers):
    def forward(self, pair):
        user, item = pair
        return super().forward(user, item)


class Nested(TwoTowers):
    def forward(self, sample):
        return super().forward(sample["who"], [sample["what"][0], sample["what"][1][0]])


COLUMNS = {"user": USERS, "item": ITEMS}
PER_SAMPLE = [{"user": u, "item": i} for u, i in zip(USERS, ITEMS, strict=True)]
WAYS = {
    "a tuple of columns": (TwoTowers, (USERS, ITEMS)),
    "named columns, by name": (TwoTowers, COLUMNS),
    "a list of pairs": (TwoTowers, list(zip(USERS, ITEMS, strict=True))),
    "a dictionary of columns": (Named, COLUMNS),
    "a list of dictionaries": (Named, PER_SAMPLE),
    "a tuple for one input": (Pair, (USERS, ITEMS)),
    "pairs for one input": (Pair, list(zip(USERS, ITEMS, strict=True))),
    "nested": (
        Nested,
        [{"who": tuple(u), "what": [i[0], [i[1]]]} for u, i in zip(USERS, ITEMS, strict=True)],
    ),
}


def by_hand(model, samples, y, loss, epochs=3, lr=0.05):
    """The five-line loop, on functions that compute what the model gives."""
    optimizer = SGD(model.parameters(), lr=lr)
    for _ in range(epochs):
        cost = mean(loss(output(), t) for output, t in zip(samples, y, strict=True))
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    return list(model.state_dict().values())


def trained(model, X, y, loss, engine, **settings):
    settings = {"epochs": 3, "progress": False, "optimizer": SGD(model.parameters(), lr=0.05)} | settings
    history = fit(model, X, y, loss=loss, engine=engine, **settings)
    assert history.engine == engine
    return history


# ------------------------------------------------------------------------------------ several inputs


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("kind", "X"), WAYS.values(), ids=WAYS)
def test_inputs_of_any_structure_are_put_to_the_model(kind, X, engine):
    towers = TwoTowers()
    calls = [lambda u=u, i=i: towers(u, i) for u, i in zip(USERS, ITEMS, strict=True)]
    wanted = by_hand(towers, calls, SCORES, losses.mse)
    model = kind()
    history = trained(model, X, SCORES, "mse", engine, validation=(X, SCORES))
    assert list(model.state_dict().values()) == pytest.approx(wanted, rel=1e-9)
    assert predict(model, X) == pytest.approx([call().data for call in calls], rel=1e-9)
    assert history["accuracy"] == [None] * 3


def test_arrays_and_frames_are_columns_too():
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    wanted = predict(TwoTowers(), (USERS, ITEMS))
    assert predict(TwoTowers(), (numpy.array(USERS), numpy.array(ITEMS))) == wanted
    assert predict(TwoTowers(), {"user": pandas.DataFrame(USERS), "item": numpy.array(ITEMS)}) == wanted


@pytest.mark.parametrize("engine", ENGINES)
def test_single_numbers_are_columns_and_rows_are_taken_apart_for_several_inputs(engine):
    class Plane(Module):
        def __init__(self):
            self.a, self.b = Parameter(1.0), Parameter(-1.0)

        def forward(self, x, z):
            return self.a * x + self.b * z

    found = []
    for X in ((PRICES, SCORES), list(zip(PRICES, SCORES, strict=True)), {"x": PRICES, "z": SCORES}):
        model = Plane()
        trained(model, X, SCORES, "mse", engine)
        found.append(model.state_dict())
    assert found[0] == found[1] == found[2] != Plane().state_dict()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_picture_is_a_nested_list(engine):
    class Corner(Module):
        """A 2 × 2 window moved over a picture by hand."""

        def __init__(self):
            self.window = [[Parameter(0.1 * (i + j)) for j in range(2)] for i in range(2)]

        def forward(self, picture):
            return sum(
                (self.window[i][j] * picture[row + i][column + j])
                for row in range(2) for column in range(2) for i in range(2) for j in range(2)
            )  # fmt: skip

    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    pictures = numpy.random.default_rng(0).normal(size=(12, 3, 3))
    one, other = Corner(), Corner()
    trained(one, pictures, SCORES, "mse", engine)
    trained(other, pictures.tolist(), SCORES, "mse", "eager")
    assert one.state_dict() == pytest.approx(other.state_dict(), rel=1e-9)


def test_whole_numbers_stay_whole_to_look_something_up():
    class Embedded(Module):
        def __init__(self):
            self.table = [Parameter(0.1 * k) for k in range(4)]

        def forward(self, word, price):
            return self.table[word] * price

    words = [k % 4 for k in range(12)]
    model = Embedded()
    line = Embedded.forward.__code__.co_firstlineno + 1
    with pytest.warns(UserWarning, match=rf"eager engine: .*test_structures\.py, line {line}: "):
        history = fit(model, (words, PRICES), SCORES, loss="mse", epochs=2, progress=False)
    assert history.engine == "eager"
    assert history["loss"][1] < history["loss"][0]


# ----------------------------------------------------------------------------------- several outputs


class Heads(Module):
    """A number, and the scores of two classes."""

    def __init__(self):
        self.body = Layer(3, 4, "tanh", seed=0)
        self.number, self.scores = Layer(4, 1, "linear", seed=1), Layer(4, 2, "linear", seed=2)

    def parts(self, row):
        hidden = self.body(row)
        return self.number(hidden), self.scores(hidden)


class InDictionary(Heads):
    def forward(self, row):
        number, scores = self.parts(row)
        return {"number": number, "more": {"scores": scores}}


class InTuple(Heads):
    def forward(self, row):
        return self.parts(row)


LABELS = [k % 2 for k in range(12)]


def of_dictionary(prediction, target):
    return losses.mse(prediction["number"], target["number"]) + losses.cross_entropy(
        prediction["more"]["scores"], target["label"]
    )


def of_tuple(prediction, target):
    number, label = target
    return losses.mse(prediction[0], number) + losses.cross_entropy(prediction[1], [1 - label, label])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("per_sample", [False, True])
def test_outputs_and_targets_in_a_tuple(engine, per_sample):
    y = list(zip(PRICES, LABELS, strict=True)) if per_sample else (PRICES, LABELS)
    other, model = InTuple(), InTuple()
    calls = [lambda row=row: other(row) for row in USERS]
    wanted = by_hand(other, calls, list(zip(PRICES, LABELS, strict=True)), of_tuple)
    history = trained(model, USERS, y, of_tuple, engine, validation=0.25, epochs=3)
    assert history["accuracy"] == history["val_accuracy"] == [None] * 3
    model = InTuple()
    trained(model, USERS, y, of_tuple, engine)
    assert list(model.state_dict().values()) == pytest.approx(wanted, rel=1e-9)
    number, scores = predict(model, USERS)[5]
    assert [number, *scores] == pytest.approx(
        [other.parts(USERS[5])[0].data, *(v.data for v in other.parts(USERS[5])[1])], rel=1e-9
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_and_named_targets_in_a_dictionary(engine):
    other, model = InDictionary(), InDictionary()
    each = [{"number": p, "label": k} for p, k in zip(PRICES, LABELS, strict=True)]
    wanted = by_hand(other, [lambda row=row: other(row) for row in USERS], each, of_dictionary)
    for y in (each, {"number": PRICES, "label": LABELS}):
        model = InDictionary()
        trained(model, USERS, y, of_dictionary, engine)
        assert list(model.state_dict().values()) == pytest.approx(wanted, rel=1e-9)
    said = predict(model, USERS)
    assert said[3].keys() == {"number", "more"}
    assert len(said[3]["more"]["scores"]) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tuple_of_two_numbers_is_compared_with_one_target_by_a_loss_of_ones_own(engine):
    class Gauss(Module):
        """A mean and the logarithm of a variance."""

        def __init__(self):
            self.net = MLP(3, [4, 2], "tanh", seed=0)

        def forward(self, row):
            mu, log_variance = self.net(row)
            return mu, log_variance

    def surprise(prediction, target):
        mu, log_variance = prediction
        return log_variance * 0.5 + (target - mu) ** 2 * (-log_variance).exp() * 0.5

    model, other = Gauss(), Gauss()
    history = trained(model, USERS, LABELS, surprise, engine)
    wanted = by_hand(other, [lambda row=row: other(row) for row in USERS], LABELS, surprise)
    assert list(model.state_dict().values()) == pytest.approx(wanted, rel=1e-9)
    assert history["accuracy"] == [None] * 3


@pytest.mark.parametrize("engine", ENGINES)
def test_a_monitor_watches_a_model_of_several_inputs(engine):
    monitor = Monitor()
    trained(TwoTowers(), (USERS, ITEMS), SCORES, "mse", engine, callbacks=[monitor])
    assert monitor.records


# --------------------------------------------------------------------------------- weights per sample


WEIGHTS = [2.0, *[1.0] * 10, 3.0]
TWICE = [0, *range(11), 11, 11, 11]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_weight_of_two_is_the_sample_twice(engine):
    one, other = (MLP(3, [4, 1], "tanh", seed=0) for _ in range(2))
    weighted = trained(one, USERS, Weighted(SCORES, WEIGHTS), losses.Penalised("mse", l2=0.01), engine)
    double = [USERS[i] for i in TWICE], [SCORES[i] for i in TWICE]
    plain = trained(other, *double, losses.Penalised("mse", l2=0.01), "eager")
    assert weighted["loss"] == pytest.approx(plain["loss"], rel=1e-9)
    assert one.state_dict() == pytest.approx(other.state_dict(), rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_validation_data_have_weights_as_well(engine):
    model = MLP(3, [4, 1], "tanh", seed=0)
    held_out = USERS, Weighted(SCORES, WEIGHTS)
    history = trained(model, USERS[:5], SCORES[:5], "mse", engine, validation=held_out)
    said = zip(predict(model, USERS), SCORES, WEIGHTS, strict=True)
    assert history[-1].val_loss == pytest.approx(sum(w * (p - t) ** 2 for p, t, w in said) / sum(WEIGHTS))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("truncate", [None, 2])
def test_sequences_have_weights_as_well(engine, truncate):
    sequences = [[[x] for x in row] for row in USERS]

    def history(engine, weights, **settings):
        model = Recurrent(GRUCell(1, 2, seed=0), 1, seed=0, truncate=truncate)
        samples, y = [sequences[i] for i in weights], [SCORES[i] for i in weights]
        return trained(model, samples, Weighted(y, list(weights.values())), "mse", engine, **settings)["loss"]

    weights = dict(enumerate([0.0, *WEIGHTS[1:]]))
    others = {i: w for i, w in weights.items() if w}
    wanted = history("eager", others)
    assert history(engine, weights) == pytest.approx(wanted, rel=1e-9)
    assert history(engine, weights, batch_size=1, seed=None) == pytest.approx(
        history("eager", weights, batch_size=1, seed=None), rel=1e-9
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_go_with_structures_and_mini_batches(engine):
    settings = {"batch_size": 5, "validation": 0.25}
    histories = [
        trained(TwoTowers(), (USERS, ITEMS), Weighted(SCORES, WEIGHTS), "mse", which, **settings)
        for which in ("eager", engine)
    ]
    assert histories[0]["val_loss"] == pytest.approx(histories[1]["val_loss"], rel=1e-9)


def test_the_accuracy_counts_every_sample_once():
    model = MLP(3, [1], init="zeros")
    y = [1, *[-1] * 11]
    history = trained(model, USERS, Weighted(y, WEIGHTS), "hinge", "eager", epochs=1)
    assert history["accuracy"] == [pytest.approx(11 / 12)]


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([1.0] * 11, ValueError, "X has 12 rows, but weights has 11"),
        ([1.0] * 11 + [-1.0], ValueError, r"weights\[11\] is a finite number from 0 up"),
        ([0.0] * 12, ValueError, "the weights of the samples are all 0"),
        (2.0, TypeError, "weights holds one number per sample; got 2.0"),
        (["a"] * 12, TypeError, r"weights\[0\] is a number"),
    ],
)
def test_weights_that_are_none_are_refused(weights, error, message):
    with pytest.raises(error, match=message):
        fit(MLP(3, [1]), USERS, Weighted(SCORES, weights), loss="mse", progress=False)


# -------------------------------------------------------------------------------------------- bad input


def sample(**changed):
    return [*PER_SAMPLE[:11], PER_SAMPLE[11] | changed]


BAD = {
    "shorter column": (
        {"user": USERS, "item": ITEMS[:5]},
        ValueError,
        r"X\['user'\] has 12, X\['item'\] has 5",
    ),
    "missing": (
        [*PER_SAMPLE[:11], {"user": USERS[0]}],
        ValueError,
        r"X\[11\] is of another .* lacks \['item'\]",
    ),
    "longer": (
        sample(user=[1.0] * 4),
        ValueError,
        "sample 11 of X: the network takes 3 inputs per sample; got 4",
    ),
    "more": (sample(age=1.0), ValueError, r"X\[11\] is of another .* also has \['age'\]"),
    "text at once": ([{"user": "a", "item": 1.0}] * 12, TypeError, r"X\[0\]\['user'\] is 'a'"),
    "text": (sample(item=[1.0, "a"]), TypeError, r"X\[11\]\['item'\]\[1\] is 'a'"),
    "nothing": (sample(item=None), TypeError, r"X\[11\]\['item'\] is None"),
    "infinite": (sample(item=[1.0, float("inf")]), ValueError, r"X\[11\]\['item'\]\[1\] is inf"),
    "a Value": (sample(item=[1.0, Value(1.0)]), TypeError, r"X\[11\]\['item'\]\[1\] is .* not a number"),
    "empty": ({"user": [], "item": []}, ValueError, "X is empty"),
    "no columns": ({}, ValueError, "X is empty"),
    "text for a column": (
        {"user": "abc", "item": ITEMS},
        TypeError,
        r"X\['user'\] holds one entry per sample",
    ),
}


@pytest.mark.parametrize(("X", "error", "message"), BAD.values(), ids=BAD)
def test_samples_of_another_structure_are_refused(X, error, message):
    model = Named()
    before = model.state_dict()
    with pytest.raises(error, match=message):
        fit(model, X, SCORES, loss="mse", progress=False)
    assert model.state_dict() == before


def test_a_model_of_two_inputs_says_how_they_are_given():
    with pytest.raises(ValueError, match=r"TwoTowers takes 2 inputs: X is a tuple of as many columns"):
        fit(TwoTowers(), USERS, SCORES, loss="mse", progress=False)


def test_validation_data_have_the_structure_of_the_training_data():
    held_out = {"user": USERS, "item": USERS}, SCORES
    with pytest.raises(
        ValueError, match="sample 0 of the validation X: the network takes 2 inputs per sample; got 3"
    ):
        fit(Named(), COLUMNS, SCORES, loss="mse", validation=held_out, progress=False)
    held_out = {"user": USERS, "thing": ITEMS}, SCORES
    with pytest.raises(ValueError, match=r"the validation X\[0\] is of another structure"):
        fit(Named(), COLUMNS, SCORES, loss="mse", validation=held_out, progress=False)


def test_a_loss_of_ours_does_not_compare_structures():
    with pytest.raises(TypeError, match=r"mse compares one output, or a list of them, .* give a function"):
        fit(InDictionary(), USERS, {"number": PRICES, "label": LABELS}, loss="mse", progress=False)


def test_outputs_in_a_structure_name_no_class():
    for ask in (classify, probabilities):
        with pytest.raises(TypeError, match="classes are named by one output, or by a list of them"):
            ask(InTuple(), USERS)
    with pytest.raises(TypeError, match="classes are named by one output"):
        accuracy(InTuple(), USERS, LABELS)


def test_classes_of_a_model_of_several_inputs():
    y = [int(p > 0) for p in predict(TwoTowers(), (USERS, ITEMS))]
    assert classify(TwoTowers(), (USERS, ITEMS)) == y
    assert accuracy(TwoTowers(), (USERS, ITEMS), y) == 1.0
    history = trained(TwoTowers(), (USERS, ITEMS), y, "binary_cross_entropy", "eager", epochs=1)
    assert history["accuracy"] == [1.0]
