"""Networks as ONNX files: every Module of the library, and one's own, in onnxruntime."""

import numpy as np
import pytest

from autograd import Constant, no_grad
from nn import MLP, GRUCell, Layer, LSTMCell, Module, Parameter, Recurrent, Sequential, Transformer, to_onnx
from nn.predictions import numbers_of
from tests.networks import Residual
from tests.nn.exporting.modules import MODULES, outputs_of

pytest.importorskip("onnx", reason="the package onnx is not installed")
ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def run(path, *data, dtype="float64"):
    """What onnxruntime gives for the data, output by output."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(str(path), options)
    names = [node.name for node in session.get_inputs()]
    return session.run(None, {n: np.asarray(x, dtype) for n, x in zip(names, data, strict=True)})


LENGTHS = dict.fromkeys(
    ["Recurrent RNN", "Recurrent LSTM", "Recurrent GRU", "Embedding", "Attention", "Attention both ways",
     "Block", "Transformer", "Transformer tied", "microgpt", "stacked", "blocks"], (1, 3)
)  # fmt: skip
"""The Modules that take sequences of any length, and other lengths than that of the samples."""


@pytest.mark.parametrize("name", MODULES)
def test_every_module(name, tmp_path):
    make, X = MODULES[name]
    model = make().eval()
    if isinstance(X[0], int):
        X = [X]  # ids of a document
    to_onnx(model, tmp_path / "m.onnx", X[0])
    for samples in (X, X[:1], [*X, *X], *([x[:n] for x in X] for n in LENGTHS.get(name, ()))):
        found = run(tmp_path / "m.onnx", samples)
        flat = np.concatenate([y.reshape(len(samples), -1) for y in found], axis=1)
        np.testing.assert_allclose(flat, outputs_of(model, samples), rtol=1e-12, atol=1e-12)


def test_single_precision(tmp_path):
    model = MLP(3, [8, 8, 2], "gelu", seed=0)
    to_onnx(model, tmp_path / "m.onnx", dtype="float32")
    X = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
    (found,) = run(tmp_path / "m.onnx", X, dtype="float32")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, outputs_of(model, X.tolist()), rtol=1e-5, atol=1e-5)


class Mixed(Module):
    """A composition of one's own: several inputs, a structure of outputs, arithmetic of its own."""

    def __init__(self):
        self.body, self.scale = Layer(3, 2, lambda z: z.tanh() ** 3, seed=0), Parameter(0.3)

    def forward(self, x, strength):
        hidden = self.body(x)
        return {"y": [v * self.scale * strength for v in hidden], "total": sum(hidden).exp()}


def test_ones_own_module(tmp_path):
    model = Mixed()
    to_onnx(model, tmp_path / "m.onnx", [0.5, 1.0, -1.0], 2.0)
    X, strength = np.random.default_rng(0).normal(size=(4, 3)), np.arange(4.0)
    y, total = run(tmp_path / "m.onnx", X, strength)
    for k, (x, s) in enumerate(zip(X.tolist(), strength.tolist(), strict=True)):
        assert numbers_of(model(x, s)) == pytest.approx([*y[k], total[k]], rel=1e-12)


def test_a_network_of_one_s_own_blocks(tmp_path):
    model = Residual(2)
    to_onnx(model, tmp_path / "m.onnx", [0.1, 0.2])
    X = np.random.default_rng(0).normal(size=(3, 2))
    np.testing.assert_allclose(
        run(tmp_path / "m.onnx", X)[0][:, None], outputs_of(model, X.tolist()), rtol=1e-12
    )


def test_the_file_is_small_and_names_its_inputs(tmp_path):
    onnx = pytest.importorskip("onnx")
    to_onnx(MLP(64, [32, 10], seed=0), tmp_path / "m.onnx")
    graph = onnx.load(tmp_path / "m.onnx").graph
    assert [node.op_type for node in graph.node] == ["Gemm", "Relu", "Gemm"]
    assert [node.name for node in graph.node] == ["layers.0", "layers.0/Relu", "layers.1"]
    assert {tensor.name for tensor in graph.initializer} == {
        f"layers.{k}.{name}" for k in (0, 1) for name in ("weight", "bias")
    }
    assert [node.name for node in graph.input] == ["x"]


def test_dropout_is_off_and_the_model_stays_in_training(tmp_path):
    model = MLP(2, [16, 1], dropout=0.9, seed=0)
    to_onnx(model, tmp_path / "m.onnx")
    assert model.training
    assert model.dropout.training
    (found,) = run(tmp_path / "m.onnx", [[1.0, 2.0]])
    with no_grad():
        assert found[0] == pytest.approx(model.eval()([1.0, 2.0]).data, abs=1e-12)


def test_a_sample_is_asked_for(tmp_path):
    with pytest.raises(TypeError) as caught:
        to_onnx(Mixed(), tmp_path / "m.onnx")
    assert "takes a sample x of what this Mixed takes" in caught.value.__notes__[-1]
    assert not [*tmp_path.iterdir()]


def test_a_sample_that_the_network_does_not_take_is_refused(tmp_path):
    model = Recurrent(GRUCell(2, 3), 1)
    with pytest.raises(ValueError, match="2 inputs per step; step 1 has 3"):
        to_onnx(model, tmp_path / "m.onnx", [[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="the context holds 16 tokens; got 17"):
        to_onnx(Transformer.microgpt(5), tmp_path / "m.onnx", [0] * 17)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("context", [1, 2])
def test_a_document_longer_than_the_context_comes_out_as_nan(context, tmp_path):
    model = Transformer(5, 2, 1, 1, context, seed=0)
    to_onnx(model, tmp_path / "m.onnx")
    assert np.isnan(run(tmp_path / "m.onnx", [[0, 1, 2, 3]])[0]).all()


class Summed(Recurrent):
    """Another network than the one that it inherits from."""

    def __call__(self, x):
        return sum(self.unroll([tuple(row) for row in x])[0][-1])


def test_a_class_of_one_s_own_has_the_length_of_the_sample(tmp_path):
    model = Summed(GRUCell(1, 2, seed=0), 2, every_step=True, seed=1)
    X = np.random.default_rng(0).normal(size=(3, 4, 1))
    to_onnx(model, tmp_path / "m.onnx", X[0].tolist())
    (found,) = run(tmp_path / "m.onnx", X)
    np.testing.assert_allclose(
        found, [model([[Constant(v) for v in row] for row in x.tolist()]).data for x in X], rtol=1e-12
    )
    with pytest.raises(Exception, match="invalid dimensions"):
        run(tmp_path / "m.onnx", X[:, :2])


def test_what_is_no_module_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"to_onnx exports an nn.Module; got 3"):
        to_onnx(3, tmp_path / "m.onnx")


@pytest.mark.parametrize("cell", [GRUCell, LSTMCell])
def test_a_long_sequence(cell, tmp_path):
    model = Recurrent(cell(1, 4, seed=0), 1, seed=1)
    X = np.random.default_rng(0).normal(size=(3, 40, 1))
    to_onnx(model, tmp_path / "m.onnx", X[0].tolist())
    np.testing.assert_allclose(
        run(tmp_path / "m.onnx", X)[0][:, None], outputs_of(model, X.tolist()), rtol=1e-12
    )


def test_a_module_used_twice(tmp_path):
    layer = Layer(2, 2, "tanh", seed=0)
    model = Sequential(layer, layer)
    to_onnx(model, tmp_path / "m.onnx", [1.0, 2.0])
    np.testing.assert_allclose(
        run(tmp_path / "m.onnx", [[0.3, 0.4]])[0], outputs_of(model, [[0.3, 0.4]]), rtol=1e-12
    )
