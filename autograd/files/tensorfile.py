"""The safetensors format, as far as it is needed here: named tensors of numbers, some texts.

What is written are doubles and whole numbers of 64 bits; single and half precision are read as well, and
become doubles exactly.  Of other whole numbers a tensor keeps the shape alone.

A file is the length of its header (8 bytes, the low one first), the header in JSON, and the numbers
of one tensor after the other.  The header says where each tensor lies, and holds the texts under
``__metadata__``.  The format's description: https://github.com/huggingface/safetensors#format

What is read is checked against the size of the file before anything is made of it: however a file
was forged, it costs no more memory than a few times its own size.

>>> from io import BytesIO
>>> data = pack({"W": Tensor((2,), array("d", [1.0, 2.0]))}, {"author": "me"})
>>> file = BytesIO(data)
>>> header = read_header(file, len(data))
>>> header.texts, read_tensors(file, header)["W"].numbers
({'author': 'me'}, array('d', [1.0, 2.0]))
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Mapping
from math import prod
from struct import iter_unpack
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from autograd.notation.hints import short_repr

LONGEST_HEADER = 16_000_000
"""A header has at most this many bytes.  That of a checkpoint has thousands; a longer one could fill the
memory, since each byte of JSON may become an object."""
MOST_DIMENSIONS = 8
"""A tensor has at most this many dimensions."""
BYTES = 8
"""Bytes of a number in the formats that are written."""
WRITTEN = {"d": "F64", "q": "I64"}
"""The formats that are written, by the typecode of an array."""
SIZES = {"F64": BYTES, "F32": 4, "F16": 2, "BF16": 2}
"""The formats of numbers that are read, and the bytes of a number in each."""
WHOLE = {"I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1}
"""The formats of whole numbers that a file may contain as well; of these only I64 is read."""
READABLE = f"what is read is {', '.join(SIZES)}"

Shape: TypeAlias = tuple[int, ...]


class CheckpointError(ValueError):
    """A file is not what it is read as, or is damaged, or does not fit what is here."""


class Tensor(NamedTuple):
    """Numbers in an array of any dimensions, the last index running fastest; none if they are not read."""

    shape: Shape
    numbers: array[Any]
    format: str = "F64"


class Header(NamedTuple):
    """What stands at the beginning of a file.

    Attributes:
        shapes: of each tensor by its name, in the order of the numbers that follow.
        formats: that of the numbers of each tensor, a name in `SIZES` or `WHOLE`.
        texts: the metadata.
    """

    shapes: dict[str, Shape]
    formats: dict[str, str]
    texts: dict[str, str]


def pack(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> bytes:
    """Return the content of a file with these tensors and texts; equal ones in any order give equal bytes."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(texts.items()))} if texts else {}
    end = 0
    ordered = dict(sorted(tensors.items()))
    for name, tensor in ordered.items():
        start, end = end, end + BYTES * len(tensor.numbers)
        kind = WRITTEN[tensor.numbers.typecode]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    if len(text) > LONGEST_HEADER:
        raise ValueError(f"the texts take {len(text):,} bytes; a file holds at most {LONGEST_HEADER:,}")
    text += b" " * (-len(text) % BYTES)  # the numbers begin at a multiple of their size
    return b"".join([len(text).to_bytes(8, "little"), text, *map(_bytes, ordered.values())])


def read_header(file: BinaryIO, size: int, sizes: Mapping[str, int] = SIZES) -> Header:
    """Read the header of a file of this many bytes; the file then stands at the first number.

    Args:
        file: the file.
        size: how many bytes it has.
        sizes: the formats that tensors may have, and the bytes of a number in each.

    Raises:
        CheckpointError: if it is not such a file, or declares something else than is there.
    """
    start = file.read(8)
    if len(start) < 8:
        raise CheckpointError(f"it has {len(start)} bytes, too few for a safetensors file")
    length = int.from_bytes(start, "little")
    if length > size - 8:
        raise CheckpointError(
            f"it is cut off, or not a safetensors file: its header would have {length:,} bytes, "
            f"and {size - 8:,} are there"
        )
    if length > LONGEST_HEADER:
        raise CheckpointError(f"its header has {length:,} bytes; at most {LONGEST_HEADER:,} are read")
    header = _parsed(file.read(length))
    texts = header.pop("__metadata__", {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise CheckpointError("its metadata are not texts by name")
    shapes = _shapes(header, size - 8 - length, sizes)
    return Header(shapes, {name: header[name]["dtype"] for name in shapes}, texts)


def read_tensors(file: BinaryIO, header: Header) -> dict[str, Tensor]:
    """Read the tensors that follow the header.

    Raises:
        CheckpointError: if the file ends before the last of them.
    """
    tensors = {}
    for name, shape in header.shapes.items():
        format_ = header.formats[name]
        size = (SIZES | WHOLE)[format_] * prod(shape)
        content = file.read(size)
        if len(content) < size:
            raise CheckpointError(f"it is cut off in {short_repr(name)}")
        numbers = _numbers(content, format_) if format_ in (*SIZES, "I64") else array("d")
        tensors[name] = Tensor(shape, numbers, format_)
    return tensors


def _numbers(content: bytes, format_: str) -> array[Any]:
    """Return the numbers in some bytes, the low one of each first."""
    if format_ == "F16":
        return array("d", (x for (x,) in iter_unpack("<e", content)))
    if format_ == "BF16":  # the upper half of a number of single precision
        whole = bytearray(2 * len(content))
        whole[2::4], whole[3::4] = content[::2], content[1::2]
        content = bytes(whole)
    numbers: array[Any] = array({"F64": "d", "I64": "q"}.get(format_, "f"), content)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers if numbers.typecode in WRITTEN else array("d", numbers)


def _bytes(tensor: Tensor) -> bytes:
    numbers = tensor.numbers
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode(), object_pairs_hook=_once)
    except CheckpointError:
        raise
    except (ValueError, RecursionError):
        raise CheckpointError("it is damaged, or not a safetensors file: its header is not JSON") from None
    if not isinstance(header, dict):
        raise CheckpointError("it is damaged, or not a safetensors file: its header is not a JSON object")
    return header


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, whose names must differ: of two equal ones, readers would take either."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise CheckpointError("its header gives a name twice")
    return found


def _shapes(entries: Mapping[str, Any], size: int, sizes: Mapping[str, int]) -> dict[str, Shape]:
    """Return the shape of each tensor; together they have to fill ``size`` bytes without a gap."""
    places = {name: _place(name, entry, size, sizes) for name, entry in entries.items()}
    at = 0
    shapes = {}
    for name, (start, end, shape) in sorted(places.items(), key=lambda item: item[1][:2]):
        if start != at:
            place = f"byte {start:,} of the numbers, not at {at:,}"
            raise CheckpointError(f"{short_repr(name)} begins at {place}")
        at = end
        shapes[name] = shape
    if at != size:
        raise CheckpointError(f"its tensors take {at:,} bytes, and {size:,} are there")
    return shapes


def _place(name: str, entry: Any, size: int, sizes: Mapping[str, int]) -> tuple[int, int, Shape]:
    """Return where a tensor's numbers lie, from and to which byte, and its shape."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise CheckpointError(f"the entry of {short_repr(name)} does not have a dtype, a shape and offsets")
    kind = entry["dtype"]
    if not isinstance(kind, str) or kind not in sizes:
        raise CheckpointError(f"{short_repr(name)} holds {short_repr(kind)}; {READABLE}")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not (_are_counts(shape, size) and _are_counts(offsets, size)):
        raise CheckpointError(f"the shape or the offsets of {short_repr(name)} do not fit into the file")
    if len(shape) > MOST_DIMENSIONS or len(offsets) != 2:
        raise CheckpointError(f"{short_repr(name)} has {len(shape)} dimensions and {len(offsets)} offsets")
    if offsets[1] - offsets[0] != sizes[kind] * prod(shape):
        raise CheckpointError(f"the shape of {short_repr(name)} and its offsets do not agree")
    return offsets[0], offsets[1], tuple(shape)


def _are_counts(x: Any, most: int) -> bool:
    return isinstance(x, list) and all(type(n) is int and 0 <= n <= most for n in x)
