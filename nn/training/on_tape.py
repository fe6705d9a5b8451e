"""The tape engine: a sample's graph is recorded once, then replayed for all samples as machine code.

Needs NumPy, and for machine code the packages of the ``train`` extra; `nn.training.eager` does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from autograd import Value, no_grad
from autograd.extend import TABLE
from autograd.tape import Tape
from nn.data.rows import Rows
from nn.data.samples import Samples, row_of
from nn.dropout import Masks
from nn.health.heads import Heads
from nn.health.units import FLAT_ENDS, Inside, Watched, facts_of_units, inside_of
from nn.losses import Penalised
from nn.optim import Optimizer
from nn.outputs import single_or_list
from nn.predictions import values_of, without_graph
from nn.training.engine import Hook, Means
from nn.training.moving import Copied, Moving, common
from nn.training.on_workers import OnWorkers

TRIED = 5
"""The tape is compared with the eager engine on this many samples from all over the data, and on about
as many different targets, before it is trusted; on the last, where a tape is one of several."""

HELD = 1 << 26
"""Samples of more bytes than this are brought to the tape batch by batch, not held there whole."""
PART = 1 << 24
"""About this many bytes of such samples are brought there at once to be evaluated."""

AGREEING = {"float64": (1e-9, 1e-12), "float32": (1e-3, 1e-5)}
"""How far tape and eager engine may differ, relatively and absolutely, in each precision of the tape."""

NUMBERS = ("gradients", "set_gradients", "weights", "restore", "moment", "told", "rewind", "read")
"""The methods of an engine that are about the numbers that its steps change."""

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

    @staticmethod
    def shared(model: Any, optimizer: Optimizer, means: Means) -> Moving:
        """Return what engines of one training share that are given different samples."""
        return Moving.all_of(optimizer, model.parameters(), means.dtype)

    def __init__(
        self, model: Any, objective: Penalised, optimizer: Optimizer, train: Samples, watched: Watched,
        means: Means,
    ) -> None:  # fmt: skip
        if type(optimizer).step is not Optimizer.step:
            raise NotImplementedError(f"{type(optimizer).__name__} has a step of its own")
        self.train = train
        penalised = model.weights() if objective.l1 or objective.l2 else []
        self._masks = masks = Masks(model, train.row(0))

        def outputs(x: Any, y: Any, ones: Any = ()) -> list[Value]:
            with masks.given(ones):
                prediction = model(x)
            if train.weights is None:
                loss = objective.loss(prediction, single_or_list(y))
            else:
                loss = objective.loss(prediction, single_or_list(y[:-1])) * y[-1]
            return [loss, *values_of(prediction)]

        def with_units(x: Any, y: Any, ones: Any = ()) -> list[Value]:
            loss, *predicted = outputs(x, y, ones)
            penalty = objective.penalty(penalised)
            found, shares = inside_of(predicted, watched.homes) if watched.samples else ([], [])
            self._predicted = slice(1, 1 + len(predicted))
            self._units, self._looks = [unit for unit, _ in found], [share.look for share in shares]
            seen = [v for _, v in found] + [share.value for share in shares]
            return [loss if penalty is None else loss + penalty, *predicted, *seen]

        sample = _sample(train, 0, masks)
        alone = means.shared is None
        self.tape = Tape.record(with_units, *sample, dtype=means.dtype, threads=means.threads, again=False)
        self._tables: WeakKeyDictionary[Samples, _Tables] = WeakKeyDictionary()
        own, self._outputs = self._tables_of(train), outputs
        with no_grad():
            penalty = objective.penalty(penalised)
        added = 0.0 if penalty is None else penalty.data
        _compare(self.tape, outputs, added, train, own, masks, TRIED if alone else 1)
        self._open = ExitStack()
        whole = own.bytes <= HELD or means.batch >= len(train) or means.workers is not None
        self._batches = None if whole else own
        first = own.part(range(means.batch) if self._batches else slice(None))
        self._training: Any = self._open.enter_context(self.tape.training(*first))
        width = self._training.X.shape[1]
        self._changing = set(range(width - masks.count, width))
        if means.workers is not None:
            self._training = OnWorkers(self._training, self.tape, means.workers, self._changing)
            self._open.callback(self._training.close)
        on_tape, reached, shared = self.tape.parameters, self.tape.reached, means.shared
        if shared is None:
            shared = Moving(optimizer, model.parameters(), on_tape, reached, self._training)
        self._moving: Moving = shared
        self._borrowed = common(model.parameters(), on_tape) if means.shared else None
        self._in_buffer = np.arange(means.batch)
        self._count, self._classes = len(train), own.classes
        self._threshold = np.array(train.threshold or 0.0)  # arrays are compared faster than numbers
        self._take(np.empty((0, len(self.tape.outputs))))
        self._by_op: dict[str, list[int]] = {}
        for k, unit in enumerate(self._units):
            self._by_op.setdefault(unit.op, []).append(k)
        seen = own.part(watched.samples)
        self._watched = self.tape.samples(*seen) if self._units or self._looks else None

    def _take(self, values: Array) -> None:
        """Take an array for what the tape gives, and with it the `predictions`."""
        self._values, self.predictions = values, values[:, self._predicted]
        self._answers = _answers(self.predictions)

    def feed(self, samples: Sequence[int], column: int, numbers: Any) -> None:
        """Put other numbers into training samples, one row for each, from a column on."""
        rows = np.asarray(numbers, float)
        self._changing.update(range(column, column + rows.shape[1]))
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
        self._borrow()
        loss = self._training.step(places, self._values)
        self._lend()
        if on_gradients is not None:
            on_gradients()
        self._moving.update()
        return loss, self._right(classes)

    def rounds(self, count: int) -> tuple[list[float], list[float], Copied]:
        if len(self._values) != self._count:
            self._take(np.empty((self._count, len(self.tape.outputs)), self.tape.dtype))
        values, answers, step, losses = self._values, self._answers, self._training.step, []
        kept = np.empty((count if self._classes is not None else 0, *answers.shape), self.tape.dtype)
        for k in range(count):
            if k == count - 1:
                before = self._moving.moment()
            losses.append(step(None, values))
            if self._classes is not None:
                kept[k] = answers  # who is right is counted for all steps at once
            self._moving.update()
        if self._classes is None:
            return losses, [0.0] * count, before
        right = np.count_nonzero(_named(kept, self._threshold, answers.ndim) == self._classes, axis=1)
        return losses, right.tolist(), before

    def evaluate(self, samples: Samples) -> tuple[float, int]:
        self._borrow()
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

    def inside(self) -> Inside:
        if self._watched is None:
            return Inside()
        self._borrow()
        values = self._training.forward(self._watched)[:, self._predicted.stop :]
        counts = np.empty(len(self._units), int)
        for op, own in self._by_op.items():
            counts[own] = FLAT_ENDS[op](values[:, own]).sum(axis=0)
        heads = Heads()
        for shares in values[:, len(counts) :].tolist():
            heads.see(self._looks, shares)
        counted = ((u, n, len(values)) for u, n in zip(self._units, counts.tolist(), strict=True))
        return Inside(facts_of_units(counted), heads.facts())

    def write(self) -> None:
        self._write()

    def finish(self) -> None:
        """Put the trained numbers and the optimiser's state back where they came from."""
        self._borrow()  # what the tape puts into the Values is what the tapes share
        self._open.close()
        self._write()

    def _write(self) -> None:
        if self._borrowed is None:
            self._training.write()
            self._moving.write_state()
        else:
            self._moving.write()

    def _borrow(self) -> None:
        """Take the numbers that the tapes share."""
        if self._borrowed is not None:
            places, rows = self._borrowed
            self._training.vector[rows] = self._moving.vector[places]

    def _lend(self) -> None:
        """Give the gradient to the tapes that share; it is 0 for what this one does not reach."""
        if self._borrowed is not None:
            places, rows = self._borrowed
            self._moving.gradient.fill(0.0)
            self._moving.gradient[places] = self._training.gradient[rows]

    def __getattr__(self, name: str) -> Any:
        """Leave the numbers to what holds them; see `nn.training.moving.Moving`."""
        if name in NUMBERS:
            return getattr(self._moving, name)
        raise AttributeError(name)


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


def _compare(
    tape: Tape, outputs: Any, penalty: float, train: Samples, tables: _Tables, masks: Masks, tried: int
) -> None:  # fmt: skip
    """Compare the tape with the eager engine on a few samples from all over the data.

    Args:
        outputs: gives a sample's loss, without the penalty, and the predictions.
        penalty: what the tape adds to every loss.
        tried: on how many samples.
    """
    spread = np.linspace(len(train) - 1, 0, tried).astype(int)
    y = np.asarray(train.y, float)
    _, of_each = np.unique(y @ np.sqrt(np.arange(2.0, y.shape[1] + 2)), return_index=True)
    others = of_each[:: max(1, len(of_each) // tried)].tolist() if tried > 1 else []
    places = sorted({*spread.tolist(), *others})
    with np.errstate(over="ignore"):  # what float32 cannot hold is told below
        replayed = tape.forward(*tables.part(places)).reshape(len(places), -1)  # the units come last
    relative, absolute = AGREEING[tape.dtype]
    among = "" if tried == TRIED else " of its shape"
    for k, place in enumerate(places):
        try:
            values = without_graph(partial(outputs, *_sample(train, place, masks)))
        except IndexError:
            if _looks_up(tape):  # `TapeEngine.check` names the row
                continue
            raise
        eager = [v.data for v in values]
        eager[0] += penalty
        found = replayed[k][: len(eager)]
        if not np.allclose(found, eager, rtol=relative, atol=absolute, equal_nan=True):
            if np.isfinite(eager).all() > np.isfinite(found).all():
                raise ValueError(
                    f"on sample {place} the numbers of the model overflow {tape.dtype}: scale the data and "
                    'targets, or train in dtype="float64"'
                )
            raise ValueError(
                f"the recorded graph gives another result than the model on sample {place}{among}: "
                "the model reads .data, keeps state or draws random numbers"
            )


def _looks_up(tape: Tape) -> bool:
    """Return whether rows of a table are looked up: for what is not an id, a tape gives nan."""
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
    """Return the class that each answer names; see `nn.outputs.class_of`."""
    named: Array = answers > threshold if dimensions == 1 else answers.argmax(axis=-1)
    return named
