"""What trainings reach, and how soon: ``python -m tests.benchmarks.bench_training``.

One line a training: what it reached, and what was asked of it; of several starts the worst, with
the mean beside it.  Held-out samples are those that the training never saw.  PyTorch trains MNIST's
network from the same weights on the same course beside ours, where it is installed.  scikit-learn's
classifier beside the digits has the same layers, rate, penalty, batches and epochs; its start differs.
``--only worked,small`` runs some of the parts; ``--mnist FOLDER`` says where MNIST's files are.
"""

from __future__ import annotations

import argparse
import platform
import random
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import product
from math import cos, pi
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from autograd import Value
from nn import MLP, SGD, Adam, accuracy, fit, losses
from nn.command.job import prepare
from nn.command.run import run as run_job
from nn.command.settings import default_settings
from nn.data import Dataset, Scaler, digits, load, moons, split
from nn.predictions import outputs_of
from nn.schedules import CosineAnnealingLR

SEEDS = range(5)
WIDTH = 24


@dataclass(frozen=True)
class Line:
    """One training: its name, what it reached and has to reach (shares), how long, and further words."""

    name: str
    reached: float
    wanted: float | None
    seconds: float
    words: str = ""

    def __str__(self) -> str:
        if self.wanted is None:
            mark = ""
        else:
            outcome = "reached" if self.reached >= self.wanted else "MISSED"
            mark = f"of {self.wanted:.0%} {outcome}"
        cells = round(self.reached * WIDTH)
        bar = "█" * cells + "░" * (WIDTH - cells)
        return f"{self.name:36s} {bar} {self.reached:8.2%}  {mark:16s}{self.seconds:8.2f} s  {self.words}"


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return call(), time.perf_counter() - start


# ---------------------------------------------------------------------------------------- MNIST

RATE, EPOCHS, BATCH = 0.002, 10, 128


def mnist(folder: Path) -> Iterator[Line]:
    if not folder.is_dir():
        print(f"MNIST: left out, no folder {folder} (see --mnist)")
        return
    data = load("mnist", folder=folder)
    assert data.test is not None
    scaler = Scaler.fit(data.X, together=True)
    X, X_test = scaler.transform(data.X), scaler.transform(data.test.X)
    y, y_test = np.array(data.y), np.array(data.test.y)
    model = MLP(784, [128, 10], seed=0)
    start = [(np.array(layer.W), np.array(layer.b)) for layer in model.layers]
    optimizer = Adam(model.parameters(), lr=RATE)
    settings: dict[str, Any] = {
        "loss": "cross_entropy",
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "progress": False,
    }
    fit(
        MLP(784, [128, 10], seed=0), X[:256], y[:256], **{**settings, "epochs": 1}
    )  # compiles what is not cached
    schedule = CosineAnnealingLR(optimizer, EPOCHS)
    history, seconds = timed(lambda: fit(model, X, y, optimizer=optimizer, callbacks=[schedule], **settings))
    share = float((np.asarray(outputs_of(model, X_test)).argmax(1) == y_test).mean())
    words = f"784-128-10, {len(history)} epochs, {history.engine}"
    yield Line("MNIST test", share, 0.98, seconds, words)
    if find_spec("torch"):
        share, seconds = mnist_in_torch(start, X, y, X_test, y_test)
        yield Line("  PyTorch, float64, 1 thread", share, 0.98, seconds, "the same weights, order and rates")
    else:
        print("  (torch is not installed: left out)")


def mnist_in_torch(start: Any, X: Any, y: Any, X_test: Any, y_test: Any) -> tuple[float, float]:
    import torch

    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).double()
    with torch.no_grad():
        for layer, (W, b) in zip((model[0], model[2]), start, strict=True):
            layer.weight.copy_(torch.tensor(W))
            layer.bias.copy_(torch.tensor(b))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    inputs, targets = torch.tensor(X), torch.tensor(y)
    rng = random.Random(0)  # the orders that fit takes

    def train() -> None:
        for epoch in range(EPOCHS):
            for group in optimizer.param_groups:
                group["lr"] = RATE * (1 + cos(pi * epoch / EPOCHS)) / 2
            order = list(range(len(X)))
            rng.shuffle(order)
            for k in range(0, len(X), BATCH):
                batch = order[k : k + BATCH]
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(inputs[batch]), targets[batch]).backward()
                optimizer.step()

    _, seconds = timed(train)
    with torch.no_grad():
        return float((model(torch.tensor(X_test)).argmax(1).numpy() == y_test).mean()), seconds


# ------------------------------------------------------------------------------- small networks


Run = Callable[[int], float]


def xor(seed: int) -> float:
    """2-8-1 with tanh and the hinge, 400 epochs of plain descent; all four points."""
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
    model = MLP(2, [8, 1], activation="tanh", seed=seed)
    fit(model, X, y, loss="hinge", optimizer=SGD(model.parameters(), 0.2), epochs=400, progress=False)
    return accuracy(model, X, y)


def parity(layers: Sequence[int]) -> Run:
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


def job(data: Dataset) -> Run:
    """What the command line does by default: a fifth held out."""

    def run(seed: int) -> float:
        result = run_job(prepare(data, replace(default_settings(data), seed=seed)), progress=False)
        score = result.scores(result.job.held_out).accuracy
        assert score is not None
        return score

    return run


def usual(data: Dataset) -> Run:
    """A classifier in the usual form: 100 ReLUs, Adam, batches of 200, L2 by 1e-4; 200 epochs."""

    def run(seed: int) -> float:
        train, held_out = split(data, 0.2, seed)
        model = MLP(64, [100, 10], activation="relu", seed=seed)
        optimizer = Adam(model.parameters(), 0.001)
        X, X_held_out = ([[x / 16 for x in row] for row in part.X] for part in (train, held_out))
        loss = losses.Penalised("cross_entropy", l2=0.5e-4 / 200)
        fit(model, X, train.y, loss=loss, optimizer=optimizer, epochs=200, batch_size=200, seed=seed,
            progress=False)  # fmt: skip
        return accuracy(model, X_held_out, held_out.y)

    return run


def usual_of_sklearn(data: Dataset) -> Run:
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


def small(folder: Path) -> Iterator[Line]:
    """Each from several random starts."""
    rows: list[tuple[str, Run, Sequence[int], float | None]] = [
        ("XOR, 2-8-1", xor, range(20), 1.0),
        ("moons, 2-16-16-1, held out", job(moons(1000)), SEEDS, 0.99),
        ("digits, 64-32-10, held out", job(digits()), SEEDS, 0.97),
        ("digits, 64-100-10, the usual form", usual(digits()), SEEDS, None),
        ("  the same by scikit-learn", usual_of_sklearn(digits()), SEEDS, None),
        ("8-bit parity, 8-16-16-16-1", parity([16, 16, 16]), SEEDS, 1.0),
        ("8-bit parity, 8-70-1", parity([70]), SEEDS, None),
        ("8-bit parity, 8-8-1", parity([8]), SEEDS, None),
    ]
    for name, run, seeds, wanted in rows:
        reached, seconds = timed(lambda run=run, seeds=seeds: [run(seed) for seed in seeds])
        words = f"a training; the worst of {len(seeds)} starts, mean {mean(reached):.2%}"
        yield Line(name, min(reached), wanted, seconds / len(seeds), words)


# ------------------------------------------------------------------------------ the worked example

INPUTS, TARGETS, START = [0.05, 0.10], [0.01, 0.99], [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]
PRINTED = {
    "the error": "0.298371109",
    "∂E/∂w5": "0.082167041",
    "w1": "0.149780716",
    "w2": "0.19956143",
    "w3": "0.24975114",
    "w4": "0.29950229",
    "w5": "0.35891648",
    "w6": "0.408666186",
    "w7": "0.511301270",
    "w8": "0.561370121",
    "error after 1 step": "0.291027774",
    "error after 1 step, old and new mixed": "0.291027924",
    "error after 9,999 steps": "0.0000351085",
    "output 1 after 10,000, mixed": "0.015912196",
    "output 2 after 10,000, mixed": "0.984065734",
}
"""Mazur, A step by step backpropagation example (2015), and the editions that followed it.

Its figures after a step are of two courses: one whose gradients all belong to the old weights, and
one that sends the residuals back through output weights that it has changed already.
"""


def worked(folder: Path) -> Iterator[Line]:
    found, seconds = timed(worked_numbers)
    right = [f"{found[name]:.{len(printed.split('.')[1])}f}" == printed for name, printed in PRINTED.items()]
    for (name, printed), same in zip(PRINTED.items(), right, strict=True):
        print(f"    {name:38s} {found[name]:.12f}   printed {printed:>13s} {'' if same else '  DIFFERS'}")
    words = f"{sum(right)} of {len(right)} printed figures, to the last digit"
    yield Line("the worked example", sum(right) / len(right), 1.0, seconds, words)


def worked_network() -> MLP:
    model = MLP(2, [2, 2], activation="sigmoid", output="sigmoid", init="zeros")
    for layer, fixed in zip(model.layers, (0.35, 0.60), strict=True):
        for neuron in layer.neurons:
            neuron.b = Value(fixed)  # a Value is not trained
    for p, x in zip(model.parameters(), START, strict=True):
        p.data = x
    return model


def worked_error(model: MLP) -> Value:
    return losses.half_mse(model(INPUTS), TARGETS)


def step(model: MLP) -> Value:
    """A step of gradient descent; gives the error before it."""
    loss = worked_error(model)
    model.zero_grad()
    loss.backward()
    SGD(model.parameters(), lr=0.5).step()
    return loss


def mixed_step(model: MLP) -> None:
    """The same, with the hidden layer's gradients taken through the changed output weights."""
    outputs = model(INPUTS)
    losses.half_mse(outputs, TARGETS).backward()
    residuals = [o.inputs[0].grad for o in outputs]
    hidden = outputs[0].inputs[0].inputs[2:4]
    last = model.layers[1]
    for neuron, residual in zip(last.neurons, residuals, strict=True):
        for w, a in zip(neuron.w, hidden, strict=True):
            w.data -= 0.5 * residual * a.data
    for neuron, a, back in zip(model.layers[0].neurons, hidden, zip(*last.W, strict=True), strict=True):
        arriving = sum(w * residual for w, residual in zip(back, residuals, strict=True))
        for w, x in zip(neuron.w, INPUTS, strict=True):
            w.data -= 0.5 * arriving * a.data * (1 - a.data) * x


def worked_numbers() -> dict[str, float]:
    model, mixed = worked_network(), worked_network()
    weights = model.parameters()
    found = {"the error": step(model).data, "∂E/∂w5": weights[4].grad}
    found |= {f"w{i}": p.data for i, p in enumerate(weights, 1)}
    mixed_step(mixed)
    found["error after 1 step"] = worked_error(model).data
    found["error after 1 step, old and new mixed"] = worked_error(mixed).data
    for _ in range(9_998):
        step(model)
        mixed_step(mixed)
    found["error after 9,999 steps"] = worked_error(model).data
    mixed_step(mixed)
    for number, o in enumerate(mixed(INPUTS), 1):
        found[f"output {number} after 10,000, mixed"] = o.data
    return found


PARTS: dict[str, Callable[[Path], Iterator[Line]]] = {"worked": worked, "small": small, "mnist": mnist}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="some of the parts, with commas between")
    parser.add_argument("--mnist", type=Path, default=Path("../shared/data/mnist"))
    chosen = parser.parse_args(arguments)
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}; one run")
    for name in chosen.only.split(","):
        for line in PARTS[name](chosen.mnist):
            print(line, flush=True)


if __name__ == "__main__":
    main()
