"""The main job: settings that fit, a last layer that fits the loss, scores in the data's own units."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from autograd import gradients
from nn import Checkpoint, CheckpointError, load, losses, save
from nn.command.course import Saving
from nn.command.job import Job, prepare, resumed
from nn.command.output_heads import head
from nn.command.run import run
from nn.command.settings import OPTIMIZERS, default_settings
from nn.data import Dataset, moons, xor


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
    return run(prepare(data, replace(default_settings(data), **settings)))


@pytest.mark.parametrize("data", [xor(), moons(24), waves(), apart(3)], ids=lambda data: data.name)
def test_the_default_settings_suit_every_task(data):
    settings = default_settings(data)
    job = prepare(data, settings)
    assert len(job.train) + len(job.held_out) == len(data)
    assert settings.epochs >= 10


@pytest.mark.parametrize("loss", losses.LOSSES)
def test_every_loss_for_classes_learns_two_of_them(loss):
    result = trained(apart(2), loss=loss, lr=0.2, epochs=40)
    assert result.scores(result.job.train).accuracy > 0.9


@pytest.mark.parametrize("loss", ["cross_entropy", "kl_divergence", "mse", "half_mse", "mae", "huber"])
def test_every_loss_for_several_classes_learns_three(loss):
    result = trained(apart(3), loss=loss, lr=0.3, epochs=150)
    assert result.scores(result.job.train).accuracy > 0.9


@pytest.mark.parametrize("loss", ["mae", "huber"])
def test_a_number_is_learned_by_every_loss_of_an_error(loss):
    result = trained(waves(), loss=loss, lr=0.05, epochs=40)
    assert result.history["loss"][-1] < 0.6 * result.history["loss"][0]


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
    (support,) = head(apart(3), "cross_entropy").support([logits])
    assert sum(support) == pytest.approx(1.0)
    assert all(0 <= p <= 1 for p in support)


@given(st.floats(-1e6, 1e6), st.sampled_from(["binary_cross_entropy", "hinge"]))
def test_a_score_above_zero_supports_the_second_class(score, loss):
    (support,) = head(xor(), loss).support(np.array([[score]]))
    assert sum(support) == pytest.approx(1.0, rel=1e-15)
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


# -------------------------------------------------------------------------------- saving, going on


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("engine", ["eager", "tape"])
def test_a_training_that_goes_on_is_to_the_last_bit_one_that_never_stopped(tmp_path, engine, schedule):
    data = moons(40)
    settings = replace(
        default_settings(data), layers=(3,), activation="prelu", optimizer="adam", dropout=0.25,
        epochs=6, batch=8, engine=engine, schedule=schedule,
    )  # fmt: skip
    whole, half = prepare(data, settings), prepare(data, settings)
    uninterrupted = run(whole)

    def interrupted(path, state):
        if state["epoch"] == 3:
            raise KeyboardInterrupt
        Job.save(half, path, state)

    half.save = interrupted
    assert run(half, saving=Saving(tmp_path / "m", half.save)).history.interrupted
    again, state = resumed(data, tmp_path / "m", {})
    assert state["epoch"] == 2
    history = run(again, resume=state).history
    assert again.model.state_dict() == whole.model.state_dict()
    assert list(history) == list(uninterrupted.history)


def test_going_on_from_the_end_needs_more_epochs(tmp_path):
    data = moons(24)
    settings = replace(default_settings(data), layers=(2,), epochs=3, engine="eager")
    job = prepare(data, settings)
    run(job, saving=Saving(tmp_path / "m", job.save))
    with pytest.raises(ValueError, match="all 3 epochs of this training are done"):
        resumed(data, tmp_path / "m", {})
    longer, state = resumed(data, tmp_path / "m", {"epochs": 5})
    whole = run(prepare(data, replace(settings, epochs=5)))
    assert list(run(longer, resume=state).history) == list(whole.history)


def test_a_job_s_file_tells_what_the_network_s_numbers_mean(tmp_path):
    job = prepare(apart(3), default_settings(apart(3)))
    job.save(tmp_path / "m")
    notes = Checkpoint.read(tmp_path / "m").notes
    assert notes["classes"] == ["red", "green", "blue"]
    assert notes["features"] == ["a", "b"]
    assert (notes["mean"], notes["std"]) == (list(job.scaler.mean), list(job.scaler.std))
    assert load(tmp_path / "m").state_dict() == job.model.state_dict()


@pytest.mark.parametrize("name", ["layers", "lr", "epochs"])
def test_settings_that_were_forged_are_refused(tmp_path, name):
    job = prepare(moons(24), default_settings(moons(24)))
    notes = {"settings": {**asdict(job.settings), name: None}, "data": job.fingerprint}
    save(job.model, tmp_path / "m", training={"epoch": 1}, notes=notes)
    with pytest.raises(CheckpointError, match="it holds no training to continue"):
        resumed(moons(24), tmp_path / "m", {})


def test_a_file_from_before_there_was_a_choice_of_precision_is_resumed(tmp_path):
    path = tmp_path / "xor"
    job = prepare(xor(), replace(default_settings(xor()), epochs=2, engine="eager"))
    run(job, saving=Saving(path, job.save))
    checkpoint = Checkpoint.read(path)
    del checkpoint.notes["settings"]["dtype"], checkpoint.notes["settings"]["threads"]
    save(job.model, path, training=checkpoint.training, notes=checkpoint.notes)
    again, state = resumed(xor(), path, {"epochs": 3})
    assert (again.settings.dtype, again.settings.threads, state["epoch"]) == ("float64", 1, 2)


def test_pictures_are_scaled_where_they_are_used_and_judged_alike():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 6), dtype=np.uint8)
    y = [int(row[0] > row[1]) for row in pixels]
    as_lists = Dataset("p", pixels.astype(float).tolist(), y, tuple("abcdef"), "t", ("no", "yes"))
    found = [trained(data) for data in (as_lists, replace(as_lists, X=pixels))]
    assert found[0].history["loss"] == pytest.approx(found[1].history["loss"], rel=1e-9)
    assert found[0].predictions(found[0].job.train) == found[1].predict(found[1].job.train.X)
