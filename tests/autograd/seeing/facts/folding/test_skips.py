"""Skip connections: an arrow past what they skip where that is open, and a word in a box that is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograd import Value, draw
from autograd import sum as sum_of
from autograd.seeing.facts.arrow import text_of_link
from autograd.seeing.facts.box_content import box_of_group
from autograd.seeing.facts.folding.folded import fold
from autograd.seeing.facts.folding.skips import skipped
from autograd.seeing.facts.trace import trace
from nn import MLP, GRUCell, Lambda, Layer, LSTMCell, Module, Recurrent, Sequential, losses


class Block(Module):
    def __init__(self, add: Callable[[Any, Any], Any]) -> None:
        self.first, self.second, self.add = Layer(2, 2, "tanh", seed=0), Layer(2, 2, "linear", seed=1), add

    def forward(self, x: Any) -> Any:
        return self.add(x, self.second(self.first(x)))


class Around(Module):
    """A Module of its own for what stands around any other."""

    def __init__(self, inner: Module) -> None:
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return [a + b for a, b in zip(x, self.inner(x), strict=True)]


def pairs(x: Any, y: Any) -> Any:
    return [a + b for a, b in zip(x, y, strict=True)]


SKIPPING: dict[str, Callable[[], Module]] = {
    "a sum": lambda: Block(pairs),
    "the other way around": lambda: Block(lambda x, y: pairs(y, x)),
    "sums of many": lambda: Block(lambda x, y: [sum_of([a, b]) for a, b in zip(x, y, strict=True)]),
    "scaled": lambda: Block(lambda x, y: pairs(x, [0.1 * b for b in y])),
    "a Module that adds": lambda: Block(Lambda(pairs)),
    "a Module around": lambda: Around(MLP(2, [3, 2], "tanh", seed=0)),
    "a Module around several": lambda: Around(Sequential(Layer(2, 3, seed=0), Layer(3, 2, seed=1))),
    "an activation after it": lambda: Block(lambda x, y: [a.relu() for a in pairs(x, y)]),
}
PLAIN: dict[str, Callable[[], Module]] = {
    "one after the other": lambda: Block(lambda x, y: y),
    "a product": lambda: Block(lambda x, y: [a * b for a, b in zip(x, y, strict=True)]),
    "a constant": lambda: Block(lambda x, y: [b + 1.0 for b in y]),
}


def loss_of(block: Callable[[], Module]) -> Value:
    model = Sequential(Layer(1, 2, seed=2), *[block() for _ in range(3)], Layer(2, 1, "linear", seed=3))
    loss = losses.mse(model([0.5]), 1.0)
    loss.backward()
    return loss


def said(loss: Value, **options: Any) -> list[str]:
    groups = fold(trace(loss), **options).groups
    return [
        group.title for group in groups for fact in box_of_group(group, False).facts if fact.word == "skip"
    ]


@pytest.mark.parametrize("block", SKIPPING.values(), ids=SKIPPING)
def test_a_closed_box_says_that_a_value_goes_past_what_is_in_it(block: Callable[[], Module]) -> None:
    loss = loss_of(block)
    assert said(loss) == ["stages × 3"]
    assert said(loss, opened=["steps.2"]) == ["stage 2", "stage 4"]
    assert "x + f(x)" in draw(loss, collapse="module").source


@pytest.mark.parametrize("block", SKIPPING.values(), ids=SKIPPING)
def test_where_all_is_open_arrows_lead_past_what_is_skipped(block: Callable[[], Module]) -> None:
    found = fold(trace(loss_of(block)), opened=["steps"])
    assert not any(group.skips for group in found.groups)
    columns = {group.id: group.column for group in found.groups}
    past = [
        link for link in found.links
        if link.target in columns and columns[link.target] - columns[link.source] > 1
    ]  # fmt: skip
    assert len(past) >= 3
    assert all(text_of_link(link).words == "2 uses" for link in past)


@pytest.mark.parametrize("block", PLAIN.values(), ids=PLAIN)
def test_a_box_without_a_skip_says_nothing(block: Callable[[], Module]) -> None:
    assert said(loss_of(block)) == []


@pytest.mark.parametrize("cell", [GRUCell, LSTMCell])
def test_gates_are_no_skip(cell: Any) -> None:
    assert skipped(trace(losses.mse(Recurrent(cell(1, 2, seed=0), 1, seed=1)([0.1, 0.2]), 0.5))) == {}


def test_an_arrow_into_a_closed_block_says_what_goes_beside_the_weights() -> None:
    loss = loss_of(SKIPPING["a sum"])
    links = fold(trace(loss)).links
    assert [text_of_link(link).words for link in links][:2] == ["2 weights", "4 weights + 2 uses"]
