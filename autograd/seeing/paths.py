"""Gradient paths: every route by which one weight reaches the output.

The gradient of a weight is a sum over routes: along each, the product of the partials.  There can
be more routes than atoms in the universe, so none of the numbers here comes from listing them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograd.graph import topological_order
from autograd.notation.labels import parse_label
from autograd.notation.numbers import counted, number
from autograd.reverse import upstreams
from autograd.seeing.facts.ledger import Ledger
from autograd.seeing.facts.names import check_value, name_of_output
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.seeing.drawing import Drawing
from autograd.seeing.facts.ledger import _ledger
from autograd.seeing.facts.routes import Route, StrongestRoutes, _between, count_routes, uses_among


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
        from autograd.seeing.drawing import draw_path  # pictures are loaded only when wanted

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


# --------------------------------------------------------------------------------------- the ledger
