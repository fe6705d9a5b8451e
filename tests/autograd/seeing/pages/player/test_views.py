"""The views of a walk: everything is shown somewhere, and what a view names is in its picture."""

from __future__ import annotations

import random
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Parameter, Value, draw
from autograd.functions import dot
from autograd.notation.numbers import number
from autograd.seeing.facts.arrow import edge_key
from autograd.seeing.facts.records import Trace
from autograd.seeing.facts.trace import trace
from autograd.seeing.pages.player.content import facts
from autograd.seeing.pages.player.svg.box_shapes import GAP, NUMBER_WIDTH, is_small_print
from autograd.seeing.pages.player.svg.elements import text_width
from autograd.seeing.pages.player.views.choice import MOST_NODES, View, boxes_of, views
from autograd.seeing.pages.player.views.parts import Whole
from autograd.seeing.style import SMALL_SIZE, TEXT_SIZE
from autograd.seeing.walk import walk
from nn import (
    MLP,
    AvgPool2d,
    Conv2d,
    Flatten,
    GRUCell,
    Layer,
    LSTMCell,
    MaxPool2d,
    Module,
    Recurrent,
    Reshape,
    Sequential,
    losses,
)
from tests.networks import Ranking

HOSTILE = [
    '"><img src=x onerror=alert(1)>',
    "</text></svg><script>",
    "a&b;\\N\\G",
    "]]>",
    'data-slot="x">1',
    "\x00\x1b\ud800",
]


def chain(steps: int, label: str = "w") -> Value:
    """A graph of many nodes that is no network: eight leaves used over and over."""
    pick = random.Random(0)
    leaves = [Value(pick.uniform(-1, 1), f"{label}{i}") for i in range(8)]
    y = Value(0.5, "y0")
    for _ in range(steps):
        y = (y * pick.choice(leaves) + pick.choice(leaves)).tanh()
    return y


def network(*sizes: int, fused: bool = True, loss: str = "cross_entropy", activation: str = "tanh") -> Value:
    model = MLP(sizes[0], list(sizes[1:]), activation=activation, seed=0, fused=fused)
    outputs = model([0.1 * i for i in range(sizes[0])])
    if loss == "cross_entropy":
        return losses.cross_entropy(outputs, 1)
    return losses.mse([outputs] if isinstance(outputs, Value) else outputs, [1.0] * sizes[-1])


def convolutions(pool: type[Module]) -> Any:
    parts = [Conv2d(1, 2, 3, padding=1, activation="relu", seed=0), pool(2), Conv2d(2, 2, 2, seed=1)]
    model = Sequential(Reshape(1, 6, 6), *parts, Flatten(), Layer(8, 1, seed=2))
    return model([0.1 * i for i in range(36)])


GRAPHS = {
    "one leaf": lambda: Value(1.0, "a"),
    "convolutions": lambda: convolutions(MaxPool2d),
    "convolutions and means": lambda: convolutions(AvgPool2d),
    "unlabelled": lambda: (Value(1.0) * 2 + 1).exp(),
    "small": lambda: chain(3),
    "many nodes": lambda: chain(60),
    "fused": lambda: network(8, 12, 4),
    "in little steps": lambda: network(6, 7, 3, fused=False),
    "wide": lambda: network(24, 18, 10),
    "wide in little steps": lambda: network(20, 4, 3, fused=False),
    "other activation": lambda: network(6, 12, 8, 2, loss="mse", activation="silu"),
    "several samples": lambda: losses.mse(
        [f([0.1, 0.2 * i]) for f in [MLP(2, [6, 1], seed=0)] for i in range(5)], [0.0] * 5
    ),
    "weights in the loss": lambda: _regularised(),
    "one layer": lambda: losses.cross_entropy(Layer(12, 30, "tanh", seed=0)([0.1] * 12), 0),
    "in time": lambda: losses.mse(Recurrent(GRUCell(1, 3, seed=0), 1, seed=1)([0.1] * 12), 0.0),
    "blocks": lambda: losses.mse(Residual(12)([0.5, -1.0]), 0.0),
    "networks in a network": lambda: losses.mse(Autoencoder()([0.1] * 8), [0.0] * 8),
    "a Module of one's own": lambda: losses.mse(Polynomial()(Value(0.5, "x")), 0.0),
}


class Residual(Module):
    def __init__(self, blocks: int) -> None:
        self.stem, self.head = Layer(2, 4, "tanh", seed=0), Layer(4, 1, "linear", seed=1)
        self.blocks = [Block(seed) for seed in range(blocks)]

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class TwoTowers(Module):
    def __init__(self) -> None:
        self.user, self.item = MLP(6, [8, 4], seed=0), MLP(6, [8, 4], seed=1)

    def forward(self, user: Any, item: Any) -> Any:
        return dot(self.user(user), self.item(item))


class Block(Module):
    def __init__(self, seed: int) -> None:
        self.inner, self.outer = Layer(4, 4, "tanh", seed=seed), Layer(4, 4, "linear", seed=seed)

    def forward(self, x: Any) -> Any:
        return [a + b for a, b in zip(x, self.outer(self.inner(x)), strict=True)]


class Autoencoder(Module):
    def __init__(self) -> None:
        self.encoder, self.decoder = MLP(8, [6, 3], seed=0), MLP(3, [6, 8], seed=1)

    def forward(self, x: Any) -> Any:
        return self.decoder(self.encoder(x))


class Polynomial(Module):
    def __init__(self) -> None:
        self.c = [Parameter(1.0 / k) for k in range(1, 100)]

    def forward(self, x: Any) -> Any:
        y = Value(0.0)
        for c in self.c:
            y = y * x + c
        return y


def _regularised() -> Value:
    model = MLP(8, [10, 2], activation="tanh", seed=0)
    return losses.cross_entropy(model([0.1] * 8), 0) + 0.1 * losses.l2(model.parameters())


def shown(output: Value) -> tuple[Trace, list[View]]:
    facts = walk(output).trace if output.op else trace(output)
    return facts, views(facts)


def arrows(view: View) -> list[str]:
    """Which boxes the arrows of an overview lead from and to, by the names of the views that these open."""
    return sorted(f"{a}-{b}" for a, b in re.findall(rf'id="{view.name}-([-l\d]+)-to-([-l\d]+)"', view.svg))


def ids(view: View) -> set[str]:
    found = [element.get("id") for element in ElementTree.fromstring(view.svg).iter()]
    named = [id for id in found if id]
    assert len(named) == len(set(named)), "an id is given twice"
    return set(named)


@pytest.fixture(params=GRAPHS, scope="module")
def pictured(request: pytest.FixtureRequest) -> tuple[Trace, list[View]]:
    return shown(GRAPHS[request.param]())


class TestEveryGraph:
    def test_every_node_and_edge_is_in_a_view(self, pictured: tuple[Trace, list[View]]) -> None:
        facts, pictures = pictured
        assert {node.id for node in facts.nodes} == {id for view in pictures for id in view.nodes}
        assert {edge_key(edge) for edge in facts.edges} == {key for view in pictures for key in view.edges}

    def test_what_a_view_names_is_in_its_picture(self, pictured: tuple[Trace, list[View]]) -> None:
        for view in pictured[1]:
            assert {*view.nodes.values(), *view.edges.values(), *view.opens} <= ids(view), view.name

    def test_edges_are_shown_by_arrows(self, pictured: tuple[Trace, list[View]]) -> None:
        for view in pictured[1]:
            arrows = set(re.findall(r'<g id="([^"]*)" class="edge', view.svg))
            assert set(view.edges.values()) <= arrows, view.name

    def test_views_lead_to_each_other(self, pictured: tuple[Trace, list[View]]) -> None:
        _, (first, *others) = pictured
        names = {first.name, *(view.name for view in others)}
        assert len(names) == 1 + len(others)
        assert first.parent is None
        assert {view.parent for view in others} <= names
        opened = {name for view in (first, *others) for name in view.opens.values()}
        assert opened <= names
        assert {view.name for view in others} <= opened

    def test_the_first_view_shows_every_node(self, pictured: tuple[Trace, list[View]]) -> None:
        facts, (first, *_) = pictured
        assert set(first.nodes) == {node.id for node in facts.nodes}

    def test_every_value_and_gradient_has_a_slot(self, pictured: tuple[Trace, list[View]]) -> None:
        facts, pictures = pictured
        slots = {slot for view in pictures for slot in re.findall(r'data-slot="([^"]*)"', view.svg)}
        assert {f"value:{node.id}" for node in facts.nodes} <= slots
        assert {f"gradient:{node.id}" for node in facts.nodes if node.role != "constant"} <= slots

    def test_pictures_carry_no_colours(self, pictured: tuple[Trace, list[View]]) -> None:
        assert not any(re.search(r"#[0-9a-fA-F]{6}|(fill|stroke)=", view.svg) for view in pictured[1])


def test_what_is_cast_from_a_mould_is_what_would_have_been_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("in little steps", "wide", "many nodes", "in time", "blocks"):
        _, cast = shown(GRAPHS[name]())
        with monkeypatch.context() as patch:
            patch.setattr(Whole, "shape", lambda *_: object())
            _, drawn = shown(GRAPHS[name]())
        assert [view.svg for view in cast] == [view.svg for view in drawn]


class TestHostileLabels:
    @pytest.mark.parametrize("label", [*HOSTILE, "x" * 10_000], ids=range(len(HOSTILE) + 1))
    @pytest.mark.parametrize("steps", [2, 34])
    def test_a_label_stays_text(self, label: str, steps: int) -> None:
        _, pictures = shown(chain(steps, label))
        for view in pictures:
            elements = ElementTree.fromstring(view.svg).iter()
            assert {element.tag.rpartition("}")[2] for element in elements} <= {
                "svg", "g", "title", "rect", "path", "text", "tspan", "circle",
            }  # fmt: skip
            assert len(view.svg) < 400_000

    @given(st.text(max_size=30))
    @settings(max_examples=40, deadline=None)
    def test_any_label_gives_well_formed_svg(self, label: str) -> None:
        a = Value(2.0, label)
        _, (view,) = shown(a * 3.0)
        ElementTree.fromstring(view.svg)

    def test_a_long_label_is_told_in_full_when_pointed_at(self) -> None:
        label = "the price of tea in the harbour of Hamburg"
        _, (view,) = shown(Value(2.0, label) * 3.0)
        titles = [e.text for e in ElementTree.fromstring(view.svg).iter() if e.tag.endswith("title")]
        assert label in titles


class TestNetworks:
    def test_layers_open_their_neurons(self) -> None:
        _, (first, *others) = shown(network(64, 32, 10))
        assert first.title == "network"
        named = {view.name: view for view in others}
        layers = [
            named[name] for name in dict.fromkeys(first.opens.values()) if named[name].parent == first.name
        ]
        assert [view.title for view in layers] == ["inputs", "layer 1", "layer 2", "cross-entropy"]
        assert sum(view.parent == layers[1].name for view in others) == 32

    def test_the_names_a_walk_gives_are_not_taken_for_labels(self) -> None:
        _, pictures = shown(network(8, 8, 4, fused=False))
        assert pictures[0].title == "network"

    def test_a_box_for_a_module_that_holds_but_one_is_called_after_the_outer_one(self) -> None:
        titles = [layer.title for layer in boxes_of(trace(Ranking()([1, 2])))]
        assert titles == ["users", "items", "user_tower", "item_tower", "Ranking"]

    def test_what_a_module_computes_itself_is_not_after_the_model_and_numbers_are_not_counted(self) -> None:
        loss = (Ranking()([1, 2]) - 1.0) ** 2 * 0.5
        *_, own, after = boxes_of(trace(loss))
        assert [(own.title, own.kind), (after.title, after.kind)] == [
            ("Ranking", "1 value"),
            ("after the model", "3 values"),
        ]
        computing = [node.role != "constant" for node in after.nodes]
        assert (len(after.dots), computing.count(True), len(computing)) == (3, 3, 6)
        assert (own.is_network, after.is_network) == (True, False)

    def test_equal_blocks_are_one_box_that_opens_step_by_step(self) -> None:
        _, pictures = shown(losses.mse(Residual(12)([0.5, -1.0]), 0.0))
        titles = {view.name: view.title for view in pictures}

        def opened(view: View) -> list[str]:
            return list(dict.fromkeys(titles[name] for name in view.opens.values()))

        named = {view.title: view for view in pictures}
        assert opened(pictures[0])[:3] == ["inputs", "stem", "neuron 1"]
        assert "blocks × 12" in opened(pictures[0])
        assert "block 4" in opened(named["blocks × 12"])
        assert {"inner", "outer", "block 4 itself"} <= set(opened(named["block 4"]))
        assert opened(named["inner"])[0] == "neuron 1"

    def test_an_arrow_stands_for_all_that_a_box_takes_from_another(self) -> None:
        _, pictures = shown(losses.mse(TwoTowers()([0.1] * 6, [0.2] * 6), 0.0))
        found = arrows(pictures[0])  # two inputs, user, item, their product, the loss
        assert found == ["l0-l2", "l1-l3", "l2-l4", "l3-l4", "l4-l5"]

    def test_the_way_around_a_block_is_drawn_in_it(self) -> None:
        _, pictures = shown(losses.mse(Residual(12)([0.5, -1.0]), 0.0))
        block = next(view for view in pictures if view.title == "block 4")
        assert "from block 3" in block.svg
        ends = [ends.replace(f"{block.name}l", "") for ends in arrows(block)]
        assert ends == ["-1-0", "-1-2", "0-1", "1-2"]

    def test_the_uses_of_a_cell_are_steps_that_open_one_at_a_time(self) -> None:
        facts, pictures = shown(GRAPHS["in time"]())
        named = {view.name: view for view in pictures}
        cell = next(view for view in pictures if view.title == "cell")
        steps = [
            named[name] for name in dict.fromkeys(cell.opens.values()) if named[name].parent == cell.name
        ]
        assert [view.title for view in steps] == [f"time step {t}" for t in range(1, 13)]
        computed = {node.id for node in facts.nodes if node.op is not None}
        own = [{id for id in view.nodes if id in computed} for view in steps]
        assert all(before & after for before, after in pairwise(own))  # a state leads from each to the next

    def test_the_uses_of_a_layer_on_several_samples_open_one_at_a_time(self) -> None:
        model = MLP(2, [16, 1], seed=0)
        _, pictures = shown(losses.mse([model([0.1, 0.2 * i]) for i in range(5)], [0.0] * 5))
        assert [view.title for view in pictures if view.title.startswith("use ")] == [
            f"use {k}" for _ in range(2) for k in range(1, 6)
        ]

    @pytest.mark.parametrize(
        ("sizes", "first"), [([2, 2, 1], "graph"), ([3, 3, 1], "network"), ([4, 4, 1], "network")]
    )
    def test_a_network_that_is_not_legible_in_one_picture_opens_folded(
        self, sizes: list[int], first: str
    ) -> None:
        found = views(walk(losses.mse(MLP(2, sizes, "tanh", seed=0)([0.5, -1.0]), 1.0)).trace)
        assert found[0].name == first

    @pytest.mark.parametrize("by", ["neuron", "layer"])
    def test_a_walk_by_larger_steps_shows_what_these_are_steps_of(self, by: Any) -> None:
        loss = losses.mse(MLP(2, [2, 1], "tanh", seed=0)([0.5, -1.0]), 1.0)
        titles = [layer.title for layer in walk(loss, by=by).content().layers]
        assert titles == ["inputs", "layer 1", "layer 2", "after the model"]
        assert walk(loss).content().layers == []
        assert walk(Value(2.0) * 3.0, by=by).content().layers == []

    def test_every_slot_of_a_folded_network_is_filled_however_small_it_is(self) -> None:
        content = walk(losses.mse(MLP(2, [4, 4, 1], "tanh", seed=0)([0.5, -1.0]), 1.0)).content()
        keys = {key for view in views(content.trace) for key in re.findall(r"box:([^:\"]+):", view.svg)}
        assert keys
        assert keys <= facts(content)["boxes"].keys()

    def test_a_box_of_many_values_has_no_dots_but_says_what_it_gives(self) -> None:
        class Block(Module):
            def __init__(self) -> None:
                self.W = [[Parameter(0.1) for _ in range(12)] for _ in range(12)]

            def forward(self, x: Any) -> Any:
                return [dot(row, x).tanh() for row in self.W]

        class Net(Module):
            def __init__(self) -> None:
                self.first, self.second = Block(), Block()

            def forward(self, x: Any) -> Any:
                return dot(self.first(x), self.second(x))

        found = views(walk(Net()([0.1] * 12)).trace)
        assert "144 weights" in found[0].svg
        assert found[0].svg.count("<circle") <= 30

    def test_a_single_box_does_not_hide_what_one_picture_can_show(self) -> None:
        class Sum(Module):
            def __init__(self) -> None:
                self.w = [Parameter(0.1) for _ in range(60)]

            def forward(self, x: Any) -> Any:
                return dot(self.w, x)

        [view] = views(walk(Sum()([1.0] * 60)).trace)
        assert view.name == "graph"

    def test_too_large_is_refused_with_what_to_do_instead(self) -> None:
        y = Value(1.0, "a")
        for _ in range(MOST_NODES):
            y = y.tanh()
        with pytest.raises(ValueError, match=r"12,001 nodes .* gradient_path\(output, weight\)"):
            views(trace(y))


class TestParts:
    def test_a_large_graph_without_neurons_says_why_it_is_in_parts(self) -> None:
        _, (first, *parts) = shown(chain(60))
        assert "too many for one picture" in first.note
        assert all(view.parent == first.name for view in parts)

    def test_parts_follow_each_other_in_the_forward_pass(self) -> None:
        facts, (_, *parts) = shown(chain(60))
        place = {node.id: i for i, node in enumerate(facts.nodes)}
        targets = [[place[key.partition(">")[2].partition(":")[0]] for key in view.edges] for view in parts]
        assert all(max(before) < min(after) for before, after in pairwise(targets))


class TestRoom:
    @pytest.mark.parametrize(
        "x", [-1.234e-05, -1.234e-12, -1.234e-300, 1e308, float("-inf"), float("nan"), -0.001234]
    )
    def test_any_number_fits_the_room_kept_for_it(self, x: float) -> None:
        """Beside any word, and without touching it: a longer number is in small print."""
        size = SMALL_SIZE if is_small_print(number(x)) else TEXT_SIZE
        assert text_width(number(x), size) < NUMBER_WIDTH + GAP


def test_the_gates_of_a_first_step_are_not_linked_by_the_zeros_that_it_begins_with() -> None:
    """The zeros lie in the box of the gate that uses them first, but do not come from it."""
    model = Recurrent(LSTMCell(2, 4, seed=0), 1, seed=1)
    steps = walk(losses.mse(model([[0.1, 0.2], [0.3, -0.1]]), 0.0))
    pictures = {view.name: view for view in views(steps.trace)}
    gates = {f"l1l0l{k}" for k in range(4)}  # of the first step of the cell
    arrows = [arrow.removeprefix("l1l0-").split("-to-") for arrow in set(pictures["l1l0"].edges.values())]
    assert not [ends for ends in arrows if gates.issuperset(ends)]
    assert (
        len(arrows) == 8
    )  # from the inputs to each gate, and from each gate to what the step itself computes


def test_a_box_within_one_use_says_nothing_of_the_other_uses() -> None:
    model = Recurrent(GRUCell(1, 2, seed=0), 1, seed=1)
    steps = walk(losses.mse(model([0.1, 0.2, 0.3]), 0.0))
    pictures = {view.title: view.svg for view in views(steps.trace)}
    assert pictures["network"].count(">used<") == 1
    assert ">used<" not in pictures["time step 2"]


def test_only_a_walk_has_steps() -> None:
    """A box is called by another word: a part of a Sequential is a stage, a use among several a time step."""
    stacked = Sequential(MLP(2, [8, 8], seed=0), MLP(8, [8, 2], seed=1))([0.5, -1.0])[0]
    for output in (stacked, Recurrent(GRUCell(1, 2, seed=0), 1, seed=1)([0.1, 0.2, 0.3])):
        titles = [view.title for view in views(walk(output).trace)]
        named = [box.title for box in boxes_of(walk(output).trace, 0)]
        assert not [title for title in titles + named if re.search(r"(?<!time )\bsteps? ", title)]
        drawn = draw(output, collapse="module").source.replace("time&#160;step", "")
        assert not re.search(r">steps?&#160;", drawn)
    assert {"stage 1", "stage 2"} <= {box.title for box in boxes_of(walk(stacked).trace, 0)}
