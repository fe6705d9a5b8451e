"""The words and terms that the sentences of a walk are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from autograd.core.primitive import TABLE
from autograd.notation.formula import formula
from autograd.notation.numbers import MOST_KEPT, count, number, sum_of
from autograd.seeing.facts.corners import CONDITIONS, CONNECTIVES, RELATIONS
from autograd.seeing.facts.events import Event
from autograd.seeing.facts.names import name_of
from autograd.seeing.facts.records import NodeFact

T = TypeVar("T")

MOST_TERMS = 5
"""A sum of more terms than this is shortened to this many, the first and the last ones."""
MOST_NAMES = 3
"""A sentence names at most this many inputs, and counts the others."""
SIGNS = ("·", "· ", "× ", "+ ", "− ")
"""What ends before a number that is written in parentheses where it is negative."""

LEAVES = {
    "input": ("{names} is an input: its value is given.", "{names} are inputs: their values are given."),
    **{
        kind: (
            f"{{names}} is a {kind}, a number that training adjusts.",
            f"{{names}} are {kinds}, numbers that training adjusts.",
        )
        for kind, kinds in (("weight", "weights"), ("bias", "biases"), ("parameter", "parameters"))
    },
    "constant": (
        "{names} is a constant: no gradient goes to it.",
        "{names} are constants: no gradient goes to them.",
    ),
}
"""What is said of leaves, by what they are: of one, and of several."""

# ------------------------------------------------------------------------------------------ symbols


def formula_of(node: NodeFact, names: Sequence[str]) -> str:
    """Return what a node computes, with these names for its inputs."""
    assert node.op is not None
    text = shortened(formula(TABLE[node.op], names))
    return f"({text})" if node.op in (*CONDITIONS, "where") else text


def numbers_of(node: NodeFact, inputs: Sequence[NodeFact]) -> list[str]:
    """Return the inputs in numbers; a condition as a word."""
    if node.op in CONNECTIVES:
        return [truth(v.value) for v in inputs]
    written = [number(v.value) for v in inputs]
    return [truth(inputs[0].value), *written[1:]] if node.op == "where" else written


def shortened(text: str, between: str = " + ") -> str:
    """Return a sum of many terms, or another list, with its middle left out."""
    terms = text.split(between)
    if len(terms) <= MOST_TERMS + 1:
        return text
    return between.join([*terms[: MOST_TERMS - 2], "…", *terms[-2:]])


def written_out(op: str, inputs: Sequence[T]) -> Sequence[T]:
    """Return those of an op's inputs that are left in its formula when it is `shortened`.

    >>> written_out("sum", range(9)), written_out("dot", range(15))
    ([0, 1, 2, 7, 8], [7, 8, 9, 13, 14, 0, 1, 2, 6])
    """
    half = len(inputs) // 2 if op == "dot" else 0
    terms = len(inputs) - half
    if terms <= MOST_TERMS + 1:
        return inputs
    kept = [*range(MOST_TERMS - 2), terms - 2, terms - 1]
    return [*(inputs[half + k] for k in kept), *(inputs[k] for k in kept if k < half)]


@lru_cache(maxsize=MOST_KEPT)
def after_signs(op: str, inputs: int) -> frozenset[int]:
    """Return which of its inputs stand after a sign in an op's formula, in parentheses just where negative.

    >>> sorted(after_signs("sum", 3)), sorted(after_signs("dot", 5)), sorted(after_signs("neg", 1))
    ([1, 2], [1, 2, 3, 4], [])
    """
    names = [f"x{i}y" for i in range(inputs)]
    positive, negative = (formula(TABLE[op], those) for those in (names, [f"−{name}" for name in names]))
    return frozenset(
        i
        for i, name in enumerate(names)
        if positive.partition(name)[0].endswith(SIGNS) and f"(−{name})" in negative
    )


# -------------------------------------------------------------------------------------------- words


def read_in_words(leaves: Sequence[NodeFact], kinds: Sequence[str]) -> str:
    """Return what leaves are, given the kind of each, and which of their numbers are no ordinary ones."""
    told = []
    for kind, (one, several) in LEAVES.items():
        names = [name_of(node) for node, own in zip(leaves, kinds, strict=True) if own == kind]
        if names:
            told.append((one if len({*names}) == 1 else several).format(names=listed(names)))
    strange = [node for node in leaves if node.label and not math.isfinite(node.value)]
    told += [
        f"{name_of(node)} is not an ordinary number; what is computed from it may not be one either."
        for node in strange[:MOST_NAMES]
    ]
    return " ".join(told)


def changing(cause: str, what: str, times: float | None, than: str = "") -> str:
    """Return what the cause does, by the slope: ``a small change of a changes d −3 times as much``."""
    assert times is not None
    if math.isnan(times):
        return f"no number tells how {cause} changes {what}"
    if times == 0.0:
        return f"{cause} does not change {what}"
    return f"{cause} changes {what} {_as_much(times)}{than and f' as {than}'}"


def following(what: str, times: float | None, than: str) -> str:
    """Return ``d changes −3 times as much as a``."""
    assert times is not None
    if math.isnan(times):
        return f"no number tells how {what} changes with {than}"
    return f"{what} {f'changes {_as_much(times)} as' if times else 'does not change with'} {than}"


def _as_much(times: float) -> str:
    if math.isinf(times):
        return f"infinitely many times ({number(times)}) as much"
    return "just as much" if times == 1.0 else f"{number(times)} times as much"


def computing(node: NodeFact, inputs: Sequence[NodeFact], numbers: str) -> str:
    """Return how a value comes about."""
    if node.op == "where":
        condition, *branches = inputs
        holds = truth(condition.value)
        said = f"{name_of(condition)} is {holds}" if condition.label else f"the condition is {holds}"
        chosen = branches[0 if condition.value else 1]
        equal = f"{name_of(chosen)} = {number(node.value)}" if chosen.label else number(node.value)
        return (
            f"{name_of(node)} is one of {joined([name_of(v) for v in branches])}: {said}, so it is {equal}."
        )
    if node.op in CONDITIONS:
        how = "compares" if node.op in RELATIONS else "combines"
        compared = formula_of(node, numbers_of(node, inputs))[1:-1]
        as_number = "1, which stands for true" if node.value else "0, which stands for false"
        return f"{name_of(node)} {how}: {compared} is {truth(node.value)}, so it is {as_number}."
    return f"{name_of(node)} is computed from {listed([name_of(v) for v in inputs])}: {numbers}."


def truth(x: float) -> str:
    """Return a condition's value as a word: every number but 0 is true."""
    return "true" if x else "false"


def listed(names: Sequence[str]) -> str:
    """Return the names as a list in words, each once; of many the first, and how many others."""
    different = list(dict.fromkeys(names))
    if len(different) > MOST_NAMES + 1:
        return f"{', '.join(different[:MOST_NAMES])} and {count(len(different) - MOST_NAMES)} others"
    return joined(different)


def joined(parts: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def added(event: Event) -> str:
    """Return what becomes of a contribution."""
    node = name_of(event.node)
    if event.parts == 1:
        return f" {node} receives nothing else, so this is its whole gradient." if event.first_whole else ""
    if event.before is None:
        return f" It is the first of {count(event.parts)} contributions to the gradient of {node}."
    (edge,) = event.edges
    total = sum_of((event.before, edge.contribution), event.after)
    told = (
        f" It is added (+=) to the {number(event.before)} that {node} had already, "
        f"because a change of {node} takes effect along all its edges at once: {total}."
    )
    if event.part < event.parts:
        return told
    how_many = "Both" if event.parts == 2 else f"All {count(event.parts)}"
    complete = f" {how_many} contributions are in, so the gradient of {node} is complete"
    return f"{told}{complete}{' and can be passed on' if event.node.op else ''}."


def why_not_finite(value: float, inputs: Sequence[float]) -> str:
    """Return why a value is infinite or no number; "" for any other."""
    if math.isfinite(value):
        return ""
    if math.isnan(value):
        if any(math.isnan(x) for x in inputs):
            return " An input is nan (not a number), so the result is nan too."
        return " There is no such number: the result is nan (not a number)."
    if any(math.isinf(x) for x in inputs):
        return " An input is infinite, and so is the result."
    return " The result lies beyond every number that can be stored, so it is infinite."


def why_nothing(upstream: float | None, partial: float | None) -> str:
    """Return what to say of a product that is zero, or no number at all."""
    assert upstream is not None
    assert partial is not None
    product = upstream * partial
    if product == 0.0:
        vanished = " The product is too small to be stored, so it is 0."
        return vanished if upstream and partial else " Nothing gets through."
    if not math.isnan(product):
        grown = math.isinf(product) and math.isfinite(upstream) and math.isfinite(partial)
        return " The result lies beyond every number that can be stored, so it is infinite." if grown else ""
    if math.isnan(upstream) or math.isnan(partial):
        return " A factor is nan (not a number), so the product is nan."
    return " Zero times infinity has no value, so the product is nan (not a number)."
