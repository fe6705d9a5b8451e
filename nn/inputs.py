"""The inputs of a network, checked and named; those that several of its Modules see are the same Values."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache, partial
from inspect import Signature, signature
from numbers import Real
from typing import Any, TypeAlias

from autograd import Value
from autograd.extend import VALUE_TYPES, Argument, UseOfValues, recording
from autograd.notation.numbers import counted

Labels: TypeAlias = Callable[[str, int, int], Sequence[str]]
"""Gives labels to inputs: from the name of what holds them, how many have this name already, and how many."""
NUMBERS = frozenset({float, int, bool})
ROWS = frozenset({list, tuple})
NAMED = (list, tuple, dict, Value)
NAME = "x"
"""What the inputs of a call with one argument are called, each with its number."""


def as_inputs(x: Any, nin: int, whose: str) -> tuple[Value, ...]:
    """Return one sample as Values: numbers become ``x1``, ``x2``, …; Values stay as they are.

    Within one call of a Module the numbers of one list, or array, become the same inputs for all that see it.
    Where the call has several arguments, they are called after theirs: ``user1``, ``user2``, …

    Raises:
        TypeError: if something in ``x`` is neither.
        ValueError: if there are not ``nin`` of them.
    """
    values = (x,) if isinstance(x, (Value, Real)) else tuple(x)
    if len(values) != nin:
        raise ValueError(f"the {whose} takes {counted(nin, 'input')} per sample; got {len(values)}")
    if VALUE_TYPES.issuperset(map(type, values)):
        return values
    return once_as_values(x, values, _numbered)


def once_as_values(x: Any, numbers: tuple[Any, ...], labels: Labels) -> tuple[Value, ...]:
    """Return numbers as inputs, or the inputs that they are already in this call.

    Args:
        x: what holds the numbers, and possibly Values.  A list of numbers alone is known again, within the
            call of a Module that contains the one that asks; a number is not: equal ones are one object.
        numbers: all of them.
        labels: gives each a label.
    """
    use = recording.now.use
    if use[1] is None or isinstance(x, Real) or not VALUE_TYPES.isdisjoint(map(type, numbers)):
        return _as_values(numbers, labels(NAME, 0, len(numbers)))
    while use[1] is not None:
        use = use[1]
    call = _going_on.call
    if call is None or call.use is not use:
        call = _going_on.call = _Call(use, _going_on.given)
    _, before, values = call.rows.get(id(x), (x, (), ()))
    if before != numbers:  # it is new, or was changed since
        values = call.as_values(x, numbers, labels)
        call.rows[id(x)] = x, numbers, values  # with x, so that no other object gets its id
    return values


Given: TypeAlias = tuple[Any, Sequence[Any], Mapping[str, Any]]
"""A Module that is called, with its arguments in order, and those by name."""


class _Call:
    """The outermost call that is going on, and what it has made inputs of.

    Attributes:
        use: the use that it is.
        rows: the inputs, by the id of what holds the numbers.
    """

    __slots__ = ("_given", "_in_order", "_named", "_names", "rows", "use")

    def __init__(self, use: Any, given: Given | None) -> None:
        self.use = use
        self.rows: dict[int, tuple[Any, tuple[Any, ...], tuple[Value, ...]]] = {}
        self._given = given
        self._in_order = _in_order(given[0].computing()) if given and len(given[1]) > 1 else ()
        self._names: dict[int, tuple[str, str]] | None = None  # by id, as soon as somebody asks
        self._named: dict[str, int] = {}  # how many inputs have each name

    def as_values(self, x: Any, numbers: tuple[Any, ...], labels: Labels) -> tuple[Value, ...]:
        """Return new inputs, of which `autograd.seeing` can tell to which argument they belong."""
        name, argument = self._name(x)
        count = self._named.get(name, 0)
        self._named[name] = count + len(numbers)
        now = recording.now
        use = now.use
        try:
            if argument:
                now.use = (_argument(argument), self.use, use[2])
            return _as_values(numbers, labels(name, count, len(numbers)))
        finally:
            now.use = use

    def _name(self, x: Any) -> tuple[str, str]:
        """Return what the inputs made of something are called, and the argument that it is part of."""
        if self._given is None:
            return NAME, ""
        _, inputs, options = self._given
        if len(inputs) == 1 and inputs[0] is x and not options:
            return NAME, ""
        for name, given in zip(self._in_order, inputs, strict=False):
            if given is x:  # the usual case, in a fraction of the time
                return name, name
        if self._names is None:
            self._names = _names(*self._given)
        return self._names.get(id(x), (NAME, ""))


class _GoingOn(threading.local):
    """The outermost call that is going on in this thread: what it is given, and what it has made of that."""

    given: Given | None = None
    call: _Call | None = None


_going_on = _GoingOn()


def remember_arguments(module: Any, inputs: Sequence[Any], options: Mapping[str, Any]) -> None:
    """Remember what the outermost call is given; where it is Values, its use tells which came by what."""
    _going_on.given = module, inputs, options
    parts: Iterable[Any] = (*inputs, *options.values()) if options else inputs
    if len(inputs) == 1 and not options:
        parts = inputs[0].values() if isinstance(inputs[0], dict) and len(inputs[0]) > 1 else ()
    for x in parts:
        if _holds_values(x):
            recording.now.use = use = UseOfValues(recording.now.use)
            use.names = partial(_names, module, inputs, options)
            return


def _holds_values(x: Any) -> bool:
    """Return whether a part of a call is a Value, or begins with one: a row, or rows of rows."""
    if type(x) in ROWS and x:
        x = x[0]
        if type(x) in ROWS and x:
            x = x[0]
    return type(x) in VALUE_TYPES


def forget_inputs() -> None:
    """Forget what inputs were made of: the outermost call is over."""
    _going_on.given = _going_on.call = None


def taken_by(call: Callable[..., Any]) -> Signature:
    """Return the signature of what a Module computes with."""
    return _signature(getattr(call, "__func__", call), hasattr(call, "__func__"))


@lru_cache(maxsize=1024)
def _signature(function: Callable[..., Any], is_method: bool) -> Signature:
    found = signature(function)
    return found.replace(parameters=[*found.parameters.values()][1:]) if is_method else found


def _in_order(call: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the arguments that a call takes by their places, but for ``*rows``."""
    return _names_in_order(getattr(call, "__func__", call), hasattr(call, "__func__"))


@lru_cache(maxsize=1024)
def _names_in_order(function: Callable[..., Any], is_method: bool) -> tuple[str, ...]:
    own = _signature(function, is_method).parameters.values()
    return tuple(a.name for a in own if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD))


def _names(module: Any, inputs: Sequence[Any], options: Mapping[str, Any]) -> dict[int, tuple[str, str]]:
    """Return what each part of the arguments of a call is called, and its argument, by id.

    A part of a dictionary is called by its key, one of a list by its place, from 1.
    """
    given = [*taken_by(module.computing()).bind(*inputs, **options).arguments.items()]
    whole = len(given) == 1
    names: dict[int, tuple[str, str]] = {}
    waiting = [(NAME, "", x) for _, x in given] if whole else [(name, name, x) for name, x in given]
    for name, argument, x in waiting:
        if id(x) in names:
            continue
        names[id(x)] = name, argument
        if isinstance(x, dict):
            begin = "" if whole and not argument else f"{name}."
            waiting += [(f"{begin}{key}", argument or str(key), part) for key, part in x.items()]
        elif isinstance(x, list | tuple) and not NUMBERS.issuperset(map(type, x)):
            parts = [(i, part) for i, part in enumerate(x, 1) if isinstance(part, NAMED)]
            waiting += [(_indexed(name, i), argument, part) for i, part in parts]
    return names


def _as_values(numbers: Sequence[Any], labels: Sequence[str]) -> tuple[Value, ...]:
    return tuple(
        [v if isinstance(v, Value) else Value(v, label) for v, label in zip(numbers, labels, strict=True)]
    )


def _indexed(name: str, i: int) -> str:
    """Return a name with an index, apart from the digits that it ends with."""
    return f"{name}{',' if name[-1:].isdigit() else ''}{i}"


_argument = cache(Argument)


@cache
def _numbered(name: str, before: int, count: int) -> tuple[str, ...]:
    return tuple(_indexed(name, i) for i in range(before + 1, before + count + 1))
