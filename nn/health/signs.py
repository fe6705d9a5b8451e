"""The signs that a training goes wrong: how each shows in a monitor's records, and what helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isfinite, sqrt
from typing import TYPE_CHECKING

from autograd.notation.numbers import counted, number

if TYPE_CHECKING:
    from nn.health.monitor import Monitor
    from nn.health.records import LayerRecord, Record

RUN = 10
"""How many records running a sign must show that a single bad step can show as well."""
LARGE, STEEP, FADED = 1e3, 100, 1e-3
"""A gradient's norm that is exploding whatever follows; how many times that of the last layer it must be
otherwise, if it does not grow; the share of the last layer's gradient below which an earlier one's has
vanished."""

CURES = {
    "NaN cost": "Lower the learning rate or clip the gradients; autograd.detect_anomaly() names the first "
    "bad number.",
    "NaN weights": "Go back to the last good weights, lower the learning rate, and clip the gradients.",
    "exploding gradient": "Clip the gradients (clip_norm=1), start from smaller weights, take fewer layers "
    "or smaller batches; in a recurrent network take gated cells or truncate the way back.",
    "growing weights": "Lower the learning rate, or hold the weights small with a penalty (l2=0.001).",
    "vanishing gradient": "Take ReLU or its kin, an initialiser that fits the activation, and fewer layers.",
    "dying units": "Lower the learning rate, take leaky_relu, or initialise with he_normal.",
    "saturated units": "Start from smaller weights, scale the inputs, and after a sigmoid take cross-entropy "
    "rather than a squared error.",
    "unstable cost": "Lower the learning rate, or take larger batches.",
    "no progress": "Change the learning rate, up or down, by factors of 3, and look whether the gradient "
    "reaches the first layer.",
}
"""The signs by name, and what usually helps."""

Sighting = tuple[int | None, str]
"""The layer in which a sign is seen, counted from 0, or None for the network; and what is seen."""


def _nan_cost(monitor: Monitor) -> Iterator[Sighting]:
    loss = monitor.records[-1].loss
    if not isfinite(loss):
        yield None, f"The cost is {loss}."


def _nan_weights(monitor: Monitor) -> Iterator[Sighting]:
    for k, layer in enumerate(monitor.records[-1].layers):
        if not isfinite(layer.weights) or (not isfinite(layer.update) and layer.weights):
            yield k, "Weights of it are no finite numbers any more."
            return


def _exploding(monitor: Monitor) -> Iterator[Sighting]:
    last = monitor.records[-1]
    for k, layer in enumerate(last.layers):
        if not layer.gradient <= LARGE:
            yield k, f"The norm of its gradient is {number(layer.gradient)}."
            return
    for k, layer in enumerate(last.layers):
        if monitor.running(k, lambda own, record: own.gradient > 1):
            first, end = monitor.records[-RUN].layers[k].gradient, last.layers[-1].gradient
            if layer.gradient >= 3 * first or layer.gradient > STEEP * end:
                yield (
                    k,
                    (
                        f"The norm of its gradient stays above 1: {number(first)} {RUN} records ago, now "
                        f"{number(layer.gradient)}, where that of {monitor.layers[-1]} is {number(end)}."
                    ),
                )
                return


def _growing(monitor: Monitor) -> Iterator[Sighting]:
    before = monitor.records[-RUN:][0]
    for k, layer in enumerate(monitor.records[-1].layers):
        start = before.layers[k].weights
        if isfinite(layer.weights) and layer.weights > 10 * max(start, 1.0):
            yield (
                k,
                (
                    f"The norm of its weights has grown from {number(start)} to {number(layer.weights)} in "
                    f"{counted(monitor.records[-1].step - before.step, 'step')}."
                ),
            )
            return


def _vanishing(monitor: Monitor) -> Iterator[Sighting]:
    counts = monitor.sizes
    if len(counts) < 2:
        return

    def size(record: Record, k: int) -> float:
        return record.layers[k].gradient / sqrt(counts[k])

    def faded(k: int) -> Callable[[LayerRecord, Record], bool]:
        return lambda own, record: size(record, k) < FADED * size(record, -1)

    last = monitor.records[-1]
    for k in range(len(counts) - 1):
        if monitor.running(k, faded(k), but=2):
            yield (
                k,
                (
                    f"A weight of it gets a gradient of about {number(size(last, k))}, one of "
                    f"{monitor.layers[-1]} {number(size(last, -1))}; the same in the last {RUN} records."
                ),
            )
            return


def _dying(monitor: Monitor) -> Iterator[Sighting]:
    dying = [k for k in range(len(monitor.layers)) if monitor.running(k, monitor.mostly_dead(k))]
    for k in dying[:1]:
        dead = monitor.records[-1].layers[k].dead
        yield k, f"{dead} of its {monitor.units_in(k)} ReLUs give 0 on all samples looked at{_also(dying)}."


def _saturated(monitor: Monitor) -> Iterator[Sighting]:
    run = monitor.records[-RUN:]
    if len(run) < RUN or not run[-1].loss >= 0.99 * run[0].loss:
        return
    layers = range(len(monitor.layers))
    saturated = [k for k in layers if monitor.running(k, lambda own, record: (own.saturated or 0) > 0.5)]
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


def _unstable(monitor: Monitor) -> Iterator[Sighting]:
    losses = [record.loss for record in monitor.records]
    if len(losses) < 2 * RUN or not all(map(isfinite, losses[-RUN:])):
        return
    means = monitor.means
    if means[-1] > 3 * min(means[:-1]):
        yield (
            None,
            (
                f"Over the last {RUN} records it was {number(means[-1])}; it had been down to "
                f"{number(min(means[:-1]))}."
            ),
        )


def _no_progress(monitor: Monitor) -> Iterator[Sighting]:
    means = monitor.means
    if len(means) >= 3 and len(monitor.records) % RUN == 0 and means[-1] >= 0.999 * max(means[:2]):
        yield None, f"The cost has hardly fallen: {number(means[0])} at first, now {number(means[-1])}."


SIGNS: dict[str, Callable[[Monitor], Iterator[Sighting]]] = {
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
