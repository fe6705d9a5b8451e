"""How well the command line's defaults carry over: ``python -m tests.benchmarks.defaults``.

Of each data set the mean and the least score over 8 seeds, which also decide what is held out: R² for
diabetes, the share of rightly told classes for the others; and the same without a penalty.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

from nn.command.job import prepare
from nn.command.run import run
from nn.command.settings import Settings, default_settings
from nn.data import Dataset, load

NAMES = ("diabetes", "iris", "wine", "cancer", "moons", "digits")
SEEDS = 8


def scores(data: Dataset, settings: Settings) -> list[float]:
    """Return the held-out score of each seed."""
    found = []
    for seed in range(SEEDS):
        result = run(prepare(data, replace(settings, seed=seed)))
        score = result.scores(result.job.held_out)
        found.append(score.r2 if score.accuracy is None else score.accuracy)
    return [x for x in found if x is not None]


def main() -> None:
    """Print the scores."""
    for name in NAMES:
        data = load(name)
        settings = default_settings(data)
        for what, chosen in (("default", settings), ("no penalty", replace(settings, l2=0.0))):
            found = scores(data, chosen)
            print(f"{name:10}{what:12}{mean(found):8.4f}{min(found):8.4f}", flush=True)
            if not settings.l2:
                break


if __name__ == "__main__":
    main()
