"""The report's folder: whole or not there, and never in place of someone else's files.

A report is written into a hidden folder beside its own place and moved there when it is finished.
A folder that holds an earlier report is replaced; any other folder with something in it is refused.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INDEX, PLAYER, GALLERY, FILM = "index.html", "walk.html", "gallery.html", "training.html"
WEIGHTS, HISTORY, PATHS = "weights.safetensors", "history.csv", "paths"
NAMES = (INDEX, PLAYER, GALLERY, FILM, WEIGHTS, HISTORY, PATHS)
"""Everything that a report may hold."""
PACKAGES = ("numpy", "matplotlib", "jinja2")
"""What a report needs beyond the engine."""
MARK = '<meta name="generator" content="chainrule">'
"""Every report's index contains this, which tells it from someone else's."""


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

    If the block raises, everything is as it was.

    Raises:
        OSError: see `check_folder`.
    """
    check_folder(folder)
    place = folder.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}-"))
    try:
        fresh = work / "new"
        fresh.mkdir()
        yield fresh
        _swap(fresh, place, work / "old")
    finally:
        shutil.rmtree(work)


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


def _foreign(folder: Path) -> str:
    """Return what in a folder is not part of a report: "" if it is empty or a report."""
    names = sorted(entry.name for entry in folder.iterdir())
    if not names:
        return ""
    foreign = [name for name in names if name not in NAMES]
    if PATHS in names:
        foreign += [f"{PATHS}/{entry.name}" for entry in (folder / PATHS).glob("*") if entry.suffix != ".svg"]
    if not foreign and not _is_ours(folder / INDEX):
        foreign = names
    return ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")


def _is_ours(index: Path) -> bool:
    try:
        return MARK in index.read_text(encoding="utf-8", errors="replace")[:2000]
    except OSError:
        return False
