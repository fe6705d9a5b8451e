"""Legends: every kind of arrow that occurs is explained, and none that does not occur."""

from __future__ import annotations

import re
from typing import Any

import pytest

from autograd import Constant, Value, draw, gradient_path
from autograd.seeing.drawing import Drawing
from autograd.seeing.style import THEMES
from nn import MLP, Layer, Module, losses
from tests.autograd.seeing.drawing.pictures import Picture


class Block(Module):
    def __init__(self, seed: int) -> None:
        self.fc1, self.fc2 = Layer(2, 3, "relu", seed=seed), Layer(3, 2, "linear", seed=seed + 1)

    def forward(self, x: list[Value]) -> list[Value]:
        return [a + b for a, b in zip(x, self.fc2(self.fc1(x)), strict=True)]


class Residual(Module):
    def __init__(self) -> None:
        self.blocks, self.head = [Block(0), Block(2)], Layer(2, 1, "linear", seed=5)

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def loss_of(model: Module, backward: bool = True) -> Value:
    loss = losses.mse(model([0.5, -1.0]), 1.0)
    if backward:
        loss.backward()
    return loss


def with_a_constant() -> Value:
    x = Value(0.5)
    y = x * Constant(0.0) + x.relu()
    y.backward()
    return y


def path(**options: Any) -> Drawing:
    model = Residual()
    return gradient_path(loss_of(model), model.parameters()[0]).draw(**options)


PICTURES = {
    "graph": lambda: draw(loss_of(MLP(2, [2, 1], "relu", seed=0))),
    "before backward": lambda: draw(loss_of(MLP(2, [2, 1], "relu", seed=0), backward=False)),
    "constant": lambda: draw(with_a_constant()),
    "alone": lambda: draw(Value(1.0)),
    "modules": lambda: draw(loss_of(Residual()), collapse="module"),
    "opened": lambda: draw(loss_of(Residual()), opened="blocks.1.fc1"),
    "neurons": lambda: draw(loss_of(MLP(2, [2, 1], "relu", seed=0)), collapse="neuron"),
    "many neurons": lambda: draw(loss_of(MLP(2, [9, 9, 1], "relu", seed=0)), collapse="neuron"),
    "layers": lambda: draw(loss_of(Residual()), collapse="layer"),
    "path": path,
    "folded path": lambda: path(collapse="module"),
    "wide before backward": lambda: draw(
        loss_of(MLP(2, [9, 9, 1], "relu", seed=0), backward=False), collapse="neuron"
    ),
    "path of one route": lambda: gradient_path(*(2 * [Value(1.0) * 2.0])).draw(),
}

LABELS = {  # what is read on an arrow, and what the legend says of it
    r"∂ ": "the local derivative",
    r"\d+ (tied )?weights?\b": "how many weights",
    r"(\d+ weights? \+ )?\d+ uses?$": "how many uses",
    r"\d+ routes?$": "how many of the routes",
    r"(?!.*(∂|weights?$|uses?$|routes?$)).*[^\d+−.e, ].* [−\d]": "a weight",
}
STYLES = {"zero": "dashed: a gradient of 0", "constant": "dotted", "size": "that stands for several"}
HUES = {"positive": "+ positive", "negative": "− negative"}


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_on_arrows_is_explained_and_nothing_else(name: str) -> None:
    picture = Picture(PICTURES[name]())
    legend = " ".join(picture.caption)
    arrows = picture.of("use")
    texts = [text for arrow in arrows for text in arrow.texts]
    for label, meaning in LABELS.items():
        assert any(re.match(label, text) for text in texts) == (meaning in legend), (meaning, texts)
    for word, meaning in STYLES.items():
        assert any(word in arrow.classes for arrow in arrows) == (meaning in legend), meaning
    for word, meaning in HUES.items():  # a path's arrows have their signs written on them
        assert any(word in arrow.classes for arrow in arrows) == (meaning in legend) or name == "path"
    bold = [text for text in texts if re.fullmatch(r"[+−±]?[\d.]+(e[+−]?\d+)?", text)]
    assert bool(bold) == ("in bold" in legend) or name == "path"  # beside the numbers of routes
    silent = [arrow for arrow in arrows if not arrow.texts and arrow.tooltip]
    assert bool(silent) == ("an arrow without words" in legend)
    hues = {THEMES["light"].positive.lower(), THEMES["light"].negative.lower()}
    hued = any(arrow.line.get("stroke") in hues for arrow in silent)
    assert hued == ("its hue and width show the weight's gradient" in legend)
    missing = any("–" in text for box in picture.of("value") for text in box.texts)
    assert missing == ("call backward()" in legend)
