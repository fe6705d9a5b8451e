"""What a monitor writes down, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

from nn.health.signs import CURES

if TYPE_CHECKING:
    pass


WIDTH = 100
"""Of a line of a finding in words."""


@dataclass(frozen=True)
class LayerRecord:
    """One layer at one step.

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
    """All layers at one step.

    Attributes:
        step: counted from 1.
        loss: the cost before the step; the mean since the last record where there were several.
        layers: one record a layer, in the order of `Monitor.layers`.
    """

    step: int
    loss: float
    layers: tuple[LayerRecord, ...]


@dataclass(frozen=True)
class Finding:
    """A sign that training goes wrong.

    Attributes:
        sign: its name, a key of `CURES`.
        step: when it was seen.
        layer: where, a name of `Monitor.layers`; "" for the network as a whole.
        fact: what was seen, a sentence.
    """

    sign: str
    step: int
    layer: str
    fact: str

    @property
    def cure(self) -> str:
        """What usually helps, a sentence."""
        return CURES[self.sign]

    def __str__(self) -> str:
        where = f"step {self.step}, {self.layer}" if self.layer else f"step {self.step}"
        words = fill(f"{self.fact} {self.cure}", WIDTH, initial_indent="  ", subsequent_indent="  ")
        return f"{where}: {self.sign}\n{words}"
