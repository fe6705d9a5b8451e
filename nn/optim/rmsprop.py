"""RMSprop: steps divided by the root of a running mean of the squared gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn.optim.optimizer import Optimizer
from nn.optim.settings import Parameters


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of the squared gradients.

    Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning (2012); with PyTorch's
    defaults.

    Args:
        parameters, lr: see `Optimizer`.
        alpha: how much of the running mean is kept, 0 ≤ alpha < 1.
        eps: keeps the divisor from 0, above 0.
        momentum: how much of the last step's velocity is kept, 0 ≤ momentum < 1.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if another argument is out of range.
    """

    state_names = ("mean_of_squares", "velocity")

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, alpha=alpha, eps=eps, momentum=momentum, weight_decay=weight_decay)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, alpha, eps, momentum, weight_decay = h
        squares, velocity = state
        g = g + weight_decay * p
        squares = alpha * squares + (1 - alpha) * g * g
        step = g / (squares**0.5 + eps)
        velocity = momentum * velocity + step if momentum else step
        return p - lr * velocity, squares, velocity

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return tuple(group[name] for name in ("lr", "alpha", "eps", "momentum", "weight_decay"))
