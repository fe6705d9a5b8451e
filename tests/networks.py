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
        self.table, self.layer = Embedding(4, 3, seed=0), Layer(3, 2, "linear", seed=1)

    def forward(self, word: int) -> Any:
        return self.layer(self.table(word))


class Reader(Module):
    """A table of its own, and a Module with another table that it shares."""

    def __init__(self, word: Word) -> None:
        self.table, self.word, self.out = Embedding(4, 2, seed=2), word, Layer(4, 2, "linear", seed=3)

    def forward(self, ids: tuple[int, int]) -> Any:
        return self.out([*self.table(ids[0]), *self.word(ids[1])])


class Readers(Module):
    def __init__(self) -> None:
        word = Word()
        self.user, self.item = Reader(word), Reader(word)

    def forward(self, user: tuple[int, int], *items: tuple[int, int]) -> Any:
        u = self.user(user)
        return sum_of([dot(u, self.item(item)) for item in items])


class Likeness(Module):
    def __init__(self) -> None:
        self.word = Word()

    def forward(self, a: int, b: int) -> Any:
        return dot(self.word(a), self.word(b))


class Autoencoder(Module):
    def __init__(self) -> None:
        self.encoder, self.decoder = MLP(4, [3, 2], seed=0), MLP(2, [3, 4], seed=1)

    def forward(self, x: Any) -> Any:
        return self.decoder(self.encoder(x))


class Tied(Module):
    """An autoencoder whose decoder has the encoder's weights, transposed."""

    def __init__(self) -> None:
        self.encoder, self.decoder = Layer(3, 2, "tanh", seed=0), Layer(2, 3, "linear", seed=1)
        for j, neuron in enumerate(self.decoder.neurons):
            neuron.w = [unit.w[j] for unit in self.encoder.neurons]

    def forward(self, x: Any) -> Any:
        return self.decoder(self.encoder(x))


class Twins(Module):
    def __init__(self) -> None:
        self.tower = MLP(2, [3, 2], seed=0)

    def forward(self, a: Any, b: Any) -> Any:
        return sum_of([u * v for u, v in zip(self.tower(a), self.tower(b), strict=True)])


class Tower(Module):
    """A tower of a ranking model: its own layers, and a Module that it shares with another tower."""

    def __init__(self, shared: Module) -> None:
        self.inner, self.shared, self.out = Layer(2, 2, "tanh", seed=1), shared, Layer(2, 2, "linear", seed=2)

    def forward(self, x: Any) -> Any:
        return self.out(self.shared(self.inner(x)))


class Text(Module):
    def __init__(self) -> None:
        self.dense = Layer(2, 2, "tanh", seed=3)

    def forward(self, x: Any) -> Any:
        return self.dense(x)


class TwoTowers(Module):
    """Two towers with a shared Module; a good item and a bad one are compared."""

    def __init__(self) -> None:
        text = Text()
        self.user, self.item = Tower(text), Tower(text)

    def forward(self, user: Any, good: Any, bad: Any) -> Any:
        u, g, b = self.user(user), self.item(good), self.item(bad)
        return sum_of([x * (y - z) for x, y, z in zip(u, g, b, strict=True)])


class Shelf(Module):
    """Calls some of what it and those around it hold, as drawn, and writes down what it has called."""

    def __init__(self, chance: random.Random, shared: list[Module], depth: int) -> None:
        self.own = Layer(1, 1, seed=0)
        made = [Shelf(chance, shared, depth - 1) for _ in range(chance.randint(1, 2))] if depth else []
        self.inner = [*made, *chance.sample(shared, min(len(shared), 2))]
        shared.append(self)
        self.order = [chance.randrange(len(self.inner)) for _ in range(3)] if self.inner else []

    def forward(self, x: Any, called: list[Module]) -> Any:
        called.append(self)
        for k in self.order:
            x = self.inner[k](x, called)
        return listed(self.own(x))


class Tree(Module):
    def __init__(self) -> None:
        self.w = Parameter(0.5)

    def forward(self, tree: Any) -> Any:
        return self.w * (sum(self(branch) for branch in tree) if isinstance(tree, tuple) else Value(tree))


class Line(Module):
    def __init__(self) -> None:
        self.slope, self.offset = Parameter(2.0), Parameter(1.0)

    def forward(self, x: Any) -> Any:
        return self.slope * x + self.offset


class Wave(Module):
    """A convolution by hand: one kernel along the inputs."""

    def __init__(self) -> None:
        self.kernel = [Parameter(w) for w in (0.5, -1.0, 0.25)]

    def forward(self, x: Any) -> Any:
        return [sum_of([w * v for w, v in zip(self.kernel, x[k:], strict=False)]) for k in range(len(x) - 2)]
