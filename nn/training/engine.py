"""What a training asks of an engine."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from autograd import Parameter
from nn.callbacks import Numbers
from nn.health.units import Inside
from nn.optim import Optimizer

Hook: TypeAlias = Callable[[], None] | None
"""What is called when the gradients of a step are known, before the step is taken."""


Precision = Literal["float64", "float32"]


@dataclass(frozen=True)
class Means:
    """The means by which an engine computes.

    Attributes:
        batch: the most samples of a step.
        dtype: the precision of its numbers, ``float64`` or ``float32``.
        threads: over at most this many threads the samples of a step are spread.
        shared: what the engines of one training share that are given samples of different shapes, as
            their class made it; None for a single engine.
        workers: a client of the Dask cluster whose workers compute the steps; None for this process.
    """

    batch: int
    dtype: Precision = "float64"
    threads: int = 1
    shared: Any = None
    workers: Any = None


@dataclass(frozen=True)
class Moment:
    """What the steps of a training change, as it was between two of them.

    Attributes:
        weights: the numbers of the model's parameters, in its order.
        state: the state of the optimiser's parameters, in its order: a row for each of its `state_names`.
        steps: how many steps the optimiser had taken.
    """

    weights: Numbers
    state: Sequence[Numbers]
    steps: int


def moment_of(parameters: Sequence[Parameter], optimizer: Optimizer) -> Moment:
    """Return what Parameters and an optimiser hold now."""
    state = [array("d", numbers) for numbers in optimizer.state.values()]
    return Moment([p.data for p in parameters], state, optimizer.steps)


class Engine(Protocol):
    """What computes a training: the model's passes, forward and reverse, and the optimiser's steps."""

    name: str

    def step(self, batch: Sequence[int], on_gradients: Hook = None) -> tuple[float, float]:
        """Take one step of the optimiser on these training samples.

        Returns:
            The objective before the step, and how many of the samples were classified right.
        """

    def rounds(self, count: int) -> tuple[list[float], list[float], Any]:
        """Take several steps on all training samples, in their order.

        Returns:
            What `step` returns, as a column of objectives and one of samples; and the `moment` before the
            last of the steps.
        """

    def evaluate(self, samples: Any) -> tuple[float, float]:
        """Return the objective on other samples, and how many of them are classified right."""

    def check(self, samples: Any, name: str) -> None:
        """Refuse samples that the model would refuse, where the engine alone would give nan.

        Raises:
            IndexError: if a sample has an id that is not in a table; it names the row.
        """

    def weights(self) -> Numbers:
        """Return a copy of the model's parameters, in its order, for `restore`."""

    def restore(self, weights: Numbers) -> None:
        """Set the model's parameters to such numbers."""

    def gradients(self) -> Numbers:
        """Return the gradients of the step, in the model's order of the parameters; 0 where there is none."""

    def set_gradients(self, gradients: Numbers) -> None:
        """Replace the gradients of the step, where there are any."""

    def inside(self) -> Inside:
        """Return what the units and the heads of attention show on the watched samples."""

    def moment(self) -> Any:
        """Return a copy of all that the steps change, in a form that `rewind` and `told` read."""

    def told(self, moment: Any) -> Moment:
        """Return what such a copy holds."""

    def rewind(self, moment: Any) -> None:
        """Set everything back to such a copy."""

    def read(self) -> None:
        """Take the numbers that the model's Parameters and the optimiser hold."""

    def write(self) -> None:
        """Let the model's Parameters and the optimiser hold the numbers as they now stand."""

    def finish(self) -> None:
        """Let the model's Parameters hold the trained numbers; also called after an interrupt."""
