"""The job of the command line: from a data set and settings to a training that is ready to start.

`prepare` checks everything before anything is trained; `nn.command.run` trains; the
`nn.command.result.Result` predicts, scores and differentiates in the data's own units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from os import PathLike
from typing import Any

from autograd.files.tensorfile import CheckpointError
from nn import optim
from nn.activations import activation
from nn.checks import import_extra, one_of
from nn.command.output_heads import Head, head
from nn.command.predictor import Predictor
from nn.command.settings import KEPT, OPTIMIZERS, SCHEDULES, Settings
from nn.data.dataset import Dataset, split
from nn.data.plan import plan_of
from nn.data.samples import is_array
from nn.data.scaling import Scaled, Scaler
from nn.layers import MLP
from nn.saving.checkpoint import Checkpoint, save
from nn.training.fit import ENGINES, precision_of


@dataclass
class Job:
    """A training that is ready to start: made by `prepare`.

    Attributes:
        data: all samples; ``train`` and ``held_out`` are its parts, in the data's own units.
        settings: what was chosen.
        scaler: brings the inputs to the size that the network sees.
        head: what the last layer means.
        model: the network, with the weights from which it starts.
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
        """Return how many samples there are, those to judge by included."""
        return len(self.train) + len(self.held_out)

    @property
    def predictor(self) -> Predictor:
        """The network with what its inputs and outputs mean."""
        return Predictor(self.model, self.scaler, self.head, self.data.classes)

    @property
    def on_a_plane(self) -> bool:
        """Whether classes are told apart by two inputs, so that all that is learned can be drawn."""
        return self.data.classes is not None and len(self.data.features) == 2

    def seen(self, data: Dataset) -> tuple[Any, Any]:
        """Return the samples as the network sees them: scaled inputs, and targets for the loss."""
        y = [self.head.target(y) for y in data.y]
        if is_array(data.X):  # as large as it may be, it is scaled where it is used
            return Scaled(data.X, self.scaler), import_extra("numpy", "a training").asarray(y)
        return self.scaler.transform(data.X), y

    @cached_property
    def fingerprint(self) -> str:
        """The `fingerprint` of all samples."""
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
            "plan": (self.data.plan or plan_of(self.data.features)).to_json(),
            "units": list(self.head.units),
            "target": self.data.target,
            "classes": None if self.data.classes is None else list(self.data.classes),
        }
        save(self.model, path, training=state, notes=notes)


def fingerprint(data: Dataset) -> str:
    """Return a text that is the same for the same data only."""
    told = repr((data.features, data.target, data.classes, data.y)).encode()
    X = data.X.astype("<f8").tobytes() if is_array(data.X) else repr(data.X).encode()
    return sha256(told + X).hexdigest()


def prepare(data: Dataset, settings: Settings) -> Job:
    """Return everything that a training needs, checked.

    Raises:
        ValueError: if a setting is out of its range, unknown, or does not fit the data.
    """
    activation(settings.activation)
    one_of("engine", settings.engine, dict.fromkeys(ENGINES))
    precision_of(settings.dtype, settings.engine)
    one_of("schedule", settings.schedule, SCHEDULES)
    one_of("keep", settings.keep, KEPT)
    make = one_of("optimiser", settings.optimizer, OPTIMIZERS)
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
    """Return the samples to train on, and those to judge by."""
    if data.test is None:
        return split(data, settings.held_out, settings.seed)
    if settings.held_out:
        raise ValueError(f"{data.name} has samples of its own to judge by; hold out none of the others")
    return replace(data, test=None), data.test


def resumed(data: Dataset, path: str | PathLike[str], given: Mapping[str, Any]) -> tuple[Job, Any]:
    """Return a training to continue: the job as it was, and the state for `nn.command.run.run`.

    Args:
        data: what it was trained on.
        path: the file that `Job.save` wrote.
        given: settings by name, which have to be as they were, except for ``engine``, ``threads`` and
            ``epochs``, the number of epochs in all.

    Raises:
        OSError: if the file cannot be read.
        CheckpointError: if it is not such a file, or is damaged.
        ValueError: if it has other data or settings, or nothing is left to do.
    """
    checkpoint = Checkpoint.read(path)
    settings = _settings(checkpoint, path)
    if checkpoint.notes.get("data") != fingerprint(data):
        raise ValueError(f"{path}: the network was not trained on {data.name}, or that has changed since")
    for name, x in given.items():
        was = getattr(settings, name)
        bound = name not in ("engine", "threads") and (name != "epochs" or settings.schedule != "constant")
        if bound and x != was:
            raise ValueError(
                f"{path}: a training continues as it was begun, with --{name.replace('_', '-')} at {was!r}; "
                f"got {x!r}"
            )
    job = prepare(data, replace(settings, **given))
    checkpoint.load_into(job.model)
    if job.settings.epochs <= checkpoint.training["epoch"]:
        done = checkpoint.training["epoch"]
        raise ValueError(
            f"{path}: all {done} epochs of this training are done; ask for more in all (--epochs)"
        )
    return job, checkpoint.training


def _settings(checkpoint: Checkpoint, path: str | PathLike[str]) -> Settings:
    """Return the settings in a file, checked as far as that is possible before the job is prepared."""
    kinds = {name: type(x) for name, x in asdict(Settings((1,), "", "", "", 0.1, 1, 1)).items()}
    try:
        told = {**checkpoint.notes["settings"]}
        told["layers"] = tuple(told["layers"])
        if told.keys() <= kinds.keys() and all(isinstance(x, kinds[name]) for name, x in told.items()):
            settings = Settings(**told)  # a file of an earlier version lacks the latest
            if isinstance(checkpoint.training["epoch"], int):
                return settings
    except (KeyError, TypeError):
        pass
    raise CheckpointError(f"{path}: it holds no training to continue")
