"""A training that writes itself to a file continues from there as if it had never been interrupted."""

import pytest

from autograd import Parameter, Value
from nn import MLP, Adam, CheckpointError, ModelCheckpoint, Module, fit, load
from nn.callbacks import Epoch
from nn.schedules import StepLR
from nn.training.resume import Columns
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


@pytest.mark.parametrize("engine", ENGINES)
def test_what_cannot_be_written_is_said_once_and_the_training_goes_on(engine, tmp_path):
    path = tmp_path / "run.safetensors"
    plain, _ = trained(6, engine)

    def full(training, epoch):
        place = path if epoch.number in (1, 4) else tmp_path / "gone" / path.name  # as the disk fills, or not
        checkpoint.path = place

    checkpoint = ModelCheckpoint(path)
    with pytest.warns(RuntimeWarning, match="nothing was saved; the training goes on after epoch") as warned:
        model, history = trained(6, engine, checkpoint, full)
    said = [str(w.message) for w in warned]
    assert [words[-1] for words in said] == ["3", "6"]
    assert model.state_dict() == plain.state_dict()
    assert len(history) == 6
    assert "nothing was saved" in checkpoint.error
    assert load(path)


def test_a_place_where_nothing_can_be_written_is_refused_before_the_training(tmp_path):
    with pytest.raises(OSError, match="nothing can be saved there"):
        trained(2, "eager", ModelCheckpoint(tmp_path / "gone" / "run.safetensors"))


def test_what_cannot_be_continued_is_refused(tmp_path):
    path = tmp_path / "run.safetensors"
    path.write_text("no checkpoint")
    with pytest.raises(CheckpointError, match=r"run\.safetensors"):
        trained(2, "eager", ModelCheckpoint(path, resume=True))
    with pytest.raises(TypeError, match="resume is True or False; got 'yes'"):
        ModelCheckpoint(path, resume="yes")


class Holding(Module):
    """Holds a plain Value, which no file keeps."""

    def __init__(self):
        self.w, self.offset = Parameter(0.5), Value(0.25)

    def __call__(self, x):
        return self.w * x[0] + self.offset


@pytest.mark.filterwarnings("ignore:a gradient reaches")
def test_what_no_file_keeps_is_warned_of_once(tmp_path):
    with pytest.warns(UserWarning, match="offset") as warned:
        fit(Holding(), X, Y, loss="mse", epochs=4, engine="eager", progress=False,
            callbacks=[ModelCheckpoint(tmp_path / "run.safetensors")])  # fmt: skip
    assert sum("the file does not hold" in str(w.message) for w in warned) == 1


def test_each_epoch_is_looked_at_once_however_often_the_state_is_told():
    class Looked(list):
        looks = 0

        def __getitem__(self, i):
            found = super().__getitem__(i)
            self.looks += len(found) if isinstance(i, slice) else 1
            return found

    epochs, columns = Looked(), Columns()
    for number in range(1, 101):
        epochs.append(Epoch(number, 1 / number, val_loss=0.5 if number > 50 else None))
        told = columns.told(epochs)
    assert epochs.looks <= 100 * len(told)
    assert list(told["loss"]) == [1 / number for number in range(1, 101)]
    assert told["accuracy"] is None
    assert told["val_loss"] == [None] * 50 + [0.5] * 50
