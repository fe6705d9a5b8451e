"""Sequences: tables read by indices, weights shared by positions, windows, attention; eager = tape."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Parameter, Value
from autograd.tape import Tape

pytestmark = pytest.mark.usefixtures("executor")

PRECISION = 1e-12
BATCHES = (1, 3, 8, 33)


class Network:
    """A random network over the positions of a sequence, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        chance = self.chance = Random(seed)
        self.seed, self.parameters = seed, []
        self.positions, self.rows, self.width = (
            chance.randint(1, 5),
            chance.randint(1, 5),
            chance.randint(1, 4),
        )
        self.table = self.matrix(self.rows, self.width)
        self.layers = [self.layer() for _ in range(chance.randint(1, 4))]

    def matrix(self, rows: int, columns: int) -> list[list[Parameter]]:
        made = [[Parameter(self.chance.uniform(-1, 1)) for _ in range(columns)] for _ in range(rows)]
        self.parameters += [p for row in made for p in row]
        return made

    def layer(self) -> tuple[str, int, list[list[Parameter]], list[list[Parameter]]]:
        kind = self.chance.choice(["dense", "window", "norm", "attention", "residual", "guarded", "tied"])
        reach = self.chance.randint(1, 3) if kind == "window" else 1
        bias = self.matrix(1, self.width) if self.chance.random() < 0.5 else []
        return kind, reach, self.matrix(self.width, self.width * reach), bias

    def sample(self, chance: Random) -> tuple[list[float], list[float]]:
        indices = [float(chance.randrange(self.rows)) for _ in range(self.positions)]
        return indices, [chance.uniform(-1, 1) for _ in range(self.positions * self.width)]

    def __call__(self, indices: Sequence[Value], x: Sequence[Value]) -> Value:
        chance, n = Random(self.seed), self.width
        table = self.table
        if chance.random() < 0.3:
            table = [[w.exp() for w in row] for row in table]
        row_of = [x[n * t : n * t + n] for t in range(self.positions)]
        rows = [autograd.lookup(i, table) for i in indices]
        if chance.random() < 0.7:
            rows = [
                [a + b for a, b in zip(row, more, strict=True)]
                for row, more in zip(rows, row_of, strict=True)
            ]
        for kind, reach, weights, bias in self.layers:
            before = rows
            match kind:
                case "window":
                    none = [autograd.Constant(0.0)] * n
                    padded = [*[none] * (reach - 1), *rows]
                    windows = [[v for row in padded[t : t + reach] for v in row] for t in range(len(rows))]
                    rows = [applied(weights, window, bias) for window in windows]
                case "norm":
                    scales = [(autograd.dot(row, row) / n + 0.1) ** -0.5 for row in rows]
                    rows = [[v * scale for v in row] for row, scale in zip(rows, scales, strict=True)]
                case "attention":
                    queries = [applied(weights, row, bias) for row in rows]
                    shares = [
                        autograd.softmax([autograd.dot(query, row) for row in rows[: t + 1]])
                        for t, query in enumerate(queries)
                    ]
                    rows = [
                        [autograd.dot(of, column) for column in zip(*rows[: len(of)], strict=True)]
                        for of in shares
                    ]
                case "tied":
                    rows = [[v.tanh() for v in applied(table, row, [])] for row in rows]
                    rows = [[row[k % len(row)] for k in range(n)] for row in rows]
                case _:
                    rows = [[v.relu() for v in applied(weights, row, bias)] for row in rows]
            if kind == "residual":
                rows = [
                    [a + b for a, b in zip(row, more, strict=True)]
                    for row, more in zip(rows, before, strict=True)
                ]
            if kind == "guarded":
                rows = [
                    [autograd.where(a > b, a, b * 0.5) for a, b in zip(row, more, strict=True)]
                    for row, more in zip(rows, before, strict=True)
                ]
        picked = autograd.lookup(indices[0], ([v for row in rows for v in row] * self.rows)[: self.rows])
        return picked + autograd.sum((v * v).tanh() for row in rows for v in row)


def added(row: Sequence[Value], more: Sequence[Value]) -> list[Value]:
    """The sum of two rows."""
    return [a + b for a, b in zip(row, more, strict=True)]


def applied(weights: list[list[Value]], row: list[Value], bias: list[list[Parameter]]) -> list[Value]:
    """One layer at one position."""
    return [autograd.dot(w, row, *[b[k] for b in bias]) for k, w in enumerate(weights)]


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(BATCHES))
def test_random_sequences_replay_to_the_eager_values_and_gradients(seed: int, batch: int) -> None:
    network, chance = Network(seed), Random(seed)
    samples = [network.sample(chance) for _ in range(batch)]
    data = [np.array(column) for column in zip(*samples, strict=True)]
    tape = Tape.record(network, *samples[0])
    values, slopes = tape.forward(*data), tape.input_gradients(*data)
    mean, found = tape.gradients(*data)
    leaves = [[*map(Value, indices), *map(Value, x)] for indices, x in samples]
    outputs = [network(row[: network.positions], row[network.positions :]) for row in leaves]
    eager = autograd.mean(outputs)
    eager.backward()
    assert values == pytest.approx([v.data for v in outputs], rel=PRECISION, abs=PRECISION)
    assert mean == pytest.approx(eager.data, rel=PRECISION, abs=PRECISION)
    wanted = [p.grad for p in tape.parameters]
    assert found == pytest.approx(wanted, rel=PRECISION, abs=PRECISION)
    numbers = [[(v.grad or 0.0) * batch for v in row] for row in leaves]
    assert np.hstack(slopes) == pytest.approx(np.array(numbers), rel=PRECISION, abs=PRECISION)


def test_lookups_in_a_uniform_table_copy_nothing_to_the_lanes() -> None:
    table = [[Parameter(1.0 * i + 0.1 * j) for j in range(3)] for i in range(50)]

    def total(i: Value, j: Value) -> Value:
        return autograd.sum([*autograd.lookup(i, table), *autograd.lookup(j, table)])

    tape = Tape.record(total, 0.0, 0.0)
    copied = [v for i in tape.instructions if i.op is None for v in i.values]
    assert not any(isinstance(v, Parameter) for v in copied)
    (lookups,) = [i for i in tape.instructions if i.op is autograd.ops.lookup]
    assert len(lookups.values) == 6
    mean, found = tape.gradients([0.0, 49.0, 7.0], [49.0, 49.0, 7.0])
    assert mean == pytest.approx((3 * (0.0 + 3 * 49 + 2 * 7) + 6 * 0.3) / 3)
    picked = dict(zip(tape.parameters, np.round(found * 3, 12).tolist(), strict=True))
    rows = [[picked[p] for p in table[i]] for i in (0, 1, 7, 49)]
    assert rows == [[1.0] * 3, [0.0] * 3, [2.0] * 3, [3.0] * 3]
