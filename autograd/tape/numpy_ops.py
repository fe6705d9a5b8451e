"""The functions of the op table on arrays: every rule read in an arithmetic of NumPy's functions.

>>> from autograd.ops import tanh
>>> value, (slope,) = on_arrays(tanh)
>>> y = value([np.array([0.0, 1.0])])
>>> y.round(4), slope([np.array([0.0, 1.0])], y).round(4)
(array([0.    , 0.7616]), array([1.  , 0.42]))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from math import inf
from types import FunctionType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.core.arithmetic import ELEMENTARY
from autograd.core.primitive import Op, entry
from autograd.ops import dot, logsumexp, sum_

Array = NDArray[Any]
Inputs = Sequence[Array] | Array


class OnArrays(NamedTuple):
    """An op's functions on arrays.

    Attributes:
        value: takes the inputs: a sequence of arrays or, for an op of any number of inputs, one array
            with the inputs along its first axis.
        partials: each takes the inputs and the value; a variadic op has one, which returns all partials,
            along the first axis too.
    """

    value: Callable[[Inputs], Any]
    partials: tuple[Callable[[Inputs, Array], Any], ...]


def _each(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """Return a function of numbers as one of arrays: NumPy has none of that name."""
    return np.vectorize(function, otypes=[float])


class _Arithmetic(SimpleNamespace):
    """The arithmetic of arrays: it looks the values of other ops up in the table."""

    def __getattr__(self, name: str) -> Any:
        return _value(entry(name))


@cache
def _value(op: Op) -> Callable[..., Any]:
    return op.rule(ARRAYS)[0]


ARRAYS = _Arithmetic(
    **{name: getattr(np, name) for name in ELEMENTARY if hasattr(np, name)},
    erf=_each(math.erf), erfc=_each(math.erfc), where=np.where, floor=np.floor, round=np.rint,
)  # fmt: skip


@cache
def on_arrays(op: Op) -> OnArrays:
    """Return the op's functions on arrays.

    They are those of its rule, if the rule takes arrays.  One that asks ``if`` of a number, or calls a
    function that NumPy does not have, is run for one number after another.
    """
    if op in WHOLE:
        return WHOLE[op]
    if takes_arrays(op):
        value, *partials = op.rule(ARRAYS)
        if op.variadic:
            return OnArrays(value, (_stacked(partials[0]),))
        return OnArrays(lambda inputs: value(*inputs), tuple(partial(_partial, d) for d in partials))
    count = 1 if op.variadic else op.arity or 0
    slopes = [partial(_partial_one_by_one, op, None if op.variadic else j) for j in range(count)]
    return OnArrays(partial(_value_one_by_one, op), tuple(slopes))


def _partial(d: Callable[..., Any], inputs: Inputs, y: Array) -> Any:
    return d(*inputs, y)


def _stacked(all_partials: Callable[[Array, Inputs], list[Any]]) -> Callable[[Inputs, Array], Array]:
    return lambda inputs, y: np.stack(np.broadcast_arrays(*all_partials(y, inputs)))


def takes_arrays(op: Op) -> bool:
    """Return whether the op's rule gives for arrays what it gives for their numbers."""
    count = 3 if op.variadic else op.arity or 0
    some = np.array([[0.3, -1.7], [0.0, 2.5]])
    inputs: Any = np.array([np.roll(some, k) for k in range(count)])
    try:
        with np.errstate(all="ignore"):
            y, partials = op.evaluator(ARRAYS)(inputs)
            found = [np.broadcast_to(np.asarray(x, float), some.shape) for x in (y, *partials)]
    except Exception:  # whatever keeps it from taking arrays
        return False
    wanted = [np.reshape(x, some.shape) for x in zip(*_one_by_one(op, inputs), strict=True)]
    return all(np.allclose(a, b, equal_nan=True) for a, b in zip(found, wanted, strict=True))


def _one_by_one(op: Op, inputs: Inputs) -> Iterator[tuple[float, ...]]:
    """Yield the value and the partials of each place of the inputs."""
    for numbers in zip(*[x.ravel().tolist() for x in np.broadcast_arrays(*inputs)], strict=True):
        y, partials = op.evaluate(numbers)
        yield y, *partials


def _value_one_by_one(op: Op, inputs: Inputs) -> Array:
    shape = np.broadcast_shapes(*[x.shape for x in inputs])
    return np.reshape([y for y, *_ in _one_by_one(op, inputs)], shape)


def _partial_one_by_one(op: Op, j: int | None, inputs: Inputs, y: Array) -> Array:
    """Return the j-th partial; all of them, for None."""
    listed = np.array([partials for _, *partials in _one_by_one(op, inputs)], float)
    return listed.T.reshape(-1, *y.shape) if j is None else listed[:, j].reshape(y.shape)


# ------------------------------------------------------------- any number of inputs, all at once
# A loop over the inputs, as in the rule, would call NumPy for each of them.


def _sum(inputs: Inputs) -> Any:
    return np.add.reduce(inputs, axis=0)


def _dot(inputs: Inputs) -> Any:
    n, odd = divmod(len(inputs), 2)
    y = np.einsum("k...,k...->...", inputs[:n], inputs[n : 2 * n])
    return y + inputs[-1] if odd else y


def _dot_partials(inputs: Inputs, y: Array) -> Any:
    n, odd = divmod(len(inputs), 2)
    return np.concatenate([inputs[n : 2 * n], inputs[:n], *[np.ones_like(y)[None]] * odd])


def _logsumexp(inputs: Inputs) -> Any:
    """Return the same as the rule, which asks with ``if`` where the largest input stands."""
    place = np.argmax(inputs, axis=0)[None]
    top = np.take_along_axis(np.asarray(inputs), place, axis=0)
    shift = np.where(abs(top) < inf, top, 0.0)
    powers = np.exp(inputs - shift)
    np.put_along_axis(powers, place, 0.0, axis=0)
    others = powers.sum(axis=0)
    return np.where(shift == top, shift + np.log1p(others), np.log(others + np.exp(top)))[0]


WHOLE = {
    sum_: OnArrays(_sum, (lambda inputs, y: 1.0,)),
    dot: OnArrays(_dot, (_dot_partials,)),
    logsumexp: OnArrays(_logsumexp, (_stacked(logsumexp.rule(ARRAYS)[1]),)),
}


# -------------------------------------------------------------------------- rules for one number

MATH = SimpleNamespace(**{name: getattr(np, name, f) for name, f in vars(math).items()})
MATH.erf, MATH.erfc = ARRAYS.erf, ARRAYS.erfc


def vectorised(rule: Callable[..., Any]) -> Callable[..., None]:
    """Return ``rule(p, g, h, *state) -> (p, *state)`` as ``update(p, g, h, *state)`` for vectors.

    It is called once with whole vectors, and NumPy's functions in place of those of `math`, if it takes
    them; else for one number after another.

    >>> p, g = np.array([1.0, 2.0]), np.array([0.25, 4.0])
    >>> vectorised(lambda p, g, h: (p - h[0] * math.sqrt(g),))(p, g, (0.5,))
    >>> p
    array([0.75, 1.  ])
    """
    whole = _with_numpy(rule)

    def update(p: Array, g: Array, h: Sequence[float], *state: Array) -> None:
        held = (p, *state)
        with np.errstate(all="ignore"):
            try:
                after = whole(p, g, h, *state)
                after = [
                    x.copy() if any(x is y for y in held) else np.broadcast_to(x, p.shape) for x in after
                ]
            except Exception:  # whatever keeps it from taking vectors
                columns = [x.tolist() for x in (p, g, *state)]
                rows = [rule(p_i, g_i, h, *own) for p_i, g_i, *own in zip(*columns, strict=True)]
                after = np.reshape(rows, (-1, len(held))).T
            for array, numbers in zip(held, after, strict=True):
                array[:] = numbers

    return update


def _with_numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with NumPy's functions in place of those of `math`."""
    if not isinstance(function, FunctionType):
        return function
    names = {
        name: MATH if x is math else getattr(MATH, x.__name__)
        for name, x in function.__globals__.items()
        if x is math or getattr(x, "__module__", "") == "math"
    }
    swapped = FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        None,
        function.__defaults__,
        function.__closure__,
    )
    swapped.__kwdefaults__ = function.__kwdefaults__
    return swapped
