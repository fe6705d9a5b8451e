"""Norms: the numbers of one sample, or of one position, brought to the same size.

Labels: ``γ2`` is the gain of number 2, ``β2`` its bias.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd import Parameter, Value, dot, mean
from nn.checks import finite_number, whole_number, yes_or_no
from nn.construction import loadable
from nn.inputs import as_inputs
from nn.module import Module


class Norm(Module):
    """The base of the norms: a gain and a bias for each number, if they are to be learned.

    Attributes:
        width: how many numbers it takes and gives.
        eps: what is added under the root, so that zeros stay zeros.
        weight: the gains, Parameters that start at 1; None without gain.
        bias: the biases, Parameters that start at 0; None without bias.
    """

    bias: list[Value] | None = None

    def __init__(self, width: int, eps: float = 1e-5, *, gain: bool = True) -> None:
        self.width = whole_number("width", width)
        self.eps = finite_number("eps", eps, at_least=0)
        n = self.width
        self.weight: list[Value] | None = None
        if yes_or_no("gain", gain):
            self.weight = [Parameter(1.0, f"γ{k}") for k in range(1, n + 1)]

    def place(self, letter: str, number: int) -> None:
        """Label gains and biases after a letter and the number of their layer."""
        for name, values in (("γ", self.weight), ("β", self.bias)):
            for k, v in enumerate(values or (), 1):
                v.label = f"{name}{letter}{k}^{number}"

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {"width": self.width, "eps": self.eps, "gain": self.weight is not None}

    def __call__(self, x: Iterable[Value | float]) -> list[Value]:
        """Return as many numbers as it takes.

        Raises:
            ValueError: if there are more or fewer than ``width``.
        """
        values = self.centred(as_inputs(x, self.width, "norm"))
        scale = (dot(values, values) / self.width + self.eps) ** -0.5
        scaled = [v * scale for v in values]
        if self.weight is not None:
            scaled = [gain * v for gain, v in zip(self.weight, scaled, strict=True)]
        if self.bias is not None:
            scaled = [v + b for v, b in zip(scaled, self.bias, strict=True)]
        return scaled

    def centred(self, x: Sequence[Value]) -> Sequence[Value]:
        """Return the numbers whose size is measured."""
        return x

    def parts_of(self, made: Sequence[Value]) -> Mapping[Value, str]:
        """Tell what comes out; see `Module.parts_of`."""
        return dict.fromkeys(made[-self.width :], "normalised")

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return str(self.width)


@loadable
class RMSNorm(Norm):
    """γ·x / √(mean of x² + eps): x divided by its root mean square, with a gain γ for each number.

    Zhang and Sennrich, Root mean square layer normalization (2019), eq. 4.

    Args:
        width: the length of x.
        eps: what is added under the root.
        gain: whether gains are learned; without them nothing is.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or out of range.

    >>> [round(v.data, 4) for v in RMSNorm(2, gain=False)([3.0, -4.0])]
    [0.8485, -1.1314]
    """


@loadable
class LayerNorm(Norm):
    """γ·(x − mean) / √(variance + eps) + β: x about its mean, in units of its deviation.

    Ba, Kiros and Hinton, Layer normalization (2016), eq. 4; the variance is Σ(x − mean)²/n.

    Args:
        width: the length of x.
        eps: what is added under the root.
        gain: whether gains are learned.
        bias: whether biases are.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or out of range.

    >>> [round(v.data, 4) for v in LayerNorm(2)([3.0, -4.0])]
    [1.0, -1.0]
    """

    def __init__(self, width: int, eps: float = 1e-5, *, gain: bool = True, bias: bool = True) -> None:
        super().__init__(width, eps, gain=gain)
        if yes_or_no("bias", bias):
            self.bias = [Parameter(0.0, f"β{k}") for k in range(1, self.width + 1)]

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {**super().built_with(), "bias": self.bias is not None}

    def centred(self, x: Sequence[Value]) -> Sequence[Value]:
        """Return the distances from the mean."""
        middle = mean(x)
        return [v - middle for v in x]
