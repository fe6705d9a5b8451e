"""The argument of a replay: one array with the addresses of all others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Numbers = NDArray[Any]


class Arrays(NamedTuple):
    """The arrays of a replay.

    Attributes:
        uniform, varying: the two programs, packed.
        U, GU, V, G: the numbers and their gradients; see `autograd.tape.kernels`.
        X: the varying inputs, one row per sample.
        loaded: the columns of X that the first rows of V hold.
        samples: which rows of X the samples are; empty for all rows in order.
        gathered: room for a block of samples, if they are not all rows in order.
        outputs, uniform_outputs: the row of V, or else that of U, of each output; -1 in the other.
        seeds: the gradient that each output starts with, in every lane; empty for no reverse pass.
        totals: each output's sum over the samples is added here.
        values: where each sample's outputs go, one row per sample; empty if they are not wanted.
        inputs_gradient: where the gradients of the inputs go, shaped like X; empty if not wanted.
    """

    uniform: Rows
    varying: Rows
    U: Numbers
    GU: Numbers
    V: Numbers
    G: Numbers
    X: Numbers
    loaded: Rows
    samples: Rows
    gathered: Numbers
    outputs: Rows
    uniform_outputs: Rows
    seeds: Numbers
    totals: Numbers
    values: Numbers
    inputs_gradient: Numbers


class Sizes(NamedTuple):
    """The numbers of a replay.

    Attributes:
        columns: how many inputs a sample has.
        block: how many lanes are processed together, at most ``stride``.
        stride: how far apart the rows of V lie.
        start, stop: the range of samples.
        alone: 1 for a replay on one thread, which computes the uniform part too.
        gemm: the address of the matrix product.
    """

    columns: int
    block: int
    stride: int
    start: int
    stop: int
    alone: int
    gemm: int


class Frame:
    """Everything a replay needs, as one array of addresses, lengths and numbers.

    Passing twenty arrays to a compiled function takes longer than a small network's replay.  Passing one
    address takes next to no time, and only what has changed since the last replay is written again.
    """

    def __init__(self) -> None:
        self._words = np.zeros(2 * len(Arrays._fields) + len(Sizes._fields), np.int64)
        self._held: dict[str, Numbers] = {}
        self._numbers: dict[str, int] = {}
        self.address: int = self._words.ctypes.data

    def hold(self, **arrays: Numbers) -> None:
        """Enter arrays, each contiguous, by their names in `Arrays`."""
        for name, array in arrays.items():
            if self._held.get(name) is not array:
                assert array.flags.c_contiguous, name
                place = ARRAY_PLACE[name]
                self._words[place] = array.ctypes.data
                self._words[place + len(Arrays._fields)] = array.size
                self._held[name] = array

    def set(self, **numbers: int) -> None:
        """Enter numbers, by their names in `Sizes`."""
        for name, number in numbers.items():
            if self._numbers.get(name) != number:
                self._words[SIZE_PLACE[name]] = number
                self._numbers[name] = number


ARRAY_PLACE = {name: i for i, name in enumerate(Arrays._fields)}
SIZE_PLACE = {name: 2 * len(Arrays._fields) + i for i, name in enumerate(Sizes._fields)}
HELD = len(Arrays._fields)
