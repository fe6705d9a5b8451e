"""Steps without their words: what is the same in many sentences is sent once, as a pattern.

The steps of a large graph say the same things of other nodes and other numbers.  A pattern is a
text in which the names and numbers that the step is about are left open; a page fills it in again.
Patterns are found in the finished sentences and formulas, and a step is given one only if that gives
exactly what the trace says, whatever that is.  Steps of one shape (see `Teller.shape`) in which the same
names and numbers are equal share the pattern of the first of them, and the others are never put into words.

A pattern is a list of texts and references, where a reference is a number that says what belongs
there, or `as_factor` of one: a number that stands in parentheses where it is negative.  Of a step these
are, by `NODE_NAME` and the others below: the names of the output, of its node and of its target, their
values, what the step shows; then, `PER_INPUT` for each, what is known of the inputs of what is computed,
in their order from `first_input` on, or of all leaves where these are read; and any other number.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from autograd.notation.labels import SUPERSCRIPT_DIGITS
from autograd.notation.mathml import NAME, NUMBER, WORDS, mathml
from autograd.notation.numbers import after_a_sign, number
from autograd.notation.signs import in_a_product
from autograd.seeing.facts.folding.links import MULTIPLYING
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.phrases import MOST_TERMS, SIGNS, written_out
from autograd.seeing.facts.records import Step, Trace
from autograd.seeing.facts.steps import Steps

SHOWN = ("upstream", "partial", "contribution", "before", "after")
"""The numbers that a step shows."""
NUMBERS_OF = attrgetter(*SHOWN)
OUTPUT_NAME, NODE_NAME, TARGET_NAME, NODE_VALUE, TARGET_VALUE, FIRST_SHOWN = range(6)
"""References: names, values, and the first of the numbers that the step shows."""
FIRST_INPUT = FIRST_SHOWN + len(SHOWN)
"""The first reference of the inputs; each input has as many as `PER_INPUT` lists.  An extra is a text that
belongs to no input."""
PER_INPUT = INPUT_NAME, INPUT_VALUE, INPUT_PARTIAL, EXTRA = range(4)

LEAF = re.compile(f"(?:(?<![^ (])−)?(?:{NUMBER})|{NAME}")
"""What a reference may stand for: a number with its sign, or a name."""
LONGEST_COUNT = 3
"""A whole number of at most this many digits is part of a pattern where no reference stands for it."""
WHOLE = frozenset(map(str, range(10**LONGEST_COUNT)))
"""These numbers."""

LETTER, DIGIT, LETTERS = 0xA500, 0xA620, 256
"""The first letter and digit of the Vai script, which stand in formulas for what is left open."""
STAND_IN = re.compile("<mi>([\ua500-\ua5ff])</mi>|<mn>([\ua620-\ua629]{3})</mn>")
VAI = re.compile("[\ua500-\ua63f]")

MOST_TRIED = 8
"""Of the patterns of like steps the latest ones are tried, at most this many."""

OF_EDGE = (OUTPUT_NAME, NODE_NAME, TARGET_NAME, FIRST_INPUT + INPUT_NAME, *range(FIRST_SHOWN, FIRST_INPUT))
"""The references to what a step along an edge speaks of."""

Meant = tuple[Sequence[int], Sequence[str], Sequence[str]]
"""References, the names that the first of them stand for, and the numbers of the others."""

AT_LEAST_TWO = "%.0s%.0s"
"""Two more gaps that show nothing: an itemgetter gives a tuple only where it has at least two items."""

Pattern = tuple[str | int, ...]
"""Texts and references, in the order in which they stand."""


class Patterns:
    """Patterns by number, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def number(self, pattern: Any) -> int:
        """Return the number of a pattern, a new one if it has none yet."""
        return self._numbers.setdefault(pattern, len(self._numbers))

    @property
    def all(self) -> list[Any]:
        """The patterns in the order of their numbers."""
        return list(self._numbers)


class _Words(NamedTuple):
    """The words of like steps: their texts with gaps, what belongs into the gaps, and their number."""

    text: str
    gaps: itemgetter[Any]
    number: int


class Writer:
    """Takes the texts of one trace's steps apart.

    Attributes:
        words: what steps say: the numbers of a sentence, a formula and a local derivative.
        sentences: the patterns of sentences and other plain text.
        formulas: those of formulas; each text in it is MathML.
    """

    def __init__(self, trace: Trace, steps: Steps) -> None:
        self.words, self.sentences, self.formulas = Patterns(), Patterns(), Patterns()
        self._steps = steps
        self._known: dict[object, list[_Words]] = {}
        self._shapes: dict[Hashable, int | None] = {}
        self._set: dict[Pattern, Pattern | None] = {}
        self._place = {node.id: i for i, node in enumerate(trace.nodes)}
        self._names = [name_of(node) for node in trace.nodes]
        self._labels = [name_of(node) if node.label else "" for node in trace.nodes]
        self._values = [number(node.value) for node in trace.nodes]
        self._ops = [node.op for node in trace.nodes]
        self._output = self._place[trace.output]
        no_words = {name for name in self._labels if any(map(str.isdigit, name))}
        self._plain = {"", *filter(is_plain, {*no_words, self._labels[self._output]})}
        self._goes_back = steps.events[-1].phase == "reverse"
        self._into = [steps.inputs.get(node.id, []) for node in trace.nodes]
        self._sources = [[self._place[edge.source] for edge in edges] for edges in self._into]

    def place(self, node: str) -> int:
        """Return the number of a node."""
        return self._place[node]

    def _partials(self, node: int) -> list[str]:
        """Return the local derivatives into a node; "" where a walk tells of none."""
        return [
            number(edge.partial) if self._goes_back and edge.contribution is not None else ""
            for edge in self._into[node]
        ]

    def step(self, outline: Step, shown: Sequence[str]) -> tuple[int, list[str]]:
        """Return the number of a step's words, and its extras.

        Args:
            outline: the step; its words are not read.
            shown: its numbers.
        """
        shape = self._steps.shape(outline.number)
        if shape is not None:
            of = self._of_value(outline) if outline.target is None else self._of_edge(outline, shown)
            references, names, numbers = of
            if self._plain.issuperset(names):
                texts = [*names, *numbers]
                counts = [] if WHOLE.isdisjoint(numbers) else [x if x in WHOLE else "" for x in numbers]
                alike = shape, *map(texts.index, texts), *counts
                if alike not in self._shapes:
                    meant = dict(zip(references, texts, strict=True))
                    told = [meant.get(reference, "") for reference in range(max(meant) + 1)]
                    number, _, fits_others = self._matched(self._steps[outline.number], told)
                    self._shapes[alike] = number if fits_others else None
                known = self._shapes[alike]
                if known is not None:
                    return known, []
        return self._matched(self._steps[outline.number], self._meant(outline, shown))[:2]

    def _of_edge(self, outline: Step, shown: Sequence[str]) -> Meant:
        """Return the names and the numbers that a step along an edge speaks of, and references to them."""
        place, labels, other = self._place, self._labels, ""
        target = place[outline.target or ""]
        if self._ops[target] in MULTIPLYING:
            sources = self._sources[target]
            other = labels[sources[first_input(outline.position, len(sources))]]
        return OF_EDGE, [labels[self._output], labels[place[outline.node]], labels[target], other], shown

    def _of_value(self, outline: Step) -> Meant:
        """Return the same for a step that computes a value."""
        node = self._place[outline.node]
        sources = self._sources[node]
        told = written_out(self._ops[node] or "", range(len(sources)))
        firsts = [FIRST_INPUT + len(PER_INPUT) * k for k in told]
        names = [self._labels[i] for i in (self._output, node, *[sources[k] for k in told])]
        numbers = [self._values[i] for i in (node, *[sources[k] for k in told])]
        references = [OUTPUT_NAME, NODE_NAME, *[first + INPUT_NAME for first in firsts]]
        references += [NODE_VALUE, *[first + INPUT_VALUE for first in firsts]]
        if len(sources) <= MOST_TERMS:
            partials = self._partials(node)
            numbers += [partials[k] for k in told]
            references += [first + INPUT_PARTIAL for first in firsts]
        return references, names, numbers

    def _meant(self, outline: Step, shown: Sequence[str]) -> list[str]:
        """Return what each reference stands for in a step."""
        node = self._place[outline.node]
        target = node if outline.target is None else self._place[outline.target]
        sources, partials = self._sources[target], self._partials(target)
        if outline.kind == "leaf":  # all leaves, as if a step computed something of them
            sources = [self._place[id] for id in outline.nodes]
            partials = [""] * len(sources)
        inputs = [
            text
            for source, partial in zip(sources, partials, strict=True)
            for text in (self._names[source], self._values[source], partial, "")
        ]
        first = len(PER_INPUT) * first_input(outline.position, len(sources))
        names = self._names[self._output], self._names[node], self._names[target]
        values = self._values[node], self._values[target]
        return [*names, *values, *shown, *inputs[first:], *inputs[:first]]

    def _matched(self, step: Step, meant: Sequence[str]) -> tuple[int, list[str], bool]:
        """Find the patterns of a step among those of like steps, or in its own words.

        Beside their number and the extras it is told whether others can have them too.
        """
        texts = _texts(step)
        text = "\n".join(texts)
        op = self._ops[self._place[step.target or step.node]]
        like = step.kind, op, step.position, len(meant), text.count(" "), text.count("≈")
        known = self._known.setdefault(like, [])
        in_gaps = [*meant, *map(after_a_sign, reversed(meant))]
        for i, words in enumerate(known):
            if words.text % words.gaps(in_gaps) == text:
                if i:
                    known.insert(0, known.pop(i))
                return words.number, [], True
        return self._read(step, meant, known)

    def _read(self, step: Step, meant: Sequence[str], known: list[_Words]) -> tuple[int, list[str], bool]:
        """Find the patterns of a step that says what none of those before it said."""
        references: dict[str, int] = {}
        for reference, leaf in enumerate(meant):
            if leaf and is_number(leaf) == is_number_reference(reference) and leaf not in WORDS:
                references.setdefault(leaf, reference)
        extras: list[str] = []
        sentence, line, slope = (_pattern(text, references, extras) for text in _texts(step))
        if line not in self._set:
            self._set[line] = _set_formula(line)
        formula = self._set[line] or (mathml(step.line),)
        numbers = self.sentences.number(sentence), self.formulas.number(formula), self.sentences.number(slope)
        number = self.words.number(numbers)
        fits_others = not extras and self._set[line] is not None
        if fits_others:
            known.insert(0, _with_gaps((*sentence, "\n", *line, "\n", *slope), number))
            del known[MOST_TRIED:]
        return number, extras, fits_others


def is_plain(name: str) -> bool:
    """Return whether a name is written the same everywhere: a single word, without parentheses.

    >>> [is_plain(name) for name in ("z₁⁽¹⁾", "block 1.fc.z₁⁽¹⁾[2]", "step 4…ernels.z₁⁽¹⁾[16]", "x²", "a b")]
    [True, True, True, False, False]
    """
    is_word = LEAF.fullmatch(name) is not None and not is_number(name) and name not in WORDS
    return is_word and in_a_product(name) == name and not name.endswith(tuple(SUPERSCRIPT_DIGITS))


def first_input(position: int | None, inputs: int) -> int:
    """Return which of its inputs a step speaks of first: the one that its own is multiplied by.

    In a product and in a dot product that is the input half of them further, or back.

    >>> first_input(0, 2), first_input(1, 2), first_input(1, 7), first_input(4, 7), first_input(None, 2)
    (1, 0, 4, 1, 0)
    """
    if position is None:
        return 0
    half = inputs // 2
    return position + half if position < half else position - half


def _texts(step: Step) -> tuple[str, str, str]:
    return step.sentence, step.line, step.partial_symbols or ""


def _with_gaps(pattern: Pattern, number: int) -> _Words:
    text = "".join(piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in pattern)
    gaps = [piece for piece in pattern if isinstance(piece, int)]
    return _Words(f"{AT_LEAST_TWO}{text}", itemgetter(OUTPUT_NAME, OUTPUT_NAME, *gaps), number)


def _pattern(text: str, references: dict[str, int], extras: list[str]) -> Pattern:
    """Return a text with references; what stands for no more than a number is added to the extras."""
    pieces: list[str | int] = []
    end = 0
    for found in LEAF.finditer(text):
        leaf = found.group()
        reference = references.get(leaf)
        if reference is None:
            if len(leaf) <= LONGEST_COUNT or not is_number(leaf):
                continue
            reference = references[leaf] = FIRST_INPUT + len(PER_INPUT) * len(extras) + EXTRA
            extras.append(leaf)
        before, after = text[end : found.start()], found.end()
        if is_number_reference(reference):
            is_negative = leaf.startswith("−")
            start = before.removesuffix("(") if is_negative and text.startswith(")", after) else before
            if start.endswith(SIGNS) and is_negative == (start != before):
                before, after, reference = start, after + is_negative, as_factor(reference)
        pieces += before, reference
        end = after
    return (*pieces, text[end:])


def shown_of(step: Step) -> list[str]:
    """Return the numbers of a step, as they are shown."""
    return [*map(number, NUMBERS_OF(step))]


def is_number(text: str) -> bool:
    """Return whether a leaf is a number."""
    first = text.removeprefix("−")[:1]
    return first.isdecimal() or first == "∞"


def as_factor(reference: int) -> int:
    """Return the reference to the same number after a sign, which also tells how to find it from the end."""
    return -1 - reference


def is_number_reference(reference: int) -> bool:
    """Return whether a reference stands for a number, rather than for a name."""
    if reference < 0:
        return True
    if reference < FIRST_INPUT:
        return reference > TARGET_NAME
    return (reference - FIRST_INPUT) % len(PER_INPUT) != INPUT_NAME


def _set_formula(line: Pattern) -> Pattern | None:
    """Return the pattern of a formula as MathML; None where it can only be set as a whole.

    How a formula is set depends on what is a name and what a number, and on nothing else of them.
    So it is set with stand-ins, which are left open again.
    """
    references = [*dict.fromkeys(piece for piece in line if isinstance(piece, int))]
    stands_in = {reference: _stand_in(reference, i) for i, reference in enumerate(references)}
    text = "".join([piece if isinstance(piece, str) else stands_in[piece] for piece in line])
    read = [leaf.group() for leaf in LEAF.finditer(text) if VAI.search(leaf.group())]
    if read != [stands_in[piece] for piece in line if isinstance(piece, int)] or len(references) > LETTERS:
        return None
    meant = {text: reference for reference, text in stands_in.items()}
    pieces: list[str | int] = []
    end = 0
    markup = mathml(text)
    for found in STAND_IN.finditer(markup):
        pieces += markup[end : found.start()], meant[found[1] or found[2]]
        end = found.end()
    return (*pieces, markup[end:])


def _stand_in(reference: int, i: int) -> str:
    """Return the i-th letter, or three digits where the reference stands for a number."""
    if is_number_reference(reference):
        return "".join(chr(DIGIT + int(digit)) for digit in f"{i:03d}")
    return chr(LETTER + i % LETTERS)
