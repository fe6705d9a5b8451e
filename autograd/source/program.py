"""A whole graph as a program in another language: its value, and the gradient of every leaf.

Each op is written from its rule.  Numbers stand in one row ``v``, gradients in a row ``g``: the leaves first,
then constants, then what is computed, in order.  What goes along a row in steps becomes a loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from autograd.core.primitive import Op
from autograd.graph import topological_order
from autograd.notation.hints import described
from autograd.notation.labels import parse_label
from autograd.ops import BRANCHES
from autograd.source.expression import (
    CONSTANT,
    OPERATORS,
    VARIABLE,
    Expression,
    Traced,
    in_order,
    sends_nothing,
    traced,
)
from autograd.source.formulas import functions
from autograd.source.language import Language
from autograd.source.translation import translated
from autograd.source.variadic import functions_of_sequences
from autograd.value import Value

SHORTEST_LOOP = 4
"""Fewer terms than this are written out rather than added in a loop."""


@dataclass(frozen=True, eq=False)
class Graph:
    """What a program is written of.

    Attributes:
        output: the Value that the program returns.
        leaves: what it takes, in order.
    """

    output: Value
    leaves: tuple[Value, ...]

    @classmethod
    def of(cls, what: Any) -> Graph:
        """Return the graph of a Value, or that of a tape: the tape's inputs first, then its parameters.

        Raises:
            TypeError: if it is neither.
            ValueError: if it is a tape of several outputs, or a constant.
        """
        outputs, first = [what], ()
        if not isinstance(what, Value):
            if not hasattr(what, "outputs") or not hasattr(what, "inputs"):
                raise TypeError(f"source is written of a Value or a tape; got {described(what)}")
            outputs, first = what.outputs, what.inputs
        if len(outputs) != 1:
            raise ValueError(
                f"source is written of one output, such as a loss; this tape has {len(outputs)}: give one of "
                "tape.outputs"
            )
        (output,) = outputs
        if output.role == "constant":
            raise ValueError(f"{output} is a constant: it depends on no leaf")
        order = topological_order(output)
        others = [v for v in order if v.op is None and v.role != "constant" and v not in set(first)]
        return cls(output, (*first, *others))

    @cached_property
    def nodes(self) -> list[Value]:
        """All nodes: the leaves, the constants, then what is computed, in order."""
        order = topological_order(self.output)
        constants = [v for v in order if v.op is None and v.role == "constant"]
        return [*self.leaves, *constants, *[v for v in order if v.op is not None]]

    @cached_property
    def place(self) -> dict[Value, int]:
        """The place of every node."""
        return {v: i for i, v in enumerate(self.nodes)}

    @cached_property
    def names(self) -> list[str]:
        """What the leaves are called in a comment; those without a label by their number."""
        labels = [parse_label(v.label).text if v.label else f"x{i + 1}" for i, v in enumerate(self.leaves)]
        return [re.sub(r"[^\w]", "_", label) for label in labels]


class Term(NamedTuple):
    """A product of numbers of a row, by their places; of none of them, 1."""

    places: tuple[tuple[str, int], ...]


class Run(NamedTuple):
    """Like terms one after the other, and how far apart their places are.

    Attributes:
        target: the place that the first is added to, in which row, and how far the next ones are.
        first: the first term.
        strides: how far apart the places of the terms are.
        turns: how many terms.
    """

    target: tuple[str, int, int]
    first: Term
    strides: tuple[int, ...]
    turns: int


class Writer:
    """Writes one graph in one language."""

    def __init__(self, graph: Graph, language: Language) -> None:
        self.graph, self.language = graph, language
        self.guarded = any(v.op in BRANCHES for v in graph.nodes)
        self._formulas: dict[tuple[Op, int], Traced | None] = {}
        self.functions: dict[str, str] = {}

    # ---------------------------------------------------------------------------------- the ops

    def _traced(self, op: Op, count: int) -> Traced | None:
        """Return the rule in symbols; None for a rule that is written as functions of a row."""
        if (op, count) not in self._formulas:
            try:
                self._formulas[op, count] = traced(op, count)
            except NotImplementedError:
                if not op.variadic:
                    raise
                self._formulas[op, count] = None
        return self._formulas[op, count]

    def _call(self, op: Op, count: int) -> str:
        """Return the name of an op's functions, which are written when they are first called."""
        name = f"{op.name}{count}" if op.variadic else op.name
        if f"{name}_value" not in self.functions:
            text = functions(op, self.guarded, name, count if op.variadic else None)
            self.functions |= translated(text, self.language, sending=True)
        return name

    def _call_of_row(self, op: Op) -> str:
        if f"{op.name}_partials" not in self.functions:
            text = functions_of_sequences(op).replace("op_value", f"{op.name}_value")
            text = text.replace("op_partials", f"{op.name}_partials")
            self.functions |= translated(text, self.language)
        return op.name

    # ---------------------------------------------------------------------------------- the passes

    def forward(self) -> Iterator[str]:
        """Yield the lines that compute the values."""
        for i, v in enumerate(self.graph.nodes):
            if v.op is None:
                if v.role == "constant":
                    yield f"v[{i}] = {self.language.constant(v.data)}{self._end}"
                continue
            places = [self.graph.place[x] for x in v.inputs]
            formulas = self._traced(v.op, len(places))
            if formulas is None:
                yield from self._row(places)
                yield f"v[{i}] = {self._call_of_row(v.op)}_value(row, {len(places)}){self._end}"
                yield from self._closing
            elif _is_arithmetic(formulas):
                yield from self._summed("v", i, formulas.value, self._named(formulas, i, places))
            else:
                inputs = ", ".join(f"v[{p}]" for p in places)
                yield f"v[{i}] = {self._call(v.op, len(places))}_value({inputs}){self._end}"

    def reverse(self) -> Iterator[str]:
        """Yield the lines that add up the gradients."""
        for i, v in reversed(list(enumerate(self.graph.nodes))):
            if v.op is None or v.role == "constant":
                continue
            places = [self.graph.place[x] for x in v.inputs]
            moving = [j for j, x in enumerate(v.inputs) if x.role != "constant"]
            formulas = self._traced(v.op, len(places))
            if formulas is None:
                yield from self._row(places)
                slopes = self.language.room.format("slopes", len(places)).rstrip(";")
                yield f"{slopes}{self._end}"
                yield f"{self._call_of_row(v.op)}_partials(v[{i}], row, {len(places)}, slopes){self._end}"
                for j in moving:
                    yield self._added(f"g[{places[j]}]", f"g[{i}]", f"g[{i}] * slopes[{j}]")
                yield from self._closing
            elif _is_arithmetic(formulas):
                named = self._named(formulas, i, places)
                terms = [self._sent(formulas, j, i, named) for j in moving]
                yield from self._runs(
                    [(("g", places[j]), term) for j, term in zip(moving, terms, strict=True)]
                )
            else:
                name = self._call(v.op, len(places))
                inputs = ", ".join([f"g[{i}]", *[f"v[{p}]" for p in places], f"v[{i}]"])
                for j in (j for j in moving if sends_nothing(formulas.partials[j]) is not True):
                    yield f"g[{places[j]}] += {name}_{j}({inputs}){self._end}"

    @property
    def _end(self) -> str:
        return ";" if self.language.braces else ""

    @property
    def _closing(self) -> list[str]:
        return ["}"] * self.language.braces

    def _row(self, places: Sequence[int]) -> Iterator[str]:
        """Yield the lines that gather an op's inputs in a row of their own, in a block."""
        yield from ["{"] * self.language.braces
        yield self.language.gathered.format(", ".join(f"v[{p}]" for p in places), len(places))

    def _added(self, target: str, upstream: str, sent: str) -> str:
        if self.guarded:
            nothing = self.language.operation("nothing_sent", [upstream])
            sent = self.language.where.format(nothing, self.language.constant(-0.0), f"{sent} + 0.0")
        return f"{target} += {sent}{self._end}"

    # ---------------------------------------------------------------------------------- arithmetic

    def _named(self, formulas: Traced, i: int, places: Sequence[int]) -> dict[Expression, int]:
        return {formulas.y: i, **dict(zip(formulas.inputs, places, strict=True))}

    def _sent(self, formulas: Traced, j: int, i: int, named: dict[Expression, int]) -> Term | str:
        """Return what goes along an edge: as a product of places if it is one, else as text."""
        partial = formulas.partials[j]
        if partial.name == CONSTANT and partial.value == 1.0:
            return Term((("g", i),))
        if partial in named:
            return Term((("g", i), ("v", named[partial])))
        return f"g[{i}] * {self._text(partial, named)}"

    def _text(self, e: Expression, named: dict[Expression, int]) -> str:
        if e in named:
            return f"v[{named[e]}]"
        return self.language.text(e, [self._text(x, named) for x in e.inputs])

    def _summed(self, row: str, i: int, value: Expression, named: dict[Expression, int]) -> Iterator[str]:
        """Yield the lines that compute a sum: of many terms by loops."""
        terms = [_term(x, named) for x in _summands(value)]
        if len(terms) < SHORTEST_LOOP or None in terms:
            yield f"{row}[{i}] = {self._text(value, named)}{self._end}"
            return
        yield f"{row}[{i}] = 0.0{self._end}"
        yield from self._runs([((row, i), term) for term in terms if term is not None], guarded=False)

    def _runs(
        self, sums: Sequence[tuple[tuple[str, int], Term | str]], guarded: bool | None = None
    ) -> Iterator[str]:
        """Yield the lines that add terms to places; like ones that stand in equal steps as a loop."""
        guarded = self.guarded if guarded is None else guarded
        for run in _grouped(sums):
            if isinstance(run, Run):
                yield from self._loop(run, guarded)
                continue
            (row, place), term = run
            text = term if isinstance(term, str) else self._product(term)
            upstream = text.split(" ")[0]
            yield (
                self._added(f"{row}[{place}]", upstream, text)
                if guarded
                else (f"{row}[{place}] += {text}{self._end}")
            )

    def _product(self, term: Term) -> str:
        return " * ".join(f"{row}[{place}]" for row, place in term.places) or "1.0"

    def _loop(self, run: Run, guarded: bool) -> Iterator[str]:
        row, place, stride = run.target
        at = self.language.slice
        places = [(r, p, s) for (r, p), s in zip(run.first.places, run.strides, strict=True)]
        factors = [at(r, p, s, run.turns) if s else f"{r}[{p}]" for r, p, s in places]
        text = " * ".join(factors)
        target = at(row, place, stride, run.turns) if stride else f"{row}[{place}]"
        if not stride and not self.language.braces:
            text = f"({text}).sum(axis=0)"
        line = self._added(target, factors[0], text) if guarded else f"{target} += {text}{self._end}"
        yield self.language.loop.format(run.turns) + line


def _is_arithmetic(formulas: Traced) -> bool:
    """Return whether a rule is made of + − × ÷ alone."""
    made_of = in_order([formulas.value, *formulas.partials])
    return {e.name for e in made_of} <= {VARIABLE, CONSTANT, "neg", *OPERATORS} - {"%"}


def _summands(e: Expression) -> list[Expression]:
    found: list[Expression] = []
    while e.name == "+":
        found.append(e.inputs[1])
        e = e.inputs[0]
    return [x for x in [*reversed([*found, e])] if x.name != CONSTANT or x.value != 0.0]


def _term(e: Expression, named: dict[Expression, int]) -> Term | None:
    """Return a number of the row, or the product of two; None for anything else."""
    factors = e.inputs if e.name == "*" else (e,)
    return Term(tuple([("v", named[x]) for x in factors])) if all(x in named for x in factors) else None


def _grouped(sums: Sequence[tuple[tuple[str, int], Term | str]]) -> Iterator[Any]:
    """Yield the sums one by one, or as a `Run` where many like ones follow each other in equal steps."""
    start = 0
    while start < len(sums):
        steps = [_step(a, b) for a, b in pairwise(sums[start : start + 2])]
        end = start + 1
        if steps and steps[0] is not None:
            while end < len(sums) and _step(sums[end - 1], sums[end]) == steps[0]:
                end += 1
        if end - start >= SHORTEST_LOOP and steps[0] is not None:
            (row, place), term = sums[start]
            assert isinstance(term, Term)
            yield Run((row, place, steps[0][0]), term, tuple(steps[0][1:]), end - start)
            start = end
        else:
            yield sums[start]
            start += 1


def _step(a: tuple[tuple[str, int], Term | str], b: tuple[tuple[str, int], Term | str]) -> list[int] | None:
    """Return how far apart the places of two sums are; None if they are not alike, or a place goes back."""
    (to_a, term_a), (to_b, term_b) = a, b
    if isinstance(term_a, str) or isinstance(term_b, str) or len(term_a.places) != len(term_b.places):
        return None
    pairs = [(to_a, to_b), *zip(term_a.places, term_b.places, strict=True)]
    steps = [q - p for (_, p), (_, q) in pairs]
    same_rows = all(r == s for (r, _), (s, _) in pairs)
    return steps if same_rows and min(steps) >= 0 and max(steps) > 0 else None
