"""The cache of machine code: whole and ours, or as if it were not there."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograd.tape.native import cached, machine_code

TEXT = "def seven(x: Numbers) -> None:\n    x[0] = 7.0"


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    return tmp_path


def seven(text: str = TEXT) -> float:
    """What the function gives when it is loaded as in a new process."""
    machine_code._loaded.clear()
    x = ctypes.c_double()
    address = machine_code.addresses("seven", text, ["seven"], "float64")["seven"]
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)(ctypes.addressof(x))
    return x.value


def only(place: Path) -> Path:
    (file,) = place.glob("*.o")
    return file


def swapped(file: Path) -> None:
    """Another function's code, whole, under this one's name."""
    mine = file.read_bytes()
    seven(TEXT.replace("7.0", "8.0"))
    (other,) = set(file.parent.glob("*.o")) - {file}
    assert other.read_bytes() != mine
    other.replace(file)


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "half written": lambda file: file.write_bytes(file.read_bytes()[:500]),
    "one byte short": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "one byte long": lambda file: file.write_bytes(file.read_bytes() + b"\0"),
    "one bit flipped": flipped,
    "of zeros": lambda file: file.write_bytes(bytes(len(file.read_bytes()))),
    "of text": lambda file: file.write_text("machine code"),
    "only a seal": lambda file: file.write_bytes(file.read_bytes()[-cached.SIZE :]),
    "without its seal": lambda file: file.write_bytes(file.read_bytes()[: -cached.SIZE]),
    "another function's": swapped,
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "a link to nothing": lambda file: (file.unlink(), file.symlink_to(file.parent / "nowhere")),
    "gone": lambda file: file.unlink(),
    "gone with its folder": lambda file: shutil.rmtree(file.parent),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_compiled_again(place: Path, damage: Callable[[Path], object]) -> None:
    assert seven() == 7.0
    file = only(place)
    whole = file.read_bytes()
    damage(file)
    assert seven() == 7.0
    if not file.is_dir():
        assert file.read_bytes() == whole, "and kept again"


def test_what_is_whole_is_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seven() == 7.0
    monkeypatch.setattr(machine_code, "_compiled", lambda assembly: pytest.fail("compiled again"))
    assert seven() == 7.0


@pytest.mark.parametrize("variable", ["HOME", "XDG_CACHE_HOME", "CHAINRULE_CACHE"])
def test_a_folder_that_cannot_be_made_is_done_without(
    place: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    (place / "file").write_text("in the way")
    for name in ("XDG_CACHE_HOME", "CHAINRULE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(place / "file"))
    assert seven() == 7.0
    with pytest.raises(OSError, match="cannot be written to; CHAINRULE_CACHE names another"):
        cached.writable()
    assert not list(place.glob("**/*.o"))


def test_a_user_without_a_home_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("no home")

    monkeypatch.delenv("CHAINRULE_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert seven() == 7.0


def test_a_read_only_folder_is_done_without(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the tests may run as root
    assert seven() == 7.0
    assert not list(place.iterdir())


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_full_disk_leaves_nothing_behind(place: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, fails, full)
    assert seven() == 7.0
    assert not list(place.iterdir())


def test_what_was_not_of_use_for_long_is_removed_and_nothing_else(place: Path) -> None:
    assert seven() == 7.0
    (place / "mine.o").touch()
    begun, used = place / f".{only_of(place).name}-00c0ffee", only_of(place)
    begun.write_bytes(b"half")
    for file in (place / "mine.o", begun, used):
        os.utime(file, (0, 0))
    seven()  # it is read, so of use
    machine_code._loaded.clear()
    seven(TEXT.replace("7.0", "8.0"))
    assert (place / "mine.o").exists()
    assert used.exists()
    assert not begun.exists()
    os.utime(used, (0, 0))
    seven(TEXT.replace("7.0", "9.0"))
    assert not used.exists()


def only_of(place: Path) -> Path:
    (file,) = place.glob("seven-*.o")
    return file


def test_threads_and_processes_may_compile_the_same_at_once(place: Path) -> None:
    script = f"""
from autograd.tape.native.machine_code import addresses
addresses("seven", {TEXT!r}, ["seven"], "float64")
"""
    running = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    machine_code._loaded.clear()
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: machine_code.addresses("seven", TEXT, ["seven"], "float64"), range(4))
        )
    assert all(one == found[0] for one in found)
    assert [process.wait() for process in running] == [0, 0]
    assert seven() == 7.0
    assert only(place).name == next(iter(place.iterdir())).name, "no temporary file is left"


def test_the_name_tells_texts_precisions_and_compilers_apart(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_code._loaded.clear()
    for text, dtype in ((TEXT, "float64"), (TEXT, "float32"), (TEXT.replace("7", "9"), "float64")):
        machine_code.addresses("seven", text, ["seven"], dtype)
    monkeypatch.setattr(machine_code, "_compiler", lambda: "another processor")
    machine_code.addresses("seven", TEXT, ["seven"], "float64")
    assert len(list(place.glob("*.o"))) == 4


@pytest.mark.skipif(os.name != "posix", reason="owners and modes of POSIX")
@pytest.mark.parametrize("mode", [0o775, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_not_trusted(place: Path, mode: int) -> None:
    assert seven() == 7.0
    forged = only(place)
    place.chmod(mode)
    assert cached.read(forged.stem) is None
    assert seven() == 7.0
    with pytest.raises(OSError, match="others may write to the cache's folder"):
        cached.writable()


@pytest.mark.skipif(os.name != "posix", reason="owners and modes of POSIX")
def test_a_file_of_another_user_or_that_others_may_write_to_is_not_trusted(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert seven() == 7.0
    file = only(place)
    file.chmod(0o666)
    assert cached.read(file.stem) is None
    file.chmod(0o644)
    assert cached.read(file.stem) is not None
    own = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert cached.read(file.stem) is None or own == 0


def test_what_cannot_be_kept_is_not_said_to_be_compiled_once(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, said in (
        (place, "(once on this machine)"),
        (place / "file" / "x", "(in every process, since"),
    ):
        (place / "file").touch()
        monkeypatch.setenv("CHAINRULE_CACHE", str(folder))
        monkeypatch.setattr(machine_code, "_waited", 10.0)
        monkeypatch.setattr(machine_code, "_announced", False)
        seven(TEXT.replace("7.0", f"7.0 * {len(said)} / {len(said)}"))
        assert said in capsys.readouterr().err
