"""The tape engine: a sample's graph is recorded once, then replayed for all samples as machine code.

Needs NumPy, and for machine code the packages of the ``train`` extra; `nn.training.eager` does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from autograd import Parameter, Value
from autograd.extend import TABLE
from autograd.tape import Tape, vectorised
from nn.callbacks import Numbers
from nn.data.rows import Rows
from nn.data.samples import Samples, row_of
from nn.dropout import Masks
from nn.health.units import FLAT_ENDS, UnitFacts, Watched, facts_of_units, units_of
from nn.losses import Penalised
from nn.optim import Optimizer
from nn.outputs import single_or_list
from nn.predictions import values_of, without_graph
from nn.training.engine import Hook, Means, Moment

TRIED = 5
"""The tape is compared with the eager engine on this many samples from all over the data, and on about
as many different targets, before it is trusted."""

HELD = 1 << 26
"""Samples of more bytes than this are brought to the tape batch by batch, not held there whole."""
PART = 1 << 24
"""About this many bytes of such samples are brought there at once to be evaluated."""

AGREEING = {"float64": (1e-9, 1e-12), "float32": (1e-3, 1e-5)}
"""How far tape and eager engine may differ, relatively and absolutely, in each precision of the tape."""

Array = NDArray[Any]


class TapeEngine:
    """Records the model and its objective from the first sample; see `nn.training.engine.Engine`.

    Attributes:
        predictions: what the model gave for each sample of the last step or evaluation.

    Raises:
        BranchError: if the model or the loss lets Python branch on a Value.
        NotImplementedError: if an op of theirs cannot be compiled.
        ValueError: if the tape and the eager engine differ on a sample, as they do if the model
            reads ``.data`` or draws random numbers.
    """

    name = "tape"

    def __init__(
        self, model: Any, objective: Penalised, optimizer: Optimizer, train: Samples, watched: Watched,
        means: Means,
    ) -> None:  # fmt: skip
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

        sample = _sample(train, 0, masks)
        self.tape = Tape.record(with_units, *sample, dtype=means.dtype, threads=means.threads)
        self._tables: WeakKeyDictionary[Samples, _Tables] = WeakKeyDictionary()
        own, self._outputs = self._tables_of(train), outputs
        _compare(self.tape, outputs, train, own, masks)
        self._place_parameters(model.parameters())
        self._open = ExitStack()
        self._batches = None if own.bytes <= HELD or means.batch >= len(train) else own
        first = own.part(range(means.batch) if self._batches else slice(None))
        self._training = self._open.enter_context(self.tape.training(*first))
        self._place_state()
        self._in_buffer = np.arange(means.batch)
        self._count, self._classes = len(train), own.classes
        self._threshold = np.array(train.threshold or 0.0)  # an array is compared sooner than a number
        self._take(np.empty((0, len(self.tape.outputs))))
        self._by_op: dict[str, list[int]] = {}
        for k, unit in enumerate(self._units):
            self._by_op.setdefault(unit.op, []).append(k)
        seen = own.part(watched.samples)
        self._watched = self.tape.samples(*seen) if self._units else None

    def _take(self, values: Array) -> None:
        """Take an array for what the tape gives, and with it the `predictions`."""
        self._values, self.predictions = values, values[:, self._predicted]
        self._answers = _answers(self.predictions)

    def feed(self, samples: Sequence[int], column: int, numbers: Any) -> None:
        """Put other numbers into training samples, one row for each, from a column on."""
        rows = np.asarray(numbers, float)
        table = self._training.X if self._batches is None else self._batches.X
        table[np.asarray(samples), column : column + rows.shape[1]] = rows

    def step(self, batch: Sequence[int], on_gradients: Hook = None) -> tuple[float, int]:
        classes, count = self._classes, len(batch)
        if type(batch) is range and count == self._count:
            places = None
        else:
            places = np.asarray(batch, np.int64)
            classes = None if classes is None else classes[places]
        if len(self._values) != count:  # the same array as in the last step, where it will do
            self._take(np.empty((count, len(self.tape.outputs)), self.tape.dtype))
        if self._batches is not None:
            np.concatenate(self._batches.part(places), axis=1, out=self._training.X[:count])
            places = None if count == len(self._training.X) else self._in_buffer[:count]
        if self._masks.count:
            rows = slice(count) if places is None else places
            self._training.X[rows, -self._masks.count :] = self._masks.draw(count)
        loss = self._training.step(places, self._values)
        if on_gradients is not None:
            on_gradients()
        self._update()
        return loss, self._right(classes)

    def rounds(self, count: int) -> tuple[list[float], list[float], _Numbers]:
        if len(self._values) != self._count:
            self._take(np.empty((self._count, len(self.tape.outputs)), self.tape.dtype))
        values, answers, step, losses = self._values, self._answers, self._training.step, []
        kept = np.empty((count if self._classes is not None else 0, *answers.shape), self.tape.dtype)
        for k in range(count):
            if k == count - 1:
                before = self.moment()
            losses.append(step(None, values))
            if self._classes is not None:
                kept[k] = answers  # who is right is counted for all steps at once
            self._update()
        if self._classes is None:
            return losses, [0.0] * count, before
        right = np.count_nonzero(_named(kept, self._threshold, answers.ndim) == self._classes, axis=1)
        return losses, right.tolist(), before

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        tables = self._tables_of(samples)
        if tables.bytes <= HELD:
            tables.held = self.tape.samples(*tables.part()) if tables.held is None else tables.held
            self._take(self._training.forward(tables.held))
        else:
            size = max(1, PART * len(samples) // tables.bytes)
            parts = [tables.part(slice(k, k + size)) for k in range(0, len(samples), size)]
            found = [self._training.forward(self.tape.samples(*part)) for part in parts]
            self._take(np.concatenate(found))
        return float(self._values[:, 0].mean(dtype=float)), self._right(tables.classes)

    def check(self, samples: Samples, name: str) -> None:
        if not _looks_up(self.tape):
            return
        self.evaluate(samples)
        for i in np.flatnonzero(np.isnan(self._values[:, 0]))[:1].tolist():
            try:
                without_graph(partial(self._outputs, *_sample(samples, i, self._masks)))
            except IndexError as error:
                raise IndexError(f"row {i} of {name}: {error}") from None

    def _tables_of(self, samples: Samples) -> _Tables:
        """Return samples as the recorded function takes them; made once, kept as long as they are."""
        if samples not in self._tables:
            self._tables[samples] = _Tables(samples, self._masks.count)
        return self._tables[samples]

    def _right(self, classes: Array | None) -> int:
        """Return how many of the outputs name their class; see `nn.outputs.is_right`."""
        if classes is None:
            return 0
        named = _named(self._answers, self._threshold, self._answers.ndim)
        return int(np.count_nonzero(named == classes))

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
        return self._weights(self._training.vector)

    def _weights(self, vector: Array) -> Array:
        return self._in_order(vector, self._off_tape)

    def _in_order(self, vector: Array, others: Array) -> Array:
        """Return a vector of the tape in the model's order, with ``others`` for those not on the tape."""
        if len(self._rows) == len(others):
            return vector[self._rows].astype(float, copy=False)
        numbers = others.copy()
        numbers[self._on_tape] = vector[self._rows]
        return numbers

    def restore(self, weights: Numbers) -> None:
        self._training.vector[self._rows] = np.asarray(weights)[self._on_tape]

    def moment(self) -> _Numbers:
        return _Numbers([vector.copy() for vector in self._moving()], self.optimizer.steps)

    def _moving(self) -> list[Array]:
        """Return the vectors that the steps change."""
        return [self._training.vector, *self._states]

    def told(self, moment: _Numbers) -> Moment:
        vector, *states = moment.vectors
        return Moment(self._weights(vector), self._state(states), moment.steps)

    def rewind(self, moment: _Numbers) -> None:
        for vector, numbers in zip(self._moving(), moment.vectors, strict=True):
            vector[:] = numbers
        self.optimizer.steps = moment.steps

    def read(self) -> None:
        self.restore([p.data for p in self._parameters])
        for group in self._groups:
            for vector, numbers in zip(group.state, self._own_state, strict=True):
                vector[:] = numbers[group.places]

    def write(self) -> None:
        self._training.write()
        self._write_state()

    def finish(self) -> None:
        """Put the trained numbers and the optimiser's state back where they came from."""
        self._open.close()
        self._write_state()

    def _write_state(self) -> None:
        for own, numbers in zip(self._own_state, self._state(self._states), strict=True):
            own[:] = numbers

    def _state(self, of_groups: Sequence[Array]) -> list[Array]:
        """Return the optimiser's state in the order of its parameters, with that of its groups in it."""
        state, vectors = [own.copy() for own in self._own_state], iter(of_groups)
        for group in self._groups:
            for numbers in state:
                numbers[group.places] = next(vectors)
        return state

    def _place_parameters(self, parameters: Sequence[Parameter]) -> None:
        """Find the model's parameters on the tape; those that nothing depends on are not there."""
        self._parameters = parameters
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
            state = [own[at].astype(self.tape.dtype) for own in self._own_state]
            self._groups.append(
                _Group(settings, at, state, None if len(rows) == len(self.tape.parameters) else rows)
            )
        self._move = vectorised(self.optimizer.rule, len(self._own_state))
        self._states = [state for group in self._groups for state in group.state]
        nothing = np.empty(0, self.tape.dtype)  # compiles the rule, or raises, before anything is trained
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


class _Numbers(NamedTuple):
    """What the steps change, as the tape holds it: its vector, then the state of each group."""

    vectors: list[Array]
    steps: int


class _Tables:
    """Samples as the recorded function takes them: features, targets with the weight, masks of ones.

    Attributes:
        X: the features, or what gives those of some samples.
        classes: the class of each sample; None if targets are not classes.
        bytes: how many the samples take on the tape.
        held: the samples as `Tape.samples` gives them, once they were made.
    """

    def __init__(self, samples: Samples, masks: int) -> None:
        self.X = np.asarray(samples.X) if isinstance(samples.X, Rows) else samples.X
        y = np.asarray(samples.y, float)
        targets = _answers(y)
        self.classes = None if samples.threshold is None else _named(targets, samples.threshold, targets.ndim)
        self._y = y if samples.weights is None else np.column_stack((y, samples.weights))
        self._masks = masks
        self.bytes = 8 * len(y) * (self.X.shape[1] + self._y.shape[1] + masks)
        self.held: Array | None = None

    def part(self, places: Any = slice(None)) -> list[Array]:
        """Return the samples at these places, one array for each argument of the recorded function."""
        places = places if isinstance(places, slice) else np.asarray(places, np.int64)
        y = self._y[places]
        return [np.asarray(self.X[places]), y, *([np.ones((len(y), self._masks))] if self._masks else [])]


def _compare(tape: Tape, outputs: Any, train: Samples, tables: _Tables, masks: Masks) -> None:
    """Compare the tape with the eager engine on a few samples from all over the data."""
    spread = np.linspace(0, len(train) - 1, TRIED).astype(int)
    y = np.asarray(train.y, float)
    _, of_each = np.unique(y @ np.sqrt(np.arange(2.0, y.shape[1] + 2)), return_index=True)
    places = sorted({*spread.tolist(), *of_each[:: max(1, len(of_each) // TRIED)].tolist()})
    with np.errstate(over="ignore"):  # what float32 cannot hold is told below
        replayed = tape.forward(*tables.part(places)).reshape(len(places), -1)  # the units come last
    relative, absolute = AGREEING[tape.dtype]
    for k, place in enumerate(places):
        try:
            values = without_graph(partial(outputs, *_sample(train, place, masks)))
        except IndexError:
            if _looks_up(tape):  # `TapeEngine.check` names the row
                continue
            raise
        eager = [v.data for v in values]
        found = replayed[k][: len(eager)]
        if not np.allclose(found, eager, rtol=relative, atol=absolute, equal_nan=True):
            if np.isfinite(eager).all() > np.isfinite(found).all():
                raise ValueError(
                    f"on sample {place} the numbers of the model overflow {tape.dtype}: scale the data and "
                    'targets, or train in dtype="float64"'
                )
            raise ValueError(
                f"the recorded graph gives another result than the model on sample {place}: "
                "the model reads .data, keeps state or draws random numbers"
            )


def _looks_up(tape: Tape) -> bool:
    """Return whether rows of a table are looked up: for what is no id, a tape gives nan."""
    return TABLE["lookup"] in tape.recorded.listing.found


def _sample(samples: Samples, i: int, masks: Masks) -> list[Any]:
    """Return a sample as the recorded function takes it, with masks that leave nothing out."""
    ones = [[1.0] * masks.count] if masks.count else []
    weight = [] if samples.weights is None else [samples.weights[i]]
    return [samples.row(i), [*row_of(samples.y, i), *weight], *ones]


def _answers(outputs: Array) -> Array:
    """Return what names the classes: the outputs, a column if there is one of them."""
    return outputs[:, 0] if outputs.shape[1] == 1 else outputs


def _named(answers: Array, threshold: Any, dimensions: int) -> Array:
    """Return the class that each answer names, one of so many dimensions; see `nn.outputs.class_of`."""
    named: Array = answers > threshold if dimensions == 1 else answers.argmax(axis=-1)
    return named
