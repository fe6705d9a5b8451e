"""Gradient descent, with momentum and with Nesterov's look ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn.optim.optimizer import Optimizer
from nn.optim.settings import Parameters


class SGD(Optimizer):
    """Gradient descent, w ← w − lr·∂J/∂w, with momentum if wanted.

    Args:
        parameters, lr: see `Optimizer`.
        momentum: how much of the last step's velocity is kept, 0 ≤ momentum < 1.
        nesterov: look ahead along the velocity, as Sutskever et al. (2013) write Nesterov's method.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if ``momentum`` or ``weight_decay`` is out of
            range, or ``nesterov`` is wanted without momentum.

    >>> from autograd import Parameter
    >>> w = Parameter(1.0, "w")
    >>> (w * w).backward()
    >>> SGD([w], lr=0.25).step()
    >>> w.data
    0.5
    """

    state_names = ("velocity",)

    def __init__(
        self,
        parameters: Parameters,
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)

    @staticmethod
    def check(group: Mapping[str, Any]) -> None:
        if group["nesterov"] and group["momentum"] == 0:
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

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return group["lr"], group["momentum"], float(group["nesterov"]), group["weight_decay"]
