"""Training: the five-line loop, with the batches, the checks and the records around it.

What `fit` does, written by hand, for one epoch of full-batch descent::

    for _ in range(epochs):
        loss = autograd.mean(losses.hinge(model(x), t) for x, t in zip(X, y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

An engine (engine.py) computes a step on a batch; callbacks (nn/callbacks.py) act between the steps.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial, wraps
from importlib import import_module
from inspect import signature
from traceback import walk_tb
from typing import Any, ParamSpec, TypeVar

from autograd.notation.hints import described, did_you_mean, first_line
from nn.callbacks import Callback, as_callback
from nn.checks import Seed, generator, import_extra, one_of, whole_number, yes_or_no
from nn.data.buckets import Bucket
from nn.data.feeding import Feeding
from nn.data.samples import Samples
from nn.health.units import Watched
from nn.losses import Loss, Penalised
from nn.module import Module, mode
from nn.optim import SGD, Optimizer
from nn.training.bucketwise import BucketEngine
from nn.training.eager import EagerEngine
from nn.training.engine import Engine, Means, Precision
from nn.training.history import History
from nn.training.loop import Course, Plan, spread
from nn.training.material import Material
from nn.training.progress import ProgressBar
from nn.training.unmoved_leaves import unmoved
from nn.training.windows import WindowEngine

DEFAULT_LR = 0.1
"""The learning rate of the optimiser that `fit` makes if it is given none."""

ENGINES = ("auto", "eager", "tape")
"""The names of the engines that `fit` knows."""

PRECISIONS: dict[str, Precision] = {"float64": "float64", "float32": "float32"}
"""The precisions of the tape."""

ELSEWHERE = {
    "l1": "a penalty belongs to the loss: loss=losses.Penalised(loss, l1=…)",
    "l2": "a penalty belongs to the loss: loss=losses.Penalised(loss, l2=…)",
    "patience": "callbacks=[EarlyStopping(patience)]",
    "shuffle": "seed=None takes the samples in the order given",
    "schedule": "a schedule is a callback: callbacks=[schedule]",
    "clip_norm": "callbacks=[Clip(norm=…)]",
    "clip_value": "callbacks=[Clip(value=…)]",
    "checkpoint": "callbacks=[ModelCheckpoint(path)], or a function of a training and an epoch",
    "resume": "callbacks=[Resume(state)], or [ModelCheckpoint(path, resume=True)]",
    "monitor": "a monitor is a callback: callbacks=[monitor]",
    "sample_weight": "the targets carry their weights: y=Weighted(y, weights)",
    "truncate": "it belongs to the model: Recurrent(cell, nout, truncate=…)",
    "validation_data": "validation=(X, y)",
    "validation_split": "validation=fraction",
    "verbose": "progress=True or False",
    "lr": "the optimiser has the rate: optimizer=SGD(model.parameters(), lr=…)",
}
"""What is not an argument of `fit`, and how it is spelt here."""

Given = ParamSpec("Given")
Found = TypeVar("Found")


def _telling(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Let a function's complaint of an unknown argument tell how it is spelt here."""
    known = signature(function).parameters

    @wraps(function)
    def told(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        for name in kwargs:
            if name not in known:
                hint = f": {ELSEWHERE[name]}" if name in ELSEWHERE else did_you_mean(name, known)
                raise TypeError(f"{function.__name__} takes no argument {name!r}{hint}")
        return function(*args, **kwargs)

    return told


@_telling
def fit(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    loss: str | Loss | Penalised,
    optimizer: Optimizer | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    validation: tuple[Any, Any] | float | None = None,
    seed: Seed = 0,
    engine: str = "auto",
    dtype: str = "float64",
    threads: int = 1,
    workers: Any = None,
    callbacks: Iterable[Callback | Callable[..., object]] = (),
    progress: bool = True,
) -> History:
    """Train a model by gradient descent; afterwards its gradients count as not computed yet.

    Args:
        model: an MLP, a Recurrent, or any Module.
        X: one row of numbers per sample: lists, a NumPy array, a pandas frame.  For a Recurrent one
            sequence per sample: sequences × steps × inputs.  For a Module of yours whatever its call
            takes: columns as a tuple or a dictionary, for several inputs or one; or a list of samples,
            which may hold lists, tuples and dictionaries of numbers.  Sequences, and lists anywhere in
            samples, may differ in length: those of one shape are put in batches of their own.
        y: the targets: one number per sample, or one row with a number for each output.  For a
            model of several outputs one whole number per sample is its class, counted from 0; for one
            that gives a list of outputs at each position, a class per position.  For a
            loss of yours any structure, as for ``X``, and lists of any length; where the model gives one
            Value and all rows hold one number, the loss is given that number.  None where the loss is a
            function of the prediction alone.  `nn.Weighted` gives each sample a weight.
        loss: a function of `nn.losses` or its name: "half_mse", "mse", "mae", "huber", "hinge",
            "binary_cross_entropy", "cross_entropy" or "kl_divergence"; or any function of a prediction and a
            target, or of a prediction where there are no targets, that gives a Value.
            `nn.losses.Penalised` adds a penalty on the weights.
        optimizer: holds the model's parameters; by default that of a schedule among the callbacks,
            or else plain `SGD` at a rate of 0.1.
        epochs: passes over the samples.
        batch_size: samples per step: all of them by default, or all of one shape; 1 is stochastic
            descent.
        validation: a pair (X, y) to judge by after each epoch, or the fraction of the samples to
            hold out for that.
        seed: decides the order of the samples, a new one in each epoch, and which are held out.  With
            None they are taken in the order given, and the last ones are held out.
        engine: ``eager`` builds the graph of each sample, every time; ``tape`` records it once and
            replays it, as machine code or (the history says so) by NumPy; ``auto`` is the tape where it
            can be used, else eager: a warning says why, and so does the history.
        dtype: the precision of the tape, ``float64`` or ``float32``, which is faster and has half the
            digits.  The eager engine computes in float64 alone, and refuses any other.
        threads: over at most this many threads the tape spreads the samples of a step; for networks of
            thousands of weights and large batches.  In small batches of large layers they share each
            matrix product instead, and wait for one another: they need as many free cores.  The eager
            engine takes one.
        workers: a `distributed.Client`: the workers of its Dask cluster compute the steps on the tape, each
            on the samples it holds; see `nn.training.on_workers`.  The result is the same to the last bit
            however many there are, on machines of one kind.
        callbacks: what acts during the training, see `nn.callbacks`: `nn.Monitor`,
            `nn.EarlyStopping`, `nn.Clip`, `nn.ModelCheckpoint`, `nn.Resume`, `nn.schedules`,
            `nn.seeing.Film`, subclasses of `nn.Callback`, and functions of a training and of an
            epoch's record, which are called after each epoch.
        progress: show a progress bar on a terminal, if tqdm is installed.

    Returns:
        The `History`.  Ctrl-C ends the training early and keeps what was learned so far; so does a
        loss that is no longer finite, with a warning, and with the last good weights put back.

    Warns:
        UserWarning: if a gradient reaches something that no step moves: a plain Value that the model
            holds, a Parameter that it does not find, or one that the optimiser does not hold.

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
        rng=None if seed is None else generator(seed),
    )
    engine = one_of("engine", engine, {name: name for name in ENGINES})
    precision = precision_of(dtype, engine)
    threads = whole_number("threads", threads)
    client = None if workers is None else client_of(workers, engine)
    objective = loss if isinstance(loss, Penalised) else Penalised(loss)
    acting = [as_callback(callback) for callback in callbacks]
    bar = ProgressBar()
    if yes_or_no("progress", progress):
        acting.append(bar)
    optimizer = _optimizer(model, optimizer, acting)
    material = Material(model, X, y, objective.loss, validation, plan.rng)
    train, objective = material.train, replace(objective, loss=material.loss)
    complaint = unmoved(model, optimizer, material.first)
    if complaint:
        warnings.warn(complaint, stacklevel=3)
    most = max((callback.watched for callback in acting), default=0)
    watched = Watched(model, spread(len(train), most))
    with mode(model, training=True):
        means = Means(min(plan.batch_size or len(train), len(train)), precision, threads, workers=client)
        chosen, note = _engine(
            engine, partial(_made, material, objective, optimizer, watched, means, bar.say), means
        )
        chosen.check(train, "X")
        if material.held_out is not None:
            chosen.check(material.held_out, "the validation X")
        history = History(engine=chosen.name, engine_note=note)
        return Course(
            chosen, model, optimizer, plan, objective, train, material.held_out, history, acting, watched,
            material.loss_of,
        ).run()  # fmt: skip


def _engine(name: str, made: Callable[[Any], Engine], means: Means) -> tuple[Engine, str]:
    """Return the engine of that name, and why it is not machine code, unless that is by its name.

    Args:
        name: one of `ENGINES`.
        made: makes an engine of a class.
        means: by what means it computes.
    """
    only_tape = name == "tape" or means.dtype != "float64" or means.workers is not None
    if name == "eager":
        return made(EagerEngine), ""
    try:
        note = import_module("autograd.tape").replay_note  # the tape says what to install, if need be
    except ImportError as error:
        if only_tape:
            raise
        return made(EagerEngine), str(error)
    from nn.training.on_tape import TapeEngine

    try:
        return made(TapeEngine), note()
    except Exception as error:  # whatever keeps the model from being recorded
        if only_tape:
            if means.workers is not None:
                error.add_note("workers replay the tape, and it cannot record this; without workers, fit can")
            raise
        reason = _reason(error)
        warnings.warn(f"the tape cannot record this; training on the eager engine: {reason}", stacklevel=4)
        return made(EagerEngine), reason


def precision_of(dtype: Any, engine: str) -> Precision:
    """Return the precision of this name.

    Raises:
        TypeError, ValueError: if no precision has this name, or if the engine does not compute in it.
    """
    precision = one_of("dtype", dtype, PRECISIONS)
    if engine == "eager" and precision != "float64":
        raise ValueError(f"the eager engine computes in float64, as Python does; {dtype!r} is for the tape")
    return precision


def client_of(workers: Any, engine: str) -> Any:
    """Return a client of a Dask cluster that can train.

    Raises:
        TypeError, ValueError, ImportError: if it is not such a client, or cannot train; the message says why.
    """
    distributed = import_extra("distributed", "fit(workers=…)", "distributed")
    if not isinstance(workers, distributed.Client):
        raise TypeError(f"workers is a distributed.Client, of a Dask cluster; got {described(workers)}")
    if workers.asynchronous or workers.status != "running":
        raise ValueError(f"fit waits for its workers: a client that runs is wanted; got {workers!r}")
    if engine == "eager":
        raise ValueError('workers replay the tape: leave out engine="eager", or train without workers')
    if not workers.nthreads():
        raise ValueError("the cluster of this client has no workers; wait: client.wait_for_workers(1)")
    return workers


def _made(
    material: Material, objective: Penalised, optimizer: Optimizer, watched: Watched, means: Means,
    say: Callable[[str], None], kind: Any,
) -> Engine:  # fmt: skip
    """Return an engine of this class for the samples that are given."""

    def one(feeding: Feeding, samples: Samples, watched: Watched, means: Means) -> Engine:
        windows = feeding.windows(samples.X)
        if windows is not None:
            return WindowEngine(kind, windows, objective, optimizer, samples, watched, means)
        of_rows = replace(objective, loss=feeding.cost(objective.loss))
        engine: Engine = kind(feeding.rowwise, of_rows, optimizer, samples, watched, means)
        return engine

    if isinstance(material.train, Samples):
        return one(material.feeding, material.train, watched, means)
    shared = kind.shared(watched.model, optimizer, means)

    def of_bucket(bucket: Bucket, watched: Watched) -> Engine:
        own = replace(means, batch=min(means.batch, len(bucket.samples)), shared=shared)
        return one(bucket.feeding, bucket.samples, watched, own)

    return BucketEngine(of_bucket, material.train, watched, len(watched.samples), say)


def _reason(error: Exception) -> str:
    """Return the first line of what an error says, after the line of the user's code that raised it."""
    said = first_line(error)
    lines = [
        f"{frame.f_code.co_filename}, line {number}"
        for frame, number in walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith(("autograd.", "nn."))
    ]
    return f"{lines[-1]}: {said}" if lines and lines[-1] not in said else said


# ------------------------------------------------------------------------------ checking arguments


def _optimizer(model: Any, optimizer: Any, callbacks: Sequence[Callback]) -> Optimizer:
    """Return the optimiser to train with, which suits the model and the callbacks."""
    if not isinstance(model, Module):
        raise TypeError(f"fit trains an nn.Module; got {type(model).__name__}")
    parameters = model.parameters()
    if not parameters:
        raise ValueError(f"this {type(model).__name__} has no parameters to train")
    changed = [callback.optimizer for callback in callbacks if callback.optimizer is not None]
    if optimizer is None:
        optimizer = changed[0] if changed else SGD(parameters, DEFAULT_LR)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"optimizer is one of nn.optim, such as SGD(model.parameters(), lr=0.1); got {optimizer!r}"
        )
    if any(other is not optimizer for other in changed):
        raise ValueError("the schedule sets the rates of another optimizer; make it from this one")
    if not set(parameters) & set(optimizer.parameters):
        raise ValueError("the optimizer holds none of the model's parameters; make it from this model's")
    return optimizer
