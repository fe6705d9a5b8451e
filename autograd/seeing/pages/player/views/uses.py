"""What each use of a Module computes, where it is used several times: steps in time, samples, two inputs."""

from __future__ import annotations

from dataclasses import replace

from autograd.seeing.facts.folding.group import Group
from autograd.seeing.facts.places import Path
from autograd.seeing.facts.records import NodeFact, Trace


def uses_of(inside: Trace, group: Group) -> list[Group]:
    """Return a group for each use of a Module, with the parameters that this use takes.

    Where a use takes what one before it gave, they are steps in time.

    Args:
        inside: how the group is computed.
        group: the box of a Module.
    """
    uses: dict[str, set[int]] = {}
    for node in group.members:
        if node.op is not None:
            place = inside.places.get(node.id)
            use = _outermost(inside, group.path, None if place is None else place.use)
            if use is None:
                return []
            uses[node.id] = {use}
    numbers = sorted(set().union(*uses.values()))
    passed_on = {
        edge.source for edge in inside.edges if edge.source in uses and uses[edge.source] != uses[edge.target]
    }
    for edge in inside.edges:
        if edge.source not in passed_on and edge.target in uses:
            uses.setdefault(edge.source, set()).update(uses[edge.target])
    called = "time step" if passed_on else "use"
    members_of: dict[int, list[NodeFact]] = {use: [] for use in numbers}
    for node in group.nodes:
        for use in uses.get(node.id) or numbers[:1]:
            members_of[use].append(node)
    several = {node.id for node in group.weights() if len(uses.get(node.id, ())) > 1}
    whole = replace(group, leaving=group.leaving | passed_on, lent=group.lent | several)
    alone = replace(group, uses=1, shared=[], leaving=set(), lent=set(), tied={})
    held = group.unused + len(group.weights())
    groups = []
    for turn, members in enumerate(members_of.values(), 1):
        groups.append(replace(alone, title=f"{called} {turn}", members=members).as_part_of(whole))
        groups[-1].note_unused(held)
    return groups


def _outermost(trace: Trace, path: Path, use: int | None) -> int | None:
    """Return the outermost use of a Module that a use is part of; None if it is part of none."""
    found = None
    while use is not None:
        if trace.uses[use].module == path:
            found = use
        use = trace.uses[use].within
    return found
