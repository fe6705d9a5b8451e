"""How fast a small GPT trains, beside PyTorch: ``python -m tests.benchmarks.bench_gpt``.

The network is that of microgpt (4,192 parameters), a name has six letters and so seven positions, and a step
is forward, reverse and Adam.  Times are those of the processor, the best of many turns, on one thread; what
counts are the ratios.  The floor is the step's multiply-adds at the rate of a large matrix product.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
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


def names(count: int) -> tuple[Any, Any]:
    """Random names: for each the tokens at its positions, and those that come next."""
    tokens = np.random.default_rng(0).integers(0, VOCABULARY, (count, POSITIONS + 1))
    tokens[:, 0] = tokens[:, -1] = VOCABULARY - 1
    return tokens[:, :-1], tokens[:, 1:]


def tape_step(X: Any, y: Any, dtype: Any, opened: ExitStack) -> Step:
    model = Transformer.microgpt(VOCABULARY, seed=random.Random(42))

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


def torch_step(X: Any, y: Any, dtype: str) -> Step:
    import torch
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(1)
    kind = getattr(torch, dtype)
    model = Transformer.microgpt(VOCABULARY, seed=random.Random(42))
    block = model.blocks[0]
    layers = [getattr(block.attention, name) for name in ("queries", "keys", "values", "output")]
    layers += [block.feedforward.up, block.feedforward.down, model.output]
    tables = [
        model.tokens.weight,
        model.positions.weight,
        *[[n.w for n in layer.neurons] for layer in layers],
    ]
    parameters = [
        torch.tensor([[v.data for v in row] for row in table], dtype=kind, requires_grad=True)
        for table in tables
    ]
    tokens, places, query, key, value, output, up, down, head = parameters
    joined = torch.cat([query, key, value]).detach().requires_grad_()
    optimizer = torch.optim.Adam(
        [tokens, places, joined, output, up, down, head], lr=LR, betas=BETAS, eps=EPS, foreach=True
    )
    inputs, targets = torch.tensor(X), torch.tensor(y).reshape(-1)
    unseen = torch.triu(torch.full((POSITIONS, POSITIONS), -torch.inf, dtype=kind), 1)

    def norm(x: Any) -> Any:
        return x * ((x * x).mean(-1, keepdim=True) + 1e-5) ** -0.5

    def step() -> float:
        h = norm(tokens[inputs] + places[:POSITIONS])
        parts = (norm(h) @ joined.T).view(len(X), POSITIONS, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        shares = (parts[0] @ parts[1].transpose(-1, -2) * (WIDTH // HEADS) ** -0.5 + unseen).softmax(-1)
        h = h + (shares @ parts[2]).transpose(1, 2).reshape(len(X), POSITIONS, WIDTH) @ output.T
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


def multiply_adds() -> int:
    """Return those of the matrix products of one name, forward and reverse."""
    weights = 4 * WIDTH**2 + 8 * WIDTH**2 + VOCABULARY * WIDTH
    attention = WIDTH * POSITIONS * (POSITIONS + 1)  # scores and mixtures, each a half of the square
    return 3 * (POSITIONS * weights + attention)


def main() -> None:
    with threadpool_limits(1), ExitStack() as opened:
        for dtype in ("float64", "float32"):
            A = np.random.default_rng(0).normal(size=(1000, 1000)).astype(dtype)
            rate = len(A) ** 3 / best_times({"": lambda A=A: A @ A}, 5)[""]  # type: ignore[misc]
            floor = multiply_adds() / rate
            print(
                f"\n{dtype}: {rate / 1e9:.1f} billion multiply-adds a second; "
                f"floor {floor * 1e6:.1f} µs a name"
            )
            for batch in (1, 32):
                X, y = names(batch)
                calls = {"the tape": tape_step(X, y, dtype, opened)}
                try:
                    calls["PyTorch"] = torch_step(X, y, dtype)
                except ImportError:
                    print("  (torch is not installed: left out)")
                firsts = [[call() for _ in range(3)][-1] for call in calls.values()]
                assert np.ptp(firsts) < (1e-9 if dtype == "float64" else 1e-4), f"the losses differ: {firsts}"
                times = best_times(calls)
                for name, seconds in times.items():
                    print(
                        f"  batch {batch:2d}  {name:10s} {seconds / batch * 1e6:9.1f} µs a name"
                        f"   {seconds / times['the tape']:6.2f} ×"
                    )


if __name__ == "__main__":
    main()
