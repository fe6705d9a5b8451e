"""Numbers in lists, tuples, dictionaries and NumPy arrays, taken apart and put together again.

>>> shape = Container({"w": [1.0, 2.0], "b": 0.5})
>>> shape.leaves
[1.0, 2.0, 0.5]
>>> shape.filled([10.0, 20.0, 5.0])
{'w': [10.0, 20.0], 'b': 5.0}
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from numbers import Real
from typing import Any

from autograd.notation.hints import described
from autograd.value import Value

Builder = Callable[[Iterator[Any]], Any]


class Container:
    """A structure of real numbers and Values.

    Args:
        x: a number, a Value, a NumPy array of them, or a list, tuple or dictionary of any of these.
        name: its name in errors and in the names of its leaves.

    Attributes:
        leaves: its numbers and Values, in order; a dictionary's in the order of its keys.
        names: a name for each of them: ``x``, ``x[0]``, ``x['w'][1]``.

    Raises:
        TypeError: if it holds anything else; the message says where.
    """

    def __init__(self, x: Any, name: str = "x") -> None:
        self.leaves: list[Any] = []
        self.names: list[str] = []
        self._build = self._take_apart(x, name)

    @classmethod
    def together(cls, xs: Sequence[Any], names: Sequence[str]) -> Container:
        """Take several structures together as a tuple of them, each with a name of its own."""
        container = cls(())
        builders = [container._take_apart(x, name) for x, name in zip(xs, names, strict=True)]
        container._build = _sequence((), builders)
        return container

    def filled(self, leaves: Sequence[Any]) -> Any:
        """Return a structure of the same form with these leaves, one for each."""
        return self._build(iter(leaves))

    def _take_apart(self, x: Any, name: str) -> Builder:
        if isinstance(x, Value | Real):
            self.leaves.append(x)
            self.names.append(name)
            return next
        if isinstance(x, dict):
            parts = {key: self._take_apart(part, f"{name}[{key!r}]") for key, part in x.items()}
            return lambda leaves: {key: build(leaves) for key, build in parts.items()}
        if isinstance(x, list | tuple):
            builders = [self._take_apart(part, f"{name}[{i}]") for i, part in enumerate(x)]
            return _sequence(x, builders)
        if _is_array(x):
            for place in _places(x.shape):
                self._take_apart(x[place], f"{name}[{', '.join(map(str, place))}]")
            return _array(x.shape)
        raise TypeError(
            f"{name} is {described(x)}; numbers are wanted, or Values, or NumPy arrays, lists, tuples "
            "and dictionaries of them"
        )


def _sequence(x: Any, builders: list[Builder]) -> Builder:
    if isinstance(x, list):
        return lambda leaves: [build(leaves) for build in builders]
    if hasattr(x, "_fields"):  # a named tuple
        return lambda leaves: type(x)(*[build(leaves) for build in builders])
    return lambda leaves: tuple([build(leaves) for build in builders])


def _is_array(x: Any) -> bool:
    numpy = sys.modules.get("numpy")  # whoever has an array has loaded NumPy
    return numpy is not None and isinstance(x, numpy.ndarray)


def _places(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    import numpy as np

    return iter(np.ndindex(shape))


def _array(shape: tuple[int, ...]) -> Builder:
    def build(leaves: Iterator[Any]) -> Any:
        import numpy as np

        parts = [next(leaves) for _ in _places(shape)]
        numbers = all(isinstance(part, Real) for part in parts)
        result = np.empty(shape, float if numbers else object)
        for place, part in zip(_places(shape), parts, strict=True):
            if isinstance(part, np.ndarray):  # an array in every place: one larger array
                return np.array(parts).reshape(*shape, *part.shape)
            result[place] = part
        return result

    return build
