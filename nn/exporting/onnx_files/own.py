"""A Module of one's own as an ONNX graph: known Modules within it as operators, what is between as recorded.

Its code is run with its known Modules intercepted, which tells what each is given.  What was computed between
them, such as a sum, is a graph, from what Modules gave to what others were given, and is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from math import prod
from typing import Any, NamedTuple

from autograd import Value, no_grad, topological_order
from autograd.extend import apply, as_value
from autograd.tape import Tape
from nn.exporting.onnx_files.bodies import ACTIVATED
from nn.exporting.onnx_files.graph import LENGTH, Array, FixedLengthError, Graph
from nn.exporting.onnx_files.nested import in_a_row, nested, shape_of
from nn.module import Module

MOST_CALLS = 100
"""With more calls of known Modules than this, such as one for each pixel, a Module is recorded as a whole."""
DEEPEST = 100
"""What was computed of whole arrays in at most this many operations is written as these."""
Passed = Callable[[Module, Array, Graph], Array]


class Call(NamedTuple):
    """A call of a known Module within one's own, or the end of that.

    Attributes:
        module: the Module; None at the end.
        given: what it was given, in nested lists.
        made: what it gave.
    """

    module: Module | None
    given: Any
    made: Any = None


def in_parts(model: Module, x: Array, graph: Graph, known: Sequence[Module], passed: Passed) -> Array:
    """Return what a Module of one's own makes of an array.

    Args:
        model: the Module.
        x: the array.
        graph: where it is written.
        known: the Modules within it that are operators.
        passed: writes what one of these makes of an array.

    Raises:
        FixedLengthError: if its calls are none of arrays, or there are too many.
        BranchError: if its code depends on numbers.
    """
    if LENGTH in x.shape:
        raise FixedLengthError(f"{type(model).__name__} takes a whole sequence in a way of its own")
    data = graph.sample if graph.sample is not None and shape_of(graph.sample) == x.shape else None
    flat = [0.0] * prod(x.shape) if data is None else in_a_row(data)
    inputs = nested([Value(float(v)) for v in flat], x.shape)
    calls = _calls(model, inputs, known)
    # its code as a whole, with all that Modules give varied: it is refused if it depends on numbers
    Tape.record(
        lambda *arrays: _run(model, known, arrays),
        *map(_numbers, [inputs, *(call.made for call in calls[:-1])]),
    )
    arrays = [(x, in_a_row(inputs))]
    for call in calls:
        y = _given(call, arrays, graph)
        arrays.append((y, in_a_row(call.given)))
        if call.module is not None:
            arrays.append((passed(call.module, y, graph), in_a_row(call.made)))
            if arrays[-1][0].shape != shape_of(call.made):
                raise FixedLengthError(
                    f"{type(call.module).__name__} gives something else than its operators"
                )
    return arrays[-1][0]


def _calls(model: Module, inputs: Any, known: Sequence[Module]) -> list[Call]:
    """Run the code of a Module; return the calls of known Modules, and its end."""
    calls: list[Call] = []

    def called(module: Module, kind: type[Module], given: Any) -> Any:
        intercepted, module.__class__ = type(module), kind  # it may call itself
        try:
            with no_grad():
                made = module(given)
        finally:
            module.__class__ = intercepted
        calls.append(Call(module, given, made))
        if len(calls) > MOST_CALLS:
            raise FixedLengthError("there are too many calls of known Modules")
        return made

    with _intercepted(known, called):
        calls.append(Call(None, model(inputs)))
    if any(shape_of(x) is None for call in calls for x in (call.given, call.made)):
        raise FixedLengthError("a known Module gets, or gives, something else than an array")
    return calls


def _run(model: Module, known: Sequence[Module], arrays: Sequence[Any]) -> Any:
    """Return what a Module gives, if its input, and what the known Modules give, one by one, is this."""
    made = iter(arrays[1:])
    with _intercepted(known, lambda *call: next(made)):
        return model(arrays[0])


def _given(call: Call, arrays: Sequence[tuple[Array, list[Any]]], graph: Graph) -> Array:
    """Return the array that a call is given, of those that there are, each with the Values that it was."""
    targets, shape = [as_value(v) for v in in_a_row(call.given)], shape_of(call.given) or ()
    found = {id(v): (j, i) for j, (_, values) in enumerate(arrays) for i, v in enumerate(values)}
    order = _between(targets, found)
    needed = sorted({found[id(v)][0] for v in order if id(v) in found})
    if not needed:
        raise FixedLengthError("a known Module gets what is the same for all samples")
    whole = _Whole(arrays, graph).of(targets, shape)
    if whole is not None:
        return Array(whole(), shape)

    def computed(*varied: Any) -> Any:
        rows, now = dict(zip(needed, map(in_a_row, varied), strict=True)), dict[int, Any]()
        for v in order:
            if id(v) in found:
                j, i = found[id(v)]
                now[id(v)] = rows[j][i]
            else:
                now[id(v)] = v if v.op is None else apply(v.op, tuple([now[id(u)] for u in v.inputs]))
        return nested([now[id(v)] for v in targets], shape)

    samples = [nested([float(v.data) for v in arrays[j][1]], arrays[j][0].shape) for j in needed]
    return graph.recorded(computed, *(arrays[j][0] for j in needed), samples=samples)


class _Whole:
    """Writes what was computed of whole arrays number by number, such as a sum of two, as operators."""

    def __init__(self, arrays: Sequence[tuple[Array, list[Any]]], graph: Graph) -> None:
        self._graph = graph
        self._arrays = {tuple(map(id, values)): array for array, values in arrays}
        self._varied = {v for ids in self._arrays for v in ids}
        self._found: dict[tuple[int, ...], Callable[[], str] | None] = {}

    def of(
        self, values: Sequence[Value], shape: tuple[int, ...], deepest: int = DEEPEST
    ) -> Callable[[], str] | None:
        """Return what writes these Values, and gives the name of them; None if they are not such."""
        ids = tuple(map(id, values))
        if ids not in self._found:
            write = self._writer(ids, values, shape, deepest)
            self._found[ids] = None if write is None else cache(write)  # written once
        return self._found[ids]

    def _writer(
        self, ids: tuple[int, ...], values: Sequence[Value], shape: tuple[int, ...], deepest: int
    ) -> Callable[[], str] | None:
        graph, array, op = self._graph, self._arrays.get(ids), values[0].op
        if array is not None:
            if array.shape == shape:
                return lambda: array.name
            return lambda: graph.node("Reshape", array.name, graph.whole(-1, *shape))
        if all(v.op is None for v in values):
            if not self._varied.isdisjoint(ids):
                return None  # numbers of an array, but not all of it
            if len({*ids}) == 1:
                return lambda: graph.number(values[0].data)
            return lambda: graph.weight(nested([*values], shape))
        if op is None or op.variadic or not deepest or any(v.op is not op for v in values):
            return None
        slots = range(len(values[0].inputs))
        taken = [self.of([v.inputs[k] for v in values], shape, deepest - 1) for k in slots]
        if None in taken:
            return None
        if len(taken) == 1 and op.name in ACTIVATED:
            return lambda: graph.operator(ACTIVATED[op.name], *(write() for write in taken if write))
        return lambda: graph.applied(op, [write() for write in taken if write])


def _between(targets: Sequence[Value], found: Collection[int]) -> list[Value]:
    """Return what some Values are computed from, in order, back to those that are found."""
    reached: set[int] = set()
    waiting = [*targets]
    while waiting:
        v = waiting.pop()
        if id(v) not in reached:
            reached.add(id(v))
            waiting += () if id(v) in found else v.inputs
    return [v for v in topological_order(*targets) if id(v) in reached]


@contextmanager
def _intercepted(modules: Sequence[Module], called: Callable[..., Any]) -> Iterator[None]:
    """Have a function called in place of Modules, with the Module, its class and what it is given."""
    kinds = [type(module) for module in modules]
    try:
        for module, kind in zip(modules, kinds, strict=True):
            module.__class__ = _other(kind, called)
        yield
    finally:
        for module, kind in zip(modules, kinds, strict=True):
            module.__class__ = kind


def _other(kind: type[Module], called: Callable[..., Any]) -> Any:
    def call(self: Module, *inputs: Any, **options: Any) -> Any:
        if len(inputs) != 1 or options:
            raise FixedLengthError(f"{kind.__name__} is called with several arguments")
        return called(self, kind, *inputs)

    return type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__})


def _numbers(x: Any) -> Any:
    """Return the numbers of Values in nested lists."""
    return nested([float(getattr(v, "data", v)) for v in in_a_row(x)], shape_of(x) or ())
