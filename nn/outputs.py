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


def is_right(outputs: Sequence[float], target: Sequence[float], threshold: float) -> bool:
    """Return whether the outputs name the class that the target names.

    A single output names one of two classes by the side of the threshold that it is on; several
    outputs name the class of the largest.
    """
    if len(outputs) == 1:
        return (outputs[0] > threshold) == (target[0] > threshold)
    return largest(outputs) == largest(target)


def both_classes(p: Any) -> Any:
    """Return the probabilities of two classes, (samples, 2), from a column of that of the second.

    What lies outside 0 … 1 counts as 0 or 1.
    """
    numpy = import_extra("numpy", "a table of probabilities")
    p = numpy.asarray(p, float).reshape(-1, 1).clip(0.0, 1.0)
    return numpy.hstack([1.0 - p, p])


def probabilities(logits: Any) -> Any:
    """Return the softmax of each row of logits, an array of shape (samples, classes).

    A single logit z per row is that of the second of two classes, and that of the first is 0: its
    probability is then the logistic function of z.  Logits that are infinite give nan where their
    probabilities are not determined.

    >>> probabilities([[0.0], [1000.0]]).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    numpy = import_extra("numpy", "a table of probabilities")
    logits = numpy.asarray(logits, float)
    if logits.shape[1] == 1:
        logits = numpy.hstack([numpy.zeros_like(logits), logits])
    with numpy.errstate(invalid="ignore"):
        powers = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
