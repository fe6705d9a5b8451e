"""The last step from a network's outputs to what a person reads: a number, or the support of classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nn import losses
from nn.data.dataset import Dataset
from nn.data.samples import ERRORS
from nn.data.scaling import Scaler
from nn.outputs import both_classes, softmax_of


@dataclass(frozen=True)
class Head:
    """What the last layer means: what the loss is given as targets, and how outputs are read.

    Attributes:
        outputs: how many neurons the last layer has.
        activation: that of these neurons, by name.
        target: turns a y of the data into what the loss is given.
        support: turns an array of outputs, one row per sample, into how far each class is supported,
            0 … 1; for a regression, into the one prediction in the units of the target.
        units: mean and standard deviation of a regression's targets.
    """

    outputs: int
    activation: str
    target: Callable[[float], Any]
    support: Callable[[Any], Any]
    units: tuple[float, float] = (0.0, 1.0)


def head(data: Dataset, loss: str, units: tuple[float, float] | None = None) -> Head:
    """Return what the last layer means for these data and this loss.

    Args:
        data: what is learned.
        loss: the name of the loss.
        units: mean and standard deviation of a regression's targets; None to compute them.

    Raises:
        ValueError: if the loss is unknown or does not fit the task.
    """
    of_errors = losses.by_name(loss) in ERRORS
    if data.classes is None:
        return _regression_head(data, loss, units)
    classes = len(data.classes)
    if loss in ("cross_entropy", "kl_divergence"):
        return Head(classes, "linear", int, softmax_of)
    if of_errors:
        if classes == 2:
            return Head(1, "sigmoid", float, both_classes)
        return Head(classes, "sigmoid", lambda y: [float(y == k) for k in range(classes)], lambda o: o)
    if classes > 2:
        raise ValueError(f"{loss} tells two classes apart, {data.name} has {classes}; take cross_entropy")
    if loss == "hinge":
        return Head(1, "linear", lambda y: 1.0 if y else -1.0, lambda o: both_classes(0.5 + 0.5 * o))
    return Head(1, "linear", float, softmax_of)


def _regression_head(data: Dataset, loss: str, units: tuple[float, float] | None) -> Head:
    if losses.by_name(loss) not in ERRORS:
        raise ValueError(
            f"{loss} is for classes, and the target {data.target!r} is a number; take half_mse or mse"
        )
    if units is None:
        scaler = Scaler.fit([[y] for y in data.y])
        units = scaler.mean[0], scaler.std[0]
    mean, std = units
    return Head(1, "linear", lambda y: (y - mean) / std, lambda o: o * std + mean, units)
