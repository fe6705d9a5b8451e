"""Training on a tape: the parameters as one vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd.node import NO_GRADIENT
from autograd.tape.replayer import Replayer

if TYPE_CHECKING:
    from autograd.tape.tape import Tape

Array = NDArray[Any]


class Training:
    """The parameters of a tape as one vector, while a network trains; see `Tape.training`.

    Attributes:
        vector: the parameters, in the order of ``tape.parameters``.  Change it in place.
        gradient: the gradient that the last `step` left, in the same order.
        X: the samples, as `Tape.samples` gives them.  May be changed in place between steps.
    """

    def __init__(self, tape: Tape, replayer: Replayer, X: Array) -> None:
        self._tape, self._replayer, self.X = tape, replayer, X
        self.vector, self.gradient = replayer.vector, replayer.gradient
        self._seeds = np.zeros(len(tape.outputs), tape.dtype)
        self._stepped = False

    def step(self, samples: NDArray[np.int64] | None = None, values: Array | None = None) -> float:
        """Replay forward and reverse; returns the mean of the first output over the samples.

        Args:
            samples: the places of the samples to take; all of them by default.
            values: filled with the outputs of each of them, shape (samples, outputs).
        """
        count = len(self.X) if samples is None else len(samples)
        if samples is not None and (not count or samples.min() < 0 or samples.max() >= len(self.X)):
            raise ValueError(f"samples are places from 0 to {len(self.X) - 1}, at least one; got {samples}")
        if values is not None and values.shape != (count, len(self._tape.outputs)):
            raise ValueError(
                f"values has the shape {values.shape}; ({count}, {len(self._tape.outputs)}) is wanted"
            )
        self._seeds[0] = 1.0 / count
        self._stepped = True
        return float(self._replayer.run(self.X, samples, seeds=self._seeds, values=values)[0]) / count

    def forward(self, X: Array) -> Array:
        """The outputs for other samples, as the parameters now stand; shape (samples, outputs).

        Args:
            X: as `Tape.samples` gives it.
        """
        X = np.ascontiguousarray(X, self._tape.dtype)
        if X.ndim != 2 or X.shape[1] != len(self._tape.inputs):
            raise ValueError(f"X has the shape {X.shape}; (samples, {len(self._tape.inputs)}) is wanted")
        values = np.empty((len(X), len(self._tape.outputs)), self._tape.dtype)
        self._replayer.run(X, values=values)
        return values

    def write(self) -> None:
        """Put the vector into the ``.data`` of the parameters, and the last gradient into their ``.grad``."""
        for v, x in zip(self._tape.parameters, self.vector.tolist(), strict=True):
            v.data = x
        if self._stepped:
            for v, x, reached in zip(
                self._tape.parameters, self.gradient.tolist(), self._tape.reached, strict=True
            ):
                v.grad = x if reached else NO_GRADIENT
