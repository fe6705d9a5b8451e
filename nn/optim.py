"""Optimisers: how a parameter moves against its gradient.

Each update rule is written once, for one number and with plain arithmetic only: the same function
moves a single Parameter here, a whole vector of them, or is compiled for the tape.  The state that
a rule carries from step to step is kept in flat arrays, in the order of the parameters.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import inf, isfinite
from numbers import Real
from typing import Any, ClassVar

from autograd import Parameter
from autograd.value import NO_GRADIENT
from nn.names import by_name as _by_name


class Optimizer:
    """The base of all optimisers.

    A subclass states its `rule` and the `hyper_parameters` that the rule is given, and names the
    numbers of `state` that it keeps for each parameter, all of which start at 0.

    Args:
        parameters: what to train, such as ``model.parameters()``.
        lr: the learning rate, above 0; the attribute may be changed between steps.

    Raises:
        TypeError: if something in ``parameters`` is not a Parameter, or ``lr`` not a number.
        ValueError: if there are no parameters, one comes twice, or ``lr`` is not a finite number above 0.
    """

    state_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parameters: Iterable[Parameter], lr: float) -> None:
        self.parameters = _checked(parameters)
        self.lr = _number("lr", lr, above=0.0)
        self.steps = 0
        self.state = {name: array("d", bytes(8 * len(self.parameters))) for name in self.state_names}

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        """The parameter and its state after a step.

        Args:
            p: the parameter.
            g: its gradient.
            h: the `hyper_parameters`.
            state: one number for each of `state_names`.

        Returns:
            ``(p, *state)`` after the step.
        """
        raise NotImplementedError("an optimiser states its rule")

    def hyper_parameters(self) -> tuple[float, ...]:
        """The numbers that `rule` is given as ``h`` in the coming step."""
        raise NotImplementedError("an optimiser states the numbers that its rule needs")

    def step(self) -> None:
        """Move every parameter that has a gradient; one that no reverse pass has reached stays."""
        self.steps += 1
        h, rule, states = self.hyper_parameters(), self.rule, list(self.state.values())
        for i, p in enumerate(self.parameters):
            if p.grad is NO_GRADIENT:
                continue
            p.data, *after = rule(p.data, p.grad, h, *[numbers[i] for numbers in states])
            for numbers, x in zip(states, after, strict=True):
                numbers[i] = x

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: they count as not computed yet."""
        for p in self.parameters:
            p.grad = NO_GRADIENT

    def __repr__(self) -> str:
        hidden = ("parameters", "state", "steps")
        settings = ", ".join(f"{name}={x!r}" for name, x in vars(self).items() if name not in hidden)
        return f"{type(self).__name__}({len(self.parameters):,} parameters, {settings})"


class SGD(Optimizer):
    """Gradient descent, w ← w − lr·∂J/∂w, with momentum if wanted.

    Args:
        parameters, lr: see `Optimizer`.
        momentum: how much of the last step's velocity is kept, from 0 up.
        nesterov: look ahead along the velocity, as Sutskever et al. (2013) write Nesterov's method.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if ``momentum`` or ``weight_decay`` is negative,
            or ``nesterov`` is asked for without momentum.

    >>> w = Parameter(1.0, "w")
    >>> (w * w).backward()
    >>> SGD([w], lr=0.25).step()
    >>> w.data
    0.5
    """

    state_names = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum = _number("momentum", momentum)
        self.nesterov = bool(nesterov)
        self.weight_decay = _number("weight_decay", weight_decay)
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov looks ahead along the velocity: it needs a momentum above 0")

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, momentum, nesterov, weight_decay = h
        (velocity,) = state
        g = g + weight_decay * p
        velocity = momentum * velocity + g if momentum else g
        if nesterov:
            return p - lr * (g + momentum * velocity), velocity
        return p - lr * velocity, velocity

    def hyper_parameters(self) -> tuple[float, ...]:
        return self.lr, self.momentum, float(self.nesterov), self.weight_decay


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD}


def by_name(name: str) -> type[Optimizer]:
    """The optimiser class of this name.

    Raises:
        TypeError: if the name is not a string.
        ValueError: if there is no such optimiser.

    >>> by_name("sgd")
    <class 'nn.optim.SGD'>
    """
    return _by_name("optimiser", name, OPTIMIZERS)


def _checked(parameters: Iterable[Parameter]) -> list[Parameter]:
    listed = list(parameters)
    if not listed:
        raise ValueError("there are no parameters to train")
    for p in listed:
        if not isinstance(p, Parameter):
            raise TypeError(
                f"an optimiser trains Parameters, as model.parameters() gives them; "
                f"got {p!r} ({type(p).__name__})"
            )
    if len(set(listed)) < len(listed):
        raise ValueError("a parameter comes twice; each is to be moved once a step")
    return listed


def _number(name: str, x: Any, above: float = -inf, low: float = 0.0, below: float = inf) -> float:
    if not isinstance(x, Real) or isinstance(x, bool):
        raise TypeError(f"{name} is a number; got {x!r} ({type(x).__name__})")
    number = float(x)
    if not (isfinite(number) and low <= number < below and number > above):
        wanted = f"above {above:g}" if above >= low else f"from {low:g} up"
        wanted += f" and below {below:g}" if isfinite(below) else ""
        raise ValueError(f"{name} is a finite number {wanted}; got {x!r}")
    return number
