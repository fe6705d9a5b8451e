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
import secrets
import stat
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import EISDIR
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from autograd import Parameter
from nn.activations import ACTIVATIONS, PReLU
from nn.layers import MLP, Layer, Neuron
from nn.module import Module
from nn.recurrent import GRUCell, LSTMCell, Recurrent, RNNCell
from nn.tensorfile import FormatError, Shape, Tensor, pack, read_header, read_tensors

VERSION = "1"
"""Of what the metadata say; under the name ``chainrule``."""
STATE = "/"
"""Begins the name of a tensor that is no parameter but part of the training's state or the notes."""
LONG = 32
"""A list of so many floats or more is kept as a tensor, a shorter one in the metadata."""


class CheckpointError(ValueError):
    """A file is no checkpoint, or is damaged, or does not fit the network."""


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


def architecture(model: Module) -> dict[str, Any] | None:
    """What `load` can build the network from again; None where only its own code can.

    That is an MLP, or a Recurrent with one of the library's cells, whose neurons have each their
    own weights and bias, to be trained, and an activation that goes by name.

    >>> architecture(MLP(2, [3, 1]))["nouts"]
    [3, 1]
    """
    if type(model) is MLP:
        return _told_of_mlp(model) if _is_plain(model) else None
    if type(model) is Recurrent and type(model.cell) in CELLS.values() and _is_plain(model):
        told = _told_of_recurrent(model)
        return told if _named(_recurrent(told)) == _named(model) else None
    return None


def _told_of_mlp(model: MLP) -> dict[str, Any]:
    told = {
        "class": "MLP",
        "nin": model.nin,
        "nouts": [layer.nout for layer in model.layers],
        "activation": [layer.activation_name for layer in model.layers],
        "fused": model.layers[0].neurons[0].fused,
    }
    if model.dropout is not None:
        told |= {"dropout": model.dropout.p, "generator": model.dropout.rng.getstate()}
    return told


CELLS: dict[str, Any] = {"RNNCell": RNNCell, "LSTMCell": LSTMCell, "GRUCell": GRUCell}


def _told_of_recurrent(model: Recurrent) -> dict[str, Any]:
    return {
        "class": "Recurrent",
        "cell": type(model.cell).__name__,
        "nin": model.nin,
        "n": model.cell.n,
        "activation": model.cell.hidden.activation_name if isinstance(model.cell, RNNCell) else None,
        "nout": model.nout,
        "output": model.readout.activation_name,
        "every_step": model.every_step,
    }


def _layers(model: Module) -> list[Layer]:
    return [module for module in model.modules() if isinstance(module, Layer)]


def _named(model: Module) -> list[tuple[str, bool]]:
    """The activation of each layer, and whether its neurons compute in one node."""
    return [(layer.activation_name, layer.neurons[0].fused) for layer in _layers(model)]


def _is_plain(model: Module) -> bool:
    parameters = 0
    for layer in _layers(model):
        if type(layer) is not Layer or not _goes_by_name(layer):
            return False
        if not all(_is_of(layer, neuron) for neuron in layer.neurons):
            return False
        parameters += layer.nout * (layer.nin + 1) + isinstance(layer.activation, PReLU)
    fused = {neuron.fused for layer in _layers(model) for neuron in layer.neurons}
    return len(fused) == 1 and len(model.parameters()) == parameters  # as many: none is shared


def _goes_by_name(layer: Layer) -> bool:
    if isinstance(layer.activation, PReLU):
        return isinstance(layer.activation.slope, Parameter)
    return ACTIVATIONS.get(layer.activation_name) == layer.activation


def _is_of(layer: Layer, neuron: Neuron) -> bool:
    own = (*neuron.w, neuron.b)
    return (
        type(neuron) is Neuron
        and neuron.activation == layer.activation
        and all(isinstance(p, Parameter) for p in own)
    )


def _built(told: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Module:
    """The network of an architecture, of which nothing is believed before it fits the tensors."""
    model = _built_recurrent(told, tensors) if told.get("class") == "Recurrent" else _built_mlp(told, tensors)
    _fill(_groups(model), tensors, "")
    return model


def _built_recurrent(told: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Module:
    there = sum(len(tensor.numbers) for tensor in tensors.values())
    try:
        nin, n, nout = (told[name] for name in ("nin", "n", "nout"))
        known = all(type(size) is int and size > 0 for size in (nin, n, nout)) and told["cell"] in CELLS
        known = known and told["output"] in ACTIVATIONS and isinstance(told["every_step"], bool)
        phi = told["activation"]
        known = known and (phi in ACTIVATIONS if told["cell"] == "RNNCell" else phi is None)
        known = (
            known and n * (nin + n + nout) <= there
        )  # before anything is built that is larger than the file
    except (KeyError, TypeError):
        known = False
    if not known:
        raise CheckpointError(
            "it was forged, or a newer program wrote it: its architecture is not known here"
        )
    return _recurrent(told)


def _recurrent(told: Mapping[str, Any]) -> Recurrent:
    settings = {"init": "zeros", "seed": 0}
    if told["activation"] is not None:
        settings["activation"] = told["activation"]
    cell = CELLS[told["cell"]](told["nin"], told["n"], **settings)
    return Recurrent(cell, told["nout"], told["output"], every_step=told["every_step"], seed=0)


def _built_mlp(told: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Module:
    try:
        sizes = [told["nin"], *told["nouts"]]
        activations, fused = told["activation"], told["fused"]
        known = told["class"] == "MLP" and isinstance(fused, bool) and len(activations) == len(sizes) - 1
        known = known and all(type(n) is int and n > 0 for n in sizes) and len(sizes) > 1
        known = known and all(name in ACTIVATIONS for name in activations)
    except (KeyError, TypeError):
        known = False
    if not known:
        raise CheckpointError(
            "it was forged, or a newer program wrote it: its architecture is not known here"
        )
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != dict(_shapes(sizes, activations)):  # before anything is built that is larger than the file
        raise CheckpointError("it was forged: its tensors are not those of its architecture")
    dropout: Any = told.get("dropout", 0.0)
    generator: Any = told.get("generator")
    try:
        model = MLP(
            sizes[0], sizes[1:], activation=activations, fused=fused, init="zeros", dropout=dropout, seed=0
        )
        if model.dropout is not None:
            version, words, spare = generator
            model.dropout.rng.setstate((version, tuple(words), spare))
    except (TypeError, ValueError, OverflowError):
        raise CheckpointError("it was forged: its dropout is none") from None
    return model


def _shapes(sizes: Sequence[int], activations: Sequence[str]) -> Iterator[tuple[str, Shape]]:
    """The tensors of an MLP: n inputs and m neurons make W of (m, n) and b of (m,)."""
    for number, ((n, m), activation) in enumerate(zip(pairwise(sizes), activations, strict=True), 1):
        yield f"layer{number}.W", (m, n)
        yield f"layer{number}.b", (m,)
        if activation == "prelu":
            yield f"layer{number}.slope", ()


# ------------------------------------------------------------------------------------ parameters


@dataclass(frozen=True)
class Group:
    """Parameters that are kept as one tensor, in its order."""

    shape: Shape
    parameters: list[Parameter]

    def tensor(self) -> Tensor:
        return Tensor(self.shape, array("d", [p.data for p in self.parameters]))


def _groups(model: Module) -> dict[str, Group]:
    """The parameters by the tensors that keep them.

    The matrices of a plain MLP; else a tensor for each list of Parameters, by its path, and for
    each Parameter that is in no list.
    """
    if type(model) is MLP and _is_plain(model):
        return dict(_matrices(model))
    found: dict[str, list[Parameter]] = {}
    alone = set()
    for path, p in model.named_parameters():
        holder, _, last = path.rpartition(".")
        if last.isdigit() and holder:
            found.setdefault(holder, []).append(p)
        else:
            found.setdefault(path, []).append(p)
            alone.add(path)
    return {name: Group(() if name in alone else (len(ps),), ps) for name, ps in found.items()}


def _matrices(model: MLP) -> Iterator[tuple[str, Group]]:
    for number, layer in enumerate(model.layers, 1):
        weights = [w for neuron in layer.neurons for w in neuron.w]
        biases = [neuron.b for neuron in layer.neurons if isinstance(neuron.b, Parameter)]
        yield f"layer{number}.W", Group((layer.nout, layer.nin), weights)
        yield f"layer{number}.b", Group((layer.nout,), biases)
        if isinstance(layer.activation, PReLU):
            yield f"layer{number}.slope", Group((), [layer.activation.slope])


def _fill(groups: Mapping[str, Group], tensors: Mapping[str, Tensor], described: str) -> None:
    """Set the parameters from the tensors, all of them or none."""
    complaints = [f"{name} is not in the file" for name in groups if name not in tensors]
    complaints += [f"{name} is in the file alone" for name in tensors if name not in groups]
    complaints += [
        f"{name} is {_sizes(tensors[name].shape)} in the file and {_sizes(group.shape)} in this network"
        for name, group in groups.items()
        if name in tensors and tensors[name].shape != group.shape
    ]
    if complaints:
        of = f" ({described.splitlines()[0]})" if described else ""
        more = f"; and {len(complaints) - 8} more" if len(complaints) > 8 else ""
        raise CheckpointError(
            f"it does not fit the network, and nothing was loaded{of}: {'; '.join(complaints[:8])}{more}"
        )
    for name, group in groups.items():
        for p, x in zip(group.parameters, tensors[name].numbers, strict=True):
            p.data = x


def _sizes(shape: Shape) -> str:
    return " × ".join(map(str, shape)) or "one number"


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


def check_place(path: str | PathLike[str]) -> None:
    """See that `save` can write there, before anything takes time; nothing is changed.

    Raises:
        OSError: if it cannot.
    """
    place, beside = _beside(path)
    try:
        if place.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        beside.touch(exist_ok=False)
        beside.unlink()
    except OSError as error:
        reason = f"{error.strerror or error}: nothing can be saved there"
        raise OSError(error.errno, reason, os.fspath(path)) from None


def _beside(path: str | PathLike[str]) -> tuple[Path, Path]:
    """Where a file is to be in the end, and where it is written before."""
    place = Path(os.path.realpath(path))  # a link stays a link
    return place, place.with_name(f".{place.name}-{secrets.token_hex(4)}")


def _write_whole(path: Path, content: bytes) -> None:
    """Put the content where the path is, whole, or leave what is there."""
    place, beside = _beside(path)
    try:
        try:
            with open(beside, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, place)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        before = "; the file that was there is as it was" if place.exists() else ""
        reason = f"{error.strerror or error}: nothing was saved{before}"
        raise OSError(error.errno, reason, os.fspath(path)) from None
    _settle(place.parent)


def _settle(folder: Path) -> None:
    """See the folder's entry through to the disk, where the system lets one."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass  # a file system without it: the file is there all the same
    finally:
        os.close(handle)
