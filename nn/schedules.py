"""Schedules: how the learning rate changes from epoch to epoch, or from batch to batch.

Each is a formula for the rate after t steps of the schedule, from the rate that a group of the
optimiser started with.  Names, arguments and numbers are PyTorch's (``torch.optim.lr_scheduler``).
A schedule is a callback of `nn.fit`, or its ``step`` is called in a loop of your own:

>>> from nn import MLP, SGD
>>> optimizer = SGD(MLP(2, [1]).parameters(), lr=0.8)
>>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
>>> rates = []
>>> for epoch in range(5):
...     rates.append(optimizer.lr)  # here the epoch's steps would be
...     schedule.step()
>>> rates
[0.8, 0.8, 0.4, 0.4, 0.2]
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import cos, inf, isfinite, pi
from numbers import Real
from typing import Any

from autograd.notation.hints import described
from nn.callbacks import Callback, Epoch, Training
from nn.checks import check_column, check_keys, finite_number, one_of, whole_number
from nn.optim import Optimizer

EVERY = ("epoch", "batch")
"""The parts of a training after which a schedule can take its steps."""


class Schedule(Callback):
    """The base of all schedules.

    A subclass states its `rate`.  The rates are set when the schedule is made and by each `step`.

    Args:
        optimizer: the optimiser whose rates it sets.
        every: whether `nn.fit` steps it after every "epoch" or after every "batch".

    Attributes:
        optimizer, every: see above.
        t: how many steps were taken.
        initial: the rate that each group started with.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or out of range.
    """

    optimizer: Optimizer

    def __init__(self, optimizer: Optimizer, every: str = "epoch") -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"a schedule sets the rates of an optimiser of nn.optim; got {described(optimizer)}"
            )
        self.every = one_of("step of a schedule", every, {name: name for name in EVERY})
        self.optimizer, self.t = optimizer, 0
        self.initial = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups]
        self._set()

    def rate(self, initial: float, t: int) -> float:
        """Return the rate after ``t`` steps of a group that started with ``initial``."""
        raise NotImplementedError("a schedule states its rate")

    def step(self, loss: float | None = None) -> None:
        """Set the rates for the next epoch or batch.

        Args:
            loss: the loss of the last epoch, for a schedule that depends on it; the others ignore it.
        """
        self.t += 1
        self._set()

    def on_batch_end(self, training: Training, loss: float, samples: int) -> None:
        if self.every == "batch":
            self.step()

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        if self.every == "epoch":
            self.step(epoch.judged_by)

    def on_save(self, training: Training) -> dict[str, Any]:
        return self.state_dict()

    def on_resume(self, training: Training, state: Any) -> None:
        self.load_state_dict(state)

    def _set(self) -> None:
        for group, initial in zip(self.optimizer.param_groups, self.initial, strict=True):
            group["lr"] = self.rate(initial, self.t)

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedule stands: not its settings, nor the rates, which the optimiser keeps."""
        return {"schedule": type(self).__name__, "t": self.t, "initial": list(self.initial)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`; nothing is changed if anything is wrong with it.

        Raises:
            TypeError, ValueError: naming what does not fit.
        """
        self.t, self.initial = self._read(state)
        self._set()

    def _read(self, state: Any) -> tuple[int, list[float]]:
        check_keys("the state of a schedule", state, self.state_dict())
        if state["schedule"] != type(self).__name__:
            raise ValueError(f"the state is of {state['schedule']!r}, this schedule is {type(self).__name__}")
        initial = check_column("initial", state["initial"], len(self.initial), "group")
        return whole_number("t", state["t"], at_least=0), list(initial)

    def __repr__(self) -> str:
        hidden = ("optimizer", "every", "t", "initial", "best", "bad_epochs")
        settings = [f"{name}={x!r}" for name, x in vars(self).items() if name not in hidden]
        return f"{type(self).__name__}({', '.join([*settings, f't={self.t}'])})"


class StepLR(Schedule):
    """The rate is multiplied by γ every few epochs: initial · γ^⌊t / step_size⌋.

    Args:
        optimizer, every: see `Schedule`.
        step_size: epochs (or batches) from one multiplication to the next, at least 1.
        gamma: γ, above 0.
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, *, every: str = "epoch"
    ) -> None:
        self.step_size = whole_number("step_size", step_size)
        self.gamma = finite_number("gamma", gamma, above=0.0)
        super().__init__(optimizer, every)

    def rate(self, initial: float, t: int) -> float:
        return initial * self.gamma ** (t // self.step_size)


class ExponentialLR(Schedule):
    """The rate is multiplied by γ every epoch: initial · γ^t.

    Args:
        optimizer, every: see `Schedule`.
        gamma: γ, above 0.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, *, every: str = "epoch") -> None:
        self.gamma = finite_number("gamma", gamma, above=0.0)
        super().__init__(optimizer, every)

    def rate(self, initial: float, t: int) -> float:
        return initial * self.gamma**t


class CosineAnnealingLR(Schedule):
    """The rate falls along half a wave of the cosine: eta_min + ½ (initial − eta_min)(1 + cos(π t / T_max)).

    Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts (2017), eq. 5.

    Args:
        optimizer, every: see `Schedule`.
        T_max: after how many epochs (or batches) the rate is lowest, at least 1; after that it rises again.
        eta_min: the lowest rate, from 0 up.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, *, every: str = "epoch"
    ) -> None:
        self.T_max = whole_number("T_max", T_max)
        self.eta_min = finite_number("eta_min", eta_min, at_least=0.0)
        super().__init__(optimizer, every)

    def rate(self, initial: float, t: int) -> float:
        return self.eta_min + (initial - self.eta_min) * (1 + cos(pi * t / self.T_max)) / 2


class LinearLR(Schedule):
    """Warm-up, or decay: a share of the rate that goes evenly from start_factor to end_factor, then stays.

    Both, step by step, as language models are trained::

        warm_up = LinearLR(optimizer, 0.1, total_iters=100)
        decay = LinearLR(optimizer, 1.0, 0.0, total_iters=900)
        schedule = SequentialLR(optimizer, [warm_up, decay], [100], every="batch")

    Args:
        optimizer, every: see `Schedule`.
        start_factor: the first share, above 0 and at most 1.
        end_factor: the last one, from 0 to 1.
        total_iters: in how many epochs (or batches) it gets there, at least 1.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        *,
        every: str = "epoch",
    ) -> None:
        self.start_factor = finite_number("start_factor", start_factor, above=0.0, at_most=1.0)
        self.end_factor = finite_number("end_factor", end_factor, at_least=0.0, at_most=1.0)
        self.total_iters = whole_number("total_iters", total_iters)
        super().__init__(optimizer, every)

    def rate(self, initial: float, t: int) -> float:
        grown = min(t, self.total_iters) / self.total_iters
        return initial * (self.start_factor + (self.end_factor - self.start_factor) * grown)


class SequentialLR(Schedule):
    """One schedule follows another, each starting anew: a warm-up and then the cosine, for example.

    Args:
        optimizer, every: see `Schedule`; what the single schedules say of ``every`` does not count.
        schedulers: schedules of this optimiser, each a formula of its own steps.
        milestones: after how many epochs (or batches) the second, third … begins, rising.

    >>> from nn import MLP, SGD
    >>> optimizer = SGD(MLP(2, [1]).parameters(), lr=1.0)
    >>> warm_up = LinearLR(optimizer, 0.25, total_iters=3)
    >>> schedule = SequentialLR(optimizer, [warm_up, CosineAnnealingLR(optimizer, 4)], [3])
    >>> [round(schedule.rate(1.0, t), 2) for t in range(8)]
    [0.25, 0.5, 0.75, 1.0, 0.85, 0.5, 0.15, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[Schedule],
        milestones: Sequence[int],
        *,
        every: str = "epoch",
    ) -> None:
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        for schedule in self.schedulers:
            if not isinstance(schedule, Schedule) or isinstance(schedule, ReduceLROnPlateau):
                raise TypeError(f"schedulers are schedules with a formula for the rate; got {schedule!r}")
            if schedule.optimizer is not optimizer:
                raise ValueError(f"{schedule!r} is of another optimiser")
        ends = [whole_number("a milestone", n) for n in self.milestones]
        if len(ends) != len(self.schedulers) - 1 or any(a >= b for a, b in pairwise(ends)):
            raise ValueError(
                f"milestones are {len(self.schedulers) - 1} rising numbers of epochs, one between each "
                f"schedule and the next; got {milestones!r}"
            )
        super().__init__(optimizer, every)

    def rate(self, initial: float, t: int) -> float:
        k = bisect_right(self.milestones, t)
        begun = self.milestones[k - 1] if k else 0
        return self.schedulers[k].rate(initial, t - begun)


class ReduceLROnPlateau(Schedule):
    """The rate is multiplied by a factor when the loss did not fall for more than ``patience`` epochs.

    A loss counts as lower if it is below (1 − threshold) times the lowest so far.

    Args:
        optimizer: see `Schedule`.
        factor: from above 0 to below 1.
        patience: how many epochs may pass without a lower loss, from 0 up.
        threshold: from 0 up and below 1.
        min_lr: the lowest rate, from 0 up.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        min_lr: float = 0.0,
    ) -> None:
        self.factor = finite_number("factor", factor, above=0.0, below=1.0)
        self.patience = whole_number("patience", patience, at_least=0)
        self.threshold = finite_number("threshold", threshold, at_least=0.0, below=1.0)
        self.min_lr = finite_number("min_lr", min_lr, at_least=0.0)
        self.best, self.bad_epochs = inf, 0
        super().__init__(optimizer)

    def step(self, loss: float | None = None) -> None:
        """Note an epoch's loss, and lower the rates if it is time.

        Raises:
            TypeError: if there is no loss.
        """
        if not isinstance(loss, Real):
            raise TypeError(f"this schedule goes by the epoch's loss, a number: step(loss); got {loss!r}")
        self.t += 1
        if loss < self.best * (1 - self.threshold):
            self.best, self.bad_epochs = float(loss), 0
        else:
            self.bad_epochs += 1
        if self.bad_epochs > self.patience:
            self.bad_epochs = 0
            self._lower()

    def _lower(self) -> None:
        for group in self.optimizer.param_groups:
            lower = max(group["lr"] * self.factor, self.min_lr)
            if group["lr"] - lower > SMALLEST_CHANGE:
                group["lr"] = lower

    def _set(self) -> None:
        """Leave the rates as they are: they follow the loss, not the time."""

    def state_dict(self) -> dict[str, Any]:
        best = self.best if self.best < inf else None
        return {**super().state_dict(), "best": best, "bad_epochs": self.bad_epochs}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        t, initial = self._read(state)
        best, bad_epochs = state["best"], whole_number("bad_epochs", state["bad_epochs"], at_least=0)
        if best is None:
            best = inf
        elif not isinstance(best, Real) or not isfinite(best):
            raise TypeError(f"best is a loss; got {best!r}")
        self.t, self.initial, self.best, self.bad_epochs = t, initial, float(best), bad_epochs


SMALLEST_CHANGE = 1e-8
"""A rate is not lowered by less than this, as in PyTorch."""
