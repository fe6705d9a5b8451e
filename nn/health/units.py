"""What is read off the units of each layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd import Value
from nn.module import Module, mode
from nn.predictions import values_of

FLAT = 0.05
"""An activation saturates where its slope is below this share of its greatest slope."""


@dataclass
class UnitFacts:
    """What was read off the units of one layer, and how many there are; see `LayerRecord`."""

    count: int = 0
    saturated: float | None = None
    dead: int | None = None


@dataclass(frozen=True)
class Layer:
    """The parameters of one layer: their places among all of the model's, and its name."""

    name: str
    places: Sequence[int]

    def of(self, numbers: Any) -> Any:
        """Return the numbers of its parameters among those of all, as a list or an array like those."""
        if isinstance(self.places, range):
            return numbers[self.places.start : self.places.stop]
        return [numbers[i] for i in self.places]


def layers_of(model: Module) -> list[Layer]:
    """Return the parameters by layer, as their labels number it (``w21^3``); others by their attribute."""
    places: dict[str, list[int]] = {}
    for place, (path, p) in enumerate(model.named_parameters()):
        _, mark, layer = p.label.partition("^")
        name = f"layer {layer}" if mark and layer.isdigit() else path.partition(".")[0]
        places.setdefault(name, []).append(place)
    return [Layer(name, _as_range(at)) for name, at in places.items()]


def _as_range(places: list[int]) -> Sequence[int]:
    """Return the places as a range, if they stand one after another."""
    run = range(places[0], places[-1] + 1)
    return run if len(run) == len(places) else places


def units_of(outputs: Iterable[Value]) -> list[Value]:
    """Return the activations behind some outputs that can saturate or die: labelled ``a1^2``, and so on."""
    seen: dict[Value, None] = {}
    ahead = list(outputs)
    while ahead:
        v = ahead.pop()
        if v not in seen:
            seen[v] = None
            ahead += [x for x in v.inputs if x.op is not None]
    flat = [v for v in seen if v.op is not None and v.op.name in FLAT_ENDS]
    return [v for v in flat if v.label.startswith("a") and "^" in v.label]


def kind_of(unit: Value) -> tuple[str, str]:
    """Return the layer of a unit, and the op that it is an activation by."""
    assert unit.op is not None
    return f"layer {unit.label.partition('^')[2]}", unit.op.name


def facts_of_units(model: Any, rows: Sequence[Sequence[float]]) -> dict[str, UnitFacts]:
    """Return how many units of a model are saturated or dead on some samples, by layer."""
    found: dict[str, tuple[tuple[str, str], list[bool]]] = {}
    with mode(model, training=False):
        for row in rows:
            for unit in units_of(values_of(model(row))):
                kind = kind_of(unit)
                found.setdefault(unit.label, (kind, []))[1].append(FLAT_ENDS[kind[1]](unit.data))
    by_kind: dict[tuple[str, str], list[int]] = {}
    for kind, flat in found.values():
        by_kind.setdefault(kind, []).append(sum(flat))
    facts: dict[str, UnitFacts] = {}
    for kind, flat_on in by_kind.items():
        add_facts(facts, kind, flat_on, len(rows))
    return facts


def add_facts(
    facts: dict[str, UnitFacts], kind: tuple[str, str], flat_on: Sequence[int], samples: int
) -> None:
    """Add what is known of the units of one kind: on how many of the samples each was on a flat end."""
    layer, op = kind
    own = facts.setdefault(layer, UnitFacts())
    own.count += len(flat_on)
    if op == "relu":
        own.dead = sum(count == samples for count in flat_on)
    else:
        own.saturated = sum(flat_on) / (len(flat_on) * samples)


FLAT_ENDS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda a: a == 0,
    "sigmoid": lambda a: 4 * a * (1 - a) < FLAT,
    "tanh": lambda a: 1 - a * a < FLAT,
}
"""For each op, whether an activation of this size is on a flat end."""
