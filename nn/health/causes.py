"""Which operation made the first number that is not finite, if it was applied outside of its domain.

A monitor asks it, and so does `nn.fit` where a training ends with such a number.

A rate that is too large makes numbers overflow; but against the square root of a negative number no rate
helps.

>>> from nn import Module
>>> class Root(Module):
...     def forward(self, x):
...         return x.sqrt()
>>> model = Root()
>>> print(cause_in(model(Value(-0.25)) + 1.0, Homes(model)))
√(−0.25) in Root is nan
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Any

from autograd import Value, gradients, topological_order
from autograd.notation.formula import formula
from autograd.notation.numbers import number
from nn.callbacks import Numbers, Training
from nn.health.layers import Homes
from nn.module import Module, mode

WATCHED = 32
"""At least this many samples, from all over the data, are looked at closely."""
SEARCHED = 2_000_000
"""A sample that gives nan is looked for among about this many samples divided by the number of the model's
parameters, but among at least `WATCHED`."""


@dataclass(frozen=True)
class Cause:
    """An operation outside of its domain.

    Attributes:
        sign: how the op is written, such as √.
        fact: what was seen.
    """

    sign: str
    fact: str

    @property
    def remedy(self) -> str:
        """What helps."""
        return (
            f"Keep what goes into {self.sign} inside its domain, by a small constant, clip or where, or take "
            "a stable function. No rate helps against this."
        )

    def __str__(self) -> str:
        return self.fact


def cause_in(loss: Value, homes: Homes, slope: Callable[[Value], float] | None = None) -> Cause | None:
    """Return what made a loss or its gradient nan or infinite, while all weights were finite.

    Args:
        loss: the loss, with its graph.
        homes: of the model that computed it.
        slope: returns the gradient of the loss with respect to a Value; it is computed by default.

    Returns:
        None if everything is finite, or no operation left its domain, as where numbers overflow.
    """
    if not isfinite(loss.data):
        v = _first_bad(loss)
        return _cause(v, v.data, "{} is {}", homes)
    order = topological_order(loss)
    if slope is None:
        slope = dict(zip(order, gradients(loss, order), strict=True)).__getitem__
    for v in reversed(order):
        for x, partial in zip(v.inputs, v.partials, strict=True):
            if not isfinite(partial) and isfinite(slope(v)) and not isfinite(slope(x)):
                return _cause(v, partial, "the slope of {} is {}", homes)
    return None


def cause_among(training: Training, weights: Numbers) -> Cause | None:
    """Return what made the numbers of a training bad, as its first bad sample shows with these weights."""
    training.write()  # what the Parameters hold is put back afterwards
    with as_then(training.model, weights):
        for example in training.examples(max(WATCHED, SEARCHED // len(weights))):
            try:
                loss = example()
            except Exception:  # the model may raise anything where its numbers are bad
                continue
            cause = cause_in(loss, training.homes)
            if cause is not None or not isfinite(loss.data):
                return cause
    return None


@contextmanager
def as_then(model: Module, weights: Numbers) -> Iterator[None]:
    """Give a model these weights for the block, and take it out of training."""
    parameters = model.parameters()
    now = [p.data for p in parameters]
    try:
        for p, x in zip(parameters, weights, strict=True):
            p.data = float(x)
        with mode(model, training=False):
            yield
    finally:
        for p, x in zip(parameters, now, strict=True):
            p.data = x


def _first_bad(v: Value) -> Value:
    """Return the Value that is not finite though everything that it depends on is."""
    while True:
        bad = (
            x for x, partial in zip(v.inputs, v.partials, strict=True)
            if partial != 0 and x.role != "weight" and not isfinite(x.data)
        )  # fmt: skip
        x = next(bad, None)
        if x is None:
            return v
        v = x


def _cause(v: Value, result: float, words: str, homes: Homes) -> Cause | None:
    if v.op is None or not _is_outside(v.op, [x.data for x in v.inputs], result):
        return None
    module = homes.module(v.place)
    place = "the loss" if module is None else homes.titles[module]
    path = f" ({module})" if module not in (None, "", place) else ""
    applied = f"{formula(v.op, [number(x.data) for x in v.inputs])} in {place}{path}"
    return Cause(v.op.symbol, words.format(applied, result))


def _is_outside(op: Any, numbers: list[float], result: float) -> bool:
    """Return whether a number is outside of the domain: beyond its border for nan, on it for infinity."""
    for i, x in enumerate(numbers):
        domain = op.domain_of(i)
        on_the_border = x in (domain.low, domain.high, *domain.excluding)
        if isfinite(x) and x not in domain and (isnan(result) or on_the_border):
            return True
    return False
