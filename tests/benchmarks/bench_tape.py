"""How fast the tape is, beside its rivals in the same run: ``python -m tests.benchmarks.bench_tape``.

Rivals that are not installed are left out with a word.  Times are medians; what counts are the ratios.
``--only demo,layer`` runs some of the parts; ``--mnist FOLDER`` says where the four IDX files are.
"""

from __future__ import annotations

import argparse
import gc
import platform
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import make_moons
from threadpoolctl import threadpool_limits

import autograd
from autograd import Constant, Parameter, Value
from autograd.tape import Tape
from autograd.tape.rules import vectorised
from nn import MLP, SGD, accuracy, fit, losses
from nn.data.idx_files import MNIST, read_folder
from tests.benchmarks.rows import Call, best_times, installed, median_time, table

SGD_RULE = vectorised(SGD.rule, 1)
OPEN = ExitStack()  # the trainings that are being measured


# ------------------------------------------------------------------------------ micrograd's demo


def initial_layers() -> list[list[tuple[list[float], float]]]:
    rng, sizes = random.Random(1337), [2, 16, 16, 1]
    return [[([rng.uniform(-1, 1) for _ in range(n)], 0.0) for _ in range(m)] for n, m in pairwise(sizes)]


def demo() -> None:
    X, y = make_moons(n_samples=100, noise=0.1, random_state=1337)
    y = y * 2.0 - 1
    there = installed("torch", "jax", "micrograd")
    steps = {"the tape": tape_demo(X, y), "NumPy, written by hand": numpy_demo(X, y)}
    if there["torch"]:
        steps["PyTorch, float64, 1 thread"] = torch_demo(X, y)
    if there["jax"]:
        steps["JAX, jit, float64"] = jax_demo(X, y)
    first = {name: [step(k) for k in range(10)][-1] for name, step in steps.items()}
    assert np.ptp(list(first.values())) < 1e-9, f"the losses differ: {first}"
    if there["micrograd"]:
        steps["micrograd"] = micrograd_demo(X, y)
    calls = {name: partial(step, 50) for name, step in steps.items()}
    table("micrograd's demo: moons, 2-16-16-1, 100 samples, hinge + L2, one step of SGD", calls)


def tape_demo(X: Any, y: Any) -> Callable[[int], float]:
    layers = [[([Parameter(x) for x in w], Parameter(b)) for w, b in layer] for layer in initial_layers()]
    parameters = [p for layer in layers for w, b in layer for p in (*w, b)]

    def loss(x: list[Value], target: Value) -> Value:
        for depth, layer in enumerate(layers):
            x = [autograd.dot(w, x, b) for w, b in layer]
            x = [v.relu() for v in x] if depth < 2 else x
        return (1 - target * x[0]).relu() + 1e-4 * autograd.dot(parameters, parameters)

    run = OPEN.enter_context(Tape.record(loss, X[0], y[0]).training(X, y))
    velocity = np.zeros_like(run.vector)

    def step(k: int) -> float:
        value = run.step()
        SGD_RULE(run.vector, run.gradient, (1 - 0.9 * k / 100, 0.0, 0.0, 0.0), velocity)
        return value

    return step


def numpy_demo(X: Any, y: Any) -> Callable[[int], float]:
    layers = initial_layers()
    W = [np.array([w for w, _ in layer]) for layer in layers]
    B = [np.array([b for _, b in layer]) for layer in layers]

    def step(k: int) -> float:
        z1 = X @ W[0].T + B[0]
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W[1].T + B[1]
        a2 = np.maximum(z2, 0)
        margin = 1 - y * (a2 @ W[2].T + B[2])[:, 0]
        total = np.maximum(margin, 0).mean() + 1e-4 * sum((w * w).sum() for w in W + B)
        d3 = (-y * (margin > 0) / 100)[:, None]
        d2 = (d3 @ W[2]) * (z2 > 0)
        d1 = (d2 @ W[1]) * (z1 > 0)
        lr = 1 - 0.9 * k / 100
        for i, (d, a) in enumerate(((d1, X), (d2, a1), (d3, a2))):
            W[i] -= lr * (d.T @ a + 2e-4 * W[i])
            B[i] -= lr * (d.sum(0) + 2e-4 * B[i])
        return float(total)

    return step


def torch_demo(X: Any, y: Any) -> Callable[[int], float]:
    import torch

    torch.set_num_threads(1)
    layers = [
        (torch.tensor([w for w, _ in layer], dtype=torch.float64, requires_grad=True),
         torch.tensor([b for _, b in layer], dtype=torch.float64, requires_grad=True))
        for layer in initial_layers()
    ]  # fmt: skip
    parameters = [p for pair in layers for p in pair]
    inputs, targets = torch.tensor(X), torch.tensor(y)

    def step(k: int) -> float:
        h = inputs
        for depth, (W, b) in enumerate(layers):
            h = h @ W.T + b
            h = h.relu() if depth < 2 else h
        total = (1 - targets * h[:, 0]).relu().mean() + 1e-4 * sum((p * p).sum() for p in parameters)
        for p in parameters:
            p.grad = None
        total.backward()
        with torch.no_grad():
            for p in parameters:
                p -= (1 - 0.9 * k / 100) * p.grad
        return float(total.item())

    return step


def jax_demo(X: Any, y: Any) -> Callable[[int], float]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    layers = [
        (jnp.array([w for w, _ in layer]), jnp.array([b for _, b in layer])) for layer in initial_layers()
    ]
    inputs, targets = jnp.array(X), jnp.array(y)

    def loss(layers: Any) -> Any:
        h = inputs
        for depth, (W, b) in enumerate(layers):
            h = h @ W.T + b
            h = jnp.maximum(h, 0) if depth < 2 else h
        squares = sum((p * p).sum() for pair in layers for p in pair)
        return jnp.maximum(1 - targets * h[:, 0], 0).mean() + 1e-4 * squares

    @jax.jit
    def update(layers: Any, lr: float) -> Any:
        value, slopes = jax.value_and_grad(loss)(layers)
        return value, jax.tree.map(lambda p, g: p - lr * g, layers, slopes)

    def step(k: int) -> float:
        nonlocal layers
        value, layers = update(layers, 1 - 0.9 * k / 100)
        return float(value)

    return step


def micrograd_demo(X: Any, y: Any) -> Callable[[int], float]:
    from micrograd import nn as micrograd_nn
    from micrograd.engine import Value as MicroValue

    model = micrograd_nn.MLP(2, [16, 16, 1])

    def step(k: int) -> float:
        inputs = [list(map(MicroValue, row)) for row in X.tolist()]
        hinge = [(1 + -t * s).relu() for t, s in zip(y.tolist(), map(model, inputs), strict=True)]
        total = sum(hinge) * (1.0 / len(hinge)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1 - 0.9 * k / 100) * p.grad
        return float(total.data)

    return step


# --------------------------------------------------------------------------------- a wide layer


def layer() -> None:
    there = installed("torch")
    X = np.random.default_rng(0).normal(size=(128, 784))
    y = np.eye(10)[np.random.default_rng(1).integers(0, 10, 128)]
    calls: dict[str, Call] = {}
    for dtype in ("float64", "float32"):
        calls[f"the tape, {dtype}"] = wide_tape(X, y, dtype)
        if there["torch"]:
            calls[f"PyTorch, {dtype}, 1 thread"] = wide_torch(X, y, dtype)
    times = table("784-128-10, batch of 128, cross-entropy: forward, reverse and SGD", calls)
    products = 3 * 784 * 128 * 128 - 784 * 128 * 128 + 3 * 128 * 10 * 128
    rate, peak = products / times["the tape, float64"], multiply_add_rate()
    print(f"  {rate / 1e9:.1f} billion multiply-adds a second, {rate / peak:.0%} of a large matrix product's")


def wide_tape(X: Any, y: Any, dtype: Any) -> Call:
    model = MLP(784, [128, 10], seed=0)
    tape = Tape.record(lambda x, t: losses.cross_entropy(model(x), t), X[0], y[0], dtype=dtype)
    run = OPEN.enter_context(tape.training(X, y))
    velocity = np.zeros_like(run.vector)

    def step() -> None:
        run.step()
        SGD_RULE(run.vector, run.gradient, (0.01, 0.0, 0.0, 0.0), velocity)

    return step


def wide_torch(X: Any, y: Any, dtype: str) -> Call:
    import torch

    torch.set_num_threads(1)
    kind = getattr(torch, dtype)
    model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).to(kind)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    inputs, targets = torch.tensor(X, dtype=kind), torch.tensor(y.argmax(1))

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()

    return step


def multiply_add_rate() -> float:
    """Return the multiply-adds in a second of processor time of a large matrix product on one thread."""
    A = np.random.default_rng(0).normal(size=(1200, 1200))
    with threadpool_limits(1):
        return 1200**3 / best_times({"": lambda: A @ A}, 15)[""]


# --------------------------------------------------------------------------- an irregular graph


def random_program(n: int, inputs: int = 20, seed: int = 0) -> list[tuple[str, int, int]]:
    """Ops on two of the 200 numbers before."""
    rng = random.Random(seed)

    def operand(i: int) -> int:
        return rng.randrange(max(0, i + inputs - 200), i + inputs)

    return [(rng.choice("+*ts-"), operand(i), operand(i)) for i in range(n)]


def run_program(program: list[tuple[str, int, int]], x: Any, tanh: Any, sin: Any) -> list[Any]:
    v = list(x)
    for kind, a, b in program:
        match kind:
            case "+":
                v.append(0.5 * (v[a] + v[b]))
            case "-":
                v.append(v[a] - v[b])
            case "*":
                v.append(v[a] * v[b])
            case "t":
                v.append(tanh(v[a]))
            case _:
                v.append(sin(v[a]))
    return v[-50:]


def record_program(program: list[tuple[str, int, int]]) -> Tape:
    return Tape.record(
        lambda x: autograd.sum(run_program(program, x, Value.tanh, Value.sin)), np.linspace(-1, 1, 20)
    )


def irregular() -> None:
    there = installed("casadi")
    X = np.linspace(-1, 1, 20) + np.random.default_rng(0).normal(size=(100, 20)) * 0.01
    tape = record_program(random_program(10_000))
    for count in (1, 100):
        some = np.ascontiguousarray(X[:count])
        calls = {"the tape": value_and_input_gradients(tape.replayer(inputs_gradient=True), some)}
        if there["casadi"]:
            calls["CasADi, SX machine"] = casadi_program(10_000, some)
        table(f"10,000 mixed ops, value and gradient, {count} sample{'s' * (count > 1)}", calls)


def value_and_input_gradients(replayer: Any, X: Any) -> Call:
    values, slopes, seeds = np.empty((len(X), 1)), np.empty_like(X), np.ones(1)
    return lambda: replayer.run(X, seeds=seeds, values=values, inputs_gradient=slopes)


def casadi_program(n: int, X: Any) -> Call:
    import casadi

    x = casadi.SX.sym("x", 20)
    total = sum(run_program(random_program(n), [x[i] for i in range(20)], casadi.tanh, casadi.sin))
    return casadi_call(casadi.Function("f", [x], [total, casadi.gradient(total, x)]), X)


def casadi_call(function: Any, X: Any) -> Call:
    if len(X) > 1:
        function = function.map(len(X))
    buffer, evaluate = function.buffer()
    data = [X.ravel().copy(), np.zeros(len(X)), np.zeros(X.size)]
    buffer.set_arg(0, memoryview(data[0]))
    buffer.set_res(0, memoryview(data[1]))
    buffer.set_res(1, memoryview(data[2]))
    return lambda: (evaluate(), buffer, data)  # which are to live as long as the function


# ------------------------------------------------------------------------------------ recurrent


def recurrent() -> None:
    there = installed("torch")
    X = np.random.default_rng(0).normal(size=(64, 20 * 8))
    calls = {"the tape": lstm_tape(X)}
    if there["torch"]:
        calls["PyTorch nn.LSTM, float64, 1 thread"] = lstm_torch(X)
    table("LSTM cell, 20 steps, 8 inputs, 32 hidden, batch of 64: forward and reverse", calls)


def lstm_tape(X: Any, hidden: int = 32, width: int = 8) -> Call:
    rng = np.random.default_rng(1)
    gates = [
        [([Parameter(w) for w in rng.normal(size=width + hidden) / 6], Parameter(0.0)) for _ in range(hidden)]
        for _ in range(4)
    ]

    def loss(x: list[Value]) -> Value:
        h: list[Value] = [Constant(0.0)] * hidden
        c = h
        for t in range(20):
            joined = [*x[width * t : width * (t + 1)], *h]
            i, f, o, g = ([autograd.dot(w, joined, b) for w, b in gate] for gate in gates)
            i, f, o = ([v.sigmoid() for v in gate] for gate in (i, f, o))
            c = [fk * ck + ik * gk.tanh() for fk, ck, ik, gk in zip(f, c, i, g, strict=True)]
            h = [ok * ck.tanh() for ok, ck in zip(o, c, strict=True)]
        return autograd.dot(h, h)

    run = OPEN.enter_context(Tape.record(loss, X[0]).training(X))
    return run.step


def lstm_torch(X: Any) -> Call:
    import torch

    torch.set_num_threads(1)
    cell = torch.nn.LSTM(8, 32, batch_first=True).double()
    inputs = torch.tensor(X.reshape(64, 20, 8))

    def step() -> None:
        cell.zero_grad()
        (cell(inputs)[0][:, -1] ** 2).sum(1).mean().backward()

    return step


# ------------------------------------------------------------------------------ what a call costs


def calls() -> None:
    """Print what a call takes beside the bare replay of the same numbers."""
    w, x = Value(3.0), np.array([1.0, 2.0])
    tape = Tape.record(lambda a: w * a, 1.0)
    replayer, X, values = tape.replayer(), x[:, None].copy(), np.empty((2, 1))
    table(
        "a tape of one op, two samples",
        {
            "the bare replay": lambda: replayer.run(X, values=values),
            "forward": lambda: tape.forward(x),
            "gradients": lambda: tape.gradients(x),
            "input_gradients": lambda: tape.input_gradients(x),
        },
    )


# ------------------------------------------------------------------------- recording and growth


def growth() -> None:
    print("\nrecording, from the function to the end of the first replay (kernels cached)")
    X, y = np.random.default_rng(0).normal(size=(1, 784)), np.eye(10)[:1]
    model = MLP(784, [128, 10], seed=0)

    def record_network() -> None:
        Tape.record(lambda x, t: losses.cross_entropy(model(x), t), X[0], y[0]).gradients(X, y)

    print(f"  784-128-10: {median_time(record_network):.3f} s")
    print("  nodes        record, s    ns a node, forward and reverse    bytes a node")
    for n in (800, 8_000, 80_000, 800_000):
        program = random_program(n)
        gc.collect()
        start = time.perf_counter()
        tape = record_program(program)
        tape.forward(np.linspace(-1, 1, 20)[None])
        seconds = time.perf_counter() - start
        nodes = n + sum(kind == "+" for kind, _, _ in program)  # 0.5 × (a + b) is two
        replayer = tape.replayer(inputs_gradient=True)
        replay = median_time(value_and_input_gradients(replayer, np.linspace(-1, 1, 20)[None]))
        size = sum(a.nbytes for a in replayer.memory())
        print(f"  {nodes:9,d} {seconds:12.3f} {replay / nodes * 1e9:16.1f} {size / nodes:18.0f}")
    print("  samples      µs a sample, forward and reverse, 2-16-16-1")
    for count in (64, 1_000, 10_000, 100_000):
        model = MLP(2, [16, 16, 1], seed=0)
        X, y = np.random.default_rng(0).normal(size=(count, 2)), np.ones(count)
        tape = Tape.record(lambda x, t, m=model: losses.hinge(m(x), t), X[0], y[0])
        run = OPEN.enter_context(tape.training(X, y))
        print(f"  {count:9,d} {median_time(run.step) / count * 1e6:12.3f}")


# ---------------------------------------------------------------------------------------- MNIST


def mnist(folder: Path) -> None:
    if not folder.is_dir():
        print(f"\nMNIST: left out, no folder {folder} (see --mnist)")
        return
    train, test = read_folder(folder, MNIST)
    X, X_test = train.images.reshape(-1, 784) / 255, test.images.reshape(-1, 784) / 255
    y, y_test = train.labels.astype(int), test.labels.astype(int)
    model = MLP(784, [128, 10], seed=0)
    start = time.perf_counter()
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    plan: dict[str, Any] = {"epochs": 10, "batch_size": 128, "progress": False}
    history = fit(model, X, y, loss="cross_entropy", optimizer=optimizer, **plan)
    seconds = time.perf_counter() - start
    right = accuracy(model, X_test, y_test)
    print(f"\nMNIST, 60,000 digits, 784-128-10, batches of 128, {history.engine} engine:")
    print(
        f"{seconds / 10:.2f} s an epoch, {right:.2%} right (of those trained on {history[-1].accuracy:.2%})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parts = {"demo": demo, "layer": layer, "irregular": irregular, "recurrent": recurrent,
             "calls": calls, "growth": growth}  # fmt: skip
    parser.add_argument("--only", default=",".join([*parts, "mnist"]))
    parser.add_argument("--mnist", type=Path, default=Path("../shared/data/mnist"))
    chosen = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}; medians, one run")
    for name in chosen.only.split(","):
        mnist(chosen.mnist) if name == "mnist" else parts[name]()


if __name__ == "__main__":
    main()
