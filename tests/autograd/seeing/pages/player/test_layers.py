"""What the boxes of a page say, however far inside, is what a drawing says that is opened there."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Parameter, Value, draw
from autograd.seeing.facts.box_content import box_of_group
from autograd.seeing.facts.folding.folded import fold
from autograd.seeing.facts.folding.group import Group
from autograd.seeing.facts.records import Trace
from autograd.seeing.facts.trace import trace
from autograd.seeing.pages.player.svg.elements import Point
from autograd.seeing.pages.player.views.cards import layer_box
from autograd.seeing.pages.player.views.layers import Layer, layers_of
from nn import Conv2d, Flatten, MaxPool2d, Module, Reshape, Sequential
from nn import Layer as NeuronLayer
from tests.networks import Likeness, Readers, Residual, Shelf, TwoTowers


def boxes_within(layers: Sequence[Layer], around: str = "") -> Iterator[tuple[str, Sequence[Layer]]]:
    """Yield what is spelled to open each box that holds others, and what it holds."""
    for layer in layers:
        if layer.inner and layer.group is not None:
            spelled, _, own = layer.title.removeprefix("time ").partition(" ")
            is_use = spelled in ("use", "step") and own.isdigit()
            name = f"{around}[{own}]" if is_use else ".".join(layer.group.path)
            name = f"{around}.{layer.group.path[-1]}" if "[" in around and not is_use else name
            if not layer.inner[0].title.startswith(("use ", "time step ")):
                yield name, layer.inner
            yield from boxes_within(layer.inner, name)


def facts_of(group: Group) -> dict[str, Any]:
    """Return what a box counts and measures, but for the names of others."""
    return {
        "weights": {node.id for node in group.weights()},
        "outputs": {node.id for node in group.outputs()},
        "of all uses": group.lent & {node.id for node in group.weights()},
        "not used": group.unused,
        "tied": {*chain.from_iterable(group.tied.values())},
    }


def computed(group: Group) -> list[str]:
    return [node.id for node in group.members if node.op is not None]


def assert_as_drawn(facts: Trace) -> int:
    """Return how many boxes were compared: those of each box that a drawing opens alone."""
    count = 0
    for name, inner in boxes_within(layers_of(facts)):
        boxes = [layer.group for layer in inner if layer.group is not None]
        try:
            drawn = fold(facts, opened=[name]).groups
        except ValueError:  # a page counts all uses together, also those in several uses of what holds it
            continue
        if any(computed(box) not in map(computed, drawn) for box in boxes):
            continue
        for box in boxes:
            same = [g for g in drawn if computed(g) == computed(box) and (computed(g) or g.path == box.path)]
            for group in same:
                assert facts_of(box) == facts_of(group), (name, box.title)
                count += 1
    return count


def towers() -> Any:
    return TwoTowers()([0.5, 1.0], [1.0, -1.0], [0.2, 0.1])


@pytest.mark.parametrize(
    ("make", "least"),
    [
        (towers, 9),
        (lambda: Readers()((1, 0), (2, 0), (0, 2)), 12),
        (lambda: Readers()((1, 1), (2, 1), (2, 1)), 12),
        (lambda: Likeness()(0, 1), 4),
        (lambda: Likeness()(1, 1), 4),
        (lambda: Residual(3)([0.5, -1.0]), 6),
    ],
)
def test_a_box_of_a_page_says_what_a_drawing_says(make: Any, least: int) -> None:
    y: Value = make()
    y.backward()
    assert assert_as_drawn(trace(y)) >= least


@given(st.integers(0, 10**9))
@settings(max_examples=40, deadline=None)
def test_boxes_of_drawn_trees_of_modules_say_what_drawings_say(seed: int) -> None:
    model, called = Shelf(random.Random(seed), [], 2), list[Module]()
    (y,) = model([0.5], called)
    y.backward()
    assert_as_drawn(trace(y))


class Scaled(Module):
    """A Module that says nothing of itself."""

    def __init__(self) -> None:
        self.scale = Parameter(2.0)

    def forward(self, x: Sequence[Any]) -> list[Any]:
        return [v * self.scale for v in x]


def test_the_box_of_a_module_tells_its_class_and_what_it_says_of_itself() -> None:
    pictures = [Reshape(1, 4, 4), Conv2d(1, 2, 2, seed=0), MaxPool2d(2, stride=1), Flatten()]
    model = Sequential(*pictures, Scaled(), NeuronLayer(8, 2))
    y = autograd.sum(model([Value(k / 16) for k in range(16)]))
    facts = trace(y)
    said = {module.path: (module.kind, module.brief) for module in facts.modules.values()}
    picture = draw(y, collapse="module").source
    boxes = [layer for layer in layers_of(facts) if layer.group is not None and layer.group.path]
    assert {layer.group.of for layer in boxes if layer.group} == {"Conv2d", "MaxPool2d", "Scaled", "Layer"}
    for layer in boxes:
        assert layer.group is not None
        kind, brief = said[layer.group.path]
        box = layer_box(layer, "box", Point(0.0, 0.0))
        assert kind in box
        assert f"{layer.title}: {kind} {brief}" in box_of_group(layer.group, False).hint or not brief
        assert brief in box
        assert brief.replace(" ", "&#160;") in picture
    assert said["steps.4",] == ("Scaled", "")
    assert Trace.from_json(facts.to_json()) == facts


def test_a_class_is_told_unless_a_word_of_the_title_is_it() -> None:
    class Sub(Module):
        def __init__(self) -> None:
            self.a, self.sub_b = MaxPool2d(2), MaxPool2d(2)

        def forward(self, x: Any) -> Any:
            return self.sub_b(self.a(x))

    model = Sequential(Reshape(1, 4, 4), Conv2d(1, 1, 1, seed=0), Sub(), Flatten(), NeuronLayer(1, 1))
    layers = layers_of(trace(model([0.1 * i for i in range(16)])))
    titles = [layer_box(layer, "b", Point(0, 0)).partition('class="title">')[2] for layer in layers]
    told = [title.partition("<")[0] for title in titles]
    assert told == ["inputs", "stage 2", "stage 3", "stage 5 · Layer"]
    assert [layer.kind for layer in layers[1:3]] == ["Conv2d", "Sub"]


def test_modules_that_say_something_else_of_themselves_are_not_equal() -> None:
    model = Sequential(MaxPool2d(2), MaxPool2d(2), MaxPool2d(3), MaxPool2d(2, stride=1))
    y = autograd.sum(
        [v for row in model([[[Value(i + j) for j in range(24)] for i in range(24)]])[0] for v in row]
    )
    boxes = [group for group in fold(trace(y)).groups if group.kind == "module"]
    assert [(group.count, group.brief) for group in boxes] == [(2, "2×2"), (1, "3×3"), (1, "2×2, stride 1")]
