"""What the command lines of both packages share: exit codes, errors that take one line, safe streams."""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any, NoReturn
from unicodedata import normalize

BAD_INPUT, INTERRUPTED = 2, 130
"""Exit codes: the usual one for a wrong command line, and the shell's for a program ended by Ctrl-C."""
IN_ASCII = {
    "×": "*", "·": "*", "÷": "/", "−": "-", "≤": "<=", "≥": ">=", "√": "sqrt", "∂": "d", "–": "-", "→": "->",
    "∞": "inf", "›": ">", "─": "-", "…": "...", "≠": "!=", "Σ": "sum", "σ": "sigma",
}  # fmt: skip
"""What is written for a sign that the output's encoding does not have."""


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
    """A parser whose texts stay as they are written, and whose errors take one line."""

    def __init__(self, **options: Any) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=layout, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Print the message and end the program with `BAD_INPUT`."""
        raise SystemExit(refuse(f"{message} (see {self.prog} --help)"))


def run_as_program(main: Callable[[], int]) -> int:
    """Run a command line with safe streams: any encoding will do, and so will a pipe that closes early."""
    codecs.register_error("autograd.plainly", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="autograd.plainly")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # such as `| head`: the reader has left, which is not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Replace a character that the output's encoding does not have."""
    assert isinstance(error, UnicodeEncodeError)
    lost = error.object[error.start : error.end]
    plain = "".join(IN_ASCII.get(c) or normalize("NFKD", c) for c in lost)
    return "".join(c if c.isascii() else "?" for c in plain), error.end
