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
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import Parameter as Argument
from math import isfinite
from numbers import Integral, Real
from typing import Any, TypeAlias

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


@dataclass(frozen=True)
class KeyedShape:
    """The shape of a dictionary: what stands under which key."""

    keys: tuple[Hashable, ...]
    shapes: tuple[Hashable, ...]

    def __repr__(self) -> str:
        return repr(dict(zip(self.keys, self.shapes, strict=True)))


Shape: TypeAlias = int | tuple[Any, ...] | KeyedShape


def shape_of(sample: Any) -> Shape:
    """Return what samples have in common that one graph computes: how many numbers stand where.

    >>> shape_of([3, 1, 4]), shape_of([[1.0, 2.0], [3.0]]), shape_of({"user": [1.0, 2.0], "item": 7})
    (3, (2, 1), {'user': 2, 'item': ()})
    """
    sample = sample.tolist() if getattr(sample, "ndim", 0) else sample
    if isinstance(sample, dict):
        return KeyedShape(tuple(sample), tuple(map(shape_of, sample.values())))
    if not isinstance(sample, list | tuple):
        return ()
    if PLAIN.issuperset(map(type, sample)):
        return len(sample)
    return tuple(map(shape_of, sample))


def shapes_of(X: Any) -> list[Shape] | None:
    """Return the shape of each sample, if none of them is a number alone; else None."""
    if getattr(X, "ndim", 0) > 1:
        return [shape_of(by_sample(X[:1], "X")[0])] * len(X) if len(X) else None
    X = X.tolist() if getattr(X, "ndim", 0) else X
    if not isinstance(X, list | tuple) or not all(
        isinstance(x, list | tuple | dict) or getattr(x, "ndim", 0) for x in X
    ):
        return None
    return [shape_of(x) for x in X]


def check_alike(samples: Sequence[Any], shapes: Sequence[Hashable], name: str, first: Any = None) -> None:
    """Refuse samples whose dictionaries have other keys than those before them: lengths alone may differ.

    Args:
        samples, shapes: the samples, and the shape of each.
        name: what messages call them.
        first: what they are to be like; the first of them by default.

    Raises:
        ValueError: naming the first such sample, and what it lacks or has besides.
    """
    seen: set[Hashable] = set()
    for i, shape in enumerate(shapes):
        if shape not in seen:
            seen.add(shape)
            _check_keys(samples[i], samples[0] if first is None else first, f"{name}[{i}]", "")


def _check_keys(sample: Any, first: Any, place: str, part: str) -> None:
    if isinstance(sample, dict) and isinstance(first, dict):
        own, wanted = ([f"{part}[{key!r}]" for key in keyed] for keyed in (sample, first))
        if set(own) != set(wanted):
            raise ValueError(_of_another_structure(place, own, wanted))
        for key in sample:
            _check_keys(sample[key], first[key], place, f"{part}[{key!r}]")
    elif isinstance(sample, list | tuple) and isinstance(first, list | tuple):
        for i, (x, y) in enumerate(zip(sample, first, strict=False)):
            _check_keys(x, y, place, f"{part}[{i}]")


def places_by_shape(shapes: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    """Return where the samples of each shape stand, in the order in which the shapes come first.

    >>> places_by_shape([3, 1, 3])
    {3: [0, 2], 1: [1]}
    """
    places: dict[Hashable, list[int]] = {}
    for i, shape in enumerate(shapes):
        places.setdefault(shape, []).append(i)
    return places


@contextmanager
def naming_first(
    X: Sequence[Any], places: Sequence[int], names: Sequence[str], alone: Callable[[int, str], object]
) -> Iterator[None]:
    """Let an error in the block, which takes samples of one shape, name the first that cannot be taken.

    Args:
        X: all samples.
        places: where those of the block stand among them.
        names: what messages call the samples, and their targets.
        alone: does what the block does with the sample at a place, and adds a text to these names.

    Raises:
        TypeError, ValueError, IndexError: as in the block.
    """
    kinds = TypeError, ValueError, IndexError
    try:
        yield
    except kinds:
        for i in places:
            if is_nested(X[i]):
                check_numbers(X[i], f"{names[0]}[{i}]")
            named = f"[{i}:{i + 1}]"
            try:
                alone(i, named)
            except kinds as error:
                if any(name + named in str(error) for name in names):
                    raise
                raise type(error)(f"sample {i} of {names[0]}: {error}") from error
        raise


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
            raise ValueError(_of_another_structure(place, own.names, form.names))
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


def check_numbers(sample: Any, place: str) -> None:
    """Refuse a sample in which something is not a finite number; the message says where.

    Raises:
        TypeError, ValueError: see `taken_apart`.
    """
    form = _form(sample, place)
    for x, leaf in zip(form.leaves, form.names, strict=True):
        _number(x, place + leaf)


def _of_another_structure(place: str, names: Sequence[str], wanted: Sequence[str]) -> str:
    """Say what one of two samples has and the other lacks."""
    said = f"{place} is of another structure than the samples before it"
    for what, some, others in (("it lacks", wanted, names), ("it also has", names, wanted)):
        for name in some:
            if name not in others:
                return f"{said}: {what} {name or 'a number'}"
    return f"{said}: its parts are in another order"


def _number(x: Any, name: str) -> float:
    if not isinstance(x, Real) or isinstance(x, Value):
        raise TypeError(f"{name} is {described(x)}, not a number")
    if not isfinite(x):
        raise ValueError(f"{name} is {x!r}; it has to be a finite number (samples are counted from 0)")
    return int(x) if isinstance(x, Integral) else float(x)
