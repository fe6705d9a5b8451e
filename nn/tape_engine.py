"""The tape engine: a sample's graph is recorded once, then replayed for all samples as machine code.

Needs the packages of the ``train`` extra; `nn.engine` does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Value, no_grad
from autograd.tape import Tape
from autograd.tape.vectors import vectorised
from nn.engine import Objective
from nn.optim import Optimizer
from nn.samples import Samples

TRIED = 8
"""On how many samples from all over the data, and on how many different targets, the tape is held
against the eager engine before it is trusted."""

Array = NDArray[Any]


class TapeEngine:
    """Records the model and its objective from the first sample; see `nn.engine.Engine`.

    Raises:
        BranchError: if the model or the loss lets Python branch on a Value.
        NotImplementedError: if an op of theirs cannot be compiled.
        ValueError: if the tape and the eager engine differ on a sample, as they do if the model
            reads ``.data`` or draws random numbers.
    """

    name = "tape"

    def __init__(self, model: Any, objective: Objective, optimizer: Optimizer, train: Samples) -> None:
        if type(optimizer).step is not Optimizer.step:
            raise NotImplementedError(f"{type(optimizer).__name__} has a step of its own")
        self.optimizer, self.train = optimizer, train
        penalised = model.weights()

        def outputs(x: Any, y: Any) -> list[Value]:
            prediction = model(x)
            loss = objective.loss(prediction, y[0] if len(y) == 1 else y)
            penalty = objective.penalty(penalised)
            return [loss if penalty is None else loss + penalty, *_listed(prediction)]

        self.tape = Tape.record(outputs, train.row(0), list(train.y[0]))
        _compare(self.tape, outputs, train)
        self._place_state()
        self._open = ExitStack()
        self._training = self._open.enter_context(self.tape.training(*_tables(train)))

    def step(self, batch: Sequence[int]) -> tuple[float, int]:
        everything = len(batch) == len(self.train) and _in_order(batch)
        samples = None if everything else np.asarray(batch, np.int64)
        values = np.empty((len(batch), len(self.tape.outputs))) if self.train.threshold is not None else None
        loss = self._training.step(samples, values)
        self._update()
        if values is None:
            return loss, 0
        targets = self._y if samples is None else self._y[samples]
        return loss, _right(values[:, 1:], targets, self.train.threshold)

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        values = self._training.forward(self.tape.samples(*_tables(samples)))
        return float(values[:, 0].mean()), _right(values[:, 1:], np.asarray(samples.y), samples.threshold)

    def weights(self) -> Array:
        return self._training.vector.copy()

    def restore(self, weights: Array) -> None:
        self._training.vector[:] = weights

    def finish(self) -> None:
        """Put the trained numbers and the optimiser's state back where they came from."""
        self._open.close()
        for group in self._groups:
            for own, vector in zip(self._own_state, group.state, strict=True):
                own[group.places] = vector

    def _place_state(self) -> None:
        """The optimiser's groups and their state as vectors in the order of the tape's parameters.

        The optimiser may hold other parameters than the tape: what both have is moved.
        """
        row = {p: i for i, p in enumerate(self.tape.parameters) if self.tape.reached[i]}
        self._own_state = [np.frombuffer(numbers) for numbers in self.optimizer.state.values()]
        self._groups: list[_Group] = []
        for settings, places in self.optimizer.grouped():
            both = [(row[p], i) for i, p in zip(places, settings["params"], strict=True) if p in row]
            rows, at = np.array(sorted(both), np.int64).reshape(-1, 2).T
            state = [own[at] for own in self._own_state]
            self._groups.append(
                _Group(settings, at, state, None if len(rows) == len(self.tape.parameters) else rows)
            )
        self._move = vectorised(self.optimizer.rule, len(self._own_state))
        self._y = np.asarray(self.train.y, float)
        nothing = np.empty(0)  # compiles the rule, or raises, before anything is trained
        h = self.optimizer.hyper_parameters(self._groups[0].settings)
        self._move(nothing, nothing, h, *[nothing for _ in self._own_state])

    def _update(self) -> None:
        self.optimizer.steps += 1
        vector, gradient = self._training.vector, self._training.gradient
        for group in self._groups:
            h = self.optimizer.hyper_parameters(group.settings)
            if group.rows is None:
                self._move(vector, gradient, h, *group.state)
            else:
                held = vector[group.rows]
                self._move(held, gradient[group.rows], h, *group.state)
                vector[group.rows] = held


@dataclass(frozen=True)
class _Group:
    """A group of the optimiser's parameters, as far as they are on the tape.

    Attributes:
        settings: the optimiser's own dict.
        places: where they stand among the optimiser's parameters.
        state: their state, a vector for each number that the rule keeps.
        rows: where they stand in the tape's vector; None if they are all of it.
    """

    settings: dict[str, Any]
    places: Array
    state: list[Array]
    rows: Array | None


def _compare(tape: Tape, outputs: Any, train: Samples) -> None:
    """Hold the tape against the eager engine on a few samples from all over the data."""
    spread = np.linspace(0, len(train) - 1, TRIED).astype(int)
    _, of_each = np.unique(np.asarray(train.y, float), axis=0, return_index=True)
    places = sorted({*spread.tolist(), *of_each[:: max(1, len(of_each) // TRIED)].tolist()})
    some = train.take(places)
    replayed = tape.forward(*_tables(some)).reshape(len(places), -1)
    for k, place in enumerate(places):
        with no_grad():
            eager = [v.data for v in outputs(some.row(k), list(some.y[k]))]
        if not np.allclose(replayed[k], eager, rtol=1e-9, atol=1e-12, equal_nan=True):
            raise ValueError(
                f"the recorded graph gives another result than the model on sample {place}: "
                "the model reads .data, keeps state or draws random numbers"
            )


def _listed(prediction: Any) -> list[Value]:
    return [prediction] if isinstance(prediction, Value) else list(prediction)


def _tables(samples: Samples) -> tuple[Array, Array]:
    return np.asarray(samples.X, float), np.asarray(samples.y, float)


def _in_order(batch: Sequence[int]) -> bool:
    return all(i == k for k, i in enumerate(batch))


def _right(outputs: Array, targets: Array, threshold: float | None) -> int:
    """How many of the outputs name the class that their target names; see `nn.samples.is_right`."""
    if threshold is None:
        return 0
    if outputs.shape[1] == 1:
        return int(np.sum((outputs > threshold) == (targets > threshold)))
    return int(np.sum(outputs.argmax(axis=1) == targets.argmax(axis=1)))
