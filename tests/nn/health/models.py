"""Networks to watch: Modules of one's own, and all kinds at random."""

import random

from hypothesis import strategies as st

from autograd import Parameter
from nn import MLP, GRUCell, Layer, LSTMCell, Module, Recurrent, RNNCell


def points(count=40, seed=0):
    """Points around the origin, in two classes."""
    rng = random.Random(seed)
    X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(count)]
    return X, [1 if a * a + b > 0.5 else -1 for a, b in X]


class Stack(Module):
    """Layers in attributes and in a list, held in any order."""

    def __init__(self, sizes, activations, backwards=False, seed=0):
        rng = random.Random(seed)
        layers = [
            Layer(n, m, phi, seed=rng) for n, m, phi in zip(sizes[:-1], sizes[1:], activations, strict=True)
        ]
        if backwards:
            self.head = layers[-1]
        self.first, self.blocks = layers[0], layers[1:-1]
        self.head = layers[-1]

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x if isinstance(x, list) else [x])
        return self.head(x if isinstance(x, list) else [x])


class Plain(Module):
    """A layer without neurons: a matrix of Parameters, and an op applied to each row's sum."""

    def __init__(self, nin, nout, op, seed=0):
        rng = random.Random(seed)
        self.W = [[Parameter(rng.uniform(-1, 1)) for _ in range(nin)] for _ in range(nout)]
        self.bias = [Parameter(0.0) for _ in range(nout)]
        self.op = op

    def forward(self, x):
        rows = zip(self.W, self.bias, strict=True)
        sums = [sum((w * v for w, v in zip(row, x, strict=True)), b) for row, b in rows]
        return [getattr(z, self.op)() for z in sums] if self.op else sums


class Around(Module):
    """The activations are applied by the Module around two linear layers."""

    def __init__(self, op="relu"):
        self.l1, self.l2, self.op = Layer(2, 3, "linear", seed=0), Layer(3, 1, "linear", seed=1), op

    def forward(self, x):
        return self.l2([getattr(z, self.op)() for z in self.l1(x)])


activations = st.sampled_from(["relu", "sigmoid", "tanh", "prelu", "elu", "linear"])
sizes = st.lists(st.integers(1, 3), min_size=1, max_size=4)


@st.composite
def feedforward(draw):
    """A function that makes an MLP, or a Module of one's own; always the same one."""
    inner = draw(sizes)
    names = [draw(activations) for _ in inner]
    seed, backwards = draw(st.integers(0, 99)), draw(st.booleans())
    if draw(st.booleans()):
        return lambda: MLP(2, [*inner, 1], [*names, "linear"], seed=seed)
    return lambda: Stack([2, *inner, 1], [*names, "linear"], backwards, seed=seed)


@st.composite
def recurrent(draw):
    """A function that makes a recurrent network; always the same one."""
    kind, n = draw(st.sampled_from([RNNCell, GRUCell, LSTMCell])), draw(st.integers(1, 3))
    seed, every_step = draw(st.integers(0, 99)), draw(st.booleans())
    return lambda: Recurrent(kind(2, n, seed=seed), 1, seed=seed, every_step=every_step)
