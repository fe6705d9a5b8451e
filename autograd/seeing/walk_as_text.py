"""A walk as text: its lines as they are printed; to be taken along, all it says as Markdown and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby

from autograd.notation.latex import latex, prose
from autograd.notation.numbers import counted
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import Step, Trace
from autograd.seeing.facts.trace import LONGEST_NESTED_FORMULA, trace
from autograd.value import Value

PASSES = {"forward": "Forward pass", "reverse": "Reverse pass", "tangent": "Forward mode"}
MARKED = re.compile(r"[\\`*_\[\]<>#|$]")
"""Characters that mean something in Markdown."""
LONGEST_TITLE = 80
"""A title of more characters than this is cut; a graph of more nodes than this has a short title."""
MOST_TITLED = 3
"""A title names at most this many Modules, or variables."""
MOST_LINES = 60
"""At most about this many steps are printed: the first, the last and those around the current one."""


def plain(title: str, steps: Sequence[Step], here: int, parting: int) -> str:
    """Return the lines of the steps, an arrow at the current one, a crossed sign where another engine parts.

    Args:
        title: the first line.
        steps: those of a walk.
        here, parting: the numbers of these two steps; −1 for none.
    """
    lines, before, phase = [title], -1, ""
    is_one_pass = steps[-1].phase == "tangent"
    for place in _printed(len(steps), {here, parting} - {-1}):
        step = steps[place]
        if place > before + 1:
            lines.append(f"         … {counted(place - before - 1, 'step')} …")
        if not is_one_pass and step.phase != phase:
            lines.append(step.phase)
        mark = ("→" if place == here else " ") + ("≠" if place == parting else " ")
        lines.append(f"{mark}{f'[{place}]':>5}  {step.line}")
        before, phase = place, step.phase
    return "\n".join(lines)


def _printed(total: int, marked: Collection[int]) -> list[int]:
    """Return the steps to print, in order: of many, those at the ends and around the marked ones."""
    if total <= MOST_LINES:
        return list(range(total))
    most = MOST_LINES // 3
    around = {place + i for place in marked for i in range(-3, 4) if 0 <= place + i < total}
    return sorted({*range(most), *range(total - most, total)} | around)


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
            item = f"{step.number + 1}. "  # a formula is part of it where it begins below its first word
            lines += [item + _plain(step.sentence), "", f"{' ' * len(item)}$${latex(step.line)}$$", ""]
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


def title_of(facts: Trace, named: Collection[str], formula: str | None) -> str:
    """Return a title in names that the caller knows.

    It tells the outermost Module and the output; else how that is computed or, where it is computed of what
    has no name, of which variables.

    Args:
        facts: what is stepped through.
        named: the ids of the nodes that have a name of their own.
        formula: how the output is computed, whole; None where that is too long.

    >>> from autograd import Value
    >>> from autograd.seeing.facts.trace import trace
    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> y = a.tanh() * b
    >>> title_of(trace(y, {"y": y}), {"n0", "n2"}, None)
    'y(a, b)'
    """
    output = facts.nodes[-1]
    outermost = min(map(len, facts.modules), default=0)
    modules = [module for path, module in facts.modules.items() if len(path) == outermost]
    if 0 < len(modules) <= MOST_TITLED:
        titles = (f"{module.kind} {module.brief}".strip() for module in modules)
        return f"{' and '.join(titles)}: {name_of(output)}"
    nameless = {node.id for node in facts.nodes if node.op and node.id not in named}
    is_named = not any(edge.source in nameless for edge in facts.edges if edge.target == facts.output)
    if formula or is_named:
        return " = ".join(filter(None, [name_of(output), formula or output.formula]))
    leaves = [name_of(node) for node in facts.nodes if node.id in named and not node.op]
    more = ["…"] if len(leaves) > MOST_TITLED else []
    return f"{name_of(output)}({', '.join([*leaves[:MOST_TITLED], *more])})"


def nested_formula(output: Value, names: Mapping[Value, str], facts: Trace) -> str | None:
    """Return the output's formula, with those of all nameless Values in it; None if it is too long."""
    if len(facts.nodes) > LONGEST_TITLE:
        return None
    *before, last = trace(output, {name: v for v, name in names.items()}).nodes
    nested = [node.formula for node in before if node.formula and not node.label]
    return last.formula if all(len(text) <= LONGEST_NESTED_FORMULA for text in nested) else None
