"""A gradient path through the boxes of a folded graph."""

from __future__ import annotations

from autograd.graph import topological_order
from autograd.seeing.facts.folding.folded import Folded
from autograd.seeing.facts.folding.links import Link
from autograd.seeing.facts.records import EdgeFact, Trace
from autograd.seeing.facts.routes import Routes


def fold_path(path: Routes, trace: Trace, network: Folded) -> Folded:
    """Return what lies between the weight and the output, of a folded graph.

    The boxes are those of the graph, but for the weight, which has one of its own.  A link stands for the
    routes that lead along it, and what these add to the gradient: as much leaves a box as comes into it.

    Args:
        path: all routes.
        trace: of the path's output.
        network: this trace, folded.
    """
    ids = dict(zip(topological_order(path.output), (node.id for node in trace.nodes), strict=True))
    weight, output = ids[path.weight], ids[path.output]
    where = {**network.where, weight: weight}
    links: dict[tuple[str, str], Link] = {}
    for use, count, flow in path.passing():
        source, target = ids[use.source], ids[use.target]
        ends = where[source], where[target]
        if ends[0] != ends[1]:
            link = links.setdefault(ends, Link(*ends))
            link.edges.append(EdgeFact(source, target, use.position, use.partial, flow))
            link.routes += count
    shown = {weight, where[output], *(end for ends in links for end in ends)}
    return Folded(
        tuple(group for group in network.groups if group.id in shown),
        tuple(
            node._replace(symbol=None) if node.id == weight else node  # how it came about is not shown
            for node in trace.nodes
            if node.id in shown
        ),
        tuple(links.values()),
        where[output],
        where,
        {title: tuple(id for id in ids if id in shown) for title, ids in network.frames.items()},
    )
