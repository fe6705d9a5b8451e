"""Checkpoints: a network on disk, with a training to continue if wanted, in one safetensors file.

The matrices of layer l of an `MLP` are kept as in the textbook, ``layer1.W`` of shape (n_out, n_in)
and ``layer1.b`` of shape (n_out,), in float64: what is loaded is to the last bit what was saved.
The metadata hold the architecture, in JSON, from which `load` builds the network again.  A network of
your own class is kept by the paths of its parameters, for `load_into`.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from autograd.notation.hints import short_repr
from nn.checks import naming_file
from nn.layers import MLP
from nn.module import Module
from nn.recurrent import Recurrent
from nn.saving.architecture import architecture, build
from nn.saving.atomic_write import write_whole
from nn.saving.parameters import fill, groups_of
from nn.saving.states import from_json, to_json
from nn.saving.tensorfile import CheckpointError, Tensor, pack, read_header, read_tensors

VERSION = "1"
"""The version of what the metadata say; they hold it under the name ``chainrule``."""
STATE = "/"
"""The name of a tensor begins so if it is not a parameter but part of a state or the notes."""


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds.

    Attributes:
        architecture: what to build the network from; None for one of your own class.
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
        """Read the checkpoint in a file.

        Raises:
            OSError: if the file is not there or cannot be read.
            CheckpointError: if it is not a checkpoint, or is damaged.
        """
        with naming_file(path, CheckpointError), open(path, "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise CheckpointError("it is not a regular file")
            return _read(file, about.st_size)

    def model(self) -> Module:
        """Build the network anew.

        Raises:
            CheckpointError: if it is of a class that only your code can build.
        """
        if self.architecture is None:
            raise CheckpointError(
                f"it holds the parameters of a network that cannot be built from a file ({self.described}); "
                "build it yourself, and load them into it: load_into(model, path)"
            )
        return build(self.architecture, self.tensors)

    def load_into(self, model: Module) -> None:
        """Set all parameters of a network of the same shape; none if one does not fit.

        Raises:
            CheckpointError: naming every layer that does not fit.
        """
        fill(groups_of(model), self.tensors, self.described)


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
    Parameter, such as a bias that a Value holds fixed, is not kept.

    Args:
        model: an MLP, or any Module.
        path: the file; one that exists is replaced.
        training: the state of its training, for `fit` to continue from: numbers, texts, lists and
            dictionaries of them.
        notes: what else is to be kept, likewise.

    Raises:
        TypeError: if the model is not a Module, or something in the state or the notes cannot be kept.
        ValueError: if a parameter is not finite, or the model has none.
        OSError: if the file cannot be written; one that was there is still there.
    """
    write_whole(Path(path), packed(model, training=training, notes=notes))


def load(path: str | PathLike[str]) -> Module:
    """Return the network in a file that `save` wrote.

    Raises:
        OSError: if the file is not there or cannot be read.
        CheckpointError: if it is not a checkpoint, is damaged, or holds a network of your own class,
            which is for `load_into`.
    """
    checkpoint = Checkpoint.read(path)
    with naming_file(path, CheckpointError):
        return checkpoint.model()


def load_into(model: Module, path: str | PathLike[str]) -> None:
    """Set the parameters of a network from a file that `save` wrote of one of the same shape.

    Raises:
        OSError: if the file is not there or cannot be read.
        CheckpointError: if it is not a checkpoint, is damaged, or does not fit the network; every
            layer that does not fit is named, and nothing was set.
    """
    checkpoint = Checkpoint.read(path)
    with naming_file(path, CheckpointError):
        checkpoint.load_into(model)


def packed(model: Module, *, training: Any = None, notes: Mapping[str, Any] | None = None) -> bytes:
    """Return the content of the file that `save` writes; see there."""
    if not isinstance(model, Module):
        raise TypeError(f"save keeps an nn.Module; got {type(model).__name__}")
    tensors = {name: group.tensor() for name, group in groups_of(model).items()}
    if not tensors:
        raise ValueError(f"this {type(model).__name__} has no parameters to keep")
    for name, tensor in tensors.items():
        _check_finite(name, tensor, ValueError)
    texts = {
        "chainrule": VERSION,
        "model": repr(model) if isinstance(model, (MLP, Recurrent)) else type(model).__name__,
        "architecture": json.dumps(architecture(model)),
        "training": json.dumps(to_json(training, "/training", tensors)),
        "notes": json.dumps(to_json(dict(notes or {}), "/notes", tensors)),
    }
    texts["checksum"] = sha256(pack(tensors, texts)).hexdigest()
    return pack(tensors, texts)


def _read(file: BinaryIO, size: int) -> Checkpoint:
    """Read the checkpoint in a file of this many bytes, of which nothing is trusted."""
    header = read_header(file, size)
    _check_origin(header.texts, list(header.shapes))
    tensors = read_tensors(file, header)
    texts = dict(header.texts)
    checksum = texts.pop("checksum", "")
    if sha256(pack(tensors, texts)).hexdigest() != checksum:
        raise CheckpointError("it is damaged: its checksum is not that of its content")
    rows = {name: tensors.pop(name) for name in list(tensors) if name.startswith(STATE)}
    for name, tensor in tensors.items():
        _check_finite(name, tensor, CheckpointError)
    try:
        training, notes = (from_json(_json(texts, name), rows) for name in ("training", "notes"))
    except RecursionError:
        raise CheckpointError("it was forged: its state is nested too deeply") from None
    told = _json(texts, "architecture")
    if rows or not isinstance(notes, dict) or not (told is None or isinstance(told, dict)):
        raise CheckpointError("it was forged: its metadata are not what a checkpoint says")
    return Checkpoint(told, texts.get("model", ""), tensors, training, notes)


def from_bytes(content: bytes) -> Checkpoint:
    """Return the checkpoint in the content of a file; see `Checkpoint.read`."""
    return _read(BytesIO(content), len(content))


def _check_origin(texts: Mapping[str, str], names: Sequence[str]) -> None:
    version = texts.get("chainrule")
    if version is None:
        some = ", ".join(map(short_repr, names[:4])) + (", …" if len(names) > 4 else "")
        raise CheckpointError(
            f"it is a safetensors file, but not one that nn.save wrote (it holds {some or 'nothing'})"
        )
    if version != VERSION:
        raise CheckpointError(
            f"it is a checkpoint of version {short_repr(version)}; this program reads version {VERSION}"
        )


def _check_finite(name: str, tensor: Tensor, error: type[ValueError]) -> None:
    for x in tensor.numbers:
        if not isfinite(x):
            raise error(f"{name} holds {x}; a network's numbers are finite")


def _json(texts: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(texts[name])
    except (KeyError, ValueError, RecursionError):
        raise CheckpointError(f"it was forged: its metadata do not hold the {name}") from None
