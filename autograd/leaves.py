"""Many leaves at once: what an optimiser does to its parameters in every step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

from autograd.core.recording import clock, mode, refuse_cut
from autograd.node import NO_GRADIENT
from autograd.protocols import real_number
from autograd.value import Value


def set_data(leaves: Sequence[Value], numbers: Iterable[float]) -> None:
    """Set the data of each leaf, as ``leaf.data = number`` does; if one is refused, none is set.

    Raises:
        TypeError, ValueError: if something is not one real number, there is not one for each leaf, or a
            Value is not a leaf: its data follows from its inputs.

    >>> w, b = Value(1.0), Value(2.0)
    >>> set_data([w, b], [3, 4])
    >>> w.data, b.data
    (3.0, 4.0)
    """
    numbers = list(numbers)
    if not {float}.issuperset(map(type, numbers)):
        numbers = list(map(real_number, repeat("the data of a Value is"), numbers))
    if len(numbers) != len(leaves):
        raise ValueError(f"set_data takes one number per leaf; got {len(numbers)} for {len(leaves)}")
    if not mode.branching:
        refuse_cut("setting .data")
    for v in leaves:
        if v.op is not None:
            v.data = v.data  # which says why not
    made = None, None, clock.now + 1, 0
    for v, x in zip(leaves, numbers, strict=True):
        v._data, v._made = x, made
    mode.tick()  # not before: who reads the clock on another thread, and then the numbers, finds these


def forget_gradients(leaves: Iterable[Value]) -> None:
    """Let the gradient of each count as not computed yet, as ``leaf.grad = None`` does."""
    for v in leaves:
        v._grad = NO_GRADIENT
