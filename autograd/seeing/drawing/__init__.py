"""Pictures of graphs, of one weight's gradient path, and of networks.

>>> from autograd import Value
>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> picture = draw(a * b)
>>> picture.pipe(encoding="utf-8").startswith("<?xml")
True
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from autograd.core.garbage_collection import collector_paused
from autograd.graph import topological_order
from autograd.seeing.drawing.graph import draw_graph
from autograd.seeing.drawing.limits import check_limit, too_large
from autograd.seeing.drawing.network import draw_network
from autograd.seeing.drawing.origin import draw_ties, tie
from autograd.seeing.drawing.path import draw_path
from autograd.seeing.drawing.renderer import Drawing, draw_with
from autograd.seeing.facts.after_an_error import where_raised
from autograd.seeing.facts.folding.folded import By
from autograd.seeing.facts.folding.options import Folding
from autograd.seeing.facts.names import check_value
from autograd.seeing.facts.trace import trace, with_formulas
from autograd.seeing.style import theme_named
from autograd.value import Value

__all__ = ["Drawing", "draw", "draw_path", "draw_with"]


@collector_paused()
def draw(
    output: Value | BaseException,
    *,
    names: Mapping[str, Any] | None = None,
    constants: bool = True,
    collapse: By | None = None,
    depth: int | None = None,
    opened: str | Collection[str] = (),
    limit: int = 400,
    theme: str = "light",
    origin: Value | None = None,
) -> Drawing:
    """Draw everything that ``output`` was computed from.

    Each Value is a box with its value and gradient, each operation a circle, each use an arrow
    with its local derivative.  The picture shows itself in a notebook; ``.render(outfile=…)``,
    ``.save("loss.svg")`` writes what the ending says; ``.pipe()`` and ``.view()`` work as the graphviz
    library has them.

    Args:
        output: the Value at the end; it is drawn at the right, or below boxes of layers and other Modules.
            Of an error that a computation raised: what led to it, and where it was raised, which is opened by
            ``collapse="module"``; so is a graph of more than ``limit`` Values that Modules computed.
        names: variables by name, as `locals` gives them, for Values without a label.
        constants: whether plain numbers are drawn.  One given to a Module that computes with it itself is
            such a constant of it, and no input: give Values to see them among the inputs.
        collapse: "neuron", "layer" or "module" to draw a network with one box for each of them.  Equal
            Modules that follow each other in a list are one box, ``blocks × 12``; so is, by layer or Module,
            what follows the model if it is many Values, such as a loss over many classes.
        depth: how far inside the outermost Modules the boxes of ``collapse="module"`` lie: 1, unless it is
            given, for what they hold themselves, 0 for one box each.  It implies ``collapse="module"``.
            Equal Modules of a list are one box at the depth where they lie, and apart at the next; Values
            stay in their box until it is opened.
        opened: what is shown by what is within it, in ``collapse="module"``, which it implies: the path of a
            Module (``"blocks.3"``; ``""`` for the outermost), of a list or another holder of Modules
            (``"blocks"``), of one use of a Module, such as the fourth time step (``"cell[4]"``), or of what
            is within one (``"tower[2].out"``), spelled so or as in pictures (``"tower · use 2 · out"``), or
            several of them.  A Module that holds no other shows its own Values, in a frame; of several uses
            those of the last.  The uses before and after an opened one stay folded.  Steps stand one below
            the other, the gates of one side by side.
        limit: at most this many boxes are drawn; a larger graph is refused.
        theme: "light" or "dark".
        origin: where ``output`` is a gradient, computed with ``create_graph=True``: what it is the
            gradient of.  Both graphs are drawn, and what differentiating made is marked.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if there is more to draw than the limit, if there is nothing to collapse, or
            for an unknown ``collapse``, ``opened`` or ``theme``.

    >>> w, x = Value(3.0, "w"), Value(2.0, "x")
    >>> print(draw(w * x, limit=1))
    Traceback (most recent call last):
    ...
    autograd.seeing.drawing.limits.TooLargeError: the graph has 3 nodes and 2 edges, too many to read in a \
picture. Draw a network folded, with collapse="neuron", "layer" or "module"; draw one weight's part of it, \
with gradient_path(output, weight).draw(); or raise the limit (limit=1)
    """
    is_error = isinstance(output, BaseException)
    if isinstance(output, BaseException):
        output = where_raised(output)
    check_value("a drawing", output)
    check_limit(limit)
    look = theme_named(theme)
    folding = Folding.asked(collapse, depth, opened)
    if origin is not None:
        check_value("the origin of a gradient", origin)
        if folding is not None:
            raise ValueError("a gradient's graph is drawn value by value: leave collapse or origin away")
        among = None if constants else _without_constants(output, origin)
        return draw_ties(tie(output, origin, names, among), limit, look)
    kept = [v for v in topological_order(output) if constants or v.op or v.role != "constant" or v is output]
    if folding is None and is_error and len(kept) > limit and any(v.place for v in kept):
        folding = Folding.asked("module", depth, opened)
    if folding is None:
        if len(kept) > limit:
            raise too_large("the graph", len(kept), _edges_among(kept), limit)
        return draw_graph(trace(output, names, among=set(kept)), look)
    facts = trace(output, names, among=set(kept), formulas=False)
    network = folding.of(facts)
    nodes = with_formulas(network.nodes, facts, kept, names)  # only these are drawn with theirs
    return draw_network(replace(network, nodes=nodes), look, limit)


def _without_constants(*outputs: Value) -> set[Value]:
    return {v for v in topological_order(*outputs) if v.op or v.role != "constant"}.union(outputs)


def _edges_among(kept: list[Value]) -> int:
    among = set(kept)
    return sum(x in among for v in kept for x in v.inputs)
