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
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from math import ceil, inf, isfinite
from numbers import Real
from operator import index
from typing import Any, cast

from autograd import Value, no_grad
from nn import losses
from nn.engine import EagerEngine, Engine, Objective, numbers
from nn.history import Epoch, History
from nn.losses import Loss
from nn.module import Module
from nn.names import by_name
from nn.optim import SGD, Optimizer
from nn.samples import Samples, alone, features, is_right, targets

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
) -> History:
    """Train a model by gradient descent.

    Args:
        model: an MLP, or any Module that takes a row of numbers.
        X: one row of numbers a sample: lists, a NumPy array, a pandas frame.
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
        rng=random.Random(seed),
        shuffle=shuffle,
        progress=progress,
    )
    engine = by_name("engine", engine, {name: name for name in ENGINES})
    objective = Objective(_loss(loss), _factor("l1", l1), _factor("l2", l2))
    optimizer = _optimizer(model, optimizer)
    train, held_out = _samples(model, X, y, objective.loss, validation, plan)
    _check_model(model, objective.loss, train)
    chosen, note = _engine(engine, model, objective, optimizer, train)
    return _run(chosen, note, train, held_out, plan)


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
    samples = Samples(features(X, columns=_inputs(model)), ())
    with no_grad():
        return [alone(numbers(model(samples.row(i)))) for i in range(len(samples))]


def accuracy(model: Any, X: Any, y: Any, threshold: float = 0.0) -> float:
    """The share of samples that the model classifies right.

    Args:
        model, X: see `predict`.
        y: the classes: of a model of one output −1 and 1, or 0 and 1; else counted from 0, or one
            row a sample that is largest at its class.
        threshold: what a single output is compared with: 0 for scores and logits, 0.5 for
            probabilities.

    Raises:
        TypeError, ValueError: if ``X`` and ``y`` do not suit each other or the model.
    """
    scores = [[s] if isinstance(s, float) else s for s in predict(model, X)]
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
        if self.shuffle and size < samples:
            self.rng.shuffle(order)
        for start in range(0, samples, size):
            yield order[start : start + size]

    def steps(self, samples: int) -> int:
        """How many batches an epoch has."""
        return ceil(samples / (self.batch_size or samples))


@dataclass
class _Best:
    """The lowest loss so far, in which epoch, and the weights that had it."""

    loss: float = inf
    epoch: int = 0
    weights: Any = None


def _engine(
    name: str, model: Any, objective: Objective, optimizer: Optimizer, train: Samples
) -> tuple[Engine, str]:
    """The engine of that name, and for ``auto`` the reason if it is not the tape."""
    if name == "eager":
        return EagerEngine(model, objective, optimizer, train), ""
    try:
        import_module("autograd.tape")  # which says what to install, if need be
        from nn.tape_engine import TapeEngine

        return TapeEngine(model, objective, optimizer, train), ""
    except Exception as error:  # whatever keeps the model from being recorded
        if name == "tape":
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return EagerEngine(model, objective, optimizer, train), reason


def _run(engine: Engine, note: str, train: Samples, held_out: Samples | None, plan: Plan) -> History:
    history = History(engine=engine.name, engine_note=note)
    best = _Best()
    try:
        with _progress_bar(plan, len(train)) as bar:
            _epochs(engine, train, held_out, plan, history, best, bar)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        if best.weights is not None:
            engine.restore(best.weights)
            history.best_epoch = best.epoch
        engine.finish()
    return history


def _epochs(
    engine: Engine,
    train: Samples,
    held_out: Samples | None,
    plan: Plan,
    history: History,
    best: _Best,
    bar: Any,
) -> None:
    good = engine.weights()
    for number in range(1, plan.epochs + 1):
        before = engine.weights()
        loss, right = _epoch(engine, plan, len(train), bar)
        if not isfinite(loss):
            engine.restore(good)
            history.stopped = (
                f"the loss became {loss} in epoch {number}, and the last good weights were put back; "
                "try a lower learning rate"
            )
            warnings.warn(history.stopped, RuntimeWarning, stacklevel=4)
            return
        good = before
        epoch = _record(number, loss, right, train, engine, held_out)
        history.epochs.append(epoch)
        bar.set_postfix_str(_summary(epoch), refresh=False)
        if plan.patience is not None and _gave_up(engine, epoch, train, plan.patience, best):
            history.stopped = f"no lower loss in {plan.patience} epochs"
            return


def _epoch(engine: Engine, plan: Plan, samples: int, bar: Any) -> tuple[float, int]:
    """One pass over the training samples: their mean objective, and how many were classified right."""
    total, right = 0.0, 0
    for batch in plan.batches(samples):
        loss, hits = engine.step(batch)
        total += loss * len(batch)
        right += hits
        if not isfinite(loss):
            return loss, right
        bar.update()
    return total / samples, right


def _record(
    number: int, loss: float, right: int, train: Samples, engine: Engine, held_out: Samples | None
) -> Epoch:
    accuracy = None if train.threshold is None else right / len(train)
    if held_out is None:
        return Epoch(number, loss, accuracy)
    val_loss, hits = engine.evaluate(held_out)
    val_accuracy = None if held_out.threshold is None else hits / len(held_out)
    return Epoch(number, loss, accuracy, val_loss, val_accuracy)


def _gave_up(engine: Engine, epoch: Epoch, train: Samples, patience: int, best: _Best) -> bool:
    """Note the weights if they are the best so far, and say whether the best are long past.

    Without validation data the training samples are gone through once more: the loss that the
    epoch recorded was measured while the weights were still moving.
    """
    loss = engine.evaluate(train)[0] if epoch.val_loss is None else epoch.val_loss
    if loss < best.loss:
        best.loss, best.epoch, best.weights = loss, epoch.number, engine.weights()
    return epoch.number - best.epoch >= patience


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


def _progress_bar(plan: Plan, samples: int) -> AbstractContextManager[Any]:
    steps = plan.steps(samples)
    if not plan.progress:
        return _no_bar()
    try:
        tqdm = import_module("tqdm.auto").tqdm
    except ImportError:
        return _no_bar()
    unit = "epoch" if steps == 1 else "batch"
    return cast(AbstractContextManager[Any], tqdm(total=plan.epochs * steps, unit=unit, disable=None))


# ------------------------------------------------------------------------------ checking arguments


def _loss(loss: Any) -> Loss:
    if isinstance(loss, str) or not callable(loss):
        return losses.by_name(loss)
    return cast(Loss, loss)


def _optimizer(model: Any, optimizer: Any) -> Optimizer:
    if not isinstance(model, Module):
        raise TypeError(f"fit trains an nn.Module; got {type(model).__name__}")
    parameters = model.parameters()
    if not parameters:
        raise ValueError(f"this {type(model).__name__} has no parameters to train")
    if optimizer is None:
        return SGD(parameters, DEFAULT_LR)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"optimizer is one of nn.optim, such as SGD(model.parameters(), lr=0.1); got {optimizer!r}"
        )
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
    rows = features(X, name_X, _inputs(model))
    outputs = _outputs(model, Samples(rows, ()).row(0))
    wanted, threshold = targets(y, outputs, loss, name_y)
    _check_lengths(rows, wanted, name_X, name_y)
    return Samples(rows, wanted, threshold)


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
    with no_grad():
        prediction = model(row)
    if isinstance(prediction, Value):
        return 1
    if isinstance(prediction, Sequence) and all(isinstance(v, Value) for v in prediction):
        return len(prediction)
    raise TypeError(f"a model gives a Value, or a list of them; this one gave {prediction!r}")


def _check_model(model: Any, loss: Loss, train: Samples) -> None:
    """Try the first sample: what a model or a loss cannot take comes to light before training."""
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


def _factor(name: str, x: Any) -> float:
    if not isinstance(x, Real):
        raise TypeError(f"{name} is a number; got {x!r} ({type(x).__name__})")
    factor = float(x)
    if not (isfinite(factor) and factor >= 0):
        raise ValueError(f"{name} is a finite number from 0 up; got {x!r}")
    return factor
