"""Gradient paths and galleries of whole networks: ``python -m tests.benchmarks.bench_paths``.

Every time is the median of a few runs in one process, the network's forward pass not counted:

* routes counted exactly, and the ten strongest found, for a weight of the first layer; the bar is
  a second for 64-64-64-64-10;
* the ledger of these routes as text;
* the gallery of every weight: its numbers, its page, and how large the page is.

The forward pass is that of ``nn.MLP`` with tanh and a cross-entropy over the outputs, on one sample.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from autograd import Value, gallery, gradient_path, softmax
from nn import MLP

BAR = 1.0
RUNS = 5
PATHS = ((4, 4, 3, 3, 1), (64, 32, 10), (64, 64, 64, 64, 10), (784, 128, 10))
GALLERIES = ((4, 4, 3, 3, 1), (64, 32, 10), (64, 64, 64, 64, 10))


def network(sizes: tuple[int, ...]) -> tuple[MLP, Value]:
    """A network and its loss on one random sample."""
    chance = random.Random(0)
    model = MLP(sizes[0], sizes[1:], activation="tanh", seed=0)
    outputs = model([chance.gauss(0, 1) for _ in range(sizes[0])])
    loss = (outputs - 1.0) ** 2 if isinstance(outputs, Value) else -softmax(outputs)[0].log()
    loss.label = "L"
    return model, loss


def seconds(work: Callable[[], Any]) -> float:
    """The median time of a few runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def path_row(sizes: tuple[int, ...]) -> dict[str, Any]:
    model, loss = network(sizes)
    weight = model.layers[0].neurons[0].w[0]
    path = gradient_path(loss, weight)
    return {
        "network": "-".join(map(str, sizes)),
        "weights": len(model.parameters()),
        "routes": path.count,
        "count and top 10 [s]": seconds(lambda: gradient_path(loss, weight).routes(10)),
        "ledger [s]": seconds(lambda: str(gradient_path(loss, weight).ledger(10))),
    }


def gallery_row(sizes: tuple[int, ...]) -> dict[str, Any]:
    model, loss = network(sizes)
    made = gallery(loss)
    return {
        "network": "-".join(map(str, sizes)),
        "weights": len(model.parameters()),
        "cards": len(made.cards),
        "numbers [s]": seconds(lambda: gallery(loss)),
        "page [s]": seconds(made.html),
        "page [kB]": len(made.html().encode()) / 1000,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as text, numbers in three digits."""
    cells = [list(rows[0])] + [[_cell(x) for x in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in cells)


def _cell(x: Any) -> str:
    return (
        f"{x:.3g}" if isinstance(x, float) and x < 1000 else f"{x:,.0f}" if isinstance(x, float) else str(x)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    wanted = parser.parse_args()
    paths, galleries = list(map(path_row, PATHS)), list(map(gallery_row, GALLERIES))
    if wanted.json:
        print(json.dumps({"paths": paths, "galleries": galleries}))
        return
    print(table(paths), table(galleries), sep="\n\n")
    barred = next(row for row in paths if row["network"] == "64-64-64-64-10")
    met = "met" if barred["count and top 10 [s]"] < BAR else "missed"
    print(f"\nbar: count and top 10 for 64-64-64-64-10 in under {BAR:g} s: {met}")


if __name__ == "__main__":
    main()
