"""The pictures of a page as JSON has them: those that are cast from a mould as what is each one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from operator import sub
from typing import Any

from autograd.seeing.facts.arrow import edge_key
from autograd.seeing.facts.records import Trace
from autograd.seeing.pages.player.svg.cast import Cast, Look
from autograd.seeing.pages.player.svg.view import Own, Plane, View, own_id
from autograd.seeing.pages.player.views.kernels import Slides

SLOT_OR_ID = re.compile(r'\bid="(?P<id>[^"]*)"|data-slot="(?P<kind>\w+):(?P<key>[^"]*)"')
"""An element's id, or a slot: what kind of number it holds, and whose."""


def plain_views(pictures: Sequence[View], trace: Trace) -> dict[str, Any]:
    """Return the views and the moulds of their pictures.

    The first one's picture stands in the page itself.  Nodes and edges are told by their numbers in
    the trace, each but the first as its distance from the one before.
    """
    nodes = {node.id: i for i, node in enumerate(trace.nodes)}
    edges = {edge_key(edge): i for i, edge in enumerate(trace.edges)}
    casts = [view.drawing for view in pictures if isinstance(view.drawing, Cast)]
    moulds = {mould: i for i, mould in enumerate(dict.fromkeys(cast.mould for cast in casts))}
    looks: dict[int, Look] = {}
    for cast in casts:
        for node in cast.nodes:
            looks.setdefault(nodes[node.id], cast.faces.look(node))
    faces = {face: i for i, face in enumerate(dict.fromkeys(look.face for look in looks.values()))}
    names = {name: i for i, name in enumerate(dict.fromkeys(look.names for look in looks.values()))}

    def drawing(view: View) -> object:
        if isinstance(view.drawing, Cast):
            return [moulds[view.drawing.mould], *[nodes[node.id] for node in view.drawing.nodes]]
        return "" if view is pictures[0] else _own_slots(view)

    return {
        "moulds": [*moulds],
        "faces": [[face.chip, face.box] for face in faces],
        "names": [*names],
        "looks": {node: [faces[look.face], names[look.names], look.hint] for node, look in looks.items()},
        "views": [
            {
                "name": view.name,
                "title": view.title,
                "note": view.note,
                "parent": view.parent,
                "opens": view.opens,
                "svg": drawing(view),
                "nodes": _members(view.nodes, nodes, view.name),
                "edges": _members(view.edges, edges, view.name),
                **({"about": view.about} if view.about else {}),
                **({"slides": _slides(view.slides, nodes)} if view.slides else {}),
                **({"planes": _planes(view.planes, nodes)} if view.planes else {}),
            }
            for view in pictures
        ],
    }


def _planes(planes: Mapping[str, Plane], numbers: Mapping[str, int]) -> dict[str, list[int]]:
    """Return by thumbnail how many numbers stand side by side, and the numbers of their nodes."""
    return {id: [plane.columns, *[numbers[node] for node in plane.nodes]] for id, plane in planes.items()}


def _slides(slides: Slides, numbers: Mapping[str, int]) -> dict[str, Any]:
    """Return what slides over a picture, its nodes by their numbers; -1 stands for none."""
    windows = slides.windows

    def numbered(ids: Sequence[str]) -> list[int]:
        return [numbers.get(id, -1) for id in ids]

    return {
        "planes": [numbered(plane) for plane in windows.planes],
        "columns": windows.columns,
        "size": windows.size,
        "stride": windows.stride,
        "start": windows.start,
        "across": windows.across,
        "apart": windows.apart,
        "kernels": [numbered(weights) for weights in slides.kernels],
        "biases": numbered(slides.biases),
        "sums": numbered(slides.sums),
    }


def _own_slots(view: View) -> str:
    """Return the picture; a slot names what it belongs to only if that is not the element it stands in.

    >>> svg = '<g id="p-n5"><text data-slot="value:n5"/><text data-slot="value:n6"/></g>'
    >>> _own_slots(View("p", "", svg, {}, {}))
    '<g id="p-n5"><text data-slot="value"/><text data-slot="value:n6"/></g>'
    """
    if f'id="{view.name}-n' not in view.svg:
        return view.svg  # no element is that of one node
    inside = ""

    def shortened(found: re.Match[str]) -> str:
        nonlocal inside
        if found["id"] is not None:
            inside = found["id"].removeprefix(f"{view.name}-")
        elif re.sub("&gt;|>|:", "-", found["key"]) == inside:
            return f'data-slot="{found["kind"]}"'
        return found[0]

    return SLOT_OR_ID.sub(shortened, view.svg)


def _members(shown: Mapping[str, str], numbers: Mapping[str, int], view: str) -> dict[str, list[int]]:
    """Return by element the distances between what it shows, given each thing's number.

    The elements of those that are shown by one each are called after them: they stand together, under "".
    """
    if isinstance(shown, Own):
        return {"": _distances([numbers[thing] for thing in shown])} if shown else {}
    elements: dict[str, list[str]] = {}
    for thing, element in shown.items():
        elements.setdefault(element, []).append(thing)
    found: dict[str, list[int]] = {}
    for element, things in elements.items():
        is_own = len(things) == 1 and element == own_id(view, things[0])
        found.setdefault("" if is_own else element, []).extend([numbers[thing] for thing in things])
    return {element: _distances(places) for element, places in found.items()}


def _distances(numbers: list[int]) -> list[int]:
    """Return numbers in increasing order, each as its distance from the one before.

    >>> _distances([6, 5, 9])
    [5, 1, 3]
    """
    numbers = sorted(numbers)
    return [*map(sub, numbers, [0, *numbers])]
