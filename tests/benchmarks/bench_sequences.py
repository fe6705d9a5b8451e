"""The adding problem: what a gated cell remembers over 50 steps, and a simple one does not.

A sequence holds 50 numbers from 0 to 1, two of them marked, one in each half; the answer is the sum
of those two (Hochreiter and Schmidhuber, Long short-term memory, 1997, §5.4).  Whoever always says
1 has a mean squared error of 1/6.  A task counts as solved below a hundredth.

Run it on a machine with nothing else to do; it prints a table::

    python -m tests.benchmarks.bench_sequences

All cells have about as many weights and the same samples, epochs and clipping; the simple one is
also given a smaller rate, and the better of the two counts.
"""

from __future__ import annotations

import random
from time import perf_counter

from nn import Adam, Clip, GRUCell, LSTMCell, Recurrent, RNNCell, fit
from nn.recurrent import Cell

STEPS, TRAINING, HELD_OUT, EPOCHS, BATCH = 50, 2000, 500, 15, 50
SEEDS = (0, 1, 2)
ALWAYS_ONE, SOLVED = 1 / 6, 0.01

Sequences = tuple[list[list[list[float]]], list[float]]


def adding(count: int, rng: random.Random) -> Sequences:
    """Sequences of (number, mark), and the sums of the two marked numbers of each."""
    X, y = [], []
    for _ in range(count):
        numbers = [rng.random() for _ in range(STEPS)]
        marked = rng.randrange(STEPS // 2), rng.randrange(STEPS // 2, STEPS)
        X.append([[number, float(t in marked)] for t, number in enumerate(numbers)])
        y.append(sum(numbers[t] for t in marked))
    return X, y


def held_out_error(kind: type[Cell], units: int, rate: float, seed: int) -> tuple[float, int]:
    """The mean squared error on new sequences after training, and the number of parameters."""
    samples = random.Random(0)
    train, test = adding(TRAINING, samples), adding(HELD_OUT, samples)
    rng = random.Random(seed)
    model = Recurrent(kind(2, units, seed=rng), 1, seed=rng)
    history = fit(
        model, *train, loss="mse", optimizer=Adam(model.parameters(), rate), epochs=EPOCHS, batch_size=BATCH,
        callbacks=[Clip(norm=1.0)], validation=test, seed=seed, progress=False,
    )  # fmt: skip
    return history["val_loss"][-1], len(model.parameters())


def main() -> None:
    print(f"the adding problem over {STEPS} steps: {TRAINING} sequences, {EPOCHS} epochs, {len(SEEDS)} seeds")
    print(f"always saying 1: {ALWAYS_ONE:.4f}; solved: below {SOLVED}\n")
    print("cell        parameters    rate    error on new sequences, by seed        seconds")
    courses: list[tuple[type[Cell], int, tuple[float, ...]]] = [
        (LSTMCell, 16, (0.01,)),
        (GRUCell, 18, (0.01,)),
        (RNNCell, 33, (0.01, 0.003)),
    ]
    for kind, units, rates in courses:
        best = [ALWAYS_ONE * 10] * len(SEEDS)
        for rate in rates:
            start = perf_counter()
            found = [held_out_error(kind, units, rate, seed) for seed in SEEDS]
            errors, parameters = [error for error, _ in found], found[0][1]
            best = list(map(min, best, errors))
            shown = "   ".join(f"{error:.5f}" for error in errors)
            seconds = perf_counter() - start
            print(f"{kind.__name__:10}  {parameters:10,}  {rate:6g}    {shown:35}  {seconds:9.0f}")
        solved = sum(error < SOLVED for error in best)
        print(f"{'':10}  solved with {solved} of {len(SEEDS)} seeds")


if __name__ == "__main__":
    main()
