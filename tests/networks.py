"""A network with textbook labels, made by hand: autograd's tests do without nn."""

from __future__ import annotations

import random
from typing import Any

from autograd import Parameter, Value
from autograd import sum as sum_of


class Net:
    """A fully connected network on one sample; `loss` is the sum of squares."""

    def __init__(self, *sizes: int, seed: int = 0, squash: Any = Value.tanh) -> None:
        chance = random.Random(seed)
        self.weights: list[Parameter] = []
        values = [Value(chance.gauss(0, 1), f"x{i}") for i in range(1, sizes[0] + 1)]
        for layer, n in enumerate(sizes[1:], 1):
            values = [self._neuron(values, j, layer, chance, squash) for j in range(1, n + 1)]
        self.loss: Value = sum_of([(a - 1.0) ** 2 for a in values])
        self.loss.label = "L"

    def _neuron(self, values: list[Value], j: int, layer: int, chance: random.Random, squash: Any) -> Value:
        w = [Parameter(chance.gauss(0, 1), f"w{i}{j}^{layer}") for i in range(1, len(values) + 1)]
        b = Parameter(0.1, f"b{j}^{layer}")
        self.weights += [*w, b]
        z = sum_of([*(p * v for p, v in zip(w, values, strict=True)), b])
        z.label = f"z{j}^{layer}"
        a: Value = squash(z)
        a.label = f"a{j}^{layer}"
        return a
