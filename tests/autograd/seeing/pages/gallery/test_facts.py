"""The facts of a gallery: its numbers against gradient paths one by one."""

from __future__ import annotations

import random
from math import nan
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograd import Constant, Parameter, Value, gallery, gradient_path, topological_order
from autograd import sum as sum_of
from autograd.seeing.pages.gallery import facts as gathering
from autograd.seeing.paths import GradientPath
from nn import Module
from tests.autograd.seeing.facts.folding.test_labels import random_network
from tests.networks import Net, Readers
from tests.strategies import Recipe, recipes


@given(recipes(), st.booleans())
def test_every_card_says_what_the_weights_own_path_says(recipe: Recipe, inner: bool) -> None:
    leaves = [Value(x, f"x{i}") for i, x in enumerate(recipe.numbers)]
    y = recipe.compute(leaves)
    assume(y.role != "constant")
    weights = topological_order(y) if inner else leaves
    weights = [v for v in weights if v.role != "constant"]
    for w in weights:
        w.label = f"v{id(w)}"
    by_name = {card.name: card for card in gallery(y, weights).cards}
    for w in weights:
        path, card = gradient_path(y, w), by_name[w.label]
        assert (card.value, card.count) == (w.data, path.count)
        assert card.gradient == path.total
        products = [route.product for route in path.routes(3)]
        assert [abs(way.product) for way in card.ways] == pytest.approx([abs(p) for p in products], rel=1e-12)
        assert card.rest == pytest.approx(path.ledger(3).rest, rel=1e-9, abs=1e-9 * size_of(path))


def size_of(path: GradientPath) -> float:
    """The magnitudes of the routes, of which a sum of a few is exact to a small part."""
    return sum(abs(route.product) for route in path.routes(100))


@given(st.integers(0, 10**9))
@settings(max_examples=20, deadline=None)
def test_what_stands_on_a_card_adds_up(seed: int) -> None:
    for card in gallery(random_network(random.Random(seed))).cards:
        size = sum(abs(way.product) for way in card.ways) * max(1, card.count)
        assert sum(way.product for way in card.ways) + card.rest == pytest.approx(
            card.gradient, abs=1e-9 * size
        )
        assert card.remaining or not card.rest


def test_the_page_of_a_card_tells_every_route_or_how_many_others() -> None:
    cards = gallery(Net(4, 4, 3, 3, 1).loss).html().split("<li data-layer")[1:]
    lines = [card.count("<li>") for card in cards]
    assert sorted(set(lines)) == [1, 3, 4]
    assert [("6 others" in card) for card in cards] == [n == 4 for n in lines]


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_every_spot_of_any_network_is_a_neuron_in_its_picture(seed: int) -> None:
    found = gallery(random_network(random.Random(seed)))
    for layer, place in (spot for card in found.cards for way in card.ways for spot in way.spots):
        assert 1 <= place <= found.facts.neurons[layer]
    assert "</html>" in found.html()


def test_the_largest_gradient_comes_first_and_nan_before_all() -> None:
    a, b, c, d = (Parameter(1.0, name) for name in "abcd")
    y = a * 2 + b * -5 + c * 3 + d.log() * nan
    assert [card.name for card in gallery(y).cards] == ["d", "b", "c", "a"]


def test_weights_are_all_parameters_unless_they_are_named() -> None:
    net = Net(2, 2, 1)
    assert {card.name for card in gallery(net.loss).cards} == {w.label for w in net.weights}
    assert [card.name for card in gallery(net.loss, [net.weights[0], net.weights[0]]).cards] == ["w11^1"]


def test_a_weight_that_does_not_matter_has_a_card_that_says_so() -> None:
    net = Net(2, 2, 1)
    (card,) = gallery(net.loss, [Parameter(1.0, "v")]).cards
    assert (card.gradient, card.count, card.ways) == (0.0, 0, ())
    assert "no route leads to the output" in gallery(net.loss, [Parameter(1.0, "v")]).html()


def test_a_constant_is_on_no_route() -> None:
    w, fixed = Parameter(2.0, "w"), Constant(3.0, "c")
    (card,) = gallery(w * fixed, [fixed]).cards
    assert (card.gradient, card.count) == (0.0, 0)


def test_the_output_itself_may_be_asked_for() -> None:
    x = Value(2.0, "x")
    (card,) = gallery(x, [x]).cards
    assert (card.gradient, card.count, len(card.ways)) == (1.0, 1, 1)


def test_the_way_of_a_route_names_every_stop() -> None:
    net = Net(2, 2, 2, 1)
    card = next(card for card in gallery(net.loss).cards if card.name == "w11^1")
    assert card.layer == "layer 1"
    assert card.count == 2
    for way in card.ways:
        assert [stop for stop in way.stops if stop.startswith("a") and stop.endswith("⁾")] in (
            ["a₁⁽¹⁾", "a₁⁽²⁾", "a₁⁽³⁾"],
            ["a₁⁽¹⁾", "a₂⁽²⁾", "a₁⁽³⁾"],
        )
        assert [spot[0] for spot in way.spots] == [0, 1, 2, 3]


def test_names_are_taken_from_the_callers_variables() -> None:
    weight = Parameter(2.0)
    loss = weight * 3
    shown = gallery(loss, names=locals())
    assert (shown.facts.output, shown.cards[0].name) == ("loss", "weight")
    assert gallery(loss).cards[0].name == "weight 1"


def test_no_gradient_is_touched() -> None:
    net = Net(2, 2, 1)
    gallery(net.loss).html()
    assert all(repr(v.grad) == "0.0" for v in topological_order(net.loss))


def test_of_too_many_weights_those_with_the_largest_gradients_have_a_card(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = Net(3, 4, 1)
    every = gallery(net.loss)
    monkeypatch.setattr(gathering, "MOST_CARDS", 5)
    shown = gallery(net.loss)
    assert shown.cards == every.cards[:5]
    assert shown.facts.layers == every.facts.layers  # the picture still counts them all
    assert "the 5 of 16 weights and 5 biases with the largest gradients" in shown.html()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1.0,), TypeError, "a gallery is taken of one Value"),
        ((Value(1.0, "x") * 2,), ValueError, "depends on no Parameter"),
        ((Value(1.0, "x") * 2, []), ValueError, "empty list"),
        ((Value(1.0, "x") * 2, [1.0]), TypeError, "the weights of a gallery are Values; got 1.0"),
        ((Value(1.0, "x") * 2, Value(1.0)), TypeError, "for one, write"),
        ((Constant(1.0), [Value(1.0)]), ValueError, "depends on nothing"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        gallery(*arguments)


class Scaled(Module):
    def __init__(self) -> None:
        self.slopes = [Parameter(0.5), Parameter(-1.5)]

    def forward(self, x: Any) -> Any:
        return [(w * v).tanh() for w, v in zip(self.slopes, x, strict=True)]


class TwoOfThem(Module):
    def __init__(self) -> None:
        self.encoder, self.decoder = Scaled(), Scaled()

    def forward(self, x: Any) -> Any:
        return self.decoder(self.encoder(x))


def test_a_route_without_names_says_which_modules_it_passes() -> None:
    cards = gallery(sum_of(TwoOfThem()([0.5, 1.0])) ** 2).cards
    stops = {(card.layer, *[stop.split(" ")[0] for stop in card.ways[0].stops[1:3]]) for card in cards}
    assert stops == {("encoder", "tanh", "decoder:"), ("decoder", "tanh", "Σ")}


def test_what_several_hold_goes_by_the_path_of_the_one_that_uses_it() -> None:
    y = Readers()((1, 0), (2, 0), (0, 2))
    y.backward()
    layers = {spread.layer: len(spread.sizes) + spread.zeros for spread in gallery(y).facts.layers}
    shared = {name: n for name, n in layers.items() if "word" in name}
    assert shared == {
        "user · word · table": 3,
        "user · word · layer": 8,
        "item · word · table": 6,
        "item · word · layer": 8,
    }
    assert "no layer" not in gallery(y).html()
