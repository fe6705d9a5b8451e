"""A network on one sample, with weights drawn from a seed."""

from __future__ import annotations

import random
from typing import Any

from autograd import Parameter, Value
from autograd import sum as sum_of
from nn import MLP


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
        listed = outputs if isinstance(outputs, list) else [outputs]
        self.loss: Value = sum_of([(a - 1.0) ** 2 for a in listed])
        self.loss.label = "L"
