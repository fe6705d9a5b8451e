"""Folding reads Modules, never labels: renamed, every network folds as before."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, gallery, topological_order
from autograd import sum as sum_of
from autograd.seeing.facts.folding.folded import FOLDINGS, fold
from autograd.seeing.facts.trace import trace
from autograd.seeing.pages.player.views.choice import views
from nn import MLP, GRUCell, LSTMCell, Recurrent, RNNCell
from tests.networks import (
    Autoencoder,
    Experts,
    Hourglass,
    Likeness,
    Line,
    Ranking,
    Residual,
    Tied,
    TiedByHand,
    Tree,
    Twins,
    TwoTowers,
    Wave,
    listed,
)
from tests.thorough import ALL


def random_network(chance: random.Random) -> Value:
    """Return the loss of a network of any kind on random numbers."""

    def numbers(n: int) -> list[float]:
        return [chance.uniform(-1, 1) for _ in range(n)]

    seed, width = chance.randrange(1000), chance.randint(1, 4)
    cell = chance.choice([RNNCell, LSTMCell, GRUCell])
    makers: list[Callable[[], Any]] = [
        lambda: MLP(
            2, [*(chance.randint(1, 4) for _ in range(chance.randint(1, 4))), 2],
            chance.choice(["tanh", "relu", "prelu"]), fused=chance.random() < 0.5, seed=seed,
        )(numbers(2)),
        lambda: Recurrent(cell(1, width, seed=seed), 2, seed=seed)(numbers(chance.randint(1, 4))),
        lambda: Residual(chance.randint(1, 5), width)(numbers(2)),
        lambda: Autoencoder()(numbers(4)),
        lambda: Tied()(numbers(3)),
        lambda: TiedByHand(width, 3)(numbers(3)),
        lambda: Likeness()(chance.randrange(4), chance.randrange(4)),
        lambda: Twins()(numbers(2), numbers(2)),
        lambda: Tree()(((1.0, 2.0), 3.0)),
        lambda: Line()(Value(*numbers(1))),
        lambda: Wave()([Value(x) for x in numbers(5)]),
        lambda: TwoTowers()(numbers(2), numbers(2), numbers(2)),
        lambda: Ranking(width)([chance.randrange(5), chance.randrange(6)]),
        lambda: Experts(width)(numbers(2)),
        lambda: Hourglass(width)(numbers(3)),
    ]  # fmt: skip
    make, samples = chance.choice(makers), chance.randint(1, 3)
    outputs = [y for _ in range(samples) for y in listed(make())]
    return sum_of([(y - 1.0) ** 2 for y in outputs])


def folded_facts(output: Value) -> Any:
    """Return all that is folded, but for names."""
    facts = trace(output)
    use = next(use for use in reversed(facts.uses) if not facts.modules[use.module].is_unit)
    opened = f"{'.'.join(use.module)}[{use.turn + 1}]"
    return [
        (
            [
                (g.id, g.title, g.kind, g.of, g.path, g.column, g.count, g.units, g.uses, g.parts, g.leaving)
                for g in found.groups
            ],
            [[node.id for node in group.members] for group in found.groups],
            [node.id for node in found.nodes],
            [
                (x.source, x.target, x.edges, [w.id for w in x.weights], [w.id for w in x.tied])
                for x in found.links
            ],
        )
        for found in [*(fold(facts, by) for by in FOLDINGS), fold(facts, opened=[opened])]
    ]


def gallery_facts(output: Value) -> Any:
    found = gallery(output).facts
    cards = [
        (c.layer, c.value, c.gradient, c.count, [(w.product, w.spots) for w in c.ways]) for c in found.cards
    ]
    return cards, found.layers, found.neurons, found.trend()


def view_facts(output: Value) -> Any:
    return [(v.name, v.title, v.nodes, v.edges, v.opens, v.parent, v.note) for v in views(trace(output))]


NAMES = ["", "speed", "w11^1", "z2^7", "a1^1", "b", "x3", "h1^2", "☂"]


@pytest.mark.parametrize(
    ("facts_of", "few", "many"), [(folded_facts, 30, 1000), (gallery_facts, 20, 1000), (view_facts, 5, 200)]
)
def test_renaming_every_label_changes_no_fact(facts_of: Callable[[Value], Any], few: int, many: int) -> None:
    for seed in range(many if ALL else few):
        output = random_network(random.Random(seed))
        output.backward()
        before = facts_of(output)
        chance = random.Random(seed)
        for v in topological_order(output):
            v.label = chance.choice(NAMES)
        assert facts_of(output) == before, seed


@given(st.integers(0, 10**9))
@settings(max_examples=40, deadline=None)
def test_every_box_of_one_module_is_opened_by_what_it_is_called(seed: int) -> None:
    facts, chance = trace(random_network(random.Random(seed))), random.Random(seed)
    opened: list[str] = []
    for _ in range(3):
        boxes = [
            group
            for group in fold(facts, opened=opened).groups
            if group.kind == "module" and "uses" not in group.turns
        ]
        if not boxes:
            return
        box = chance.choice(boxes)
        again = fold(facts, opened=[box.title])
        held = {group.id: group for group in again.groups}
        for node in box.members:
            inside = held.get(again.where[node.id])
            if node.op and inside and inside.title == box.title:
                assert box.count == 1
                assert facts.places[node.id].module == box.path
        opened.append(box.title)


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_every_value_is_in_one_box_or_loose_and_no_link_is_lost(seed: int) -> None:
    output, chance = random_network(random.Random(seed)), random.Random(seed)
    output.backward()
    facts = trace(output)
    called = [use for use in facts.uses if not facts.modules[use.module].is_unit]
    opened = [f"{'.'.join(use.module)}[{use.turn + 1}]" for use in chance.sample(called, min(2, len(called)))]
    for found in [*(fold(facts, by) for by in FOLDINGS), fold(facts, opened=opened)]:
        inside = [node.id for group in found.groups for node in group.members]
        assert sorted([*inside, *(node.id for node in found.nodes)]) == sorted(
            node.id for node in facts.nodes
        )
        home = {node.id: group.id for group in found.groups for node in group.members}
        everywhere = {(w.id, group.id) for group in found.groups for w in group.shared} | {
            (node.id, group.id) for node in facts.nodes if node.role == "constant" and node.id in home
            for group in found.groups
        }  # fmt: skip
        crossing = [
            e for e in facts.edges
            if home.get(e.source, e.source) != home.get(e.target, e.target)
            and (e.source, home.get(e.target)) not in everywhere
        ]  # fmt: skip
        assert sum(len(x.edges) for x in found.links) == len(crossing)
        for group in found.groups:
            firsts = {facts.places[w.id].module for w in group.weights()} - {()}
            held = {m.first for m in facts.modules.values() if m.path[: len(group.path)] == group.path}
            assert group.count > 1 or firsts <= held
        taken = [e for x in found.links for e in x.taken]
        assert len({*taken}) == len(taken)  # each use of a weight is said by one arrow at most
        for x in found.links:
            if len(x.weights) == 1:
                (w,) = x.weights
                beside = [e.contribution or 0.0 for e in facts.edges if e.source == w.id and e not in x.taken]
                assert len(beside) == x.others
                assert (x.gradient() or 0.0) == pytest.approx((w.gradient or 0.0) - sum(beside), abs=1e-9)
        assert len({group.id for group in found.groups}) == len(found.groups)
