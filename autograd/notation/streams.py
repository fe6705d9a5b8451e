"""Standard streams on which a program may rely: whatever becomes of them, writing goes on.

A reader may leave (``| head -1``), a disk may fill up, a terminal may be gone, a stream may have been closed
before the program began: what cannot be written is lost, and nothing else is.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from errno import EIO, EPIPE
from typing import Any
from unicodedata import normalize

IN_ASCII = {
    "×": "*", "·": "*", "÷": "/", "−": "-", "≤": "<=", "≥": ">=", "√": "sqrt", "∂": "d", "–": "-", "→": "->",
    "∞": "inf", "›": ">", "─": "-", "…": "...", "≠": "!=", "Σ": "sum", "σ": "sigma",
}  # fmt: skip
"""What is written for a sign that the output's encoding does not have."""


class Lasting(io.FileIO):
    """The file under a stream: from the first error on, what is written is lost.

    Attributes:
        lost: that error; None if everything was written.
    """

    lost: OSError | None = None

    def write(self, data: Any) -> int | None:  # type: ignore[override]
        """Write some bytes, or lose them."""
        if self.lost is None:
            try:
                return super().write(data)
            except OSError as error:
                self.lost = error
        return memoryview(data).nbytes


def steady() -> list[Lasting]:
    """Make standard input, output and error lasting, in any encoding; return the files under the last two."""
    codecs.register_error("autograd.plainly", _plainly)
    for descriptor in range(3):  # one that is closed would be given to the next file that is opened
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8")
    return [file for name, fd in (("stdout", 1), ("stderr", 2)) if (file := _steadied(name, fd)) is not None]


def _steadied(name: str, descriptor: int) -> Lasting | None:
    stream = getattr(sys, name)
    if stream is not None:
        if not isinstance(stream, io.TextIOWrapper):
            return None  # a notebook's, or a test's
        stream.reconfigure(errors="autograd.plainly")
        if not isinstance(getattr(stream.buffer, "raw", stream.buffer), io.FileIO):
            return None  # a console of Windows
        stream.flush()
    file = Lasting(descriptor, "wb", closefd=False)
    at_once = stream is not None and stream.write_through
    buffer: Any = file if at_once else io.BufferedWriter(file)
    lasting = io.TextIOWrapper(
        buffer,
        stream.encoding if stream is not None else "utf-8",
        "autograd.plainly",
        line_buffering=name == "stderr" or file.isatty(),
        write_through=at_once,
    )
    setattr(sys, name, lasting)
    return file


def reason_of_loss(file: Lasting) -> str:
    """Return why what was written is not there; "" if it is, or if nobody is left to read it."""
    if file.lost is None or file.lost.errno in (EPIPE, EIO):
        return ""
    return str(file.lost.strerror)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Replace a character that the output's encoding does not have."""
    assert isinstance(error, UnicodeEncodeError)
    lost = error.object[error.start : error.end]
    plain = "".join(IN_ASCII.get(c) or normalize("NFKD", c) for c in lost)
    return "".join(c if c.isascii() else "?" for c in plain), error.end
