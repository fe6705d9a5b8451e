"""The kernels of ops: the right machine code, never stale."""

from __future__ import annotations

import subprocess
import sys
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, logsumexp, ops
from autograd.core.primitive import TABLE, Op
from autograd.tape import Tape, compiled
from autograd.tape.templates import source
from autograd.value import apply


def scaled(factor: float) -> Op:
    return Op("scaled", "s", lambda m: (lambda a: factor * m.tanh(a), lambda a, y: factor * m.sech(a)))


def test_a_changed_constant_changes_the_text() -> None:
    assert source(scaled(2.0)) != source(scaled(3.0))
    assert source(scaled(2.0)) == source(scaled(2.0))


def test_the_texts_of_the_table_are_the_same_in_another_process() -> None:
    script = """
from autograd.ops import TABLE
from autograd.tape.templates import source
print("".join(source(op) for op in TABLE.values()))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "".join(source(op) for op in TABLE.values()).strip()


def test_a_changed_global_changes_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    before = source(TABLE["gelu"])
    monkeypatch.setattr("autograd.ops.ROOT_HALF", 0.7)
    assert source(TABLE["gelu"]) != before


@pytest.mark.parametrize(("called", "by"), [("sech", "tanh"), ("sigmoid", "logsumexp")])
def test_a_changed_op_changes_the_text_of_those_that_call_it(
    monkeypatch: pytest.MonkeyPatch, called: str, by: str
) -> None:
    before = source(TABLE[by])
    other = Op(called, called, lambda m: (lambda a: 2 / m.cosh(a), lambda a, y: -y * m.tanh(a)))
    monkeypatch.setitem(TABLE, called, other)
    assert source(TABLE[by]) != before


def test_an_op_of_ones_own_is_cached_like_any_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    own = scaled(2.5)
    monkeypatch.setitem(TABLE, "scaled", own)
    tape = Tape.record(lambda x: apply(own, (x,)), 1.0)
    assert tape.forward([0.5]) == pytest.approx(2.5 * np.tanh([0.5]))
    assert len(list(tmp_path.glob("scaled-float64-*.o"))) == 1


def test_an_op_may_branch_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    def value(a: Any) -> Any:
        return a * a if a > 0 else -a

    own = Op("own", "o", lambda m: (value, lambda a, y: m.where(a > 0, 2 * a, -1.0)))
    monkeypatch.setitem(TABLE, "own", own)
    tape = Tape.record(lambda x: apply(own, (x,)), 1.0)
    assert tape.forward([3.0, -2.0]).tolist() == [9.0, 2.0]
    assert tape.input_gradients([3.0, -2.0]).ravel().tolist() == [6.0, -1.0]


def test_a_rule_may_be_as_deep_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    def value(a: Any) -> Any:
        for k in range(1_200):
            a = a * 0.5 + k
        return a

    own = Op("deep", "d", lambda m: (value, lambda a, y: 0.5**1_200))
    monkeypatch.setitem(TABLE, "deep", own)
    assert Tape.record(lambda x: apply(own, (x,)), 1.0).forward([3.0]).tolist() == [value(3.0)]


def own_norm(m: Any) -> tuple[Any, Any]:
    def value(inputs: Any) -> Any:
        total = 0.0
        for k in range(len(inputs)):
            total = total + inputs[k] * inputs[k]
        return m.sqrt(total)

    def partials(y: Any, inputs: Any) -> list[Any]:
        return [a / y for a in inputs]

    return value, partials


def test_an_op_of_any_number_of_inputs_may_be_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Op("norm", "norm", own_norm, variadic=True)
    monkeypatch.setitem(TABLE, "norm", own)
    for x in ([3.0, 4.0], [1.0, 2.0, 2.0]):
        tape = Tape.record(lambda x: apply(own, tuple(x)), x)
        y, slopes = own.evaluate(x)
        assert tape.forward([x]).tolist() == [y]
        assert tape.input_gradients([x]).tolist() == [list(slopes)]


@pytest.mark.parametrize(
    "op",
    [
        Op("odd", "odd", lambda m: (lambda a: float(str(a)), lambda a, y: 1.0)),
        Op("odd", "odd", lambda m: (lambda inputs: max(inputs), lambda y, inputs: [1.0]), variadic=True),
    ],
)
def test_an_op_that_cannot_be_compiled_is_named(monkeypatch: pytest.MonkeyPatch, op: Op) -> None:
    monkeypatch.setitem(TABLE, "odd", op)
    with pytest.raises(NotImplementedError, match="op 'odd'"):
        Tape.record(lambda x: apply(op, (x,)), 1.0)


def test_an_op_of_many_inputs_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def rule(m):
        return lambda a, b, c, d: a, *[lambda a, b, c, d, y: 0.0] * 4

    wide = Op("wide", "wide", rule)
    monkeypatch.setitem(TABLE, "wide", wide)
    with pytest.raises(NotImplementedError, match="'wide' takes 4 inputs; the tape has room for 3"):
        Tape.record(lambda x: apply(wide, (x, x, x, x)), 1.0)


def test_everything_is_compiled_into_the_cache_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    few = {name: TABLE[name] for name in ("add", "where")}
    monkeypatch.setattr(compiled, "TABLE", few)
    for memory in (compiled.machine_code._loaded, compiled._read_once, compiled.machine, compiled.graph_pass):
        memory.clear() if isinstance(memory, dict) else memory.cache_clear()
    first, files = compiled.compile_all(), set(tmp_path.iterdir())
    assert f"{len(files)} files of machine code compiled, 0 there before" in first
    assert "2 ops in float64 and float32" in first
    assert str(tmp_path) in first
    assert f"0 files of machine code compiled, {len(files)} there before" in compiled.compile_all()


def deep(x: list[Value]) -> Value:
    """Nothing but single rows, some of them behind branches."""
    a, b = x
    for _ in range(30):
        a = autograd.where(a > b, (a * b).sin() - a / 3, (b * b).clip(-0.5, a) + a.sqrt())
        b = (a.maximum(b) if hasattr(a, "maximum") else apply(ops.maximum, (a, b))) * 0.75 + 0.1
    return a * b


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_single_rows_give_the_bits_of_kernels(monkeypatch: pytest.MonkeyPatch, dtype: Any) -> None:
    X = np.array([[0.7, 0.4], [-0.2, 0.9], [1.5, -0.3], [inf, 0.0]])
    tape = Tape.record(deep, X[0], dtype=dtype)
    values, slopes = tape.forward(X), tape.input_gradients(X)
    assert len(tape.replayer()._steps_of_one_lane()) < len(tape.replayer()._steps)
    for k in range(len(X)):
        assert np.array_equal(tape.forward(X[k : k + 1]), values[k : k + 1], equal_nan=True)
        assert np.array_equal(tape.input_gradients(X[k : k + 1]), slopes[k : k + 1], equal_nan=True)


def test_a_new_tape_reads_the_numbers_that_a_rule_closes_over_now(monkeypatch: pytest.MonkeyPatch) -> None:
    factor = {"k": 2.0}
    own = Op("times_k", "k", lambda m: (lambda a: a * factor["k"], lambda a, y: factor["k"]))
    monkeypatch.setitem(TABLE, "times_k", own)
    for factor["k"] in (2.0, 5.0):
        tape = Tape.record(lambda x: apply(own, (x,)), 1.0)
        assert tape.forward([1.5]).tolist() == [apply(own, (Value(1.5),)).data]
        assert tape.input_gradients([1.5]).tolist() == [factor["k"]]


BORDERS = [0.0, -0.0, inf, -inf, nan, 5e-324, 1e-200, 1e200, -3.0, 0.7, 2.5]


@pytest.mark.parametrize("exponent", [2.0, -1.0, 0.5, -0.5, 3.0])
def test_a_power_by_vectors_is_that_of_a_single_lane(exponent: float) -> None:
    tape = Tape.record(lambda a: a**exponent, 1.0)
    together = [tape.forward(BORDERS), tape.input_gradients(BORDERS)]
    alone = [[f([a])[0] for a in BORDERS] for f in (tape.forward, tape.input_gradients)]
    np.testing.assert_allclose(together, alone, rtol=1e-15)
    assert (np.signbit(together[0][:4]) == np.signbit(alone[0][:4])).all()


@pytest.mark.parametrize("count", [1, 2, 3, 300])
@pytest.mark.parametrize("lanes", [2, 8, 33, 45])
def test_a_log_of_a_sum_of_powers_by_vectors_is_that_of_single_lanes(count: int, lanes: int) -> None:
    tape = Tape.record(logsumexp, [0.0] * count)
    X = np.random.default_rng(0).normal(scale=20, size=(lanes, count))
    X[0], X[1, -1] = 1000.0, -inf
    together = [
        np.column_stack((tape.forward(part), tape.input_gradients(part))) for part in (X, *X[:, None])
    ]
    np.testing.assert_allclose(together[0], np.concatenate(together[1:]), rtol=1e-13, atol=1e-300)
