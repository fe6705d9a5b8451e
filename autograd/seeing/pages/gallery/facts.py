"""What a gallery shows, without how it looks: a card for each weight, a spread for each layer.

All numbers come from passes that serve every weight at once: one reverse pass for the gradients,
one for the numbers of routes, one for the strongest routes.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from autograd.graph import topological_order
from autograd.notation.hints import described
from autograd.notation.labels import parse_label
from autograd.notation.numbers import number
from autograd.reverse import upstreams
from autograd.seeing.facts.names import check_value, labels_of, name_of_output
from autograd.seeing.facts.routes import Route, StrongestRoutes, count_routes, uses_among
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

Place = tuple[int, int]
"""A layer (0 for the inputs) and a neuron of it, from 1."""


@dataclass(frozen=True, slots=True)
class Way:
    """One of a weight's strongest routes.

    Attributes:
        product: what it adds to the gradient.
        stops: the labels of the Values it passes on the way, a neuron's only once; the two ends
            are left out.
        places: the neurons it passes, by their textbook labels; empty where there are none.
    """

    product: float
    stops: tuple[str, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One weight.

    Attributes:
        name: its label, or what stands for a label.
        layer: which layer it belongs to, by its textbook label; None without one.
        value: the weight.
        gradient: ∂output/∂weight.
        count: how many routes lead from it to the output, exactly.
        ways: the strongest of them, the strongest first.
    """

    name: str
    layer: int | None
    value: float
    gradient: float
    count: int
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """How large the gradients of one layer's weights are.

    Attributes:
        layer: which one; None for the weights that belong to none.
        sizes: the magnitudes that are neither zero nor infinite nor nan, ascending.
        zeros: how many are zero.
        others: how many are infinite or nan.
    """

    layer: int | None
    sizes: tuple[float, ...]
    zeros: int
    others: int

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
        layers: one per layer that weights belong to, the last layer first, as the gradient meets them.
        neurons: how many neurons each layer has, the inputs being layer 0; empty where the graph
            carries no textbook labels.
    """

    output: str
    value: float
    cards: tuple[Card, ...]
    weights: int
    layers: tuple[Spread, ...]
    neurons: Mapping[int, int]

    def trend(self) -> str:
        """Return a sentence: how the gradient's size changes from the last layer to the first."""
        known = [s for s in self.layers if s.layer is not None and s.typical]
        if len(known) < 2:
            return ""
        last, first = known[0], known[-1]
        change = powers_between(last.typical, first.typical)
        steps = len(known) - 1
        a_layer = f", {times(change / steps, 2)} a layer." if steps > 1 else "."  # one step says it all
        way = f"On the way back from layer {last.layer} to layer {first.layer} the gradient"
        if abs(change) < ALIKE:
            return f"{way} keeps its size."
        verb = "shrinks" if change < 0 else "grows"
        if abs(change) > EXTREME:
            verb = f"vanishes: it {verb}" if change < 0 else f"explodes: it {verb}"
        part = f"1/{in_full(-change, 2)} of" if change < 0 else f"{in_full(change, 2)} times"
        return f"{way} {verb} to {part} its size{a_layer}"


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
    labels = labels_of(names)
    order = topological_order(output)
    chosen = _chosen(order, weights)
    upstream = upstreams(output)
    uses = uses_among(v for v in _downstream(order, chosen) if v in upstream)
    counts = count_routes(uses, output, set(chosen))
    neurons = _neurons(order)
    shown = sorted(chosen, key=lambda w: _largest_first(upstream.get(w, 0.0)))[:MOST_CARDS]
    strongest = StrongestRoutes(uses, output, ROUTES_SHOWN)
    called = {w: w.label or labels.get(w, "") or f"weight {i}" for i, w in enumerate(chosen, 1)}
    cards = [
        Card(
            name=called[w],
            layer=parse_label(called[w]).layer,
            value=w.data,
            gradient=upstream.get(w, 0.0),
            count=counts.get(w, 0),
            ways=tuple(_way(route, labels, neurons) for route in strongest.of(w)),
        )
        for w in shown
    ]
    return Facts(
        output=name_of_output(order, labels),
        value=output.data,
        cards=tuple(cards),
        weights=len(chosen),
        layers=_spreads([(parse_label(called[w]).layer, upstream.get(w, 0.0)) for w in chosen]),
        neurons=neurons,
    )


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


def _downstream(order: Sequence[Value], chosen: Iterable[Value]) -> list[Value]:
    """Return the Values that depend on one of those chosen, and these themselves."""
    reached = set(chosen)
    for v in order:
        if not reached.isdisjoint(v.inputs):
            reached.add(v)
    return [v for v in order if v in reached]


def _largest_first(gradient: float) -> tuple[bool, float]:
    return not math.isnan(gradient), -abs(gradient)


def _spreads(gradients: Collection[tuple[int | None, float]]) -> tuple[Spread, ...]:
    by_layer: dict[int | None, list[float]] = {}
    for layer, gradient in gradients:
        by_layer.setdefault(layer, []).append(abs(gradient))
    spreads = [
        Spread(
            layer,
            sizes=tuple(sorted(x for x in sizes if 0.0 < x < math.inf)),
            zeros=sizes.count(0.0),
            others=sum(not math.isfinite(x) for x in sizes),
        )
        for layer, sizes in by_layer.items()
    ]
    return tuple(sorted(spreads, key=lambda s: -1 if s.layer is None else s.layer, reverse=True))


# ------------------------------------------------------------------------- where a route leads along


def _neurons(order: Iterable[Value]) -> dict[int, int]:
    """Return how many neurons each layer has, by the textbook labels of the graph."""
    largest: dict[int, int] = {}
    for v in order:
        place = _place(v.label)
        if place is not None:
            largest[place[0]] = max(place[1], largest.get(place[0], 0))
    return largest


def _place(text: str) -> Place | None:
    """Return the neuron that a label names: ``a2^1``, ``z2^1``, or ``x2`` for an input."""
    if not text:
        return None
    label = parse_label(text)
    if len(label.indices) != 1 or label.base not in "zax":
        return None
    layer = 0 if label.base == "x" and label.layer is None else label.layer
    return None if layer is None else (layer, label.indices[0])


def _way(route: Route, labels: Mapping[Value, str], neurons: Mapping[int, int]) -> Way:
    weight, *between = route.nodes[:-1] or route.nodes
    passed = [label for v in between if (label := v.label or labels.get(v, ""))]
    places = [place for label in passed if (place := _place(label))]
    start = _start(weight.label, neurons)
    if start is not None:
        places = [start, *places]
    return Way(route.product, tuple(_once_a_neuron(passed)), tuple(dict.fromkeys(places)))


def _start(text: str, neurons: Mapping[int, int]) -> Place | None:
    """Return where a weight's line begins: at the neuron that it multiplies."""
    label = parse_label(text)
    if label.base != "w" or len(label.indices) != 2 or label.layer is None:
        return _place(text)
    place = label.layer - 1, label.indices[0]
    return place if place[1] <= neurons.get(place[0], 0) else None


def _once_a_neuron(labels: Sequence[str]) -> list[str]:
    """Return the labels without the pre-activations that are followed by their activation."""
    pairs = zip_longest(labels, labels[1:], fillvalue="")
    return [a for a, b in pairs if not a.startswith("z") or b != "a" + a[1:]]
