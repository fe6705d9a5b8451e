"""What follows a model, such as a loss over many classes, as one box of a folded graph."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from autograd.seeing.facts.folding.folded import MOST_LOOSE, Folded
from autograd.seeing.facts.folding.group import Group
from autograd.seeing.facts.folding.links import links_between
from autograd.seeing.facts.places import AFTER
from autograd.seeing.facts.records import NodeFact, Trace
from autograd.seeing.facts.shares import MOST_CLASSES, Softmaxes


def with_box_after(folded: Folded, trace: Trace) -> Folded:
    """Return a folded trace in which what no Module computes, and only the output needs, is one box.

    A few such Values, at most `MOST_LOOSE`, stay as they are, unless they are a softmax or a cross-entropy;
    where one of these is among them, the box tells its shares.
    """
    members = _after(folded, trace)
    few = sum(node.op is not None for node in members) <= MOST_LOOSE
    found = Softmaxes(trace).among(members)
    shares = found[0] if len(found) == 1 and len(found[0].classes) <= MOST_CLASSES else None
    if few and (shares is None or not shares.ids.issuperset(n.id for n in members if n.op)):
        return folded
    column = max((group.column for group in folded.groups), default=0) + 1
    title = shares.title if few and shares else AFTER
    group = Group(f"layer{column}_0", title, "module", "", (), column)
    group.members, group.leaving = members, {trace.output}
    if shares:
        group.of, group.brief = "" if few else shares.title, shares.kind
        group.shares = tuple([(fact.word, fact.nodes) for fact in shares.facts])
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
