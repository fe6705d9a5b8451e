"""The settings of a training from the command line, and their defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nn import optim
from nn.data.dataset import Dataset
from nn.schedules import CosineAnnealingLR, Schedule

SAMPLES_SEEN = 20_000
"""The default number of epochs shows this many samples, for data without a default of their own."""
PENALTY, LARGEST_PENALTY = {"classification": 0.1, "regression": 1.5}, 0.05
"""The default penalty on the squared weights of a table's network is this, divided by how many samples there
are: few samples do not tell chance from what carries over (measured: tests/benchmarks/defaults.py)."""


@dataclass(frozen=True)
class Settings:
    """What can be chosen of a training.

    Attributes:
        layers: the neurons of each hidden layer; there may be no such layer.
        activation: that of the hidden layers, by name.
        loss: the loss, by name; it has to suit the task.
        optimizer: a name of `OPTIMIZERS`.
        lr: the learning rate, above 0.
        epochs: how many times all samples are seen, at least 1.
        batch: over how many samples a step averages, at least 1.
        l2: the factor of the sum of the squared weights that is added to the loss, at least 0.
        seed: decides the starting weights, the order of the samples and which are held out.
        held_out: the share of the samples to judge by, 0 ≤ held_out < 1; 0 for data that have a test
            part of their own.
        keep: which weights are kept where samples are held out: one of `KEPT`.
        dropout: the probability at which an output of a hidden layer is left out in training.
        schedule: how the learning rate changes from epoch to epoch: one of `SCHEDULES`.
        engine: what computes the training: one of `nn.training.fit.ENGINES`.
        dtype, threads: how precisely, and on how many threads, as `nn.fit` takes them.
    """

    layers: tuple[int, ...]
    activation: str
    loss: str
    optimizer: str
    lr: float
    epochs: int
    batch: int
    l2: float = 0.0
    seed: int = 0
    held_out: float = 0.2
    keep: str = "last"
    dropout: float = 0.0
    schedule: str = "constant"
    engine: str = "auto"
    dtype: str = "float64"
    threads: int = 1


KEPT = {"best": "of the epoch with the lowest held-out loss", "last": "of the last epoch"}
"""Which weights a training keeps."""
SEARCHED = (
    "layers", "activation", "dropout", "loss", "optimizer", "lr", "schedule", "epochs", "batch", "l2",
)  # fmt: skip
"""The settings of which several values may be tried."""


def default_settings(data: Dataset) -> Settings:
    """Return settings with which the data are learned well in a bearable time."""
    if data.image and data.test is not None:  # as large as MNIST
        return Settings(
            (128,), "relu", "cross_entropy", "adam", 0.002, 10, 128, held_out=0.0, schedule="cosine"
        )
    if data.image:
        return Settings((32,), "relu", "cross_entropy", "momentum", 0.05, 30, 32)
    if len(data) == 4:  # a truth table: every row is needed
        return Settings((4,), "tanh", _default_loss(data), "momentum", 0.2, 200, 4, held_out=0.0)
    epochs = min(200, max(10, SAMPLES_SEEN // len(data)))
    penalty = min(LARGEST_PENALTY, PENALTY[data.task] / len(data))
    return Settings(
        (16, 16), "tanh", _default_loss(data), "momentum", 0.05, epochs, 16, l2=penalty, keep="best"
    )


def _default_loss(data: Dataset) -> str:
    if data.classes is None:
        return "half_mse"
    return "binary_cross_entropy" if len(data.classes) == 2 else "cross_entropy"


OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "momentum": partial(optim.SGD, momentum=0.9),
    "nesterov": partial(optim.SGD, momentum=0.9, nesterov=True),
    **optim.OPTIMIZERS,
}
"""The optimisers of `nn.optim`, and gradient descent with the usual momentum under two further names."""


SCHEDULES: dict[str, Callable[[optim.Optimizer, int], Schedule | None]] = {
    "constant": lambda optimizer, epochs: None,
    "cosine": lambda optimizer, epochs: CosineAnnealingLR(optimizer, epochs),
}
"""How the learning rate changes: not at all, or down to 0 along a cosine over the epochs."""
