"""Rules for one number, such as an optimiser's, compiled to run over whole vectors."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.source.expression import Symbols
from autograd.tape.arguments import Frame
from autograd.tape.formulas import written
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
POINTERS = {"float64": "Doubles", "float32": "Singles"}


def vectorised(rule: Callable[..., Any], states: int) -> Callable[..., None]:
    """Compile ``rule(p, g, h, *state) -> (p, *state)`` as ``update(p, g, h, *state)`` for vectors.

    It is compiled when it is first called with so many numbers ``h``.

    Args:
        rule: plain arithmetic on floats; ``h`` is a tuple of floats.
        states: how many numbers of state it takes and returns.

    Returns:
        A function that changes ``p`` and the state vectors in place.  It raises NotImplementedError if the
        rule cannot be written as an expression.
    """
    names = ["p", "g", *(f"s{k}" for k in range(states))]
    frame = Frame(("h", *names))
    compiled: dict[tuple[Any, ...], Callable[[int], None]] = {}
    h_held = np.empty(0)
    lock = Lock()

    def update(p: NDArray[Any], g: NDArray[Any], h: Sequence[float], *state: NDArray[Any]) -> None:
        nonlocal h_held
        vectors = (p, g, *state)
        key = (len(h), *[v.dtype.char for v in vectors])
        if key not in compiled:
            types = [POINTERS[v.dtype.name] for v in vectors]
            text = _source(rule, names, types, len(h))
            address = addresses(rule.__qualname__, text, ["update"], "float64")["update"]
            compiled[key] = ctypes.CFUNCTYPE(None, ctypes.c_int64)(address)
        with lock:  # the frame is shared
            if len(h_held) != len(h):
                h_held = np.empty(len(h))
                frame.hold(h=h_held)
            h_held[:] = h
            frame.hold(**dict(zip(names, vectors, strict=True)))
            compiled[key](frame.address)

    return update


def _source(rule: Callable[..., Any], names: Sequence[str], types: Sequence[str], count: int) -> str:
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
    lines, texts = written(results)
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
