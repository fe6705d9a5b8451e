"""Parameters are found wherever a Module holds them; what is not trained is named."""

from __future__ import annotations

import copy
from collections import OrderedDict, deque
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from autograd import Constant, Parameter, Value
from autograd.seeing.facts.folding.folded import fold
from autograd.seeing.facts.trace import trace
from nn import MLP, SGD, Layer, Module, Monitor, fit, load, predict, save


@dataclass
class Pair:
    w: Parameter
    b: Parameter


class Named(NamedTuple):
    w: Parameter
    b: Parameter


def arrays(w: Parameter, b: Parameter) -> Any:
    numpy = pytest.importorskip("numpy")
    return numpy.array([[w], [b]])


def scalar_array(w: Parameter, b: Parameter) -> Any:
    numpy = pytest.importorskip("numpy")
    held = numpy.empty((), dtype=object)
    held[()] = w
    return [held, b]


HOLDERS = {
    "list": lambda w, b: [w, b],
    "tuple": lambda w, b: (w, b),
    "nested": lambda w, b: {"a": [(w,), {"b": b}]},
    "dict": lambda w, b: {"w": w, "b": b},
    "ordered dict": lambda w, b: OrderedDict(w=w, b=b),
    "read-only mapping": lambda w, b: MappingProxyType({"w": w, "b": b}),
    "deque": lambda w, b: deque([w, b]),
    "set": lambda w, b: {w, b},
    "frozen set": lambda w, b: frozenset({w, b}),
    "dataclass": Pair,
    "named tuple": Named,
    "array": arrays,
    "array of no dimension": scalar_array,
    "list of dataclasses": lambda w, b: [Pair(w, b)],
}


class Holding(Module):
    def __init__(self, held: Any) -> None:
        self.held = held


@pytest.mark.parametrize("make", HOLDERS.values(), ids=HOLDERS)
def test_parameters_are_found_in_every_holder(make: Any) -> None:
    w, b = Parameter(1.0, "w"), Parameter(2.0, "b")
    model = Holding(make(w, b))
    assert set(model.parameters()) == {w, b}
    assert sorted(model.state_dict().values()) == [1.0, 2.0]
    model.load_state_dict(dict.fromkeys(model.state_dict(), 5.0))
    assert (w.data, b.data) == (5.0, 5.0)


@pytest.mark.parametrize("make", HOLDERS.values(), ids=HOLDERS)
def test_an_optimiser_moves_them(make: Any) -> None:
    w, b = Parameter(1.0, "w"), Parameter(2.0, "b")
    optimizer = SGD(Holding(make(w, b)).parameters(), lr=1.0)
    (w * b).backward()
    optimizer.step()
    assert (w.data, b.data) == (-1.0, 1.0)


def test_a_set_goes_by_the_labels_of_what_it_holds() -> None:
    model = Holding({Parameter(2.0, "b"), Parameter(1.0, "a")})
    assert model.state_dict() == {"held.a": 1.0, "held.b": 2.0}


def test_a_set_without_labels_cannot_be_told_apart_in_a_state() -> None:
    model = Holding({Parameter(2.0), Parameter(1.0)})
    assert len(model.parameters()) == 2
    with pytest.raises(ValueError, match="a set has no order"):
        model.state_dict()


def test_large_data_beside_the_parameters_is_not_searched_number_by_number() -> None:
    w = Parameter(1.0)
    assert Holding([w, [0.5] * 100_000, "text", b"bytes", range(10)]).parameters() == [w]


def test_a_value_that_no_optimiser_moves_is_named() -> None:
    class Line(Module):
        def __init__(self) -> None:
            self.w, self.b, self.fixed = Parameter(1.0), Value(0.0), Constant(3.0)

    model = Line()
    assert model.unmoved() == {"b": model.b}
    assert repr(model) == "Line(1 parameter; b is made of Value: use Parameter to train it)"


def test_a_module_says_what_it_is_made_of() -> None:
    class Net(Module):
        def __init__(self) -> None:
            self.l1, self.l2 = Layer(2, 3), Layer(3, 1)

    assert repr(Net()) == "Net(l1: Layer, l2: Layer; 13 parameters)"


@pytest.mark.parametrize("name", ["weights", "parameters", "forward", "__call__"])
def test_a_method_is_not_hidden_by_an_attribute(name: str) -> None:
    class Net(Module):
        def forward(self, x: Any) -> Any:
            return x

    with pytest.raises(AttributeError, match=f"{name} is a method of Net"):
        setattr(Net(), name, [Parameter(1.0)])


def test_a_module_that_computes_nothing_says_so() -> None:
    with pytest.raises(TypeError, match="Module does not say what it computes; define __call__ or forward"):
        Module()(1.0)


def test_children_are_those_held_directly() -> None:
    model = MLP(2, [3, 1])

    class Net(Module):
        def __init__(self) -> None:
            self.body, self.heads = model, {"a": Layer(1, 1), "b": Layer(1, 1)}

    net = Net()
    assert net.children() == [model, *net.heads.values()]
    assert model.children() == model.layers


def test_a_module_that_contains_itself_is_searched_once() -> None:
    net = Holding([Parameter(1.0)])
    net.itself = net
    assert len(net.parameters()) == 1
    assert net.modules() == [net]


def test_forward_is_called_with_whatever_the_call_is_given() -> None:
    class Net(Module):
        def forward(self, a: float, *, b: float) -> float:
            return a + b

    assert Net()(1.0, b=2.0) == 3.0


def test_weights_are_told_from_biases_by_what_holds_them_not_by_what_holds_their_module() -> None:
    class Net(Module):
        def __init__(self) -> None:
            self.a, self.b = Layer(2, 2, "prelu"), Layer(2, 1)
            self.bias = [Parameter(0.0)]

    net = Net()
    assert len(net.weights()) == 4 + 2
    assert len(net.parameters()) == (4 + 2 + 1) + (2 + 1) + 1


def test_a_monitor_sees_a_layer_whose_attribute_is_called_b() -> None:
    class Net(Module):
        def __init__(self) -> None:
            self.a, self.b = Layer(2, 2), Layer(2, 1)

        def forward(self, x: Any) -> Any:
            return self.b(self.a(x))

    monitor = Monitor()
    monitor.watch(Net())
    assert list(monitor.layers) == ["a", "b"]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ([Layer(1, 1) for _ in range(12)], "held: 12 × Layer"),
        ([Layer(1, 1), Layer(1, 1), MLP(1, [1])], "held: [2 × Layer, MLP]"),
        ((MLP(1, [1]),), "held: [MLP]"),
        ({"user": MLP(1, [1]), "item": Layer(1, 1)}, "held: {user: MLP, item: Layer}"),
        ({"towers": [MLP(1, [1]), MLP(1, [1])]}, "held: {towers: 2 × MLP}"),
        ({k: Layer(1, 1) if k % 2 else MLP(1, [1]) for k in range(20)}, "6: MLP, 7: Layer (and 12 more)}"),
        ([[Parameter(1.0)], {}, ()], "Holding(1 parameter)"),
    ],
)
def test_modules_in_holders_are_told_in_one_line(held: Any, told: str) -> None:
    assert told in repr(Holding(held))
    assert "\n" not in repr(Holding(held))


def test_many_plain_values_are_told_once() -> None:
    model = Holding({"W": [[Value(0.1) for _ in range(6)] for _ in range(3)], "w1": Value(0.0)})
    remedy = "are made of Value: use Parameter to train them"
    assert repr(model) == f"Holding(0 parameters; held.W (18 numbers), held.w1 {remedy})"


@pytest.mark.parametrize("options", [{}, {"frozen": True}, {"slots": True}, {"eq": False}])
def test_a_module_that_is_a_dataclass_is_trained_watched_and_saved(options: Any, tmp_path: Path) -> None:
    @dataclass(**options)
    class Deep(Module):
        layers: list[Layer]

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = layer(x)
            return x

    X, y = [[0.5, 1.0], [1.0, -0.5]], [1.0, 0.0]
    model, monitor = Deep([Layer(2, 2, seed=0), Layer(2, 1, "linear", seed=1)]), Monitor()
    before = model.state_dict()
    fit(model, X, y, loss="mse", epochs=2, callbacks=[monitor], progress=False)
    assert monitor.layers == ["layer 1", "layer 2"]
    assert all(x != before[path] for path, x in model.state_dict().items())
    assert len(before) == len(model.parameters()) == 9
    save(model, tmp_path / "deep.safetensors")
    for again in (load(tmp_path / "deep.safetensors", classes=[Deep]), copy.deepcopy(model)):
        assert again.state_dict() == model.state_dict()
        assert predict(again, X) == predict(model, X)
    titles = [group.title for group in fold(trace(model(X[0]))).groups]
    assert titles == ["inputs", "layer 1", "layer 2"]


def test_parameters_in_slots_are_found() -> None:
    class Slotted(Module):
        __slots__ = ("unset", "w")

        def __init__(self) -> None:
            self.w, self.b = [Parameter(0.5)], Parameter(0.25)

    assert Slotted().state_dict() == {"w.0": 0.5, "b": 0.25}
