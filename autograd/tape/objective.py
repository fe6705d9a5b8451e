"""A tape as what an optimiser asks for: a function of one vector, its gradient, and its Hessian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.functional.containers import One, Several
from autograd.functional.gradients import gradients
from autograd.functions import dot
from autograd.node import data_of, number_of
from autograd.tape.listing import computed_again
from autograd.tape.structure import Columns
from autograd.value import Value

Array = NDArray[np.float64]


class Objective:
    """An output of a tape as a function of the vector of its parameters, or of its inputs.

    It gives the value and the gradient, as `scipy.optimize.minimize` takes them with ``jac=True``; `hess` and
    `hessp` are its second derivatives, from a tape of the gradient's graph that is recorded when they are
    first asked for.  The Values keep their numbers; ``tape.vector = result.x`` sets the parameters.

    Args:
        tape, data, named, wrt, output: see `autograd.tape.Tape.objective`.

    Attributes:
        start: the vector as it is: the parameters, or the inputs of the recorded sample.

    >>> from autograd.tape import Tape
    >>> def rosenbrock(x):
    ...     return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> f = Tape.record(rosenbrock, np.array([1.3, 0.7, 0.8])).objective(wrt="inputs")
    >>> from scipy.optimize import minimize
    >>> minimize(f, f.start, jac=True, hess=f.hess, method="trust-exact").x.round(4)
    array([1., 1., 1.])
    """

    def __init__(
        self, tape: Any, data: Sequence[Any], named: Mapping[str, Any], wrt: str, output: int
    ) -> None:
        if wrt not in ("parameters", "inputs"):
            raise ValueError(f'an objective is a function of the "parameters" or the "inputs"; got {wrt!r}')
        if wrt == "inputs" and (data or named):
            raise ValueError("an objective of the inputs takes no data: the vector holds the inputs")
        self._wrt, self._output = wrt, output
        self._leaves: tuple[Value, ...] = tape.parameters if wrt == "parameters" else tape.inputs
        if not self._leaves:
            other = "inputs" if wrt == "parameters" else "parameters"
            raise ValueError(f'the tape has no {wrt}; an objective of its {other}: objective(wrt="{other}")')
        self.start: Array = np.array(data_of(self._leaves), np.float64)
        self._data, self._named = data, named
        self._tape = tape if wrt == "parameters" else _taking(tape, _row(len(self._leaves)))

    def __call__(self, x: ArrayLike) -> tuple[float, Array]:
        """Return the value and the gradient at this vector."""
        if self._wrt == "parameters":
            mean, slopes = self._tape.gradients(*self._data, output=self._output, at=x, **self._named)
            return mean, np.asarray(slopes, np.float64)
        row = self._vector(x, "x")[None]
        (value,), (gradient,) = self._tape.value_and_gradients(row, wrt="inputs", output=self._output)
        return float(value), np.asarray(gradient, np.float64)

    def hessp(self, x: ArrayLike, p: ArrayLike) -> Array:
        """Return the Hessian at this vector, times another vector."""
        tape, live, of_x, of_p = self._second
        numbers = tape.vector
        numbers[live[0]] = self._tape.vector[live[1]]
        numbers[of_x[0]], numbers[of_p[0]] = self._vector(x, "x")[of_x[1]], self._vector(p, "p")[of_p[1]]
        found: Array = tape.forward(*self._data, at=numbers, **self._named).mean(axis=0, dtype=np.float64)
        return found

    def hess(self, x: ArrayLike) -> Array:
        """Return the Hessian at this vector, shape (n, n)."""
        return np.stack([self.hessp(x, p) for p in np.eye(len(self.start))])

    @cached_property
    def _second(self) -> tuple[Any, Any, Any, Any]:
        """The tape of the Hessian times a vector, and where among its parameters those, x and p stand."""
        listing = self._tape.recorded.listing
        nodes = computed_again(listing)
        new = dict(zip(listing.nodes, nodes, strict=True))
        xs = _new(self._leaves, new)
        ps = [Value(1.0, f"p{i + 1}") for i in range(len(xs))]
        slopes = gradients(nodes[listing.outputs[self._output]], xs, create_graph=True)
        products = gradients(dot(slopes, ps), xs, create_graph=True)
        inputs = _new(self._tape.inputs, new) if self._wrt == "parameters" else []
        tape = type(self._tape).of(products, inputs, dtype=self._tape.dtype, threads=self._tape.threads)
        if inputs:
            tape = _taking(tape, self._tape.recorded.arguments)
        row = {v: i for i, v in enumerate(tape.parameters)}
        live = _new(self._tape.parameters, new)
        return tape, _both(row, live), _both(row, xs), _both(row, ps)

    def _vector(self, x: ArrayLike, name: str) -> Array:
        vector = np.asarray(x, np.float64)
        if vector.shape != self.start.shape:
            wanted = f"{len(self.start)} {self._wrt}"
            raise ValueError(f"{name} has the shape {vector.shape}; this is a function of {wanted}")
        return vector


def _new(leaves: Sequence[Value], new: Mapping[Value, Value]) -> list[Value]:
    """Return the new Values of these leaves; what the outputs do not depend on gets one as well."""
    return [new[v] if v in new else Value(number_of(v)) for v in leaves]


def _taking(tape: Any, arguments: Columns) -> Any:
    """Return the same tape for data in another structure."""
    return type(tape)(tape.recorded._replace(arguments=arguments, slopes=arguments), tape.dtype, tape.threads)


def _row(width: int) -> Columns:
    return Columns([Several(list, (One(),) * width)], ["x"])


def _both(row: Mapping[Value, int], leaves: Sequence[Value]) -> NDArray[np.int64]:
    """Return the rows of those leaves that are on a tape, and their places among the leaves."""
    found = [(row[v], i) for i, v in enumerate(leaves) if v in row]
    return np.array(found, np.int64).reshape(-1, 2).T
