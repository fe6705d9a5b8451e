"""The whole site: the front page, the playground, the digits, the lab, the lessons and the reference."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator
from importlib import import_module
from pathlib import Path

from autograd.notation.numbers import counted
from autograd.seeing.pages.frame import ICON
from nn.seeing import playground
from notebooks.site.digits import digits_page
from notebooks.site.lab import write_lab
from notebooks.site.lessons import FOLDER, contents, lessons
from notebooks.site.pages import PARTS, page

PICTURE = "gradient-path.svg"
DOORS = (
    "autograd", "autograd.ops", "autograd.functions", "autograd.extend", "autograd.mistakes",
    "autograd.seeing", "autograd.tape", "autograd.testing", "autograd.testing.broken",
    "autograd.testing.strategies",
    "nn", "nn.losses", "nn.optim", "nn.schedules", "nn.clipping", "nn.init", "nn.data", "nn.texts",
    "nn.seeing",
)  # fmt: skip
"""What the reference tells of: the doors of both packages, and not the rooms behind them."""


def build(out: Path, only: Collection[str] = tuple(PARTS), modules: Path | None = None) -> Iterator[str]:
    """Build the site, which any file server then serves.

    Args:
        out: the folder; what else is in it stays there.
        only: the parts to build, besides the front page.
        modules: see `write_lab`.

    Yields:
        A line about each part that was built.

    Raises:
        ImportError: if the packages of ``chainrule[site]`` are not installed.
        RuntimeError: if npm is wanted, and is missing or fails.
        OSError: if a file cannot be read or written.
    """
    course = lessons()
    out.mkdir(parents=True, exist_ok=True)
    front = Path(__file__).with_name("front.html").read_text(encoding="utf-8")
    picture = (FOLDER / "pictures" / PICTURE).read_text(encoding="utf-8")
    body = front.replace("<!-- picture -->", picture[picture.index("<svg") :])
    body = body.replace("<!-- lessons -->", contents(course, "lessons/"))
    (out / "index.html").write_text(page("Chainrule", body, up=""), encoding="utf-8")
    if "playground" in only:
        folder = out / "playground"
        folder.mkdir(exist_ok=True)
        playground().save(folder / "index.html")
        yield _size(folder)
    if "digits" in only:
        folder = out / "digits"
        folder.mkdir(exist_ok=True)
        (folder / "index.html").write_text(digits_page(), encoding="utf-8")
        yield _size(folder)
    if "lab" in only:
        write_lab(out / "lab", [x for lesson in course for x in lesson.exercises()], modules)
        yield _size(out / "lab")
    if "lessons" in only:
        folder = out / "lessons"
        folder.mkdir(exist_ok=True)
        listed = f"<main><h1>Lessons</h1>{contents(course)}</main>"
        (folder / "index.html").write_text(page("Lessons", listed), encoding="utf-8")
        for before, lesson, after in zip([None, *course], course, [*course[1:], None], strict=False):
            (folder / f"{lesson.name}.html").write_text(lesson.html(before, after), encoding="utf-8")
        yield _size(folder)
    if "api" in only:
        _write_reference(out / "api")
        yield _size(out / "api")


def _write_reference(folder: Path) -> None:
    import_module("pdoc.render").configure(docformat="google", footer_text="Chainrule", favicon=ICON)
    for door in map(import_module, DOORS):
        for name in getattr(door, "__all__", ()):
            setattr(door, name, getattr(door, name))  # what is loaded on first use is documented as well
    alone = [spec for door in DOORS for spec in (door, rf"!{re.escape(door)}\..*")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an annotation of a name that is imported for types alone stays text
        import_module("pdoc").pdoc(*alone, output_directory=folder)


def _size(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return (
        f"{folder.name:10} {counted(len(files), 'file')}, {sum(x.stat().st_size for x in files) / 1e6:.1f} MB"
    )
