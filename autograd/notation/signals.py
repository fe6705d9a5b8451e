"""How a program ends when it is told to: Ctrl-C, a system that shuts down, a terminal that is closed.

Before anything was made, such a signal ends the program at once.  While something is made that must not be
lost, the first signal is noted, for the program to come to an end by itself; a second one ends it at once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""The signals that ask a program to end; Windows lacks one."""


class Ended(KeyboardInterrupt):
    """The program was told to end by a signal.

    Attributes:
        code: the exit code that says so, the shell's for this signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


class Ending:
    """Whether the program was told to end.

    Attributes:
        signal: the number of the first signal; None if there was none.
    """

    signal: int | None = None

    def check(self) -> None:
        """End here if the program was told to.

        Raises:
            Ended: if so.
        """
        if self.signal is not None:
            raise Ended(self.signal)

    def at_once(self, number: int, frame: Any = None) -> NoReturn:
        """Note the signal and end, wherever the program is."""
        self.signal = self.signal or number
        raise Ended(self.signal)

    def at_the_second(self, number: int, frame: Any = None) -> None:
        """Note the first signal, and end at a second one."""
        self.check()
        self.signal = number


@contextmanager
def ending_at_once() -> Iterator[Ending]:
    """Let the signals end the block where it is, but for those that are ignored (``nohup``)."""
    ending = Ending()
    with _handled(ending.at_once, lambda handler: handler is not signal.SIG_IGN):
        yield ending


@contextmanager
def held_back() -> Iterator[Ending]:
    """Note the first signal in the block, of those that would end it, and end it at a second one."""
    ending = Ending()
    with _handled(ending.at_the_second, callable):
        yield ending


@contextmanager
def _handled(handler: Any, wanted: Callable[[Any], bool]) -> Iterator[None]:
    before: dict[int, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in [getattr(signal, name) for name in NAMES if hasattr(signal, name)]:
                if wanted(signal.getsignal(number)):
                    before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def code_of(error: KeyboardInterrupt) -> int:
    """Return the exit code of a program that this ended: that of its signal, which is Ctrl-C by default.

    >>> code_of(KeyboardInterrupt()), code_of(Ended(15))
    (130, 143)
    """
    return error.code if isinstance(error, Ended) else 128 + signal.SIGINT
