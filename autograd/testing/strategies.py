"""Strategies for Hypothesis: inputs from all over an op's domain, and graphs of all shapes.

>>> from hypothesis import given
>>> from autograd.testing import gradcheck
>>> @given(recipes())
... def test_every_gradient_is_right(recipe):
...     gradcheck(recipe, recipe.numbers)
"""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign, frexp, inf, nextafter
from sys import float_info

from autograd.ops import TABLE, Interval, Op
from autograd.testing.primitives import domain_of
from autograd.testing.recipe import Recipe

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import DrawFn, SearchStrategy
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        'autograd.testing.strategies needs Hypothesis: pip install "chainrule[test]"', name="hypothesis"
    ) from missing

MOST_INPUTS = 6  # of an op that takes any number of them
LARGEST_OF_MANY = 1e100  # so that neither sums nor products of several overflow half-way
EVERYDAY = 8.0


def inside(domain: Interval, largest: float) -> SearchStrategy[float]:
    """Numbers of the interval up to ``largest`` in size: usual, extreme, and close to its borders."""
    # a subnormal input has lost digits before the op begins
    usual = st.floats(max(domain.low, -EVERYDAY), min(domain.high, EVERYDAY), allow_subnormal=False)
    extreme = st.floats(max(domain.low, -largest), min(domain.high, largest), allow_subnormal=False)
    borders = [b for b in (domain.low, domain.high, *domain.excluding) if abs(b) < inf]
    gaps = [side * gap for gap in (1e-300, 1e-16, 1e-12, 1e-6) for side in (1, -1)]
    corners = [border + gap for border in (*borders, 0.0) for gap in gaps]
    return st.one_of(usual, extreme, st.sampled_from(corners)).filter(lambda x: x in domain)


@st.composite
def inputs_of(draw: DrawFn, op: Op) -> list[float]:
    """Inputs for the op from all of its domain, now and then only just off a tie."""
    n = op.arity or draw(st.integers(1, MOST_INPUTS))
    largest = LARGEST_OF_MANY if op.variadic else float_info.max
    inputs = [draw(inside(domain_of(op, i), largest)) for i in range(n)]
    if len(inputs) > 1 and draw(st.integers(0, 4)) == 0:  # two that are equal but for the last digit
        i, j = draw(st.permutations(range(len(inputs))))[:2]
        near = nextafter(inputs[j], draw(st.sampled_from([-inf, inf])))
        if near in domain_of(op, i) and abs(near) >= float_info.min:
            inputs[i] = near
    return inputs


def everyday_inputs_of(op: Op) -> SearchStrategy[list[float]]:
    """Those of `inputs_of` that are neither very large nor, but for 0 itself, very small."""
    return (
        inputs_of(op)
        .map(lambda inputs: [everyday(x) for x in inputs])
        .filter(lambda inputs: all(x in domain_of(op, i) for i, x in enumerate(inputs)))
    )


def everyday(x: float) -> float:
    """The number itself if it is of everyday size, else its digits with another exponent."""
    if x == 0 or 1e-12 <= abs(x) <= EVERYDAY:
        return x
    return copysign(frexp(x)[0], x)


def on_a_kink(op: Op, inputs: Sequence[float], width: float = 0.0) -> bool:
    """Whether the inputs are within ``width`` of a kink of the op."""
    return any(abs(kink.gap(*inputs)) <= width for kink in op.kinks)


# --------------------------------------------------------------------------- graphs of all shapes

CALM = 20.0  # no number in a recipe is larger
OFF_KINKS = 1e-3
OFF_BORDERS = 0.05
SMOOTH_ENOUGH = 50.0  # no partial in a recipe is larger


@st.composite
def recipes(draw: DrawFn, most_steps: int = 10, ops: Sequence[Op] = ()) -> Recipe:
    """Graphs that share nodes and repeat inputs, off every border and kink.

    They shrink to few steps and simple numbers, and print as Python.

    Args:
        most_steps: how many ops at most.
        ops: which ones; all of the table, those entered later included, where none are given.
    """
    numbers = draw(st.lists(st.floats(-3, 3).map(everyday), min_size=1, max_size=4))
    results = list(numbers)
    steps: list[tuple[Op, tuple[int, ...]]] = []
    for _ in range(draw(st.integers(1, most_steps))):
        op = draw(st.sampled_from(list(ops or TABLE.values())))
        n = op.arity or draw(st.integers(1, 4))
        places = tuple(draw(st.lists(st.integers(0, len(results) - 1), min_size=n, max_size=n)))
        if not _is_calm(op, [results[i] for i in places]):
            op, places = TABLE["tanh"], places[:1]  # is calm everywhere
        steps.append((op, places))
        results.append(op.evaluate([results[i] for i in places])[0])
    return Recipe(tuple(numbers), tuple(steps))


def _is_calm(op: Op, inputs: Sequence[float]) -> bool:
    """Whether differences can tell the op's slopes here."""
    for i, x in enumerate(inputs):
        domain = domain_of(op, i)
        if not domain.low + OFF_BORDERS < x < domain.high - OFF_BORDERS:
            return False
        if any(abs(x - hole) < OFF_BORDERS for hole in domain.excluding):
            return False
    if on_a_kink(op, inputs, OFF_KINKS):
        return False
    y, partials = op.evaluate(inputs)
    return abs(y) <= CALM and all(abs(d) <= SMOOTH_ENOUGH for d in partials)
