"""The arguments and outputs of a recorded function: what holds their numbers for many samples.

Where a sample has a number, the data have an array of shape (samples,); where it has a list of numbers or a
list of such lists, or an array, one array with the samples along its first axis.  Tuples, dictionaries and
all other lists keep their form, and hold such arrays.

>>> from autograd.functional.containers import Container
>>> columns = Columns([Container({"w": [1.0, 2.0], "b": 0.5}).form], ["p"])
>>> [(part.name, part.shape, part.columns) for part in columns.parts]
[("p['w']", (2,), slice(0, 2, None)), ("p['b']", (), 2)]
>>> table = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
>>> columns.structured(table)
{'w': array([[1., 2.],
       [4., 5.]]), 'b': array([3., 6.])}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.functional.containers import Array as ArrayForm
from autograd.functional.containers import Form, Keyed, One, Several
from autograd.notation.hints import described
from autograd.notation.numbers import counted

Array = NDArray[Any]


def rectangle(form: Form) -> tuple[int, ...] | None:
    """Return the shape of what one array holds for every sample; None for what keeps its form.

    >>> from autograd.functional.containers import Container
    >>> rectangle(Container([[1.0, 2.0], [3.0, 4.0]]).form), rectangle(Container((1.0, 2.0)).form)
    ((2, 2), None)
    """
    match form:
        case One():
            return ()
        case ArrayForm(shape):
            return shape
        case Several(kind, parts) if kind is list and not any(isinstance(p, ArrayForm) for p in parts):
            inner = rectangle(parts[0]) if parts else ()
            return None if inner is None or any(part != parts[0] for part in parts) else (len(parts), *inner)
    return None


@dataclass(frozen=True)
class Part:
    """What one array of the data holds.

    Attributes:
        name: its name.
        shape: its shape in one sample.
        columns: its columns in the table of the samples; a single one for one number.
    """

    name: str
    shape: tuple[int, ...]
    columns: slice | int

    def __str__(self) -> str:
        several = f"(samples, {', '.join(map(str, self.shape))})"
        wanted = several if self.shape else "(samples,), or one number,"
        return f"{self.name} was recorded as {_in_words(self.shape)}: {wanted} is wanted"


class Columns:
    """Where the numbers of several structures, such as the arguments of a function, stand in a sample.

    Args:
        forms: the structures.
        names: their names.
        keywords: how many of them, the last ones, are given by name.

    Attributes:
        parts: one for each array that holds data for many samples.
        width: how many numbers a sample has.
        plain: whether one array holds the data of each structure, and none is given by name.
    """

    def __init__(self, forms: Sequence[Form], names: Sequence[str], keywords: int = 0) -> None:
        self.forms, self.names, self.keywords = tuple(forms), tuple(names), keywords
        self.parts: list[Part] = []
        self.width = 0
        for form, name in zip(forms, names, strict=True):
            self._add(form, name)
        shapes = list(map(rectangle, self.forms))
        self.plain = not keywords and None not in shapes
        self._alone = shapes[0] if len(shapes) == 1 else None
        several = self.plain and len(shapes) > 1 and not any(shapes)  # arguments that are a number each
        keys = [(slice(None), part.columns) for part in self.parts]
        self._columns = itemgetter(*keys) if several else None  # of them a tuple in one call

    def _add(self, form: Form, name: str) -> None:
        shape = rectangle(form)
        if shape is not None:
            end = self.width + prod(shape)
            self.parts.append(Part(name, shape, slice(self.width, end) if shape else self.width))
            self.width = end
        elif isinstance(form, Keyed):
            for key, part in zip(form.keys, form.parts, strict=True):
                self._add(part, f"{name}[{key!r}]")
        elif isinstance(form, Several):
            for i, part in enumerate(form.parts):
                self._add(part, f"{name}[{i}]")

    # ------------------------------------------------------------------------- from data to columns

    def arrays(self, data: Sequence[Any], named: Mapping[str, Any]) -> tuple[list[Array], int]:
        """Return an array for each of the parts, and the number of samples.

        A single number for a part that is one number serves all samples.

        Raises:
            TypeError: if something in the data has another form, or does not hold real numbers.
            ValueError: if an array has another shape, or another number of samples than the others.
        """
        if not (self.plain and not named and len(data) == len(self.parts)):
            data = self._taken_apart(data, named)
        count = -1
        arrays = []
        for x, part in zip(data, self.parts):  # noqa: B905 (as many; this is in a hurry)
            array = x if type(x) is np.ndarray else _as_array(x, part)
            if array.dtype.kind not in "fiub":
                raise TypeError(f"{part.name} holds {array.dtype} values; real numbers are wanted")
            shape = array.shape
            if shape[1:] != part.shape or not shape:
                if shape or part.shape:
                    raise ValueError(f"got an array of the shape {shape}; {part}")
            elif shape[0] != count:
                if count >= 0:
                    raise ValueError(self._unequal(data))
                count = shape[0]
            arrays.append(array)
        if count == 0:
            raise ValueError("there are no samples to replay the tape over")
        return arrays, 1 if count < 0 else count  # only numbers that serve all samples: one sample

    def fill(self, X: Array, arrays: Sequence[Array]) -> None:
        """Put the arrays into the columns of the samples."""
        for array, part in zip(arrays, self.parts):  # noqa: B905 (as above)
            X[:, part.columns] = array if array.ndim < 3 else array.reshape(len(X), -1)

    def _taken_apart(self, data: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """Return what stands in the place of each of the parts."""
        positional = len(self.forms) - self.keywords
        if len(data) != positional or named.keys() != set(self.names[positional:]):
            wanted = [*self.names[:positional], *(f"{name}=" for name in self.names[positional:])]
            got = f"{len(data)}{''.join(f' and {name}=' for name in named)}"
            raise ValueError(
                f"the tape was recorded with {counted(len(self.forms), 'argument')} "
                f"({', '.join(wanted)}); got {got}"
            )
        given = [*data, *(named[name] for name in self.names[positional:])]
        return [
            x
            for form, name, part in zip(self.forms, self.names, given, strict=True)
            for x in _parts_of(form, part, name)
        ]

    def _unequal(self, data: Sequence[Any]) -> str:
        lengths = {part.name: len(x) for x, part in zip(data, self.parts, strict=True) if np.ndim(x)}
        return f"the arrays differ in their number of samples: {lengths}"

    # ------------------------------------------------------------------------- from columns to data

    def structured(self, table: Array) -> Any:
        """Return the columns in the structure of the data: that of the only argument, or one for each.

        Several come as a tuple; arguments that are given by name, as a dictionary at its end.
        """
        if self._columns is not None:
            return self._columns(table)
        if self._alone is not None:
            return table.reshape(len(table), *self._alone)
        arrays = [table[:, p.columns].reshape(len(table), *p.shape) for p in self.parts]
        if self.plain:
            return tuple(arrays)
        waiting = iter(arrays)
        found = [_put_together(form, waiting) for form in self.forms]
        if len(found) == 1:
            return found[0]
        positional = len(found) - self.keywords
        if not self.keywords:
            return tuple(found)
        return *found[:positional], dict(zip(self.names[positional:], found[positional:], strict=True))


def _put_together(form: Form, arrays: Iterator[Array]) -> Any:
    if rectangle(form) is not None:
        return next(arrays)
    assert isinstance(form, Several | Keyed)
    parts = [_put_together(part, arrays) for part in form.parts]
    return replace(form, parts=(One(),) * len(parts)).filled(iter(parts))


def _parts_of(form: Form, x: Any, name: str) -> Iterator[Any]:
    """Yield what stands in the data where each rectangle of the form stands."""
    if rectangle(form) is not None:
        yield x
    elif isinstance(form, Keyed):
        if not isinstance(x, Mapping) or x.keys() != set(form.keys):
            raise TypeError(
                f"{name} was recorded as a dictionary with the keys {list(form.keys)}: one of arrays with "
                f"the same keys is wanted; got {_keys_or_short(x)}"
            )
        for key, part in zip(form.keys, form.parts, strict=True):
            yield from _parts_of(part, x[key], f"{name}[{key!r}]")
    elif isinstance(form, Several):
        kind = list if form.kind is list else tuple
        if not isinstance(x, kind) or len(x) != len(form.parts):
            what = f"a {kind.__name__} of {len(form.parts)}"
            raise TypeError(
                f"{name} was recorded as {what}: {what} arrays is wanted, each with the samples along its "
                f"first axis; got {described(x)}"
            )
        for i, part in enumerate(form.parts):
            yield from _parts_of(part, x[i], f"{name}[{i}]")


def _keys_or_short(x: Any) -> str:
    return f"the keys {list(x)}" if isinstance(x, Mapping) else described(x)


def _as_array(x: Any, part: Part) -> Array:
    if isinstance(x, np.ma.MaskedArray) and x.mask.any():
        raise ValueError(f"{part.name} has masked numbers: fill them in, or leave those samples out")
    try:
        return np.asarray(x)
    except ValueError:  # rows of different lengths
        raise ValueError(f"got rows of different lengths; {part}") from None


def _in_words(shape: tuple[int, ...]) -> str:
    if not shape:
        return "one number"
    return f"{' × '.join(map(str, shape))} numbers"
