"""The arrays in which a scheduled graph is replayed, and the calls of the kernels on them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.tape.arguments import Frame, kinds_of_arguments
from autograd.tape.compiled import blas_address, kernel
from autograd.tape.kernels import machine
from autograd.tape.listing import Listing
from autograd.tape.narrow import narrowed
from autograd.tape.program import PRODUCTS, parts_of
from autograd.tape.schedule import Schedule
from autograd.tape.tiles import tiled

Array = NDArray[Any]

CACHE_BYTES = 1 << 22
"""The rows of one block of lanes take at most this many bytes: about a core's second-level cache."""

PRODUCTS_REIGN = 100
"""With more multiplications than this in products for each row, the rest takes next to no time."""

NOTHING: tuple[Any, ...] = (None,) * 5
"""Stands for the arguments of the last replay on one thread before there was one."""


class Replayer:
    """Memory for replays of one schedule, one at a time: threads of Python need one each.

    Attributes:
        plan: the schedule.
        vector: the parameters, one contiguous vector, in the order of ``plan.parameters``.
        gradient: their gradients after a replay with seeds.
        lanes: how many samples are processed together.
    """

    def __init__(self, plan: Schedule, listing: Listing, dtype: str, threads: int) -> None:
        self.plan, self.threads = plan, threads
        kind = np.dtype(dtype)
        self._kinds = kinds_of_arguments(dtype)
        kernels = [kernel(op, dtype, guarded) for op, guarded in plan.kernels]
        self._kernels = np.array(kernels, np.int64).reshape(-1)
        self._steps, *self._tables = tiled(plan.varying, plan.kernels, dtype)
        self._positions = max((p.x.shape[1] for p in plan.varying_rows.products), default=1)
        multiplications = sum(p.weights.size * p.x.shape[1] for p in plan.varying_rows.products)
        self._by_products = multiplications > PRODUCTS_REIGN * plan.varying_rows.count
        self._one_lane: list[Array] = []  # the steps for a single lane, and what they point to
        self._uniform_steps = narrowed(plan.uniform, plan.kernels, dtype)
        n = len(plan.parameters)
        self.lanes = _lanes(plan.varying_rows.count, kind.itemsize)
        self._U = np.zeros(plan.uniform_rows.count, kind)
        self._U[n : n + len(plan.constants)] = listing.data[plan.constants]
        self._own = [self._memory(kind) for _ in range(threads)]
        self.vector, self.gradient = self._U[:n], self._own[0][0][:n]
        self.totals = np.zeros(len(plan.outputs), kind)
        products = [len(parts_of(code)[PRODUCTS]) for code in (plan.uniform, plan.varying)]
        self._gemm = blas_address(dtype) if any(products) else 0
        self._one = np.ones(1, kind)
        self._no_table = np.empty((0, 0), kind)
        self._no_seeds = np.empty(0, kind)
        self._in_order = np.empty(0, np.int64)
        self._rooms: dict[int, Array] = {}
        self._replay = machine("replay", dtype)
        self._passes = machine("uniform_forward", dtype), machine("uniform_reverse", dtype)
        self._frames = [self._frame(t) for t in range(threads)]
        self._address = self._frames[0].address
        self._entered = NOTHING

    def _memory(self, kind: np.dtype[Any]) -> tuple[Array, Array, Array, Array]:
        """Return one thread's GU, V, G and totals; V and G grow with the lanes that are used."""
        GU, totals = np.zeros(self.plan.uniform_rows.count, kind), np.zeros(len(self.plan.outputs), kind)
        return GU, np.empty(0, kind), np.empty(0, kind), totals

    def _room(self, thread: int, stride: int) -> tuple[Array, Array, Array, Array]:
        """Return the thread's memory, with V and G large enough for rows of this stride."""
        GU, V, G, totals = self._own[thread]
        size = self.plan.varying_rows.count * stride
        if len(V) < size:
            V, G = np.zeros(size, GU.dtype), np.zeros(size, GU.dtype)
            self._own[thread] = GU, V, G, totals
        return GU, V, G, totals

    def _gathered(self, thread: int, X: Array, samples: Array) -> Array:
        """Return a thread's room for a block of samples that are not consecutive rows of X."""
        if not len(samples):
            return self._no_table
        if thread not in self._rooms:
            self._rooms[thread] = np.empty((self.lanes, X.shape[1]), X.dtype)
        return self._rooms[thread]

    def blas_threads(self, count: int) -> int:
        """Return how many threads share a matrix product; see `autograd.tape.executor`.

        Usually each thread takes some of the samples.  For few samples, waking it takes longer than what
        remains beside the products of large layers: there BLAS spreads those over its threads, which wait
        for them.
        """
        return self.threads if self._by_products and count <= self.lanes else 1

    def memory(self) -> list[Array]:
        """Return all arrays that replays use: the programs and the numbers."""
        narrow = [a for a in (*self._uniform_steps, *self._one_lane, *self._tables) if a.base is None]
        return [
            self.plan.uniform,
            self.plan.varying,
            *narrow,
            self._U,
            *(a for own in self._own for a in own),
        ]

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
        entered = self._entered  # training, or a small call, asks the same each time, but for the samples
        if (
            X is entered[0] and seeds is entered[2] and values is entered[3] and inputs_gradient is entered[4]
            and (samples is entered[1] or self._enter_samples(samples))
        ):  # fmt: skip
            self._replay(self._address)
            return self.totals
        count = len(X) if samples is None else len(samples)
        arrays = (
            X,
            self._in_order if samples is None or not X.shape[1] else samples,
            self._no_seeds if seeds is None else seeds,
            self._no_table if values is None else values,
            self._no_table if inputs_gradient is None else inputs_gradient,
        )
        self._entered = NOTHING
        if self.threads > 1 and count > 1 and self.plan.varying_rows.count and self.blas_threads(count) == 1:
            return self._run_threads(*arrays, count)
        frame = self._frames[0]
        self._enter(0, *arrays, min(self.lanes, count))
        frame.hold(totals=self.totals)
        frame.set(start=0, stop=count, alone=1)
        self._entered = X, samples, seeds, values, inputs_gradient
        self._replay(self._address)
        return self.totals

    def _frame(self, thread: int) -> Frame:
        """Return a thread's frame, with everything that stays the same from replay to replay."""
        plan, frame = self.plan, Frame(self._kinds)
        GU, V, G, totals = self._own[thread]
        frame.hold(
            uniform=plan.uniform, varying=plan.varying, uniform_steps=self._uniform_steps[0],
            kernels=self._kernels, U=self._U, GU=GU, V=V, G=G, loaded=plan.loaded,
            outputs=plan.outputs, uniform_outputs=plan.uniform_outputs, totals=totals,
            work=np.empty(8, np.int32), one=self._one,
        )  # fmt: skip
        frame.set(gemm=self._gemm)
        return frame

    def _enter(
        self, thread: int, X: Array, samples: Array, seeds: Array, values: Array, inputs_gradient: Array,
        block: int,
    ) -> None:  # fmt: skip
        """Enter what may differ from replay to replay into the thread's frame."""
        stride = _stride(block, self._positions)
        _, V, G, _ = self._room(thread, stride)
        frame = self._frames[thread]
        frame.hold(
            varying_steps=self._steps if block > 1 else self._steps_of_one_lane(), V=V, G=G, X=X,
            samples=samples, gathered=self._gathered(thread, X, samples), seeds=seeds, values=values,
            inputs_gradient=inputs_gradient,
        )  # fmt: skip
        frame.set(columns=max(X.shape[1], 1), block=block, stride=stride)

    def _enter_samples(self, samples: Array | None) -> bool:
        """Enter other samples, where nothing else differs from the last replay; return False if more does."""
        X, before, *others = self._entered
        if samples is None or before is None or len(samples) != len(before) or not X.shape[1]:
            return False
        self._frames[0].hold(samples=samples)
        self._entered = X, samples, *others
        return True

    def _steps_of_one_lane(self) -> Array:
        if not self._one_lane:
            self._one_lane = narrowed(self.plan.varying, self.plan.kernels, self.totals.dtype.name)
        return self._one_lane[0]

    def _run_threads(
        self, X: Array, samples: Array, seeds: Array, values: Array, inputs_gradient: Array, count: int
    ) -> Array:
        """Give each thread an equal share of the samples; sums are taken in the order of the threads."""
        plan = self.plan
        block = min(self.lanes, -(-count // self.threads))
        bounds = [count * t // self.threads for t in range(self.threads + 1)]
        for t, frame in enumerate(self._frames):
            self._enter(t, X, samples, seeds, values, inputs_gradient, block)
            frame.hold(totals=self._own[t][3])
            frame.set(start=bounds[t], stop=bounds[t + 1], alone=0)

        def work(t: int) -> None:
            GU, _, _, totals = self._own[t]
            GU[:], totals[:] = -0.0, 0.0
            self._replay(self._frames[t].address)

        uniform_forward, uniform_reverse = self._passes
        uniform_forward(self._frames[0].address)
        others = [_pool(self.threads, os.getpid()).submit(work, t) for t in range(1, self.threads)]
        work(0)
        for other in others:
            other.result()
        GU = self._own[0][0]
        self.totals[:] = sum(totals for _, _, _, totals in self._own)
        for more, _, _, _ in self._own[1:]:
            GU += more
        once = plan.uniform_outputs >= 0
        self.totals[once] = self._U[plan.uniform_outputs[once]] * count
        if len(values):
            values[:, once] = self._U[plan.uniform_outputs[once]]
        if len(seeds):
            once &= seeds != 0.0
            np.add.at(GU, plan.uniform_outputs[once], seeds[once] * count)
            uniform_reverse(self._frames[0].address)
            GU += 0.0
        return self.totals


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    """Return the threads of all replays on as many of them in a process: a fork has none of its parent's."""
    return ThreadPoolExecutor(threads, f"tape on {threads}")


def _lanes(rows: int, itemsize: int) -> int:
    fitting = CACHE_BYTES // (2 * itemsize * max(rows, 1))
    return int(min(512, max(64, fitting // 64 * 64)))


def _stride(lanes: int, positions: int) -> int:
    """Return how far apart rows are for this many lanes: whole cache lines.

    Rows that are a power of two apart would share the same few places of the cache: 64 numbers more or less
    make a difference there, unless a product takes the lanes of several positions together, without a gap.
    """
    if lanes == 1:
        return 1
    stride = -(-lanes // 8) * 8
    return stride if stride % 64 or positions > 1 else stride + 8
