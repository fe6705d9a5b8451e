"""Data-parallel training: the workers of a Dask cluster replay a tape, each on the samples that it holds.

The samples are dealt like cards: sample i belongs to share i mod `SHARES`, however many workers there are,
and each worker holds some neighbouring shares.  A step sends the weights to every worker, which replays its
part of the batch share by share.  Sums over the shares are taken along one tree::

    ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7))

A worker adds up what it can of that tree, and the rest is added here: so the bits of the result do not
depend on who computed what.  The optimiser takes its step here, once.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Set
from concurrent.futures import CancelledError
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.tape import Tape, Training

SHARES = 8
"""The samples of a training are dealt into this many shares; more workers than that have nothing to do."""

LOST = 3
"""A step is redone at most this many times because workers were lost."""

LOOK = 1.0
"""While an answer is waited for, every time this many seconds have passed it is checked that the worker is
still there."""

PATIENCE = 60.0
"""A cluster that has lost its last worker has this many seconds to start one again."""

Array = NDArray[Any]


class Part(NamedTuple):
    """The part of a batch that belongs to one share.

    Attributes:
        weight: which fraction of the batch it is.
        places: where its samples stand in the share; None for all of the share.
        numbers: what the columns that change from step to step hold now.
    """

    weight: float
    places: Array | None
    numbers: Array


class Holder:
    """What a worker holds: its shares of the samples, and a training of the tape on each of them."""

    def hold(self, tape: bytes, changing: Array, rows: Mapping[int, Array]) -> None:
        """Take the pickled tape, and the samples of some shares.

        Args:
            tape: the tape, pickled.
            changing: the columns of the samples that change from step to step.
            rows: the samples of each share.
        """
        own = pickle.loads(tape)
        self._changing, self._outputs = changing, len(own.outputs)
        self._runs = {k: Training(own, own.replayer(), X) for k, X in rows.items()}

    def step(self, vector: Array, parts: Mapping[int, Part]) -> tuple[dict[int, Array], dict[int, Array]]:
        """Replay the parts of a batch that belong to the shares held here.

        Returns:
            The sums as far as they can be taken, see `summed`, of the gradients with the objective as their
            last number; and the outputs of the tape for the samples of each share.
        """
        sums, values = {}, {}
        for k, (weight, places, numbers) in parts.items():
            run = self._runs[k]
            rows = np.arange(len(run.X)) if places is None else places
            if len(self._changing):
                run.X[np.ix_(rows, self._changing)] = numbers
            run.vector = vector
            values[k] = np.empty((len(rows), self._outputs), vector.dtype)
            sums[SHARES + k] = found = np.zeros(len(vector) + 1, vector.dtype)
            if len(values[k]):
                found[-1] = run.step(places, values[k])
                found[:-1] = run.gradient
                found *= weight
        return summed(sums), values


def summed(found: Mapping[int, Any]) -> dict[int, Any]:
    """Return sums over neighbouring shares, as far as the tree of all sums goes.

    The nodes of the tree are numbered from its root, which is 1; those below node i are 2i and 2i + 1, and
    share k is node ``SHARES + k``.

    >>> summed({8: 1.0, 9: 2.0, 10: 3.0})
    {10: 3.0, 4: 3.0}
    """
    sums = dict(found)
    for node in range(SHARES - 1, 0, -1):
        if 2 * node in sums and 2 * node + 1 in sums:
            sums[node] = sums.pop(2 * node) + sums.pop(2 * node + 1)
    return sums


class LostWorkerError(RuntimeError):
    """A worker is gone, with the shares that it held."""


class OnWorkers:
    """A training whose steps are computed by workers; everything else is done by the `Training` it is given.

    A worker that is lost is replaced: the shares are handed out anew to those that are there, and the step
    is redone.  When as many workers as before are there again, they are handed out once more.

    Args:
        run: the training, which has all samples.
        tape: its tape.
        client: a client of a Dask cluster.
        changing: the columns of the samples that are changed between steps; it may grow before the first.
    """

    def __init__(self, run: Training, tape: Tape, client: Any, changing: Set[int]) -> None:
        self._run, self._client, self._changing = run, client, changing
        self._tape = pickle.dumps(tape)
        self._wanted = len(self._living())
        self._holders: dict[str, Any] = {}
        self._shares: dict[str, range] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def step(self, places: Array | None, values: Array) -> float:
        """Replay a batch on the workers; leave the gradient and the outputs; see `Training.step`."""
        count, changing = len(values), self._columns()
        batch = np.arange(count) if places is None else places
        dealt = [np.flatnonzero(batch % SHARES == k) for k in range(SHARES)]
        parts = []
        for at in dealt:
            own = None if places is None else batch[at] // SHARES
            parts.append(Part(len(at) / count, own, self._run.X[np.ix_(batch[at], changing)]))
        vector = self._run.vector
        sums: dict[int, Array] = {}
        for of_node, of_share in self._redone(
            lambda holder, shares: holder.step(vector, {k: parts[k] for k in shares})
        ):
            sums |= of_node
            for k, found in of_share.items():
                values[dealt[k]] = found
        total = summed(sums)[1]
        self._run.gradient = total[:-1]
        return float(total[-1])

    def close(self) -> None:
        """Let go of what the workers hold."""
        self._holders = {}

    def _redone(self, call: Callable[[Any, range], Any]) -> list[Any]:
        """Return what each worker answers to a call; redone where one is lost."""
        if len(self._holders) < self._wanted and len(self._living()) > len(self._holders):
            self._holders = {}
        for left in range(LOST, -1, -1):
            try:
                if not self._holders:
                    self._hand_out()
                return self._asked(call)
            except LostWorkerError:
                self._holders = {}
                if not left:
                    raise
        raise AssertionError

    def _hand_out(self) -> None:
        """Give each worker a part of the shares to hold."""
        if not self._living():
            self._client.wait_for_workers(1, timeout=PATIENCE)
        workers = self._living()
        bounds = [k * SHARES // len(workers) for k in range(len(workers) + 1)]
        self._shares = {w: range(*bounds[k : k + 2]) for k, w in enumerate(workers)}
        made = {w: self._client.submit(Holder, actor=True, workers=[w], pure=False) for w in workers}
        with self._client.as_current():  # a copy belongs to this client, an answer to the default one
            self._holders = {w: copy(self._answer(w, future.result)) for w, future in made.items()}
        tape, changing, X = self._tape, self._columns(), self._run.X
        self._asked(
            lambda holder, shares: holder.hold(tape, changing, {k: X[k::SHARES].copy() for k in shares})
        )

    def _asked(self, call: Callable[[Any, range], Any]) -> list[Any]:
        """Return what each worker answers to a call, in which all of them are at work at once."""
        with self._client.as_current():
            calls = {}
            for w, holder in self._holders.items():
                try:
                    calls[w] = call(holder, self._shares[w])
                except RuntimeError as error:  # Dask's, if it knows already
                    raise LostWorkerError(f"the worker {w} is lost") from error
            return [self._answer(w, asked.result) for w, asked in calls.items()]

    def _answer(self, worker: str, result: Callable[..., Any]) -> Any:
        """Wait for a result as long as the worker is there."""
        while True:
            try:
                return result(timeout=LOOK)
            except TimeoutError:
                if worker in self._living():
                    continue
            except (OSError, CancelledError):
                pass
            raise LostWorkerError(f"the worker {worker} is lost")

    def _columns(self) -> Array:
        return np.array(sorted(self._changing), np.int64)

    def _living(self) -> list[str]:
        """Return the addresses of the workers that are there and have something to do."""
        return sorted(self._client.nthreads())[:SHARES]
