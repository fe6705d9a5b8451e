"""The steps of a walk, told: in symbols, in numbers and in plain words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import zip_longest

from autograd.core.primitive import TABLE
from autograd.notation.numbers import (
    as_written,
    count,
    equals,
    equals_product,
    equals_sum,
    factor,
    number,
    product_of,
)
from autograd.notation.signs import in_a_product, local_sign
from autograd.notation.written_partials import KnownExpression, WrittenPartial, known_name, known_number
from autograd.notation.written_partials import written_partials as partials_in_symbols
from autograd.seeing.facts.corners import CONDITIONS, RELATIONS, Corners, is_turned
from autograd.seeing.facts.events import Event, inputs_by_target
from autograd.seeing.facts.folding.links import MULTIPLYING
from autograd.seeing.facts.names import gradient_of, name_of
from autograd.seeing.facts.phrases import (
    MOST_NAMES,
    MOST_TERMS,
    added,
    after_signs,
    changing,
    computing,
    following,
    formula_of,
    joined,
    listed,
    numbers_of,
    read_in_words,
    shortened,
    truth,
    why_not_finite,
    why_nothing,
    written_out,
)
from autograd.seeing.facts.records import EdgeFact, NodeFact, Step, Trace
from autograd.seeing.facts.rounding import result_sign

ALIKE = ("add", "sub", "neg", "sum", "mul", "dot", "relu", "exp", "tanh", "sigmoid")
"""The ops whose local derivatives are all written in one form, except where they are 0 or 1."""
HELD = ("", "with the other input held still, ", "with the other inputs held still, ")
"""What is said of a local derivative, by how many other inputs there are that could move; two for more."""
BY_CHOICE = "by the slopes chosen at corners"
"""What is said of a slope that is a product with a chosen one among its factors."""


class Teller:
    """Puts the events of one trace into symbols, numbers and words.

    Args:
        facts: the nodes and edges.
        way_back: whether a reverse pass follows, for which local derivatives are noted.

    Attributes:
        inputs: the edges into each node.
    """

    def __init__(self, facts: Trace, way_back: bool) -> None:
        self._facts, self._way_back = facts, way_back
        self._trains = any(node.role == "weight" for node in facts.nodes)
        self._nodes = {node.id: node for node in facts.nodes}
        self.inputs = inputs_by_target(facts)
        self._uses = Counter((edge.source, edge.target) for edge in facts.edges)
        self._output = self._nodes[facts.output]
        self._corners = Corners(facts)
        self._tellers = {
            ("forward", "leaf"): self._leaf,
            ("forward", "apply"): self._applied,
            ("reverse", "seed"): self._output_seed,
            ("reverse", "edge"): self._contribution,
            ("tangent", "seed"): self._tangent_seed,
            ("tangent", "apply"): self._tangent,
        }
        self._slopes: tuple[str, list[WrittenPartial]] = ("", [])
        self._gradients: tuple[str, str, str] = ("", "", "")
        self._expressions: dict[str, KnownExpression] = {}
        self._moving: dict[str, int] = {}
        self._alike: dict[str, bool] = {}
        self._into: dict[str, tuple[float, list[int]]] = {}
        self._decides: dict[Hashable, int] = {}

    def tell(self, place: int, event: Event) -> Step:
        """Return the event as the step number ``place``."""
        edge = event.edges[0] if event.kind == "edge" else None
        slope = None if edge is None else self._slope(edge).text
        return self.outline(place, event, self._tellers[event.phase, event.kind](event), slope)

    def outline(
        self, place: int, event: Event, words: tuple[str, str, str] = ("", "", ""), slope: str | None = None
    ) -> Step:
        """Return the event as the step number ``place``, with these words or without any."""
        symbols, numbers, sentence = words
        phase, kind, node, after, before, edges, _, _, leaves, *_ = event
        target = position = upstream = partial = contribution = None
        if kind == "edge":
            _, target, position, partial, contribution = edges[0]
            upstream = self._nodes[target].gradient
        return Step(
            place, phase, kind, node.id, tuple([leaf.id for leaf in leaves]) if leaves else (node.id,),
            target, position, symbols, numbers, slope,
            upstream, partial, contribution, before, after, sentence,
        )  # fmt: skip

    def shape(self, event: Event) -> Hashable:
        """Return what decides how a step is told, beside the names and numbers in it.

        Steps of one shape, in which the same names and numbers are equal, say the same of other nodes.  None
        where more decides: where a number is not finite, or an op's local derivatives have several forms.
        """
        if event.kind == "edge":
            return self._shape_of_contribution(event)
        return self._shape_of_value(event.node) if event.phase == "forward" and event.node.op else None

    def _shape_of_contribution(self, event: Event) -> Hashable:
        _, _, node, after, before, (edge,), part, parts, *_, first_whole = event
        partial, contribution = edge.partial, edge.contribution
        assert partial is not None
        assert contribution is not None
        assert after is not None
        if edge.target not in self._into:
            self._into[edge.target] = self._shapes_into(self._nodes[edge.target])
        upstream, shapes = self._into[edge.target]
        if not shapes or not math.isfinite(after):  # a finite sum has finite terms, and these finite factors
            return None
        return (
            shapes[edge.position], partial == 1.0,
            equals_product((upstream, partial), contribution), not contribution,
            before is None or equals_sum((before, contribution), after),
            first_whole, 0 if 1 < part < parts else parts,
            node.op is None, node.role == "input" and self._is_untrained(event),
        )  # fmt: skip

    def _shapes_into(self, node: NodeFact) -> tuple[float, list[int]]:
        """Return the gradient that a node passes on, as written; by input what decides, if that is all."""
        upstream = node.gradient
        assert upstream is not None
        if not self._is_alike(node):
            return upstream, []
        own = node.op, node is self._output, node.id in self._corners.before, upstream == 1.0
        edges, shapes = self.inputs[node.id], []
        half = len(edges) // 2 if node.op in MULTIPLYING else 0
        factors = [*edges[half : 2 * half], *edges[:half]]  # what the source of each is multiplied by
        for edge, other in zip_longest(edges, factors):
            decides = own, self._held(edge), other and bool(self._nodes[other.source].label)
            shapes.append(self._decides.setdefault(decides, len(self._decides)))
        return as_written(upstream), shapes

    def _shape_of_value(self, node: NodeFact) -> Hashable:
        if not self._is_alike(node):
            return None
        edges = self.inputs[node.id]
        inputs = [self._nodes[edge.source] for edge in edges]
        assert node.op is not None
        partials = [edge.partial for edge in edges]
        noted = [x is None for x in partials] if len(edges) <= MOST_TERMS else [partials.count(None)]
        wrapped = after_signs(node.op, len(edges))
        return (
            node.op,
            len(edges),
            len({*map(name_of, inputs)}),
            *[
                (v.value < 0.0 and k not in wrapped, bool(v.label))
                for k, v in written_out(node.op, [*enumerate(inputs)])
            ],
            *noted,
            result_sign(node, inputs),
        )

    def _is_alike(self, node: NodeFact) -> bool:
        """Return whether all edges into a node are told alike, whatever the names and numbers are."""
        if node.id not in self._alike:
            edges = self.inputs[node.id]
            moving = [edge.source for edge in edges if edge.partial is not None]
            values = [self._nodes[edge.source].value for edge in edges]
            self._alike[node.id] = (
                node.op in ALIKE
                and len({*moving}) == len(moving)
                and all(map(math.isfinite, (node.value, *values)))
                and node.id not in self._corners.targets
            )
        return self._alike[node.id]

    # ------------------------------------------------------------------------------------- forward

    def _leaf(self, event: Event) -> tuple[str, str, str]:
        read = [f"{name_of(node)} = {number(node.value)}" for node in event.leaves if node.label]
        line = shortened(", ".join(read), ", ") or "constants"
        return line, line, read_in_words(event.leaves, [*map(self._facts.kind_of, event.leaves)])

    def _applied(self, event: Event) -> tuple[str, str, str]:
        node = event.node
        inputs = [self._nodes[edge.source] for edge in self.inputs[node.id]]
        names = [name_of(v) for v in inputs]
        computed, value = formula_of(node, numbers_of(node, inputs)), number(node.value)
        sign = result_sign(node, inputs)
        numbers = value if computed == value else f"{computed} {sign} {value}"  # the minus of a number is one
        sentence = (
            f"{computing(node, inputs, numbers)}{self._at_a_border(node, inputs)}"
            f"{why_not_finite(node.value, [v.value for v in inputs])}{self._noted(node)}"
        )
        return f"{name_of(node)} = {formula_of(node, names)}", numbers, sentence

    def _at_a_border(self, node: NodeFact, inputs: Sequence[NodeFact]) -> str:
        """Return what to say of a condition that the smallest change can turn, and of a choice by it."""
        if node.op in RELATIONS:
            moving = [edge for edge in self.inputs[node.id] if self._corners.at(edge)]
            there = self._corners.at(moving[0]) if moving else None
            if there is None:
                return ""
            moved = name_of(self._nodes[moving[0].source])
            return (
                f" It stands at its border, {there.place}: for a little less {moved} it is "
                f"{truth(there.left)}, for a little more {truth(there.right)}."
            )
        if node.op == "where" and self._corners.can_turn(inputs[0]):
            other = inputs[2 if inputs[0].value else 1]
            return (
                f" The condition stands at its border, so a small change can turn it, and then "
                f"{name_of(node)} is {name_of(other)}. The slope of the one taken now is used: that is a "
                "choice."
            )
        return ""

    def _noted(self, node: NodeFact) -> str:
        """Return the local derivatives that the engine keeps for the way back."""
        if node.op in CONDITIONS:
            what = "comparison" if node.op in RELATIONS else "condition"
            return f" A {what} has no slope: no gradient flows through it."
        edges = [
            edge
            for edge in self.inputs[node.id]
            if edge.partial is not None and not is_turned(self._nodes[edge.source], node, edge.position)
        ]
        if not edges or not self._way_back:
            return ""
        if len(edges) > MOST_NAMES:
            return f" Noted for the way back: its {count(len(edges))} local derivatives."
        value = number(node.value)
        lost = "" if math.isfinite(node.value) else f": {name_of(node)} is {value}, so it has no slope"
        return f" Noted for the way back: {joined([self._slope_in_words(edge) for edge in edges])}{lost}."

    # ------------------------------------------------------------------------------------- reverse

    def _output_seed(self, event: Event) -> tuple[str, str, str]:
        itself = gradient_of(event.node, event.node)
        sentence = (
            f"The way back starts at the output, {name_of(event.node)}: it changes exactly as much as "
            f"itself, so {itself} = 1."
        )
        return itself, "1", sentence

    def _contribution(self, event: Event) -> tuple[str, str, str]:
        (edge,) = event.edges
        node, target = event.node, self._nodes[edge.target]
        symbols = f"{gradient_of(self._output, node)} += {self._passed_on(target)[1]} · {self._sign(edge)}"
        numbers = product_of((target.gradient, edge.partial), edge.contribution)
        sentence = (
            f"{self._fed(edge)}; so {name_of(node)} receives {numbers}."
            f"{why_nothing(target.gradient, edge.partial)}{added(event)}{self._untrained(event)}"
        )
        return symbols, numbers, sentence

    def _is_untrained(self, event: Event) -> bool:
        """Return whether the gradient of an input is complete, where there are weights to train."""
        return self._trains and event.node.role == "input" and event.part == event.parts

    def _untrained(self, event: Event) -> str:
        """Return what the gradient of an input is for, where there are weights to train."""
        if not self._is_untrained(event):
            return ""
        return (
            f" {name_of(event.node)} is no parameter: training does not change it, so this gradient only "
            f"tells how {name_of(self._output)} depends on it."
        )

    def _fed(self, edge: EdgeFact) -> str:
        """Return how the output follows a small change of the edge's source."""
        source, target = self._nodes[edge.source], self._nodes[edge.target]
        uses = self._uses[source.id, target.id]
        often = "twice" if uses == 2 else f"{count(uses)} times"
        times = f" {often}, here as input number {edge.position + 1}" if uses > 1 else ""
        moved, follower = name_of(source), name_of(target)
        if is_turned(source, target, edge.position):
            return (
                f"{moved} feeds into {follower} as a condition: it is true or false and never changes a "
                f"little, so it has no slope ({self._equal(edge)})"
            )
        told = f"{moved} feeds into {follower}{times}: {self._held(edge)}"
        there = self._corners.at(edge)
        if there is not None:
            told += there.told(follower, self._equal(edge))
        else:
            change = f"a small change of {'this input' if uses > 1 else moved}"
            told += f"{changing(change, follower, _where_finite(target, edge.partial))} "
            told += f"({self._slope_in_words(edge)})"
        if target is self._output:
            return told
        moves = edge.partial and there is None
        return f"{told}, and {self._passed_on(target)[2] if moves else self._onwards(target)}"

    def _held(self, edge: EdgeFact) -> str:
        """Return what else could move the edge's target and does not, as a local derivative has it."""
        moving = self._moving.get(edge.target)
        if moving is None:
            moving = self._moving[edge.target] = sum(map(self._can_move, self.inputs[edge.target]))
        return HELD[min(moving - self._can_move(edge), 2)]

    def _can_move(self, edge: EdgeFact) -> bool:
        source = self._nodes[edge.source]
        return source.role != "constant" or source.op is not None

    def _passed_on(self, target: NodeFact) -> tuple[str, str, str]:
        """Return a target's id, its gradient in symbols, and how the output follows it, in words."""
        if self._gradients[0] != target.id:  # the edges of one target follow each other
            symbols = gradient_of(self._output, target)
            follows = self._onwards(target, "that", name_of(target))
            self._gradients = target.id, symbols, follows
        return self._gradients

    def _onwards(self, target: NodeFact, cause: str = "", than: str = "") -> str:
        """Return how the output follows a target, whose change is called ``cause``."""
        cause = cause or f"a small change of {name_of(target)}"
        follows = changing(cause, name_of(self._output), _where_finite(self._output, target.gradient), than)
        return f"{BY_CHOICE} further on, {follows}" if target.id in self._corners.before else follows

    # ------------------------------------------------------------------------------------- tangent

    def _tangent_seed(self, event: Event) -> tuple[str, str, str]:
        itself = gradient_of(event.node, event.node)
        sentence = (
            f"Forward mode follows one change through the graph, that of {name_of(event.node)}. "
            f"{name_of(event.node)} changes exactly as much as itself: {itself} = 1."
        )
        return itself, "1", sentence

    def _tangent(self, event: Event) -> tuple[str, str, str]:
        assert event.wrt is not None
        own = gradient_of(event.node, event.wrt)
        if not event.edges:
            sentence = f"No change of {name_of(event.wrt)} reaches {name_of(event.node)}, so {own} = 0."
            return own, "0", sentence
        terms: list[str] = []
        products: list[str] = []
        for edge, rate in event.rated:
            slope = in_a_product(self._slope(edge).text)
            terms.append(f"{slope} · {gradient_of(self._nodes[edge.source], event.wrt)}")
            partial = factor(edge.partial) if products else number(edge.partial)
            products.append(f"{partial} · {factor(rate)}")
        assert event.after is not None
        computed = sum(as_written(edge.partial or 0.0) * as_written(rate) for edge, rate in event.rated)
        numbers = f"{shortened(' + '.join(products))} {equals(computed, event.after)} {number(event.after)}"
        return f"{own} = {shortened(' + '.join(terms))}", numbers, self._followed(event, numbers)

    def _followed(self, event: Event, numbers: str) -> str:
        assert event.wrt is not None
        node, wrt = name_of(event.node), name_of(event.wrt)
        sources = [name_of(self._nodes[edge.source]) for edge in event.edges]
        if len(sources) == 1:
            (edge,), (rate,), (source,) = event.edges, event.rates, sources
            chosen = f"{BY_CHOICE.capitalize()}, " if edge.source in self._corners.behind else ""
            moves = following(source, _where_finite(self._nodes[edge.source], rate), wrt)
            moved = "" if edge.source == event.wrt.id else f"{chosen}{moves}, and "
            there = self._corners.at(edge)
            slope = _where_finite(event.node, edge.partial)
            local = f"{following(node, slope, source)} ({self._slope_in_words(edge)})"
            if there is not None:
                local = there.told(node, self._equal(edge))
            told = f"{moved}{self._held(edge)}{local}; so {gradient_of(event.node, event.wrt)} is {numbers}."
        else:
            chosen = f", {BY_CHOICE}," if event.node.id in self._corners.behind else ""
            told = (
                f"{node} changes with {listed(sources)}: the change of each, times its local derivative, "
                f"adds up{chosen} to {numbers}."
            )
        if event.node is not self._output:
            return told
        return (
            f"{told} That is the gradient of {wrt}: the reverse pass multiplies the same factors, "
            "from the other end."
        )

    # -------------------------------------------------------------------------------------- slopes

    def _slope_in_words(self, edge: EdgeFact) -> str:
        """Return ``∂(a→d) = b = −3``, or ``∂(z→a) = 1 because z > 0``; that only a rule says so."""
        there, because = self._corners.at(edge), self._slope(edge).because
        if there is not None:
            return f"{self._equal(edge)} by choice, because there is no one slope where {there.place}"
        target = self._nodes[edge.target]
        if not math.isfinite(target.value) and not math.isnan(edge.partial or 0.0):
            return f"{self._equal(edge)} by the rule alone"
        return f"{self._equal(edge)} because {because}" if because else self._equal(edge)

    def _equal(self, edge: EdgeFact) -> str:
        """Return the local derivative of an edge in symbols and as a number: ``∂(a→d) = b = −3``."""
        slope, value = self._slope(edge).text, number(edge.partial)
        return " = ".join([self._sign(edge), *[slope] * (slope != value), value])

    def _sign(self, edge: EdgeFact) -> str:
        """Return how the local derivative of an edge is written: ``∂(a→d)``."""
        slot = edge.position if self._uses[edge.source, edge.target] > 1 else None
        return local_sign(name_of(self._nodes[edge.source]), name_of(self._nodes[edge.target]), slot)

    def _slope(self, edge: EdgeFact) -> WrittenPartial:
        """Return the local derivative of an edge in symbols."""
        if self._slopes[0] != edge.target:  # the edges of one target follow each other
            target = self._nodes[edge.target]
            assert target.op is not None
            known = [self._known(other.source) for other in self.inputs[target.id]]
            found = partials_in_symbols(TABLE[target.op], known, known_name(name_of(target), target.value))
            self._slopes = target.id, [slope._replace(text=shortened(slope.text)) for slope in found]
        return self._slopes[1][edge.position]

    def _known(self, node: str) -> KnownExpression:
        """Return a node as it stands in local derivatives: its name, or its number if it has none."""
        if node not in self._expressions:
            v = self._nodes[node]
            self._expressions[node] = known_name(name_of(v), v.value) if v.label else known_number(v.value)
        return self._expressions[node]


def _where_finite(node: NodeFact, slope: float | None) -> float | None:
    """Return a node's slope; nan if its value is infinite or nan, which no small change moves."""
    return slope if math.isfinite(node.value) else math.nan
