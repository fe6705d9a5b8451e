"""The README tells the truth: its examples run, its two lines are there, its paths exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_run_and_give_what_they_show(tmp_path: Path) -> None:
    pytest.importorskip("numpy", reason="the examples train a network")
    examples = re.findall(r"^```pycon\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    assert len(examples) == 5  # a number, draw, walk, check, train
    (tmp_path / "examples.txt").write_text("\n".join(examples), encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "doctest", "examples.txt"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("marker", ["main-job", "tests"])
def test_each_of_the_two_lines_is_one_line_after_its_marker(marker: str) -> None:
    (command,) = re.findall(rf"^<!-- {marker} -->\n```sh\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    assert command.count("\n") == 1
    assert command.startswith("python3 -m venv .venv && ")


def test_every_path_it_names_exists() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    folders = re.findall(r"`((?:autograd|nn|tests|\.ci)/[\w/.]*)`", README)
    for path in {*links, *folders}:
        assert (ROOT / path).exists(), path
