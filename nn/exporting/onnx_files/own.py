"""A Module of one's own as an ONNX graph: known Modules within it as operators, what is between as recorded.

Its code is run with its known Modules intercepted, which tells what each is given.  What is between two of
them, such as a sum, is recorded as a function of what the Modules before it gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from autograd import Value, no_grad, topological_order
from autograd.tape import Tape
from nn.exporting.onnx_files.graph import LENGTH, Array, FixedLengthError, Graph
from nn.exporting.onnx_files.nested import in_a_row, nested, shape_of
from nn.module import Module

MOST_CALLS = 100
"""With more calls of known Modules than this, such as one for each pixel, a Module is recorded as a whole."""
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


class Reached(BaseException):
    """Says what a call was given, and leaves one's own code there."""

    def __init__(self, given: Any) -> None:
        self.given = given


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
    flat = [0.0 for _ in in_a_row(_zeros(x.shape))] if data is None else in_a_row(data)
    inputs = nested([Value(float(v)) for v in flat], x.shape)
    calls = _calls(model, inputs, known)
    made = [inputs, *(call.made for call in calls[:-1])]
    # its code as a whole, all of this varied: it is refused if it depends on numbers
    Tape.record(lambda *arrays: _until(len(calls), model, known, arrays), *map(_numbers, made))
    arrays = [x]
    for k, call in enumerate(calls):
        y = _taken(k, call.given, arrays, made, model, known, graph)
        if call.module is None:
            return y
        arrays.append(passed(call.module, y, graph))
        if arrays[-1].shape != shape_of(call.made):
            raise FixedLengthError(f"{type(call.module).__name__} gives something else than its operators")
    raise AssertionError("the last call is the end")


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


def _until(last: int, model: Module, known: Sequence[Module], arrays: Sequence[Any]) -> Any:
    """Return what a call is given, if the input, and what the calls before it gave, is this."""
    made = iter(arrays[1:])
    count = 0

    def called(module: Module, kind: type[Module], given: Any) -> Any:
        nonlocal count
        count += 1
        if count > last:
            raise Reached(given)
        return next(made)

    try:
        with _intercepted(known, called):
            return model(arrays[0])
    except Reached as reached:
        return reached.given


def _taken(
    k: int, given: Any, arrays: list[Array], made: Sequence[Any], model: Module, known: Sequence[Module],
    graph: Graph,
) -> Array:  # fmt: skip
    """Return the array that call number k is given."""
    wanted, shape = [*map(id, in_a_row(given))], shape_of(given) or ()
    for array, values in [*zip(arrays, made, strict=False)][::-1]:
        if [*map(id, in_a_row(values))] == wanted:  # it is what an earlier call gave
            if array.shape == shape:
                return array
            return Array(graph.node("Reshape", array.name, graph.whole(-1, *shape)), shape)
    before = topological_order(*[v for v in in_a_row(given) if isinstance(v, Value)])
    among = {id(v) for v in before}
    needed = [j for j in range(k + 1) if among & {id(v) for v in in_a_row(made[j])}]
    if not needed:
        raise FixedLengthError("a known Module gets what is the same for all samples")

    def between(*varied: Any) -> Any:
        now = dict(zip(needed, varied, strict=True))
        return _until(k, model, known, [now.get(j, made[j]) for j in range(k + 1)])

    nodes, y = graph.written(
        between, *(arrays[j] for j in needed), samples=[_numbers(made[j]) for j in needed]
    )
    graph.nodes += nodes
    return y


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


def _zeros(shape: Sequence[int]) -> Any:
    size = 1
    for n in shape:
        size *= n
    return nested([0.0] * size, shape)
