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

    Attributes:
        parameters: the list of them.
        steps: how many steps were taken.
        state: by name, one number for each parameter, as flat arrays of doubles.

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
        """The numbers that `rule` is given as ``h`` in the step that ``steps`` now counts."""
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
        count = f"{len(self.parameters):,} parameter{'' if len(self.parameters) == 1 else 's'}"
        return f"{type(self).__name__}({count}, {settings})"


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


class Adagrad(Optimizer):
    """Steps divided by the root of all squared gradients so far: rarely moved weights move further.

    Duchi, Hazan and Singer, Adaptive subgradient methods (2011); with PyTorch's defaults.

    Args:
        parameters, lr: see `Optimizer`.
        eps: keeps the divisor from 0, above 0.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if another argument is out of range.
    """

    state_names = ("sum_of_squares",)

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 0.01,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.eps = _number("eps", eps, above=0.0)
        self.weight_decay = _number("weight_decay", weight_decay)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, eps, weight_decay = h
        (squares,) = state
        g = g + weight_decay * p
        squares = squares + g * g
        return p - lr * g / (squares**0.5 + eps), squares

    def hyper_parameters(self) -> tuple[float, ...]:
        return self.lr, self.eps, self.weight_decay


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of the squared gradients.

    Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning (2012); with PyTorch's
    defaults.

    Args:
        parameters, lr: see `Optimizer`.
        alpha: how much of the running mean is kept, 0 ≤ alpha < 1.
        eps: keeps the divisor from 0, above 0.
        momentum: how much of the last step's velocity is kept, from 0 up.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if another argument is out of range.
    """

    state_names = ("mean_of_squares", "velocity")

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.alpha = _number("alpha", alpha, below=1.0)
        self.eps = _number("eps", eps, above=0.0)
        self.momentum = _number("momentum", momentum)
        self.weight_decay = _number("weight_decay", weight_decay)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, alpha, eps, momentum, weight_decay = h
        squares, velocity = state
        g = g + weight_decay * p
        squares = alpha * squares + (1 - alpha) * g * g
        step = g / (squares**0.5 + eps)
        velocity = momentum * velocity + step if momentum else step
        return p - lr * velocity, squares, velocity

    def hyper_parameters(self) -> tuple[float, ...]:
        return self.lr, self.alpha, self.eps, self.momentum, self.weight_decay


class Adam(Optimizer):
    """Momentum, divided by the root of a running mean of the squared gradients.

    Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1; with PyTorch's
    defaults.  The number of steps that corrects the young means is that of the optimiser.

    Args:
        parameters, lr: see `Optimizer`.
        betas: how much is kept of the running means of gradient and squared gradient, 0 ≤ β < 1.
        eps: keeps the divisor from 0, above 0.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if another argument is out of range.
    """

    state_names = ("mean", "mean_of_squares")

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.betas = _betas(betas)
        self.eps = _number("eps", eps, above=0.0)
        self.weight_decay = _number("weight_decay", weight_decay)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, beta1, beta2, correction1, correction2, eps, weight_decay, shrink = h
        mean, squares = state
        g = g + weight_decay * p
        mean = beta1 * mean + (1 - beta1) * g
        squares = beta2 * squares + (1 - beta2) * g * g
        return shrink * p - lr * (mean / correction1) / ((squares / correction2) ** 0.5 + eps), mean, squares

    def hyper_parameters(self) -> tuple[float, ...]:
        return self._numbers(self.weight_decay, 1.0)

    def _numbers(self, weight_decay: float, shrink: float) -> tuple[float, ...]:
        beta1, beta2 = self.betas
        corrections = 1 - beta1**self.steps, 1 - beta2**self.steps
        return self.lr, beta1, beta2, *corrections, self.eps, weight_decay, shrink


class AdamW(Adam):
    """`Adam` with the weights themselves shrunk by the factor 1 − lr·weight_decay at each step.

    Loshchilov and Hutter, Decoupled weight decay regularization (2019); with PyTorch's defaults.

    Args:
        parameters, lr, betas, eps: see `Adam`.
        weight_decay: how fast the weights shrink, apart from their gradients.

    Raises:
        TypeError, ValueError: see `Adam`.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def hyper_parameters(self) -> tuple[float, ...]:
        return self._numbers(0.0, 1 - self.lr * self.weight_decay)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


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


def _betas(betas: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(f"betas is a pair of numbers; got {betas!r}")
    return _number("betas[0]", betas[0], below=1.0), _number("betas[1]", betas[1], below=1.0)


def _number(name: str, x: Any, above: float = -inf, low: float = 0.0, below: float = inf) -> float:
    if not isinstance(x, Real) or isinstance(x, bool):
        raise TypeError(f"{name} is a number; got {x!r} ({type(x).__name__})")
    number = float(x)
    if not (isfinite(number) and low <= number < below and number > above):
        wanted = f"above {above:g}" if above >= low else f"from {low:g} up"
        wanted += f" and below {below:g}" if isfinite(below) else ""
        raise ValueError(f"{name} is a finite number {wanted}; got {x!r}")
    return number
