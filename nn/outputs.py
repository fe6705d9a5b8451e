"""What the outputs of a network say: a class, the probability of each, a single number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from nn.checks import import_extra

T = TypeVar("T")


def single_or_list(values: Sequence[T]) -> T | list[T]:
    """Return the only one of a sequence of one, else all as a list.

    >>> single_or_list([0.5]), single_or_list([0.5, 1.0])
    (0.5, [0.5, 1.0])
    """
    return values[0] if len(values) == 1 else list(values)


def largest(numbers: Sequence[float]) -> int:
    """Return the index of the largest number, the first of equals.

    >>> largest([0.1, 0.7, 0.7])
    1
    """
    return max(range(len(numbers)), key=numbers.__getitem__)


def class_of(outputs: Sequence[float], threshold: float) -> int:
    """Return the class that outputs, or the targets for them, name, counted from 0.

    A single output names one of two classes by the side of the threshold that it is on; several
    outputs name the class of the largest.

    >>> class_of([0.4], 0.5), class_of([0.1, 0.7, 0.2], 0.5)
    (0, 1)
    """
    return int(outputs[0] > threshold) if len(outputs) == 1 else largest(outputs)


def is_right(outputs: Sequence[float], target: Sequence[float], threshold: float) -> bool:
    """Return whether the outputs name the class that the target names; see `class_of`."""
    return class_of(outputs, threshold) == class_of(target, threshold)


def both_classes(p: Any) -> Any:
    """Return the probabilities of two classes, (samples, 2), from a column of that of the second.

    What lies outside 0 … 1 counts as 0 or 1.
    """
    numpy = import_extra("numpy", "a table of probabilities")
    p = numpy.asarray(p, float).reshape(-1, 1).clip(0.0, 1.0)
    return numpy.hstack([1.0 - p, p])


def softmax_of(logits: Any) -> Any:
    """Return the softmax of each row of logits, an array of shape (samples, classes).

    A single logit z per row is that of the second of two classes, and that of the first is 0: its
    probability is then the logistic function of z.  Logits that are infinite give nan where their
    probabilities are not determined.

    >>> softmax_of([[0.0], [1000.0]]).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    numpy = import_extra("numpy", "a table of probabilities")
    logits = numpy.asarray(logits, float)
    if logits.shape[1] == 1:
        logits = numpy.hstack([numpy.zeros_like(logits), logits])
    with numpy.errstate(invalid="ignore"):
        powers = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def support_of(outputs: Any, threshold: float) -> Any:
    """Return how far rows of outputs support each class, 0 … 1, shape (samples, classes).

    A single output between 0 and 1 with the threshold 0.5 is a probability, any other one is a
    score; several outputs are logits, unless they already sum to one.
    """
    numpy = import_extra("numpy", "a table of probabilities")
    outputs = numpy.asarray(outputs, float)
    if outputs.shape[1] == 1:
        return both_classes(outputs) if threshold == 0.5 else softmax_of(outputs - threshold)
    if numpy.all(outputs >= 0) and numpy.allclose(outputs.sum(axis=1), 1.0):
        return outputs
    return softmax_of(outputs)
