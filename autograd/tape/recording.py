"""From a function of Values to the list of its nodes; what would be wrong for other samples is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from numbers import Real
from operator import is_
from typing import Any, NamedTuple

import numpy as np

from autograd.core.recording import BranchError, mode
from autograd.core.signatures import argument_names
from autograd.functional.containers import Container
from autograd.node import number_of
from autograd.notation.hints import described
from autograd.tape.arrays import with_own_functions
from autograd.tape.listing import COMPUTED, Listing, flatten
from autograd.tape.lowering import lower
from autograd.tape.structure import Columns, rectangle
from autograd.value import Value

RUN_TWICE = 100_000
"""A function of at most this many ops is run again to compare: for more, that would double a wait of
seconds."""

RESERVED = frozenset({"at", "output", "wrt"})
"""The names of arguments of a tape's methods."""


class Recorded(NamedTuple):
    """A graph, and the structures in which numbers go in and come out: all that a tape is made from.

    Attributes:
        listing: the nodes, lowered.
        outputs, inputs: the Values asked for, and the leaves that differ from sample to sample.
        results, arguments, slopes: the structure of the outputs, of the inputs, and of their gradients.
    """

    listing: Listing
    outputs: tuple[Value, ...]
    inputs: tuple[Value, ...]
    results: Columns
    arguments: Columns
    slopes: Columns


def record(
    function: Callable[..., Any], sample: Sequence[Any], named: Mapping[str, Any], again: bool
) -> Recorded:
    """Run a function on a sample; see `Tape.record`."""
    if not callable(function):
        raise TypeError(
            f"a tape is recorded from a function of Values; got {described(function)} (for Values: Tape.of)"
        )
    if taken := sorted({*named} & RESERVED):
        raise ValueError(
            f"a tape's methods have arguments called {', '.join(taken)} themselves; give the function's "
            "by place"
        )
    names = [*argument_names(function, len(sample), unnamed=lambda i: f"x{i + 1}"), *named]
    structures = map(_as_container, [*sample, *named.values()])
    given = [Container(x, name) for x, name in zip(structures, names, strict=True)]
    for container, name in zip(given, names, strict=True):
        if not container.leaves:
            raise ValueError(f"argument {name!r} of a sample is empty")
    arguments = Columns([container.form for container in given], names, len(named))
    inputs = [
        Value(number_of(x) if isinstance(x, Value) else x, label)
        for container in given
        for x, label in _labelled(container)
    ]

    def called(values: Iterable[Value]) -> Container:
        leaves = iter(values)
        passed = [with_own_functions(form.filled(leaves)) for form in arguments.forms]
        place = len(sample)
        return only_values(function(*passed[:place], **dict(zip(named, passed[place:], strict=True))))

    made: list[Value] = []
    with mode.switched(branching=False, recording=True, made=made):  # what cuts the graph is refused
        result = called(inputs)
        listing = flatten(result.leaves, inputs, made)
        if again and len(made) <= RUN_TWICE:
            moved = list(map(_moved, inputs))
            other = called(moved)
            if other.form != result.form or not _same_graph(
                listing, other.leaves, dict(zip(inputs, moved, strict=True))
            ):
                raise BranchError(
                    "the function gives another graph for another sample: it keeps state or draws random "
                    "numbers, and the tape would keep those of the first run for all data"
                )
    results = Columns([result.form], ["the result"])
    return Recorded(lower(listing), tuple(result.leaves), tuple(inputs), results, arguments, arguments)


def _as_container(x: Any) -> Any:
    """Return a range, a column of a table or the like as a list or an array."""
    if isinstance(x, Value | Real | np.ndarray | str):
        return x
    if hasattr(x, "__array__"):
        return np.asarray(x)[()]
    return list(x) if isinstance(x, Sequence) and not isinstance(x, list | tuple) else x


def _labelled(container: Container) -> Iterable[tuple[Any, str]]:
    """Return the numbers of an argument with their labels: those of a list are x1, x2, …"""
    name = container.names[0].partition("[")[0]
    shape = rectangle(container.form)
    row = shape is not None and len(shape) == 1
    labels = [f"{name}{j + 1}" for j in range(len(container.leaves))] if row else container.names
    return zip(container.leaves, labels, strict=True)


def _moved(x: Value) -> Value:
    """Return the same input with a slightly different number."""
    x0 = number_of(x)
    return Value(x0 + 1e-6 * max(abs(x0), 1.0), x.label)


def _same_graph(listing: Listing, outputs: list[Value], moved: Mapping[Value, Value]) -> bool:
    """Return whether other outputs have the same graph, of the moved inputs, and the same numbers elsewhere.

    Each node is compared with its twin in the other graph, from the outputs back: that of an input is the
    same input moved, that of a parameter is itself or holds the same number.
    """
    nodes = listing.nodes
    if len(outputs) != len(listing.outputs):
        return False
    twin = dict(zip((nodes[i] for i in listing.outputs.tolist()), outputs, strict=True))
    uses: list[tuple[tuple[Value, ...], tuple[Value, ...]]] = []
    for v in reversed(list(compress(nodes, (listing.kinds == COMPUTED).tolist()))):
        other = twin.get(v)
        if other is None:  # no output needs it
            continue
        these, those = v.inputs, other.inputs
        if other.op is not v.op or len(these) != len(those):
            return False
        twin.update(zip(these, those, strict=True))
        uses.append((these, those))
    # one twin for every use of a node, and the same numbers in the leaves that are not shared
    if not all(all(map(is_, map(twin.__getitem__, these), those)) for these, those in uses):
        return False
    leaves = compress(nodes, (listing.kinds != COMPUTED).tolist())
    others = ((v, twin[v]) for v in leaves if v in twin and twin[v] is not moved.get(v, v))
    return all(v not in moved and repr(number_of(v)) == repr(number_of(other)) for v, other in others)


def only_values(result: Any) -> Container:
    """Return what a function returned, taken apart.

    Raises:
        TypeError: if something in it is not a Value.
        ValueError: if there is none.
    """
    if not hasattr(result, "__len__") and isinstance(result, Iterable):
        result = list(result)
    try:
        container = Container(result, "the result")
    except TypeError as error:
        raise TypeError(f"a tape records Values; {error}: its graph was cut") from None
    if not container.leaves:
        raise ValueError("there is no output to record")
    for v in container.leaves:
        if not isinstance(v, Value):
            raise TypeError(f"a tape records Values; got {described(v)}: its graph was cut")
    return container
