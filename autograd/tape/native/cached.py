"""Machine code on disk: a file is whole and ours, or it is as if it were not there."""

from __future__ import annotations

import hashlib
import os
import re
import time
from contextlib import suppress
from pathlib import Path

from autograd.files.atomic_write import taken_over, write_whole

DAYS = 60
"""When code is written, other code that was not read for this many days is removed."""
OURS = re.compile(r"\.?\w+-float(?:32|64)-[0-9a-f]{32}\..+")
"""Matches the names of files with code, finished and unfinished ones."""


def folder() -> Path | None:
    """Return the folder of the cache: ``CHAINRULE_CACHE`` if set, else one in the user's cache folder.

    None if there is no place for it.  It may not exist yet, or not be writable.
    """
    chosen = os.environ.get("CHAINRULE_CACHE")
    if chosen:
        return Path(chosen)
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a user without a home
        return None
    return home / "chainrule"


def writable() -> Path:
    """Return the folder of the cache, made if it did not exist.

    Raises:
        OSError: if it cannot be written to, or others could write machine code into it.
    """
    place = folder()
    with suppress(OSError):
        if place:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place is None or not os.access(place, os.W_OK | os.X_OK):
        raise OSError(f"the cache's folder {place} cannot be written to; CHAINRULE_CACHE names another one")
    if not _ours(os.stat(place)):
        raise OSError(f"others may write to the cache's folder {place}; CHAINRULE_CACHE names another one")
    return place


def read(name: str) -> bytes | None:
    """Return what was written under the name; None if it is not there, or not as it was written."""
    place = folder()
    if place is None:
        return None
    try:
        with open(place / f"{name}.o", "rb") as file:
            if not (_ours(os.stat(place)) and _ours(os.fstat(file.fileno()))):
                return None
            content = file.read()
            with suppress(OSError):
                os.utime(place / f"{name}.o")  # it was of use today
    except OSError:
        return None
    code = content[:-SIZE]
    return code if code and content[-SIZE:] == _seal(name, code) else None


def write(name: str, code: bytes) -> None:
    """Keep the code under the name, if that is possible; other processes see all of it or nothing.

    Code that has not been of use for `DAYS` is removed: that of earlier versions, compilers, programs.
    """
    with suppress(OSError):  # a full disk: it is compiled again next time
        place = writable()
        write_whole(place / f"{name}.o", code + _seal(name, code), mode=0o600)
        _remove_old(place)


def _remove_old(place: Path) -> None:
    """Remove what has not been of use for long, and what killed processes began, if it is of this cache."""
    long_ago = time.time() - DAYS * 24 * 3600
    chosen = bool(os.environ.get("CHAINRULE_CACHE"))
    for file in place.iterdir():
        ours = not chosen or OURS.fullmatch(file.name)  # the user may keep other files in such a folder
        if ours and file.is_file():
            with taken_over(file) as was_left:
                if (was_left and file.name.startswith(".")) or file.stat().st_mtime < long_ago:
                    file.unlink(missing_ok=True)


def _ours(status: os.stat_result) -> bool:
    """Return whether nobody but this user (or root) writes there: who writes machine code runs it, as us.

    Windows keeps a user's folders by other means.
    """
    return os.name != "posix" or (status.st_uid in (os.geteuid(), 0) and not status.st_mode & 0o022)


SIZE = hashlib.sha256().digest_size


def _seal(name: str, code: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\0" + code).digest()
