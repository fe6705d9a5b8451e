"""A small LeNet on handwritten digits beside PyTorch: ``python -m tests.benchmarks.bench_lenet``.

Lesson 16's network: two layers of kernels with pooling, dropout, and a layer of ten, 6,090 parameters; Adam
in batches of 32 with a rate that falls evenly.  1,437 digits of 8 × 8 are learned and 360 held out, from five
starts, each with a split of its own.  PyTorch takes the same steps at the first start, from weights of its
own, on one thread and in the same precision; the times are those of the processor for a whole training, in
which ours records its tape, once the kernels are compiled.
"""

from __future__ import annotations

import argparse
import random
import time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from nn import Adam, Conv2d, Dropout, Flatten, Layer, MaxPool2d, Reshape, Sequential, accuracy, fit
from nn.data import load
from nn.schedules import LinearLR
from tests.benchmarks.rows import Row, installed, report

STARTS, HELD_OUT, BATCH, LR, LAST, DROPPED = 5, 360, 32, 0.006, 0.02, 0.25


def split(start: int) -> tuple[Any, Any, Any, Any]:
    """Return the digits to learn, and those held out, each as pictures and classes."""
    digits = load("digits")
    order = np.random.default_rng(start).permutation(len(digits))
    X, y = np.array(digits.X)[order] / 16, np.array(digits.y, int)[order].ravel()
    return X[HELD_OUT:], y[HELD_OUT:], X[:HELD_OUT], y[:HELD_OUT]


def ours(start: int, epochs: int, dtype: Any) -> float:
    """Train by `fit`; return the accuracy on what was held out."""
    X, y, X_held, y_held = split(start)
    weights = random.Random(start)
    model = Sequential(
        Reshape(1, 8, 8),
        Conv2d(1, 16, 3, padding=1, activation="relu", seed=weights),
        MaxPool2d(2),
        Conv2d(16, 32, 3, padding=1, activation="relu", seed=weights, number=2),
        MaxPool2d(2),
        Flatten(),
        Dropout(DROPPED, seed=start),
        Layer(128, 10, "linear", seed=weights, number=3),
    )
    optimizer = Adam(model.parameters(), lr=LR)
    history = fit(
        model, X, y, loss="cross_entropy", optimizer=optimizer, epochs=epochs, batch_size=BATCH, seed=start,
        dtype=dtype, callbacks=[LinearLR(optimizer, 1.0, LAST, epochs)], progress=False,
    )  # fmt: skip
    assert history.engine == "tape"
    return accuracy(model, X_held, y_held)


def theirs(start: int, epochs: int, dtype: str) -> float:
    """Do the same in PyTorch, as a user would write it."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(start)
    X, y, X_held, y_held = split(start)
    kind = getattr(torch, dtype)
    X, X_held = (torch.tensor(x, dtype=kind).view(-1, 1, 8, 8) for x in (X, X_held))
    y, y_held = torch.tensor(y), torch.tensor(y_held)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(DROPPED), nn.Linear(128, 10),
    ).to(kind)  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, LAST, epochs)
    for _ in range(epochs):
        for batch in torch.randperm(len(X)).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[batch]), y[batch]).backward()
            optimizer.step()
        schedule.step()
    model.eval()
    with torch.no_grad():
        return float((model(X_held).argmax(1) == y_held).double().mean())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--starts", type=int, default=STARTS)
    parser.add_argument("--dtype", nargs="+", default=["float64", "float32"])
    options = parser.parse_args()
    trainings = {"ours": ours}
    if installed("torch")["torch"]:
        trainings["PyTorch"] = theirs
    with threadpool_limits(1):
        for dtype in options.dtype:
            ours(0, 1, dtype)  # compiles the kernels, where that was not done yet
            times: dict[str, list[float]] = {name: [] for name in trainings}
            right: dict[str, list[float]] = {name: [] for name in trainings}
            for start in range(options.starts):
                for name, train in trainings.items() if start == 0 else [("ours", ours)]:
                    begun = time.process_time()
                    right[name].append(train(start, options.epochs, dtype))
                    times[name].append(time.process_time() - begun)
            work = f"a small LeNet on digits, {dtype}, {options.epochs} epochs"
            rival = ("PyTorch", min(times["PyTorch"]), 1.0) if "PyTorch" in times else ()
            report([
                Row(f"{work}: wrong, the worst start", 100 * (1 - min(right["ours"])), "%", bar=1.5),
                Row(work, min(times["ours"]), "s", *rival),
            ])  # fmt: skip
            for who, shares in right.items():
                print(f"   held out, {who}: {', '.join(f'{share:.1%}' for share in shares)}")


if __name__ == "__main__":
    main()
