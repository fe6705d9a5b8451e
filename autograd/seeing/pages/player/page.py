"""The page of a walk: its template filled in with what the trace and the views say."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any
from zlib import compress

from autograd.core.collector import collector_paused
from autograd.notation.numbers import counted
from autograd.seeing.facts.records import Step
from autograd.seeing.pages.player.content import Content, facts
from autograd.seeing.pages.player.packing.moulds import plain_views
from autograd.seeing.pages.player.views.choice import views
from autograd.seeing.style import THEMES, Theme

LONGEST_TEXT = 250
"""How many steps are told in the text for pages without scripts."""

LONGEST_PLAIN = 30_000
"""From how many characters on the facts are deflated."""

LEVEL = 6
"""How hard to deflate: more takes several times as long and saves next to nothing."""

WIDE = 1.6
"""From which ratio of width to height on the words stand below a picture."""


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
    pictures = views(content.output, content.trace)
    script = _file("player.js")
    shown = facts(content)
    questions = shown.pop("questions")
    return Template(_file("page.html")).substitute(
        script_hash=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        title=escape(content.title),
        heading=escape(content.title),
        colours=_colours(),
        graph_css=_file("graph.css"),
        player_css=_file("player.css"),
        arrangement=_arrangement(pictures[0].svg),
        picture=pictures[0].svg,
        text=_text(content),
        facts=packed(embedded(shown)),
        pictures=packed(embedded(plain_views(pictures, content.trace))),
        questions=packed(embedded(questions)),
        script=script,
    )


def embedded(facts: Any) -> str:
    """JSON for the inside of a ``<script>``, in which no text can end the element or open another.

    >>> embedded({"label": "</script><!--"})
    '{"label":"\\\\u003c/script>\\\\u003c!--"}'
    """
    text = json.dumps(facts, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def packed(text: str) -> str:
    """JSON as it stands or, where it is long, deflated, as a JSON string in base 64.

    >>> packed("[1,2]"), len(packed("[" + "1," * 1_000_000 + "1]")) < 10_000
    ('[1,2]', True)
    """
    if len(text) <= LONGEST_PLAIN:
        return text
    return f'"{b64encode(compress(text.encode(), LEVEL)).decode()}"'


def _arrangement(svg: str) -> str:
    """Whether the words stand below a picture, since it is wide, or beside it."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return "wide" if found and float(found[1]) > WIDE * float(found[2]) else "tall"


# ------------------------------------------------------------------------------ without scripts


def _text(content: Content) -> str:
    """Return every step as text, in a list for each pass; forward mode has only one."""
    told = list(content.trace.steps[:LONGEST_TEXT])
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
    more = len(content.trace.steps) - len(told)
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


# ---------------------------------------------------------------------------------- style, files


def _colours() -> str:
    """The style sheet's colours as variables: light, dark, and either of them by choice."""
    light, dark = (_variables(THEMES[name]) + f"color-scheme:{name};" for name in ("light", "dark"))
    return (
        f":root{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f":root[data-theme=dark]{{{dark}}}"
    )


def _variables(theme: Theme) -> str:
    texts = f"--positive-text:{theme.sign_text(1.0)};--negative-text:{theme.sign_text(-1.0)};"
    return f"{theme.variables()}{texts}"


@cache
def _file(name: str) -> str:
    return files("autograd.seeing.pages.player").joinpath(name).read_text(encoding="utf-8")
