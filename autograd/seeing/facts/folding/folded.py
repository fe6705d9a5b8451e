"""A graph folded by the Modules that computed it: boxes, the nodes outside of them, and the links between.

A box is a neuron, a layer, or any Module, down to a depth; equal Modules that follow each other in a list
are one box ("blocks × 12") until it is opened, and so are all uses of a Module, such as the time steps of
a recurrent cell.  What belongs together is read from places (`autograd.seeing.facts.places`), never from
labels.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from autograd.seeing.facts.after_an_error import ERROR
from autograd.seeing.facts.folding.group import INPUTS, ITSELF, Group
from autograd.seeing.facts.folding.levels import levels_within
from autograd.seeing.facts.folding.links import Link, links_between
from autograd.seeing.facts.folding.opening import Opening, Turns, refuse_unused, runs, titled
from autograd.seeing.facts.folding.skips import skipped
from autograd.seeing.facts.places import Path, Place, in_common, layer_of, nearest, paths_by_first, title_of
from autograd.seeing.facts.records import NodeFact, Trace

By = Literal["neuron", "layer", "module"]
"""The unit that gets a box of its own."""

FOLDINGS: tuple[By, ...] = ("neuron", "layer", "module")

MOST_LOOSE = 12
"""At most this many Values that a Module computes beside the Modules within it are left as they are."""


@dataclass(frozen=True)
class Folded:
    """A folded trace.

    Attributes:
        groups: the boxes, column by column; inputs first, then in the order in which they were computed.
        nodes: those in no box.
        links: between boxes and nodes.
        output: the id of the box or node that the trace was taken of.
        where: the id of the box that each node is in, or its own id where it is in none.
        frames: the nodes of each opened Module that shows its own Values, by title; ids of some of `nodes`.
    """

    groups: tuple[Group, ...]
    nodes: tuple[NodeFact, ...]
    links: tuple[Link, ...]
    output: str
    where: Mapping[str, str]
    frames: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def feedback(self) -> set[tuple[str, str]]:
        """Return the ends of the links that lead back to where they came from, in an earlier column.

        There are such where the time steps of a network share their boxes.
        """
        columns = {group.id: group.column for group in self.groups}
        leading: dict[str, list[str]] = {}
        for link in self.links:
            leading.setdefault(link.source, []).append(link.target)

        def reached(start: str) -> set[str]:
            found, waiting = {start}, [start]
            while waiting:
                fresh = set(leading.get(waiting.pop(), ())) - found
                found |= fresh
                waiting += fresh
            return found

        ends = [(link.source, link.target) for link in self.links]
        back = [(a, b) for a, b in ends if columns.get(b, math.inf) <= columns.get(a, -math.inf)]
        return {(a, b) for a, b in back if a in reached(b)}


def fold(
    trace: Trace,
    by: By = "module",
    depth: int = 1,
    opened: Collection[str] = (),
    apart: Collection[str] = (),
) -> Folded:
    """Fold a trace by the Modules that computed it.

    Args:
        trace: with places.
        by: a box per neuron, per layer (a Module, but for the neurons that it holds), or per Module.
        depth: how far inside the outermost Modules the boxes lie, layers at the farthest; equal Modules of a
            list are one box at the depth where they lie, and apart at the next; only for ``by="module"``.
        opened, apart: what is shown by what is within it, and lists whose Modules have boxes of their own;
            only for ``by="module"``; see `Opening`.

    Raises:
        ValueError: if no Module computed any of it, or for a path or use that is unknown or not in it.
    """
    if not trace.uses:
        raise ValueError(
            f"there is nothing to collapse by {by}: no Module was called on the way to this value. "
            "Draw without collapse, or compute it by a network of nn or a class of your own built on Module"
        )
    opening = Opening(trace.modules, trace.uses, opened, apart)
    refuse_unused(trace, opening.whole)
    homes = _Homes(trace, by, depth, opening)
    boxes: dict[_Box, list[NodeFact]] = {}
    for node in trace.nodes:
        if (box := homes.of[node.id]) is not None:
            boxes.setdefault(box, []).append(node)
        for other in homes.shared.get(node.id, ()):
            boxes.setdefault(other, [])
    groups = _arranged(trace, boxes, homes)
    where = {
        node.id: node.id if (box := homes.of[node.id]) is None else groups[box].id for node in trace.nodes
    }
    shared = {id: {groups[box].id for box in others} for id, others in homes.shared.items()}
    links = links_between(trace, where, shared)
    titles = {group.id: group.title for group in groups.values()}
    leaving = {edge.source for link in links for edge in link.edges} | {trace.output}
    for group in groups.values():
        group.leaving = {node.id for node in group.members} & leaving
        group.tied = {
            titles[link.source]: [node.id for node in link.tied]
            for link in links if link.tied and link.target == group.id
        }  # fmt: skip
        group.lent = {node.id for link in links if link.source == group.id for node in link.tied}
    for node in trace.nodes:
        if node.role == "weight" and node.id in homes.shared:
            _share(node, [groups[box] for box in (homes.of[node.id], *homes.shared[node.id]) if box], trace)
    modules = [box for box in boxes if box.kind in ("module", "unit")]
    outer = {(x.place[:n], _around(x.place[:n], x.turns)) for x in modules for n in range(len(x.place))}
    for box, group in groups.items():
        if (box.place, box.turns) in outer and box.kind == "module":
            group.title += ITSELF
        elif box.place in trace.modules and group.count == 1:
            group.note_unused(trace.modules[box.place].parameters)
    for use, past in skipped(trace).items():
        box = homes.closed(use)
        if box in groups and any(homes.box(trace.uses[k].module, k) == box for k in past):
            groups[box].skips = True
    loose = tuple(node for node in trace.nodes if homes.of[node.id] is None)
    return Folded(tuple(groups.values()), loose, links, where[trace.output], where, homes.frames())


def _share(weight: NodeFact, homes: Sequence[Group], trace: Trace) -> None:
    """Note a weight in all the boxes that it belongs to, and with which other Modules each of them has it."""
    for group in homes:
        group.lent.add(weight.id)
        for other in homes:
            if in_common(group.path, other.path) < min(len(group.path), len(other.path)):
                group.tied.setdefault(other.title, []).append(weight.id)
    for group in homes[1:]:
        group.shared.append(weight)
        group.parts[weight.id] = trace.places[weight.id].part


# --------------------------------------------------------------------------- in which box each node is


class _Box(NamedTuple):
    """What tells one box from another: a Module's path, or which of the inputs it is, and which uses."""

    kind: Literal["inputs", "input", "unit", "module"]
    place: tuple[str, ...] = ()
    turns: tuple[Turns, ...] = ()


class _Homes:
    """The box of each node, by id; None for a node outside of all boxes."""

    def __init__(self, trace: Trace, by: By, depth: int, opening: Opening) -> None:
        self._trace, self._by, self._depth, self._opening = trace, by, depth, opening
        self._modules = trace.modules
        self._paths = paths_by_first(trace.modules)
        self._holding = {path[:n] for path in trace.modules for n in range(len(path))}
        self._outermost = 0 if () in trace.modules else 1
        self._first = {} if by != "module" else runs(trace.modules, opening, self._outermost + depth)
        self.counts = Counter(self._first.values())
        self._boxes: dict[tuple[Path, tuple[Turns, ...]], _Box] = {}
        containers = {
            path[:-1] for path, module in trace.modules.items() if path and not self._is_within(path)
        }
        self._keep_few_loose(containers)
        self.of: dict[str, _Box | None] = {}
        self.shared: dict[str, list[_Box]] = {}
        for node in trace.nodes:
            if node.op is not None or self._is_input(node):
                self.of[node.id] = self._own(trace.places.get(node.id))
        self._place_leaves()

    def _is_within(self, path: Path) -> bool:
        """Return whether the box of a Module is that of the Module which holds it."""
        return not self._is_held(path) or self.box(path) == self.box(path[:-1])

    def _is_held(self, path: Path) -> bool:
        """Return whether another Module holds a Module."""
        return path != () and path[:-1] in self._modules

    def box(self, path: Path, use: int | None = None) -> _Box:
        """Return the box of a Module, in a use of it or of one within it."""
        turns = () if use is None else self._opening.turns[use]
        if (path, turns) not in self._boxes:
            self._boxes[path, turns] = self._new_box(path, turns)
        return self._boxes[path, turns]

    def closed(self, use: int) -> _Box | None:
        """Return the box of the Module of a use, if that is its own or one of a run of equal Modules."""
        path = self._trace.uses[use].module
        box = self.box(path, use)
        return box if box.place == self._first.get(path, path) else None

    def _new_box(self, path: Path, turns: tuple[Turns, ...]) -> _Box:
        if self._by != "module":
            shown = path if self._by == "neuron" else layer_of(path, self._modules)
        else:
            shown = path[: self._level(path, turns)]
            shown = self._first.get(shown, shown)
        is_unit = shown in self._modules and self._modules[shown].is_unit
        return _Box("unit" if is_unit else "module", shown, _around(shown, turns))

    def _level(self, path: Path, turns: tuple[Turns, ...]) -> int:
        """Return how much of a path leads to its box: to the depth, and further where it is opened.

        The neurons of a layer are boxes only where the layer is opened.
        """
        for level in range(self._outermost, len(path)):
            inside = level < self._outermost + self._depth or self._opening.opens(path[:level], turns)
            if path[:level] in self._first or not inside:
                return level
        is_unit = path in self._modules and self._modules[path].is_unit
        return len(path) - (is_unit and not self._opening.opens(path[:-1], turns))

    def _keep_few_loose(self, containers: Collection[Path]) -> None:
        """Leave without a box the few Values that an outermost Module, or a layer, computes itself."""
        own = Counter(
            place.module
            for node in self._trace.nodes
            if node.op and (place := self._trace.places.get(node.id))
        )
        last = self._trace.places.get(self._trace.output)
        if last and self._trace.nodes[-1].role == ERROR:
            own[last.module] = MOST_LOOSE + 1  # the Module that raised it has a box
        self._without = {
            path for path in containers
            if own[path] <= MOST_LOOSE and (not self._is_held(path) or self._by == "neuron")
        }  # fmt: skip

    def _is_input(self, node: NodeFact) -> bool:
        place = self._trace.places.get(node.id)
        return place is not None and place.part == "input"

    def _own(self, place: Place | None) -> _Box | None:
        """Return the box that a place is in."""
        if place is None:
            return None
        if place.part == "input":
            return _Box("input", slot(place)) if self._by == "neuron" else _Box("inputs", source(place))
        is_loose = place.module in self._without or self._frame(place)
        return None if is_loose else self.box(place.module, place.use)

    def _frame(self, place: Place) -> str:
        """Return the title of an opened Module that holds no other, and so shows its own Values; else ""."""
        turns = () if place.use is None else self._opening.turns[place.use]
        if place.module in self._holding or not self._opening.opens(place.module, turns):
            return ""
        return titled(place.module, turns, self._modules)

    def frames(self) -> dict[str, tuple[str, ...]]:
        """Return the nodes in each frame: what its Module computes, and the leaves that nothing else uses."""
        frame_of = {
            node.id: self._frame(self._trace.places[node.id])
            for node in self._trace.nodes
            if node.op and self.of[node.id] is None and node.id in self._trace.places
        }
        if not any(frame_of.values()):
            return {}
        users: dict[str, set[str]] = {}
        for edge in self._trace.edges:
            users.setdefault(edge.source, set()).add(frame_of.get(edge.target, ""))
        found: dict[str, list[str]] = {}
        for node in self._trace.nodes:
            title = frame_of.get(node.id, "")
            if node.op is None and node.role != "input" and self.of[node.id] is None:
                (title, *others) = users.get(node.id, {""})
                title = "" if others else title
            if title:
                found.setdefault(title, []).append(node.id)
        return {title: tuple(ids) for title, ids in found.items()}

    def _place_leaves(self) -> None:
        """Put weights and constants into their own box, or into the only one that uses them.

        A weight belongs to one box for each of the turns of its Module that compute with it, a constant to
        all that use it.
        """
        users: dict[str, list[str]] = {}
        for edge in self._trace.edges:
            if edge.source not in self.of:
                users.setdefault(edge.source, []).append(edge.target)
        computing = set(self.of.values()) - {None}
        known: dict[object, tuple[_Box | None, list[_Box]]] = {}  # the weights of a neuron belong together
        last: object = None
        for node in self._trace.nodes:
            if node.id in self.of:
                continue
            place, its = self._trace.places.get(node.id), tuple(users.get(node.id, ()))
            alike = node.role, place and (place.module, place.use), its
            if alike != last:  # to compare is faster than to look up
                last = alike
                if alike not in known:
                    known[alike] = self._boxes_of(node, its, computing)
                home, others = known[alike]
            self.of[node.id] = home
            if others:
                self.shared[node.id] = others

    def _boxes_of(
        self, node: NodeFact, users: Sequence[str], computing: Collection[_Box | None]
    ) -> tuple[_Box | None, list[_Box]]:
        """Return the box of a leaf, and the others that it belongs to as well."""
        using, place = dict.fromkeys(self.of[user] for user in users), self._trace.places.get(node.id)
        if node.role == "constant":
            own = [] if None in using else [box for box in using if box is not None]
        else:
            homes = self._homes_of(place, users)
            gives = [box for box in homes if node.role == "weight" and _only_gives(box, using)]
            is_drawn_once = self._by == "neuron" and len({*using} - {None}) > 1
            own = [*gives, *(box for box in homes if box in computing and not is_drawn_once)]
        if own:
            return own[0], own[1:]
        if len(using) == 1 and not (place and self._frame(place)):
            return next(iter(using)), []
        is_kept = node.role == "weight" and self._by != "neuron"
        return self._own(place) if is_kept else None, []

    def _homes_of(self, place: Place | None, users: Iterable[str]) -> list[_Box]:
        """Return the boxes of a leaf: that of its place, or one for each of the turns that it is used in."""
        if place is None:
            return []
        used = [self._trace.places[user] for user in users if user in self._trace.places]
        if place.use is not None or not used:
            own = [self._own(place)]
        else:
            at = [nearest(place.module, user.module, self._paths) for user in used]
            own = [self._own(replace(place, module=x, use=y.use)) for x, y in zip(at, used, strict=True)]
        return [box for box in dict.fromkeys(own) if box]


def _around(path: Path, turns: Iterable[Turns]) -> tuple[Turns, ...]:
    """Return those of some turns that are a Module's own, or of what is not within it."""
    return tuple(t for t in turns if t.path[: len(path)] != path or t.path == path)


def _only_gives(home: _Box, using: Iterable[_Box | None]) -> bool:
    """Return whether the Module of a weight only gives it to others, as a table of embeddings does."""
    held = home.place
    return bool(held) and not any(box and box.place[: len(held)] == held for box in using)


def slot(place: Place) -> tuple[str, ...]:
    """Return which input of which network a place is, the same for every sample."""
    return (*place.module, str(place.index))


def source(place: Place) -> tuple[str, ...]:
    """Return which argument of which network an input is in, the same for every sample."""
    return (*place.module, place.argument)


# -------------------------------------------------------------------------------------------- boxes


def _arranged(trace: Trace, boxes: dict[_Box, list[NodeFact]], homes: _Homes) -> dict[_Box, Group]:
    """Return the groups column by column, the neurons of a layer in their order."""
    order = {node.id: i for i, node in enumerate(trace.nodes)}
    rank = {path: i for i, path in enumerate(trace.modules)}
    holders = {
        (box.place[:n], box.turns) for box in boxes for n in range(len(box.place)) if box.kind == "module"
    }

    def begins(box: _Box) -> int:
        """Return when it begins to compute; what computes beside boxes within it stands after them."""
        computed = [order[node.id] for node in boxes[box] if node.op is not None]
        return (max if (box.place, box.turns) in holders else min)(computed, default=0)

    def row(box: _Box) -> tuple[int, int]:
        if box.kind == "input":
            return rank.get(box.place[:-1], 0), int(box.place[-1])
        if box.kind == "inputs":
            return 0, begins(box)
        return rank.get(box.place, 0), 0

    column_of = _columns(trace, boxes, homes)
    columns: dict[object, list[_Box]] = {}
    for box in sorted(boxes, key=lambda box: (box.kind not in ("inputs", "input"), begins(box))):
        columns.setdefault(column_of[box], []).append(box)
    uses = Counter((use.module, homes.box(use.module, k)) for k, use in enumerate(trace.uses))
    groups: dict[_Box, Group] = {}
    for column, in_column in enumerate(columns.values(), 0 if INPUTS in columns else 1):
        for number, box in enumerate(sorted(in_column, key=row), 1):
            group = _group(trace, box, boxes[box], max(homes.counts[box.place], 1), uses[box.place, box])
            is_whole = box.kind in ("inputs", "module") and len(in_column) == 1
            group.id, group.column = f"layer{column}_{0 if is_whole else number}", column
            groups[box] = group
    return groups


def _columns(trace: Trace, boxes: Iterable[_Box], homes: _Homes) -> dict[_Box, object]:
    """Return what tells the column of each box from all others.

    Boxes that one Module holds stand in one column where none of them leads to another, such as the gates
    of a recurrent cell: a step is a column, its gates are the rows.
    """
    columns: dict[_Box, object] = {}
    siblings: dict[tuple[Path, tuple[Turns, ...]], dict[Path, list[_Box]]] = {}
    for box in boxes:
        layer = box.place[:-1] if box.kind == "unit" else box.place
        columns[box] = INPUTS if box.kind in ("inputs", "input") else (layer, box.turns)
        if columns[box] != INPUTS and layer:
            siblings.setdefault((layer[:-1], box.turns), {}).setdefault(layer, []).append(box)
    several = {holder for (holder, _), layers in siblings.items() if len(layers) > 1}
    levels = levels_within(trace, several, homes.of)
    for (holder, turns), layers in siblings.items():
        for same in layers.values():
            if computing := [levels[holder][box] for box in same if box in levels.get(holder, ())]:
                columns.update(dict.fromkeys(same, (holder, turns, min(computing))))
    return columns


def _group(trace: Trace, box: _Box, members: list[NodeFact], count: int, uses: int) -> Group:
    places = {node.id: place for node in members if (place := trace.places.get(node.id)) is not None}
    if box.kind in ("inputs", "input"):
        taken = Counter(map(slot, places.values()))
        whose = {source(place) for place in trace.places.values() if place.part == "input"}
        *path, argument = box.place if box.kind == "inputs" else (INPUTS,)
        network = f"{INPUTS} of {title_of(tuple(path), trace.modules)}" if len(whose) > 1 else INPUTS
        group = Group("", argument or network, box.kind, "", (), 0, 1, len(taken), uses=max(taken.values()))
    else:
        homes = {place.module for place in places.values()}
        units = {path for path in homes if path in trace.modules and trace.modules[path].is_unit}
        of, turns = trace.modules[box.place].kind, " · ".join(map(str, box.turns))
        title = titled(box.place, box.turns, trace.modules, count)
        holds = any(unit[:-1] == box.place for unit in units)
        group = Group("", title, box.kind, of, box.place, 0, count, len(units), turns, max(uses, 1), holds)
        group.brief = trace.modules[box.place].brief
        group.within = titled(box.place[:-1], box.turns, trace.modules) if box.kind == "unit" else ""
    group.members = members
    group.parts = {id: place.part for id, place in places.items()}
    return group
