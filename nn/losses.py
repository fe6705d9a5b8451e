"""Losses: what a prediction costs, for one sample.

A prediction is what a network gives: a Value, or a list of them.  A target is a number or a
sequence of as many numbers (or of Values).  The loss of a batch is the mean over its samples:
``autograd.mean(half_mse(model(x), t) for x, t in zip(X, y))``.

>>> from autograd import Value
>>> half_mse([Value(0.5), Value(2.0)], [0.0, 1.0]).data
0.625
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isclose, log
from numbers import Real
from typing import Any, TypeAlias

from autograd import Constant, Value, dot, logsumexp, lookup, mean, softplus, where
from autograd import abs as absolute
from autograd import sum as total
from autograd.extend import recording
from autograd.notation.hints import described, short_repr
from nn.checks import finite_number, listed, one_of, whole_number

Prediction: TypeAlias = Value | Sequence[Value]
Target: TypeAlias = float | Value | Sequence[float | Value]
Loss: TypeAlias = Callable[[Any, Any], Value]

LOWEST = -1e38
"""A logit of −∞ counts as this where it is multiplied by a probability of 0; single precision has it too."""


def half_mse(prediction: Prediction, target: Target) -> Value:
    """Return ½ Σ (t − o)² over the outputs o: the error of the classical course, whose slope is o − t.

    Raises:
        ValueError: if there are not as many targets as outputs.
    """
    return _added([e**2 for e in _errors(prediction, target)]) * 0.5


def mse(prediction: Prediction, target: Target) -> Value:
    """Return the mean of (t − o)² over the outputs o.

    Raises:
        ValueError: if there are not as many targets as outputs.
    """
    return _mean([e**2 for e in _errors(prediction, target)])


def mae(prediction: Prediction, target: Target) -> Value:
    """Return the mean of |t − o| over the outputs o: a far target pulls no harder than a near one.

    Raises:
        ValueError: if there are not as many targets as outputs.

    >>> mae([Value(0.5), Value(3.0)], [0.0, 1.0]).data
    1.25
    """
    return _mean([absolute(e) for e in _errors(prediction, target)])


def huber(prediction: Prediction, target: Target, delta: float = 1.0) -> Value:
    """Return ½ e² for an error e = t − o within ±delta, delta·(|e| − ½ delta) beyond; the mean of several.

    Huber, Robust estimation of a location parameter (1964).  It is computed as c·(e − ½ c), where c
    is the error clipped to ±delta.

    Args:
        prediction, target: the outputs and their targets.
        delta: where the square ends and the straight line begins, above 0.

    Raises:
        TypeError, ValueError: if ``delta`` is not a finite number above 0, or if there are not as
            many targets as outputs.

    >>> huber(Value(0.0), 0.5).data, huber(Value(0.0), 3.0).data
    (0.125, 2.5)
    """
    finite_number("delta", delta, above=0.0)
    clipped = [(e.clip(-delta, delta), e) for e in _errors(prediction, target)]
    return _mean([c * (e - 0.5 * c) for c, e in clipped])


def hinge(score: Prediction, y: Target) -> Value:
    """Return max(0, 1 − y·s) for a class y of −1 or +1 and a score s; the mean of several.

    Raises:
        ValueError: if a y is another number, or if there are not as many as scores.

    >>> hinge(Value(0.25), -1).data
    1.25
    """
    return _mean([(1 - t * s).relu() for s, t in _pairs(score, y, _check_sign)])


def binary_cross_entropy(
    logit: Prediction, y: Target, *, pos_weight: float = 1.0, label_smoothing: float = 0.0
) -> Value:
    """Return −y ln p − (1 − y) ln(1 − p), where p = σ(z) is the probability of class 1 and z the logit.

    It is computed from z, as y softplus(−z) + (1 − y) softplus(z): nothing overflows and no digits
    are lost, however sure of itself the network is.  Several losses give their mean.

    Args:
        logit: the logits.
        y: the classes 0 and 1, or probabilities of class 1.
        pos_weight: the weight of class 1, where that of class 0 is 1, as in PyTorch.
        label_smoothing: how far every y is moved towards ½: y becomes (1 − ε) y + ½ ε.

    Raises:
        ValueError: if a y is not between 0 and 1, or if there are not as many as logits; if
            ``pos_weight`` is not above 0 or ``label_smoothing`` not from 0 up and below 1.

    >>> binary_cross_entropy(Value(-800.0), 1).data
    800.0
    """
    finite_number("pos_weight", pos_weight, above=0.0)
    finite_number("label_smoothing", label_smoothing, at_least=0.0, below=1.0)
    smoothed = [(z, _smoothed(t, 0.5, label_smoothing)) for z, t in _pairs(logit, y, _check_probability)]
    return _mean([_binary(z, t, pos_weight) for z, t in smoothed])


def cross_entropy(
    logits: Sequence[Value],
    target: int | Sequence[float | Value],
    *,
    weight: Sequence[float] | None = None,
    label_smoothing: float = 0.0,
) -> Value:
    """Return −Σ w_k t_k ln p_k, where p = softmax(x) are the probabilities of the classes and x the logits.

    It is computed as ln Σ exp(x_k − x_t), where x_t is the logit of the class t (or Σ t_k x_k): nothing
    overflows and no digits are lost, however sure of itself the network is.

    Args:
        logits: one Value per class, at least two.
        target: the class, counted from 0; or the probability of each class.
        weight: the weight of each class, above 0; 1 by default.  The loss of a batch is the mean
            over its samples: PyTorch's ``reduction="mean"`` divides by the sum of the
            weights of their classes instead.
        label_smoothing: how far the probabilities are moved towards equal ones: t_k becomes
            (1 − ε) t_k + ε/n for n classes.  Szegedy et al., Rethinking the Inception architecture
            for computer vision (2016), §7.

    Raises:
        TypeError: if the target is a number but not a whole one.
        ValueError: if it is not one of the classes, or not probabilities that sum to 1; if there is
            not one weight per class, or if ``label_smoothing`` is not from 0 up and below 1.

    >>> cross_entropy([Value(1000.0), Value(0.0), Value(0.0)], 1).data
    1000.0
    """
    x = _logits("cross_entropy", logits)
    finite_number("label_smoothing", label_smoothing, at_least=0.0, below=1.0)
    if weight is not None:
        _check_weights(weight, len(x))
    if isinstance(target, Value) and not recording.branching and not label_smoothing and weight is None:
        score = lookup(target, x)  # of the class that each sample of a tape has
        return logsumexp([x_k - score for x_k in x])
    target = _certain(_target("cross_entropy", target, len(x)))
    if isinstance(target, int):
        if not label_smoothing:
            loss = _surprise(x, target)
            return loss if weight is None else loss * weight[target]
        target = [float(k == target) for k in range(len(x))]
    t: Sequence[Any] = [_smoothed(p, 1 / len(x), label_smoothing) for p in target]
    if weight is not None:
        t = [w * p for w, p in zip(weight, t, strict=True)]
    return _log_of_sum(x, _expected(t, x), None if weight is None and _are_numbers(t) else total(t))


def kl_divergence(logits: Sequence[Value], target: int | Sequence[float | Value]) -> Value:
    """Return Σ t_k ln(t_k / p_k): how far p = softmax(x) of the logits x is from the probabilities t.

    It is the cross-entropy minus the least value that this can have: 0 where p is t.  Kullback and
    Leibler, On information and sufficiency (1951).

    Args:
        logits: one Value per class, at least two.
        target: the probability of each class; or a class, counted from 0, of probability 1.

    Raises:
        TypeError, ValueError: see `cross_entropy`.

    >>> round(kl_divergence([Value(3.0), Value(3.0)], [0.25, 0.75]).data, 4)
    0.1308
    """
    x = _logits("kl_divergence", logits)
    target = _certain(_target("kl_divergence", target, len(x)))
    if isinstance(target, int):
        return _surprise(x, target)
    score = _expected(target, [x_k - _log(p) for x_k, p in zip(x, target, strict=True)])
    return _log_of_sum(x, score, None if _are_numbers(target) else total(target))


def l1(parameters: Iterable[Value]) -> Value:
    """Return Σ |w|, a penalty that drives weights to zero."""
    return total([absolute(w) for w in parameters])


def l2(parameters: Iterable[Value]) -> Value:
    """Return Σ w², a penalty that keeps weights small."""
    weights = list(parameters)
    return dot(weights, weights)


LOSSES: dict[str, Loss] = {
    "half_mse": half_mse,
    "mse": mse,
    "mae": mae,
    "huber": huber,
    "hinge": hinge,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "kl_divergence": kl_divergence,
}


def by_name(name: str) -> Loss:
    """Return the loss of this name, without its options.

    `functools.partial` gives it options: ``partial(losses.cross_entropy, label_smoothing=0.1)``.

    Raises:
        TypeError: if the name is not a string.
        ValueError: if there is no such loss.

    >>> by_name("hinge") is hinge
    True
    """
    return one_of("loss", name, LOSSES)


@dataclass(frozen=True)
class Penalised:
    """A loss, and a penalty on the size of a model's weights: loss + l1·Σ|w| + l2·Σw².

    `nn.fit` takes it as a loss.  Only weights are penalised, not biases: see `nn.Module.weights`.

    Args:
        loss: one of these losses or its name, or any function of a prediction and a target.
        l1, l2: the factors of the two sums, from 0 up.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind, unknown or out of range.

    >>> Penalised("mse", l2=0.5).penalty([Value(1.0), Value(2.0)]).data
    2.5
    """

    loss: Any
    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.loss, str) or not callable(self.loss):
            object.__setattr__(self, "loss", by_name(self.loss))
        for name in ("l1", "l2"):
            object.__setattr__(self, name, finite_number(name, getattr(self, name), at_least=0.0))

    def penalty(self, weights: Sequence[Value]) -> Value | None:
        """Return the part that depends on the weights alone; None if there is none."""
        parts = []
        if self.l1:
            parts.append(self.l1 * l1(weights))
        if self.l2:
            parts.append(self.l2 * l2(weights))
        if not parts or not weights:
            return None
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _listed(x: Any, what: str) -> Sequence[Any]:
    """Return one thing or several as a sequence.

    Raises:
        TypeError: if it is neither a number or Value nor a row of them.
    """
    if isinstance(x, (Value, Real)):
        return (x,)
    if isinstance(x, (str, bytes)) or not isinstance(x, Iterable):
        raise TypeError(f"{what} is a number or a Value, or a row of them; got {described(x)}")
    row = tuple(x)
    for i, part in enumerate(row):
        if isinstance(part, (str, list, tuple)) or getattr(part, "ndim", 0) > 0:
            raise TypeError(
                f"{what} is of one sample, a row of numbers or Values; entry {i} of it is {described(part)}. "
                "Of several samples take the mean: mean(loss(o, t) for o, t in zip(outputs, targets))"
            )
    return row


def _pairs(
    prediction: Any, target: Any, check: Callable[[Any], None] = lambda t: None
) -> list[tuple[Value, Any]]:
    """Return each output with its target, which is checked unless it is a Value."""
    outputs, targets = _listed(prediction, "a prediction"), _listed(target, "a target")
    if len(outputs) != len(targets) or not outputs:
        raise ValueError(f"a loss takes one target per output; got {len(targets)} for {len(outputs)}")
    for t in targets:
        if not isinstance(t, Value):
            check(t)
    return list(zip(outputs, targets, strict=True))


def _errors(prediction: Any, target: Any) -> list[Value]:
    return [t - o for o, t in _pairs(prediction, target)]


def _added(values: list[Value]) -> Value:
    return values[0] if len(values) == 1 else total(values)


def _mean(values: list[Value]) -> Value:
    return values[0] if len(values) == 1 else mean(values)


def _smoothed(t: Any, even: float, smoothing: float) -> Any:
    """Return the probability, moved towards an even one."""
    return (1 - smoothing) * t + smoothing * even if smoothing else t


def _binary(z: Value, y: Value | float, pos_weight: float) -> Value:
    if not isinstance(y, Value) and y in (0, 1):  # the other term is 0: leave it out of the graph
        loss = softplus(-z) if y == 1 else softplus(z)
        return loss * pos_weight if y == 1 and pos_weight != 1 else loss
    y_weighted = y if pos_weight == 1 else pos_weight * y
    return y_weighted * softplus(-z) + (1 - y) * softplus(z)


def _expected(t: Sequence[Any], x: Sequence[Value]) -> Value:
    """Return Σ t_k x_k, where a class of probability 0 adds 0, even if its logit is −∞."""
    some = [(p, x_k) for p, x_k in zip(t, x, strict=True) if isinstance(p, Value) or p]
    return dot(
        [p for p, _ in some],
        [where(p > 0, x_k, x_k.maximum(LOWEST)) if isinstance(p, Value) else x_k for p, x_k in some],
    )


def _log_of_sum(x: Sequence[Value], score: Value, share: Value | None) -> Value:
    """Return share · ln Σ exp(x_k) − score.

    The share is Σ t_k, all that the classes get; None for plain probabilities, which sum to 1.  Values
    are moved one at a time, off that sum: the slope in each is the formula's, −ln p_k.
    """
    if share is None:
        return logsumexp([x_k - score for x_k in x])
    shift = score / share
    return share * logsumexp([x_k - shift for x_k in x])


def _surprise(x: Sequence[Value], t: int) -> Value:
    """Return −ln p_t for the class t."""
    return logsumexp([Constant(0.0) if k == t else x_k - x[t] for k, x_k in enumerate(x)])


def _log(p: Any) -> Any:
    """Return ln p, and 0 for a probability of 0, where p ln p is 0 as well."""
    if isinstance(p, Value):
        return where(p > 0, p, 1.0).log()
    return log(p) if p else 0.0


def _logits(name: str, logits: Any) -> Sequence[Value]:
    x = _listed(logits, "a prediction")
    if len(x) < 2:
        raise ValueError(f"{name} takes one logit per class, two or more; got {len(x)}")
    return x


def _target(name: str, target: Any, classes: int) -> int | Sequence[Any]:
    """Return the class, or the probability of each.

    On a tape, the class of each sample becomes probabilities; they are nan if there is no such class.
    """
    if isinstance(target, Value) and not recording.branching:
        hits = [where(target >= k, where(target <= k, 1.0, 0.0), 0.0) for k in range(classes)]
        found = total(hits)
        return [hit / found for hit in hits]
    if isinstance(target, (Value, Real)):
        return _class(target, classes)
    probabilities = _listed(target, "a target")
    _check_distribution(name, probabilities, classes)
    return probabilities


def _are_numbers(target: Sequence[Any]) -> bool:
    """Return whether no probability is a Value."""
    return not any(isinstance(p, Value) for p in target)


def _certain(target: int | Sequence[Any]) -> int | Sequence[Any]:
    """Return the class if plain probabilities leave no doubt about it, else the target as it is."""
    if isinstance(target, int) or not _are_numbers(target) or 1 not in target:
        return target
    return list(target).index(1)


def _check_sign(y: Any) -> None:
    if y not in (-1, 1):
        raise ValueError(f"the hinge loss has the classes −1 and +1; got {y!r}")


def _check_probability(y: Any) -> None:
    if not 0 <= y <= 1:
        raise ValueError(f"binary cross-entropy has targets from 0 to 1; got {y!r}")


def _class(target: Any, classes: int) -> int:
    if isinstance(target, Value):
        raise TypeError("the class is a plain number; as Values, give the probability of each class")
    t = whole_number("the class", target, at_least=None)
    if not 0 <= t < classes:
        raise ValueError(f"the class is one of 0 to {classes - 1}, one per logit; got {t}")
    return t


def _check_distribution(name: str, target: Sequence[Any], classes: int) -> None:
    if len(target) != classes:
        raise ValueError(f"{name} takes one probability per logit; got {len(target)} for {classes}")
    if not _are_numbers(target):
        return
    if not (all(p >= 0 for p in target) and isclose(sum(target), 1.0, abs_tol=1e-6)):
        raise ValueError(
            f"the probabilities of the classes sum to 1, none below 0; got {short_repr(list(target))}"
        )


def _check_weights(weight: Any, classes: int) -> None:
    weights = listed("weight has one number per class", weight)
    if len(weights) != classes:
        raise ValueError(f"weight has one number per class; got {len(weights)} for {classes}")
    for k, w in enumerate(weights):
        finite_number(f"weight[{k}]", w, above=0.0)
