"""The passes over the nodes of a graph that lowering asks for: as machine code, or in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.tape import compiler

Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


def _compiled_if_possible(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function that calls the kernel of that name, where there is a compiler."""

    @wraps(function)
    def call(*arrays: NDArray[Any]) -> None:
        if compiler.missing():
            return function(*arrays)
        from autograd.tape import kernels

        kernel: Callable[..., None] = getattr(kernels, function.__name__)
        return kernel(*arrays)

    return call


@_compiled_if_possible
def levels_of(ptr: Indices, args: Indices, level: Indices) -> None:
    """Fill in each node's level: one more than the highest of its inputs; -1 stays for uniform ones.

    ``level`` comes with 0 for varying leaves and -1 elsewhere; nodes are in topological order.
    """
    found, inputs = level.tolist(), args.tolist()
    for i, (start, end) in enumerate(pairwise(ptr.tolist())):
        highest = max(map(found.__getitem__, inputs[start:end]), default=-1)
        if highest >= max(found[i], 0):
            found[i] = highest + 1
    level[:] = found


@_compiled_if_possible
def reach_forward(ptr: Indices, args: Indices, stops: Mask, reached: Mask) -> None:
    """Mark every node that has a marked input, but none of ``stops``; nodes are in topological order."""
    found, inputs, stop = reached.tolist(), args.tolist(), stops.tolist()
    for i, (start, end) in enumerate(pairwise(ptr.tolist())):
        if not found[i] and not stop[i]:
            found[i] = any(map(found.__getitem__, inputs[start:end]))
    reached[:] = found


@_compiled_if_possible
def reach_back(ptr: Indices, args: Indices, stops: Mask, reached: Mask) -> None:
    """Mark every input of a marked node, but pass through no node of ``stops``."""
    found, inputs, stop, starts = reached.tolist(), args.tolist(), stops.tolist(), ptr.tolist()
    for i in range(len(found) - 1, -1, -1):
        if found[i] and not stop[i]:
            for j in inputs[starts[i] : starts[i + 1]]:
                found[j] = True
    reached[:] = found
