"""A graph folded by the Modules that computed it: boxes, the nodes outside of them, and the links between.

A box is a neuron, a layer, or any Module, down to a depth; equal Modules that follow each other in a list
are one box ("blocks × 12") until it is opened.  What belongs together is read from places
(`autograd.seeing.facts.places`), never from labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal, NamedTuple

from autograd.notation.hints import did_you_mean
from autograd.seeing.facts.links import Link, links_between
from autograd.seeing.facts.places import ModuleFact, Path, Place, layer_of, title_of
from autograd.seeing.facts.records import NodeFact, Trace

By = Literal["neuron", "layer", "module"]
"""What has a box of its own."""

FOLDINGS: tuple[By, ...] = ("neuron", "layer", "module")

MOST_LOOSE = 12
"""At most this many Values that a Module computes beside the Modules within it are left as they are."""


@dataclass
class Group:
    """The nodes of one box.

    Attributes:
        id: its name in a drawing.
        title: how it is called: ``layer 2``, ``encoder``, ``blocks × 12``.
        kind: "inputs" for all inputs, "input" for one, "unit" for a neuron, "module" for any other Module.
        of: the class of its Module; "" for inputs.
        path: where its Module is held, the first one where there are several; empty for inputs.
        column: in which column it stands; that of the inputs is 0.
        count: how many equal Modules it stands for.
        units: how many neurons or inputs are in it.
        uses: how many times each Module of it was used, each input taken.
        holds_units: whether the Module itself holds neurons.
        members: its nodes, in topological order.
        parts: what members are in their Module, such as "weight", by id.
        leaving: the ids of members that are used outside, or are the output.
    """

    id: str
    title: str
    kind: Literal["inputs", "input", "unit", "module"]
    of: str
    path: Path
    column: int
    count: int = 1
    units: int = 0
    uses: int = 1
    holds_units: bool = False
    members: list[NodeFact] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)

    @property
    def takes_no_inputs(self) -> bool:
        """Whether it stands for inputs, which nothing leads to."""
        return self.kind in ("inputs", "input")

    @property
    def is_layer(self) -> bool:
        """Whether it is one Module of neurons, all its outputs being theirs."""
        own = {self.parts.get(node.id) for node in self.outputs()}
        return (
            self.count == 1
            and self.units > 0
            and self.holds_units
            and own <= {"pre-activation", "activation"}
        )

    def part(self, part: str) -> list[NodeFact]:
        """Return the members that are this part of their Module, such as "pre-activation"."""
        return [node for node in self.members if self.parts.get(node.id) == part]

    def weights(self) -> list[NodeFact]:
        """Return the members that are trained."""
        return [node for node in self.members if node.role == "weight"]

    def outputs(self) -> list[NodeFact]:
        """Return what it gives: a neuron its activation, all others what is used outside."""
        if self.kind == "unit" and self.part("pre-activation"):
            return self.part("activation") or self.part("pre-activation")
        return [node for node in self.members if node.op is not None and node.id in self.leaving]


@dataclass(frozen=True)
class Folded:
    """A folded trace.

    Attributes:
        groups: the boxes, column by column; inputs first, then in the order in which they were computed.
        nodes: those in no box.
        links: between boxes and nodes.
        output: the id of the box or node that the trace was taken of.
    """

    groups: tuple[Group, ...]
    nodes: tuple[NodeFact, ...]
    links: tuple[Link, ...]
    output: str

    def last(self) -> set[str]:
        """Return the ids of the boxes that lead to no other box."""
        boxes = {group.id for group in self.groups}
        return boxes - {link.source for link in self.links if link.target in boxes}


def fold(trace: Trace, by: By = "module", depth: int = 1, opened: Collection[str] = ()) -> Folded:
    """Fold a trace by the Modules that computed it.

    Args:
        trace: with places.
        by: a box per neuron, per layer (a Module, but for the neurons that it holds), or per Module.
        depth: how far inside the outermost Modules the boxes lie, layers at the farthest; only for
            ``by="module"``.
        opened: what is shown by what is within it, only for ``by="module"``: paths of Modules
            (``blocks.3``), or of lists of equal ones (``blocks``).

    Raises:
        ValueError: if no Module computed any of it, or for an unknown path.
    """
    if not trace.uses:
        raise ValueError(
            f"there is nothing to collapse by {by}: no Module was called on the way to this value. "
            "Draw without collapse, or compute it by a network of nn or a class of your own built on Module"
        )
    _check_opened(opened, trace.modules)
    homes = _Homes(trace, by, depth, frozenset(opened))
    boxes: dict[_Box, list[NodeFact]] = {}
    for node in trace.nodes:
        if (box := homes.of[node.id]) is not None:
            boxes.setdefault(box, []).append(node)
    groups = _arranged(trace, boxes, homes)
    where = {
        node.id: node.id if (box := homes.of[node.id]) is None else groups[box].id for node in trace.nodes
    }
    links = links_between(trace, where)
    leaving = {edge.source for link in links for edge in link.edges} | {trace.output}
    for group in groups.values():
        group.leaving = {node.id for node in group.members} & leaving
    loose = tuple(node for node in trace.nodes if homes.of[node.id] is None)
    return Folded(tuple(groups.values()), loose, links, where[trace.output])


# --------------------------------------------------------------------------- in which box each node is


class _Box(NamedTuple):
    """What tells one box from another; ``place`` is a Module's path, or which of the inputs it is."""

    kind: Literal["inputs", "input", "unit", "module"]
    place: tuple[str, ...] = ()


class _Homes:
    """The box of each node, by id; None for a node outside of all boxes."""

    def __init__(self, trace: Trace, by: By, depth: int, opened: frozenset[str]) -> None:
        self._trace, self._by, self._depth, self._opened = trace, by, depth, opened
        self._modules = trace.modules
        self._first = {} if by != "module" else _runs(trace.modules, opened)
        self.counts = Counter(self._first.values())
        self._boxes = {path: self._box_of_module(path) for path in {p.module for p in trace.places.values()}}
        containers = {
            path[:-1] for path, module in trace.modules.items() if path and not self._is_within(path)
        }
        self._keep_few_loose(containers)
        self.of: dict[str, _Box | None] = {}
        for node in trace.nodes:
            if node.op is not None or self._is_input(node):
                self.of[node.id] = self._own(node)
        self._place_leaves()

    def _is_within(self, path: Path) -> bool:
        """Return whether the box of a Module is that of the Module which holds it."""
        return not self._is_held(path) or self._box_of_module(path) == self._box_of_module(path[:-1])

    def _is_held(self, path: Path) -> bool:
        """Return whether another Module holds a Module."""
        return path != () and path[:-1] in self._modules

    def _box_of_module(self, path: Path) -> _Box:
        if self._by != "module":
            shown = path if self._by == "neuron" else layer_of(path, self._modules)
        else:
            shown = path[: self._level(path)]
            shown = self._first.get(shown, shown)
        is_unit = shown in self._modules and self._modules[shown].is_unit
        return _Box("unit" if is_unit else "module", shown)

    def _level(self, path: Path) -> int:
        """Return how much of a path leads to its box: to the depth, and further where it is opened.

        The neurons of a layer are boxes only where the layer is opened.
        """
        outermost = 0 if () in self._modules else 1
        for level in range(outermost, len(path)):
            inside = level < outermost + self._depth or ".".join(path[:level]) in self._opened
            if path[:level] in self._first or not inside:
                return level
        is_unit = path in self._modules and self._modules[path].is_unit
        return len(path) - (is_unit and ".".join(path[:-1]) not in self._opened)

    def _keep_few_loose(self, containers: Collection[Path]) -> None:
        """Have no box for the little that an outermost Module, or a layer of neurons, computes itself."""
        own = Counter(
            place.module
            for node in self._trace.nodes
            if node.op and (place := self._trace.places.get(node.id))
        )
        self._without = {
            path for path in containers
            if own[path] <= MOST_LOOSE and (not self._is_held(path) or self._by == "neuron")
        }  # fmt: skip

    def _is_input(self, node: NodeFact) -> bool:
        place = self._trace.places.get(node.id)
        return place is not None and place.part == "input"

    def _own(self, node: NodeFact) -> _Box | None:
        """Return the box of a node by its own place."""
        place = self._trace.places.get(node.id)
        if place is None:
            return None
        if place.part == "input":
            return _Box("input", slot(place)) if self._by == "neuron" else _Box("inputs")
        return None if place.module in self._without else self._boxes[place.module]

    def _place_leaves(self) -> None:
        """Put weights and constants into their own box or into that which alone uses them."""
        users: dict[str, set[_Box | None]] = {}
        for edge in self._trace.edges:
            if edge.source not in self.of:
                users.setdefault(edge.source, set()).add(self.of[edge.target])
        computing = set(self.of.values())
        for node in self._trace.nodes:
            if node.id in self.of:
                continue
            own, using = self._own(node), users.get(node.id, set())
            is_shared = self._by == "neuron" and len(using - {None}) > 1
            if own in computing and not is_shared:
                self.of[node.id] = own
            elif len(using) == 1:
                self.of[node.id] = next(iter(using))
            else:
                self.of[node.id] = own if node.role == "weight" and self._by != "neuron" else None


def slot(place: Place) -> tuple[str, ...]:
    """Return which input of which network a place is, the same for every sample."""
    return (*place.module, str(place.index))


def _runs(modules: Mapping[Path, ModuleFact], opened: frozenset[str]) -> dict[Path, Path]:
    """Return the first Module of each run of equal ones in a list, for each of several."""
    inside: dict[Path, list[tuple[Path, str, int]]] = {}
    for path, module in modules.items():
        for n in range(len(path)):
            inside.setdefault(path[:n], []).append((path[n:], module.kind, module.parameters))

    def alike(path: Path) -> tuple[object, ...]:
        module = modules[path]
        is_alone = not list_of(path) or ".".join(path) in opened or list_of(path) in opened
        apart = path if is_alone or module.is_unit else ()
        return list_of(path), module.kind, module.parameters, inside.get(path), apart

    first: dict[Path, Path] = {}
    children: dict[Path, list[Path]] = {}
    for path in modules:
        if path:
            children.setdefault(path[:-1], []).append(path)
    for siblings in children.values():
        for _, same in groupby(siblings, alike):
            run = list(same)
            if len(run) > 1:
                first.update(dict.fromkeys(run, run[0]))
    return first


def list_of(path: Path) -> str:
    """Return the dotted path of the list that holds a Module; "" if none does.

    >>> list_of(("encoder", "layers.0"))
    'encoder.layers'
    """
    held, _, index = ".".join(path).rpartition(".")
    return held if index.isdigit() and path[-1] != index else ""


def _check_opened(opened: Collection[str], modules: Mapping[Path, ModuleFact]) -> None:
    known = dict.fromkeys(name for path in modules for name in (list_of(path), ".".join(path)) if name)
    for name in opened:
        if name not in known:
            hint = did_you_mean(name, [*known], otherwise=".")
            raise ValueError(f"there is no Module {name!r} to open{hint} Their paths: {', '.join(known)}")


# -------------------------------------------------------------------------------------------- boxes


def _arranged(trace: Trace, boxes: dict[_Box, list[NodeFact]], homes: _Homes) -> dict[_Box, Group]:
    """Return the groups column by column, the neurons of a layer in their order."""
    order = {node.id: i for i, node in enumerate(trace.nodes)}
    rank = {path: i for i, path in enumerate(trace.modules)}
    holders = {box.place[:n] for box in boxes for n in range(len(box.place)) if box.kind == "module"}

    def begins(box: _Box) -> int:
        """Return when it begins to compute; what computes beside boxes within it stands after them."""
        computed = [order[node.id] for node in boxes[box] if node.op is not None]
        return (max if box.place in holders else min)(computed, default=0)

    columns: dict[tuple[str, ...], list[_Box]] = {}
    for box in sorted(boxes, key=lambda box: (box.kind not in ("inputs", "input"), begins(box))):
        columns.setdefault(_column(box), []).append(box)
    has_inputs = INPUTS in columns
    uses = Counter(use.module for use in trace.uses)
    groups: dict[_Box, Group] = {}
    for column, (key, column_boxes) in enumerate(columns.items(), 0 if has_inputs else 1):
        if key != INPUTS:
            column_boxes.sort(key=lambda box: rank.get(box.place, 0))
        for row, box in enumerate(column_boxes, 1):
            is_whole = box.kind in ("inputs", "module")
            group = _group(trace, box, boxes[box], max(homes.counts[box.place], 1), uses[box.place])
            group.id, group.column = f"layer{column}_{0 if is_whole else row}", column
            groups[box] = group
    return groups


INPUTS = ("", "inputs")
"""The column of the inputs; no Module has this path."""


def _column(box: _Box) -> tuple[str, ...]:
    if box.kind in ("inputs", "input"):
        return INPUTS
    return ("units", *box.place[:-1]) if box.kind == "unit" else ("module", *box.place)


def _group(trace: Trace, box: _Box, members: list[NodeFact], count: int, uses: int) -> Group:
    places = {node.id: place for node in members if (place := trace.places.get(node.id)) is not None}
    if box.kind in ("inputs", "input"):
        taken = Counter(map(slot, places.values()))
        group = Group("", "inputs", box.kind, "", (), 0, 1, len(taken), max(taken.values()))
    else:
        units = {
            p.module for p in places.values() if p.module in trace.modules and trace.modules[p.module].is_unit
        }
        of = trace.modules[box.place].kind
        title = title_of(box.place, trace.modules) if count == 1 else _plural(box.place, count, trace.modules)
        holds = any(unit[:-1] == box.place for unit in units)
        group = Group("", title, box.kind, of, box.place, 0, count, len(units), max(uses, 1), holds)
    group.members = members
    group.parts = {id: place.part for id, place in places.items()}
    return group


def _plural(path: Path, count: int, modules: Mapping[Path, ModuleFact]) -> str:
    """Return how several equal Modules of a list are called: ``encoder · blocks × 12``."""
    *outer, last = path
    return f"{title_of((*outer, last.rpartition('.')[0]), modules)} × {count}"
