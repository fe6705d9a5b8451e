"""Callbacks: what acts during a training, beside the steps themselves.

A callback is a subclass of `Callback` that overrides some of its methods, or a plain function, which is
called after each epoch.  `nn.fit` takes any number of them::

    class Noise(Callback):
        def on_gradients(self, training):
            training.set_gradients([g + random.gauss(0, 0.01) for g in training.gradients()])

    fit(model, X, y, loss="mse", callbacks=[Noise(), lambda training, epoch: print(epoch.loss)])

The names of the methods are those of Keras and Lightning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from autograd import Value
from autograd.notation.hints import described
from nn.module import Module
from nn.optim import Optimizer

Numbers: TypeAlias = Any
"""A list, an array or a NumPy array of floats, one for each parameter of a model."""


class Epoch(NamedTuple):
    """The record of one pass over the training samples.

    Attributes:
        number: counted from 1.
        loss: the mean over the samples of what was minimised, penalties included, each measured
            just before the step that it led to.
        accuracy: the share of samples classified right, likewise; None where targets are not classes.
        val_loss, val_accuracy: the same of the validation data, after the epoch; None without them.
        lr: the learning rate of its first step, of the first group if there are several; None without
            a schedule.
    """

    number: int
    loss: float
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    lr: float | None = None

    @property
    def judged_by(self) -> float:
        """The validation loss, or the training loss without validation data."""
        return self.loss if self.val_loss is None else self.val_loss


class Training(Protocol):
    """What a callback sees of the training that it acts in, and what it may do there.

    Attributes:
        model: the model that is trained.
        optimizer: its optimiser.
        epochs: how many epochs there are to be in all.
        batches: how many batches an epoch has.
        history: the records of the epochs so far.
    """

    model: Module
    optimizer: Optimizer
    epochs: int

    @property
    def batches(self) -> int: ...

    @property
    def history(self) -> Sequence[Epoch]: ...

    @property
    def homes(self) -> Any:
        """Which layer each Module of the model belongs to, read once; see `nn.health.layers.Homes`."""

    def weights(self) -> Numbers:
        """Return a copy of the model's parameters as they stand, in its order."""

    def gradients(self) -> Numbers:
        """Return the gradients of this step, in the model's order of the parameters; 0 for none."""

    def set_gradients(self, gradients: Numbers) -> None:
        """Replace the gradients of this step."""

    def inside(self) -> Any:
        """Return what units and heads show on the watched samples, a `nn.health.units.Inside`."""

    def examples(self, count: int) -> list[Callable[[], Value]]:
        """Return functions that compute the losses of at most this many samples, from all over the data."""

    def evaluate(self) -> float:
        """Return the objective on all training samples with the weights as they stand."""

    def write(self) -> None:
        """Put the trained numbers into the model's Parameters: the tape keeps them elsewhere meanwhile."""

    def restore(self, weights: Numbers, epoch: int) -> None:
        """Put back the weights that an epoch ended with."""

    def state(self) -> dict[str, Any]:
        """Return what it takes to continue after the last whole epoch, for `nn.Resume`."""

    def stop(self, reason: str) -> None:
        """End the training after this epoch, for a reason that the history tells."""


class Callback:
    """The base of callbacks: every method does nothing, so override what you need.

    Attributes:
        optimizer: the optimiser that the callback changes, if it does; `nn.fit` trains with it.
        watched: on how many samples the callback reads the units; see `Training.inside`.
        comes_last: whether the callback acts on a whole epoch only after all others did: what it saves
            or shows then includes what they changed.
        idle: whether, from the first step on, there is nothing to do but `on_train_end`: the methods
            between are not called then.
        patient: whether it may be told of some short epochs of one batch together, after the last of
            them, and of no batch: it then finds the training as the last one left it.
    """

    optimizer: Optimizer | None = None
    watched: int = 0
    comes_last: bool = False
    idle: bool = False
    patient: bool = False

    def resume_from(self) -> Any:
        """Return the state of a training that is to be continued, or None; asked before all else."""
        return None

    def on_train_begin(self, training: Training) -> None:
        """Act before the first step."""

    def on_gradients(self, training: Training) -> None:
        """Act when the gradients of a step are known, before the optimiser takes it."""

    def on_batch_end(self, training: Training, loss: float, samples: int) -> None:
        """Act after a batch of that many samples, which had this loss before its step."""

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        """Act after a whole epoch."""

    def on_train_end(self, training: Training) -> None:
        """Act at the end, be it early, by an interrupt or by an error."""

    def on_save(self, training: Training) -> Any:
        """Return what the callback needs to continue, in numbers, texts, lists and dictionaries."""

    def on_resume(self, training: Training, state: Any) -> None:
        """Continue from what `on_save` returned; change nothing if anything is wrong with it."""


class AfterEachEpoch(Callback):
    """Calls a function of the training and of an epoch's record after the epoch.

    Args:
        function: it finds the trained numbers in the model.
    """

    comes_last = True

    def __init__(self, function: Callable[[Training, Epoch], object]) -> None:
        self.function = function

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        training.write()
        self.function(training, epoch)


def as_callback(x: Any) -> Callback:
    """Return a callback as it is, and a function as a callback that calls it after each epoch.

    Raises:
        TypeError: if it is neither.
    """
    if isinstance(x, Callback):
        return x
    if isinstance(x, type) or not callable(x):
        raise TypeError(
            "a callback is an nn.Callback, or a function of a training and an epoch, to call after each "
            f"epoch; got {described(x)}"
        )
    return AfterEachEpoch(x)


def evenly_spaced(epochs: int, count: int) -> set[int]:
    """Return ``count`` of the epochs, counted from 1, the last one among them; all if there are no more.

    >>> sorted(evenly_spaced(100, 4))
    [25, 50, 75, 100]
    """
    count = min(epochs, count)
    return {round(k * epochs / count) for k in range(1, count + 1)}
