"""Files opened for reading, and errors that name them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from os import PathLike, fspath
from typing import BinaryIO

from autograd.files.tensorfile import CheckpointError, Tensor, pack

CHECKSUM = "checksum"
"""The name of the text that seals a file."""


@contextmanager
def naming_file(path: str | PathLike[str], kind: type[ValueError] = ValueError) -> Iterator[None]:
    """Put the file's name before the message of an error of this kind in the block."""
    try:
        yield
    except kind as error:
        raise kind(f"{fspath(path)}: {error}") from None


@contextmanager
def opened(path: str | PathLike[str]) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file for reading; gives it, and how many bytes it has.

    Raises:
        OSError: if it is not there or cannot be read.
        CheckpointError: if it is not a regular file.
    """
    with open(path, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise CheckpointError("it is not a regular file")
        yield file, about.st_size


def sealed(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> bytes:
    """Return the content of a file with these tensors and texts, and a checksum over all of them."""
    return pack(tensors, {**texts, CHECKSUM: sha256(pack(tensors, texts)).hexdigest()})


def unsealed(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts without the checksum.

    Raises:
        CheckpointError: if it is not that of these tensors and texts.
    """
    found = dict(texts)
    checksum = found.pop(CHECKSUM, "")
    if sha256(pack(tensors, found)).hexdigest() != checksum:
        raise CheckpointError("it is damaged: its checksum is not that of its content")
    return found
