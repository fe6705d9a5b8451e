"""A training that writes itself to a file continues from there as if it had never been interrupted."""

import pytest

from nn import MLP, Adam, CheckpointError, ModelCheckpoint, fit, load
from nn.schedules import StepLR
from tests.nn.engines import ENGINES

X = [[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9], [-1.2, -0.4], [0.1, 1.1]]
Y = [1, -1, -1, 1, -1]


def trained(epochs, engine, *callbacks, seed=0):
    model = MLP(2, [3, 1], "tanh", seed=seed)
    optimizer = Adam(model.parameters(), lr=0.1)
    history = fit(
        model, X, Y, loss="hinge", optimizer=optimizer, epochs=epochs, batch_size=2, engine=engine,
        callbacks=[*callbacks, StepLR(optimizer, 2)], progress=False,
    )  # fmt: skip
    return model, history


@pytest.mark.parametrize("engine", ENGINES)
def test_the_file_holds_the_model_after_each_epoch(engine, tmp_path):
    path, weights = tmp_path / "run.safetensors", []

    def read(training, epoch):
        weights.append((load(path).state_dict(), training.model.state_dict()))

    model, _ = trained(3, engine, ModelCheckpoint(path), read)
    assert len(weights) == 3
    assert all(stored == held for stored, held in weights)
    assert load(path).state_dict() == model.state_dict()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_is_continued_from_its_file_bit_for_bit(engine, tmp_path):
    path = tmp_path / "run.safetensors"
    model, through = trained(6, engine)
    trained(2, engine, ModelCheckpoint(path, resume=True))  # there is no file yet: from the beginning
    again, history = trained(6, engine, ModelCheckpoint(path, resume=True), seed=9)
    assert again.state_dict() == model.state_dict()
    assert list(history) == list(through)


def test_without_resume_a_file_is_replaced(tmp_path):
    path = tmp_path / "run.safetensors"
    trained(2, "eager", ModelCheckpoint(path))
    _, history = trained(3, "eager", ModelCheckpoint(path))
    assert len(history) == 3
    assert load(path)


def test_what_cannot_be_continued_is_refused(tmp_path):
    path = tmp_path / "run.safetensors"
    path.write_text("no checkpoint")
    with pytest.raises(CheckpointError, match=r"run\.safetensors"):
        trained(2, "eager", ModelCheckpoint(path, resume=True))
    with pytest.raises(TypeError, match="resume is True or False; got 'yes'"):
        ModelCheckpoint(path, resume="yes")
