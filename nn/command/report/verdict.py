"""The verdict on a training, in words, by stated rules from its history and its scores.

The first rule that holds decides:

1. *unstable*: the last training loss is not finite, or above the first one;
2. *overfits*: the training score is above the held-out one by more than `GAP` and more than 2/√n, where n
   is the number of held-out samples: chance alone hardly makes so large a difference;
3. *too short*: every planned epoch was run, less than `GOOD` of what a constant guess misses was learned, and
   the loss fell by more than `FALL` of the first one in the last tenth of the epochs;
4. *underfits*: on its training samples less than `LITTLE` of what a constant guess misses was learned;
5. *learned*: on held-out samples at least `LITTLE` of that was learned.

Otherwise there is no verdict.  A score is the accuracy or R²; a constant guess is the commonest class, or the
mean.  The rules look at ratios of losses only, so the loss's scale does not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite, sqrt

from autograd.notation.numbers import number
from nn.command.result import Result
from nn.data.dataset import Dataset

GAP, GOOD, FALL, LITTLE = 0.1, 0.9, 0.05, 0.1
RISE = 0.01
"""A held-out loss that ends this share above its lowest point has risen."""


def verdict(result: Result) -> str:
    """Return the verdict on a network, as a word and the reason; "" if the rules give none."""
    job, losses = result.job, result.history["loss"]
    if not losses:
        return ""
    full = not result.history.stopped and not result.history.interrupted
    train, learned = _score(result, job.train)
    unstable = _unstable(losses)
    if unstable or not len(job.held_out):
        return unstable or _too_little(losses, learned, full)
    held_out, carried = _score(result, job.held_out)
    name = "R²" if job.data.classes is None else "accuracy"
    scores = f"{name} {train:.3f} in training, {held_out:.3f} held out".replace("-", "−")
    if train - held_out > max(GAP, 2 / sqrt(len(job.held_out))):
        return f"overfits: {scores}"
    if too_little := _too_little(losses, learned, full):
        return too_little
    return f"learned: {scores}" if carried >= LITTLE else ""


def curve_verdict(losses: Sequence[float], held_out: Sequence[float]) -> str:
    """Return the verdict that two loss curves alone allow; "" without a held-out one.

    It overfits if the held-out loss ends more than `RISE` above its lowest point, while from there on the
    training loss fell.

    >>> curve_verdict([3.0, 2.0, 1.0], [3.0, 2.5, 2.8])
    'overfits: since epoch 2 the held-out loss rose from 2.5 to 2.8, the training loss fell'
    >>> curve_verdict([3.0, 2.0, 1.0], [])
    ''
    """
    if unstable := _unstable(losses):
        return unstable
    if not held_out or len(held_out) != len(losses) or not all(map(isfinite, held_out)):
        return ""
    best = min(range(len(held_out)), key=held_out.__getitem__)
    first, low, last = held_out[0], held_out[best], held_out[-1]
    if last - low > RISE * abs(low) and losses[-1] < losses[best]:
        return (
            f"overfits: since epoch {best + 1} the held-out loss rose from {number(low)} to {number(last)}, "
            "the training loss fell"
        )
    fell = first - last > RISE * abs(first)
    return f"learned: the held-out loss fell from {number(first)} to {number(last)}" if fell else ""


def _unstable(losses: Sequence[float]) -> str:
    if losses and not isfinite(losses[-1]):
        return "unstable: the training loss is no longer finite"
    if losses and losses[-1] > losses[0]:
        return f"unstable: the training loss rose from {number(losses[0])} to {number(losses[-1])}"
    return ""


def _too_little(losses: Sequence[float], learned: float, full: bool) -> str:
    """Return whether the training was too short or the network underfits; "" if neither."""
    before = losses[-1 - len(losses) // 10]
    if full and learned < GOOD and before - losses[-1] > FALL * abs(losses[0]):
        return "too short: the training loss was still falling at the last epoch"
    if learned < LITTLE:
        return "underfits: on its own training samples it is hardly better than a constant guess"
    return ""


def _score(result: Result, data: Dataset) -> tuple[float, float]:
    """Return the accuracy or R², and which share of what a constant guess misses was learned."""
    scores = result.scores(data)
    if scores.accuracy is None:
        r2 = scores.r2 if scores.r2 is not None else 0.0
        return r2, r2
    constant = max(Counter(data.y).values()) / len(data)
    return scores.accuracy, (scores.accuracy - constant) / (1 - constant) if constant < 1 else 1.0
