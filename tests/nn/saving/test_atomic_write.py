"""Files written whole or not at all: full disks, kills, links."""

import errno
import os
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autograd.files import atomic_write
from autograd.files.atomic_write import hold, write_whole
from nn import MLP, load, save

ROOT = Path(__file__).parents[3]


def test_a_file_is_replaced_with_the_rights_of_a_new_one_and_nothing_left_beside(tmp_path):
    path = tmp_path / "m"
    save(MLP(1, [1], seed=0), path)
    save(MLP(1, [1], seed=1), path)
    assert load(path).state_dict() == MLP(1, [1], seed=1).state_dict()
    (tmp_path / "new").touch()
    assert path.stat().st_mode == (tmp_path / "new").stat().st_mode
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["m", "new"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "m")
    save(MLP(1, [1], seed=0), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert load(tmp_path / "there" / "m").state_dict() == MLP(1, [1], seed=0).state_dict()


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path):
    path = tmp_path / "m"
    save(MLP(1, [1], seed=0), path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))  # writing fails in the midst of the file
    try:
        with pytest.raises(
            OSError, match="nothing was saved; the file that was there is as it was"
        ) as raised:
            save(MLP(100, [100], seed=0), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert raised.value.filename == str(path)
    assert load(path).state_dict() == MLP(1, [1], seed=0).state_dict()
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_so_does_an_error_while_the_file_is_settled_or_moved(tmp_path, monkeypatch, function):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "m"
    save(MLP(1, [1], seed=0), path)
    with monkeypatch.context() as patched:
        patched.setattr(os, function, full)
        with pytest.raises(OSError, match="No space left on device: nothing was saved; the file"):
            save(MLP(1, [1], seed=1), path)
    assert load(path).state_dict() == MLP(1, [1], seed=0).state_dict()
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("path", ["nowhere/m", ""])
def test_a_place_that_is_none_is_an_os_error(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="nothing was saved"):
        save(MLP(1, [1]), path)


SAVER = """
from nn import MLP, save
models = [MLP(30, [30], seed=seed) for seed in (0, 1)]
while True:
    for model in models:
        print("saving", flush=True)
        save(model, "m")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    rng = random.Random(0)
    either = [MLP(30, [30], seed=seed).state_dict() for seed in (0, 1)]
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", SAVER],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        ) as process:
            for _ in range(rng.randint(2, 40)):
                process.stdout.readline()
            for _ in range(rng.randint(0, 20_000)):  # to somewhere within the saving
                pass
            process.send_signal(signal.SIGKILL)
        assert load(tmp_path / "m").state_dict() in either


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_what_a_killed_process_left_is_cleared_up_even_if_it_is_empty(tmp_path):
    place, left, other = tmp_path / "kept", tmp_path / ".kept-0123abcd", tmp_path / ".kept-mine"
    left.touch()
    other.touch()
    with open(tmp_path / ".kept-89abcdef", "wb") as in_use:
        hold(in_use)
        write_whole(place, b"new")
        assert sorted(p.name for p in tmp_path.iterdir()) == [".kept-89abcdef", ".kept-mine", "kept"]


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_a_writer_whose_file_is_cleared_up_before_it_is_held_begins_again(tmp_path, monkeypatch):
    seen = []

    def cleared_once(file):
        if not seen:
            os.unlink(file.name)
        seen.append(held := hold(file))
        return held

    monkeypatch.setattr(atomic_write, "hold", cleared_once)
    write_whole(tmp_path / "kept", "new")
    assert (seen, (tmp_path / "kept").read_text()) == ([False, True], "new")
