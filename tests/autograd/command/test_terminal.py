"""What the command line does in a terminal: colours, widths, interrupts."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd
from autograd.command.main import main
from tests.autograd.command.test_main import FORMULA, SHARED, Capture, places, printed, refused

ROOT = Path(autograd.__file__).parent.parent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variable", "value", "coloured"),
    [("TERM", "xterm", True), ("NO_COLOR", "1", False), ("NO_COLOR", "", True), ("TERM", "dumb", False)],
)
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, coloured: bool
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv(variable, value)
    assert main(FORMULA) == 0
    assert ("\x1b[" in terminal.getvalue()) is coloured


def test_colour_changes_no_text(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = printed(capsys, *SHARED, "--beside", "overwrites")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main([*SHARED, "--beside", "overwrites"]) == 0
    assert re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()) == plain


def run(*arguments: str, encoding: str = "utf-8", typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "autograd", *arguments],
        cwd=ROOT,
        input=typed,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )


def test_it_is_a_program_that_steps_by_what_is_piped_in() -> None:
    finished = run(*FORMULA, "--step", typed=b"\n\nq\n")
    assert finished.returncode == 0
    assert finished.stderr == b""
    assert places(finished.stdout.decode()) == [1, 2, 3]


def test_bad_input_ends_the_program_with_2() -> None:
    finished = run("√a", "a=1")
    assert finished.returncode == 2
    assert finished.stdout == b""
    assert finished.stderr.decode().startswith("error: column 1: '√' is typed as sqrt")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_encoding_without_the_signs_gets_others(encoding: str) -> None:
    finished = run(*FORMULA, encoding=encoding)
    assert finished.returncode == 0
    assert b"?" not in finished.stdout
    text = finished.stdout.decode(encoding).replace("×", "*").replace("·", "*")
    assert "dy/da += dy/dv1 * d(a->v1) = -2 * (-3) = 6" in text


def test_a_reader_that_goes_away_is_no_error() -> None:
    long = "+".join(["a*b"] * 900)
    command = [sys.executable, "-m", "autograd", long, "a=1", "b=2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


def test_compile_says_what_it_did_or_why_it_cannot(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiled = pytest.importorskip("autograd.tape.compiled", reason="nothing makes machine code here")
    monkeypatch.setattr(compiled, "TABLE", {"add": compiled.TABLE["add"]})
    monkeypatch.setattr(compiled.machine_code, "_announced", True)
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    assert "1 op in float64 and float32" in printed(capsys, "compile")
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "file"))
    assert "CHAINRULE_CACHE names another one" in refused(capsys, "compile")
    assert "6" in printed(capsys, "compile * 3", "compile=2"), "and it is a name like any other"


def test_what_is_nan_is_not_said_to_rise_or_fall(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log(a)", "a=-1"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "y is nan, not a number: it follows no change of an input" in out
    assert "no number tells how a small change of a changes y" in out
    assert not re.search(r"(rises|falls|times as much|just as much)", out.split("Reverse pass")[1])
    assert "−1 by the rule alone: y is nan, so it has no slope" in out
    assert "a −1 −1 by the rules alone: not a slope" in out


@pytest.mark.parametrize("formula", ["log(a)", "log(a) * b + c", "log2(a) - b / c", "c + sqrt(a) ** b"])
def test_walk_forward_mode_and_ledger_agree_that_a_nan_has_no_slope(
    formula: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [f"{name}={x}" for name, x in (("a", -1), ("b", 2), ("c", 3)) if name in formula]
    _, *tangent = printed(capsys, formula, *given, "--tangent", "a").split("∂a/∂a = 1", 1)
    told = "".join(tangent).split("exactly as much as itself")[1]
    assert not re.search(r"(times|just)\s+as\s+much", told)
    assert "no number tells how" in " ".join(told.split())
    ledger = " ".join(printed(capsys, formula, *given, "--path", "a").split())
    assert (
        "y is nan, not a number: it follows no change of an input. These numbers are by the rules" in ledger
    )


def test_what_is_too_large_to_draw_is_said_with_the_options_that_help(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formula = " + ".join(f"sin(a*{i}.5)" for i in range(150))
    said = refused(capsys, formula, "a=1", "--svg", str(tmp_path / "graph.svg"))
    assert "too many to read in a picture; --path NAME lists the routes" in said
    assert "collapse=" not in said
    assert "limit" not in said


def test_a_file_of_someone_else_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, picture = tmp_path / "walk.html", tmp_path / "graph.svg"
    for _ in range(2):  # its own are
        assert main(["a*b", "a=1", "b=2", "--save", str(page), "--svg", str(picture)]) == 0
    for path, option in ((page, "--save"), (picture, "--svg")):
        path.write_text("mine")
        assert main(["a*b", "a=1", "b=2", option, str(path)]) == 2
        assert "there is a file of another kind: nothing can be saved there" in capsys.readouterr().err
        assert path.read_text() == "mine"
