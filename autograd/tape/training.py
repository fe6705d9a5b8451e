"""Training on a tape: the parameters as one vector."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.core.recording import clock
from autograd.leaves import set_data
from autograd.node import NO_GRADIENT, data_of, time_of
from autograd.notation.hints import described
from autograd.tape.blas import run_of
from autograd.tape.executor import Replayer
from autograd.value import Value

Array = NDArray[Any]


class Trained(Protocol):
    """What a training asks of its tape."""

    parameters: tuple[Value, ...]

    def replayer(self) -> Replayer:
        """Return a new replayer."""


class Held:
    """The numbers of Values as one vector, which takes over what is assigned to their ``.data`` meanwhile.

    Args:
        values: the Values.
        vector: filled with their numbers.

    Attributes:
        seen: the time of the last assignment that the vector knows.
    """

    def __init__(self, values: Sequence[Value], vector: Array) -> None:
        self._values, self._vector, self.seen = values, vector, clock.now
        vector[:] = self._numbers()
        self._written = vector.copy()

    @property
    def vector(self) -> Array:
        """The numbers, as they now stand; changed in place."""
        if self.seen != clock.now:  # somebody has assigned to a Value
            assigned = np.array([time_of(v) > self.seen for v in self._values])
            self.seen = clock.now
            if assigned.any():
                self._vector[assigned] = self._written[assigned] = self._numbers()[assigned]
        return self._vector

    def write(self) -> None:
        """Put the numbers into the ``.data`` of the Values; those that did not move keep all their digits."""
        vector, bits = self.vector, f"i{self._vector.itemsize}"
        moved = vector.view(bits) != self._written.view(bits)
        set_data(list(compress(self._values, moved.tolist())), vector[moved].tolist())
        self._written[moved], self.seen = vector[moved], clock.now

    def _numbers(self) -> NDArray[np.float64]:
        return np.array(data_of(self._values), np.float64)


class Training:
    """The parameters of a tape as one vector, while a network trains; see `Tape.training`.

    A copy, also one that another process gets, goes on by itself: with a vector and samples of its own, and
    with the Values of its own copy of the tape.

    The vector takes over what is assigned to a parameter's ``.data`` in the meantime.

    Args:
        tape: the tape.
        replayer: replays it; its vector and its gradient are those of the training.
        X: the samples.
    """

    def __init__(self, tape: Trained, replayer: Replayer, X: Array) -> None:
        self._held, self._gradient = Held(tape.parameters, replayer.vector), replayer.gradient
        self._dtype = replayer.vector.dtype
        self._tape, self._run, self._reached = tape, run_of(replayer), replayer.plan.reached.tolist()
        self._width = X.shape[1]
        self.X = X
        self._seeds = np.zeros_like(replayer.totals)
        self._stepped = False
        self._filled: Array | None = None  # what was last found fit to be filled
        self._lock = Lock()  # for a `forward` on one thread while another one steps

    @property
    def vector(self) -> Array:
        """The parameters, in the order of ``tape.parameters``.  Change it in place, or set it whole."""
        return self._held.vector

    @vector.setter
    def vector(self, numbers: ArrayLike) -> None:
        vector = self._held.vector
        if numbers is not vector:  # as it is after ``run.vector -= …``
            vector[:] = numbers

    @property
    def gradient(self) -> Array:
        """The gradient that the last `step` left, in the order of `vector`; set as the vector is."""
        return self._gradient

    @gradient.setter
    def gradient(self, numbers: ArrayLike) -> None:
        self._stepped = True
        if numbers is not self._gradient:
            self._gradient[:] = numbers

    @property
    def X(self) -> Array:
        """The samples, as `Tape.samples` gives them.  May be set, and changed in place, between steps."""
        return self._X

    @X.setter
    def X(self, X: ArrayLike) -> None:
        self._X = self._table(X)

    def _table(self, X: ArrayLike) -> Array:
        """Return samples as a replay takes them: the same array, if it is such a one."""
        table = np.require(X, self._dtype, ["C", "A"])
        if table.ndim != 2 or table.shape[1] != self._width:
            raise ValueError(f"X has the shape {table.shape}; (samples, {self._width}) is wanted")
        return table

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy continues with: a vector, samples and a tape of its own."""
        kept = {"vector": self.vector, "gradient": self.gradient, "X": self.X}
        return {name: x.copy() for name, x in kept.items()} | {"tape": self._tape, "stepped": self._stepped}

    def __setstate__(self, state: dict[str, Any]) -> None:
        tape = state["tape"]
        self.__init__(tape, tape.replayer(), state["X"])  # type: ignore[misc]
        self.vector[:], self.gradient[:], self._stepped = state["vector"], state["gradient"], state["stepped"]

    def step(self, samples: ArrayLike | None = None, values: Array | None = None) -> float:
        """Replay forward and reverse, and return the mean of the first output over the samples.

        Args:
            samples: the places of the samples to take, whole numbers; all of them by default.
            values: filled with the outputs of each of them, shape (samples, outputs), of the tape's dtype.

        Raises:
            TypeError, ValueError: if the samples are not such places, or values is not such an array.
        """
        places = None if samples is None else _places(samples, len(self._X))
        count = len(self._X) if places is None else len(places)
        if values is not None and (values is not self._filled or len(values) != count):
            self._check_values(values, count)
        if self._held.seen != clock.now:
            _ = self._held.vector  # takes over what was assigned
        self._seeds[0] = 1.0 / count
        self._stepped = True
        with self._lock:
            total = self._run(self._X, places, seeds=self._seeds, values=values)[0]
        return float(total) / count

    def _check_values(self, values: Array, count: int) -> None:
        """Refuse an array that cannot be filled with the outputs of that many samples."""
        shape, kind = (count, len(self._seeds)), self._dtype
        if values.shape != shape or values.dtype != kind or not values.flags.carray:
            raise ValueError(
                f"values is filled in place: a contiguous array of {kind} and the shape {shape} is wanted; "
                f"got {values.dtype} and {values.shape}"
            )
        self._filled = values

    def forward(self, X: Array) -> Array:
        """Return the outputs for other samples, as the parameters now stand; shape (samples, outputs).

        Args:
            X: as `Tape.samples` gives it.
        """
        X, vector = self._table(X), self.vector
        values = np.empty((len(X), len(self._seeds)), vector.dtype)
        with self._lock:
            self._run(X, values=values)
        return values

    def write(self) -> None:
        """Put the vector into the ``.data`` of the parameters, and the last gradient into their ``.grad``."""
        self._held.write()
        if self._stepped:
            for v, x, reached in zip(
                self._tape.parameters, self.gradient.tolist(), self._reached, strict=True
            ):
                v.grad = x if reached else NO_GRADIENT


def _places(samples: ArrayLike, count: int) -> NDArray[np.int64]:
    """Return places among ``count`` samples as a replay takes them: the same array, if it is one already."""
    places = np.asarray(samples)
    if places.dtype.kind not in "iu":
        raise TypeError(f"samples are places, whole numbers; got {described(samples)} of {places.dtype}")
    if places.ndim == 1 and places.size:
        found = np.ascontiguousarray(places, np.int64)
        largest = found.view(np.uint64).argmax()  # without a sign a negative one is the largest
        if found.item(largest) in range(count):
            return found
    raise ValueError(f"samples are places from 0 to {count - 1}, at least one; got {places}")
