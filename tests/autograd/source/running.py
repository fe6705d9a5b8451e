"""Programs in other languages, compiled or run, beside the engine."""

from __future__ import annotations

import ctypes
import json
import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd.graph import topological_order
from autograd.pure_reverse import upstreams
from autograd.seeing.facts.replay import recomputed
from autograd.source import source
from autograd.source.program import Graph
from tests.autograd.source.corners import WITHIN, off

Case = tuple[Graph, list[list[float]]]
"""A graph, and rows of numbers for its leaves."""
Run = Callable[[str, list[list[float]]], list[list[float | None]]]
Program = Callable[[Sequence[float]], list[float]]
"""Takes the numbers of the leaves; returns the value, then the gradients."""
LARGE = 50_000
"""A C program of more characters is compiled as it stands: optimising the largest takes minutes."""


def by_the_engine(graph: Graph, x: Sequence[float]) -> list[float]:
    copies = recomputed(topological_order(graph.output), dict(zip(graph.leaves, x, strict=True)))
    output = copies[graph.output]
    if output.role == "constant":
        return [output.data, *[0.0] * len(x)]
    gradients = upstreams(output)
    return [output.data, *[gradients.get(copies.get(v), 0.0) for v in graph.leaves]]


def compiled(texts: Sequence[str], folder: Path) -> list[Program]:
    """C programs, in one library."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    folder = Path(tempfile.mkdtemp(dir=folder))  # a library of the same path would not be loaded anew
    for i, text in enumerate(texts):
        (folder / f"p{i}.c").write_text(text.replace("value_and_gradient", f"program{i}"))
    for i, text in enumerate(texts):
        optimised = "-O2" if len(text) <= LARGE else "-O0"
        command = ["cc", optimised, "-Wall", "-Werror", "-Wno-unused-function", "-fPIC", "-c", f"p{i}.c"]
        subprocess.run(command, cwd=folder, check=True)
    objects = [f"p{i}.o" for i in range(len(texts))]
    subprocess.run(["cc", "-shared", "-o", "p.so", *objects, "-lm"], cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "p.so"))

    def program(i: int) -> Program:
        function = library[f"program{i}"]
        function.restype = ctypes.c_double

        def run(x: Sequence[float]) -> list[float]:
            gradient = (ctypes.c_double * len(x))()
            return [function((ctypes.c_double * len(x))(*x), gradient), *gradient]

        return run

    return [program(i) for i in range(len(texts))]


def in_numpy(text: str) -> Program:
    space: dict[str, Any] = {}
    exec(text, space)

    def run(x: Sequence[float]) -> list[float]:
        y, gradient = space["value_and_gradient"](np.array(x))
        return [float(y), *map(float, gradient)]

    return run


IN_JAVASCRIPT = "return (x) => { const [y, gradient] = valueAndGradient(x); return [y, ...gradient]; }"


def errors(cases: Sequence[Case], folder: Path, javascript: Run | None) -> list[dict[str, float]]:
    """Of each graph, by how much its program in each language is wrong at most, see `off`."""
    in_c = compiled([source(graph.output, "c") for graph, _ in cases], folder)
    found = []
    for (graph, rows), c in zip(cases, in_c, strict=True):
        numpy = in_numpy(source(graph.output, "numpy"))
        told: dict[str, Any] = {"C": map(c, rows), "NumPy": map(numpy, rows)}
        if javascript is not None:
            told["JavaScript"] = javascript(f"{source(graph.output, 'javascript')}\n{IN_JAVASCRIPT}", rows)
        wanted = [by_the_engine(graph, row) for row in rows]
        alone = len(graph.nodes) == len(rows[0]) + 1
        scales = [0.0 if alone else max(map(abs, right)) for right in wanted]
        found.append({
            language: max(
                off(a, b, scale)
                for row, right, scale in zip(numbers, wanted, scales, strict=True)
                for a, b in zip(row, right, strict=True)
            )
            for language, numbers in told.items()
        })  # fmt: skip
    return found


def every_language(cases: Sequence[Case], folder: Path, javascript: Run) -> None:
    """Hold the programs of graphs in every language to the engine, on rows of numbers."""
    for (graph, _), found in zip(cases, errors(cases, folder, javascript), strict=True):
        assert max(found.values()) <= WITHIN, (graph.output, found)


RUN = """(sent) => {
  const [script, rows] = JSON.parse(sent);
  const exact = (x) => (typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x);
  const word = (x) => String(x).replace("Infinity", "inf").toLowerCase();
  const said = (x) => (x === null || Number.isFinite(x) ? x : word(x));
  const run = new Function(script)();
  return JSON.stringify(rows.map((row) => run(row.map(exact)).map(said)));
}"""


@contextmanager
def scripts(browser: Any) -> Iterator[Run]:
    """A function that runs a script, which returns a function of numbers, on rows of numbers."""
    sheet = browser.new_page()

    def run(script: str, rows: list[list[float]]) -> list[list[float | None]]:
        sent = [[x if math.isfinite(x) else str(x) for x in row] for row in rows]
        found = json.loads(sheet.evaluate(RUN, json.dumps([script, sent])))  # Playwright walks lists
        return [[x if x is None else float(x) for x in row] for row in found]

    yield run
    sheet.close()
