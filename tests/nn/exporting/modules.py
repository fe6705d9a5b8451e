"""Every Module of the library that can be carried away, each with some samples."""

import random

import numpy as np

import nn
from autograd import Value
from autograd.source.program import Graph
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
        f"Layer {name}": (lambda name=name: nn.Layer(3, 4, name, seed=0), drawn(6, 3)) for name in ACTIVATIONS
    },
    "Layer without bias": (lambda: nn.Layer(3, 1, "prelu", bias=False, seed=0), drawn(6, 3)),
    "MLP": (lambda: nn.MLP(3, [5, 4, 2], "tanh", dropout=0.5, seed=0), drawn(6, 3)),
    "MLP of several": (
        lambda: nn.MLP(3, [5, 4, 1], ["prelu", "softplus", "sin"], fused=False, seed=0), drawn(6, 3)
    ),
    "RNNCell": (lambda: nn.RNNCell(2, 3, seed=0), drawn(6, 2)),
    "LSTMCell": (lambda: nn.LSTMCell(2, 3, seed=0), drawn(6, 2)),
    "GRUCell": (lambda: nn.GRUCell(2, 3, seed=0), drawn(6, 2)),
    "Recurrent RNN": (lambda: nn.Recurrent(nn.RNNCell(2, 3, "relu", seed=0), 1, seed=1), drawn(6, 5, 2)),
    "Recurrent LSTM": (lambda: nn.Recurrent(nn.LSTMCell(2, 3, seed=0), 2, "sigmoid", seed=1), drawn(6, 5, 2)),
    "Recurrent GRU": (
        lambda: nn.Recurrent(nn.GRUCell(2, 3, seed=0), 2, "prelu", every_step=True, seed=1), drawn(6, 5, 2)
    ),
    "Embedding": (lambda: nn.Embedding(7, 3, seed=0), IDS[0]),
    "LayerNorm": (lambda: nn.LayerNorm(4, 1e-3), drawn(6, 4)),
    "LayerNorm without bias": (lambda: nn.LayerNorm(4, bias=False), drawn(6, 4)),
    "RMSNorm": (lambda: nn.RMSNorm(4), drawn(6, 4)),
    "RMSNorm without gain": (lambda: nn.RMSNorm(4, gain=False), drawn(6, 4)),
    "Attention": (lambda: nn.Attention(4, 2, seed=0), drawn(3, 5, 4)),
    "Attention both ways": (lambda: nn.Attention(4, 2, False, bias=False, seed=0), drawn(3, 5, 4)),
    "FeedForward": (lambda: nn.FeedForward(4, seed=0), drawn(6, 4)),
    "Block": (lambda: nn.Block(4, 2, "prelu", norm="rms", seed=0), drawn(3, 5, 4)),
    "Transformer": (lambda: nn.Transformer(7, 4, 2, 2, 6, seed=0), IDS),
    "Transformer tied": (
        lambda: nn.Transformer(
            7, 4, 2, 1, 8, positions="sinusoidal", activation="swiglu", norm="rms", bias=False, tied=True,
            seed=0,
        ), IDS,
    ),
    "microgpt": (lambda: nn.Transformer.microgpt(7, seed=0), IDS),
    "LeNet": (
        lambda: nn.Sequential(
            nn.Reshape(1, 8, 8), nn.Conv2d(1, 2, 3, padding=(1, 0), activation="relu", bias=False, seed=0),
            nn.MaxPool2d(2), nn.Conv2d(2, 3, 2, seed=1), nn.AvgPool2d((2, 1), 1),
            nn.Elementwise("silu"), nn.Flatten(), nn.Layer(12, 3, "prelu", seed=2),
        ), drawn(3, 64),
    ),
    "a signal": (
        lambda: nn.Sequential(
            nn.Conv1d(2, 3, 3, stride=2, padding=1, seed=0), nn.MaxPool1d(2), nn.AvgPool1d(2, 1), nn.Flatten()
        ), drawn(3, 2, 16),
    ),
    "stacked": (
        lambda: nn.Sequential(
            nn.Recurrent(nn.GRUCell(2, 3, seed=0), 2, every_step=True, seed=1),
            nn.Recurrent(nn.LSTMCell(2, 3, seed=2), 4, "tanh", seed=3), nn.Layer(4, 2, "relu", seed=4),
        ), drawn(3, 5, 2),
    ),
    "blocks": (
        lambda: nn.Sequential(
            nn.Embedding(7, 4, seed=0), nn.Block(4, 2, seed=1), nn.Block(4, 1, causal=False, seed=2)
        ), IDS,
    ),
    "Sequential": (
        lambda: nn.Sequential(
            nn.Layer(3, 4, "linear", seed=0), nn.LayerNorm(4), nn.Elementwise("prelu"), nn.Dropout(0.5)
        ), drawn(6, 3),
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
