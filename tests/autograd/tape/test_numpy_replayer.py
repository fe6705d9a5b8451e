"""Replays by NumPy alone: what they read, where they send, and that they need nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value
from autograd.command.main import main
from autograd.tape import Tape, compiler, replay_note
from autograd.tape.listing import Listing, flatten
from autograd.tape.lowering import levels, lower, uniform_levels, varying_nodes
from autograd.tape.numpy_steps import Receiver, place_of
from tests.strategies import Recipe, recipes

rows = st.lists(st.integers(0, 9), min_size=1, max_size=20).map(np.array)


@given(rows)
def test_a_place_reads_the_rows(rows: np.ndarray) -> None:
    V = np.arange(20.0).reshape(10, 2)
    read = np.broadcast_to(V[place_of(rows)], (len(rows), 2))
    assert np.array_equal(read, V[rows])


@given(rows)
def test_a_row_that_comes_more_than_once_receives_all_that_is_sent(rows: np.ndarray) -> None:
    sent = 2.0 ** np.arange(2 * len(rows)).reshape(-1, 2)
    found, wanted = np.full((2, 10, 2), -0.0)
    Receiver(rows).add(found, sent)
    np.add.at(wanted, rows, sent)
    assert np.array_equal(found, wanted)


@given(rows)
def test_where_nothing_is_sent_nothing_arrives(rows: np.ndarray) -> None:
    G = np.full((10, 2), -0.0)
    Receiver(rows).add(G, np.full((len(rows), 2), -0.0))
    assert np.signbit(G).all()


def laid_out(listing: Listing) -> list[list[int]]:
    lowered = lower(listing)
    found = [lowered.ptr, lowered.args, levels(lowered), uniform_levels(lowered), varying_nodes(lowered)]
    return [array.tolist() for array in found]


@pytest.mark.skipif(bool(compiler.missing()), reason="there is no compiler")
@given(recipes(most_steps=14))
def test_graphs_are_laid_out_as_by_machine_code(recipe: Recipe) -> None:
    leaves = [Value(x) for x in recipe.numbers]
    listing = flatten([recipe.compute(leaves)], leaves[:1])
    compiled = laid_out(listing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler, "missing", lambda: ("a compiler",))
        assert laid_out(listing) == compiled


@pytest.mark.parametrize(
    ("packages", "note"),
    [
        ((), ""),
        (("llvmlite",), "replayed by NumPy: llvmlite is not installed"),
        (("one", "two"), "replayed by NumPy: one, two are not installed"),
    ],
)
def test_tapes_say_why_numpy_replays_them(
    packages: tuple[str, ...], note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = Tape.record(lambda x: x * x, 1.0)
    monkeypatch.setattr(compiler, "missing", lambda: packages)
    assert replay_note() == note
    assert repr(tape).removesuffix(">").endswith(note or "float64")
    assert str(tape).splitlines()[0].endswith(note or "float64")


def test_without_a_compiler_there_is_nothing_to_compile(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiler, "missing", lambda: ("llvmlite",))
    assert main(["compile"]) == 0
    wanted = "nothing to compile: tapes are replayed by NumPy: llvmlite is not installed\n"
    assert capsys.readouterr().out == wanted


ALONE = """
import sys

def on_event(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise AssertionError(f"{arguments[0]} is written")
    if event in {"os.mkdir", "tempfile.mkdtemp", "tempfile.mkstemp"}:
        raise AssertionError(f"{arguments[0]} is made")

for name in ("numba", "llvmlite", "scipy", "threadpoolctl"):
    sys.modules[name] = None
sys.addaudithook(on_event)
import autograd.tape
from nn import MLP, Adam, fit
model = MLP(2, [1], seed=0)
X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, -1, -1, 1]
optimizer = Adam(model.parameters(), lr=0.1)
history = fit(model, X, y, loss="hinge", optimizer=optimizer, epochs=60, batch_size=2, engine="tape")
print(history.engine, history["accuracy"][-1], history.engine_note)
print(history)
print(autograd.tape.Tape.record(lambda x: x.erf() * x, 1.0, threads=2).input_gradients([0.0]).ravel())
"""


def test_a_tape_needs_nothing_but_numpy_and_writes_no_files(tmp_path: Path) -> None:
    homes = {name: str(tmp_path) for name in ("HOME", "CHAINRULE_CACHE", "XDG_CACHE_HOME", "TMPDIR")}
    path = os.pathsep.join([str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **homes, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    trained, history, slope = done.stdout.splitlines()
    assert trained.startswith("tape 1.0 replayed by NumPy: ")
    assert history.endswith(" not installed)")
    assert slope == "[0.]"
    assert list(tmp_path.iterdir()) == []
