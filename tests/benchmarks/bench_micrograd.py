"""The eager engine beside micrograd: ``python -m tests.benchmarks.bench_micrograd``.

Three things are measured, each engine in processes of its own, taken in turns:

* a step of micrograd's demo (two moons, 100 samples, ``MLP(2, [16, 16, 1])``, hinge and L2, full
  batch), written as for micrograd, with the cyclic garbage collector on as it is by default;
* the memory that a node takes, while a graph is held;
* a chain of a million nodes: built, differentiated, refused by ``draw``, and dropped.

Times are medians; what counts are the ratios within one run.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from importlib.util import find_spec
from math import cos, pi, sin
from typing import Any

ENGINES = ("micrograd", "unfused", "fused")
BARS = {"unfused": 4.0, "fused": 40.0}
SIZES = (16, 16, 1)
SAMPLES = 100
NODES = 100_000
CHAIN = 1_000_000


# ------------------------------------------------------------------------- in a process of its own


def classes(engine: str) -> tuple[Any, Any]:
    """The engine's Value and MLP."""
    if engine == "micrograd":
        from micrograd.engine import Value as MicrogradValue
        from micrograd.nn import MLP as MicrogradMLP  # noqa: N811 - a class of that name

        return MicrogradValue, MicrogradMLP
    from autograd import Value
    from nn import MLP

    return Value, lambda nin, nouts: MLP(nin, nouts, fused=engine == "fused")


def moons() -> tuple[list[list[float]], list[int]]:
    """Two half circles that reach into each other, as scikit-learn makes them, with the classes −1 and +1."""
    rng = random.Random(1)
    X, y = [], []
    for i in range(SAMPLES):
        angle, sign = 2 * pi * (i // 2) / SAMPLES, 1 if i % 2 else -1
        point = (cos(angle), sin(angle)) if sign < 0 else (1 - cos(angle), 0.5 - sin(angle))
        X.append([coordinate + rng.gauss(0, 0.1) for coordinate in point])
        y.append(sign)
    return X, y


def steps(engine: str, count: int) -> dict[str, list[float]]:
    """The demo's first steps: how long each took, and the loss before it."""
    Value, MLP = classes(engine)
    X, y = moons()
    model = MLP(2, list(SIZES))
    rng = random.Random(2)
    for p in model.parameters():
        p.data = rng.uniform(-1, 1)
    seconds, costs = [], []
    for k in range(count):
        start = time.perf_counter()
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        seconds.append(time.perf_counter() - start)
        costs.append(total.data)
    return {"seconds": seconds, "costs": costs}


def memory(engine: str) -> float:
    """Bytes a node, in a graph of products and sums as an unfused neuron makes them."""
    Value, _ = classes(engine)
    weights = [Value(1.0 + i / 7) for i in range(10)]
    total = Value(0.0)
    tracemalloc.start()
    for i in range(NODES // 2):
        total = total + weights[i % 10] * weights[(i + 3) % 10]
    return tracemalloc.get_traced_memory()[0] / NODES


def chain() -> dict[str, Any]:
    """A chain of nodes under the default recursion limit: seconds for each thing done with it."""
    from autograd import Value, draw

    seconds: dict[str, Any] = {}
    start = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal start
        seconds[name] = time.perf_counter() - start
        start = time.perf_counter()

    x = y = Value(1.0)
    for _ in range(CHAIN):
        y = y + 0.5
    lap("built")
    y.backward()
    lap("differentiated")
    assert x.grad == 1.0
    try:
        draw(y)
    except ValueError as error:
        seconds["refusal"] = str(error)
    lap("refused by draw")
    del y
    lap("dropped")
    return seconds


# ------------------------------------------------------------------------------------- the report


def measured(*worker: str) -> Any:
    """What a worker found out, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_micrograd", "--worker", *worker]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def report_steps(engines: list[str], rounds: int) -> None:
    seconds: dict[str, list[float]] = {engine: [] for engine in engines}
    costs = {}
    for _ in range(rounds):
        for engine in engines:
            found = measured("steps", engine, "6" if engine == "micrograd" else "20")
            seconds[engine] += found["seconds"]
            costs[engine] = found["costs"]
    print(f"a step of micrograd's demo (median of the steps in {rounds} rounds, in turns)")
    baseline = statistics.median(seconds[engines[0]])
    for engine in engines:
        median = statistics.median(seconds[engine])
        line = f"  {engine:12s} {median * 1e3:9.1f} ms"
        if engine in BARS and engines[0] == "micrograd":
            apart = max(abs(a / b - 1) for a, b in zip(costs[engine], costs["micrograd"], strict=False) if b)
            line += f"  {baseline / median:6.1f} × as fast (bar: {BARS[engine]:g} ×)"
            line += f"  losses within {apart:.0e}"
        print(line)


def report_memory(engines: list[str]) -> None:
    print(f"\nmemory a node, of {NODES:,} held")
    found = {engine: measured("memory", engine) for engine in engines if engine != "fused"}
    for engine, size in found.items():
        ratio = f"  {size / found['micrograd']:.2f} of it (bar: 0.33)" if "micrograd" in found else ""
        print(f"  {engine if engine == 'micrograd' else 'Value':12s} {size:9.0f} bytes{ratio}")


def report_chain() -> None:
    found = measured("chain")
    refusal = found.pop("refusal")
    print(f"\na chain of {CHAIN:,} nodes, recursion limit {sys.getrecursionlimit():,}")
    for name, seconds in found.items():
        print(f"  {name:16s} {seconds:7.2f} s")
    print(f"  draw says: {refusal}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each engine takes its turn")
    parser.add_argument("--worker", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work, *rest = arguments.worker
        workers = {"steps": lambda engine, n: steps(engine, int(n)), "memory": memory, "chain": chain}
        print(json.dumps(workers[work](*rest)))
        return
    engines = [engine for engine in ENGINES if engine != "micrograd" or find_spec("micrograd")]
    if "micrograd" not in engines:
        print("(micrograd is not installed: its column is left out)")
    report_steps(engines, arguments.rounds)
    report_memory(engines)
    report_chain()


if __name__ == "__main__":
    main()
