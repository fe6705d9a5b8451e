"""A gradient path through boxes: what its arrows say is the sum over the routes that lead along them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from autograd import Value, dot, draw, gradient_path, topological_order
from autograd.pure_reverse import upstreams
from autograd.seeing.facts.folding.folded import Folded
from autograd.seeing.facts.folding.options import Folding
from autograd.seeing.facts.folding.path import fold_path
from autograd.seeing.facts.trace import trace
from nn import MLP, GRUCell, Module, Recurrent, losses
from tests.autograd.seeing.drawing.pictures import Picture
from tests.networks import Residual


class Towers(Module):
    def __init__(self) -> None:
        self.user, self.item = MLP(3, [4, 2], seed=0), MLP(2, [4, 2], seed=1)

    def forward(self, user: Any, item: Any) -> Value:
        return dot(self.user(user), self.item(item))


def residual() -> tuple[Value, Value]:
    model = Residual(12, width=2)
    return losses.mse(model([0.5, -1.0]), 0.3), model.stem.neurons[0].w[0]


def gru() -> tuple[Value, Value]:
    model = Recurrent(GRUCell(1, 3, seed=0), 1, seed=1)
    return losses.mse(model([0.1 * t for t in range(12)]), 0.5), model.parameters()[0]


def towers() -> tuple[Value, Value]:
    model = Towers()
    better, worse = (model([1.0, 0.5, -0.2], item) for item in ([0.3, 0.7], [-0.6, 0.1]))
    return losses.hinge(better - worse, 1.0), model.user.layers[0].neurons[0].w[0]


def folded(output: Value, weight: Value, **options: Any) -> Folded:
    folding = Folding.asked(**{"collapse": None, "depth": None, "opened": (), **options})
    assert folding is not None
    facts = trace(output, gradients=upstreams(output))
    return fold_path(gradient_path(output, weight), facts, folding.of(facts))


FOLDINGS = [
    (residual, {"depth": 0}),
    (residual, {"collapse": "module"}),
    (residual, {"opened": "blocks.3"}),
    (residual, {"collapse": "layer"}),
    (gru, {"collapse": "module"}),
    (gru, {"opened": "cell"}),
    (gru, {"opened": ["cell[4]", "cell[12]"]}),
    (gru, {"collapse": "neuron"}),
    (towers, {"collapse": "module"}),
    (towers, {"depth": 2}),
]
foldings = pytest.mark.parametrize(("made", "options"), FOLDINGS)


@foldings
def test_what_comes_into_a_box_leaves_it(
    made: Callable[[], tuple[Value, Value]], options: dict[str, Any]
) -> None:
    output, weight = made()
    path, found = gradient_path(output, weight), folded(output, weight, **options)
    start = f"n{[*topological_order(output)].index(weight)}"
    flows, counts = Counter({start: path.total}), Counter({start: path.count})
    flows[found.output] -= path.total
    counts[found.output] -= path.count
    for link in found.links:
        flow = link.gradient()
        assert flow is not None
        for end, sign in ((link.source, -1), (link.target, 1)):
            flows[end] += sign * flow
            counts[end] += sign * link.routes
    assert set(counts.values()) == {0}
    assert max(map(abs, flows.values())) <= 1e-12 * max(abs(link.gradient() or 0.0) for link in found.links)


@foldings
def test_the_boxes_are_those_of_the_graph(
    made: Callable[[], tuple[Value, Value]], options: dict[str, Any]
) -> None:
    output, weight = made()
    whole = {part.element.get("id") for part in Picture(draw(output, limit=1000, **options)).parts.values()}
    boxes = {group.id for group in folded(output, weight, **options).groups}
    assert boxes
    assert boxes <= whole


@pytest.mark.parametrize("options", [options for made, options in FOLDINGS if made is towers])
def test_an_arrow_stands_for_the_routes_that_lead_along_it(options: dict[str, Any]) -> None:
    output, weight = towers()
    path, found = gradient_path(output, weight), folded(output, weight, **options)
    ids = {v: f"n{i}" for i, v in enumerate(topological_order(output))}
    expected: dict[tuple[str, str], list[float]] = {}
    for route in path.routes(path.count):
        stops = [found.where[ids[v]] for v in route.nodes]
        for ends in pairwise(stops):
            if ends[0] != ends[1]:
                expected.setdefault(ends, []).append(route.product)
    assert {(link.source, link.target) for link in found.links} == set(expected)
    for link in found.links:
        products = expected[link.source, link.target]
        assert link.routes == len(products)
        assert link.gradient() == pytest.approx(sum(products), rel=1e-12)


def test_what_skips_a_block_is_told_from_what_goes_through_it() -> None:
    output, weight = residual()
    found = folded(output, weight, opened="blocks.3")
    titles = {group.id: group.title for group in found.groups}
    ends = {(titles.get(link.source), titles.get(link.target)) for link in found.links}
    assert {("blocks × 3", "block 4 itself"), ("blocks × 3", "block 4 · inner")} <= ends


def test_a_value_inside_a_box_stands_apart_where_the_path_begins_at_it() -> None:
    model = MLP(2, [2, 1], seed=0)
    output = model([0.5, -1.0])
    hidden = output.inputs[0].inputs[0] if output.inputs[0].inputs else output.inputs[0]
    found = folded(output, hidden, collapse="module")
    assert [group.title for group in found.groups] == ["layer 2"]
    assert [(node.value, node.symbol) for node in found.nodes] == [(hidden.data, None)]
