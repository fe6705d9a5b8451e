"""Who replays a tape: machine code, or NumPy where nothing makes machine code.

Both take the same schedules, and their ops come from the same rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from autograd.tape import compiler
from autograd.tape.listing import Listing
from autograd.tape.schedule import Schedule

Array = NDArray[Any]


class Replayer(Protocol):
    """Memory for replays of one schedule.

    Attributes:
        plan: the schedule.
        vector: the parameters, one contiguous vector, in the order of ``plan.parameters``.
        gradient: their gradients after a replay with seeds.
        totals: the sum of each output over the samples, after a replay.
        lanes: how many samples are processed together.
    """

    plan: Schedule
    vector: Array
    gradient: Array
    totals: Array
    lanes: int

    def __init__(self, plan: Schedule, listing: Listing, dtype: str, threads: int) -> None: ...

    def run(
        self, X: Array, samples: NDArray[np.int64] | None = None, *, seeds: Array | None = None,
        values: Array | None = None, inputs_gradient: Array | None = None,
    ) -> Array:  # fmt: skip
        """Replay, and return the sum of each output over the samples.

        Args:
            X: the inputs, shape (rows, inputs), contiguous and of the tape's dtype.
            samples: the rows of X to take; all of them by default.
            seeds: the gradient that each output starts with; none for a forward replay.
            values: filled with the outputs of each sample, shape (samples, outputs).
            inputs_gradient: filled with the gradients of the inputs, shape (samples, inputs).
        """

    def blas_threads(self, count: int) -> int:
        """Return how many threads are to share each matrix product when so many samples are replayed."""

    def memory(self) -> list[Array]:
        """Return all arrays that replays use: the programs and the numbers."""


def replayer_class() -> type[Replayer]:
    """Return the class that replays tapes."""
    if compiler.missing():
        from autograd.tape import numpy_replayer

        return numpy_replayer.Replayer
    from autograd.tape import replayer

    return replayer.Replayer


def vectorised(rule: Callable[..., Any], states: int) -> Callable[..., None]:
    """Return ``rule(p, g, h, *state) -> (p, *state)`` as ``update(p, g, h, *state)`` for vectors.

    Args:
        rule: plain arithmetic on floats; ``h`` is a tuple of floats.
        states: how many numbers of state it takes and returns.

    Returns:
        A function that changes ``p`` and the state vectors in place.
    """
    if compiler.missing():
        from autograd.tape import numpy_ops

        return numpy_ops.vectorised(rule)
    from autograd.tape import rules

    return rules.vectorised(rule, states)
