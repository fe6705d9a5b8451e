"""What is opened in a folded graph: Modules, lists of equal ones, and single uses such as one time step."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from autograd.notation.hints import did_you_mean
from autograd.notation.labels import pieces
from autograd.notation.numbers import counted
from autograd.seeing.facts.places import ModuleFact, Path, UseFact, title_of

MOST_LISTED = 8
"""A message names at most this many of the paths that can be opened."""

A_USE = re.compile(r"\[(\d+)\]|(?:^|\.| · )use (\d+)")
"""How one use of a Module is spelled, after its path: ``[4]``, or `` · use 4`` as in pictures, from 1."""

A_COUNT = re.compile(r" × \d+$")
"""How many equal Modules of a list a box stands for."""

Inside = tuple[tuple[Path, int], ...]
"""In which uses of which Modules something is opened, each by its turn; empty for all of them."""


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
        if () in modules:
            as_called |= {(modules[()].kind, *called): name for called, name in as_called.items() if name}
            as_called.setdefault((modules[()].kind,), "")
        steps = [_steps(name, as_called) for name in opened]
        whole = [asked[0][0] for asked in steps if asked[0][1] is None]
        holding = dict.fromkeys(path[:-1] for path, module in modules.items() if path and not module.is_unit)
        inside = [".".join(path) for path in holding if list_of(path) and list_of(path) in whole]
        self._opened: dict[str, set[Inside]] = {}
        split: dict[tuple[Path, Inside], set[int]] = {}
        holders_of: dict[Path, set[Inside]] = {}
        alone: list[list[tuple[str, int | None]]] = [[(name, None)] for name in [*inside, *apart]]
        for asked in alone + steps:
            uses_around: Inside = ()
            for name, turn in asked:
                can_open = [*held, *paths, *holders] if turn is None else [*paths]
                if name not in can_open:
                    units = {".".join(path) for path, module in modules.items() if module.is_unit}
                    raise ValueError(_unknown(name, [n for n in can_open if n and n not in units]))
                for each in held.get(name, [name]):
                    path = paths[each] if each in paths else holders[each]
                    last = max((use.turn for use in uses if use.module == path), default=0)
                    if turn is None and last and not any(other[:-1] == path for other in modules if other):
                        turn = last  # one of many alike, the last seeing the most
                    if turn is not None and _is_one(each, path, turn, uses):
                        split.setdefault((path, uses_around), set()).add(turn)
                        uses_around = (*uses_around, (path, turn))
                    else:
                        self._opened.setdefault(each, set()).add(uses_around)
                    for n in range(1, len(path) + (each in holders)):
                        around = tuple(use for use in uses_around if len(use[0]) < n)
                        holders_of.setdefault(path[:n], set()).add(around)
        self._split = {".".join(path) for path, _ in split}
        for path, arounds in holders_of.items():
            if ".".join(path) not in self._split:
                self._opened.setdefault(".".join(path), set()).update(arounds)
        self.turns: list[tuple[Turns, ...]] = []
        for use in uses:
            turns = () if use.within is None else self.turns[use.within]
            its = [own for (p, around), own in split.items() if p == use.module and _are_in(turns, around)]
            if its:
                span = _spans(use.module, {*chain(*its)}, uses)[use.turn]
                turns = (*(t for t in turns if t.path != use.module), span)
            self.turns.append(turns)

    def is_apart(self, path: Path) -> bool:
        """Return whether an item of a list is opened, alone or with all of the list."""
        return not {".".join(path), list_of(path)}.isdisjoint(self._opened.keys() | self._split)

    def opens(self, path: Path, turns: Sequence[Turns] = ()) -> bool:
        """Return whether a Module is opened, at least in these turns."""
        arounds = self._opened.get(".".join(path), ())
        return any(_are_in(turns, around) for around in arounds) or any(
            t.path == path and t.is_open for t in turns
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


def _are_in(turns: Iterable[Turns], inside: Inside) -> bool:
    """Return whether these turns are within uses that are opened."""
    return {*inside} <= {(t.path, t.first) for t in turns if t.is_open}


def _is_one(name: str, path: Path, turn: int, uses: Sequence[UseFact]) -> bool:
    """Return whether there is such a use, and it is but one of the uses, or the only one."""
    turns = [use.turn for use in uses if use.module == path]
    count = max(turns, default=-1) + 1
    if not 0 <= turn < count:
        known = [f"{name}[{n}]" for n in sorted({1, count}) if n <= count]
        listed = f": {' to '.join(known)}" if known else ""
        each = " in each use of what holds it" if len(turns) > count else ""
        raise ValueError(
            f"there is no {name}[{turn + 1}] to open; {name} has {counted(count, 'use')}{each}{listed}"
        )
    return count > 1 or len(turns) == 1


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


def _steps(name: str, as_called: Mapping[tuple[str, ...], str]) -> list[tuple[str, int | None]]:
    """Return the Modules of which a name tells one use, by path, each with its turn; and what it ends with.

    A path can be spelled as pictures do.
    """
    if (whole := as_called.get(tuple(pieces(name)))) is not None:
        return [(whole, None)]
    found: list[tuple[str, int | None]] = []
    name, path, after = A_COUNT.sub("", name), "", 0
    for use in [*A_USE.finditer(name), None]:
        own = name[after : use.start() if use else len(name)].removeprefix(" · ").removeprefix(".")
        path = ".".join(filter(None, [path, own]))
        if own or use or not found:
            held = as_called.get(tuple(pieces(path)), path)
            found.append((held, int(use[1] or use[2]) - 1 if use else None))
        after = use.end() if use else after
    return found


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
    return f"{title_of((*outer, last.rpartition('.')[0]), modules)} × {count}"
