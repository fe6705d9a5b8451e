"""What it costs to watch a training: an epoch with a health monitor beside one without.

Run it by itself, on a machine with nothing else to do; it prints a table::

    python -m tests.benchmarks.bench_health

The time to record and compile the tape is taken off both.  Times are of the processor, on one thread.
"""

from __future__ import annotations

import random
import statistics
from time import process_time
from typing import Any

from nn import MLP, SGD, Monitor, fit

ROUNDS = 9
NETWORKS: dict[str, tuple[list[int], int, int, int, str, str]] = {
    # name: sizes, samples, batch, epochs, loss, engine
    "2-16-16-1, tape": ([2, 16, 16, 1], 1000, 32, 100, "hinge", "tape"),
    "64-32-10, tape": ([64, 32, 10], 1797, 32, 30, "cross_entropy", "tape"),
    "784-128-10, tape": ([784, 128, 10], 30_000, 128, 5, "cross_entropy", "tape"),
    "2-16-16-1, eager": ([2, 16, 16, 1], 200, 20, 6, "hinge", "eager"),
}


def samples(inputs: int, outputs: int, count: int) -> tuple[Any, list[int]]:
    """Points around the origin, and classes."""
    import numpy as np

    X = np.random.default_rng(0).normal(size=(count, inputs))
    rng = random.Random(0)
    return X, [rng.choice((-1, 1)) if outputs == 1 else rng.randrange(outputs) for _ in range(count)]


def seconds(name: str, data: Any, epochs: int, monitor: Monitor | None) -> float:
    """How long this training takes."""
    sizes, _, batch, _, loss, engine = NETWORKS[name]
    model = MLP(sizes[0], sizes[1:], "relu", seed=0)
    optimizer = SGD(model.parameters(), lr=0.01)
    started = process_time()
    fit(
        model, *data, loss=loss, optimizer=optimizer, batch_size=batch, epochs=epochs, engine=engine,
        progress=False, callbacks=[] if monitor is None else [monitor],
    )  # fmt: skip
    return process_time() - started


def measured(name: str) -> tuple[float, float, int]:
    """Milliseconds of an epoch without and with a monitor, and how many records it made."""
    sizes, count, _, epochs, _, _ = NETWORKS[name]
    data = samples(sizes[0], sizes[-1], count)
    rounds = []
    for _ in range(ROUNDS):
        monitor = Monitor()
        one, plain = seconds(name, data, 1, None), seconds(name, data, epochs, None)
        watched = seconds(name, data, epochs, monitor)
        setup = one - (plain - one) / (epochs - 1)
        rounds.append(((plain - setup) / epochs, (watched - setup) / epochs))
    without, within = (1000 * statistics.median(column) for column in zip(*rounds, strict=True))
    return without, within, len(monitor.records)


def main() -> None:
    print(f"{'network':20} {'epoch':>10} {'monitored':>10} {'ratio':>6}   (a ratio of 1.3 is the bar)")
    for name in NETWORKS:
        without, within, records = measured(name)
        print(f"{name:20} {without:7.2f} ms {within:7.2f} ms {within / without:6.2f}   {records} records")


if __name__ == "__main__":
    main()
