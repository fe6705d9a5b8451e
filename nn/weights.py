"""Weights as matrices: of Parameters, and of plain numbers, which set the weight when they are set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from math import isfinite
from numbers import Real
from typing import Any

from autograd import Value
from autograd.extend import CUTS, NumberRead, recording, set_data
from autograd.notation.hints import described
from autograd.notation.numbers import counted
from nn.checks import listed


class NumbersOf(list[float]):
    """The numbers in some Values; a number that is set here is set in its Value.

    Args:
        values: the Values.
        name: what messages call them.

    Raises:
        TypeError: where a graph is being computed, which numbers would cut.
    """

    def __init__(self, values: Sequence[Value], name: str) -> None:
        if recording.now.use[0] is not None and recording.recording:
            raise TypeError(f"{name} {CUTS}; in the call of a Module, numbers are read inside no_grad()")
        super().__init__([NumberRead(v.data) for v in values])
        self._values, self._name = values, name

    def __setitem__(self, place: Any, x: Any) -> None:
        after = list(self)
        after[place] = x
        numbers = finite_numbers(self._name, after)
        if len(numbers) != len(self):
            raise ValueError(
                f"{self._name} has {counted(len(self), 'number')}; this would make it {len(numbers)}"
            )
        for v, number in zip(self._values, numbers, strict=True):
            v.data = number
        super().__setitem__(slice(None), map(NumberRead, numbers))


class RowsOf(list[Any]):
    """The rows of a matrix; a row that is set is set number by number."""

    def __setitem__(self, place: Any, row: Any) -> None:
        if isinstance(place, slice):
            raise TypeError("set the rows of W one by one, or all of it: layer.W = rows")
        self[place][:] = row


def finite_rows(rows: Any) -> list[list[float]]:
    """Return the rows of W as lists of floats.

    Raises:
        TypeError, ValueError: if they are not rows of finite numbers.
    """
    given = listed("W is given as rows of numbers", rows)
    return [finite_numbers(f"row {i} of W", row) for i, row in enumerate(given, 1)]


def finite_numbers(name: str, numbers: Any) -> list[float]:
    """Return the numbers as a list of floats.

    Raises:
        TypeError, ValueError: if they are not finite numbers.
    """
    given = listed(f"{name} is given as numbers in a row", numbers)
    if {float}.issuperset(map(type, given)) and all(map(isfinite, given)):
        return given
    for x in given:
        if not isinstance(x, Real):
            raise TypeError(f"{name} holds numbers; got {described(x)}")
        if not isfinite(x):
            raise ValueError(f"{name} holds finite numbers; got {x!r}")
    return [float(x) for x in given]


MOST_WEIGHTS = 20_000_000
"""A network has at most this many weights: each is an object of some hundred bytes, and with more of
them a machine is busy for minutes."""


_allowance: ContextVar[int | None] = ContextVar("allowance", default=None)
"""How many weights may still be made; None where only `MOST_WEIGHTS` limits a network."""


@contextmanager
def allowing(weights: int) -> Iterator[None]:
    """Have at most this many weights made in the block, by all neurons, layers and networks together."""
    before = _allowance.set(weights)
    try:
        yield
    finally:
        _allowance.reset(before)


def check_weights(sizes: Sequence[int]) -> None:
    """Refuse a network of these layers' sizes if it has more weights than may be made."""
    weights, left = sum(n * m for n, m in pairwise(sizes)), _allowance.get()
    most = MOST_WEIGHTS if left is None else min(left, MOST_WEIGHTS)
    if weights > most:
        raise ValueError(
            f"a network {' → '.join(f'{n:,}' for n in sizes)} has {weights:,} weights, each an object of "
            f"its own; at most {most:,} are made"
        )


def use_up(weights: int) -> None:
    """Count weights that were made, inside `allowing`."""
    left = _allowance.get()
    if left is not None:
        _allowance.set(left - weights)


class Matrices:
    """The weights and biases of neurons side by side: as Parameters, and as numbers.

    Attributes:
        neurons: each has weights ``w`` and a bias ``b``, or None.
        nin, nout: how many weights each has, and how many neurons there are.
        number: which layer of a network it is, for messages.

    >>> from nn import Layer
    >>> encoder, decoder = Layer(3, 2, "tanh"), Layer(2, 3, "linear")
    >>> decoder.weight = zip(*encoder.weight)  # the same Parameters, transposed: they are tied
    >>> encoder.W[1][0] = 0.5
    >>> decoder.W[0][1]
    0.5
    """

    neurons: list[Any]
    nin: int
    nout: int
    number: int

    @property
    def weight(self) -> list[list[Value]]:
        """The weights as Parameters, one row per neuron; those of another Module that are set are shared."""
        return [neuron.w for neuron in self.neurons]

    @weight.setter
    def weight(self, rows: Iterable[Iterable[Value]]) -> None:
        given = listed("weight is given as rows of Parameters", rows)
        found = [_values("a row of weight", row) for row in given]
        for neuron, row in zip(self.neurons, self.rows("weight", found), strict=True):
            neuron.w = row

    @property
    def bias(self) -> list[Value]:
        """The biases as Parameters, one per neuron that has one; another Module's that are set are shared."""
        return [neuron.b for neuron in self.neurons if neuron.b is not None]

    @bias.setter
    def bias(self, biases: Iterable[Value]) -> None:
        for neuron, b in zip(self._biased(), self._one_each("bias", _values("bias", biases)), strict=True):
            neuron.b = b

    @property
    def W(self) -> list[list[float]]:
        """The numbers in the weights, one row per neuron; they are set from any such rows.

        Setting a number in it, as in ``layer.W[0][1] = 0.5``, sets the weight.
        """
        return RowsOf([NumbersOf(neuron.w, f"row {i} of W") for i, neuron in enumerate(self.neurons, 1)])

    @W.setter
    def W(self, rows: Iterable[Iterable[float]]) -> None:
        for neuron, row in zip(self.neurons, self.rows("W", finite_rows(rows)), strict=True):
            set_data(neuron.w, row)

    @property
    def b(self) -> list[float]:
        """The numbers in the biases, one per neuron that has one; they are set together, or singly."""
        return NumbersOf(self.bias, "b")

    @b.setter
    def b(self, numbers: Iterable[float]) -> None:
        set_data(self.bias, self._one_each("b", finite_numbers("b", numbers)))

    def rows(self, name: str, rows: list[list[Any]]) -> list[list[Any]]:
        """Return rows that are to be all weights.

        Raises:
            ValueError: if there is not one for each neuron, or one is not as long as the neuron has inputs.
        """
        widths = {len(row) for row in rows}
        if len(rows) != self.nout or widths != {self.nin}:
            came = " or ".join(map(str, sorted(widths))) or "no"
            raise ValueError(
                f"{name} of layer {self.number} has {self.nout} rows (one per neuron) of {self.nin} numbers "
                f"(one per input); got {len(rows)} rows of {came} numbers"
            )
        return rows

    def _biased(self) -> list[Any]:
        return [neuron for neuron in self.neurons if neuron.b is not None]

    def _one_each(self, name: str, found: list[Any]) -> list[Any]:
        if len(found) != (wanted := len(self._biased())):
            per = ", one per neuron" if wanted else ": it has no biases"
            raise ValueError(
                f"{name} of layer {self.number} has {counted(wanted, 'number')}{per}; got {len(found)}"
            )
        return found


def _values(name: str, xs: Any) -> list[Value]:
    """Return Values that are to be weights.

    Raises:
        TypeError: if one is none; its number would be set through W or b.
    """
    found: list[Value] = listed(f"{name} is given as Parameters in a row", xs)
    for x in found:
        if not isinstance(x, Value):
            raise TypeError(
                "weight and bias are the Parameters themselves; numbers are set by W and b; "
                f"got {described(x)}"
            )
    return found
