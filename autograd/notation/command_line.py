"""What the command lines of both packages share: exit codes, and errors that take one line."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

BAD_INPUT, INTERRUPTED = 2, 130
"""Exit codes: the usual one for a wrong command line, and the shell's for a program ended by Ctrl-C."""


def in_one_line(error: Exception) -> str:
    """Return the message of an error in one line; that of an OSError begins with the file's name.

    >>> in_one_line(ValueError("a\\n  b")), in_one_line(OSError(2, "No such file", "a.csv"))
    ('a b', 'a.csv: No such file')
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


def refuse(message: str, *more: str) -> int:
    """Print an error to stderr, with further lines indented below it; return the exit code `BAD_INPUT`."""
    print(f"error: {message}", *(f"  {line}" for line in more), sep="\n", file=sys.stderr)
    return BAD_INPUT


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors take one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message and end the program with `BAD_INPUT`."""
        raise SystemExit(refuse(f"{message} (see {self.prog} --help)"))
