"""What is the first to be sent to a row sets it; what starts as −0 needs no such mark."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

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
            product = program.affine[which].tolist()
            for row, _, length, need, _ in program.segments[product[5] : product[6]].tolist():
                if need:
                    yield list(range(row, row + length * product[10])), need > 1


MODEL, WEIGHT = Transformer.microgpt(5, seed=random.Random(0)), Parameter(0.5)


def gpt(tokens: list[Value], targets: list[Value]) -> Value:
    return mean(map(losses.cross_entropy, MODEL(tokens), targets))


def wired(a: Value, b: Value, c: Value) -> Value:
    """Every kind of step, rows that are used twice, and a branch."""
    a, b = a * WEIGHT, b - WEIGHT
    square = dot([a, a, b], [a, b, b])
    picked = lookup(c.round(), [square, a * b, a])
    return logsumexp([square, picked, square * picked, where(a > b, a, b)]) ** 2 + (a + a) * square


CASES: dict[str, tuple[Any, list[Any]]] = {
    "gpt": (gpt, [[1, 2, 0], [2, 0, 4]]),
    "mlp": (MLP(3, [8, 8, 1], seed=0), [[0.1, 0.2, 0.3]]),
    "wired": (wired, [0.3, 0.7, 1.0]),
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
