"""Routes cut short are told apart wherever routes are listed, by what is left of their words."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Parameter, Value, gallery, gradient_path, topological_order
from autograd.seeing.facts.cut_apart import cut_apart, ways_in_words
from tests.autograd.seeing.facts.folding.test_labels import random_network
from tests.networks import Net
from tests.routes import graph_of
from tests.strategies import Recipe, recipes

LINES = re.compile(r"<span>([^<]*)</span></li>")
CELLS = re.compile(r'<td class="factors"[^>]*>(.*?)</td>')


def on_cards(output: Value, weights: Sequence[Value]) -> list[list[str]]:
    cards = gallery(output, weights).html().split('<ul id="cards">')[1].split("<li data-layer")[1:]
    return [LINES.findall(card) for card in cards]


def in_ledger(output: Value, weight: Value) -> list[str]:
    """What its table in a notebook says of each route, without the numbers."""
    ledger = gradient_path(output, weight).ledger(9)
    rows = CELLS.findall(ledger._repr_mimebundle_()["text/html"])[: len(ledger.entries)]
    return [re.sub(r"<span>[^<]*</span></span>", "", row) for row in rows]


def all_differ(words: Sequence[str]) -> bool:
    return len(set(words)) == len(words)


@given(st.integers(0, 10**9))
@settings(max_examples=20, deadline=None)
def test_the_routes_of_any_network_are_told_apart_by_their_words(seed: int) -> None:
    y = random_network(random.Random(seed))
    weights = [v for v in topological_order(y) if v.role == "weight"]
    assert all(map(all_differ, on_cards(y, weights)))
    for w in weights[:3]:
        assert all_differ(in_ledger(y, w))


def test_what_is_left_of_a_long_route_is_where_it_parts_from_others() -> None:
    net = Net(2, *[3] * 10, 1)
    cards = on_cards(net.loss, net.weights)
    assert all(map(all_differ, cards))
    assert sum("…" in line for card in cards for line in card) > 300
    assert max(line.count("→") for card in cards for line in card) < 9
    for w in net.weights[:4]:
        assert all_differ(in_ledger(net.loss, w))


@given(recipes(), st.integers(0, 3))
def test_the_routes_of_any_expression_are_told_apart(recipe: Recipe, which: int) -> None:
    y, w = graph_of(recipe, which)
    (card,) = on_cards(y, [w])
    assert all_differ(card)
    assert all_differ(in_ledger(y, w))


def test_two_results_that_are_called_alike_are_told_by_the_input_that_they_are() -> None:
    w = Parameter(0.5, "w")
    y = (w * 2).tanh() + (w * 2).tanh()
    assert {words.rpartition(", ")[2] for words in on_cards(y, [w])[0]} == {"by input 1", "by input 2"}
    assert all_differ(in_ledger(y, w))


@given(st.lists(st.text("abc", max_size=14), max_size=6, unique=True), st.integers(2, 8))
def test_any_words_that_differ_do_so_when_they_are_cut(routes: list[str], most: int) -> None:
    assert all_differ(ways_in_words(routes, most))
    for route, places in zip(routes, cut_apart(routes, most), strict=True):
        named = [i for i in places if i is not None]
        assert named == sorted(set(named))
        assert named[:1] == [0][: len(route)]
        assert named[-1:] == [len(route) - 1][: len(route)]
        assert len(route) > most or named == [*range(len(route))]
