"""The tape engine: a sample's graph is recorded once, then replayed for all samples as machine code.

Needs NumPy, and for machine code the packages of the ``train`` extra; `nn.training.eager` does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Parameter, Value
from autograd.tape import Tape, vectorised
from nn.callbacks import Numbers
from nn.data.samples import Samples
from nn.dropout import Masks
from nn.health.units import FLAT_ENDS, UnitFacts, Watched, facts_of_units, units_of
from nn.losses import Penalised
from nn.optim import Optimizer
from nn.outputs import single_or_list
from nn.predictions import values_of
from nn.training.engine import Hook, Moment

TRIED = 8
"""The tape is compared with the eager engine on this many samples from all over the data, and on about
as many different targets, before it is trusted."""

Array = NDArray[Any]


class TapeEngine:
    """Records the model and its objective from the first sample; see `nn.training.engine.Engine`.

    Raises:
        BranchError: if the model or the loss lets Python branch on a Value.
        NotImplementedError: if an op of theirs cannot be compiled.
        ValueError: if the tape and the eager engine differ on a sample, as they do if the model
            reads ``.data`` or draws random numbers.
    """

    name = "tape"

    def __init__(
        self, model: Any, objective: Penalised, optimizer: Optimizer, train: Samples, watched: Watched
    ) -> None:
        if type(optimizer).step is not Optimizer.step:
            raise NotImplementedError(f"{type(optimizer).__name__} has a step of its own")
        self.optimizer, self.train = optimizer, train
        penalised = model.weights() if objective.l1 or objective.l2 else []
        self._masks = masks = Masks(model, train.row(0))

        def outputs(x: Any, y: Any, ones: Any = ()) -> list[Value]:
            with masks.given(ones):
                prediction = model(x)
            if train.weights is None:
                loss = objective.loss(prediction, single_or_list(y))
            else:
                loss = objective.loss(prediction, single_or_list(y[:-1])) * y[-1]
            penalty = objective.penalty(penalised)
            return [loss if penalty is None else loss + penalty, *values_of(prediction)]

        def with_units(x: Any, y: Any, ones: Any = ()) -> list[Value]:
            loss, *predicted = outputs(x, y, ones)
            found = units_of(predicted, watched.homes) if watched.samples else []
            self._predicted = slice(1, 1 + len(predicted))
            self._units = [unit for unit, _ in found]
            return [loss, *predicted, *(v for _, v in found)]

        self.tape = Tape.record(with_units, *_sample(train, 0, masks))
        _compare(self.tape, outputs, train, masks)
        self._place_parameters(model.parameters())
        self._place_state()
        self._open = ExitStack()
        self._training = self._open.enter_context(self.tape.training(*_tables(train, masks)))
        self._values = self.predictions = np.empty((0, 0))
        self._by_op: dict[str, list[int]] = {}
        for k, unit in enumerate(self._units):
            self._by_op.setdefault(unit.op, []).append(k)
        seen = _tables(train.take(watched.samples), masks)
        self._watched = self.tape.samples(*seen) if self._units else None

    def feed(self, samples: Sequence[int], column: int, numbers: Any) -> None:
        """Put other numbers into training samples, one row for each, from a column on."""
        rows = np.asarray(numbers, float)
        self._training.X[np.asarray(samples), column : column + rows.shape[1]] = rows

    def step(self, batch: Sequence[int], on_gradients: Hook = None) -> tuple[float, int]:
        everything = len(batch) == len(self.train) and _in_order(batch)
        samples = None if everything else np.asarray(batch, np.int64)
        if len(self._values) != len(batch):  # the same array as in the last step, where it will do
            self._values = np.empty((len(batch), len(self.tape.outputs)))
        if self._masks.count:
            rows = slice(None) if samples is None else samples
            self._training.X[rows, -self._masks.count :] = self._masks.draw(len(batch))
        loss = self._training.step(samples, self._values)
        if on_gradients is not None:
            on_gradients()
        self._update()
        self.predictions = self._values[:, self._predicted]
        targets = self._y if samples is None else self._y[samples]
        return loss, _right(self.predictions, targets, self.train.threshold)

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        values = self._training.forward(self.tape.samples(*_tables(samples, self._masks)))
        self.predictions = values[:, self._predicted]
        right = _right(self.predictions, np.asarray(samples.y), samples.threshold)
        return float(values[:, 0].mean()), right

    def gradients(self) -> Array:
        return self._in_order(self._training.gradient, np.zeros(len(self._off_tape)))

    def set_gradients(self, gradients: Numbers) -> None:
        self._training.gradient[self._rows] = np.asarray(gradients)[self._on_tape]

    def units(self) -> dict[str, UnitFacts]:
        if self._watched is None:
            return {}
        values = self._training.forward(self._watched)[:, self._predicted.stop :]
        counts = np.empty(len(self._units), int)
        for op, own in self._by_op.items():
            counts[own] = FLAT_ENDS[op](values[:, own]).sum(axis=0)
        return facts_of_units((u, n, len(values)) for u, n in zip(self._units, counts.tolist(), strict=True))

    def weights(self) -> Array:
        return self._in_order(self._training.vector, self._off_tape)

    def _in_order(self, vector: Array, others: Array) -> Array:
        """Return a vector of the tape in the model's order, with ``others`` for those not on the tape."""
        if len(self._rows) == len(others):
            return vector[self._rows]
        numbers = others.copy()
        numbers[self._on_tape] = vector[self._rows]
        return numbers

    def restore(self, weights: Numbers) -> None:
        self._training.vector[self._rows] = np.asarray(weights)[self._on_tape]

    def moment(self) -> Moment:
        return Moment(self.weights(), self._state(), self.optimizer.steps)

    def rewind(self, moment: Moment) -> None:
        self.restore(moment.weights)
        for group in self._groups:
            for vector, numbers in zip(group.state, moment.state, strict=True):
                vector[:] = np.asarray(numbers)[group.places]
        self.optimizer.steps = moment.steps

    def write(self) -> None:
        self._training.write()
        for own, numbers in zip(self._own_state, self._state(), strict=True):
            own[:] = numbers

    def finish(self) -> None:
        """Put the trained numbers and the optimiser's state back where they came from."""
        self._open.close()
        for own, numbers in zip(self._own_state, self._state(), strict=True):
            own[:] = numbers

    def _state(self) -> list[Array]:
        """Return the optimiser's state in the order of its parameters."""
        state = [own.copy() for own in self._own_state]
        for group in self._groups:
            for numbers, vector in zip(state, group.state, strict=True):
                numbers[group.places] = vector
        return state

    def _place_parameters(self, parameters: Sequence[Parameter]) -> None:
        """Find the model's parameters on the tape; those that nothing depends on are not there."""
        row = {p: i for i, p in enumerate(self.tape.parameters)}
        both = [(i, row[p]) for i, p in enumerate(parameters) if p in row]
        self._on_tape, self._rows = np.array(both, np.int64).reshape(-1, 2).T
        self._off_tape = np.array([p.data for p in parameters])

    def _place_state(self) -> None:
        """Bring the optimiser's groups and their state into vectors in the order of the tape's parameters.

        The optimiser may hold other parameters than the tape: those that both have are moved.
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
    """Those of a group of the optimiser's parameters that are on the tape.

    Attributes:
        settings: the optimiser's own dict.
        places: where they stand among the optimiser's parameters.
        state: their state, one vector for each number that the rule keeps.
        rows: where they stand in the tape's vector; None if they are all of it.
    """

    settings: dict[str, Any]
    places: Array
    state: list[Array]
    rows: Array | None


def _compare(tape: Tape, outputs: Any, train: Samples, masks: Masks) -> None:
    """Compare the tape with the eager engine on a few samples from all over the data."""
    spread = np.linspace(0, len(train) - 1, TRIED).astype(int)
    _, of_each = np.unique(np.asarray(train.y, float), axis=0, return_index=True)
    places = sorted({*spread.tolist(), *of_each[:: max(1, len(of_each) // TRIED)].tolist()})
    some = train.take(places)
    replayed = tape.forward(*_tables(some, masks)).reshape(len(places), -1)  # the units come last
    for k, place in enumerate(places):
        eager = [v.data for v in outputs(*_sample(some, k, masks))]
        if not np.allclose(replayed[k][: len(eager)], eager, rtol=1e-9, atol=1e-12, equal_nan=True):
            raise ValueError(
                f"the recorded graph gives another result than the model on sample {place}: "
                "the model reads .data, keeps state or draws random numbers"
            )


def _sample(samples: Samples, i: int, masks: Masks) -> list[Any]:
    """Return a sample as the recorded function takes it, with masks that leave nothing out."""
    ones = [[1.0] * masks.count] if masks.count else []
    weight = [] if samples.weights is None else [samples.weights[i]]
    return [samples.row(i), [*samples.y[i], *weight], *ones]


def _tables(samples: Samples, masks: Masks) -> list[Array]:
    """Return all samples as the recorded function takes them."""
    ones = [np.ones((len(samples), masks.count))] if masks.count else []
    y = np.asarray(samples.y, float)
    if samples.weights is not None:
        y = np.column_stack((y, samples.weights))
    return [np.asarray(samples.X, float), y, *ones]


def _in_order(batch: Sequence[int]) -> bool:
    return all(i == k for k, i in enumerate(batch))


def _right(outputs: Array, targets: Array, threshold: float | None) -> int:
    """Return how many of the outputs name the class that their target names; see `nn.outputs.is_right`."""
    if threshold is None:
        return 0
    if outputs.shape[1] == 1:
        return int(np.sum((outputs > threshold) == (targets > threshold)))
    return int(np.sum(outputs.argmax(axis=1) == targets.argmax(axis=1)))
