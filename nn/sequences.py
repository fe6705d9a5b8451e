"""Sequences as samples: their features and targets, and the windows that they are trained on in.

A sequence is cut into windows of ``truncate`` steps.  A window is a sample like any other: its
numbers are the inputs of its steps and the state that the window before ended in; what it gives are
the outputs and the state that it ends in.  So either engine trains it, the tape from one recorded
window: gradients flow back to the beginning of a window, and states go on to the next.

Williams and Peng, An efficient gradient-based algorithm for on-line training of recurrent network
trajectories (1990).
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from numbers import Real
from typing import Any, Protocol, TypeAlias

from autograd import Constant, Value, dot
from autograd.notation.hints import described
from autograd.notation.numbers import counted
from nn.checks import check_not_empty, listed
from nn.data.feeding import Feeding, mean_over_positions
from nn.data.rows import Rows
from nn.data.samples import Samples, Table, as_list, finite_row, targets
from nn.data.structures import shapes_of
from nn.inputs import once_as_values
from nn.losses import Loss
from nn.module import Module
from nn.outputs import single_or_list

State: TypeAlias = tuple[Value, ...]


class Stepping(Protocol):
    """A model that goes through a sequence step by step, such as `nn.Recurrent`."""

    nin: int
    nout: int
    every_step: bool
    truncate: int | None

    @property
    def state_size(self) -> int: ...

    def unroll(
        self, steps: Sequence[State], read: Iterable[int] | None = None, state: State | None = None
    ) -> tuple[list[list[Value]], State]: ...


class SequenceFeeding(Feeding):
    """How a recurrent model takes its samples: a sequence of steps each, one row of inputs per step.

    The rows of its tables hold step after step.
    """

    model: Stepping

    def apart(self, X: Any, name: str = "X") -> tuple[Any, Sequence[Hashable]]:
        """Return the sequences, and how many steps each has."""
        return X, [len(shape) if isinstance(shape, tuple) else shape for shape in shapes_of(X) or ()]

    def targets_apart(self, y: Any, loss: Loss, X: Any, name: str) -> tuple[Any, Sequence[Hashable]]:
        """Return the targets: their shapes follow from those of the sequences."""
        return y, ()

    def no_targets(self, rows: Table) -> Table:
        """Return what stands for the targets of a loss that takes the outputs alone."""
        steps = len(rows[0]) // self.model.nin if self.model.every_step else 1
        return Rows(array("d", bytes(8 * len(rows) * steps * self.model.nout)), steps * self.model.nout)

    def features(self, X: Any, name: str = "X") -> Table:
        """Return ``X`` as one row per sequence, checked.

        Args:
            X: sequences × steps × inputs: nested lists or a NumPy array; where there is one input
                per step, sequences × steps will do.
            name: what messages call it.

        Raises:
            TypeError: if it is not sequences of numbers.
            ValueError: naming the shape that does not suit the model, or a number that is not finite.
        """
        return _flat(X, self.model.nin, name)

    def targets(self, y: Any, loss: Loss, rows: Table, name: str = "y") -> tuple[Table, float | None]:
        """Return ``y`` as one row per sequence, checked, and the threshold of the samples.

        For a model with outputs after every step it has the shape sequences × steps, or × outputs as well.
        """
        if y is None:
            return self.no_targets(rows), None
        if not self.model.every_step:
            return targets(y, self.model.nout, loss, name)
        steps = len(rows[0]) // self.model.nin
        sequences = _nested(y, name)
        for i, row in enumerate(sequences):
            if isinstance(row, (Value, Real)) or len(row) != steps:
                has = "one number" if isinstance(row, (Value, Real)) else f"{len(row)} steps"
                raise ValueError(f"{name} has a target for each of the {steps} steps; sequence {i} has {has}")
        flat, threshold = targets([t for row in sequences for t in row], self.model.nout, loss, name)
        return Rows(Rows.of(flat).numbers, steps * self.model.nout), threshold

    def cost(self, loss: Loss) -> Loss:
        """Return the loss of one sequence: the mean over its steps, if there are outputs after each."""
        return mean_over_positions(loss, self.model.nout) if self.model.every_step else loss

    def answers(self, row: Sequence[Any]) -> list[Sequence[Any]]:
        """Return the parts of a row that belong to one step each."""
        return [row[k : k + self.model.nout] for k in range(0, len(row), self.model.nout)]

    def shaped(self, row: Sequence[float]) -> Any:
        """Return the outputs after the last step; or a list of those after every step."""
        steps = [single_or_list(step) for step in self.answers(row)]
        return steps if self.model.every_step else steps[0]

    def windows(self, rows: Table) -> Windows:
        steps = len(rows[0]) // self.model.nin
        return Windows(self.model, steps, min(self.model.truncate or steps, steps))


# ------------------------------------------------------------------------------------------- windows


@dataclass(frozen=True)
class Windows:
    """How sequences are cut into windows.

    Attributes:
        model: the model that goes through them.
        steps: how many steps a sequence has.
        length: how many steps a window has; the last one is filled up with zeros that nothing reads.
    """

    model: Stepping
    steps: int
    length: int

    @property
    def count(self) -> int:
        """How many windows a sequence is cut into."""
        return ceil(self.steps / self.length)

    @property
    def read(self) -> list[int]:
        """After which steps of a window outputs are read."""
        return list(range(self.length)) if self.model.every_step else [(self.steps - 1) % self.length]

    @property
    def inputs(self) -> int:
        """How many numbers of a window are inputs: its state comes after them."""
        return self.length * self.model.nin

    @property
    def outputs(self) -> int:
        """How many numbers of what a window gives are outputs: the state it ends in comes after them."""
        return len(self.read) * self.model.nout

    def shares(self, window: int) -> list[float]:
        """Return the weight of each output of a window in its loss: 0 where there is no target."""
        places = [window * self.length + step for step in self.read]
        wanted = [t < self.steps and (self.model.every_step or t == self.steps - 1) for t in places]
        return [yes / max(1, sum(wanted)) for yes in wanted]

    def targets(self, window: int) -> int:
        """Return how many targets a window of one sequence has."""
        return sum(share > 0 for share in self.shares(window))

    def table(self, samples: Samples, window: int) -> Samples:
        """Return a window of every sequence, with zeros in the place of its state."""
        start, shares = window * self.length, self.shares(window)
        weights = samples.weights or [1.0] * len(samples)
        X, y = [], []
        for x, t, weight in zip(as_list(samples.X), as_list(samples.y), weights, strict=True):
            inputs = x[start * self.model.nin : start * self.model.nin + self.inputs]
            X.append([*inputs, *[0.0] * (self.inputs - len(inputs) + self.model.state_size)])
            wanted = self.wanted(t, window)
            missing = len(self.read) - len(wanted) // self.model.nout
            y.append([*wanted, *wanted[-self.model.nout :] * missing, *(share * weight for share in shares)])
        return Samples(Rows.of(X), Rows.of(y))

    def wanted(self, row: list[float], window: int) -> list[float]:
        """Return the targets of a window among those of its sequence."""
        nout, start = self.model.nout, window * self.length
        return row[start * nout : (start + self.length) * nout] if self.model.every_step else row


class Window(Module):
    """The model on one window: inputs and a state go in, outputs and a state come out."""

    def __init__(self, windows: Windows) -> None:
        self.model, self.windows = windows.model, windows

    def __call__(self, row: Sequence[Any]) -> list[Value]:
        inputs, before = row[: self.windows.inputs], row[self.windows.inputs :]
        state = tuple(v if isinstance(v, Value) else Constant(v) for v in before)
        outputs, state = self.model.unroll(as_steps(inputs, self.model.nin), self.windows.read, state)
        return [*(v for output in outputs for v in output), *state]

    def loss(self, loss: Loss) -> Loss:
        """Return the loss of a window: the mean over its targets."""
        nout = self.model.nout

        def of_window(prediction: Sequence[Value], target: Sequence[Any]) -> Value:
            shares = target[self.windows.outputs :]
            places = [k for k, share in enumerate(shares) if isinstance(share, Value) or share]
            rows = [slice(k * nout, (k + 1) * nout) for k in places]
            each = [loss(single_or_list(prediction[row]), single_or_list(target[row])) for row in rows]
            return dot([shares[k] for k in places], each)

        return of_window


# -------------------------------------------------------------------------------------------- checks


def as_steps(x: Any, nin: int) -> list[State]:
    """Return one sequence as the Values of each step; numbers become ``x1^t``, ``x2^t``, …

    Raises:
        TypeError: if it is not a sequence.
        ValueError: if it is empty, or has a step of another number of inputs.
    """
    steps = listed("a sequence is one row of inputs per step", x)
    if steps and all(isinstance(v, (Value, Real)) for v in steps):
        if len(steps) % nin:
            raise ValueError(
                f"a sequence has {nin} inputs per step; {len(steps)} numbers are not whole steps"
            )
        steps = [steps[k : k + nin] for k in range(0, len(steps), nin)]
    if not steps:
        raise ValueError("a sequence has at least one step; got none")
    numbers: list[Any] = []
    for t, step in enumerate(steps, 1):
        row = [step] if isinstance(step, (Value, Real)) else list(step)
        if len(row) != nin:
            raise ValueError(f"a sequence has {nin} inputs per step; step {t} has {len(row)}")
        numbers += row

    def labels(name: str, before: int, count: int) -> list[str]:
        past = before // nin
        return [f"{name}{j}^{t}" for t in range(past + 1, past + count // nin + 1) for j in range(1, nin + 1)]

    values = once_as_values(x, tuple(numbers), labels)
    return [values[k : k + nin] for k in range(0, len(values), nin)]


def _nested(data: Any, name: str) -> list[Any]:
    """Return data of any kind as a list of its rows."""
    return listed(f"{name} holds one sequence per row", data.tolist() if hasattr(data, "tolist") else data)


def _flat(X: Any, nin: int, name: str) -> Rows:
    """Return sequences of rows as one row each, checked for their shape and their numbers."""
    shape = getattr(X, "shape", None)
    if shape is not None and (len(shape) not in (2, 3) or (shape[2] if len(shape) == 3 else 1) != nin):
        raise ValueError(f"{name} has the shape {tuple(shape)}; (sequences, steps, {nin}) is wanted")
    flat: list[list[float]] = []
    for i, sequence in enumerate(_nested(X, name)):
        if isinstance(sequence, (str, bytes)) or not isinstance(sequence, Iterable):
            raise TypeError(f"sequence {i} of {name} is {described(sequence)}, not steps")
        steps = [_step(row, nin, f"step {t} of sequence {i} of {name}") for t, row in enumerate(sequence)]
        if not steps:
            raise ValueError(f"sequence {i} of {name} is empty: it takes at least one step")
        if flat and len(steps) * nin != len(flat[0]):
            raise ValueError(
                f"sequence {i} of {name} has {len(steps)} steps where sequence 0 has {len(flat[0]) // nin}: "
                "here they are of one length; `nn.fit` takes lists of any"
            )
        flat.append([x for row in steps for x in row])
    check_not_empty(name, flat)
    return Rows.of(flat)


def _step(row: Any, nin: int, place: str) -> list[float]:
    """Return the inputs of a step, as many as the network takes."""
    place += " (counted from 0)"
    numbers = [row] if isinstance(row, Real) else row
    inputs = finite_row(numbers, place, lambda j: f"input {j} at {place}")
    if len(inputs) != nin:
        raise ValueError(f"{place} has {counted(len(inputs), 'input')}; the network takes {nin}")
    return inputs
