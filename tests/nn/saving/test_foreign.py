"""Files of other programs: other names, other precisions, PyTorch's layouts; and what is loaded of them."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save as saved
from safetensors.numpy import save_file

from autograd import Parameter
from nn import (
    MLP,
    CheckpointError,
    GRUCell,
    Layer,
    LSTMCell,
    Module,
    PReLU,
    Recurrent,
    RNNCell,
    load,
    load_into,
    save,
)
from nn.saving.checkpoint import from_bytes

RNG = np.random.default_rng(0)


def drawn(**shapes):
    return {name.replace("__", "."): RNG.normal(size=shape) for name, shape in shapes.items()}


def in_format(x, kind):
    """A file with one tensor ``w`` of these bits."""
    header = {"w": {"dtype": kind, "shape": list(x.shape), "data_offsets": [0, x.nbytes]}}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + x.tobytes()


# ------------------------------------------------------------------------------------------ precisions


@given(st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=20))
def test_half_precision_is_read_exactly(bits):
    halves = np.array(bits, "<u2")
    for kind, exact in (
        ("F16", halves.view("<f2").astype(float)),
        ("BF16", (halves.astype("<u4") << 16).view("<f4").astype(float)),
    ):
        found = from_bytes(in_format(halves, kind), foreign=True).tensors["w"]
        assert found.shape == halves.shape
        np.testing.assert_array_equal(np.array(found.numbers), exact)


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=20))
def test_single_precision_is_read_exactly(xs):
    found = from_bytes(saved({"w": np.array(xs, "f4")}), foreign=True).tensors["w"]
    assert list(found.numbers) == xs


def test_tensors_of_several_precisions_in_one_file(tmp_path):
    layer = Layer(2, 2)
    save_file({"weight": np.full((2, 2), 0.5, "f2"), "bias": np.full(2, 0.25, "f4")}, tmp_path / "m")
    load_into(layer, tmp_path / "m")
    assert layer.W == [[0.5, 0.5], [0.5, 0.5]]
    assert layer.b == [0.25, 0.25]


def test_what_is_not_finite_is_refused_and_nothing_set(tmp_path):
    layer = Layer(1, 1)
    before = layer.state_dict()
    save_file({"weight": np.ones((1, 1), "f2"), "bias": np.full(1, np.inf, "f2")}, tmp_path / "m")
    for strict in (True, False):
        with pytest.raises(CheckpointError, match=r"m: bias holds inf"):
            load_into(layer, tmp_path / "m", strict=strict)
    assert layer.state_dict() == before


def test_load_builds_no_network_from_the_file_of_another_program(tmp_path):
    save_file({"fc.weight": np.ones((1, 1), "f4")}, tmp_path / "m")
    with pytest.raises(CheckpointError, match=r"not one that nn\.save wrote .*fc\.weight"):
        load(tmp_path / "m")


# --------------------------------------------------------------------------------------------- names


def a_sequential_of_pytorch():
    return drawn(**{"0__weight": (3, 2), "0__bias": (3,), "2__weight": (1, 3), "2__bias": (1,)})


MAPPINGS = {
    "what stands before a dot": {"0": "layers.0", "2": "layers.1"},
    "names": {
        "0.weight": "layers.0.weight",
        "0.bias": "layers.0.bias",
        "2.weight": "layers.1.weight",
        "2.bias": "layers.1.bias",
    },
    "a function": lambda name: f"layers.{int(name[0]) // 2}{name[1:]}",
}


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
def test_other_names_are_read_through_a_mapping(tmp_path, mapping):
    tensors = a_sequential_of_pytorch()
    save_file(tensors, tmp_path / "m")
    model = MLP(2, [3, 1], activation="tanh")
    report = load_into(model, tmp_path / "m", mapping=mapping)
    assert len(report.loaded) == 4
    x = np.array([0.5, -1.0])
    hidden = np.tanh(tensors["0.weight"] @ x + tensors["0.bias"])
    assert math.isclose(model(x).data, (tensors["2.weight"] @ hidden + tensors["2.bias"])[0])


def test_the_longest_beginning_counts_and_none_leaves_out(tmp_path):
    save_file(drawn(a__weight=(1, 1), a__bias=(1,), a__b__x=(2,), step=()), tmp_path / "m")
    mapping = {"a": "layers.0", "a.b": None, "step": None}
    assert load_into(MLP(1, [1]), tmp_path / "m", mapping=mapping).unexpected == []


def test_the_names_of_one_s_own_file_are_mapped_as_well(tmp_path):
    save(Layer(2, 1, seed=0), tmp_path / "m")
    model = MLP(2, [1], activation=["relu"])
    load_into(model, tmp_path / "m", mapping=lambda name: f"layers.0.{name}")
    assert model.layers[0].W == Layer(2, 1, seed=0).W


@pytest.mark.parametrize(
    ("mapping", "error", "message"),
    [
        ({"1": "layers.0"}, CheckpointError, "the mapping names '1', which is not in the file"),
        (lambda name: "same", CheckpointError, "two tensors the name 'same'"),
        ([("0", "layers.0")], TypeError, "a mapping is a dictionary of names, or a function"),
    ],
)
def test_a_mapping_that_does_not_suit_the_file(tmp_path, mapping, error, message):
    save_file(a_sequential_of_pytorch(), tmp_path / "m")
    with pytest.raises(error, match=message):
        load_into(MLP(2, [3, 1]), tmp_path / "m", mapping=mapping)


# ------------------------------------------------------------------------------------ PyTorch's layouts


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn(t, x, h, c):
    return np.tanh(t["ih"] @ x + t["b_ih"] + t["hh"] @ h + t["b_hh"]), c


def lstm(t, x, h, c):
    i, f, g, o = np.split(t["ih"] @ x + t["b_ih"] + t["hh"] @ h + t["b_hh"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(t, x, h, c):
    r_x, z_x, n_x = np.split(t["ih"] @ x + t["b_ih"], 3)
    r_h, z_h, n_h = np.split(t["hh"] @ h + t["b_hh"], 3)
    r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
    return (1 - z) * np.tanh(n_x + r * n_h) + z * h, c


CELLS = {"RNN": (RNNCell, 1, rnn), "LSTM": (LSTMCell, 4, lstm), "GRU": (GRUCell, 3, gru)}
"""Of PyTorch's layers: our cell, how many gates are one below the other, and a step by its equations, which
are those of https://pytorch.org/docs/stable/nn.html#recurrent-layers."""


@pytest.mark.parametrize("suffix", ["_l0", ""], ids=["layer", "cell"])
@pytest.mark.parametrize(("cell", "gates", "step"), CELLS.values(), ids=CELLS)
def test_recurrent_layers_of_pytorch_compute_the_same(tmp_path, cell, gates, step, suffix):
    nin, n = 2, 3
    t = {"ih": (gates * n, nin), "hh": (gates * n, n), "b_ih": (gates * n,), "b_hh": (gates * n,)}
    t = {name: RNG.normal(size=shape) for name, shape in t.items()}
    names = {"ih": "weight_ih", "hh": "weight_hh", "b_ih": "bias_ih", "b_hh": "bias_hh"}
    tensors = {f"rnn.{names[name]}{suffix}": x for name, x in t.items()}
    save_file(tensors | drawn(fc__weight=(1, n), fc__bias=(1,)), tmp_path / "m")
    model = Recurrent(cell(nin, n), 1, every_step=True)
    load_into(model, tmp_path / "m", mapping={"rnn": "cell", "fc": "readout"})
    h, c, state = np.zeros(n), np.zeros(n), None
    for x in RNG.normal(size=(4, nin)):
        h, c = step(t, x, h, c)
        state = model.cell(x, state)
        ours = state[0] if cell is LSTMCell else state
        np.testing.assert_allclose([v.data for v in ours], h, rtol=1e-12)


def test_the_cell_alone_is_loaded_from_a_layer_alone(tmp_path):
    save_file(
        drawn(weight_ih_l0=(8, 1), weight_hh_l0=(8, 2), bias_ih_l0=(8,), bias_hh_l0=(8,)), tmp_path / "m"
    )
    assert len(load_into(LSTMCell(1, 2), tmp_path / "m").loaded) == 3


def test_a_second_layer_of_pytorch_s_is_named_as_unexpected(tmp_path):
    shapes = {"weight_ih": (8, 2), "weight_hh": (8, 2), "bias_ih": (8,), "bias_hh": (8,)}
    save_file(drawn(**{f"{name}_l{k}": s for name, s in shapes.items() for k in (0, 1)}), tmp_path / "m")
    with pytest.raises(CheckpointError, match="weight_ih_l1 is only in the file"):
        load_into(LSTMCell(2, 2), tmp_path / "m")


def test_a_layer_without_biases_misses_ours(tmp_path):
    save_file(drawn(weight_ih_l0=(2, 1), weight_hh_l0=(2, 2)), tmp_path / "m")
    with pytest.raises(CheckpointError, match="bias is not in the file"):
        load_into(RNNCell(1, 2), tmp_path / "m")
    assert load_into(RNNCell(1, 2), tmp_path / "m", strict=False).missing == ["bias"]


def test_an_embedding_is_a_list_of_lists_and_a_slope_a_list_of_one(tmp_path):
    class Words(Module):
        def __init__(self):
            self.table = [[Parameter(0.0) for _ in range(2)] for _ in range(5)]
            self.phi = PReLU()

    tensors = drawn(emb__weight=(5, 2), act__weight=(1,))
    save_file(tensors, tmp_path / "m")
    model = Words()
    load_into(model, tmp_path / "m", mapping={"emb.weight": "table", "act.weight": "phi.slope"})
    assert [[p.data for p in row] for row in model.table] == tensors["emb.weight"].tolist()
    assert model.phi.slope.data == tensors["act.weight"][0]


# -------------------------------------------------------------------------------------- what was loaded


def test_a_report_names_what_was_loaded_and_what_was_not(tmp_path):
    save(MLP(3, [4, 2, 1], seed=0), tmp_path / "m")
    model = MLP(3, [4, 5], activation="relu", seed=1)
    last = model.layers[1].W
    report = load_into(model, tmp_path / "m", strict=False)
    assert report.loaded == ["layers.0.weight", "layers.0.bias"]
    assert report.missing == []
    assert report.unexpected == ["layers.2.bias", "layers.2.weight"]
    assert report.wrong_shape == {"layers.1.weight": ((2, 4), (5, 4)), "layers.1.bias": ((2,), (5,))}
    assert model.layers[0].W == MLP(3, [4, 2, 1], seed=0).layers[0].W
    assert last == model.layers[1].W
    assert str(report).splitlines() == [
        "2 loaded: layers.0.weight, layers.0.bias",
        "layers.2.bias is only in the file",
        "layers.2.weight is only in the file",
        "layers.1.weight is 2 × 4 in the file and 5 × 4 in this network",
        "layers.1.bias is 2 in the file and 5 in this network",
    ]


def test_a_report_of_what_fits_has_no_complaints(tmp_path):
    save(MLP(3, [4, 1]), tmp_path / "m")
    report = load_into(MLP(3, [4, 1]), tmp_path / "m")
    assert report.complaints() == []
    assert len(report.loaded) == 4
