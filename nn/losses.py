"""Losses: what a prediction costs, for one sample.

A prediction is what a network gives: a Value, or a list of them.  A target is a number or a
sequence of as many (Values will do as well).  The loss of a batch is the mean over its samples:
``autograd.mean(half_mse(model(x), t) for x, t in zip(X, y))``.

>>> from autograd import Value
>>> half_mse([Value(0.5), Value(2.0)], [0.0, 1.0]).data
0.625
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isclose
from numbers import Real
from operator import index
from typing import Any, TypeAlias

from autograd import Constant, Value, dot, logsumexp, mean, softplus
from autograd import abs as absolute
from autograd import sum as total
from nn.names import by_name as _by_name

Prediction: TypeAlias = Value | Sequence[Value]
Target: TypeAlias = float | Value | Sequence[float | Value]
Loss: TypeAlias = Callable[[Any, Any], Value]


def half_mse(prediction: Prediction, target: Target) -> Value:
    """½ Σ (t − o)² over the outputs o: the error of the classical course, whose slope is o − t.

    Raises:
        ValueError: if there are not as many targets as outputs.
    """
    return _sum_of_squares(_errors(prediction, target)) * 0.5


def mse(prediction: Prediction, target: Target) -> Value:
    """The mean of (t − o)² over the outputs o.

    Raises:
        ValueError: if there are not as many targets as outputs.
    """
    errors = _errors(prediction, target)
    squares = _sum_of_squares(errors)
    return squares if len(errors) == 1 else squares / len(errors)


def hinge(score: Prediction, y: Target) -> Value:
    """max(0, 1 − y·s) for a class y of −1 or +1 and a score s; the mean where there are several.

    Raises:
        ValueError: if a y is another number, or if there are not as many as scores.

    >>> hinge(Value(0.25), -1).data
    1.25
    """
    return _mean([(1 - t * s).relu() for s, t in _pairs(score, y, _check_sign)])


def binary_cross_entropy(logit: Prediction, y: Target) -> Value:
    """−y ln p − (1 − y) ln(1 − p), where p = σ(z) is the probability of class 1 and z the logit.

    Computed from z, as y softplus(−z) + (1 − y) softplus(z): nothing overflows and no digits are
    lost, however sure of itself the network is.  The mean where there are several.

    Raises:
        ValueError: if a y is not between 0 and 1, or if there are not as many as logits.

    >>> binary_cross_entropy(Value(-800.0), 1).data
    800.0
    """
    return _mean([_binary(z, t) for z, t in _pairs(logit, y, _check_probability)])


def cross_entropy(logits: Sequence[Value], target: int | Sequence[float | Value]) -> Value:
    """−Σ t_k ln p_k, where p = softmax(x) are the probabilities of the classes and x the logits.

    Computed as ln Σ exp(x_k − x_t), where x_t is the logit of the class t (or Σ t_k x_k): nothing
    overflows and no digits are lost, however sure of itself the network is.

    Args:
        logits: one Value a class, at least two.
        target: the class, counted from 0; or the probability of each class.

    Raises:
        TypeError: if the target is a number but not a whole one.
        ValueError: if it is not one of the classes, or not probabilities that sum to 1.

    >>> cross_entropy([Value(1000.0), Value(0.0), Value(0.0)], 1).data
    1000.0
    """
    x = list(_listed(logits))
    if len(x) < 2:
        raise ValueError(f"cross_entropy takes one logit a class, two or more; got {len(x)}")
    if isinstance(target, (Value, Real)):
        t = _class(target, len(x))
    else:
        target = _listed(target)
        _check_distribution(target, len(x))
        if any(isinstance(p, Value) for p in target) or 1 not in target:
            x_t = dot(target, x)
            return logsumexp([x_k - x_t for x_k in x])
        t = list(target).index(1)
    return logsumexp([Constant(0.0) if k == t else x_k - x[t] for k, x_k in enumerate(x)])


def l1(parameters: Iterable[Value]) -> Value:
    """Σ |w|: drives weights to zero."""
    return total([absolute(w) for w in parameters])


def l2(parameters: Iterable[Value]) -> Value:
    """Σ w²: keeps weights small."""
    return _sum_of_squares(list(parameters))


LOSSES: dict[str, Loss] = {
    "half_mse": half_mse,
    "mse": mse,
    "hinge": hinge,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
}


def by_name(name: str) -> Loss:
    """The loss of this name.

    Raises:
        TypeError: if the name is not a string.
        ValueError: if there is no such loss.

    >>> by_name("hinge") is hinge
    True
    """
    return _by_name("loss", name, LOSSES)


def _listed(x: Any) -> Sequence[Any]:
    """One thing or several, as a sequence."""
    return (x,) if isinstance(x, (Value, Real)) else tuple(x)


def _pairs(
    prediction: Any, target: Any, check: Callable[[Any], None] = lambda t: None
) -> list[tuple[Value, Any]]:
    """Each output with its target, which is checked unless it is a Value."""
    outputs, targets = _listed(prediction), _listed(target)
    if len(outputs) != len(targets) or not outputs:
        raise ValueError(f"a loss takes one target an output; got {len(targets)} for {len(outputs)}")
    for t in targets:
        if not isinstance(t, Value):
            check(t)
    return list(zip(outputs, targets, strict=True))


def _errors(prediction: Any, target: Any) -> list[Value]:
    return [t - o for o, t in _pairs(prediction, target)]


def _sum_of_squares(values: list[Value]) -> Value:
    return values[0] * values[0] if len(values) == 1 else dot(values, values)


def _mean(values: list[Value]) -> Value:
    return values[0] if len(values) == 1 else mean(values)


def _binary(z: Value, y: Value | float) -> Value:
    if not isinstance(y, Value) and y in (0, 1):  # the other term is nothing: leave it out of the graph
        return softplus(-z) if y == 1 else softplus(z)
    return y * softplus(-z) + (1 - y) * softplus(z)


def _check_sign(y: Any) -> None:
    if y not in (-1, 1):
        raise ValueError(f"the hinge loss has the classes −1 and +1; got {y!r}")


def _check_probability(y: Any) -> None:
    if not 0 <= y <= 1:
        raise ValueError(f"binary cross-entropy has targets from 0 to 1; got {y!r}")


def _class(target: Any, classes: int) -> int:
    if isinstance(target, Value):
        raise TypeError("the class is a plain number; as Values, give the probability of each class")
    try:
        t = index(target)
    except TypeError:
        raise TypeError(f"the class is a whole number; got {target!r}") from None
    if not 0 <= t < classes:
        raise ValueError(f"the class is one of 0 to {classes - 1}, one a logit; got {t}")
    return t


def _check_distribution(target: Sequence[Any], classes: int) -> None:
    if len(target) != classes:
        raise ValueError(f"cross_entropy takes one probability a logit; got {len(target)} for {classes}")
    if any(isinstance(p, Value) for p in target):
        return
    if not (all(p >= 0 for p in target) and isclose(sum(target), 1.0, abs_tol=1e-6)):
        raise ValueError(f"the probabilities of the classes sum to 1, none below 0; got {list(target)!r}")
