"""Routes from a weight to the output: their number, their sizes, the strongest ones."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from autograd.graph import topological_order
from autograd.notation.formula import Expression, applied, named
from autograd.notation.labels import parse_label
from autograd.notation.numbers import counted, equals_product, factor, number
from autograd.notation.signs import gradient_sign
from autograd.pure_reverse import upstreams
from autograd.seeing.facts.names import label_of, labels_of, name_of_output, symbol_of
from autograd.value import Value

DEEPEST_FORMULA = 2
"""In the formula of a stop without a name, formulas stand inside each other this deep."""
LONGEST_STOP = 20
"""A formula of more characters than this does not name a stop."""
MOST_INPUTS = 4
"""A formula of more inputs than this does not name a stop either."""


@dataclass(frozen=True, eq=False)
class Route:
    """One way from a weight to the output.

    Attributes:
        nodes: the Values passed, weight and output included.
        partials: the local derivatives along the way, one fewer than the nodes.
        positions: which input of the next node each step enters by.
        product: the product of the partials, multiplied from the output back.
    """

    nodes: tuple[Value, ...]
    partials: tuple[float, ...]
    positions: tuple[int, ...]
    product: float

    def __repr__(self) -> str:
        labels = labels_of(None, self.nodes[-1])
        through = [stop_name(self.nodes[0], labels), *stops_of(self, labels, with_output=True)]
        if len(through) > 8:
            through = [*through[:4], "…", *through[-3:]]
        return f"<route {' → '.join(through)}: {product_in_words(self)}>"


def stops_of(route: Route, labels: Mapping[Value, str], with_output: bool = False) -> tuple[str, ...]:
    """Return what a route passes after its weight, each Value by its name or its formula, as text.

    Where a Value, or what is called as it is, is several inputs of the next, it is told which: the routes
    through them are different, and read so.

    Args:
        route: the route.
        labels: names for Values without a label.
        with_output: whether the output is among them; where it tells routes apart, it always is.

    >>> from autograd import Value
    >>> w, x = Value(3.0, "w"), Value(2.0, "x")
    >>> [stops_of(route, {}) for route in Routes((w * x).tanh() + w * w, w).routes()]
    [('w × w, by input 1',), ('w × w, by input 2',), ('w × x', 'tanh(w × x)')]
    """
    stops = []
    for before, v, position in zip(route.nodes, route.nodes[1:], route.positions, strict=False):
        name = stop_name(v, labels)
        is_repeated = sum(_read_the_same(x, before, labels) for x in v.inputs) > 1
        if is_repeated or with_output or v is not route.nodes[-1]:
            stops.append(f"{name}, by input {position + 1}" if is_repeated else name)
    return tuple(stops)


def _read_the_same(one: Value, other: Value, labels: Mapping[Value, str]) -> bool:
    is_likely = one.op is other.op and one.label == other.label
    return one is other or (is_likely and stop_name(one, labels) == stop_name(other, labels))


def stop_name(v: Value, labels: Mapping[Value, str]) -> str:
    """Return what a Value is called on a route: its name, its formula if that is short, else its op."""
    called = _called(v, labels, DEEPEST_FORMULA)
    if called is not None:
        return called.text
    assert v.op is not None
    return f"{symbol_of(v)} = {number(v.data)}"


def _called(v: Value, labels: Mapping[Value, str], depth: int) -> Expression | None:
    """Return the name or the formula of a Value; None where it has no name and its formula is long."""
    label = label_of(v, labels)
    if label or v.op is None:
        return named(parse_label(label).text if label else number(v.data))
    if not depth or len(v.inputs) > MOST_INPUTS:
        return None
    inputs = [inner for x in v.inputs if (inner := _called(x, labels, depth - 1)) is not None]
    whole = applied(v.op, inputs) if len(inputs) == len(v.inputs) else None
    return whole if whole is not None and len(whole.text) <= LONGEST_STOP else None


def product_in_words(route: Route) -> str:
    """Return ``0.5 · (−2) = −1``; of a long route the first and last factors."""
    if len(route.partials) < 2:
        return number(route.product)
    return f"{factors_in_words(route)} {equality(route)} {number(route.product)}"


def equality(route: Route) -> str:
    """Return what stands between the factors as they are written and the product: ``=`` or ``≈``."""
    return equals_product(route.partials, route.product)


def factors_in_words(route: Route) -> str:
    """Return ``0.5 · (−2)``; of a long route the first and last factors; of one factor the product."""
    if len(route.partials) < 2:
        return number(route.product)
    first, *others = route.partials
    factors = [number(first), *map(factor, others)]
    if len(factors) > 12:
        factors = [*factors[:5], "…", *factors[-5:]]
    return " · ".join(factors)


class Use(NamedTuple):
    """One edge of the path: ``source`` is the input at ``position`` of ``target``."""

    source: Value
    target: Value
    position: int
    partial: float


class Size(NamedTuple):
    """How large a product is, as something that adds up along a route and compares as tuples do.

    Products are compared by the logarithm of their magnitude, which neither overflows nor
    underflows; nan, zero and infinity are counted apart.
    """

    nans: int
    zeros: int  # negative: fewer is larger
    infinities: int
    logarithm: float

    def times(self, other: Size) -> Size:
        """Return the size of the product of two numbers."""
        return Size(
            self.nans + other.nans,
            self.zeros + other.zeros,
            self.infinities + other.infinities,
            self.logarithm + other.logarithm,
        )


ONE = Size(0, 0, 0, 0.0)
"""The size of a product of no factors."""


def _size(partial: float) -> Size:
    if math.isnan(partial):
        return Size(1, 0, 0, 0.0)
    if partial == 0.0:
        return Size(0, -1, 0, 0.0)
    if math.isinf(partial):
        return Size(0, 0, 1, 0.0)
    return Size(0, 0, 0, math.log(abs(partial)))


def nodes_between(output: Value, weights: Iterable[Value]) -> list[Value]:
    """Return the Values on a route from one of the weights to the output along which a gradient flows."""
    order = topological_order(output)
    reached = {w for w in weights if w.role != "constant"}
    for v in order:
        if v.role != "constant" and not reached.isdisjoint(v.inputs):
            reached.add(v)
    useful = {output} & reached  # what was reached can still end in a condition, where no gradient flows
    for v in reversed(order):
        if v in useful:
            useful.update(x for x in v.inputs if x in reached)
    return [v for v in order if v in useful]


def uses_among(nodes: Iterable[Value]) -> list[Use]:
    """Return every edge between the nodes along which a gradient flows, in the order of the targets.

    Args:
        nodes: Values that a gradient reaches, in topological order.
    """
    order = list(nodes)
    among = set(order)
    return [
        Use(source, target, position, target.partials[position])
        for target in order
        for position, source in enumerate(target.inputs)
        if source in among
    ]


def count_routes(uses: Sequence[Use], output: Value, wanted: Set[Value]) -> dict[Value, int]:
    """Return how many routes lead to the output from each of the wanted Values that any leads from.

    The number of routes from a node is the sum of those from all that use it, repeats counted.
    """
    routes = {output: 1}
    for target, group in by_target(reversed(uses)).items():
        # the numbers can have thousands of digits: keep only those needed
        from_target = routes[target] if target in wanted else routes.pop(target)
        for use in group:
            routes[use.source] = routes.get(use.source, 0) + from_target
    return {v: routes[v] for v in wanted if v in routes}


def by_target(uses: Iterable[Use]) -> dict[Value, list[Use]]:
    """Return the uses that lead to each target, in their order."""
    groups: dict[Value, list[Use]] = {}
    for use in uses:
        groups.setdefault(use.target, []).append(use)
    return groups


@dataclass(frozen=True, slots=True)
class Stop:
    """What the routes through one Value add to a gradient.

    Attributes:
        value: the Value.
        count: how many of the routes lead through it.
        total: the sum of their products.
    """

    value: Value
    count: int
    total: float


class _Way(NamedTuple):
    """A way from a node to the output: its size, and the first step, to which way of its target."""

    size: Size
    use: Use | None
    rank: int


class StrongestRoutes:
    """The ``k`` strongest routes to the output from every node at once.

    Dynamic programming: the k best ways from a node extend the k best ways from those that use it.
    Multiplying two ways by the same partial does not change which is larger, so a way that is not
    among the k best of some node is not part of the k best routes of any other either.

    Args:
        uses: all edges that a gradient flows along, as `uses_among` gives them.
        output: where the routes end.
        k: how many.
    """

    def __init__(self, uses: Sequence[Use], output: Value, k: int) -> None:
        self._output = output
        self._k = k
        self._ways: dict[Value, list[_Way]] = {output: [_Way(ONE, None, 0)][:k]}
        for target, group in by_target(reversed(uses)).items():
            best = self._best(target)
            for use in reversed(group):  # of equal ways the one by the first input comes first
                size = _size(use.partial)
                ways = [_Way(way.size.times(size), use, rank) for rank, way in enumerate(best)]
                self._ways.setdefault(use.source, []).extend(ways)

    def _best(self, v: Value) -> list[_Way]:
        """Return the best ways from a node all of whose uses have been seen."""
        ways = self._ways.get(v, [])
        if len(ways) > 1:
            ways = self._ways[v] = heapq.nlargest(self._k, ways, key=lambda way: way.size)
        return ways

    def of(self, weight: Value) -> list[Route]:
        """Return the routes from this Value, the largest first."""
        return [self._route(way) for way in self._best(weight)]

    def _route(self, way: _Way) -> Route:
        steps: list[Use] = []
        while way.use is not None:
            steps.append(way.use)
            way = self._ways[way.use.target][way.rank]
        product = 1.0
        for step in reversed(steps):
            product *= step.partial
        nodes = (*(step.source for step in steps), self._output)
        return Route(nodes, tuple(s.partial for s in steps), tuple(s.position for s in steps), product)


class Routes:
    """All routes from ``weight`` to ``output``; see `autograd.gradient_path`.

    Attributes:
        output, weight: the two ends.
        nodes: every Value on a route, in topological order; empty where there is no route.
        uses: every edge on a route.
        upstream: ∂output/∂v for each of the nodes.
        total: the sum of the products of all routes: ∂output/∂weight.
        count: how many routes there are, exactly.
    """

    def __init__(self, output: Value, weight: Value) -> None:
        self.output = output
        self.weight = weight
        upstream = upstreams(output)
        self.nodes = nodes_between(output, [weight])
        self.uses = uses_among(self.nodes)
        self.upstream = {v: upstream.get(v, 0.0) for v in self.nodes}
        self.total: float = self.upstream.get(weight, 0.0)
        self.count = count_routes(self.uses, output, {weight}).get(weight, 0)

    def routes(self, k: int = 5) -> list[Route]:
        """Return the ``k`` routes whose products are largest in magnitude, the largest first.

        The others are never formed: each node keeps only the k best ways to reach it.  A route
        with a nan on it comes first, and one with a factor of zero last.

        Args:
            k: how many, at least 0; fewer are given where there are fewer.

        Raises:
            TypeError: if ``k`` is not a whole number.
            ValueError: if it is negative.
        """
        if not isinstance(k, int):
            raise TypeError(f"k is how many routes are wanted, a whole number; got {k!r}")
        if k < 0:
            raise ValueError(f"k is how many routes are wanted, at least 0; got {k}")
        return StrongestRoutes(self.uses, self.output, k).of(self.weight)

    def slopes(self) -> dict[Value, float]:
        """Return ∂v/∂weight for each of the nodes."""
        slope = {self.weight: 1.0}
        for use in self.uses:
            slope[use.target] = slope.get(use.target, 0.0) + use.partial * slope[use.source]
        return slope

    def through(self, values: Iterable[Value]) -> list[Stop]:
        """Return how many of the routes lead through each Value, and what they add: the most first.

        Of Values that every route passes just one of, such as the activations of a layer that none leads
        around, the counts add up to `count` and the sums to `total`.

        Args:
            values: where to look; those that no route leads through are left out.

        >>> from autograd import Value
        >>> w = Value(3.0)
        >>> a, b = w * 2.0, w * w
        >>> [(stop.count, stop.total) for stop in Routes(a + b, w).through([a, b])]
        [(2, 6.0), (1, 2.0)]
        """
        among = set(self.nodes)
        wanted = [v for v in dict.fromkeys(values) if v in among]
        slope, ways, onwards = self.slopes(), self._ways(), count_routes(self.uses, self.output, set(wanted))
        stops = [Stop(v, ways[v] * onwards[v], slope[v] * self.upstream[v]) for v in wanted]
        return sorted(stops, key=lambda stop: -abs(stop.total))

    def passing(self) -> Iterator[tuple[Use, int, float]]:
        """Yield for each use how many of the routes lead along it, and the sum of their products.

        A route along a use comes from the weight to its source, by any way, and goes on from its target.

        >>> from autograd import Value
        >>> w = Value(3.0)
        >>> [(count, flow) for _, count, flow in Routes(w * w * 0.5, w).passing()]
        [(1, 1.5), (1, 1.5), (2, 3.0)]
        """
        slope = self.slopes()
        ways, onwards = self._ways(), count_routes(self.uses, self.output, set(self.nodes))
        for use in self.uses:
            flow = self.upstream[use.target] * use.partial * slope[use.source]
            yield use, ways[use.source] * onwards[use.target], flow

    def _ways(self) -> dict[Value, int]:
        """Return how many ways lead from the weight to each of the nodes."""
        ways = {self.weight: 1}
        for use in self.uses:
            ways[use.target] = ways.get(use.target, 0) + ways[use.source]
        return ways

    def in_words(self, names: Mapping[Value, str] | None = None) -> str:
        """Return how many routes there are, and what their products sum to.

        Args:
            names: what to call Values without a label; by default what Modules call them.
        """
        names = labels_of(None, self.output) if names is None else names
        label = label_of(self.weight, names)
        kind = "weight" if self.weight.role == "weight" else "input"
        nameless = stop_name(self.weight, names) if self.weight.inputs else f"the {kind}"
        weight = parse_label(label).text if label else nameless
        output = parse_label(name_of_output(topological_order(self.output), names)).text
        gradient = f"{gradient_sign(output, weight)} =" if label else "the gradient,"
        if not self.count:
            return f"no route leads from {weight} to {output}: {gradient} 0"
        if self.count == 1:
            return f"1 route from {weight} to {output}; its product is {gradient} {number(self.total)}"
        return (
            f"{counted(self.count, 'route')} from {weight} to {output}; "
            f"their products sum to {gradient} {number(self.total)}"
        )
