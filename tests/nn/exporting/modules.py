"""Every Module of the library that can be carried away, each with some samples."""

import random

import numpy as np

from autograd import Value
from autograd.source.program import Graph
from nn import (
    MLP,
    Attention,
    AvgPool1d,
    AvgPool2d,
    Block,
    Conv1d,
    Conv2d,
    Dropout,
    Elementwise,
    Embedding,
    FeedForward,
    Flatten,
    GRUCell,
    Layer,
    LayerNorm,
    LSTMCell,
    MaxPool1d,
    MaxPool2d,
    Recurrent,
    Reshape,
    RMSNorm,
    RNNCell,
    Sequential,
    Transformer,
)
from nn.activations import ACTIVATIONS
from nn.embedding import Sinusoids
from nn.predictions import numbers_of

RNG = np.random.default_rng(0)


def drawn(*shape):
    return (2 * RNG.normal(size=shape)).tolist()


IDS = RNG.integers(0, 7, size=(4, 6)).tolist()


def perturbed(make):
    """Return the maker of a model all of whose parameters are drawn: biases and gains too."""

    def made():
        model, chance = make(), random.Random(0)
        for p in model.parameters():
            p.data += chance.gauss(0, 0.2)
        return model

    return made


MODULES = {
    **{
        f"Layer {name}": (lambda name=name: Layer(3, 4, name, seed=0), drawn(6, 3)) for name in ACTIVATIONS
    },
    "Layer without bias": (lambda: Layer(3, 1, "prelu", bias=False, seed=0), drawn(6, 3)),
    "MLP": (lambda: MLP(3, [5, 4, 2], "tanh", dropout=0.5, seed=0), drawn(6, 3)),
    "MLP of several": (
        lambda: MLP(3, [5, 4, 1], ["prelu", "softplus", "sin"], fused=False, seed=0), drawn(6, 3)
    ),
    "RNNCell": (lambda: RNNCell(2, 3, seed=0), drawn(6, 2)),
    "LSTMCell": (lambda: LSTMCell(2, 3, seed=0), drawn(6, 2)),
    "GRUCell": (lambda: GRUCell(2, 3, seed=0), drawn(6, 2)),
    "Recurrent RNN": (lambda: Recurrent(RNNCell(2, 3, "relu", seed=0), 1, seed=1), drawn(6, 5, 2)),
    "Recurrent LSTM": (lambda: Recurrent(LSTMCell(2, 3, seed=0), 2, "sigmoid", seed=1), drawn(6, 5, 2)),
    "Recurrent GRU": (
        lambda: Recurrent(GRUCell(2, 3, seed=0), 2, "prelu", every_step=True, seed=1), drawn(6, 5, 2)
    ),
    "Embedding": (lambda: Embedding(7, 3, seed=0), IDS[0]),
    "LayerNorm": (lambda: LayerNorm(4, 1e-3), drawn(6, 4)),
    "LayerNorm without bias": (lambda: LayerNorm(4, bias=False), drawn(6, 4)),
    "RMSNorm": (lambda: RMSNorm(4), drawn(6, 4)),
    "RMSNorm without gain": (lambda: RMSNorm(4, gain=False), drawn(6, 4)),
    "Attention": (lambda: Attention(4, 2, seed=0), drawn(3, 5, 4)),
    "Attention both ways": (lambda: Attention(4, 2, False, bias=False, seed=0), drawn(3, 5, 4)),
    "FeedForward": (lambda: FeedForward(4, seed=0), drawn(6, 4)),
    "Block": (lambda: Block(4, 2, "prelu", norm="rms", seed=0), drawn(3, 5, 4)),
    "Transformer": (lambda: Transformer(7, 4, 2, 2, 6, seed=0), IDS),
    "Transformer tied": (
        lambda: Transformer(
            7, 4, 2, 1, 8, positions="sinusoidal", activation="swiglu", norm="rms", bias=False, tied=True,
            seed=0,
        ), IDS,
    ),
    "microgpt": (lambda: Transformer.microgpt(7, seed=0), IDS),
    "LeNet": (
        lambda: Sequential(
            Reshape(1, 8, 8), Conv2d(1, 2, 3, padding=(1, 0), activation="relu", bias=False, seed=0),
            MaxPool2d(2), Conv2d(2, 3, 2, seed=1), AvgPool2d((2, 1), 1), Elementwise("silu"), Flatten(),
            Layer(12, 3, "prelu", seed=2),
        ), drawn(3, 64),
    ),
    "a signal": (
        lambda: Sequential(
            Conv1d(2, 3, 3, stride=2, padding=1, seed=0), MaxPool1d(2), AvgPool1d(2, 1), Flatten()
        ), drawn(3, 2, 16),
    ),
    "stacked": (
        lambda: Sequential(
            Recurrent(GRUCell(2, 3, seed=0), 2, every_step=True, seed=1),
            Recurrent(LSTMCell(2, 3, seed=2), 4, "tanh", seed=3), Layer(4, 2, "relu", seed=4),
        ), drawn(3, 5, 2),
    ),
    "blocks": (
        lambda: Sequential(
            Embedding(7, 4, seed=0), Block(4, 2, seed=1), Block(4, 1, causal=False, seed=2)
        ), IDS,
    ),
    "Sequential": (
        lambda: Sequential(Layer(3, 4, "linear", seed=0), LayerNorm(4), Elementwise("prelu"), Dropout(0.5)),
        drawn(6, 3),
    ),
}  # fmt: skip
MODULES = {name: (perturbed(make), X) for name, (make, X) in MODULES.items()}
ONLY_TORCH = {"Sinusoids": (lambda: Sinusoids(5), IDS[0])}
"""What has no inputs of its own but positions, which are whole numbers."""


def outputs_of(model, samples):
    """The outputs of a model for samples, one row each."""
    return np.array([numbers_of(model(x)) for x in samples])


def graph_of(name):
    """The graph of the weighted sum of a Module's outputs for its first sample, and its leaves' numbers."""
    make, X = MODULES[name]
    x = X if isinstance(X[0], int) else X[0]
    x = x[:2] if isinstance(x[0], int) else x  # a whole document is a long program to compile
    outputs = flat(make().eval()(inputs(x)))
    graph = Graph.of(sum(v * (0.3 + 0.1 * k) for k, v in enumerate(outputs)))
    return graph, [[v.data for v in graph.leaves]]


def inputs(x):
    """Numbers in lists as Values; ids stay what they are."""
    if isinstance(x, list):
        return [inputs(part) for part in x]
    return Value(x) if isinstance(x, float) else x


def flat(y):
    """The Values of a structure."""
    return [y] if isinstance(y, Value) else [v for part in y for v in flat(part)]
