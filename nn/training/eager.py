"""The eager engine: it builds the graph of each sample, differentiates it and drops it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from autograd import Value
from autograd import sum as add_up
from autograd.extend import NO_GRADIENT
from nn.callbacks import Numbers
from nn.data.samples import Samples, Table
from nn.health.units import Inside, Watched, look_inside
from nn.losses import Penalised
from nn.module import mode
from nn.optim import Optimizer
from nn.outputs import is_right
from nn.predictions import numbers_of, without_graph
from nn.training.engine import Hook, Means, Moment, moment_of

TOGETHER = 16
"""This many samples are differentiated at once, since each reverse pass visits every parameter."""


class EagerEngine:
    """Trains by the graphs themselves; see `nn.training.engine.Engine`.

    A batch is differentiated a few samples at a time, each loss divided by the batch's size, since
    gradients add up in the parameters: memory stays that of a few graphs however large the batch.

    Attributes:
        predictions: what the model gave for each sample of the last step or evaluation.
    """

    name = "eager"

    @staticmethod
    def shared(model: Any, optimizer: Optimizer, means: Means) -> bool:
        """Return what engines of one training share that are given different samples: the Parameters.

        A parameter that not all of the samples reach counts as one whose gradient is 0 in the other steps.
        """
        return True

    def __init__(
        self, model: Any, objective: Penalised, optimizer: Optimizer, train: Samples, watched: Watched,
        means: Means,
    ) -> None:  # fmt: skip
        self.model, self.objective, self.optimizer, self.train = model, objective, optimizer, train
        self.watched = watched
        self.parameters = model.parameters()
        self.penalised = model.weights()
        self.shares = bool(means.shared)
        self.predictions: list[list[float]] = []

    def feed(self, samples: Sequence[int], column: int, numbers: Table) -> None:
        """Put other numbers into training samples, one row for each, from a column on."""
        for i, row in zip(samples, numbers, strict=True):
            self.train.X.put(i, column, row)

    def step(self, batch: Sequence[int], on_gradients: Hook = None) -> tuple[float, int]:
        self.model.zero_grad()
        self.optimizer.zero_grad()
        total, right = 0.0, 0
        self.predictions = []
        for start in range(0, len(batch), TOGETHER):
            seen = [self._forward(self.train, i) for i in batch[start : start + TOGETHER]]
            loss = add_up(loss for loss, _ in seen)
            (loss / len(batch)).backward()
            total += loss.data
            right += sum(hit for _, hit in seen)
        penalty = self.objective.penalty(self.penalised)
        if penalty is not None:
            penalty.backward()
        if self.shares:
            for p in self.parameters:
                if p.grad is NO_GRADIENT:
                    p.grad = 0.0
        if on_gradients is not None:
            on_gradients()
        self.optimizer.step()
        return total / len(batch) + (0.0 if penalty is None else penalty.data), right

    def rounds(self, count: int) -> tuple[list[float], list[float], Moment]:
        found = [self.step(range(len(self.train))) for _ in range(count - 1)]
        before = self.moment()
        found.append(self.step(range(len(self.train))))
        return [loss for loss, _ in found], [right for _, right in found], before

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        with mode(self.model, training=False):
            return without_graph(lambda: self._evaluate(samples))

    def _evaluate(self, samples: Samples) -> tuple[float, int]:
        total, right = 0.0, 0
        self.predictions = []
        for i in range(len(samples)):
            loss, hit = self._forward(samples, i)
            total += loss.data
            right += hit
        penalty = self.objective.penalty(self.penalised)
        return total / len(samples) + (0.0 if penalty is None else penalty.data), right

    def check(self, samples: Samples, name: str) -> None:
        """Leave the check to the model, which is run on every sample."""

    def gradients(self) -> list[float]:
        return [0.0 if p.grad is NO_GRADIENT else p.grad for p in self.parameters]

    def set_gradients(self, gradients: Numbers) -> None:
        for p, g in zip(self.parameters, gradients, strict=True):
            if p.grad is not NO_GRADIENT:
                p.grad = float(g)

    def inside(self) -> Inside:
        rows = map(self.train.row, self.watched.samples)
        return look_inside(self.model, [*rows], self.watched.homes)

    def weights(self) -> list[float]:
        return [p.data for p in self.parameters]

    def restore(self, weights: Numbers) -> None:
        for p, x in zip(self.parameters, weights, strict=True):
            p.data = float(x)

    def moment(self) -> Moment:
        return moment_of(self.parameters, self.optimizer)

    def told(self, moment: Moment) -> Moment:
        return moment

    def rewind(self, moment: Moment) -> None:
        self.restore(moment.weights)
        for own, numbers in zip(self.optimizer.state.values(), moment.state, strict=True):
            own[:] = array("d", numbers)
        self.optimizer.steps = moment.steps

    def read(self) -> None:
        """Do nothing: they are where the numbers are."""

    def write(self) -> None:
        """Do nothing: they hold the numbers at any time."""

    def finish(self) -> None:
        """Do nothing: the Parameters hold the numbers at any time."""

    def _forward(self, samples: Samples, i: int) -> tuple[Value, bool]:
        prediction, target = self.model(samples.row(i)), samples.target(i)
        self.predictions.append(numbers_of(prediction))
        loss = self.objective.loss(prediction, target)
        if samples.weights is not None:
            loss = loss * samples.weights[i]
        if samples.threshold is None:
            return loss, False
        target = [target] if isinstance(target, float) else target
        return loss, is_right(self.predictions[-1], target, samples.threshold)
