"""Weights on disk: one safetensors file, readable by every framework that knows the format.

The matrices of layer l are kept as in the textbook, ``layer1.W`` of shape (n_out, n_in) and
``layer1.b`` of shape (n_out,), in float64: what is loaded is to the last bit what was saved.
"""

from __future__ import annotations

import os
import tempfile
from importlib import import_module
from os import PathLike
from pathlib import Path

from nn.layers import MLP


def save_weights(model: MLP, path: str | PathLike[str]) -> None:
    """Write the weights and biases of every layer to a safetensors file.

    The file appears whole or not at all: it is written beside its place and then moved there.

    Args:
        model: the network.
        path: the file; one that exists is replaced.

    Raises:
        ImportError: if safetensors or NumPy is not installed.
        OSError: if the file cannot be written; one that was there is still there.
    """
    try:
        numpy, safetensors = import_module("numpy"), import_module("safetensors.numpy")
    except ModuleNotFoundError as error:
        raise ImportError(f'saving weights needs {error.name}: pip install "chainrule[train]"') from None
    tensors = {}
    for number, layer in enumerate(model.layers, 1):
        tensors[f"layer{number}.W"] = numpy.array(layer.W, dtype="float64")
        tensors[f"layer{number}.b"] = numpy.array(layer.b, dtype="float64")
    _write_whole(Path(path), safetensors.save(tensors, metadata={"model": repr(model)}))


def _write_whole(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    """The mask for new files, which mkstemp does not go by; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
