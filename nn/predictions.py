"""What a network gives for many rows at once: by the tape where it can be recorded, else row by row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from importlib import import_module
from typing import Any, TypeVar

from autograd import Value, no_grad
from nn import losses
from nn.checks import check_lengths, import_extra
from nn.data.feeding import Feeding, feeding_of
from nn.data.samples import Table, as_list, is_array, row_of
from nn.data.scaling import Scaled
from nn.data.structures import by_sample, naming_first, places_by_shape
from nn.module import mode
from nn.outputs import class_of, is_right, single_or_list, support_of

T = TypeVar("T")

FEW = 20_000
"""For at most this many products of a row with a parameter, recording a tape takes longer than it saves."""

PART = 4096
"""The tape goes through this many rows at once, which bounds the memory that they take as doubles."""


def outputs_of(model: Any, *tables: Any) -> Any:
    """Return the outputs for each row: a table of (rows, outputs), an array if the tape gave them.

    Dropout and the like are off meanwhile.

    Args:
        model: a Module that takes a row of each table.
        tables: rows of numbers, as many in each.

    >>> from nn import MLP
    >>> outputs_of(MLP(2, [2], init="zeros"), [[1.0, 2.0]])
    [[0.0, 0.0]]
    """
    return Outputs(model)(*tables)


class Outputs:
    """Gives the outputs of a model for many rows; the tape is recorded once.  See `outputs_of`."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._tape: Any = None
        self._weights = len(model.parameters())

    def __call__(self, *tables: Any) -> Any:
        """Return the outputs for each row, as the model's weights are now."""
        rows = len(tables[0])
        with mode(self._model, training=False):
            if rows > 1 and rows * self._weights > FEW:
                try:
                    return self._replayed(tables)
                except Exception:  # whatever keeps it from being recorded: row by row may do, or says why
                    pass
            return without_graph(
                lambda: [numbers_of(self._model(*[row_of(t, i) for t in tables])) for i in range(rows)]
            )

    def _replayed(self, tables: Sequence[Any]) -> Any:
        numpy, tape = import_module("numpy"), import_module("autograd.tape")
        tables = [t if is_array(t) or isinstance(t, Scaled) else numpy.asarray(t, float) for t in tables]
        if self._tape is None:
            sample = [row_of(table, 0) for table in tables]
            self._tape = tape.Tape.record(lambda *row: values_of(self._model(*row)), *sample)
        found: Any = []
        for k in range(0, len(tables[0]), PART):
            part = [numpy.asarray(table[k : k + PART], float) for table in tables]
            found.append(self._tape.forward(*part).reshape(len(part[0]), -1))
        found = numpy.concatenate(found)
        last = numbers_of(self._model(*[row_of(table, len(found) - 1) for table in tables]))
        if not numpy.allclose(found[-1], last, rtol=1e-9, atol=1e-12, equal_nan=True):
            raise ValueError(
                "the model does not treat every row alike: it draws random numbers, or keeps state"
            )
        return found


def without_graph(compute: Callable[[], T]) -> T:
    """Return what a function computes, without recording it; with, if it differentiates what it computes."""
    try:
        with no_grad():
            return compute()
    except ValueError:  # such as that of `autograd.gradients`: what was not recorded depends on nothing
        return compute()


def values_of(prediction: Any) -> list[Value]:
    """Return the Values of a prediction in one list: of one Value, of several, or of a structure of them.

    >>> values_of([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    [Value(data=1.0), Value(data=2.0), Value(data=3.0), Value(data=4.0)]
    """
    if isinstance(prediction, Value):
        return [prediction]
    parts = prediction.values() if isinstance(prediction, dict) else prediction
    return [v for part in parts for v in ([part] if isinstance(part, Value) else values_of(part))]


def numbers_of(prediction: Any) -> list[float]:
    """Return the numbers of a prediction in one list."""
    return [v.data for v in values_of(prediction)]


def predict(model: Any, X: Any) -> list[Any]:
    """Return the outputs for every sample of ``X``, as floats: one each, a list of them, or a structure.

    Many samples are computed together on the tape, where sums may be added up in another order than in
    ``model(x)``: the last bits of an output can then differ from what a single call gives.

    Args:
        model, X: as `nn.fit` takes them.

    Raises:
        TypeError, ValueError: if ``X`` is not such data, or does not suit the model.

    >>> from nn import MLP
    >>> model = MLP(2, [1], init="zeros")
    >>> predict(model, [[0.0, 1.0], [2.0, 3.0]])
    [0.0, 0.0]
    """
    feeding = feeding_of(model)
    X, shapes = feeding.apart(X)
    if len(set(shapes)) > 1:
        return _of_each_shape(lambda part: predict(model, part), X, shapes)
    rows = feeding.features(X)
    feeding.outputs(rows)
    return [feeding.shaped(row) for row in as_list(outputs_of(feeding.rowwise, rows))]


def classify(model: Any, X: Any, threshold: float | None = None) -> list[Any]:
    """Return the class of every row of ``X``, counted from 0: one per row, or a list with one per step.

    Several outputs name the class of the largest, a single one names class 1 if it is above the threshold.

    Args:
        model, X: see `predict`; or a model with outputs at every step.
        threshold: see `accuracy`.

    >>> from nn import MLP
    >>> classify(MLP(1, [1], init=lambda nout, nin, rng: [[1.0]]), [[-2.0], [2.0]])
    [0, 1]
    """
    feeding = feeding_of(model)
    X, shapes = feeding.apart(X)
    if len(set(shapes)) > 1:
        return _of_each_shape(lambda part: classify(model, part, threshold), X, shapes)
    answers, limit = _answers(feeding, feeding.features(X))
    limit = limit if threshold is None else threshold
    return [single_or_list([class_of(answer, limit) for answer in of_sample]) for of_sample in answers]


def probabilities(model: Any, X: Any) -> Any:
    """Return the probability of each class for every row of ``X``, an array of shape (rows, classes).

    They are the softmax of several outputs, and the logistic function of a single one, that of the
    second of two classes; outputs that are probabilities already stay as they are.  A model with
    outputs at every step gives the shape (rows, steps, classes).

    Args:
        model, X: see `predict`; or a model with outputs at every step.

    Raises:
        ImportError: if NumPy is not installed.
        ValueError: if samples have answers at so many different steps that they make no array.

    >>> from nn import MLP
    >>> probabilities(MLP(1, [1], init="zeros"), [[3.0]]).tolist()
    [[0.5, 0.5]]
    """
    feeding = feeding_of(model)
    X, shapes = feeding.apart(X)
    if len(set(shapes)) > 1:
        tables = _of_each_shape(lambda part: list(probabilities(model, part)), X, shapes)
        if len({table.shape for table in tables}) > 1:
            raise ValueError(
                "the samples have answers at different numbers of steps, which make no array; ask for the "
                "probabilities of those of one length at a time"
            )
        return import_extra("numpy", "a table of probabilities").stack(tables)
    answers, threshold = _answers(feeding, feeding.features(X))
    table = support_of([answer for of_sample in answers for answer in of_sample], threshold)
    steps = len(answers[0])
    return table if steps == 1 else table.reshape(len(answers), steps, -1)


def _of_each_shape(compute: Callable[[Any], list[Any]], X: Any, shapes: Sequence[Hashable]) -> list[Any]:
    """Return what a function gives for each sample, called with samples of one shape at a time."""
    found: dict[int, Any] = {}
    for places in places_by_shape(shapes).values():
        with naming_first(X, places, ["X"], lambda i, _: compute([X[i]])):
            found.update(zip(places, compute([X[i] for i in places]), strict=True))
    return [found[i] for i in range(len(found))]


def _answers(feeding: Feeding, rows: Table) -> tuple[list[list[Sequence[float]]], float]:
    """Return what names a class, one list per sample; and what a single output is compared with."""
    feeding.outputs(rows)
    answers = [feeding.answers(row) for row in as_list(outputs_of(feeding.rowwise, rows))]
    return answers, threshold_of(feeding.rowwise, row_of(rows, 0))


def threshold_of(model: Any, row: Sequence[float]) -> float:
    """Return what the single output of a model is compared with: 0.5 for a sigmoid's, else 0.

    Args:
        model: the model.
        row: one sample, which shows what op the output comes from.
    """
    with mode(model, training=False):
        last = values_of(model(row))[-1]
    return 0.5 if last.op is not None and last.op.name == "sigmoid" else 0.0


def accuracy(model: Any, X: Any, y: Any, threshold: float | None = None) -> float:
    """Return the share of samples that the model classifies right.

    Args:
        model, X: see `predict`.
        y: the classes: of a model of one output −1 and 1, or 0 and 1; else counted from 0, or one
            row per sample that is largest at its class.  A model with outputs at every step takes
            one per step.
        threshold: what a single output is compared with; by default 0.5 for that of a sigmoid, and
            0 for scores and logits.

    Raises:
        TypeError, ValueError: if ``X`` and ``y`` do not suit each other or the model.
    """
    X, shapes = feeding_of(model).apart(X)
    if len(set(shapes)) < 2:
        right = _right(model, X, y, threshold)
    else:
        targets = by_sample(y, "y")
        check_lengths(shapes, targets)
        parts = places_by_shape(shapes).values()
        chosen = [([X[i] for i in places], [targets[i] for i in places]) for places in parts]
        right = [hit for part in chosen for hit in _right(model, *part, threshold)]
    return sum(right) / len(right)


def _right(model: Any, X: Any, y: Any, threshold: float | None) -> list[bool]:
    """Return of each answer whether it is right."""
    feeding = feeding_of(model)
    rows = feeding.features(X)
    answers, limit = _answers(feeding, rows)
    limit = limit if threshold is None else threshold
    wanted, _ = feeding.targets(y, losses.mse, rows)
    check_lengths(rows, wanted)
    return [
        is_right(answer, target, limit)
        for of_sample, row in zip(answers, as_list(wanted), strict=True)
        for answer, target in zip(of_sample, feeding.answers(row), strict=True)
    ]
