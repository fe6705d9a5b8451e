"""The last step from a network's outputs to what a person reads: a number, a class, probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, isfinite, nan
from typing import Any

from autograd import Value
from nn import losses
from nn.data.dataset import Dataset
from nn.data.samples import ERRORS
from nn.data.scaling import Scaler


@dataclass(frozen=True)
class Head:
    """What the last layer means: how targets are put to the loss, and outputs are read.

    Attributes:
        outputs: how many neurons the last layer has.
        activation: theirs, by name.
        target: from a y of the data to what the loss is given.
        support: from the outputs to how far each class is supported, 0 … 1; for a regression, to
            the one prediction in the units of the target.
    """

    outputs: int
    activation: str
    target: Callable[[float], Any]
    support: Callable[[Sequence[float]], list[float]]


def head(data: Dataset, loss: str) -> Head:
    """The last layer for these data and this loss.

    Raises:
        ValueError: if the loss is unknown or does not fit the task.
    """
    of_errors = losses.by_name(loss) in ERRORS
    if data.classes is None:
        return _regression_head(data, loss)
    classes = len(data.classes)
    if loss in ("cross_entropy", "kl_divergence"):
        return Head(classes, "linear", int, _softmax)
    if of_errors:
        if classes == 2:
            return Head(1, "sigmoid", float, lambda o: [1 - o[0], o[0]])
        return Head(classes, "sigmoid", lambda y: [float(y == k) for k in range(classes)], list)
    if classes > 2:
        raise ValueError(f"{loss} tells two classes apart, {data.name} has {classes}; take cross_entropy")
    if loss == "hinge":
        return Head(1, "linear", lambda y: 1.0 if y else -1.0, lambda o: _two(0.5 + 0.5 * o[0]))
    return Head(1, "linear", float, lambda o: _two(_logistic(o[0])))


def _regression_head(data: Dataset, loss: str) -> Head:
    if losses.by_name(loss) not in ERRORS:
        raise ValueError(
            f"{loss} is for classes, and the target {data.target!r} is a number; take half_mse or mse"
        )
    scaler = Scaler.fit([[y] for y in data.y])
    (mean,), (std,) = scaler.mean, scaler.std
    return Head(1, "linear", lambda y: (y - mean) / std, lambda o: [o[0] * std + mean])


def _two(p: float) -> list[float]:
    p = min(1.0, max(0.0, p)) if isfinite(p) else p
    return [1 - p, p]


def _logistic(z: float) -> float:
    return Value.sigmoid(z).data


def _softmax(logits: Sequence[float]) -> list[float]:
    top = max(logits)
    powers = [exp(x - top) if x - top <= 0 else nan for x in logits]  # ∞ − ∞ is no number
    return [power / sum(powers) for power in powers]
