"""Initialisers: the numbers that weights start from.

Each is a function ``(nout, nin, rng) -> W`` that gives a matrix W of ``nout`` rows and ``nin``
columns, as lists of floats, drawn from the generator that it is given and from nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import sqrt
from typing import TypeAlias

from nn.checks import one_of

Matrix: TypeAlias = list[list[float]]
Initialiser: TypeAlias = Callable[[int, int, random.Random], Matrix]


def uniform(low: float = -1.0, high: float = 1.0) -> Initialiser:
    """Return an initialiser of numbers uniform between ``low`` and ``high``; the default is micrograd's."""
    return lambda nout, nin, rng: _drawn(nout, nin, lambda: rng.uniform(low, high))


def normal(mean: float = 0.0, std: float = 1.0) -> Initialiser:
    """Return an initialiser of normal numbers of this mean and standard deviation."""
    return lambda nout, nin, rng: _drawn(nout, nin, lambda: rng.gauss(mean, std))


def constant(value: float) -> Initialiser:
    """Return an initialiser that gives every weight the same number.

    Neurons that start alike stay alike: this suits a single neuron, or a lesson.
    """
    return lambda nout, nin, rng: [[float(value)] * nin for _ in range(nout)]


def _of_variance(variance: Callable[[int, int], float]) -> tuple[Initialiser, Initialiser]:
    """Return the uniform and the normal initialiser around 0 of a variance that depends on nin and nout."""

    def uniformly(nout: int, nin: int, rng: random.Random) -> Matrix:
        bound = sqrt(3 * variance(nin, nout))  # U(−r, r) has the variance r²/3
        return uniform(-bound, bound)(nout, nin, rng)

    def normally(nout: int, nin: int, rng: random.Random) -> Matrix:
        return normal(std=sqrt(variance(nin, nout)))(nout, nin, rng)

    return uniformly, normally


# Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010), eq. 16
xavier_uniform, xavier_normal = _of_variance(lambda nin, nout: 2 / (nin + nout))
# He et al., Delving deep into rectifiers (2015), eq. 10
he_uniform, he_normal = _of_variance(lambda nin, nout: 2 / nin)
# LeCun et al., Efficient BackProp (1998), §4.6
lecun_uniform, lecun_normal = _of_variance(lambda nin, nout: 1 / nin)

glorot_uniform, glorot_normal = xavier_uniform, xavier_normal
kaiming_uniform, kaiming_normal = he_uniform, he_normal


def orthogonal(nout: int, nin: int, rng: random.Random) -> Matrix:
    """Return a matrix whose rows (or columns, whichever are fewer) are orthonormal.

    Random normal vectors are made orthogonal one after the other, by Gram and Schmidt's method.
    Saxe et al., Exact solutions to the nonlinear dynamics of learning in deep linear neural networks
    (2014).
    """
    few, many = sorted((nout, nin))
    basis: Matrix = []
    while len(basis) < few:
        v = [rng.gauss(0.0, 1.0) for _ in range(many)]
        for _ in range(2):  # the second round takes away what rounding left of the first
            for e in basis:
                v = _less(v, _inner(v, e), e)
        length = sqrt(_inner(v, v))
        if length > 1e-8:  # else it lay in the span of those before it, apart from rounding
            basis.append([x / length for x in v])
    return basis if nout <= nin else [list(row) for row in zip(*basis, strict=True)]


INITIALISERS: dict[str, Initialiser] = {
    "uniform": uniform(),
    "normal": normal(),
    "xavier_uniform": xavier_uniform,
    "xavier_normal": xavier_normal,
    "he_uniform": he_uniform,
    "he_normal": he_normal,
    "lecun_uniform": lecun_uniform,
    "lecun_normal": lecun_normal,
    "orthogonal": orthogonal,
    "zeros": constant(0.0),
    "ones": constant(1.0),
}
"""The initialisers by name; a constant of another number is written ``init=constant(0.5)``."""

ALIASES: dict[str, Initialiser] = {
    "glorot_uniform": xavier_uniform,
    "glorot_normal": xavier_normal,
    "kaiming_uniform": he_uniform,
    "kaiming_normal": he_normal,
}
"""The same initialisers under other names of their authors, as some libraries have them."""

FITTING = {
    **dict.fromkeys(("relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "softplus"), "he_normal"),
    "selu": "lecun_normal",  # Klambauer et al., Self-normalizing neural networks (2017)
}
"""The initialiser that keeps the size of signals and gradients, by activation; else `xavier_uniform`."""


def by_name(name: str) -> Initialiser:
    """Return the initialiser of this name or alias.

    Raises:
        TypeError: if the name is not a string.
        ValueError: if there is no such initialiser.

    >>> [len(row) for row in by_name("he_normal")(2, 3, random.Random(0))]
    [3, 3]
    """
    return one_of("initialiser", name, {**INITIALISERS, **ALIASES})


def chosen(init: str | Initialiser | None, otherwise: Initialiser) -> Initialiser:
    """Return an initialiser that was given by itself or by name, or another one if none was.

    Raises:
        TypeError, ValueError: if there is no initialiser of that name.
    """
    if init is None:
        return otherwise
    return init if callable(init) else by_name(init)


def fitting(activation: str) -> Initialiser:
    """Return the initialiser that suits the activation of this name: a relu, for example, loses half the
    variance."""
    return INITIALISERS[FITTING.get(activation, "xavier_uniform")]


def _drawn(nout: int, nin: int, draw: Callable[[], float]) -> Matrix:
    return [[draw() for _ in range(nin)] for _ in range(nout)]


def _inner(u: list[float], v: list[float]) -> float:
    return sum(a * b for a, b in zip(u, v, strict=True))


def _less(v: list[float], factor: float, e: list[float]) -> list[float]:
    return [a - factor * b for a, b in zip(v, e, strict=True)]
