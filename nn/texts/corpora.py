"""Texts to learn from: first names, and files."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from autograd.files.reading import naming_file
from nn.checks import import_extra


def first_names() -> list[str]:
    """Return the 5,163 most frequent first names of the United States' census of 1990, in small letters.

    They are those of the package ``names``, whose files have a name and its frequency per line.

    Raises:
        ImportError: if it is not installed; the message says how to install it.
    """
    files = import_extra("names", "a list of first names").FILES
    lines = [
        line
        for kind in ("first:male", "first:female")
        for line in Path(files[kind]).read_text("utf-8").splitlines()
    ]
    return sorted({line.split()[0].lower() for line in lines if line.strip()})


def read_text(path: str | PathLike[str]) -> str:
    """Return the text in a file.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is not a text in UTF-8, or empty.
    """
    with naming_file(path):
        try:
            text = Path(path).read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"it is not a text in UTF-8: byte {error.start:,} is {error.object[error.start]:#04x}"
            ) from None
        if "\0" in text:
            raise ValueError(f"it is not a text: character {text.index(chr(0)):,} is a 0")
        if not text.strip():
            raise ValueError("it is empty: there is nothing to learn from")
    return "\n".join(text.splitlines())
