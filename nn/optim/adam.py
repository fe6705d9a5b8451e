"""Adam and AdamW: a running mean of the gradients, divided by the root of one of their squares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn.optim.optimizer import Optimizer
from nn.optim.settings import Parameters


class Adam(Optimizer):
    """Momentum, divided by the root of a running mean of the squared gradients.

    Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1; with PyTorch's
    defaults.  The means are corrected for the number of steps that the optimiser has taken.

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
        parameters: Parameters,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, beta1, beta2, correction1, correction2, eps, weight_decay, shrink = h
        mean, squares = state
        g = g + weight_decay * p
        mean = beta1 * mean + (1 - beta1) * g
        squares = beta2 * squares + (1 - beta2) * g * g
        return shrink * p - lr * (mean / correction1) / ((squares / correction2) ** 0.5 + eps), mean, squares

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return self._numbers(group, group["weight_decay"], 1.0)

    def _numbers(self, group: Mapping[str, Any], weight_decay: float, shrink: float) -> tuple[float, ...]:
        beta1, beta2 = group["betas"]
        corrections = 1 - beta1**self.steps, 1 - beta2**self.steps
        return group["lr"], beta1, beta2, *corrections, group["eps"], weight_decay, shrink


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
        parameters: Parameters,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return self._numbers(group, 0.0, 1 - group["lr"] * group["weight_decay"])
