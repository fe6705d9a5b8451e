"""What is opened in a folded graph: Modules, lists of equal ones, and single uses such as one time step."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from autograd.notation.hints import did_you_mean
from autograd.notation.labels import called, name_of_list, pieces
from autograd.notation.numbers import counted
from autograd.seeing.facts.folding.group import ITSELF
from autograd.seeing.facts.places import ModuleFact, Path, UseFact, title_of
from autograd.seeing.facts.records import Trace

MOST_LISTED = 8
"""A message names at most this many of the paths that can be opened."""

A_USE = re.compile(r"\[(\d+)\]|(?:^|\.| · )use (\d+)")
"""How one use of a Module is spelled, after its path: ``[4]``, or `` · use 4`` as in pictures, from 1."""

A_COUNT = re.compile(r" × \d+$")
"""How many equal Modules of a list a box stands for."""

Inside = tuple[tuple[Path, int], ...]
"""In which uses of which Modules something is opened, each by its turn; empty for all of them."""

Asked = list[tuple[str, int | None]]
"""What a name opens, from outside in: dotted paths, each with the turn of one use, or None for all."""


class Turns(NamedTuple):
    """Uses of a Module that follow each other, where one of its uses is opened.

    Attributes:
        path: the Module.
        first, last: the turns of the first and the last of them.
        is_open: whether they are one use that is opened.
    """

    path: Path
    first: int
    last: int
    is_open: bool

    def __str__(self) -> str:
        return f"use {self.last + 1}" if self.first == self.last else f"uses {self.first + 1}–{self.last + 1}"


class Opening:
    """Tells what is opened.

    Args:
        modules, uses: those of a trace.
        opened: paths of Modules (``blocks.3``, or ``block 4`` as pictures call it), of one use of a Module
            (``cell[4]``, or ``cell · use 4``) or of what is within it (``tower[2].layers.0``), of lists and
            other holders, such as dictionaries (``blocks``: all that it holds stands apart, and those that
            hold Modules are opened).  What holds an opened Module is opened with it.  Of a Module that holds
            no other the last use is opened, where it has several.
        apart: paths of lists whose Modules stand apart, without being opened.

    Attributes:
        whole: the paths of what is opened in all of its uses.
        turns: of each use, to which of the turns of the Modules around it it belongs; the outermost first.

    Raises:
        ValueError: for a path that is not known, or a use that was not made.
    """

    def __init__(
        self,
        modules: Mapping[Path, ModuleFact],
        uses: Sequence[UseFact],
        opened: Collection[str],
        apart: Collection[str] = (),
    ) -> None:
        self._uses, self._names = uses, _Names(modules)
        self._holding = {path[:-1] for path, module in modules.items() if path and not module.is_unit}
        self._layers = {path[:-1] for path in modules if path}
        self._opened: dict[str, set[Inside]] = {}
        self.whole: set[Path] = set()
        self._split: dict[tuple[Path, Inside], set[int]] = {}
        self._around: dict[Path, set[Inside]] = {}  # of what is opened, what holds it and in which uses
        asked = [self._names.steps(name) for name in opened]
        whole = {name for (name, turn), *_ in asked if turn is None and name}  # of lists, which have names
        inside = [".".join(path) for path in modules if path in self._holding and list_of(path) in whole]
        alone: list[Asked] = [[(name, None)] for name in [*inside, *apart]]
        for steps in alone + asked:
            uses_around: Inside = ()
            for name, turn in steps:
                uses_around = self._open(name, turn, uses_around)
        self._is_split = {".".join(path) for path, _ in self._split}
        for path, arounds in self._around.items():
            if ".".join(path) not in self._is_split:
                self._opened.setdefault(".".join(path), set()).update(arounds)
        self.turns: list[tuple[Turns, ...]] = []
        for use in uses:
            self.turns.append(self._turns_of(use))

    def _open(self, name: str, turn: int | None, uses_around: Inside) -> Inside:
        """Open what a name stands for, or one use of it, in these uses of what is around it.

        Return these, and the one that is opened.
        """
        inside = uses_around
        for path in self._names.held(name, turn):
            own, last = turn, max((use.turn for use in self._uses if use.module == path), default=0)
            if own is None and last and path not in self._layers:
                own = last  # one of many alike, the last seeing the most
            if own is not None and self._is_one(path, own):
                self._split.setdefault((path, uses_around), set()).add(own)
                inside = (*uses_around, (path, own))
            else:
                self._opened.setdefault(".".join(path), set()).add(uses_around)
                self.whole.add(path)
            for n in range(1, len(path)):
                around = tuple(use for use in inside if len(use[0]) < n)
                self._around.setdefault(path[:n], set()).add(around)
        return inside

    def _is_one(self, path: Path, turn: int) -> bool:
        """Return whether there is such a use, and it is but one of the uses, or the only one."""
        turns = [use.turn for use in self._uses if use.module == path]
        name, count = ".".join(path), max(turns, default=-1) + 1
        if not turns:
            raise ValueError(f"{name} has no uses to open: it computed nothing itself in this graph")
        if not 0 <= turn < count:
            known = " to ".join(f"{name}[{n}]" for n in sorted({1, count}))
            each = " in each use of what holds it" if len(turns) > count else ""
            raise ValueError(
                f"there is no {name}[{turn + 1}] to open; {name} has {counted(count, 'use')}{each}: {known}"
            )
        return count > 1 or len(turns) == 1

    def _turns_of(self, use: UseFact) -> tuple[Turns, ...]:
        turns = () if use.within is None else self.turns[use.within]
        its = [own for (p, around), own in self._split.items() if p == use.module and _are_in(turns, around)]
        if not its:
            return turns
        span = _spans(use.module, {*chain(*its)}, self._uses)[use.turn]
        return (*(t for t in turns if t.path != use.module), span)

    def is_apart(self, path: Path) -> bool:
        """Return whether an item of a list is opened, alone or with all of the list."""
        return not {".".join(path), list_of(path)}.isdisjoint(self._opened.keys() | self._is_split)

    def opens(self, path: Path, turns: Sequence[Turns] = ()) -> bool:
        """Return whether a Module is opened, at least in these turns."""
        arounds = self._opened.get(".".join(path), ())
        return any(_are_in(turns, around) for around in arounds) or any(
            t.path == path and t.is_open for t in turns
        )


def refuse_unused(trace: Trace, opened: Iterable[Path]) -> None:
    """Refuse to open a Module that takes no part in a graph.

    Raises:
        ValueError: naming it.
    """
    taking = {use.module for use in trace.uses} | {place.module for place in trace.places.values()}
    for path in opened:
        held = {path, trace.modules[path].first} if path in trace.modules else ()
        if held and not any(part[: len(own)] == own for part in taking for own in held):
            raise ValueError(
                f"{'.'.join(path)} takes no part in this graph: it computed nothing on the way to this "
                "value, and nothing of it can be opened"
            )


def list_of(path: Path) -> str:
    """Return the dotted path of the list that holds a Module; "" if none does.

    >>> list_of(("encoder", "layers.0"))
    'encoder.layers'
    """
    held, _, index = ".".join(path).rpartition(".")
    return held if index.isdigit() and path[-1] != index else ""


def runs(modules: Mapping[Path, ModuleFact], opening: Opening, shown: int) -> dict[Path, Path]:
    """Return the first Module of each run of equal ones in a list, for each of several.

    Args:
        modules, opening: those of a trace.
        shown: how long the paths are of what is shown; what lies farther outside is opened.
    """
    inside: dict[Path, list[tuple[Path, str, str, int]]] = {}
    for path, module in modules.items():
        for n in range(len(path)):
            inside.setdefault(path[:n], []).append((path[n:], module.kind, module.brief, module.parameters))

    def alike(path: Path) -> tuple[object, ...]:
        module = modules[path]
        is_alone = not list_of(path) or opening.is_apart(path) or len(path) < shown
        apart = path if is_alone or module.is_unit else ()
        own = module.kind, module.brief, module.parameters
        return list_of(path), own, inside.get(path), apart

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


def _are_in(turns: Iterable[Turns], inside: Inside) -> bool:
    """Return whether these turns are within uses that are opened."""
    return {*inside} <= {(t.path, t.first) for t in turns if t.is_open}


def _spans(path: Path, opened: Collection[int], uses: Sequence[UseFact]) -> list[Turns]:
    """Return for each turn of a Module the one that is opened, or the run between two of these."""
    count = max(use.turn + 1 for use in uses if use.module == path)
    spans: list[Turns] = []
    for turn in range(count):
        if turn in opened:
            spans.append(Turns(path, turn, turn, True))
        else:
            first = next(t for t in range(turn, -1, -1) if t == 0 or t - 1 in opened)
            last = next(t for t in range(turn, count) if t == count - 1 or t + 1 in opened)
            spans.append(Turns(path, first, last, False))
    return spans


class _Names:
    """What can be opened, and how it is called: Modules, lists of Modules, and dictionaries of them."""

    def __init__(self, modules: Mapping[Path, ModuleFact]) -> None:
        self._modules = {".".join(path): path for path in modules}
        self._units = {".".join(path) for path, module in modules.items() if module.is_unit}
        self._lists = {
            name: (*path[:-1], path[-1].rpartition(".")[0]) for path in modules if (name := list_of(path))
        }
        self._dictionaries: dict[str, list[Path]] = {}
        for name, path in self._modules.items():
            while (
                name := name.rpartition(".")[0]
            ) and name not in self._modules:  # a holder, or one of holders
                if name not in self._lists:
                    self._dictionaries.setdefault(name, []).append(path)
        names = [*self._modules, *self._lists, *self._dictionaries]
        self._as_called = {tuple(pieces(name)): name for name in names}
        if () in modules:
            kind = modules[()].kind
            self._as_called |= {(kind, *called): name for called, name in self._as_called.items() if name}
            self._as_called.setdefault((kind,), "")

    def steps(self, name: str) -> Asked:
        """Return the Modules of which a name tells one use, by path, each with its turn; and its end.

        A path can be spelled as pictures do.
        """
        if (whole := self._as_called.get(tuple(pieces(name.removesuffix(ITSELF))))) is not None:
            return [(whole, None)]
        found: Asked = []
        name, path, after = A_COUNT.sub("", name.removesuffix(ITSELF)), "", 0
        for use in [*A_USE.finditer(name), None]:
            if use and tuple(pieces(f"{path}.{name[after : use.end()]}".strip("."))) in self._as_called:
                continue  # the key of a dictionary
            own = name[after : use.start() if use else len(name)].removeprefix(" · ").removeprefix(".")
            path = ".".join(filter(None, [path, own]))
            if own or use or not found:
                held = self._as_called.get(tuple(pieces(path)), path)
                found.append((held, int(use[1] or use[2]) - 1 if use else None))
            after = use.end() if use else after
        return found

    def held(self, name: str, turn: int | None) -> list[Path]:
        """Return what opens by a name, or by that of one of its uses.

        Raises:
            ValueError: if there is nothing of this name.
        """
        if name in self._modules:
            return [self._modules[name]]
        if turn is None and name in self._lists:
            return [self._lists[name]]
        if turn is None and name in self._dictionaries:
            return self._dictionaries[name]
        if turn is not None and (item := f"{name}.{turn + 1}") in self._modules:
            raise ValueError(
                f"{name} is a list of Modules: what Python calls {name}[{turn + 1}] is {item} here, or "
                f"{called(item)}; brackets after a Module open one of its uses, such as a time step, from 1"
            )
        can_open = [*self._modules, *([] if turn is not None else [*self._lists, *self._dictionaries])]
        raise ValueError(_unknown(name, [n for n in can_open if n and n not in self._units]))


def _unknown(name: str, known: Sequence[str]) -> str:
    if not known:
        return f'there is no Module {name!r} to open, nor any other within the network; "" opens itself'
    hint = did_you_mean(name, [*known, *(".".join(pieces(path)) for path in known)], otherwise=".")
    more = f" and {len(known) - MOST_LISTED} more" if len(known) > MOST_LISTED else ""
    return (
        f"there is no Module {name!r} to open{hint} Their paths: {', '.join(known[:MOST_LISTED])}{more}; "
        "a number in brackets after one opens one use of it, such as a time step: path[1], the first"
    )


def titled(path: Path, turns: Iterable[Turns], modules: Mapping[Path, ModuleFact], count: int = 1) -> str:
    """Return the name of a Module, or of several equal ones, in these uses of it and of those around it."""
    whole = title_of(path, modules) if count == 1 else _plural(path, count, modules)
    named = whole.split(" · ")
    for turn in sorted(turns, key=lambda turn: len(turn.path), reverse=True):
        is_around = path[: len(turn.path)] == turn.path
        if is_around and path and not turn.path:
            named.insert(0, modules[()].kind)
        named.insert(max(len(turn.path), 1) if is_around else len(named), str(turn))
    return " · ".join(named)


def _plural(path: Path, count: int, modules: Mapping[Path, ModuleFact]) -> str:
    """Return how several equal Modules of a list are called: ``encoder · blocks × 12``."""
    *outer, last = path
    return f"{title_of((*outer, name_of_list(last.rpartition('.')[0])), modules)} × {count}"
