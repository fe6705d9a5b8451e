"""Gradient paths: every route by which one weight reaches the output.

The gradient of a weight is a sum over routes: along each, the product of the partials.  There can
be more routes than atoms in the universe, so none of the numbers here comes from listing them.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.graph import topological_order
from autograd.reverse import upstreams
from autograd.trace import check_value
from autograd.value import Value
from autograd.wording import counted, number, parse_label

if TYPE_CHECKING:
    from autograd.drawing import Drawing


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
        through = [parse_label(v.label).text for v in self.nodes if v.label]
        if len(through) > 8:
            through = [*through[:4], "…", *through[-3:]]
        return f"<route {' → '.join(through)}: {product_in_words(self)}>"


def product_in_words(route: Route) -> str:
    """``0.5 · −2 = −1``; of a long route the first and last factors."""
    factors = [number(partial) for partial in route.partials]
    if len(factors) > 12:
        factors = [*factors[:5], "…", *factors[-5:]]
    if len(factors) < 2:
        return number(route.product)
    return f"{' · '.join(factors)} = {number(route.product)}"


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
        return Size(
            self.nans + other.nans,
            self.zeros + other.zeros,
            self.infinities + other.infinities,
            self.logarithm + other.logarithm,
        )


ONE = Size(0, 0, 0, 0.0)


def _size(partial: float) -> Size:
    if math.isnan(partial):
        return Size(1, 0, 0, 0.0)
    if partial == 0.0:
        return Size(0, -1, 0, 0.0)
    if math.isinf(partial):
        return Size(0, 0, 1, 0.0)
    return Size(0, 0, 0, math.log(abs(partial)))


class GradientPath:
    """All routes from ``weight`` to ``output``; made by `gradient_path`.

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
        self.nodes = _between(output, weight)
        self.uses = list(_uses(self.nodes))
        self.upstream = {v: upstream[v] for v in self.nodes}
        self.total: float = self.upstream.get(weight, 0.0)
        self.count = _count(self.uses, weight) if len(self.nodes) > 1 else len(self.nodes)

    def routes(self, k: int = 5) -> list[Route]:
        """The ``k`` routes whose products are largest in magnitude, the largest first.

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
        return _strongest(self, k) if self.nodes else []

    def draw(
        self, *, names: Mapping[str, Any] | None = None, limit: int = 400, theme: str = "light"
    ) -> Drawing:
        """A picture of what lies between the weight and the output, and of nothing else.

        Args:
            names: variables by name, as `locals` gives them, for Values without a label.
            limit: from how many nodes on only the strongest routes are drawn.
            theme: "light" or "dark".

        Raises:
            ValueError: if even the strongest route has more nodes than the limit.
        """
        from autograd.drawing import draw_path  # pictures are loaded only when wanted

        return draw_path(self, names=names, limit=limit, theme=theme)

    def in_words(self, names: Mapping[Value, str] | None = None) -> str:
        """How many routes there are, and what their products sum to.

        Args:
            names: what to call Values without a label.
        """
        weight = _called(self.weight, names, "the weight")
        output = _called(self.output, names, "the output")
        named = not {weight, output} & {"the weight", "the output"}
        gradient = f"∂{output}/∂{weight} =" if named else "the gradient,"
        if not self.count:
            return f"no route leads from {weight} to {output}: {gradient} 0"
        if self.count == 1:
            return f"1 route from {weight} to {output}; its product is {gradient} {number(self.total)}"
        return (
            f"{counted(self.count, 'route')} from {weight} to {output}; "
            f"their products sum to {gradient} {number(self.total)}"
        )

    def __repr__(self) -> str:
        return f"<gradient path: {self.in_words()}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        try:
            picture = self.draw()
        except ValueError:  # too long to draw: the words have to do
            return {"text/plain": repr(self)}
        return {"text/plain": repr(self), **picture._repr_mimebundle_(include=include, exclude=exclude)}


def gradient_path(output: Value, weight: Value) -> GradientPath:
    """Every route by which ``weight`` reaches ``output``.

    Constants carry no gradient, so no route leads through one.

    Args:
        output: the Value to differentiate, usually a loss.
        weight: the Value to differentiate with respect to, usually a weight.

    Raises:
        TypeError: if either is not a Value.
        ValueError: if ``output`` is a constant.

    >>> w, x = Value(3.0, "w"), Value(2.0, "x")
    >>> path = gradient_path(w * x + w * w, w)
    >>> path.count, path.total
    (3, 8.0)
    >>> [route.product for route in path.routes(3)]
    [3.0, 3.0, 2.0]
    """
    check_value("a gradient path", output)
    check_value("a gradient path", weight)
    return GradientPath(output, weight)


def _called(v: Value, names: Mapping[Value, str] | None, otherwise: str) -> str:
    label = v.label or (names or {}).get(v, "")
    return parse_label(label).text if label else otherwise


def _between(output: Value, weight: Value) -> list[Value]:
    """The Values on a route from weight to output along which a gradient flows."""
    if weight.role == "constant":
        return []
    order = topological_order(output)
    reached = {weight}
    for v in order:
        if v.role != "constant" and any(x in reached for x in v.inputs):
            reached.add(v)
    if output not in reached:
        return []
    useful = {output}  # what was reached can still end in a condition, where no gradient flows
    for v in reversed(order):
        if v in useful and v is not weight:
            useful.update(x for x in v.inputs if x in reached)
    return [v for v in order if v in useful]


def _uses(nodes: list[Value]) -> Iterator[Use]:
    on_path = set(nodes)
    for target in nodes[1:]:  # the first is the weight, whose own inputs are on no route
        for position, source in enumerate(target.inputs):
            if source in on_path:
                yield Use(source, target, position, target.partials[position])


def _count(uses: list[Use], weight: Value) -> int:
    """The number of routes to a node is the sum of those to its inputs, repeats counted."""
    last_use = {use.source: i for i, use in enumerate(uses)}
    routes_to = {weight: 1}
    for i, use in enumerate(uses):
        routes_to[use.target] = routes_to.get(use.target, 0) + routes_to[use.source]
        if last_use[use.source] == i:  # the numbers can have thousands of digits: keep only those needed
            del routes_to[use.source]
    (total,) = routes_to.values()
    return total


class _Way(NamedTuple):
    """A way from the weight to a node: its size, and the last step, from which way of the source."""

    size: Size
    use: Use | None
    rank: int


def _strongest(path: GradientPath, k: int) -> list[Route]:
    """Dynamic programming: the k best ways to a node extend the k best ways to its inputs.

    Multiplying two ways by the same partial does not change which is larger, so a way that is
    not among the k best to some node is not part of the k best routes either.
    """
    ways: dict[Value, list[_Way]] = {path.weight: [_Way(ONE, None, 0)][:k]}
    candidates: list[_Way] = []
    for i, use in enumerate(path.uses):
        size = _size(use.partial)
        candidates += [_Way(way.size.times(size), use, rank) for rank, way in enumerate(ways[use.source])]
        if i + 1 == len(path.uses) or path.uses[i + 1].target is not use.target:
            ways[use.target] = heapq.nlargest(k, candidates, key=lambda way: way.size)
            candidates = []
    return [_route(ways, path.output, rank) for rank in range(len(ways[path.output]))]


def _route(ways: dict[Value, list[_Way]], output: Value, rank: int) -> Route:
    steps: list[Use] = []
    product = 1.0
    way = ways[output][rank]
    while way.use is not None:
        steps.append(way.use)
        product *= way.use.partial
        way = ways[way.use.source][way.rank]
    steps.reverse()
    nodes = (*(step.source for step in steps), output)
    return Route(nodes, tuple(s.partial for s in steps), tuple(s.position for s in steps), product)
