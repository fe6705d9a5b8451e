"""The page of the player: its template filled in with what the trace and the views say."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from html import escape
from itertools import combinations
from string import Template
from typing import Any
from zlib import compress

from autograd.core.garbage_collection import collector_paused
from autograd.notation.numbers import counted
from autograd.seeing.facts.records import Step
from autograd.seeing.pages.frame import asset, document, embedded
from autograd.seeing.pages.player.content import Content, facts
from autograd.seeing.pages.player.packing.pictures import plain_views
from autograd.seeing.pages.player.sketch import Sketch, is_sketched
from autograd.seeing.pages.player.svg.view import View
from autograd.seeing.pages.player.touch import script
from autograd.seeing.pages.player.views.choice import views

SCRIPTS = (
    "facts.js", "picture.js", "groups.js", "canvas.js", "stepping.js", "prediction.js", "controls.js",
)  # fmt: skip
"""The parts of the player, in the order in which they stand in a page."""
PARTS: Mapping[str, tuple[str, ...]] = {
    "boxes": ("lines.js", "boxes.js", "boxes.css"),
    "windows": ("windows.js", "geometry.js", "windows.css"),
    "glance": ("glance.js", "glance.css"),
    "sketch": ("sketch.js", "sketch.css"),
    "other": ("other.js", "other.css"),
}
"""Scripts and styles that a page has only if it needs them."""
BOXES = "data-between="
"""Tells that a picture is one of boxes of Modules."""

COMMENT = re.compile(r"((^|\s)\s*// .*)|/\*.*?\*/")
"""A comment: the end of a line of a script, or a part of one of a style sheet."""
BRACKETS = re.compile(r" ?([{};]) ?")
"""What parts the rules of a style sheet, with the spaces around it."""

LONGEST_TEXT = 90
"""At most this many steps are told in the text for browsers that run no scripts."""

LONGEST_PLAIN = 30_000
"""Facts of more characters than this are deflated."""

LEVEL = 6
"""The level of compression; a higher one takes several times as long and saves next to nothing."""

WIDE = 1.6
"""If a picture's width is more than this many times its height, the words stand below it."""

LIT = "#b0306f", "#f29cc6"
"""The colour of what a step is about, light and dark."""


def page(content: Content) -> str:
    """Return one HTML document that needs no network, no kernel and no other file.

    Where scripts cannot run, it shows the whole graph and tells every step as text.

    Args:
        content: what to step through.

    Raises:
        RuntimeError: if there is no renderer to place the graph with.
    """
    with collector_paused():
        return _page(content)


def _page(content: Content) -> str:
    if is_sketched(content):
        sketch = Sketch(content)
        pictures, plain, shown = sketch.views, plain_views(sketch.views, sketch.trace), sketch.facts()
        steps: Sequence[Step] = sketch.strides
    else:
        pictures = views(content.trace, content.layers)
        plain, shown, steps = plain_views(pictures, content.outlined), facts(content), content.steps
    drawings = _taken_out(plain)
    questions = shown.pop("questions")
    needed = _needed(content, pictures)
    styles = ["graph.css", "player.css", *([] if "sketch" in needed else ["touch.css"])]
    styles += [file for part in needed for file in PARTS[part] if file.endswith(".css")]
    styles += ["samples.css"] if content.samples else []
    body = Template(asset(__package__, "player.html")).substitute(
        heading=escape(content.title),
        arrangement=_arrangement(pictures[0].svg),
        picture=pictures[0].svg,
        text=_text(content, steps),
    )
    return document(
        content.title,
        BRACKETS.sub(r"\1", compact("".join(asset(__package__, name) for name in styles))),
        body,
        compact(script(content.trace, shown["touch"]) + player(needed, bool(shown["touch"]))),
        data={
            "facts": packed(shown),
            "pictures": packed(plain),
            "drawings": packed(drawings),
            "questions": packed(questions),
        },
        colours={"lit": LIT},
    )


def _needed(content: Content, pictures: Sequence[View]) -> list[str]:
    """Return which of the `PARTS` a page needs."""
    found = {
        "boxes": any(BOXES in view.svg for view in pictures),
        "windows": any(view.slides for view in pictures),
        "glance": bool(pictures[0].planes),
        "sketch": is_sketched(content),
        "other": content.beside is not None,
    }
    return [part for part, is_needed in found.items() if is_needed]


def player(needed: Collection[str] = (), computes: bool = False) -> str:
    """Return the script of a page: files that say the same names within one function.

    Args:
        needed: which of the `PARTS` the page has.
        computes: whether scripts by which the page computes itself stand before it.
    """
    more = [file for part in needed for file in PARTS[part] if file.endswith(".js")]
    parts = [
        asset("autograd.seeing.pages", "elements.js"),
        *([asset(__package__, "numbers.js")] if "windows" in needed and not computes else []),
        *(asset(__package__, "scripts", name) for name in (*SCRIPTS[:-1], *more, SCRIPTS[-1])),
    ]
    return f'"use strict";\n(() => {{\n{"".join(parts)}}})();\n'


def players() -> list[str]:
    """Return the scripts of all pages that compute nothing themselves, whichever parts they need."""
    counts = range(len(PARTS) + 1)
    return [compact(player(needed)) for n in counts for needed in combinations(PARTS, n)]


def compact(text: str) -> str:
    """Return a script or a style sheet without its indentation and comments.

    No text in one of ours has a space before //, or /*.

    >>> compact("if (a) {\\n  // or not\\n  b(); // c\\n}")
    'if (a) {\\nb();\\n}'
    """
    lines = (COMMENT.sub("", line).strip() for line in text.splitlines())
    return "\n".join(filter(None, lines))


def _taken_out(plain: dict[str, Any]) -> dict[str, Any]:
    """Take out of the pictures what is not read before one of them is opened: all drawings but the first."""
    views = [{key: view.pop(key) for key in ("svg", "nodes", "edges")} for view in plain["views"][1:]]
    return {**{key: plain.pop(key) for key in ("moulds", "faces", "names", "looks")}, "views": [{}, *views]}


def packed(facts: object) -> object:
    """Return facts as they are or, where their JSON is long, the JSON deflated and in base 64.

    >>> packed([1, 2]), len(packed([1] * 1_000_000)) < 10_000
    ([1, 2], True)
    """
    text = embedded(facts)
    return facts if len(text) <= LONGEST_PLAIN else b64encode(compress(text.encode(), LEVEL)).decode()


def _arrangement(svg: str) -> str:
    """Return whether the words stand below a picture, since it is wide, or beside it."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return "wide" if found and float(found[1]) > WIDE * float(found[2]) else "tall"


# ------------------------------------------------------------------------------ without scripts


def _text(content: Content, steps: Sequence[Step]) -> str:
    """Return every step as text, in a list for each pass; forward mode has only one."""
    told = list(steps[:LONGEST_TEXT])
    parts = []
    for title, steps in _passes(told):
        items = "".join(
            f"<li>{escape(step.sentence)} <span>{escape(step.line)}</span></li>" for step in steps
        )
        parts.append(f'<h2>{title}</h2><ol start="{steps[0].number + 1}">{items}</ol>')
    beside = content.beside
    if beside is not None and beside.parts_at is not None:
        where = f"{beside.engine} parts from the right engine at step {beside.parts_at + 1}."
        parts.append(f"<p>{escape(where)} {escape(beside.diagnosis)}</p>")
    more = len(steps) - len(told)
    if more:
        parts.append(f"<p>… and {counted(more, 'more step')}, too many to tell without scripts.</p>")
    return "".join(parts)


def _passes(steps: list[Step]) -> Iterator[tuple[str, list[Step]]]:
    if any(step.phase == "tangent" for step in steps):
        yield "Forward mode", steps
        return
    titles = {"forward": "Forward pass", "reverse": "Reverse pass"}
    for phase, title in titles.items():
        those = [step for step in steps if step.phase == phase]
        if those:
            yield title, those
