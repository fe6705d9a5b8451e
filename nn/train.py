"""Training: the five-line loop, with the batches, the checks and the records around it.

What `fit` does, written by hand, for one epoch of full-batch descent::

    for _ in range(epochs):
        loss = autograd.mean(losses.hinge(model(x), t) for x, t in zip(X, y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

An engine (engine.py) computes a step on a batch; this file does not know how.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from math import ceil, isfinite
from numbers import Real
from operator import index
from typing import Any, cast

from autograd import Value, no_grad
from nn import losses
from nn.answers import answers
from nn.clipping import Clipping, bound
from nn.engine import EagerEngine, Engine, Objective, moment_of
from nn.health import WATCHED, Monitor
from nn.history import Epoch, History
from nn.losses import Loss
from nn.module import Module, mode
from nn.names import by_name
from nn.optim import SGD, Optimizer
from nn.recurrent import Recurrent
from nn.resume import Best, captured, generators, resumed
from nn.samples import Samples, alone, features, is_right, plain, targets
from nn.schedules import Schedule
from nn.sequences import WindowEngine, sequence_features, sequence_targets, stepwise

DEFAULT_LR = 0.1


ENGINES = ("auto", "eager", "tape")


def fit(
    model: Any,
    X: Any,
    y: Any,
    *,
    loss: str | Loss,
    optimizer: Optimizer | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int = 0,
    l1: float = 0.0,
    l2: float = 0.0,
    validation: tuple[Any, Any] | float | None = None,
    patience: int | None = None,
    progress: bool = True,
    engine: str = "auto",
    schedule: Schedule | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    checkpoint: Callable[[dict[str, Any]], object] | None = None,
    resume: Mapping[str, Any] | None = None,
    monitor: Monitor | None = None,
    truncate: int | None = None,
) -> History:
    """Train a model by gradient descent.

    Args:
        model: an MLP, a Recurrent, or any Module that takes a row of numbers.
        X: one row of numbers a sample: lists, a NumPy array, a pandas frame.  For a Recurrent a
            sequence a sample: sequences × steps × inputs.
        y: the targets: one number a sample, or one row of as many as the model has outputs.  For
            a model of several outputs one whole number a sample is its class, counted from 0.
        loss: a function of `nn.losses` or its name; or any function of a prediction and a target
            that gives a Value.
        optimizer: holds the model's parameters; plain `SGD` at a rate of 0.1 by default.
        epochs: passes over the samples.
        batch_size: samples a step: all of them by default; 1 is stochastic descent.
        shuffle: take the samples in a new order in each epoch.  The full batch has no order.
        seed: decides the orders, and which samples are held out.
        l1, l2: factors of Σ|w| and Σw², added to the loss; over the weights, not the biases.
        validation: a pair (X, y) to judge by after each epoch, or the fraction of the samples to
            hold out for that: drawn at random, or the last ones if ``shuffle`` is False.
        patience: stop after so many epochs without a lower loss, on the validation data if there
            are any, and go back to the weights that had the lowest.
        progress: show a progress bar on a terminal, if tqdm is installed.
        engine: ``eager`` builds the graph of each sample, every time; ``tape`` records it once and
            replays it as machine code; ``auto`` is the tape where it can be used, else eager, and
            says why in the history's ``engine_note``.
        schedule: of this optimizer; it sets the learning rate for each epoch, see `nn.schedules`.
        clip_norm, clip_value: the greatest length of the gradient, and the greatest size of each of its
            numbers, see `nn.clipping`; both are enforced before each step, the latter first.
        checkpoint: called after each epoch, when the model holds its weights, with the state of the
            training: ``lambda state: nn.save(model, "run.safetensors", training=state)``.
        resume: such a state, or a history's ``state``.  The training goes on after its last epoch, up
            to ``epochs`` in all; with everything else as it was, the outcome is to the last bit that
            of a training that was never interrupted.
        monitor: records the health of the layers and names the signs of trouble, see `nn.health`.
        truncate: for a `nn.Recurrent`: take a step of the optimiser after every so many steps of the
            sequences, and let gradients flow back no further; by default to their beginning.

    Returns:
        The `History`.  Ctrl-C ends the training early and keeps what was learned so far; so does a
        loss that is no longer finite, with a warning, and with the last good weights put back.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind, unknown or out of range, or if
            the data do not suit each other, the model or the loss.  Nothing was changed then.

    >>> from nn import MLP
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, -1, -1, 1]  # AND
    >>> history = fit(MLP(2, [1], seed=0), X, y, loss="hinge", epochs=100)
    >>> history["accuracy"][-1]
    1.0
    """
    plan = Plan(
        epochs=_whole("epochs", epochs),
        batch_size=None if batch_size is None else _whole("batch_size", batch_size),
        patience=None if patience is None else _whole("patience", patience),
        rng=random.Random(_seed(seed)),
        shuffle=_yes_or_no("shuffle", shuffle),
        progress=_yes_or_no("progress", progress),
    )
    engine = by_name("engine", engine, {name: name for name in ENGINES})
    objective = Objective(_loss(loss), _factor("l1", l1), _factor("l2", l2))
    clipping = Clipping(_limit("clip_norm", clip_norm), _limit("clip_value", clip_value))
    optimizer = _optimizer(model, optimizer, schedule)
    if checkpoint is not None and not callable(checkpoint):
        raise TypeError(f"checkpoint is a function of the training's state; got {checkpoint!r}")
    if monitor is not None and not isinstance(monitor, Monitor):
        raise TypeError(f"monitor is a nn.Monitor(); got {monitor!r} ({type(monitor).__name__})")
    train, held_out = _samples(model, X, y, objective.loss, validation, plan)
    truncate = _truncation(model, truncate)
    _check_model(model, objective.loss, train)
    watched = [] if monitor is None else _spread(len(train), WATCHED)
    with mode(model, training=True):
        chosen, note = _engine(engine, truncate, model, objective, optimizer, train, clipping, watched)
        course = Course(
            chosen, model, optimizer, schedule, plan, train, held_out, checkpoint, monitor,
            History(engine=chosen.name, engine_note=note), generators(model, plan.rng), objective.loss,
        )  # fmt: skip
        return course.run(resume)


def predict(model: Any, X: Any) -> list[Any]:
    """The outputs for every row of ``X``, as floats: one a row, or a list of them a row.

    Args:
        model: an MLP, or any Module that takes a row of numbers.
        X: one row of numbers a sample: lists, a NumPy array, a pandas frame.

    Raises:
        TypeError, ValueError: if ``X`` is not such a table, or does not suit the model.

    >>> from nn import MLP
    >>> model = MLP(2, [1], init="zeros")
    >>> predict(model, [[0.0, 1.0], [2.0, 3.0]])
    [0.0, 0.0]
    """
    rows = _rows(model, X, "X")
    if not _is_stepwise(model):
        return [alone(outputs) for outputs in plain(answers(model, rows))]
    samples = Samples(rows, ())
    with no_grad(), mode(model, training=False):
        predictions = (model(samples.row(i)) for i in range(len(samples)))
        return [[_plain(step) for step in steps] for steps in predictions]


def _plain(prediction: Any) -> Any:
    """The numbers of a prediction, alone where there is but one."""
    if isinstance(prediction, Value):
        return prediction.data
    return alone([_plain(v) for v in prediction])


def _is_stepwise(model: Any) -> bool:
    return isinstance(model, Recurrent) and model.every_step


def accuracy(model: Any, X: Any, y: Any, threshold: float = 0.0) -> float:
    """The share of samples that the model classifies right.

    Args:
        model, X: see `predict`.
        y: the classes: of a model of one output −1 and 1, or 0 and 1; else counted from 0, or one
            row a sample that is largest at its class.  Of a model with outputs at every step: one a step.
        threshold: what a single output is compared with: 0 for scores and logits, 0.5 for
            probabilities.

    Raises:
        TypeError, ValueError: if ``X`` and ``y`` do not suit each other or the model.
    """
    predicted = predict(model, X)
    if _is_stepwise(model):  # each step is one to classify
        y, _ = sequence_targets(model, y, losses.mse, len(predicted[0]))
        predicted = [step for steps in predicted for step in steps]
        y = [row[k : k + model.nout] for row in y for k in range(0, len(row), model.nout)]
    scores = [[s] if isinstance(s, float) else s for s in predicted]
    rows, _ = targets(y, len(scores[0]), losses.mse)
    _check_lengths(scores, rows, "X", "y")
    return sum(is_right(s, list(t), threshold) for s, t in zip(scores, rows, strict=True)) / len(scores)


# ------------------------------------------------------------------------------------- the course


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


def _engine(name: str, truncate: int | None, model: Any, *parts: Any) -> tuple[Engine, str]:
    """The engine of that name, and for ``auto`` the reason if it is not the tape."""

    def made(kind: Any) -> Engine:
        if isinstance(model, Recurrent):
            return WindowEngine(kind, truncate, model, *parts)
        return cast(Engine, kind(model, *parts))

    if name == "eager":
        return made(EagerEngine), ""
    try:
        import_module("autograd.tape")  # which says what to install, if need be
        from nn.tape_engine import TapeEngine

        return made(TapeEngine), ""
    except Exception as error:  # whatever keeps the model from being recorded
        if name == "tape":
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return made(EagerEngine), reason


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


# ------------------------------------------------------------------------------ checking arguments


def _loss(loss: Any) -> Loss:
    if isinstance(loss, str) or not callable(loss):
        return losses.by_name(loss)
    return cast(Loss, loss)


def _optimizer(model: Any, optimizer: Any, schedule: Any) -> Optimizer:
    if not isinstance(model, Module):
        raise TypeError(f"fit trains an nn.Module; got {type(model).__name__}")
    parameters = model.parameters()
    if not parameters:
        raise ValueError(f"this {type(model).__name__} has no parameters to train")
    if schedule is not None and not isinstance(schedule, Schedule):
        raise TypeError(f"schedule is one of nn.schedules, such as StepLR(optimizer, 30); got {schedule!r}")
    if optimizer is None:
        optimizer = SGD(parameters, DEFAULT_LR) if schedule is None else schedule.optimizer
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"optimizer is one of nn.optim, such as SGD(model.parameters(), lr=0.1); got {optimizer!r}"
        )
    if schedule is not None and schedule.optimizer is not optimizer:
        raise ValueError("the schedule sets the rates of another optimizer; make it from this one")
    if not set(parameters) & set(optimizer.parameters):
        raise ValueError("the optimizer holds none of the model's parameters; make it from this model's")
    return optimizer


def _samples(
    model: Any, X: Any, y: Any, loss: Loss, validation: Any, plan: Plan
) -> tuple[Samples, Samples | None]:
    """The samples to train on and those to validate on, checked."""
    train = _paired(model, X, y, loss, "X", "y")
    if validation is None:
        return train, None
    if isinstance(validation, (float, int)):
        if not 0 < validation < 1:
            raise ValueError(f"validation is a pair (X, y) or a fraction between 0 and 1; got {validation!r}")
        return train.split(float(validation), plan.rng if plan.shuffle else None)
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError(f"validation is a pair (X, y) or a fraction; got {type(validation).__name__}")
    X_held_out, y_held_out = validation
    held_out = _paired(model, X_held_out, y_held_out, loss, "the validation X", "the validation y")
    if len(held_out.X[0]) != len(train.X[0]):
        raise ValueError(f"X has {len(train.X[0])} columns, the validation X {len(held_out.X[0])}")
    return train, held_out


def _paired(model: Any, X: Any, y: Any, loss: Loss, name_X: str, name_y: str) -> Samples:
    rows = _rows(model, X, name_X)
    if isinstance(model, Recurrent):
        wanted, threshold = sequence_targets(model, y, loss, len(rows[0]) // model.nin, name_y)
    else:
        wanted, threshold = targets(y, _outputs(model, Samples(rows, ()).row(0)), loss, name_y)
    _check_lengths(rows, wanted, name_X, name_y)
    return Samples(rows, wanted, threshold)


def _rows(model: Any, X: Any, name: str) -> Any:
    """The features as one row a sample, a sequence's step after step."""
    if isinstance(model, Recurrent):
        return sequence_features(model, X, name)
    return features(X, name, _inputs(model))


def _truncation(model: Any, truncate: Any) -> int | None:
    if truncate is None:
        return None
    if not isinstance(model, Recurrent):
        raise TypeError(f"truncate is for sequences and an nn.Recurrent; got a {type(model).__name__}")
    return _whole("truncate", truncate)


def _check_lengths(rows: Any, wanted: Any, name_X: str, name_y: str) -> None:
    if len(rows) != len(wanted):
        raise ValueError(f"{name_X} has {len(rows)} rows, but {name_y} has {len(wanted)}: one a sample")


def _inputs(model: Any) -> int | None:
    """How many inputs the model takes, if it says so."""
    nin = getattr(model, "nin", None)
    return nin if isinstance(nin, int) else None


def _outputs(model: Any, row: list[float]) -> int:
    """How many outputs the model has: what it says, or what it gives."""
    nout = getattr(model, "nout", None)
    if isinstance(nout, int):
        return nout
    with no_grad(), mode(model, training=False):
        prediction = model(row)
    if isinstance(prediction, Value):
        return 1
    if isinstance(prediction, Sequence) and all(isinstance(v, Value) for v in prediction):
        return len(prediction)
    raise TypeError(f"a model gives a Value, or a list of them; this one gave {prediction!r}")


def _check_model(model: Any, loss: Loss, train: Samples) -> None:
    """Try the first sample: what a model or a loss cannot take comes to light before training."""
    if isinstance(model, Recurrent):  # whose targets a loss has seen already
        return
    with mode(model, training=False):
        value = loss(model(train.row(0)), train.target(0))
    if not isinstance(value, Value):
        raise TypeError(f"a loss gives a Value; this one gave {value!r} ({type(value).__name__})")


def _whole(name: str, n: Any) -> int:
    try:
        number = index(n)
    except TypeError:
        raise TypeError(f"{name} is a whole number; got {n!r} ({type(n).__name__})") from None
    if number < 1:
        raise ValueError(f"{name} is at least 1; got {number}")
    return number


def _seed(seed: Any) -> int:
    try:
        return index(seed)
    except TypeError:
        raise TypeError(f"seed is a whole number; got {seed!r} ({type(seed).__name__})") from None


def _yes_or_no(name: str, x: Any) -> bool:
    if x not in (True, False):
        raise TypeError(f"{name} is True or False; got {x!r} ({type(x).__name__})")
    return bool(x)


def _limit(name: str, x: Any) -> float | None:
    return None if x is None else bound(name, x)


def _factor(name: str, x: Any) -> float:
    if not isinstance(x, Real):
        raise TypeError(f"{name} is a number; got {x!r} ({type(x).__name__})")
    factor = float(x)
    if not (isfinite(factor) and factor >= 0):
        raise ValueError(f"{name} is a finite number from 0 up; got {x!r}")
    return factor
