"""What is the first to be sent to a row sets it; what starts as −0 needs no such mark."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from autograd import Parameter, Value, dot, logsumexp, lookup, mean, where
from autograd.tape import Tape
from autograd.tape.program import AFFINE, OP, unpack
from autograd.tape.schedule import Schedule
from nn import MLP, Transformer, losses


def sent(plan: Schedule) -> Iterator[tuple[list[int], bool]]:
    """Yield the rows that each edge sends to, in the order of the reverse pass, and whether it sets them."""
    program = unpack(plan.varying)
    for kind, start, end, which, _, sends in program.steps[::-1].tolist():
        if kind == OP and sends:
            for i in range(start, end):
                need = int(program.need[i])
                if plan.kernels[which][0].variadic:
                    places = range(program.ptr[i], program.ptr[i + 1]) if need else ()
                    edges = [(program.lists[k], program.need_list[k]) for k in places]
                    yield from (([int(row)], flag > 1) for row, flag in edges if flag)
                else:
                    edges = [(program.args[i, j], need >> j) for j in range(3)]
                    yield from (([int(row)], flag & 8 > 0) for row, flag in edges if flag & 1)
        if kind == AFFINE and sends:
            affine = program.affine[which].tolist()
            for row, _, length, need, _ in program.segments[affine[5] : affine[6]].tolist():
                if need:
                    yield list(range(row, row + length * affine[10])), need > 1


MODEL, WEIGHT = Transformer.microgpt(5, seed=random.Random(0)), Parameter(0.5)


def gpt(tokens: list[Value], targets: list[Value]) -> Value:
    return mean(map(losses.cross_entropy, MODEL(tokens), targets))


def wired(a: Value, b: Value, c: Value) -> Value:
    """Every kind of step, rows that are used twice, and a branch."""
    a, b = a * WEIGHT, b - WEIGHT
    square = dot([a, a, b], [a, b, b])
    picked = lookup(c.round(), [square, a * b, a])
    return logsumexp([square, picked, square * picked, where(a > b, a, b)]) ** 2 + (a + a) * square


def apart(a: Value, b: Value) -> list[Value]:
    """Outputs that depend on inputs of their own."""
    return [(a * WEIGHT).exp(), (b * WEIGHT).tanh()]


CASES: dict[str, tuple[Any, list[Any]]] = {
    "gpt": (gpt, [[1, 2, 0], [2, 0, 4]]),
    "mlp": (MLP(3, [8, 8, 1], seed=0), [[0.1, 0.2, 0.3]]),
    "wired": (wired, [0.3, 0.7, 1.0]),
    "apart": (apart, [0.3, 0.7]),
}


@pytest.mark.parametrize("inputs", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_a_row_is_set_by_the_first_that_is_sent_to_it_or_starts_as_nothing(name: str, inputs: bool) -> None:
    function, sample = CASES[name]
    plan = Tape.record(function, *sample).replayer(inputs_gradient=inputs).plan
    begun = {
        row for first, count in unpack(plan.varying).unsent.tolist() for row in range(first, first + count)
    }
    found = list(sent(plan))
    assert found
    for rows, sets in found:
        if sets:
            assert not begun.intersection(rows)
            begun.update(rows)
        assert begun.issuperset(rows)


@pytest.mark.parametrize("lanes", [1, 2, 40])
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_read_that_an_earlier_replay_left(name: str, lanes: int) -> None:
    function, sample = CASES[name]
    tape = Tape.record(function, *sample)
    X = tape.samples(*[np.array([part] * lanes) for part in sample])
    for output, inputs in product(range(len(tape.outputs)), (False, True)):
        replayer = tape.replayer(output, inputs)
        replayer.vector[:] = [p.data for p in tape.parameters]
        seeds = np.zeros(len(tape.outputs))
        seeds[output] = 1.0
        slopes = np.zeros_like(X) if inputs else None
        found = []
        for _ in range(2):
            replayer.run(X, seeds=seeds, inputs_gradient=slopes)
            found.append(np.concatenate([replayer.gradient, replayer.totals, *(slopes if inputs else [])]))
            for array in replayer.memory()[-3:]:
                array[:] = np.nan
        assert not np.isnan(found[0]).any()
        assert (found[0] == found[1]).all()
