"""ONNX files of ours and of other programs as networks: their numbers, what is done with them, bad files."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograd import Value, draw, gradient_path, mean, topological_order, walk
from autograd.seeing.pages.player.views.choice import boxes_of
from nn import (
    MLP,
    SGD,
    Conv2d,
    Flatten,
    Layer,
    MaxPool2d,
    Sequential,
    fit,
    from_onnx,
    load,
    predict,
    save,
    to_onnx,
)
from nn.predictions import numbers_of
from tests.nn.exporting.modules import MODULES, outputs_of, perturbed

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from onnx import helper, numpy_helper  # noqa: E402

from tests.nn.exporting import test_onnx_operators as there  # noqa: E402
from tests.nn.exporting.test_onnx_operators import NETWORKS, SEED, samples  # noqa: E402
from tests.nn.exporting.test_onnx_values import CASES, in_onnxruntime, in_the_reference, saved  # noqa: E402


@pytest.mark.parametrize("name", MODULES)
def test_every_module_there_and_back(name, tmp_path):
    make, X = MODULES[name]
    model = make().eval()
    X = [X] if isinstance(X[0], int) else X
    to_onnx(model, tmp_path / "m.onnx", X[0])
    np.testing.assert_allclose(
        outputs_of(from_onnx(tmp_path / "m.onnx"), X), outputs_of(model, X), atol=1e-13
    )


@given(NETWORKS, SEED, st.sampled_from(["float64", "float32"]))
def test_any_network_there_and_back(tmp_path_factory, network, seed, dtype):
    model, shape = network
    model = perturbed(lambda: model)().eval()
    if dtype == "float32":
        for p in model.parameters():
            p.data = float(np.float32(p.data))
    X, path = samples(model, shape, seed), tmp_path_factory.mktemp("onnx") / "m.onnx"
    to_onnx(model, path, X[0], dtype=dtype)
    close = 1e-12 if dtype == "float64" else 1e-4  # single precision's 0.1, or sinusoid, is another one
    np.testing.assert_allclose(outputs_of(from_onnx(path), X), outputs_of(model, X), rtol=close, atol=close)


# ------------------------------------------------------------------------------------- of other programs


def networks_of_torch():
    torch = pytest.importorskip("torch")
    n = torch.nn

    class Residual(n.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.norm = n.Linear(4, 4), n.Linear(4, 4), n.LayerNorm(4)

        def forward(self, x):
            return self.norm(x + self.second(n.functional.gelu(self.first(x)))).mean(-1, keepdim=True)

    class Reader(n.Module):
        def __init__(self, kind):
            super().__init__()
            self.cell, self.out = kind(3, 4, batch_first=True), n.Linear(4, 2)

        def forward(self, x):
            states, _ = self.cell(x)
            return self.out(states[:, -1]).log_softmax(-1)

    class Words(n.Module):
        def __init__(self):
            super().__init__()
            self.table = n.Embedding(9, 6)
            self.layer = n.TransformerEncoderLayer(6, 2, 8, batch_first=True, dropout=0.0)

        def forward(self, ids):
            return self.layer(self.table(ids) * 6**0.5).flatten(1)

    class Planes(n.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = n.Conv2d(2, 4, 3, padding=1, groups=2), n.BatchNorm2d(4)
            self.last = n.Linear(16, 3)
            self.norm.running_mean.uniform_(-1, 1)
            self.norm.running_var.uniform_(0.5, 2)

        def forward(self, x):
            y = n.functional.max_pool2d(n.functional.leaky_relu(self.norm(self.conv(x)), 0.2), 3, 2, 1)
            y = n.functional.adaptive_avg_pool2d(y, 1).expand(-1, -1, 2, 2)
            return self.last(y.reshape(x.shape[0], -1)).softmax(-1)

    def shaped(*shape):
        return lambda: torch.randn(2, *shape)

    return {
        "MLP": (lambda: n.Sequential(n.Linear(3, 5), n.ELU(), n.Linear(5, 2), n.Sigmoid()), shaped(3)),
        "LeNet": (
            lambda: n.Sequential(
                n.Conv2d(1, 2, 3), n.Tanh(), n.AvgPool2d(2), n.Flatten(), n.Dropout(), n.Linear(18, 2)
            ), shaped(1, 8, 8),
        ),
        "planes": (Planes, shaped(2, 5, 5)), "residual": (Residual, shaped(4)),
        **{kind.__name__: (lambda kind=kind: Reader(kind), shaped(3, 3)) for kind in (n.RNN, n.LSTM, n.GRU)},
        "words": (Words, lambda: torch.randint(0, 9, (2, 4))),
    }  # fmt: skip


NAMES = ["MLP", "LeNet", "planes", "residual", "RNN", "LSTM", "GRU", "words"]


@pytest.mark.filterwarnings("ignore")  # PyTorch's of its own exporter
@pytest.mark.parametrize("opset", [17, 20])
@pytest.mark.parametrize("name", NAMES)
def test_networks_of_pytorch(name, opset, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    make, draw_samples = networks_of_torch()[name]
    torch.manual_seed(0)
    module, x, path = make().eval(), draw_samples(), str(tmp_path / "m.onnx")
    axes = {"x": {0: "samples"}}
    try:
        torch.onnx.export(
            module, (x,), path, dynamo=False, input_names=["x"], dynamic_axes=axes, opset_version=opset
        )
    except Exception as error:  # it goes with another release
        pytest.skip(f"this PyTorch exports no such file: {error}")
    model = from_onnx(path)
    with torch.no_grad():
        wanted = module.double()(x if x.dtype == torch.int64 else x.double()).numpy().reshape(2, -1)
    np.testing.assert_allclose(outputs_of(model, x.tolist()), wanted, rtol=1e-6, atol=1e-6)
    for dtype in ("float32", "float64"):  # and on to onnxruntime, for both samples at once
        again = there.written(model, x[0].tolist(), tmp_path / "again.onnx", dtype)
        kind = helper.tensor_dtype_to_np_dtype(again.graph.input[0].type.tensor_type.elem_type)
        found = there.in_onnxruntime(again, x.numpy().astype(kind))
        assert [n.op_type for n in again.graph.node if n.op_type != "Constant"] == [
            node["operator"] for node in model.described["nodes"]
        ]
        np.testing.assert_allclose(found[0].reshape(2, -1), wanted, rtol=1e-4, atol=1e-5)
    learned = sum(p.numel() for p in module.parameters())
    if name not in ("planes", "words"):  # its exporter puts a norm into a convolution, and ties equal arrays
        assert len(model.parameters()) == learned


# --------------------------------------------------------------------------------- what is done with it


@pytest.fixture
def path(tmp_path):
    model = MLP(2, [3, 2], "tanh", seed=0)
    to_onnx(model, tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def test_its_parts_are_the_nodes_of_the_file(path):
    model = from_onnx(path)
    assert [(name, type(m).__name__, m.in_brief()) for name, m in model.named_modules()] == [
        ("", "OnnxNetwork", ""), ("layers.0", "Gemm", "2 → 3"), ("layers.0/Tanh", "Tanh", ""),
        ("layers.1", "Gemm", "3 → 2"),
    ]  # fmt: skip
    assert len(model.weights()) == 12
    assert model.parameter("layers.0.weight.2.1").data == MLP(2, [3, 2], "tanh", seed=0).layers[0].W[2][1]


def test_it_is_seen_through(path):
    model = from_onnx(path)
    y = model([0.5, -1.0])
    drawn = draw(y[0], depth=1).source
    assert "Gemm" in drawn
    assert "Tanh" in drawn
    weight = model.parameter("layers.0.weight.2.1")
    assert len(gradient_path(y[0], weight).routes()) == 1
    assert len(walk(y[0])) > 10


@pytest.mark.parametrize("engine", ["eager", "tape"])
def test_it_is_trained(engine, path):
    model, again = from_onnx(path), MLP(2, [3, 2], "tanh", seed=0)
    X, y = [[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0]], [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    for network in (model, again):
        fit(network, X, y, optimizer=SGD(network.parameters(), lr=0.1), epochs=5, loss="mse",
            engine=engine)  # fmt: skip
    np.testing.assert_allclose(predict(model, X), predict(again, X), rtol=1e-12)


def test_it_is_saved_copied_and_carried_on(path, tmp_path):
    model, x = from_onnx(path), [0.3, -0.7]
    wanted = numbers_of(model(x))
    save(model, tmp_path / "m.safetensors")
    to_onnx(model, tmp_path / "again.onnx", x)
    again = [
        load(tmp_path / "m.safetensors"), copy.deepcopy(model), pickle.loads(pickle.dumps(model)),
        from_onnx(tmp_path / "again.onnx"),
    ]  # fmt: skip
    for other in again:
        assert numbers_of(other(x)) == pytest.approx(wanted, rel=1e-12)
    assert not {*map(id, again[0].parameters())} & {*map(id, model.parameters())}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [name for name in MODULES if name not in there.WITHOUT])
def test_every_module_there_and_back_and_there(name, dtype, tmp_path):
    make, X = MODULES[name]
    X = [X] if isinstance(X[0], int) else X
    to_onnx(make(), tmp_path / "m.onnx", X[0], dtype=dtype)
    model = from_onnx(tmp_path / "m.onnx")
    there.check(model, X, tmp_path / "again.onnx", dtype)
    first, again = (onnx.load(tmp_path / f"{name}.onnx").graph.node for name in ("m", "again"))
    told = [
        [(node.op_type, node.name) for node in file if node.op_type != "Constant"] for file in (first, again)
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("opset", [17, 20])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [name for name in CASES if name not in ("Gelu", "RMSNormalization", "Silu")])
def test_operators_there_and_back_and_there(name, dtype, opset, tmp_path):
    arrays, attributes = CASES[name][-1]
    if name == "Split" and opset > 17:
        attributes = attributes | {"num_outputs": 2}
    names = [f"i{k}" for k in range(len(arrays))]
    arrays = [x if x.dtype == np.int64 else x.astype("float32") for x in arrays]
    outputs = ["y", "z"] if name == "Split" else ["y"]
    node = helper.make_node(name, names, outputs, name="it", **attributes)
    kept, given = [*zip(names[1:], arrays[1:], strict=True)], {names[0]: arrays[0]}
    model = from_onnx(saved(tmp_path / "m.onnx", [node], given, kept, opset, outputs=outputs, kind=1))
    sample = arrays[0].tolist()
    to_onnx(model, tmp_path / "again.onnx", sample, dtype=dtype)
    file = onnx.load(tmp_path / "again.onnx")
    assert [node.op_type.partition("_")[0] for node in file.graph.node if node.op_type != "Constant"] == [
        name
    ]
    again = file.graph.input[0]
    x = (
        arrays[0]
        .astype(dtype)
        .reshape([-1] * (len(again.type.tensor_type.shape.dim) > arrays[0].ndim) + [*arrays[0].shape])
    )
    close = 1e-4 if dtype == "float32" else 1e-9
    for run in (in_the_reference, in_onnxruntime):
        found = np.concatenate([np.ravel(y) for y in run(str(tmp_path / "again.onnx"), {again.name: x})])
        np.testing.assert_allclose(found, numbers_of(model(sample)), rtol=close, atol=close)


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("Gelu", "RMSNormalization", "Silu")])
def test_every_way_of_an_operator_is_written_again(name, tmp_path):
    for arrays, attributes in CASES[name]:
        names = [f"i{k}" for k in range(len(arrays))]
        node = helper.make_node(name, names, ["y", "z"][: 1 + (name == "Split")], **attributes)
        kept = [*zip(names[1:], arrays[1:], strict=True)]
        path = saved(tmp_path / "m.onnx", [node], {names[0]: arrays[0]}, kept, outputs=node.output)
        model, again = from_onnx(path), str(tmp_path / "again.onnx")
        to_onnx(model, again)
        (first,) = onnx.load(again).graph.input
        x = arrays[0].reshape([d.dim_value or 1 for d in first.type.tensor_type.shape.dim])
        found = np.concatenate([np.ravel(y) for y in in_onnxruntime(again, {first.name: x})])
        np.testing.assert_allclose(found, numbers_of(model(arrays[0].tolist())), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "name", ["Conv", "AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool", "Softmax"]
)
def test_another_size_than_the_sample_s_is_computed_or_refused(name, dtype, tmp_path):
    arrays, attributes = CASES[name][0]
    names = [f"i{k}" for k in range(len(arrays))]
    kept = [
        numpy_helper.from_array(x.astype("float32"), n) for n, x in zip(names[1:], arrays[1:], strict=True)
    ]
    node = helper.make_node(name, names, ["y"], **attributes)
    shapes = {"i0": ["n", *arrays[0].shape[1:2], *["size"] * (arrays[0].ndim - 2)]}
    model = from_onnx(file_of([node], tmp_path / "m.onnx", shapes, kept, rank=arrays[0].ndim))
    to_onnx(model, tmp_path / "again.onnx", arrays[0][0].tolist(), dtype=dtype)
    for more in (0, 1, 3):
        x = np.pad(arrays[0], [(0, 0), (0, 0), *[(0, more)] * (arrays[0].ndim - 2)], constant_values=0.5)
        try:
            (y,) = in_onnxruntime(str(tmp_path / "again.onnx"), {"i0": x.astype(dtype)})
        except Exception:
            assert more
            continue
        wanted = [numbers_of(model(sample.tolist())) for sample in x]
        np.testing.assert_allclose(y.reshape(len(x), -1), wanted, rtol=1e-4, atol=1e-5)


def test_tied_weights_stay_tied(tmp_path):
    make, _ = MODULES["Transformer tied"]
    model = make()
    to_onnx(model, tmp_path / "m.onnx")
    assert len(from_onnx(tmp_path / "m.onnx").parameters()) == len(model.parameters())


def file_of(nodes, path, inputs=None, kept=(), outputs=("y",), rank=2, **options):
    """Write a file, which may be wrong."""
    shapes = inputs or {"x": ["n", 2]}
    given = ["n", 2] if rank == 2 else [None] * rank
    graph = helper.make_graph(
        nodes, "test", [helper.make_tensor_value_info(name, 1, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info(name, 1, given) for name in outputs], kept,
    )  # fmt: skip
    imports = options.pop("imports", [helper.make_opsetid("", 17)])
    path.write_bytes(
        helper.make_model(graph, ir_version=8, opset_imports=imports, **options).SerializeToString()
    )
    return path


def test_the_convolutions_of_a_file_are_seen_as_those_of_ours(tmp_path):
    model = Sequential(Conv2d(1, 2, 3, padding=1, seed=0), MaxPool2d(2), Flatten(), Layer(18, 10, seed=1))
    picture = [[[0.1 * (6 * r + c) for c in range(6)] for r in range(6)]]
    to_onnx(model, tmp_path / "m.onnx", picture)
    kinds, names = [], []
    for network in (model, from_onnx(tmp_path / "m.onnx")):
        layers = walk(network(picture)[0]).content().layers
        kinds.append([(box.columns, box.planes) for box in layers if box.slides])
        names.append([p.label for p in network.parameters()])
    assert kinds == [[(6, 2), (3, 2)]] * 2
    renamed = [name.replace("^1", "^2") for name in names[0][20:]]  # the Layer's, which is the second one
    assert sorted(names[1]) == sorted(names[0][:20] + renamed)


def test_one_line_of_windows_is_told_by_the_size_of_the_files_kernels(tmp_path):
    """Numbers alone cannot tell three rows from three planes of one row."""
    model, picture = Sequential(Conv2d(1, 2, 3, seed=0), Flatten()), [[[0.1] * 6] * 3]
    to_onnx(model, tmp_path / "m.onnx", picture)
    for network in (model, from_onnx(tmp_path / "m.onnx")):
        (windows,) = [
            box.slides.windows for box in boxes_of(walk(mean(network(picture))).trace, 0) if box.slides
        ]
        assert (windows.size, len(windows.planes), windows.columns) == ((3, 3), 1, 6)


def test_several_inputs_and_outputs(tmp_path):
    nodes = [helper.make_node("Add", ["x", "z"], ["y"]), helper.make_node("Mul", ["x", "z"], ["by"])]
    model = from_onnx(
        file_of(nodes, tmp_path / "m.onnx", {"x": ["n", 2], "z": ["n", 2]}, outputs=["y", "by"])
    )
    found = model([1.0, 2.0], [3.0, 4.0])
    assert {name: [v.data for v in row] for name, row in found.items()} == {"y": [4.0, 6.0], "by": [3.0, 8.0]}
    assert [v.label for v in found["y"][1].inputs] == ["x2", "z2"]
    with pytest.raises(TypeError, match="this network takes 2 inputs: x, z; got 1"):
        model([1.0, 2.0])
    with pytest.raises(ValueError, match="the input z of this network takes 2; got 3"):
        model([1.0, 2.0], [1.0, 2.0, 3.0])


@given(st.lists(st.booleans(), min_size=2, max_size=2), st.booleans())
def test_an_input_of_conditions(tmp_path_factory, taken, as_numbers):
    folder = tmp_path_factory.mktemp("onnx")
    nodes = [helper.make_node("Not", ["c"], ["d"]), helper.make_node("Where", ["d", "x", "z"], ["y"])]
    inputs = {"c": np.array([taken]), "x": np.array([[1.0, 2.0]]), "z": np.array([[3.0, 4.0]])}
    model = from_onnx(saved(folder / "m.onnx", nodes, inputs))
    sample = [[int(c) for c in taken] if as_numbers else taken, [1.0, 2.0], [3.0, 4.0]]
    assert numbers_of(model(*sample)) == [3.0 if taken[0] else 1.0, 4.0 if taken[1] else 2.0]
    for given_sample in (sample, []):
        to_onnx(model, folder / "again.onnx", *given_sample)
        (y,) = in_onnxruntime(str(folder / "again.onnx"), inputs)
        assert y.ravel().tolist() == numbers_of(model(*sample))


def test_what_is_given_is_a_list_of_numbers_or_values(path):
    model, x = from_onnx(path), [Value(0.5, "p"), 2]
    y = model(x)
    assert numbers_of(y) == numbers_of(model([0.5, 2.0])) == numbers_of(model(np.array([0.5, 2.0])))
    assert x[0] in topological_order(*y)
    for wrong in (["0.5", 2.0], [None, 1.0], "ab"):
        with pytest.raises((TypeError, ValueError)):
            model(wrong)


def test_names_that_are_taken_already(tmp_path):
    node = helper.make_node
    nodes = [
        node("Relu", ["x"], ["a"], name="forward"), node("Relu", ["a"], ["b"], name="steps"),
        node("Relu", ["b"], ["c"], name="same"), node("Relu", ["c"], ["d"], name="same"),
        node("Relu", ["d"], ["e"]), node("Relu", ["e"], ["y"], name="12"),
    ]  # fmt: skip
    model = from_onnx(file_of(nodes, tmp_path / "m.onnx"))
    assert [name for name, _ in model.named_modules()][1:] == [
        "forward_2", "steps_2", "same", "same_2", "Relu", "12",
    ]  # fmt: skip
    assert numbers_of(model([1.0, -1.0])) == [1.0, 0.0]


@given(st.lists(st.text("/.a0_", max_size=4), min_size=1, max_size=5))
@example(["/layers.0/Gemm", "layers.0/Gemm", "//", "Gemm"])
def test_nodes_of_any_names_are_saved_and_loaded(tmp_path_factory, names):
    arrays = ["x", *(f"x{k}" for k in range(1, len(names))), "y"]
    nodes = [
        helper.make_node("Gemm", [arrays[k], f"w{k}"], [arrays[k + 1]], name=name)
        for k, name in enumerate(names)
    ]
    kept = [numpy_helper.from_array(np.full((2, 2), 0.5 + k, "float32"), f"w{k}") for k in range(len(names))]
    folder = tmp_path_factory.mktemp("onnx")
    model = from_onnx(file_of(nodes, folder / "m.onnx", kept=kept))
    assert len(model.parameters()) == 4 * len(names)
    save(model, folder / "m.safetensors")
    for again in (load(folder / "m.safetensors"), copy.deepcopy(model)):
        assert numbers_of(again([1.0, -2.0])) == numbers_of(model([1.0, -2.0]))
