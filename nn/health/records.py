"""What a monitor writes down of each layer, and how it is read over several records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite, nan, sqrt
from random import Random
from typing import TypeAlias

from autograd.notation.numbers import counted
from nn.health.causes import Cause
from nn.health.heads import HeadFacts
from nn.health.layers import Layer, Shape
from nn.health.units import Inside, UnitFacts
from nn.init import FITTING, fitting

RUN = 10
"""A sign that a single bad step can show as well must show in this many records in a row."""

ENOUGH = 1000
"""What an initialiser gives is judged by at least this many numbers."""


@dataclass(frozen=True)
class LayerRecord:
    """What was seen of one layer at one step.

    Attributes:
        gradient: the norm of ∂J/∂w over its parameters; of tied weights, ∂J/∂w is of all their uses.
        weights: the norm of its parameters, before the step.
        update: the norm of the step, as a share of that; 0 if both are 0.
        saturated: the share of its activations, over units and watched samples, on a flat end of
            sigmoid or tanh: where the slope is below a twentieth of the greatest; as it was last read.
            None for others.
        dead: how many of its ReLUs are 0 on every watched sample; None for other activations.
        own: the norm of ∂J/∂w over the parameters that no other layer holds: what flows back to this layer
            alone.  Over all of its parameters if it has none of its own.
    """

    gradient: float
    weights: float
    update: float
    saturated: float | None = None
    dead: int | None = None
    own: float = nan

    @property
    def is_finite(self) -> bool:
        """Whether its parameters are finite numbers, before the step and after it."""
        return isfinite(self.weights) and (isfinite(self.update) or not self.weights)


@dataclass(frozen=True)
class Record:
    """What was seen of all layers at one step.

    Attributes:
        step: counted from 1.
        loss: the cost before the step; the mean since the last record where there were several.
        layers: one record per layer, in the order of `Monitor.layers`.
        heads: what the heads of attention did when that was last read.
    """

    step: int
    loss: float
    layers: tuple[LayerRecord, ...]
    heads: tuple[HeadFacts, ...] = ()


Bad: TypeAlias = Callable[[Record, int], bool]
"""Whether a layer, counted from 0, is bad in a record."""


@dataclass
class Records:
    """All records of a training so far, and what is known of the layers.

    Attributes:
        records: one per step that was recorded.
        known_layers: the layers, in the order of each record.
        inside: what was last read off the units of each layer and the heads of attention.
        shape: how the layers are used; None as long as no graph has been seen.
        cause: which operation made the first number that is not finite; None if none is known to have.
    """

    known_layers: list[Layer] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    inside: Inside = field(default_factory=Inside)
    shape: Shape | None = None
    cause: Cause | None = None

    def seen(self, shape: Shape) -> None:
        """Note how the layers are used, and put them in that order: those first that are not used at all."""
        self.shape = shape
        depths = {path: len(before) for path, before in shape.before.items()}
        self.known_layers.sort(key=lambda layer: depths.get(layer.path, -1))

    @property
    def joined(self) -> list[tuple[int, int]]:
        """Which layers feed which, counted from 0; each the next as long as no graph has been seen."""
        paths = [layer.path for layer in self.known_layers]
        if self.shape is None:
            return list(pairwise(range(len(paths))))
        place = {path: k for k, path in enumerate(paths)}
        feeding = ((self.shape.feeding(path), k) for path, k in place.items())
        return sorted((place[before], k) for layers, k in feeding for before in layers)

    @property
    def layers(self) -> list[str]:
        """The names of the layers."""
        return [layer.name for layer in self.known_layers]

    def end(self, record: Record, k: int) -> int:
        """Return the last layer that a gradient reaches and that layer ``k`` can be compared with, or ``k``.

        A layer that holds nothing but the same parameters has the same gradient, wherever it stands.
        """
        reached = ((i, x) for i, x in enumerate(self.known_layers) if record.layers[i].own > 0)
        return max((i for i, x in reached if i == k or self.known_layers[k].is_apart(x)), default=k)

    def whose(self, k: int, *, own: bool) -> str:
        """Return of which uses the gradient of a layer is, as the end of a sentence; "" if of its one use.

        Args:
            k: the layer, counted from 0.
            own: whether the gradient is that of the parameters that no other layer holds.
        """
        layer = self.known_layers[k]
        first, *others = [other.name for other in self.known_layers if other.path in layer.partners] or [""]
        partners = f"{first} and {counted(len(others), 'more layer')}" if others else first
        if partners and own and not layer.is_shared:
            return f"; what it shares with {partners} is left out"
        if partners:
            return f"; it shares weights with {partners}, and their gradient is of all uses"
        is_reused = self.shape is not None and layer.path in self.shape.recurrent
        return "; the gradient is of all its uses" if is_reused else ""

    @property
    def because(self) -> str:
        """The cause as the end of a sentence; "" if none is known."""
        return "" if self.cause is None else f", as {self.cause}"

    def activations(self, k: int | None = None) -> frozenset[str] | None:
        """Return the names of the activations of layer ``k``, or of all; None if they are not known."""
        if self.shape is None:
            return None
        layers = self.known_layers if k is None else [self.known_layers[k]]
        return frozenset().union(*(self.shape.activations.get(layer.path, ()) for layer in layers))

    @property
    def fewer_layers(self) -> str:
        """The advice to take fewer layers; "" if there is one only."""
        return "take fewer layers" if len(self.known_layers) > 1 else ""

    @property
    def recurrent(self) -> bool:
        """Whether the network is known to be recurrent."""
        return self.shape is not None and bool(self.shape.recurrent)

    @property
    def gated(self) -> bool:
        """Whether it is known to have recurrent cells with gates."""
        shape = self.shape
        return shape is not None and any("sigmoid" in shape.activations[path] for path in shape.recurrent)

    @property
    def start(self) -> int | None:
        """How the weights started, compared with the initialiser that fits the activations.

        −1 if they were too small, 0 if they may well have come from it, 1 if they were too large; None if
        it cannot be told, as where layers are not made of units.
        """
        weights, ratio = 0, 0.0
        for k, layer in enumerate(self.known_layers):
            activations = self.activations(k)
            if not activations or not layer.units or layer.weights % layer.units:
                continue
            drawn: list[float] = []
            rng = Random(0)
            while len(drawn) < ENOUGH:
                rows = fitting(min(activations))(layer.units, layer.weights // layer.units, rng)
                drawn += [w for row in rows for w in row]
            weights += layer.weights
            ratio += layer.squares / (sum(w * w for w in drawn) / len(drawn))
        if not weights:
            return None
        chance = 0.1 + 3 * sqrt(2 / weights)  # the variance of n normal numbers is off by √(2/n) or so
        return (ratio / weights > 1 + chance) - (ratio / weights < 1 - chance)

    @property
    def better_start(self) -> str:
        """The advice to start from other weights; "" if they started well."""
        if self.start == 0:
            return ""
        names = {FITTING.get(name, "xavier_uniform") for name in self.activations() or ()}
        return f"start with {' or '.join(sorted(names))}" if names else "start with an initialiser that fits"

    @property
    def means(self) -> list[float]:
        """The mean losses of each whole run of records, in turn."""
        losses = [record.loss for record in self.records]
        return [sum(losses[i - RUN : i]) / RUN for i in range(RUN, len(losses) + 1, RUN)]

    @property
    def relus(self) -> list[int]:
        """How many ReLUs each layer was seen to have."""
        return [self.inside.units.get(layer.path, UnitFacts()).relus for layer in self.known_layers]

    def running(self, bad: Bad, but: int = 0) -> list[int]:
        """Return the layers that were bad in all of the last `RUN` records, except at most ``but``."""
        run = self.records[-RUN:]
        return [
            k for k in range(len(self.known_layers))
            if len(run) == RUN and bad(run[-1], k) and sum(bad(r, k) for r in run) >= RUN - but
        ]  # fmt: skip

    def steady_heads(self, bad: Callable[[HeadFacts], bool]) -> list[HeadFacts]:
        """Return the heads, as they are now, that were bad in all of the last `RUN` records."""
        run = self.records[-RUN:]
        found = [{head.name for head in record.heads if bad(head)} for record in run]
        return [h for h in run[-1].heads if len(run) == RUN and all(h.name in names for names in found)]

    def by_head(self) -> dict[str, list[float | None]]:
        """Return the entropy of every record for each head of attention."""
        names = [head.name for head in self.inside.heads]
        rows = [{head.name: head.entropy for head in record.heads} for record in self.records]
        return {name: [row.get(name) for row in rows] for name in names}

    def by_layer(self, name: str) -> dict[str, list[float | None]]:
        """Return one number of every record, an attribute of `LayerRecord`, for each layer."""
        return {
            layer: [getattr(record.layers[k], name) for record in self.records]
            for k, layer in enumerate(self.layers)
        }
