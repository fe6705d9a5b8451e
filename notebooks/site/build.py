"""The whole site: the front page, the lab, the lessons and the reference."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib import import_module
from pathlib import Path

from autograd.notation.numbers import counted
from notebooks.site.lab import write_lab
from notebooks.site.lessons import FOLDER, contents, lessons
from notebooks.site.pages import PARTS, page

PICTURE = "gradient-path.svg"
REFERENCE = (
    "autograd", "!autograd.core", "!autograd.notation", "!autograd.command", "!autograd.files",
    "!autograd.source", "!autograd.seeing", "!autograd.tape", "!autograd.testing",
    "autograd.seeing", "!autograd.seeing.facts", "!autograd.seeing.pages", "!autograd.seeing.drawing",
    "autograd.tape", "autograd.testing",
    "nn", "!nn.command", "!nn.saving", "!nn.health", "!nn.training",
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
        import_module("pdoc.render").configure(docformat="google", footer_text="Chainrule")
        import_module("pdoc").pdoc(*REFERENCE, output_directory=out / "api")
        yield _size(out / "api")


def _size(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return (
        f"{folder.name:8} {counted(len(files), 'file')}, {sum(x.stat().st_size for x in files) / 1e6:.1f} MB"
    )
