"""Dots that share their numbers are computed in tiles, and give what each of them gives."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Parameter, Value
from autograd.functions import dot
from autograd.tape import Tape, compiler
from autograd.tape.program import TILES
from tests.thorough import ALL

TERMS = 5
Rows = list[list[Value]]


def every_query_on_every_key(queries: Rows, keys: Rows) -> list[Value]:
    return [dot(q, k) for q in queries for k in keys]


def each_on_those_before(queries: Rows, keys: Rows) -> list[Value]:
    return [dot(q, k) for t, q in enumerate(queries) for k in keys[: t + 1]]


def shares_of_what_came_before(queries: Rows, keys: Rows) -> list[Value]:
    shares = [[dot(q, k).tanh() for k in keys[: t + 1]] for t, q in enumerate(queries)]
    columns = list(zip(*keys, strict=True))
    return [dot(s, list(column[: len(s)])) for s in shares for column in columns]


def every_row_on_every_row(queries: Rows, keys: Rows) -> list[Value]:
    return [dot(a, b) for a in queries for b in queries]


def some_keys_without_a_gradient(queries: Rows, keys: Rows) -> list[Value]:
    fixed = [[v if s % 2 else autograd.where(v > 0.0, 1.0, 0.5) for v in k] for s, k in enumerate(keys)]
    return every_query_on_every_key(queries, fixed)


def behind_a_branch(queries: Rows, keys: Rows) -> list[Value]:
    found = every_query_on_every_key(queries, keys)
    return [autograd.where(queries[0][0] > 0.0, v, 0.5) for v in found]


SHAPES = [
    every_query_on_every_key,
    each_on_those_before,
    shares_of_what_came_before,
    every_row_on_every_row,
    some_keys_without_a_gradient,
    behind_a_branch,
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("positions", "samples"),
    product([3, 9, 16], [1, 5, 17, 40]) if ALL else [(3, 40), (9, 17), (16, 1), (16, 5), (16, 17)],
)
def test_tiles_give_what_each_dot_gives(
    executor: str, shape: Callable[[Rows, Rows], list[Value]], positions: int, samples: int
) -> None:
    w, u = [[Parameter(0.1 * j + 0.3 * i - 0.5) for j in range(TERMS)] for i in range(2)]

    def cost(x: Rows) -> Value:
        queries = [[a * v for a, v in zip(w, row, strict=True)] for row in x]
        keys = [[a + v for a, v in zip(u, row, strict=True)] for row in x]
        return autograd.sum(v.tanh() for v in shape(queries, keys))

    X = np.random.default_rng(0).normal(size=(samples, positions, TERMS))
    tape = Tape.record(cost, X[0])
    eager = autograd.mean([cost([[Value(v) for v in row] for row in x]) for x in X.tolist()])
    eager.backward()
    mean, found = tape.gradients(X)
    assert mean == pytest.approx(eager.data, rel=1e-12, abs=1e-12)
    assert found == pytest.approx([p.grad for p in tape.parameters], rel=1e-12, abs=1e-12)
    slopes = tape.input_gradients(X)
    one_by_one = np.concatenate([tape.input_gradients(x[None]) for x in X])
    assert slopes == pytest.approx(one_by_one, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("shape", SHAPES[:4])
def test_dots_of_sixteen_positions_are_in_tiles(shape: Callable[..., list[Value]]) -> None:
    if compiler.missing():
        pytest.skip("NumPy has no tiles")

    def cost(x: Rows, y: Rows) -> Value:
        return autograd.sum(
            shape([[v * 2.0 for v in row] for row in x], [[v * 3.0 for v in row] for row in y])
        )

    sample = np.ones((16, TERMS))
    replayer: Any = Tape.record(cost, sample, sample).replayer()
    assert TILES in replayer._steps.reshape(-1, 6)[:, 0]
