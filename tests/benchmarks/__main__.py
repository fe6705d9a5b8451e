"""The whole table of how fast it is, with the bars: ``python -m tests.benchmarks``.

Ours beside its rivals, in turns within one run, and what counts are the ratios.  Times are of the processor,
the best of several turns; by the clock where two threads work, and for the first use.  Rivals and data that
are not there are left out with a word.  ``--only lstm,eager`` measures some of it; ``--mnist FOLDER`` says
where MNIST's files are.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Parameter, Value
from autograd.tape import Tape
from nn import MLP, losses
from tests.benchmarks import bench_eager, bench_fit
from tests.benchmarks.bench_tape import (
    OPEN,
    casadi_call,
    lstm_tape,
    lstm_torch,
    multiply_add_rate,
    random_program,
    record_program,
    run_program,
    value_and_input_gradients,
    wide_tape,
    wide_torch,
)
from tests.benchmarks.rows import Call, Row, best_times, installed, report

ROUNDS, TURN = 15, 0.05
"""How many turns each has with work that is done many times, and about how many seconds a turn takes."""


def layer() -> Iterator[Row]:
    """Measure a wide layer's step, and its share of the machine's multiply-add rate."""
    X = np.random.default_rng(0).normal(size=(128, 784))
    y = np.eye(10)[np.random.default_rng(1).integers(0, 10, 128)]
    there = installed("torch")
    for dtype in ("float64", "float32"):
        calls: dict[str, Call] = {"ours": wide_tape(X, y, dtype)}
        if there["torch"]:
            calls["torch"] = wide_torch(X, y, dtype)
        times, work = best_times(calls, ROUNDS, seconds=TURN), f"784-128-10, a step of 128, {dtype}, 1 thread"
        if there["torch"]:
            yield Row(work, times["ours"] * 1e3, "ms", "PyTorch", times["torch"] * 1e3)
        if dtype == "float64":
            products = 128 * (2 * 784 * 128 + 3 * 128 * 10)
            at_peak = products / multiply_add_rate()
            yield Row(work, times["ours"] * 1e3, "ms", "the multiply-adds at peak", at_peak * 1e3)


def logistic_map(x: Any, sin: Any, tanh: Any) -> Any:
    rate, v = x
    for _ in range(4000):
        v = rate * v * (1 - v)
    return v


def woven(x: Any, sin: Any, tanh: Any) -> Any:
    v = [x[k % 2] + 0.1 * k for k in range(30)]
    for _ in range(100):
        v = [sin(v[i] * v[(i + 1) % 30]) for i in range(30)]
    return sum(v[1:], v[0])


def mixed(x: Any, sin: Any, tanh: Any) -> Any:
    last = run_program(random_program(8_000), x, tanh, sin)
    return sum(last[1:], last[0])


def narrow() -> Iterator[Row]:
    """Measure value and gradient of one sample, of programs that are deep and narrow."""
    there = installed("casadi")
    for work, ops, x, function in (
        ("logistic map, 12,000 ops, 1 sample", 12_000, np.array([[3.7, 0.3]]), logistic_map),
        ("30 wide × 100 deep, 6,000 ops, 1 sample", 6_000, np.array([[3.7, 0.3]]), woven),
        ("8,000 random ops, 1 sample", 8_000, np.linspace(-1, 1, 20)[None], mixed),
    ):
        tape = Tape.record(partial(function, sin=Value.sin, tanh=Value.tanh), x[0])
        calls = {"ours": value_and_input_gradients(tape.replayer(inputs_gradient=True), x)}
        if there["casadi"]:
            calls["CasADi"] = casadi_function(function, x)
        times = {name: t / ops * 1e9 for name, t in best_times(calls, ROUNDS, seconds=TURN).items()}
        if there["casadi"]:
            yield Row(work, times["ours"], "ns/op", "CasADi's SX machine", times["CasADi"], 1.0)
        if function is logistic_map:
            yield Row(work, times["ours"], "ns/op", bar=12)


def casadi_function(function: Any, X: Any) -> Call:
    import casadi

    x = casadi.SX.sym("x", X.shape[1])
    y = function([x[i] for i in range(X.shape[1])], casadi.sin, casadi.tanh)
    return casadi_call(casadi.Function("f", [x], [y, casadi.gradient(y, x)]), X)


def lstm() -> Iterator[Row]:
    """Measure a recurrent cell, forward and reverse."""
    X = np.random.default_rng(0).normal(size=(64, 20 * 8))
    calls: dict[str, Call] = {"ours": lstm_tape(X)}
    if installed("torch")["torch"]:
        calls["torch"] = lstm_torch(X)
        times = {name: t * 1e3 for name, t in best_times(calls, ROUNDS, seconds=TURN).items()}
        work = "LSTM cell, 20 steps, 32 hidden, batch of 64"
        yield Row(work, times["ours"], "ms", "nn.LSTM, float64", times["torch"], 0.7)


NODES = 1_000_000


def recording() -> Iterator[Row]:
    """Measure the recording of a million nodes, and the memory of its replays."""
    program = random_program(NODES * 5 // 6)
    nodes = sum(2 if kind == "+" else 1 for kind, _, _ in program)  # 0.5 × (a + b) is two
    seconds, sizes = [], []
    for _ in range(2):
        gc.collect()
        start = time.process_time()
        tape = record_program(program)
        seconds.append((time.process_time() - start) * NODES / nodes)
        sizes.append(sum(a.nbytes for a in tape.replayer(inputs_gradient=True).memory()) / nodes)
        del tape
    yield Row("recording, for 1,000,000 nodes", min(seconds), "s", bar=3)
    yield Row("memory of a replay, for each op", max(sizes), "bytes", bar=56)


def overhead() -> Iterator[Row]:
    """Measure what calls of a tape of two ops take on one sample, beyond the machine code of the replay."""
    w, x, y = Parameter(3.0), np.array([1.0]), np.array([2.0])
    tape = Tape.record(lambda x, y: w * x - y, 1.0, 2.0)
    replayer: Any = tape.replayer(inputs_gradient=True)
    seeds, values, slopes = np.ones(1), np.empty((1, 1)), np.empty((1, 2))
    replayer.run(np.array([[1.0, 2.0]]), seeds=seeds, values=values, inputs_gradient=slopes)
    calls: dict[str, Call] = {
        "machine code": lambda: replayer._replay(replayer._address),
        "gradients": lambda: tape.gradients(x, y),
        "value_and_gradients": lambda: tape.value_and_gradients(x, y),
        "input_gradients": lambda: tape.input_gradients(x, y),
        "value_and_gradients of inputs": lambda: tape.value_and_gradients(x, y, wrt="inputs"),
        "gradients, of whole numbers": lambda: tape.gradients(1, 2),
    }
    times = best_times(calls, ROUNDS, seconds=TURN)
    bare = times.pop("machine code")
    for name, seconds in times.items():
        yield Row(f"overhead of a call: {name}", (seconds - bare) * 1e6, "µs", bar=3)


def gradients() -> Iterator[Row]:
    """Measure value and gradient beside the value alone, for 30 programs: random ones, and networks."""
    ratios = [ratio for k in range(10) for ratio in _programs(k)]
    assert len(ratios) == 30
    low, high = min(ratios), max(ratios)
    work = f"value and gradient ÷ value, median of 30 ({low:.2f} to {high:.2f})"
    yield Row(work, statistics.median(ratios), "×", bar=3)


def _programs(k: int) -> Iterator[float]:
    rng = np.random.default_rng(k)
    tape = record_program(random_program(100 * 2**k // 2, seed=k))
    for count in (1, 100):
        yield _cost(tape, rng.uniform(-1, 1, (count, 20)))
    width = 4 * (k + 1)
    model = MLP(width, [2 * width] * (1 + k % 3) + [3], "tanh" if k % 2 else "relu", seed=k)
    X = rng.normal(size=(100, width))
    tape = Tape.record(lambda x, t: losses.cross_entropy(model(x), t), X[0], [0.0, 1.0, 0.0])
    training = OPEN.enter_context(tape.training(X, np.tile([0.0, 1.0, 0.0], (100, 1))))
    values = np.empty((100, 1))
    calls: dict[str, Call] = {
        "value": lambda: training.forward(training.X),
        "both": lambda: training.step(None, values),
    }
    times = best_times(calls, 7, seconds=TURN / 5)
    yield times["both"] / times["value"]


def _cost(tape: Tape, X: Any) -> float:
    replayer, values = tape.replayer(inputs_gradient=True), np.empty((len(X), 1))
    calls = {
        "value": lambda: replayer.run(X, values=values),
        "both": value_and_input_gradients(replayer, X),
    }
    times = best_times(calls, 7, seconds=TURN / 5)
    return times["both"] / times["value"]


FIRST = """
import time
from nn import MLP, SGD, fit
from nn.data import moons
points, model = moons(), MLP(2, [16, 16, 1], seed=0)
y = [1 if t else -1 for t in points.y]
start, busy = time.perf_counter(), time.process_time()
fit(model, points.X, y, loss="hinge", optimizer=SGD(model.parameters(), lr=0.1), epochs=1)
print(time.perf_counter() - start, time.process_time() - busy)
"""


def first() -> Iterator[Row]:
    """Measure the first `fit` of the demo with an empty cache, and in a later process, by the clock."""
    with tempfile.TemporaryDirectory() as folder:
        for title, bar in (("on a fresh machine", 3.0), ("of a later process", 0.4)):
            done = subprocess.run(
                [sys.executable, "-c", FIRST], env={**os.environ, "CHAINRULE_CACHE": folder},
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            seconds, busy = map(float, done.stdout.split())
            yield Row(f"first fit {title}, to the end of its first epoch", seconds, "s", bar=bar)
            yield Row("the same, processor time", busy, "s")


PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    **bench_fit.PARTS,
    "first": lambda folder: first(),
    "layer": lambda folder: layer(),
    "narrow": lambda folder: narrow(),
    "lstm": lambda folder: lstm(),
    "recording": lambda folder: recording(),
    "overhead": lambda folder: overhead(),
    "eager": lambda folder: bench_eager.steps(20),
    "adam": lambda folder: bench_eager.adam(20),
    "gradients": lambda folder: gradients(),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--mnist", type=Path, default=Path("../shared/data/mnist"))
    chosen = parser.parse_args()
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; load of the last 1, 5 and 15 minutes: {load}"
    )
    for name in chosen.only.split(","):
        report(PARTS[name](chosen.mnist))


if __name__ == "__main__":
    main()
