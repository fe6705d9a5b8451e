"""Engines: what computes a training step.  The eager one builds each sample's graph and drops it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from autograd import Value, no_grad
from autograd import sum as add_up
from autograd.extend import NO_GRADIENT
from nn.clipping import Clipping
from nn.data.samples import Samples, Table
from nn.health.units import UnitFacts, facts_of_units
from nn.module import mode
from nn.optim import Optimizer
from nn.outputs import is_right
from nn.training.engine import Moment, Numbers, Objective, moment_of

TOGETHER = 16
"""Samples differentiated at once: a reverse pass visits every parameter, which is best shared."""


class EagerEngine:
    """The graph of every sample is built, differentiated and dropped.

    A batch is differentiated a few samples at a time, each loss divided by the batch's size, since
    gradients add up in the parameters: memory stays that of a few graphs however large the batch.

    Attributes:
        predictions: what the model gave for each sample of the last step or evaluation.
    """

    name = "eager"

    def __init__(
        self, model: Any, objective: Objective, optimizer: Optimizer, train: Samples, clipping: Clipping,
        watched: Sequence[int] = (),
    ) -> None:  # fmt: skip
        self.model, self.objective, self.optimizer, self.train = model, objective, optimizer, train
        self.clipping, self.watched = clipping, [train.row(i) for i in watched]
        self.parameters = model.parameters()
        self.penalised = model.weights()
        self.predictions: list[list[float]] = []

    def feed(self, samples: Sequence[int], column: int, numbers: Table) -> None:
        """Put other numbers into training samples, a row for each, from a column on."""
        for i, row in zip(samples, numbers, strict=True):
            self.train.X[i][column : column + len(row)] = row

    def step(self, batch: Sequence[int]) -> tuple[float, int]:
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
        self.clipping(self.parameters)
        self.optimizer.step()
        return total / len(batch) + (0.0 if penalty is None else penalty.data), right

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        total, right = 0.0, 0
        self.predictions = []
        with no_grad(), mode(self.model, training=False):
            for i in range(len(samples)):
                loss, hit = self._forward(samples, i)
                total += loss.data
                right += hit
            penalty = self.objective.penalty(self.penalised)
        return total / len(samples) + (0.0 if penalty is None else penalty.data), right

    def gradients(self) -> list[float]:
        return [0.0 if p.grad is NO_GRADIENT else p.grad for p in self.parameters]

    def units(self) -> dict[str, UnitFacts]:
        return facts_of_units(self.model, self.watched)

    def weights(self) -> list[float]:
        return [p.data for p in self.parameters]

    def restore(self, weights: Numbers) -> None:
        for p, x in zip(self.parameters, weights, strict=True):
            p.data = float(x)

    def moment(self) -> Moment:
        return moment_of(self.parameters, self.optimizer)

    def rewind(self, moment: Moment) -> None:
        self.restore(moment.weights)
        for own, numbers in zip(self.optimizer.state.values(), moment.state, strict=True):
            own[:] = array("d", numbers)
        self.optimizer.steps = moment.steps

    def write(self) -> None:
        """They hold them at any time."""

    def finish(self) -> None:
        """The Parameters hold the trained numbers at any time."""

    def _forward(self, samples: Samples, i: int) -> tuple[Value, bool]:
        prediction, target = self.model(samples.row(i)), samples.target(i)
        self.predictions.append(numbers(prediction))
        loss = self.objective.loss(prediction, target)
        if samples.threshold is None:
            return loss, False
        target = [target] if isinstance(target, float) else target
        return loss, is_right(self.predictions[-1], target, samples.threshold)


def numbers(prediction: Any) -> list[float]:
    """The outputs of a prediction as floats."""
    return [prediction.data] if isinstance(prediction, Value) else [v.data for v in prediction]
