"""A training under way: the epochs, the batches, and what the callbacks see of them."""

from __future__ import annotations

import random
import warnings
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count as count_from
from math import ceil, isfinite
from time import perf_counter
from typing import Any, TypeAlias

from autograd import Value
from nn.callbacks import Callback, Epoch, Numbers
from nn.data.buckets import Buckets
from nn.data.samples import Samples
from nn.health.causes import cause_among
from nn.health.layers import Homes
from nn.health.records import Records
from nn.health.signs import SIGNS
from nn.health.units import Watched
from nn.losses import Penalised
from nn.module import Module
from nn.optim import Optimizer
from nn.training.engine import Engine, Hook
from nn.training.history import History
from nn.training.resume import Columns, Standing, generators, named, resume
from nn.training.windows import WindowEngine

Hooks: TypeAlias = Sequence[Callable[..., object]]

MEASURED = 8
"""So many epochs that are gone through one by one, the first ones among them, show how long one takes."""
MOST_TOGETHER = 64
"""At most this many epochs are gone through together."""
SHORT = 0.005
"""Epochs that are gone through together take about this many seconds at most, so that a bar moves and Ctrl-C
works."""


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

    def batches(self, train: Samples | Buckets) -> list[Sequence[int]]:
        """Return the places of the samples of one epoch, batch by batch; ranges where they are in order.

        The order is that of Python's own ``shuffle``, a fiftieth of the time of an epoch of MNIST: any
        other would change what a seed stands for.
        """
        if isinstance(train, Buckets):
            return train.batches(self.batch_size, self.rng if self.orders(train) else None)
        samples = len(train)
        order: Sequence[int] = range(samples)
        if self.rng is not None and self.orders(train):
            listed = list(order)
            self.rng.shuffle(listed)
            order = array("q", listed)
        size = self.batch_size or samples
        return [order[start : start + size] for start in range(0, samples, size)]

    def orders(self, train: Samples | Buckets) -> bool:
        """Return whether each epoch has an order of its own."""
        return self.rng is not None and self.count(train) > 1

    def count(self, train: Samples | Buckets) -> int:
        """Return how many batches an epoch has."""
        if isinstance(train, Buckets):
            return train.count(self.batch_size)
        return ceil(len(train) / (self.batch_size or len(train)))


class Course:
    """A training under way: what `nn.callbacks.Training` describes, and the loop itself.

    Args:
        engine: computes the steps.
        model: what is trained.
        optimizer: see `fit`.
        plan: how the samples are gone through.
        objective: what is minimised.
        train, held_out: the samples to train on and to judge by.
        history: the record, which is the first callback.
        callbacks: the others.
        watched: what is looked at besides the steps.
        loss_of: gives the loss of a training sample, as the Value whose graph led to it.
    """

    def __init__(
        self, engine: Engine, model: Any, optimizer: Optimizer, plan: Plan, objective: Penalised,
        train: Samples | Buckets, held_out: Samples | Buckets | None, history: History,
        callbacks: Sequence[Callback], watched: Watched, loss_of: Callable[[int], Value],
    ) -> None:  # fmt: skip
        self._loss_of = loss_of
        self.engine, self.optimizer, self.plan = engine, optimizer, plan
        self.model: Module = model
        self.objective, self.train, self.held_out = objective, train, held_out
        self._samples = len(train)
        self.history, self.callbacks = history, [history, *callbacks]
        self.epochs, self._watched = plan.epochs, watched
        self._scheduled = any(callback.optimizer is not None for callback in callbacks)
        self._drawing = generators(self.model, plan.rng)
        self._drawn: list[Any] = []
        self._in_order = None if plan.orders(train) else plan.batches(train)
        self._at_rest = self._in_order is not None and self._drawing == [plan.rng]
        self._standing: Standing
        self._pace = 1
        self._columns = Columns()
        self._diverged = False
        self._saving = named(self._overriding("on_save"))

    def _overriding(self, hook: str) -> list[Callback]:
        """Return the callbacks with a method of their own of this name."""
        return [c for c in self.callbacks if getattr(type(c), hook) is not getattr(Callback, hook)]

    def _hooks(self, hook: str, *, comes_last: bool | None = None) -> Hooks:
        """Return the methods of this name of the callbacks that have anything to do."""
        acting = [c for c in self._overriding(hook) if not c.idle and comes_last in (None, c.comes_last)]
        return [getattr(c, hook) for c in acting]

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
        self.model.zero_grad()  # those of the last batch would be added to by the user's next backward()
        self.optimizer.zero_grad()
        self.history.state = None if self._diverged else self.state()
        return self.history

    def _resume(self) -> None:
        states = [s for s in (callback.resume_from() for callback in self.callbacks) if s is not None]
        if len(states) > 1:
            raise ValueError("two callbacks continue an earlier training; one training continues one other")
        for state in states:
            self.history.epochs[:] = resume(state, self, self._saving, self._drawing)
            self.engine.read()

    def _go(self) -> None:
        on_gradients, on_batch_end = self._hooks("on_gradients"), self._hooks("on_batch_end")
        first, last = (self._hooks("on_epoch_end", comes_last=whether) for whether in (False, True))
        together = self._may_go_together()
        good, singly, start = self._standing.moment, 0, perf_counter()
        while len(self.history) < self.epochs and not self.history.stopped:
            if together and self._pace > 1:
                together, good = self._several(good, [*first, *last])
                singly, start = 0, perf_counter()
                continue
            number = len(self.history) + 1
            rate = self.optimizer.param_groups[0]["lr"] if self._scheduled else None
            loss, right = self._epoch(
                partial(_call_all, on_gradients, self) if on_gradients else None, on_batch_end
            )
            if not isfinite(loss):
                now, before = (self.engine.told(m).weights for m in (self._standing.moment, good))
                self.engine.rewind(good)
                self._diverge(loss, number, now if all(map(isfinite, now)) else before)
                return
            good = self._standing.moment  # after this epoch's steps no loss has been seen yet
            epoch = self._judged(number, loss, right, rate)
            for hook in first:
                hook(self, epoch)
            self._note_standing()
            for hook in last:
                hook(self, epoch)
            singly += 1
            if singly == MEASURED:  # measured again and again: what was slow for a moment is fast after it
                self._pace = _pace(singly, perf_counter() - start)
                singly, start = 0, perf_counter()

    def _may_go_together(self) -> bool:
        """Return whether an epoch is one step, and nothing has to act between it and the next."""
        return (
            self._in_order is not None
            and len(self._in_order) == 1
            and self._drawing in ([], [self.plan.rng])
            and self.held_out is None
            and not isinstance(self.engine, WindowEngine)
            and all(callback.patient or callback.idle for callback in self.callbacks)
        )

    def _several(self, good: Any, on_epoch_end: Hooks) -> tuple[bool, Any]:
        """Go through some epochs of one step each, as many as take a moment.

        Returns:
            Whether that went well: if a loss is no longer finite, everything is set back, for the epochs to
            be gone through one by one; and the state before the last step whose loss is known.
        """
        done, start = len(self.history), perf_counter()
        count = min(self._pace, self.epochs - done)
        try:
            losses, rights, before = self.engine.rounds(count)
        except KeyboardInterrupt:
            self.engine.rewind(self._standing.moment)
            raise
        if not all(map(isfinite, losses)):
            self.engine.rewind(self._standing.moment)
            return False, good
        self._note_standing()
        of_classes = self.train.threshold is not None
        for number, loss, right in zip(count_from(done + 1), losses, rights):
            epoch = Epoch(number, loss, right / self._samples if of_classes else None)
            for hook in on_epoch_end:
                hook(self, epoch)
        self._pace = _pace(count, perf_counter() - start)
        return True, before

    def _epoch(
        self, on_gradients: Hook, on_batch_end: Hooks
    ) -> tuple[float, float]:  # fmt: skip
        """Go through the training samples; return their mean objective and how many were right."""
        total, right = 0.0, 0.0
        for batch in self._in_order or self.plan.batches(self.train):
            loss, hits = self.engine.step(batch, on_gradients)
            for hook in on_batch_end:
                hook(self, loss, len(batch))
            total += loss * len(batch)
            right += hits
            if not isfinite(loss):
                return loss, right
        return total / self._samples, right

    def _judged(self, number: int, loss: float, right: float, rate: float | None) -> Epoch:
        """Return the record of an epoch, with how well it does on the held-out samples."""
        accuracy = None if self.train.threshold is None else right / self._samples
        if self.held_out is None:
            return Epoch(number, loss, accuracy, lr=rate)
        val_loss, hits = self.engine.evaluate(self.held_out)
        val_accuracy = None if self.held_out.threshold is None else hits / len(self.held_out)
        return Epoch(number, loss, accuracy, val_loss, val_accuracy, rate)

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
            f"back. {SIGNS['cost not finite'].cure(log, None)}"
        )
        warnings.warn(self.history.stopped, RuntimeWarning, stacklevel=6)

    def _note_standing(self) -> None:
        """Note where the training stands after a whole epoch, so that it can continue from there."""
        if not (self._drawn and self._at_rest):
            self._drawn = [generator.getstate() for generator in self._drawing]
        groups = [dict(group) for group in self.optimizer.param_groups]
        saved = {name: callback.on_save(self) for name, callback in self._saving.items()}
        self._standing = Standing(self.engine.moment(), groups, saved, self._drawn)

    # ------------------------------------------------------------------------- what callbacks see and do

    @property
    def batches(self) -> int:
        return self.plan.count(self.train)

    @property
    def homes(self) -> Homes:
        return self._watched.homes

    def weights(self) -> Numbers:
        return self.engine.weights()

    def gradients(self) -> Numbers:
        return self.engine.gradients()

    def set_gradients(self, gradients: Numbers) -> None:
        self.engine.set_gradients(gradients)

    def inside(self) -> Any:
        return self.engine.inside()

    def examples(self, count: int) -> list[Callable[[], Value]]:
        return [partial(self._loss_of, i) for i in spread(len(self.train), count)]

    def evaluate(self) -> float:
        return self.engine.evaluate(self.train)[0]

    def write(self) -> None:
        self.engine.write()

    def restore(self, weights: Numbers, epoch: int) -> None:
        self.engine.restore(weights)
        self.history.best_epoch = epoch

    def state(self) -> dict[str, Any]:
        return self._standing.state(self.engine, self.optimizer, self._columns.told(self.history.epochs))

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


def _pace(epochs: int, seconds: float) -> int:
    """Return how many epochs to go through together, given how long the last ones took."""
    return min(MOST_TOGETHER, int(epochs * SHORT / max(seconds, SHORT / 1000)))


def _call_all(hooks: Hooks, training: Course) -> None:
    for hook in hooks:
        hook(training)
