"""Networks as PyTorch's modules, and back: what a user calls; PyTorch itself is imported on first use."""

from __future__ import annotations

from typing import Any

from autograd.notation.hints import described
from nn.checks import import_extra
from nn.module import Module
from nn.saving.foreign import Mapped


def to_torch(model: Module, into: Any = None, *, mapping: Mapped = None) -> Any:
    """Return a network as a module of PyTorch with the same numbers, in double precision.

    Layers, cells, embeddings, norms, convolutions and pooling become those of ``torch.nn``, an `MLP` or a
    `Sequential` a ``torch.nn.Sequential``; `Recurrent`, `Transformer` and its parts become modules of
    `nn.exporting.twins`, in which ``torch.nn.GRU`` and the like have the names of their originals.  All take
    many samples at once, along a first axis; sequences are (samples, steps, inputs).  A Module that comes
    twice in a Sequential is one module there too, and a Transformer stays ``tied``; weights that are shared
    in other ways become equal, not shared.

    Args:
        model: any Module of this library.
        into: a module of your own that is to get the numbers, whatever it computes; it is returned.  In
            PyTorch's usual float32 they are rounded to that: ``.double()`` before keeps them as they are.
        mapping: with ``into``, from our names to those of its parameters, such as ``{"cell": "gru"}``; see
            `nn.load_into`.

    Raises:
        ImportError: if PyTorch is not installed.
        TypeError: naming what has no counterpart in PyTorch, by its path, and what to do.
        CheckpointError: a ValueError, naming every tensor that does not fit ``into``; nothing was set.
    """
    if not isinstance(model, Module):
        raise TypeError(f"to_torch carries an nn.Module; got {described(model)}")
    import_extra("torch", "to_torch", "torch")
    from nn.exporting.twins import carried_there, numbers_there

    if into is None:
        return carried_there(model)
    numbers_there(model, into, mapping)
    return into


def from_torch(module: Any, into: Module | None = None, *, mapping: Mapped = None) -> Module:
    """Return a module of PyTorch as a network with the same numbers.

    Known are Linear, RNN, LSTM and GRU of one layer and their cells, Embedding, LayerNorm, RMSNorm, Conv1d
    and 2d, max and average pooling, MultiheadAttention, Dropout, Flatten, Unflatten, activations, Sequentials
    of these, and whatever `to_torch` makes.  A recurrent layer becomes its cell, for a `Recurrent`; a
    Sequential of Linears and activations an `MLP`.  A Softplus of PyTorch's own threshold, 20, is ours with
    an error of less than 3e-9.  A module of any other class can be written by ``torch.onnx.export`` and read
    by `nn.from_onnx`.

    Args:
        module: the module.
        into: a network of ours that is to get the numbers of a module of any class; it is returned.
        mapping: with ``into``, from the names of the module's parameters to ours, such as
            ``{"gru": "cell", "head": "readout"}``; see `nn.load_into`.

    Raises:
        ImportError: if PyTorch is not installed.
        TypeError: naming the module that is not known by its path, or what of it we do not have.
        CheckpointError: a ValueError, naming every tensor that does not fit ``into``; nothing was set.
    """
    torch = import_extra("torch", "from_torch", "torch")
    from nn.exporting.from_pytorch import carried_here, numbers_here

    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"from_torch carries a torch.nn.Module; got {described(module)}")
    if into is None:
        return carried_here(module)
    numbers_here(module, into, mapping)
    return into
