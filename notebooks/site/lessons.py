"""The lessons as pages: each notebook with its outputs, its players working."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache, partial
from html import escape
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from notebooks.site.pages import page

FOLDER = Path(__file__).parents[1]
EXERCISE = re.compile(r"^grade\((\w+)\)$", re.MULTILINE)
WIDGET = "application/vnd.jupyter.widget-view+json"
GRADE = "from autograd.testing.exercises import grade\n"
SAID = re.compile(r'<svg [^>]*aria-label="([^"]*)"')
"""What a plot shows, as its picture says to a screen reader."""
CAPTION = re.compile(r"\*\*The question\.\*\* (.*)", re.DOTALL)


@dataclass(frozen=True)
class Exercise:
    """A function that a lesson asks for.

    Attributes:
        name: the function.
        lesson: the title of the lesson.
        task: what is asked, as HTML.
        code: what the learner begins with.
    """

    name: str
    lesson: str
    task: str
    code: str


class Lesson:
    """A notebook.

    Args:
        path: its file.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._notebook: Any = import_module("nbformat").read(path, as_version=4)
        for cell in self._notebook.cells:
            for output in cell.get("outputs", ()):
                data = output.get("data", {})
                data.pop(WIDGET, None)  # it needs a kernel; the text beside it does not
                if "image/svg+xml" in data and "text/html" not in data:
                    data["text/html"] = _plot(data["image/svg+xml"], data["text/plain"])
        first = self._notebook.cells[0].source
        self.title = first.splitlines()[0].removeprefix("# ")
        question = CAPTION.search(first)
        self.question = _html(question[1].split("\n\n")[0]) if question else ""

    def exercises(self) -> list[Exercise]:
        """Return what it asks the learner to write."""
        cells = self._notebook.cells
        return [
            Exercise(
                found[1],
                self.title,
                _html(before.source),
                cell.source if GRADE in cell.source else f"{GRADE}\n\n{cell.source}",
            )
            for before, cell in pairwise(cells)
            if (found := EXERCISE.search(cell.source)) and cell.cell_type == "code"
        ]

    def html(self, before: Lesson | None, after: Lesson | None) -> str:
        """Return its page, with links to the lessons before and after it."""
        body, _ = _exporter().from_notebook_node(self._notebook)
        body = re.sub(r'href="(\d\d_\w+)\.ipynb', r'href="\1.html', body)
        for exercise in self.exercises():
            link = (
                f'<p class="answer"><a href="../lab/index.html#{exercise.name}">Answer it in the lab</a></p>'
            )
            body = _after_cell(
                body, f'grade</span><span class="p">(</span><span class="n">{exercise.name}', link
            )
        ends = "".join(
            f'<a rel="{rel}" href="{lesson.name}.html">{arrow} {escape(lesson.title)}</a>'
            for lesson, rel, arrow in ((before, "prev", "←"), (after, "next", "→"))
            if lesson is not None
        )
        return page(self.title, f'<main class="lesson">{body}<footer>{ends}</footer></main>')


@cache
def _exporter() -> Any:
    """Return what writes notebooks as HTML: one, so that its templates are compiled once."""
    exporter = import_module("nbconvert").HTMLExporter(template_name="basic")
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    exporter.register_filter("markdown2html", _html)
    return exporter


def _html(markdown: str) -> str:
    """Return Markdown as HTML, its formulas as MathML: a page fetches no script that would set them."""
    nbconvert = import_module("nbconvert.filters.markdown_mistune")
    set_formula = import_module("latex2mathml.converter").convert
    renderer = nbconvert.IPythonRenderer(escape=False, exclude_anchor_links=True)
    renderer.inline_math = set_formula
    renderer.block_math = partial(set_formula, display="block")
    html: str = nbconvert.MarkdownWithMath(renderer=renderer).render(markdown)
    return html


def _plot(svg: str, words: str) -> str:
    """Return a plot as an image, with a style sheet of its own, that tells a screen reader what it shows."""
    encoded, said = b64encode(svg.encode()).decode(), SAID.search(svg[:2_000])
    alt = said[1] if said else escape(words.strip("<>"))
    return f'<img class="plot" alt="{alt}" src="data:image/svg+xml;base64,{encoded}">'


def _after_cell(body: str, mark: str, more: str) -> str:
    """Put more HTML behind the code in which a mark stands."""
    end = body.index("</pre>", body.index(mark)) + len("</pre>")
    return body[:end] + more + body[end:]


def lessons() -> list[Lesson]:
    """Return all lessons in their order.

    Raises:
        ImportError: if nbconvert is not installed.
    """
    return [Lesson(path) for path in sorted(FOLDER.glob("*.ipynb"))]


def contents(of: list[Lesson], folder: str = "") -> str:
    """Return the list of the lessons as HTML."""
    items = "".join(
        f'<li><a href="{folder}{lesson.name}.html">{escape(lesson.title)}</a> {lesson.question}</li>'
        for lesson in of
    )
    return f'<ol class="contents">{items}</ol>'
