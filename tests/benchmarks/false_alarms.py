"""Is anything right ever accused?  `gradcheck` of random expressions, every one of them correct.

    python -m tests.benchmarks.false_alarms [EXPRESSIONS] [PROCESSES]

Three quarters of them keep off the kinks, the others seek them.  Prints what was found, and first how
many expressions the strategy alone draws in a second.  Ends with 1 if there was a false alarm.
"""

from __future__ import annotations

import sys
from collections import Counter
from multiprocessing import Pool
from time import perf_counter

from hypothesis import HealthCheck, Phase, given, seed, settings

from autograd.testing import GradientError, gradcheck
from autograd.testing.strategies import Recipe, recipes

EXPRESSIONS = 1000
PORTION = 250


def each(count: int) -> settings:
    """Only drawing: nothing is shrunk, replayed or complained of."""
    return settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def checked(task: tuple[int, int]) -> tuple[Counter[str], list[str]]:
    """The verdicts on so many expressions, and those that were accused."""
    number, count = task
    verdicts: Counter[str] = Counter()
    accused: list[str] = []

    @seed(number)
    @each(count)
    @given(recipes(kinks=number % 4 == 3))
    def check(recipe: Recipe) -> None:
        verdicts["expressions"] += 1
        try:
            certificate = gradcheck(recipe, recipe.numbers)
        except GradientError as error:
            accused.append(f"{recipe}\n{error}")
            return
        verdicts.update(v.verdict for v in certificate.verdicts)

    check()
    return verdicts, accused


def drawn_in_a_second(count: int = 2000) -> float:
    """How many expressions the strategy draws in a second, nothing being done with them."""

    @seed(0)
    @each(count)
    @given(recipes())
    def draw(recipe: Recipe) -> None:
        pass

    start = perf_counter()
    draw()
    return count / (perf_counter() - start)


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else EXPRESSIONS
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    print(f"drawn in a second, by one process: {drawn_in_a_second():.0f} expressions", flush=True)
    tasks = [(k, min(PORTION, wanted - done)) for k, done in enumerate(range(0, wanted, PORTION))]
    total: Counter[str] = Counter()
    alarms: list[str] = []
    start = perf_counter()
    with Pool(processes) as pool:
        for verdicts, accused in pool.imap_unordered(checked, tasks):
            total += verdicts
            alarms += accused
            if accused:
                print("\n\n".join(accused), flush=True)
            told = f"{total['expressions']:,} checked, {len(alarms)} false alarms"
            print(told, file=sys.stderr, flush=True)
    count = total.pop("expressions")
    print(f"checked: {count:,} expressions in {perf_counter() - start:.0f} s")
    for verdict, inputs in total.most_common():
        print(f"  {verdict:<24}{inputs:>9,} inputs")
    print(f"false alarms: {len(alarms)}")
    sys.exit(bool(alarms))


if __name__ == "__main__":
    main()
