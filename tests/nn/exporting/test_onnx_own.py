"""Modules of one's own as ONNX files: known Modules in them as operators, and what is between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import BranchError, where
from autograd.extend import as_value
from nn import (
    Conv2d,
    Dropout,
    Elementwise,
    Flatten,
    GRUCell,
    Layer,
    LayerNorm,
    MaxPool2d,
    Module,
    Parameter,
    Recurrent,
    Sequential,
    to_onnx,
)
from tests.nn.exporting.test_onnx_operators import SEED, SMALL, check, samples

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")


class Pictures(Module):
    """A network as one writes it in PyTorch."""

    def __init__(self):
        self.conv, self.pool, self.flat = Conv2d(1, 2, 3, activation="relu", seed=0), MaxPool2d(2), Flatten()
        self.hidden, self.out = Layer(8, 4, "tanh", seed=1), Layer(4, 2, "linear", seed=2)

    def forward(self, x):
        return self.out(self.hidden(self.flat(self.pool(self.conv(x)))))


class Around(Module):
    """A Module that is called twice, with a way around it, a condition, and weights of another."""

    def __init__(self):
        self.layer, self.norm, self.gate = Layer(3, 3, "relu", seed=0), LayerNorm(3), Layer(3, 1, seed=1)

    def forward(self, x):
        for _ in range(2):
            more = self.norm(self.layer(x))
            x = [where(m > 0, v + m, v * self.gate.weight[0][0]) for v, m in zip(x, more, strict=True)]
        return [v * self.gate(x).sigmoid() for v in x]


class Flattening(Module):
    """Rows that are put into one another by hand."""

    def __init__(self):
        self.read, self.out = (
            Recurrent(GRUCell(2, 2, seed=0), 2, every_step=True, seed=1),
            Layer(6, 2, seed=2),
        )

    def forward(self, x):
        return self.out([v for row in self.read(x) for v in row])


class Powers(Module):
    """Whole arrays, again and again of themselves, with gains of its own; and one in another order."""

    def __init__(self):
        self.layer, self.gains = (
            Layer(3, 3, "tanh", seed=0),
            [Parameter(0.5), Parameter(2.0), Parameter(-1.0)],
        )

    def forward(self, x):
        h = self.layer(x)
        for _ in range(12):
            h = [(v * v + v).sin() for v in h]
        h = self.layer([v * gain for v, gain in zip(h, self.gains, strict=True)])
        return self.layer([h[0] + 1, h[2] + 1, h[2] + 1])


class Constantly(Module):
    """What it gives is the same for all samples, in part."""

    def __init__(self):
        self.layer, self.start = Layer(2, 2, seed=0), Parameter(0.75)

    def forward(self, x):
        return [*self.layer(x), *self.layer([self.start, self.start])]


class Branching(Module):
    """What it computes depends on a number that a layer gives."""

    def __init__(self):
        self.layer, self.other = Layer(2, 2, "linear", seed=0), Layer(2, 2, "linear", seed=1)

    def forward(self, x):
        h = self.layer(x)
        return self.other(h) if h[0] > 0 else h


OWN = {
    "pictures": (Pictures, (1, 6, 6), ["Conv", "Relu", "MaxPool", "Flatten", "Gemm", "Tanh", "Gemm"]),
    "around": (Around, (3,), ["Gemm", "Relu", "LayerNormalization"] * 2 + ["Gemm"]),
    "powers": (Powers, (3,), ["Gemm", "Tanh", *["Mul", "Add", "Sin"] * 12, "Mul", "Gemm", "Tanh", "Gemm"]),
    "constantly": (Constantly, (2,), ["MatMul"]),
    "flattening": (Flattening, (3, 2), ["GRU", "Gemm", "Relu"]),
    "within": (
        lambda: Sequential(Layer(2, 3, seed=3), Around(), Layer(3, 2, seed=4)), (2,),
        ["Gemm", "Relu", "Gemm", "Relu", "LayerNormalization"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_known_modules_within_one_s_own_are_operators(name, tmp_path):
    make, shape, wanted = OWN[name]
    model = make()
    kinds = [type(module) for module in model.modules()]
    check(model, samples(model, shape, 0), tmp_path / "m.onnx", "float64")
    found = iter(node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node)
    assert all(operator in found for operator in wanted)  # in this order
    recorded = [node for node in onnx.load(tmp_path / "m.onnx").graph.node if "tape" in node.name]
    assert bool(recorded) == (name in ("powers", "around", "within"))
    paths = {path.rpartition(".")[0] for path, _ in model.named_parameters()}
    weights = {tensor.name for tensor in onnx.load(tmp_path / "m.onnx").graph.initializer}
    assert name != "powers" or "gains" in weights & paths
    assert [type(module) for module in model.modules()] == kinds


def test_code_that_depends_on_numbers_is_refused_as_before(tmp_path):
    model = Branching()
    with pytest.raises(BranchError):
        to_onnx(model, tmp_path / "m.onnx", [1.0, 2.0])
    assert [type(module) for module in model.children()] == [Layer, Layer]
    assert not [*tmp_path.iterdir()]


class Program(Module):
    """Steps on rows of three numbers, each of which takes what earlier ones gave."""

    def __init__(self, steps):
        self.steps, self.gain = steps, Parameter(0.75)
        self.known = [Layer(3, 3, "tanh", seed=0), LayerNorm(3), Elementwise("silu"), Dropout(0.5), Flatten()]

    def forward(self, x):
        rows = [[as_value(v) for v in x]]
        for kind, i, j in self.steps:
            a, b = rows[i % len(rows)], rows[j % len(rows)]
            rows.append(
                self.known[kind](a) if kind < len(self.known) else MIXED[kind - len(self.known)](self, a, b)
            )
        return rows[-1]


MIXED = [
    lambda self, a, b: [v + w for v, w in zip(a, b, strict=True)],
    lambda self, a, b: [v * w.sigmoid() for v, w in zip(a, b, strict=True)],
    lambda self, a, b: [where(v > 0, w, self.gain) for v, w in zip(a, b, strict=True)],
    lambda self, a, b: [v * self.gain + 0.5 for v in a],
    lambda self, a, b: [a[2], a[0], b[1]],
    lambda self, a, b: [sum(a) * w for w in b],
    lambda self, a, b: [a[0], a[0], a[0]],
]
"""What one's own code makes of two rows."""
STEPS = st.lists(st.tuples(st.integers(0, 4 + len(MIXED)), SMALL, SMALL), min_size=1, max_size=7)


@given(STEPS, SEED)
def test_any_code_between_known_modules(tmp_path_factory, steps, seed):
    model = Program(steps).eval()
    path = tmp_path_factory.mktemp("onnx") / "m.onnx"
    check(model, samples(model, (3,), seed), path, "float64")
