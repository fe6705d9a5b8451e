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
from tests.benchmarks.rows import Row, best_times, report

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


def steps(rounds: int) -> Iterator[Row]:
    """Measure a step of the GPT, forward, reverse and both, with the collector off and on."""
    ours, minimal = GPT(Parameter), GPT(minimal_value.Value)
    nodes = len(topological_order(ours.loss(tokens_of(NAME))))
    for wanted in (False, True):
        best = {"ours": [float("inf")] * 3, "minimal": [float("inf")] * 3}
        for _ in range(rounds):
            for who, model in (("ours", ours), ("minimal", minimal)):
                with collecting(wanted):
                    best[who] = list(map(min, best[who], step(model)))
        work = f"a GPT's step, {nodes:,} nodes, collector {'on' if wanted else 'off'}"
        for part, mine, its in zip(("forward", "reverse", "both"), *best.values(), strict=True):
            bar = BAR if part == "both" else None
            yield Row(f"{work}: {part}", mine * 1e3, "ms", "the minimal Value", its * 1e3, bar)


def adam(rounds: int) -> Iterator[Row]:
    """Measure Adam's step on the parameters of the GPT."""
    ours, minimal = GPT(Parameter), GPT(minimal_value.Value)
    for model in (ours, minimal):
        step(model)
    updates = {
        "ours": Adam(ours.parameters(), lr=0.01, betas=(0.85, 0.99)).step,
        "plain": plain_adam(minimal.parameters()),
    }
    with collecting(False):
        best = best_times(updates, rounds)
    apart = max(abs(p.data - q.data) for p, q in zip(ours.parameters(), minimal.parameters(), strict=True))
    assert apart < 1e-9, f"they move the parameters apart, by {apart}"
    work, milliseconds = f"Adam on {len(ours.parameters()):,} parameters, eager", best["ours"] * 1e3
    yield Row(work, milliseconds, "ms", bar=ADAM_BAR)
    yield Row(work, milliseconds, "ms", "a plain loop", best["plain"] * 1e3)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40, help="how often each engine takes its turn")
    rounds = parser.parse_args().rounds
    report(steps(rounds))
    report(adam(rounds))


if __name__ == "__main__":
    main()
