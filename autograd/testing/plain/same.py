"""Are two implementations the same function?  Their values and gradients at a point, side by side.

>>> import math
>>> check_same(math.hypot, lambda x, y: (x * x + y * y).sqrt(), (3.0, 4.0))
input       at  second  first, by differences  verdict
argument 0  3   0.6     0.6                    correct  10 digits
argument 1  4   0.8     0.8                    correct  10 digits
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from autograd.core.recording import mode
from autograd.functional.containers import Container
from autograd.functional.gradients import gradients
from autograd.notation.numbers import counted
from autograd.testing.certificate import KINK, WRONG, Certificate, GradientError, Verdict, where
from autograd.testing.plain.check import (
    HandCheck,
    accusation,
    entry_names,
    refuse_more,
    refuse_tolerance,
    slopes_of,
    tolerance_of,
)
from autograd.testing.plain.entry import agreeing, off_by, trembling
from autograd.testing.plain.function import PlainFunction, Structure
from autograd.value import Value

Jacobian = tuple[Structure, list[float]]
"""What a function gives, and its Jacobian, row by row."""


def check_same(
    first: Callable[..., Any], second: Callable[..., Any], x: Any, *more: Any, rtol: float | None = None
) -> Certificate:
    """Check whether two implementations of a function have the same values and gradients at a point.

    Each may be a function of Values, of PyTorch's tensors, or of plain numbers and arrays.  The first two
    kinds are called with Values and tensors in the place of the numbers, and differentiated in their own
    way; plain functions are differentiated by differences.

    Args:
        first: one implementation.
        second: another one, called alike.
        x: the point; a tuple gives one argument each.
        more: nothing; a second point is refused with a hint.
        rtol: how far numbers may be apart, relative to themselves; by default 1e-6, or 1e-3 where one of
            the two computes in 32 bits.

    Returns:
        A certificate, which prints as a table of both gradients.

    Raises:
        GradientError: an ``AssertionError``, if values or gradients differ; it says where and by how much.
        TypeError, ValueError: as `check_gradient` does.
    """
    refuse_more("check_same(first, second, (x, y))", more)
    refuse_tolerance(rtol)
    one, two = (_Implementation(function, x) for function in (first, second))
    with warnings.catch_warnings(), mode.switched(recording=True):
        warnings.simplefilter("ignore")
        values, others = one(one.numbers), two(two.numbers)
        tolerance = tolerance_of(rtol, max(values.epsilon, others.epsilon))
        _refuse_other_values(one, values, others, tolerance)
        if one.derivative and two.derivative:
            certificate = _side_by_side(one, two, tolerance)
        else:
            plain, known = (two, one) if one.derivative else (one, two)
            check = HandCheck(plain, known.jacobian, rtol)
            heads = ("first", "second") if plain is two else ("second", "first")
            certificate = check.certificate(heads[0], f"{heads[1]}, by differences")
    if certificate.wrong:
        told = accusation(certificate, one, values.numbers, "the gradients differ")
        raise GradientError(told, certificate)
    return certificate


class _Implementation(PlainFunction):
    """A function at a point, and how it is differentiated: as one of Values, of tensors, or not at all."""

    def __init__(self, function: Callable[..., Any], x: Any) -> None:
        super().__init__(function, x, "f")
        self.derivative: Callable[[Sequence[float]], tuple[Any, list[float]]] | None = None
        derivatives = [self._of_values] if self._gives_numbers() else [self._of_values, self._of_tensors]
        for derivative in derivatives:
            with suppress(Exception):  # it is not a function of these
                derivative(self.numbers)
                self.derivative = derivative
                return

    def _gives_numbers(self) -> bool:
        """Return whether the function takes plain numbers and gives such, as none of tensors does."""
        with suppress(Exception):  # it does not take them
            found = self.passed(self.function, self.numbers)
            return not hasattr(found, "requires_grad")
        return False

    def __call__(self, numbers: Sequence[float]) -> Structure:
        """Return what the function gives for these numbers, called with what it is a function of."""
        found = self.derivative(numbers)[0] if self.derivative else self.passed(self.function, numbers)
        return Structure(found, "f")

    def jacobian(self, numbers: Sequence[float]) -> Structure:
        """Return the Jacobian, row by row: the function's own, or the best that differences give."""
        if self.derivative is not None:
            return Structure(self.derivative(numbers)[1])
        return Structure(slopes_of(self))

    def _of_values(self, numbers: Sequence[float]) -> tuple[Any, list[float]]:
        leaves = [Value(number) for number in numbers]
        arguments = Container(list(self.point) if self.spread else [self.point]).filled(leaves)
        found = self.function(*arguments)
        return found, [slope for y in Container(found).leaves for slope in gradients(y, leaves)]

    def _of_tensors(self, numbers: Sequence[float]) -> tuple[Any, list[float]]:
        torch: Any = sys.modules["torch"]  # whoever has a function of tensors has loaded PyTorch
        rest = iter(numbers)
        arguments = []
        for part in self.point if self.spread else [self.point]:
            shape = torch.as_tensor(part).shape
            filled = [next(rest) for _ in range(shape.numel())]
            arguments.append(torch.tensor(filled, dtype=torch.float64).reshape(shape).requires_grad_())
        found = self.function(*arguments)
        rows = [
            torch.autograd.grad(y, arguments, retain_graph=True, materialize_grads=True)
            for y in found.reshape(-1)
        ]
        return found, [slope for row in rows for part in row for slope in part.reshape(-1).tolist()]


def _refuse_other_values(
    one: _Implementation, values: Structure, others: Structure, tolerance: float
) -> None:
    """Raise if the two do not give the same numbers."""
    if len(values.numbers) != len(others.numbers):
        counts = [counted(len(found.numbers), "number") for found in (values, others)]
        raise GradientError(f"the first gives {counts[0]}, the second {counts[1]}")
    epsilon = max(values.epsilon, others.epsilon)
    moved = trembling(lambda numbers: one(numbers).numbers, one.numbers, epsilon)
    for name, a, b, m in zip(values.names, values.numbers, others.numbers, moved, strict=True):
        if not abs(a - b) <= tolerance * max(abs(a), abs(b)) + m and not (a != a and b != b):
            raise GradientError(
                f"the values differ at {where(one.numbers, one.names)}: "
                f"{name} is {a!r} by the first and {b!r} by the second"
            )


def _side_by_side(one: _Implementation, two: _Implementation, tolerance: float) -> Certificate:
    """Return the verdicts on two gradients that are both known; at a kink any two slopes of it are the same.

    Raises:
        GradientError: if they agree, and differences deny both, as if both graphs had been cut.
    """
    check, other = HandCheck(one, one.jacobian, tolerance), HandCheck(one, two.jacobian, tolerance)
    numbers = one.numbers
    got, want = (f.jacobian(numbers).numbers for f in (one, two))
    moved = trembling(lambda beside: one.jacobian(beside).numbers, numbers, one.epsilon)
    verdicts = []
    for k, name in enumerate(entry_names(check.output.names, one.names)):
        a, b = got[k], want[k]
        at = numbers[k % len(numbers)]
        if abs(a - b) <= tolerance * max(abs(a), abs(b)) + moved[k] or (a != a and b != b):
            verdicts.append(agreeing(name, at, a, b, abs(a - b), tolerance, negligible=abs(a - b)))
            continue
        first, second = (c.verdict(*divmod(k, len(numbers)), name) for c in (check, other))
        if first.verdict == second.verdict == KINK:
            verdicts.append(replace(first, slope=b))
        else:
            verdicts.append(Verdict(name, at, a, b, WRONG, detail=off_by(a, b)))
    found = Certificate(tuple(verdicts), "first", "second")
    by_differences = check.certificate("both")
    if by_differences.wrong and not found.wrong:
        told = accusation(by_differences, one, check.output.numbers, "both gradients are wrong")
        raise GradientError(told, by_differences)
    return found
