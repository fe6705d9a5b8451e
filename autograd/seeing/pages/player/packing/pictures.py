"""The pictures of a page as JSON has them: those that are cast from a mould as what is each one's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from autograd.seeing.facts.arrow import edge_key, use_id
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.cast import Cast
from autograd.seeing.pages.player.svg.view import View

SLOT_OR_ID = re.compile(r'\bid="(?P<id>[^"]*)"|data-slot="(?P<kind>\w+):(?P<key>[^"]*)"')
"""An element's id, or a slot: what kind of number it holds, and whose."""


def plain_views(pictures: Sequence[View], trace: Trace) -> dict[str, Any]:
    """Return the views, the moulds of their pictures, and which of them show a step.

    The first one's picture stands in the page itself.  Nodes and edges are told by their numbers in
    the trace, each but the first as its distance from the one before.
    """
    nodes = {node.id: i for i, node in enumerate(trace.nodes)}
    named = {id: (i, id) for id, i in nodes.items()}
    edges = {edge_key(edge): (i, use_id(edge)) for i, edge in enumerate(trace.edges)}
    casts = [view.drawing for view in pictures if isinstance(view.drawing, Cast)]
    moulds = {mould: i for i, mould in enumerate(dict.fromkeys(cast.mould for cast in casts))}
    looks = {nodes[node.id]: cast.faces.look(node) for cast in casts for node in cast.nodes}
    alike = {look: i for i, look in enumerate(dict.fromkeys(look for look, _ in looks.values()))}

    def drawing(view: View) -> object:
        if isinstance(view.drawing, Cast):
            return [moulds[view.drawing.mould], *[nodes[node.id] for node in view.drawing.nodes]]
        return "" if view is pictures[0] else _own_slots(view)

    return {
        "moulds": [*moulds],
        "faces": [[look.chip, look.box] for look in alike],
        "looks": {node: [alike[look], said] for node, (look, said) in looks.items()},
        "views": [
            {
                "name": view.name,
                "title": view.title,
                "note": view.note,
                "parent": view.parent,
                "opens": view.opens,
                "svg": drawing(view),
                "nodes": _members(view.nodes, named, view.name),
                "edges": _members(view.edges, edges, view.name),
            }
            for view in pictures
        ],
        **_showing(pictures, trace),
    }


def _own_slots(view: View) -> str:
    """Return the picture; a slot names what it belongs to only if that is not the element it stands in.

    >>> svg = '<g id="p-n5"><text data-slot="value:n5"/><text data-slot="value:n6"/></g>'
    >>> _own_slots(View("p", "", svg, {}, {}))
    '<g id="p-n5"><text data-slot="value"/><text data-slot="value:n6"/></g>'
    """
    inside = ""

    def shortened(found: re.Match[str]) -> str:
        nonlocal inside
        if found["id"] is not None:
            inside = found["id"].removeprefix(f"{view.name}-")
        elif re.sub("&gt;|>|:", "-", found["key"]) == inside:
            return f'data-slot="{found["kind"]}"'
        return found[0]

    return SLOT_OR_ID.sub(shortened, view.svg)


def _members(shown: dict[str, str], numbers: dict[str, tuple[int, str]], view: str) -> dict[str, list[int]]:
    """Return by element the numbers of what it shows, given each thing's number and what it is called.

    The elements of those that are shown by one each are called after them: they stand together, under "".
    """
    elements: dict[str, list[str]] = {}
    for thing, element in shown.items():
        elements.setdefault(element, []).append(thing)
    found: dict[str, list[int]] = {}
    for element, things in elements.items():
        is_own = len(things) == 1 and element == f"{view}-{numbers[things[0]][1]}"
        found.setdefault("" if is_own else element, []).extend([numbers[thing][0] for thing in things])
    return {element: _distances(sorted(places)) for element, places in found.items()}


def _distances(numbers: list[int]) -> list[int]:
    """Return increasing numbers, each as its distance from the one before.

    >>> _distances([5, 6, 9])
    [5, 1, 3]
    """
    return [n - before for n, before in zip(numbers, [0, *numbers], strict=False)]


def _showing(pictures: Sequence[View], trace: Trace) -> dict[str, Any]:
    """Return which views show a step: by step the number of a list of views."""
    shown: dict[Any, int] = {}
    if len(pictures) == 1:
        return {"showing": [], "shown": []}
    by_node = _views_by([view.nodes for view in pictures])
    by_edge = _views_by([view.edges for view in pictures])
    of_node = {node: set(views) for node, views in by_node.items()}
    column = []
    for step in trace.steps:
        views = by_node.get(step.node, [])
        if step.target is not None:
            among = by_edge.get(f"{step.node}>{step.target}:{step.position}", ())
            views = [view for view in among if view in of_node[step.node]]
        column.append(shown.setdefault(tuple(views), len(shown)))
    return {"showing": list(shown), "shown": column}


def _views_by(shown: Sequence[dict[str, str]]) -> dict[str, list[int]]:
    """Return by node or edge the numbers of the views that show it."""
    views: dict[str, list[int]] = {}
    for number, elements in enumerate(shown):
        for thing in elements:
            views.setdefault(thing, []).append(number)
    return views
