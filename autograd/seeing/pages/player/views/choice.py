"""The pictures that a walk is shown in: the whole graph, or what it folds into.

A small graph is one picture.  A network that would not be legible in one opens as the Modules that it is
made of; each of them opens as those within it, a layer as its neurons, a neuron as its weights and inputs.
Any other graph is cut into parts, if it is too large, that follow each other as the walk does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograd.notation.numbers import count
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.cast import emptied
from autograd.seeing.pages.player.svg.view import View
from autograd.seeing.pages.player.views.layers import Layer, layers_of
from autograd.seeing.pages.player.views.network import network_views
from autograd.seeing.pages.player.views.parts import Whole, fits, views_of
from autograd.seeing.pages.player.views.pictures import on_pictures
from autograd.seeing.pages.player.views.shares import with_shares

__all__ = ["INSTEAD", "MOST_NODES", "View", "boxes_of", "views"]

MOST_NODES = 12_000
"""A graph of more nodes is not shown value by value: its page would be many megabytes, its walk hours long.

Of a network its Modules are shown instead, by `autograd.seeing.pages.player.sketch`.
"""
INSTEAD = (
    "Follow one weight through it with gradient_path(output, weight), or all of its weights with the gallery "
    "of their paths"
)
"""How to get at what is not shown of such a graph."""

LEGIBLE = 35
"""A network of more nodes is folded: in one picture of all of it, the numbers would be too small to read."""


def views(trace: Trace, layers: Sequence[Layer] = ()) -> list[View]:
    """Return the views of a graph, in the order in which they are opened.

    Every node and every edge of the trace is shown by at least one of them.  The slots of the first
    hold the trace's numbers, as a page without scripts shows them; those of the others are empty.

    Args:
        trace: the facts of the graph.
        layers: what its network is shown as, if that is known already.

    Raises:
        ValueError: if the graph has more than `MOST_NODES` nodes.

    >>> from autograd import Value
    >>> from autograd.seeing.facts.trace import trace
    >>> [view] = views(trace(Value(2.0, "a") * Value(-3.0, "b")))
    >>> view.nodes["n2"], view.edges["n0>n2:0"], 'data-slot="gradient:n0"' in view.svg
    ('graph-n2', 'graph-n0-n2-0', True)
    """
    if len(trace.nodes) > MOST_NODES:
        raise ValueError(
            f"the graph has {count(len(trace.nodes))} nodes and {count(len(trace.edges))} edges, too many to "
            f"step through (at most {count(MOST_NODES)}). {INSTEAD}"
        )
    layers = layers or boxes_of(trace)
    first, *others = network_views(trace, layers) if layers else _graph_views(trace)
    return [first, *map(_emptied, others)]


def boxes_of(trace: Trace, legible: int = LEGIBLE) -> list[Layer]:
    """Return the boxes that a network is folded into; none if it is shown as a graph or in parts.

    Args:
        trace: the facts of the graph.
        legible: how many nodes can be read in one picture.
    """
    small = fits(trace)
    if not trace.uses or (small and len(trace.nodes) <= legible):
        return []
    layers = with_shares(on_pictures(trace, layers_of(trace)), trace)
    return layers if len(layers) > small else []  # a single box would only hide what can be shown


def _emptied(view: View) -> View:
    return replace(view, drawing=emptied(view.drawing)) if isinstance(view.drawing, str) else view


def _graph_views(trace: Trace) -> list[View]:
    return views_of(Whole(trace), {node.id for node in trace.nodes}, "graph", "graph", None)
