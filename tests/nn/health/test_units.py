"""Units are found by the op of their activation and its place: in neurons, around them, without them."""

import pytest

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
from nn.health.units import UnitFacts, look_inside
from tests.nn.engines import ENGINES, TAPE
from tests.nn.health.models import Around, Plain, points


def test_a_neurons_activation_is_the_last_that_it_computes():
    for activation in (lambda z: z * z.sigmoid(), lambda z: z.relu() + 1.0):
        assert look_inside(Neuron(1, activation), [[1.0]]).units == {}
    assert look_inside(Neuron(1, lambda z: (2.0 * z).relu(), init="ones"), [[1.0]]).units == {
        "": UnitFacts(1, None, 0)
    }


def test_relus_without_neurons_are_counted_where_their_inputs_were_computed():
    model = Around("relu")
    model.l1.b = [-9.0, 9.0, -9.0]
    assert look_inside(model, [[0.5, 0.5], [0.1, 0.2]]).units["l1"].dead == 2
    plain = Sequential(Plain(2, 3, "relu"), Plain(3, 1, None))
    for p in plain[0].bias:
        p.data = -9.0
    assert look_inside(plain, [[0.5, 0.5]]).units == {"steps.0": UnitFacts(3, None, 3)}


def test_a_module_in_the_place_of_an_activation_is_seen_through():
    class Squash(Module):
        def forward(self, z):
            return (3.0 * z).tanh()

    model = MLP(1, [2, 1], Squash(), init="ones")
    assert look_inside(model, [[0.0], [9.0]]).units == {"layers.0": UnitFacts(0, 0.5, None)}


def test_a_unit_that_is_used_often_is_dead_if_it_never_fires():
    cell = RNNCell(1, 2, "relu", init="zeros")
    cell.hidden.b = [-1.0, 0.0]
    cell.hidden.W = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    model = Recurrent(cell, 1, seed=0)
    facts = look_inside(model, [[[-1.0], [2.0], [-1.0]], [[-1.0], [-1.0], [-1.0]]]).units
    assert facts == {"cell.hidden": UnitFacts(relus=2, saturated=None, dead=1)}


def test_units_of_both_kinds_in_one_layer_are_told_apart():
    class Both(Plain):
        def forward(self, x):
            a, b, c = super().forward(x)
            return [a.relu(), b.sigmoid(), c.tanh()]

    model = Both(1, 3, None)
    for row, w in zip(model.W, (-1.0, 9.0, 0.1), strict=True):
        row[0].data = w
    assert look_inside(model, [[1.0], [2.0]]).units == {"": UnitFacts(relus=1, saturated=0.5, dead=1)}


class Towers(Module):
    """A model of two inputs in a dictionary, with outputs in a dictionary."""

    def __init__(self):
        self.left, self.right = Layer(2, 3, "relu", seed=0), Layer(1, 3, "tanh", seed=1)
        self.head = Layer(6, 1, "linear", seed=2)
        self.left.b = [-90.0] * 3

    def forward(self, left, right):
        return {"sum": self.head([*self.left(left), *self.right(right)])}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_paths_of_a_model_of_structures_are_the_users(engine):
    X, y = points(24)
    model, monitor = Towers(), Monitor()
    data = {"left": X, "right": y}
    fit(
        model, data, {"sum": y}, loss=lambda out, t: (out["sum"] - t["sum"]) ** 2, epochs=12, engine=engine,
        callbacks=[monitor], progress=False,
    )  # fmt: skip
    assert monitor.layers == ["left", "right", "head"]
    left, right, _ = monitor.records[-1].layers
    assert (left.dead, right.saturated is None) == (3, False)
    assert {f.sign: f.path for f in monitor.findings}["dying units"] == "left"


@TAPE
@pytest.mark.parametrize("kind", [MLP, Around, Plain, RNNCell, GRUCell, LSTMCell])
def test_both_engines_record_the_same(kind):
    X, y = points(12)
    if kind is MLP:
        make = lambda: MLP(2, [3, 3, 1], ["relu", "prelu", "sigmoid"], seed=0)  # noqa: E731
    elif kind is Plain:
        make = lambda: Sequential(Plain(2, 3, "tanh"), Plain(3, 1, None), lambda out: out[0])  # noqa: E731
    elif kind is Around:
        make = Around
    else:
        make = lambda: Recurrent(kind(2, 3, seed=0), 1, truncate=2, seed=0)  # noqa: E731
        X, y = [points(5, seed=k)[0] for k in range(12)], [0.5, -0.5] * 6
    monitors = []
    for engine in ("eager", "tape"):
        model, monitor = make(), Monitor()
        history = fit(
            model, X, y, loss="mse", optimizer=SGD(model.parameters(), lr=0.1), epochs=3, engine=engine,
            callbacks=[monitor], progress=False,
        )  # fmt: skip
        assert history.engine == engine
        monitors.append(monitor)
    eager, tape = monitors
    assert eager.layers == tape.layers
    assert any(own.dead is not None or own.saturated is not None for own in eager.records[0].layers)
    for one, two in zip(eager.records, tape.records, strict=True):
        for a, b in zip(one.layers, two.layers, strict=True):
            assert (a.dead, a.saturated) == (b.dead, b.saturated)
            numbers = [(own.gradient, own.weights, own.update) for own in (a, b)]
            assert numbers[0] == pytest.approx(numbers[1], rel=1e-9, abs=1e-15)
