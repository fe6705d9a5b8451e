"""The main job: settings that fit, a last layer that fits the loss, scores in the data's own units."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from autograd import gradients
from nn.data import Dataset, moons, xor
from nn.job import OPTIMIZERS, default_settings, head, prepare


def waves(samples=40):
    """A regression in units far from 1."""
    X = [[1000.0 + 10 * i, 0.001 * (i % 7)] for i in range(samples)]
    y = [5000.0 + 3 * i + 100 * (i % 7) for i in range(samples)]
    return Dataset("waves", X, y, ("a", "b"), "c")


def apart(classes, samples=36):
    """Classes side by side along the first feature; the second never changes."""
    X = [[float(i % classes) + 0.008 * i, 1.0] for i in range(samples)]
    names = ("red", "green", "blue")[:classes]
    return Dataset("colours", X, [i % classes for i in range(samples)], ("a", "b"), "c", names)


def trained(data, **settings):
    settings = {"epochs": 30, "engine": "eager", "layers": (4,), **settings}
    return prepare(data, replace(default_settings(data), **settings)).run(progress=False)


@pytest.mark.parametrize("data", [xor(), moons(24), waves(), apart(3)], ids=lambda data: data.name)
def test_the_default_settings_suit_every_task(data):
    settings = default_settings(data)
    job = prepare(data, settings)
    assert len(job.train) + len(job.held_out) == len(data)
    assert settings.epochs >= 10


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy", "hinge", "mse", "half_mse"])
def test_every_loss_for_classes_learns_two_of_them(loss):
    result = trained(apart(2), loss=loss, lr=0.2, epochs=40)
    assert result.scores(result.job.train).accuracy > 0.9


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "half_mse"])
def test_every_loss_for_several_classes_learns_three(loss):
    result = trained(apart(3), loss=loss, lr=0.3, epochs=60)
    assert result.scores(result.job.train).accuracy > 0.9


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
def test_gradient_descent_learns_with_and_without_momentum(optimizer):
    result = trained(waves(), optimizer=optimizer, lr=0.02, epochs=60)
    assert result.history["loss"][-1] < 0.2 * result.history["loss"][0]


def test_every_optimiser_of_the_library_can_be_asked_for():
    from nn import optim

    assert set(optim.OPTIMIZERS) < set(OPTIMIZERS)


@pytest.mark.parametrize(
    ("data", "loss", "message"),
    [
        (apart(3), "hinge", "hinge tells two classes apart, colours has 3; take cross_entropy"),
        (apart(3), "binary_cross_entropy", "two classes apart"),
        (waves(), "cross_entropy", "is for classes, and the target 'c' is a number; take half_mse or mse"),
        (waves(), "hinge", "is for classes"),
        (xor(), "hing", "unknown loss 'hing'; did you mean 'hinge'"),
    ],
)
def test_a_loss_that_does_not_fit_the_task_is_refused(data, loss, message):
    with pytest.raises(ValueError, match=message):
        head(data, loss)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"activation": "tahn"}, "unknown activation 'tahn'; did you mean 'tanh'"),
        ({"optimizer": "momentun"}, "unknown optimiser 'momentun'; did you mean 'momentum'"),
        ({"engine": "tapes"}, "unknown engine 'tapes'; did you mean 'tape'"),
        ({"lr": float("nan")}, "lr"),
        ({"layers": (0,)}, "at least 1"),
        ({"held_out": 1.0}, "held_out is a share"),
    ],
)
def test_a_bad_setting_is_refused_before_anything_is_trained(setting, message):
    with pytest.raises(ValueError, match=message):
        prepare(xor(), replace(default_settings(xor()), **setting))


@given(st.lists(st.floats(-30, 30), min_size=3, max_size=3))
def test_the_support_of_classes_is_a_distribution(logits):
    support = head(apart(3), "cross_entropy").support(logits)
    assert sum(support) == pytest.approx(1.0)
    assert all(0 <= p <= 1 for p in support)


@given(st.floats(-1e6, 1e6), st.sampled_from(["binary_cross_entropy", "hinge"]))
def test_a_score_above_zero_supports_the_second_class(score, loss):
    support = head(xor(), loss).support([score])
    assert sum(support) == 1.0
    assert (support[1] > 0.5) == (score > 0) or abs(score) < 1e-15


def test_a_regression_is_scored_in_the_units_of_its_target():
    result = trained(waves(), lr=0.02)
    data = result.job.held_out
    predicted = result.predict(data.X)
    scores = result.scores(data)
    assert scores.r2 == pytest.approx(metrics.r2_score(data.y, predicted))
    assert scores.rmse == pytest.approx(metrics.root_mean_squared_error(data.y, predicted))
    assert 4000 < np.mean(predicted) < 7000


def test_a_loss_as_a_graph_is_the_loss_that_was_trained_on():
    result = trained(moons(24))
    data = result.job.train
    assert result.losses(data) == pytest.approx(
        [result.loss(x, y).data for x, y in zip(data.X, data.y, strict=True)]
    )
    every = gradients(result.loss(data.X[0], data.y[0]), result.job.model.parameters())
    assert any(g != 0 for g in every)


def test_the_same_seed_gives_the_same_network():
    one, other = trained(moons(24), seed=5), trained(moons(24), seed=5)
    assert one.job.model.state_dict() == other.job.model.state_dict()
    assert one.job.model.state_dict() != trained(moons(24), seed=6).job.model.state_dict()


def test_nothing_held_out_is_seen_in_training():
    result = trained(moons(24))
    seen = {tuple(x) for x in result.job.train.X}
    assert not seen & {tuple(x) for x in result.job.held_out.X}
    assert len(result.job.scaler.mean) == 2
    assert result.job.scaler.mean[0] == pytest.approx(np.mean([x[0] for x in result.job.train.X]))
