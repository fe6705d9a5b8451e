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
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

from nn.callbacks import Callback, Epoch, Training
from nn.checks import check_column, check_keys, whole_number
from nn.module import Module
from nn.optim import Optimizer
from nn.training.engine import Engine
from nn.training.history import COLUMNS


class Resume(Callback):
    """Continues an earlier training: with everything else as it was, to the last bit.

    The training continues after the last epoch of the state, up to ``epochs`` in all.

    Args:
        state: a history's ``state``, or a `Training.state`.
    """

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = state

    def resume_from(self) -> Any:
        return self.state


class Standing(NamedTuple):
    """Where a training stood after its last whole epoch.

    Attributes:
        moment: what its steps change, as the engine told it.
        groups: the settings of the optimiser's groups.
        callbacks: what each callback saved, by its name.
        generators: the states of the random generators.
    """

    moment: Any
    groups: list[dict[str, Any]]
    callbacks: dict[str, Any]
    generators: list[Any]

    def state(self, engine: Engine, optimizer: Optimizer, columns: dict[str, Any]) -> dict[str, Any]:
        """Return it, and the columns of what was recorded so far, as the state to continue from."""
        moment = engine.told(self.moment)
        groups = [{**group, "params": len(group["params"])} for group in self.groups]
        numbers = {name: array("d", row) for name, row in zip(optimizer.state, moment.state, strict=True)}
        now = {"steps": moment.steps, "param_groups": groups, "state": numbers}
        return {
            "epoch": len(columns["number"]),
            "weights": array("d", moment.weights),
            "optimizer": {**optimizer.state_dict(), **now},
            "callbacks": self.callbacks,
            "generators": [[version, list(words), spare] for version, words, spare in self.generators],
            "history": columns,
        }


class Columns:
    """The columns of a growing list of epochs: each epoch is looked at once, however often they are told."""

    def __init__(self) -> None:
        self._columns: dict[str, list[float | None]] = {name: [] for name in COLUMNS}
        self._gaps = dict.fromkeys(COLUMNS, 0)

    def told(self, epochs: Sequence[Epoch]) -> dict[str, Any]:
        """Return each column by name: an array, None if it is empty, a list with None if it has gaps."""
        new = epochs[len(self._columns["number"]) :]
        for name, numbers in zip(COLUMNS, zip(*new, strict=True), strict=False):  # of no epochs no columns
            self._columns[name].extend(numbers)
            self._gaps[name] += numbers.count(None)
        return {name: self._told(column, self._gaps[name]) for name, column in self._columns.items()}

    def _told(self, column: list[float | None], gaps: int) -> Any:
        if not gaps:
            return array("d", column)
        return None if gaps == len(column) else column[:]


def generators(model: Module, own: random.Random | None) -> list[random.Random]:
    """Return the generators that a training draws from: its own, if it has one, and those of the model."""
    held = [x for part in model.modules() for x in vars(part).values() if isinstance(x, random.Random)]
    return list(dict.fromkeys(held if own is None else [own, *held]))


def named(callbacks: Iterable[Callback]) -> dict[str, Callback]:
    """Return callbacks by the names of their classes; ``Name 2`` is the second of a class."""
    found: dict[str, Callback] = {}
    for callback in callbacks:
        kind = type(callback).__name__
        count = 1 + sum(type(other).__name__ == kind for other in found.values())
        found[kind if count == 1 else f"{kind} {count}"] = callback
    return found


def resume(
    state: Any, training: Training, callbacks: Mapping[str, Callback], drawing: Sequence[random.Random]
) -> list[Epoch]:
    """Put everything into a training's state; return the epochs recorded so far.

    Args:
        state: the state.
        training: the training that is to continue.
        callbacks: those of its callbacks that save anything, by name.
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
    _check_callbacks(state["callbacks"], callbacks)
    optimizer_before = training.optimizer.state_dict()
    before = {name: callback.on_save(training) for name, callback in callbacks.items()}
    training.optimizer.load_state_dict(state["optimizer"])
    try:
        for name, callback in callbacks.items():
            callback.on_resume(training, state["callbacks"][name])
    except Exception:
        for name, callback in callbacks.items():
            callback.on_resume(training, before[name])
        training.optimizer.load_state_dict(optimizer_before)
        raise
    for p, x in zip(parameters, weights, strict=True):
        p.data = x
    for generator, numbers in zip(drawing, drawn, strict=True):
        generator.setstate(numbers)
    return epochs


def _check_callbacks(states: Any, callbacks: Mapping[str, Callback]) -> None:
    if not isinstance(states, Mapping):
        raise TypeError(f"the callbacks of a state are a mapping; got {type(states).__name__}")
    missing, unexpected = callbacks.keys() - states.keys(), states.keys() - callbacks.keys()
    for which, names in (("without", missing), ("with", unexpected)):
        if names:
            raise ValueError(
                f"the state is of a training {which} {', '.join(sorted(names))}; "
                "continue it with the same callbacks"
            )


def _epochs(columns: Any, count: int) -> list[Epoch]:
    check_keys("the history of a state", columns, COLUMNS)
    columns = {name: [None] * count if column is None else column for name, column in columns.items()}
    for name, column in columns.items():
        if not isinstance(column, Sequence) or len(column) != count:
            raise ValueError(f"the state has {count} epochs, but its history's {name} does not")
        if not all(x is None or (isinstance(x, Real) and not isinstance(x, bool)) for x in column):
            raise ValueError(f"the history of a state holds numbers; its {name} does not")
    rows = zip(*[columns[name] for name in COLUMNS if name != "number"], strict=True)
    return [Epoch(number, *row) for number, row in enumerate(rows, 1)]


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
