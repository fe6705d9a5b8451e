"""What follows a model, such as a loss over many classes, as one box of a folded graph."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from autograd.seeing.facts.folding.folded import MOST_LOOSE, Folded
from autograd.seeing.facts.folding.group import Group
from autograd.seeing.facts.folding.links import links_between
from autograd.seeing.facts.places import AFTER
from autograd.seeing.facts.records import NodeFact, Trace


def with_box_after(folded: Folded, trace: Trace) -> Folded:
    """Return a folded trace in which what no Module computes, and only the output needs, is one box.

    A few such Values, at most `MOST_LOOSE`, stay as they are.
    """
    loose = folded.nodes
    members = _after(folded, trace) if sum(node.op is not None for node in loose) > MOST_LOOSE else []
    if sum(node.op is not None for node in members) <= MOST_LOOSE:
        return folded
    column = max((group.column for group in folded.groups), default=0) + 1
    group = Group(f"layer{column}_0", AFTER, "module", "", (), column)
    group.members, group.leaving = members, {trace.output}
    ids = {node.id for node in members}
    where = {**folded.where, **dict.fromkeys(ids, group.id)}
    outside = [link for link in folded.links if not {link.source, link.target} & ids]
    into = [link for link in links_between(trace, where) if link.target == group.id]
    return replace(
        folded,
        groups=(*folded.groups, group),
        nodes=tuple(node for node in folded.nodes if node.id not in ids),
        links=(*outside, *into),
        output=group.id,
        where=where,
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
