"""Where one call of a tape is carried out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.typing import NDArray

from autograd.core.recording import clock
from autograd.node import data_of, number_of
from autograd.tape.blas import run_of
from autograd.tape.executor import Replayer
from autograd.tape.structure import Columns
from autograd.value import Value

Array = NDArray[Any]

KEPT = 1 << 13
"""The tables of a call are kept for the next one if they have at most this many numbers: then a replay finds
everything where it was, and a call takes little more time than its replay."""

MANY = 10
"""From this many parameters on they are read as one array; fewer are read faster one by one."""

DOUBLE, NUMBERS = np.dtype(np.float64), frozenset({float, np.float64, int})


class Workspace:
    """A replayer with tables for the samples and the results of a call.

    A call borrows a workspace and has it alone.  So calls on several threads of Python neither wait for one
    another nor share a number.

    Args:
        replayer: its replayer.
        parameters: the tape's parameters, whose numbers the replayer's vector holds.
        places: the place among them of each number of the vector.

    Attributes:
        X, values, slopes: the samples, the outputs and the gradients of the inputs: one row per sample.
    """

    def __init__(self, replayer: Replayer, parameters: tuple[Value, ...], places: Array, width: int) -> None:
        self._replayer, self._run = replayer, run_of(replayer)
        self._places, self._order = places, np.argsort(places)
        self._in_order = bool((places == np.arange(len(places))).all())
        self._parameters = parameters if self._in_order else [parameters[i] for i in places.tolist()]
        kind = replayer.totals.dtype
        self.X, self.values = np.empty((0, width), kind), np.empty((0, len(replayer.totals)), kind)
        self.slopes, self._seeds = self.X, np.zeros_like(replayer.totals)
        self._output, self._seed = 0, 0.0  # what the seeds are
        self._kept = True
        self._last: list[tuple[tuple[int, ...], Array]] = []  # the last arrays' shapes, and where they went
        self._read = -1  # what the clock said when the parameters were last read from the Values

    def takes_again(self, data: Sequence[Any]) -> bool:
        """Take samples that come just as the last ones did, and need no further checks; else return False."""
        last = self._last
        if not last or len(data) != len(last):
            return False
        try:
            for x, (shape, columns) in zip(data, last):  # noqa: B905 (as many; this is in a hurry)
                if type(x) is ndarray:
                    if x.dtype is not DOUBLE or x.shape != shape:
                        return False
                elif shape or type(x) not in NUMBERS:
                    return False
                columns[...] = x
        except OverflowError:  # a whole number that no float holds
            return False
        return True

    def take_samples(self, columns: Columns, arrays: Sequence[Array], count: int) -> None:
        """Take the samples, and make room for as many results."""
        X = self.X
        if count != len(X) or not self._kept:
            self._kept = count * (X.shape[1] + self.values.shape[1]) <= KEPT
            self.X = np.empty((count, X.shape[1]), X.dtype)
            self.values, self.slopes = np.empty((count, self.values.shape[1]), X.dtype), np.empty_like(self.X)
        self._last = []
        first = arrays[0] if len(arrays) == 1 and not self._kept else X
        if first is not X and first.dtype == X.dtype and first.flags.c_contiguous and first.flags.aligned:
            self.X = first.reshape(count, -1)  # no copy
            return
        columns.fill(self.X, arrays)
        if self._kept and columns.plain and all(array.ndim < 3 for array in arrays):
            parts = [self.X[:, part.columns] for part in columns.parts]
            self._last = [(x.shape, part) for x, part in zip(arrays, parts, strict=True)]

    def take_parameters(self, vector: Array | None) -> None:
        """Take the parameters from a vector in the tape's order, or by default from the Values."""
        own = self._replayer.vector
        before, self._read = self._read, clock.now if vector is None else -1
        if vector is not None:
            own[:] = vector if self._in_order else vector[self._places]
        elif before == self._read:
            return  # nobody has assigned to a Value since
        elif len(own) < MANY:
            for i, v in enumerate(self._parameters):
                own[i] = number_of(v)
        else:
            own[:] = data_of(self._parameters)

    def forward(self) -> None:
        """Fill in the outputs of every sample."""
        self._run(self.X, values=self.values)

    def reverse(self, output: int, seed: float, values: bool = True, slopes: bool = True) -> float:
        """Send a gradient back from an output; return the output's sum over the samples.

        Args:
            output: which output.
            seed: the gradient that it starts with in every sample.
            values: whether to fill in the outputs of every sample.
            slopes: whether to fill in the gradients of the inputs.
        """
        if seed != self._seed or output != self._output:
            self._seeds[:] = 0.0
            self._seeds[output] = seed
            self._output, self._seed = output, seed
        totals = self._run(
            self.X, seeds=self._seeds, values=self.values if values else None,
            inputs_gradient=self.slopes if slopes else None,
        )  # fmt: skip
        total: float = totals.item(output)
        return total

    def gradient(self) -> Array:
        """Return the gradient of the parameters in the tape's order, after `reverse`."""
        gradient = self._replayer.gradient
        return gradient.copy() if self._in_order else gradient[self._order]

    def result(self, table: Array) -> Array:
        """Return a table of results that no later call changes."""
        return table.copy() if self._kept else table
