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
from functools import cache
from math import copysign, frexp, inf, nextafter
from sys import float_info

from autograd import ops as table
from autograd.core.primitive import TABLE, Interval, Op
from autograd.core.recording import mode
from autograd.graph import topological_order
from autograd.node import number_of
from autograd.testing.op_check import onto
from autograd.testing.recipe import Recipe
from autograd.value import Constant, Parameter, Value, apply

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


def everyday(x: float) -> float:
    """Return the number itself if it is of everyday size, else its digits with another exponent."""
    if x == 0 or TINY <= abs(x) <= EVERYDAY:
        return x
    return copysign(frexp(x)[0], x)


def on_a_kink(op: Op, inputs: Sequence[float], width: float = 0.0) -> bool:
    """Return whether the inputs are within ``width`` of a kink of the op."""
    return any(abs(kink.gap(*inputs)) <= width for kink in op.kinks)


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
    with mode.switched(recording=True):
        growth = _Growth(draw, tuple(ops or TABLE.values()), kinks)
        for _ in range(most_steps):
            growth.step()
            if draw(MORE) == 0:  # drawn after every step, so that shrinking can leave out any step
                break
        return growth.recipe()


class _Drawn:
    """A graph while it is being drawn, its nodes in the order in which they were made."""

    def __init__(self, draw: DrawFn) -> None:
        self.draw = draw
        self.made: list[Value] = []

    def put(self, x: float, kind: type[Value], label: str = "") -> Value:
        """Add a leaf or a constant."""
        self.made.append(kind(x, label))
        return self.made[-1]

    def add(self, op: Op, inputs: Sequence[Value]) -> Value:
        """Apply an op to what there is."""
        self.made.append(apply(op, tuple(inputs)))
        return self.made[-1]

    def recipe(self) -> Recipe:
        """Return the step that needs the most others, with everything that it needs."""
        steps = [v for v in self.made if v.op is not None]
        if not steps:
            reject()
        largest: list[Value] = max([topological_order(v) for v in steps], key=len)
        needed = set(largest)
        leaves = [v for v in self.made if v in needed and _is_leaf(v)]
        constants = [v for v in self.made if v in needed and isinstance(v, Constant)]
        results = [(v, v.op) for v in steps if v in needed and v.op is not None]
        place = {v: i for i, v in enumerate([*leaves, *constants, *(v for v, _ in results)])}
        return Recipe(
            tuple(map(number_of, leaves)),
            tuple([(op, tuple([place[x] for x in v.inputs])) for v, op in results]),
            tuple(map(number_of, constants)),
            tuple([v.label for v in leaves if v.label]),
            type(leaves[0]),
        )


def _is_leaf(v: Value) -> bool:
    return v.op is None and not isinstance(v, Constant)


class _Growth(_Drawn):
    """A recipe while it is being drawn: leaves and constants come up where a step wants them."""

    def __init__(self, draw: DrawFn, ops: Sequence[Op], kinks: bool) -> None:
        super().__init__(draw)
        self.ops, self.kinks = ops, kinks
        first = self.new(table.REAL)
        self.there = [first]  # what can be used again: leaves that were used, and results
        self.latest = [first]

    def step(self) -> None:
        """Add one op, applied to what there is or, where it cannot be calm there, to new numbers."""
        for _ in range(ATTEMPTS):
            op = self.draw(st.sampled_from(self.ops))
            n = op.arity or 1 + self.draw(_up_to(3))
            inputs = [self.input_of(op, i) for i in range(n)]
            if op.kinks and self.kinks and self.draw(st.booleans()):
                inputs = self.onto_a_kink(op, inputs)
            if self.is_calm(op, inputs):
                break
        else:
            inputs = [self.new(op.domain_of(i)) for i in range(n)]
        if self.is_calm(op, inputs):
            self.there += [v for v in dict.fromkeys(inputs) if _is_leaf(v) and v not in {*self.there}]
            self.latest.append(self.add(op, inputs))
            self.there.append(self.latest[-1])

    def input_of(self, op: Op, i: int) -> Value:
        """Choose an op's ``i``-th input: something that is there and fits, else a new number.

        The first input is one of the latest results, so that most of what was drawn is used; it is
        never a constant, so that every result depends on a leaf.
        """
        there = self.there if i else self.latest[-LATEST:][::-1]
        k = self.draw(_up_to(len(there) + 2 * (i > 0)))
        domain = op.domain_of(i)
        if k < len(there) and (i == 0 or _is_well_inside(domain, number_of(there[k]))):
            return there[k]  # if a first input does not fit, another op is drawn
        return self.new(domain, Value if k <= len(there) else Constant)

    def new(self, domain: Interval, kind: type[Value] = Value) -> Value:
        """Add a new leaf or constant, well inside the domain."""
        return self.put(self.draw(_fresh(domain)), kind)

    def onto_a_kink(self, op: Op, inputs: list[Value]) -> list[Value]:
        """Return the same inputs but one, whose number puts the op on one of its kinks."""
        kink = self.draw(st.sampled_from(op.kinks))
        for i, v in enumerate(inputs):
            wanted = onto(kink, [*map(number_of, inputs)], i, op.domain_of(i))
            if wanted is None:
                continue
            if wanted == 0.0 and table.sub in self.ops and not isinstance(v, Constant):
                zero = self.add(table.sub, [v, self.put(number_of(v), Constant)])  # but with a gradient
                return [*inputs[:i], zero, *inputs[i + 1 :]]
            return [*inputs[:i], self.put(wanted, Value), *inputs[i + 1 :]]
        return inputs

    def is_calm(self, op: Op, inputs: Sequence[Value]) -> bool:
        """Return whether differences can tell the op's slopes here."""
        numbers = [*map(number_of, inputs)]
        if not all(_is_well_inside(op.domain_of(i), x) for i, x in enumerate(numbers)):
            return False
        if not self.kinks and on_a_kink(op, numbers, OFF_KINKS):
            return False
        y, partials = op.evaluate(numbers)
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
    with mode.switched(recording=True):
        graph = _Network(draw)
        rows = [[graph.put(graph.number(2.0), Constant) for _ in range(sizes[0])] for _ in range(samples)]
        for layer, neurons in enumerate(sizes[1:], 1):
            squash = activation if layer < len(sizes) - 1 else None
            columns = [graph.neuron(layer, j, rows, squash) for j in range(1, neurons + 1)]
            rows = [list(row) for row in zip(*columns, strict=True)]
        loss = graph.logistic if draw(st.booleans()) else graph.squared
        losses = [loss(output) for row in rows for output in row]
        cost = losses[0] if len(losses) == 1 else graph.add(table.sum_, losses)
        if samples > 1:
            graph.add(table.mul, [cost, graph.put(1 / samples, Constant)])
        return graph.recipe()


class _Network(_Drawn):
    """A network's cost while it is being drawn."""

    def number(self, largest: float = 1.0) -> float:
        return everyday(self.draw(st.floats(-largest, largest)))

    def neuron(
        self, layer: int, j: int, rows: Sequence[Sequence[Value]], activation: Op | None
    ) -> list[Value]:
        """Add one neuron for every sample, off the activation's kinks: its bias sees to that."""
        w = [self.put(self.number(), Parameter, f"w{i}{j}^{layer}") for i in range(1, len(rows[0]) + 1)]
        bias = self.put(self.number(), Parameter, f"b{j}^{layer}")
        inputs = [[*w, *row, bias] for row in rows]
        while activation is not None and any(_is_on_a_kink(activation, row) for row in inputs):
            bias.data += 0.25
        z = [self.add(table.dot, row) for row in inputs]
        return z if activation is None else [self.add(activation, [v]) for v in z]

    def squared(self, output: Value) -> Value:
        """Add (o − t)²."""
        error = self.add(table.sub, [output, self.put(self.number(2.0), Constant)])
        return self.add(table.mul, [error, error])

    def logistic(self, output: Value) -> Value:
        """Add ln(1 + exp(−t·o)), where t is −1 or 1."""
        against = self.put(self.draw(st.sampled_from([-1.0, 1.0])), Constant)
        return self.add(table.softplus, [self.add(table.mul, [output, against])])


def _is_on_a_kink(activation: Op, inputs: Sequence[Value]) -> bool:
    return on_a_kink(activation, [table.dot.evaluate([*map(number_of, inputs)])[0]], OFF_KINKS)
