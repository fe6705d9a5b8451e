"""Training on a tape: the parameters as one vector."""

from __future__ import annotations

from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from autograd.leaves import set_data
from autograd.node import NO_GRADIENT
from autograd.tape.blas import run_of
from autograd.tape.executor import Replayer
from autograd.value import Value

Array = NDArray[Any]


class Trained(Protocol):
    """What a training asks of its tape."""

    parameters: tuple[Value, ...]

    def replayer(self) -> Replayer:
        """Return a new replayer."""


class Training:
    """The parameters of a tape as one vector, while a network trains; see `Tape.training`.

    A copy, also one that another process gets, goes on by itself: with a vector and samples of its own, and
    with the Values of its own copy of the tape.

    Args:
        tape: the tape.
        replayer: replays it; its vector and its gradient are those of the training.
        X: the samples.

    Attributes:
        vector: the parameters, in the order of ``tape.parameters``.  Change it in place.
        gradient: the gradient that the last `step` left, in the same order.
        X: the samples, as `Tape.samples` gives them.  May be changed in place between steps.
    """

    def __init__(self, tape: Trained, replayer: Replayer, X: Array) -> None:
        self.vector, self.gradient, self.X = replayer.vector, replayer.gradient, X
        self._tape, self._run, self._reached = tape, run_of(replayer), replayer.plan.reached.tolist()
        self._seeds = np.zeros_like(replayer.totals)
        self._stepped = False
        self._lock = Lock()  # for a `forward` on one thread while another one steps

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy goes on with: a vector, samples and a tape of its own."""
        kept = {"vector": self.vector, "gradient": self.gradient, "X": self.X}
        return {name: x.copy() for name, x in kept.items()} | {"tape": self._tape, "stepped": self._stepped}

    def __setstate__(self, state: dict[str, Any]) -> None:
        tape = state["tape"]
        self.__init__(tape, tape.replayer(), state["X"])  # type: ignore[misc]
        self.vector[:], self.gradient[:], self._stepped = state["vector"], state["gradient"], state["stepped"]

    def step(self, samples: NDArray[np.int64] | None = None, values: Array | None = None) -> float:
        """Replay forward and reverse, and return the mean of the first output over the samples.

        Args:
            samples: the places of the samples to take; all of them by default.
            values: filled with the outputs of each of them, shape (samples, outputs).
        """
        count = len(self.X) if samples is None else len(samples)
        if samples is not None and (not count or samples.min() < 0 or samples.max() >= len(self.X)):
            raise ValueError(f"samples are places from 0 to {len(self.X) - 1}, at least one; got {samples}")
        if values is not None and values.shape != (count, len(self._seeds)):
            raise ValueError(f"values has the shape {values.shape}; ({count}, {len(self._seeds)}) is wanted")
        self._seeds[0] = 1.0 / count
        self._stepped = True
        with self._lock:
            total = self._run(self.X, samples, seeds=self._seeds, values=values)[0]
        return float(total) / count

    def forward(self, X: Array) -> Array:
        """Return the outputs for other samples, as the parameters now stand; shape (samples, outputs).

        Args:
            X: as `Tape.samples` gives it.
        """
        X = np.ascontiguousarray(X, self.vector.dtype)
        width = self.X.shape[1]
        if X.ndim != 2 or X.shape[1] != width:
            raise ValueError(f"X has the shape {X.shape}; (samples, {width}) is wanted")
        values = np.empty((len(X), len(self._seeds)), self.vector.dtype)
        with self._lock:
            self._run(X, values=values)
        return values

    def write(self) -> None:
        """Put the vector into the ``.data`` of the parameters, and the last gradient into their ``.grad``."""
        parameters = self._tape.parameters
        set_data(parameters, self.vector.tolist())
        if self._stepped:
            for v, x, reached in zip(parameters, self.gradient.tolist(), self._reached, strict=True):
                v.grad = x if reached else NO_GRADIENT
