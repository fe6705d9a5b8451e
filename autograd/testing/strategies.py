"""Strategies for Hypothesis: inputs from all over an op's domain, and graphs of all shapes.

>>> from hypothesis import given
>>> from autograd.testing import gradcheck
>>> @given(recipes())
... def test_every_gradient_is_right(recipe):
...     gradcheck(recipe, recipe.numbers)

A failing graph shrinks to a short formula, and prints as the Python that builds it.  All strategies walk
the table, so that they draw an op of one's own from the moment it is entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import copysign, frexp, inf, isfinite, nextafter
from sys import float_info

from autograd import ops as table
from autograd.core.primitive import TABLE, Interval, Kink, Op
from autograd.testing.recipe import Recipe
from autograd.value import Parameter, Value

try:
    from hypothesis import reject
    from hypothesis import strategies as st
    from hypothesis.strategies import DrawFn, SearchStrategy
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        'autograd.testing.strategies needs Hypothesis: pip install "chainrule[test]"', name="hypothesis"
    ) from missing

MOST_INPUTS = 6
"""An op that takes any number of inputs is given at most this many."""
LARGEST_OF_MANY = 1e100
"""The largest of several inputs, so that neither their sums nor their products overflow half-way."""
EVERYDAY, TINY = 8.0, 1e-12
"""The largest and the smallest size of everyday numbers."""


# ---------------------------------------------------------------------------- points in a domain


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
        moved = _onto(kink, inputs, place, op.domain_of(place))
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


def everyday(x: float) -> float:
    """Return the number itself if it is of everyday size, else its digits with another exponent."""
    if x == 0 or TINY <= abs(x) <= EVERYDAY:
        return x
    return copysign(frexp(x)[0], x)


def on_a_kink(op: Op, inputs: Sequence[float], width: float = 0.0) -> bool:
    """Return whether the inputs are within ``width`` of a kink of the op."""
    return any(abs(kink.gap(*inputs)) <= width for kink in op.kinks)


def _onto(kink: Kink, inputs: Sequence[float], i: int, domain: Interval) -> float | None:
    """Find by secants the ``i``-th input that is exactly on a kink; return None if there is none."""

    def gap(x: float) -> float:
        return kink.gap(*inputs[:i], x, *inputs[i + 1 :])

    x, beside = inputs[i], inputs[i] + 1.0
    for _ in range(6):
        here, there = gap(x), gap(beside)
        if here == 0:
            return x if x in domain else None
        if here == there or not (isfinite(here) and isfinite(there)):
            return None
        x, beside = x - here * (beside - x) / (there - here), x
    return None


# --------------------------------------------------------------------------- graphs of all shapes

CALM, SMOOTH_ENOUGH = 20.0, 50.0
"""The largest number and the largest partial in a recipe."""
OFF_KINKS, OFF_BORDERS = 1e-3, 0.05
"""The least distances of inputs from kinks and from the borders of domains."""
MORE = st.integers(0, 9)
"""Drawn after every step; 0 ends the recipe."""
ATTEMPTS = 3
"""This many ops are tried on the latest results before one is applied to new numbers."""
LATEST = 2
"""The first input of a step is one of this many latest results."""
USUAL = 3.0
"""The largest size of leaves and constants."""


@st.composite
def recipes(draw: DrawFn, most_steps: int = 10, ops: Sequence[Op] = (), kinks: bool = False) -> Recipe:
    """Draw graphs that share nodes, repeat inputs and contain constants, off every border.

    They shrink to few steps and simple numbers, and print as Python.

    Args:
        most_steps: how many ops at most.
        ops: which ops; by default all of the table, including those entered later.
        kinks: True to seek the ops' kinks: about every second op that has one is exactly on it.
            False to stay off all of them.

    >>> from hypothesis import find
    >>> find(recipes(ops=[TABLE["mul"], TABLE["sin"]]), lambda recipe: len(recipe.steps) > 1)
    from autograd import Value
    x1 = Value(0.0, "x1")
    v1 = x1 * x1
    v2 = v1.sin()
    """
    growth = _Growth(draw, tuple(ops or TABLE.values()), kinks)
    for _ in range(most_steps):
        growth.step()
        if draw(MORE) == 0:  # drawn after every step, so that shrinking can leave out any step
            break
    return growth.recipe()


@dataclass
class _Graph:
    """A recipe while it is being made.

    Attributes:
        numbers: of everything so far.
        made: how each was made: True for a leaf, False for a constant, or an op and the places of its inputs.
        labels: the labels of leaves, by place.
    """

    numbers: list[float] = field(default_factory=list)
    made: list[tuple[Op, tuple[int, ...]] | bool] = field(default_factory=list)
    labels: dict[int, str] = field(default_factory=dict)

    def put(self, x: float, leaf: bool, label: str = "") -> int:
        """Add a leaf or a constant; return its place."""
        self.numbers.append(x)
        self.made.append(leaf)
        if label:
            self.labels[len(self.made) - 1] = label
        return len(self.made) - 1

    def add(self, op: Op, places: Sequence[int]) -> int:
        """Apply an op to what there is; return the place of its result."""
        self.numbers.append(op.evaluate([self.numbers[i] for i in places])[0])
        self.made.append((op, tuple(places)))
        return len(self.made) - 1

    def recipe(self, leaf: type[Value] = Value) -> Recipe:
        """Return the step that needs the most others, with everything that it needs."""
        steps = [i for i, made in enumerate(self.made) if not isinstance(made, bool)]
        if not steps:
            reject()
        needs: list[frozenset[int]] = []
        for i, made in enumerate(self.made):
            inputs = () if isinstance(made, bool) else made[1]
            needs.append(frozenset([i]).union(*[needs[j] for j in inputs]))
        needed = max([needs[i] for i in steps], key=len)
        leaves = [i for i in sorted(needed) if self.made[i] is True]
        constants = [i for i in sorted(needed) if self.made[i] is False]
        results = [i for i in steps if i in needed]
        order = {old: new for new, old in enumerate([*leaves, *constants, *results])}
        applied = [made for i in results if not isinstance(made := self.made[i], bool)]
        return Recipe(
            tuple([self.numbers[i] for i in leaves]),
            tuple([(op, tuple([order[i] for i in places])) for op, places in applied]),
            tuple([self.numbers[i] for i in constants]),
            tuple([self.labels[i] for i in leaves]) if self.labels else (),
            leaf,
        )


class _Growth(_Graph):
    """A recipe while it is being drawn: leaves and constants come up where a step wants them."""

    def __init__(self, draw: DrawFn, ops: Sequence[Op], kinks: bool) -> None:
        super().__init__()
        self.draw, self.ops, self.kinks = draw, ops, kinks
        first = self.new(table.REAL)
        self.there = [first]  # what can be used again: leaves that were used, and results
        self.latest = [first]

    def step(self) -> None:
        """Add one op, applied to what there is or, where it cannot be calm there, to new numbers."""
        for _ in range(ATTEMPTS):
            op = self.draw(st.sampled_from(self.ops))
            n = op.arity or 1 + self.draw(_up_to(3))
            places = [self.place(op, i) for i in range(n)]
            if op.kinks and self.kinks and self.draw(st.booleans()):
                places = self.onto_a_kink(op, places)
            if self.is_calm(op, places):
                break
        else:
            places = [self.new(op.domain_of(i)) for i in range(n)]
        if self.is_calm(op, places):
            self.there += [i for i in dict.fromkeys(places) if self.made[i] is True and i not in self.there]
            self.latest.append(self.add(op, places))
            self.there.append(self.latest[-1])

    def place(self, op: Op, i: int) -> int:
        """Choose an op's ``i``-th input: something that is there and fits, else a new number.

        The first input is one of the latest results, so that most of what was drawn is used; it is
        never a constant, so that every result depends on a leaf.
        """
        there = self.there if i else self.latest[-LATEST:][::-1]
        k = self.draw(_up_to(len(there) + 2 * (i > 0)))
        domain = op.domain_of(i)
        if k < len(there) and (i == 0 or _is_well_inside(domain, self.numbers[there[k]])):
            return there[k]  # if a first input does not fit, another op is drawn
        return self.new(domain, leaf=k <= len(there))

    def new(self, domain: Interval, leaf: bool = True) -> int:
        """Add a new leaf or constant, well inside the domain."""
        return self.put(self.draw(_fresh(domain)), leaf)

    def onto_a_kink(self, op: Op, places: list[int]) -> list[int]:
        """Return the same places but one, whose number puts the op on one of its kinks."""
        kink = self.draw(st.sampled_from(op.kinks))
        inputs = [self.numbers[i] for i in places]
        for i, place in enumerate(places):
            wanted = _onto(kink, inputs, i, op.domain_of(i))
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


# -------------------------------------------------------------------------------- small networks

ACTIVATIONS = (table.tanh, table.sigmoid, table.relu, table.softplus, table.silu, table.gelu, table.selu)
"""Ops of one input; a network has one of them in all of its hidden layers."""


@st.composite
def networks(draw: DrawFn, activations: Sequence[Op] = ACTIVATIONS) -> Recipe:
    """Draw small networks with data: the cost of a few samples, as a function of all weights.

    The leaves are the weights (w21^3 leads from neuron 2 of layer 2 to neuron 1 of layer 3) and the
    biases; the data are constants.  The cost is the mean squared error, or the logistic loss of
    targets of −1 and 1.

    Args:
        activations: what the hidden neurons may use.

    >>> from hypothesis import find
    >>> find(networks(), lambda network: True)
    from autograd import Parameter, dot
    w11_1, b1_1, w11_2, b1_2 = \
Parameter(0.0, "w11^1"), Parameter(0.0, "b1^1"), Parameter(0.0, "w11^2"), Parameter(0.0, "b1^2")
    v1 = dot([w11_1], [0.0], b1_1)
    v2 = v1.tanh()
    v3 = dot([w11_2], [v2], b1_2)
    v4 = v3 - 0.0
    v5 = v4 * v4
    """
    sizes = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(2, 3)))] + [draw(st.integers(1, 2))]
    activation = draw(st.sampled_from(list(activations)))
    samples = draw(st.integers(1, 3))
    graph = _Network(draw)
    rows = [[graph.put(graph.number(2.0), leaf=False) for _ in range(sizes[0])] for _ in range(samples)]
    last = len(sizes) - 1
    for layer in range(1, last + 1):
        neurons = [
            graph.neuron(layer, j + 1, rows, activation if layer < last else None)
            for j in range(sizes[layer])
        ]
        rows = [list(row) for row in zip(*neurons, strict=True)]
    loss = graph.logistic if draw(st.booleans()) else graph.squared
    losses = [loss(output) for row in rows for output in row]
    cost = losses[0] if len(losses) == 1 else graph.add(table.sum_, losses)
    if samples > 1:
        graph.add(table.mul, [cost, graph.put(1 / samples, leaf=False)])
    return graph.recipe(Parameter)


class _Network(_Graph):
    """A network's cost while it is being drawn."""

    def __init__(self, draw: DrawFn) -> None:
        super().__init__()
        self.draw = draw

    def number(self, largest: float = 1.0) -> float:
        return everyday(self.draw(st.floats(-largest, largest)))

    def neuron(self, layer: int, j: int, rows: Sequence[Sequence[int]], activation: Op | None) -> list[int]:
        """Add one neuron for every sample, off the activation's kinks: its bias sees to that."""
        count = len(rows[0])
        w = [self.put(self.number(), leaf=True, label=_weight(i + 1, j, layer)) for i in range(count)]
        bias = self.put(self.number(), leaf=True, label=f"b{j}^{layer}")
        inputs = [[*w, *row, bias] for row in rows]
        while activation is not None and any(self.is_on_a_kink(activation, places) for places in inputs):
            self.numbers[bias] += 0.25
        z = [self.add(table.dot, places) for places in inputs]
        return z if activation is None else [self.add(activation, [place]) for place in z]

    def is_on_a_kink(self, activation: Op, places: Sequence[int]) -> bool:
        z, _ = table.dot.evaluate([self.numbers[i] for i in places])
        return on_a_kink(activation, [z], OFF_KINKS)

    def squared(self, output: int) -> int:
        """Add (o − t)²."""
        error = self.add(table.sub, [output, self.put(self.number(2.0), leaf=False)])
        return self.add(table.mul, [error, error])

    def logistic(self, output: int) -> int:
        """Add ln(1 + exp(−t·o)), where t is −1 or 1."""
        against = self.put(self.draw(st.sampled_from([-1.0, 1.0])), leaf=False)
        return self.add(table.softplus, [self.add(table.mul, [output, against])])


def _weight(i: int, j: int, layer: int) -> str:
    return f"w{i}{j}^{layer}"
