"""Dropout: what it leaves out, when, and alike on both engines."""

import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, gradients
from nn import MLP, SGD, Dropout, EarlyStopping, Module, Parameter, Resume, accuracy, fit, losses, predict
from nn.dropout import Masks
from nn.module import mode

X = [[random.Random(i).uniform(-1, 1), random.Random(-i).uniform(-1, 1)] for i in range(20)]
Y = [1 if a * b > 0 else -1 for a, b in X]


def values(n):
    return [Value(1.0 + i) for i in range(n)]


@given(st.floats(0, 0.95), st.integers(1, 50), st.integers(0, 100))
def test_every_number_is_left_out_or_scaled_up(p, n, seed):
    kept = 1 / (1 - p)
    for i, v in enumerate(Dropout(p, seed=seed)(values(n))):
        assert v.data in (0.0, pytest.approx((1.0 + i) * kept))


def test_the_share_left_out_and_the_mean_are_as_stated():
    masks = Dropout(0.3, seed=0).draw(100_000)
    assert masks.count(0.0) / len(masks) == pytest.approx(0.3, abs=5 * (0.3 * 0.7 / 1e5) ** 0.5)
    assert sum(masks) / len(masks) == pytest.approx(1.0, abs=0.01)


def test_a_gradient_goes_where_the_number_went():
    x = values(8)
    out = Dropout(0.5, seed=1)(x)
    slopes = gradients(sum(out), x)
    assert [bool(v.data) for v in out] == [g == 2.0 for g in slopes]
    assert {0.0, 2.0} == set(slopes)


def test_out_of_training_it_gives_the_very_values():
    x = values(3)
    assert Dropout(0.9, seed=0).eval()(x) == x
    assert Dropout(0.0, seed=0)(x) == x


def test_the_same_seed_gives_the_same_masks():
    assert Dropout(0.5, seed=7).draw(20) == Dropout(0.5, seed=7).draw(20)
    assert Dropout(0.5, seed=7).draw(20) != Dropout(0.5, seed=8).draw(20)


@pytest.mark.parametrize("p", [1, 1.0, -0.1, float("nan")])
def test_a_probability_out_of_range_is_refused(p):
    with pytest.raises(ValueError, match="from 0 up and below 1"):
        Dropout(p)
    with pytest.raises(ValueError, match="from 0 up and below 1"):
        MLP(2, [2, 1], dropout=p)


@pytest.mark.parametrize("p", ["0.5", None, True])
def test_a_probability_is_a_number(p):
    with pytest.raises(TypeError, match="probability of being left out"):
        Dropout(p)


# ------------------------------------------------------------------------------------- in a network


def test_a_network_drops_hidden_outputs_in_training_only():
    model = MLP(2, [8, 8, 1], "tanh", dropout=0.5, seed=0)
    plain = MLP(2, [8, 8, 1], "tanh", seed=0)
    assert model.state_dict() == plain.state_dict()
    assert len({model([0.5, 1.0]).data for _ in range(10)}) > 5
    assert model.eval()([0.5, 1.0]).data == plain([0.5, 1.0]).data
    assert not model.training
    assert not model.layers[0].training
    assert model.train() is model
    assert model.dropout.training


def test_predict_and_accuracy_drop_nothing_and_leave_the_mode_alone():
    model, plain = MLP(2, [8, 1], dropout=0.5, seed=0), MLP(2, [8, 1], seed=0)
    assert predict(model, X) == predict(plain, X)
    assert accuracy(model, X, Y) == accuracy(plain, X, Y)
    assert model.training
    model.dropout.eval()
    predict(model, X)
    assert model.training
    assert not model.dropout.training


def test_a_mode_ends_where_it_was_after_an_error_too():
    model = MLP(2, [3, 1], dropout=0.5)
    with pytest.raises(ValueError, match="takes 2 inputs"), mode(model, training=False):
        model([1.0])
    assert all(module.training for module in model.modules())


def test_trying_a_model_before_training_draws_no_masks():
    model = MLP(2, [3, 1], dropout=0.5, seed=0)
    before = model.dropout.rng.getstate()
    with pytest.raises(ValueError, match="engine"):
        fit(model, X, Y, loss="hinge", engine="none")
    fit(model, X, Y, loss="hinge", epochs=1, engine="eager")
    drawn = random.Random()
    drawn.setstate(before)
    drawn.randbytes(4 * 3 * len(X))
    assert model.dropout.rng.getstate() == drawn.getstate()


class TwoDropouts(Module):
    """A model of one's own, with two dropouts, the second called twice."""

    def __init__(self, seed=0):
        self.net, self.head = MLP(2, [4], output="tanh", seed=seed), MLP(4, [1], seed=seed + 1)
        self.scale = [Parameter(1.0) for _ in range(4)]
        self.first, self.second = Dropout(0.25, seed=2), Dropout(0.5, seed=3)

    def __call__(self, x):
        a = self.second(self.net(self.first([v if isinstance(v, Value) else Value(v) for v in x])))
        return self.head(self.second([v * s for v, s in zip(a, self.scale, strict=True)]))


@pytest.mark.parametrize("batch_size", [None, 6])
@pytest.mark.parametrize(
    "make", [lambda: MLP(2, [5, 4, 1], "tanh", dropout=0.4, seed=1), TwoDropouts], ids=["MLP", "own"]
)
def test_both_engines_leave_out_the_same(make, batch_size):
    pytest.importorskip("llvmlite", reason="the tape is not installed")
    histories, models = [], []
    for engine in ("eager", "tape"):
        model = make()
        histories.append(
            fit(
                model, X, Y, loss=losses.Penalised("hinge", l2=1e-3), epochs=6, batch_size=batch_size,
                optimizer=SGD(model.parameters(), 0.1, momentum=0.9), validation=0.2, engine=engine,
                callbacks=[EarlyStopping(4)],
            )
        )  # fmt: skip
        models.append(model)
    eager, tape = histories
    assert tape.engine == "tape"
    for column in eager.columns:
        assert tape[column] == pytest.approx(eager[column], rel=1e-9)
    assert predict(models[1], X) == pytest.approx(predict(models[0], X), rel=1e-9)
    assert models[0].training


def test_two_dropouts_with_one_generator_are_trained_eagerly():
    pytest.importorskip("llvmlite", reason="the tape is not installed")
    model = TwoDropouts()
    model.second.rng = model.first.rng
    with pytest.warns(UserWarning, match="two dropouts draw their masks in turns"):
        history = fit(model, X, Y, loss="hinge", epochs=1)
    assert history.engine == "eager"
    assert history.engine_note == "two dropouts draw their masks in turns from one generator"


def test_masks_for_the_tape_are_those_drawn_one_by_one():
    pytest.importorskip("numpy", reason="NumPy is not installed")
    model = TwoDropouts()
    masks = Masks(model, [0.0, 0.0])
    assert masks.count == 2 + 4 + 4
    first, second = Dropout(0.25, seed=2), Dropout(0.5, seed=3)
    wanted = [first.draw(2) + second.draw(8) for _ in range(5)]
    assert masks.draw(5).tolist() == wanted


def test_dropout_makes_a_network_rely_on_no_single_neuron():
    model = MLP(2, [16, 1], "tanh", dropout=0.2, seed=0)
    history = fit(model, X, Y, loss=losses.hinge, epochs=300, engine="eager", batch_size=5)
    assert history["loss"][-1] < 0.6 * history["loss"][0]
    assert accuracy(model, X, Y) > 0.9


def test_a_network_with_dropout_is_pickled_with_its_generator():
    model = MLP(2, [4, 1], dropout=0.5, seed=0)
    twin = pickle.loads(pickle.dumps(model))
    assert twin([1.0, 2.0]).data == model([1.0, 2.0]).data
    assert repr(twin) == repr(model)
    assert "dropout 0.5" in repr(model)


@pytest.mark.parametrize("engine", ["eager", "tape"])
def test_a_training_with_dropout_goes_on_bit_for_bit_where_it_was_left(engine):
    if engine == "tape":
        pytest.importorskip("llvmlite", reason="the tape is not installed")

    def train(model, epochs, *callbacks):
        return fit(model, X, Y, loss="hinge", epochs=epochs, batch_size=6, engine=engine, callbacks=callbacks)

    whole, parts = (MLP(2, [5, 1], "tanh", dropout=0.4, seed=1) for _ in range(2))
    history = train(whole, 6)
    resumed = train(parts, 6, Resume(train(parts, 3).state))
    assert resumed["loss"] == history["loss"]
    assert parts.state_dict() == whole.state_dict()
