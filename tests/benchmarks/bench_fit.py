"""How fast `nn.fit` is for its user, beside its rivals: ``python -m tests.benchmarks.bench_fit``.

Each row is a ratio of processor times, best of several turns, and the bar that it is held to; with two
threads, of times by the clock.  Rivals and data that are not there are left out with a word.
``--only demo,digits`` runs some of the parts; ``--mnist FOLDER`` says where MNIST's files are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
from sklearn.datasets import load_digits, make_moons
from sklearn.neural_network import MLPClassifier as Theirs
from threadpoolctl import threadpool_limits

from nn import MLP, SGD, Adam, MLPClassifier, fit
from nn.data.idx_files import MNIST, read_folder
from nn.estimators.network import program
from nn.losses import Penalised
from tests.benchmarks.bench_tape import numpy_demo, tape_demo, torch_demo
from tests.benchmarks.rows import Call, Clock, Row, best_times, installed, report

# ------------------------------------------------------------------------------ micrograd's demo

EPOCHS = 3000


def demo() -> Iterator[Row]:
    X, y = make_moons(n_samples=100, noise=0.1, random_state=1337)
    y = y * 2.0 - 1
    there = installed("torch")
    steps = {"bare": tape_demo(X, y), "numpy": numpy_demo(X, y)}
    if there["torch"]:
        steps["torch"] = torch_demo(X, y)
    few = {"torch": EPOCHS // 10}
    calls: dict[str, Call] = {
        name: partial(_repeat, step, few.get(name, EPOCHS)) for name, step in steps.items()
    }
    for shown in (False, True):
        for epochs in (EPOCHS, 2 * EPOCHS):
            calls[f"fit {shown} {epochs}"] = partial(_demo_by_fit, X, y, epochs, shown)
    times = best_times(calls, 5)
    step = {name: times[name] / few.get(name, EPOCHS) * 1e6 for name in steps}
    for shown in (False, True):
        epoch = (times[f"fit {shown} {2 * EPOCHS}"] - times[f"fit {shown} {EPOCHS}"]) / EPOCHS * 1e6
        work = f"demo by fit, an epoch, {'on' if shown else 'off'} a terminal"
        yield Row(work, epoch, "µs", "the bare step", step["bare"], 1.35)
        yield Row(work, epoch, "µs", "NumPy by hand", step["numpy"], 1 / 3)
        if "torch" in step:
            yield Row(work, epoch, "µs", "PyTorch, 1 thread", step["torch"], 1 / 15)


def _repeat(step: Callable[[int], float], count: int) -> None:
    for _ in range(count):
        step(50)


def _demo_by_fit(X: Any, y: Any, epochs: int, shown: bool) -> None:
    model = MLP(2, [16, 16, 1], activation="relu", seed=0)
    loss, optimizer = Penalised("hinge", l2=1e-4), SGD(model.parameters(), lr=0.05)
    with terminal() if shown else redirect_stderr(open(os.devnull, "w")):
        fit(model, X, y, loss=loss, optimizer=optimizer, epochs=epochs, engine="tape")


@contextmanager
def terminal() -> Iterator[None]:
    """Let standard error be a terminal that somebody reads."""
    ours, its = os.openpty()

    def read() -> None:
        try:
            while os.read(ours, 4096):
                pass
        except OSError:
            pass  # nobody writes there any more

    reader = Thread(target=read)
    reader.start()
    with open(its, "w") as file, redirect_stderr(file):
        yield
    reader.join()
    os.close(ours)


# --------------------------------------------------------------------------------------- digits


def digits() -> Iterator[Row]:
    """Measure the whole of ``fit``, in a process in which the kernels are loaded.

    All take 60 epochs in batches of 200.  A network of one form is recorded once in a process: ours is
    measured with its tape at hand, as all fits of a grid search but the first find it, and recorded anew.
    """
    X, y = load_digits(return_X_y=True)
    settings: dict[str, Any] = {
        "hidden_layer_sizes": (100,), "max_iter": 60, "n_iter_no_change": 60, "random_state": 0,
    }  # fmt: skip
    calls: dict[str, Call] = {
        "ours": lambda: MLPClassifier(**settings).fit(X, y),
        "recorded anew": lambda: (program.cache_clear(), MLPClassifier(**settings).fit(X, y)),
        "scikit-learn": lambda: Theirs(**settings).fit(X, y),
    }
    if installed("torch")["torch"]:
        calls["PyTorch"] = partial(_digits_in_torch, X, y)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # scikit-learn would train on
        for call in calls.values():
            call()
        times = best_times(calls, 7)
    ours = {"": times.pop("ours"), ", recorded anew": times.pop("recorded anew")}
    for how, seconds in ours.items():
        for rival, bar in (("scikit-learn", 0.5), ("PyTorch", 0.8)):
            if rival in times:
                work = f"MLPClassifier, digits, (100,), 60 epochs{how}"
                yield Row(work, seconds, "s", rival, times[rival], bar)


def _digits_in_torch(X: Any, y: Any) -> None:
    import torch

    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(64, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10)).double()
    _train_in_torch(model, torch.tensor(X), torch.tensor(y), 60, 200, 0.001)


def _train_in_torch(model: Any, X: Any, y: Any, epochs: int, batch: int, rate: float) -> None:
    """Train by Adam."""
    import torch

    optimizer, loss = torch.optim.Adam(model.parameters(), lr=rate), torch.nn.functional.cross_entropy
    for _ in range(epochs):
        for places in torch.randperm(len(X)).split(batch):
            optimizer.zero_grad()
            loss(model(X[places]), y[places]).backward()
            optimizer.step()


# ---------------------------------------------------------------------------------------- MNIST


def mnist(folder: Path, epochs: int = 10) -> Iterator[Row]:
    if not (folder.is_dir() and installed("torch")["torch"]):
        print(f"MNIST: left out, no folder {folder} or no torch")
        return
    train, _ = read_folder(folder, MNIST)
    X, y = train.images.reshape(-1, 784) / 255, train.labels.astype(int)
    for dtype, threads, bar in (("float64", 1, 0.85), ("float32", 2, 0.8)):
        clock: Clock = time.process_time if threads == 1 else time.perf_counter
        table = X.astype(dtype)
        _mnist_by_fit(table[:256], y[:256], 1, dtype, threads)  # compiles what is not cached
        calls: dict[str, Call] = {
            "ours": partial(_mnist_by_fit, table, y, epochs, dtype, threads),
            "torch": partial(_mnist_in_torch, table, y, epochs, threads),
        }
        times = best_times(calls, 2 * threads, clock)  # what two threads take by the clock varies more
        work = f"MNIST 784-128-10, {epochs} epochs of Adam, {dtype}, threads: {threads}"
        yield Row(work, times["ours"], "s", "PyTorch", times["torch"], bar)


def _mnist_by_fit(X: Any, y: Any, epochs: int, dtype: str, threads: int) -> None:
    model = MLP(784, [128, 10], seed=0)
    fit(
        model, X, y, loss="cross_entropy", optimizer=Adam(model.parameters(), lr=0.002), epochs=epochs,
        batch_size=128, dtype=dtype, threads=threads, engine="tape", progress=False,
    )  # fmt: skip


def _mnist_in_torch(X: Any, y: Any, epochs: int, threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
    inputs = torch.from_numpy(np.ascontiguousarray(X))
    _train_in_torch(model.to(inputs.dtype), inputs, torch.tensor(y), epochs, 128, 0.002)


# ------------------------------------------------------------------------------ the command line

MOST_MEGABYTES = 500


def command(folder: Path) -> Iterator[Row]:
    if not (folder.is_dir() and installed("torch")["torch"]):
        print(f"the command line on MNIST: left out, no folder {folder} or no torch")
        return
    of_module, sizes = [sys.executable, "-m"], ["--layers", "128", "--epochs", "5"]
    commands = {
        "ours": [*of_module, "nn", "train", "mnist", "--data", str(folder), *sizes],
        "torch": [*of_module, "tests.benchmarks.mnist_in_torch", str(folder), "5"],
        "torch, float32": [*of_module, "tests.benchmarks.mnist_in_torch", str(folder), "5", "float32"],
    }
    used = {name: [_used(line) for _ in range(2)] for name, line in commands.items()}
    seconds = {name: min(second for second, _ in found) for name, found in used.items()}
    work = "python -m nn train mnist --layers 128 --epochs 5"
    yield Row(work, seconds["ours"], "s", "a script in PyTorch", seconds["torch"], 1.5)
    yield Row(work, seconds["ours"], "s", "the same in float32", seconds["torch, float32"], 1.5)
    yield Row(f"{work}, memory", max(size for _, size in used["ours"]), "MB", bar=MOST_MEGABYTES)


BETWEEN = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
"""A small process between: the memory of a process counts from what the one that started it had held."""


def _used(line: list[str]) -> tuple[float, float]:
    """Run a command; return its processor time in seconds, and the most memory that it held, in megabytes."""
    printed = subprocess.check_output([sys.executable, "-c", BETWEEN, *line], text=True)
    seconds, megabytes = map(float, printed.split())
    return seconds, megabytes


PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "demo": lambda folder: demo(), "digits": lambda folder: digits(), "mnist": mnist, "command": command,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--mnist", type=Path, default=Path("../shared/data/mnist"))
    chosen = parser.parse_args()
    for name in chosen.only.split(","):
        report(PARTS[name](chosen.mnist))


if __name__ == "__main__":
    main()
