"""Every Module of the library and of the lessons: saved, loaded, equal to the last bit."""

import ast
import json
from pathlib import Path

import pytest

import nn
from autograd import Value
from nn import (
    MLP,
    Attention,
    Block,
    Conv1d,
    Conv2d,
    Embedding,
    FeedForward,
    Lambda,
    Layer,
    LayerNorm,
    Module,
    Neuron,
    PReLU,
    Recurrent,
    Reshape,
    RMSNorm,
    RNNCell,
    Sequential,
    Transformer,
    load_into,
    save,
)
from nn.construction import LOADABLE
from nn.exporting.onnx_files.network import OnnxNetwork
from nn.saving.checkpoint import from_bytes, packed
from tests.nn.exporting.modules import MODULES


def input_of(model):
    """What a Module of the library takes."""
    if isinstance(model, PReLU):
        return Value(-0.5)
    if isinstance(model, Embedding | Transformer):
        return [1, 0, 2]
    if isinstance(model, Attention | Block):
        return [[0.5, -0.25, 1.0, -2.0], [0.0, 1.0, -1.0, 0.25]]
    if isinstance(model, LayerNorm | RMSNorm | FeedForward):
        return [0.5, -0.25, 1.0, -2.0]
    if isinstance(model, Conv1d):
        return [[0.5, -0.25, 1.0, -2.0]] * model.nin
    if isinstance(model, Conv2d):
        return [[[0.5, -0.25, 1.0, -2.0]] * 4] * model.nin
    if isinstance(model, Recurrent):
        return [input_of(model.cell)] * 3
    if isinstance(model, Sequential) and isinstance(model[0], Reshape):
        return [0.5, -0.25, 1.0, -2.0] * 16
    return ([0.5, -0.25, 1.0, -2.0] * 32)[: getattr(model, "nin", 2)]


ONLY_HERE = {
    "Neuron": lambda: Neuron(2, "gelu", fused=False),
    "PReLU": lambda: PReLU(0.75),
    "a Layer with a number": lambda: Layer(2, 3, "sin", number=4),
    "a Block with a number": lambda: Block(4, 2, "relu", norm="rms", number=3),
    "a gated FeedForward": lambda: FeedForward(4, 3, "swiglu"),
    "embedding_norm": lambda: Transformer(5, 4, 2, 2, 8, activation="swiglu", embedding_norm=True),
    "gain": lambda: Transformer(
        5, 4, 2, 1, 8, positions="sinusoidal", tied=True, gain=True, bias=False, final_norm=False
    ),
}  # fmt: skip
"""Modules that are carried to no other program by themselves, and arguments that none of the others has."""
NOT_HERE = {Lambda, OnnxNetwork}
"""A Lambda holds a function, which no file keeps; a network of an ONNX file is saved where that is read."""
NN = {
    **{name: (make, input_of(make())) for name, make in ONLY_HERE.items()},
    **{
        name: (make, X if isinstance(X[0], int) else X[0])
        for name, (make, X) in MODULES.items()
        if make().parameters()
    },
}


@pytest.mark.parametrize(("make", "x"), NN.values(), ids=NN)
def test_every_module_of_the_library_comes_back(make, x):
    model = make()
    again = from_bytes(packed(model)).model()
    assert repr(again) == repr(model)
    assert packed(again) == packed(model)
    assert repr([again(x) for _ in range(3)]) == repr([model(x) for _ in range(3)])
    assert packed(again) == packed(model)  # the generators included


def test_every_class_of_modules_in_nn_is_among_them():
    classes = {type(module) for make, _ in NN.values() for module in make().modules()}
    public = {cls for cls in vars(nn).values() if isinstance(cls, type) and issubclass(cls, Module)}
    assert public - classes == {Module, Lambda}  # a Lambda holds a function, which no file keeps
    assert {cls for cls in LOADABLE.values() if cls.__module__.startswith("nn.")} == classes | NOT_HERE


# ------------------------------------------------------------------------- the networks of the lessons

VARIABLES = {
    "activation": "tanh", "phi": "relu", "squash": "sigmoid", "output": "sigmoid", "start": "zeros",
    "name": "gelu", "cell": RNNCell(1, 2), "kind": RNNCell, "layers": [3], "SIZES": [4, 3, 1],
    "init": nn.init, "len": lambda letters: 27, "two": Conv2d(1, 2, 3, padding=1),
    **{name.removeprefix("nn."): cls for name, cls in LOADABLE.items()},
}  # fmt: skip
"""Of what a lesson's variables stand for something by which a network is built; all others are numbers."""


class Variables(dict):
    def __missing__(self, name):
        return 2


def networks_of_the_lessons():
    """Every network that a lesson builds, with the lesson's name and the line that builds it."""
    for path in sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Call) and f"nn.{ast.unparse(node.func)}" in LOADABLE:
                text = ast.unparse(node)
                model = eval(text, {}, Variables(VARIABLES))
                if model.parameters():  # a Flatten alone has nothing to keep
                    yield path.stem, text, model


def test_every_network_of_the_lessons_comes_back():
    found = 0
    for lesson, text, model in networks_of_the_lessons():
        again = from_bytes(packed(model)).model()
        x = input_of(model)
        assert packed(again) == packed(model), (lesson, text)
        assert repr(again(x)) == repr(model(x)), (lesson, text)
        found += 1
    assert found > 50


def test_a_network_whose_biases_are_held_fixed_comes_back_by_load_into(tmp_path):
    """As in the lessons that work an example through whose biases are not trained."""

    def network():
        model = MLP(2, [2, 2], activation="sigmoid", output="sigmoid")
        for layer, fixed in zip(model.layers, [0.35, 0.60], strict=True):
            for neuron in layer.neurons:
                neuron.b = Value(fixed)
        return model

    model, again = network(), network()
    with pytest.warns(
        UserWarning, match=r"^layers\.0\.neurons\.0\.b, .* made of Value: the file does not hold"
    ):
        save(model, tmp_path / "m")
    load_into(again, tmp_path / "m")
    assert again.state_dict() == model.state_dict()
    assert repr(again([0.05, 0.1])) == repr(model([0.05, 0.1]))
