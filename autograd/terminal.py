"""A walk as text: what a terminal shows of its steps, of what is known so far, and of the gradients.

Everything is read off a trace; nothing is computed here.  Lines come without colour unless the
`Look` asks for it, and what a colour says is always written as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from autograd.trace import Node, Step, Trace
from autograd.wording import number, parse_label, signed

if TYPE_CHECKING:
    from autograd.beside import Beside

PASSES = {
    "forward": ("Forward pass", "every value, from the inputs to the output"),
    "reverse": ("Reverse pass", "every gradient, from the output back to the inputs"),
    "tangent": ("Forward mode", "every value, and how fast it changes"),
}
MOST_COLUMNS = 48
"""Of a graph with more Values than this, what is known so far is not shown."""
CHANGE = "before → after"
MARGIN, GAP = "  ", "   "
POSITIVE, NEGATIVE = "38;5;32", "38;5;166"
"""The palette's blue and vermilion, as near as a terminal of 256 colours has them."""


@dataclass(frozen=True)
class Look:
    """How wide lines may be, and whether colours are wanted.

    Attributes:
        width: in characters.
        colour: whether the escape codes of a terminal are written.
    """

    width: int = 80
    colour: bool = False

    def strong(self, text: str) -> str:
        """The text in bold."""
        return self._styled("1", text)

    def faint(self, text: str) -> str:
        """The text with less weight."""
        return self._styled("2", text)

    def by_sign(self, text: str, x: float | None) -> str:
        """The text in the hue of a number's sign."""
        if x is None or not (x > 0 or x < 0):
            return text
        return self._styled(POSITIVE if x > 0 else NEGATIVE, text)

    def warning(self, text: str) -> str:
        """The text as something that went wrong."""
        return self._styled(f"1;{NEGATIVE}", text)

    def _styled(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


PLAIN = Look()


# ------------------------------------------------------------------------------------- the steps


def told(steps: Sequence[Step], look: Look = PLAIN, beside: Beside | None = None) -> Iterator[str]:
    """All steps, one below the other, with a heading where a pass begins.

    Args:
        steps: those of a walk.
        look: how lines are written.
        beside: another engine, whose first mistake is told below the step where it makes it.
    """
    phase, airy = "", False
    for step in steps:
        lines = step_lines(step, len(steps), look, beside)
        if step.phase != phase and phase != "tangent":  # forward mode goes to and fro
            phase = phase_of(step, steps)
            yield from ("", heading(phase, look), "")
        elif airy or len(lines) > 1:
            yield ""
        airy = len(lines) > 1
        yield from lines


def phase_of(step: Step, steps: Sequence[Step]) -> str:
    """The pass that a step is part of: in forward mode there is only one."""
    return "tangent" if steps[-1].phase == "tangent" else step.phase


def heading(phase: str, look: Look = PLAIN) -> str:
    """The name of a pass, and in a few words what it does."""
    name, about = PASSES[phase]
    room = look.width - len(name) - len(about) - 2
    change = CHANGE.rjust(room) if phase == "reverse" and room > len(CHANGE) else ""
    return _headed(name, about + change, look)


def _headed(name: str, about: str, look: Look) -> str:
    fits = len(name) + 2 + len(about) <= look.width
    return f"{look.strong(name)}  {look.faint(about)}" if fits else look.strong(name)


def step_lines(step: Step, total: int, look: Look = PLAIN, beside: Beside | None = None) -> list[str]:
    """One step: its number and what is computed, then in plain words what happens.

    At the right of a contribution stands the gradient that it changes, before and after.
    """
    digits = len(str(total))
    margin = " " * (len(MARGIN) + digits + 2)
    room = look.width - len(margin)
    computed = wrap(step.line, room, subsequent_indent="  ")
    lines = [look.strong(line) for line in computed]
    sentence = wrapped(step.sentence, room)
    if step.kind == "leaf" and len(computed[-1]) + len(GAP) + len(sentence[0]) <= room and len(sentence) == 1:
        lines[-1] += " " * max(len(GAP), 12 - len(computed[-1])) + look.faint(step.sentence)
        sentence = []
    if step.kind == "edge":
        change = f"{number(step.before)} → {number(step.after)}"
        space = room - len(computed[-1]) - len(change)
        lines[-1:] = (
            [lines[-1] + " " * space + change] if space >= len(GAP) else [lines[-1], change.rjust(room)]
        )
    lines += map(look.faint, sentence)
    if beside is not None and step.number == beside.parts_at:
        parting = f"≠ {called_engine(beside)} has {number(beside.found)} here, not {number(beside.right)}."
        lines += [look.warning(parting), *wrapped(beside.diagnosis, room)]
    place = f"{MARGIN}{step.number + 1:{digits}}  "
    return [place + lines[0], *(margin + line for line in lines[1:])]


def called_engine(beside: Beside) -> str:
    """The name of an engine as it is typed: ``depth-first``."""
    return beside.engine.replace("_", "-")


def wrapped(sentence: str, width: int) -> list[str]:
    """The sentence in lines, broken between words and not inside a calculation such as 2 · 3 = 6."""
    kept_together = re.sub(r" ([=·×+−/<≤→]|\+=) ", "\u00a0\\1\u00a0", sentence)
    return [line.replace("\u00a0", " ") for line in wrap(kept_together, width)]


# ------------------------------------------------------------------------------- what is known so far


@dataclass
class Known:
    """The numbers that the steps up to some place have computed, by the id of the node."""

    values: dict[str, float] = field(default_factory=dict)
    changes: dict[str, float] = field(default_factory=dict)  # gradients, or tangents

    @classmethod
    def after(cls, steps: Iterable[Step]) -> Known:
        """What these steps have computed."""
        known = cls()
        for step in steps:
            numbers = known.values if step.phase == "forward" else known.changes
            if step.after is not None:
                numbers[step.node] = step.after
        return known


class Cell(NamedTuple):
    """A piece of text, and the same as it is shown: with the codes of its colour, which take no room."""

    text: str
    shown: str

    def right(self, width: int) -> str:
        """At the right end of a column."""
        return " " * (width - len(self.text)) + self.shown

    def left(self, width: int) -> str:
        """At the left end of a column."""
        return self.shown + " " * (width - len(self.text))


def plain(text: str) -> Cell:
    """Text without colour."""
    return Cell(text, text)


def state_lines(facts: Trace, place: int, look: Look = PLAIN) -> list[str]:
    """A table of all Values after the step number ``place``: what is known, and ``–`` for the rest.

    The Value that the step is about stands in brackets.
    """
    nodes = [node for node in facts.nodes if node.role != "constant"]
    if len(nodes) > MOST_COLUMNS:
        return []
    here = facts.steps[place]
    known = Known.after(facts.steps[: place + 1])
    heads = ("", "value", "tangent" if phase_of(here, facts.steps) == "tangent" else "gradient")
    return list(_side_by_side(heads, [_column(node, here, known, look) for node in nodes], look.width))


def _column(node: Node, here: Step, known: Known, look: Look) -> list[Cell]:
    """A column of the state; a space at the right stands below the bracket."""
    name, change = called(node), known.changes.get(node.id)
    marked = f"[{name}]"
    head = Cell(marked, look.strong(marked)) if node.id == here.node else plain(f"{name} ")
    written = f"{number(change)} "
    return [
        head,
        plain(f"{number(known.values.get(node.id))} "),
        Cell(written, look.by_sign(written, change)),
    ]


def _side_by_side(heads: Sequence[str], columns: Sequence[list[Cell]], width: int) -> Iterator[str]:
    """Columns side by side as long as there is room, then further ones below."""
    room = width - max(map(len, heads)) - len(MARGIN)
    widths = [max(len(cell.text) for cell in column) + 2 for column in columns]
    start = 0
    while start < len(columns):
        end = start + 1
        while end < len(columns) and sum(widths[start : end + 1]) <= room:
            end += 1
        if start:
            yield ""
        for row, head in enumerate(heads):
            cells = [columns[i][row].right(widths[i]) for i in range(start, end)]
            yield (MARGIN + head).ljust(width - room) + "".join(cells).rstrip()
        start = end


# ------------------------------------------------------------------------------------ the gradients


def gradient_lines(facts: Trace, look: Look = PLAIN, beside: Beside | None = None) -> list[str]:
    """A table of the gradients of all inputs and weights, and what each of them says.

    With another engine ``beside``, its gradients stand next to the right ones, marked where wrong.
    """
    output = next(node for node in facts.nodes if node.id == facts.output)
    inputs = [node for node in facts.nodes if node.op is None and node.role != "constant"]
    engine = [] if beside is None else [plain(called_engine(beside))]
    rows = [[plain(""), plain("value"), plain("gradient"), *engine]]
    for node in inputs:
        row = [plain(called(node)), plain(number(node.value)), _slope(node.gradient or 0.0, look)]
        if beside is not None:
            row.append(_slope(beside.gradients.get(node.id, (0.0, 0.0))[1], look))
        rows.append(row)
    about = f"how {called(output)} = {number(output.value)} follows a small change of each input"
    lines = [_headed("Gradients", about, look), ""]
    notes = [
        "",
        *(_in_words(node, called(output)) if beside is None else _verdict(node, beside) for node in inputs),
    ]
    widths = [max(len(row[i].text) for row in rows) for i in range(len(rows[0]))]
    used = len(MARGIN) + sum(widths) + len(GAP) * len(widths)
    for row, note in zip(rows, notes, strict=True):
        cells = [
            row[0].left(widths[0]),
            *(cell.right(w) for cell, w in zip(row[1:], widths[1:], strict=True)),
        ]
        fits = bool(note) and used + len(note) <= look.width
        lines.append(MARGIN + GAP.join([*cells, look.faint(note)] if fits else cells))
    return lines


def _slope(x: float | None, look: Look) -> Cell:
    return Cell(signed(x), look.by_sign(signed(x), x))


def _verdict(node: Node, beside: Beside) -> str:
    right, found = beside.gradients.get(node.id, (0.0, 0.0))
    return "" if number(right) == number(found) else "≠"


def _in_words(node: Node, y: str) -> str:
    """``raise a a little: y rises 6 times as much``."""
    name, slope = called(node), node.gradient or 0.0
    if slope == 0.0:
        return f"raise {name} a little: {y} stays as it is"
    if not abs(slope) < inf:
        return ""
    times = "just as much" if abs(slope) == 1.0 else f"{number(abs(slope))} times as much"
    return f"raise {name} a little: {y} {'rises' if slope > 0 else 'falls'} {times}"


def called(node: Node) -> str:
    """What a node is called: its label, else its number."""
    return parse_label(node.label).text if node.label else number(node.value)
