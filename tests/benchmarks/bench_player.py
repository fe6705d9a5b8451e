"""How long a graph's picture and its player take, how large the page is, and whether it plays smoothly.

Run it by itself, on a machine with nothing else to do; it prints a table, the last lines of which are
networks on one sample: 64-32-10, and three of 6,000 to 7,500 nodes, which are to be made in 5 s and opened
in 1 s::

    python tests/benchmarks/bench_player.py

A frame counts as dropped when it comes later than one and a half times the browser's own interval
after the one before.
"""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from autograd import Value, draw
from autograd.seeing.walk import Walk, walk
from nn import MLP, GRUCell, Layer, Module, Recurrent, Sequential, losses

SIZES = (10, 100, 1000)
RECENT = 12
"""From how many of the latest values an op takes its inputs."""

OPS: tuple[Callable[[Value, Value], Value], ...] = (
    lambda a, b: a * b,
    lambda a, b: a + b,
    lambda a, b: (a - b).tanh(),
)

FRAMES = """async () => {
  const next = document.getElementById("next");
  const times = [];
  const frame = () => new Promise(requestAnimationFrame);
  for (let i = 0; i < 30; i++) times.push(await frame());
  const idle = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b)[14];
  const gaps = [], work = [];
  let before = await frame();
  document.querySelector("[data-opens]")?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  while (!next.disabled && gaps.length < 1000) {
    const started = performance.now();
    next.click();
    work.push(performance.now() - started);
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  return { idle, gaps, work };
}"""


def graph(size: int) -> Value:
    """A graph of about this many Values in all, every one of which the output depends on."""
    chance = random.Random(0)
    values = [Value(chance.uniform(-1, 1), f"x{i + 1}") for i in range(max(2, size // 10))]
    loose = list(values)
    while len(values) + len(loose) < size:
        a = loose.pop(0) if len(loose) > 1 else values[-1]
        b = chance.choice(values[-RECENT:])
        made = chance.choice(OPS)(a, b)
        values.append(made)
        loose.append(made)
    total = loose.pop()
    for v in loose:
        total = total + v
    return total


def network(*sizes: int) -> Value:
    """The loss of a network on one sample."""
    chance = random.Random(0)
    model = MLP(sizes[0], list(sizes[1:]), activation="tanh", seed=0)
    outputs = model([chance.random() for _ in range(sizes[0])])
    assert isinstance(outputs, list)
    return losses.cross_entropy(outputs, 3)


class Block(Module):
    """Two layers, and a way around them."""

    def __init__(self, n: int) -> None:
        self.inner, self.outer = Layer(n, n, "tanh", seed=0), Layer(n, n, "linear", seed=1)

    def forward(self, x: list[Value]) -> list[Value]:
        return [a + b for a, b in zip(x, self.outer(self.inner(x)), strict=True)]


def residual(blocks: int, n: int) -> Value:
    """The loss of a residual network on one sample."""
    model = Sequential(Layer(8, n, "tanh", seed=0), *(Block(n) for _ in range(blocks)), Layer(n, 1, seed=1))
    return losses.mse(model([0.1 * i for i in range(8)]), 0.0)


def gru(steps: int, n: int) -> Value:
    """The loss of a gated recurrent unit on one sequence."""
    model = Recurrent(GRUCell(1, n, seed=0), 1, seed=1)
    return losses.mse(model([0.1 * i for i in range(steps)]), 0.0)


def timed(what: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """The median of so many runs, in seconds, and what the last one gave."""
    seconds = []
    for _ in range(times):
        start = perf_counter()
        result = what()
        seconds.append(perf_counter() - start)
    return statistics.median(seconds), result


def frames(html: str) -> dict[str, Any]:
    """The first 1,000 steps taken one a frame, in an opened part where there are several.

    Gives the browser's own interval, that of each step, and the time its script took, in ms.
    """
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        sheet = browser.new_page(viewport={"width": 1200, "height": 750})
        file = Path(folder) / "walk.html"
        file.write_text(html, encoding="utf-8")
        start = perf_counter()
        sheet.goto(file.as_uri())
        sheet.wait_for_selector("html[data-ready]", state="attached")
        opened = perf_counter() - start
        found: dict[str, Any] = sheet.evaluate(FRAMES)
        browser.close()
    return found | {"opened": opened}


def drawn(steps: Walk) -> str:
    """Seconds to the picture of the whole graph as SVG; a dash where `draw` says that it is too large."""
    try:
        return f"{timed(lambda: draw(steps.output).pipe(encoding='utf-8'), 1)[0]:.2f}"
    except ValueError:
        return "–"


def main() -> None:
    print("nodes  steps   drawn s  page s  opens s    kB  frame ms  step ms  95 %  max  dropped")
    networks = network(64, 32, 10), network(64, 64, 32, 10), residual(12, 16), gru(12, 24)
    for output in (*map(graph, SIZES), *networks):
        seconds, (steps, html) = timed(lambda output=output: ((made := walk(output)), made.html()))
        seen = frames(html)
        late = sum(gap > 1.5 * seen["idle"] for gap in seen["gaps"])
        work = sorted(seen["work"])
        print(
            f"{len(steps.trace.nodes):5}  {len(steps):5}  {drawn(steps):>8}  {seconds:6.2f}  "
            f"{seen['opened']:7.2f}  {len(html.encode()) / 1000:4.0f}  {seen['idle']:8.1f}  "
            f"{statistics.median(work):7.1f}  {work[int(0.95 * len(work))]:4.1f}  {work[-1]:3.0f}  "
            f"{late} of {len(seen['gaps'])}",
            flush=True,
        )


if __name__ == "__main__":
    main()
