"""The activations by name: functions of one Value, all but the parametric ReLU the engine's own.

Any function from a Value to a Value will do in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from autograd import Parameter, Value
from autograd.extend import as_value
from nn.checks import finite_number, one_of
from nn.construction import loadable
from nn.module import Module

Activation: TypeAlias = Callable[[Value], Value]


@loadable
class PReLU(Module):
    """The parametric ReLU: ``z`` above zero, ``slope·z`` below, where the slope is learned.

    All neurons that share this object share its slope, as PyTorch has it by default; the name,
    ``activation="prelu"``, gives each layer an object of its own.  The slope is found by
    ``parameters()``, but not among the ``weights()``: a penalty would draw it to 0, and the unit
    back to a plain ReLU.
    He et al., Delving deep into rectifiers (2015), eq. 1, with its start of ¼.

    Args:
        start: the slope that learning starts from.

    Attributes:
        slope: the Parameter.

    Raises:
        TypeError, ValueError: if ``start`` is not a finite number.

    >>> phi = PReLU(0.5)
    >>> phi(Value(-3.0)).data, phi(Value(3.0)).data
    (-1.5, 3.0)
    """

    def __init__(self, start: float = 0.25) -> None:
        self.slope = Parameter(finite_number("the start of a slope", start), "slope")

    def built_with(self) -> Mapping[str, Any]:
        """Return no arguments: where it started does not matter any more."""
        return {}

    def __call__(self, z: Value) -> Value:
        return z.prelu(self.slope)

    def __repr__(self) -> str:
        return f"PReLU(slope {self.slope:.4g})"


def linear(z: Value) -> Value:
    """Return ``z`` itself, not a copy: a linear neuron's activation is its pre-activation."""
    return z


ACTIVATIONS: dict[str, Any] = {
    "linear": linear,
    "relu": Value.relu,
    "leaky_relu": Value.leaky_relu,
    "prelu": PReLU,
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
    """Return the name and the function of an activation.

    Args:
        choice: a name of the table, or a function from a Value to a Value.

    Returns:
        The name, and the function; for ``prelu`` a new one, with a slope of its own.

    Raises:
        TypeError: if it is neither.
        ValueError: if there is no activation of that name.

    >>> activation("relu")[1](Value(-1.0)).data
    0.0
    """
    if isinstance(choice, PReLU):
        return "prelu", choice
    if not isinstance(choice, str) and callable(choice):
        return getattr(choice, "__name__", type(choice).__name__), choice
    found = one_of("activation", choice, ACTIVATIONS)
    return choice, found() if found is PReLU else found


def choice(name: str, function: Activation) -> str | Activation:
    """Return what to give `activation` for a name and a function that came from it.

    >>> choice("relu", Value.relu)
    'relu'
    """
    return name if ACTIVATIONS.get(name) == function else function


@loadable
class Elementwise(Module):
    """An activation of every number, in whatever lists they stand: for one that does not follow a layer.

    Args:
        phi: a name of `ACTIVATIONS`, or a function from a Value to a Value.

    >>> [v.data for v in Elementwise("relu")([Value(-1.0), Value(2.0)])]
    [0.0, 2.0]
    """

    def __init__(self, phi: str | Activation) -> None:
        self.activation_name, self.activation = activation(phi)

    def built_with(self) -> Mapping[str, Any]:
        """Return its activation; see `Module.built_with`."""
        return {"phi": choice(self.activation_name, self.activation)}

    def __call__(self, x: Any) -> Any:
        """Return the activations in the lists in which the numbers came."""
        if isinstance(x, Value) or not isinstance(x, Iterable):
            return self.activation(as_value(x))
        return [self(part) for part in x]

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return self.activation_name
