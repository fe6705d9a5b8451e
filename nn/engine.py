"""Engines: what computes a training step.  The eager one builds each sample's graph and drops it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from autograd import Parameter, Value, no_grad
from autograd import sum as add_up
from nn import losses
from nn.losses import Loss
from nn.optim import Optimizer
from nn.samples import Samples, is_right

TOGETHER = 16
"""Samples differentiated at once: a reverse pass visits every parameter, which is best shared."""


@dataclass(frozen=True)
class Objective:
    """What is minimised: the mean loss of the samples, plus l1·Σ|w| + l2·Σw² over the weights."""

    loss: Loss
    l1: float = 0.0
    l2: float = 0.0

    def penalty(self, weights: Sequence[Parameter]) -> Value | None:
        """The part that depends on the weights alone; None if there is none."""
        parts = []
        if self.l1:
            parts.append(self.l1 * losses.l1(weights))
        if self.l2:
            parts.append(self.l2 * losses.l2(weights))
        if not parts or not weights:
            return None
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]


class Engine(Protocol):
    """What computes a training: the model's passes, forward and reverse, and the optimiser's steps."""

    name: str

    def step(self, batch: Sequence[int]) -> tuple[float, int]:
        """Take one step of the optimiser on these training samples.

        Returns:
            The objective before the step, and how many of the samples were classified right.
        """

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        """The objective on other samples, and how many of them are classified right."""

    def weights(self) -> Any:
        """A copy of all parameters, for `restore`."""

    def restore(self, weights: Any) -> None:
        """Set all parameters back to such a copy."""

    def finish(self) -> None:
        """See that the model's Parameters hold the trained numbers; also called after an interrupt."""


class EagerEngine:
    """The graph of every sample is built, differentiated and dropped.

    A batch is differentiated a few samples at a time, each loss divided by the batch's size, since
    gradients add up in the parameters: memory stays that of a few graphs however large the batch.
    """

    name = "eager"

    def __init__(self, model: Any, objective: Objective, optimizer: Optimizer, train: Samples) -> None:
        self.model, self.objective, self.optimizer, self.train = model, objective, optimizer, train
        self.parameters = model.parameters()
        self.penalised = model.weights()

    def step(self, batch: Sequence[int]) -> tuple[float, int]:
        self.model.zero_grad()
        self.optimizer.zero_grad()
        total, right = 0.0, 0
        for start in range(0, len(batch), TOGETHER):
            seen = [self._forward(self.train, i) for i in batch[start : start + TOGETHER]]
            loss = add_up(loss for loss, _ in seen)
            (loss / len(batch)).backward()
            total += loss.data
            right += sum(hit for _, hit in seen)
        penalty = self.objective.penalty(self.penalised)
        if penalty is not None:
            penalty.backward()
        self.optimizer.step()
        return total / len(batch) + (0.0 if penalty is None else penalty.data), right

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        total, right = 0.0, 0
        with no_grad():
            for i in range(len(samples)):
                loss, hit = self._forward(samples, i)
                total += loss.data
                right += hit
            penalty = self.objective.penalty(self.penalised)
        return total / len(samples) + (0.0 if penalty is None else penalty.data), right

    def weights(self) -> list[float]:
        return [p.data for p in self.parameters]

    def restore(self, weights: list[float]) -> None:
        for p, x in zip(self.parameters, weights, strict=True):
            p.data = x

    def finish(self) -> None:
        """The Parameters hold the trained numbers at any time."""

    def _forward(self, samples: Samples, i: int) -> tuple[Value, bool]:
        prediction, target = self.model(samples.row(i)), samples.target(i)
        loss = self.objective.loss(prediction, target)
        if samples.threshold is None:
            return loss, False
        target = [target] if isinstance(target, float) else target
        return loss, is_right(numbers(prediction), target, samples.threshold)


def numbers(prediction: Any) -> list[float]:
    """The outputs of a prediction as floats."""
    return [prediction.data] if isinstance(prediction, Value) else [v.data for v in prediction]
