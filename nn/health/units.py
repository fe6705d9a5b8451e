"""What is read off the units of each layer: how many of their activations are on a flat end.

A unit is a Module that says so, such as a neuron: its activation is the last Value that a use of it
computes.  In any other Module every ReLU, sigmoid and tanh is a unit of its own.  A unit belongs to the
layer that computed what the activation is applied to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from autograd import Value
from nn.attention import Share, shares_among
from nn.health.heads import HeadFacts, Heads
from nn.health.layers import Homes, Use
from nn.module import Module, mode
from nn.predictions import values_of
from nn.units import computed_behind, use_of_unit

FLAT = 0.05
"""An activation saturates where its slope is below this share of its greatest slope."""


@dataclass
class Inside:
    """What was read inside a network on the watched samples.

    Attributes:
        units: what the units of each layer show, by its path.
        heads: what the heads of attention show.
    """

    units: dict[str, UnitFacts] = field(default_factory=dict)
    heads: tuple[HeadFacts, ...] = ()


@dataclass
class UnitFacts:
    """What was read off the units of one layer; see `LayerRecord`.

    Attributes:
        relus: how many of its units are ReLUs.
        saturated: the share of the other activations that are on a flat end; None if there are none.
        dead: how many of the ReLUs were always 0; None if there are none.
    """

    relus: int = 0
    saturated: float | None = None
    dead: int | None = None


class Unit(NamedTuple):
    """What is the same of a unit in every sample and at every step of time.

    Attributes:
        layer: the path of its layer.
        op: the name of the op that its activation is computed by.
        module: the path of the Module that computes it.
        number: which of the activations of one use of that Module it is, from 0.
    """

    layer: str
    op: str
    module: str
    number: int


def inside_of(outputs: Iterable[Value], homes: Homes) -> tuple[list[tuple[Unit, Value]], list[Share]]:
    """Return what to look at behind some outputs: activations that can saturate or die, each with its unit;
    and the shares of attention.
    """
    order = computed_behind(outputs)
    nearest = homes.nearest(order)
    last: dict[int, Value] = {}  # by use
    flat: list[tuple[Value, Use]] = []
    for v in order:
        if v.op is not None and v.place is not None:
            use = use_of_unit(v.place)
            last[id(use)] = v
            if v.op.name in FLAT_ENDS:
                flat.append((v, use))
    found: list[tuple[Unit, Value]] = []
    numbers: Counter[int] = Counter()
    for v, use in flat:
        layer = nearest.get(v.inputs[0], nearest.get(v))
        module = homes.module(use)
        if layer is None or module is None or (use[0].is_unit and last[id(use)] is not v):
            continue
        found.append((Unit(layer[1], v.op.name, module, numbers[id(use)]), v))  # type: ignore[union-attr]
        numbers[id(use)] += 1
    return found, shares_among(order)


class Watched:
    """What a training looks at besides its steps.

    Args:
        model: the model as the user holds it, whatever wraps it to take rows or windows.
        samples: the places of the training samples on which the units are read.
    """

    def __init__(self, model: Module, samples: Sequence[int] = ()) -> None:
        self.model, self.samples = model, samples

    @cached_property
    def homes(self) -> Homes:
        """Which layer each Module of the model belongs to, read once."""
        return Homes(self.model)


def look_inside(model: Module, rows: Sequence[Any], homes: Homes | None = None) -> Inside:
    """Return what the units and the heads of a model show on some samples.

    Args:
        model: takes a row, and need not be the one that `Homes` was made of: it may wrap that one.
        rows: the samples.
        homes: which layer each Module belongs to; that of the model by default.
    """
    homes = homes or Homes(model)
    flat: list[tuple[Unit, int, int]] = []
    heads = Heads()
    with mode(model, training=False):
        for row in rows:
            units, shares = inside_of(values_of(model(row)), homes)
            flat += [(unit, FLAT_ENDS[unit.op](v.data), 1) for unit, v in units]
            heads.see([share.look for share in shares], [share.value.data for share in shares])
    return Inside(facts_of_units(flat), heads.facts())


def facts_of_units(counted: Iterable[tuple[Unit, int, int]]) -> dict[str, UnitFacts]:
    """Return what is known of the units, by the path of the layer.

    Args:
        counted: of a unit, how many activations were on a flat end, and out of how many; as often as it
            was looked at.
    """
    flat: dict[Unit, int] = {}
    seen: dict[Unit, int] = {}
    for unit, on_a_flat_end, count in counted:
        flat[unit] = flat.get(unit, 0) + on_a_flat_end
        seen[unit] = seen.get(unit, 0) + count
    units: dict[str, tuple[list[Unit], list[Unit]]] = {}
    for unit in seen:
        relus, others = units.setdefault(unit.layer, ([], []))
        (relus if unit.op == "relu" else others).append(unit)
    return {
        layer: UnitFacts(
            relus=len(relus),
            saturated=sum(flat[u] for u in others) / sum(seen[u] for u in others) if others else None,
            dead=sum(flat[u] == seen[u] for u in relus) if relus else None,
        )
        for layer, (relus, others) in units.items()
    }


FLAT_ENDS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda a: a == 0,
    "sigmoid": lambda a: 4 * a * (1 - a) < FLAT,
    "tanh": lambda a: 1 - a * a < FLAT,
}
"""For each op, whether an activation of this size is on a flat end."""
