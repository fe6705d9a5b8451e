"""The layers that a graph was computed by, side by side: the columns of the pictures on a gallery's cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from autograd.seeing.facts.folding.folded import slot
from autograd.seeing.facts.places import Path, layer_of, nearest, paths_by_first, structure_of, title_of
from autograd.value import Value

Spot = tuple[int, int]
"""A column of layers by its number (0 for the inputs) and a neuron in it, from 1."""


class Model:
    """The layers that a graph was computed by.

    Attributes:
        columns: the column of each layer, by its title, in the order of the forward pass: one after those
            that it depends on where it is used first.
        recurring: the titles of the layers that are used again, farther on than there.
        neurons: how many neurons each column of layers made of neurons has; the inputs are 0.
    """

    def __init__(self, output: Value, order: Sequence[Value]) -> None:
        structure = structure_of([output])
        self._places, self._modules, self._uses = structure.places, structure.modules, structure.uses
        self._paths = paths_by_first(self._modules)
        self._layers = {v: self._layer_of(v) for v in order}
        self._at_home = {x for v in order for x in v.inputs if self._layers[x] == self._layers[v]}
        self._held: dict[int, set[Any]] = {}  # by Modules, by identity
        units, depths = self._units_by_layer(order), self._depths(order)
        self.recurring = {title_of(path, self._modules) for path, found in depths.items() if len(found) > 1}
        depth = {path: min(found) for path, found in depths.items()}
        levels = sorted({*depth.values()}) or [0]
        by_column: dict[int, list[Path]] = {}
        for path in units:
            by_column.setdefault(levels.index(depth.get(path, levels[0])) + 1, []).append(path)
        self.columns = {
            title_of(path, self._modules): column
            for column in sorted(by_column)
            for path in by_column[column]
        }
        inputs = dict.fromkeys(slot(p) for v in order if (p := self._places.get(v)) and p.part == "input")
        in_columns = [[unit for path in by_column[k] for unit in units[path]] for k in sorted(by_column)]
        of_neurons = [*filter(None, in_columns)]
        columns: list[Iterable[tuple[str, ...]]] = [inputs, *of_neurons] if of_neurons else []
        rank = {path: k for k, path in enumerate(self._modules)}
        self._spots: dict[tuple[str, ...], Spot] = {
            path: (layer, j)
            for layer, column in enumerate(columns)
            for j, path in enumerate(sorted(column, key=lambda path: rank.get(path, 0)), 1)
        }
        self.neurons = dict(Counter(layer for layer, _ in self._spots.values()))

    def _units_by_layer(self, order: Sequence[Value]) -> dict[Path, set[Path]]:
        """Return the neurons of each layer, in the order in which the layers compute or are used."""
        found: dict[Path, set[Path]] = {}
        for v in order:
            for x in (v, *v.inputs) if v.op is not None else ():
                if (layer := self._home(x, None if x is v else v)) is not None:
                    units = found.setdefault(layer, set())
                    if layer == self._layers[x] and self._modules[self._places[x].module].is_unit:
                        units.add(self._places[x].module)
        return found

    def _depths(self, order: Sequence[Value]) -> dict[Path, set[int]]:
        """Return after how many layers each of them computes; one that only gives, where that is used."""
        reached: dict[Value, tuple[int, int | None]] = {}  # how many layers, and the last one's use
        found: dict[Path, dict[int | None, set[int]]] = {}
        for v in order:
            if v.op is None:
                reached[v] = 0, None
                continue
            before, here, layer = [reached[x] for x in v.inputs], self._use(v), self._layers[v]
            computing = {self._home(x, v) for x in v.inputs if x.role == "weight"}
            if layer in computing or (layer is not None and self._modules[self._places[v].module].is_unit):
                before = [(count + (last != here), here) for count, last in before]
                computing.add(layer)
            reached[v] = max(before, key=lambda x: (x[0], x[1] == here))
            for path in (path for path in computing if path is not None):
                count = reached[v][0] if path == layer else max(reached[x][0] for x in v.inputs)
                found.setdefault(path, {}).setdefault(here, set()).add(count)
        # a use that holds no other is passed once: of what it takes from skip connections the farthest counts
        holding = {use.within for use in self._uses if not self._modules[use.module].is_unit}
        return {
            path: {n for use, counts in uses.items() for n in (counts if use in holding else {max(counts)})}
            for path, uses in found.items()
        }

    def _use(self, v: Value) -> int | None:
        """Return the use of its layer in which a Value was computed."""
        place = self._places.get(v)
        if place is None or place.use is None or not self._modules[place.module].is_unit:
            return None if place is None else place.use
        within = self._uses[place.use].within
        is_held = within is not None and self._uses[within].module == self._layers[v]
        return within if is_held else place.use

    def _layer_of(self, v: Value) -> Path | None:
        place = self._places.get(v)
        return None if place is None or place.part == "input" else layer_of(place.module, self._modules)

    def _home(self, w: Value, user: Value | None = None) -> Path | None:
        """Return the layer that a Value belongs to; of a weight in a use, the one that computes with it.

        A layer that does not compute with its weight, such as a table of embeddings, gives it to others.
        What it is in their hands is an input, but to a layer that holds the weight as well.
        """
        own, using = self._layers.get(w), None if user is None else self._layers[user]
        if user is None or user.place is None or own is None or using is None or w.role != "weight":
            return own
        if w in self._at_home:
            return using
        own = nearest(own, using, self._paths)
        module = user.place[0]
        if id(module) not in self._held:
            self._held[id(module)] = {p for _, p in module.named_parameters()}
        is_around = own[: len(using)] == using  # as it is of itself
        return using if w in self._held[id(module)] and not is_around else own

    def layer(self, v: Value, user: Value | None = None) -> str:
        """Return the title of the layer that a Value belongs to, or that computes with it; "" for none."""
        layer = self._home(v, user)
        return "" if layer is None else title_of(layer, self._modules)

    def is_bias(self, v: Value) -> bool:
        """Return whether a Value is the bias of a layer."""
        return v in self._places and self._places[v].part == "bias"

    def spot(self, v: Value) -> Spot | None:
        """Return the neuron that computed a Value, or which of the inputs it is; None for any other."""
        place = self._places.get(v)
        if place is None or (not v.inputs and place.part != "input"):
            return None
        return self._spots.get(slot(place) if place.part == "input" else place.module)
