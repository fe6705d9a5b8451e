"""Arrays of Values, and of numbers, as ONNX's operators see them.

An array of Values is a NumPy array of objects; what holds plain numbers only, such as a shape, stays numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from typing import Any, Protocol

import numpy as np

from autograd import Value
from autograd.extend import as_value, number_of
from nn.weights import MOST_WEIGHTS


class Node(Protocol):
    """A node of a file: its attributes by name, the version of its operator, and how many outputs it has."""

    attributes: dict[str, Any]
    version: int
    outputs: int


PLAIN = frozenset({bool, int, float})


def array(values: Sequence[Any], shape: Sequence[int]) -> Any:
    """Return Values or numbers in a row as an array of a shape."""
    if PLAIN.issuperset(map(type, values)):
        return np.array(values).reshape(shape)
    return np.fromiter(values, object, len(values)).reshape(shape)


def each(function: Callable[..., Any], *arrays: Any) -> Any:
    """Return what a function gives for each number of arrays, which are broadcast."""
    spread = np.broadcast_arrays(*arrays)
    rows = zip(*(a.ravel().tolist() for a in spread), strict=True)
    return array([function(*row) for row in rows], spread[0].shape)


def of_each(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the operator that gives what a function does for each number of its inputs."""
    return lambda node, *arrays: each(function, *arrays)


def plainly(function: Callable[..., Value]) -> Callable[..., Any]:
    """Return a function of Values that takes numbers too, and gives a number where it gets nothing else."""

    def one(first: Any, *rest: Any) -> Any:
        y = function(as_value(first), *rest)
        return number_of(y) if PLAIN.issuperset(map(type, (first, *rest))) else y

    return one


def of_values(function: Callable[..., Value]) -> Callable[..., Any]:
    """Return the operator that gives what a function of Values does for each number of its inputs."""
    return of_each(plainly(function))


def by_row(function: Callable[[list[Any]], Any], x: Any) -> Any:
    """Return what a function makes of the numbers along the last axis: as many, or one."""
    made = [function(row.tolist()) for row in x.reshape(-1, x.shape[-1])]
    if made and isinstance(made[0], list):
        return array([v for row in made for v in row], (*x.shape[:-1], len(made[0])))
    return array(made, x.shape[:-1])


def affordable(shape: Sequence[int]) -> Sequence[int]:
    """Return a shape that a file asks for.

    Raises:
        ValueError: if that is more numbers than could be objects.
    """
    if prod(shape) > MOST_WEIGHTS:
        sizes = " × ".join(map(str, shape))
        raise ValueError(f"an array of {sizes} numbers is too large; at most {MOST_WEIGHTS:,} are made")
    return shape


def whole(x: Any) -> list[int]:
    """Return an array of whole numbers as a list."""
    return [int(n) for n in x.ravel().tolist()]


def axes_of(node: Node, rank: int, given: Any = None) -> list[int] | None:
    """Return the axes of a node, an input or an attribute; None if it names none."""
    axes = node.attributes.get("axes") if given is None else whole(given)
    return None if axes is None else [axis_of(axis, rank) for axis in axes]


def axis_of(axis: int, rank: int) -> int:
    """Return an axis counted from the first one, where it may be counted from the last.

    Raises:
        IndexError: if an array of this many axes does not have it.
    """
    if not -rank <= axis < rank:
        raise IndexError(f"there is no axis {axis} in an array of {rank} axes")
    return axis % rank


def _chosen(of_numbers: Callable[..., Any], of_two: Callable[..., Value]) -> Callable[[Sequence[Any]], Any]:
    def chosen(values: Sequence[Any]) -> Any:
        return (
            of_numbers(values)
            if PLAIN.issuperset(map(type, values))
            else reduce(of_two, map(as_value, values))
        )

    return chosen


largest, smallest = _chosen(max, Value.maximum), _chosen(min, Value.minimum)
"""They give the largest, or smallest, of Values or numbers."""
