"""How operations are recorded: recording, watching for anomalies, refusing what a tape cannot follow."""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograd.value import Value


class BranchError(TypeError):
    """Python was to branch on a Value while a tape was being recorded."""


class _Mode(threading.local):
    """How this thread's `apply` behaves; switched by the context managers of reverse.py and the tape."""

    recording = True
    detecting = False
    branching = True
    made: list[Value] | None = None  # where a tape that is being recorded wants each new node
    now: tuple[bool, list[Value] | None] = (True, None)  # recording and not detecting; made: all in one

    @contextmanager
    def switched(self, **settings: Any) -> Iterator[None]:
        """Other settings of the attributes, for a while."""
        before = {name: getattr(self, name) for name in settings}
        self._set(settings)
        try:
            yield
        finally:
            self._set(before)

    def _set(self, settings: dict[str, Any]) -> None:
        for name, setting in settings.items():
            setattr(self, name, setting)
        self.now = (self.recording and not self.detecting, self.made)


mode = _Mode()


def refuse_cut(by: str) -> None:
    """Raise if a tape is being recorded: it would keep this sample's number for all data."""
    if not mode.branching:
        raise BranchError(
            f"{users_line()}: {by} cuts the graph while a tape is being recorded; "
            "the tape would keep this sample's number for all data. Compute with the Value itself"
        )


def _branches(left: object, how: str, right: object) -> str:
    return (
        f"{users_line()}: Python branches on {left} {how} {right} while a tape is being recorded; "
        "the tape would keep this one branch for all data. Use where, maximum, minimum, clip or relu"
    )


def users_line(source: bool = False) -> str:
    """The line outside these packages that is being run, as ``file, line n``, and its text."""
    frame = sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("autograd.", "nn.")):
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, number, frame.f_globals).strip() if source else ""
    return f"{file}, line {number}{': ' if text else ''}{text}"


def no_grad() -> Any:
    """Compute without recording: within it every result is a constant.

    A context manager, and a decorator as ``@no_grad()``.

    >>> w = Value(1.5)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.inputs
    ()
    """
    return mode.switched(recording=False)
