"""Exercises of the lessons: a function that the learner writes, and what is said of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from autograd.notation.hints import described, did_you_mean

RIGHT, NOT_YET, UNANSWERED = "right", "not yet", "not answered yet"

SECONDS = 10.0
"""An answer that takes longer than this is taken to loop forever: a right one takes less than a second."""


class Endless(BaseException):
    """The answer did not end; no ``except Exception`` of the learner's catches it."""


@contextmanager
def _ending() -> Iterator[None]:
    """Raise `Endless` when the time is over, where that can be done: in the main thread, not on Windows."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: Any) -> None:
        raise Endless

    before = signal.signal(signal.SIGALRM, end)
    left, _ = signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, before)


class Exercise(Protocol):
    """What every exercise has: a name, which is that of the function to be written, and a judgement."""

    @property
    def name(self) -> str:
        """The name of the function that the learner writes."""

    def judge(self, answer: Callable[..., Any]) -> str:
        """Return a hint for a wrong answer; "" for a right one.

        Raises:
            Unanswered: if nothing was written yet.
        """


class Unanswered(Exception):  # noqa: N818 (it is not an error)
    """The function still returns nothing."""


@dataclass(frozen=True)
class Grade:
    """The outcome: true if the answer is right; it prints as a sentence.

    Attributes:
        name: the exercise.
        verdict: ``right``, ``not yet`` or ``not answered yet``.
        hint: what to think about next.
    """

    name: str
    verdict: str
    hint: str = ""

    def __bool__(self) -> bool:
        return self.verdict == RIGHT

    def __str__(self) -> str:
        return f"{self.name}: {self.verdict}." + (f" {self.hint}" if self.hint else "")

    __repr__ = __str__


def called(answer: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the learner's function returns.

    Raises:
        Unanswered: if it returns nothing, or raises NotImplementedError.
    """
    try:
        result = answer(*arguments)
    except NotImplementedError as error:
        raise Unanswered from error
    if result is None or result is ...:
        raise Unanswered
    return result


def graded(exercises: dict[str, Exercise], answer: Callable[..., Any]) -> Grade:
    """Grade a function by the exercise of its name.

    Raises:
        TypeError: if the answer is not a function.
        ValueError: if there is no exercise of that name.
    """
    if not callable(answer):
        raise TypeError(f"grade takes the function that you wrote, grade(sgd_step); got {described(answer)}")
    name = getattr(answer, "__name__", "")
    if name not in exercises:
        hint = did_you_mean(name, exercises, f"; there are {', '.join(exercises)}")
        raise ValueError(f"an exercise is found by the function's name, and none is called {name!r}{hint}")
    try:
        with _ending():
            hint = exercises[name].judge(answer)
    except Endless:
        return Grade(name, NOT_YET, "It does not end: look at what ends each loop, or each call of itself.")
    except Unanswered:
        return Grade(name, UNANSWERED, "Put your answer in place of the … and run the cell again.")
    except Exception as error:  # the learner's own: it is a step on the way
        return Grade(name, NOT_YET, f"It raises {type(error).__name__}: {error}")
    return Grade(name, NOT_YET if hint else RIGHT, hint)
