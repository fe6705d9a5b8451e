"""The inputs of a network, checked and named; those that several of its Modules see are the same Values."""

from __future__ import annotations

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
    values = tuple(x) if type(x) in ROWS or not isinstance(x, (Value, Real)) else (x,)
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
    now = recording.now
    use, call = now.use, now.call
    if use[1] is None or x is numbers[0] or _has_values(numbers):
        named = zip(numbers, labels(NAME, 0, len(numbers)), strict=True)
        return tuple([v if isinstance(v, Value) else Value(v, label) for v, label in named])
    while use[1] is not None:
        use = use[1]
    if type(call) is not _Call or call.use is not use:
        call = now.call = _Call(use, call if type(call) is tuple else None)
    _, before, values = call.rows.get(id(x), (x, (), ()))
    if before != numbers:  # it is new, or was changed since
        values = call.as_values(now, x, numbers, labels)
        call.rows[id(x)] = x, numbers, values  # with x, so that no other object gets its id
    return values


def _has_values(numbers: tuple[Any, ...]) -> bool:
    return not NUMBERS.issuperset(map(type, numbers)) and any(isinstance(v, Value) for v in numbers)


Given: TypeAlias = tuple[Any, Sequence[Any], Mapping[str, Any]]
"""A Module that is called, with its arguments in order, and those by name."""


class _Call:
    """The outermost call that is going on, and what it has made inputs of.

    Attributes:
        use: the use that it is.
        rows: the inputs, by the id of what holds the numbers.
    """

    __slots__ = ("_given", "_named", "_names", "rows", "use")

    def __init__(self, use: Any, given: Given | None) -> None:
        self.use, self._given = use, given
        self.rows: dict[int, tuple[Any, tuple[Any, ...], tuple[Value, ...]]] = {}
        self._names: dict[int, tuple[str, str]] = {}  # by id: of the arguments, and of all as soon as needed
        self._named: dict[str, int] = {}  # how many inputs have each name
        if given and len(given[1]) == 1 and not given[2]:
            self._names[id(given[1][0])] = NAME, ""
        elif given:
            for name, x in zip(_in_order(given[0].computing()), given[1], strict=False):
                self._names.setdefault(id(x), (name, name))

    def as_values(self, now: Any, x: Any, numbers: tuple[Any, ...], labels: Labels) -> tuple[Value, ...]:
        """Return new inputs, of which `autograd.seeing` can tell to which argument they belong."""
        name, argument = self._names.get(id(x)) or self._name_of_part(x)
        count = self._named.get(name, 0)
        use = now.use
        try:
            if argument:
                now.use = (_argument(argument), self.use, use[2], use[3])
            values = tuple(map(Value, numbers, labels(name, count, len(numbers))))
        finally:
            now.use = use
        self._named[name] = count + len(numbers)
        return values

    def _name_of_part(self, x: Any) -> tuple[str, str]:
        """Return what the inputs made of something are called, and the argument that it is part of."""
        if self._given is not None:
            self._names, self._given = _names(*self._given), None
        return self._names.get(id(x), (NAME, ""))


def remember_arguments(now: Any, module: Any, inputs: Sequence[Any], options: Mapping[str, Any]) -> None:
    """Remember what the outermost call is given; where it is Values, its use tells which came by what."""
    now.call = module, inputs, options
    parts: Iterable[Any] = (*inputs, *options.values()) if options else inputs
    if len(inputs) == 1 and not options:
        parts = inputs[0].values() if isinstance(inputs[0], dict) and len(inputs[0]) > 1 else ()
    for x in parts:
        if type(x) in ROWS and x:  # a row, or rows of rows
            x = x[0]
            if type(x) in ROWS and x:
                x = x[0]
        if type(x) in VALUE_TYPES:
            now.use = use = UseOfValues(now.use)
            use.names = partial(_names, module, inputs, options)
            return


def remember_picture(over: tuple[int, ...]) -> None:
    """Remember over what picture the use that is going on goes in windows; see `UseOfValues.over`."""
    now = recording.now
    if now.use[0] is not None:
        if type(now.use) is not UseOfValues:
            now.use = UseOfValues(now.use)
        now.use.over = over


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


def _indexed(name: str, i: int) -> str:
    """Return a name with an index, apart from the digits that it ends with."""
    return f"{name}{',' if name[-1:].isdigit() else ''}{i}"


_argument = cache(Argument)


@cache
def _numbered(name: str, before: int, count: int) -> tuple[str, ...]:
    return tuple(_indexed(name, i) for i in range(before + 1, before + count + 1))
