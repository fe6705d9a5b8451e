"""Checkpoints: what is saved comes back to the last bit, and no file whatever does harm."""

import random
from array import array

import pytest
import safetensors
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from autograd import Parameter, Value
from nn import (
    MLP,
    Checkpoint,
    CheckpointError,
    GRUCell,
    Layer,
    LSTMCell,
    Module,
    Neuron,
    Recurrent,
    RNNCell,
    load,
    load_into,
    save,
)
from nn.activations import ACTIVATIONS
from nn.saving.checkpoint import from_bytes, packed

"""2,000 by default, 10⁵ by the thorough profile."""


class Line(Module):
    """A network of the user's own: a Parameter alone, a list of them, a Module."""

    def __init__(self, seed=0):
        rng = random.Random(seed)
        self.offset = Parameter(rng.random())
        self.slopes = [Parameter(rng.random()) for _ in range(3)]
        self.last = Neuron(2, seed=rng)


def same(model, other):
    return repr(model) == repr(other) and model.state_dict() == other.state_dict()


# ---------------------------------------------------------------------------- what comes back


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(sorted(ACTIVATIONS))), min_size=1, max_size=4),
    st.integers(1, 4),
    st.booleans(),
    st.data(),
)
def test_saving_and_loading_is_the_identity(layers, nin, fused, data):
    nouts, activations = zip(*layers, strict=True)
    dropout = data.draw(st.floats(0, 0.9))
    model = MLP(nin, nouts, activation=list(activations), fused=fused, dropout=dropout)
    finite = st.floats(allow_nan=False, allow_infinity=False)
    size = len(model.parameters())
    for p, x in zip(
        model.parameters(), data.draw(st.lists(finite, min_size=size, max_size=size)), strict=True
    ):
        p.data = x
    again = from_bytes(packed(model)).model()
    assert same(again, model)
    x = [0.5, -1.0, 0.25, 2.0][:nin]
    assert repr(again(x)) == repr(model(x))  # of which dropout leaves out the same


def test_a_loaded_network_has_the_labels_and_predictions_of_the_saved_one(tmp_path):
    model = MLP(3, [4, 4, 3, 1], activation=["relu", "tanh", "gelu", "sigmoid"], seed=1)
    save(model, tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    assert [p.label for p in again.parameters()] == [p.label for p in model.parameters()]
    assert again([1, 2, 3]).data == model([1, 2, 3]).data


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize(
    "cell",
    [RNNCell(2, 3, seed=0), RNNCell(1, 2, "prelu", seed=0), LSTMCell(2, 3, seed=0), GRUCell(1, 4, seed=0)],
    ids=repr,
)
def test_a_recurrent_network_comes_back_as_well(cell, every_step):
    model = Recurrent(cell, 2, "sigmoid", every_step=every_step, truncate=3, seed=1)
    again = from_bytes(packed(model)).model()
    assert same(again, model)
    assert (again.every_step, again.truncate) == (every_step, 3)
    steps = [[0.5, -1.0, 2.0][: cell.nin]] * 4
    assert repr(again(steps)) == repr(model(steps))
    assert [p.label for p in again.parameters()] == [p.label for p in model.parameters()]


def test_another_reader_of_the_format_finds_the_matrices(tmp_path):
    model = MLP(3, [4, 2], seed=0)
    save(model, tmp_path / "model.safetensors", training={"rate": array("d", [1.0, 2.0])})
    found = load_file(tmp_path / "model.safetensors")
    for number, layer in enumerate(model.layers):
        assert found[f"layers.{number}.weight"].tolist() == layer.W
        assert found[f"layers.{number}.bias"].tolist() == layer.b
    with safetensors.safe_open(tmp_path / "model.safetensors", "np") as file:
        assert "MLP 3 → 4 → 2" in file.metadata()["model"]


def test_another_writer_of_the_format_is_read_as_well(tmp_path):
    model = MLP(3, [4, 2], seed=0)
    save(model, tmp_path / "model.safetensors")
    with safetensors.safe_open(tmp_path / "model.safetensors", "np") as file:
        texts = file.metadata()
    save_file(load_file(tmp_path / "model.safetensors"), tmp_path / "again.safetensors", metadata=texts)
    assert same(Checkpoint.read(tmp_path / "again.safetensors").model(), model)


# ----------------------------------------------------------------- networks of the user's own


def test_a_module_of_one_s_own_is_loaded_into_another_of_its_kind(tmp_path):
    save(Line(seed=1), tmp_path / "line")
    other = Line(seed=2)
    load_into(other, tmp_path / "line")
    assert other.state_dict() == Line(seed=1).state_dict()


def test_its_lists_of_parameters_are_tensors_by_their_path(tmp_path):
    save(Line(), tmp_path / "line")
    shapes = {name: tensor.shape for name, tensor in load_file(tmp_path / "line").items()}
    assert shapes == {"offset": (), "slopes": (3,), "last.w": (2,), "last.b": ()}


def own_activation(z):
    return z * z


def fixed_bias():
    model = MLP(2, [2, 1], seed=0)
    model.layers[0].neurons[1].b = Value(0.5)
    return model


def own_neuron():
    model = MLP(2, [2, 1], seed=0)
    model.layers[1].neurons[0].activation = own_activation
    return model


@pytest.mark.filterwarnings("ignore:.* made of Value")
@pytest.mark.parametrize(
    "make",
    [Line, fixed_bias, own_neuron, lambda: MLP(2, [2, 1], activation=own_activation, seed=0)],
    ids=["Module", "fixed bias", "own neuron", "own activation"],
)
def test_what_a_file_cannot_tell_is_for_load_into(tmp_path, make):
    model, again = make(), make()
    state = model.state_dict()
    save(model, tmp_path / "own")
    with pytest.raises(CheckpointError, match=r"build the network yourself.*load_into"):
        load(tmp_path / "own")
    for p in again.parameters():
        p.data = 0.0
    load_into(again, tmp_path / "own")
    assert again.state_dict() == state


def test_layers_that_do_not_fit_are_named_one_by_one_and_nothing_is_set(tmp_path):
    save(MLP(3, [4, 2, 1], seed=0), tmp_path / "m")
    model = MLP(3, [4, 5, 1], seed=1)
    before = model.state_dict()
    with pytest.raises(CheckpointError) as raised:
        load_into(model, tmp_path / "m")
    for said in (
        "layers.1.weight is 2 × 4 in the file and 5 × 4 in this network",
        "layers.1.bias is 2 in the file and 5 in this network",
        "layers.2.weight is 1 × 2 in the file and 1 × 5 in this network",
        "MLP 3 → 4 → 2 → 1",
    ):
        assert said in str(raised.value)
    assert "layers.0" not in str(raised.value)
    assert model.state_dict() == before


def test_layers_that_are_missing_on_either_side_are_named(tmp_path):
    save(MLP(3, [4, 1], seed=0), tmp_path / "m")
    with pytest.raises(CheckpointError, match=r"layers\.2\.weight is not in the file"):
        load_into(MLP(3, [4, 1, 1]), tmp_path / "m")
    with pytest.raises(CheckpointError, match=r"layers\.1\.weight is only in the file"):
        load_into(MLP(3, [4]), tmp_path / "m")


# ------------------------------------------------------------------------ what cannot be saved


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda path: save("model", path), TypeError, "save keeps an nn.Module; got str"),
        (lambda path: save(Module(), path), ValueError, "no parameters to keep"),
        (lambda path: save(Layer(1, 1), path, training={1: 2}), TypeError, "training is {1: 2}"),
        (lambda path: save(Layer(1, 1), path, training=[object()]), TypeError, "training/0 is <object"),
        (lambda path: save(Layer(1, 1), path, notes={"a": {1.0}}), TypeError, r"notes/a is {1\.0} \(set\)"),
    ],
)
def test_what_cannot_be_saved_is_refused_and_nothing_written(tmp_path, call, error, message):
    with pytest.raises(error, match=message):
        call(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_ran_away_is_not_saved(tmp_path):
    model = MLP(1, [1])
    model.parameters()[0].data = float("nan")
    with pytest.raises(ValueError, match=r"layers\.0\.weight holds nan"):
        save(model, tmp_path / "m")
