"""What a network answers to many rows at once: by the tape where it can be recorded, else row by row."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from autograd import Value, no_grad
from nn import losses
from nn.data.samples import Samples, as_list, features, targets
from nn.module import mode
from nn.outputs import is_right, single_or_list
from nn.recurrent import Recurrent
from nn.training.sequences import sequence_features, sequence_targets

FEW = 20_000
"""Up to so many products of a row with a parameter the tape is not worth its recording."""


def answers(model: Any, *tables: Any) -> Any:
    """The outputs for each row: a table of (rows, outputs), an array if the tape gave them.

    Dropout and the like are off meanwhile.

    Args:
        model: a Module that takes a row of each table.
        tables: rows of numbers, as many in each.

    >>> from nn import MLP
    >>> answers(MLP(2, [2], init="zeros"), [[1.0, 2.0]])
    [[0.0, 0.0]]
    """
    rows = len(tables[0])
    with no_grad(), mode(model, training=False):
        if rows > 1 and rows * len(model.parameters()) > FEW:
            try:
                return _replayed(model, tables)
            except (
                Exception
            ):  # whatever keeps the model from being recorded: row by row it will do, or say why
                pass
        return [[v.data for v in _listed(model(*map(as_list, row)))] for row in zip(*tables, strict=True)]


def _replayed(model: Any, tables: Sequence[Any]) -> Any:
    numpy, tape = import_module("numpy"), import_module("autograd.tape")
    arrays = [numpy.asarray(table, float) for table in tables]
    recorded = tape.Tape.record(lambda *row: _listed(model(*row)), *[table[0].tolist() for table in arrays])
    found = recorded.forward(*arrays).reshape(len(arrays[0]), -1)
    last = [v.data for v in _listed(model(*[table[-1].tolist() for table in arrays]))]
    if not numpy.allclose(found[-1], last, rtol=1e-9, atol=1e-12, equal_nan=True):
        raise ValueError("the model does not treat every row alike: it draws random numbers, or keeps state")
    return found


def _listed(prediction: Any) -> Sequence[Value]:
    return [prediction] if isinstance(prediction, Value) else list(prediction)


def predict(model: Any, X: Any) -> list[Any]:
    """The outputs for every row of ``X``, as floats: one a row, or a list of them a row.

    Args:
        model: an MLP, or any Module that takes a row of numbers.
        X: one row of numbers a sample: lists, a NumPy array, a pandas frame.

    Raises:
        TypeError, ValueError: if ``X`` is not such a table, or does not suit the model.

    >>> from nn import MLP
    >>> model = MLP(2, [1], init="zeros")
    >>> predict(model, [[0.0, 1.0], [2.0, 3.0]])
    [0.0, 0.0]
    """
    rows = _rows(model, X, "X")
    if not _is_stepwise(model):
        return [single_or_list(outputs) for outputs in as_list(answers(model, rows))]
    samples = Samples(rows, ())
    with no_grad(), mode(model, training=False):
        predictions = (model(samples.row(i)) for i in range(len(samples)))
        return [[_numbers(step) for step in steps] for steps in predictions]


def _numbers(prediction: Any) -> Any:
    """The numbers of a prediction, alone where there is but one."""
    if isinstance(prediction, Value):
        return prediction.data
    return single_or_list([_numbers(v) for v in prediction])


def _is_stepwise(model: Any) -> bool:
    return isinstance(model, Recurrent) and model.every_step


def accuracy(model: Any, X: Any, y: Any, threshold: float = 0.0) -> float:
    """The share of samples that the model classifies right.

    Args:
        model, X: see `predict`.
        y: the classes: of a model of one output −1 and 1, or 0 and 1; else counted from 0, or one
            row a sample that is largest at its class.  Of a model with outputs at every step: one a step.
        threshold: what a single output is compared with: 0 for scores and logits, 0.5 for
            probabilities.

    Raises:
        TypeError, ValueError: if ``X`` and ``y`` do not suit each other or the model.
    """
    predicted = predict(model, X)
    if _is_stepwise(model):  # each step is one to classify
        y, _ = sequence_targets(model, y, losses.mse, len(predicted[0]))
        predicted = [step for steps in predicted for step in steps]
        y = [row[k : k + model.nout] for row in y for k in range(0, len(row), model.nout)]
    scores = [[s] if isinstance(s, float) else s for s in predicted]
    rows, _ = targets(y, len(scores[0]), losses.mse)
    _check_lengths(scores, rows, "X", "y")
    return sum(is_right(s, list(t), threshold) for s, t in zip(scores, rows, strict=True)) / len(scores)


def _rows(model: Any, X: Any, name: str) -> Any:
    """The features as one row a sample, a sequence's step after step."""
    if isinstance(model, Recurrent):
        return sequence_features(model, X, name)
    return features(X, name, _inputs(model))


def _check_lengths(rows: Any, wanted: Any, name_X: str, name_y: str) -> None:
    if len(rows) != len(wanted):
        raise ValueError(f"{name_X} has {len(rows)} rows, but {name_y} has {len(wanted)}: one a sample")


def _inputs(model: Any) -> int | None:
    """How many inputs the model takes, if it says so."""
    nin = getattr(model, "nin", None)
    return nin if isinstance(nin, int) else None
