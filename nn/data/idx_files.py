"""IDX files, the format that MNIST comes in: images and labels as bytes, plain or gzip.

A file begins with two bytes 0, the code of its numbers' type, the number of its dimensions, and the
size of each as four bytes, the high one first; then come the numbers.  As LeCun, Cortes and Burges
describe it with their data.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from dataclasses import dataclass
from hashlib import sha256
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from autograd.files.reading import naming_file
from nn.checks import import_extra

PARTS = ("train-images", "train-labels", "t10k-images", "t10k-labels")
DIMENSIONS = {"images": 3, "labels": 1}
PARTS_NAMED = {"train": "train", "t10k": "t10k", "test": "t10k"}
NAMED_SO = re.compile(
    r"(?P<set>[\w-]+?-)??(?P<part>train|t10k|test)-(?P<kind>images|labels)[-.]idx[13]-ubyte(\.gz)?",
    re.IGNORECASE,
)
"""The files' names: MNIST's and Fashion-MNIST's, with a dot as some unpack them, and EMNIST's."""
DEEPEST, MOST_NAMED = 3, 6
"""How many folders down the files are looked for (torchvision's lie in ``MNIST/raw``); how many names are
shown."""
UNSIGNED_BYTES = 0x08
TYPES = {0x09: "signed bytes", 0x0B: "short integers", 0x0C: "integers", 0x0D: "floats", 0x0E: "doubles"}
MOST_BYTES = 2**30
"""At most this many bytes are read, whatever a header declares; MNIST's largest file has a twentieth."""

MNIST = {
    "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of MNIST's four files, uncompressed: two gzips of one file may differ."""


@dataclass(frozen=True)
class Pictures:
    """Images with a label each.

    Attributes:
        images: an array of bytes, (images, height, width).
        labels: an array of bytes, one per image.
    """

    images: Any
    labels: Any


def read_folder(
    folder: str | PathLike[str], checksums: dict[str, str] | None = None
) -> tuple[Pictures, Pictures]:
    """Read the training and the test pictures of a folder with four IDX files.

    They are called ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
    ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, with or without ``.gz``, or as torchvision,
    Kaggle and EMNIST name them, and may lie some folders down.

    Args:
        folder: where they are.
        checksums: the SHA-256 of each uncompressed file, as in `MNIST`; None to accept any.

    Raises:
        FileNotFoundError: naming the files that are missing.
        ValueError: naming the file that is damaged, not of this format, not the one of its checksum,
            or does not suit the others.
        ImportError: if NumPy is not installed.
    """
    places = _places(Path(folder))
    found = {
        part: read_idx(path, DIMENSIONS[part.split("-")[1]], (checksums or {}).get(part))
        for part, path in places.items()
    }
    return _paired(places, found, "train"), _paired(places, found, "t10k", like=found["train-images"])


def read_idx(path: str | PathLike[str], dimensions: int, checksum: str | None = None) -> Any:
    """Read the bytes in an IDX file, plain or gzip, as an array of this many dimensions.

    Args:
        path: the file.
        dimensions: how many are wanted: 3 for images, 1 for labels.
        checksum: the SHA-256 of the uncompressed file; None to accept any.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is not such a file, not that of the checksum, or holds more or less than its header
            says.
        ImportError: if NumPy is not installed.
    """
    numpy = import_extra("numpy", "MNIST")
    with naming_file(path):
        content = _content(Path(path), dimensions)
        if checksum is not None and sha256(content).hexdigest() != checksum:
            raise ValueError(
                "its checksum is not that of MNIST's file: it is damaged, or another set (for one of the "
                "same format, take idx for mnist)"
            )
    sizes = _sizes(content)
    return numpy.frombuffer(content, "uint8", offset=4 + 4 * len(sizes)).reshape(sizes)


def _content(path: Path, dimensions: int) -> bytes:
    """Return the uncompressed file, once its header is found to be true."""
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not zipped:
            return _checked(file, dimensions)
        try:
            with gzip.open(file) as unzipped:
                return _checked(unzipped, dimensions)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"its gzip data are cut off or damaged ({error})") from None


def _checked(file: BinaryIO | gzip.GzipFile, dimensions: int) -> bytes:
    header = file.read(4 + 4 * dimensions)
    if len(header) < 4 or header[:2] != b"\0\0":
        raise ValueError(
            f"it is not an IDX file: it begins with {header[:4].hex(' ') or 'nothing'}, not with 00 00 08"
        )
    if header[2] != UNSIGNED_BYTES:
        kind = TYPES.get(header[2], f"an unknown type ({header[2]:#04x})")
        raise ValueError(f"it holds {kind}; images and labels are unsigned bytes (0x08)")
    if header[3] != dimensions:
        wanted = "images × height × width" if dimensions == 3 else "one label per image"
        raise ValueError(f"it has {header[3]} dimensions; {dimensions} are wanted: {wanted}")
    if len(header) < 4 + 4 * dimensions:
        raise ValueError("it is cut off in its header")
    sizes = _sizes(header)
    told = f"its header tells {' × '.join(f'{n:,}' for n in sizes)} bytes"
    if prod(sizes) > MOST_BYTES:
        raise ValueError(f"{told}, more than the {MOST_BYTES:,} that are read")
    if not prod(sizes):
        raise ValueError(f"{told}: there is nothing in it")
    numbers = file.read(prod(sizes))
    if len(numbers) < prod(sizes):
        raise ValueError(f"{told}, and {len(numbers):,} are there: it is cut off")
    if file.read(1):
        raise ValueError(f"{told}, and more are there")
    return bytes(header + numbers)


def _sizes(header: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(header[i : i + 4], "big") for i in range(4, 4 + 4 * header[3], 4))


def _places(folder: Path) -> dict[str, Path]:
    """Return the path of each of the four files, in the folder or at most `DEEPEST` folders down.

    Files that belong together lie in one folder, or, as Kaggle unpacks them, in four folders of their names;
    of EMNIST, which has several sets side by side, one has to be named: its files begin with ``emnist-…-``.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    sets: dict[str, dict[str, Path]] = {}
    others = []
    for path in _files(folder):
        found = NAMED_SO.fullmatch(path.name)
        if found is None:
            others.append(path.name)
            continue
        home = path.parent.parent if NAMED_SO.fullmatch(path.parent.name) else path.parent
        part = f"{PARTS_NAMED[found['part']]}-{found['kind']}"
        sets.setdefault(f"{home}{os.sep}{found['set'] or ''}", {}).setdefault(part, path)
    whole = [places for places in sets.values() if len(places) == len(PARTS)]
    if len(whole) > 1:
        names = ", ".join(str(places[PARTS[0]].relative_to(folder)) for places in whole)
        raise ValueError(f"the folder {folder} holds several sets ({names}); give each a folder of its own")
    if whole:
        return {part: whole[0][part] for part in PARTS}
    nearest = max(sets.values(), key=len, default={})
    missing = [
        f"{part}-idx{DIMENSIONS[part.split('-')[1]]}-ubyte.gz" for part in PARTS if part not in nearest
    ]
    there = [path.name for path in nearest.values()] + others
    shown = ", ".join(there[:MOST_NAMED]) + (", …" if len(there) > MOST_NAMED else "")
    raise FileNotFoundError(
        f"the folder {folder} lacks {', '.join(missing)} (or the same without .gz); "
        f"there is {shown or 'nothing'}"
    )


def _files(folder: Path) -> list[Path]:
    """Return the files in a folder, those nearest first."""
    found: list[Path] = []
    for depth in range(DEEPEST + 1):
        found += sorted(path for path in folder.glob("*/" * depth + "*") if path.is_file())
    return found


def _paired(places: dict[str, Path], found: dict[str, Any], which: str, like: Any = None) -> Pictures:
    images, labels = found[f"{which}-images"], found[f"{which}-labels"]
    if len(images) != len(labels):
        raise ValueError(
            f"{places[f'{which}-images']} has {len(images):,} images, and {places[f'{which}-labels']} "
            f"{len(labels):,} labels: one per image"
        )
    if like is not None and images.shape[1:] != like.shape[1:]:
        sizes = [" × ".join(map(str, some.shape[1:])) for some in (images, like)]
        raise ValueError(
            f"{places[f'{which}-images']} has images of {sizes[0]}, the training images {sizes[1]}"
        )
    return Pictures(images, labels)
