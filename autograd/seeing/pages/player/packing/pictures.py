"""The pictures of a page as JSON has them: what many of them have in common is written down once.

The neurons of a layer look alike: their pictures are one and the same text, but for the ids and names
in it.  Such a text is taken apart into what they share, a mould, and what is each one's own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from autograd.seeing.facts.arrow import edge_key
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.view import View

OWN = re.compile(r'(n\d+|(?:l\d+)+u\d+|(?<=>)[^<]+|(?<=dx=")[^"]+)')
"""What the pictures of two neurons differ in: ids of nodes, names of views, all that is written."""

ID = re.compile(r"n\d+|(?:l\d+)+u\d+")
"""The id of a node, or the name of a neuron's view."""

SLOT_OR_ID = re.compile(r'\bid="(?P<id>[^"]*)"|data-slot="(?P<kind>\w+):(?P<key>[^"]*)"')
"""An element's id, or a slot: what kind of number it holds, and whose."""

Mould = tuple[str | int, ...]
"""A text with gaps: each number says which of a picture's own pieces belongs there."""


def plain_views(pictures: Sequence[View], trace: Trace) -> dict[str, Any]:
    """Return the views, their moulds, and which of them show a step.

    The first one's picture stands in the page itself.  Nodes and edges are told by their numbers in
    the trace, each but the first as its distance from the one before.
    """
    nodes = {node.id: i for i, node in enumerate(trace.nodes)}
    edges = {edge_key(edge): i for i, edge in enumerate(trace.edges)}
    split = [_split(_own_slots(view)) for view in pictures[1:]]
    often = Counter(mould for mould, _ in split)
    moulds = [mould for mould, times in often.items() if times > 1]
    numbers = {mould: i for i, mould in enumerate(moulds)}
    svgs: list[Any] = [""]
    for view, (mould, own) in zip(pictures[1:], split, strict=True):
        svgs.append([numbers[mould], *own] if mould in numbers else _own_slots(view))
    return {
        "moulds": moulds,
        "views": [
            {
                "name": view.name,
                "title": view.title,
                "note": view.note,
                "parent": view.parent,
                "opens": view.opens,
                "svg": svg,
                "nodes": _members(view.nodes, nodes, view.name),
                "edges": _members(view.edges, edges, view.name),
            }
            for view, svg in zip(pictures, svgs, strict=True)
        ],
        **_showing(pictures, trace),
    }


def _own_slots(view: View) -> str:
    """Return the picture, in which a slot does not say what it belongs to where that is the element it is in.

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


def _split(svg: str) -> tuple[Mould, list[str]]:
    """Return a text as a mould and what fills it, in the order it comes in; an id that is there before, once.

    >>> _split("<g id='n5'><text>a</text><use id='n5'/></g>")
    (("<g id='", 0, "'><text>", 1, "</text><use id='", 0, "'/></g>"), ['n5', 'a'])
    """
    pieces: list[str | int] = list(OWN.split(svg))
    known: dict[str, int] = {}
    own: list[str] = []
    for i in range(1, len(pieces), 2):
        piece = str(pieces[i])
        place = known.setdefault(piece, len(own)) if ID.fullmatch(piece) else len(own)
        if place == len(own):
            own.append(piece)
        pieces[i] = place
    return tuple(pieces), own


def _members(shown: dict[str, str], numbers: dict[str, int], view: str) -> dict[str, list[int]]:
    """Return by element the numbers of what it shows.

    The elements of those that are shown by one each are called after them: they stand together, under "".
    """
    elements: dict[str, list[int]] = {}
    for thing, element in shown.items():
        called = f"{view}-{thing.replace('>', '-').replace(':', '-')}"
        elements.setdefault("" if element == called else element, []).append(numbers[thing])
    return {element: _distances(sorted(found)) for element, found in elements.items()}


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
    column = []
    for step in trace.steps:
        views = by_node.get(step.node, [])
        if step.target is not None:
            among = set(by_edge.get(f"{step.node}>{step.target}:{step.position}", ()))
            views = [view for view in views if view in among]
        column.append(shown.setdefault(tuple(views), len(shown)))
    return {"showing": list(shown), "shown": column}


def _views_by(shown: Sequence[dict[str, str]]) -> dict[str, list[int]]:
    """Return by node or edge the numbers of the views that show it."""
    views: dict[str, list[int]] = {}
    for number, elements in enumerate(shown):
        for thing in elements:
            views.setdefault(thing, []).append(number)
    return views
