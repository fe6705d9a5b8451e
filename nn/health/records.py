"""What a monitor writes down of each layer, and how it is read over several records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from nn.health.causes import Cause
from nn.health.layers import Layer, Shape
from nn.health.units import UnitFacts

RUN = 10
"""A sign that a single bad step can show as well must show in this many records in a row."""


@dataclass(frozen=True)
class LayerRecord:
    """What was seen of one layer at one step.

    Attributes:
        gradient: the norm of ∂J/∂w over its parameters.
        weights: the norm of its parameters, before the step.
        update: the norm of the step, as a share of that; 0 if both are 0.
        saturated: the share of its activations, over units and watched samples, on a flat end of
            sigmoid or tanh: where the slope is below a twentieth of the greatest; as it was last read.
            None for others.
        dead: how many of its ReLUs are 0 on every watched sample; None for other activations.
    """

    gradient: float
    weights: float
    update: float
    saturated: float | None = None
    dead: int | None = None


@dataclass(frozen=True)
class Record:
    """What was seen of all layers at one step.

    Attributes:
        step: counted from 1.
        loss: the cost before the step; the mean since the last record where there were several.
        layers: one record per layer, in the order of `Monitor.layers`.
    """

    step: int
    loss: float
    layers: tuple[LayerRecord, ...]


Bad: TypeAlias = Callable[[LayerRecord, Record], bool]
"""Whether a layer is bad in a record."""


@dataclass
class Records:
    """All records of a training so far, and what is known of the layers.

    Attributes:
        records: one per step that was recorded.
        known_layers: the layers, in the order of each record.
        units: what was last read off the units of each layer, by its path.
        shape: how the layers are used; None as long as no graph has been seen.
        cause: which operation made the first number that is not finite; None if none is known to have.
    """

    known_layers: list[Layer] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    units: dict[str, UnitFacts] = field(default_factory=dict)
    shape: Shape | None = None
    cause: Cause | None = None

    def seen(self, shape: Shape) -> None:
        """Note how the layers are used, and put them in that order: those first that are not used at all."""
        self.shape = shape
        self.known_layers.sort(key=lambda layer: shape.depths.get(layer.path, -1))

    @property
    def layers(self) -> list[str]:
        """The names of the layers."""
        return [layer.name for layer in self.known_layers]

    @property
    def sizes(self) -> list[int]:
        """How many parameters each layer has."""
        return [len(layer.places) for layer in self.known_layers]

    @property
    def means(self) -> list[float]:
        """The mean losses of each whole run of records, in turn."""
        losses = [record.loss for record in self.records]
        return [sum(losses[i - RUN : i]) / RUN for i in range(RUN, len(losses) + 1, RUN)]

    def relus(self, k: int) -> int:
        """Return how many ReLUs layer ``k`` was seen to have."""
        return self.units.get(self.known_layers[k].path, UnitFacts()).relus

    def mostly_dead(self, k: int) -> Bad:
        """Return whether half of layer ``k``'s ReLUs or more are dead, as a function of a record."""
        relus = self.relus(k)
        return lambda own, record: bool(relus) and own.dead is not None and 2 * own.dead >= relus

    def running(self, k: int, bad: Bad, but: int = 0) -> bool:
        """Return whether layer ``k`` was bad in all of the last `RUN` records, except at most ``but``."""
        run = self.records[-RUN:]
        if len(run) < RUN or not bad(run[-1].layers[k], run[-1]):
            return False
        return sum(bad(record.layers[k], record) for record in run) >= RUN - but

    def by_layer(self, name: str) -> dict[str, list[float | None]]:
        """Return one number of every record, an attribute of `LayerRecord`, for each layer."""
        return {
            layer: [getattr(record.layers[k], name) for record in self.records]
            for k, layer in enumerate(self.layers)
        }
