"""From a function of Values to the list of its nodes; what would be wrong for other samples is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import is_, is_not
from typing import Any

import numpy as np

from autograd.core.recording import BranchError, mode
from autograd.core.signatures import argument_names
from autograd.node import number_of
from autograd.notation.hints import described
from autograd.tape.listing import COMPUTED, Listing, flatten
from autograd.value import Value

RUN_TWICE = 100_000
"""A function of at most this many ops is run again to compare: for more, that would double a wait of
seconds."""


def record(
    function: Callable[..., Any], sample: Sequence[Any]
) -> tuple[Listing, list[Value], list[Value], list[int]]:
    """Run a function on a sample; see `Tape.record`.

    Returns:
        Its nodes, its outputs, its inputs one by one, and for each argument the length of its list
        of inputs, 0 where it is a single number.
    """
    if not callable(function):
        raise TypeError(
            f"a tape is recorded from a function of Values; got {described(function)} (for Values: Tape.of)"
        )
    names = argument_names(function, len(sample), unnamed=lambda i: f"x{i + 1}")
    arguments = [_as_inputs(x, name) for x, name in zip(sample, names, strict=True)]
    inputs = [v for x in arguments for v in (x if isinstance(x, list) else [x])]
    widths = [len(x) if isinstance(x, list) else 0 for x in arguments]
    made: list[Value] = []
    with mode.switched(branching=False, recording=True, made=made):  # what cuts the graph is refused
        outputs = only_values(function(*arguments))
        listing = flatten(outputs, inputs, made)
        if len(made) <= RUN_TWICE:
            moved = [_moved(x) for x in arguments]
            _compare(listing, only_values(function(*moved)), moved)
    return listing, outputs, inputs, widths


def _as_inputs(x: Any, name: str) -> Value | list[Value]:
    if isinstance(x, Value) or np.ndim(x) == 0:
        return Value(x.data if isinstance(x, Value) else x, name)
    if np.ndim(x) != 1:
        raise ValueError(
            f"argument {name!r} of a sample is a number or a list of numbers; got {np.ndim(x)} dimensions"
        )
    if not len(x):
        raise ValueError(f"argument {name!r} of a sample is an empty list")
    return [Value(x_j, f"{name}{j + 1}") for j, x_j in enumerate(np.asarray(x).tolist())]


def _moved(x: Value | list[Value]) -> Any:
    """Return the same inputs with slightly different numbers."""
    if isinstance(x, list):
        return [_moved(v) for v in x]
    x0 = number_of(x)
    return Value(x0 + 1e-6 * max(abs(x0), 1.0), x.label)


def _compare(listing: Listing, outputs: list[Value], arguments: list[Any]) -> None:
    """Refuse a function whose second run gave another graph."""
    if not _same_graph(listing, outputs, arguments):
        raise BranchError(
            "the function gives another graph for another sample: it keeps state or draws random "
            "numbers, and the tape would keep those of the first run for all data"
        )


def _same_graph(listing: Listing, outputs: list[Value], arguments: list[Any]) -> bool:
    """Return whether other outputs have the same graph, and the same numbers in all leaves but the inputs.

    Each node is compared with its twin in the other graph, from the outputs back.
    """
    nodes = listing.nodes
    if len(outputs) != len(listing.outputs):
        return False
    twin = dict(zip((nodes[i] for i in listing.outputs.tolist()), outputs, strict=True))
    computed = list(compress(nodes, (listing.kinds == COMPUTED).tolist()))
    for v in reversed(computed):
        other = twin.get(v)
        if other is None:  # no output needs it
            continue
        if other.op is not v.op or len(other.inputs) != len(v.inputs):
            return False
        twin.update(zip(v.inputs, other.inputs, strict=True))
    # one twin for every use of a node, and the same numbers in the leaves that are not shared
    uses = ((v.inputs, twin[v].inputs) for v in computed if v in twin)
    if not all(all(map(is_, map(twin.__getitem__, these), those)) for these, those in uses):
        return False
    inputs = {v for x in arguments for v in (x if isinstance(x, list) else [x])}
    leaves = list(compress(nodes, (listing.kinds != COMPUTED).tolist()))
    twins = list(map(twin.get, leaves, leaves))
    own = compress(zip(leaves, twins, strict=True), map(is_not, leaves, twins))
    return all(other in inputs or repr(number_of(v)) == repr(number_of(other)) for v, other in own)


def only_values(values: Any) -> list[Value]:
    """Return one Value or several as a list.

    Raises:
        TypeError: if something is not a Value.
        ValueError: if there is none.
    """
    listed = list(values) if isinstance(values, Iterable) else [values]
    if not listed:
        raise ValueError("there is no output to record")
    for v in listed:
        if not isinstance(v, Value):
            raise TypeError(f"a tape records Values; got {described(v)}: its graph was cut")
    return listed
