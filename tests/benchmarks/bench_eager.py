"""The eager engine beside the least that one needs: ``python -m tests.benchmarks.bench_eager``.

A GPT of little nodes (`plain_gpt`) is computed on one name and differentiated, by our Value and by the one
of `minimal_value`, which checks nothing; then Adam steps its 4,192 parameters, ours and a plain loop.
Processor time, the best of many rounds in turns, on fresh data in each; what counts are the ratios.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autograd import Parameter, topological_order
from nn import Adam
from tests.benchmarks import minimal_value
from tests.benchmarks.plain_gpt import GPT, tokens_of

NAME = "olivia"
BAR, ADAM_BAR = 0.7, 3.0


@contextmanager
def collecting(wanted: bool) -> Iterator[None]:
    """Have Python's cyclic garbage collector on or off for a while, beginning with nothing to collect."""
    gc.collect()
    if not wanted:
        gc.disable()
    try:
        yield
    finally:
        gc.enable()


def step(model: GPT) -> tuple[float, float, float]:
    """Return how long the forward pass, the reverse pass and both together took, in seconds."""
    for p in model.parameters():
        p.data, p.grad = p.data, 0.0
    start = time.process_time()
    loss = model.loss(tokens_of(NAME))
    middle = time.process_time()
    loss.backward()
    end = time.process_time()
    return middle - start, end - middle, end - start


def plain_adam(parameters: list[minimal_value.Value]) -> Callable[[], None]:
    """Return Adam's step as one writes it for the minimal Value."""
    lr, beta1, beta2, eps = 0.01, 0.85, 0.99, 1e-8
    means, squares, steps = [0.0] * len(parameters), [0.0] * len(parameters), 0

    def adam() -> None:
        nonlocal steps
        steps += 1
        for i, p in enumerate(parameters):
            means[i] = beta1 * means[i] + (1 - beta1) * p.grad
            squares[i] = beta2 * squares[i] + (1 - beta2) * p.grad**2
            mean, square = means[i] / (1 - beta1**steps), squares[i] / (1 - beta2**steps)
            p.data -= lr * mean / (square**0.5 + eps)

    return adam


def seconds(work: Callable[[], None]) -> float:
    """Return how long it took."""
    start = time.process_time()
    work()
    return time.process_time() - start


def report_steps(ours: GPT, minimal: GPT, rounds: int) -> None:
    nodes = len(topological_order(ours.loss(tokens_of(NAME))))
    print(f"a GPT's step on {NAME!r}, {nodes:,} nodes: forward, reverse, both (bar: {BAR} × the minimal one)")
    for wanted in (False, True):
        best = {"ours": [float("inf")] * 3, "minimal": [float("inf")] * 3}
        for _ in range(rounds):
            for who, model in (("ours", ours), ("minimal", minimal)):
                with collecting(wanted):
                    best[who] = list(map(min, best[who], step(model)))
        print(f"  the garbage collector {'on' if wanted else 'off'}")
        for who, times in best.items():
            print(f"    {who:8s}", *(f"{t * 1e3:7.1f} ms" for t in times))
        print("    ratio   ", *(f"{a / b:7.2f}   " for a, b in zip(*best.values(), strict=True)))


def report_adam(ours: GPT, minimal: GPT, rounds: int) -> None:
    step(ours)
    step(minimal)
    steps = {
        "ours": Adam(ours.parameters(), lr=0.01, betas=(0.85, 0.99)).step,
        "a plain loop": plain_adam(minimal.parameters()),
    }
    best = dict.fromkeys(steps, float("inf"))
    with collecting(False):
        for _ in range(rounds):
            for who, adam in steps.items():
                best[who] = min(best[who], seconds(adam))
    apart = max(abs(p.data - q.data) for p, q in zip(ours.parameters(), minimal.parameters(), strict=True))
    print(f"\nAdam on {len(ours.parameters()):,} parameters (bar: {ADAM_BAR:g} ms)")
    for who, t in best.items():
        print(f"  {who:14s} {t * 1e3:6.2f} ms")
    print(f"  ratio          {best['ours'] / best['a plain loop']:6.2f}; apart by {apart:.0e}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40, help="how often each engine takes its turn")
    rounds = parser.parse_args().rounds
    ours, minimal = GPT(Parameter), GPT(minimal_value.Value)
    report_steps(ours, minimal, rounds)
    report_adam(ours, minimal, rounds)


if __name__ == "__main__":
    main()
