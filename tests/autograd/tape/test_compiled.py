"""The compiled op table: the right machine code, never stale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd.core.primitive import TABLE, Op
from autograd.tape import Tape, compiler
from autograd.value import apply

if compiler.missing():
    pytest.skip("there is no compiler", allow_module_level=True)

from autograd.tape import compiled


def scaled(factor: float) -> Op:
    return Op("scaled", "s", lambda m: (lambda a: factor * m.tanh(a), lambda a, y: factor * m.sech(a)))


def test_the_fingerprint_of_an_op_is_stable() -> None:
    for op in TABLE.values():
        assert compiled.fingerprint(op, "float64") == compiled.fingerprint(op, "float64")


def test_every_op_and_precision_has_a_fingerprint_of_its_own() -> None:
    found = {compiled.fingerprint(op, dtype) for op in TABLE.values() for dtype in ("float64", "float32")}
    assert len(found) == 2 * len(TABLE)


def test_a_changed_constant_changes_the_fingerprint() -> None:
    assert compiled.fingerprint(scaled(2.0), "float64") != compiled.fingerprint(scaled(3.0), "float64")


def test_a_changed_default_changes_the_fingerprint() -> None:
    def times(factor: float) -> Op:
        return Op("times", "t", lambda m: (lambda a, k=factor: a * k, lambda a, y, k=factor: k))

    assert compiled.fingerprint(times(2.0), "float64") != compiled.fingerprint(times(3.0), "float64")


def test_the_fingerprints_of_the_table_are_the_same_in_another_process() -> None:
    script = """
from autograd.ops import TABLE
from autograd.tape.compiled import fingerprint
print(*[fingerprint(op, "float64") for op in TABLE.values()])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [compiled.fingerprint(op, "float64") for op in TABLE.values()]


def test_a_changed_global_changes_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = compiled.fingerprint(TABLE["gelu"], "float64")
    monkeypatch.setattr("autograd.ops.ROOT_HALF", 0.7)
    assert compiled.fingerprint(TABLE["gelu"], "float64") != before


def test_a_changed_op_changes_the_fingerprint_of_those_that_call_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = compiled.fingerprint(TABLE["tanh"], "float64")
    other = Op("sech", "sech", lambda m: (lambda a: 2 / m.cosh(a), lambda a, y: -y * m.tanh(a)))
    monkeypatch.setitem(TABLE, "sech", other)
    assert compiled.fingerprint(TABLE["tanh"], "float64") != before


def test_damaged_files_in_the_cache_are_compiled_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    monkeypatch.setattr(compiled, "_loaded", {})
    Tape.record(lambda x: x.sin(), 1.0)
    (source,) = tmp_path.glob("sin_*.py")
    for kept in (tmp_path / "__pycache__").glob("*.nb*"):
        kept.write_bytes(b"damaged")
    monkeypatch.setattr(compiled, "_loaded", {})
    assert Tape.record(lambda x: x.sin(), 1.0).forward([0.5]) == pytest.approx(np.sin([0.5]))
    assert source.exists()


def test_an_op_that_cannot_be_compiled_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    odd = Op("odd", "odd", lambda m: (lambda a: float(str(a)), lambda a, y: 1.0))
    monkeypatch.setitem(TABLE, "odd", odd)
    with pytest.raises(NotImplementedError, match="op 'odd' cannot be compiled"):
        Tape.record(lambda x: apply(odd, (x,)), 1.0)


def test_a_cache_that_cannot_be_written_is_replaced_for_this_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(compiled, "_loaded", {})
    assert Tape.record(lambda x: x.cos(), 1.0).forward([0.5]) == pytest.approx(np.cos([0.5]))


def test_an_op_of_many_inputs_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def rule(m):
        return lambda a, b, c, d: a, *[lambda a, b, c, d, y: 0.0] * 4

    wide = Op("wide", "wide", rule)
    monkeypatch.setitem(TABLE, "wide", wide)
    with pytest.raises(NotImplementedError, match="'wide' takes 4 inputs; the tape has room for 3"):
        Tape.record(lambda x: apply(wide, (x, x, x, x)), 1.0)
