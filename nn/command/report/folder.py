"""The report's folder: whole or not there, and never in place of someone else's files.

A report is written into a hidden folder beside its own place and moved there when it is finished.
A folder that holds an earlier report is replaced; any other folder with something in it is refused.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from autograd.files.atomic_write import hold, taken_over
from autograd.seeing import is_page

INDEX, PLAYER, GALLERY, FILM = "index.html", "walk.html", "gallery.html", "training.html"
WEIGHTS, HISTORY, PATHS = "weights.safetensors", "history.csv", "paths"
NAMES = (INDEX, PLAYER, GALLERY, FILM, WEIGHTS, HISTORY, PATHS)
"""Everything that a report may hold."""
LOCK = "lock"
"""Held in the hidden folder by the process that writes there."""
PACKAGES = ("numpy", "matplotlib", "jinja2")
"""What a report needs beyond the engine."""


def check_folder(folder: Path) -> None:
    """Refuse a folder where no report can be written, before anything takes time.

    Raises:
        OSError: naming the folder, if it holds something other than a report, is not a folder, or
            cannot be written.
    """
    place = folder.absolute()
    if folder.is_dir():
        foreign = _foreign(folder)
        if foreign:
            raise FileExistsError(
                f"the folder {folder} holds files that are not a report's ({foreign}); name another"
            )
        if os.path.ismount(folder) or Path.cwd().is_relative_to(folder.resolve()):
            raise OSError(f"the folder {folder} is in use and cannot be replaced; name one inside it")
    elif os.path.lexists(folder):
        raise FileExistsError(f"{folder} is a file; the report needs a folder")
    parent = next(parent for parent in place.parents if parent.exists())
    try:
        os.rmdir(tempfile.mkdtemp(dir=parent, prefix=f".{folder.name}-"))
    except OSError as error:
        raise type(error)(f"no report can be written to {folder}: {error.strerror}") from None


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give a hidden folder to write into, and move it to its place at the end of the block.

    If the block raises, everything is as it was.  If the process is killed, the next one clears up.

    Raises:
        OSError: see `check_folder`.
    """
    place = folder.resolve()
    _clear_up(place)
    check_folder(folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    work, lock = _begun(place)
    try:
        with lock:
            lock.write("in use")
            lock.flush()
            fresh = work / "new"
            fresh.mkdir()
            yield fresh
            _swap(fresh, place, work / "old")
    finally:
        shutil.rmtree(work)


def _begun(place: Path) -> tuple[Path, TextIO]:
    """Make a hidden folder with a lock that is held: again if another process cleared it up before that."""
    while True:
        work = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}-"))
        try:
            lock = open(work / LOCK, "w")  # noqa: SIM115
        except FileNotFoundError:
            continue
        except OSError:
            work.rmdir()
            raise
        if hold(lock):
            return work, lock
        lock.close()


def _swap(fresh: Path, place: Path, old: Path) -> None:
    """Move ``fresh`` to ``place``, and what was there to ``old``; both or neither."""
    if place.exists():
        os.rename(place, old)
    try:
        os.rename(fresh, place)
    except BaseException:
        if old.exists():
            os.rename(old, place)
        raise


def _clear_up(place: Path) -> None:
    """Remove the hidden folders of killed processes; a report that one had moved aside comes back."""
    for lock in place.parent.glob(f".{glob.escape(place.name)}-*/{LOCK}"):
        with taken_over(lock) as was_left:
            if was_left:
                if (lock.parent / "old").exists() and not place.exists():
                    os.rename(lock.parent / "old", place)
                shutil.rmtree(lock.parent, ignore_errors=True)


def _foreign(folder: Path) -> str:
    """Return what in a folder is not part of a report: "" if it is empty or a report."""
    names = sorted(entry.name for entry in folder.iterdir())
    if not names:
        return ""
    foreign = [name for name in names if name not in NAMES]
    if not foreign and not is_page(folder / INDEX):
        foreign = names
    elif PATHS in names:
        shown = (folder / INDEX).read_text(encoding="utf-8", errors="replace") if INDEX in names else ""
        drawings = sorted(entry.name for entry in (folder / PATHS).glob("*"))
        foreign += [f"{PATHS}/{name}" for name in drawings if f'href="{PATHS}/{quote(name)}"' not in shown]
    return ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
