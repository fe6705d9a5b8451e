"""A graph folded by the Modules that computed it: boxes, the nodes outside of them, and the links between.

A box is a neuron, a layer, or any Module, down to a depth; equal Modules of one list are one box (× 12)
until it is opened.  What belongs together is read from places (`autograd.seeing.facts.places`), never from
labels.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from autograd.notation.numbers import counted
from autograd.seeing.facts.places import ModuleFact, Path, Place
from autograd.seeing.facts.records import EdgeFact, NodeFact, Trace

By = Literal["neuron", "layer", "module"]

FOLDINGS: tuple[By, ...] = ("neuron", "layer", "module")

MOST_LOOSE = 6
"""At most this many Values that a Module computes beside the Modules within it are left as they are."""


@dataclass
class Group:
    """The nodes of one box.

    Attributes:
        id: its name in a drawing.
        title: how it is called: its place among its kin, such as "layer 2", or its attribute's name.
        path: of the Module, the first one where there are several; empty for inputs.
        kind: "inputs", "unit" (a neuron), or "module".
        column: "inputs" or the layer that it lies in, for arrangement.
        count: how many equal Modules it stands for.
        units: how many neurons or inputs it holds.
        uses: how many times each Module of it was used.
        parameters: how many parameters it holds.
        members: its nodes, in topological order.
    """

    id: str
    title: str
    path: Path
    kind: str
    column: str
    count: int = 1
    units: int = 0
    uses: int = 1
    parameters: int = 0
    members: list[NodeFact] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)

    def part(self, *parts: str) -> list[NodeFact]:
        """Return the members that are this part of their Module, such as "weight"."""
        return [node for node in self.members if self.parts.get(node.id) in parts]

    def outputs(self) -> list[NodeFact]:
        """Return what stands for the box: its activations, else its pre-activations, else what is last."""
        if self.kind == "inputs":
            return self.members
        return self.part("activation") or self.part("pre-activation") or self.computed()[-1:]

    def computed(self) -> list[NodeFact]:
        """Return the members that an op computed."""
        return [node for node in self.members if node.op is not None]


@dataclass
class Link:
    """All uses that lead from one group or node to another.

    Attributes:
        source, target: ids of groups or nodes.
        edges: the uses.
        weights: the weights that the target multiplies the source by.
    """

    source: str
    target: str
    edges: list[EdgeFact] = field(default_factory=list)
    weights: list[NodeFact] = field(default_factory=list)

    def gradient(self) -> float | None:
        """Return the gradient of the one weight, else what flows back through the edges.

        Into one value that is their sum; into several it is the size of all together, since what
        flows into different values does not add up.
        """
        if len(self.weights) == 1:
            return self.weights[0].gradient
        flows = [edge.contribution for edge in self.edges if edge.contribution is not None]
        if not flows:
            return None
        return sum(flows) if self.has_sign() else math.hypot(*flows)

    def has_sign(self) -> bool:
        """Return whether `gradient` is that of one value, and not the size of several."""
        return len(self.weights) == 1 or (not self.weights and len({edge.source for edge in self.edges}) == 1)


@dataclass(frozen=True)
class Folded:
    """A folded trace.

    Attributes:
        groups: the boxes, inputs first, then in the order in which they were computed.
        nodes: those in no box.
        links: between boxes and nodes.
        output: the id of the box or node that the trace was taken of.
    """

    groups: tuple[Group, ...]
    nodes: tuple[NodeFact, ...]
    links: tuple[Link, ...]
    output: str


def fold(trace: Trace, by: By = "module", depth: int = 1, opened: Collection[Path] = ()) -> Folded:
    """Fold a trace by the Modules that computed it.

    Args:
        trace: with places.
        by: a box per neuron, per layer (a Module with parameters but for the neurons in it), or per Module.
        depth: how far inside the outermost Modules the boxes lie; only for ``by="module"``.
        opened: paths of Modules that are shown by what is within them; only for ``by="module"``.

    Raises:
        ValueError: if no Module computed any of it.
    """
    if not trace.uses:
        raise ValueError(
            f"there is nothing to collapse by {by}: no Module was called on the way to this value. "
            "Draw without collapse, or compute it by a network of nn or a class of your own built on Module"
        )
    key = _Keys(trace, by, depth, frozenset(opened))
    home = {node.id: key.of(node) for node in trace.nodes}
    groups: dict[str, Group] = {}
    for node in trace.nodes:
        name = home[node.id]
        if name:
            group = groups.setdefault(name, key.group(name, len(groups)))
            group.members.append(node)
            if node.id in trace.places:
                group.parts[node.id] = trace.places[node.id].part
    where = {node.id: groups[home[node.id]].id if home[node.id] else node.id for node in trace.nodes}
    for group in groups.values():
        if group.kind == "inputs":
            group.units = len(group.members)
    ordered = sorted(groups.values(), key=lambda group: group.kind != "inputs")
    return Folded(
        groups=tuple(ordered),
        nodes=tuple(node for node in trace.nodes if not home[node.id]),
        links=_links(trace, where),
        output=where[trace.output],
    )


class _Keys:
    """Says in which box each node goes, by a text that is the same for the same box; "" for none."""

    def __init__(self, trace: Trace, by: By, depth: int, opened: frozenset[Path]) -> None:
        self._trace, self._by, self._depth, self._opened = trace, by, depth, opened
        self._modules = trace.modules
        self._inner = {module[:-1] for module in self._modules if module}
        self._containers = {
            path for path in self._inner
            if any(m[:-1] == path and not fact.is_unit for m, fact in self._modules.items() if m)
        }  # fmt: skip
        self._equal = _equal_siblings(self._modules)
        self._uses = Counter(use.module for use in trace.uses)
        self._loose = Counter(
            self._path(place) for node in trace.nodes if (place := trace.places.get(node.id)) and node.op
        )
        self._inputs = _inputs(trace)

    def of(self, node: NodeFact) -> str:
        """Return the box of a node."""
        if node.id in self._inputs:
            return f"inputs {node.id}" if self._by == "neuron" else "inputs"
        place = self._trace.places.get(node.id)
        if place is None:
            return ""
        path = self._path(place)
        if path in self._containers and self._loose[path] <= MOST_LOOSE and self._is_outermost(path):
            return ""
        return "/".join(("", *path))

    def _is_outermost(self, path: Path) -> bool:
        return path[:-1] not in self._modules

    def _path(self, place: Place) -> Path:
        """Return the path of the box of a place."""
        path = place.module
        if self._by == "neuron":
            return path
        if self._by == "layer":
            fact = self._modules.get(path)
            return path[:-1] if fact is not None and fact.is_unit else path
        start = 0 if () in self._modules else 1
        cut = path[: start + self._depth]
        while len(cut) < len(path) and cut in self._opened:
            cut = path[: len(cut) + 1]
        return self._equal.get(cut, cut) if cut[:-1] not in self._opened else cut

    def group(self, name: str, number: int) -> Group:
        """Return the box of a name, empty."""
        if name.startswith("inputs"):
            return Group(f"g{number}", "inputs", (), "inputs", "inputs")
        path = tuple(name.split("/")[1:])
        first = next((p for p, shared in self._equal.items() if shared == path), path)
        fact = self._modules.get(first)
        count = sum(shared == path for shared in self._equal.values()) or 1
        unit = fact is not None and fact.is_unit and self._by == "neuron"
        kind = "unit" if unit else "module"
        inside = [m for m, f in self._modules.items() if f.is_unit and m[: len(first)] == first]
        return Group(
            id=f"g{number}",
            title=title_of(first, self._modules) if count == 1 else f"{plural_of(first)} × {count}",
            path=first,
            kind=kind,
            column="/".join(first[:-1] if unit else first),
            count=count,
            units=len(inside) * count,
            uses=max(self._uses[first], 1),
            parameters=(fact.parameters if fact is not None else 0) * count,
        )


def title_of(path: Path, modules: Mapping[Path, ModuleFact]) -> str:
    """Return how a Module is called: an item of a list by its place among its kin, else by its attribute.

    >>> title_of(("encoder", "layers.0"), {})
    'encoder · layer 1'
    """
    if not path:
        return modules[()].kind if () in modules else "network"
    return " · ".join(_humanised(name) for name in path)


def plural_of(path: Path) -> str:
    """Return how several equal Modules are called: the name of the list that holds them."""
    return path[-1].rpartition(".")[0]


def _humanised(name: str) -> str:
    held, _, index = name.rpartition(".")
    if not index.isdigit() or not held:
        return name
    return f"{held.removesuffix('s')} {int(index) + 1}"


def _equal_siblings(modules: Mapping[Path, ModuleFact]) -> dict[Path, Path]:
    """Return for each Module that has equals in its list the path that they share."""
    kin: dict[tuple[Path, str, int], list[Path]] = {}
    for path, fact in modules.items():
        if path and path[-1].rpartition(".")[2].isdigit() and not fact.is_unit:
            shared = (*path[:-1], f"{plural_of(path)}.* {fact.kind} {fact.parameters}")
            kin.setdefault((shared, fact.kind, fact.parameters), []).append(path)
    return {path: shared for (shared, _, _), paths in kin.items() if len(paths) > 1 for path in paths}


def _inputs(trace: Trace) -> set[str]:
    """Return the ids of the inputs: leaves that only Modules use, and no Module holds or made inside."""
    users: dict[str, list[str]] = {}
    for edge in trace.edges:
        users.setdefault(edge.source, []).append(edge.target)

    def is_input(node: NodeFact) -> bool:
        place = trace.places.get(node.id)
        if node.op is not None or node.role == "weight" or node.id not in users:
            return False
        if place is None:
            return all(user in trace.places for user in users[node.id])
        return place.part == "input"

    return {node.id for node in trace.nodes if is_input(node)}


def _links(trace: Trace, where: Mapping[str, str]) -> tuple[Link, ...]:
    links: dict[tuple[str, str], Link] = {}
    nodes = {node.id: node for node in trace.nodes}
    inputs: dict[str, list[str]] = {}
    for edge in trace.edges:
        ends = where[edge.source], where[edge.target]
        inputs.setdefault(edge.target, []).append(edge.source)
        if ends[0] != ends[1]:
            links.setdefault(ends, Link(*ends)).edges.append(edge)
    for node in trace.nodes:
        for one, other in PAIRS.get(node.op or "", _no_pairs)(inputs.get(node.id, [])):
            for weight, source in ((one, other), (other, one)):
                ends = where[source], where[node.id]
                if nodes[weight].role == "weight" and where[weight] == ends[1] and ends in links:
                    link = links[ends]
                    if nodes[weight] not in link.weights:
                        link.weights.append(nodes[weight])
    return tuple(links.values())


def _no_pairs(inputs: list[str]) -> list[tuple[str, str]]:
    return []


PAIRS: dict[str, Callable[[list[str]], list[tuple[str, str]]]] = {
    "mul": lambda inputs: [(inputs[0], inputs[1])],
    "dot": lambda inputs: list(zip(inputs, inputs[len(inputs) // 2 :], strict=False))[: len(inputs) // 2],
}
"""By op, which of its inputs are multiplied with each other."""


def described(group: Group) -> str:
    """Return what kind of box it is, in words: "3 neurons", "12 uses"."""
    said = []
    if group.kind == "inputs":
        return counted(group.units, "input")
    if group.units > 1:
        said.append(counted(group.units, "neuron"))
    if group.uses > 1:
        said.append(f"× {group.uses}")
    return ", ".join(said)
