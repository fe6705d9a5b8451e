"""Gradient paths: every route by which one weight reaches the output.

The gradient of a weight is a sum over routes: along each, the product of the partials.  There can
be more routes than atoms in the universe, so none of the numbers here comes from listing them.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.graph import topological_order
from autograd.ledger import Entry, Factor, Ledger, total
from autograd.reverse import upstreams
from autograd.trace import check_value, labels_of, name_of_output, trace
from autograd.value import Value
from autograd.wording import as_written, counted, equals, factor, number, parse_label

if TYPE_CHECKING:
    from autograd.drawing import Drawing

LONGEST_FORMULA = 20
CALL = re.compile(r"\w+\(.*\)", re.DOTALL)


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
    """``0.5 · (−2) = −1``; of a long route the first and last factors."""
    if len(route.partials) < 2:
        return number(route.product)
    return f"{factors_in_words(route)} {equality(route)} {number(route.product)}"


def equality(route: Route) -> str:
    """What stands between the factors as they are written and the product: ``=`` or ``≈``."""
    return equals(math.prod(map(as_written, route.partials)), route.product)


def factors_in_words(route: Route) -> str:
    """``0.5 · (−2)``; of a long route the first and last factors; the product where there is only one."""
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
        self.uses = uses_among(self.nodes)
        self.upstream = {v: upstream[v] for v in self.nodes}
        self.total: float = self.upstream.get(weight, 0.0)
        self.count = count_routes(self.uses, output, [weight]).get(weight, 0)

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
        return StrongestRoutes(self.uses, self.output, k).of(self.weight)

    def ledger(self, k: int = 5, *, names: Mapping[str, Any] | None = None) -> Ledger:
        """The gradient as an account: the ``k`` largest routes, what the others add, and the sum.

        It prints as a table, and shows itself as one in a notebook.

        Args:
            k: how many routes get an entry, at least 0.
            names: variables by name, as `locals` gives them, for Values without a label.

        Raises:
            TypeError, ValueError: as for `routes`.

        >>> w, x = Value(3.0, "w"), Value(2.0, "x")
        >>> L = w * x + w * w
        >>> L.label = "L"
        >>> print(gradient_path(L, w).ledger(2))
        3 routes from w to L: ∂L/∂w = 8
        <BLANKLINE>
        route  product  running sum   factors
            1       +3           +3   ∂(w × w)/∂w  ∂L/∂(w × w)
                                      3 (input 1)  1
            2       +3           +6   ∂(w × w)/∂w  ∂L/∂(w × w)
                                      3 (input 2)  1
         rest       +2           +8   the one other route
          sum       +8                = ∂L/∂w
        """
        return _ledger(self, self.routes(k), names)

    def draw(
        self, *, names: Mapping[str, Any] | None = None, limit: int = 400, theme: str = "light"
    ) -> Drawing:
        """A picture of what lies between the weight and the output, and of nothing else.

        The strongest routes are told apart by hue and by number, and the thicker the stronger; each
        arrow carries its local derivative, in symbols where these are short.

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
        label = self.weight.label or (names or {}).get(self.weight, "")
        weight = parse_label(label).text if label else "the weight"
        output = parse_label(name_of_output(topological_order(self.output), names or {})).text
        gradient = f"∂{output}/∂{weight} =" if label else "the gradient,"
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


def uses_among(nodes: Iterable[Value]) -> list[Use]:
    """Every edge between the nodes along which a gradient flows, in the order of the targets.

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


def count_routes(uses: Sequence[Use], output: Value, wanted: Collection[Value]) -> dict[Value, int]:
    """How many routes lead to the output from each of the wanted Values that any leads from.

    The number of routes from a node is the sum of those from all that use it, repeats counted.
    """
    routes = {output: 1}
    for target, group in groupby(reversed(uses), key=_target):
        # the numbers can have thousands of digits: keep only those needed
        from_target = routes[target] if target in wanted else routes.pop(target)
        for use in group:
            routes[use.source] = routes.get(use.source, 0) + from_target
    return {v: routes[v] for v in wanted if v in routes}


def _target(use: Use) -> Value:
    return use.target


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
        for target, group in groupby(reversed(uses), key=_target):
            best = self._best(target)
            for use in reversed(list(group)):  # of equal ways the one by the first input comes first
                size = _size(use.partial)
                ways = [_Way(way.size.times(size), use, rank) for rank, way in enumerate(best)]
                self._ways.setdefault(use.source, []).extend(ways)

    def _best(self, v: Value) -> list[_Way]:
        """The best ways from a node all of whose uses have been seen."""
        ways = self._ways.get(v, [])
        if len(ways) > 1:
            ways = self._ways[v] = heapq.nlargest(self._k, ways, key=lambda way: way.size)
        return ways

    def of(self, weight: Value) -> list[Route]:
        """The routes from this Value, the largest first."""
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


# --------------------------------------------------------------------------------------- the ledger


def _ledger(path: GradientPath, routes: list[Route], names: Mapping[str, Any] | None) -> Ledger:
    called = _names_on(path, routes, names)
    entries, products = [], []
    for rank, route in enumerate(routes, 1):
        products.append(route.product)
        factors = tuple(
            Factor(called[before], called[after], partial, position if _is_repeated(before, after) else None)
            for (before, after), partial, position in zip(
                pairwise(route.nodes), route.partials, route.positions, strict=True
            )
        )
        entries.append(Entry(rank, factors, route.product, total(products)))
    return Ledger(
        weight=called[path.weight],
        output=called[path.output],
        entries=tuple(entries),
        count=path.count,
        rest=_sum_of_others(path, routes),
        gradient=path.total,
    )


def _is_repeated(before: Value, after: Value) -> bool:
    """Whether the one is more than one input of the other."""
    return sum(v is before for v in after.inputs) > 1


def _sum_of_others(path: GradientPath, routes: list[Route]) -> float:
    """The sum of the products of all routes but these.

    Every other route parts from these at some node on the way back from the output, by an edge that
    none of them takes from there.  Up to the source of that edge, ∂source/∂weight sums all the ways.
    """
    if len(routes) == path.count:
        return 0.0
    slope = {path.weight: 1.0}
    for use in path.uses:
        slope[use.target] = slope.get(use.target, 0.0) + use.partial * slope[use.source]
    if not routes:
        return slope[path.output]
    into = {target: list(group) for target, group in groupby(path.uses, key=_target)}
    others: list[float] = []
    ahead = [(path.output, 1.0, routes, 1)]
    while ahead:
        target, product, taking, depth = ahead.pop()
        for use in into.get(target, ()):
            upstream = product * use.partial
            along = [r for r in taking if len(r.positions) >= depth and r.positions[-depth] == use.position]
            if along:
                ahead.append((use.source, upstream, along, depth + 1))
            else:
                others.append(upstream * slope[use.source])
    return total(others)


def _names_on(path: GradientPath, routes: list[Route], names: Mapping[str, Any] | None) -> dict[Value, str]:
    """What each Value on the routes is called: its label, else its formula, else its number."""
    labels = labels_of(names)
    called = {path.weight: "weight", path.output: name_of_output(topological_order(path.output), labels)}
    if routes:
        facts = trace(path.output, names, {}, path.upstream).nodes
        readable: set[Value] = set()
        for i, (v, node) in enumerate(zip(path.nodes, facts, strict=True)):
            known = all(x.label or x.role == "constant" or x in readable for x in v.inputs)
            name = node.label or (_short(node.formula) if known else "")
            if name:
                readable.add(v)
            called[v] = name if node.label else called.get(v) or name or f"v{i}"
    name = path.weight.label or labels.get(path.weight, "")
    return called | ({path.weight: name} if name else {})


def _short(formula: str | None) -> str:
    """A formula in place of a name; "" if it is too long for one."""
    if formula is None or len(formula) > LONGEST_FORMULA:
        return ""
    return f"({formula})" if " " in formula and not _is_call(formula) else formula


def _is_call(formula: str) -> bool:
    """Whether all of a formula is one function's: ``tanh(a + b)``, but not ``tanh(a) + tanh(b)``."""
    if not CALL.fullmatch(formula):
        return False
    depth = 0
    for i, character in enumerate(formula):
        depth += (character == "(") - (character == ")")
        if character == ")" and depth == 0:
            return i == len(formula) - 1
    return False
