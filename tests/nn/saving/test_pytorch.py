"""Files that PyTorch wrote, loaded here, and ours read by PyTorch: the same numbers, the same outputs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Parameter
from nn import MLP, CheckpointError, GRUCell, Layer, LSTMCell, Module, Recurrent, RNNCell, load_into, save
from nn.saving.checkpoint import from_bytes, packed

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")

ROUNDING = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 2e-2, torch.bfloat16: 0.1}
"""How far PyTorch's outputs may be from ours, which are computed in doubles of the same weights."""
ACTIVATIONS = {
    "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "elu": torch.nn.ELU,
    "softplus": torch.nn.Softplus, "gelu": torch.nn.GELU, "silu": torch.nn.SiLU, "linear": torch.nn.Identity,
}  # fmt: skip
CELLS = {"RNN": RNNCell, "LSTM": LSTMCell, "GRU": GRUCell}


def loaded(model, theirs, **options):
    """Load the file that PyTorch writes of a model of its own; return the report."""
    return from_bytes(safetensors.save(theirs.state_dict()), foreign=True).load_into(model, **options)


def check_outputs(ours, theirs, inputs):
    """Compare outputs with those of PyTorch's model, and with those of its weights as doubles."""
    for precision in (next(theirs.parameters()).dtype, torch.float64):
        with torch.no_grad():
            wanted = theirs.to(precision)(torch.tensor(inputs, dtype=precision)).double().numpy()
        np.testing.assert_allclose(ours, wanted, rtol=ROUNDING[precision], atol=ROUNDING[precision])


def data_of(outputs):
    return [v.data for v in (outputs if isinstance(outputs, list) else [outputs])]


# -------------------------------------------------------------------------------------------- layers


@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from(sorted(ACTIVATIONS))), min_size=1, max_size=3),
    st.integers(1, 4),
    st.sampled_from(list(ROUNDING)),
    st.integers(0, 999),
)
def test_stacks_of_linear_layers(layers, nin, precision, seed):
    torch.manual_seed(seed)
    sizes = [nin, *(n for n, _ in layers)]
    theirs = torch.nn.Sequential()
    for a, (b, squash) in zip(sizes, layers, strict=False):
        theirs.extend([torch.nn.Linear(a, b), ACTIVATIONS[squash]()])
    model = MLP(nin, sizes[1:], activation=[squash for _, squash in layers])
    places = {str(2 * k): f"layers.{k}" for k in range(len(layers))}
    assert loaded(model, theirs.to(precision), mapping=places).complaints() == []
    X = np.linspace(-1, 1, 3 * nin).reshape(3, nin).tolist()
    check_outputs([data_of(model(x)) for x in X], theirs, X)


def test_a_linear_layer_without_bias_leaves_ours_as_they_are():
    theirs = torch.nn.Linear(3, 2, bias=False)
    layer = Layer(3, 2, "linear")
    with pytest.raises(CheckpointError, match="bias is not in the file"):
        loaded(layer, theirs)
    assert loaded(layer, theirs, strict=False).missing == ["bias"]
    assert layer.b == [0.0, 0.0]
    check_outputs(data_of(layer([0.5, -1.0, 2.0])), theirs, [0.5, -1.0, 2.0])


def test_the_parts_of_a_larger_network_are_taken_by_name():
    """A count of batches, which is no floating-point number, does not keep the rest from being read."""
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1))
    model = MLP(2, [3, 1])
    report = loaded(model, theirs, mapping={"0": "layers.0", "2": "layers.1"}, strict=False)
    assert len(report.loaded) == 4
    assert "1.num_batches_tracked" in report.unexpected
    assert loaded(model, theirs, mapping={"0": "layers.0", "1": None, "2": "layers.1"}).unexpected == []
    assert theirs[2].weight.tolist() == model.layers[1].W


def test_whole_numbers_are_no_weights():
    layer = Layer(2, 1)
    before = layer.state_dict()
    tensors = {"weight": torch.ones(1, 2, dtype=torch.int8), "bias": torch.ones(1)}
    checkpoint = from_bytes(safetensors.save(tensors), foreign=True)
    with pytest.raises(CheckpointError, match=r"weight holds I8; what is read is F64, F32, F16, BF16"):
        checkpoint.load_into(layer)
    assert layer.state_dict() == before
    assert checkpoint.load_into(layer, strict=False).loaded == ["bias"]


# ---------------------------------------------------------------------------------- recurrent networks


class Stacked(Module):
    """Cells one above the other, each of which sees the states of the one below."""

    def __init__(self, cells):
        self.cells = cells

    def forward(self, sequence):
        states = [None] * len(self.cells)
        outputs = []
        for x in sequence:
            for k, cell in enumerate(self.cells):
                states[k] = cell(x, states[k])
                x = states[k][0] if isinstance(cell, LSTMCell) else states[k]
            outputs.append(x)
        return outputs


class States(torch.nn.Module):
    """PyTorch's layer, of which only the outputs are of interest."""

    def __init__(self, rnn):
        super().__init__()
        self.rnn = rnn

    def forward(self, x):
        return self.rnn(x)[0]


def to_the_cell_of_its_layer(name):
    """From ``rnn.weight_ih_l1`` to ``cells.1.weight_ih``."""
    part, _, number = name.removeprefix("rnn.").rpartition("_l")
    return f"cells.{number}.{part}"


@pytest.mark.parametrize("kind", CELLS)
@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from(list(ROUNDING)),
    st.integers(0, 999),
)
def test_recurrent_layers_of_any_depth(kind, nin, n, layers, precision, seed):
    torch.manual_seed(seed)
    theirs = States(getattr(torch.nn, kind)(nin, n, num_layers=layers)).to(precision)
    model = Stacked([CELLS[kind](nin if k == 0 else n, n) for k in range(layers)])
    assert loaded(model, theirs, mapping=to_the_cell_of_its_layer).complaints() == []
    sequence = np.linspace(-2, 2, 5 * nin).reshape(5, nin).tolist()
    check_outputs([data_of(h) for h in model(sequence)], theirs, sequence)


@pytest.mark.parametrize("kind", CELLS)
def test_both_directions_of_a_layer(kind):
    theirs = States(getattr(torch.nn, kind)(2, 3, bidirectional=True))
    forth, back = Stacked([CELLS[kind](2, 3)]), Stacked([CELLS[kind](2, 3)])
    both = Stacked([forth, back])
    places = {
        f"rnn.{part}_l0{way}": f"cells.{k}.cells.0.{part}"
        for k, way in enumerate(("", "_reverse"))
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    assert loaded(both, theirs, mapping=places).complaints() == []
    sequence = [[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]]
    steps = zip(forth(sequence), back(sequence[::-1])[::-1], strict=True)
    check_outputs([data_of(h) + data_of(g) for h, g in steps], theirs, sequence)


@pytest.mark.parametrize("kind", CELLS)
def test_a_recurrent_layer_without_biases(kind):
    theirs = States(getattr(torch.nn, kind)(2, 3, bias=False))
    model = Stacked([CELLS[kind](2, 3)])
    for path, p in model.named_parameters():
        p.data = 0.0 if path.endswith(".b") else p.data  # an LSTM's begin at 1
    report = loaded(model, theirs, mapping=to_the_cell_of_its_layer, strict=False)
    assert set(report.missing) <= {"cells.0.bias", "cells.0.bias_hn"}
    sequence = [[0.5, -1.0], [2.0, 0.25]]
    check_outputs([data_of(h) for h in model(sequence)], theirs, sequence)


class Letters(torch.nn.Module):
    """The language model of PyTorch's tutorials: an Embedding, an LSTM, a Linear."""

    def __init__(self):
        super().__init__()
        self.emb, self.lstm = torch.nn.Embedding(7, 2), torch.nn.LSTM(2, 3)
        self.out = torch.nn.Linear(3, 7)

    def forward(self, letters):
        return self.out(self.lstm(self.emb(letters.long()))[0])


class OurLetters(Module):
    def __init__(self):
        self.table = [[Parameter(0.0) for _ in range(2)] for _ in range(7)]
        self.network = Recurrent(LSTMCell(2, 3), 7, every_step=True)

    def forward(self, letters):
        return self.network([self.table[k] for k in letters])


@pytest.mark.parametrize("precision", ROUNDING, ids=str)
def test_an_embedding_an_lstm_and_a_linear_layer(precision, tmp_path):
    torch.manual_seed(0)
    theirs, model = Letters().to(precision), OurLetters()
    safetensors.save_file(theirs.state_dict(), tmp_path / "letters.safetensors")
    mapping = {"emb.weight": "table", "lstm": "network.cell", "out": "network.readout"}
    load_into(model, tmp_path / "letters.safetensors", mapping=mapping)
    letters = [3, 0, 6, 6, 1]
    with torch.no_grad():
        for dtype in (precision, torch.float64):
            wanted = theirs.to(dtype)(torch.tensor(letters)).double().numpy()
            ours = [data_of(step) for step in model(letters)]
            np.testing.assert_allclose(ours, wanted, rtol=ROUNDING[dtype], atol=ROUNDING[dtype])


# --------------------------------------------------------------------------------- what PyTorch reads


class Layers(torch.nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)

    def forward(self, x):
        return self.layers[1](torch.tanh(self.layers[0](x)))


def test_pytorch_loads_what_save_wrote_by_our_names(tmp_path):
    model = MLP(2, [3, 2], activation="tanh", seed=0)
    save(model, tmp_path / "m.safetensors")
    theirs = Layers(torch.nn.Linear(2, 3), torch.nn.Linear(3, 2)).double()
    theirs.load_state_dict(safetensors.load_file(tmp_path / "m.safetensors"))
    check_outputs(data_of(model([0.5, -1.0])), theirs, [0.5, -1.0])


@pytest.mark.parametrize("kind", CELLS)
def test_the_matrices_of_a_cell_are_those_of_pytorch_s(kind):
    model = Stacked([CELLS[kind](2, 3, seed=0)])
    for k, p in enumerate(model.parameters()):
        p.data += k / 16  # biases that differ
    kept = {name.removeprefix("cells.0."): x for name, x in safetensors.load(packed(model)).items()}
    second = kept.pop("bias_hn", torch.zeros(0))  # of a GRU's n, the last of its gates
    kept["bias_ih"] = kept.pop("bias")
    kept["bias_hh"] = torch.cat([torch.zeros(len(kept["bias_ih"]) - len(second)), second])
    theirs = States(getattr(torch.nn, kind)(2, 3).double())
    theirs.rnn.load_state_dict({f"{name}_l0": x for name, x in kept.items()})
    sequence = [[0.5, -1.0], [2.0, 0.25]]
    check_outputs([data_of(h) for h in model(sequence)], theirs, sequence)


def test_every_number_is_found_under_its_name():
    model = OurLetters()
    for k, p in enumerate(model.parameters()):
        p.data = 1 / (k + 1)
    kept = safetensors.load(packed(model))
    assert kept["table"].dtype == torch.float64
    assert kept["table"].tolist() == [[p.data for p in row] for row in model.table]
    gates = [model.network.cell.input, model.network.cell.forget, model.network.cell.candidate]
    rows = [row for gate in [*gates, model.network.cell.output] for row in gate.W]
    assert kept["network.cell.weight_ih"].tolist() == [row[:2] for row in rows]
    assert kept["network.cell.weight_hh"].tolist() == [row[2:] for row in rows]
    assert kept["network.readout.weight"].tolist() == model.network.readout.W
