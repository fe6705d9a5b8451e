"""microgpt's job beside a plain scalar engine: ``python -m tests.benchmarks.bench_names``.

A thousand steps of one name each by `fit`: a network of 4,192 parameters, Adam with a rate that falls to 0.
Everything from the new network to the trained one counts, so the recording of a tape for each length; the
kernels are compiled before.  The plain engine is the Value of `minimal_value` with the network of
`plain_gpt` and a loop of Adam; it takes turns on every 25th name, and what it takes for these stands for all.
"""

from __future__ import annotations

import random
import time

from threadpoolctl import threadpool_limits

from nn import Adam, Transformer, fit
from nn.schedules import LinearLR
from nn.texts import Characters
from nn.texts.corpora import first_names
from tests.benchmarks import minimal_value
from tests.benchmarks.bench_eager import plain_adam
from tests.benchmarks.plain_gpt import GPT, tokens_of
from tests.benchmarks.rows import Row, report

STEPS, EVERY, ROUNDS = 1000, 25, 3


def ours(names: list[str]) -> None:
    """Train by `fit`, a name a step."""
    letters = Characters(names)
    model = Transformer.microgpt(len(letters), seed=42)
    optimizer = Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99), eps=1e-8)
    falling = LinearLR(optimizer, 1.0, 0.0, STEPS, every="batch")
    history = fit(
        model, *letters.samples(names, model.context), loss="cross_entropy", optimizer=optimizer, epochs=1,
        batch_size=1, seed=None, progress=False, callbacks=[falling],
    )  # fmt: skip
    assert history.engine == "tape"
    assert history["loss"][-1] < 2.6, f"the network did not learn: {history}"


def plain(names: list[str]) -> None:
    """Train the plain engine on some of the names."""
    model = GPT(minimal_value.Value)
    adam = plain_adam(model.parameters())
    for name in names:
        for p in model.parameters():
            p.grad = 0.0
        model.loss(tokens_of(name)).backward()
        adam()


def main() -> None:
    """Measure and print."""
    names = first_names()
    random.Random(0).shuffle(names)
    names = [name for name in names if name.isascii() and name.isalpha()][:STEPS]
    some = [name.lower() for name in sorted(names, key=len)[EVERY // 2 :: EVERY]]
    best = {"ours": float("inf"), "plain": float("inf")}
    with threadpool_limits(1):
        ours(names)  # compiles the kernels, where that was not done yet
        for _ in range(ROUNDS):
            for who, train, given in (("ours", ours, names), ("plain", plain, some)):
                start = time.process_time()
                train(given)
                best[who] = min(best[who], (time.process_time() - start) * STEPS / len(given))
    lengths = len({*map(len, names)})
    work = f"{STEPS:,} steps of a name each, {lengths} lengths, recording included"
    report([
        Row(work, best["ours"], "s", bar=1.0),
        Row(work, best["ours"], "s", "the plain scalar engine", best["plain"], 1 / 150),
    ])  # fmt: skip


if __name__ == "__main__":
    main()
