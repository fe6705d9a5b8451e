"""Resuming: all that a training needs to continue, bit for bit, where it ended.

The state is made of numbers, texts, arrays, lists and dictionaries alone, so that it can be kept in
a file::

    history = fit(model, X, y, loss="hinge", epochs=50)
    save(model, "half.safetensors", training=history.state)
    ...
    state = Checkpoint.read("half.safetensors").training
    history = fit(model, X, y, loss="hinge", epochs=100, callbacks=[Resume(state)])
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any

from nn.callbacks import Callback, Epoch, Training
from nn.checks import check_column, check_keys, whole_number
from nn.module import Module
from nn.training.engine import Moment
from nn.training.history import COLUMNS


class Resume(Callback):
    """Continues an earlier training: with everything else as it was, to the last bit.

    The training goes on after the last epoch of the state, up to ``epochs`` in all.

    Args:
        state: a history's ``state``, or a `Training.state`.
    """

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = state

    def resume_from(self) -> Any:
        return self.state


@dataclass(frozen=True)
class Standing:
    """Where a training stood after its last whole epoch.

    Attributes:
        moment: what its steps change.
        optimizer: the state of the optimiser, of which the moment says the numbers.
        callbacks: what each callback saved, by its name.
        generators: the states of the random generators.
    """

    moment: Moment
    optimizer: dict[str, Any]
    callbacks: dict[str, Any]
    generators: list[Any]

    def state(self, epochs: Sequence[Epoch]) -> dict[str, Any]:
        """Return it, and what was recorded so far, as the state to continue from."""
        rows = [asdict(epoch) for epoch in epochs]
        columns = zip(self.optimizer["state"], self.moment.state, strict=True)
        numbers = {name: array("d", row) for name, row in columns}
        return {
            "epoch": len(epochs),
            "weights": array("d", self.moment.weights),
            "optimizer": {**self.optimizer, "steps": self.moment.steps, "state": numbers},
            "callbacks": self.callbacks,
            "generators": [[version, list(words), spare] for version, words, spare in self.generators],
            "history": {name: [row[name] for row in rows] for name in COLUMNS},
        }


def generators(model: Module, own: random.Random) -> list[random.Random]:
    """Return the generators that a training draws from: its own, and those that the model's parts hold."""
    held = [x for part in model.modules() for x in vars(part).values() if isinstance(x, random.Random)]
    return list(dict.fromkeys([own, *held]))


def saved_by(callbacks: Sequence[Callback], training: Training) -> dict[str, Any]:
    """Return what the callbacks need to continue, by the names of their classes; ``Name 2`` for a second."""
    return {name: callback.on_save(training) for name, callback in _named(callbacks, training).items()}


def _named(callbacks: Sequence[Callback], training: Training) -> dict[str, Callback]:
    """Return the callbacks that save anything, by name."""
    named: dict[str, Callback] = {}
    for callback in callbacks:
        if callback.on_save(training) is not None:
            kind = type(callback).__name__
            count = 1 + sum(type(other).__name__ == kind for other in named.values())
            named[kind if count == 1 else f"{kind} {count}"] = callback
    return named


def resume(
    state: Any, training: Training, callbacks: Sequence[Callback], drawing: Sequence[random.Random]
) -> list[Epoch]:
    """Put everything into a training's state; return the epochs recorded so far.

    Args:
        state: the state.
        training: the training that is to continue.
        callbacks: its callbacks.
        drawing: the generators that it draws from.

    Raises:
        TypeError, ValueError: naming what does not fit; nothing is changed then.
    """
    names = ("epoch", "weights", "optimizer", "callbacks", "generators", "history")
    check_keys("the state of a training", state, names)
    parameters = training.model.parameters()
    weights = check_column("weights", state["weights"], len(parameters))
    epochs = _epochs(state["history"], whole_number("epoch", state["epoch"], at_least=0))
    drawn = _drawn(state["generators"], drawing)
    named = _named(callbacks, training)
    _check_callbacks(state["callbacks"], named)
    before = training.optimizer.state_dict(), saved_by(callbacks, training)
    training.optimizer.load_state_dict(state["optimizer"])
    try:
        for name, callback in named.items():
            callback.on_resume(training, state["callbacks"][name])
    except Exception:
        for name, callback in named.items():
            callback.on_resume(training, before[1][name])
        training.optimizer.load_state_dict(before[0])
        raise
    for p, x in zip(parameters, weights, strict=True):
        p.data = x
    for generator, numbers in zip(drawing, drawn, strict=True):
        generator.setstate(numbers)
    return epochs


def _check_callbacks(states: Any, named: Mapping[str, Callback]) -> None:
    if not isinstance(states, Mapping):
        raise TypeError(f"the callbacks of a state are a mapping; got {type(states).__name__}")
    for which, names in (("without", named.keys() - states.keys()), ("with", states.keys() - named.keys())):
        if names:
            raise ValueError(
                f"the state is of a training {which} {', '.join(sorted(names))}; "
                "continue it with the same callbacks"
            )


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


def _drawn(states: Any, drawing: Sequence[random.Random]) -> list[Any]:
    """Return the states of the generators as Python takes them, each tried."""
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
            raise ValueError(f"the state of a generator is damaged: {spare!r} is not a number")
    return drawn
