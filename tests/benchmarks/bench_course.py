"""What the networks of the course reach: accuracies over several seeds, with the time a training takes.

Run it on a machine with nothing else to do; it prints a table::

    python -m tests.benchmarks.bench_course

Each row trains from several random starts and gives the worst and the mean of what they reach.
Held-out samples are those that the training never saw.  scikit-learn's classifier beside the digits
has the same layers, rate, penalty, batches and epochs; its penalty and its start differ a little
from ours by how each library counts them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from statistics import mean
from time import perf_counter

from nn import MLP, SGD, Adam, accuracy, fit
from nn.data import Dataset, digits, moons, split
from nn.job import default_settings, prepare

SEEDS = range(5)


def xor(seed: int) -> float:
    """2-8-1 with tanh and the hinge, 400 epochs of plain descent; all four points."""
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
    model = MLP(2, [8, 1], activation="tanh", seed=seed)
    fit(model, X, y, loss="hinge", optimizer=SGD(model.parameters(), 0.2), epochs=400, progress=False)
    return accuracy(model, X, y)


def parity(layers: Sequence[int]) -> Callable[[int], float]:
    """ReLU, Adam, batches of 16, 400 epochs; all 256 rows of eight bits."""
    X = [[2 * bit - 1 for bit in row] for row in product([0, 1], repeat=8)]
    y = [sum(bit > 0 for bit in row) % 2 for row in X]

    def run(seed: int) -> float:
        model = MLP(8, [*layers, 1], activation="relu", seed=seed)
        optimizer = Adam(model.parameters(), 0.01)
        fit(model, X, y, loss="binary_cross_entropy", optimizer=optimizer, epochs=400, batch_size=16,
            progress=False)  # fmt: skip
        return accuracy(model, X, y)

    return run


def job(data: Dataset) -> Callable[[int], float]:
    """What the command line does by default: a fifth held out."""

    def run(seed: int) -> float:
        result = prepare(data, replace(default_settings(data), seed=seed)).run(progress=False)
        score = result.scores(result.job.held_out).accuracy
        assert score is not None
        return score

    return run


def usual(data: Dataset) -> Callable[[int], float]:
    """A classifier in the usual form: 100 ReLUs, Adam, batches of 200, L2 by 1e-4; 200 epochs."""

    def run(seed: int) -> float:
        train, held_out = split(data, 0.2, seed)
        model = MLP(64, [100, 10], activation="relu", seed=seed)
        optimizer = Adam(model.parameters(), 0.001)
        X, X_held_out = ([[x / 16 for x in row] for row in part.X] for part in (train, held_out))
        fit(model, X, train.y, loss="cross_entropy", optimizer=optimizer, epochs=200, batch_size=200,
            l2=0.5e-4 / 200, seed=seed, progress=False)  # fmt: skip
        return accuracy(model, X_held_out, held_out.y)

    return run


def usual_of_sklearn(data: Dataset) -> Callable[[int], float]:
    """The same by scikit-learn's MLPClassifier."""
    from sklearn.neural_network import MLPClassifier

    def run(seed: int) -> float:
        train, held_out = split(data, 0.2, seed)
        model = MLPClassifier((100,), alpha=1e-4, max_iter=200, random_state=seed, tol=0.0)
        X, X_held_out = ([[x / 16 for x in row] for row in part.X] for part in (train, held_out))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that 200 epochs were not enough
            model.fit(X, train.y)
        return float(model.score(X_held_out, held_out.y))

    return run


def main() -> None:
    rows: list[tuple[str, Callable[[int], float], Sequence[int]]] = [
        ("XOR, 2-8-1", xor, range(20)),
        ("moons, 2-16-16-1, held out", job(moons(1000)), SEEDS),
        ("digits, 64-32-10, held out", job(digits()), SEEDS),
        ("digits, 64-100-10 in the usual form, held out", usual(digits()), SEEDS),
        ("  the same by scikit-learn", usual_of_sklearn(digits()), SEEDS),
        ("8-bit parity, 8-16-16-16-1", parity([16, 16, 16]), SEEDS),
        ("8-bit parity, 8-70-1", parity([70]), SEEDS),
        ("8-bit parity, 8-8-1", parity([8]), SEEDS),
    ]
    print(f"{'':46} starts    worst     mean   seconds a training")
    for name, run, seeds in rows:
        started = perf_counter()
        reached = [run(seed) for seed in seeds]
        seconds = (perf_counter() - started) / len(seeds)
        print(f"{name:46} {len(seeds):6} {min(reached):8.2%} {mean(reached):8.2%} {seconds:8.1f}", flush=True)


if __name__ == "__main__":
    main()
