"""What is opened in a folded graph: Modules, lists of equal ones, and single uses such as one time step."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from autograd.notation.hints import did_you_mean
from autograd.notation.labels import pieces
from autograd.notation.numbers import counted
from autograd.seeing.facts.places import ModuleFact, Path, UseFact, title_of

MOST_LISTED = 8
"""A message names at most this many of the paths that can be opened."""

ONE_USE = re.compile(r"(.*)\[(\d+)\]")
"""How one use of a Module is spelled: its path, and its turn from 0."""


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
            (``cell[3]``, the fourth), of lists and other holders, such as dictionaries (``blocks``: all that
            it holds stands apart, and those that hold Modules are opened).  What holds an opened Module is
            opened with it.  Of a Module that holds no other the last use is opened, where it has several.
        apart: paths of lists whose Modules stand apart, without being opened.

    Attributes:
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
        paths = {".".join(path): path for path in modules}
        holders = {list_of(path): path[:-1] for path in modules if list_of(path)}
        held: dict[str, list[str]] = {}
        known = {*holders, *paths, ""}
        for inner in paths:
            if (holder := inner.rpartition(".")[0]) not in known:
                held.setdefault(holder, []).append(inner)
        as_called = {tuple(pieces(name)): name for name in [*paths, *holders, *held]}
        opened = [_as_held(name, as_called) for name in opened]
        self._names: set[str] = set()
        split: dict[Path, set[int]] = {}
        holders_of: list[Path] = []
        holding = dict.fromkeys(path[:-1] for path, module in modules.items() if path and not module.is_unit)
        inside = [".".join(path) for path in holding if list_of(path) and list_of(path) in opened]
        for name in [*inside, *apart, *(name for asked in opened for name in held.get(asked, [asked]))]:
            one = ONE_USE.fullmatch(name)
            if one is not None and one[1] in paths:
                path = paths[one[1]]
                turn, is_one = _turn(name, path, int(one[2]), uses)
                if is_one:
                    split.setdefault(path, set()).add(turn)
                else:
                    self._names.add(one[1])  # it opens in every use of what holds it
            elif name in paths or name in holders:
                path = paths[name] if name in paths else holders[name]
                last = max((use.turn for use in uses if use.module == path), default=0)
                if last and not any(other[:-1] == path for other in modules if other):
                    split.setdefault(path, set()).add(last)  # one of many alike, the last seeing the most
                else:
                    self._names.add(name)
            else:
                units = {".".join(path) for path, module in modules.items() if module.is_unit}
                raise ValueError(
                    _unknown(name, [n for n in [*held, *paths, *holders] if n and n not in units])
                )
            holders_of += [path[:n] for n in range(1, len(path) + (name in holders))]
        self._names |= {".".join(path) for path in holders_of if path not in split}
        self._split = {".".join(path) for path in split}
        spans = {path: _spans(path, turns, uses) for path, turns in split.items()}
        self.turns: list[tuple[Turns, ...]] = []
        for use in uses:
            around = () if use.within is None else self.turns[use.within]
            if use.module in spans:
                around = (*(t for t in around if t.path != use.module), spans[use.module][use.turn])
            self.turns.append(around)

    def is_apart(self, path: Path) -> bool:
        """Return whether an item of a list is opened, alone or with all of the list."""
        return not {".".join(path), list_of(path)}.isdisjoint(self._names | self._split)

    def opens(self, path: Path, turns: Sequence[Turns] = ()) -> bool:
        """Return whether a Module is opened, at least in these turns."""
        return ".".join(path) in self._names or any(t.path == path and t.is_open for t in turns)


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
    inside: dict[Path, list[tuple[Path, str, int]]] = {}
    for path, module in modules.items():
        for n in range(len(path)):
            inside.setdefault(path[:n], []).append((path[n:], module.kind, module.parameters))

    def alike(path: Path) -> tuple[object, ...]:
        module = modules[path]
        is_alone = not list_of(path) or opening.is_apart(path) or len(path) < shown
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


def _turn(name: str, path: Path, turn: int, uses: Sequence[UseFact]) -> tuple[int, bool]:
    """Return the turn if there is such a use, and whether it is but one of the uses, or the only one."""
    turns = [use.turn for use in uses if use.module == path]
    count = max(turns, default=-1) + 1
    if turn >= count:
        called = ".".join(path)
        known = [f"{called}[{turn}]" for turn in sorted({0, count - 1}) if turn >= 0]
        listed = f": {' to '.join(known)}" if known else ""
        each = " in each use of what holds it" if len(turns) > count else ""
        raise ValueError(f"there is no {name} to open; {called} has {counted(count, 'use')}{each}{listed}")
    return turn, count > 1 or len(turns) == 1


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


def _as_held(name: str, as_called: Mapping[tuple[str, ...], str]) -> str:
    """Return the path that is meant by a name, where that is one by which pictures call what they show."""
    one = ONE_USE.fullmatch(name)
    path, use = (one[1], name[one.end(1) :]) if one else (name, "")
    return as_called.get(tuple(pieces(path)), path) + use


def _unknown(name: str, known: Sequence[str]) -> str:
    if not known:
        return f'there is no Module {name!r} to open, nor any other within the network; "" opens itself'
    hint = did_you_mean(name, [*known, *(".".join(pieces(path)) for path in known)], otherwise=".")
    more = f" and {len(known) - MOST_LISTED} more" if len(known) > MOST_LISTED else ""
    return (
        f"there is no Module {name!r} to open{hint} Their paths: {', '.join(known[:MOST_LISTED])}{more}; "
        "a number in brackets after one opens one use of it, such as a time step: path[0]"
    )


def titled(path: Path, turns: Iterable[Turns], modules: Mapping[Path, ModuleFact], count: int = 1) -> str:
    """Return the name of a Module, or of several equal ones, in these of their uses."""
    named = title_of(path, modules) if count == 1 else _plural(path, count, modules)
    return " · ".join([named, *map(str, turns)])


def _plural(path: Path, count: int, modules: Mapping[Path, ModuleFact]) -> str:
    """Return how several equal Modules of a list are called: ``encoder · blocks × 12``."""
    *outer, last = path
    return f"{title_of((*outer, last.rpartition('.')[0]), modules)} × {count}"
