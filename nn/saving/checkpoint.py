"""Checkpoints: a network on disk, with a training to continue if wanted, in one safetensors file.

A Layer is kept as its matrix ``weight`` of shape (n_out, n_in) and its ``bias``, under its path in the
network: ``layers.0.weight``; all in float64: what is loaded is to the last bit what was saved.  The metadata
hold, in JSON, the arguments with which the network was built, from which `load` builds it again.

Other programs read the file too: ``safetensors.numpy.load_file(path)`` gives the tensors by name.  Those
whose names begin with "/" belong to the state or the notes.  The metadata are texts:

* ``chainrule``: the version of what the others say;
* ``model``: the network in words;
* ``architecture``: JSON with ``modules``, for each path a class and its arguments, ``constants``, numbers by
  path, ``generators``, the states of random generators, and ``shared``, the places of Parameters that are
  those of another place; an object ``{"": [kind, …]}`` stands for what JSON lacks: a tuple, or a Module by
  its path;
* ``training`` and ``notes``: JSON of what was given to `save`, long rows of floats being tensors;
* ``checksum``: over all of these, as `autograd.files.reading.sealed` computes it.

Nothing in a file is ever executed or imported: it names classes, and `load` calls those of this library,
and of yours those that it is given or that are `loadable`.  A checksum over all of it tells a damaged
file from a good one.

>>> from nn import Layer, Module, load, save
>>> class Net(Module):
...     def __init__(self, width):
...         self.hidden, self.last = Layer(2, width, "tanh"), Layer(width, 1, "linear")
...     def forward(self, x):
...         return self.last(self.hidden(x))
>>> model = Net(3)
>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     save(model, folder + "/net.safetensors")
...     again = load(folder + "/net.safetensors", classes=[Net])
>>> again.state_dict() == model.state_dict()
True
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from os import PathLike
from typing import Any, BinaryIO

from autograd.files.atomic_write import write_whole
from autograd.files.reading import naming_file, opened, sealed, unsealed
from autograd.files.tensorfile import SIZES, WHOLE, CheckpointError, Tensor, read_header, read_tensors
from autograd.notation.hints import short_repr
from nn.complaints import made_of_value
from nn.construction import LOADABLE, known, name_of
from nn.module import Module
from nn.saving.architecture import architecture, build
from nn.saving.foreign import Mapped, as_kept_here, renamed
from nn.saving.parameters import LoadReport, check_finite, fill, groups_of
from nn.saving.states import from_json, to_json
from nn.saving.ties import check_tied, ties_of

VERSION = "2"
"""The version of what the metadata say; they hold it under the name ``chainrule``."""
STATE = "/"
"""The name of a tensor begins so if it is not a parameter but part of a state or the notes."""


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds.

    Attributes:
        architecture: what to build the network from; nothing in a file that another program wrote.
        described: the network in words.
        tensors: its parameters, by name.
        training: the state of its training, as it was given to `save`; None if there was none.
        notes: what else was given to `save`.
    """

    architecture: dict[str, Any]
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
        with naming_file(path, CheckpointError), opened(path) as (file, size):
            return _read(file, size)

    def model(self, classes: Iterable[type[Module]] = ()) -> Module:
        """Build the network anew; see `load`.

        Raises:
            CheckpointError: if it cannot be built from what the file says.
        """
        return build(self.architecture, self.tensors, known(classes))

    def load_into(self, model: Module, *, strict: bool = True, mapping: Mapped = None) -> LoadReport:
        """Set the parameters of a network; see `load_into`.

        Raises:
            CheckpointError: naming every tensor that does not fit.
        """
        if strict and mapping is None:
            check_tied(model, self.architecture.get("shared", {}))
        groups = groups_of(model)
        tensors = as_kept_here(renamed(self.tensors, mapping), groups)
        return fill(groups, tensors, self.described, strict=strict)


def save(
    model: Module,
    path: str | PathLike[str],
    *,
    training: Any = None,
    notes: Mapping[str, Any] | None = None,
) -> None:
    """Write a network to a safetensors file.

    The file appears whole or not at all: it is written beside its place and then moved there, so
    that a kill, a power cut or a full disk leaves the file that was there before.  Of Values only
    Parameters and Constants are kept, and a warning names all others.  Parameters that are held in several
    places are kept once, and are one again when the network is loaded.  Whether it is in training is not
    kept.

    Args:
        model: any Module.  `load` builds it again if its constructor took numbers, texts, lists,
            dictionaries and Modules, or if it says itself what it is `built_with`; otherwise the file is
            for `load_into`.
        path: the file; one that exists is replaced.
        training: the state of its training, for `fit` to continue from: numbers, texts, lists and
            dictionaries of them.
        notes: what else is to be kept, likewise.

    Raises:
        TypeError: if the model is not a Module, or something in the state or the notes cannot be kept.
        ValueError: if a parameter is not finite, the model has none, or some cannot be told apart.
        OSError: if the file cannot be written; one that was there is still there.
    """
    write_whole(path, packed(model, training=training, notes=notes))
    unmoved = model.unmoved()
    if unmoved:
        remedy = "the file does not hold {}; use Parameter to train and keep {}, or Constant to hold {} fixed"
        warnings.warn(made_of_value(unmoved, remedy), stacklevel=2)


def load(path: str | PathLike[str], classes: Iterable[type[Module]] = ()) -> Module:
    """Return the network in a file that `save` wrote.

    It is built by its class, from the arguments that are in the file.  Random numbers come out as if the
    network had not been saved: the generators that it holds are where they were.

    Args:
        path: the file.
        classes: those of your own that may be built, besides the ones that are `loadable`.

    Raises:
        OSError: if the file is not there or cannot be read.
        TypeError, ValueError: if ``classes`` are not classes of Modules, or two have one name.
        CheckpointError: if it is not a checkpoint, is damaged, or holds a network that cannot be built
            from a file: the message says why, and what to do.
    """
    passed = known(classes)
    checkpoint = Checkpoint.read(path)
    with naming_file(path, CheckpointError):
        return build(checkpoint.architecture, checkpoint.tensors, passed)


def load_into(
    model: Module, path: str | PathLike[str], *, strict: bool = True, mapping: Mapped = None
) -> LoadReport:
    """Set the parameters of a network from a file: one that `save` wrote, or another program.

    Tensors of single and half precision are read as well as doubles, and those of PyTorch's Linear, Embedding
    (also a list of lists of Parameters), norms, Conv, MultiheadAttention, RNN, LSTM and GRU fit our own.
    Whole numbers, such as a count of batches, are not weights: leave them out by the mapping, or be not
    strict.

    Args:
        model: the network.
        path: a safetensors file.
        strict: refuse a file that does not fit in every tensor; otherwise set what fits.
        mapping: from the file's names to those of this network, where they differ: a dictionary of
            names or of what stands before a dot, such as ``{"fc1": "layers.0"}``, or a function of a
            name; None in place of a name leaves a tensor out.

    Returns:
        What was loaded and what was not, by name.

    Raises:
        OSError: if the file is not there or cannot be read.
        TypeError: if the mapping is neither a dictionary nor a function.
        CheckpointError: if it is not a safetensors file, is damaged, or does not fit the network; every
            tensor that does not fit is named, and nothing was set.

    >>> import tempfile
    >>> from nn import MLP
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(MLP(2, [3, 1]), folder + "/small")
    ...     print(load_into(MLP(2, [3, 5]), folder + "/small", strict=False))
    2 loaded: layers.0.weight, layers.0.bias
    layers.1.weight is 1 × 3 in the file and 5 × 3 in this network
    layers.1.bias is 1 in the file and 5 in this network
    """
    with naming_file(path, CheckpointError), opened(path) as (file, size):
        return _read(file, size, foreign=True).load_into(model, strict=strict, mapping=mapping)


def packed(model: Module, *, training: Any = None, notes: Mapping[str, Any] | None = None) -> bytes:
    """Return the content of the file that `save` writes; see there."""
    if not isinstance(model, Module):
        raise TypeError(f"save keeps an nn.Module; got {type(model).__name__}")
    tensors = {name: group.tensor() for name, group in groups_of(model).items()}
    if not tensors:
        raise ValueError(f"this {type(model).__name__} has no parameters to keep")
    for name, tensor in tensors.items():
        check_finite(name, tensor, ValueError)
    texts = {
        "chainrule": VERSION,
        "model": repr(model) if name_of(type(model)) in LOADABLE else type(model).__name__,
        "architecture": json.dumps(architecture(model) | {"shared": ties_of(model)}),
        "training": json.dumps(to_json(training, "/training", tensors)),
        "notes": json.dumps(to_json(dict(notes or {}), "/notes", tensors)),
    }
    return sealed(tensors, texts)


def _read(file: BinaryIO, size: int, *, foreign: bool = False) -> Checkpoint:
    """Read the checkpoint in a file of this many bytes, of which nothing is trusted.

    If it may be ``foreign``, a file that is not a checkpoint is read as tensors alone.
    """
    header = read_header(file, size, SIZES | WHOLE if foreign else SIZES)
    if foreign and "chainrule" not in header.texts:
        return Checkpoint({}, "", read_tensors(file, header))
    _check_origin(header.texts, list(header.shapes))
    tensors = read_tensors(file, header)
    texts = unsealed(tensors, header.texts)
    rows = {name: tensors.pop(name) for name in list(tensors) if name.startswith(STATE)}
    for name, tensor in tensors.items():
        check_finite(name, tensor, CheckpointError)
    try:
        training, notes = (from_json(_json(texts, name), rows) for name in ("training", "notes"))
    except RecursionError:
        raise CheckpointError("it was forged: its state is nested too deeply") from None
    told = _json(texts, "architecture")
    if rows or not isinstance(notes, dict) or not isinstance(told, dict):
        raise CheckpointError("it was forged: its metadata are not what a checkpoint says")
    return Checkpoint(told, texts.get("model", ""), tensors, training, notes)


def from_bytes(content: bytes, *, foreign: bool = False) -> Checkpoint:
    """Return the checkpoint in the content of a file; see `Checkpoint.read`.

    If it may be ``foreign``, what is not a checkpoint is read as tensors alone.
    """
    return _read(BytesIO(content), len(content), foreign=foreign)


def is_checkpoint(path: str | PathLike[str]) -> bool:
    """Return whether a file says that it is a checkpoint, of whatever version; False if it cannot be read."""
    try:
        with opened(path) as (file, size):
            return "chainrule" in read_header(file, size, SIZES | WHOLE).texts
    except (OSError, CheckpointError):
        return False


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


def _json(texts: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(texts[name])
    except (KeyError, ValueError, RecursionError):
        raise CheckpointError(f"it was forged: its metadata do not hold the {name}") from None
