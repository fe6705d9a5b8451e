"""Small networks with data, drawn for Hypothesis."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from autograd import ops as table
from autograd.core.primitive import Op
from autograd.testing.growing import OFF_KINKS, Growing, everyday, on_a_kink
from autograd.testing.recipe import Recipe
from autograd.value import Parameter

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


class _Network(Growing):
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
