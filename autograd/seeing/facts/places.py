"""Places: where in a model each Value of a graph belongs.

Structure is a fact.  A Value knows the use of a Module in which it was computed (`autograd.node.Node.place`),
a use knows its Module and the use that called it, and a Module knows where it holds its parameters.  Labels
are names only: nothing here reads one.

>>> from nn import Layer, Module
>>> class Net(Module):
...     def __init__(self):
...         self.l1, self.l2 = Layer(2, 3, "tanh"), Layer(3, 1, "linear")
...     def forward(self, x):
...         return self.l2(self.l1(x))
>>> y = Net()([0.5, -1.0])
>>> structure = structure_of([y])
>>> structure.places[y]
Place(module=('l2', 'neurons.0'), part='pre-activation', index=None, use=6, argument='')
>>> [".".join(module.path) for module in structure.modules.values() if not module.is_unit]
['', 'l1', 'l2']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from autograd.core.recording import Argument, UseOfValues
from autograd.graph import topological_order
from autograd.node import Node
from autograd.notation.labels import called, is_bias, is_position
from autograd.seeing.facts.after_an_error import ERROR

Path = tuple[str, ...]
"""The names of Modules from the outermost one inwards; of the outermost itself empty.

Where a graph has several outermost Modules, each path begins with a name for its own.
"""
Sizes = tuple[int, ...]
"""Rows and columns."""

AFTER = "after the model"
"""The name of the end of a graph that no Module computed, such as a loss."""
ELSEWHERE = "what no Module computes"
"""The name of anything else that no Module computed."""


class Owner(Protocol):
    """What can own a use: `nn.Module`, or anything that tells these."""

    is_unit: bool

    def named_modules(self) -> Iterable[tuple[str, Any]]: ...
    def named_parameters(self) -> Iterable[tuple[str, Any]]: ...
    def parameters(self) -> Sequence[Any]: ...
    def unmoved(self) -> Mapping[str, Any]: ...
    def parts_of(self, made: Sequence[Any]) -> Mapping[Any, str]: ...
    def in_brief(self) -> str: ...
    def in_windows(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a model a Value belongs.

    Attributes:
        module: the path of its Module.
        part: what it is there: "weight", "bias", "pre-activation", …, "held" for a Value that it holds and
            no optimiser moves; "" if the Module does not say.
        index: which of the weights, or of the inputs of the use, from 0; None if there is but one, or for
            what was computed.
        use: the number of the use that it was computed in; of an input, the outermost use that takes it;
            None for what a Module holds.
        argument: of an input, in which argument of that use it is, where the use has several; else "".
    """

    module: Path
    part: str = ""
    index: int | None = None
    use: int | None = None
    argument: str = ""


@dataclass(frozen=True, slots=True)
class ModuleFact:
    """A Module that takes part in a graph, where it is held.

    A Module that several others hold is one for each of these that calls it: ``user.text`` and ``item.text``.

    Attributes:
        path: where it is held.
        kind: the name of its class.
        is_unit: whether it is one unit of a layer, such as a neuron.
        parameters: how many parameters it holds, those of Modules within it included.
        first: the path where the same Module is held first, which the places of its parameters name.
        brief: what it says of itself in a few words, such as ``1 → 2, 3×3``; "" if nothing.
        window: rows and columns of the windows in which it looks at pictures; empty if in none.
    """

    path: Path
    kind: str
    is_unit: bool
    parameters: int
    first: Path
    brief: str
    window: Sizes


@dataclass(frozen=True, slots=True)
class UseFact:
    """One use of a Module.

    Attributes:
        module: its path, by the way that it was reached: from the Module that called it on.
        within: the number of the use that called it; None for an outermost one.
        turn: which use of this Module it is within that one, from 0: a time step, or a sample.  Where a
            Module calls itself, all these calls count together.
        over: rows and columns of its windows, of the picture that they go over, from one window to the next,
            and of the zeros around the picture; empty where it told none.
    """

    module: Path
    within: int | None
    turn: int
    over: Sizes = ()


@dataclass
class Structure:
    """The Modules of a graph, their uses, and the place of each Value that has one.

    Attributes:
        places: by Value.
        modules: by path, the outermost first, each before those within it.
        uses: in the order in which the graph was computed; a use's number is its place in here.
        paths: the dotted path of each Value that a Module holds, be it in the graph or not.
        made: the use that each input was made in of a plain number, within that of its place.
    """

    places: dict[Node, Place] = field(default_factory=dict)
    modules: dict[Path, ModuleFact] = field(default_factory=dict)
    uses: list[UseFact] = field(default_factory=list)
    paths: dict[Any, str] = field(default_factory=dict)
    made: dict[Any, int] = field(default_factory=dict)

    @cached_property
    def names(self) -> dict[Any, str]:
        """The path of each Value of the graph that a Module holds, as short as it is still unique."""
        shortened = _shortened(self.paths).items()
        return {v: name.replace(".[", "[") for v, name in shortened if v in self.places}

    def turns(self, use: int | None) -> dict[Path, int]:
        """Return which use of its Module a use is within each around it, by path, the outermost first.

        Of a Module that calls itself only the innermost: all its calls are counted together.
        """
        turns: dict[Path, int] = {}
        while use is not None:
            turns.setdefault(self.uses[use].module, self.uses[use].turn)
            use = self.uses[use].within
        return dict(reversed(turns.items()))

    def of_copies(self, copies: Mapping[Any, Any]) -> Structure:
        """Return the structure of a graph's copy, given by Value what stands for it."""
        places = {copies[v]: place for v, place in self.places.items() if v in copies}
        paths = {copies.get(v, v): path for v, path in self.paths.items()}
        return replace(self, places=places, paths=paths)


def structure_of(outputs: Iterable[Node]) -> Structure:
    """Return the structure of the graph that some Values were computed by."""
    return structure_in(topological_order(*outputs))


def structure_in(order: Sequence[Node]) -> Structure:
    """Return the structure of a graph, given in topological order."""
    return _Reader(order).structure


def modules_within(owner: Owner) -> Iterator[tuple[Path, Any]]:
    """Yield a Module and all within it, each after the one that holds it, with the path that leads to it."""
    paths: dict[str, Path] = {}
    for name, module in owner.named_modules():
        holder = name
        while holder and holder not in paths:
            holder = holder.rpartition(".")[0]
        paths[name] = (*paths[holder], name.removeprefix(holder).lstrip(".")) if name else ()
        yield paths[name], module


class _Reader:
    """Reads the structure of a graph, given in topological order."""

    def __init__(self, order: Sequence[Any]) -> None:
        self.structure = Structure()
        self._numbers: dict[int, int] = {}  # of the uses, by identity
        self._turns: dict[tuple[int | None, Path], int] = {}
        self._last: dict[Path, int] = {}  # the turns of each Module so far, whatever called it
        self._paths: dict[int, Path] = {}  # the first of each Module, by identity
        self._within: dict[int, dict[int, Path]] = {}  # what each Module that calls others holds, and where
        self._owners: list[Owner] = []
        self._given: dict[int, Mapping[int, tuple[str, str]]] = {}  # to uses: what is in which argument
        roots = _outermost(order)
        for name, root in zip(_root_names(roots), roots, strict=True):
            self._enter(root, (name,) if len(roots) > 1 else ())
        made: dict[int, list[Any]] = {}
        for v in order:
            if v.place is not None and v.inputs:
                made.setdefault(id(v.place), []).append(v)
        for values in sorted(made.values(), key=lambda values: values[0].place[3]):  # as the uses began
            self._place_made(self._number(values[0].place), values)
        self._place_held(roots, set(order))
        self._place_leaves(order)

    def _enter(self, owner: Owner, path: Path) -> None:
        """Note a Module and all within it, held at a path."""
        for inner, module in modules_within(owner):
            self._note(module, (*path, *inner))

    def _enter_way(self, holder: Owner, path: Path, inner: Path) -> None:
        """Note the Modules on the way from one, held at a path, to one within it."""
        for way, module in modules_within(holder):
            if inner[: len(way)] == way != inner:
                self._note(module, (*path, *way))

    def _note(self, module: Any, path: Path) -> None:
        first = self._paths.setdefault(id(module), path)
        if path not in self.structure.modules:
            count = len(module.parameters())
            kind, is_unit = type(module).__name__, bool(module.is_unit)
            size = tuple(module.in_windows())
            window = (1,) * (2 - len(size)) + size if 0 < len(size) < 3 else ()
            brief = module.in_brief()
            self.structure.modules[path] = ModuleFact(path, kind, is_unit, count, first, brief, window)

    def _path(self, owner: Owner, caller: int | None) -> Path:
        """Return the path of a Module that a use called, by the way that it was reached.

        That is where the caller holds it, or what called that one.  A Module that none of them holds goes by
        its first path, and one that nobody holds by its class within its caller.
        """
        around = caller
        while around is not None:
            inner = self._held_by(self._owners[around]).get(id(owner))
            if inner is not None:
                outer = self.structure.uses[around].module
                path = (*outer, *inner)
                if path not in self.structure.modules:
                    self._enter_way(self._owners[around], outer, inner)
                break
            around = self.structure.uses[around].within
        else:
            outside = () if caller is None else self.structure.uses[caller].module
            path = self._paths.get(id(owner), (*outside, type(owner).__name__))
        if path not in self.structure.modules:
            self._enter(owner, path)
        return path

    def _held_by(self, owner: Owner) -> dict[int, Path]:
        """Return where a Module holds itself and each of those within it, by identity."""
        if id(owner) not in self._within:
            self._within[id(owner)] = {id(module): inner for inner, module in modules_within(owner)}
        return self._within[id(owner)]

    def _number(self, use: Any) -> int:
        """Return the number of a use, after those of the uses that it is part of."""
        chain = []
        while use is not None and id(use) not in self._numbers:
            chain.append(use)
            use = use[1]
        number = None if use is None else self._numbers[id(use)]
        for owner, within in ((u[0], u) for u in reversed(chain)):
            path = self._path(owner, number)
            caller = number
            while caller is not None and self.structure.uses[caller].module == path:
                caller = self.structure.uses[caller].within
            turn = self._turn(caller, path)
            has_names = isinstance(within, UseOfValues)
            self.structure.uses.append(UseFact(path, number, turn, within.over if has_names else ()))
            self._owners.append(owner)
            number = self._numbers[id(within)] = len(self.structure.uses) - 1
            if has_names:
                self._given[number] = within.names()
        assert number is not None
        return number

    def _turn(self, caller: int | None, path: Path) -> int:
        """Return which use of its Module one is within what called it.

        One of a part of a model that is called beside the model comes after all the others so far.
        """
        is_beside = caller is None and path != () and path[:-1] in self.structure.modules
        so_far = self._turns.get((None, path), 0)
        turn = self._last.get(path, 0) if is_beside else self._turns.get((caller, path), so_far)
        self._turns[caller, path] = turn + 1
        self._last[path] = max(self._last.get(path, 0), turn + 1)
        return turn

    def _place_made(self, use: int, values: Sequence[Any]) -> None:
        path = self.structure.uses[use].module
        made = [v for v in values if v.role != ERROR]
        parts = self._owners[use].parts_of(made) if made else {}
        for v in values:
            self.structure.places[v] = Place(path, parts.get(v, ""), None, use)

    def _place_held(self, roots: Sequence[Owner], among: set[Any]) -> None:
        """Give parameters, and other Values that Modules hold, the place where they are held."""
        paths: dict[Any, str] = {}
        for root in roots:
            modules = dict(root.named_modules())
            others = {name: v for name, v in root.unmoved().items() if v.place is None}  # made in no call
            before = "".join(f"{name}." for name in self._paths[id(root)])
            known: dict[str, tuple[Path, str]] = {}  # the items of a list have all but their index in common
            for name, v in [*root.named_parameters(), *others.items()]:
                paths.setdefault(v, before + name)
                if v not in among or v in self.structure.places:
                    continue
                stem, _, last = name.rpartition(".")
                index = int(last) if last.isdigit() else None
                shared = name if index is None else stem
                if shared not in known:
                    holder = name
                    while holder not in modules:
                        holder = holder.rpartition(".")[0]
                    own = name.removeprefix(holder).lstrip(".")
                    known[shared] = self._paths[id(modules[holder])], "bias" if is_bias(own) else "weight"
                path, part = known[shared]
                self.structure.places[v] = Place(path, "held" if name in others else part, index)
        self.structure.paths = paths

    def _place_leaves(self, order: Sequence[Any]) -> None:
        """Give the other leaves a place: inputs by their order in the outermost use that takes them."""
        structure, first_use = self.structure, self._first_uses(order)
        taken: Counter[int] = Counter()
        for v in [*first_use, *(v for v in order if not v.inputs and v not in first_use)]:
            if v in structure.places:
                continue
            made = v.place
            argument = made[0].name if made is not None and isinstance(made[0], Argument) else ""
            use = self._number(made[1] if argument else made) if made is not None else first_use.get(v)
            if use is None:
                continue
            if v.role == "input":
                if made is not None:
                    structure.made[v] = use
                while (within := structure.uses[use].within) is not None:
                    use = within
                if not argument and use in self._given:
                    _, argument = self._given[use].get(id(v), ("", ""))
                structure.places[v] = Place(structure.uses[use].module, "input", taken[use], use, argument)
                taken[use] += 1
            elif made is not None:
                structure.places[v] = Place(structure.uses[use].module, "", None, use)

    def _first_uses(self, order: Sequence[Any]) -> dict[Any, int]:
        """Return the use that each leaf goes into first, the first of the leaves first."""
        found: dict[Any, int] = {}
        for v in order:
            place = self.structure.places.get(v)
            if v.inputs and place is not None and place.use is not None:
                for x in v.inputs:
                    if not x.inputs:
                        found.setdefault(x, place.use)
        return found


def _shortened(paths: Mapping[Any, str]) -> dict[Any, str]:
    """Return for each path the shortest end of it, from an attribute on, that no other path has."""
    ends: dict[Any, list[str]] = {}
    for v, path in paths.items():
        names = path.split(".")
        begins = [k for k, name in enumerate(names) if k == 0 or not is_position(name)]
        ends[v] = [".".join(names[k:]) for k in reversed(begins)]
    count = Counter(end for own in ends.values() for end in own)
    return {v: next((end for end in own if count[end] == 1), own[-1]) for v, own in ends.items()}


def apart(path: Path, others: Iterable[Path]) -> str:
    """Return a dotted name that tells a path from others: what all of them have in common is left out.

    >>> apart(("encoder", "layers.0"), [("decoder", "layers.0")]), apart(("blocks.0",), [("blocks.1",)])
    ('encoder', 'block 1')
    """
    paths = {path, *others}
    alike = len({len(p) for p in paths}) == 1
    return ".".join(
        called(name) for k, name in enumerate(path) if not alike or len({p[k] for p in paths}) > 1
    )


def in_common(path: Path, other: Path) -> int:
    """Return how many names two paths begin with alike.

    >>> in_common(("encoder", "layers.0"), ("encoder", "layers.1"))
    1
    """
    return next(
        (k for k, (a, b) in enumerate(zip(path, other, strict=False)) if a != b), min(len(path), len(other))
    )


def paths_by_first(modules: Mapping[Path, ModuleFact]) -> dict[Path, list[Path]]:
    """Return all paths of each Module, by the first of them."""
    found: dict[Path, list[Path]] = {}
    for path, module in modules.items():
        found.setdefault(module.first, []).append(path)
    return found


def nearest(path: Path, user: Path, by_first: Mapping[Path, Sequence[Path]]) -> Path:
    """Return that of the paths of a Module, given the first, which is the nearest to where it is used."""
    return max(by_first.get(path) or [path], key=lambda own: in_common(own, user))


def layer_of(path: Path, modules: Mapping[Path, ModuleFact]) -> Path:
    """Return the path of the layer that a Module is in: of a unit the Module that holds it, else its own."""
    return path[:-1] if path in modules and modules[path].is_unit else path


def title_of(path: Path, modules: Mapping[Path, ModuleFact]) -> str:
    """Return how a Module is called: an item of a list by its place in it, else by its attribute.

    >>> title_of(("encoder", "layers.0"), {})
    'encoder · layer 1'
    """
    if not path:
        return modules[()].kind if () in modules else "network"
    return " · ".join(map(called, path))


def _outermost(order: Iterable[Any]) -> list[Owner]:
    """Return the outermost Modules of a graph, each once, in the order of their first use."""
    found: dict[int, Owner] = {}
    for use in (v.place for v in order if v.place is not None):
        while use[1] is not None:
            use = use[1]
        found.setdefault(id(use[0]), use[0])
    owners = list(found.values())
    inner = {id(m) for owner in owners for name, m in owner.named_modules() if name}
    return [owner for owner in owners if id(owner) not in inner]


def _root_names(roots: Sequence[Owner]) -> list[str]:
    """Return a name for each outermost Module: its class, numbered where there are several of it."""
    kinds = [type(root).__name__ for root in roots]
    return [
        f"{kind} {kinds[: k + 1].count(kind)}" if kinds.count(kind) > 1 else kind
        for k, kind in enumerate(kinds)
    ]
