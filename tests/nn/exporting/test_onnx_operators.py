"""Networks of known Modules in ONNX's operators: what programs compute of them, and what the file says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Constant
from nn.activations import ACTIVATIONS, activation
from nn.attention import Head
from nn.transformer import Sum
from tests.nn.exporting.modules import MODULES, outputs_of, perturbed

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
reference = pytest.importorskip("onnx.reference")

WITHOUT = {"RNNCell", "LSTMCell", "GRUCell"}
"""A step alone has no operator."""


def written(model, x, path, dtype="float64"):
    """The model in the file that a network was written to."""
    nn.to_onnx(model, path, x, dtype=dtype)
    return onnx.load(path)


def in_onnxruntime(model, X):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1  # others would wait for work in a loop
    session = ort.InferenceSession(model.SerializeToString(), options)
    return session.run(None, {session.get_inputs()[0].name: X})


def in_the_reference(model, X):
    with np.errstate(over="ignore"):
        return reference.ReferenceEvaluator(model).run(None, {model.graph.input[0].name: X})


def check(model, X, path, dtype, single=2e-5):
    """Compare what both programs compute of a network's file with what it computes itself."""
    wanted = outputs_of(model, X)
    made, close = written(model, X[0], path, dtype), 1e-12 if dtype == "float64" else single
    runs = [in_onnxruntime, in_the_reference]
    if any(node.op_type == "RNN" and b"Relu" in node.attribute[0].strings for node in made.graph.node):
        runs.pop()  # the reference computes it with a tanh only
    for run in runs:
        (found,) = run(made, np.asarray(X, dtype))
        assert found.dtype == dtype
        np.testing.assert_allclose(found.reshape(len(X), -1), wanted, rtol=close, atol=close)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [name for name in MODULES if name not in WITHOUT])
def test_every_module_is_operators(name, dtype, tmp_path):
    make, X = MODULES[name]
    X = [X] if isinstance(X[0], int) else X  # ids of a document
    check(make().eval(), X, tmp_path / "m.onnx", dtype)
    made = onnx.load(tmp_path / "m.onnx")
    assert not any("tape" in node.name for node in made.graph.node)
    assert len({node.name for node in made.graph.node}) == len(made.graph.node)


# ------------------------------------------------------------------------------------- random networks

SMALL = st.integers(1, 3)
PHI = st.sampled_from([*ACTIVATIONS])
SEED = st.integers(0, 99)


@st.composite
def rows(draw, width):
    """Steps that take a row of this many numbers, to the end."""
    steps = []
    for _ in range(draw(SMALL)):
        kind = draw(st.integers(0, 7))
        if kind < 4:
            n = draw(SMALL)
            steps.append(nn.Layer(width, n, draw(PHI), bias=draw(st.booleans()), seed=draw(SEED)))
            width = n
            if n == 1:
                break  # a single neuron gives a number, not a row
        elif kind == 4:
            steps.append(nn.LayerNorm(width, draw(st.sampled_from([1e-5, 0.1])), bias=draw(st.booleans())))
        elif kind == 5:
            steps.append(nn.RMSNorm(width, gain=draw(st.booleans())))
        elif kind == 6:
            steps.append(nn.FeedForward(width, 2, draw(st.sampled_from(["gelu", "swiglu"])), seed=draw(SEED)))
        else:
            steps += [nn.Elementwise(draw(PHI)), nn.Dropout(0.5)]
    return steps


@st.composite
def of_rows(draw):
    width = draw(SMALL)
    if draw(st.booleans()):
        phis = draw(st.lists(PHI, min_size=2, max_size=2))
        return nn.MLP(width, [draw(SMALL), draw(SMALL)], phis, seed=draw(SEED)), (width,)
    return nn.Sequential(*draw(rows(width))), (width,)


@st.composite
def of_pictures(draw):
    planes, n, size = draw(SMALL), draw(SMALL), draw(st.tuples(SMALL, SMALL))
    high, wide = draw(st.integers(6, 8)), draw(st.integers(6, 8))
    if draw(st.booleans()):
        steps = [
            nn.Conv1d(planes, n, size[0], stride=draw(SMALL), padding=draw(SMALL), seed=draw(SEED)),
            nn.MaxPool1d(draw(st.integers(1, 2))), nn.Flatten(),
        ]  # fmt: skip
        return nn.Sequential(*steps), (planes, wide)
    conv = nn.Conv2d(
        planes, n, size, stride=draw(st.tuples(SMALL, SMALL)), padding=draw(st.tuples(SMALL, SMALL)),
        activation=draw(PHI), bias=draw(st.booleans()), seed=draw(SEED),
    )  # fmt: skip
    pool = draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))((draw(st.integers(1, 2)), 1), draw(SMALL))
    steps = [nn.Reshape(planes, high, wide), conv, pool, nn.Elementwise(draw(PHI)), nn.Flatten()]
    return nn.Sequential(*steps), (planes * high * wide,)


@st.composite
def of_sequences(draw):
    nin, n, length = draw(SMALL), draw(SMALL), draw(SMALL)
    cell = draw(st.sampled_from([nn.RNNCell, nn.LSTMCell, nn.GRUCell]))(nin, n, seed=draw(SEED))
    every = draw(st.booleans())
    model = nn.Recurrent(cell, draw(st.integers(2, 3)), draw(PHI), every_step=every, seed=draw(SEED))
    if every:
        return model, (length, nin)
    return nn.Sequential(model, *draw(rows(model.nout))), (length, nin)


@st.composite
def of_documents(draw):
    heads, length = draw(st.integers(1, 2)), draw(SMALL)
    options = {
        "norm": draw(st.sampled_from(["layer", "rms"])), "bias": draw(st.booleans()),
        "activation": draw(st.sampled_from(["swiglu", "gelu", "prelu"])), "seed": draw(SEED),
    }  # fmt: skip
    if draw(st.booleans()):
        block = nn.Block(2 * heads, heads, causal=draw(st.booleans()), **options)
        return nn.Sequential(nn.Embedding(5, 2 * heads, seed=draw(SEED)), block), (length,)
    options |= {"tied": draw(st.booleans()), "positions": draw(st.sampled_from(["learned", "sinusoidal"]))}
    return nn.Transformer(5, 2 * heads, heads, draw(st.integers(1, 2)), 4, **options), (length,)


NETWORKS = st.one_of(of_rows(), of_pictures(), of_sequences(), of_documents())


def samples(model, shape, seed):
    """Three samples of a shape; of ids where the network takes these."""
    rng = np.random.default_rng(seed)
    first = model[0] if isinstance(model, nn.Sequential) else model
    if isinstance(first, nn.Embedding | nn.Transformer):
        return rng.integers(0, 5, size=(3, *shape)).tolist()
    return rng.normal(size=(3, *shape)).tolist()


@given(NETWORKS, SEED, st.sampled_from(["float64", "float32"]))
def test_any_network_of_known_modules(tmp_path_factory, network, seed, dtype):
    model, shape = network
    model = perturbed(lambda: model)().eval()
    path = tmp_path_factory.mktemp("onnx") / "m.onnx"
    # each norm of a row of almost equal numbers makes single rounding 300 times as large
    check(model, samples(model, shape, seed), path, dtype, single=1e-2)


# ------------------------------------------------------------------------------------ what the file says


def test_lenet_is_eight_operators(tmp_path):
    make, X = MODULES["LeNet"]
    made = written(make(), X[0], tmp_path / "m.onnx", "float32")
    assert [node.op_type for node in made.graph.node if node.op_type != "Constant"] == [
        "Reshape", "Conv", "Relu", "MaxPool", "Conv", "AveragePool", "Silu", "Flatten", "Gemm", "PRelu",
    ]  # fmt: skip
    weights = {tensor.name: tuple(tensor.dims) for tensor in made.graph.initializer}
    assert weights["steps.3.weight"] == (3, 2, 2, 2)
    shapes = {value.name: value.type.tensor_type.shape.dim for value in made.graph.value_info}
    assert [n.dim_value or n.dim_param for n in shapes["steps.1"]] == ["samples", 2, 8, 6]


@pytest.mark.parametrize("change", ["activation", "bias"])
def test_a_neuron_that_differs_from_its_layer_is_written_as_it_is(change, tmp_path):
    model = nn.MLP(2, [3, 2], "tanh", seed=0)
    setattr(model.layers[0].neurons[1], *{"activation": ("activation", abs), "bias": ("b", None)}[change])
    check(model, [[0.5, -1.0], [2.0, 1.5]], tmp_path / "m.onnx", "float64")


class Doubled(Sum):
    """Another sum."""

    def __call__(self, row, more):
        return [a + 2 * b for a, b in zip(row, more, strict=True)]


class Flat(Head):
    """A head that looks everywhere alike."""

    def shares(self, query, keys, position):
        return [Constant(1 / len(keys)) for _ in keys]


def changed_gate(cell, name, phi):
    """A recurrent network with another activation in a gate."""
    layer = getattr(cell, name)
    for part in (layer, *layer.neurons):
        part.activation_name, part.activation = activation(phi)
    return nn.Recurrent(cell, 2, seed=0)


def changed_block(name, part):
    """A block with another part."""
    block = nn.Block(4, 2, seed=0)
    holder, _, attribute = name.rpartition(".")
    setattr(getattr(block, holder) if holder else block, attribute, part)
    return block


CHANGED = {
    "a gate of an LSTM": (lambda: changed_gate(nn.LSTMCell(2, 3, seed=0), "candidate", "relu"), (3, 2)),
    "a gate of a GRU": (lambda: changed_gate(nn.GRUCell(2, 3, seed=0), "update", "tanh"), (3, 2)),
    "half of a gate": (lambda: changed_gate(nn.GRUCell(2, 3, seed=0), "candidate_x", "sin"), (3, 2)),
    "an RNN": (lambda: changed_gate(nn.RNNCell(2, 3, seed=0), "hidden", "gelu"), (3, 2)),
    "the sum of a block": (lambda: changed_block("attention_sum", Doubled()), (3, 4)),
    "a norm of a block": (lambda: changed_block("feedforward_norm", nn.Elementwise("sin")), (3, 4)),
    "the queries of a block": (
        lambda: changed_block("attention.queries", nn.Layer(4, 4, "tanh", seed=1)), (3, 4)
    ),
    "the heads of a block": (lambda: changed_block("attention.heads", [Flat(1, 2), Flat(2, 2)]), (3, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_a_part_that_was_changed_is_written_as_it_is(name, tmp_path):
    make, shape = CHANGED[name]
    model = make()
    check(model, samples(model, shape, 0), tmp_path / "m.onnx", "float64")


def test_the_steps_of_a_sequence_in_one_row(tmp_path):
    check(
        nn.Recurrent(nn.GRUCell(1, 2, seed=0), 1, seed=1), [[0.5, -1.0, 2.0]], tmp_path / "m.onnx", "float64"
    )
    check(
        nn.Recurrent(nn.RNNCell(2, 2, seed=0), 3, seed=1),
        [[0.5, -1.0, 2.0, 1.0]],
        tmp_path / "m.onnx",
        "float64",
    )


def test_another_precision_is_refused(tmp_path):
    with pytest.raises(ValueError, match='dtype is "float64" or "float32", not \'int8\''):
        nn.to_onnx(nn.MLP(2, [1]), tmp_path / "m.onnx", dtype="int8")
    assert not [*tmp_path.iterdir()]


def test_a_function_of_ones_own_is_recorded_between_operators(tmp_path):
    model = nn.Sequential(
        nn.Layer(2, 3, "tanh", seed=0), lambda x: [v**2 + 1 for v in x], nn.Layer(3, 2, seed=1)
    )
    check(model, [[0.5, -1.0], [2.0, 1.5]], tmp_path / "m.onnx", "float64")
    names = [node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node]
    assert names[:2] == ["Gemm", "Tanh"]
    assert names[-2:] == ["Gemm", "Relu"]


def test_what_torch_knows_has_an_operator():
    pytest.importorskip("torch")
    from nn.exporting.onnx_files.operators import RECURRENT, WRITERS
    from nn.exporting.to_pytorch import CELLS, made_there
    from nn.exporting.twins import TWINS
    from nn.module import Module

    known = {*WRITERS, *RECURRENT}
    assert [*RECURRENT] == [*CELLS]
    wanted = {kind for kind in (*made_there.registry, *TWINS) if kind not in (object, Module)}
    assert {kind.__name__ for kind in wanted if not any(issubclass(k, kind) for k in known)} == {"Sinusoids"}
