"""What trainings reach, and how soon: ``python -m tests.benchmarks.bench_training``.

One line a training: what is asked of it, what it reached, and a bar.  PyTorch trains the same
network from the same weights on the same course beside ours, where it is installed.
``--only mnist,digits`` runs some of the parts; ``--mnist FOLDER`` says where MNIST's files are.
"""

from __future__ import annotations

import argparse
import platform
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import product
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Value
from nn import MLP, SGD, Adam, accuracy, fit, losses
from nn.answers import answers
from nn.data import Dataset, Scaler, digits, load, moons
from nn.job import default_settings, prepare
from nn.schedules import CosineAnnealingLR

SEEDS = 20
WIDTH = 24


@dataclass(frozen=True)
class Line:
    """One training: its name, what it reached and has to reach (shares), how long, and further words."""

    name: str
    reached: float
    wanted: float
    seconds: float
    words: str = ""

    def __str__(self) -> str:
        mark = "reached" if self.reached >= self.wanted else "MISSED"
        cells = round(self.reached * WIDTH)
        bar = "█" * cells + "░" * (WIDTH - cells)
        return (
            f"{self.name:28s} {bar} {self.reached:8.2%}  of {self.wanted:7.2%} {mark:8s}"
            f"{self.seconds:8.2f} s  {self.words}"
        )


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
    history, seconds = timed(lambda: fit(model, X, y, optimizer=optimizer, schedule=schedule, **settings))
    share = float((np.asarray(answers(model, X_test)).argmax(1) == y_test).mean())
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


# ------------------------------------------------------------------------------------ the main job


def job(data: Dataset, name: str, wanted: float, words: str, **settings: Any) -> Line:
    result = prepare(data, replace(default_settings(data), **settings)).run(progress=False)
    share = result.scores(result.job.held_out).accuracy
    assert share is not None
    return Line(name, share, wanted, result.seconds, f"{words}, {len(result.history)} epochs")


def digits_held_out(folder: Path) -> Iterator[Line]:
    prepare(digits(), replace(default_settings(digits()), epochs=1)).run(progress=False)  # compiles
    yield job(digits(), "digits 8 × 8, held out", 0.97, "64-32-10", layers=(32,))


def moons_held_out(folder: Path) -> Iterator[Line]:
    yield job(moons(1000), "moons, held out", 0.99, "2-16-16-1", epochs=60)


def xor(folder: Path) -> Iterator[Line]:
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]

    def learned(seed: int) -> bool:
        model = MLP(2, [8, 1], activation="tanh", seed=seed)
        optimizer = SGD(model.parameters(), lr=0.2, momentum=0.9)
        fit(model, X, y, loss="binary_cross_entropy", optimizer=optimizer, epochs=200, progress=False)
        return accuracy(model, X, y) == 1.0

    found, seconds = timed(lambda: [learned(seed) for seed in range(SEEDS)])
    yield Line(f"XOR, {SEEDS} seeds", sum(found) / SEEDS, 1.0, seconds, "2-8-1, 200 epochs each")


def parity(folder: Path) -> Iterator[Line]:
    X = [list(bits) for bits in product([-1.0, 1.0], repeat=8)]
    y = [sum(x > 0 for x in bits) % 2 for bits in X]
    model = MLP(8, [16, 16, 16, 1], activation="relu", seed=0)
    optimizer = Adam(model.parameters(), lr=0.01)
    history, seconds = timed(
        lambda: fit(
            model,
            X,
            y,
            loss="binary_cross_entropy",
            optimizer=optimizer,
            epochs=600,
            batch_size=32,
            progress=False,
        )
    )
    yield Line(
        "parity of 8 bits", accuracy(model, X, y), 1.0, seconds, f"8-16-16-16-1, {len(history)} epochs"
    )


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


PARTS: dict[str, Callable[[Path], Iterator[Line]]] = {
    "worked": worked,
    "xor": xor,
    "moons": moons_held_out,
    "parity": parity,
    "digits": digits_held_out,
    "mnist": mnist,
}


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
