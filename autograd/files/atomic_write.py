"""Files written whole or not at all, and never in place of a device, a pipe or somebody else's file.

A file is written beside its place under a hidden name, and then moved there.  Whoever writes holds a lock on
the hidden file: one without a lock was left by a process that was killed, and the next writer removes it.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from errno import EEXIST, EINVAL, EISDIR
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO


def check_place(path: str | PathLike[str], is_ours: Callable[[Path], bool] | None = None) -> None:
    """Refuse a place where `write_whole` cannot write, before anything takes time; nothing is changed.

    Args:
        path: where a file is to be written.
        is_ours: tells whether a file that is there may be replaced; None to replace any, as an empty one.

    Raises:
        OSError: if it cannot.
    """
    place, beside = _beside(path)
    try:
        _check_regular(place)
        if is_ours is not None and place.exists() and place.stat().st_size and not is_ours(place):
            raise FileExistsError(EEXIST, "there is a file of another kind")
        beside.touch(exist_ok=False)
        beside.unlink(missing_ok=True)  # who writes there now may have cleared it up
    except OSError as error:
        reason = f"{error.strerror or error}: nothing can be saved there"
        raise OSError(error.errno, reason, os.fspath(path)) from None


def _beside(path: str | PathLike[str]) -> tuple[Path, Path]:
    """Return where a file is to be in the end, and where it is written first."""
    place = Path(os.path.realpath(path))  # a link stays a link
    return place, place.with_name(f".{place.name}-{secrets.token_hex(4)}")


def _check_regular(place: Path) -> None:
    if place.is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    if str(place).startswith("/proc/") or (place.exists() and not place.is_file()):
        raise OSError(EINVAL, "it is a device or a pipe")


def write_whole(path: str | PathLike[str], content: bytes | str, mode: int = 0o666) -> None:
    """Write the whole content to the path, or leave what is there.

    Args:
        path: the file; a regular one that exists is replaced.
        content: what it is to hold; a text is written in UTF-8.
        mode: the rights of the file, as far as the user's mask leaves them.

    Raises:
        OSError: if it cannot be written.
    """
    place, beside = _beside(path)
    try:
        _check_regular(place)
        try:
            with _begun(beside, mode) as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, place)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        before = "; the file that was there is as it was" if place.is_file() else ""
        reason = f"{error.strerror or error}: nothing was saved{before}"
        raise OSError(error.errno, reason, os.fspath(path)) from None
    _clear_up(place)
    _settle(place.parent)


def _begun(path: Path, mode: int) -> BinaryIO:
    """Create a file and hold it; begin again if another process removed it, as abandoned, before that."""
    while True:
        file = open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode))  # noqa: SIM115
        if hold(file):
            return file
        file.close()


# ------------------------------------------------------------------------------ of killed processes


def hold(file: Any) -> bool:
    """Lock an open file until it is closed or its process ends; return whether it is still in its place."""
    if os.name != "posix":
        return True
    fcntl = import_module("fcntl")
    with suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX)
    return os.fstat(file.fileno()).st_nlink > 0


@contextmanager
def taken_over(path: Path) -> Iterator[bool]:
    """Hold a file that a killed process left, and give True; False if a process may still write it."""
    with ExitStack() as opened:
        try:
            fcntl = import_module("fcntl")
            fcntl.flock(opened.enter_context(open(path, "rb")), fcntl.LOCK_EX | fcntl.LOCK_NB)
            was_left = True
        except (ImportError, OSError):
            was_left = False
        yield was_left


def _clear_up(place: Path) -> None:
    """Remove the hidden files beside a place that killed processes left, which wanted to write there."""
    hidden = re.compile(rf"\.{re.escape(place.name)}-[0-9a-f]{{8}}")
    with suppress(OSError), os.scandir(place.parent) as entries:
        for path in [Path(entry.path) for entry in entries if hidden.fullmatch(entry.name)]:
            with taken_over(path) as was_left:
                if was_left and path.is_file():
                    path.unlink()


def _settle(folder: Path) -> None:
    """Write the folder's entry through to the disk, if the system allows it."""
    if os.name != "posix":
        return
    with suppress(OSError):  # a file system that does not allow it: the file is there all the same
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
