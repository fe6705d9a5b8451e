"""What was computed before an exception was raised, so that it can be drawn and walked through."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from math import nan
from numbers import Real
from typing import Any

from autograd.core.primitive import Op
from autograd.core.recording import CallNote, Use, mode
from autograd.graph import topological_order
from autograd.node import NO_GRADIENT
from autograd.notation.hints import first_line
from autograd.value import Value

ERROR = "error"
"""The role of what was not computed, because an error was raised."""


class Raised(Value):
    """What was not computed, because an error was raised: the end of a drawing, and of nothing else.

    Attributes:
        said: the type of the error, and the first line of what it says.
    """

    __slots__ = ("said",)
    role = ERROR

    def __init__(self, error: BaseException, inputs: Iterable[Value], use: Use) -> None:
        self._data, self._grad, self.label, self._made = nan, NO_GRADIENT, "", use
        self.op, self.inputs = NOT_COMPUTED, tuple(inputs)
        self.partials = (nan,) * len(self.inputs)
        kind, line = type(error).__name__, first_line(error)
        self.said = kind if line == kind else f"{kind}: {line}"


NOT_COMPUTED = Op("raised", "", lambda m: (lambda xs: nan, lambda y, xs: [nan for _ in xs]), variadic=True)
"""Stands where an op would; it is in no table."""


def computed_before(error: BaseException) -> list[Value]:
    """Return the Values that were computed last before an exception was raised, in their order.

    They are those that the functions which it passed through hold, and from which none of the others was
    computed; nothing is kept of a computation for this.  Variables of a notebook or a script are left out.
    One of them can be walked through; ``draw(error, collapse="module")`` has in one picture what led to where
    it was raised.

    >>> from autograd import walk
    >>> from nn import Layer, Sequential
    >>> model = Sequential(Layer(2, 3, "tanh", seed=0), Layer(4, 1))
    >>> try:
    ...     model([0.5, -1.0])
    ... except ValueError as error:
    ...     print(*error.__notes__)
    ...     found = computed_before(error)
    raised in the call of steps.1 (Layer) of Sequential, given 3 Values; what was computed until then: \
autograd.draw(error, collapse="module")
    >>> [v.label for v in found], walk(found[-1])[-1].line
    (['a1^1', 'a2^1', 'a3^1'], '∂a₃⁽¹⁾/∂b₃⁽¹⁾ += ∂a₃⁽¹⁾/∂z₃⁽¹⁾ · ∂(b₃⁽¹⁾→z₃⁽¹⁾) = 0.9529 · 1 = 0.9529')
    """
    return _last(_held_by_functions(error))


def where_raised(error: BaseException) -> Raised:
    """Return what was not computed for an error, in the use of the innermost Module that it was raised in.

    Its inputs are the last of what that Module was given and had computed; of plain numbers alone, these as
    Values.  Outside of all Modules they are the last of everything that was computed.
    """
    notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, CallNote)]
    held = _held_by_functions(error)
    if not notes:
        return Raised(error, _last(held), mode.read_clock())
    use, given = notes[0].use, [*_numbers_in(notes[0].given)]
    values = [x for x in given if isinstance(x, Value)]
    inputs = _last([*values, *(v for v in held if _is_in(v.place, use))])
    if not inputs:
        inputs = [_as_leaf(x, use) for x in given]
    return Raised(error, inputs, use)


def _as_leaf(x: Any, use: Use) -> Value:
    """Return a number that a use was given; one beyond floats stays whole, so that it can be said."""
    leaf = Value(0.0)
    leaf._made = use
    try:
        leaf._data = float(x)
    except OverflowError:
        leaf._data = math.trunc(x)
    return leaf


def _held_by_functions(error: BaseException) -> list[Value]:
    """Return the computed Values that are held by the functions which an error passed through."""
    held: dict[Value, None] = {}
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_locals is not frame.f_globals:
            found = _numbers_in(list(frame.f_locals.values()))
            held |= dict.fromkeys(v for v in found if isinstance(v, Value) and v.op is not None)
        trace = trace.tb_next
    return [*held]


def _last(values: Collection[Value]) -> list[Value]:
    """Return those of some Values from which none of the others was computed, in their order."""
    order = topological_order(*values)
    used, among = {x for v in order for x in v.inputs}, set(values)
    return [v for v in order if v in among and v not in used]


def _is_in(place: Use | None, use: Use) -> bool:
    """Return whether a use of a Module is this one, or one within it."""
    while place is not None and place is not use:
        place = place[1]
    return place is use


def _numbers_in(x: Any) -> Iterator[Any]:
    """Yield the Values and the numbers in lists, tuples, dictionaries and arrays."""
    stack, seen = [x], set[int]()
    while stack:
        x = stack.pop()
        if isinstance(x, (Value, Real)):
            yield x
        elif hasattr(type(x), "tolist"):
            stack.append(x.tolist())
        elif isinstance(x, (list, tuple, dict)) and id(x) not in seen:
            seen.add(id(x))
            stack += [*(x.values() if isinstance(x, dict) else x)][::-1]
