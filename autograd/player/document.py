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
from typing import TYPE_CHECKING, Any
from zlib import compress

from autograd.drawing.style import THEMES, Theme, width
from autograd.player.predict import DIGITS, WORDS, Questions, predictions
from autograd.player.views import View, views
from autograd.trace import Node, Step
from autograd.wording import counted, number, parse_label, signed

if TYPE_CHECKING:
    from autograd.walk import Walk

LONGEST_TEXT = 400
"""How many steps are told in the text for pages without scripts."""

LONGEST_PLAIN = 150_000
"""From how many characters on the facts are deflated."""

LONGEST_TITLE = 80

WIDE = 1.6
"""From which ratio of width to height on the words stand below a picture."""

SHOWN = ("upstream", "partial", "contribution", "before", "after")


def page(walk: Walk) -> str:
    """One HTML document that needs no network, no kernel and no other file.

    Where scripts cannot run, it shows the whole graph and tells every step as text.

    Args:
        walk: the walk to step through.

    Raises:
        RuntimeError: if there is no renderer to place the graph with.
    """
    pictures = views(walk.output, walk.trace)
    script = _file("player.js")
    title = heading(walk)
    return Template(_file("page.html")).substitute(
        script_hash=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        title=escape(title),
        heading=escape(title),
        colours=_colours(),
        graph_css=_file("graph.css"),
        player_css=_file("player.css"),
        arrangement=_arrangement(pictures[0].svg),
        picture=pictures[0].svg,
        text=_text(walk),
        facts=packed(embedded(facts(walk) | {"views": _plain_views(pictures)})),
        script=script,
    )


def facts(walk: Walk) -> dict[str, Any]:
    """What the page shows, apart from its pictures: numbers, words and formulas as JSON has them.

    The same graph with other numbers has other facts and the same pictures, so that a page can be
    given new facts when a number is changed.
    """
    asked = predictions(walk.trace)
    return {
        "title": heading(walk),
        "words": WORDS,
        "trace": json.loads(walk.trace.to_json()),
        "names": [_name(node) for node in walk.trace.nodes],
        "values": [number(node.value) for node in walk.trace.nodes],
        "steps": [
            {
                "mathml": step.mathml(),
                "shown": [number(getattr(step, name)) for name in SHOWN],
                "added": signed(step.contribution),
                "width": width(step.contribution),
                "sign": _sign(step.contribution),
                "asked": _plain_answers(asked.get(step.number, {})),
            }
            for step in walk.trace.steps
        ],
    }


def heading(walk: Walk) -> str:
    """What is walked through, in one line: the output and how it was computed.

    >>> from autograd import Value
    >>> from autograd.walk import walk
    >>> heading(walk(Value(2.0, "a") * Value(-3.0, "b")))
    'y = a × b'
    """
    output = walk.trace.nodes[-1]
    text = " = ".join(part for part in (_called(output), output.formula) if part)
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"


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
    return f'"{b64encode(compress(text.encode(), 9)).decode()}"'


def _plain_answers(questions: Questions) -> dict[str, list[list[Any]]]:
    """Each answer as its number, tolerance, mistakes and other input; equal lists once."""
    shared = questions.get("gradient") is questions.get("contribution")
    return {
        question: [
            [
                _exact(_rounded(answer.number)),
                _rounded(answer.tolerance, 3),
                list(answer.mistakes),
                answer.other,
            ]
            for answer in answers
        ]
        for question, answers in questions.items()
        if not (shared and question == "gradient")
    }


def _rounded(x: float, digits: int = DIGITS + 3) -> float:
    """As many digits as an answer can be told by, so that pages stay small."""
    return float(f"{x:.{digits}g}")


def _exact(x: float) -> float | str:
    """A number as the trace's JSON writes it: those that are not finite as words."""
    text = repr(x)
    return text if text in ("inf", "-inf", "nan") else x


def _arrangement(svg: str) -> str:
    """Whether the words stand below a picture, since it is wide, or beside it."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return "wide" if found and float(found[1]) > WIDE * float(found[2]) else "tall"


def _sign(x: float | None) -> str:
    """The sign of a contribution as a word."""
    if x is None or x != x:
        return "nan"
    return "zero" if x == 0.0 else "positive" if x > 0.0 else "negative"


def _name(node: Node) -> list[str]:
    """A node's name in its parts: base, subscript, superscript."""
    if not node.label:
        return [number(node.value), "", ""]
    label = parse_label(node.label)
    return [label.base, label.subscript, label.superscript]


def _called(node: Node) -> str:
    return parse_label(node.label).text if node.label else ""


def _plain_views(pictures: list[View]) -> list[dict[str, Any]]:
    """The views as JSON has them; the first one's picture stands in the page itself."""
    return [
        {
            "name": view.name,
            "title": view.title,
            "svg": view.svg if place else "",
            "nodes": view.nodes,
            "edges": view.edges,
            "opens": view.opens,
            "parent": view.parent,
        }
        for place, view in enumerate(pictures)
    ]


# ------------------------------------------------------------------------------ without scripts


def _text(walk: Walk) -> str:
    """Every step as text, in two lists: the forward pass and what follows."""
    told = list(walk.trace.steps[:LONGEST_TEXT])
    parts = []
    for title, steps in _passes(told):
        items = "".join(
            f"<li>{escape(step.sentence)} <span>{escape(step.line)}</span></li>" for step in steps
        )
        parts.append(f'<h2>{title}</h2><ol start="{steps[0].number + 1}">{items}</ol>')
    more = len(walk) - len(told)
    if more:
        parts.append(f"<p>… and {counted(more, 'more step')}, too many to tell without scripts.</p>")
    return "".join(parts)


def _passes(steps: list[Step]) -> Iterator[tuple[str, list[Step]]]:
    titles = {"forward": "Forward pass", "reverse": "Reverse pass", "tangent": "Forward mode"}
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
    return files("autograd.player").joinpath(name).read_text(encoding="utf-8")
