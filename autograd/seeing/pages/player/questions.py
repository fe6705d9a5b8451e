"""What a learner may answer before a reverse step is shown, and what each wrong answer tells.

For every step along an edge there are two questions: what the edge adds to a gradient, and what
the gradient is afterwards.  The classical mistakes are made here on purpose, with the trace's own
numbers, so that whoever asks (a page, a terminal) only has to compare.

>>> from autograd import Value, walk
>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> answers = predictions(walk(a * b).trace)[3]["contribution"]
>>> [(answer.number, *answer.mistakes) for answer in answers][:4]
[(-3.0,), (1.0, 'upstream alone'), (2.0, 'value of the input'), (-6.0, 'value of the result')]
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from autograd.notation.numbers import MOST_KEPT, as_written, number
from autograd.notation.signs import local_sign
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import EdgeFact, NodeFact, Step, Trace

DIGITS = 4
"""A person is shown this many significant digits, and so can answer with as many."""

MOST_INPUTS = 3
"""With more inputs or routes than this, no question assumes that one of them was taken for another."""

MOST_DIAGNOSED = 1_000
"""In a longer reverse pass, mistakes are told apart in this many steps, the first ones."""

WORDS = {
    "overwrote": "You overwrote instead of adding: {source} already has {before} from another route, "
    "and routes add up (+=, not =).",
    "nothing added": "That is what {source} had before: what this edge adds is still to be added.",
    "multiplied": "Routes add up: that is what this edge adds times the {before} that {source} has already.",
    "whole": "That is the whole gradient of {source}, by all its routes. Asked is what comes of this edge.",
    "total": "That is the gradient after the step: {source} already has {before} from another route.",
    "upstream alone": "A factor is missing: that is the upstream gradient alone. "
    "Multiply it by the local derivative {local}.",
    "partial alone": "A factor is missing: that is the local derivative {local} alone. "
    "Multiply it by the upstream gradient.",
    "value of the input": "You multiplied by the value of {source}; what counts is the derivative, "
    "how {result} changes with {source}: {local}.",
    "value of the result": "You multiplied by the value of {result}; what counts is the derivative, "
    "how {result} changes with {source}: {local}.",
    "power factor": "The power rule: the exponent comes down as a factor, and you left it out: {local}.",
    "power exponent": "The power rule: the exponent becomes smaller by one, and you kept it: {local}.",
    "quotient minus": "A quotient falls when what it is divided by rises: the minus is missing in {local}.",
    "quotient square": "What a quotient is divided by is squared in its derivative: {local}.",
    "tanh of the input": "The derivative of tanh is 1 − tanh²: the square of {result}, not of {source}.",
    "tanh without square": "The derivative of tanh is 1 − tanh²: {result} is squared.",
    "sigmoid of the input": "The derivative of the sigmoid is σ · (1 − σ), of {result}, not of {source}.",
    "sin for cos": "The derivative of the sine is the cosine, not the sine itself.",
    "cos without minus": "The derivative of the cosine is minus the sine: the minus is missing.",
    "cos for sin": "The derivative of the cosine is minus the sine, not the cosine itself.",
    "exp as a power": "The exponential is no power of {source}: it is its own derivative, {result}.",
    "root without half": "The derivative of a root is one over twice the root: the half is missing.",
    "sign": "The size is right, the sign is not: look at the signs of the upstream gradient and of {local}.",
    "sign of a part": "What this edge adds has the wrong sign: look at those of {upstream} and of {local}.",
    "unfinished": "The order is wrong: {result} was not complete. All its routes are added before it "
    "passes anything on, and then its gradient is {upstream}.",
    "other input": "The inputs are in the wrong order: that belongs to {other}. Here {local} counts.",
    "added factors": "Along a route the factors multiply, only routes add: upstream times {local}, not plus.",
}
"""What to say of each mistake, with the names of the step's node (``source``), of what it goes into
(``result``) and of another of its inputs (``other``), the derivative of the one by the other
(``local``), and the gradients ``before`` and ``upstream``."""


Slip = tuple[str, int, Callable[..., float]]
"""A mistake, by which input, and the local derivative that it makes of the inputs and the result."""

SLIPS: dict[str, tuple[Slip, ...]] = {
    "pow": (
        ("power factor", 0, lambda x, n, y: x ** (n - 1)),
        ("power exponent", 0, lambda x, n, y: n * x**n),
    ),
    "div": (
        ("quotient minus", 1, lambda a, b, y: a / b**2),
        ("quotient square", 1, lambda a, b, y: -a / b),
    ),
    "tanh": (
        ("tanh of the input", 0, lambda x, y: 1 - x * x),
        ("tanh without square", 0, lambda x, y: 1 - y),
    ),
    "sigmoid": (("sigmoid of the input", 0, lambda x, y: x * (1 - x)),),
    "sin": (("sin for cos", 0, lambda x, y: y),),
    "cos": (
        ("cos without minus", 0, lambda x, y: math.sin(x)),
        ("cos for sin", 0, lambda x, y: y),
    ),
    "exp": (("exp as a power", 0, lambda x, y: x * math.exp(x - 1)),),
    "sqrt": (("root without half", 0, lambda x, y: 1 / y),),
}
"""The classical slips, by op: wrong on purpose, so they stand apart from the table of right derivatives."""


class Answer(NamedTuple):
    """A number that a learner may come up with.

    Attributes:
        number: the number.
        tolerance: how far from it an answer may be and still be this one.
        mistakes: what leads to it, by the names in `WORDS`; none for the right answer.
        other: the name of the input that was taken for another one; "" in all other mistakes.
    """

    number: float
    tolerance: float
    mistakes: tuple[str, ...] = ()
    other: str = ""


Questions = dict[str, list[Answer]]
"""The answers by what is asked for: the right one first, then the wrong ones."""


def predictions(trace: Trace) -> dict[int, Questions]:
    """Return what may be answered before each reverse step along an edge, by the step's number.

    There are answers to "contribution", what the edge adds, and to "gradient", what comes out.
    Where two mistakes lead to the same number, the first one is kept.  After `MOST_DIAGNOSED` steps
    there are none but the right answers; see `slacks`.

    Args:
        trace: the trace of a walk.
    """
    asked = asked_before(trace)[:MOST_DIAGNOSED]
    facts = _Facts(trace, asked)
    return {step.number: _questions(step, facts) for step in asked}


def asked_before(trace: Trace) -> list[Step]:
    """Return the steps before which a learner may be asked: those along an edge."""
    return [step for step in trace.steps if step.phase == "reverse" and step.kind == "edge"]


def slacks(step: Step) -> tuple[float, float]:
    """Return how far a right answer may be from what an edge adds, and from the gradient afterwards."""
    added = tolerance(step.contribution) + _rounding_of_product(step)
    return added, added if step.before is None else added + _hidden(step.before) + tolerance(step.after)


def diagnosis(answer: Answer, step: Step, trace: Trace) -> str:
    """Return what to say of a wrong answer to a step, in words; "" for the right one."""
    source, result = map(name_of, _ends(step, {node.id: node for node in trace.nodes}))
    edges = [(edge.source, edge.target) for edge in trace.edges]
    slot = step.position if edges.count((step.node, step.target or "")) > 1 else None
    names = {
        "source": source, "result": result, "local": local_sign(source, result, slot), "other": answer.other,
        "before": number(step.before), "upstream": number(step.upstream),
    }  # fmt: skip
    return " ".join(WORDS[mistake].format_map(names) for mistake in answer.mistakes)


def tolerance(*terms: float | None) -> float:
    """Return what the digits that are not shown leave open: half a unit of the last one of each term.

    A hair is added for the rounding of the numbers themselves.

    >>> round(tolerance(2.0), 5), round(tolerance(1234.0, 0.5), 3), tolerance(None, math.inf)
    (0.0005, 0.5, 0.0)
    """
    return sum(map(_half_unit, terms))


@lru_cache(maxsize=MOST_KEPT)
def _half_unit(x: float | None) -> float:
    if not x or not math.isfinite(x):
        return 0.0
    return 0.50005 * 10.0 ** (math.floor(math.log10(abs(x))) - DIGITS + 1)


# ------------------------------------------------------------------------------------ the mistakes


class _Facts:
    """What of a trace the mistakes in some steps are made with."""

    def __init__(self, trace: Trace, asked: Sequence[Step]) -> None:
        self.nodes = {node.id: node for node in trace.nodes}
        targets = {step.target for step in asked}
        self.edges: dict[str, list[EdgeFact]] = defaultdict(list)
        for edge in trace.edges:
            if edge.target in targets:
                self.edges[edge.target].append(edge)
        self.history: dict[str, list[float]] = defaultdict(list)
        for step in trace.steps[: asked[-1].number if asked else 0]:
            if step.phase == "reverse" and step.after is not None:
                self.history[step.node].append(step.after)

    def others(self, step: Step) -> list[EdgeFact]:
        """Return the other edges into the step's target that carry a gradient, where they are few."""
        others = [edge for edge in self.edges[step.target or ""] if edge.position != step.position]
        return [edge for edge in others if edge.partial is not None] if len(others) <= MOST_INPUTS else []

    def unfinished(self, node: NodeFact) -> list[float]:
        """Return the gradients that a node had before all of its routes had been added, the last few."""
        return self.history[node.id][:-1][-MOST_INPUTS:]


def _questions(step: Step, facts: _Facts) -> Questions:
    assert step.contribution is not None
    assert step.after is not None
    slack, sum_slack = slacks(step)
    added = [Answer(step.contribution, slack)]
    wrong = list(_wrong(step, facts))
    in_the_end = facts.nodes[step.node].gradient
    whole = [] if in_the_end in (None, step.after) else [_mistake(in_the_end, "whole")]
    if step.before is None:
        added = _distinct([*added, *whole, *wrong])
        return {"contribution": added, "gradient": added}
    total = Answer(step.after, sum_slack, ("total",))
    gradient = [
        Answer(step.after, sum_slack),
        Answer(step.contribution, slack, ("overwrote",)),
        _mistake(step.before, "nothing added"),
        *whole,
        _mistake(-step.after, "sign"),
        *(_added(answer, step.before) for answer in wrong),
        _mistake(step.before * step.contribution, "multiplied"),
    ]
    return {"contribution": _distinct([*added, total, *whole, *wrong]), "gradient": _distinct(gradient)}


def _added(answer: Answer, before: float) -> Answer:
    """Return a wrong contribution, added as it should be."""
    after = before + answer.number
    slack = tolerance(before, after) + answer.tolerance
    return Answer(after, slack, _of_a_part(answer), answer.other)


def _of_a_part(answer: Answer) -> tuple[str, ...]:
    """Return the mistakes in a contribution, told of it where the gradient is asked for."""
    return tuple("sign of a part" if mistake == "sign" else mistake for mistake in answer.mistakes)


def _wrong(step: Step, facts: _Facts) -> Iterator[Answer]:
    """Yield the wrong contributions, the likeliest first."""
    upstream, partial = step.upstream, step.partial
    assert upstream is not None
    assert partial is not None
    source, result = _ends(step, facts.nodes)
    for name, slip in _slips(step, result, facts):
        yield _mistake(upstream * slip, name)
    yield _mistake(upstream, "upstream alone")
    yield _mistake(partial, "partial alone")
    yield _mistake(upstream * source.value, "value of the input")
    yield _mistake(upstream * result.value, "value of the result")
    yield _mistake(-upstream * partial, "sign")
    for unfinished in facts.unfinished(result):
        yield _mistake(unfinished * partial, "unfinished")
    for edge in facts.others(step):
        assert edge.partial is not None
        yield _mistake(upstream * edge.partial, "other input", name_of(facts.nodes[edge.source]))
    yield _mistake(upstream + partial, "added factors")


def _slips(step: Step, result: NodeFact, facts: _Facts) -> Iterator[tuple[str, float]]:
    """Yield the wrong local derivatives that the op of a step is known for."""
    for name, position, slip in SLIPS.get(result.op or "", ()):
        if position != step.position:
            continue
        inputs = [facts.nodes[edge.source].value for edge in facts.edges[result.id]]
        try:
            found = slip(*inputs, result.value)
        except (ArithmeticError, ValueError):  # such as a power of zero, and the sine of infinity
            continue
        if isinstance(found, float):  # a root of a negative number is a complex one
            yield name, found


def _mistake(x: float, name: str, other: str = "") -> Answer:
    return Answer(x, tolerance(x), (name,), other)


def _ends(step: Step, nodes: Mapping[str, NodeFact]) -> tuple[NodeFact, NodeFact]:
    """Return the node that a step along an edge is about, and the one that its gradient comes from."""
    assert step.target is not None
    return nodes[step.node], nodes[step.target]


def _rounding_of_product(step: Step) -> float:
    """Return how far the product may be off when the factors are taken as they are shown."""
    upstream, partial = step.upstream or 0.0, step.partial or 0.0
    slack = abs(partial) * _hidden(upstream) + abs(upstream) * _hidden(partial)
    return slack if math.isfinite(slack) else 0.0


def _hidden(x: float) -> float:
    """Return how far a number may be from how it is written: not at all, if it is written in full."""
    return 0.0 if x == as_written(x) else tolerance(x)


def _distinct(answers: list[Answer]) -> list[Answer]:
    """Return the answers without those that could not be told from one before them."""
    kept: list[Answer] = []
    for answer in answers:
        for earlier in kept:
            if _same(answer.number, earlier):
                break
        else:
            kept.append(answer)
    return kept


def _same(x: float, answer: Answer) -> bool:
    off = abs(x - answer.number)
    if off < math.inf:
        return off <= answer.tolerance
    return x == answer.number or (math.isnan(x) and math.isnan(answer.number))
