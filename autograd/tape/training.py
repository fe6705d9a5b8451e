"""Training on a tape: the parameters as one vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.node import NO_GRADIENT
from autograd.tape.executor import Replayer
from autograd.value import Value

Array = NDArray[Any]


class Training:
    """The parameters of a tape as one vector, while a network trains; see `Tape.training`.

    Args:
        replayer: replays the tape; its vector and its gradient are those of the training.
        parameters: the Values whose numbers are in the vector.
        X: the samples.

    Attributes:
        vector: the parameters, in the order of ``tape.parameters``.  Change it in place.
        gradient: the gradient that the last `step` left, in the same order.
        X: the samples, as `Tape.samples` gives them.  May be changed in place between steps.
    """

    def __init__(self, replayer: Replayer, parameters: Sequence[Value], X: Array) -> None:
        self.vector, self.gradient, self.X = replayer.vector, replayer.gradient, X
        self._replayer, self._parameters = replayer, parameters
        self._seeds = np.zeros_like(replayer.totals)
        self._stepped = False

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
        return float(self._replayer.run(self.X, samples, seeds=self._seeds, values=values)[0]) / count

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
        self._replayer.run(X, values=values)
        return values

    def write(self) -> None:
        """Put the vector into the ``.data`` of the parameters, and the last gradient into their ``.grad``."""
        for v, x in zip(self._parameters, self.vector.tolist(), strict=True):
            v.data = x
        if self._stepped:
            reached = self._replayer.plan.reached.tolist()
            for v, x, has_gradient in zip(self._parameters, self.gradient.tolist(), reached, strict=True):
                v.grad = x if has_gradient else NO_GRADIENT
