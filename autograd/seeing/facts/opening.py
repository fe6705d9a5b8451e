"""What is opened in a folded graph: Modules, lists of equal ones, and single uses such as one time step."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from autograd.notation.hints import did_you_mean
from autograd.notation.numbers import counted
from autograd.seeing.facts.places import ModuleFact, Path, UseFact

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
        opened: paths of Modules (``blocks.3``), of lists of equal ones (``blocks``), or of one use of a
            Module (``cell[3]``, the fourth).  What holds an opened Module is opened with it.

    Attributes:
        turns: of each use, to which of the turns of the Modules around it it belongs; the outermost first.

    Raises:
        ValueError: for a path that is not known, or a use that was not made.
    """

    def __init__(
        self, modules: Mapping[Path, ModuleFact], uses: Sequence[UseFact], opened: Collection[str]
    ) -> None:
        paths = {".".join(path): path for path in modules}
        holders = {list_of(path): path[:-1] for path in modules if list_of(path)}
        self._names: set[str] = set()
        split: dict[Path, set[int]] = {}
        holding: list[Path] = []
        for name in opened:
            one = ONE_USE.fullmatch(name)
            if one is not None and one[1] in paths:
                path = paths[one[1]]
                split.setdefault(path, set()).add(_turn(name, path, int(one[2]), uses))
            elif name in paths or name in holders:
                path = paths[name] if name in paths else holders[name]
                self._names.add(name)
            else:
                raise ValueError(_unknown(name, [name for name in [*holders, *paths] if name]))
            holding += [path[:n] for n in range(1, len(path) + (name in holders))]
        self._names |= {".".join(path) for path in holding if path not in split}
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


def _turn(name: str, path: Path, turn: int, uses: Sequence[UseFact]) -> int:
    """Return the turn if there is such a use."""
    count = max((use.turn + 1 for use in uses if use.module == path), default=0)
    if turn >= count:
        called = ".".join(path)
        known = [f"{called}[{turn}]" for turn in sorted({0, count - 1}) if turn >= 0]
        listed = f": {' to '.join(known)}" if known else ""
        raise ValueError(f"there is no {name} to open; {called} has {counted(count, 'use')}{listed}")
    return turn


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


def _unknown(name: str, known: Sequence[str]) -> str:
    hint = did_you_mean(name, known, otherwise=".")
    return (
        f"there is no Module {name!r} to open{hint} Their paths: {', '.join(dict.fromkeys(known))}; "
        "a number in brackets after one opens one use of it, such as a time step: path[0]"
    )
