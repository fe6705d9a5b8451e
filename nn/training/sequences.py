"""Sequences as samples: their features and targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from numbers import Real
from typing import Any

from autograd import Value, mean
from autograd.notation.numbers import counted
from nn.data.samples import Table, as_list, targets
from nn.losses import Loss
from nn.outputs import single_or_list
from nn.recurrent import Recurrent


def sequence_features(model: Recurrent, X: Any, name: str = "X") -> Table:
    """``X`` as one row a sequence, the inputs of step after step.

    Args:
        model: says how many inputs a step has.
        X: sequences × steps × inputs: nested lists or a NumPy array; where there is one input a
            step, sequences × steps will do.
        name: what messages call it.

    Raises:
        TypeError: if it is not sequences of numbers.
        ValueError: naming the shape that does not suit the model, or a number that is not finite.
    """
    return _flat(X, model.nin, name)


def sequence_targets(
    model: Recurrent, y: Any, loss: Loss, steps: int, name: str = "y"
) -> tuple[Table, float | None]:
    """``y`` as one row a sequence, and the threshold of `Samples`.

    Args:
        model: says how many outputs there are, and whether after every step.
        y: for a model with outputs after every step sequences × steps, or × outputs as well; else
            what `nn.fit` takes for other models.
        loss: see `nn.fit`.
        steps: how many a sequence has.
        name: what messages call it.

    Raises:
        TypeError, ValueError: if it does not suit the model, the sequences or the loss.
    """
    if not model.every_step:
        return targets(y, model.nout, loss, name)
    rows = _nested(y, name)
    for i, row in enumerate(rows):
        if isinstance(row, (Value, Real)) or len(row) != steps:
            has = "one number" if isinstance(row, (Value, Real)) else f"{len(row)} steps"
            raise ValueError(f"{name} has a target for each of the {steps} steps; sequence {i} has {has}")
    flat, threshold = targets([target for row in rows for target in row], model.nout, loss, name)
    flat = as_list(flat)
    joined = [[x for row in flat[k : k + steps] for x in row] for k in range(0, len(flat), steps)]
    return joined, threshold


def _nested(data: Any, name: str) -> list[Any]:
    data = data.tolist() if hasattr(data, "tolist") else data
    if isinstance(data, (str, bytes, Real)) or not isinstance(data, Iterable):
        raise TypeError(f"{name} holds one sequence a row; got {data!r} ({type(data).__name__})")
    return list(data)


def _flat(X: Any, nin: int, name: str) -> list[list[float]]:
    """Sequences of rows as one row each, checked for their shape and their numbers."""
    shape = getattr(X, "shape", None)
    if shape is not None and (len(shape) not in (2, 3) or (shape[2] if len(shape) == 3 else 1) != nin):
        raise ValueError(f"{name} has the shape {tuple(shape)}; (sequences, steps, {nin}) is wanted")
    flat: list[list[float]] = []
    for i, sequence in enumerate(_nested(X, name)):
        if isinstance(sequence, (str, bytes)) or not isinstance(sequence, Iterable):
            raise TypeError(f"sequence {i} of {name} is {sequence!r} ({type(sequence).__name__}), not steps")
        steps = [_step(row, nin, f"step {t} of sequence {i} of {name}") for t, row in enumerate(sequence)]
        if not steps:
            raise ValueError(f"sequence {i} of {name} is empty: it takes at least one step")
        if flat and len(steps) * nin != len(flat[0]):
            raise ValueError(
                f"sequence {i} of {name} has {len(steps)} steps where sequence 0 has {len(flat[0]) // nin}: "
                "cut or pad them to one length"
            )
        flat.append([x for row in steps for x in row])
    if not flat:
        raise ValueError(f"{name} is empty: there is nothing to learn from")
    return flat


def _step(row: Any, nin: int, place: str) -> list[float]:
    """The inputs of a step, as many as the network takes."""
    place += " (counted from 0)"
    if isinstance(row, (str, bytes)) or not isinstance(row, (Iterable, Real)):
        raise TypeError(f"{place} is {row!r} ({type(row).__name__}), not a row of numbers")
    inputs = [row] if isinstance(row, Real) else list(row)
    if len(inputs) != nin:
        raise ValueError(f"{place} has {counted(len(inputs), 'input')}; the network takes {nin}")
    for j, x in enumerate(inputs):
        if not isinstance(x, Real):
            raise TypeError(f"input {j} at {place} is {x!r} ({type(x).__name__}), not a number")
        if not isfinite(x):
            raise ValueError(f"input {j} at {place} is {x!r}; it has to be a finite number")
    return [float(x) for x in inputs]


def stepwise(loss: Loss, model: Recurrent, prediction: Sequence[Any], target: Any) -> Value:
    """The mean loss over the steps of a sequence, for a model with outputs after every one.

    Args:
        loss: of one step.
        model: see above.
        prediction: what it gave.
        target: the targets of all steps in one row.
    """
    row = [target] if isinstance(target, Real) else list(target)
    targets = [single_or_list(row[k : k + model.nout]) for k in range(0, len(row), model.nout)]
    return mean(loss(step, t) for step, t in zip(prediction, targets, strict=True))
