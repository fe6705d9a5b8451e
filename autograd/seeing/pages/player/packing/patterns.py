"""Steps without their words: what is the same in many sentences is sent once, as a pattern.

The steps of a large graph say the same things of other nodes and other numbers.  A pattern is a
text in which the names and numbers that the step is about are left open; a page fills it in again.
Patterns are found in the finished sentences and formulas, so that filled in they give exactly what
the trace says, whatever that is.

A pattern is a list of texts and references, where a reference is a number that says what belongs
there.  Of a step these are, by `NODE_NAME` and the others below: the names of the output, of its
node and of its target, their values, what the step shows, and anything else it speaks of (`extras`).
"""

from __future__ import annotations

import re
from typing import Any

from autograd.notation.mathml import NAME, NUMBER, WORDS, mathml
from autograd.notation.numbers import number
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import Step, Trace

SHOWN = ("upstream", "partial", "contribution", "before", "after")
"""The numbers that a step shows."""
OUTPUT_NAME, NODE_NAME, TARGET_NAME, NODE_VALUE, TARGET_VALUE, FIRST_SHOWN = range(6)
"""References: names, values, and the first of the numbers that the step shows."""
FIRST_EXTRA = FIRST_SHOWN + len(SHOWN)
"""From here on there are three references per extra: a node's name, a node's value, a text."""

MOST_REFERENCES = 200
"""A formula with more references than this is sent as it is."""

LEAF = re.compile(f"(?:{NUMBER})|{NAME}")
"""What a reference may stand for: a number without its sign, or a name."""

LETTER, DIGIT = 0xA500, 0xA620
"""The first letter and digit of the Vai script, which stand in formulas for what is left open."""
STAND_IN = re.compile("<mi>([\ua500-\ua5ff])</mi>|<mn>([\ua620-\ua629]{3})</mn>")
VAI = re.compile("[\ua500-\ua63f]")

Pattern = tuple[str | int, ...]
"""Texts and references, in the order in which they stand."""
Extra = str | int
"""A text, or a node by its number in the trace."""


class Patterns:
    """Patterns by number, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[Pattern, int] = {}

    def number(self, pattern: Pattern) -> int:
        """Return the number of a pattern, a new one if it has none yet."""
        return self._numbers.setdefault(pattern, len(self._numbers))

    @property
    def all(self) -> list[Pattern]:
        """The patterns in the order of their numbers."""
        return list(self._numbers)


class Writer:
    """Takes the texts of one trace's steps apart.

    Attributes:
        sentences: the patterns of sentences and other plain text.
        formulas: those of formulas; each text in it is MathML.
        plain: words met so far in which nothing can be left open.
    """

    def __init__(self, trace: Trace) -> None:
        self.sentences = Patterns()
        self.formulas = Patterns()
        self._set: dict[Pattern, Pattern | None] = {}
        self.plain: set[str] = set()
        self._pieces: dict[str, list[tuple[str, bool]]] = {}
        self._meant: dict[str, Extra | None] = {}
        self._place = {node.id: i for i, node in enumerate(trace.nodes)}
        self._names = [name_of(node) for node in trace.nodes]
        self._values = [number(node.value).lstrip("−") for node in trace.nodes]
        self._named = {text: i for i, text in reversed([*enumerate(self._names)])}
        self._output = self._place[trace.output]

    def pieces(self, word: str) -> list[tuple[str, bool]]:
        """Return a word in pieces, and for each whether a reference may stand for it."""
        if word not in self._pieces:
            pieces, end = [], 0
            for found in LEAF.finditer(word):
                pieces += [(word[end : found.start()], False), (found.group(), True)]
                end = found.end()
            self._pieces[word] = [piece for piece in (*pieces, (word[end:], False)) if piece[0]]
            if not any(is_leaf and (is_number(leaf) or leaf in self._named) for leaf, is_leaf in pieces):
                self.plain.add(word)
        return self._pieces[word]

    def meant(self, leaf: str) -> Extra | None:
        """Return the number of the node of this name, or the text of a number; None for a plain word."""
        if leaf not in self._meant:
            named = None if leaf in PLAIN_WORDS else self._named.get(leaf)
            self._meant[leaf] = leaf if is_number(leaf) else named
        return self._meant[leaf]

    def place(self, node: str) -> int:
        """Return the number of a node."""
        return self._place[node]

    def step(self, step: Step) -> dict[str, Any]:
        """Return the numbers of a step's patterns (sentence, formula, local derivative), and its extras."""
        reader = _Reader(self, step)
        line = reader.pattern(step.line)
        return {
            "sentence": self.sentences.number(reader.pattern(step.sentence)),
            "formula": self.formulas.number(self._formula(line, step)),
            "slope": self.sentences.number(reader.pattern(step.partial_symbols or "")),
            "extras": reader.extras,
        }

    def _formula(self, line: Pattern, step: Step) -> Pattern:
        if line not in self._set:
            self._set[line] = _set_formula(line)
        return self._set[line] or (mathml(step.line),)


class _Reader:
    """Takes the texts of one step apart."""

    def __init__(self, writer: Writer, step: Step) -> None:
        self._writer = writer
        self.extras: list[Extra] = []
        node = writer._place[step.node]
        target = None if step.target is None else writer._place[step.target]
        self._texts: dict[str, int] = {}
        for place, value in enumerate(shown_of(step), FIRST_SHOWN):
            self._know(value.lstrip("−"), place)
        self._know_node(node, NODE_NAME, NODE_VALUE)
        if target is not None:
            self._know_node(target, TARGET_NAME, TARGET_VALUE)
        self._know(writer._names[writer._output], OUTPUT_NAME)

    def _know_node(self, node: int, name: int, value: int) -> None:
        self._know(self._writer._names[node], name)
        self._know(self._writer._values[node], value)

    def _know(self, text: str, reference: int) -> None:
        if is_number(text) == is_number_reference(reference) and text not in WORDS:
            self._texts.setdefault(text, reference)

    def pattern(self, text: str) -> Pattern:
        """Return the text with references for what the step is about."""
        pieces: list[str | int] = []
        words, plain = text.split(" "), self._writer.plain
        done: list[str] = []
        start = 0
        for i, word in enumerate(words):
            if word in plain:
                continue
            before = " ".join([*done, *words[start:i], ""])
            for piece, is_leaf in self._writer.pieces(word):
                reference = self._reference(piece) if is_leaf else None
                if reference is None:
                    before += piece
                else:
                    pieces += (before, reference)
                    before = ""
            done, start = [before], i + 1
        return (*pieces, " ".join([*done, *words[start:]]))

    def _reference(self, leaf: str) -> int | None:
        """Return what stands for a leaf, an extra if the step does not know it yet; None for a plain word."""
        if leaf in self._texts:
            return self._texts[leaf]
        meant = self._writer.meant(leaf)
        if meant is None:
            return None
        place = self._add(meant)
        if isinstance(meant, str):
            self._texts[leaf] = place + 2
        else:
            self._know_node(meant, place, place + 1)
        return place + 2 if isinstance(meant, str) else place

    def _add(self, extra: Extra) -> int:
        self.extras.append(extra)
        return FIRST_EXTRA + 3 * (len(self.extras) - 1)


PLAIN_WORDS = frozenset((*WORDS, "a", "to", "in", "so", "is", "it"))
"""Words of every sentence; they stay as they are even if some node has such a name."""


def shown_of(step: Step) -> list[str]:
    """Return the numbers of a step, as they are shown."""
    return [number(getattr(step, name)) for name in SHOWN]


def is_number(text: str) -> bool:
    """Return whether a leaf is a number."""
    return text[:1].isdecimal() or text[:1] == "∞"


def is_number_reference(reference: int) -> bool:
    """Return whether a reference stands for a number, rather than for a name."""
    return reference > TARGET_NAME if reference < FIRST_EXTRA else (reference - FIRST_EXTRA) % 3 > 0


def _set_formula(line: Pattern) -> Pattern | None:
    """Return the pattern of a formula as MathML; None where it can only be set as a whole.

    How a formula is set depends on what is a name and what a number, and on nothing else of them.
    So it is set with stand-ins, which are left open again.
    """
    open_ends = [piece for piece in line if isinstance(piece, int)]
    stand_ins = [_stand_in(reference) for reference in open_ends]
    text = "".join(_stand_in(piece) if isinstance(piece, int) else piece for piece in line)
    read = [leaf.group() for leaf in LEAF.finditer(text) if VAI.search(leaf.group())]
    if read != stand_ins or max(open_ends, default=0) >= MOST_REFERENCES:
        return None
    pieces: list[str | int] = []
    end = 0
    markup = mathml(text)
    for found in STAND_IN.finditer(markup):
        is_name = found[1] is not None
        before = markup[end : found.start()]
        pieces += (before if is_name else f"{before}<mn>", _reference_of(found[1] or found[2]))
        end = found.end() if is_name else found.end() - len("</mn>")
    return (*pieces, markup[end:])


def _stand_in(reference: int) -> str:
    if is_number_reference(reference):
        return "".join(chr(DIGIT + int(digit)) for digit in f"{reference:03d}")
    return chr(LETTER + min(reference, MOST_REFERENCES))


def _reference_of(stand_in: str) -> int:
    if len(stand_in) == 1:
        return ord(stand_in) - LETTER
    return int("".join(str(ord(digit) - DIGIT) for digit in stand_in))
