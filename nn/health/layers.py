"""The layers of a model, read from how its Modules hold and use one another; no label is read.

A layer is a Module that holds parameters, itself or through units such as neurons.  The learned slope of an
activation belongs to the layer that holds the activation.

>>> from nn import MLP, Layer, Module
>>> class Net(Module):
...     def __init__(self):
...         self.encoder, self.head = MLP(2, [4, 4]), Layer(4, 1, "linear")
...     def forward(self, x):
...         return self.head(self.encoder(x))
>>> [(layer.name, layer.path) for layer in Homes(Net()).layers]
[('encoder · layer 1', 'encoder.layers.0'), ('encoder · layer 2', 'encoder.layers.1'), ('head', 'head')]
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeAlias

from autograd import Parameter, Value
from autograd.extend import number_of
from autograd.seeing import modules_within, title_of
from nn.activations import ACTIVATIONS
from nn.module import ACTIVATION, Module, is_weight
from nn.units import computed_behind

Use: TypeAlias = Any
"""The ``place`` of a Value: its Module, and the use that called that one; None outside of all Modules."""


@dataclass
class Layer:
    """The parameters of one layer.

    Attributes:
        name: how it is called, such as "layer 1" or "encoder · layer 2".
        path: where the model holds it, such as ``encoder.layers.1``; "" for the model itself.
        places: where its parameters stand among all of the model's; those of tied weights in each layer.
        own: the places of those that no other layer holds; all of its places if it has none of its own.
        partners: the paths of the layers that hold some of its parameters too.
        units: how many units it has, such as neurons; 0 if its Module is not made of units.
        weights: how many of its parameters are weights.
        squares: the sum of the squares of its weights when it was first looked at.
    """

    name: str
    path: str
    places: Sequence[int] = field(default_factory=list)
    own: Sequence[int] = field(default_factory=list)
    partners: tuple[str, ...] = ()
    units: int = 0
    weights: int = 0
    squares: float = 0.0

    @property
    def is_shared(self) -> bool:
        """Whether other layers hold all of its parameters."""
        return bool(self.partners) and len(self.own) == len(self.places)

    def is_apart(self, other: Layer) -> bool:
        """Return whether the parameters that its gradient is read off are not those of another layer."""
        return self is not other and not (other.path in self.partners and self.is_shared and other.is_shared)

    def of(self, numbers: Any) -> Any:
        """Return the numbers of its parameters among those of all, as a list or an array like those."""
        return _at(self.places, numbers)

    def own_of(self, numbers: Any) -> Any:
        """Return the numbers of those that no other layer holds; of all of them if it has none of its own."""
        return _at(self.own, numbers)


class Homes:
    """Says which layer of a model each of its Modules belongs to.

    Args:
        model: the model.

    Attributes:
        layers: those that hold parameters, in the order of `Module.parameters`.
        titles: how each Module is called, by its dotted path.
        holders: the paths of the layers that hold each parameter.
    """

    def __init__(self, model: Module) -> None:
        self.titles: dict[str, str] = {}
        self.holders: dict[Value, list[str]] = defaultdict(list)
        self._paths: dict[int, str] = {}  # of each Module, by identity
        home: dict[str, str] = {}  # of each Module by its path: the path of its layer
        units: Counter[str] = Counter()
        for trail, module in modules_within(model):
            path, holder = ".".join(trail), ".".join(trail[:-1])
            belongs = bool(trail) and (module.is_unit or trail[-1] == ACTIVATION)
            home[path] = home[holder] if belongs else path
            units[home[path]] += bool(module.is_unit)
            self._paths[id(module)] = path
            self.titles[path] = title_of(trail, {}) if trail else type(model).__name__
        found: dict[str, Layer] = {}
        places: dict[str, set[int]] = defaultdict(set)
        place_of = {p: k for k, p in enumerate(model.parameters())}
        held = ((trail, x) for trail, x in model.within(shared=True) if isinstance(x, Parameter))
        for trail, parameters in groupby(held, _attribute):
            holder = attribute = ".".join(map(str, trail))
            while holder not in home:
                holder = holder.rpartition(".")[0]
            path = home[holder]
            layer = found.setdefault(path, Layer(self.titles[path], path, units=units[path]))
            those = [p for _, p in parameters]
            for p in those:
                self.holders[p].append(path)
            new = {place_of[p]: number_of(p) for p in those if place_of[p] not in places[path]}
            places[path].update(new)
            if is_weight(attribute):
                layer.weights += len(new)
                layer.squares += sum(x * x for x in new.values())
        self.layers = list(found.values())
        self._home = {path: layer for path, layer in home.items() if layer in found}
        _settle(self.layers, places)

    def module(self, use: Use) -> str | None:
        """Return the path of the model's Module in which something was computed; None if it was in none."""
        while use is not None and id(use[0]) not in self._paths:
            use = use[1]
        return None if use is None else self._paths[id(use[0])]

    def layer(self, use: Use) -> str | None:
        """Return the path of the layer in which something was computed; None if it was in none."""
        while use is not None:
            path = self._home.get(self._paths.get(id(use[0]), "?"))
            if path is not None:
                return path
            use = use[1]
        return None

    def nearest(self, order: Iterable[Value]) -> dict[Value, tuple[int, str]]:
        """Return the layer that each computed Value of a graph belongs to, with a number that grows.

        What no layer computed, such as a sum of two layers' outputs, belongs to the layer that its last
        input belongs to.

        Args:
            order: the graph in topological order.
        """
        found: dict[Value, tuple[int, str]] = {}
        for k, v in enumerate(order):
            if v.op is None:
                continue
            path = self.layer(v.place)
            if path is not None:
                found[v] = k, path
            elif before := [found[x] for x in v.inputs if x in found]:
                found[v] = max(before)
        return found


def _attribute(held: tuple[tuple[Any, ...], Parameter]) -> tuple[Any, ...]:
    """Return what leads to the attribute that holds a parameter, itself or in a list."""
    trail, _ = held
    return trail[:-1] if isinstance(trail[-1], int) else trail


def _settle(layers: Sequence[Layer], places: Mapping[str, set[int]]) -> None:
    """Give layers their places, as a range if they are one, and call layers of one name by their paths."""
    names = Counter(layer.name for layer in layers)
    holders: Counter[int] = Counter()
    for held in places.values():
        holders.update(held)
    for layer in layers:
        listed = sorted(places[layer.path])
        own = [place for place in listed if holders[place] == 1]
        layer.places, layer.own = _in_short(listed), _in_short(own or listed)
        shared = places[layer.path].difference(own)
        others = (path for path, held in places.items() if path != layer.path)
        layer.partners = tuple(path for path in others if not shared.isdisjoint(places[path]))
        layer.name = layer.name if names[layer.name] == 1 else layer.path


def _in_short(places: list[int]) -> Sequence[int]:
    """Return places in ascending order as a range if they are one: then numbers are sliced."""
    run = range(places[0], places[-1] + 1)
    return run if len(run) == len(places) else places


def _at(places: Sequence[int], numbers: Any) -> Any:
    """Return the numbers at some places, as a list or an array like those of all."""
    if isinstance(places, range):
        return numbers[places.start : places.stop]
    return [numbers[i] for i in places]


@dataclass(frozen=True)
class Shape:
    """How the layers of a model are used, as one graph shows it.

    Attributes:
        before: by the path of each layer that is used, the layers that its first use depends on.
        activations: the names of the activations that were applied to what each computes.
        recurrent: those that were given something that they computed themselves in an earlier use.
        read: those that have a parameter in the graph, even if they compute nothing themselves, as a table.
    """

    before: Mapping[str, frozenset[str]]
    activations: Mapping[str, frozenset[str]]
    recurrent: frozenset[str]
    read: frozenset[str]

    def feeding(self, path: str) -> frozenset[str]:
        """Return the layers whose outputs a layer takes when it is first used, with none in between."""
        before = self.before.get(path, frozenset())
        return before.difference(*(self.before[other] - {other} for other in before))


def shape_of(outputs: Iterable[Value], homes: Homes) -> Shape:
    """Return how the layers of a model are used in the graph of some outputs."""
    order = computed_behind(outputs)
    nearest = homes.nearest(order)
    first: dict[str, frozenset[str]] = {}
    activations: dict[str, set[str]] = {}
    recurrent: set[str] = set()
    behind: dict[Value, tuple[Use, frozenset[str]]] = {}  # the use of a layer, and the layers before that use
    for v, (_, path) in nearest.items():
        use = _use_of_layer(v.place, path, homes)
        before: frozenset[str] = frozenset()
        for x in v.inputs:
            if x in behind:
                of_x, layers = behind[x]
                before |= layers if of_x is use or of_x is None else layers | {nearest[x][1]}
        behind[v] = use, before
        if use is not None:
            first.setdefault(path, before)
            activations.setdefault(path, set())
            if path in before:
                recurrent.add(path)
        if v.op is not None and v.op.name in ACTIVATIONS and v.inputs[0] in nearest:
            activations[nearest[v.inputs[0]][1]].add(v.op.name)
    named = {path: frozenset(names) for path, names in activations.items()}
    read = frozenset(path for v in order for x in v.inputs for path in homes.holders.get(x, ()))
    return Shape(first, named, frozenset(recurrent), read)


def _use_of_layer(use: Any, path: str, homes: Homes) -> Any:
    """Return the outermost use of a layer that a use is part of; None if it is part of none."""
    if homes.layer(use) != path:
        return None
    while use[1] is not None and homes.layer(use[1]) == path:
        use = use[1]
    return use
