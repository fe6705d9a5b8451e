"""Numbers in lists, tuples, dictionaries and NumPy arrays, taken apart and put together again.

>>> shape = Container({"w": [1.0, 2.0], "b": 0.5})
>>> shape.leaves
[1.0, 2.0, 0.5]
>>> shape.filled([10.0, 20.0, 5.0])
{'w': [10.0, 20.0], 'b': 5.0}
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from numbers import Real
from typing import Any, TypeAlias

from autograd.notation.hints import described
from autograd.value import Value


class Container:
    """A structure of real numbers and Values.

    Args:
        x: a number, a Value, a NumPy array of them, or a list, tuple or dictionary of any of these.
        name: its name in errors and in the names of its leaves.

    Attributes:
        leaves: its numbers and Values, in order; a dictionary's in the order of its keys.
        names: a name for each of them: ``x``, ``x[0]``, ``x['w'][1]``.
        form: what it is without its leaves; equal for containers of the same form.

    Raises:
        TypeError: if it holds anything else; the message says where.
    """

    def __init__(self, x: Any, name: str = "x") -> None:
        self.leaves: list[Any] = []
        self.names: list[str] = []
        self.form = self._take_apart(x, name)

    @classmethod
    def together(cls, xs: Sequence[Any], names: Sequence[str]) -> Container:
        """Take several structures together as a tuple of them, each with a name of its own."""
        container = cls(())
        parts = [container._take_apart(x, name) for x, name in zip(xs, names, strict=True)]
        container.form = Several(tuple, tuple(parts))
        return container

    def filled(self, leaves: Sequence[Any]) -> Any:
        """Return a structure of the same form with these leaves, one for each."""
        return self.form.filled(iter(leaves))

    def _take_apart(self, x: Any, name: str) -> Form:
        if isinstance(x, Value | Real):
            self.leaves.append(x)
            self.names.append(name)
            return One()
        if isinstance(x, dict):
            named = [self._take_apart(part, f"{name}[{key!r}]") for key, part in x.items()]
            return Keyed(tuple(x), tuple(named))
        if isinstance(x, list | tuple):
            kind = type(x) if isinstance(x, tuple) and hasattr(x, "_fields") else tuple  # a named tuple
            parts = [self._take_apart(part, f"{name}[{i}]") for i, part in enumerate(x)]
            return Several(list if isinstance(x, list) else kind, tuple(parts))
        if _is_array(x):
            for place in _places(x.shape):
                self._take_apart(x[place], f"{name}[{', '.join(map(str, place))}]")
            return Array(x.shape)
        raise TypeError(
            f"{name} is {described(x)}; numbers are wanted, or Values, or NumPy arrays, lists, tuples "
            "and dictionaries of them"
        )


# What a container is without its leaves.  ``filled`` takes as many leaves from an iterator as it needs.


@dataclass(frozen=True)
class One:
    """A single number or Value."""

    def filled(self, leaves: Iterator[Any]) -> Any:
        """Return the next leaf."""
        return next(leaves)


@dataclass(frozen=True)
class Several:
    """A list, a tuple or a named tuple: ``kind`` is its class."""

    kind: type
    parts: tuple[Form, ...]

    def filled(self, leaves: Iterator[Any]) -> Any:
        """Return a sequence of this kind."""
        parts = [part.filled(leaves) for part in self.parts]
        if self.kind is list:
            return parts
        return self.kind(*parts) if hasattr(self.kind, "_fields") else tuple(parts)


@dataclass(frozen=True)
class Keyed:
    """A dictionary with these keys."""

    keys: tuple[Hashable, ...]
    parts: tuple[Form, ...]

    def filled(self, leaves: Iterator[Any]) -> Any:
        """Return a dictionary with these keys."""
        return {key: part.filled(leaves) for key, part in zip(self.keys, self.parts, strict=True)}


@dataclass(frozen=True)
class Array:
    """A NumPy array of this shape."""

    shape: tuple[int, ...]

    def filled(self, leaves: Iterator[Any]) -> Any:
        """Return an array of floats, or of Values; of arrays one larger array."""
        import numpy as np

        parts = [next(leaves) for _ in range(prod(self.shape))]
        if any(isinstance(part, np.ndarray) for part in parts):
            return np.array(parts).reshape(*self.shape, *parts[0].shape)
        numbers = all(isinstance(part, Real) for part in parts)
        result = np.empty(self.shape, float if numbers else object)
        for place, part in zip(_places(self.shape), parts, strict=True):
            result[place] = part
        return result


Form: TypeAlias = One | Several | Keyed | Array


def _is_array(x: Any) -> bool:
    numpy = sys.modules.get("numpy")  # whoever has an array has loaded NumPy
    return numpy is not None and isinstance(x, numpy.ndarray)


def _places(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    import numpy as np

    return iter(np.ndindex(shape))
