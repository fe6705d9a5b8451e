"""Samples and targets in which lists differ in length, in any structure: trained as written by hand."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Parameter, dot, mean
from nn import MLP, SGD, GRUCell, Layer, Module, Recurrent, Weighted, accuracy, classify, fit, losses, predict
from nn.predictions import probabilities
from tests.nn.engines import ENGINES, TAPE

NUMBERS = st.floats(-2, 2)
SETTINGS = {"epochs": 2, "batch_size": 1, "seed": None, "progress": False}

# ------------------------------------------------------------------------------- any structure at all


class Reader(Module):
    """Makes one number of any structure, in which each part counts by its place."""

    def __init__(self):
        self.w, self.v, self.b = Parameter(0.5), Parameter(-0.75), Parameter(0.25)

    def read(self, x):
        if not isinstance(x, dict | list | tuple):
            return self.w * x
        parts = x.values() if isinstance(x, dict) else x
        return sum((k * self.read(part) for k, part in enumerate(parts, 1)), self.b).tanh() * self.v

    def forward(self, sample):
        return self.read(sample)


class OfTwo(Reader):
    def forward(self, user, items):
        return self.read(user) - 2 * self.read(items)


class EachItem(OfTwo):
    def forward(self, user, items):
        return [self.read(user) * self.read(item) for item in items]


@st.composite
def kinds(draw, depth=2):
    """A strategy for samples of one kind, whose lists have drawn lengths."""
    kind = draw(st.sampled_from(["number", "row", "lengths", "tuple", "keys"] if depth else ["number"]))
    if kind == "number":
        return NUMBERS
    if kind in ("row", "lengths"):
        least = draw(st.integers(0, 2))
        most = least if kind == "row" else least + draw(st.integers(1, 2))
        return st.lists(draw(kinds(depth - 1)), min_size=least, max_size=most)
    parts = draw(st.lists(kinds(depth - 1), min_size=1, max_size=2))
    return (
        st.tuples(*parts) if kind == "tuple" else st.fixed_dictionaries(dict(zip("ab", parts, strict=False)))
    )


def has_number(x):
    parts = x.values() if isinstance(x, dict) else x
    return any(map(has_number, parts)) if isinstance(x, dict | list | tuple) else True


@st.composite
def problems(draw):
    """A model's class, its samples, how they are given, targets, and a loss."""
    user, item = draw(kinds()).filter(has_number), draw(kinds(1)).filter(has_number)
    count = st.lists(item, min_size=1, max_size=3)
    pairs = draw(st.lists(st.tuples(user, count), min_size=2, max_size=4))
    cls = draw(st.sampled_from([Reader, OfTwo, EachItem]))
    given = draw(st.sampled_from([
        pairs, tuple(map(list, zip(*pairs, strict=True))),
        {"user": [u for u, _ in pairs], "items": [i for _, i in pairs]},
        [{"user": u, "items": i} for u, i in pairs],
    ]))  # fmt: skip
    if (
        cls is Reader
        and isinstance(given, tuple)
        and not all(isinstance(c[0], list | tuple | dict) for c in given)
    ):
        given = pairs  # to a model of one input, columns of numbers are rows
    named = isinstance(given, dict) or isinstance(given[0], dict)
    samples = [{"user": u, "items": i} for u, i in pairs] if named else pairs
    targets = draw(st.sampled_from(["one", "several", "none"]))
    if targets == "none":
        return cls, samples, given, None, alone
    several = [draw(st.lists(NUMBERS, min_size=len(i), max_size=len(i))) for _, i in pairs]
    assume(
        cls is EachItem or targets == "one" or any(len(row) != 1 for row in several)
    )  # [t] is t to one output
    if cls is not EachItem and targets == "one":
        return cls, samples, given, [t[0] for t in several], losses.mse
    return (
        cls,
        samples,
        given,
        several,
        draw(st.sampled_from([losses.mse, apart] if cls is EachItem else [apart])),
    )


def apart(prediction, target):
    """A loss that knows how many numbers a target has."""
    outputs = prediction if isinstance(prediction, list) else [prediction] * len(target)
    return mean((p - t) ** 2 for p, t in zip(outputs, target, strict=True)) * len(target)


def alone(prediction):
    """A loss without targets: outputs that lie apart by 1."""
    outputs = prediction if isinstance(prediction, list) else [prediction]
    return sum((q - p - 1) ** 2 for p, q in zip([0.5, *outputs], outputs, strict=False))


def called(model, sample):
    if not isinstance(model, OfTwo):
        return model(sample)
    return model(**sample) if isinstance(sample, dict) else model(*sample)


def by_hand(model, samples, y, loss):
    """Descent sample by sample: the weights, and the mean losses of the epochs."""
    optimizer, told = SGD(model.parameters(), lr=0.05), []
    for _ in range(SETTINGS["epochs"]):
        total = 0.0
        for i, sample in enumerate(samples):
            prediction = called(model, sample)
            cost = loss(prediction) if y is None else loss(prediction, y[i])
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
            total += cost.data
        told.append(total / len(samples))
    return [*model.state_dict().values(), *told]


def plain(x):
    return [plain(part) for part in x] if isinstance(x, list) else x.data


@TAPE
@given(problems())
def test_lists_of_any_lengths_in_any_structure_are_trained_as_by_hand(problem):
    cls, samples, X, y, loss = problem
    wanted = by_hand(cls(), samples, y, loss)
    for engine in ("eager", "tape"):
        model = cls()
        optimizer = SGD(model.parameters(), lr=0.05)
        history = fit(model, X, y, loss=loss, engine=engine, optimizer=optimizer, **SETTINGS)
        assert history.engine == engine
        found = [*model.state_dict().values(), *history["loss"]]
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        outputs = [plain(called(model, sample)) for sample in samples]
        for said, output in zip(predict(model, X), outputs, strict=True):
            assert said == pytest.approx(output, rel=1e-9, abs=1e-12)


# --------------------------------------------------------------------- a ranking of a user's own making

USERS = [[0.1 * k, 0.5, -0.2 * k, 1.0] for k in range(8)]
ITEMS = [[[0.3 * k - j, 0.5 * j] for j in range(1 + k % 3)] for k in range(8)]
SCORES = [[0.1 * k + j for j in range(len(items))] for k, items in enumerate(ITEMS)]


class Ranking(Module):
    """Scores the items of a user."""

    def __init__(self):
        self.user, self.item = MLP(4, [3, 2], "tanh", seed=0), Layer(2, 2, "tanh", seed=1)

    def forward(self, user, items):
        taste = self.user(user)
        return [dot(taste, self.item(item)) for item in items]


@pytest.mark.parametrize("engine", ENGINES)
def test_lists_of_unequal_lengths_have_weights_batches_and_a_validation(engine):
    settings = {"batch_size": 2, "validation": 0.25, "epochs": 3, "progress": False, "seed": 1}
    columns = {"user": USERS, "items": ITEMS}
    found = []
    for X, which in ((columns, "eager"), (columns, engine), ((USERS, ITEMS), engine)):
        model = Ranking()
        history = fit(model, X, Weighted(SCORES, [1.0, 3.0] * 4), loss=apart, engine=which, **settings)
        found.append([*model.state_dict().values(), *history["loss"], *history["val_loss"]])
    assert found[1] == found[2] == pytest.approx(found[0], rel=1e-9, abs=1e-12)


def test_the_targets_of_several_outputs_are_columns_where_samples_differ_in_length():
    class Both(Ranking):
        def forward(self, user, items):
            scores = super().forward(user, items)
            return scores, mean(scores)

    def of_both(prediction, target):
        return apart(prediction[0], target[0]) + losses.mse(prediction[1], target[1])

    each, totals = Both(), [sum(row) for row in SCORES]
    columns = fit(each, (USERS, ITEMS), (SCORES, totals), loss=of_both, epochs=2, progress=False)
    pairs = list(zip(SCORES, totals, strict=True))
    by_sample = fit(Both(), (USERS, ITEMS), pairs, loss=of_both, epochs=2, progress=False)
    assert columns.engine == "tape"
    assert columns["loss"] == by_sample["loss"]
    assert predict(each, (USERS, ITEMS))[0][0] == pytest.approx([v.data for v in each(USERS[0], ITEMS[0])[0]])


def test_classes_and_probabilities_of_samples_of_unequal_lengths():
    class Mean(Ranking):
        def forward(self, user, items):
            return mean(super().forward(user, items))

    model = Mean()
    y = [int(model(u, i).data > 0) for u, i in zip(USERS, ITEMS, strict=True)]
    assert classify(model, (USERS, ITEMS)) == y
    assert accuracy(model, (USERS, ITEMS), y) == 1.0
    history = fit(model, (USERS, ITEMS), y, loss="binary_cross_entropy", epochs=1, progress=False)
    assert history["accuracy"][0] is not None
    assert probabilities(model, (USERS, ITEMS)).shape == (8, 2)
    with pytest.raises(ValueError, match="answers at different numbers of steps"):
        probabilities(Recurrent(GRUCell(1, 1), 1, every_step=True), [[[1.0]], [[1.0], [2.0]]])


def test_a_list_of_one_output_is_predicted_as_a_list():
    assert [len(scores) for scores in predict(Ranking(), (USERS, ITEMS))] == [len(items) for items in ITEMS]
    assert predict(Ranking(), (USERS[:1], ITEMS[:1])) == [
        [pytest.approx(Ranking()(USERS[0], ITEMS[0])[0].data)]
    ]
    history = fit(Ranking(), (USERS[:1], ITEMS[:1]), SCORES[:1], loss=apart, epochs=1, progress=False)
    assert history.engine == "tape"


@pytest.mark.parametrize("engine", ENGINES)
def test_targets_alone_may_differ_in_length(engine):
    model, other = MLP(4, [1], seed=0), MLP(4, [1], seed=0)
    history = fit(model, USERS, SCORES, loss=apart, engine=engine, optimizer=SGD(model.parameters(), lr=0.05),
                  **SETTINGS)  # fmt: skip
    wanted = by_hand(other, USERS, SCORES, apart)
    assert [*model.state_dict().values(), *history["loss"]] == pytest.approx(wanted, rel=1e-9)
    with pytest.raises(ValueError, match="y is ragged: row 1 has 2 numbers where row 0 has 1"):
        fit(model, USERS, SCORES, loss="mse", progress=False)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("truncate", [None, 2])
@pytest.mark.parametrize("every_step", [False, True])
def test_sequences_are_trained_without_targets(engine, truncate, every_step):
    def trained(which):
        model = Recurrent(GRUCell(2, 2, seed=0), 1, every_step=every_step, truncate=truncate, seed=0)
        settings = {"epochs": 2, "progress": False, "validation": (ITEMS[:2], None), "engine": which}
        history = fit(model, ITEMS, loss=lambda p: (p - 1.0) ** 2, **settings)
        assert history["accuracy"] == [None, None]
        return [*model.state_dict().values(), *history["loss"], *history["val_loss"]]

    assert trained(engine) == pytest.approx(trained("eager"), rel=1e-9, abs=1e-12)


def test_a_frame_is_taken_by_a_model_of_ones_own():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")

    class Plane(Module):
        def __init__(self):
            self.layer = Layer(2, 1, seed=0)

        def forward(self, row):
            return self.layer(row)

    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [0.5, -1.0]})
    assert predict(Plane(), frame) == predict(Plane(), frame.to_numpy().tolist())
    history = fit(Plane(), frame, [1.0, 0.0], loss="mse", validation=(frame, [1.0, 0.0]), progress=False)
    assert history.engine == "tape"


# -------------------------------------------------------------------------------------------- refusals


def two(prediction, target):
    return (prediction[0] - target) ** 2


def changed(column, place, x):
    return [*column[:place], x, *column[place + 1 :]]


REFUSED = {
    "no targets": ({"y": None, "loss": "mse"}, TypeError, r"mse compares .* y is None"),
    "no targets of one's own": (
        {"y": None, "loss": two},
        TypeError,
        r"two compares .* y is None: give the targets",
    ),
    "needless targets": ({"loss": alone}, TypeError, r"alone takes a prediction alone, .* give None for y"),
    "no targets to judge by": (
        {"validation": ((USERS, ITEMS), None)},
        TypeError,
        r"apart compares .* the validation y is None",
    ),
    "targets to judge by alone": (
        {"y": None, "loss": lambda p, t=None: p[0], "validation": ((USERS, ITEMS), SCORES)},
        TypeError,
        "both targets, or both None",
    ),
    "a target too many": ({"y": SCORES[:7]}, ValueError, "X has 8 rows, but y has 7"),
    "nothing to score": (
        {"X": (USERS, changed(ITEMS, 4, []))},
        TypeError,
        r"sample 4 of X: a model gives .* this one gave \[\]",
    ),
    "not a number": (
        {"X": (USERS, changed(ITEMS, 4, [[1.0, None]]))},
        TypeError,
        r"X\[4\]\[1\]\[0\]\[1\] is None",
    ),
    "not finite": (
        {"X": {"user": USERS, "items": changed(ITEMS, 3, [[1.0, float("inf")]])}},
        ValueError,
        r"X\[3\]\['items'\]\[0\]\[1\] is inf",
    ),
    "too wide": (
        {"X": (USERS, changed(ITEMS, 4, [[1.0] * 3]))},
        ValueError,
        r"sample 4 of X: .* takes 2 inputs",
    ),
    "a target that is a text": ({"y": changed(SCORES, 2, ["a"] * 3)}, TypeError, r"y\[2\]\[0\] is 'a'"),
    "a target that is infinite": (
        {"y": changed(SCORES, 0, [float("nan")])},
        ValueError,
        r"y\[0\]\[0\] is nan",
    ),
    "scores for other items": (
        {"y": changed(SCORES, 0, [1.0, 2.0]), "loss": "mse"},
        ValueError,
        r"the network has 1 outputs, but the rows of y\[0:1\] have 2 targets",
    ),
    "columns of unequal length": ({"X": (USERS, ITEMS[:5])}, ValueError, r"X\[0\] has 8, X\[1\] has 5"),
}


@pytest.mark.parametrize(("data", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_suit_is_named_and_nothing_changed(data, error, message):
    model = Ranking()
    before = model.state_dict()
    with pytest.raises(error, match=message):
        fit(model, **{"X": (USERS, ITEMS), "y": SCORES, "loss": apart, "progress": False} | data)
    assert model.state_dict() == before


def test_a_loss_that_raises_for_one_shape_says_for_which():
    with pytest.raises(ValueError, match="zip") as caught:
        fit(Ranking(), (USERS, ITEMS), changed(SCORES, 0, [1.0, 2.0]), loss=apart, progress=False)
    assert any("first sample of shape {'X': (4, (2,)), 'y': 2}" in note for note in caught.value.__notes__)


def test_a_prediction_names_the_sample_that_it_cannot_be_made_of():
    with pytest.raises(TypeError, match=r"X\[4\]\[1\]\[0\]\[1\] is None"):
        predict(Ranking(), (USERS, changed(ITEMS, 4, [[1.0, None]])))
    with pytest.raises(ValueError, match=r"sample 4 of X: .* takes 2 inputs"):
        predict(Ranking(), (USERS, changed(ITEMS, 4, [[1.0] * 3])))
