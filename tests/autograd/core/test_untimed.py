"""Loading and compiling are not part of a Hypothesis example's time, so that no deadline trips over them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.control import current_build_context

from autograd.core.untimed import untimed


@settings(max_examples=2)
@given(st.floats(0, 1))
def test_what_is_untimed_is_entered_as_drawing_once_however_nested(x: float) -> None:
    start = perf_counter()
    with untimed:
        within = perf_counter()
        with untimed:
            sum(range(10_000))
        inside = perf_counter() - within
    entered = current_build_context().data.draw_times["loading"]
    assert inside <= entered <= perf_counter() - start


def test_outside_of_hypothesis_nothing_happens() -> None:
    with untimed:
        assert untimed.depth == 1
    assert untimed.depth == 0


def test_in_a_hypothesis_that_keeps_its_times_elsewhere_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis.control", ModuleType("another"))
    with untimed:
        assert untimed.depth == 1
    monkeypatch.setitem(
        sys.modules,
        "hypothesis.control",
        SimpleNamespace(currently_in_test_context=lambda: True, current_build_context=lambda: None),
    )
    with untimed:
        assert untimed.depth == 1
    assert untimed.depth == 0


PROGRAM = """
from time import perf_counter
from hypothesis import given, settings, strategies as st
from hypothesis.control import current_build_context
import autograd.tape

@settings(deadline=None, max_examples=1, database=None)
@given(st.floats(-3, 3))
def test(x):
    start = perf_counter()
    autograd.tape.Tape.record(lambda x: x.softplus() * x.gelu(), x).forward([x])
    elapsed = perf_counter() - start
    loading = current_build_context().data.draw_times["loading"]
    assert 0.8 * elapsed < loading <= elapsed, (loading, elapsed)

test()
"""


def test_what_a_tape_loads_and_compiles_is_nearly_all_of_the_time_of_the_first_example(
    tmp_path: Path,
) -> None:
    pytest.importorskip("llvmlite")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "CHAINRULE_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "compiling the tape's kernels" in ran.stderr
