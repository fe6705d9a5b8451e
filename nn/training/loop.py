"""A training under way: the epochs, the batches, and what the callbacks see of them."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, isfinite
from typing import Any

from autograd import Value
from nn.callbacks import Callback, Epoch, Numbers
from nn.data.feeding import Feeding
from nn.data.samples import Samples
from nn.health.causes import cause_among
from nn.health.layers import Homes
from nn.health.records import Records
from nn.health.signs import SIGNS
from nn.health.units import Watched
from nn.losses import Penalised
from nn.module import Module
from nn.optim import Optimizer
from nn.training.engine import Engine, moment_of
from nn.training.history import History
from nn.training.resume import Standing, generators, named, resume


@dataclass(frozen=True)
class Plan:
    """How a training goes through its samples; see `fit`.

    Attributes:
        epochs, batch_size: as `fit` takes them.
        rng: decides the order in each epoch; with None the samples stay in the order given.
    """

    epochs: int
    batch_size: int | None
    rng: random.Random | None

    def batches(self, samples: int) -> Iterator[Sequence[int]]:
        """Yield the samples of one epoch, one batch at a time."""
        order = list(range(samples))
        size = self.batch_size or samples
        if self.rng is not None and self.orders(samples):
            self.rng.shuffle(order)
        for start in range(0, samples, size):
            yield order[start : start + size]

    def orders(self, samples: int) -> bool:
        """Return whether each epoch has an order of its own."""
        return self.rng is not None and (self.batch_size or samples) < samples

    def count(self, samples: int) -> int:
        """Return how many batches an epoch has."""
        return ceil(samples / (self.batch_size or samples))


class Course:
    """A training under way: what `nn.callbacks.Training` describes, and the loop itself.

    Args:
        engine: computes the steps.
        feeding: how the model takes its samples.
        optimizer: see `fit`.
        plan: how the samples are gone through.
        objective: what is minimised.
        train, held_out: the samples to train on and to judge by.
        history: the record, which is the first callback.
        callbacks: the others.
        watched: what is looked at besides the steps.
    """

    def __init__(
        self, engine: Engine, feeding: Feeding, optimizer: Optimizer, plan: Plan, objective: Penalised,
        train: Samples, held_out: Samples | None, history: History, callbacks: Sequence[Callback],
        watched: Watched,
    ) -> None:  # fmt: skip
        self.engine, self.feeding, self.optimizer, self.plan = engine, feeding, optimizer, plan
        self.model: Module = feeding.model
        self.objective, self.train, self.held_out = objective, train, held_out
        self.history, self.callbacks = history, [history, *callbacks]
        self.epochs, self._watched = plan.epochs, watched
        self._scheduled = any(callback.optimizer is not None for callback in callbacks)
        self._drawing = generators(self.model, plan.rng)
        self._drawn: list[Any] = []
        self._standing: Standing
        self._diverged = False
        hooks = [callback.on_gradients for callback in self._overriding("on_gradients")]
        self._on_gradients = partial(_call_all, hooks, self) if hooks else None
        self._on_batch_end = [callback.on_batch_end for callback in self._overriding("on_batch_end")]
        self._on_epoch_end: dict[bool, list[Callback]] = {False: [], True: []}
        for callback in self._overriding("on_epoch_end"):
            self._on_epoch_end[callback.comes_last].append(callback)
        self._saving = named(self._overriding("on_save"))

    def _overriding(self, hook: str) -> list[Callback]:
        """Return the callbacks with a method of their own of this name."""
        return [c for c in self.callbacks if getattr(type(c), hook) is not getattr(Callback, hook)]

    def run(self) -> History:
        """Go through the epochs, or those that are left after the state of an earlier training."""
        try:
            self._resume()
            self._note_standing()
            try:
                for callback in self.callbacks:
                    callback.on_train_begin(self)
                self._go()
            except KeyboardInterrupt:
                self.history.interrupted = True
            finally:
                for callback in self.callbacks:
                    callback.on_train_end(self)
        finally:
            self.engine.finish()
        self.history.state = None if self._diverged else self.state()
        return self.history

    def _resume(self) -> None:
        states = [s for s in (callback.resume_from() for callback in self.callbacks) if s is not None]
        if len(states) > 1:
            raise ValueError("two callbacks continue an earlier training; one training continues one other")
        for state in states:
            self.history.epochs[:] = resume(state, self, self._saving, self._drawing)
            self.engine.rewind(moment_of(self.model.parameters(), self.optimizer))

    def _go(self) -> None:
        good = self._standing.moment
        while len(self.history) < self.epochs and not self.history.stopped:
            number = len(self.history) + 1
            rate = self.optimizer.param_groups[0]["lr"] if self._scheduled else None
            loss, right = self._epoch()
            if not isfinite(loss):
                now = self._standing.moment.weights
                self.engine.rewind(good)
                self._diverge(loss, number, now if all(map(isfinite, now)) else good.weights)
                return
            good = self._standing.moment  # after this epoch's steps no loss has been seen yet
            epoch = self._judged(number, loss, right, rate)
            for callback in self._on_epoch_end[False]:
                callback.on_epoch_end(self, epoch)
            self._note_standing()
            for callback in self._on_epoch_end[True]:
                callback.on_epoch_end(self, epoch)

    def _epoch(self) -> tuple[float, float]:
        """Go through the training samples; return their mean objective and how many were right."""
        total, right, samples = 0.0, 0.0, len(self.train)
        for batch in self.plan.batches(samples):
            loss, hits = self.engine.step(batch, self._on_gradients)
            for hook in self._on_batch_end:
                hook(self, loss, len(batch))
            total += loss * len(batch)
            right += hits
            if not isfinite(loss):
                return loss, right
        return total / samples, right

    def _judged(self, number: int, loss: float, right: float, rate: float | None) -> Epoch:
        """Return the record of an epoch, with how well it does on the held-out samples."""
        accuracy = _share(right, self.train)
        if self.held_out is None:
            return Epoch(number, loss, accuracy, lr=rate)
        val_loss, hits = self.engine.evaluate(self.held_out)
        return Epoch(number, loss, accuracy, val_loss, _share(hits, self.held_out), rate)

    def _diverge(self, loss: float, number: int, weights: Numbers) -> None:
        """End a training whose loss is no longer finite, and say why.

        Args:
            loss, number: what it became, and in which epoch.
            weights: the last finite ones that an epoch began with.
        """
        self._diverged = True
        log = Records(cause=cause_among(self, weights))
        self.history.stopped = (
            f"the loss became {loss} in epoch {number}{log.because}, and the last good weights were put "
            f"back. {SIGNS['NaN cost'].cure(log, None)}"
        )
        warnings.warn(self.history.stopped, RuntimeWarning, stacklevel=6)

    def _note_standing(self) -> None:
        """Note where the training stands after a whole epoch, so that it can continue from there."""
        at_rest = self._drawing == [self.plan.rng] and not self.plan.orders(len(self.train))
        if not (self._drawn and at_rest):
            self._drawn = [generator.getstate() for generator in self._drawing]
        groups = [dict(group) for group in self.optimizer.param_groups]
        saved = {name: callback.on_save(self) for name, callback in self._saving.items()}
        self._standing = Standing(self.engine.moment(), groups, saved, self._drawn)

    # ------------------------------------------------------------------------- what callbacks see and do

    @property
    def batches(self) -> int:
        return self.plan.count(len(self.train))

    @property
    def homes(self) -> Homes:
        return self._watched.homes

    def weights(self) -> Numbers:
        return self.engine.weights()

    def gradients(self) -> Numbers:
        return self.engine.gradients()

    def set_gradients(self, gradients: Numbers) -> None:
        self.engine.set_gradients(gradients)

    def units(self) -> dict[str, Any]:
        return self.engine.units()

    def examples(self, count: int) -> list[Callable[[], Value]]:
        return [partial(self._loss_of, i) for i in spread(len(self.train), count)]

    def _loss_of(self, i: int) -> Value:
        """Return the loss of a training sample, as the Value whose graph led to it."""
        prediction = self.feeding.put(self.train.row(i))
        return self.feeding.cost(self.objective.loss)(prediction, self.train.target(i))

    def evaluate(self) -> float:
        return self.engine.evaluate(self.train)[0]

    def write(self) -> None:
        self.engine.write()

    def restore(self, weights: Numbers, epoch: int) -> None:
        self.engine.restore(weights)
        self.history.best_epoch = epoch

    def state(self) -> dict[str, Any]:
        return self._standing.state(self.optimizer, self.history.epochs)

    def stop(self, reason: str) -> None:
        if len(self.history) < self.epochs:  # else it ends anyway
            self.history.stopped = reason


def spread(samples: int, most: int) -> list[int]:
    """Return the places of at most this many samples, evenly spread.

    >>> spread(10, 4)
    [0, 2, 5, 7]
    """
    count = min(samples, most)
    return [i * samples // count for i in range(count)]


def _call_all(hooks: Sequence[Callable[[Any], None]], training: Course) -> None:
    for hook in hooks:
        hook(training)


def _share(hits: float, samples: Samples) -> float | None:
    return None if samples.threshold is None else hits / len(samples)
