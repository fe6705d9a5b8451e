"""How well the command line's defaults carry over: ``python -m tests.benchmarks.defaults``.

Of each data set the mean and the least score over 8 seeds, which also decide what is held out: R² for
diabetes, the share of rightly told classes for the others; with the default settings, with the last weights
instead of those with the lowest held-out loss, and with these and no penalty.  The held-out samples choose
the best weights, so the mean on a further fifth that no training saw stands beside it.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import mean
from typing import Any

from nn.command.job import prepare
from nn.command.run import run
from nn.command.settings import Settings, default_settings
from nn.data import Dataset, load
from nn.data.dataset import split

NAMES = ("diabetes", "iris", "wine", "cancer", "moons", "digits")
SEEDS = 8
CHANGES: dict[str, dict[str, Any]] = {
    "default": {},
    "last": {"keep": "last"},
    "no penalty": {"keep": "last", "l2": 0.0},
}


def score(data: Dataset, settings: Settings, judged_by: Dataset | None = None) -> float:
    """Return the score on these samples, by default on the held-out ones."""
    result = run(prepare(data, settings))
    found = result.scores(judged_by or result.job.held_out)
    score = found.r2 if found.accuracy is None else found.accuracy
    assert score is not None
    return score


def main() -> None:
    """Print the scores."""
    for name in NAMES:
        data = load(name)
        for what, change in CHANGES.items():
            held_out, unseen = [], []
            for seed in range(SEEDS):
                train, rest = split(data, 0.2, seed)
                for some, found, judge in ((data, held_out, None), (train, unseen, rest)):
                    found.append(score(some, replace(default_settings(some), seed=seed, **change), judge))
            print(
                f"{name:10}{what:12}{mean(held_out):8.4f}{min(held_out):8.4f}{mean(unseen):8.4f}", flush=True
            )


if __name__ == "__main__":
    main()
