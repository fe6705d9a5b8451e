"""Structures: samples and targets that are more than a row of numbers, as rows and back.

>>> samples = by_sample({"user": [[0.5, 1.0], [2.0, 3.0]], "item": [7, 8]}, "X")
>>> samples[1]
{'user': [2.0, 3.0], 'item': 8}
>>> form, rows = taken_apart(samples, "X")
>>> rows
[[0.5, 1.0, 7], [2.0, 3.0, 8]]
>>> form.filled(rows[1])
{'user': [2.0, 3.0], 'item': 8}
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from inspect import Parameter as Argument
from math import isfinite
from numbers import Integral, Real
from typing import Any

from autograd import Value
from autograd.extend import Container
from autograd.notation.hints import described
from nn.checks import check_not_empty, listed
from nn.data.rows import Rows
from nn.data.samples import PLAIN
from nn.inputs import taken_by
from nn.module import Module


def inputs_of(model: Module) -> int:
    """Return how many inputs a model's call needs at least.

    >>> from nn import MLP
    >>> inputs_of(MLP(2, [1]))
    1
    """
    places = (Argument.POSITIONAL_ONLY, Argument.POSITIONAL_OR_KEYWORD)
    arguments = taken_by(model.computing()).parameters.values()
    return sum(a.kind in places and a.default is Argument.empty for a in arguments)


def is_nested(sample: Any) -> bool:
    """Return whether a sample is more than a number or a row of numbers.

    >>> is_nested([1.0, 2.0]), is_nested([[1.0], [2.0]]), is_nested({"age": 2.0})
    (False, True, True)
    """
    if isinstance(sample, list | tuple):
        return any(isinstance(part, list | tuple | dict) or getattr(part, "ndim", 0) for part in sample)
    return isinstance(sample, dict) or getattr(sample, "ndim", 0) > 1


def by_sample(data: Any, name: str) -> list[Any]:
    """Return data of any kind as a list of samples; a dictionary holds columns, with one entry per sample.

    Raises:
        TypeError: if they are not such data; the message calls them by ``name``.
        ValueError: if columns differ in length.
    """
    if isinstance(data, dict):
        columns = {key: by_sample(part, f"{name}[{key!r}]") for key, part in data.items()}
        return [dict(zip(columns, entries, strict=True)) for entries in _side_by_side(columns, name)]
    data = data.to_numpy() if hasattr(data, "to_numpy") else data
    data = data.tolist() if hasattr(data, "tolist") else data
    return listed(f"{name} holds one entry per sample", data)


def from_columns(columns: Sequence[Any], name: str) -> list[Any]:
    """Return the samples whose parts stand in these columns, as tuples.

    Raises:
        TypeError, ValueError: see `by_sample`.
    """
    return _side_by_side({i: by_sample(part, f"{name}[{i}]") for i, part in enumerate(columns)}, name)


def _side_by_side(columns: dict[Any, list[Any]], name: str) -> list[Any]:
    lengths = {key: len(column) for key, column in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name}[{key!r}] has {length}" for key, length in lengths.items())
        raise ValueError(f"the columns have one entry per sample each, but {said}")
    return list(zip(*columns.values(), strict=True))


def shape_of(sample: Any) -> int | tuple[Any, ...]:
    """Return what samples have in common that one graph computes: how many numbers stand where.

    >>> shape_of([3, 1, 4]), shape_of([[1.0, 2.0], [3.0]])
    (3, (2, 1))
    """
    sample = sample.tolist() if getattr(sample, "ndim", 0) else sample
    if not isinstance(sample, list | tuple):
        return ()
    if PLAIN.issuperset(map(type, sample)):
        return len(sample)
    return tuple(map(shape_of, sample))


def shapes_of(X: Any) -> list[int | tuple[Any, ...]] | None:
    """Return the shape of each sample, if they are lists or arrays; else None."""
    if getattr(X, "ndim", 0) > 1:
        return [shape_of(X[0])] * len(X) if len(X) else None
    X = X.tolist() if getattr(X, "ndim", 0) else X
    if not isinstance(X, list | tuple) or not all(isinstance(x, list) or getattr(x, "ndim", 0) for x in X):
        return None
    return [shape_of(x) for x in X]


def places_by_shape(shapes: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    """Return where the samples of each shape stand, in the order in which the shapes come first.

    >>> places_by_shape([3, 1, 3])
    {3: [0, 2], 1: [1]}
    """
    places: dict[Hashable, list[int]] = {}
    for i, shape in enumerate(shapes):
        places.setdefault(shape, []).append(i)
    return places


def taken_apart(samples: Sequence[Any], name: str, like: Container | None = None) -> tuple[Container, Rows]:
    """Return the form of samples, and the numbers of each as a row; columns of whole numbers stay whole.

    Args:
        samples: all of one structure.
        name: what messages call them.
        like: the form that they are to have; that of the first sample by default.

    Raises:
        TypeError: if something in a sample is not a number; the message says where.
        ValueError: if there are no samples, one is of another structure, or a number is not finite.
    """
    check_not_empty(name, samples)
    form = like or _form(samples[0], f"{name}[0]")
    if not form.names:
        raise ValueError(f"the samples of {name} hold no numbers: there is nothing to learn from")
    numbers, broken = array("d"), set[int]()
    for i, sample in enumerate(samples):
        place = f"{name}[{i}]"
        own = _form(sample, place)
        if own.names != form.names:
            odd = _odd(own.names, form.names)
            raise ValueError(f"{place} is of another structure than the samples before it: {odd}")
        row = [_number(x, place + leaf) for x, leaf in zip(own.leaves, own.names, strict=True)]
        broken.update(j for j, x in enumerate(row) if isinstance(x, float))
        numbers.extend(row)
    width = len(form.names)
    return form, Rows(numbers, width, [j for j in range(width) if j not in broken])


def _form(sample: Any, place: str) -> Container:
    """Return the form of a sample, whose leaves are named by where they are in it."""
    form = Container(sample, place)
    form.names = [name.removeprefix(place) for name in form.names]
    return form


def _odd(names: Sequence[str], wanted: Sequence[str]) -> str:
    """Say what one of the two has and the other lacks."""
    for what, some, others in (("it lacks", wanted, names), ("it also has", names, wanted)):
        for name in some:
            if name not in others:
                return f"{what} {name or 'a number'}"
    return "its parts are in another order"


def _number(x: Any, name: str) -> float:
    if not isinstance(x, Real) or isinstance(x, Value):
        raise TypeError(f"{name} is {described(x)}, not a number")
    if not isfinite(x):
        raise ValueError(f"{name} is {x!r}; it has to be a finite number (samples are counted from 0)")
    return int(x) if isinstance(x, Integral) else float(x)
