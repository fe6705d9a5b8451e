"""Right gradients that `check_gradient` accuses, and wrong ones that it finds: ``… hand_written 10000``."""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

import numpy as np

from tests.hand_written import MUTANTS, examples, is_accused


def main(count: int) -> None:
    """Print how many right gradients were accused, and how many of each mistake were found."""
    accused = [e.name for e in examples(seed=11, count=count) if is_accused(e, e.df(e.x))]
    print(f"false alarms: {len(accused)} of {count:,}", *accused)
    chance = Random(12)
    for mistake, mutate in MUTANTS.items():
        found: Counter[bool] = Counter()
        for example in examples(seed=13, count=max(count // 100, 20)):
            right = np.asarray(example.df(example.x), dtype=float)
            mutated = np.asarray(mutate(right, chance), dtype=float)
            if not np.allclose(right, mutated, rtol=1e-5, atol=0):
                found[is_accused(example, mutated)] += 1
        print(f"{mistake}: found {found[True]} of {found.total()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
