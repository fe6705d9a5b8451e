"""What a page needs to compute both passes itself: the graph, the ops as JavaScript, and patterns for words.

>>> from autograd import Value, walk
>>> from autograd.seeing.facts.order import parts_of
>>> trace = walk(Value(2.0, "a") * Value(-3.0, "b")).trace
>>> said = touch(trace, parts_of(trace))
>>> said["op"], said["patterns"][0]["text"]
([-1, -1, 0], ['', 0, ' × ', -2, ''])
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import cache
from itertools import chain, product
from math import isinf
from typing import Any

from autograd.core.primitive import TABLE, Op
from autograd.notation.mathml import mathml
from autograd.notation.signs import SINGLE
from autograd.notation.written_partials import TAUGHT, known_name, written_partials
from autograd.seeing.facts.corners import CONNECTIVES, RELATIONS, in_names, is_usual
from autograd.seeing.facts.order import Inside, reverse_order
from autograd.seeing.facts.phrases import LEAVES, formula_of
from autograd.seeing.facts.records import NodeFact, Trace
from autograd.seeing.facts.rounding import rounding_of
from autograd.seeing.facts.sentences import BY_CHOICE, HELD
from autograd.seeing.pages.frame import asset
from autograd.seeing.pages.listing import stated
from autograd.source.javascript import op_in_javascript

FIRST, LAST = 0x4E00, 0x9FFF
"""The letters that stand for an op's inputs while its formula is made a pattern."""
INPUT = re.compile(f"[{chr(FIRST)}-{chr(LAST)}]")

SAMPLES = (-2.0, 0.0, 0.5)
"""Inputs that meet every case of the rules that tell cases apart."""

Pattern = list[str | int]
"""Texts and the positions of inputs; −1 − position where a negative number stands in parentheses."""


def can_be_written(trace: Trace) -> bool:
    """Return whether JavaScript has all ops of a graph."""
    try:
        operations(trace)
    except NotImplementedError:  # an op of one's own may do anything
        return False
    return True


def touch(trace: Trace, parts: Mapping[str, Inside]) -> dict[str, Any]:
    """Return what the page's engine reads of a graph, all ops of which can be written.

    Args:
        trace: the graph.
        parts: the layer and the neuron of each computed node.
    """
    applied = _applied(trace)
    numbered = {key: i for i, key in enumerate(applied)}
    counts = Counter(edge.target for edge in trace.edges)
    return {
        "op": [-1 if node.op is None else numbered[node.op, counts[node.id]] for node in trace.nodes],
        "named": [i for i, node in enumerate(trace.nodes) if node.label],
        "ops": [name for name, _ in applied],
        "taught": [name in TAUGHT for name, _ in applied],
        "rounding": [[*map(int, rounding_of(TABLE[name]))] for name, _ in applied],
        "kinks": [_kinks(TABLE[name], count) for name, count in applied],
        "cases": [_cases(TABLE[name]) for name, _ in applied],
        "patterns": [_patterns(node, count) for (_, count), node in applied.items()],
        **_back(trace, parts),
        "words": {"leaves": LEAVES, "held": HELD, "chosen": BY_CHOICE},
        "single": SINGLE.replace(r"[^\W\d]", r"[\p{L}_]").replace(r"\w", r"\p{L}\p{N}_"),
        "relations": RELATIONS,
        "connectives": CONNECTIVES,
        "plane": _plane(trace),
    }


def _back(trace: Trace, parts: Mapping[str, Inside]) -> dict[str, Any]:
    """Return the order of the way back, and by node the layer and the neuron that it goes through there."""
    numbered = {part: i for i, part in enumerate(dict.fromkeys(chain.from_iterable(parts.values())))}
    place = {node.id: i for i, node in enumerate(trace.nodes)}

    def inside(depth: int) -> list[int]:
        """Return the number of each node's layer, or neuron; −1 for leaves."""
        return [numbered[parts[node.id][depth]] if node.id in parts else -1 for node in trace.nodes]

    return {
        "back": [place[id] for id in reverse_order(trace, parts)],
        "inside": {"layer": inside(0), "neuron": inside(1)},
        "titles": [part.title for part in numbered],
    }


def _plane(trace: Trace) -> dict[str, Any] | None:
    """Return both inputs of each sample and what the network gives for the first; None if it is another."""
    place = {node.id: i for i, node in enumerate(trace.nodes)}
    outermost: list[int] = []
    for use, fact in enumerate(trace.uses):
        outermost.append(use if fact.within is None else outermost[fact.within])
    around = {id: outermost[at.use] for id, at in trace.places.items() if at.use is not None}
    samples = {use: dict[int | None, int]() for use in sorted({*outermost})}
    for id, at in trace.places.items():
        if at.part == "input" and at.use is not None:
            samples[at.use][at.index] = place[id]
    left = [(edge.source, edge.target) for edge in trace.edges] + [(trace.output, "")]
    given = {source for source, target in left if around.get(source) == 0 != around.get(target)}
    given = {id for id in given if trace.places[id].part != "input"}
    alike = len({trace.uses[use].module for use in samples}) == 1 and {*map(len, samples.values())} == {2}
    if len(given) != 1 or not alike:
        return None
    return {"samples": [[*pair.values()] for pair in samples.values()], "output": place[given.pop()]}


def operations(trace: Trace) -> str:
    """Return a script that states the ops of a graph.

    Raises:
        NotImplementedError: if an op cannot be written in another language; the message names it.
    """
    return stated(_applied(trace))


def script(trace: Trace, touched: Mapping[str, Any] | None) -> str:
    """Return the scripts of a page, given what its engine reads; none where it does not compute itself."""
    if touched is None:
        return ""
    named = {"plane.js": "plane", "paint.js": "picture"}
    shown = [name for name, needed in named.items() if touched[needed]]
    names = ("numbers.js", "engine.js", "sentences.js", "routes.js", *shown, "touch.js")
    return operations(trace) + "".join(asset(__package__, name) for name in names)


def _applied(trace: Trace) -> dict[tuple[str, int], NodeFact]:
    """Return the ops of a graph, each with the number of its inputs, and the first node of each."""
    counts = Counter(edge.target for edge in trace.edges)
    found: dict[tuple[str, int], NodeFact] = {}
    for node in trace.nodes:
        if node.op is not None:
            found.setdefault((node.op, counts[node.id]), node)
    return found


def _kinks(op: Op, count: int) -> list[dict[str, Any]]:
    """Return of each kink where it is, as a pattern, and in which inputs the value jumps there."""
    stand_in = _stand_ins(count)
    return [
        {
            "place": _pattern(in_names(kink, stand_in)),
            "jumps": [isinf(high - low) for low, high in kink.slopes(*[1.0] * count)],
            "usual": is_usual(op),
        }
        for kink in op.kinks
    ]


def _patterns(node: NodeFact, count: int) -> dict[str, Pattern]:
    """Return what a node computes as text and as MathML."""
    names = _stand_ins(count)
    text = formula_of(node, names)
    with_minus = {x: formula_of(node, [f"−{y}" if y == x else y for y in names]) for x in INPUT.findall(text)}

    def pattern(written: Callable[[str], str]) -> Pattern:
        whole = written(text)
        parenthesised = {
            ord(x) - FIRST
            for x, other in with_minus.items()
            if written(f"({x})") not in whole and written(f"(−{x})") in written(other)
        }
        return _pattern(whole, parenthesised)

    return {"text": pattern(str), "markup": pattern(_markup)}


def _markup(text: str) -> str:
    """Return a formula as MathML, the inputs bare."""
    markup = mathml(text).removeprefix('<math display="block">').removesuffix("</math>")
    return re.sub(f"<mi>({INPUT.pattern})</mi>", r"\1", markup)


@cache
def _cases(op: Op) -> dict[str, list[Any]] | None:
    """Return how the partials are written in each case of a rule, and inputs that belong to it.

    None for an op of any number of inputs.
    """
    if op.variadic:
        return None
    count = op.arity or 0
    several = "\n  cases(" in op_in_javascript(op)
    names = _stand_ins(count + 1)
    texts: dict[str, int] = {}
    samples: list[Any] = []
    for numbers in product(SAMPLES if several else SAMPLES[-1:], repeat=count):
        known = [known_name(name, x) for name, x in zip(names, numbers, strict=False)]
        found = written_partials(op, known, known_name(names[-1], op.evaluate(numbers)[0]))
        written = [[_pattern(d.text), _pattern(d.because)] for d in found]
        samples.append([numbers, texts.setdefault(json.dumps(written), len(texts))])
    return {"samples": samples, "written": [json.loads(text) for text in texts]}


def _stand_ins(count: int) -> list[str]:
    return [chr(FIRST + i) for i in range(count)]


def _pattern(text: str, parenthesised: Collection[int] = ()) -> Pattern:
    pieces: Pattern = []
    end = 0
    for found in INPUT.finditer(text):
        position = ord(found[0]) - FIRST
        pieces += text[end : found.start()], -1 - position if position in parenthesised else position
        end = found.end()
    return [*pieces, text[end:]]
