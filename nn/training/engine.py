"""What a training asks of an engine."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from autograd import Parameter, Value
from nn import losses
from nn.data.samples import Samples
from nn.health.units import UnitFacts
from nn.losses import Loss
from nn.optim import Optimizer

Numbers: TypeAlias = Any
"""A list, an array or NumPy's array of floats."""


@dataclass(frozen=True)
class Objective:
    """What is minimised: the mean loss of the samples, plus l1·Σ|w| + l2·Σw² over the weights."""

    loss: Loss
    l1: float = 0.0
    l2: float = 0.0

    def penalty(self, weights: Sequence[Parameter]) -> Value | None:
        """The part that depends on the weights alone; None if there is none."""
        parts = []
        if self.l1:
            parts.append(self.l1 * losses.l1(weights))
        if self.l2:
            parts.append(self.l2 * losses.l2(weights))
        if not parts or not weights:
            return None
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]


@dataclass(frozen=True)
class Moment:
    """What the steps of a training change, as it was between two of them.

    Attributes:
        weights: of the model's parameters, in its order.
        state: of the optimiser's parameters, in its order: a row for each of its `state_names`.
        steps: the optimiser's.
    """

    weights: Numbers
    state: Sequence[Numbers]
    steps: int


def moment_of(parameters: Sequence[Parameter], optimizer: Optimizer) -> Moment:
    """What Parameters and an optimiser hold now."""
    state = [array("d", numbers) for numbers in optimizer.state.values()]
    return Moment([p.data for p in parameters], state, optimizer.steps)


class Engine(Protocol):
    """What computes a training: the model's passes, forward and reverse, and the optimiser's steps."""

    name: str

    def step(self, batch: Sequence[int]) -> tuple[float, float]:
        """Take one step of the optimiser on these training samples.

        Returns:
            The objective before the step, and how many of the samples were classified right.
        """

    def evaluate(self, samples: Samples) -> tuple[float, float]:
        """The objective on other samples, and how many of them are classified right."""

    def weights(self) -> Numbers:
        """A copy of the model's parameters, in its order, for `restore`."""

    def restore(self, weights: Numbers) -> None:
        """Set the model's parameters to such numbers."""

    def gradients(self) -> Numbers:
        """The gradients that the last step went by, in the model's order of the parameters; 0 for none."""

    def units(self) -> dict[str, UnitFacts]:
        """What the units show on the watched samples, by layer."""

    def moment(self) -> Moment:
        """A copy of all that the steps change, for `rewind`."""

    def rewind(self, moment: Moment) -> None:
        """Set everything back to such a copy."""

    def write(self) -> None:
        """See that the model's Parameters and the optimiser hold the numbers as they now stand."""

    def finish(self) -> None:
        """See that the model's Parameters hold the trained numbers; also called after an interrupt."""
