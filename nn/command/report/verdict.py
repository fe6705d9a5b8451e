"""The verdict on a training, in words, by stated rules from its history and its scores.

The first rule that holds decides:

1. *unstable*: the last training loss is not finite, or above the first one by more than `NOISE` of it;
2. *overfits*: the training score is above the held-out one by more than `GAP` and more than 2/√n, where n
   is the number of held-out samples: chance alone hardly makes so large a difference; or, where the weights
   of the last epoch are kept, the held-out loss has lost again more than `BACK` of what it had fallen by,
   while the training loss went on falling;
3. *too short*: every planned epoch was run, less than `GOOD` of what a constant guess misses was learned, and
   the loss fell by more than `NOISE` of the first one in the last tenth of the epochs;
4. *underfits*: on its training samples less than `LITTLE` of what a constant guess misses was learned;
5. *learned*: on held-out samples at least `LITTLE` of that was learned, and the score is above that of a
   constant guess by more than 1/√n, an accuracy by two standard deviations of that guess's;
6. *unclear*: otherwise, and where the training score is above the held-out one by more than twice `GAP`: that
   what was learned in training carries over is not shown.

Without held-out samples the rules 2, 5 and 6 say nothing.  A score is the accuracy or R²; a constant guess is
the commonest class, or the mean.  The rules look at ratios of losses only: the loss's scale does not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite, isnan, nan, sqrt
from statistics import median

from autograd.notation.numbers import counted, number
from nn.command.result import Result
from nn.data.dataset import Dataset

GAP, GOOD, NOISE, LITTLE, BACK = 0.1, 0.9, 0.05, 0.1, 0.1


def verdict(result: Result) -> str:
    """Return the verdict on a network, as a word and the reason; "" if the rules give none."""
    job, history, losses = result.job, result.history, result.history["loss"]
    if not losses:
        return ""
    full = not history.stopped and not history.interrupted
    train, learned = _score(result, job.train)
    held_out, carried = _score(result, job.held_out) if len(job.held_out) else (nan, 0.0)
    unstable = _unstable(losses)
    if unstable or isnan(held_out):
        return unstable or _too_little(losses, learned, full)
    name = "R²" if job.data.classes is None else "accuracy"
    scores = f"{name} {train:.3f} in training, {held_out:.3f} held out".replace("-", "−")
    gap = train - held_out
    if gap > max(GAP, 2 / sqrt(len(job.held_out))):
        return f"overfits: {scores}"
    risen = "" if history.best_epoch else _risen(losses, history["val_loss"])
    if risen:
        return f"overfits: {risen}; {scores}"
    if too_little := _too_little(losses, learned, full):
        return too_little
    if gap > 2 * GAP:
        few = counted(len(job.held_out), "held-out sample")
        return f"unclear: {scores}: it may overfit, but {few} are too few to tell"
    constant = _constant(job.held_out)
    spread = 0.5 if job.data.classes is None else sqrt(constant * (1 - constant))
    if carried >= LITTLE and held_out - constant > 2 * spread / sqrt(len(job.held_out)):
        return f"learned: {scores}"
    return f"unclear: {scores}, where a constant guess has {constant:.3f}"


def curve_verdict(losses: Sequence[float], held_out: Sequence[float]) -> str:
    """Return the verdict that two loss curves alone allow; "" without a held-out one.

    It overfits if the held-out loss has lost again more than `BACK` of what it had fallen by, while the
    training loss went on falling; it has learned if the held-out loss fell by more than `NOISE`.

    >>> curve_verdict([3.0, 2.0, 1.0], [3.0, 2.5, 2.8])
    'overfits: since epoch 2 the held-out loss rose from 2.5 to 2.8, the training loss fell'
    >>> curve_verdict([3.0, 2.0, 1.0], [])
    ''
    """
    if unstable := _unstable(losses):
        return unstable
    if not held_out or len(held_out) != len(losses) or not all(map(isfinite, held_out)):
        return ""
    if risen := _risen(losses, held_out):
        return f"overfits: {risen}"
    first, last = held_out[0], held_out[-1]
    fell = first - last > NOISE * abs(first)
    return f"learned: the held-out loss fell from {number(first)} to {number(last)}" if fell else ""


def _unstable(losses: Sequence[float]) -> str:
    if losses and not isfinite(losses[-1]):
        return "unstable: the training loss is no longer finite"
    if losses and losses[-1] - losses[0] > NOISE * abs(losses[0]):
        return f"unstable: the training loss rose from {number(losses[0])} to {number(losses[-1])}"
    return ""


def _risen(losses: Sequence[float], held_out: Sequence[float]) -> str:
    """Say that the held-out loss rose while the training loss fell; "" if it did not.

    The end is the median of the last tenth of the epochs: one epoch may be worse by chance.
    """
    best = min(range(len(held_out)), key=held_out.__getitem__)
    low, end, trained = held_out[best], _end(held_out), _end(losses)
    if (
        not isfinite(end)
        or trained >= losses[best]
        or end - low <= BACK * (max(losses[0], held_out[0]) - low)
    ):
        return ""
    return (
        f"since epoch {best + 1} the held-out loss rose from {number(low)} to {number(end)}, "
        "the training loss fell"
    )


def _end(losses: Sequence[float]) -> float:
    return median(losses[-max(1, len(losses) // 10) :])


def _too_little(losses: Sequence[float], learned: float, full: bool) -> str:
    """Return whether the training was too short or the network underfits; "" if neither."""
    before = losses[max(0, len(losses) - 1 - max(1, len(losses) // 10))]
    if full and learned < GOOD and before - losses[-1] > NOISE * abs(losses[0]):
        return "too short: the training loss was still falling at the last epoch"
    if learned < LITTLE:
        return "underfits: on its own training samples it is hardly better than a constant guess"
    return ""


def _score(result: Result, data: Dataset) -> tuple[float, float]:
    """Return the accuracy or R², and which share of what a constant guess misses was learned."""
    scores = result.scores(data)
    constant = _constant(data)
    score = scores.r2 if scores.accuracy is None else scores.accuracy
    if score is None or not isfinite(score):  # all targets are one
        return nan, 0.0
    return score, (score - constant) / (1 - constant) if constant < 1 else 1.0


def _constant(data: Dataset) -> float:
    """Return the score of a constant guess."""
    return 0.0 if data.classes is None else max(Counter(data.y).values()) / len(data)
