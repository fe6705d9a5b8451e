"""Replays by NumPy alone, with the steps of `autograd.tape.numpy_steps`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.tape.listing import Listing
from autograd.tape.numpy_steps import Numbers, steps_of
from autograd.tape.program import unpack
from autograd.tape.schedule import Schedule

Array = NDArray[Any]

BLOCK_BYTES = 1 << 23
"""The rows of one block of lanes take about this many bytes: fewer, and the calls take longer than the
work; more, and the numbers leave the cache."""


class Replayer:
    """Memory for replays of one schedule by NumPy; see `autograd.tape.executor.Replayer`.

    Args:
        plan: the schedule.
        listing: the graph.
        dtype: "float64" or "float32".
        threads: how many are asked for; NumPy replays on one.
    """

    def __init__(self, plan: Schedule, listing: Listing, dtype: str, threads: int) -> None:
        self.plan, self._kind = plan, np.dtype(dtype)
        uniform, varying = unpack(plan.uniform), unpack(plan.varying)
        self._uniform = list(steps_of(uniform, plan.kernels))
        self._varying = list(steps_of(varying, plan.kernels))
        n, constants = len(plan.parameters), len(plan.constants)
        self._U = np.zeros((plan.uniform_rows.count, 1), self._kind)
        self._U[n : n + constants, 0] = listing.data[plan.constants]
        self._GU = np.zeros_like(self._U)
        self.vector, self.gradient = self._U[:n, 0], self._GU[:n, 0]
        self.totals = np.zeros(len(plan.outputs), self._kind)
        self._rows = plan.varying_rows.count
        self.lanes = _lanes(self._rows + len(varying.lists), self._kind.itemsize)
        self._V = self._G = np.empty(0, self._kind)
        self._varying_outputs = [(j, row) for j, row in enumerate(plan.outputs.tolist()) if row >= 0]
        self._uniform_outputs = [(j, row) for j, row in enumerate(plan.uniform_outputs.tolist()) if row >= 0]

    def blas_threads(self, count: int) -> int:
        """Return how many threads share a matrix product; see `autograd.tape.executor`."""
        return 1

    def memory(self) -> list[Array]:
        """Return all arrays that replays use: the programs and the numbers."""
        return [self.plan.uniform, self.plan.varying, self._U, self._GU, self._V, self._G]

    def run(
        self,
        X: Array,
        samples: NDArray[np.int64] | None = None,
        *,
        seeds: Array | None = None,
        values: Array | None = None,
        inputs_gradient: Array | None = None,
    ) -> Array:
        """Replay, and return the sum of each output over the samples; see `autograd.tape.executor`."""
        count = len(X) if samples is None else len(samples)
        U, GU = self._U, self._GU
        once = Numbers(U, GU, U, GU, X)
        with np.errstate(all="ignore"):
            self.totals[:] = 0.0
            if seeds is not None:
                GU[:] = -0.0
                for j, row in self._uniform_outputs:
                    if seeds[j] != 0.0:
                        GU[row] += seeds[j] * count
            for step, _ in self._uniform:
                step.forward(once)
            if self._rows:
                self._run_blocks(X, samples, count, seeds, values, inputs_gradient)
            for j, row in self._uniform_outputs:
                self.totals[j] = U[row, 0] * count
                if values is not None:
                    values[:, j] = U[row]
            if seeds is not None:
                for step, sent in reversed(self._uniform):
                    if sent:
                        step.reverse(once)
                GU += 0.0
        return self.totals

    def _run_blocks(
        self, X: Array, samples: NDArray[np.int64] | None, count: int, seeds: Array | None,
        values: Array | None, inputs_gradient: Array | None,
    ) -> None:  # fmt: skip
        """Run the samples through the varying program, a block of lanes at a time."""
        loaded = self.plan.loaded
        for first in range(0, count, self.lanes):
            block = slice(first, min(first + self.lanes, count))
            V, G = self._block(block.stop - first)
            n = Numbers(V, G, self._U, self._GU, X[block] if samples is None else X[samples[block]])
            V[: len(loaded)] = n.X.T[loaded]
            for step, _ in self._varying:
                step.forward(n)
            for j, row in self._varying_outputs:
                self.totals[j] += np.add.reduce(V[row])
                if values is not None:
                    values[block, j] = V[row]
            if seeds is None:
                continue
            G[:] = -0.0
            for j, row in self._varying_outputs:
                if seeds[j] != 0.0:
                    G[row] += seeds[j]
            for step, sent in reversed(self._varying):
                if sent:
                    step.reverse(n)
            if inputs_gradient is not None:
                inputs_gradient[block] = G[: len(loaded)].T + 0.0

    def _block(self, lanes: int) -> tuple[Array, Array]:
        """Return V and G for that many lanes."""
        size = self._rows * lanes
        if len(self._V) < size:
            self._V, self._G = np.zeros(size, self._kind), np.zeros(size, self._kind)
        return self._V[:size].reshape(-1, lanes), self._G[:size].reshape(-1, lanes)


def _lanes(rows: int, itemsize: int) -> int:
    return int(min(4096, max(64, BLOCK_BYTES // (2 * itemsize * max(rows, 1)))))
