"""The steps of a program by NumPy: each is a handful of calls on (rows, lanes) of an array.

The rows of V hold one number per lane, those of G its gradients; U and GU are the same for uniform numbers,
with a single lane.  As in machine code, rows of gradients start as −0, which adds nothing to any number and
says that nothing was sent: see `autograd.tape.templates`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from autograd import ops
from autograd.core.primitive import Op
from autograd.tape.listing import Indices
from autograd.tape.numpy_ops import on_arrays
from autograd.tape.program import AFFINE, BROADCAST, GATHER, Program

Array = NDArray[Any]

Sent = Callable[[Array, Any], Any]
"""What a step sends to an input: a function of upstream and partial."""


def total(numbers: Array, axis: int) -> Array:
    """Return the sum along an axis; that of nothing but −0 is −0."""
    summed: Array = np.add.reduce(numbers, axis=axis, initial=-0.0)
    return summed


class Numbers(NamedTuple):
    """The arrays that the steps of a program read and write, each of shape (rows, lanes).

    Attributes:
        V, G: the rows of the program itself, and their gradients.
        U, GU: the uniform rows, for the uniform program the same.
        X: the inputs of the block's samples, shape (lanes, inputs).
    """

    V: Array
    G: Array
    U: Array
    GU: Array
    X: Array


class Step(Protocol):
    """One step of a program."""

    def forward(self, n: Numbers) -> None:
        """Compute the rows of the step."""

    def reverse(self, n: Numbers) -> None:
        """Send the gradients of its rows on to its inputs."""


# ------------------------------------------------------------------------------- rows of an array


def place_of(rows: Indices) -> slice | Indices:
    """Return what reads the rows of an array: a slice if they are consecutive, or all the same one."""
    first = int(rows[0])
    if (rows == first).all():
        return slice(first, first + 1)
    if (np.diff(rows) == 1).all():
        return slice(first, first + len(rows))
    return rows


class Receiver:
    """Rows to which gradients are sent; a row may come more than once."""

    def __init__(self, rows: Indices) -> None:
        order = np.argsort(rows, kind="stable")
        in_order = rows[order]
        self._starts = np.flatnonzero(np.diff(in_order, prepend=-1))
        self._repeated = len(self._starts) < len(rows)
        self._order = order if self._repeated and (np.diff(rows) < 0).any() else slice(None)
        self._place = place_of(in_order[self._starts] if self._repeated else rows)

    def add(self, G: Array, sent: Array) -> None:
        """Add what is sent, one row for each of the rows."""
        if self._repeated:
            sent = np.add.reduceat(sent[self._order], self._starts, axis=0)
        G[self._place] += sent


# --------------------------------------------------------------------------------------- sending


def _product(upstream: Array, partial: Any) -> Any:
    return upstream * partial


def _unless_not_taken(upstream: Array, partial: Any) -> Any:
    return np.where(partial == 0, -0.0, upstream * partial + 0.0)


def _unless_not_reached(upstream: Array, partial: Any) -> Any:
    return np.where(nothing_sent(upstream), -0.0, upstream * partial + 0.0)


def _unless_either(upstream: Array, partial: Any) -> Any:
    return np.where(nothing_sent(upstream) | (partial == 0), -0.0, upstream * partial + 0.0)


def nothing_sent(gradient: Array) -> Any:
    """Return where a gradient is −0: no contribution has arrived."""
    return (gradient == 0) & np.signbit(gradient)


def _sending(op: Op, guarded: bool) -> Sent:
    if op in ops.BRANCHES:
        return _unless_either if guarded else _unless_not_taken
    return _unless_not_reached if guarded else _product


# ----------------------------------------------------------------------------------------- steps


class Elementwise:
    """Applies an op of up to three inputs.

    Args:
        op: the op.
        guarded: whether its rows lie behind branches.
        start, end: its rows.
        args: the rows of their inputs, one column per input.
        need: bit j of a row's number says whether input j is sent a gradient.
    """

    def __init__(self, op: Op, guarded: bool, start: int, end: int, args: Indices, need: Indices) -> None:
        self._rows = slice(start, end)
        self._inputs = [place_of(args[:, j]) for j in range(op.arity or 0)]
        self._value, self._partials = on_arrays(op)
        self._sent = _sending(op, guarded)
        self._receivers: list[tuple[int, Indices | slice, Receiver]] = []
        for j in range(op.arity or 0):
            sending = np.flatnonzero(need >> j & 1)
            if len(sending):
                self._receivers.append((j, place_of(sending), Receiver(args[sending, j])))

    def forward(self, n: Numbers) -> None:
        n.V[self._rows] = self._value([n.V[place] for place in self._inputs])

    def reverse(self, n: Numbers) -> None:
        y, upstream = n.V[self._rows], n.G[self._rows]
        inputs = [n.V[place] for place in self._inputs]
        for j, sending, receiver in self._receivers:
            receiver.add(n.G, self._sent(upstream, self._partials[j](inputs, y))[sending])


class Listed:
    """Applies an op of any number of inputs to rows that have equally many of them.

    Args:
        op: the op.
        guarded: whether its rows lie behind branches.
        rows: its rows.
        lists: the rows of their inputs, shape (inputs, rows).
        need: which of these are sent a gradient.
    """

    def __init__(self, op: Op, guarded: bool, rows: Indices, lists: Indices, need: NDArray[np.bool_]) -> None:
        self._rows, self._shape = place_of(rows), lists.shape
        self._inputs = place_of(lists.ravel()) if lists.size and len(set(lists.flat)) == lists.size else lists
        self._value, (self._partials,) = on_arrays(op)
        self._sent = _sending(op, guarded)
        self._sending = slice(None) if need.all() else np.flatnonzero(need)
        self._receiver = Receiver(lists[need]) if need.any() else None

    def _read(self, V: Array) -> Array:
        inputs: Array = V[self._inputs].reshape(*self._shape, -1)
        return inputs

    def forward(self, n: Numbers) -> None:
        n.V[self._rows] = self._value(self._read(n.V))

    def reverse(self, n: Numbers) -> None:
        if self._receiver is None:
            return
        y, upstream = n.V[self._rows], n.G[self._rows]
        sent = self._sent(upstream, self._partials(self._read(n.V), y))
        sent = np.broadcast_to(sent, (*self._shape, y.shape[1])).reshape(-1, y.shape[1])
        self._receiver.add(n.G, sent[self._sending])


class Copies:
    """Copies rows of U into every lane.

    Args:
        start, end: the rows that are filled.
        sources: the rows of U.
        need: which of them are sent a gradient.
    """

    def __init__(self, start: int, end: int, sources: Indices, need: Indices) -> None:
        self._rows, self._sources = slice(start, end), place_of(sources)
        sending = np.flatnonzero(need)
        self._receiver = None
        if len(sending):
            self._sending, self._receiver = place_of(start + sending), Receiver(sources[sending])

    def forward(self, n: Numbers) -> None:
        n.V[self._rows] = n.U[self._sources]

    def reverse(self, n: Numbers) -> None:
        if self._receiver is not None:
            self._receiver.add(n.GU, total(n.G[self._sending], 1)[:, None])


class Gather:
    """Picks numbers of U by an index in each lane.

    Args:
        start, end: the rows that are filled.
        args: for each the row of the index, the row of U of the table's first entry, whether it is guarded.
        need: which of them send a gradient.
        length, apart: how many entries a table has, and how far apart they lie.
    """

    def __init__(self, start: int, end: int, args: Indices, need: Indices, length: int, apart: int) -> None:
        self._rows, self._index, self._tables = slice(start, end), args[:, 0], args[:, 1:2]
        self._guarded, self._need = args[:, 2:] > 0, need[:, None] > 0
        self._length, self._apart = length, apart

    def _picked(self, n: Numbers) -> tuple[Array, Array]:
        """Return the row of U of each number, and where the index is one."""
        index = n.V[self._index]
        found = index == index
        row = np.clip(np.rint(np.where(found, index, 0.0)), 0, self._length - 1)
        return self._tables + self._apart * row.astype(np.int64), found

    def forward(self, n: Numbers) -> None:
        rows, found = self._picked(n)
        n.V[self._rows] = np.where(found, n.U[rows, 0], np.nan)

    def reverse(self, n: Numbers) -> None:
        rows, found = self._picked(n)
        upstream = n.G[self._rows]
        sent = found & self._need & ~(self._guarded & nothing_sent(upstream))
        np.add.at(n.GU[:, 0], rows[sent], upstream[sent] + 0.0)


class Affine:
    """Computes Z = W X + b; the columns of W are split into segments, whose rows of X are consecutive.

    Args:
        product: its row of `Program.affine`.
        segments: its rows of `Program.segments`.
    """

    def __init__(self, product: Sequence[int], segments: Sequence[Sequence[int]]) -> None:
        out, count, width, weight, bias, _, _, need_w, sending, guarded, positions = product
        self._shape, self._positions = (count, width), positions
        self._rows = slice(out, out + count * positions)
        self._sending_rows = slice(out, out + sending * positions)
        self._W = slice(weight, weight + count * width)
        self._bias = slice(bias, bias + count) if bias >= 0 else None
        self._sent_bias = slice(bias, bias + sending)
        self._need_w, self._sending, self._guarded = need_w, sending, guarded
        self._segments = [
            (slice(x, x + length * positions), slice(column, column + length), bool(need_x), bool(direct))
            for x, column, length, need_x, direct in segments
        ]

    def forward(self, n: Numbers) -> None:
        W, Z = n.U[self._W].reshape(self._shape), self._matrix(n.V, self._rows)
        for k, (rows, columns, _, direct) in enumerate(self._segments):
            X = n.X[:, rows].T if direct else self._matrix(n.V, rows)
            if k == 0:
                np.matmul(W[:, columns], X, out=Z)
            else:
                Z += W[:, columns] @ X
        if self._bias is not None:
            Z += n.U[self._bias]

    def reverse(self, n: Numbers) -> None:
        D = self._matrix(n.G, self._sending_rows)
        W, GW = n.U[self._W].reshape(self._shape), n.GU[self._W].reshape(self._shape)
        if self._bias is not None and self._need_w:
            n.GU[self._sent_bias] += total(D, 1)[:, None]
        for rows, columns, need_x, direct in self._segments:
            X = n.X[:, rows].T if direct else self._matrix(n.V, rows)
            sent_x = self._matrix(n.G, rows) if need_x else None
            for r, lanes in self._reached(D):
                if self._need_w:
                    GW[r, columns] += self._sent(D[r, lanes] @ X[:, lanes].T)
                if sent_x is not None:
                    sent_x[:, lanes] += self._sent(W[r, columns].T @ D[r, lanes])

    def _matrix(self, numbers: Array, rows: slice) -> Array:
        """Return these rows with the lanes of all positions side by side."""
        return numbers[rows].reshape(-1, self._positions * numbers.shape[1])

    def _sent(self, product: Array) -> Array:
        """Return the product with zeros that count as sent, where that is asked."""
        return product + 0.0 if self._guarded else product

    def _reached(self, D: Array) -> Iterator[tuple[slice, Any]]:
        """Yield rows of the gradient of Z and the lanes in which something was sent to them."""
        if not self._guarded:
            yield slice(0, self._sending), slice(None)
            return
        reached = ~nothing_sent(D)
        together = [self._sending] if (reached == reached[0]).all() else [1] * self._sending
        for r, count in enumerate(together):
            if reached[r].any():
                yield slice(r, r + count), np.flatnonzero(reached[r])


def steps_of(program: Program, kernels: Sequence[tuple[Op, bool]]) -> Iterator[tuple[Step, bool]]:
    """Yield the steps of a program, each with whether the reverse pass needs it."""
    for kind, start, end, which, apart, sent in program.steps.tolist():
        args, need = program.args[start:end], program.need[start:end]
        if kind == AFFINE:
            product = program.affine[which].tolist()
            yield Affine(product, program.segments[product[5] : product[6]].tolist()), bool(sent)
        elif kind == BROADCAST:
            yield Copies(start, end, args[:, 0], need), bool(sent)
        elif kind == GATHER:
            yield Gather(start, end, args, need, which, apart), bool(sent)
        elif kernels[which][0].variadic:
            yield from [(step, bool(sent)) for step in _listed(program, start, end, *kernels[which])]
        else:
            op, guarded = kernels[which]
            yield Elementwise(op, guarded, start, end, args, need), bool(sent)


def _listed(program: Program, start: int, end: int, op: Op, guarded: bool) -> Iterator[Listed]:
    """Yield one step for each number of inputs that rows of a variadic op have."""
    counts = np.diff(program.ptr[start : end + 1])
    for count in np.unique(counts).tolist():
        rows = start + np.flatnonzero(counts == count)
        places = program.ptr[rows] + np.arange(count)[:, None]
        need = (program.need_list[places] > 0) & (program.need[rows] > 0)
        yield Listed(op, guarded, rows, program.lists[places], need)
