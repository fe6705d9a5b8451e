"""Adagrad: steps divided by the root of all squared gradients so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn.optim.optimizer import Optimizer
from nn.optim.settings import Parameters


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
        parameters: Parameters,
        lr: float = 0.01,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, eps=eps, weight_decay=weight_decay)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, eps, weight_decay = h
        (squares,) = state
        g = g + weight_decay * p
        squares = squares + g * g
        return p - lr * g / (squares**0.5 + eps), squares

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return group["lr"], group["eps"], group["weight_decay"]
