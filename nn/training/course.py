"""A training under way."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from math import ceil, isfinite
from typing import Any, cast

from autograd import Value
from nn.data.samples import Samples
from nn.health.monitor import WATCHED, Monitor
from nn.losses import Loss
from nn.optim import Optimizer
from nn.predictions import _is_stepwise
from nn.schedules import Schedule
from nn.training.engine import Engine, moment_of
from nn.training.history import Epoch, History
from nn.training.resume import Best, captured, resumed
from nn.training.sequences import stepwise


@dataclass
class Plan:
    """How a training goes through its samples; see `fit`."""

    epochs: int
    batch_size: int | None
    patience: int | None
    rng: random.Random
    shuffle: bool
    progress: bool

    def batches(self, samples: int) -> Iterator[Sequence[int]]:
        """The samples of one epoch, a batch at a time."""
        order = list(range(samples))
        size = self.batch_size or samples
        if self.orders(samples):
            self.rng.shuffle(order)
        for start in range(0, samples, size):
            yield order[start : start + size]

    def orders(self, samples: int) -> bool:
        """Whether each epoch has an order of its own."""
        return self.shuffle and (self.batch_size or samples) < samples

    def steps(self, samples: int) -> int:
        """How many batches an epoch has."""
        return ceil(samples / (self.batch_size or samples))


@dataclass
class Course:
    """A training under way; see `fit` for its parts.

    Attributes:
        last: the moment after the last whole epoch.
        drawn: the states of the generators then.
        diverged: whether the loss became infinite or nan.
    """

    engine: Engine
    model: Any
    optimizer: Optimizer
    schedule: Schedule | None
    plan: Plan
    train: Samples
    held_out: Samples | None
    checkpoint: Callable[[dict[str, Any]], object] | None
    monitor: Monitor | None
    history: History
    drawing: Sequence[random.Random]
    loss: Loss
    drawn: list[Any] = field(default_factory=list)
    best: Best | None = None
    diverged: bool = False

    def run(self, state: Mapping[str, Any] | None) -> History:
        """Go through the epochs, or those that are left after a state."""
        try:
            if state is not None:
                self._resume(state)
            self._note_moment()
            self._begin_monitor()
            with _progress_bar(self.plan, len(self.train), len(self.history)) as bar:
                self._epochs(bar)
        except KeyboardInterrupt:
            self.history.interrupted = True
        finally:
            if self.best is not None:
                self.engine.restore(self.best.weights)
            self.engine.finish()
        self.history.state = None if self.diverged else self._state()
        if self.best is not None:
            self.history.best_epoch = self.best.epoch
        return self.history

    def _resume(self, state: Mapping[str, Any]) -> None:
        epochs, best = resumed(state, self.model, self.optimizer, self.schedule, self.drawing)
        self.history.epochs[:] = epochs
        self.best = best if self.plan.patience is not None else None
        self.engine.rewind(moment_of(self.model.parameters(), self.optimizer))

    def _begin_monitor(self) -> None:
        if self.monitor is None:
            return
        left = (self.plan.epochs - len(self.history)) * self.plan.steps(len(self.train))
        watched = _spread(len(self.train), WATCHED)
        self.monitor.begin(self.model, left, [partial(self._loss_of, i) for i in watched])

    def _loss_of(self, i: int) -> Value:
        """The loss of a training sample, as the Value whose graph led to it."""
        prediction, target = self.model(self.train.row(i)), self.train.target(i)
        if _is_stepwise(self.model):
            return stepwise(self.loss, self.model, prediction, target)
        return self.loss(prediction, target)

    def _epochs(self, bar: Any) -> None:
        good = self.last
        while len(self.history) < self.plan.epochs and not self._given_up():
            number = len(self.history) + 1
            loss, right = self._epoch(bar)
            if not isfinite(loss):
                self.engine.rewind(good)
                self._stop_at(loss, number)
                return
            good = self.last  # after this epoch's steps no loss has been seen yet
            self._record(number, loss, right)
            self._note_moment()
            bar.set_postfix_str(_summary(self.history[-1]), refresh=False)
            if self.checkpoint is not None:
                self.engine.write()
                self.checkpoint(self._state())

    def _epoch(self, bar: Any) -> tuple[float, float]:
        """One pass over the training samples: their mean objective, and how many were classified right."""
        total, right, samples = 0.0, 0.0, len(self.train)
        for batch in self.plan.batches(samples):
            loss, hits = self._step(batch)
            total += loss * len(batch)
            right += hits
            if not isfinite(loss):
                return loss, right
            bar.update()
        return total / samples, right

    def _step(self, batch: Sequence[int]) -> tuple[float, float]:
        """Take a step, under the eyes of the monitor if there is one."""
        if self.monitor is None:
            return self.engine.step(batch)
        before = self.engine.weights() if self.monitor.wanted() else None
        loss, hits = self.engine.step(batch)
        self.monitor.note(loss, len(batch))
        if before is not None or not isfinite(loss):
            after = self.engine.weights()
            before = after if before is None else before
            self.monitor.take(before, after, self.engine.gradients(), self.engine.units)
        return loss, hits

    def _record(self, number: int, loss: float, right: float) -> None:
        """Judge the epoch, write it down, and draw conclusions from it for the next."""
        rate = None if self.schedule is None else self.optimizer.param_groups[0]["lr"]
        epoch = Epoch(number, loss, _share(right, self.train), lr=rate)
        if self.held_out is not None:
            val_loss, hits = self.engine.evaluate(self.held_out)
            epoch = replace(epoch, val_loss=val_loss, val_accuracy=_share(hits, self.held_out))
        if self.plan.patience is not None:
            self._note_best(epoch)
        self.history.epochs.append(epoch)
        if self.schedule is not None:
            self.schedule.step(loss if epoch.val_loss is None else epoch.val_loss)

    def _note_best(self, epoch: Epoch) -> None:
        """Keep the weights if they are the best so far.

        Without validation data the training samples are gone through once more: the loss that the
        epoch recorded was measured while the weights were still moving.
        """
        loss = self.engine.evaluate(self.train)[0] if epoch.val_loss is None else epoch.val_loss
        if isfinite(loss) and (self.best is None or loss < self.best.loss):
            self.best = Best(loss, epoch.number, self.engine.weights())

    def _given_up(self) -> bool:
        """Whether the best weights are long past."""
        patience, epochs = self.plan.patience, len(self.history)
        if patience is None or epochs - (self.best.epoch if self.best else 0) < patience:
            return False
        self.history.stopped = f"no lower loss in {patience} epochs"
        return True

    def _stop_at(self, loss: float, number: int) -> None:
        """End a training whose loss is no longer finite, and say why."""
        self.diverged = True
        self.history.stopped = (
            f"the loss became {loss} in epoch {number}, and the last good weights were put back; "
            "try a lower learning rate"
        )
        warnings.warn(self.history.stopped, RuntimeWarning, stacklevel=5)

    def _note_moment(self) -> None:
        self.last = self.engine.moment()
        if not self.drawn or len(self.drawing) > 1 or self.plan.orders(len(self.train)):
            self.drawn = [generator.getstate() for generator in self.drawing]

    def _state(self) -> dict[str, Any]:
        """What it takes to go on after the last whole epoch."""
        return captured(self.last, self.optimizer, self.schedule, self.drawn, self.history.epochs, self.best)


def _spread(samples: int, most: int) -> list[int]:
    """The places of up to so many samples, evenly spread."""
    count = min(samples, most)
    return [i * samples // count for i in range(count)]


def _share(hits: float, samples: Samples) -> float | None:
    return None if samples.threshold is None else hits / len(samples)


def _summary(epoch: Epoch) -> str:
    parts = (("loss", epoch.loss), ("val", epoch.val_loss),
             ("accuracy", epoch.accuracy), ("val", epoch.val_accuracy))  # fmt: skip
    return ", ".join(f"{name} {x:.3g}" for name, x in parts if x is not None)


class _NoBar:
    """Takes what a progress bar is told, and shows nothing."""

    def update(self) -> None:
        pass

    def set_postfix_str(self, text: str, refresh: bool) -> None:
        pass


@contextmanager
def _no_bar() -> Iterator[_NoBar]:
    yield _NoBar()


def _progress_bar(plan: Plan, samples: int, done: int) -> AbstractContextManager[Any]:
    steps = plan.steps(samples)
    if not plan.progress:
        return _no_bar()
    try:
        tqdm = import_module("tqdm.auto").tqdm
    except ImportError:
        return _no_bar()
    unit = "epoch" if steps == 1 else "batch"
    bar = tqdm(total=plan.epochs * steps, initial=done * steps, unit=unit, disable=None)
    return cast(AbstractContextManager[Any], bar)
