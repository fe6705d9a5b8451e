"""A network of given sizes as a tape of its loss, and its weights as scikit-learn keeps them.

The tape is recorded once for all networks of the same form: a grid search trains dozens of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from autograd import Value, where
from autograd import sum as total
from autograd.extend import set_data
from autograd.tape import Tape, Training, places_of
from nn import losses
from nn.layers import MLP
from nn.predictions import values_of
from nn.training.engine import Precision

Array = NDArray[Any]

HIDDEN = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
"""The activations of hidden layers by scikit-learn's names, under ours."""

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda z: z,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": partial(np.maximum, 0),
    "softmax": partial(softmax, axis=1),
    "exp": np.exp,
}
"""The activations of whole layers, those of the outputs too."""

MOST_KEPT = 4
"""At most this many tapes are kept for networks to come."""


def poisson(z: Value, y: Value | float) -> Value:
    """Return half the deviance of a count y from its expectation eᶻ: eᶻ − y z + y ln y − y.

    McCullagh and Nelder, Generalized Linear Models (1989), §2.3.
    """
    return z.exp() - y * z + y * where(y > 0, y, 1.0).log() - y


def of_each(loss: Callable[[Value, Any], Value]) -> losses.Loss:
    """Return the sum over the outputs of a loss of one of them."""
    return lambda outputs, y: total([loss(z, t) for z, t in zip(outputs, y, strict=True)])


LOSSES: dict[str, losses.Loss] = {
    "softmax": lambda outputs, y: losses.cross_entropy(outputs, y[0]),
    "logistic": of_each(losses.binary_cross_entropy),
    "identity": losses.half_mse,
    "exp": of_each(poisson),
}
"""The loss by the activation of the outputs.  It takes the outputs before that activation, and a class as
its number."""


@dataclass(frozen=True)
class Form:
    """What decides the graph of a network and its loss.

    Attributes:
        sizes: the inputs, then the neurons of each layer.
        activation: that of the hidden layers.
        out_activation: that of the outputs, which decides the loss.
    """

    sizes: tuple[int, ...]
    activation: str
    out_activation: str

    @property
    def targets(self) -> int:
        """How many numbers say what is right for a sample."""
        return 1 if self.out_activation == "softmax" else self.sizes[-1]

    def model(self) -> MLP:
        """Return a network of this form with weights of 0; its outputs are those before their activation."""
        return MLP(self.sizes[0], self.sizes[1:], activation=HIDDEN[self.activation], init="zeros")

    def loss(self, model: MLP, x: Any, y: Any) -> Value:
        """Return the loss of a sample; see `LOSSES`."""
        return LOSSES[self.out_activation](values_of(model(x)), y)

    def outputs(self, X: Any, coefs: Sequence[Array], intercepts: Sequence[Array]) -> Array:
        """Return the outputs for all rows, shape (rows, outputs); X may be sparse."""
        a = X
        for k, (W, b) in enumerate(zip(coefs, intercepts, strict=True), 1):
            name = self.activation if k < len(coefs) else self.out_activation
            a = ACTIVATIONS[name](a @ W + b)
        return np.asarray(a)


class Program:
    """The loss of one sample on a tape.

    Its samples are rows: the inputs, the targets, the weight if samples have weights.

    Args:
        form: the network's.
        weighted: whether the loss of each sample is multiplied by a weight.
        dtype: the precision.

    Attributes:
        places: where each number stands in the tape's vector, in scikit-learn's order; see `in_order`.
        penalised: 1 where a number of the tape's vector is a weight, 0 where it is a bias.
    """

    def __init__(self, form: Form, weighted: bool, dtype: Precision) -> None:
        model = form.model()

        def loss(x: Any, y: Any) -> Value:
            own = form.loss(model, x, y[: form.targets])
            return own * y[-1] if weighted else own

        sample = [0.5] * form.sizes[0], [1.0] * (form.targets + weighted)
        self.tape = Tape.record(loss, *sample, dtype=dtype, again=False)
        self._form, self._dtype = form, dtype
        self.places = places_of(in_order(model), self.tape.parameters)
        self.penalised = np.ones(len(self.places), dtype)
        weights = sum(n * m for n, m in pairwise(form.sizes))
        self.penalised[self.places[weights:]] = 0.0

    def training(self, coefs: Sequence[Array], intercepts: Sequence[Array]) -> Training:
        """Return a training that starts from these weights."""
        width = len(self.tape.inputs)
        run = Training(self.tape, self.tape.replayer(), np.zeros((1, width), self._dtype))
        run.vector[self.places] = np.concatenate([a.ravel() for a in (*coefs, *intercepts)])
        return run

    def weights(self, vector: Array) -> tuple[list[Array], list[Array]]:
        """Return a vector of the tape as one matrix and one row of biases per layer."""
        shapes = [*pairwise(self._form.sizes), *((n,) for n in self._form.sizes[1:])]
        ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
        parts = np.split(vector[self.places].astype(self._dtype, copy=False), ends)
        arrays = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]


program = lru_cache(MOST_KEPT)(Program)
"""The program of a form, recorded when it is first asked for."""


def in_order(model: MLP) -> list[Value]:
    """Return the parameters as scikit-learn orders them: each layer's weights by input, then all biases."""
    weights = [
        w for layer in model.layers for row in zip(*(n.w for n in layer.neurons), strict=True) for w in row
    ]
    return [*weights, *(n.b for layer in model.layers for n in layer.neurons if n.b is not None)]


def filled(form: Form, coefs: Sequence[Array], intercepts: Sequence[Array]) -> MLP:
    """Return a network of Values with these weights."""
    model = form.model()
    numbers = np.concatenate([a.ravel() for a in (*coefs, *intercepts)]).astype(float)
    set_data(in_order(model), numbers.tolist())
    return model
