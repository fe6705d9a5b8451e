"""Every op as JavaScript, run in a browser: the same value and partials, nothing sent where nothing is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from autograd.core.primitive import TABLE, Op
from autograd.source.javascript import HELPERS, op_in_javascript
from tests.autograd.source.corners import agrees, inputs_of, stated

Run = Callable[[str, list[list[float]]], list[list[float | None]]]


@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_every_op_computes_what_the_table_states(op: Op, count: int, javascript: Run) -> None:
    if not op.variadic and count > 2:
        pytest.skip("it takes a fixed number of inputs")
    count = op.arity or count
    script = f"""{HELPERS}; const op = {op_in_javascript(op, count if op.variadic else None)};
        return (a) => {{ const y = op.value(a); return [y, ...op.partials(a, y)]; }}"""
    rows = list(inputs_of(op, count))
    for row, found in zip(rows, javascript(script, rows), strict=True):
        assert all(map(agrees, found, stated(op, row))), (row, found, stated(op, row))


def test_the_error_function_and_its_kin_are_right_to_the_last_digits(javascript: Run) -> None:
    mpmath = pytest.importorskip("mpmath")
    chance = random.Random(0)
    xs = [chance.uniform(-6, 26) for _ in range(2000)] + [chance.uniform(-1, 1) for _ in range(500)]
    found = javascript(f"{HELPERS}; return ([x]) => [erf(x), erfc(x)]", [[x] for x in xs])
    with mpmath.workdps(40):
        for x, numbers in zip(xs, found, strict=True):
            for exact, number in zip((mpmath.erf(x), mpmath.erfc(x)), numbers, strict=True):
                assert abs(number - exact) <= 1e-15 * abs(exact), x


def test_an_op_that_cannot_be_written_is_named() -> None:
    mine = Op("mine", "m", lambda m: (lambda a: float(str(a)), lambda a, y: 1.0))
    with pytest.raises(NotImplementedError, match="'mine'"):
        op_in_javascript(mine)
