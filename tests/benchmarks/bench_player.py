"""How long a graph's picture and its player take, how large the page is, and whether it plays smoothly.

Run it by itself, on a machine with nothing else to do; it prints a table, the last lines of which are
networks on one sample: 64-32-10, and three of 6,000 to 7,500 nodes, which are to be made in 5 s and opened
in 1 s::

    python -m tests.benchmarks.bench_player

It plays at its fastest, in an opened part where there are several.  A frame counts as late when it comes
more than one and a half times the browser's own interval after the one before.

With "touch" behind it, it tells how long it takes from a number's touch until all that is in view is drawn,
with the fold of the numbers open alone, and with every fold.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from autograd import Value, draw
from autograd.seeing.walk import Walk, walk
from nn import MLP, GRUCell, Layer, Module, Recurrent, Sequential, losses
from tests.browsers import chromium

SIZES = (10, 100, 1000)
RECENT = 12
"""From how many of the latest values an op takes its inputs."""

OPS: tuple[Callable[[Value, Value], Value], ...] = (
    lambda a, b: a * b,
    lambda a, b: a + b,
    lambda a, b: (a - b).tanh(),
)

FRAMES = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const [play, speed, place] = ["play", "speed", "place"].map((id) => document.getElementById(id));
  document.querySelector("[data-opens]")?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  const times = [];
  for (let i = 0; i < 60; i++) times.push(await frame());
  const between = (times) => times.slice(1).map((t, i) => t - times[i]);
  const idle = between(times).sort((a, b) => a - b)[29];
  speed.value = 0;
  play.click();
  const played = [await frame()];
  while (play.getAttribute("aria-pressed") === "true" && played.length <= 1000) played.push(await frame());
  return { idle, gaps: between(played), steps: Number(place.value) };
}"""

TOUCHES = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const drawn = () => new Promise((done) => {
    const channel = new MessageChannel(); // heard of when the frame is drawn
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  });
  const slider = document.querySelector(".leaf input[type=range]");
  const [low, high] = [slider.min, slider.max].map(Number);
  const times = [];
  for (let i = 0; i < 40; i++) {
    slider.value = low + ((high - low) * (i % 17)) / 17;
    await frame(), await drawn();
    const start = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await frame(), await drawn();
    times.push(performance.now() - start);
  }
  return times;
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


@contextmanager
def opened(html: str) -> Iterator[tuple[Any, float]]:
    """Open a page, and tell how many seconds that took."""
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        sheet = browser.new_page(viewport={"width": 1200, "height": 750})
        file = Path(folder) / "walk.html"
        file.write_text(html, encoding="utf-8")
        start = perf_counter()
        sheet.goto(file.as_uri())
        sheet.wait_for_selector("html[data-ready]", state="attached")
        yield sheet, perf_counter() - start


def frames(html: str) -> dict[str, Any]:
    """Return the seconds that a page takes to open, the browser's own interval, and those in play, in ms."""
    with opened(html) as (sheet, seconds):
        return {"opened": seconds, **sheet.evaluate(FRAMES)}


def touches(html: str, folds: str) -> list[float]:
    """Return the ms from each touch of a number to the end of its frame, where these folds are open."""
    with opened(html) as (sheet, _):
        sheet.locator(folds).evaluate_all("folds => folds.forEach((fold) => { fold.open = true; })")
        sheet.click("#last")
        times: list[float] = sheet.evaluate(TOUCHES)
    return sorted(times)


def drawn(steps: Walk) -> str:
    """Seconds to the picture of the whole graph as SVG; a dash where `draw` says that it is too large."""
    try:
        return f"{timed(lambda: draw(steps.output).pipe(encoding='utf-8'), 1)[0]:.2f}"
    except ValueError:
        return "–"


def main() -> None:
    if "touch" in sys.argv:
        for output in graph(1000), network(64, 32, 10):
            html = walk(output).html()
            for folds in "#what-if", "details":
                times = touches(html, folds)
                print(
                    f"{folds:8}  best {times[0]:3.0f}  median {statistics.median(times):3.0f} ms", flush=True
                )
        return
    print("nodes  steps   drawn s  page s  opens s    kB  frame ms  median  95 %  max  late")
    networks = network(64, 32, 10), network(64, 64, 32, 10), residual(12, 16), gru(12, 24)
    for output in (*map(graph, SIZES), *networks):
        seconds, (steps, html) = timed(lambda output=output: ((made := walk(output)), made.html()))
        seen = frames(html)
        late = sum(gap > 1.5 * seen["idle"] for gap in seen["gaps"])
        gaps = sorted(seen["gaps"])
        print(
            f"{len(steps.trace.nodes):5}  {len(steps):5}  {drawn(steps):>8}  {seconds:6.2f}  "
            f"{seen['opened']:7.2f}  {len(html.encode()) / 1000:4.0f}  {seen['idle']:8.1f}  "
            f"{statistics.median(gaps):6.1f}  {gaps[int(0.95 * len(gaps))]:4.0f}  {gaps[-1]:3.0f}  "
            f"{late} of {len(gaps)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
