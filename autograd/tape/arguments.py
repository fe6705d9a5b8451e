"""The argument of a replay: one array with the addresses of all others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from autograd.tape.native.words import Numbers, Rows, Shorts


class Arguments(NamedTuple):
    """The arrays and numbers of a replay.

    Attributes:
        uniform, varying: the two programs, packed.
        uniform_steps, varying_steps: the steps of each that are taken.
        kernels: the addresses of each kernel's forward and reverse function.
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
        work, one: room for the whole numbers that a matrix product takes, and its factor 1.
        gemm: the address of the matrix product.
        columns: how many inputs a sample has.
        block: how many lanes are processed together, at most ``stride``.
        stride: how far apart the rows of V lie.
        start, stop: the range of samples.
        alone: 1 for a replay on one thread, which computes the uniform part too.
    """

    uniform: Rows
    varying: Rows
    uniform_steps: Rows
    varying_steps: Rows
    kernels: Rows
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
    work: Shorts
    one: Numbers
    gemm: int
    columns: int
    block: int
    stride: int
    start: int
    stop: int
    alone: int


@cache
def kinds_of_arguments(dtype: str) -> Mapping[str, np.dtype[Any]]:
    """Return the dtype of each array of a replay in this precision; whole numbers are words as well."""
    kinds: dict[Any, Any] = {Rows: np.int64, Shorts: np.int32, Numbers: dtype, int: np.int64}
    return {name: np.dtype(kinds[hint]) for name, hint in get_type_hints(Arguments).items()}


class Frame:
    """Everything that a compiled function needs, as one array: addresses and numbers, then lengths.

    Passing twenty arrays to a compiled function takes longer than a small network's replay.  Passing one
    address takes next to no time, and only what has changed since the last replay is written again.

    Nothing checks a number behind an address.  So the arrays are checked here, where they become addresses.

    Args:
        kinds: the names, in order, with the dtype of each array.
    """

    def __init__(self, kinds: Mapping[str, np.dtype[Any]]) -> None:
        self._kinds = kinds
        self._place = {name: i for i, name in enumerate(kinds)}
        self._words = np.zeros(2 * len(kinds), np.int64)
        self._held: dict[str, Numbers] = {}
        self._numbers: dict[str, int] = {}
        self.address: int = self._words.ctypes.data

    def hold(self, **arrays: Numbers) -> None:
        """Enter arrays by their names.

        Raises:
            ValueError: if one is not contiguous and aligned, or is of another dtype.
        """
        for name, array in arrays.items():
            if self._held.get(name) is not array:
                flags = array.flags
                if array.dtype != self._kinds[name] or not (flags.c_contiguous and flags.aligned):
                    raise ValueError(
                        f"{name} is a contiguous array of {self._kinds[name]} for the tape; got one of "
                        f"{array.dtype} with the strides {array.strides}"
                    )
                place = self._place[name]
                self._words[place] = array.ctypes.data
                self._words[place + len(self._place)] = array.size
                self._held[name] = array

    def set(self, **numbers: int) -> None:
        """Enter whole numbers, by their names."""
        for name, number in numbers.items():
            if self._numbers.get(name) != number:
                self._words[self._place[name]] = number
                self._numbers[name] = number
