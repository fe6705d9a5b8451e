"""The fault table: kills, signals, damaged caches, lost streams and full disks, each in a process of its own.

Whatever happens: what was saved is whole, what is not ours is as it was, nothing hidden is left, and
there is no traceback.  By default a small sample is tried; all with ``--hypothesis-profile=thorough``.
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nn import Checkpoint
from nn.command.report.folder import check_folder
from tests.thorough import ALL

ROOT = Path(__file__).parents[3]
KILLS, SIGNALS, DAMAGES = (200, 100, 40) if ALL else (2, 3, 1)
PYTHON = [sys.executable, "-m", "nn"]
TRAIN = ["train", "moons", "--layers", "2", "--save", "kept", "--report", "report", "--weights", "w11^1"]
PATIENCE = 600
"""So many seconds a program may take, on a machine that is busy with other work."""
SIGNALS_SENT = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, devices and limits of POSIX")


@pytest.fixture(autouse=True)
def signals_arrive() -> Any:
    """Let Ctrl-C reach the processes started here, also from a shell's background."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS_SENT[1:]}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module", autouse=True)
def kernels_are_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile what reports compute with: on a new machine, the first program says that it does so."""
    with started(tmp_path_factory.mktemp("first"), "--epochs", "1") as process:
        process.communicate(timeout=PATIENCE)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def started(place: Path, *more: str, cache: Path | None = None, **options: Any) -> subprocess.Popen[str]:
    """A training: on the tape if it has a cache of its own, else by the eager engine."""
    pipe, engine = subprocess.PIPE, "eager" if cache is None else "tape"
    command = [*PYTHON, *TRAIN, "--engine", engine, *more]
    env = environment() if cache is None else environment(CHAINRULE_CACHE=str(cache))
    return subprocess.Popen(
        command, cwd=place, env=env, stdout=pipe, stderr=pipe, encoding="utf-8", **options
    )


def check(place: Path, *, hidden: bool = False) -> None:
    """What was saved is whole, what is not ours is as it was, and nothing else is there."""
    assert (place / "mine.csv").read_text() == "a,b\n1,2\n"
    names = {path.name for path in place.iterdir()}
    assert {name for name in names if not (hidden and name.startswith("."))} <= {"mine.csv", "kept", "report"}
    if "kept" in names:
        assert Checkpoint.read(place / "kept").training["epoch"] > 0
    if "report" in names:
        check_folder(place / "report")
        assert (place / "report/index.html").read_text(encoding="utf-8").endswith("</html>\n")


def epoch_of(place: Path) -> int:
    there = (place / "kept").exists()
    return int(Checkpoint.read(place / "kept").training["epoch"]) if there else 0


def after_a_while(process: subprocess.Popen[str], place: Path, rng: random.Random) -> None:
    """Wait for the announcement of a training, perhaps for its first epoch, and for some moments more."""
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    wants_epoch = rng.random() < 0.7
    while wants_epoch and not (place / "kept").exists() and process.poll() is None:
        time.sleep(0)
    deadline = time.perf_counter() + rng.uniform(0, 0.3)
    while time.perf_counter() < deadline:
        time.sleep(0)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_kill_loses_nothing_that_was_saved_and_the_next_run_clears_up(place: Path, seed: int) -> None:
    rng = random.Random(seed)
    with started(place, "--epochs", str(rng.choice((6, 20)))) as process:
        after_a_while(process, place, rng)
        process.kill()
    check(place, hidden=True)
    before = epoch_of(place)
    with started(place, "--epochs", "2") as process:
        said, complaint = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaint) == (0, ""), said
    assert before <= 20
    check(place)


@pytest.mark.parametrize("seed", range(SIGNALS))
def test_a_signal_ends_in_its_code_with_the_training_kept_and_reported(place: Path, seed: int) -> None:
    rng = random.Random(seed)
    sent = SIGNALS_SENT[seed % 3]
    with started(place, "--epochs", "100000") as process:
        after_a_while(process, place, rng)
        process.send_signal(sent)
        said, complaint = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + sent, said + complaint
    assert complaint == ""
    assert "Interrupted after" in said
    check(place)
    assert epoch_of(place) or "after 0 of" in said
    assert (place / "report/index.html").exists()


@pytest.mark.parametrize("sent", SIGNALS_SENT if ALL else SIGNALS_SENT[1:2])
def test_a_signal_before_the_training_ends_in_one_line(place: Path, sent: signal.Signals) -> None:
    command = [*PYTHON, "train", "-", "--target", "b"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=place, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8"
    ) as process:
        while not reads_its_input(process.pid) and process.poll() is None:
            time.sleep(0)
        process.send_signal(sent)
        said, complaint = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (128 + sent, "")
    assert complaint == "interrupted: no report was written\n"
    check(place)


INTERRUPTED_AT_THE_IMPORT = """
import os, signal, sys

class Finder:
    @staticmethod
    def find_spec(name, *more):
        if name == "autograd.ops":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder)
"""


@pytest.mark.parametrize("program", ["nn", "autograd"])
def test_ctrl_c_while_a_program_is_loaded_ends_it_in_silence(tmp_path: Path, program: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED_AT_THE_IMPORT)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    command = [sys.executable, "-m", program, "--help"]
    env = environment(PYTHONPATH=path)
    done = subprocess.run(
        command, env=env, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def reads_its_input(pid: int) -> bool:
    """Whether the process waits for its standard input (Linux tells)."""
    try:
        return Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 ")
    except OSError:
        return True


def damaged(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    kinds: list[Callable[[], bytes]] = [
        lambda: b"",
        lambda: content[:at],
        lambda: content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :],
        lambda: bytes(len(content)),
        lambda: content[:at] + content,
        lambda: rng.randbytes(len(content)),
    ]
    return rng.choice(kinds)()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache as one training leaves it."""
    cache = tmp_path_factory.mktemp("whole")
    with started(tmp_path_factory.mktemp("place"), "--epochs", "2", cache=cache) as process:
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return cache


@pytest.mark.parametrize("seed", range(DAMAGES))
def test_a_damaged_cache_heals(place: Path, whole: Path, seed: int, tmp_path_factory: Any) -> None:
    rng, cache = random.Random(seed), tmp_path_factory.mktemp("cache")
    for file in whole.iterdir():
        shutil.copy(file, cache)
        if rng.random() < 0.5:
            (cache / file.name).write_bytes(damaged(file.read_bytes(), rng))
    with started(place, "--epochs", "2", cache=cache) as process:
        said, complaint = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, complaint
    assert "tape engine" in said
    assert "Traceback" not in complaint
    check(place)
    assert content(cache) == content(whole)


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


# --------------------------------------------------------------------------- streams, disks, places


def shell(place: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which ``nn`` and ``autograd`` stand for the programs."""
    functions = "".join(f'{name}() {{ {sys.executable} -m {name} "$@"; }}\n' for name in ("nn", "autograd"))
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail\n{functions}{line}"],
        cwd=place, env=environment(), capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False,
    )  # fmt: skip


QUICK = "nn train xor --layers 1 --epochs 3 --engine eager"
FORMULA = "autograd 'a*b' a=2 b=3"
FULL = "error: standard output: No space left on device\n"
SMALL = "ulimit -f 8; "
"""No file may have more than 8 (or 4) kilobytes: as on a disk that fills up."""

LINES: dict[str, tuple[int, str | None]] = {
    f"{QUICK} | head -1": (0, ""),
    f"{QUICK} | true": (0, ""),
    f"{QUICK} 2>&1 | head -1": (0, ""),
    f"{QUICK} > /dev/full": (2, FULL),
    f"{QUICK} > /dev/full 2>&1": (2, ""),
    f"{QUICK} 2> /dev/full": (0, ""),
    f"{QUICK} >&-": (0, ""),
    f"{QUICK} 2>&-": (0, ""),
    f"{QUICK} <&-": (0, ""),
    f"{QUICK} >&- 2>&- <&-": (0, ""),
    f"{QUICK} --save kept | head -1": (0, ""),
    f"{QUICK} --save mine.csv": (2, None),
    f"{QUICK} --save /dev/null": (2, None),
    f"{QUICK} --save /dev/full": (2, None),
    f"{QUICK} --save /dev/stdout": (2, None),
    f"{QUICK} --save report/kept --report report": (2, None),
    f"{QUICK} --report mine.csv": (2, None),
    f"{QUICK} --report .": (2, None),
    f"{SMALL}{QUICK}": (2, "error: report: File too large\n"),
    f"ulimit -f 16; {QUICK} --save kept": (2, "error: report: File too large\n"),
    "nn train mine.csv --target b --save mine.csv": (2, None),
    "nn train - --target b <&-": (2, None),
    "nn predict mine.csv mine.csv": (2, None),
    f"{FORMULA} | head -1": (0, ""),
    f"{FORMULA} > /dev/full": (2, FULL),
    f"{FORMULA} >&-": (0, ""),
    f"{FORMULA} 2>&- >&- <&-": (0, ""),
    f"{FORMULA} --step <&-": (0, ""),
    f"{FORMULA} --save mine.html": (2, None),
    f"{SMALL}{FORMULA} --save report.html": (2, None),
}


@pytest.mark.parametrize("line", LINES if ALL else list(LINES)[::6])
def test_a_stream_a_disk_or_a_place_ends_in_a_line_at_most(place: Path, line: str) -> None:
    (place / "mine.html").write_text("mine")
    code, complaint = LINES[line]
    done = shell(place, line)
    assert done.returncode == code, done.stderr
    if complaint is None:
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
    else:
        assert done.stderr == complaint
    assert (place / "mine.html").read_text() == "mine"
    (place / "mine.html").unlink()
    check(place)
    if (line.startswith(QUICK) and code == 0) or (complaint == FULL and line.startswith("nn")):
        assert (place / "report/index.html").exists(), "the report was written all the same"


def test_a_checkpoint_that_fails_is_said_and_the_training_goes_on(place: Path) -> None:
    done = shell(place, f"ulimit -f 2; nn {shlex.join(TRAIN)} --engine eager --epochs 3")
    complaint = done.stderr
    assert done.returncode == 2
    assert "training  accuracy" in done.stdout
    assert complaint.splitlines()[0] == (
        "warning: kept: File too large: nothing was saved; the training goes on"
    )
    assert complaint.splitlines()[1] == "error: kept: File too large: nothing was saved"
    check(place)
