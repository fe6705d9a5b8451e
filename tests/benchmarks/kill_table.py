"""The test of the checkers: every mistake in a partial, and every broken engine, and what finds it.

    python -m tests.benchmarks.kill_table [OP ...]

A mutant is the table of ops with one mistake in it (see `tests.mutants`).  `check_op` is told the op
and nothing else; `gradcheck` sees a function that uses the op, at the first example that shows the
mistake, and `check_engine` an engine in micrograd's form that has the op; both have to accuse that op
and no other.  Ends with 1 if anything survives.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from autograd import Value
from autograd.core.primitive import TABLE
from autograd.mistakes import ENGINES, Engine, gradients_of
from autograd.testing import GradientError, gradcheck
from tests.mutants import (
    KINDS,
    Mutant,
    all_mutants,
    is_found_by_check_engine,
    is_found_by_check_op,
    is_found_by_gradcheck,
)

FINDERS: dict[str, Callable[[Mutant], bool]] = {
    "check_op": is_found_by_check_op,
    "gradcheck": is_found_by_gradcheck,
    "check_engine": is_found_by_check_engine,
}
BROKEN = [name for name in ENGINES if name != "right"]


def is_engine_found(name: str) -> bool:
    """Whether `gradcheck` finds a broken engine on a graph of five Values, and blames no op."""

    def function(x: Value, y: Value) -> Value:
        h = x * y
        return h * (h + y)

    try:
        gradcheck(function, (2.0, 3.0), reverse=partial(_gradients, ENGINES[name]))
    except GradientError as error:
        return error.certificate is not None and all(v.op == "" for v in error.certificate.wrong)
    return False


def _gradients(engine: Engine, output: Value, wrt: Sequence[Value]) -> list[float]:
    found = gradients_of(engine, output)
    return [found.get(v, 0.0) for v in wrt]


def table(head: str, made: Counter[str], found: dict[str, Counter[str]], rows: Iterable[str]) -> str:
    """Lines of made and found mutants, and their sum."""
    lines = [f"{head:<28}{'made':>6}" + "".join(f"{name:>14}" for name in found)]
    for row in [*(row for row in rows if made[row]), "all"]:
        counts = [sum(c.values()) if row == "all" else c[row] for c in (made, *found.values())]
        lines.append(f"{row:<28}{counts[0]:>6}" + "".join(f"{count:>14}" for count in counts[1:]))
    return "\n".join(lines)


def main() -> None:
    mutants, without_effect = all_mutants()
    wanted = sys.argv[1:] or list(TABLE)
    wrong = [m for m in mutants if m.op.name in wanted and not m.allowed]
    survivors = []
    found = {name: [m for m in wrong if is_found(m)] for name, is_found in FINDERS.items()}
    for name, killed in found.items():
        survivors += [f"{name} does not find {m} at {m.example}" for m in wrong if m not in killed]
    for head, rows, key in [
        ("mistake", KINDS, lambda m: m.kind),
        ("op", TABLE, lambda m: m.op.name),
    ]:
        counts = {name: Counter(map(key, killed)) for name, killed in found.items()}
        print(table(head, Counter(map(key, wrong)), counts, rows), end="\n\n")
    print(f"mistakes that change nothing, or only the choice between subgradients on a kink: "
          f"{without_effect + sum(m.allowed for m in mutants)}\n")  # fmt: skip
    for name in BROKEN:
        print(f"{'engine: ' + name:<28}{1:>6}{'':>14}{int(is_engine_found(name)):>14}")
        survivors += [] if is_engine_found(name) else [f"gradcheck does not find the engine {name}"]
    print("", *survivors or ["nothing survives"], sep="\n")
    sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
