"""Rules for one number, such as an optimiser's, compiled to run over whole vectors."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from operator import is_
from struct import Struct
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.source.expression import Symbols
from autograd.source.formulas import NATIVE
from autograd.tape.arguments import Frame
from autograd.tape.native.machine_code import addresses

SOURCE = """
class Arguments:
{fields}

def update(a: Arguments) -> None:
    h = a.h
{vectors}
{numbers}
    for i in range(len(a.p)):
{read}
{lines}
{stored}
"""
Array = NDArray[Any]
POINTERS = {"d": "Doubles", "f": "Singles"}


def vectorised(rule: Callable[..., Any], states: int) -> Callable[..., None]:
    """Compile ``rule(p, g, h, *state) -> (p, *state)`` as ``update(p, g, h, *state)`` for vectors.

    It is compiled when it is first called with as many numbers ``h``, and computes in float32 if all vectors
    are in float32.

    Args:
        rule: plain arithmetic on floats; ``h`` is a tuple of floats.
        states: how many numbers of state it takes and returns.

    Returns:
        A function that changes ``p`` and the state vectors in place.  It raises NotImplementedError if the
        rule cannot be written as an expression.
    """
    return _Update(rule, ["p", "g", *(f"s{k}" for k in range(states))])


class _Update:
    """A rule over vectors, with the arguments of its last call: a training repeats nearly all of them."""

    def __init__(self, rule: Callable[..., Any], names: Sequence[str]) -> None:
        self._rule, self._names = rule, tuple(names)
        self._frame: Frame
        self._vectors: tuple[Array | None, ...] = (None,) * len(names)
        self._numbers = Struct("")  # how the numbers h are written for the compiled rule, and where
        self._h = np.empty(0)
        self._lock = Lock()  # the frame is shared

    def __call__(self, p: Array, g: Array, h: Sequence[float], *state: Array) -> None:
        vectors = (p, g, *state)
        with self._lock:
            if self._numbers.size != 8 * len(h) or not all(map(is_, vectors, self._vectors)):
                self._enter(vectors, len(h))
            self._numbers.pack_into(self._h.data, 0, *h)
            self._run(self._frame.address)

    def _enter(self, vectors: tuple[Array, ...], count: int) -> None:
        kinds = tuple([POINTERS[v.dtype.char] for v in vectors])
        if len({v.shape for v in vectors}) > 1:
            raise ValueError(f"vectors of one length are wanted; got {[v.shape for v in vectors]}")
        self._run = _compiled(self._rule, self._names, kinds, count)
        if self._numbers.size != 8 * count:
            self._numbers, self._h = Struct(f"{count}d"), np.empty(count)
        arrays = {"h": self._h, **dict(zip(self._names, vectors, strict=True))}
        self._frame = Frame({name: array.dtype for name, array in arrays.items()})
        self._frame.hold(**arrays)
        self._vectors = vectors


@cache
def _compiled(
    rule: Callable[..., Any], names: tuple[str, ...], types: tuple[str, ...], count: int
) -> Callable[[int], None]:
    text = _source(rule, names, types, count)
    dtype = "float32" if {*types} == {"Singles"} else "float64"
    address = addresses(rule.__qualname__, text, ["update"], dtype)["update"]
    return ctypes.CFUNCTYPE(None, ctypes.c_int64)(address)


def _source(rule: Callable[..., Any], names: tuple[str, ...], types: tuple[str, ...], count: int) -> str:
    """Return the text of the rule's loop over vectors."""
    m = Symbols()
    numbers = [m.variable(f"h{k}") for k in range(count)]
    p, g, *state = [m.variable(f"old_{name}") for name in names]
    try:
        results = m.every_way(lambda: m.reading(rule)(p, g, tuple(numbers), *state))
    except Exception as error:  # a rule may do anything
        raise NotImplementedError(
            f"the rule {rule.__qualname__} cannot be written as an expression: {error}.  It is made of "
            "operators and functions of math"
        ) from error
    lines, texts = NATIVE.written(results)
    kept = ["p", *names[2:]]
    return SOURCE.format(
        fields="\n".join(f"    {n}: {t}" for n, t in zip(("h", *names), ("Doubles", *types), strict=True)),
        vectors="\n".join(f"    {n} = a.{n}" for n in names),
        numbers="\n".join(f"    h{k} = h[{k}]" for k in range(count)),
        read="\n".join(f"        old_{n} = {n}[i]" for n in names),
        lines="\n".join(f"        {line}" for line in lines),
        stored="\n".join(f"        new_{n} = {x}" for n, x in zip(kept, texts, strict=True))
        + "".join(f"\n        {n}[i] = new_{n}" for n in kept),
    )
