"""Whole graphs in other languages, compiled or run: the value and the gradient that the engine has."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from autograd import Constant, Value
from autograd.core.primitive import TABLE, Op
from autograd.functions import logsumexp, where
from autograd.source import source
from autograd.source.program import Graph
from autograd.tape import Tape
from autograd.value import apply
from nn import MLP
from nn.losses import cross_entropy
from tests.autograd.seeing.pages.player.touched import drawn
from tests.autograd.source.corners import agrees, inputs_of
from tests.autograd.source.running import Run, by_the_engine, compiled, every_language

np = pytest.importorskip("numpy")


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


def test_a_tape_is_written_with_its_inputs_first(tmp_path: Path) -> None:
    w = Value(3.0, "w")
    tape = Tape.record(lambda x, y: (w * x - y) ** 2, 1.0, 2.0)
    assert "/* x, gradient: x, y, w */" in source(tape, "c")
    (program,) = compiled([source(tape, "c")], tmp_path)
    assert program([2.0, 5.0, 3.0]) == [1.0, 6.0, -2.0, 4.0]


def test_numpy_takes_many_samples_at_once() -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    graph = Graph.of(where(a > b, logsumexp([a, b, a, b, a, b, a]), a * b) + a)
    space: dict[str, Any] = {}
    exec(source(graph.output, "numpy"), space)
    x = np.array([[0.5, -1.0, 2.0], [0.25, 3.0, -2.0]])[[graph.names.index(name) for name in "ab"]]
    y, gradient = space["value_and_gradient"](x)
    for k in range(3):
        found = [float(y[k]), *map(float, gradient[:, k])]
        assert all(map(agrees, found, by_the_engine(graph, x[:, k].tolist())))


def test_a_network_is_written_as_loops_over_its_weights() -> None:
    x = [Value(0.1, f"x{i + 1}") for i in range(64)]
    loss = cross_entropy(MLP(64, [32, 10], seed=0)(x), 3)
    text = source(loss, "c")
    assert text.count("for (int k = 0; k < 64; k++) g[") == 64
    assert len(text) < 100_000


@pytest.mark.parametrize("language", ["c", "numpy", "javascript", "latex"])
def test_an_op_that_cannot_be_written_is_named(language: str) -> None:
    mine = Op("mine", "m", lambda m: (lambda a: float(str(float(a))), lambda a, y: 1.0))
    with pytest.raises(NotImplementedError, match="'mine'"):
        source(apply(mine, (Value(1.0),)), language)


def test_what_cannot_be_written_is_refused() -> None:
    x = Value(1.0, "x")
    with pytest.raises(ValueError, match="did you mean 'javascript'"):
        source(x, "JavaScript2")
    with pytest.raises(TypeError, match=r"a Value or a tape; got 3\.0"):
        source(3.0, "c")
    with pytest.raises(ValueError, match="this tape has 2"):
        source(Tape.record(lambda x: [x, x * x], 1.0), "c")
    with pytest.raises(ValueError, match="is a constant"):
        source(Constant(2.0), "c")


def test_a_label_ends_no_comment() -> None:
    text = source(Value(1.0, "*/ int main() { return 1; } //") * 2.0, "c")
    assert "main()" not in text


# ------------------------------------------------------------------------------------------ LaTeX


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_every_op_is_written_as_mathematics(op: Op) -> None:
    text = source(graph_of(op, op.arity or 3).output, "latex")
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right") - text.count(r"\rightarrow")
    assert text.count(r"\begin{cases}") == text.count(r"\end{cases}")


def test_mathematics_reads_as_in_a_textbook() -> None:
    w, x = Value(2.0, "w11^2"), Value(-3.0, "x")
    L = ((w * x).tanh() - 1.0) ** 2
    L.label = "L"
    text = source(L, "latex")
    for line in (
        r"v_{1} &= w_{11}^{(2)} x \\",
        r"v_{2} &= \tanh\left(v_{1}\right) \\",
        r"L &= v_{3}^{2} \\",
        r"&= \frac{\partial L}{\partial v_{2}} \left(1 - v_{2}^{2}\right) \\",
        r"\frac{\partial L}{\partial x} &= \frac{\partial L}{\partial v_{1}} w_{11}^{(2)}",
    ):
        assert line in text, text
