"""The picture of how large the gradients of each layer are."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Parameter, Value, dot, gallery
from autograd import sum as sum_of
from autograd.seeing.pages.gallery.facts import Facts, Spread
from autograd.seeing.pages.gallery.spread import NARROW, WIDE, Scale, layers_svg
from nn import MLP, Embedding, Layer, LSTMCell, Module, Recurrent
from tests.networks import Net, listed


def test_the_size_of_a_layer_is_the_root_mean_square_of_its_gradients() -> None:
    net = Net(3, 4, 2, 1)
    shown = gallery(net.loss)
    net.loss.backward()
    assert [spread.layer for spread in shown.facts.layers] == ["layer 3", "layer 2", "layer 1"]
    for spread, layer in zip(shown.facts.layers, reversed(net.model.layers), strict=True):
        grads = [w.grad for w in layer.parameters()]
        assert spread.typical == pytest.approx(math.sqrt(math.fsum(g * g for g in grads) / len(grads)))
        assert list(spread.sizes) == sorted(abs(g) for g in grads if g)
        assert spread.zeros == grads.count(0.0)


class Times(Module):
    """Multiplies by a weight."""

    def __init__(self, w: float = 1.0) -> None:
        self.w = Parameter(w)

    def forward(self, x: Value | float) -> Value:
        return self.w * x


def test_a_deep_sigmoid_network_is_said_to_vanish_and_a_wild_one_to_explode() -> None:
    deep = Net(2, *[3] * 9, 1, squash=Value.sigmoid)
    assert "vanishes" in gallery(deep.loss).facts.trend()
    y: Value = Value(0.1, "x1")
    for _ in range(5):
        y = Times(40.0)(y)
    flat, wild = gallery(y).facts.trend(), Net(2, *[3] * 6, 1, squash=lambda z: (z * 40.0).sin())
    assert "keeps its size" in flat
    assert "explodes" in gallery(wild.loss).facts.trend()


@given(st.lists(st.floats(0, 1e308) | st.sampled_from([0.0, inf, nan, 5e-324]), min_size=1, max_size=6))
def test_any_sizes_at_all_can_be_drawn(gradients: list[float]) -> None:
    spreads = gallery(sum_of([Times()(g) for g in gradients])).facts.layers
    for columns in (WIDE, NARROW):
        svg = layers_svg(spreads, columns)
        places = [float(x) for x in re.findall(r' c?x[12]?="([^"]+)"', svg)]
        assert all(0 <= x <= columns.width for x in places)


def test_with_two_layers_the_trend_is_said_once() -> None:
    trend = gallery(Net(3, 3, 1).loss).facts.trend()
    assert "a layer" not in trend
    assert trend.endswith(" its size.")
    assert "a layer." in gallery(Net(3, 3, 3, 1).loss).facts.trend()


def test_the_scale_holds_all_sizes_between_whole_powers_of_ten() -> None:
    scale = Scale.around([3e-9, 0.2])
    assert (scale.low, scale.high) == (-9, 0)
    assert scale.x(1e-9) < scale.x(3e-9) < scale.x(0.2) < scale.x(1.0)


def test_smaller_gradients_stand_further_to_the_left() -> None:
    spreads = [
        Spread(f"layer {layer}", (10.0**-power,), 0, 0, layer) for power, layer in enumerate((3, 2, 1))
    ]
    dots = [float(x) for x in re.findall(r'class="typical" cx="([^"]+)"', layers_svg(spreads))]
    assert dots == sorted(dots, reverse=True)
    assert "÷ 10" in layers_svg(spreads)


def test_layers_side_by_side_are_not_on_one_way_back() -> None:
    class Towers(Module):
        def __init__(self) -> None:
            self.user, self.item = MLP(2, [3, 2], seed=0), MLP(3, [3, 2], seed=1)

        def forward(self, user: Any, item: Any) -> Value:
            return dot(self.user(user), self.item(item))

    facts = gallery(Towers()([0.5, -1.0], [0.1, 0.2, 0.3])).facts
    assert [spread.column for spread in facts.layers] == [2, 2, 1, 1]
    assert facts.neurons == {0: 5, 1: 6, 2: 4}
    assert facts.trend() == ""
    assert "÷" not in layers_svg(facts.layers)
    cell = Recurrent(LSTMCell(1, 2, seed=0), 1, seed=1)
    readout, *gates = [spread.column for spread in gallery(cell([0.1, 0.2])).facts.layers]
    assert gates == [gates[0]] * 4
    assert readout > gates[0]


@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.booleans(), st.integers(0, 99))
def test_tied_weights_are_in_each_layer_as_if_it_had_its_own(sizes: list[int], bias: bool, seed: int) -> None:
    class Autoencoder(Module):
        """An autoencoder, whose layers may get the weights of those of its encoder, transposed."""

        def __init__(self, tied: bool) -> None:
            back = sizes[::-1]
            self.encoder = [Layer(*ends, "tanh", seed=seed + k) for k, ends in enumerate(pairwise(sizes))]
            self.decoder = [Layer(*ends, "linear", bias=bias, seed=0) for ends in pairwise(back)]
            for layer, mirrored in zip(self.decoder, reversed(self.encoder), strict=True):
                if tied:
                    layer.weight = zip(*mirrored.weight, strict=True)
                else:
                    layer.W = [*zip(*mirrored.W, strict=True)]

        def forward(self, x: Any) -> Any:
            for layer in [*self.encoder, *self.decoder]:
                x = listed(layer(x))
            return sum_of([(y - 1.0) ** 2 for y in x])

    x = [0.5 - 0.3 * k for k in range(sizes[0])]
    tied, untied = Autoencoder(True)(x), Autoencoder(False)(x)
    facts, expected = gallery(tied).facts, gallery(untied).facts
    assert [(s.layer, s.weights) for s in facts.layers] == [(s.layer, s.weights) for s in expected.layers]
    sizes_of_both = [[s.typical for s in found.layers] for found in (facts, expected)]
    assert sizes_of_both[0] == pytest.approx(sizes_of_both[1])
    assert facts.trend() == expected.trend()
    assert "several layers compute with" in gallery(tied).html()
    assert "several layers compute with" not in gallery(untied).html()


@given(st.lists(st.integers(0, 2), min_size=2, max_size=5), st.integers(1, 3))
def test_a_layer_that_recurs_is_on_no_one_way_back(used: list[int], samples: int) -> None:
    class Chain(Module):
        def __init__(self) -> None:
            self.layers = [Layer(2, 2, "tanh", seed=k) for k in range(3)]

        def forward(self, x: Any) -> Any:
            for k in used:
                x = self.layers[k](x)
            return sum_of(x)

    model = Chain()
    facts = gallery(sum_of([model([0.5, k - 1.0]) for k in range(samples)])).facts
    is_one_way = len(set(used)) == len(used)
    assert {spread.layer for spread in facts.layers if spread.recurs} == {
        f"layer {k + 1}" for k in used if used.count(k) > 1
    }
    assert bool(facts.trend()) == is_one_way
    assert ('points=""' in layers_svg(facts.layers)) != is_one_way


def test_a_table_that_gives_its_weights_stands_before_the_layer_that_takes_them() -> None:
    class Language(Module):
        """Its last layer holds the table's rows: they are tied."""

        def __init__(self, output: bool) -> None:
            self.table, self.hidden = Embedding(4, 3, seed=0), Layer(3, 3, "tanh", seed=1)
            self.output = Layer(3, 4, "linear", seed=2)
            self.output.weight = self.table.weight
            self.uses_output = output

        def forward(self, word: int) -> Value:
            given = self.hidden(self.table(word))
            return sum_of(self.output(given) if self.uses_output else given) ** 2

    facts = gallery(Language(True)(1)).facts
    assert [(s.layer, s.weights) for s in facts.layers] == [("output", 16), ("hidden", 12), ("table", 3)]
    assert "from output to table" in facts.trend()
    assert [s.layer for s in gallery(Language(False)(1)).facts.layers] == ["hidden", "table"]


def test_a_weight_before_and_after_what_its_module_holds_is_on_no_one_way_back() -> None:
    class Around(Module):
        def __init__(self) -> None:
            self.before, self.inner, self.after = Parameter(2.0), Times(3.0), Parameter(0.5)

        def forward(self, x: Any) -> Any:
            return self.after * self.inner(self.before * x)

    facts = gallery(Around()(0.5)).facts
    assert [s.layer for s in facts.layers if s.recurs] == ["Around"]
    assert facts.trend() == ""


def test_a_small_change_is_no_factor_of_one() -> None:
    layers = tuple(Spread(f"layer {k}", (1.05**k,), 0, 0, column=k) for k in range(9, 1, -1))
    assert "to 1/1.4 of its size, on average ÷ 1.05 a layer." in Facts("y", 1.0, (), 8, layers, {}).trend()
