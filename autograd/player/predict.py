"""What a learner may answer before a reverse step is shown, and what each wrong answer tells.

For every step along an edge there are two questions: what the edge adds to a gradient, and what
the gradient is afterwards.  The classical mistakes are made here on purpose, with the trace's own
numbers, so that whoever asks (a page, a terminal) only has to compare.

>>> from autograd import Value
>>> from autograd.walk import walk
>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> answers = predictions(walk(a * b).trace)[4]["contribution"]
>>> [(answer.number, answer.mistake) for answer in answers][:5]
[(-3.0, None), (1.0, 'missed factor'), (2.0, 'value'), (-6.0, 'value'), (3.0, 'sign')]
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from autograd.trace import Edge, Node, Step, Trace
from autograd.wording import number, parse_label

DIGITS = 4
"""How many significant digits a person is shown, and so can answer with."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A number that a learner may come up with.

    Attributes:
        number: the number.
        tolerance: how far from it an answer may be and still be this one.
        mistake: the name of the mistake that leads to it; None for the right answer.
        words: what to say to whoever answers it.
    """

    number: float
    tolerance: float
    mistake: str | None
    words: str


Questions = dict[str, list[Answer]]
"""By what is asked for ("contribution" or "gradient"): the right answer first, then the wrong ones."""


def predictions(trace: Trace) -> dict[int, Questions]:
    """What may be answered before each reverse step along an edge, by the step's number.

    Two mistakes that lead to the same number are told apart by no one: the first one is kept.

    Args:
        trace: the trace of a walk.
    """
    asked = {}
    facts = _Facts(trace)
    for step in trace.steps:
        if step.phase == "reverse" and step.kind == "edge":
            asked[step.number] = _questions(step, facts)
    return asked


def tolerance(*terms: float | None) -> float:
    """What the digits that are not shown leave open: half a unit of the last one of each term.

    A hair is added for the rounding of the numbers themselves.

    >>> round(tolerance(2.0), 5), round(tolerance(1234.0, 0.5), 3), tolerance(None, math.inf)
    (0.0005, 0.5, 0.0)
    """
    return 1.0001 * sum(_half_unit(x) for x in terms if x is not None)


def _half_unit(x: float) -> float:
    if x == 0.0 or not math.isfinite(x):
        return 0.0
    return 0.5 * 10.0 ** (math.floor(math.log10(abs(x))) - DIGITS + 1)


# ------------------------------------------------------------------------------------ the mistakes


class _Facts:
    """What of a trace the mistakes are made with."""

    def __init__(self, trace: Trace) -> None:
        self.nodes = {node.id: node for node in trace.nodes}
        self.edges: dict[str, list[Edge]] = defaultdict(list)
        for edge in trace.edges:
            self.edges[edge.target].append(edge)
        self.history: dict[str, list[float]] = defaultdict(list)
        for step in trace.steps:
            if step.phase == "reverse" and step.after is not None:
                self.history[step.node].append(step.after)

    def others(self, step: Step) -> Iterator[Edge]:
        """The other edges into the step's target that carry a gradient."""
        for edge in self.edges[step.target or ""]:
            if edge.position != step.position and edge.partial is not None:
                yield edge

    def unfinished(self, node: str | None) -> list[float]:
        """The gradients that a node had before all of its routes had been added."""
        return self.history[node or ""][:-1]


@dataclass(frozen=True, slots=True)
class _Slip:
    """A wrong contribution: what was multiplied, and what to say."""

    number: float
    mistake: str
    words: str


def _questions(step: Step, facts: _Facts) -> Questions:
    assert step.contribution is not None
    assert step.after is not None
    slips = list(_slips(step, facts))
    slack = tolerance(step.contribution) + _rounding_of_product(step)
    added = [Answer(step.contribution, slack, None, "Right.")]
    added += [Answer(slip.number, tolerance(slip.number), slip.mistake, slip.words) for slip in slips]
    sum_slack = slack + tolerance(step.before, step.after)
    gradient = [Answer(step.after, sum_slack, None, "Right.")]
    if step.before is not None:
        already = f"{_name(step.node, facts)} already has {number(step.before)} from another route"
        overwrote = f"You overwrote instead of adding: {already}, and routes add up (+=, not =)."
        gradient.append(Answer(step.contribution, slack, "overwrote", overwrote))
        added.append(
            Answer(step.after, sum_slack, "total", f"That is the gradient after the step: {already}.")
        )
    gradient += list(_wrong_gradients(step, slips))
    return {"contribution": _distinct(added), "gradient": _distinct(gradient)}


def _wrong_gradients(step: Step, slips: list[_Slip]) -> Iterator[Answer]:
    """A wrong contribution added to what was there; or, that forgotten as well, alone."""
    before = step.before or 0.0
    for slip in slips:
        yield Answer(before + slip.number, tolerance(before + slip.number), slip.mistake, slip.words)
    if step.before is None:
        return
    for slip in slips:
        words = f"{slip.words} And what was there before has to stay: add to it."
        yield Answer(slip.number, tolerance(slip.number), slip.mistake, words)


def _slips(step: Step, facts: _Facts) -> Iterator[_Slip]:
    upstream, partial = step.upstream, step.partial
    assert upstream is not None
    assert partial is not None
    node, target = facts.nodes[step.node], facts.nodes[step.target or ""]
    source, result = _called(node), _called(target)
    local = f"∂{result}/∂{source}"
    yield _Slip(
        upstream, "missed factor",
        f"That is the upstream gradient alone: multiply it by the local derivative {local}.",
    )  # fmt: skip
    yield _Slip(
        partial, "missed factor",
        f"That is the local derivative {local} alone: multiply it by the upstream gradient.",
    )  # fmt: skip
    yield _Slip(
        upstream * node.value, "value",
        f"You multiplied by the value of {source}; what counts is how {result} changes with it: {local}.",
    )  # fmt: skip
    yield _Slip(
        upstream * target.value, "value",
        f"You multiplied by the value of {result}; what counts is how it changes with {source}: {local}.",
    )  # fmt: skip
    yield _Slip(
        -upstream * partial, "sign",
        f"The size is right, the sign is not: look at the signs of the upstream gradient and of {local}.",
    )  # fmt: skip
    yield from _wrong_order(step, facts, result, local)
    yield _Slip(
        upstream + partial, "added factors",
        f"Along a route the factors multiply, only routes add: upstream times {local}, not plus.",
    )  # fmt: skip


def _wrong_order(step: Step, facts: _Facts, result: str, local: str) -> Iterator[_Slip]:
    """Passing on a gradient before it is complete; taking the inputs one for the other."""
    assert step.upstream is not None
    assert step.partial is not None
    for unfinished in facts.unfinished(step.target):
        yield _Slip(
            unfinished * step.partial, "order",
            f"The order is wrong: {result} was not complete. All its routes are added before it passes "
            f"anything on, and then its gradient is {number(step.upstream)}.",
        )  # fmt: skip
    for edge in facts.others(step):
        other = _called(facts.nodes[edge.source])
        assert edge.partial is not None
        yield _Slip(
            step.upstream * edge.partial, "order",
            f"The inputs are in the wrong order: that belongs to {other}. Here it is {local} that counts.",
        )  # fmt: skip


def _rounding_of_product(step: Step) -> float:
    """How far the product may be off when the factors are taken as they are shown."""
    upstream, partial = step.upstream or 0.0, step.partial or 0.0
    slack = abs(partial) * tolerance(upstream) + abs(upstream) * tolerance(partial)
    return slack if math.isfinite(slack) else 0.0


def _distinct(answers: list[Answer]) -> list[Answer]:
    """Without those that could not be told from one before them."""
    kept: list[Answer] = []
    for answer in answers:
        if not any(_same(answer.number, earlier) for earlier in kept):
            kept.append(answer)
    return kept


def _same(x: float, answer: Answer) -> bool:
    if math.isfinite(x) and math.isfinite(answer.number):
        return abs(x - answer.number) <= answer.tolerance
    return x == answer.number or (math.isnan(x) and math.isnan(answer.number))


def _name(node: str, facts: _Facts) -> str:
    return _called(facts.nodes[node])


def _called(node: Node) -> str:
    return parse_label(node.label).text if node.label else number(node.value)
