"""How much two processes do that one does: ``python -m tests.benchmarks.bench_machines``.

A search over 24 settings of a network for the digits, in one process, in two, and on a Dask cluster of two;
and data-parallel training of 784-128-10 in batches of 8,192 on a Dask cluster of one worker and of two.  By
the clock, the best of several turns: run it on a machine with nothing else to do.

Beside each stands what the machine can give at most, measured in the same turns: two processes that know
nothing of each other and do half of the work each.  Where these do not reach what is wanted, nothing can.
``--only search`` runs one of the parts; ``--epochs`` and ``--steps`` make them shorter.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from logging import ERROR
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import distributed
import numpy as np

from nn import MLP, SGD, Callback, fit, losses
from nn.command.job import prepare
from nn.command.searching import FOLDS, usual
from nn.command.settings import default_settings
from nn.command.sweep import Found, Search, workers
from nn.data import load
from tests.benchmarks.rows import Row, report

TURNS = 3

# ------------------------------------------------------------------------------------ the search


def searched(
    grid: Mapping[str, Any], epochs: int | None, count: int, dask: str | None = None
) -> tuple[float, Found]:
    """Search a grid in a new folder; return the seconds, workers' start included, and what was found."""
    data = load("digits")
    settings = default_settings(data)
    settings = replace(settings, epochs=epochs or settings.epochs)
    train = prepare(data, settings).train
    with tempfile.TemporaryDirectory() as folder:
        plan = Search(train, settings, grid, "grid", 1, FOLDS, count, Path(folder))
        start = time.perf_counter()
        with workers(count, dask):
            found = plan.run(lambda found: None)
        return time.perf_counter() - start, found


def halves(grid: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A grid as two of equal size."""
    name = next(name for name, values in grid.items() if len(values) == 2)
    return [{**grid, name: [value]} for value in grid[name]]


def apart(call: Callable[[Any], Any], arguments: list[Any]) -> tuple[float, list[Any]]:
    """Call a function in a process for each argument, all at once; return the seconds and what they give."""
    with ProcessPoolExecutor(len(arguments), get_context("spawn")) as pool:
        list(pool.map(os.path.exists, ["."] * len(arguments)))  # they are there now
        start = time.perf_counter()
        found = list(pool.map(call, arguments))
        return time.perf_counter() - start, found


def search(epochs: int | None) -> Iterator[Row]:
    grid = usual(default_settings(load("digits")))
    searched(grid | {"activation": ["relu"]}, 1, 1)  # what is compiled once per machine is there now
    seconds: dict[str, list[float]] = {}
    tables = []
    for _ in range(TURNS):
        for name, count, dask in (("one", 1, None), ("two", 2, None), ("Dask", 2, "")):
            took, found = searched(grid, epochs, count, dask)
            seconds.setdefault(name, []).append(took)
            tables.append(found.rows)
        took, _ = apart(partial(searched, epochs=epochs, count=1), halves(grid))
        seconds.setdefault("apart", []).append(took)
    best = {name: min(took) for name, took in seconds.items()}
    same = all(table == tables[0] for table in tables)
    said = "identical" if same else "NOT IDENTICAL"
    print(f"  {len(tables[0])} settings: the scores are {said} wherever they ran")
    for name, bar in (("two", 1 / 1.6), ("Dask", None), ("apart", None)):
        yield Row(f"search digits, {NAMES[name]}", best[name], "s", "one process", best["one"], bar)


# ------------------------------------------------------------------------- data-parallel training

SIZES, BATCH = (784, 128, 10), 8192


class Clock(Callback):
    """Notes when each batch ended."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_batch_end(self, training: Any, loss: float, samples: int) -> None:
        self.ends.append(time.perf_counter())


def steps_of(samples: int, steps: int, client: Any = None) -> tuple[float, list[float]]:
    """Train on so many samples at once; return the seconds of the fastest step, and the last weights."""
    rng = np.random.default_rng(0)
    X, y = rng.random((samples, SIZES[0])), rng.integers(0, SIZES[-1], samples)
    model, clock = MLP(SIZES[0], SIZES[1:], "relu", seed=0), Clock()
    fit(
        model, X, y, loss=losses.cross_entropy, optimizer=SGD(model.parameters(), lr=0.1), epochs=steps + 1,
        batch_size=samples, callbacks=[clock], progress=False, engine="tape", workers=client,
    )  # fmt: skip
    return float(np.diff(clock.ends).min()), [p.data for p in model.parameters()]


def parallel(steps: int) -> Iterator[Row]:
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": ERROR}
    seconds: dict[str, list[float]] = {}
    weights = []
    with ExitStack() as stack:
        clients = {}
        for name, count in (("one", 1), ("two", 2)):
            cluster = stack.enter_context(distributed.LocalCluster(n_workers=count, **options))
            clients[name] = stack.enter_context(distributed.Client(cluster, set_as_default=False))
        for _ in range(TURNS):
            for name, client in clients.items():
                took, found = steps_of(BATCH, steps, client)
                seconds.setdefault(name, []).append(took)
                weights.append(found)
            seconds.setdefault("here", []).append(steps_of(BATCH, steps)[0])
            _, both = apart(partial(steps_of, steps=steps), [BATCH // 2] * 2)
            seconds.setdefault("apart", []).append(max(took for took, _ in both))
    best = {name: min(took) for name, took in seconds.items()}
    same = all(found == weights[0] for found in weights)
    print(f"  the weights after {steps + 1} steps are {'equal bit by bit' if same else 'NOT EQUAL'}")
    work = f"{'-'.join(map(str, SIZES))}, a step of {BATCH}"
    yield Row(f"{work}, two workers", best["two"] * 1e3, "ms", "one worker", best["one"] * 1e3, 1 / 1.5)
    yield Row(f"{work}, two workers", best["two"] * 1e3, "ms", "no cluster", best["here"] * 1e3)
    yield Row(f"{work}, {NAMES['apart']}", best["apart"] * 1e3, "ms", "no cluster", best["here"] * 1e3)


NAMES = {"two": "two processes", "Dask": "Dask, two workers", "apart": "two halves apart"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=["search", "parallel"], help="one of the parts")
    parser.add_argument("--epochs", type=int, help="those of each training of the search")
    parser.add_argument("--steps", type=int, default=10, help="those of each data-parallel training")
    chosen = parser.parse_args()
    if chosen.only != "parallel":
        report(search(chosen.epochs))
    if chosen.only != "search":
        report(parallel(chosen.steps))


if __name__ == "__main__":
    main()
