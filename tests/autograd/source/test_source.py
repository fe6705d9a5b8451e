"""Whole graphs in other languages, compiled or run: the value and the gradient that the engine has."""

from __future__ import annotations

import ctypes
import random
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from autograd import Value
from autograd.core.primitive import TABLE, Op
from autograd.graph import topological_order
from autograd.reverse import upstreams
from autograd.seeing.facts.replay import recomputed
from autograd.source import source
from autograd.source.program import Graph
from autograd.value import apply
from tests.autograd.seeing.pages.player.touched import drawn
from tests.autograd.source.corners import agrees, inputs_of

np = pytest.importorskip("numpy")
Run = Callable[[str, list[list[float]]], list[list[float | None]]]
Program = Callable[[Sequence[float]], list[float]]
"""Takes the numbers of the leaves; returns the value, then the gradients."""


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
    for i, text in enumerate(texts):
        (folder / f"p{i}.c").write_text(text.replace("value_and_gradient", f"program{i}"))
    sources = [f"p{i}.c" for i in range(len(texts))]
    command = ["cc", "-O2", "-Wall", "-Werror", "-Wno-unused-function", "-shared", "-fPIC"]
    subprocess.run([*command, "-o", "p.so", *sources, "-lm"], cwd=folder, check=True)
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


def every_language(cases: Sequence[tuple[Graph, list[list[float]]]], folder: Path, javascript: Run) -> None:
    """Holds the programs of graphs in every language to the engine, on rows of numbers."""
    in_c = compiled([source(graph.output, "c") for graph, _ in cases], folder)
    for (graph, rows), c in zip(cases, in_c, strict=True):
        wanted = [by_the_engine(graph, row) for row in rows]
        numpy = in_numpy(source(graph.output, "numpy"))
        scripted = javascript(f"{source(graph.output, 'javascript')}\n{IN_JAVASCRIPT}", rows)
        for row, right, js in zip(rows, wanted, scripted, strict=True):
            for name, found in (("c", c(row)), ("numpy", numpy(row)), ("javascript", js)):
                assert all(map(agrees, found, right)), (name, graph.output, row, found, right)


def graph_of(op: Op, count: int) -> Graph:
    return Graph.of(apply(op, tuple(Value(0.5, f"x{i}") for i in range(count))))


def test_every_op_round_trips_over_its_domain_and_at_its_corners(tmp_path: Path, javascript: Run) -> None:
    cases = []
    for op in TABLE.values():
        for count in (2, 7) if op.variadic else (op.arity or 0,):
            graph = graph_of(op, count)
            cases.append((graph, list(inputs_of(op, count))[:: 3 if count > 2 else 1]))
    every_language(cases, tmp_path, javascript)


def test_graphs_of_many_ops_round_trip(tmp_path: Path, javascript: Run) -> None:
    chance = random.Random(3)
    cases = []
    while len(cases) < 40:
        y, _ = drawn(chance)
        if y.role != "constant":
            graph = Graph.of(y)
            rows = [[chance.uniform(-3, 3) for _ in graph.leaves] for _ in range(5)]
            cases.append((graph, [*rows, [0.0] * len(graph.leaves)]))
    every_language(cases, tmp_path, javascript)
