"""Levels: after how many boxes each box of a folded graph stands, among those that one Module holds."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping

from autograd.seeing.facts.places import Path
from autograd.seeing.facts.records import Trace

Levels = dict[Hashable, int]
"""The level of each box, from 0."""


def levels_within(
    trace: Trace, holders: Collection[Path], boxes: Mapping[str, Hashable]
) -> dict[Path, Levels]:
    """Return for some Modules the levels of the boxes within one use of each.

    Only what happens between the beginning of that use and its end counts: the gates of a recurrent cell all
    have level 0 in a step, whatever the steps before it computed.  A box in which nodes are of several levels
    has the lowest.

    Args:
        trace: with places.
        holders: paths of Modules; one that is not known holds all of the graph, in a single use.
        boxes: in which box each node is, by id; None for a node outside of all.
    """
    if not holders:
        return {}
    inputs: dict[str, list[str]] = {}
    for edge in trace.edges:
        inputs.setdefault(edge.target, []).append(edge.source)
    return {holder: _levels(uses, inputs, boxes) for holder, uses in _uses_of_nodes(trace, holders).items()}


def _uses_of_nodes(trace: Trace, holders: Collection[Path]) -> dict[Path, dict[str, int]]:
    """Return in which use of each holder the nodes are, by id in topological order."""
    around: list[dict[Path, int]] = []  # of each use, the last use of every Module that it is part of
    for number, use in enumerate(trace.uses):
        around.append({**({} if use.within is None else around[use.within]), use.module: number})
    found: dict[Path, dict[str, int]] = {
        holder: {} if holder in trace.modules else dict.fromkeys((node.id for node in trace.nodes), 0)
        for holder in holders
    }
    for node in trace.nodes:
        place = trace.places.get(node.id)
        if place is not None and place.use is not None:
            for holder in around[place.use].keys() & found.keys():
                found[holder][node.id] = around[place.use][holder]
    return found


def _levels(
    uses: Mapping[str, int], inputs: Mapping[str, Collection[str]], boxes: Mapping[str, Hashable]
) -> Levels:
    level: dict[str, int] = {}
    levels: Levels = {}
    for id, use in uses.items():
        before = [x for x in inputs.get(id, ()) if uses.get(x) == use]
        own = level[id] = max((level[x] + (boxes[x] != boxes[id]) for x in before), default=0)
        if id in inputs:
            levels[boxes[id]] = min(levels.get(boxes[id], own), own)
    return levels
