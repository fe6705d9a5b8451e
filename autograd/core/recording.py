"""The modes in which operations are recorded, and what has to be refused while a tape records them.

`autograd.value.apply` asks the thread's `mode` what to do with each node that it makes.
"""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol


class BranchError(TypeError):
    """Python code tried to branch on a Value while a tape was being recorded."""


class Watch(Protocol):
    """What looks at every number while anomalies are being detected; see `autograd.anomaly`."""

    def new_node(self, op: Any, inputs: Sequence[Any], data: float) -> Any: ...
    def check_values(self, order: Sequence[Any]) -> None: ...
    def check_gradient(self, node: Any, upstream: Any, order: Sequence[Any]) -> None: ...


class _Mode(threading.local):
    """How this thread's `apply` behaves.

    Attributes:
        recording: whether a node remembers its op and inputs; False inside `no_grad`.
        watch: checks every number inside `detect_anomaly`, else None.
        branching: whether Python may branch on a Value; False while a tape is being recorded.
        made: the list to which new nodes are appended while a tape is being recorded, else None.
        now: whether it is recording without a watch, and ``made``: one look-up for `apply`.
    """

    recording = True
    watch: Watch | None = None
    branching = True
    made: list[Any] | None = None
    now: tuple[bool, list[Any] | None] = (True, None)

    @contextmanager
    def switched(self, **settings: Any) -> Iterator[None]:
        """Change attributes inside a block, and restore them after it."""
        before = {name: getattr(self, name) for name in settings}
        self._set(settings)
        try:
            yield
        finally:
            self._set(before)

    def _set(self, settings: dict[str, Any]) -> None:
        for name, setting in settings.items():
            setattr(self, name, setting)
        self.now = (self.recording and self.watch is None, self.made)


mode = _Mode()


def no_grad() -> Any:
    """Compute without recording: inside it every result is a constant.

    A context manager, and a decorator as ``@no_grad()``.

    >>> from autograd import Value
    >>> w = Value(1.5)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.inputs
    ()
    """
    return mode.switched(recording=False)


def refuse_cut(by: str) -> None:
    """Raise `BranchError` if a tape is being recorded: it would keep this sample's number for all data."""
    if not mode.branching:
        raise BranchError(
            f"{users_line()}: {by} cuts the graph while a tape is being recorded; "
            "the tape would keep this sample's number for all data. Compute with the Value itself"
        )


def refuse_branch(left: object, how: str, right: object) -> None:
    """Raise `BranchError` if a tape is being recorded: it would keep this one branch for all data."""
    if not mode.branching:
        raise BranchError(
            f"{users_line()}: Python branches on {left} {how} {right} while a tape is being recorded; "
            "the tape would keep this one branch for all data. Use where, maximum, minimum, clip or relu"
        )


def users_line(source: bool = False) -> str:
    """Return the line outside these packages that is being run, as ``file, line n``, and its text."""
    frame = sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("autograd.", "nn.")):
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, number, frame.f_globals).strip() if source else ""
    return f"{file}, line {number}{': ' if text else ''}{text}"
