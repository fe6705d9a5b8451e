"""The signs that a training goes wrong: how each shows in the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from textwrap import fill
from typing import TypeAlias

from autograd.notation.numbers import counted, number
from nn.health.records import RUN, Bad, Record, Records

LARGE = 1e3
"""A gradient whose norm is larger than this explodes, whatever follows."""
STEEP = 100
"""A gradient above 1 that does not grow explodes if it is this many times that of the last layer."""
FADED = 1e-3
"""A gradient has vanished if it is below this share of that of the last layer."""
WIDTH = 100
"""The lines of a finding in words have at most this many characters."""

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
        cure: what usually helps in such a network; see `nn.health.cures`.
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


def _nan_cost(log: Records) -> Iterator[Sighting]:
    loss = log.records[-1].loss
    if not isfinite(loss):
        yield None, f"The cost is {loss}{_because(log)}."


def _nan_weights(log: Records) -> Iterator[Sighting]:
    for k, layer in enumerate(log.records[-1].layers):
        if not isfinite(layer.weights) or (not isfinite(layer.update) and layer.weights):
            yield k, f"Weights of it are not finite numbers any more{_because(log)}."
            return


def _because(log: Records) -> str:
    return f", as {log.cause}" if log.cause is not None else ""


def _exploding(log: Records) -> Iterator[Sighting]:
    last = log.records[-1]
    for k, layer in enumerate(last.layers):
        if not layer.gradient <= LARGE:
            yield k, f"The norm of its gradient is {number(layer.gradient)}{_because(log)}."
            return
    for k, layer in enumerate(last.layers):
        if log.running(k, lambda own, record: own.gradient > 1):
            first, end = log.records[-RUN].layers[k].gradient, last.layers[-1].gradient
            if layer.gradient >= 3 * first or layer.gradient > STEEP * end:
                yield (
                    k,
                    (
                        f"The norm of its gradient stays above 1: {number(first)} {RUN} records ago, now "
                        f"{number(layer.gradient)}, where that of {log.layers[-1]} is {number(end)}."
                    ),
                )
                return


def _growing(log: Records) -> Iterator[Sighting]:
    before = log.records[-RUN:][0]
    for k, layer in enumerate(log.records[-1].layers):
        start = before.layers[k].weights
        if isfinite(layer.weights) and layer.weights > 10 * max(start, 1.0):
            yield (
                k,
                (
                    f"The norm of its weights has grown from {number(start)} to {number(layer.weights)} in "
                    f"{counted(log.records[-1].step - before.step, 'step')}."
                ),
            )
            return


def _vanishing(log: Records) -> Iterator[Sighting]:
    counts = log.sizes
    if len(counts) < 2:
        return

    def size(record: Record, k: int) -> float:
        return record.layers[k].gradient / sqrt(counts[k])

    def faded(k: int) -> Bad:
        return lambda own, record: size(record, k) < FADED * size(record, -1)

    last = log.records[-1]
    for k in range(len(counts) - 1):
        if log.running(k, faded(k), but=2):
            yield (
                k,
                (
                    f"A weight of it gets a gradient of about {number(size(last, k))}, one of "
                    f"{log.layers[-1]} {number(size(last, -1))}; the same in the last {RUN} records."
                ),
            )
            return


def _dying(log: Records) -> Iterator[Sighting]:
    dying = [k for k in range(len(log.layers)) if log.running(k, log.mostly_dead(k))]
    for k in dying[:1]:
        dead = log.records[-1].layers[k].dead
        yield k, f"{dead} of its {log.relus(k)} ReLUs give 0 on all samples looked at{_also(dying)}."


def _saturated(log: Records) -> Iterator[Sighting]:
    run = log.records[-RUN:]
    if len(run) < RUN or not run[-1].loss >= 0.99 * run[0].loss:
        return
    layers = range(len(log.layers))
    saturated = [k for k in layers if log.running(k, lambda own, record: (own.saturated or 0) > 0.5)]
    for k in saturated[:1]:
        yield (
            k,
            (
                f"{run[-1].layers[k].saturated:.0%} of its activations are on a flat end, where the slope is "
                f"almost 0, and the cost does not fall{_also(saturated)}."
            ),
        )


def _also(layers: Sequence[int]) -> str:
    return f"; and so in {counted(len(layers) - 1, 'more layer')}" if len(layers) > 1 else ""


def _unstable(log: Records) -> Iterator[Sighting]:
    losses = [record.loss for record in log.records]
    if len(losses) < 2 * RUN or not all(map(isfinite, losses[-RUN:])):
        return
    means = log.means
    if means[-1] > 3 * min(means[:-1]):
        yield (
            None,
            (
                f"Over the last {RUN} records it was {number(means[-1])}; it had been down to "
                f"{number(min(means[:-1]))}."
            ),
        )


def _no_progress(log: Records) -> Iterator[Sighting]:
    means = log.means
    if len(means) >= 3 and len(log.records) % RUN == 0 and means[-1] >= 0.999 * max(means[:2]):
        yield None, f"The cost has hardly fallen: {number(means[0])} at first, now {number(means[-1])}."


SIGNS: dict[str, Callable[[Records], Iterator[Sighting]]] = {
    "NaN cost": _nan_cost,
    "NaN weights": _nan_weights,
    "exploding gradient": _exploding,
    "growing weights": _growing,
    "vanishing gradient": _vanishing,
    "dying units": _dying,
    "saturated units": _saturated,
    "unstable cost": _unstable,
    "no progress": _no_progress,
}
"""For each sign by its name the function that looks for it in the last record."""
