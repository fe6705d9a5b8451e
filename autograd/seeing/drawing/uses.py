"""The arrows of a graph, one per use, and the small boxes in which those that lead far begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from autograd.seeing.drawing.arrows import Arrow, add_arrow
from autograd.seeing.drawing.box_shapes import add_short_box
from autograd.seeing.drawing.canvas import RANKSEP
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.facts.arrow import operation_id, text_of_use, use_id
from autograd.seeing.facts.columns import columns_crossed
from autograd.seeing.facts.records import EdgeFact, Trace
from autograd.seeing.style import Theme

RANKSEP_PER_ARROW, WIDEST_RANKSEP = 0.2, 1.2
LONGEST_ARROW = 3
"""In a deep graph, an arrow crosses at most this many columns; where it would cross more, it begins at a
small box that names its source again."""
MOST_COLUMNS_PASSED = 200
"""A graph is deep if its arrows together cross more columns than this."""


def add_uses(drawing: Drawing, trace: Trace, theme: Theme) -> list[Arrow]:
    """Draw one arrow per use: its partial and, where there is one, its contribution; return the arrows.

    In a deep graph what is used far from where it stands is written again, by its name.
    """
    arrows = [*arrows_of_uses(drawing, trace, theme).values()]
    for arrow in arrows:
        add_arrow(drawing, arrow, theme)
    return arrows


def arrows_of_uses(drawing: Drawing, trace: Trace, theme: Theme) -> dict[EdgeFact, Arrow]:
    """Return the arrow of each use, and draw the small boxes that arrows from far away begin at."""
    again = distant_uses(trace)
    _open_fans(drawing, [edge for edge in trace.edges if edge not in again])
    nodes = {node.id: node for node in trace.nodes}
    arrows = {}
    for edge in trace.edges:
        tail = edge.source
        if edge in again:
            tail = f"{use_id(edge)}-again"
            add_short_box(drawing, nodes[edge.source], tail, theme)
        head = operation_id(nodes[edge.target])
        said, carries = text_of_use(edge), edge.partial is not None
        arrows[edge] = Arrow(tail, head, use_id(edge), said, edge.contribution, carries)
    return arrows


def distant_uses(trace: Trace) -> set[EdgeFact]:
    """Return the uses whose arrows would be too long, in a graph with many columns to pass.

    Every column that an arrow passes costs the layout time and the reader patience.  A node without
    a name keeps its arrows: a small box could not say which one it stands for.
    """
    crossed = columns_crossed(trace)
    if sum(columns - 1 for columns in crossed.values()) <= MOST_COLUMNS_PASSED:
        return set()
    nameable = {node.id for node in trace.nodes if node.label or node.role == "constant"}
    return {edge for edge, columns in crossed.items() if columns > LONGEST_ARROW and edge.source in nameable}


def _open_fans(drawing: Drawing, edges: Iterable[EdgeFact]) -> None:
    """Leave as much room between the columns as the widest fan of arrows needs to open."""
    fans = Counter(edge.source for edge in edges if edge.partial is not None)
    widest = max(fans.values(), default=1)
    drawing.attr(ranksep=str(min(RANKSEP + RANKSEP_PER_ARROW * (widest - 1), WIDEST_RANKSEP)))
