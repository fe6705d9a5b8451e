"""The main job: from a data set and some settings to a trained network and what it can do.

`prepare` checks everything before anything is trained; `Job.run` trains; the `Result` predicts,
scores and differentiates in the data's own units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from math import exp, fsum, isfinite, nan, sqrt
from os import PathLike
from time import perf_counter
from typing import Any

from autograd import Value
from nn import losses, optim
from nn.activations import activation
from nn.answers import answers
from nn.checkpoint import Checkpoint, CheckpointError, save
from nn.data import Dataset, Scaler, split
from nn.history import History, evenly_spaced
from nn.layers import MLP
from nn.losses import Loss
from nn.module import Module, mode
from nn.names import by_name
from nn.samples import ERRORS, is_array, largest, plain, targets
from nn.schedules import CosineAnnealingLR, Schedule
from nn.train import ENGINES, fit

SNAPSHOTS = 30
"""How often a network is looked at while it learns, where what it learned can be drawn."""
SAMPLES_SEEN = 20_000
"""How many samples the default number of epochs adds up to, where the data have no default of their own."""


@dataclass(frozen=True)
class Settings:
    """What can be chosen of a training.

    Attributes:
        layers: the neurons of each hidden layer; may be none.
        activation: of the hidden layers, by name.
        loss: by name; it has to fit the task.
        optimizer: a name of `OPTIMIZERS`.
        lr: the learning rate, above 0.
        epochs: how many times all samples are seen, at least 1.
        batch: how many samples a step averages over, at least 1.
        l2: the factor of the sum of the squared weights that is added to the loss, at least 0.
        seed: decides the starting weights, the order of the samples and which are held out.
        held_out: the share of the samples to judge by, 0 ≤ held_out < 1; 0 for data that have a test
            part of their own.
        dropout: the probability at which an output of a hidden layer is left out in training.
        schedule: how the learning rate goes from epoch to epoch: one of `SCHEDULES`.
        engine: what computes the training: one of `nn.train.ENGINES`.
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
    dropout: float = 0.0
    schedule: str = "constant"
    engine: str = "auto"


def default_settings(data: Dataset) -> Settings:
    """Settings under which the data are learned well in a bearable time."""
    if data.image and data.test is not None:  # as large as MNIST
        return Settings(
            (128,), "relu", "cross_entropy", "adam", 0.002, 10, 128, held_out=0.0, schedule="cosine"
        )
    if data.image:
        return Settings((32,), "relu", "cross_entropy", "momentum", 0.05, 30, 32)
    if len(data) == 4:  # a truth table: every row is needed
        return Settings((4,), "tanh", _default_loss(data), "momentum", 0.2, 200, 4, held_out=0.0)
    epochs = min(200, max(10, SAMPLES_SEEN // len(data)))
    return Settings((16, 16), "tanh", _default_loss(data), "momentum", 0.05, epochs, 16)


def _default_loss(data: Dataset) -> str:
    if data.classes is None:
        return "half_mse"
    return "binary_cross_entropy" if len(data.classes) == 2 else "cross_entropy"


OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "momentum": partial(optim.SGD, momentum=0.9),
    "nesterov": partial(optim.SGD, momentum=0.9, nesterov=True),
    **optim.OPTIMIZERS,
}
"""The optimisers of nn.optim, and gradient descent with the usual momentum by a name of its own."""

SCHEDULES: dict[str, Callable[[optim.Optimizer, int], Schedule | None]] = {
    "constant": lambda optimizer, epochs: None,
    "cosine": lambda optimizer, epochs: CosineAnnealingLR(optimizer, epochs),
}
"""How the learning rate goes: stays as it is, or falls to 0 along a cosine over the epochs."""


# ------------------------------------------------------------------- how a task meets a network


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


# ------------------------------------------------------------------------------------ the job


@dataclass
class Job:
    """A training that is ready to start: made by `prepare`.

    Attributes:
        data: all samples; ``train`` and ``held_out`` are its parts, in the data's own units.
        settings: what was chosen.
        scaler: brings the inputs to the size that the network sees.
        head: what the last layer means.
        model: the network, its weights as they start.
        optimizer: holds the model's parameters.
    """

    data: Dataset
    train: Dataset
    held_out: Dataset
    settings: Settings
    scaler: Scaler
    head: Head
    model: MLP
    optimizer: optim.Optimizer

    def __len__(self) -> int:
        """How many samples there are, those to judge by included."""
        return len(self.train) + len(self.held_out)

    def run(
        self,
        progress: bool = True,
        path: str | PathLike[str] | None = None,
        resume: Mapping[str, Any] | None = None,
    ) -> Result:
        """Train the network; an interrupt (Ctrl-C) ends the training early and keeps what was learned.

        Args:
            progress: show a progress bar on a terminal.
            path: where a checkpoint is written after each epoch.
            resume: the state of a training to go on with; see `resumed`.
        """
        loss = losses.by_name(self.settings.loss)
        snapshots = [self._snapshot(0, None)] if self.on_a_plane and resume is None else []
        started = perf_counter()
        history = fit(
            self.model,
            *self.seen(self.train),
            loss=loss,
            optimizer=self.optimizer,
            epochs=self.settings.epochs,
            batch_size=min(self.settings.batch, len(self.train)),
            seed=self.settings.seed,
            l2=self.settings.l2,
            validation=self.seen(self.held_out) if len(self.held_out) else None,
            progress=progress,
            engine=self.settings.engine,
            schedule=SCHEDULES[self.settings.schedule](self.optimizer, self.settings.epochs),
            checkpoint=self._after_an_epoch(path, snapshots),
            resume=resume,
        )
        return Result(self, history, perf_counter() - started, snapshots)

    def _after_an_epoch(
        self, path: str | PathLike[str] | None, snapshots: list[Snapshot]
    ) -> Callable[[Mapping[str, Any]], None] | None:
        """What is done after each epoch: a checkpoint is written, a snapshot taken; None if neither."""
        watched = evenly_spaced(self.settings.epochs, SNAPSHOTS) if self.on_a_plane else set()
        if path is None and not watched:
            return None

        def after_an_epoch(state: Mapping[str, Any]) -> None:
            if path is not None:
                self.save(path, state)
            if state["epoch"] in watched:
                snapshots.append(self._snapshot(state["epoch"], state["history"]["loss"][-1]))

        return after_an_epoch

    @property
    def on_a_plane(self) -> bool:
        """Whether two inputs are to be told apart into classes: then all that is learned can be drawn."""
        return self.data.classes is not None and len(self.data.features) == 2

    def _snapshot(self, epoch: int, loss: float | None) -> Snapshot:
        return Snapshot(epoch, loss, [p.data for p in self.model.parameters()])

    def seen(self, data: Dataset) -> tuple[Any, list[Any]]:
        """The samples as the network sees them: scaled inputs, and targets for the loss."""
        return self.scaler.transform(data.X), [self.head.target(y) for y in data.y]

    @cached_property
    def fingerprint(self) -> str:
        """A text that is the same for the same data alone."""
        return fingerprint(self.data)

    def save(self, path: str | PathLike[str], state: Mapping[str, Any] | None = None) -> None:
        """Write the network, what its inputs and outputs mean, and the state of its training to a file.

        Raises:
            OSError: if the file cannot be written; one that was there is still there.
        """
        notes = {
            "settings": asdict(self.settings),
            "data": self.fingerprint,
            "features": list(self.data.features),
            "mean": list(self.scaler.mean),
            "std": list(self.scaler.std),
            "target": self.data.target,
            "classes": None if self.data.classes is None else list(self.data.classes),
        }
        save(self.model, path, training=state, notes=notes)


def fingerprint(data: Dataset) -> str:
    """A text that is the same for the same data alone."""
    told = repr((data.features, data.target, data.classes, data.y)).encode()
    X = data.X.astype("<f8").tobytes() if is_array(data.X) else repr(data.X).encode()
    return sha256(told + X).hexdigest()


def prepare(data: Dataset, settings: Settings) -> Job:
    """Everything that a training needs, checked.

    Raises:
        ValueError: if a setting is out of its range, unknown, or does not fit the data.
    """
    activation(settings.activation)
    by_name("engine", settings.engine, dict.fromkeys(ENGINES))
    by_name("schedule", settings.schedule, SCHEDULES)
    make = by_name("optimiser", settings.optimizer, OPTIMIZERS)
    train, held_out = _parts(data, settings)
    last = head(train, settings.loss)
    model = MLP(
        len(data.features),
        [*settings.layers, last.outputs],
        activation=settings.activation,
        output=last.activation,
        dropout=settings.dropout,
        seed=settings.seed,
    )
    scaler = Scaler.fit(train.X, together=data.image is not None)
    optimizer = make(model.parameters(), lr=settings.lr)
    return Job(data, train, held_out, settings, scaler, last, model, optimizer)


def _parts(data: Dataset, settings: Settings) -> tuple[Dataset, Dataset]:
    """The samples to train on, and those to judge by."""
    if data.test is None:
        return split(data, settings.held_out, settings.seed)
    if settings.held_out:
        raise ValueError(f"{data.name} has samples of its own to judge by; hold out none of the others")
    return replace(data, test=None), data.test


def resumed(data: Dataset, path: str | PathLike[str], given: Mapping[str, Any]) -> tuple[Job, Any]:
    """A training to go on with: the job as it was, and the state for its `run`.

    Args:
        data: what it was trained on.
        path: the file that `Job.save` wrote.
        given: settings by name, which have to be as they were; but for ``engine``, and ``epochs``,
            the number of epochs in all.

    Raises:
        OSError: if the file cannot be read.
        CheckpointError: if it is no such file, or a damaged one.
        ValueError: if it is of other data or settings, or there is nothing left to do.
    """
    checkpoint = Checkpoint.read(path)
    settings = _settings(checkpoint, path)
    if checkpoint.notes.get("data") != fingerprint(data):
        raise ValueError(f"{path}: the network was not trained on {data.name}, or that has changed since")
    for name, x in given.items():
        was = getattr(settings, name)
        bound = name != "engine" and (name != "epochs" or settings.schedule != "constant")
        if bound and x != was:
            raise ValueError(f"{path}: a training goes on as it was begun, with {name} at {was!r}; got {x!r}")
    job = prepare(data, replace(settings, **given))
    checkpoint.load_into(job.model)
    if job.settings.epochs <= checkpoint.training["epoch"]:
        done = checkpoint.training["epoch"]
        raise ValueError(
            f"{path}: all {done} epochs of this training are done; ask for more in all (--epochs)"
        )
    return job, checkpoint.training


def _settings(checkpoint: Checkpoint, path: str | PathLike[str]) -> Settings:
    """The settings in a file, as far as they can be looked at before the job is prepared."""
    kinds = {name: type(x) for name, x in asdict(Settings((1,), "", "", "", 0.1, 1, 1)).items()}
    try:
        told = {**checkpoint.notes["settings"]}
        told["layers"] = tuple(told["layers"])
        right = told.keys() == kinds.keys() and all(isinstance(x, kinds[name]) for name, x in told.items())
        right = right and isinstance(checkpoint.training["epoch"], int)
    except (KeyError, TypeError):
        right = False
    if not right:
        raise CheckpointError(f"{path}: it holds no training to go on with")
    return Settings(**told)


# ---------------------------------------------------------------------------------- the result


@dataclass(frozen=True)
class Scores:
    """How good a network is on some samples.

    Attributes:
        loss: the mean loss a sample.
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
        epoch: after how many epochs.
        loss: that of the epoch; None before the first.
        weights: the number in each of the model's parameters.
    """

    epoch: int
    loss: float | None
    weights: list[float]


@dataclass
class Result:
    """A trained network, and how it came about.

    Attributes:
        job: what was trained on what.
        history: the loss of each epoch.
        seconds: how long the training took.
        snapshots: the network at moments from the beginning to the end; none where it is not drawn.
    """

    job: Job
    history: History
    seconds: float
    snapshots: list[Snapshot]

    def support(self, X: Any) -> list[list[float]]:
        """For each row, in the data's own units: how far each class is supported, or [prediction]."""
        return [self.job.head.support(outputs) for outputs in self._outputs(X)]

    def predict(self, X: Any) -> list[float]:
        """For each row the index of its class, or for a regression the prediction in its own units."""
        if self.job.head.outputs > 1:  # then the support is as the outputs are ordered
            return [largest(outputs) for outputs in self._outputs(X)]
        supports = self.support(X)
        if self.job.data.classes is None:
            return [prediction for (prediction,) in supports]
        return [largest(support) for support in supports]

    def _outputs(self, X: Any) -> list[list[float]]:
        outputs: list[list[float]] = plain(answers(self.job.model, self.job.scaler.transform(X)))
        return outputs

    def loss(self, x: Sequence[float], y: float) -> Value:
        """The loss of one sample, as the Value whose graph is the network at work on it."""
        (row,) = self.job.scaler.transform([x])
        with mode(self.job.model, training=False):
            return losses.by_name(self.job.settings.loss)(self.job.model(row), self.job.head.target(y))

    def losses(self, data: Dataset) -> list[float]:
        """The loss of each sample."""
        X, y = self.job.seen(data)
        loss = losses.by_name(self.job.settings.loss)
        rows, _ = targets(y, self.job.head.outputs, loss)
        found: list[list[float]] = plain(answers(Costs(self.job.model, loss), X, rows))
        return [cost for (cost,) in found]

    def scores(self, data: Dataset) -> Scores:
        """How good the network is on these samples (at least one)."""
        loss = sum(self.losses(data)) / len(data)
        predicted = self.predict(data.X)
        if data.classes is not None:
            right = sum(p == y for p, y in zip(predicted, data.y, strict=True))
            return Scores(loss, accuracy=right / len(data))
        mean = fsum(data.y) / len(data)
        error = _squares(p - y for p, y in zip(predicted, data.y, strict=True))
        spread = _squares(y - mean for y in data.y)
        return Scores(loss, r2=1 - error / spread if spread else nan, rmse=sqrt(error / len(data)))


def _squares(xs: Iterable[float]) -> float:
    return sum([x * x for x in xs])  # infinite, not an error, for a network that ran away


class Costs(Module):
    """A network and a loss in one: from a sample's inputs and targets to what it costs."""

    def __init__(self, model: Any, loss: Loss) -> None:
        self.model, self.loss = model, loss

    def __call__(self, x: Any, y: Any) -> Value:
        return self.loss(self.model(x), y[0] if len(y) == 1 else y)
