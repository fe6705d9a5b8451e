"""Rules for one number, such as an optimiser's, compiled to run over whole vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

from autograd.tape.compiled import cached_module, fingerprint_of_function

SOURCE = '''"""A rule for one number, run over vectors."""

from numba import njit

from autograd.tape.rules import RULES

rule = RULES["{key}"]


@njit(cache=True, nogil=True, error_model="numpy")
def update(p, g, h{states}):
    for i in range(p.size):
        p[i], {cells} = rule(p[i], g[i], h{each})
'''

RULES: dict[str, Callable[..., Any]] = {}
"""The compiled rules that the generated files ask for, by fingerprint."""


def vectorised(rule: Callable[..., Any], states: int) -> Callable[..., None]:
    """Compile ``rule(p, g, h, *state) -> (p, *state)`` as ``update(p, g, h, *state)`` for vectors.

    Args:
        rule: plain arithmetic on floats; ``h`` is a tuple of floats.
        states: how many numbers of state it takes and returns.

    Returns:
        A function that changes ``p`` and the state vectors in place.
    """
    key = fingerprint_of_function(rule, states)
    RULES[key] = njit(rule, error_model="numpy")
    names = [f"s{k}" for k in range(states)]
    text = SOURCE.format(
        key=key,
        states="".join(f", {s}" for s in names),
        cells=", ".join(f"{s}[i]" for s in names) or "_",
        each="".join(f", {s}[i]" for s in names),
    )
    if not states:
        text = text.replace("p[i], _ = ", "(p[i],) = ")
    update: Callable[..., None] = cached_module(f"{rule.__qualname__.replace('.', '_')}_{key}", text).update
    return update
