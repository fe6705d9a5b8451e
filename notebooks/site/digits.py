"""The page of a small convolutional network that reads digits: one chooses or paints a digit.

The network is a small LeNet (LeCun et al., Gradient-based learning applied to document recognition, 1998),
trained when the page is made.
"""

from __future__ import annotations

import random
from dataclasses import replace
from string import Template

from autograd import Value, softmax, walk
from autograd.seeing import asset
from autograd.seeing.pages.player.content import Sample
from autograd.seeing.pages.player.notebook import framed
from nn import Adam, Conv2d, Flatten, Layer, MaxPool2d, Module, Reshape, fit
from nn.data import load
from nn.schedules import LinearLR
from notebooks.site.pages import page

HELD_OUT, EPOCHS = 360, 15
OTHERS = 3
"""Besides a digit that is read wrongly, one like it and one that it seems, so many others are shown."""

STYLE = "iframe { height: clamp(560px, 100vh - 15rem, 720px) !important; } h1 { margin-top: .6em; }\
 @media (max-width: 34rem) { iframe { height: 860px !important; } }"
"""The player is as high as there is room below the words, so that the network is seen without scrolling."""


class LeNet(Module):
    """Two convolutions, each with its pooling, and a layer of ten classes."""

    def __init__(self, chance: random.Random) -> None:
        self.image = Reshape(1, 8, 8)
        self.conv1 = Conv2d(1, 4, 3, padding=1, activation="relu", seed=chance)
        self.pool1 = MaxPool2d(2)
        self.conv2 = Conv2d(4, 8, 3, padding=1, activation="relu", seed=chance, number=2)
        self.pool2 = MaxPool2d(2)
        self.flat = Flatten()
        self.digit = Layer(32, 10, "linear", seed=chance, number=3)

    def forward(self, pixels: list[Value]) -> list[Value]:
        planes = self.pool1(self.conv1(self.image(pixels)))
        scores: list[Value] = self.digit(self.flat(self.pool2(self.conv2(planes))))
        return scores


def digits_page() -> str:
    """Return the page: the share of one class, walked through, and samples to choose from."""
    X, y = _digits()
    model = _trained(X[HELD_OUT:], y[HELD_OUT:])
    read = [_class(model, x) for x in X[:HELD_OUT]]
    chosen = _chosen(y[:HELD_OUT], read)
    wrong = chosen[1]
    share = softmax(model(X[chosen[0]]))[y[wrong]]
    share.label = "p"
    samples = tuple(Sample(_name(y[k], read[k]), tuple(X[k]), y[k]) for k in chosen)
    content = walk(share, classes=range(10)).content()
    right = sum(a == b for a, b in zip(read, y, strict=False))
    body = Template(asset(__package__, "digits.html")).substitute(
        right=f"{right / HELD_OUT:.1%}", truth=y[wrong], taken=read[wrong],
        player=framed(replace(content, title=f"The share of {y[wrong]}", samples=samples)),
    )  # fmt: skip
    return page("A digit, read", body, style=STYLE)


def _digits() -> tuple[list[list[float]], list[int]]:
    digits = load("digits")
    order = list(range(len(digits)))
    random.Random(1).shuffle(order)
    return [[x / 16 for x in digits.X[i]] for i in order], [int(digits.y[i]) for i in order]


def _trained(X: list[list[float]], y: list[int]) -> LeNet:
    model = LeNet(random.Random(1))
    optimizer = Adam(model.parameters(), lr=0.02)
    fit(
        model, X, y, loss="cross_entropy", optimizer=optimizer, epochs=EPOCHS, batch_size=32, progress=False,
        callbacks=[LinearLR(optimizer, 1.0, 0.05, total_iters=EPOCHS)],
    )  # fmt: skip
    return model


def _class(model: LeNet, x: list[float]) -> int:
    scores = [score.data for score in model(x)]
    return scores.index(max(scores))


def _chosen(y: list[int], read: list[int]) -> list[int]:
    """Return which are shown: the second is read wrongly, the first is like it, the third what it seems."""
    wrong = next(k for k, (truth, found) in enumerate(zip(y, read, strict=True)) if truth != found)
    first = {truth: k for k, truth in [*enumerate(y)][::-1] if read[k] == truth}
    others = [k for truth, k in sorted(first.items()) if truth not in (y[wrong], read[wrong])]
    return [first[y[wrong]], wrong, first[read[wrong]], *others[:OTHERS]]


def _name(truth: int, read: int) -> str:
    return str(truth) if truth == read else f"{truth}, read as {read}"
