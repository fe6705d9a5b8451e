"""Training in windows: samples that are cut into windows are trained on one window after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any, Protocol

from nn.data.rows import Rows
from nn.data.samples import Samples, Table, as_list
from nn.health.units import Watched
from nn.losses import Penalised
from nn.outputs import is_right
from nn.sequences import Window, Windows
from nn.training.engine import Engine, Hook, Means


class Feedable(Engine, Protocol):
    """An engine whose samples can be changed, and that says what it predicted for them."""

    predictions: Any

    def feed(self, samples: Sequence[int], column: int, numbers: Table) -> None:
        """Put other numbers into training samples, one row for each, from a column on."""


class WindowEngine:
    """Trains on sequences, a window after the other, with another engine for the windows.

    Args:
        kind: the class of that engine.
        windows: how the sequences are cut.
        objective, optimizer, train, watched, means: as every engine takes them; ``train`` has the sequences.
    """

    def __init__(
        self, kind: Any, windows: Windows, objective: Penalised, optimizer: Any, train: Samples,
        watched: Watched, means: Means,
    ) -> None:  # fmt: skip
        self.windows, self.train = windows, train
        self._tables: dict[int, tuple[Samples, list[Samples]]] = {}
        parts = self._cut(train)
        joined = Samples(reduce(add, [part.X for part in parts]), reduce(add, [part.y for part in parts]))
        window = Window(windows)
        own = replace(objective, loss=window.loss(objective.loss))
        self.inner: Feedable = kind(window, own, optimizer, joined, watched, means)
        self.name = self.inner.name

    def step(self, batch: Sequence[int], on_gradients: Hook = None) -> tuple[float, float]:
        """Take a step on each window that has a target; see `nn.training.engine.Engine`."""
        total, right, states = 0.0, 0, self._zeros(len(batch))
        for w in range(self.windows.count):
            rows = [w * len(self.train) + i for i in batch]
            self.inner.feed(rows, self.windows.inputs, states)
            count = self.windows.targets(w)
            if count:
                total += self.inner.step(rows, on_gradients)[0] * count
            else:
                self.inner.evaluate(self._with_states(self._cut(self.train)[w].take(batch), states))
            right += self._right(w, [self.train.y[i] for i in batch])
            states = self._states()
        return total / self._targets, right / self._targets

    def evaluate(self, samples: Samples) -> tuple[float, float]:
        total, right, states = 0.0, 0, self._zeros(len(samples))
        for w, window in enumerate(self._cut(samples)):
            total += self.inner.evaluate(self._with_states(window, states))[0] * self.windows.targets(w)
            right += self._right(w, samples.y)
            states = self._states()
        return total / self._targets, right / self._targets

    def check(self, samples: Samples, name: str) -> None:
        """Do nothing more: sequences hold numbers."""

    @property
    def _targets(self) -> int:
        """How many targets a sequence has."""
        return sum(map(self.windows.targets, range(self.windows.count)))

    def _cut(self, samples: Samples) -> list[Samples]:
        """Return the windows of samples, cut once."""
        if id(samples) not in self._tables:
            windows = [self.windows.table(samples, w) for w in range(self.windows.count)]
            self._tables[id(samples)] = samples, windows
        return self._tables[id(samples)][1]

    def _zeros(self, count: int) -> Table:
        return [[0.0] * self.windows.model.state_size for _ in range(count)]

    def _states(self) -> Table:
        """Return the states that the windows just gone through ended in."""
        found = self.inner.predictions
        outputs = self.windows.outputs
        return [row[outputs:] for row in found] if isinstance(found, list) else found[:, outputs:]

    def _with_states(self, window: Samples, states: Table) -> Samples:
        X = Rows(window.X.numbers[:], window.X.width)
        for i, state in enumerate(as_list(states)):
            X.put(i, self.windows.inputs, state)
        return Samples(X, window.y)

    def _right(self, w: int, y: Table) -> int:
        """Return how many outputs of a window just gone through name the class of their target."""
        threshold, nout = self.train.threshold, self.windows.model.nout
        if threshold is None or not self.windows.targets(w):
            return 0
        places = [k for k, share in enumerate(self.windows.shares(w)) if share]
        right = 0
        for outputs, row in zip(as_list(self.inner.predictions), as_list(y), strict=True):
            targets = as_list(self.windows.wanted(row, w))
            for j, k in enumerate(places):
                target = targets[j * nout : (j + 1) * nout]
                right += is_right(outputs[k * nout : (k + 1) * nout], target, threshold)
        return right

    def __getattr__(self, name: str) -> Any:
        """Leave the parameters and the units, at all steps of the first windows, to the other engine."""
        return getattr(self.inner, name)
