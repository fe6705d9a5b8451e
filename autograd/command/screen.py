"""A walk as text: what a terminal shows of its steps, of what is known so far, and of the gradients.

Everything comes from a trace; nothing is computed here.  Lines have no colour unless the `Look` asks for
it, and what a colour says is always written as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from math import inf, isfinite, isnan
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from autograd.notation.numbers import number, signed
from autograd.notation.signs import gradient_sign, local_in_words, local_sign
from autograd.seeing.facts.corners import Corners
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import NodeFact, Step, Trace

if TYPE_CHECKING:
    from autograd.seeing.facts.comparison import Beside

PASSES = {
    "forward": ("Forward pass", "every value, from the inputs to the output"),
    "reverse": ("Reverse pass", "every gradient, from the output to the inputs"),
    "tangent": ("Forward mode", "every value, and how fast it changes"),
}
MOST_COLUMNS = 48
"""What is known so far is shown for graphs of at most this many Values."""
CHANGE = "before → after"
MARGIN, GAP = "  ", "   "
POSITIVE, NEGATIVE = "38;5;32", "38;5;166"
"""The palette's blue and vermilion, as close as a terminal of 256 colours comes to them."""


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
        """Return the text in bold."""
        return self._styled("1", text)

    def faint(self, text: str) -> str:
        """Return the text with less weight."""
        return self._styled("2", text)

    def by_sign(self, text: str, x: float | None) -> str:
        """Return the text in the hue of a number's sign."""
        if x is None or not (x > 0 or x < 0):
            return text
        return self._styled(POSITIVE if x > 0 else NEGATIVE, text)

    def warning(self, text: str) -> str:
        """Return the text as something that went wrong."""
        return self._styled(NEGATIVE, text)

    def _styled(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


PLAIN = Look()


# ------------------------------------------------------------------------------------- the steps


def legend_lines(facts: Trace, look: Look = PLAIN) -> list[str]:
    """Explain the signs of a walk, in the names of its own first input and output."""
    output = next(node for node in facts.nodes if node.id == facts.output)
    first = next((node for node in facts.nodes if node.op is None and node.role != "constant"), output)
    y, a = name_of(output), name_of(first)
    if y == a:
        return []
    first_use = next(edge for edge in facts.edges if edge.source == first.id)
    target = next(name_of(node) for node in facts.nodes if node.id == first_use.target)
    lines = wrapped(
        f"{gradient_sign(y, a)}, the gradient: how many times as much {y} changes as {a}, when {a} changes a "
        "little.",
        look.width,
    )
    lines += wrapped(
        f"{local_sign(a, target)}, the local derivative: {local_in_words(a, target)}.", look.width
    )
    if any(map(_is_rounded, [*(node.value for node in facts.nodes), *(step.after for step in facts.steps)])):
        lines += wrapped(
            "Numbers are rounded to four digits where they are shown; ≈ stands where that can be seen.",
            look.width,
        )
    return [look.faint(line) for line in lines]


def _is_rounded(x: float | None) -> bool:
    return x is not None and isfinite(x) and float(f"{x:.4g}") != x


def walk_lines(steps: Sequence[Step], look: Look = PLAIN, beside: Beside | None = None) -> Iterator[str]:
    """Yield all steps, one below the other, with a heading where a pass begins.

    Args:
        steps: the steps of a walk.
        look: how lines are written.
        beside: another engine, whose first mistake is described below the step where it happens.
    """
    phase, airy = "", False
    for step in steps:
        lines = step_lines(step, len(steps), look, beside)
        if step.phase != phase and phase != "tangent":  # forward mode alternates
            phase = phase_of(step, steps)
            yield from ("", heading(phase, look, CHANGE if phase == "reverse" else ""), "")
        elif airy or len(lines) > 1:
            yield ""
        airy = len(lines) > 1
        yield from lines


def phase_of(step: Step, steps: Sequence[Step]) -> str:
    """Return the pass that a step is part of: in forward mode there is only one."""
    return "tangent" if steps[-1].phase == "tangent" else step.phase


def heading(phase: str, look: Look = PLAIN, note: str = "") -> str:
    """Return the name of a pass, in a few words what it does, and a note at the right end of the line."""
    name, about = PASSES[phase]
    room = look.width - len(name) - 2
    if len(about) + len(GAP) + len(note) > room:
        about = ""
    return _headed(name, (about + note.rjust(room - len(about))).rstrip(), look)


def _headed(name: str, about: str, look: Look) -> str:
    return f"{look.strong(name)}  {look.faint(about)}" if about else look.strong(name)


def step_lines(step: Step, total: int, look: Look = PLAIN, beside: Beside | None = None) -> list[str]:
    """Return the lines of a step: its number and what is computed, then in plain words what happens.

    At the right of a contribution stands the gradient that it changes, before and after.
    """
    digits = len(str(total))
    margin = " " * (len(MARGIN) + digits + 2)
    room = look.width - len(margin)
    computed = wrap(step.line, room, subsequent_indent="  ")
    lines = [look.strong(line) for line in computed]
    sentence = wrapped(step.sentence, room)
    if step.kind == "leaf" and len(computed[-1]) + len(GAP) + len(sentence[0]) <= room and len(sentence) == 1:
        lines[-1] += " " * max(len(GAP), 12 - len(computed[-1])) + step.sentence
        sentence = []
    if step.kind == "edge":
        change = f"{number(step.before)} → {number(step.after)}"
        space = room - len(computed[-1]) - len(change)
        lines[-1:] = (
            [lines[-1] + " " * space + change] if space >= len(GAP) else [lines[-1], change.rjust(room)]
        )
    lines += sentence
    if beside is not None and step.number == beside.parts_at:
        parting = f"≠ {engine_name(beside)} has {number(beside.found)} here, not {number(beside.right)}."
        lines += [look.warning(line) for line in [parting, *wrapped(beside.diagnosis, room)]]
    place = f"{MARGIN}{step.number + 1:{digits}}  "
    return [place + lines[0], *(margin + line for line in lines[1:])]


def engine_name(beside: Beside) -> str:
    """Return the name of an engine as it is typed: ``depth-first``."""
    return beside.engine.replace("_", "-")


def wrapped(sentence: str, width: int) -> list[str]:
    """Break the sentence into lines, between words and not inside a calculation such as 2 · 3 = 6."""
    kept_together = re.sub(r" ([=≈·×+−/<≤→]|\+=) ", "\u00a0\\1\u00a0", sentence)
    return [line.replace("\u00a0", " ") for line in wrap(kept_together, width)]


# ------------------------------------------------------------------------------- what is known so far


def known_after(place: int, facts: Trace) -> tuple[dict[str, float], dict[str, float]]:
    """Return the values known after a step, and the gradients or tangents, by the id of the node."""
    value = {node.id: node.value for node in facts.nodes}
    values: dict[str, float] = {}
    changes: dict[str, float] = {}
    for step in facts.steps[: place + 1]:
        if step.phase == "forward":
            values |= {id: value[id] for id in step.nodes}
        elif step.after is not None:
            changes[step.node] = step.after
    return values, changes


class Cell(NamedTuple):
    """A piece of text, and what colours it once it is as wide as its column."""

    text: str
    paint: Callable[[str], str] = str


def state_lines(facts: Trace, place: int, look: Look = PLAIN) -> list[str]:
    """Return a table of all Values after step number ``place``: what is known, and ``–`` for the rest.

    The Values that the step is about stand in brackets.  The columns keep their places from step
    to step.
    """
    nodes = [node for node in facts.nodes if node.role != "constant"]
    if len(nodes) > MOST_COLUMNS:
        return []
    here = facts.steps[place]
    known, in_the_end = known_after(place, facts), known_after(len(facts.steps), facts)
    heads = ("", "value", "tangent" if phase_of(here, facts.steps) == "tangent" else "gradient")
    columns = [_column(node, node.id in here.nodes, *known, look) for node in nodes]
    widths = [max(len(cell.text) for cell in _column(node, True, *in_the_end, look)) + 1 for node in nodes]
    return list(_side_by_side(heads, columns, widths, look.width))


def _column(
    node: NodeFact, marked: bool, values: Mapping[str, float], changes: Mapping[str, float], look: Look
) -> list[Cell]:
    """Return a column of the state; a space at the right stands below the bracket."""
    name, change = name_of(node), changes.get(node.id)
    return [
        Cell(f"[{name}]", look.strong) if marked else Cell(f"{name} "),
        Cell(f"{number(values.get(node.id))} "),
        Cell(f"{number(change)} ", partial(look.by_sign, x=change)),
    ]


def _side_by_side(
    heads: Sequence[str], columns: Sequence[list[Cell]], widths: Sequence[int], width: int
) -> Iterator[str]:
    """Yield columns side by side as long as there is room, then further ones below."""
    margin = max(map(len, heads)) + len(MARGIN)
    fits = max(1, sum(end <= width - margin for end in accumulate(widths)))
    for row, head in enumerate(heads):
        cells = [
            column[row].paint(column[row].text.rjust(w))
            for column, w in zip(columns[:fits], widths, strict=False)
        ]
        yield (MARGIN + head).ljust(margin) + "".join(cells).rstrip()
    if columns[fits:]:
        yield ""
        yield from _side_by_side(heads, columns[fits:], widths[fits:], width)


# ------------------------------------------------------------------------------------ the gradients


def no_slope(output: NodeFact) -> str:
    """Return the sentence about an output that has no slopes; "" of any other."""
    if isfinite(output.value):
        return ""
    what = "nan, not a number" if isnan(output.value) else number(output.value)
    return f"{name_of(output)} is {what}: it follows no change of an input"


def gradient_lines(facts: Trace, look: Look = PLAIN, beside: Beside | None = None) -> list[str]:
    """Return a table of the gradients of all inputs and weights, and what each of them says.

    With another engine ``beside``, its gradients stand next to the right ones, marked where wrong.
    """
    output = next(node for node in facts.nodes if node.id == facts.output)
    y, chosen = name_of(output), Corners(facts).before
    inputs = [node for node in facts.nodes if node.op is None and node.role != "constant"]
    none = no_slope(output)
    about = none or f"how {y} = {number(output.value)} follows a small change of each input"
    fits = len("Gradients  ") + len(about) <= look.width
    heads = ["", "value", "gradient", "" if beside is None else engine_name(beside)]
    rows = [[*map(Cell, [*heads, ""] if beside else heads)]]
    for node in inputs:
        ours = [Cell(name_of(node)), Cell(number(node.value)), _slope(node.gradient or 0.0, look)]
        note = Cell(_by_rule(node) if none else _in_words(node, y, node.id in chosen))
        rows.append([*ours, *(_compared(node, beside, look) if beside else [note])])
    return [_headed("Gradients", about if fits else "", look), "", *_aligned(rows, look)]


def _compared(node: NodeFact, beside: Beside, look: Look) -> list[Cell]:
    """Return the gradient that the other engine has, and a mark if it is wrong."""
    right, found = beside.gradients.get(node.id, (0.0, 0.0))
    return [_slope(found, look), Cell("" if number(right) == number(found) else "≠", look.warning)]


def _slope(x: float | None, look: Look) -> Cell:
    return Cell(signed(x), partial(look.by_sign, x=x))


def _aligned(rows: Sequence[Sequence[Cell]], look: Look) -> Iterator[str]:
    """Yield a table: a name, numbers, and at the end a note if there is room for it."""
    widths = [max(len(row[i].text) for row in rows) for i in range(len(rows[0]) - 1)]
    room = look.width - len(MARGIN) - sum(widths) - len(GAP) * len(widths)
    for name, *numbers, note in rows:
        cells = [name.text.ljust(widths[0])]
        cells += [x.paint(x.text.rjust(width)) for x, width in zip(numbers, widths[1:], strict=True)]
        if 0 < len(note.text) <= room:
            cells.append(note.paint(note.text))
        yield MARGIN + GAP.join(cells)


def _by_rule(node: NodeFact) -> str:
    """Say of a number that stands beside a nan that it is not a slope."""
    return "" if isnan(node.gradient or 0.0) else "by the rules alone: not a slope"


def _in_words(node: NodeFact, y: str, chosen: bool) -> str:
    """Write ``raise a a little: y rises 6 times as much``; of a slope that was chosen, that it was."""
    name, slope = name_of(node), node.gradient or 0.0
    if chosen:
        return f"a choice: {name} is at a corner, or before one"
    if slope == 0.0:
        return f"raise {name} a little: {y} stays as it is"
    if not abs(slope) < inf:
        return ""
    times = "just as much" if abs(slope) == 1.0 else f"{number(abs(slope))} times as much"
    return f"raise {name} a little: {y} {'rises' if slope > 0 else 'falls'} {times}"
