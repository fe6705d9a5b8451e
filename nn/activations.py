"""The activations by name: functions of one Value, all of them the engine's own.

Any function from a Value to a Value will do in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from autograd import Value
from nn.names import by_name

Activation: TypeAlias = Callable[[Value], Value]


def linear(z: Value) -> Value:
    """``z`` itself, not a copy: a linear neuron's activation is its pre-activation."""
    return z


ACTIVATIONS: dict[str, Activation] = {
    "linear": linear,
    "relu": Value.relu,
    "leaky_relu": Value.leaky_relu,
    "elu": Value.elu,
    "selu": Value.selu,
    "gelu": Value.gelu,
    "silu": Value.silu,
    "softplus": Value.softplus,
    "sigmoid": Value.sigmoid,
    "tanh": Value.tanh,
    "sin": Value.sin,
}


def activation(choice: str | Activation) -> tuple[str, Activation]:
    """The name and the function of an activation.

    Args:
        choice: a name of the table, or a function from a Value to a Value.

    Raises:
        TypeError: if it is neither.
        ValueError: if there is no activation of that name.

    >>> activation("relu")[1](Value(-1.0)).data
    0.0
    """
    if not isinstance(choice, str) and callable(choice):
        return getattr(choice, "__name__", type(choice).__name__), choice
    return choice, by_name("activation", choice, ACTIVATIONS)
