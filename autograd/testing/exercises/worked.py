"""Exercises that are worked examples: arguments with what is to come out, and the usual slips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import isclose
from typing import Any

from autograd.notation.hints import described, short_repr
from autograd.testing.exercises.grading import Unanswered, called

CLOSE = 1e-6
"""Numbers are the same if they differ by less than this, relative to themselves or to 1."""


@dataclass(frozen=True)
class Worked:
    """A function, given by examples.

    Attributes:
        name: the function that the learner writes.
        examples: arguments, each with the result, to seven digits or more.
        slips: hints, each with the wrong function that it is for.
        wanted: what is asked for, as a hint where no slip explains the answer.
    """

    name: str
    examples: tuple[tuple[tuple[Any, ...], Any], ...]
    slips: tuple[tuple[str, Callable[..., Any]], ...]
    wanted: str

    def judge(self, answer: Callable[..., Any]) -> str:
        """Return a hint for a wrong answer; "" for a right one."""
        results = []
        for arguments, _ in self.examples:
            given = deepcopy(arguments)
            try:
                results.append(called(answer, *given))
            except Unanswered:
                raise
            except Exception as error:  # the learner's own: it is a step on the way
                return f"{self._call(arguments)} raises {type(error).__name__}: {error}. {self.wanted}"
            if given != arguments:
                return "It changes what it is given. Make a new list, and return that."
        for (arguments, right), result in zip(self.examples, results, strict=True):
            if not alike(result, right):
                shown = self._call(arguments)
                told = f"{shown} is {_shown(result)}, and {_shown(right)} is right."
                if not _same_shape(result, right):
                    told = f"{shown} is {described(result)}, and something like {_shown(right)} is wanted."
                return f"{told} {self._hint(results)}"
        return ""

    def _call(self, arguments: Sequence[Any]) -> str:
        return f"{self.name}({', '.join(map(_shown, arguments))})"

    def _hint(self, results: Sequence[Any]) -> str:
        for hint, slip in self.slips:
            if all(
                alike(result, _outcome(slip, arguments))
                for (arguments, _), result in zip(self.examples, results, strict=True)
            ):
                return hint
        return self.wanted


def alike(a: Any, b: Any) -> bool:
    """Return whether two results are the same: numbers nearly, lists one by one."""
    if _is_several(a) and _is_several(b):
        return len(a) == len(b) and all(map(alike, a, b))
    try:
        return isclose(float(a), float(b), rel_tol=CLOSE, abs_tol=CLOSE)
    except (TypeError, ValueError):
        return False


def _is_several(x: Any) -> bool:
    return hasattr(x, "__len__") and hasattr(x, "__getitem__") and not isinstance(x, str)


def _same_shape(a: Any, b: Any) -> bool:
    if _is_several(a) and _is_several(b):
        return len(a) == len(b) and all(map(_same_shape, a, b))
    return not _is_several(a) and not _is_several(b)


def _outcome(slip: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    try:
        return slip(*deepcopy(arguments))
    except (ArithmeticError, ValueError, IndexError):
        return None


def _shown(x: Any) -> str:
    """Write a result as short as it goes: numbers to four digits, functions by name."""
    if isinstance(x, float):
        return f"{x:.4g}"
    if _is_several(x):
        inner = ", ".join(map(_shown, x))
        return f"({inner})" if isinstance(x, tuple) else f"[{inner}]"
    return str(getattr(x, "__name__", "")) or short_repr(x)
