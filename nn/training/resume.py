"""Resuming: all that a training needs to go on, bit for bit, where it left off.

The state is made of numbers, texts, arrays, lists and dictionaries alone, so that it can be kept in
a file::

    history = fit(model, X, y, loss="hinge", epochs=50)
    save(model, "half.safetensors", training=history.state)
    ...
    training = Checkpoint.read("half.safetensors").training
    history = fit(model, X, y, loss="hinge", epochs=100, resume=training)
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from numbers import Real
from typing import Any

from nn.checks import check_column, check_keys, whole_number
from nn.module import Module
from nn.optim import Optimizer
from nn.schedules import Schedule
from nn.training.engine import Moment
from nn.training.history import COLUMNS, Epoch


@dataclass
class Best:
    """The lowest loss so far, in which epoch, and the weights that had it; of no epoch yet at first."""

    loss: float
    epoch: int
    weights: Sequence[float]


def generators(model: Module, own: random.Random) -> list[random.Random]:
    """The generators that a training draws from: its own, and those that the model's parts hold."""
    held = [x for part in model.modules() for x in vars(part).values() if isinstance(x, random.Random)]
    return list(dict.fromkeys([own, *held]))


def captured(
    moment: Moment,
    optimizer: Optimizer,
    schedule: Schedule | None,
    drawn: Iterable[Any],
    epochs: Sequence[Epoch],
    best: Best | None,
) -> dict[str, Any]:
    """The state of a training between two epochs.

    Args:
        moment: what its steps change.
        optimizer, schedule: as they are set for the next epoch.
        drawn: the states of its `generators`.
        epochs: what it recorded so far.
        best: what it goes back to at the end, if it does.
    """
    rows = [asdict(epoch) for epoch in epochs]
    numbers = {name: array("d", row) for name, row in zip(optimizer.state, moment.state, strict=True)}
    return {
        "epoch": len(epochs),
        "weights": array("d", moment.weights),
        "optimizer": {**optimizer.state_dict(), "steps": moment.steps, "state": numbers},
        "schedule": None if schedule is None else schedule.state_dict(),
        "generators": [[version, list(words), spare] for version, words, spare in drawn],
        "history": {name: [row[name] for row in rows] for name in COLUMNS},
        "best": None if best is None else {**vars(best), "weights": array("d", best.weights)},
    }


def resumed(
    state: Any,
    model: Module,
    optimizer: Optimizer,
    schedule: Schedule | None,
    drawing: Sequence[random.Random],
) -> tuple[list[Epoch], Best | None]:
    """Put everything into a `captured` state; gives the epochs recorded so far, and the best of them.

    Raises:
        TypeError, ValueError: naming what does not fit; nothing is changed then.
    """
    names = ("epoch", "weights", "optimizer", "schedule", "generators", "history", "best")
    check_keys("the state of a training", state, names)
    parameters = model.parameters()
    weights = check_column("weights", state["weights"], len(parameters))
    epochs = _epochs(state["history"], whole_number("epoch", state["epoch"], at_least=0))
    best = _best(state["best"], len(parameters))
    drawn = _drawn(state["generators"], drawing)
    if (schedule is None) != (state["schedule"] is None):
        was = "without a schedule" if state["schedule"] is None else "with a schedule"
        raise ValueError(f"the state is of a training {was}; go on with the same settings")
    before = optimizer.state_dict()
    optimizer.load_state_dict(state["optimizer"])
    if schedule is not None:
        try:
            schedule.load_state_dict(state["schedule"])
        except (TypeError, ValueError):
            optimizer.load_state_dict(before)
            raise
    for p, x in zip(parameters, weights, strict=True):
        p.data = x
    for generator, numbers in zip(drawing, drawn, strict=True):
        generator.setstate(numbers)
    return epochs, best


def _epochs(columns: Any, count: int) -> list[Epoch]:
    check_keys("the history of a state", columns, COLUMNS)
    for name, column in columns.items():
        if not isinstance(column, Sequence) or len(column) != count:
            raise ValueError(f"the state has {count} epochs, but its history's {name} has not")
        if not all(x is None or (isinstance(x, Real) and not isinstance(x, bool)) for x in column):
            raise ValueError(f"the history of a state holds numbers; its {name} does not")
    return [
        Epoch(**dict(zip(COLUMNS, row, strict=True))) for row in zip(*map(columns.get, COLUMNS), strict=True)
    ]


def _best(best: Any, parameters: int) -> Best | None:
    if best is None:
        return None
    check_keys("the best of a state", best, ("loss", "epoch", "weights"))
    if not isinstance(best["loss"], Real) or not isfinite(best["loss"]):
        raise ValueError(f"the loss of the best epoch is a finite number; got {best['loss']!r}")
    weights = check_column("the best weights", best["weights"], parameters)
    return Best(float(best["loss"]), whole_number("the best epoch", best["epoch"], at_least=0), weights)


def _drawn(states: Any, drawing: Sequence[random.Random]) -> list[Any]:
    """The generators' states as Python takes them, each tried."""
    if not isinstance(states, Sequence) or len(states) != len(drawing):
        raise ValueError(f"the state is not of a training that draws from {len(drawing)} generators")
    drawn = []
    for state in states:
        try:
            version, words, spare = state
            drawn.append((version, tuple(words), spare))
            random.Random().setstate(drawn[-1])
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"the state of a generator is damaged: {error}") from None
        if spare is not None and not isinstance(spare, float):
            raise ValueError(f"the state of a generator is damaged: {spare!r} is no number")
    return drawn
