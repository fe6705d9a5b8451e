"""Training on sequences: backpropagation through time, truncated after so many steps.

A sequence is cut into windows of ``truncate`` steps.  A window is a sample like any other: its
numbers are the inputs of its steps and the state that the window before ended in; what it gives are
the outputs and the state that it ends in.  So either engine trains it, the tape from one recorded
window: gradients go back to a window's beginning, and states go on to the next.

Williams and Peng, An efficient gradient-based algorithm for on-line training of recurrent network
trajectories (1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

from autograd import Constant, Value, dot
from nn.data.samples import Samples, Table, as_list
from nn.health.units import UnitFacts
from nn.losses import Loss
from nn.module import Module
from nn.outputs import is_right, single_or_list
from nn.recurrent import Recurrent, as_steps
from nn.training.engine import Engine, Moment, Numbers, Objective

# ------------------------------------------------------------------------------------------- windows


@dataclass(frozen=True)
class Cut:
    """How sequences are cut into windows.

    Attributes:
        model: the network.
        steps: of a sequence.
        length: steps of a window; what the last one lacks is filled up with zeros that nothing reads.
    """

    model: Recurrent
    steps: int
    length: int

    @property
    def count(self) -> int:
        """How many windows a sequence is cut into."""
        return ceil(self.steps / self.length)

    @property
    def read(self) -> list[int]:
        """After which steps of a window outputs are read."""
        return list(range(self.length)) if self.model.every_step else [(self.steps - 1) % self.length]

    def shares(self, window: int) -> list[float]:
        """What each output of a window counts in its loss: nothing where there is no target."""
        places = [window * self.length + step for step in self.read]
        wanted = [t < self.steps and (self.model.every_step or t == self.steps - 1) for t in places]
        return [yes / max(1, sum(wanted)) for yes in wanted]

    def targets(self, window: int) -> int:
        """How many targets a window of one sequence has."""
        return sum(share > 0 for share in self.shares(window))

    def table(self, samples: Samples, window: int) -> Samples:
        """A window of every sequence, before any state: zeros stand in its place."""
        nin, nout, state = self.model.nin, self.model.nout, self.model.cell.state_size
        start, shares = window * self.length, self.shares(window)
        X, y = [], []
        for x, t in zip(as_list(samples.X), as_list(samples.y), strict=True):
            inputs = x[start * nin : (start + self.length) * nin]
            X.append([*inputs, *[0.0] * (self.length * nin - len(inputs) + state)])
            wanted = t[start * nout : (start + self.length) * nout] if self.model.every_step else t
            missing = len(self.read) - len(wanted) // nout
            y.append([*wanted, *wanted[-nout:] * missing, *shares])
        return Samples(X, y)


class Window(Module):
    """The model on one window: inputs and a state go in, outputs and a state come out."""

    def __init__(self, cut: Cut) -> None:
        self.model, self.cut = cut.model, cut

    def __call__(self, row: Sequence[Any]) -> list[Value]:
        split = self.cut.length * self.model.nin
        state = tuple(v if isinstance(v, Value) else Constant(v) for v in row[split:])
        outputs, state = self.model.unroll(as_steps(row[:split], self.model.nin), self.cut.read, state)
        return [*(v for output in outputs for v in output), *state]

    def loss(self, loss: Loss) -> Loss:
        """The loss of a window: the mean over its targets."""
        count, nout = len(self.cut.read), self.model.nout

        def of_window(prediction: Sequence[Value], target: Sequence[Any]) -> Value:
            shares = target[count * nout :]
            places = [k for k, share in enumerate(shares) if isinstance(share, Value) or share]
            rows = [slice(k * nout, (k + 1) * nout) for k in places]
            each = [loss(single_or_list(prediction[row]), single_or_list(target[row])) for row in rows]
            return dot([shares[k] for k in places], each)

        return of_window


class Feedable(Engine, Protocol):
    """An engine whose samples can be changed, and that says what it predicted for them."""

    predictions: Any

    def feed(self, samples: Sequence[int], column: int, numbers: Table) -> None:
        """Put other numbers into training samples, a row for each, from a column on."""


class WindowEngine:
    """Trains on sequences, a window after the other, with another engine for the windows.

    Args:
        kind: the engine.
        truncate: steps of a window; None for whole sequences.
        model, objective, optimizer, train, clipping: as every engine takes them; ``train`` has the
            sequences.
    """

    def __init__(
        self, kind: Any, truncate: int | None, model: Recurrent, objective: Objective, optimizer: Any,
        train: Samples, clipping: Any, watched: Sequence[int] = (),
    ) -> None:  # fmt: skip
        steps = len(train.X[0]) // model.nin
        self.cut = Cut(model, steps, min(truncate or steps, steps))
        self.train = train
        self._state = self.cut.length * model.nin  # the first of its columns
        self._tables: dict[int, tuple[Samples, list[Samples]]] = {}
        windows = self._windows(train)
        joined = Samples([x for w in windows for x in w.X], [y for w in windows for y in w.y])
        window = Window(self.cut)
        own = Objective(window.loss(objective.loss), objective.l1, objective.l2)
        self.inner: Feedable = kind(window, own, optimizer, joined, clipping)
        self.name = self.inner.name

    def step(self, batch: Sequence[int]) -> tuple[float, float]:
        """Take a step on each window that has a target; see `nn.training.engine.Engine`."""
        total, right, states = 0.0, 0, self._zeros(len(batch))
        for w in range(self.cut.count):
            rows = [w * len(self.train) + i for i in batch]
            self.inner.feed(rows, self._state, states)
            count = self.cut.targets(w)
            if count:
                total += self.inner.step(rows)[0] * count
            else:
                self.inner.evaluate(self._with_states(self._windows(self.train)[w].take(batch), states))
            right += self._right(w, [self.train.y[i] for i in batch])
            states = self._states()
        return total / self._targets, right / self._targets

    def evaluate(self, samples: Samples) -> tuple[float, float]:
        total, right, states = 0.0, 0, self._zeros(len(samples))
        for w, window in enumerate(self._windows(samples)):
            total += self.inner.evaluate(self._with_states(window, states))[0] * self.cut.targets(w)
            right += self._right(w, samples.y)
            states = self._states()
        return total / self._targets, right / self._targets

    @property
    def _targets(self) -> int:
        """How many targets a sequence has."""
        return self.cut.steps if self.cut.model.every_step else 1

    def _windows(self, samples: Samples) -> list[Samples]:
        if id(samples) not in self._tables:
            self._tables[id(samples)] = samples, [self.cut.table(samples, w) for w in range(self.cut.count)]
        return self._tables[id(samples)][1]

    def _zeros(self, count: int) -> Table:
        return [[0.0] * self.cut.model.cell.state_size for _ in range(count)]

    def _states(self) -> Table:
        """The states that the windows just gone through ended in."""
        first = len(self.cut.read) * self.cut.model.nout
        found = self.inner.predictions
        return [row[first:] for row in found] if isinstance(found, list) else found[:, first:]

    def _with_states(self, window: Samples, states: Table) -> Samples:
        X = [[*x[: self._state], *state] for x, state in zip(window.X, as_list(states), strict=True)]
        return Samples(X, window.y)

    def _right(self, w: int, y: Table) -> int:
        """How many of the outputs of a window just gone through name the class of their target."""
        threshold, nout = self.train.threshold, self.cut.model.nout
        if threshold is None or not self.cut.targets(w):
            return 0
        places = [k for k, share in enumerate(self.cut.shares(w)) if share]
        first = w * self.cut.length * nout if self.cut.model.every_step else 0
        right = 0
        for outputs, t in zip(as_list(self.inner.predictions), as_list(y), strict=True):
            t = as_list(t)
            for j, k in enumerate(places):
                wanted = t[first + j * nout : first + (j + 1) * nout]
                right += is_right(outputs[k * nout : (k + 1) * nout], wanted, threshold)
        return right

    # what concerns the parameters alone is the other engine's

    def weights(self) -> Numbers:
        return self.inner.weights()

    def gradients(self) -> Any:
        return self.inner.gradients()

    def units(self) -> dict[str, UnitFacts]:
        return {}  # a cell is used at every step: its activations are not those of one layer

    def restore(self, weights: Numbers) -> None:
        self.inner.restore(weights)

    def moment(self) -> Moment:
        return self.inner.moment()

    def rewind(self, moment: Moment) -> None:
        self.inner.rewind(moment)

    def write(self) -> None:
        self.inner.write()

    def finish(self) -> None:
        self.inner.finish()
