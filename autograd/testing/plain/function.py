"""A plain function as numbers in, numbers out, whatever holds them: lists, arrays, tensors, dictionaries.

>>> task = PlainFunction(lambda x: [x[0] * x[1], x[0]], [2.0, 3.0], "f")
>>> task(task.numbers).numbers, task.names
([6.0, 2.0], ['x[0]', 'x[1]'])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from inspect import Parameter as Argument
from itertools import product
from numbers import Integral, Real
from typing import Any

from autograd.core.signatures import argument_names, arguments_of
from autograd.node import number_of
from autograd.notation.hints import described
from autograd.testing.digits import EPSILON
from autograd.value import Value

COARSER = {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float32": 2.0**-23}
"""How far 1 is from the next number, in formats of fewer digits than a double has."""

Builder = Callable[[Iterator[float]], Any]


class Structure:
    """Real numbers in a structure: a number, an array of any library, or a list, tuple or dictionary of them.

    Args:
        x: the structure.
        name: its name in the names of its numbers: ``x``, ``x[0]``, ``x['w'][1, 2]``.
        doubles: whether numbers of fewer bits are replaced by doubles.

    Attributes:
        numbers: its numbers as floats, in order.
        names: a name for each.
        formats: for each number, what rounds another one as the place it stands in does.
        epsilon: the relative spacing of the coarsest format that holds any of them.
        keyed: whether there is a dictionary among them.
        shape: of an array or a list of lists as long as one another; None for anything else.

    Raises:
        TypeError: if it holds anything else; the message says where.
    """

    def __init__(self, x: Any, name: str = "x", doubles: bool = False) -> None:
        self._doubles = doubles
        self.numbers: list[float] = []
        self.names: list[str] = []
        self.formats: list[Callable[[float], float]] = []
        self.epsilon = EPSILON
        self.keyed = False
        self._build = self._take_apart(x, name)
        self.shape = _shape(x)

    def filled(self, numbers: Sequence[float]) -> Any:
        """Return a new structure of the same kind with these numbers."""
        return self._build(iter(numbers))

    def _take_apart(self, x: Any, name: str) -> Builder:
        if isinstance(x, Value):
            return self._put(number_of(x), name, float)
        if isinstance(x, Real):
            typed = hasattr(x, "dtype") and not isinstance(x, Integral)
            if typed and self._doubles:
                x = x.astype("float64")  # type: ignore[attr-defined]  # a number of NumPy
            kind: Any = type(x) if typed else float
            self.epsilon = max(self.epsilon, _epsilon(x))
            return self._put(float(x), name, kind)
        if isinstance(x, dict):
            self.keyed = True
            parts = {key: self._take_apart(part, f"{name}[{key!r}]") for key, part in x.items()}
            return lambda numbers: {key: build(numbers) for key, build in parts.items()}
        if isinstance(x, list | tuple):
            builders = [self._take_apart(part, f"{name}[{i}]") for i, part in enumerate(x)]
            kind = type(x)._make if hasattr(x, "_make") else list if isinstance(x, list) else tuple
            return lambda numbers: kind([build(numbers) for build in builders])
        if hasattr(x, "dtype") and hasattr(x, "shape") and "complex" not in str(x.dtype):
            return self._take_array(x.detach() if hasattr(x, "detach") else x, name)
        raise TypeError(
            f"{name} is {described(x)}; real numbers are wanted, or arrays, lists, tuples and "
            "dictionaries of them"
        )

    def _put(self, number: float, name: str, kind: Callable[[float], Any]) -> Builder:
        self.numbers.append(number)
        self.names.append(name)
        self.formats.append(lambda x: float(kind(x)))
        return lambda numbers: kind(next(numbers))

    def _take_array(self, x: Any, name: str) -> Builder:
        shape = tuple(x.shape)
        numbers = [number_of(y) if isinstance(y, Value) else float(y) for y in x.reshape(-1).tolist()]
        if self._doubles:
            x = x.double() if hasattr(x, "double") else x.astype("float64")
        make = _maker(x)
        self.numbers += numbers
        self.names += [
            f"{name}[{', '.join(map(str, p))}]" if p else name for p in product(*map(range, shape))
        ]
        self.formats += [lambda number: float(make([number])[0])] * len(numbers)
        self.epsilon = max(self.epsilon, _epsilon(x))
        return lambda rest: make([next(rest) for _ in numbers]).reshape(shape)


def _maker(x: Any) -> Callable[[list[float]], Any]:
    """Return what makes a flat array of the same library and format out of numbers."""
    if "float" not in str(x.dtype):
        x = x * 1.0
    if hasattr(x, "new_tensor"):  # PyTorch
        make: Callable[[list[float]], Any] = x.new_tensor
        return make
    if not hasattr(x, "__array_namespace__"):
        raise TypeError(f"numbers are wanted in a NumPy array, a tensor or a list; got {described(x)}")
    space, dtype = x.__array_namespace__(), x.dtype
    return lambda numbers: space.asarray(numbers, dtype=dtype)


def _epsilon(x: Any) -> float:
    return COARSER.get(str(getattr(x, "dtype", "")).rpartition(".")[2], EPSILON)


def _shape(x: Any) -> tuple[int, ...] | None:
    if hasattr(x, "shape"):
        return tuple(x.shape)
    if not isinstance(x, list | tuple):
        return None if isinstance(x, dict) else ()
    inner = {_shape(part) for part in x}
    return (len(x), *(inner.pop() or ())) if len(inner) == 1 and None not in inner else (len(x),)


class PlainFunction:
    """A function at a point, called with other numbers in the place of the point's.

    Args:
        function: takes what the point is, and changes nothing outside of it.
        point: a tuple holds one argument each, and so does a list for a function of as many arguments;
            anything else is the one argument.
        called: the function's name in messages.
        doubles: whether it is called with doubles in the place of numbers of fewer bits.

    Attributes:
        numbers: the numbers of the point.
        names: their names.
        formats: how the point's places round.
        epsilon: the spacing of the point's format.
        spread: whether the point holds one argument each.
    """

    def __init__(self, function: Callable[..., Any], point: Any, called: str, doubles: bool = False) -> None:
        self.function, self.point, self.called = function, point, called
        self.spread = is_spread(function, point)
        parts = list(point) if self.spread else [point]
        names = argument_names(function, len(parts))
        if not self.spread and not names[0].isidentifier():
            names = ["x"]
        self._parts = [Structure(part, name, doubles) for part, name in zip(parts, names, strict=True)]
        self.numbers = [x for part in self._parts for x in part.numbers]
        self.names = [name for part in self._parts for name in part.names]
        self.formats = [kind for part in self._parts for kind in part.formats]
        self.epsilon = max((part.epsilon for part in self._parts), default=EPSILON)
        self.shape = None if self.spread else self._parts[0].shape

    def __call__(self, numbers: Sequence[float]) -> Structure:
        """Return what the function gives for these numbers."""
        return Structure(self.passed(self.function, numbers), self.called)

    def in_doubles(self) -> PlainFunction:
        """Return the function of doubles if it computes in fewer bits only because the point has fewer."""
        with suppress(Exception):  # it does not take doubles
            wide = PlainFunction(self.function, self.point, self.called, doubles=True)
            here, there = self(self.numbers), wide(wide.numbers)
            close = (
                abs(a - b) <= COARSER["bfloat16"] * abs(a)
                for a, b in zip(here.numbers, there.numbers, strict=True)
            )
            if self.epsilon > EPSILON == there.epsilon and wide.epsilon == EPSILON and all(close):
                return wide
        return self

    def passed(self, function: Callable[..., Any], numbers: Sequence[float]) -> Any:
        """Return what any function of the same arguments gives for these numbers."""
        rest = iter(numbers)
        return function(*[part.filled([next(rest) for _ in part.numbers]) for part in self._parts])

    def attempt(self, numbers: Sequence[float]) -> list[float] | None:
        """Return the numbers that the function gives; None where it fails or one of them is not finite."""
        try:
            found = self(numbers).numbers
        except Exception:  # whatever failed, there is no difference to take
            return None
        return found if all(map(math.isfinite, found)) else None

    def along(self, i: int) -> Callable[[float], list[float] | None]:
        """Return the function of the ``i``-th number alone; see `attempt`."""
        before, after = self.numbers[:i], self.numbers[i + 1 :]
        return lambda t: self.attempt([*before, t, *after])


def is_spread(function: Callable[..., Any], point: Any) -> bool:
    """Return whether a point holds one argument each, rather than being the one argument."""
    return isinstance(point, tuple) or (isinstance(point, list) and _takes(function, len(point)))


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Return whether a list of this many numbers stands for the arguments, rather than for one argument."""
    by_place = (Argument.POSITIONAL_ONLY, Argument.POSITIONAL_OR_KEYWORD)
    arguments = arguments_of(function)
    needed = [a for a in arguments if a.default is a.empty and a.kind in by_place]
    return len(needed) == count > 1 or any(a.kind is Argument.VAR_POSITIONAL for a in arguments)
