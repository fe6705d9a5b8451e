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
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, cast

from autograd import Value, no_grad
from nn import losses
from nn.checks import finite_number, one_of, whole_number, yes_or_no
from nn.clipping import Clipping
from nn.data.samples import Samples, targets
from nn.health.monitor import WATCHED, Monitor
from nn.losses import Loss
from nn.module import Module, mode
from nn.optim import SGD, Optimizer
from nn.predictions import _check_lengths, _rows
from nn.recurrent import Recurrent
from nn.schedules import Schedule
from nn.training.course import Course, Plan, _spread
from nn.training.eager import EagerEngine
from nn.training.engine import Engine, Objective
from nn.training.history import History
from nn.training.resume import generators
from nn.training.sequences import sequence_targets
from nn.training.windows import WindowEngine

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
        monitor: records the health of the layers and names the signs of trouble, see `nn.health.monitor`.
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
        epochs=whole_number("epochs", epochs),
        batch_size=None if batch_size is None else whole_number("batch_size", batch_size),
        patience=None if patience is None else whole_number("patience", patience),
        rng=random.Random(whole_number("seed", seed, at_least=None)),
        shuffle=yes_or_no("shuffle", shuffle),
        progress=yes_or_no("progress", progress),
    )
    engine = one_of("engine", engine, {name: name for name in ENGINES})
    objective = Objective(
        _loss(loss), finite_number("l1", l1, at_least=0.0), finite_number("l2", l2, at_least=0.0)
    )
    clipping = Clipping(
        None if clip_norm is None else finite_number("clip_norm", clip_norm, at_least=0.0),
        None if clip_value is None else finite_number("clip_value", clip_value, at_least=0.0),
    )
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


# ------------------------------------------------------------------------------------- the course


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
        from nn.training.on_tape import TapeEngine

        return made(TapeEngine), ""
    except Exception as error:  # whatever keeps the model from being recorded
        if name == "tape":
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return made(EagerEngine), reason


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


def _truncation(model: Any, truncate: Any) -> int | None:
    if truncate is None:
        return None
    if not isinstance(model, Recurrent):
        raise TypeError(f"truncate is for sequences and an nn.Recurrent; got a {type(model).__name__}")
    return whole_number("truncate", truncate)


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
