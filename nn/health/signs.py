"""The signs that a training goes wrong: how each shows in the records, and what usually helps.

Nothing is advised that the network has already: ReLUs for a network of ReLUs, or the initialiser that its
weights started from.  Where something is not known of it, the advice is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from textwrap import fill
from typing import TypeAlias

from autograd.notation.numbers import counted, number
from nn.health.records import RUN, Record, Records

LARGE = 1e3
"""A gradient whose norm is larger than this explodes, whatever follows."""
STEEP = 100
"""A gradient above 1 that does not grow explodes if it is this many times that of the last layer."""
FADED = 1e-3
"""A gradient has vanished if it is below this share of that of the last layer."""
WIDTH = 100
"""The lines of a finding in words have at most this many characters."""
STARING, ALIKE, CHOOSY = 0.01, 0.02, 0.9
"""A head stares if its entropy is below ``STARING`` times the greatest one; two heads do the same if their
shares differ by less than ``ALIKE`` and the entropies of both are below ``CHOOSY`` times the greatest."""
SQUASHING = frozenset({"sigmoid", "tanh"})
"""The activations that let gradients vanish: they are flat on both sides."""
SLOWER, CLIPPED = "lower the learning rate", "clip the gradients (Clip(norm=1))"
GATED = "take gated cells (LSTMCell, GRUCell)"
PENALISED = "keep the weights small with a penalty (Penalised(loss, l2=0.001))"
"""Advice that is given against several signs."""

Sighting: TypeAlias = tuple[int | None, str]
"""The layer in which a sign is seen, counted from 0, or None for the network; and what is seen."""


@dataclass(frozen=True)
class Finding:
    """A sign that training goes wrong.

    Attributes:
        sign: its name, a key of `SIGNS`.
        step: when it was seen.
        layer: where, a name of `Monitor.layers`; "" for the network as a whole.
        fact: what was seen, a sentence.
        cure: what usually helps in such a network; see `Sign.cure`.
        path: where the model holds the layer, such as ``encoder.layers.0``; "" for the model itself.
    """

    sign: str
    step: int
    layer: str
    fact: str
    cure: str = ""
    path: str = ""

    def __str__(self) -> str:
        where = f"step {self.step}, {self.layer}" if self.layer else f"step {self.step}"
        if self.path not in ("", self.layer):
            where += f" ({self.path})"
        words = fill(f"{self.fact} {self.cure}", WIDTH, initial_indent="  ", subsequent_indent="  ")
        return f"{where}: {self.sign}\n{words}"


class Sign:
    """A sign of trouble: how it shows, and what usually helps.

    Attributes:
        name: how it is called.
        words: the sentence that says what is seen.
        advice: what helps in any network.
        is_of_finite: whether it is a sign of finite numbers alone: numbers that are not finite are told by
            other signs.
    """

    name: str
    words: str
    advice: tuple[str, ...] = ()
    is_of_finite = True

    def told(self, log: Records) -> Iterator[Sighting]:
        """Look for the sign in the last record, where the numbers are such that it says anything."""
        now = log.records[-1]
        if not self.is_of_finite:
            yield from self.seen(log)
        elif isfinite(now.loss):
            yield from ((k, fact) for k, fact in self.seen(log) if k is None or now.layers[k].is_finite)

    def seen(self, log: Records) -> Iterator[Sighting]:
        """Look for the sign in the last record; the first place where it is seen counts."""
        raise NotImplementedError

    def cure(self, log: Records, k: int | None) -> str:
        """Return what usually helps against it, if it is seen in layer ``k``, or for None in the network."""
        return _any_of(*self.advice) if log.cause is None else log.cause.remedy


class _NanCost(Sign):
    name, advice = "cost not finite", (SLOWER, CLIPPED)
    is_of_finite = False
    words = "The cost is {}{}."

    def seen(self, log: Records) -> Iterator[Sighting]:
        loss = log.records[-1].loss
        if not isfinite(loss):
            yield None, self.words.format(loss, log.because)

    def cure(self, log: Records, k: int | None) -> str:
        found = "" if log.cause is not None else " autograd.detect_anomaly() names the first bad number."
        return super().cure(log, k) + found


class _NanWeights(Sign):
    name = "weights not finite"
    is_of_finite = False
    words = "Weights of it are not finite numbers any more{}."

    def seen(self, log: Records) -> Iterator[Sighting]:
        for k, layer in enumerate(log.records[-1].layers):
            if not layer.is_finite:
                yield k, self.words.format(log.because)

    def cure(self, log: Records, k: int | None) -> str:
        again = "Train again from weights that are finite"
        if log.cause is not None:
            return f"{again}. {log.cause.remedy}"
        return f"{again}, {SLOWER}, and {CLIPPED}."


class _Exploding(Sign):
    name = "exploding gradient"
    words = "The norm of its gradient is {}{}."
    stays = "The norm of its gradient stays above 1: {} {} records ago, now {}{}{}."

    def seen(self, log: Records) -> Iterator[Sighting]:
        record = log.records[-1]
        for k, layer in enumerate(record.layers):
            if not layer.gradient <= LARGE:
                yield k, self.words.format(number(layer.gradient), log.because or log.whose(k, own=False))
        for k in log.running(lambda record, k: record.layers[k].own > 1):
            end = log.end(record, k)
            first, now, other = log.records[-RUN].layers[k].own, record.layers[k].own, record.layers[end].own
            if now >= 3 * first or now > STEEP * other:
                beside = f", where that of {log.layers[end]} is {number(other)}" if end != k else ""
                whose = log.whose(k, own=True)
                yield k, self.stays.format(number(first), RUN - 1, number(now), beside, whose)

    def cure(self, log: Records, k: int | None) -> str:
        if log.cause is not None:
            return log.cause.remedy
        start = log.start
        return _any_of(
            CLIPPED,
            "start from smaller weights" if start in (None, 1) else "",
            SLOWER if start in (-1, 0) else "",
            "" if log.recurrent else log.fewer_layers,
            GATED if log.recurrent and not log.gated else "",
            "truncate the way back (truncate=…)" if log.recurrent else "",
        )


class _Growing(Sign):
    name, advice = "growing weights", (SLOWER, PENALISED)
    words = "The norm of its weights has grown from {} to {} in {}."

    def seen(self, log: Records) -> Iterator[Sighting]:
        then, now = log.records[-RUN:][0], log.records[-1]
        steps = counted(now.step - then.step, "step")
        for k, (before, after) in enumerate(zip(then.layers, now.layers, strict=True)):
            if isfinite(after.weights) and after.weights > 10 * max(before.weights, 1.0):
                yield k, self.words.format(number(before.weights), number(after.weights), steps)


class _Vanishing(Sign):
    name = "vanishing gradient"
    words = "A weight of it gets a gradient of about {}, one of {} {}; the same in the last {} records{}."

    def seen(self, log: Records) -> Iterator[Sighting]:
        def size(record: Record, k: int) -> float:
            return record.layers[k].own / sqrt(len(log.known_layers[k].own))

        def has_faded(record: Record, k: int) -> bool:
            return size(record, k) < FADED * size(record, log.end(record, k))

        exploding = {k for k, _ in SIGNS["exploding gradient"].seen(log)}  # where a later one explodes more
        for k in sorted({*log.running(has_faded, but=2)} - exploding):
            last = log.end(log.records[-1], k)
            own, other = (number(size(log.records[-1], i)) for i in (k, last))
            yield k, self.words.format(own, log.layers[last], other, RUN, log.whose(k, own=True))

    def cure(self, log: Records, k: int | None) -> str:
        if k is not None and log.records and log.records[-1].layers[k].own == 0:
            if log.shape is not None and log.known_layers[k].path not in log.shape.read:
                return "Nothing that it computes reaches the loss: use it in the model, or leave it out."
            return (
                "None at all flows back to it: see that where, maximum or the like chooses what it computes "
                "for some samples, and that not all units behind it give 0."
            )
        if log.recurrent:
            shorter = "take shorter sequences (truncate=…)"
            return _any_of("" if log.gated else GATED, log.better_start, shorter)
        activations = log.activations()
        return _any_of(
            "take ReLU or its kin" if activations is None or activations & SQUASHING else "",
            log.better_start,
            log.fewer_layers,
            "give the gradient a way around them (x + layer(x))",
        )


class _Dying(Sign):
    name = "dying units"
    words = "{} of its {} ReLUs give 0 on all samples looked at{}."

    def seen(self, log: Records) -> Iterator[Sighting]:
        relus = log.relus
        dying = log.running(lambda record, k: relus[k] > 0 and 2 * (record.layers[k].dead or 0) >= relus[k])
        for k in dying:
            yield k, self.words.format(log.records[-1].layers[k].dead, relus[k], _also(dying))

    def cure(self, log: Records, k: int | None) -> str:
        return _any_of(SLOWER, "take leaky_relu", log.better_start)


class _Saturated(Sign):
    name = "saturated units"
    words = (
        "{:.0%} of its activations are on a flat end, where the slope is almost 0, "
        "and the cost does not fall{}."
    )

    def seen(self, log: Records) -> Iterator[Sighting]:
        run = log.records[-RUN:]
        saturated = log.running(lambda record, k: (record.layers[k].saturated or 0) > 0.5)
        if run[-1].loss >= 0.99 * run[0].loss:
            for k in saturated:
                yield k, self.words.format(run[-1].layers[k].saturated, _also(saturated))

    def cure(self, log: Records, k: int | None) -> str:
        is_last = k == len(log.known_layers) - 1
        squashed_output = is_last and "sigmoid" in (log.activations(k) or {"sigmoid"})
        better_loss = "after a sigmoid take cross-entropy rather than a squared error"
        return _any_of(
            "start from smaller weights" if log.start in (None, 1) else SLOWER,
            "scale the inputs" if k == 0 else "",
            better_loss if squashed_output else PENALISED,
        )


class _StaringHead(Sign):
    name = "attention stares"
    words = (
        "{} looks at one position only: its shares have {:.1%} of the entropy that they could have, "
        "where the slope of the softmax is almost 0, and the cost does not fall."
    )
    advice = ("start from smaller weights", SLOWER, PENALISED)

    def seen(self, log: Records) -> Iterator[Sighting]:
        run = log.records[-RUN:]
        staring = log.steady_heads(lambda head: head.entropy < STARING)
        if run[-1].loss >= 0.99 * run[0].loss:
            for head in staring:
                yield None, self.words.format(_capital(head.name), head.entropy)


class _TwinHeads(Sign):
    name = "heads do the same"
    words = "{} and {} look at the same positions: {:.1%} of their shares differ."
    advice = ("take fewer heads", "start from another seed")

    def seen(self, log: Records) -> Iterator[Sighting]:
        for head in log.steady_heads(lambda h: h.difference < ALIKE and h.entropy < CHOOSY):
            yield None, self.words.format(_capital(head.name), head.twin, head.difference)


class _Unstable(Sign):
    name, advice = "unstable cost", (SLOWER, "take larger batches")
    words = "Over the last {} records it was {}; it had been down to {}."

    def seen(self, log: Records) -> Iterator[Sighting]:
        *before, now = log.means or [0.0]
        if before and now > 3 * min(before) and all(isfinite(record.loss) for record in log.records[-RUN:]):
            yield None, self.words.format(RUN, number(now), number(min(before)))


class _NoProgress(Sign):
    name = "no progress"
    words = "The cost has hardly fallen: {} at first, now {}."
    advice = (
        "change the learning rate, up or down, by factors of 3, and look whether the gradient reaches the "
        "first layer",
    )

    def seen(self, log: Records) -> Iterator[Sighting]:
        means = log.means
        if len(means) >= 3 and len(log.records) % RUN == 0 and means[-1] >= 0.999 * max(means[:2]):
            yield None, self.words.format(number(means[0]), number(means[-1]))


SIGNS = {
    sign.name: sign()
    for sign in (
        _NanCost, _NanWeights, _Exploding, _Growing, _Vanishing, _Dying, _Saturated, _StaringHead,
        _TwinHeads, _Unstable, _NoProgress
    )
}  # fmt: skip
"""The signs by name, in the order in which they are looked for."""


def _any_of(*advice: str) -> str:
    """Return the advice that is not empty as one sentence."""
    given = [a for a in advice if a]
    text = ", or ".join([", ".join(given[:-1]), given[-1]]) if len(given) > 2 else " or ".join(given)
    return f"{text[0].upper()}{text[1:]}."


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _also(layers: Sequence[int]) -> str:
    return f"; and so in {counted(len(layers) - 1, 'more layer')}" if len(layers) > 1 else ""
