"""The certificate of a check: one line for each input, aligned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from autograd.notation.numbers import count, counted, number

CORRECT = "correct"
KINK = "kink"
NOT_DIFFERENTIABLE = "not differentiable here"
LIMITED = "limited by rounding"
UNJUDGED = "could not be judged"
WRONG = "wrong"
GRAVITY = WRONG, UNJUDGED, NOT_DIFFERENTIABLE, KINK, LIMITED, CORRECT
"""The verdicts, the gravest first."""
MOST_ROWS = 40
"""A table of at most this many rows is shown in full."""
MOST_SHOWN = 20
"""Of a longer table this many rows are shown."""
MOST_NAMED = 5
"""At most this many inputs are named in a message."""


@dataclass(frozen=True)
class Verdict:
    """What was found about the derivative with respect to one input.

    Attributes:
        name: the input.
        at: its number.
        gradient: what the reverse pass gives.
        slope: what differences give; None if they cannot tell.
        verdict: ``correct``, ``kink``, ``not differentiable here``, ``limited by rounding``,
            ``could not be judged`` or ``wrong``.
        digits: how many decimal digits of the gradient can be vouched for.
        interval: the slopes to the two sides of a kink, the smaller one first.
        ulps: how far the gradient is from the slope, in units of its last place.
        op: the op at fault, or "".
        detail: the rest, in words.
    """

    name: str
    at: float
    gradient: float
    slope: float | None
    verdict: str
    digits: float | None = None
    interval: tuple[float, float] | None = None
    ulps: float | None = None
    op: str = ""
    detail: str = ""

    @property
    def remark(self) -> str:
        """Everything that is said about the input beyond its numbers."""
        parts = []
        if self.interval is not None:
            parts.append(f"any slope from {number(self.interval[0])} to {number(self.interval[1])}")
        if self.digits is not None:
            parts.append(counted(int(self.digits), "digit"))
        if self.ulps is not None and isfinite(self.ulps) and self.verdict == WRONG:
            parts.append(f"{count(int(self.ulps)) if self.ulps < 1e18 else number(self.ulps)} ulps apart")
        return "; ".join([*parts, *([self.detail] if self.detail else [])])


@dataclass(frozen=True)
class Certificate:
    """The verdicts of one check; it prints as a table, and is false if nothing could be judged.

    Attributes:
        verdicts: one for each input, in order.
        whose: what gave the gradients, and
        against: what they are compared with: the heads of their columns.
    """

    verdicts: tuple[Verdict, ...]
    whose: str = "reverse pass"
    against: str = "differences"

    def __getitem__(self, name: str) -> Verdict:
        """Return the verdict on the input of that name."""
        for verdict in self.verdicts:
            if verdict.name == name:
                return verdict
        raise KeyError(f"no input is called {name!r}; there are {', '.join(v.name for v in self.verdicts)}")

    def __bool__(self) -> bool:
        return any(v.verdict != UNJUDGED for v in self.verdicts)

    @property
    def wrong(self) -> tuple[Verdict, ...]:
        """The verdicts that accuse."""
        return tuple(v for v in self.verdicts if v.verdict == WRONG)

    def accused(self) -> str:
        """Return the names of the inputs whose gradients are wrong; of many the first."""
        names = [v.name for v in self.wrong]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return ", ".join(names[:MOST_NAMED]) + more

    def __str__(self) -> str:
        head = ("input", "at", self.whose, self.against, "verdict", "")
        if len(self.verdicts) <= MOST_ROWS:
            return aligned([head, *map(_row, self.verdicts)])
        telling = sorted(self.verdicts, key=lambda v: GRAVITY.index(v.verdict))  # stable
        return "\n".join(
            [aligned([head, *map(_row, telling[:MOST_SHOWN])]), self._rest(telling[MOST_SHOWN:])]
        )

    __repr__ = __str__

    @staticmethod
    def _rest(verdicts: Sequence[Verdict]) -> str:
        """Summarise the rest of a long table in one line."""
        told = []
        for kind in GRAVITY:
            alike = [v for v in verdicts if v.verdict == kind]
            least = min((v.digits for v in alike if v.digits is not None), default=None)
            digits = f", to at least {counted(int(least), 'digit')}" if least is not None else ""
            told += [f"{count(len(alike))} {kind}{digits}"] if alike else []
        return f"… and {'; '.join(told)}"


class GradientError(AssertionError):
    """A gradient is wrong.

    Attributes:
        certificate: all that the check found.
    """

    def __init__(self, message: str, certificate: Certificate | None = None) -> None:
        super().__init__(message)
        self.certificate = certificate


def where(numbers: Sequence[object], names: Sequence[str]) -> str:
    """Return a point in words: ``x = 0.5, y = 2.0``; of many inputs the first."""
    shown = [f"{name} = {x!r}" for x, name in zip(numbers, names, strict=True)]
    more = f", … ({len(shown)} in all)" if len(shown) > MOST_NAMED else ""
    return ", ".join(shown[:MOST_NAMED]) + more


def refuse_infinite(numbers: Sequence[float], names: Sequence[str]) -> None:
    """Refuse a point at which no derivative can be taken.

    Raises:
        ValueError: if one of its numbers is infinite or nan.
    """
    for x, name in zip(numbers, names, strict=True):
        if not isfinite(x):
            raise ValueError(f"a derivative is taken at finite numbers; {name} is {x}")


def unsteady(at: str, first: float, second: float) -> ValueError:
    """Return the error for a function that gave two different numbers at one point."""
    return ValueError(
        f"the function is not one of its inputs alone: at {at} it gave {first!r} and then {second!r}. "
        "Draw random numbers outside of it, with a seed, and keep no state between calls"
    )


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Align rows of text as columns; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _row(v: Verdict) -> tuple[str, ...]:
    gradient, slope = number(v.gradient), number(v.slope)
    if v.verdict == WRONG and gradient == slope and v.slope is not None:  # four digits cannot tell them apart
        gradient, slope = repr(v.gradient), repr(v.slope)
    return v.name, number(v.at), gradient, slope, v.verdict, v.remark
