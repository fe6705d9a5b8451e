"""The result of a training from the command line: what the network predicts, and how good it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, nan, sqrt
from typing import Any

from autograd import Value
from nn import losses
from nn.checks import import_extra
from nn.command.job import Job
from nn.data.dataset import Dataset
from nn.data.samples import targets
from nn.losses import Loss
from nn.module import Module, mode
from nn.outputs import single_or_list
from nn.predictions import Outputs, values_of
from nn.training.history import History


@dataclass(frozen=True)
class Scores:
    """How good a network is on some samples.

    Attributes:
        loss: the mean loss per sample.
        accuracy: the share of rightly classified samples; None for a regression.
        r2: the coefficient of determination, 1 − Σ(y − ŷ)² / Σ(y − ȳ)²; None for classes, nan if
            all y are the same.
        rmse: the root of the mean squared error in the units of the target; None for classes.
    """

    loss: float
    accuracy: float | None = None
    r2: float | None = None
    rmse: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """A network at one moment of its training.

    Attributes:
        epoch: the number of epochs before it.
        loss: that of the last epoch; None before the first.
        weights: the number in each of the model's parameters.
    """

    epoch: int
    loss: float | None
    weights: list[float]


@dataclass
class Result:
    """A trained network, and the course of its training.

    Attributes:
        job: what was trained, and on what.
        history: the loss of each epoch.
        seconds: how long the training took.
        snapshots: the network at moments from the beginning to the end; none if it cannot be drawn.
    """

    job: Job
    history: History
    seconds: float
    snapshots: list[Snapshot]

    def __post_init__(self) -> None:
        self._costs: Outputs | None = None
        self._found: dict[int, tuple[Dataset, tuple[list[float], list[float]]]] = {}

    def support(self, X: Any) -> list[list[float]]:
        """Return for each row, in the data's own units, how far each class is supported, or [prediction]."""
        return self.job.predictor.support(X)

    def predict(self, X: Any) -> list[float]:
        """Return for each row the index of its class, or for a regression the prediction in its own units."""
        return self.job.predictor.predict(X)

    def predictions(self, data: Dataset) -> list[float]:
        """Return what `predict` says of each sample."""
        return self._outcomes(data)[1]

    def _outcomes(self, data: Dataset) -> tuple[list[float], list[float]]:
        """Return the loss of each sample, and what is predicted for it; computed once."""
        if not len(data):
            return [], []
        if id(data) not in self._found:
            X, y = self.job.seen(data)
            loss = losses.by_name(self.job.settings.loss)
            if self._costs is None:
                self._costs = Outputs(Costs(self.job.model, loss))
            rows, _ = targets(y, self.job.head.outputs, loss)
            found = import_extra("numpy", "a result").array(self._costs(X, rows))
            self._found[id(data)] = data, (found[:, 0].tolist(), self.job.predictor.read(found[:, 1:]))
        return self._found[id(data)][1]

    def loss(self, x: Sequence[float], y: float, in_a_box: bool = False) -> Value:
        """Return the loss of one sample, as the Value whose graph is the network at work on it.

        Args:
            x, y: the sample, in the data's own units.
            in_a_box: whether folded drawings show all that comes after the outputs as one box.
        """
        (row,) = self.job.scaler.transform([x])
        loss = losses.by_name(self.job.settings.loss)
        loss = Cost(loss) if in_a_box else loss
        with mode(self.job.model, training=False):
            found: Value = loss(self.job.model(row), self.job.head.target(y))
        found.label = "L"
        return found

    def losses(self, data: Dataset) -> list[float]:
        """Return the loss of each sample."""
        return self._outcomes(data)[0]

    def scores(self, data: Dataset) -> Scores:
        """Return how good the network is on these samples (at least one)."""
        loss = sum(self.losses(data)) / len(data)
        predicted = self.predictions(data)
        if data.classes is not None:
            right = sum(p == y for p, y in zip(predicted, data.y, strict=True))
            return Scores(loss, accuracy=right / len(data))
        mean = fsum(data.y) / len(data)
        error = _squares(p - y for p, y in zip(predicted, data.y, strict=True))
        spread = _squares(y - mean for y in data.y)
        return Scores(loss, r2=1 - error / spread if spread else nan, rmse=sqrt(error / len(data)))


def _squares(xs: Iterable[float]) -> float:
    return sum([x * x for x in xs])  # a network that ran away gives infinity, not an error


class Cost(Module):
    """A loss as a Module, which folded drawings show as one box."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, outputs: Any, target: Any) -> Value:
        return self.loss(outputs, target)


class Costs(Module):
    """A network and a loss in one: from a sample's inputs and targets to what it costs, and the outputs."""

    def __init__(self, model: Any, loss: Loss) -> None:
        self.model, self.loss = model, loss

    def __call__(self, x: Any, y: Any) -> list[Value]:
        outputs = self.model(x)
        return [self.loss(outputs, single_or_list(y)), *values_of(outputs)]
