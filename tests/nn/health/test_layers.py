"""Layers are read from the Module tree and from places, whatever the labels and the order of attributes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import (
    MLP,
    SGD,
    GRUCell,
    Layer,
    LSTMCell,
    Module,
    Monitor,
    Neuron,
    Recurrent,
    RNNCell,
    Sequential,
    fit,
)
from nn.health.layers import Homes, shape_of
from nn.predictions import values_of
from tests.nn.engines import ENGINES
from tests.nn.health.models import Around, Plain, Stack, feedforward, points, recurrent


def names(model):
    return [(layer.name, layer.path) for layer in Homes(model).layers]


def test_a_layer_is_called_by_where_the_model_holds_it():
    assert names(MLP(2, [3, 1])) == [("layer 1", "layers.0"), ("layer 2", "layers.1")]
    assert names(Around()) == [("l1", "l1"), ("l2", "l2")]
    assert names(Sequential(MLP(2, [3, 2]), Layer(2, 1))) == [
        ("stage 1 · layer 1", "steps.0.layers.0"),
        ("stage 1 · layer 2", "steps.0.layers.1"),
        ("stage 2", "steps.1"),
    ]
    assert names(Recurrent(RNNCell(1, 2), 1)) == [("cell · hidden", "cell.hidden"), ("readout", "readout")]
    assert names(Plain(2, 3, "relu")) == [("Plain", "")]
    assert names(Neuron(2)) == [("Neuron", "")]


def test_every_parameter_is_in_one_layer():
    for model in (MLP(2, [3, 3, 1], "prelu"), Stack([2, 3, 1], ["relu", "prelu"], True), Plain(2, 3, None)):
        places = [place for layer in Homes(model).layers for place in layer.places]
        assert sorted(places) == [*range(len(model.parameters()))]


def test_the_slope_of_an_activation_belongs_to_its_layer():
    first, second = Homes(MLP(2, [3, 1], "prelu")).layers
    assert (len(first.places), first.weights, first.units) == (3 * 3 + 1, 6, 3)
    assert (len(second.places), second.weights, second.units) == (4, 3, 1)


def test_layers_of_one_title_are_called_by_their_paths():
    class Net(Module):
        def __init__(self):
            self.layer, self.layers = [Layer(1, 1)], [Layer(1, 1)]

    assert [name for name, _ in names(Net())] == ["layer.0", "layers.0"]


def test_one_label_makes_no_layer():
    model = MLP(2, [3, 1], seed=0)
    model.layers[0].neurons[0].w[0].label = "speed"
    model.layers[1].neurons[0].w[0].label = "w11^7"
    assert [name for name, _ in names(model)] == ["layer 1", "layer 2"]


def shape(model, *inputs):
    return shape_of(values_of(model(*inputs)), Homes(model))


def test_layers_come_in_the_order_in_which_they_are_used():
    model = Stack([2, 3, 3, 1], ["tanh", "tanh", "linear"], backwards=True)
    assert [path for _, path in names(model)] == ["head", "first", "blocks.0"]
    monitor = Monitor()
    monitor.watch(model, [[0.5, -1.0]])
    assert monitor.layers == ["first", "block 1", "head"]
    monitor.watch(model)
    monitor.record(model([0.5, -1.0]))
    assert monitor.layers == ["first", "block 1", "head"]


def test_the_activations_of_a_layer_are_seen_wherever_they_are_applied():
    for model in (Around("relu"), Stack([2, 3, 1], ["relu", "linear"])):
        assert [*shape(model, [0.5, -1.0]).activations.values()] == [{"relu"}, set()]
    assert shape(Plain(2, 3, "tanh"), [0.5, -1.0]).activations == {"": {"tanh"}}


def test_a_layer_is_recurrent_if_it_is_given_what_it_made():
    x = [[0.5], [1.0]]
    assert shape(Recurrent(RNNCell(1, 2), 1), x).recurrent == {"cell.hidden"}
    gates = {f"cell.{gate}" for gate in ("input", "forget", "candidate", "output")}
    assert shape(Recurrent(LSTMCell(1, 2), 1), x).recurrent == gates
    assert "readout" not in shape(Recurrent(GRUCell(1, 2), 1, every_step=True), x).recurrent
    for fused in (True, False):
        assert not shape(MLP(2, [3, 3, 1], fused=fused), [0.5, -1.0]).recurrent

    class Siamese(Module):
        def __init__(self):
            self.tower, self.head = MLP(1, [2, 2]), Layer(2, 1)

        def forward(self, x):
            return self.head([a - b for a, b in zip(self.tower(x[:1]), self.tower(x[1:]), strict=True)])

    assert not shape(Siamese(), [0.5, -1.0]).recurrent


# ----------------------------------------------------------------------------- labels are names only


def renamed(model, rng):
    """The same model with noise for all labels."""
    for p in model.parameters():
        p.label = rng.choice(["", "speed", "w11^2", "a1^1", "b3^9", "h1^4"])
    for module in model.modules():
        if isinstance(module, Neuron):
            module.z_label, module.a_label = rng.choice("xyz"), rng.choice(["", "a1^3", "out"])
    return model


def watched(model, X, y, loss):
    monitor = Monitor()
    fit(
        model, X, y, loss=loss, optimizer=SGD(model.parameters(), lr=0.1), epochs=11, engine="eager",
        callbacks=[monitor], progress=False,
    )  # fmt: skip
    return repr((monitor.layers, monitor.records, monitor.findings))


@pytest.mark.filterwarnings("ignore:the loss became")
@given(feedforward(), st.randoms(use_true_random=False))
def test_no_record_of_a_network_reads_a_label(made, rng):
    X, y = points(6)
    assert watched(made(), X, y, "mse") == watched(renamed(made(), rng), X, y, "mse")


@pytest.mark.filterwarnings("ignore:the loss became")
@given(recurrent(), st.randoms(use_true_random=False))
def test_no_record_of_a_recurrent_network_reads_a_label(made, rng):
    X = [points(2, seed=k)[0] for k in range(3)]
    model = made()
    y = [[0.5, -0.5]] * 3 if model.every_step else [0.5, -0.5, 1.0]
    assert watched(model, X, y, "mse") == watched(renamed(made(), rng), X, y, "mse")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_module_of_ones_own_is_found_ill_like_the_same_mlp(engine):
    X, y = points()
    sizes = [2, *[3] * 10, 1]
    monitors = []
    for model in (
        MLP(2, sizes[1:], "sigmoid", seed=random.Random(0)),
        Stack(sizes, ["sigmoid"] * 10 + ["linear"]),
        Stack(sizes, ["sigmoid"] * 10 + ["linear"], backwards=True),
    ):
        monitor = Monitor()
        fit(
            model, X, y, loss="mse", optimizer=SGD(model.parameters(), lr=0.1), epochs=4, batch_size=8,
            engine=engine, callbacks=[monitor], progress=False,
        )  # fmt: skip
        monitors.append(monitor)
    findings = [monitor.findings[0] for monitor in monitors]
    assert [finding.sign for finding in findings] == ["vanishing gradient"] * 3
    assert [finding.layer for finding in findings] == ["layer 1", "first", "first"]
    assert str(findings[0]).startswith("step 10, layer 1 (layers.0): vanishing gradient")
    assert str(findings[1]).startswith("step 10, first: vanishing gradient")
    assert monitors[0].records == monitors[1].records


def test_tied_weights_are_those_of_each_layer_that_holds_them():
    encoder, decoder = Layer(4, 2, "tanh", seed=0), Layer(2, 4, "linear", seed=1)
    decoder.weight = zip(*encoder.weight, strict=True)
    model = Sequential(encoder, decoder)
    first, second = Homes(model).layers
    numbers = model.parameters()
    assert (first.weights, second.weights, len(numbers)) == (8, 8, 14)
    assert set(first.of(numbers)) == set(encoder.parameters())
    assert set(second.of(numbers)) == set(decoder.parameters())
    assert second.squares == pytest.approx(first.squares)
