"""What a gallery shows, without how it looks: a card for each weight, a spread for each layer.

All numbers come from passes that serve every weight at once: one reverse pass for the gradients,
one for the numbers of routes, one for the strongest routes.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.core.arithmetic import NOT_REACHED
from autograd.graph import topological_order
from autograd.notation.hints import described
from autograd.notation.numbers import number, weights_and_biases
from autograd.pure_reverse import in_numbers, upstreams
from autograd.seeing.facts.account import Step, sum_beside
from autograd.seeing.facts.folding.links import factors
from autograd.seeing.facts.names import check_value, label_of, labels_of, name_of_output
from autograd.seeing.facts.routes import (
    Route,
    StrongestRoutes,
    Use,
    count_routes,
    nodes_between,
    stops_of,
    uses_among,
)
from autograd.seeing.pages.gallery.layers import Model, Spot
from autograd.value import Value

ROUTES_SHOWN = 3
"""A card shows at most this many routes."""
MOST_CARDS = 3000
"""Of more weights than this, those with the largest gradients get a card."""
EXTREME = 3.0
"""A gradient vanishes or explodes if it changes by more powers of ten than this between the two ends."""
ALIKE = 0.1
"""A gradient keeps its size if it changes by fewer powers of ten than this."""
LARGEST_POWER = 300
"""Beyond this power of ten, a size is written as the power alone."""


@dataclass(frozen=True, slots=True)
class Way:
    """One of a weight's strongest routes.

    Attributes:
        product: what it adds to the gradient.
        stops: the labels of the Values it passes on the way, a neuron's only once; where none has a
            label, the titles of the Modules it passes and the signs of the other ops.  The two ends are
            left out.
        spots: the neurons it passes; empty where there are none.
    """

    product: float
    stops: tuple[str, ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One weight.

    Attributes:
        name: its label, or what stands for a label.
        layer: the title of the layer, or other Module, that holds it; "" without one.
        value: the weight.
        gradient: ∂output/∂weight.
        count: how many routes lead from it to the output, exactly.
        ways: the strongest of them, the strongest first.
        rest: what all others add to the gradient.
    """

    name: str
    layer: str
    value: float
    gradient: float
    count: int
    ways: tuple[Way, ...]
    rest: float = 0.0

    @property
    def remaining(self) -> int:
        """How many routes are not among the strongest."""
        return self.count - len(self.ways)


@dataclass(frozen=True, slots=True)
class Spread:
    """How large the gradients of one layer's weights are.

    Attributes:
        layer: its title; "" for the weights that belong to none.
        sizes: the magnitudes that are neither zero nor infinite nor nan, ascending; of a weight that several
            layers compute with, such as a tied one, that of what its uses in this layer add.
        zeros: how many are zero.
        others: how many are infinite or nan.
        column: in which column its layer stands, from 1; layers side by side share one, such as the gates of
            a recurrent cell.
        recurs: whether a way back meets it again farther on, as those through time do.
    """

    layer: str
    sizes: tuple[float, ...]
    zeros: int
    others: int
    column: int
    recurs: bool = False

    @property
    def weights(self) -> int:
        """How many weights there are."""
        return len(self.sizes) + self.zeros + self.others

    @property
    def typical(self) -> float:
        """The root of the mean square over the finite gradients, zeros included; 0 where there are none."""
        if not self.sizes:
            return 0.0
        largest = self.sizes[-1]  # the sum of the squares itself can overflow
        return largest * (
            math.hypot(*(size / largest for size in self.sizes)) / math.sqrt(len(self.sizes) + self.zeros)
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a gallery shows.

    Attributes:
        output: the output's name.
        value: its value.
        cards: one per weight, the largest gradient first.
        weights: how many weights there are, with and without a card.
        layers: one per layer that computes with weights, the last layer first, as the gradient meets them.
        neurons: how many neurons each column of layers has, the inputs being column 0; {} without neurons.
        biases: how many of the weights are biases.
    """

    output: str
    value: float
    cards: tuple[Card, ...]
    weights: int
    layers: tuple[Spread, ...]
    neurons: Mapping[int, int]
    biases: int = 0

    @property
    def counted(self) -> str:
        """How many weights, and how many biases, in words."""
        return weights_and_biases(self.weights - self.biases, self.biases)

    def trend(self) -> str:
        """Return a sentence: how the gradient's size changes from the last layer to the first.

        There is none where layers stand side by side or recur: no way back leads through each of them once.
        """
        known = [s for s in self.layers if s.layer and s.typical]
        if len(known) < 2 or not follow_each_other(self.layers):
            return ""
        last, first = known[0], known[-1]
        change = powers_between(last.typical, first.typical)
        steps = last.column - first.column
        each = times(change / steps, 2 if abs(change) > ALIKE * steps else 3)
        a_layer = f", on average {each} a layer." if steps > 1 else "."  # one step says it all
        way = f"On the way back from {last.layer} to {first.layer} the gradient"
        if abs(change) < ALIKE:
            return f"{way} keeps its size."
        verb = "shrinks" if change < 0 else "grows"
        if abs(change) > EXTREME:
            verb = f"vanishes: it {verb}" if change < 0 else f"explodes: it {verb}"
        part = f"1/{in_full(-change, 2)} of" if change < 0 else f"{in_full(change, 2)} times"
        return f"{way} {verb} to {part} its size{a_layer}"


def follow_each_other(layers: Iterable[Spread]) -> bool:
    """Return whether each of the layers stands in a column of its own, and in no other."""
    known = [spread for spread in layers if spread.layer]
    columns = {spread.column for spread in known}
    return len(columns) == len(known) and not any(spread.recurs for spread in known)


def powers_between(before: float, after: float) -> float:
    """Return by how many powers of ten the second size is larger; the sizes may be any but zero."""
    return math.log10(after) - math.log10(before)


def times(powers: float, digits: int) -> str:
    """Return a change by this many powers of ten as a factor: ``× 2.5``, ``÷ 40``."""
    return f"÷ {in_full(-powers, digits)}" if powers < 0 else f"× {in_full(powers, digits)}"


def in_full(powers: float, digits: int) -> str:
    """Return 10 to this power, in a few digits, beyond the range of floats as well."""
    if abs(powers) > LARGEST_POWER:
        return f"1e{round(powers)}".replace("-", "−")
    return number(float(f"{10.0**powers:.{digits}g}"))


def gather(output: Value, weights: Iterable[Value] | None, names: Mapping[str, Any] | None) -> Facts:
    """Return the facts for these weights; for all of the graph if not given.

    Raises:
        TypeError: if ``output`` or one of the weights is not a Value.
        ValueError: if there are no weights, or ``output`` is a constant.
    """
    check_value("a gallery", output)
    labels = labels_of(names, output)
    order = topological_order(output)
    chosen = _chosen(order, weights)
    upstream = upstreams(output)
    uses = uses_among(nodes_between(output, chosen))
    counts = count_routes(uses, output, set(chosen))
    model = Model(output, order)
    shown = sorted(chosen, key=lambda w: _largest_first(upstream.get(w, 0.0)))[:MOST_CARDS]
    strongest, steps = StrongestRoutes(uses, output, ROUTES_SHOWN), _steps(uses)
    routes = {w: strongest.of(w) for w in shown}
    called = {w: label_of(w, labels) or f"weight {i}" for i, w in enumerate(chosen, 1)}
    cards = [
        Card(
            name=called[w],
            layer=model.layer(w),
            value=w.data,
            gradient=upstream.get(w, 0.0),
            count=counts.get(w, 0),
            ways=tuple(_way(route, labels, model) for route in routes[w]),
            rest=sum_beside(w, [(route.nodes, route.positions) for route in routes[w]], steps, upstream),
        )
        for w in shown
    ]
    return Facts(
        output=name_of_output(order, labels),
        value=output.data,
        cards=tuple(cards),
        weights=len(chosen),
        layers=_spreads(_gradients(chosen, order, upstream, model), model),
        neurons=model.neurons,
        biases=sum(map(model.is_bias, chosen)),
    )


def _steps(uses: Iterable[Use]) -> dict[Value, list[Step]]:
    found: dict[Value, list[Step]] = {}
    for use in uses:
        found.setdefault(use.source, []).append(Step(use.target, use.position, use.partial))
    return found


def _chosen(order: Sequence[Value], weights: Iterable[Value] | None) -> list[Value]:
    """Return the weights, each once."""
    if weights is None:
        chosen = [v for v in order if v.role == "weight"]
        if not chosen:
            raise ValueError(
                "a gallery shows weights, and the output depends on no Parameter; "
                "name the Values to show: gallery(output, [a, b])"
            )
        return chosen
    if isinstance(weights, Value):
        raise TypeError("weights is a list of Values, such as model.parameters(); for one, write [weight]")
    chosen = list(dict.fromkeys(weights))
    for w in chosen:
        if not isinstance(w, Value):
            raise TypeError(f"the weights of a gallery are Values; got {described(w)}")
    if not chosen:
        raise ValueError("a gallery shows weights; got an empty list")
    return chosen


def _largest_first(gradient: float) -> tuple[bool, float]:
    return not math.isnan(gradient), -abs(gradient)


def _gradients(
    weights: Collection[Value], order: Sequence[Value], upstream: Mapping[Value, float], model: Model
) -> list[tuple[str, float]]:
    """Return for each weight each layer that computes with it, and what its uses there add up to."""
    found: dict[Value, dict[str, float]] = {w: {} for w in weights}
    for node in reversed(order):
        if node.op is None or node not in upstream or found.keys().isdisjoint(node.inputs):
            continue
        for v, contribution in zip(node.inputs, in_numbers(node, upstream[node]), strict=True):
            if v in found and contribution is not NOT_REACHED:
                layer = model.layer(v, node)
                found[v][layer] = found[v].get(layer, 0.0) + contribution
    return [
        pair for w, uses in found.items() for pair in uses.items() or [(model.layer(w), upstream.get(w, 0.0))]
    ]


def _spreads(gradients: Collection[tuple[str, float]], model: Model) -> tuple[Spread, ...]:
    """Return the spreads of the layers, the last of them first, then that of what belongs to none."""
    by_layer: dict[str, list[float]] = {}
    for layer, gradient in gradients:
        by_layer.setdefault(layer, []).append(abs(gradient))
    spreads = [
        Spread(
            layer,
            sizes=tuple(sorted(x for x in sizes if 0.0 < x < math.inf)),
            zeros=sizes.count(0.0),
            others=sum(not math.isfinite(x) for x in sizes),
            column=model.columns.get(layer, 0),
            recurs=layer in model.recurring,
        )
        for layer, sizes in by_layer.items()
    ]
    order = {layer: k for k, layer in enumerate([*reversed([*model.columns]), ""])}
    return tuple(sorted(spreads, key=lambda spread: order[spread.layer]))


# ------------------------------------------------------------------------- where a route leads along


def _way(route: Route, labels: Mapping[Value, str], model: Model) -> Way:
    weight, *between = route.nodes[:-1] or route.nodes
    spots = [spot for v in (weight, *between) if (spot := model.spot(v))]
    start = _multiplied_by(route)
    if start is not None and (before := model.spot(start)):
        spots = [before, *spots]
    stops, here = [], model.layer(weight)
    for v, stop in zip(route.nodes[1:], stops_of(route, labels), strict=False):
        layer = model.layer(v) or here
        is_told = layer == here or bool(label_of(v, labels))
        stops.append(stop if is_told else f"{layer}: {stop}")
        here = layer
    return Way(route.product, tuple(stops), tuple(dict.fromkeys(spots)))


def _multiplied_by(route: Route) -> Value | None:
    """Return what the first op of a route multiplies its start by: a line begins at that neuron."""
    if len(route.nodes) < 2:
        return None
    first, position = route.nodes[1], route.positions[0]
    other = factors(first.op.name if first.op else None, len(first.inputs)).get(position)
    return None if other is None else first.inputs[other]
