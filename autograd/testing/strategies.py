"""Strategies for Hypothesis: inputs from all over an op's domain, and graphs of all shapes.

>>> from hypothesis import given
>>> from autograd.testing import gradcheck
>>> @given(recipes())
... def test_every_gradient_is_right(recipe):
...     gradcheck(recipe, recipe.numbers)

A failing graph shrinks to a short formula, and prints as the Python that builds it.  All strategies walk
the table, so that they draw an op of one's own from the moment it is entered.

A recipe runs on any engine that has the ops it is made of: name them, and say how each is called there.

>>> class Theirs:
...     def __init__(self, data, inputs=()):
...         self.data, self.grad, self.inputs = data, 0.0, inputs
...     def __add__(self, other):
...         b = other.data if isinstance(other, Theirs) else other
...         return Theirs(self.data + b, [(self, 1.0), (other, 1.0)])
...     def sin(self):
...         return Theirs(math.sin(self.data), [(self, math.cos(self.data))])
>>> calls = {"add": lambda a, b: a + b, "sin": lambda a: a.sin()}
>>> @given(recipes(ops=calls))
... def test_every_value_is_right(recipe):
...     leaves = [Theirs(x) for x in recipe.numbers]
...     output = recipe.compute(leaves, lambda op, inputs: calls[op.name](*inputs))
...     assert output.data == recipe.graph().data
>>> test_every_value_is_right()

`hypothesis.strategies.from_type` finds a strategy for `Value`, `Parameter` and `Constant` as soon as this
module is imported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from math import inf, nextafter
from sys import float_info

from autograd import ops as table
from autograd.core.primitive import TABLE, Interval, Op
from autograd.notation.hints import did_you_mean
from autograd.testing.op_check import onto
from autograd.testing.recipe import Recipe
from autograd.value import Constant, Parameter, Value

try:
    from hypothesis import reject
    from hypothesis import strategies as st
    from hypothesis.strategies import DrawFn, SearchStrategy
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        'autograd.testing.strategies needs Hypothesis: pip install "chainrule[test]"', name="hypothesis"
    ) from missing

from autograd.testing.growing import EVERYDAY, OFF_KINKS, TINY, Growing, everyday, on_a_kink
from autograd.testing.network_recipes import networks

__all__ = [
    "OFF_KINKS",
    "Recipe",
    "everyday",
    "everyday_inputs_of",
    "inputs_of",
    "inside",
    "networks",
    "on_a_kink",
    "recipes",
]

MOST_INPUTS = 6
"""An op that takes any number of inputs is given at most this many."""
LARGEST_OF_MANY = 1e100
"""The largest of several inputs, so that neither their sums nor their products overflow half-way."""


# ---------------------------------------------------------------------------- points in a domain


@cache  # one strategy, which Hypothesis looks at once, for all that draw from the interval
def inside(domain: Interval, largest: float) -> SearchStrategy[float]:
    """Draw numbers of the interval up to ``largest`` in size: usual, extreme, and close to its borders.

    Zero and subnormal numbers are among them, and the last number before each border.
    """
    usual = st.floats(max(domain.low, -EVERYDAY), min(domain.high, EVERYDAY))
    extreme = st.floats(max(domain.low, -largest), min(domain.high, largest))
    borders = [b for b in (domain.low, domain.high, *domain.excluding) if abs(b) < inf]
    gaps = [side * gap for gap in (0.0, 1e-310, 1e-300, 1e-16, 1e-12, 1e-6) for side in (1, -1)]
    corners = [border + gap for border in (*borders, 0.0) for gap in gaps]
    corners += [nextafter(border, side) for border in (*borders, 0.0) for side in (-inf, inf)]
    return st.one_of(usual, extreme, st.sampled_from(corners)).filter(lambda x: x in domain)


def inputs_of(op: Op, kinks: bool | None = None) -> SearchStrategy[list[float]]:
    """Draw inputs for the op from all of its domain, now and then just beside a tie.

    Args:
        op: an op of the table, or one that was never entered.
        kinks: True for inputs exactly on one of the op's kinks, False for inputs off all of them,
            None for both.

    Raises:
        ValueError: if ``kinks`` is True for an op without kinks.

    >>> from hypothesis import find
    >>> find(inputs_of(TABLE["maximum"], kinks=True), lambda inputs: True)
    [0.0, 0.0]
    """
    if kinks is None:
        return _anywhere(op)
    if not kinks:
        return _anywhere(op).filter(lambda inputs: not on_a_kink(op, inputs))
    if not op.kinks:
        raise ValueError(f"{op.name} states no kinks to draw inputs on; an op with kinks is TABLE['relu']")
    return _on_kinks(op)


@st.composite
def _anywhere(draw: DrawFn, op: Op) -> list[float]:
    n = op.arity or draw(st.integers(1, MOST_INPUTS))
    largest = LARGEST_OF_MANY if op.variadic else float_info.max
    inputs = [draw(inside(op.domain_of(i), largest)) for i in range(n)]
    if len(inputs) > 1 and draw(st.integers(0, 4)) == 0:  # two that differ only in the last digit
        i, j = draw(st.permutations(range(len(inputs))))[:2]
        near = nextafter(inputs[j], draw(st.sampled_from([-inf, inf])))
        if near in op.domain_of(i):
            inputs[i] = near
    return inputs


@st.composite
def _on_kinks(draw: DrawFn, op: Op) -> list[float]:
    inputs = [draw(_fresh(op.domain_of(i))) for i in range(op.arity or draw(st.integers(1, MOST_INPUTS)))]
    i = draw(st.integers(0, len(inputs) - 1))
    kink = draw(st.sampled_from(op.kinks))
    for place in (i, *range(len(inputs))):  # not every input can reach every kink
        moved = onto(kink, inputs, place, op.domain_of(place))
        if moved is not None:
            return [*inputs[:place], moved, *inputs[place + 1 :]]
    return reject()


def everyday_inputs_of(op: Op) -> SearchStrategy[list[float]]:
    """Draw inputs as `inputs_of` does, but none very large and none very small, except 0."""
    return (
        inputs_of(op)
        .map(lambda inputs: [everyday(x) for x in inputs])
        .filter(lambda inputs: all(x in op.domain_of(i) for i, x in enumerate(inputs)))
    )


# --------------------------------------------------------------------------- graphs of all shapes

CALM, SMOOTH_ENOUGH = 20.0, 50.0
"""The largest number and the largest partial in a recipe."""
OFF_BORDERS = 0.05
"""The least distance of inputs from the borders of domains."""
ATTEMPTS = 3
"""At most this many ops are tried for each step wanted: not every one is calm on the latest results."""
WHOLE = 9
"""This many recipes are whole graphs for each one that is only the last step of a graph, on the numbers that
the step has there."""
OFTEN = 5
"""One of the latest results is this many times as likely to be drawn as a new number."""
LATEST = 2
"""The first input of a step is one of the latest results, of which there are this many."""
USUAL = 3.0
"""The largest size of leaves and constants."""


def recipes(
    most_steps: int = 10, ops: Iterable[Op | str] = (), kinks: bool = False
) -> SearchStrategy[Recipe]:
    """Draw graphs that share nodes, repeat inputs and contain constants, off every border.

    They shrink to few steps and simple numbers, and print as Python.

    Args:
        most_steps: how many ops at most.  About half of the graphs have half as many, or more.
        ops: which ops, by themselves or by name; by default all of the table, including those entered later.
        kinks: True to seek the ops' kinks: about every second op that has one is exactly on it.
            False to stay off all of them.

    Raises:
        ValueError: if there is no room for a step, or the table has no op of that name.

    >>> from hypothesis import find
    >>> find(recipes(ops=["mul", "sin"]), lambda recipe: recipe.steps[0][0].name == "mul")
    from autograd import Value
    x1, x2 = Value(0.0, "x1"), Value(0.0, "x2")
    v1 = x1 * x2
    """
    if most_steps < 1:
        raise ValueError(f"a recipe has at least one step; got most_steps={most_steps!r}")
    return _grown(most_steps, tuple(map(_of_the_table, ops)), kinks)


def _of_the_table(op: Op | str) -> Op:
    """Return an op, which may be given by its name."""
    if isinstance(op, Op):
        return op
    if op not in TABLE:
        raise ValueError(f"the table has no op {op!r}{did_you_mean(op, TABLE)}")
    return TABLE[op]


@st.composite
def _grown(draw: DrawFn, most_steps: int, ops: tuple[Op, ...], kinks: bool) -> Recipe:
    growth = _Growth(draw, ops or tuple(TABLE.values()), kinks)
    for _ in range(ATTEMPTS * most_steps):
        growth.step()
        more = draw(_up_to(most_steps - 1))  # after every step: shrinking can leave out any
        if not more or len(growth.latest) == most_steps:
            break
    if draw(_up_to(WHOLE)) or not growth.latest:
        return growth.recipe()
    return growth.alone(growth.latest[-1])  # the simplest: what fails by itself shrinks to one step at once


class _Growth(Growing):
    """A recipe while it is being drawn: leaves and constants come up where a step wants them."""

    def __init__(self, draw: DrawFn, ops: tuple[Op, ...], kinks: bool) -> None:
        super().__init__()
        self.draw, self.ops, self.kinks = draw, ops, kinks
        self.there: list[int] = []  # what can be used again: leaves that were used, and results
        self.latest: list[int] = []
        self.loose: list[int] = []  # results that nothing has used yet

    def step(self) -> None:
        """Add one op, applied to what there is or to new numbers, unless it is not calm there.

        A step of the same op draws as many choices, whatever came before it: so a step can be left out, and
        those that follow mean the same.  One of one input draws five with the question that follows it: so
        many are left out at once.  A new number is drawn for every input, used or not, and is the simplest
        choice.
        """
        op = self.draw(_one_of(self.ops))
        n = op.arity or 1 + self.draw(_up_to(3))
        places: list[int] = []
        for i in range(n):
            places.append(self.place(op, i, places))
        if op.kinks and self.kinks and self.draw(st.booleans()):
            places = self.onto_a_kink(op, places)
        if not self.latest and not self.is_calm(op, places):  # 0 may be a kink
            places = [*places[:-1], self.put(self.numbers[places[-1]] + 0.5, leaf=True)]
        if self.is_calm(op, places):
            self.there += [i for i in dict.fromkeys(places) if self.made[i] is True and i not in self.there]
            self.latest.append(self.add(op, places))
            self.there.append(self.latest[-1])
            self.loose = [i for i in (*self.loose, self.latest[-1]) if i not in places]

    def place(self, op: Op, i: int, others: Sequence[int]) -> int:
        """Choose an op's ``i``-th input: a new number, or something that is there and fits.

        The first input is one of the latest results, and every second of the others is one that nothing has
        used yet, so that most of what was drawn is used.  The first is never a constant, so that every
        result depends on a leaf.
        """
        domain = op.domain_of(i)
        if not self.latest:
            there = list(others)
        elif i == 0:
            there = self.latest[-LATEST:][::-1] * OFTEN
        else:
            there = self.there + self.loose * (len(self.there) // (len(self.loose) or 1))
        k = self.draw(_up_to(len(there) + (i > 0)))
        new = self.draw(_fresh(domain))
        if 0 < k <= len(there) and (i == 0 or _is_well_inside(domain, self.numbers[there[k - 1]])):
            return there[k - 1]  # if a first input does not fit, another op is drawn
        return self.put(new, leaf=k <= len(there))

    def onto_a_kink(self, op: Op, places: list[int]) -> list[int]:
        """Return the same places but one, whose number puts the op on one of its kinks."""
        kink = self.draw(st.sampled_from(op.kinks))
        inputs = [self.numbers[i] for i in places]
        for i, place in enumerate(places):
            wanted = onto(kink, inputs, i, op.domain_of(i))
            if wanted is None:
                continue
            if wanted == 0.0 and table.sub in self.ops and self.made[place] is not False:
                return [*places[:i], self.without(place), *places[i + 1 :]]
            return [*places[:i], self.put(wanted, leaf=True), *places[i + 1 :]]
        return places

    def without(self, place: int) -> int:
        """Subtract its own number from what is there, v − 0.75: zero, but with a gradient of its own."""
        return self.add(table.sub, [place, self.put(self.numbers[place], leaf=False)])

    def is_calm(self, op: Op, places: Sequence[int]) -> bool:
        """Return whether differences can tell the op's slopes here."""
        inputs = [self.numbers[i] for i in places]
        if not all(_is_well_inside(op.domain_of(i), x) for i, x in enumerate(inputs)):
            return False
        if not self.kinks and on_a_kink(op, inputs, OFF_KINKS):
            return False
        y, partials = op.evaluate(inputs)
        return abs(y) <= CALM and all(abs(d) <= SMOOTH_ENOUGH for d in partials)


@cache
def _one_of(ops: tuple[Op, ...]) -> SearchStrategy[Op]:
    """Draw an op; first how many inputs it has, so that the simplest of that kind is one move away.

    Few inputs come first: an op that needs fewer draws is simpler.
    """
    alike = [[op for op in ops if op.arity == each.arity] for each in ops]
    fewest_first = sorted(alike, key=lambda kind: kind[0].arity or math.inf)
    return st.one_of([st.sampled_from(kind) for kind in fewest_first])


@cache
def _up_to(largest: int) -> SearchStrategy[int]:
    return st.integers(0, largest)


@cache
def _fresh(domain: Interval) -> SearchStrategy[float]:
    """Draw numbers of usual size well inside the domain, or close to it if it has none of usual size."""
    margin = min(OFF_BORDERS, (domain.high - domain.low) / 4)
    low, high = domain.low + margin, domain.high - margin
    if low <= USUAL and high >= -USUAL:
        low, high = max(low, -USUAL), min(high, USUAL)
    elif low > USUAL:
        high = min(high, low + USUAL)
    else:
        low = max(low, high - USUAL)

    def off_holes(x: float) -> float:
        if any(abs(x - hole) < margin for hole in domain.excluding):
            x += 2 * margin
        return 0.0 if abs(x) < TINY and 0.0 in domain else x

    return st.floats(low, high).map(off_holes).filter(lambda x: x in domain)


def _is_well_inside(domain: Interval, x: float) -> bool:
    margin = min(OFF_BORDERS, (domain.high - domain.low) / 4)
    if not domain.low + margin <= x <= domain.high - margin:
        return False
    return all(abs(x - hole) >= margin for hole in domain.excluding)


# -------------------------------------------------------------------------------- any kind of Value

_leaves = st.floats(-EVERYDAY, EVERYDAY).map(everyday)
st.register_type_strategy(Parameter, st.builds(Parameter, _leaves))
st.register_type_strategy(Constant, st.builds(Constant, _leaves))
st.register_type_strategy(Value, st.builds(Value, _leaves) | recipes().map(Recipe.graph))
