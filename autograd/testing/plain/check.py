"""Is a gradient that was written by hand right?  The check of anyone's function, by differences alone.

>>> def f(x):
...     return x[0] ** 2 * x[1]
>>> check_gradient(f, lambda x: [2 * x[0] * x[1], x[0] ** 2], [3.0, 2.0])
input  at  gradient  differences  verdict
x[0]   3   12        12           correct  13 digits
x[1]   2   9         9            correct  12 digits
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from autograd.core.recording import mode
from autograd.notation.hints import described, short_repr
from autograd.notation.numbers import counted
from autograd.testing.certificate import (
    KINK,
    UNJUDGED,
    WRONG,
    Certificate,
    GradientError,
    Verdict,
    refuse_infinite,
    unsteady,
    where,
)
from autograd.testing.differences import Estimate
from autograd.testing.digits import EPSILON, SMALLEST_NORMAL
from autograd.testing.plain.entry import Entry, agreeing, off_by, trembling
from autograd.testing.plain.function import PlainFunction, Structure
from autograd.testing.plain.slips import Matrix, slip_of
from autograd.testing.plain.slopes import (
    FLOAT32,
    TIGHT,
    Line,
    LineSamples,
    glance,
    impossible_together,
)

TOLERANCES = {EPSILON: 1e-6, FLOAT32: 1e-3}
"""How far a gradient may be off, relative to itself, in doubles and in 32 bits."""
COARSE = 0.03
"""The same in formats of 16 bits."""
FEW = 8
"""At least this many inputs are looked at closely."""
ROOM = 0.1
"""An entry is right at a glance if it is off by this share of the tolerance at most."""
ENOUGH = 40
"""After this many wrong entries a first look is enough to accuse another one."""
AGAIN = 0.618
"""Before a gradient is called wrong, differences over other steps, this share of the first, must agree."""
TURNS = 0.25
"""Closer to an input than ε to this power, changes may be hidden by the rounding of the function's value."""
SMALLEST_NORMAL_FLOAT32 = 2.0**-126
MOST_PAIRS = 40
"""At most this many pairs of neighbouring entries at a kink are tried together."""


def check_gradient(
    f: Callable[..., Any],
    df: Callable[..., Any] | None = None,
    x: Any = None,
    *more: Any,
    rtol: float | None = None,
) -> Certificate:
    """Check a gradient, or a Jacobian, that was written by hand, or by any other program.

    Args:
        f: a function of plain numbers: a number, a list, an array of NumPy, PyTorch or JAX, or a dictionary
            of them.  It gives one number, or any structure of numbers.
        df: its derivative, called as ``f`` is: for one output one number for each input, in the structure of
            the inputs; for several outputs the Jacobian, one row for each output.  Of a function that works
            on each number of an array alone, such as ``np.sin``, it may give one number for each.
        x: the point.  A tuple gives one argument each, ``f(x, y)``; so does a list for a function of as many
            arguments.  Anything else is the one argument.
        more: nothing; a second point is refused with a hint.
        rtol: how far a number may be off, relative to itself; by default 1e-6, or 1e-3 where the function
            computes in 32 bits.

    Returns:
        A certificate, which prints as a table: one verdict per input, or per entry of the Jacobian.

    Raises:
        GradientError: an ``AssertionError``, if the gradient is wrong.  It says where, by how much, and which
            slip makes the one number out of the other, and shows the certificate.
        TypeError: if ``f`` or ``df`` is not a function, or what they are given or give holds no numbers.
        ValueError: if ``f`` has no finite value at the point, or another one the second time, if ``df`` gives
            too few or too many numbers, or ``rtol`` is not a number from 0 to 1.

    >>> import math
    >>> check_gradient(lambda x: math.exp(-x), lambda x: math.exp(-x), 0.5)
    Traceback (most recent call last):
    ...
    autograd.testing.certificate.GradientError: the gradient is wrong: x; the sign is flipped
    input  at   gradient  differences  verdict
    x      0.5  0.6065    −0.6065      wrong    off by 200.0 %
    """
    refuse_more("check_gradient(f, df, (x, y))", more)
    f, df, x = _in_order(f, df, x)
    plain = PlainFunction(f, x, "f")
    check = HandCheck(plain, lambda numbers: Structure(plain.passed(df, numbers), "df"), rtol)
    with mode.switched(recording=False), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # beside the point there may be no value
        certificate = check.certificate()
        if certificate.wrong:
            raise GradientError(accusation(certificate, plain, check.output.numbers), certificate)
    return certificate


def _in_order(f: Any, df: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return function, gradient and point, for the last two in either order."""
    if callable(x) and not callable(df):
        df, x = x, df
    if not callable(f) or not callable(df):
        which, got = ("a gradient to check", df) if callable(f) else ("a function", f)
        raise TypeError(
            f"check_gradient takes a function, its gradient as a function, and a point: "
            f"check_gradient(f, df, x). As {which} it got {described(got)}. For a function of Values, whose "
            "gradient the engine computes, write gradcheck(f, x)"
        )
    if x is None or callable(x):
        raise TypeError(
            f"check_gradient needs a point to check at, check_gradient(f, df, x); got {described(x)}"
        )
    return f, df, x


# ------------------------------------------------------------------------------------- the check


class HandCheck:
    """A function at a point, what its gradient is said to be, and the slopes that differences give.

    Args:
        f: the function.
        df: from the numbers of the point to what is stated.
        rtol: how far a number may be off; None for what suits the format.
    """

    def __init__(
        self, f: PlainFunction, df: Callable[[Sequence[float]], Structure], rtol: float | None
    ) -> None:
        refuse_tolerance(rtol)
        self.f, self.df, self.rtol = f, df, rtol
        self.output = value_at_the_point(f)
        self.sampled = f.in_doubles()
        self.stated = self.gradient_at(f.numbers)
        self.here = self.sampled(f.numbers).numbers
        self.glanced: dict[int, list[Estimate | None]] = {}
        self.lines: dict[tuple[int, float], LineSamples] = {}

    @property
    def tolerance(self) -> float:
        """The tolerance: the user's, or that of the format in which the function computes."""
        return tolerance_of(self.rtol, self.epsilon)

    @property
    def epsilon(self) -> float:
        """The spacing of the coarsest format among those of the point, the output and the computation."""
        return max(self.f.epsilon, self.output.epsilon, *(line.epsilon for line in self.lines.values()))

    def gradient_at(self, numbers: Sequence[float]) -> list[float]:
        """Return the stated Jacobian, row by row."""
        called = f"raised while check_gradient called the gradient at {where(self.f.numbers, self.f.names)}"
        found = _noted(lambda: self.df(numbers), called)
        rows, columns = len(self.output.numbers), len(self.f.numbers)
        count = len(found.numbers)
        if count == rows == columns > 1:  # an elementwise function's
            return [found.numbers[i] * (i == j) for j in range(rows) for i in range(columns)]
        if count != rows * columns:
            raise ValueError(
                f"the gradient gives {counted(count, 'number')}; wanted is one for each of "
                f"{counted(columns, 'input')}" + (f" and of {counted(rows, 'output')}" if rows > 1 else "")
            )
        wanted = [f"df{_place(y)}{_place(x)}" for y in self.output.names for x in self.f.names]
        if not self.f.spread and set(wanted) == set(found.names):  # in any order
            return [found.numbers[found.names.index(name)] for name in wanted]
        if found.keyed and not self.f.spread and set(wanted) != set(found.names):
            name = next(name for name in found.names if name not in wanted)
            missing = next(name for name in wanted if name not in found.names)
            raise ValueError(f"the gradient gives {name}, which has no input; {missing} is wanted")
        return found.numbers

    def samples(self, i: int, scale: float = 1.0) -> LineSamples:
        """Return the function along one of its inputs."""
        if (i, scale) not in self.lines:
            self.lines[i, scale] = LineSamples(*self._line(i), scale)
        return self.lines[i, scale]

    def _line(self, i: int) -> tuple[Line, float, Callable[[float], float], float]:
        f = self.sampled
        epsilon = f.epsilon if f is not self.f else max(f.epsilon, self.output.epsilon)
        return f.along(i), f.numbers[i], f.formats[i], epsilon

    def glances(self, i: int) -> list[Estimate | None]:
        """Return the slopes along one input by a first look; None for those that want a closer one."""
        if i not in self.glanced:
            self.glanced[i] = glance(*self._line(i), self.here)
        return self.glanced[i]

    def certificate(self, whose: str = "gradient", against: str = "differences") -> Certificate:
        """Return the verdict on each entry; the two words are the heads of the columns."""
        columns = len(self.f.numbers)
        verdicts: list[Verdict] = []
        for k, name in enumerate(entry_names(self.output.names, self.f.names)):
            j, i = divmod(k, columns)
            enough = sum(v.verdict == WRONG for v in verdicts) >= ENOUGH
            verdicts.append(self.at_a_glance(j, i, name, enough) or self.closely(j, i, name))
        kinks = [k for k, v in enumerate(verdicts) if v.verdict == KINK]
        for k, n in list(itertools.pairwise(kinks))[:MOST_PAIRS]:
            if k // columns == n // columns and self.leaves_a_kink(k, n):
                for i in (k, n):
                    verdicts[i] = replace(verdicts[i], verdict=WRONG, detail="not both at once")
        return Certificate(tuple(verdicts), whose, against)

    def leaves_a_kink(self, k: int, n: int) -> bool:
        """Return whether two entries at a kink, each of them possible, are impossible together."""
        if self.epsilon > EPSILON:
            return False
        (j, a), b = divmod(k, len(self.f.numbers)), n % len(self.f.numbers)
        far = max(1.0, abs(self.f.numbers[a]), abs(self.f.numbers[b])) * 2.0**-12

        def value(u: float, v: float) -> float:
            numbers = list(self.f.numbers)
            numbers[a], numbers[b] = numbers[a] + u * far, numbers[b] + v * far
            return (self.sampled.attempt(numbers) or [math.nan] * (j + 1))[j] / far

        return impossible_together(value, (self.stated[k], self.stated[n]))

    def at_a_glance(self, j: int, i: int, name: str, accuse: bool) -> Verdict | None:
        """Return the verdict if a first look shows that the entry is right; None if a closer one is wanted.

        The first inputs are always looked at closely, which also shows in what format the function computes.
        Where enough others are wrong, this one may be accused by the first look too.
        """
        found = self.glances(i)[j] if i >= FEW else None
        if found is None:
            return None
        x, got = self.f.numbers[i], self.stated[j * len(self.f.numbers) + i]
        off, allowed = abs(got - found.slope), self.tolerance * abs(got)
        if off + found.bound <= ROOM * allowed:
            return agreeing(name, x, got, found.slope, found.bound, self.tolerance, 0.0)
        if accuse and 0 < TIGHT * found.bound < off - allowed:
            return Verdict(name, x, got, found.slope, WRONG, detail=off_by(got, found.slope))
        return None

    def closely(self, j: int, i: int, name: str) -> Verdict:
        """Return the verdict after a close look, and another one before the entry is called wrong."""
        found = self.verdict(j, i, name)
        if found.verdict == WRONG and self.verdict(j, i, name, AGAIN).verdict != WRONG:
            found = replace(found, verdict=UNJUDGED)
        return found

    def verdict(self, j: int, i: int, name: str, scale: float = 1.0) -> Verdict:
        """Return the verdict on the derivative of the ``j``-th output with respect to the ``i``-th input."""
        slopes = self.samples(i, scale).slopes(j)
        got = self.stated[j * len(self.f.numbers) + i]
        return Entry(
            name, self.f.numbers[i], got, slopes, self.tolerance, lambda: self.rounding(j, i)
        ).verdict()

    def rounding(self, j: int, i: int) -> float:
        """Return how far a right formula may be off the stated entry by rounding alone.

        It is as far as the entry moves if the inputs are moved by a few last digits; and as far as what
        rounding hides of the function, such as a turn close to the point, may make it.
        """
        epsilon = max(line.epsilon for line in self.lines.values())
        hidden = SMALLEST_NORMAL if self.epsilon == EPSILON else SMALLEST_NORMAL_FLOAT32
        if self.f.numbers[i]:
            hidden /= min(1.0, abs(self.f.numbers[i]))
            hidden += epsilon ** (1 - TURNS) * abs((self.output.numbers[j] or 1.0) / self.f.numbers[i])
        return hidden + self.trembling[j * len(self.f.numbers) + i]

    @cached_property
    def trembling(self) -> list[float]:
        return trembling(self.gradient_at, self.f.numbers, self.f.epsilon)


def accusation(
    certificate: Certificate,
    f: PlainFunction,
    outputs: Sequence[float],
    told: str = "the gradient is wrong",
) -> str:
    """Return what is wrong with a gradient, the likely slip, and the table."""
    wrong, count = certificate.wrong, len(certificate.verdicts)
    some = f" ({len(wrong)} of {count})" if count > 1 else ""
    got, want = zip(*((v.gradient, v.slope) for v in certificate.verdicts), strict=True)
    matrix = Matrix(got, want, [v in wrong for v in certificate.verdicts], len(outputs), f.shape)
    at_a_kink = any(v.interval for v in wrong)
    slip = "" if at_a_kink else slip_of(matrix, dict(zip(f.names, f.numbers, strict=True)), outputs[0])
    return f"{told}: {certificate.accused()}{some}{slip and f'; {slip}'}\n{certificate}"


def slopes_of(f: PlainFunction) -> list[float]:
    """Return the Jacobian of a function by differences, row by row; nan where they tell none."""
    outputs = value_at_the_point(f)
    epsilon = max(f.epsilon, outputs.epsilon)
    columns = []
    for i, x in enumerate(f.numbers):
        line = f.along(i), x, f.formats[i], epsilon
        seen = glance(*line, outputs.numbers) if i >= FEW else [None]
        if None in seen:
            samples = LineSamples(*line)
            sides = [samples.slopes(j).middle for j in range(len(outputs.numbers))]
            seen = [side.agreed[0] if side.estimates else None for side in sides]
        columns.append([e.slope if e else math.nan for e in seen])
    return [slope for row in zip(*columns, strict=True) for slope in row]


def refuse_more(call: str, more: Sequence[Any]) -> None:
    """Raise if there are arguments beyond the point."""
    if more:
        raise TypeError(
            f"there is one point; several arguments of the function are given as a tuple, {call}, and a "
            f"tolerance by name, rtol=1e-6; got {described(more[0])} after the point"
        )


def refuse_tolerance(rtol: float | None) -> None:
    """Refuse what is not a tolerance."""
    if rtol is not None and not 0 <= rtol < 1:
        raise ValueError(
            f"rtol is how far a number may be off, relative to itself, such as 1e-6; got {rtol!r}"
        )


def tolerance_of(rtol: float | None, epsilon: float) -> float:
    """Return the user's tolerance, or else what suits a format of this spacing."""
    return TOLERANCES.get(epsilon, COARSE) if rtol is None else rtol


def entry_names(outputs: Sequence[str], inputs: Sequence[str]) -> Sequence[str]:
    """Return the name of each entry of a Jacobian, row by row."""
    return inputs if len(outputs) == 1 else [f"∂{y}/∂{x}" for y in outputs for x in inputs]


def _place(name: str) -> str:
    """Return where in its structure a number stands: the name without that of the structure."""
    return name[name.find("[") :] if "[" in name else ""


def _noted(call: Callable[[], Structure], note: str) -> Structure:
    try:
        return call()
    except Exception as error:
        error.add_note(note)
        raise


def value_at_the_point(f: PlainFunction) -> Structure:
    """Return the function's output; raise if it has none, or another one each time."""
    if not f.numbers:
        raise TypeError("a gradient is checked at a point with at least one number; this one has none")
    refuse_infinite(f.numbers, f.names)
    at = where(f.numbers, f.names)
    note = f"raised while check_gradient called the function at {at}"
    first, second = (_noted(lambda: f(f.numbers), note) for _ in range(2))
    if not first.numbers:
        raise TypeError("the function gives no numbers to differentiate")
    if not all(map(math.isfinite, first.numbers)):
        shown = short_repr(first.numbers if len(first.numbers) > 1 else first.numbers[0])
        raise ValueError(f"the point {at} is outside the domain: the function gives {shown}")
    for a, b in zip(first.numbers, second.numbers, strict=True):
        if not abs(a - b) <= 64 * first.epsilon * abs(a):
            raise unsteady(at, a, b)
    return first
