"""Gradient paths: every route by which one weight reaches the output.

The gradient of a weight is a sum over routes: along each, the product of the partials.  There can
be more routes than atoms in the universe, so none of the numbers here comes from listing them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from os import PathLike
from typing import Any

from autograd.notation.hints import described
from autograd.seeing.drawing import Drawing
from autograd.seeing.drawing.limits import TooLargeError
from autograd.seeing.drawing.path import draw_path
from autograd.seeing.drawing.renderer import WIDEST
from autograd.seeing.facts.folding.folded import By
from autograd.seeing.facts.folding.options import Folding
from autograd.seeing.facts.names import check_value
from autograd.seeing.facts.routes import Routes
from autograd.seeing.ledger import Ledger
from autograd.seeing.style import narrowest
from autograd.value import Value


class GradientPath(Routes):
    """All routes from ``weight`` to ``output``, shown: made by `gradient_path`; see `Routes`."""

    def ledger(self, k: int = 5, *, names: Mapping[str, Any] | None = None) -> Ledger:
        """Return the gradient as an account: the ``k`` largest routes, what the others add, and the sum.

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
            1       +3           +3   ∂₁(w→(w × w))  ∂((w × w)→L)
                                      3              1
            2       +3           +6   ∂₂(w→(w × w))  ∂((w × w)→L)
                                      3              1
         rest       +2           +8   the other one
          sum       +8                = ∂L/∂w
        """
        return Ledger.of(self, self.routes(k), names)

    def draw(
        self,
        *,
        names: Mapping[str, Any] | None = None,
        collapse: By | None = None,
        depth: int | None = None,
        opened: str | Collection[str] = (),
        limit: int = 400,
        theme: str = "light",
    ) -> Drawing:
        """Return a picture of what lies between the weight and the output, and of nothing else.

        The strongest routes are told apart by hue and by number, and the thicker the stronger; each
        arrow carries its local derivative, in symbols where these are short.

        Folded, it has the boxes of `draw`, and each arrow says how many routes lead along it, and what they
        add to the gradient: all that comes into a box leaves it.  What leads along an arrow twice, around a
        box for several time steps, counts twice.

        Args:
            names: variables by name, as `locals` gives them, for Values without a label.
            collapse, depth, opened: how it is folded, as in `draw`.
            limit: from how many nodes on only the strongest routes are drawn; at most this many boxes are.
            theme: "light" or "dark".

        Raises:
            TypeError, ValueError: for what `draw` refuses to fold; ValueError if even the strongest route
                has more nodes than the limit.
        """
        folding = Folding.asked(collapse, depth, opened)
        return draw_path(self, names=names, folding=folding, limit=limit, theme=theme)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the picture of `draw` to a file whose ending says the format, such as ``"path.svg"``.

        Raises:
            ValueError: for an ending that is not a format, or where `draw` refuses.
            OSError: if the file cannot be written.
        """
        self.draw().save(path)

    def __repr__(self) -> str:
        return f"<gradient path: {self.in_words()}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        try:
            picture = self._legible()
        except ValueError:  # too long to draw: the words have to do
            return {"text/plain": repr(self)}
        return {"text/plain": repr(self), **picture._repr_mimebundle_(include=include, exclude=exclude)}

    def _legible(self) -> Drawing:
        """Return the picture: where it is wider than a page, that of the Modules, if there are any."""
        try:
            picture = self.draw()
        except TooLargeError:
            return self.draw(collapse="module")
        if narrowest(picture.svg()) <= WIDEST:
            return picture
        try:
            return self.draw(collapse="module")
        except ValueError:  # no Module was called
            return picture


def gradient_path(output: Value, weight: Value) -> GradientPath:
    """Return every route by which ``weight`` reaches ``output``.

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
    if not isinstance(weight, Value):
        raise TypeError(
            "a gradient path begins at one Value of the graph, such as a Parameter: one of "
            "model.parameters(), or model.parameter(path); a matrix such as layer.W holds copies of their "
            f"plain numbers; got {described(weight)}"
        )
    return GradientPath(output, weight)
