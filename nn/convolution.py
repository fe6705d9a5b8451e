"""Convolutions: the same neurons at every place, each time on the numbers around it; and pooling.

A picture is a list of planes (one for grey, three for colours, later one for each kernel), a plane a list of
rows, a row a list of numbers or Values; a signal is a list of channels, each a list of them.

Labels: those of a `Layer` whose inputs are the numbers under the kernel, plane by plane and row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from math import prod
from typing import Any, ClassVar, TypeAlias

from autograd import Value, mean
from autograd.extend import as_value, collector_paused
from autograd.notation.hints import described
from autograd.notation.numbers import counted
from nn.activations import choice
from nn.checks import Seed, whole_number
from nn.construction import loadable
from nn.init import Initialiser
from nn.inputs import as_inputs, remember_picture
from nn.layers import ActivationChoice, Layer
from nn.module import Module
from nn.weights import check_weights

Plane: TypeAlias = Sequence[Sequence[Value]]
Size: TypeAlias = int | Sequence[int]
"""Rows and columns; one number stands for both."""


class _Windows(Module):
    """The base of what goes over a picture, or over a signal, window by window.

    Attributes:
        size, stride, padding: rows and columns of a window, from one to the next, and of zeros around.
    """

    dimensions: ClassVar[int] = 2
    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] = ()

    def _of_each(self, name: str, size: Size, at_least: int = 1) -> tuple[int, ...]:
        """Return a whole number for each dimension."""
        sizes = tuple(size) if isinstance(size, Iterable) else (size,) * self.dimensions
        if len(sizes) != self.dimensions:
            raise ValueError(f"{name} has {self.dimensions} numbers, or one for all; got {size!r}")
        return tuple([whole_number(name, n, at_least) for n in sizes])

    def _planes(self, x: Any) -> list[Plane]:
        """Return the input as planes of Values; a channel of a signal is a plane of one row."""
        try:
            planes = [[channel] for channel in x] if self.dimensions == 1 else x
            shaped = [[tuple(row) for row in plane] for plane in planes]
        except TypeError:
            raise TypeError(
                f"{type(self).__name__} takes planes of rows, such as nn.Reshape gives; got {described(x)}"
            ) from None
        lengths = sorted({len(row) for plane in shaped for row in plane})
        if len(lengths) != 1 or len(set(map(len, shaped))) != 1:
            numbers = " or ".join(map(str, lengths)) or "no"
            raise ValueError(
                f"{type(self).__name__} takes planes of equal rows, such as nn.Reshape gives; "
                f"got {counted(len(shaped), 'plane')} with rows of {numbers} numbers"
            )
        one, none = (1,) * (2 - self.dimensions), (0,) * (2 - len(self.padding))
        sizes = *one, *self.size, len(shaped[0]), *lengths, *one, *self.stride, *none, *self.padding
        remember_picture(sizes)
        flat = [v for plane in shaped for row in plane for v in row]
        values = iter(as_inputs(flat, len(flat), type(self).__name__))
        return [[tuple([next(values) for _ in row]) for row in plane] for plane in shaped]

    def _places(self, plane: Plane) -> list[list[tuple[slice, slice]]]:
        """Return the rows and columns of the windows on a plane, row by row of what comes out."""
        steps = []
        height, width = (1,) * (2 - self.dimensions) + self.size, (1,) * (2 - self.dimensions) + self.stride
        for length, size, stride in zip((len(plane), len(plane[0])), height, width, strict=True):
            if length < size:
                raise ValueError(
                    f"the windows of this {type(self).__name__} are {' × '.join(map(str, self.size))}; "
                    f"got a plane of {len(plane)} × {len(plane[0])}"
                )
            steps.append([slice(k, k + size) for k in range(0, length - size + 1, stride)])
        return [[(rows, columns) for columns in steps[1]] for rows in steps[0]]

    def in_windows(self) -> tuple[int, ...]:
        """Return the size of its windows; see `Module.in_windows`."""
        return self.size

    def _steps_in_words(self, stride: tuple[int, ...], padding: tuple[int, ...] | None = None) -> str:
        """Return the size of a window, and those of stride and padding that are not these."""
        said = ["×".join(map(str, self.size))]
        others = [("stride", self.stride, stride)]
        others += [] if padding is None else [("padding", self.padding, padding)]
        for name, own, usual in others:
            if own != usual:
                said.append(f"{name} {own[0] if len({*own}) == 1 else '×'.join(map(str, own))}")
        return ", ".join(said)

    def _shaped(self, planes: Sequence[Plane]) -> Any:
        """Return planes as they came: of a signal the channels."""
        return [list(plane[0]) if self.dimensions == 1 else [list(row) for row in plane] for plane in planes]


def _under(plane: Plane, place: tuple[slice, slice]) -> Iterator[Value]:
    rows, columns = place
    return (v for row in plane[rows] for v in row[columns])


@loadable
class Conv2d(_Windows):
    """Kernels that go over a picture: what one says at a place is w·x + b of the numbers under it.

    LeCun et al., Backpropagation applied to handwritten zip code recognition (1989).  In files the weights
    have PyTorch's shape (nout, nin, rows, columns), the biases (nout,).

    Args:
        nin: the number of planes that come in.
        nout: the number of kernels, and of planes that come out.
        size: rows and columns of a kernel; one number for a square.
        stride: how far it is from one place to the next.
        padding: how many rows and columns of zeros are put around a plane.
        activation, bias, init, seed, number: see `nn.Layer`; linear by default, as in PyTorch.

    Attributes:
        kernels: the Layer of them; each of its neurons is one kernel.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or unknown.

    >>> edges = Conv2d(1, 1, 2)
    >>> edges.kernels.W = [[-1, 1, -1, 1]]
    >>> [[v.data for v in row] for row in edges([[[0, 0, 1], [0, 0, 1], [0, 1, 1]]])[0]]
    [[0.0, 2.0], [1.0, 1.0]]
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        size: Size,
        *,
        stride: Size = 1,
        padding: Size = 0,
        activation: ActivationChoice = "linear",
        bias: bool = True,
        init: str | Initialiser | None = None,
        seed: Seed = None,
        number: int = 1,
    ) -> None:
        self.nin = whole_number("nin", nin)
        self.size, self.stride = self._of_each("size", size), self._of_each("stride", stride)
        self.padding = self._of_each("padding", padding, at_least=0)
        check_weights((self.nin, prod(self.size)))
        self.kernels = Layer(
            self.nin * prod(self.size), nout, activation, bias=bias, init=init, seed=seed, number=number
        )

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        kernels = self.kernels
        return {
            "nin": self.nin, "nout": kernels.nout, "size": self.size, "stride": self.stride,
            "padding": self.padding, "activation": choice(kernels.activation_name, kernels.activation),
            "bias": kernels.neurons[0].b is not None, "number": kernels.number,
        }  # fmt: skip

    def arrays_to_keep(self) -> Mapping[str, Any]:
        """Return ``weight`` and ``bias`` in PyTorch's shapes; see `Module.arrays_to_keep`."""
        arrays = dict(self.kernels.arrays_to_keep())
        for n in reversed(self.size):
            arrays["weight"] = [_in_parts(row, n) for row in arrays["weight"]]
        return arrays

    def __call__(self, x: Iterable[Any]) -> Any:
        """Return a plane for each kernel; of a signal, a channel.

        Args:
            x: ``nin`` planes of equal size, as rows of numbers or Values; of a signal, channels.

        Raises:
            ValueError: if there is another number of planes, or if they are smaller than a kernel.
        """
        planes = self._planes(x)
        if len(planes) != self.nin:
            raise ValueError(f"this {type(self).__name__} takes {self.nin} planes; got {len(planes)}")
        with collector_paused():
            padded = [self._padded(plane) for plane in planes]
            rows = [
                [self.kernels.fire(tuple([v for p in padded for v in _under(p, place)])) for place in row]
                for row in self._places(padded[0])
            ]
        return self._shaped([[[at[k] for at in row] for row in rows] for k in range(self.kernels.nout)])

    def _padded(self, plane: Plane) -> Plane:
        (above, beside), zero = (0,) * (2 - self.dimensions) + self.padding, as_value(0.0)
        sides = (zero,) * beside
        empty = [(zero,) * (len(plane[0]) + 2 * beside)] * above
        return [*empty, *((*sides, *row, *sides) for row in plane), *empty]

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        kernels, once = self.kernels, (1,) * self.dimensions
        activation = f", {kernels.activation_name}" * (kernels.activation_name != "linear")
        return (
            f"{self.nin} → {kernels.nout}, {self._steps_in_words(once, (0,) * self.dimensions)}{activation}"
        )


@loadable
class Conv1d(Conv2d):
    """Kernels that go over a signal, such as a sound: see `Conv2d`; weights of shape (nout, nin, size).

    Waibel et al., Phoneme recognition using time-delay neural networks (1989).

    >>> step = Conv1d(1, 1, 2)
    >>> step.kernels.W = [[-1, 1]]
    >>> [v.data for v in step([[0, 0, 1, 3]])[0]]
    [0.0, 1.0, 2.0]
    """

    dimensions = 1


class _Pool(_Windows):
    """The base of what makes one number of each window.

    Args:
        size: rows and columns of a window; one number for a square.
        stride: how far it is from one to the next; by default they lie side by side.
    """

    def __init__(self, size: Size, stride: Size | None = None) -> None:
        self.size = self._of_each("size", size)
        self.stride = self.size if stride is None else self._of_each("stride", stride)

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {"size": self.size, "stride": self.stride}

    def pooled(self, window: Sequence[Value]) -> Value:
        """Return the number for a window."""
        raise NotImplementedError("a pooling says what it makes of a window")

    def __call__(self, x: Iterable[Any]) -> Any:
        """Return as many planes, smaller ones; rows and columns that fill no window are left out.

        Raises:
            ValueError: if the planes are smaller than a window.
        """
        return self._shaped([
            [[self.pooled([*_under(plane, place)]) for place in row] for row in self._places(plane)]
            for plane in self._planes(x)
        ])  # fmt: skip

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return self._steps_in_words(self.size)


@loadable
class MaxPool2d(_Pool):
    """The largest number of each window; equals share the gradient, where PyTorch gives it to the first.

    Args:
        size, stride: rows and columns of a window, and from one to the next.

    >>> [[v.data for v in row] for row in MaxPool2d(2)([[[1, 2, 5, 0], [3, 4, 0, 0]]])[0]]
    [[4.0, 5.0]]
    """

    def pooled(self, window: Sequence[Value]) -> Value:
        return reduce(Value.maximum, window)


@loadable
class AvgPool2d(_Pool):
    """The mean of each window, as LeCun et al., Gradient-based learning applied to document recognition
    (1998), pool it.

    Args:
        size, stride: rows and columns of a window, and from one to the next.

    >>> [[v.data for v in row] for row in AvgPool2d(2)([[[1, 2, 5, 0], [3, 4, 0, 1]]])[0]]
    [[2.5, 1.5]]
    """

    def pooled(self, window: Sequence[Value]) -> Value:
        return mean(window)


@loadable
class MaxPool1d(MaxPool2d):
    """`MaxPool2d` of a signal."""

    dimensions = 1


@loadable
class AvgPool1d(AvgPool2d):
    """`AvgPool2d` of a signal."""

    dimensions = 1


@loadable
class Reshape(Module):
    """Numbers in a row as planes and rows, the first plane first, as the picture of a flat sample.

    Args:
        shape: how many of each: planes, rows and columns, or channels and their length.

    >>> [[v.data for v in row] for row in Reshape(2, 2)([1, 2, 3, 4])]
    [[1.0, 2.0], [3.0, 4.0]]
    """

    def __init__(self, *shape: int) -> None:
        self.shape = tuple([whole_number("a size", n) for n in shape])
        if not self.shape:
            raise ValueError("a shape has at least one size; got none")

    def built_with(self) -> Mapping[str, Any]:
        """Return the shape; see `Module.built_with`."""
        return {"shape": self.shape}

    def __call__(self, x: Iterable[Value | float]) -> Any:
        """Return the numbers in this shape.

        Raises:
            ValueError: if there are more or fewer than it holds.
        """
        found: Sequence[Any] = as_inputs(x, prod(self.shape), "reshape")
        for n in self.shape[:0:-1]:
            found = _in_parts(found, n)
        return list(found)

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return ", ".join(map(str, self.shape))


@loadable
class Flatten(Module):
    """All numbers of planes and rows in one row, the first plane first, as a `Layer` takes them.

    >>> Flatten()([[[1.0], [2.0]], [[3.0], [4.0]]])
    [1.0, 2.0, 3.0, 4.0]
    """

    def __call__(self, x: Any) -> list[Any]:
        """Return the numbers in one row."""
        if isinstance(x, Value) or not isinstance(x, Iterable):
            return [x]
        return [v for part in x for v in self(part)]

    def __repr__(self) -> str:
        return "Flatten()"


def _in_parts(values: Sequence[Any], n: int) -> list[Any]:
    """Return parts of n each."""
    return [values[k : k + n] for k in range(0, len(values), n)]
