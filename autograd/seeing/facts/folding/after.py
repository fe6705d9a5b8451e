"""What follows a model, such as a loss over many classes, as one box of a folded graph."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import chain

from autograd.seeing.facts.folding.folded import MOST_LOOSE, Folded
from autograd.seeing.facts.folding.group import Group
from autograd.seeing.facts.folding.links import Link
from autograd.seeing.facts.places import AFTER
from autograd.seeing.facts.records import NodeFact, Trace


def with_box_after(folded: Folded, trace: Trace) -> Folded:
    """Return a folded trace in which what no Module computes, and only the output needs, is one box.

    A few such Values, at most `MOST_LOOSE`, stay as they are.
    """
    members = _after(folded, trace)
    if sum(node.op is not None for node in members) <= MOST_LOOSE:
        return folded
    column = max((group.column for group in folded.groups), default=0) + 1
    group = Group(f"layer{column}_0", AFTER, "module", "", (), column)
    group.members, group.leaving = members, {trace.output}
    ids = {node.id for node in members}
    return replace(
        folded,
        groups=(*folded.groups, group),
        nodes=tuple(node for node in folded.nodes if node.id not in ids),
        links=_leading_into(group.id, folded.links, ids),
        output=group.id,
        where={**folded.where, **dict.fromkeys(ids, group.id)},
    )


def _after(folded: Folded, trace: Trace) -> list[NodeFact]:
    """Return the nodes that no Module computes and nothing but such nodes uses, in their order."""
    framed = {*chain.from_iterable(folded.frames.values())}
    able = {
        node.id for node in folded.nodes
        if node.id not in trace.places and node.id not in framed and (node.op or node.role == "constant")
    }  # fmt: skip
    if trace.output not in able:
        return []
    users: dict[str, set[str]] = {trace.output: set()}
    for edge in trace.edges:
        users.setdefault(edge.source, set()).add(edge.target)
    found: set[str] = set()
    for node in reversed(trace.nodes):
        if node.id in able and users[node.id] <= found:
            found.add(node.id)
    return [node for node in trace.nodes if node.id in found]


def _leading_into(box: str, links: Collection[Link], members: Collection[str]) -> tuple[Link, ...]:
    """Return the links, those to a member as one to the box, and none within it."""
    merged: dict[tuple[str, str], Link] = {}
    for link in links:
        if link.source in members:
            continue
        ends = link.source, box if link.target in members else link.target
        if ends not in merged:
            merged[ends] = replace(link, target=ends[1])
            continue
        whole = merged[ends]
        merged[ends] = replace(
            whole,
            edges=[*whole.edges, *link.edges],
            weights=[*whole.weights, *(w for w in link.weights if w not in whole.weights)],
            beside=[*whole.beside, *link.beside],
            tied=[*whole.tied, *(w for w in link.tied if w not in whole.tied)],
            taken=[*whole.taken, *link.taken],
        )
    return tuple(merged.values())
