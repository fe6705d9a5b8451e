"""Checkpoints: a network on disk, and if wanted a training to go on with, in one safetensors file.

The matrices of layer l of an `MLP` are kept as in the textbook, ``layer1.W`` of shape (n_out, n_in)
and ``layer1.b`` of shape (n_out,), in float64: what is loaded is to the last bit what was saved.
The metadata tell the architecture, in JSON, from which `load` builds the network again.  A network
of a class of yours is kept by the paths of its parameters, for `load_into`.

Nothing in a file is ever executed: an architecture is a name and numbers, an activation one of
`nn.activations.ACTIVATIONS`.  A checksum over all of it tells a damaged file from a good one.

>>> from nn import MLP, load, save
>>> model = MLP(2, [3, 1], activation="tanh", seed=0)
>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     save(model, folder + "/model.safetensors")
...     again = load(folder + "/model.safetensors")
>>> again.state_dict() == model.state_dict()
True
"""

from __future__ import annotations

import json
import os
import stat
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from nn.layers import MLP
from nn.module import Module
from nn.recurrent import Recurrent
from nn.saving.architecture import CheckpointError, _built, _fill, _groups, architecture
from nn.saving.tensorfile import FormatError, Tensor, pack, read_header, read_tensors
from nn.saving.whole_file import _write_whole

VERSION = "1"
"""Of what the metadata say; under the name ``chainrule``."""
STATE = "/"
"""Begins the name of a tensor that is no parameter but part of the training's state or the notes."""
LONG = 32
"""A list of so many floats or more is kept as a tensor, a shorter one in the metadata."""


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds.

    Attributes:
        architecture: what to build the network from; None for one of a class of yours.
        described: the network in words.
        tensors: its parameters, by name.
        training: the state of its training, as it was given to `save`; None if there was none.
        notes: what else was given to `save`.
    """

    architecture: dict[str, Any] | None
    described: str
    tensors: dict[str, Tensor]
    training: Any = None
    notes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Checkpoint:
        """The checkpoint in a file.

        Raises:
            OSError: if the file is not there or cannot be read.
            CheckpointError: if it is no checkpoint, or a damaged one.
        """
        with _naming(path), open(path, "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise CheckpointError("it is no regular file")
            return _checkpoint(file, about.st_size)

    def model(self) -> Module:
        """The network, built anew.

        Raises:
            CheckpointError: if it is of a class that only you can build.
        """
        if self.architecture is None:
            raise CheckpointError(
                f"it holds the parameters of a network that cannot be built from a file ({self.described}); "
                "build it yourself, and load them into it: load_into(model, path)"
            )
        return _built(self.architecture, self.tensors)

    def load_into(self, model: Module) -> None:
        """Set all parameters of a network of the same shape; none if one does not fit.

        Raises:
            CheckpointError: naming every layer that does not fit.
        """
        _fill(_groups(model), self.tensors, self.described)


# ----------------------------------------------------------------------------------- to and fro


def save(
    model: Module,
    path: str | PathLike[str],
    *,
    training: Any = None,
    notes: Mapping[str, Any] | None = None,
) -> None:
    """Write a network to a safetensors file.

    The file appears whole or not at all: it is written beside its place and then moved there, so
    that a kill, a power cut or a full disk leaves the file that was there before.  What is not a
    Parameter, such as a bias held fixed by a Value, is not kept.

    Args:
        model: an MLP, or any Module.
        path: the file; one that exists is replaced.
        training: the state of its training, for `fit` to go on with: numbers, texts, lists and
            dictionaries of them.
        notes: what else you want to keep, likewise.

    Raises:
        TypeError: if the model is not a Module, or something in the state or the notes cannot be kept.
        ValueError: if a parameter is not finite, or the model has none.
        OSError: if the file cannot be written; one that was there is still there.
    """
    _write_whole(Path(path), packed(model, training=training, notes=notes))


def load(path: str | PathLike[str]) -> Module:
    """The network in a file that `save` wrote.

    Raises:
        OSError: if the file is not there or cannot be read.
        CheckpointError: if it is no checkpoint, or a damaged one, or holds a network of a class of
            yours, which is for `load_into`.
    """
    checkpoint = Checkpoint.read(path)
    with _naming(path):
        return checkpoint.model()


def load_into(model: Module, path: str | PathLike[str]) -> None:
    """Set the parameters of a network from a file that `save` wrote of one of the same shape.

    Raises:
        OSError: if the file is not there or cannot be read.
        CheckpointError: if it is no checkpoint, or a damaged one, or does not fit the network; every
            layer that does not is named, and nothing was set.
    """
    checkpoint = Checkpoint.read(path)
    with _naming(path):
        checkpoint.load_into(model)


def packed(model: Module, *, training: Any = None, notes: Mapping[str, Any] | None = None) -> bytes:
    """The content of the file that `save` writes; see there."""
    if not isinstance(model, Module):
        raise TypeError(f"save keeps an nn.Module; got {type(model).__name__}")
    tensors = {name: group.tensor() for name, group in _groups(model).items()}
    if not tensors:
        raise ValueError(f"this {type(model).__name__} has no parameters to keep")
    for name, tensor in tensors.items():
        _check_finite(name, tensor, ValueError)
    texts = {
        "chainrule": VERSION,
        "model": repr(model) if isinstance(model, (MLP, Recurrent)) else type(model).__name__,
        "architecture": json.dumps(architecture(model)),
        "training": json.dumps(_shelved(training, "/training", tensors)),
        "notes": json.dumps(_shelved(dict(notes or {}), "/notes", tensors)),
    }
    texts["checksum"] = sha256(pack(tensors, texts)).hexdigest()
    return pack(tensors, texts)


def _checkpoint(file: BinaryIO, size: int) -> Checkpoint:
    """The checkpoint in a file of so many bytes, of which nothing is believed."""
    try:
        header = read_header(file, size)
        _check_origin(header.texts, list(header.shapes))
        tensors = read_tensors(file, header)
    except FormatError as error:
        raise CheckpointError(str(error)) from None
    texts = dict(header.texts)
    checksum = texts.pop("checksum", "")
    if sha256(pack(tensors, texts)).hexdigest() != checksum:
        raise CheckpointError("it is damaged: its checksum is not that of its content")
    rows = {name: tensors.pop(name) for name in list(tensors) if name.startswith(STATE)}
    for name, tensor in tensors.items():
        _check_finite(name, tensor, CheckpointError)
    try:
        training, notes = (_unshelved(_json(texts, name), rows) for name in ("training", "notes"))
    except RecursionError:
        raise CheckpointError("it was forged: its state is nested too deeply") from None
    told = _json(texts, "architecture")
    if rows or not isinstance(notes, dict) or not (told is None or isinstance(told, dict)):
        raise CheckpointError("it was forged: its metadata are not what a checkpoint says")
    return Checkpoint(told, texts.get("model", ""), tensors, training, notes)


def from_bytes(content: bytes) -> Checkpoint:
    """The checkpoint in the content of a file; see `Checkpoint.read`."""
    return _checkpoint(BytesIO(content), len(content))


def _check_origin(texts: Mapping[str, str], names: Sequence[str]) -> None:
    version = texts.get("chainrule")
    if version is None:
        some = ", ".join(map(_shortened, names[:4])) + (", …" if len(names) > 4 else "")
        raise CheckpointError(
            f"it is a safetensors file, but not one that nn.save wrote (it holds {some or 'nothing'})"
        )
    if version != VERSION:
        raise CheckpointError(
            f"it is a checkpoint of version {_shortened(version)}; this program reads version {VERSION}"
        )


def _check_finite(name: str, tensor: Tensor, error: type[ValueError]) -> None:
    for x in tensor.numbers:
        if not isfinite(x):
            raise error(f"{name} holds {x}; a network's numbers are finite")


def _json(texts: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(texts[name])
    except (KeyError, ValueError, RecursionError):
        raise CheckpointError(f"it was forged: its metadata do not tell the {name}") from None


@contextmanager
def _naming(path: str | PathLike[str]) -> Iterator[None]:
    """Put the file's name before what is wrong with it."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"{os.fspath(path)}: {error}") from None


def _shortened(text: str) -> str:
    text = repr(text)
    return text if len(text) <= 40 else f"{text[:37]}…"


# --------------------------------------------------------------------------------- architectures


# ------------------------------------------------------------------------------------ parameters


# ------------------------------------------------------------------------------------ any states


def _shelved(x: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Something as JSON can hold it, with its long rows of doubles put among the tensors.

    What JSON does not have is an object with the one name "": a tuple, or a row of doubles.
    """
    if x is None or isinstance(x, (bool, int, float, str)):
        return x
    if isinstance(x, array) and x.typecode == "d":
        return _row(x, "array", name, tensors)
    if isinstance(x, (list, tuple)):
        if len(x) >= LONG and all(type(n) is float for n in x):
            return _row(array("d", x), type(x).__name__, name, tensors)
        inside = [_shelved(y, f"{name}/{i}", tensors) for i, y in enumerate(x)]
        return inside if isinstance(x, list) else {"": ["tuple", inside]}
    if isinstance(x, Mapping) and all(isinstance(key, str) and key for key in x):
        return {key: _shelved(y, f"{name}/{key}", tensors) for key, y in x.items()}
    raise TypeError(
        f"a checkpoint keeps numbers, texts, lists and dictionaries by text; {name[1:]} is "
        f"{_shortened(x)} ({type(x).__name__})"
    )


def _row(numbers: array[float], kind: str, name: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    tensors[name] = Tensor((len(numbers),), numbers)
    return {"": [kind, name]}


ROWS: dict[str, Callable[[array[float]], Any]] = {"array": lambda x: x, "list": list, "tuple": tuple}


def _unshelved(x: Any, rows: dict[str, Tensor]) -> Any:
    """What `_shelved` made JSON of.  Each row is used up: forged texts cannot multiply it."""
    if isinstance(x, list):
        return [_unshelved(y, rows) for y in x]
    if not isinstance(x, dict):
        return x
    if "" not in x:
        return {key: _unshelved(y, rows) for key, y in x.items()}
    match x[""]:
        case ["tuple", list(inside)]:
            return tuple(_unshelved(y, rows) for y in inside)
        case [("array" | "list" | "tuple") as kind, str(name)] if name in rows:
            return ROWS[kind](rows.pop(name).numbers)
    raise CheckpointError("it was forged: its metadata hold what nothing writes there")


# -------------------------------------------------------------------------------------- the file
