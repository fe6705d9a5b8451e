"""The picture of a graph: a box for each Value, a circle for each operation, an arrow for each use."""

from __future__ import annotations

from autograd.seeing.drawing.box_shapes import add_nodes
from autograd.seeing.drawing.canvas import canvas, caption
from autograd.seeing.drawing.legend import legend_of_graph
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.drawing.uses import add_uses
from autograd.seeing.facts.records import Trace
from autograd.seeing.style import Theme


def draw_graph(trace: Trace, theme: Theme) -> Drawing:
    """Draw a whole trace."""
    drawing = canvas(theme)
    add_nodes(drawing, trace.nodes, theme)
    arrows = add_uses(drawing, trace, theme)
    caption(drawing, legend_of_graph(trace, arrows, theme))
    return drawing
