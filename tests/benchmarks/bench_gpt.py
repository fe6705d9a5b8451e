"""How fast a small GPT trains, beside PyTorch: ``python -m tests.benchmarks.bench_gpt``.

The network is that of microgpt (4,192 parameters), a name has six letters and so seven positions, and a step
is forward, reverse and Adam.  Times are those of the processor, the best of many turns, on one thread; what
counts are the ratios.  The floor is the step's multiply-adds at the rate of a large matrix product.
``--wide 4`` measures a network of width 64 with so many blocks on 64 positions instead, in float32: it takes
half a minute and 2 GB to be recorded.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from autograd import Value, mean
from autograd.tape import Tape
from autograd.tape.rules import vectorised
from nn import Adam, Transformer, losses

VOCABULARY, WIDTH, HEADS, POSITIONS = 27, 16, 4, 7
LR, BETAS, EPS = 0.01, (0.85, 0.99), 1e-8
ADAM_RULE = vectorised(Adam.rule, 2)

Step = Callable[[], float]


def names(count: int, positions: int = POSITIONS) -> tuple[Any, Any]:
    """Random names: for each the tokens at its positions, and those that come next."""
    tokens = np.random.default_rng(0).integers(0, VOCABULARY, (count, positions + 1))
    tokens[:, 0] = tokens[:, -1] = VOCABULARY - 1
    return tokens[:, :-1], tokens[:, 1:]


def small() -> Transformer:
    """Return microgpt's network."""
    return Transformer.microgpt(VOCABULARY, seed=random.Random(42))


def wide(blocks: int) -> Transformer:
    """Return one of width 64 in the same form, of several blocks."""
    return Transformer(
        VOCABULARY, 64, HEADS, blocks, 64, activation="relu", norm="rms", gain=False, bias=False,
        embedding_norm=True, final_norm=False, seed=random.Random(42),
    )  # fmt: skip


def tape_step(model: Transformer, X: Any, y: Any, dtype: Any, opened: ExitStack) -> Step:
    def loss(tokens: list[Value], targets: list[Value]) -> Value:
        return mean(map(losses.cross_entropy, model(tokens), targets))

    run = opened.enter_context(Tape.record(loss, X[0], y[0], dtype=dtype).training(X, y))
    first, second, taken = np.zeros_like(run.vector), np.zeros_like(run.vector), 0

    def step() -> float:
        nonlocal taken
        taken += 1
        value = run.step()
        corrections = [1 - beta**taken for beta in BETAS]
        ADAM_RULE(run.vector, run.gradient, (LR, *BETAS, *corrections, EPS, 0.0, 1.0), first, second)
        return value

    return step


def torch_step(model: Transformer, X: Any, y: Any, dtype: str) -> Step:
    import torch
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(1)
    kind = getattr(torch, dtype)

    def matrix(rows: Any) -> Any:
        return torch.tensor([[v.data for v in row] for row in rows], dtype=kind)

    def weights(layer: Any) -> Any:
        return matrix([neuron.w for neuron in layer.neurons])

    blocks = []
    for block in model.blocks:
        seen, fed = block.attention, block.feedforward
        joined = torch.cat([weights(layer) for layer in (seen.queries, seen.keys, seen.values)])
        blocks.append([joined, *(weights(layer) for layer in (seen.output, fed.up, fed.down))])
    tokens, places, head = (
        matrix(model.tokens.weight), matrix(model.positions.weight), weights(model.output)
    )  # fmt: skip
    parameters = [tokens, places, *(w for block in blocks for w in block), head]
    for w in parameters:
        w.requires_grad_()
    optimizer = torch.optim.Adam(parameters, lr=LR, betas=BETAS, eps=EPS, foreach=True)
    inputs, targets = torch.tensor(X), torch.tensor(y).reshape(-1)
    positions, width = X.shape[1], tokens.shape[1]
    unseen = torch.triu(torch.full((positions, positions), -torch.inf, dtype=kind), 1)

    def norm(x: Any) -> Any:
        return x * ((x * x).mean(-1, keepdim=True) + 1e-5) ** -0.5

    def step() -> float:
        h = norm(tokens[inputs] + places[:positions])
        for joined, output, up, down in blocks:
            parts = (norm(h) @ joined.T).view(len(X), positions, 3, HEADS, width // HEADS)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            shares = (query @ key.transpose(-1, -2) * (width // HEADS) ** -0.5 + unseen).softmax(-1)
            h = h + (shares @ value).transpose(1, 2).reshape(len(X), positions, width) @ output.T
            h = h + (norm(h) @ up.T).relu() @ down.T
        loss = cross_entropy((h @ head.T).reshape(-1, VOCABULARY), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def best_times(calls: dict[str, Step], rounds: int = 15, seconds: float = 0.05) -> dict[str, float]:
    """Return the least processor time of each call, in turns."""
    best = dict.fromkeys(calls, float("inf"))
    runs = {}
    for name, call in calls.items():
        start = time.process_time()
        call()
        runs[name] = max(1, round(seconds / (time.process_time() - start + 1e-9)))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            for _ in range(runs[name]):
                call()
            best[name] = min(best[name], (time.process_time() - start) / runs[name])
    return best


def multiply_adds(blocks: int = 1, width: int = WIDTH, positions: int = POSITIONS) -> int:
    """Return those of the matrix products of one name, forward and reverse."""
    weights = blocks * 12 * width**2 + VOCABULARY * width
    attention = blocks * width * positions * (positions + 1)  # scores and mixtures, each a half of the square
    return 3 * (positions * weights + attention)


def measure(
    make: Callable[[], Transformer], dtype: str, batches: Sequence[int], positions: int, adds: int
) -> None:
    """Measure a network in a precision, in batches of these sizes, and print."""
    A = np.random.default_rng(0).normal(size=(1000, 1000)).astype(dtype)
    rate = len(A) ** 3 / best_times({"": lambda: A @ A}, 5)[""]
    print(
        f"\n{dtype}: {rate / 1e9:.1f} billion multiply-adds a second; floor {adds / rate * 1e6:.1f} µs a name"
    )
    for batch in batches:
        X, y = names(batch, positions)
        with ExitStack() as opened:
            calls = {"the tape": tape_step(make(), X, y, dtype, opened)}
            try:
                calls["PyTorch"] = torch_step(make(), X, y, dtype)
            except ImportError:
                print("  (torch is not installed: left out)")
            found = [[call() for _ in range(3)] for call in calls.values()]
            # in float32 the first: a gradient of mere rounding moves Adam by a whole step, either way
            losses = [three[-1 if dtype == "float64" else 0] for three in found]
            apart = np.ptp(losses) / losses[0]
            assert apart < (1e-9 if dtype == "float64" else 1e-6), f"the losses differ: {losses}"
            times = best_times(calls)
        for name, seconds in times.items():
            print(
                f"  batch {batch:2d}  {name:10s} {seconds / batch * 1e6:9.1f} µs a name"
                f"   {seconds / times['the tape']:6.2f} ×"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wide", type=int, metavar="BLOCKS", help="width 64, context 64, so many blocks")
    blocks = parser.parse_args().wide
    with threadpool_limits(1):
        if blocks:
            measure(lambda: wide(blocks), "float32", [32], 64, multiply_adds(blocks, 64, 64))
            return
        for dtype in ("float64", "float32"):
            measure(small, dtype, [1, 32], POSITIONS, multiply_adds())


if __name__ == "__main__":
    main()
