"""What the command lines of both packages share: exit codes, errors that take one line, safe streams."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TextIO

from autograd.notation.labels import visible
from autograd.notation.signals import code_of, ending_at_once
from autograd.notation.streams import reason_of_loss, steady

BAD_INPUT = 2
"""The usual exit code for a wrong command line."""


def in_one_line(error: Exception) -> str:
    """Return the message of an error in one line; that of an OSError begins with the file's name, if known.

    >>> in_one_line(ValueError("a\\n  b")), in_one_line(OSError(2, "No such file", "a.csv"))
    ('a b', 'a.csv: No such file')
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


def say(*lines: str, to: TextIO | None = None) -> None:
    """Print lines at once; of what may stand in a name or a file, nothing is an order to the terminal."""
    print(*map(visible, lines), sep="\n", file=to, flush=True)


def refuse(message: str, *more: str) -> int:
    """Print an error to stderr, with further lines indented below it; return the exit code `BAD_INPUT`."""
    say(f"error: {message}", *(f"  {line}" for line in more), to=sys.stderr)
    return BAD_INPUT


class OneLineParser(argparse.ArgumentParser):
    """A parser whose texts stay as they are written, and whose errors take one line."""

    def __init__(self, **options: Any) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=layout, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Print the message and end the program with `BAD_INPUT`."""
        raise SystemExit(refuse(f"{message} (see {self.prog} --help)"))


def run_as_program(main: Callable[[], int]) -> int:
    """Run a command line with streams and an end that lose nothing; return the exit code.

    See `autograd.notation.streams` and `autograd.notation.signals`.
    """
    files = steady()
    with ending_at_once() as ending:
        try:
            code = main()
        except KeyboardInterrupt as error:
            code = interrupted(error)
        except Exception:
            if ending.signal is None:
                raise
            code = 128 + ending.signal  # whatever the interrupt became on its way
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if files and (reason := reason_of_loss(files[0])):
            return refuse(f"standard output: {reason}")
    return code


def interrupted(error: KeyboardInterrupt, rest: str = "") -> int:
    """Say in a line that the program was interrupted; return its exit code."""
    say(f"interrupted{rest}", to=sys.stderr)
    return code_of(error)
