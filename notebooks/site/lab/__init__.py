"""The lab: a page in which the engine runs on Pyodide, drawn by viz.js, and what it needs beside it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from autograd.seeing import asset
from autograd.seeing.pages.player.page import players
from notebooks.site.lab.examples import EXAMPLES
from notebooks.site.lessons import Exercise
from notebooks.site.pages import page

NPM = (
    "pyodide/pyodide.mjs",
    "pyodide/pyodide.asm.mjs",
    "pyodide/pyodide.asm.wasm",
    "pyodide/python_stdlib.zip",
    "pyodide/pyodide-lock.json",
    "@viz-js/viz/dist/viz.js",
)
"""The files of the packages that the lab runs on."""


def lab_page(exercises: Iterable[Exercise]) -> str:
    """Return the page, with what a program can begin with."""
    begins = [
        {"name": name, "group": "Examples", "title": title, "task": "", "code": code}
        for name, title, code in EXAMPLES
    ] + [
        {"name": x.name, "group": f"Lesson {x.lesson}", "title": x.name, "task": x.task, "code": x.code}
        for x in exercises
    ]
    return page(
        "The lab",
        asset(__package__, "lab.html"),
        style=asset(__package__, "lab.css"),
        script=asset(__package__, "lab.js"),
        data={"begins": begins},
        framed=[*players(), asset("autograd.seeing.pages.gallery", "gallery.js")],
        worker=True,
    )


def write_lab(folder: Path, exercises: Iterable[Exercise], modules: Path | None) -> None:
    """Write the page and everything that it needs.

    Args:
        folder: where.
        exercises: what the learner is asked.
        modules: a ``node_modules`` folder with what the lab runs on; else npm fetches it.

    Raises:
        RuntimeError: if npm is wanted, and is missing or fails.
        OSError: if a file cannot be read or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with installed(modules) as found:
        for name in NPM:
            shutil.copyfile(found / name, folder / Path(name).name)
    (folder / "index.html").write_text(lab_page(exercises), encoding="utf-8")
    (folder / "worker.js").write_text(asset(__package__, "worker.js"), encoding="utf-8")
    with ZipFile(folder / "packages.zip", "w", ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(Path(__file__).parent / "desk.py", "desk.py")
        for package in ("autograd", "nn", "graphviz"):
            _pack(archive, package)


def _pack(archive: ZipFile, package: str) -> None:
    """Put a whole package that is installed here into an archive."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            archive.write(path, path.relative_to(root.parent))


@contextmanager
def installed(modules: Path | None) -> Iterator[Path]:
    """Give the folder of the npm packages: the one that there is, or one that npm fills for the time."""
    if modules is not None:
        yield modules
        return
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(
            "the lab's Python and viz.js come from npm, which is not installed; or name --modules"
        )
    with tempfile.TemporaryDirectory() as place:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(Path(__file__).parents[1] / name, place)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"npm could not fetch what the lab runs on: {done.stderr.strip()[-500:]}")
        yield Path(place, "node_modules")
