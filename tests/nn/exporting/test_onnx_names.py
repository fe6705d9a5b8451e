"""Whose each node of a file is: its name begins with the path of the Module whose operator it is."""

import numpy as np
import pytest

from nn import Conv1d, Conv2d, LayerNorm, Sequential, to_onnx
from nn.activations import ACTIVATIONS
from tests.nn.exporting.modules import MODULES, drawn
from tests.nn.exporting.test_onnx_file import run

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")

from nn.exporting.onnx_files.bodies import ACTIVATED  # noqa: E402
from nn.exporting.onnx_files.reading import operator_of  # noqa: E402

LAYERS = {"Layer", "MLP"}
WINDOWS = {"Conv1d", "Conv2d"}
OWNERS = {
    "Conv": WINDOWS, "MaxPool": {"MaxPool1d", "MaxPool2d"}, "AveragePool": {"AvgPool1d", "AvgPool2d"},
    "LayerNormalization": {"LayerNorm"}, "RMSNormalization": {"RMSNorm"}, "Gemm": LAYERS, "MatMul": LAYERS,
    "Attention": {"Attention"}, "RNN": {"RNNCell"}, "LSTM": {"LSTMCell"}, "GRU": {"GRUCell"},
    "Embedding": {"Embedding", "Sinusoids"}, "Flatten": {"Flatten"},
    **dict.fromkeys(ACTIVATED.values(), LAYERS | WINDOWS | {"Elementwise"}),
}  # fmt: skip
"""The classes of Modules whose operator it is."""
RECORDED = {"RNNCell", "LSTMCell", "GRUCell"}
"""Single steps, which are written operation by operation."""
CONVOLUTIONS = {
    f"{kind.__name__} {name}": (
        lambda kind=kind, name=name: Sequential(kind(1, 2, 2, activation=name, seed=0)), shape
    )
    for name in ACTIVATIONS for kind, shape in ((Conv1d, (1, 5)), (Conv2d, (1, 4, 5)))
}  # fmt: skip


def places(model):
    """The class of each Module by its path; that of the whole by its own name as well."""
    found = {path: type(module).__name__ for path, module in model.named_modules()}
    return found | {type(model).__name__: type(model).__name__}


@pytest.mark.parametrize("name", [*MODULES, *CONVOLUTIONS])
def test_a_node_is_called_after_the_module_whose_operator_it_is(name, tmp_path):
    make, given = (MODULES | CONVOLUTIONS)[name]
    x = drawn(*given) if isinstance(given, tuple) else given if isinstance(given[0], int) else given[0]
    model = make().eval()
    to_onnx(model, tmp_path / "m.onnx", x)
    graph, known = onnx.load(tmp_path / "m.onnx").graph, places(model)
    paths = {path for path, _ in model.named_parameters()}
    for node in graph.node:
        place = node.name.partition("/")[0]
        assert place in known, node.name
        owners = OWNERS.get(operator_of(node))
        assert owners is None or known[place] in owners or name in RECORDED, node.name
    for tensor in graph.initializer:
        is_kept = "/tape/" in tensor.name or any(f"{path}.".startswith(f"{tensor.name}.") for path in paths)
        assert is_kept or tensor.name.rpartition(".")[0] in known, tensor.name


@pytest.mark.parametrize(
    ("eps", "domain"), [(2.0**-17, ""), (float(np.float32(1e-5)), ""), (1e-5, "chainrule")]
)
def test_a_norm_is_a_function_only_where_its_epsilon_is_no_single_number(eps, domain, tmp_path):
    model, X = LayerNorm(4, eps), drawn(6, 4)
    to_onnx(model, tmp_path / "m.onnx", X[0])
    (node,) = (n for n in onnx.load(tmp_path / "m.onnx").graph.node if operator_of(n) == "LayerNormalization")
    assert node.domain == domain
    wanted = [[v.data for v in model(x)] for x in X]
    np.testing.assert_allclose(run(tmp_path / "m.onnx", X)[0], wanted, rtol=1e-14, atol=1e-14)
