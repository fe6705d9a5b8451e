"""Files written whole or not at all."""

from __future__ import annotations

import os
import secrets
from errno import EISDIR
from os import PathLike
from pathlib import Path


def check_place(path: str | PathLike[str]) -> None:
    """Refuse a place where `write_whole` cannot write, before anything takes time; nothing is changed.

    Raises:
        OSError: if it cannot.
    """
    place, beside = _beside(path)
    try:
        if place.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        beside.touch(exist_ok=False)
        beside.unlink()
    except OSError as error:
        reason = f"{error.strerror or error}: nothing can be saved there"
        raise OSError(error.errno, reason, os.fspath(path)) from None


def _beside(path: str | PathLike[str]) -> tuple[Path, Path]:
    """Return where a file is to be in the end, and where it is written first."""
    place = Path(os.path.realpath(path))  # a link stays a link
    return place, place.with_name(f".{place.name}-{secrets.token_hex(4)}")


def write_whole(path: Path, content: bytes) -> None:
    """Write the whole content to the path, or leave what is there.

    Raises:
        OSError: if it cannot be written.
    """
    place, beside = _beside(path)
    try:
        try:
            with open(beside, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, place)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        before = "; the file that was there is as it was" if place.exists() else ""
        reason = f"{error.strerror or error}: nothing was saved{before}"
        raise OSError(error.errno, reason, os.fspath(path)) from None
    _settle(place.parent)


def _settle(folder: Path) -> None:
    """Write the folder's entry through to the disk, if the system allows it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass  # a file system that does not allow it: the file is there all the same
    finally:
        os.close(handle)
