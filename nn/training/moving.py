"""What the steps of the tape engine change: the parameters and the optimiser's state, as vectors.

One tape works on its own vector.  Where samples differ in shape each shape has a tape, and all of them
share one vector in the model's order, which each borrows for a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Parameter, Value
from autograd.extend import data_of
from autograd.tape import Held, places_of, vectorised
from nn.callbacks import Numbers
from nn.optim import Optimizer
from nn.training.engine import Moment

Array = NDArray[Any]


class Copied(NamedTuple):
    """A copy of what the steps change: the vector, then the state of each group."""

    vectors: list[Array]
    steps: int


class Moving:
    """The parameters of a model as a vector, and the optimiser that moves them.

    Args:
        optimizer: it may hold other parameters than the vector: those that both have are moved.
        parameters: the model's.
        own: the Values whose numbers are in the vector, in its order.
        reached: which of them have a gradient; the others stay as they are.
        held: has their numbers as its ``vector``, and their gradients as its ``gradient``: a training of a
            tape, whose vector takes over what is assigned to a parameter in the meantime.
    """

    def __init__(
        self, optimizer: Optimizer, parameters: Sequence[Parameter], own: Sequence[Value],
        reached: Sequence[bool], held: Any,
    ) -> None:  # fmt: skip
        self.optimizer, self._held = optimizer, held
        self._parameters = parameters
        self._places, self._rows = common(parameters, own)
        self._others = np.array(data_of(parameters), float)
        self._own_state = [np.frombuffer(numbers) for numbers in optimizer.state.values()]
        self._groups: list[_Group] = []
        have, moved = np.flatnonzero(reached), list(compress(own, reached))
        for settings, places in optimizer.grouped():
            at, rows = common(settings["params"], moved)
            order = np.argsort(rows)
            at, rows = places.start + at[order], have[rows[order]]
            state = [numbers[at].astype(self.vector.dtype) for numbers in self._own_state]
            self._groups.append(_Group(settings, at, state, None if len(rows) == len(own) else rows))
        self._move = vectorised(optimizer.rule, len(self._own_state))
        self._states = [state for group in self._groups for state in group.state]
        nothing = np.empty(0, self.vector.dtype)  # compiles the rule, or raises, before anything is trained
        h = optimizer.hyper_parameters(self._groups[0].settings)
        self._move(nothing, nothing, h, *[nothing for _ in self._own_state])

    @classmethod
    def all_of(cls, optimizer: Optimizer, parameters: Sequence[Parameter], dtype: str) -> Moving:
        """Return a vector of all parameters, for several tapes to share."""
        return cls(optimizer, parameters, parameters, [True] * len(parameters), _Shared(parameters, dtype))

    @property
    def vector(self) -> Array:
        """The numbers of the parameters."""
        vector: Array = self._held.vector
        return vector

    @property
    def gradient(self) -> Array:
        """Their gradients."""
        gradient: Array = self._held.gradient
        return gradient

    def _vectors(self) -> list[Array]:
        """Return what the steps change."""
        return [self.vector, *self._states]

    def update(self) -> None:
        """Take a step of the optimiser by the gradient."""
        self.optimizer.steps += 1
        vector, gradient = self._held.vector, self._held.gradient  # without a detour, in each step
        for group in self._groups:
            h = self.optimizer.hyper_parameters(group.settings)
            if group.rows is None:
                self._move(vector, gradient, h, *group.state)
            else:
                held = vector[group.rows]
                self._move(held, gradient[group.rows], h, *group.state)
                vector[group.rows] = held

    # The following are described in `nn.training.engine.Engine`.

    def gradients(self) -> Array:
        return self._in_order(self.gradient, np.zeros(len(self._others)))

    def set_gradients(self, gradients: Numbers) -> None:
        self.gradient[self._rows] = np.asarray(gradients)[self._places]

    def weights(self) -> Array:
        return self._in_order(self.vector, self._others)

    def restore(self, weights: Numbers) -> None:
        self.vector[self._rows] = np.asarray(weights)[self._places]

    def moment(self) -> Copied:
        return Copied([vector.copy() for vector in self._vectors()], self.optimizer.steps)

    def told(self, moment: Copied) -> Moment:
        vector, *states = moment.vectors
        return Moment(self._in_order(vector, self._others), self._state(states), moment.steps)

    def rewind(self, moment: Copied) -> None:
        for vector, numbers in zip(self._vectors(), moment.vectors, strict=True):
            vector[:] = numbers
        self.optimizer.steps = moment.steps

    def read(self) -> None:
        self.restore([p.data for p in self._parameters])
        for group in self._groups:
            for vector, numbers in zip(group.state, self._own_state, strict=True):
                vector[:] = numbers[group.places]

    def write(self) -> None:
        """Let the optimiser hold the state, and the parameters their numbers and gradients."""
        self._held.write()
        for p, slope in zip(self._parameters, self.gradients().tolist(), strict=True):
            p.grad = slope
        self.write_state()

    def write_state(self) -> None:
        """Let the optimiser hold the state."""
        for own, numbers in zip(self._own_state, self._state(self._states), strict=True):
            own[:] = numbers

    def _in_order(self, vector: Array, others: Array) -> Array:
        """Return a vector in the model's order, with ``others`` for those that are not in it."""
        if len(self._rows) == len(others):
            return vector[self._rows].astype(float, copy=False)
        numbers = others.copy()
        numbers[self._places] = vector[self._rows]
        return numbers

    def _state(self, of_groups: Sequence[Array]) -> list[Array]:
        """Return the optimiser's state in the order of its parameters, with that of its groups in it."""
        state, vectors = [own.copy() for own in self._own_state], iter(of_groups)
        for group in self._groups:
            for numbers in state:
                numbers[group.places] = next(vectors)
        return state


def common(parameters: Sequence[Value], own: Sequence[Value]) -> tuple[Array, Array]:
    """Return where the parameters that are in both sequences stand, in the one and in the other."""
    rows = places_of(parameters, own)
    places = np.flatnonzero(rows >= 0)
    return places, rows[places]


class _Shared(Held):
    """The numbers of all parameters, and their gradients, for several tapes to share."""

    def __init__(self, parameters: Sequence[Parameter], dtype: str) -> None:
        super().__init__(parameters, np.empty(len(parameters), dtype))
        self.gradient = np.zeros(len(parameters), dtype)


@dataclass(frozen=True)
class _Group:
    """Those of a group of the optimiser's parameters that are in the vector.

    Attributes:
        settings: the optimiser's own dict.
        places: where they stand among the optimiser's parameters.
        state: their state, one vector for each number that the rule keeps.
        rows: where they stand in the vector; None if they are all of it.
    """

    settings: dict[str, Any]
    places: Array
    state: list[Array]
    rows: Array | None
