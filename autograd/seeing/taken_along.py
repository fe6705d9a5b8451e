"""A walk as text that is taken along: Markdown and LaTeX, every step with its sentence and its formula."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from autograd.notation.latex import latex, prose
from autograd.seeing.facts.records import Step

PASSES = {"forward": "Forward pass", "reverse": "Reverse pass", "tangent": "Forward mode"}
MARKED = re.compile(r"[\\`*_\[\]<>#|$]")
"""Characters that mean something in Markdown."""


def markdown(title: str, steps: Sequence[Step]) -> str:
    """Return a walk as Markdown, its formulas between dollar signs as notebooks and GitHub read them.

    >>> from autograd import Value, walk
    >>> print(walk(Value(2.0, "a") * 3).to_markdown().splitlines()[4])
    1. a is an input: its value is given. 3 is a constant: no gradient goes to it.
    """
    lines = [f"## {_plain(title)}"]
    for heading, those in _passes(steps):
        lines += ["", f"### {heading}", ""]
        for step in those:
            lines += [f"{step.number + 1}. {_plain(step.sentence)}", "", f"   $${latex(step.line)}$$", ""]
    return "\n".join(lines).rstrip() + "\n"


def document(title: str, steps: Sequence[Step]) -> str:
    """Return a walk as LaTeX, for the inside of a document that uses the package amsmath."""
    lines = [rf"\section*{{{prose(title)}}}"]
    for heading, those in _passes(steps):
        lines += [rf"\subsection*{{{heading}}}", r"\begin{enumerate}"]
        lines += [rf"\setcounter{{enumi}}{{{those[0].number}}}"]
        for step in those:
            lines += [rf"\item {prose(step.sentence)}", rf"\[ {latex(step.line)} \]"]
        lines += [r"\end{enumerate}"]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return MARKED.sub(lambda found: f"\\{found[0]}", text)


def _passes(steps: Sequence[Step]) -> Iterator[tuple[str, list[Step]]]:
    """Yield the steps of each pass with its heading; forward mode is one pass."""
    if steps[-1].phase == "tangent":
        yield PASSES["tangent"], [*steps]
        return
    for phase, those in groupby(steps, lambda step: step.phase):
        yield PASSES[phase], [*those]
