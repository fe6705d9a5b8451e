"""A network as the views show it: boxes that open as boxes or units, each unit some nodes of the trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple
from zlib import crc32

from autograd.notation.labels import Label, parse_label
from autograd.notation.numbers import counted
from autograd.seeing.facts.box_content import Fact, box_of_group, name_of_group
from autograd.seeing.facts.events import InputsOf, inputs_by_target
from autograd.seeing.facts.folding.folded import MOST_LOOSE, fold
from autograd.seeing.facts.folding.group import ITSELF, Group
from autograd.seeing.facts.folding.opening import list_of
from autograd.seeing.facts.places import AFTER, ELSEWHERE, Path, title_of
from autograd.seeing.facts.records import NodeFact, Trace
from autograd.seeing.pages.player.views.kernels import Slides
from autograd.seeing.pages.player.views.uses import uses_of
from autograd.seeing.pages.player.views.windows import Window, columns_of, places_of

LETTERS = {"pre-activation": "z", "activation": "a"}
"""How textbooks call the parts of a neuron that stand for it."""

MOST_DOTS = 150
"""Where there are more values than this, none has a dot of its own: the box stands for all of them."""
MOST_IN_PICTURES = 1_000
"""The same where the dots are pictures, which are seen at a glance."""


@dataclass(frozen=True)
class Unit:
    """A neuron, an input, a box within a box, or one value of what is shown value by value.

    Attributes:
        name: what it is called.
        title: what its view is called.
        members: its nodes, in topological order.
        shown: those of its nodes whose numbers stand for it: z and a; empty where it was evaluated
            several times, or stands for more.
        letters: what each of these is called where there are several.
    """

    name: Label
    title: str
    members: tuple[NodeFact, ...]
    shown: tuple[NodeFact, ...] = ()
    letters: tuple[str, ...] = ()


class Dot(NamedTuple):
    """A dot in the box of a layer.

    Attributes:
        unit: which unit it belongs to.
        key: what tells it from the others in its box.
        members: the nodes that it shows.
        inner: what follows the name of the unit's view in that of the view that it opens.
    """

    unit: int
    key: str
    members: Sequence[NodeFact]
    inner: str = ""


@dataclass(frozen=True)
class Layer:
    """A box: the inputs, a layer, any other Module, or everything that belongs to none.

    Attributes:
        title: what it is called.
        kind: what it is made of, in words.
        units: its neurons or inputs; of a Module that holds others, one per box within it.
        opens_as: "inputs", "neurons" or "boxes", or "values" for what is shown value by value; "windows" on
            the picture that it goes over; "outside" for what only comes from elsewhere, and opens as nothing.
        common: its nodes that belong to no single unit, such as a bias that neurons share.
        inner: the boxes within it, one per unit, where it opens as boxes.
        is_network: whether it is part of the network, and does not stand for the output of the graph itself.
        note: what else is said about it.
        group: the folded box that it stands for; None where it stands for none.
        columns: how many of its units stand side by side, as in a picture; 0 where nothing says so.
        planes: how many pictures its units are, one after the other.
        slides: how it goes over a picture, where it opens as windows.
        shares: a row for each unit, where they are shares that sum to 1.
        target: which of these a cross-entropy is of, from 0; None where it is of none.
        classes: what each of them is called; empty where nothing tells.
    """

    title: str
    kind: str
    units: tuple[Unit, ...]
    opens_as: str = "values"
    common: tuple[NodeFact, ...] = ()
    inner: tuple[Layer, ...] = ()
    is_network: bool = True
    note: str = ""
    group: Group | None = None
    columns: int = 0
    planes: int = 1
    slides: Slides | None = None
    shares: tuple[Fact, ...] = ()
    target: int | None = None
    classes: tuple[str, ...] = ()

    @cached_property
    def dots(self) -> list[Dot]:
        """A dot for each unit; for windows on a picture one for each of their kernels, kernel by kernel."""
        kernels = [box.units for box in self.inner if box.opens_as == "neurons"]
        if not self.columns or len(kernels) < len(self.units) or len({*map(len, kernels)}) != 1:
            return [Dot(j, str(j), unit.members) for j, unit in enumerate(self.units)]
        return [
            Dot(j, f"{j}-{k}", unit.members, f"u{k}")
            for k, plane in enumerate(zip(*kernels, strict=True))
            for j, unit in enumerate(plane)
        ]

    @cached_property
    def key(self) -> str:
        """What its facts are found by, the same in all views."""
        return f"{crc32(' '.join(node.id for node in self.nodes).encode()):x}-{len(self.nodes)}"

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """What its box says; nothing where it stands for neither shares nor a folded box."""
        return self.shares if self.group is None else (*self.shares, *box_of_group(self.group, False).facts)

    @cached_property
    def nodes(self) -> list[NodeFact]:
        """All of its nodes, each once."""
        nodes = chain.from_iterable([*(unit.members for unit in self.units), self.common])
        return [*{node.id: node for node in nodes}.values()]


def layers_of(trace: Trace) -> list[Layer]:
    """Return what the outermost Modules hold, in the order of the forward pass, then what is in none.

    Raises:
        ValueError: if no Module computed any of it.
    """
    folded = fold(trace)
    into = inputs_by_target(trace)
    layers = [_layer(trace, into, group) for group in folded.groups]
    return [*layers, *_loose(trace, folded.nodes)]


def _loose(trace: Trace, nodes: Sequence[NodeFact]) -> Iterator[Layer]:
    """Yield the boxes of what is in no box: what each Module computes itself, and what no Module does.

    A number without a place stands beside the first that is computed of it.
    """
    among = {node.id for node in nodes}
    home = {id: place.module for id, place in trace.places.items() if id in among}
    homes: dict[str, Path | None] = {**dict.fromkeys(node.id for node in nodes if node.op), **home}
    for edge in trace.edges:
        if edge.source in among and edge.target in homes:
            homes.setdefault(edge.source, homes[edge.target])
    own: dict[Path | None, list[NodeFact]] = {}
    for node in nodes:
        own.setdefault(homes.get(node.id), []).append(node)
    after = AFTER if homes.get(trace.output, ()) is None else ELSEWHERE
    for path in sorted(own, key=lambda path: path is None):  # what no Module computes comes last
        is_inside = path is not None and trace.output not in {node.id for node in own[path]}
        title = after if path is None else title_of(path, trace.modules)
        yield replace(of_values(title, own[path]), is_network=is_inside)


def windows_of(box: Layer, into: InputsOf) -> list[Window]:
    """Return what each use of a Module takes from elsewhere, in order."""
    windows: list[Window] = []
    for use in box.units:
        own = {node.id for node in use.members}  # its parameters, too
        taken = [edge for node in use.members for edge in into.get(node.id, ()) if edge.source not in own]
        windows.append([*dict.fromkeys(edge.source for edge in taken if edge.partial is not None)])
    return windows


def from_outside(nodes: Sequence[NodeFact], origins: set[str], columns: int, planes: int) -> Layer:
    """Return the box of what others take from elsewhere, as such pictures, named after its only origin."""
    title = f"from {origins.pop()}" if len(origins) == 1 else "from outside"
    return replace(of_values(title, nodes), opens_as="outside", columns=columns, planes=planes)


def _layer(trace: Trace, into: InputsOf, group: Group) -> Layer:
    """Return the box of a group, with what is in it.

    Args:
        trace: what was folded into groups.
        into: the edges into each node.
        group: one of the groups.
    """
    if group.kind == "inputs":
        return inputs_of(group.title, group.members)
    inside = _inside(trace, into, group)
    uses = uses_of(inside, group) if group.count == 1 and group.uses > 1 else []
    if len(uses) > 1:
        found = _of_boxes(group, [replace(_layer(inside, into, use), title=use.title) for use in uses])
        windows = windows_of(found, into)
        columns = columns_of(windows)
        return replace(found, columns=columns if places_of(windows, columns) else 0)
    if group.count == 1 and group.holds_units:
        units = [g.as_part_of(group) for g in fold(inside, "neuron").groups if g.kind == "unit"]
        others = [node for node in _others(group.nodes, units) if node.op is not None]
        if units and all(unit.path[:-1] == group.path for unit in units) and len(others) <= MOST_LOOSE:
            return _of_neurons(group, units)
    inner = _within(inside, into, group)
    if len(inner) == 1:
        own = group.of if inner[0].opens_as == "boxes" and group.of != group.title else inner[0].kind
        return replace(inner[0], title=group.title, kind=own, group=group)
    if not inner:
        return replace(of_values(group.title, group.nodes), group=group)
    return _of_boxes(group, inner)


def _of_boxes(group: Group, inner: Sequence[Layer]) -> Layer:
    units = tuple(Unit(Label(box.title), box.title, tuple(box.nodes)) for box in inner)
    kind = group.of if group.of != group.title else counted(len(inner), "box")
    return Layer(group.title, kind, units, "boxes", inner=tuple(inner), group=group)


def _inside(trace: Trace, into: InputsOf, group: Group) -> Trace:
    """Return the trace of how a group is computed, with only those uses that are part of it."""
    places = {node.id: trace.places[node.id] for node in group.nodes if node.id in trace.places}
    kept: set[int] = set()
    for use in {place.use for place in places.values()}:
        while use is not None and use not in kept:
            kept.add(use)
            use = trace.uses[use].within
    number = {use: k for k, use in enumerate(sorted(kept))}
    return replace(
        trace,
        nodes=tuple(group.nodes),
        edges=tuple([edge for node in group.members for edge in into.get(node.id, ())]),
        output=group.nodes[-1].id,
        steps=(),
        places={
            id: place if place.use is None else replace(place, use=number[place.use])
            for id, place in places.items()
        },
        uses=[
            replace(use, within=None if use.within is None else number[use.within])
            for use in (trace.uses[k] for k in number)
        ],
    )


def _within(inside: Trace, into: InputsOf, group: Group) -> list[Layer]:
    """Return the boxes in that of a Module, or of a run of equal ones; none in one without others in use."""
    if not inside.uses:
        return []
    is_run = group.count > 1
    outer = [".".join(group.path[:n]) for n in range(1, len(group.path) + (not is_run))]
    apart = [list_of(group.path)] if is_run else []
    folded = fold(inside, "module", len(group.path) + (() in inside.modules) - is_run, outer, apart)
    beside = [] if is_run else [node for g in folded.groups if g.path == group.path for node in g.nodes]
    groups = [g.as_part_of(group) for g in folded.groups]
    inner = [_layer(inside, into, g) for g in groups if is_run or g.path != group.path]
    before = f"{title_of(group.path[: len(group.path) - is_run], inside.modules)} · "
    inner = [replace(layer, title=layer.title.removeprefix(before)) for layer in inner]
    rest = {node.id for node in (*beside, *folded.nodes)}
    if not inner or not rest:
        return inner
    return [
        *inner,
        of_values(
            title_of(group.path[-1:], inside.modules) + ITSELF,
            [node for node in inside.nodes if node.id in rest],
        ),
    ]


def _others(members: Iterable[NodeFact], units: Iterable[Group]) -> list[NodeFact]:
    """Return the members that are in no unit."""
    among = {node.id for unit in units for node in unit.nodes}
    return [node for node in members if node.id not in among]


def inputs_of(title: str, nodes: Sequence[NodeFact]) -> Layer:
    units = [
        Unit(parse_label(node.label or f"x{i}"), f"input {i}", (node,), (node,))
        for i, node in enumerate(nodes, 1)
    ]
    return Layer(title, counted(len(units), "input"), tuple(units), "inputs")


def _of_neurons(group: Group, units: Sequence[Group]) -> Layer:
    common = tuple(_others(group.nodes, units))
    neurons = tuple(_neuron(unit, number) for number, unit in enumerate(units, 1))
    return Layer(group.title, counted(len(units), "neuron"), neurons, "neurons", common, group=group)


def _neuron(unit: Group, number: int) -> Unit:
    shown = [node for node in unit.members if unit.parts.get(node.id) in LETTERS]
    letters = [LETTERS[unit.parts[node.id]] for node in shown]
    if len(letters) > len(set(letters)):
        shown, letters = [], []
    title = f"neuron {number}"
    return Unit(name_of_group(unit), title, tuple(unit.nodes), tuple(shown), tuple(letters))


def of_values(title: str, nodes: Sequence[NodeFact]) -> Layer:
    """Return a box that is shown value by value; plain numbers are not counted where there are others."""
    plain = [node for node in nodes if node.role == "constant" and node.op is None]
    values = [node for node in nodes if node.role != "constant" or node.op is not None]
    if not values:
        values, plain = plain, []
    kind = counted(len(values), "value")
    if len(values) > MOST_DOTS:
        return Layer(title, kind, (), common=tuple(nodes))
    units = (Unit(parse_label(n.label or n.symbol or "number"), "", (n,), (n,)) for n in values)
    return Layer(title, kind, tuple(units), common=tuple(plain))
