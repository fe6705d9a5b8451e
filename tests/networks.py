"""Networks that several tests look at."""

from __future__ import annotations

import random
from typing import Any

from autograd import Parameter, Value
from autograd import sum as sum_of
from autograd.functions import dot, where
from nn import MLP, Embedding, Layer, Module


class Net:
    """A fully connected network on one sample; `loss` is the sum of squares."""

    def __init__(self, *sizes: int, seed: int = 0, squash: Any = Value.tanh) -> None:
        chance = random.Random(seed)
        self.model = MLP(sizes[0], sizes[1:], activation=[squash] * (len(sizes) - 1), fused=False, seed=seed)
        for layer in self.model.layers:
            layer.W = [[chance.gauss(0, 1) for _ in range(layer.nin)] for _ in range(layer.nout)]
            layer.b = [0.1] * layer.nout
        outputs = self.model([chance.gauss(0, 1) for _ in range(sizes[0])])
        self.weights: list[Parameter] = self.model.parameters()
        self.loss: Value = sum_of([(a - 1.0) ** 2 for a in listed(outputs)])
        self.loss.label = "L"


def listed(outputs: Any) -> list[Value]:
    return outputs if isinstance(outputs, list) else [outputs]


class Block(Module):
    def __init__(self, width: int, seed: int = 0) -> None:
        self.inner = Layer(width, width, "tanh", seed=seed)
        self.outer = Layer(width, width, "linear", seed=seed + 1)

    def forward(self, x: Any) -> Any:
        return [a + b for a, b in zip(x, listed(self.outer(self.inner(x))), strict=True)]


class Residual(Module):
    def __init__(self, blocks: int, width: int = 4) -> None:
        self.stem, self.head = Layer(2, width, "tanh", seed=0), Layer(width, 1, "linear", seed=1)
        self.blocks = [Block(width, seed) for seed in range(blocks)]

    def forward(self, x: Any) -> Any:
        x = listed(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Ranking(Module):
    """How well an item suits a user: two towers of layers over tables of embeddings."""

    def __init__(self, width: int = 3) -> None:
        self.users, self.items = Embedding(5, width, seed=0), Embedding(6, width, seed=1)
        self.user_tower, self.item_tower = MLP(width, [width] * 2, seed=2), MLP(width, [width] * 2, seed=3)

    def forward(self, x: Any) -> Any:
        user, item = x
        return dot(listed(self.user_tower(self.users(user))), listed(self.item_tower(self.items(item))))


class Experts(Module):
    """A mixture of experts, of which a gate chooses one for each sample."""

    def __init__(self, width: int = 3) -> None:
        self.gate = Layer(2, 1, "linear", seed=0)
        self.experts = [MLP(2, [width, 1], "tanh", seed=seed) for seed in (1, 2)]

    def forward(self, x: Any) -> Any:
        first, second = [expert(x) for expert in self.experts]
        gate = self.gate(x)
        return where(gate > 0.0, first, second) * gate.sigmoid()


class Hourglass(Module):
    """What the narrow middle makes is put beside what came before it, as in a U-Net."""

    def __init__(self, width: int = 3) -> None:
        self.down, self.middle = Layer(3, width, "tanh", seed=0), Layer(width, 2, "tanh", seed=1)
        self.up = Layer(2 + width, 3, "linear", seed=2)

    def forward(self, x: Any) -> Any:
        before = listed(self.down(x))
        return self.up([*listed(self.middle(before)), *before])


class TiedByHand(Module):
    """An autoencoder that decodes with the encoder's weights, transposed, itself."""

    def __init__(self, code: int, nin: int) -> None:
        self.encoder = Layer(nin, code, "linear", bias=False, seed=0)

    def forward(self, x: Any) -> Any:
        code = listed(self.encoder(x))
        return [dot(column, code) for column in zip(*self.encoder.weight, strict=True)]


class Word(Module):
    def __init__(self) -> None:
        self.table, self.out = Embedding(4, 3, seed=0), Layer(3, 2, "linear", seed=1)

    def forward(self, word: int) -> Any:
        return self.out(self.table(word))


class Pair(Module):
    def __init__(self) -> None:
        self.word = Word()

    def forward(self, a: int, b: int) -> Any:
        return dot(self.word(a), self.word(b))
