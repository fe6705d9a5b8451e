"""The architecture of a network as a few names and numbers, and the network built again from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn.activations import ACTIVATIONS
from nn.layers import MLP
from nn.module import Module
from nn.recurrent import GRUCell, LSTMCell, Recurrent, RNNCell
from nn.saving.parameters import fill, groups_of, is_plain, layers_of, shapes_of_mlp
from nn.saving.tensorfile import CheckpointError, Tensor

CELLS: dict[str, Any] = {"RNNCell": RNNCell, "LSTMCell": LSTMCell, "GRUCell": GRUCell}
"""The cells of which a network can be built again, by name."""

UNKNOWN = "it was forged, or a newer program wrote it: its architecture is not known here"


def architecture(model: Module) -> dict[str, Any] | None:
    """Return what `load` can build the network from again; None if only its own code can.

    `load` can build an MLP, or a Recurrent with one of the library's cells, if each of its neurons has
    its own trainable weights and bias, and each activation is known by name.

    >>> architecture(MLP(2, [3, 1]))["nouts"]
    [3, 1]
    """
    if type(model) is MLP:
        return _describe_mlp(model) if is_plain(model) else None
    if type(model) is Recurrent and type(model.cell) in CELLS.values() and is_plain(model):
        told = _describe_recurrent(model)
        return told if _named(_recurrent(told)) == _named(model) else None
    return None


def _describe_mlp(model: MLP) -> dict[str, Any]:
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


def _describe_recurrent(model: Recurrent) -> dict[str, Any]:
    return {
        "class": "Recurrent",
        "cell": type(model.cell).__name__,
        "nin": model.nin,
        "n": model.cell.n,
        "activation": model.cell.hidden.activation_name if isinstance(model.cell, RNNCell) else None,
        "nout": model.nout,
        "output": model.readout.activation_name,
        "every_step": model.every_step,
        "truncate": model.truncate,
    }


def _named(model: Module) -> list[tuple[str, bool]]:
    """Return the activation of each layer, and whether its neurons compute w·x + b in one node."""
    return [(layer.activation_name, layer.neurons[0].fused) for layer in layers_of(model)]


def build(told: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Module:
    """Return the network of an architecture, which is not trusted before it fits the tensors.

    Raises:
        CheckpointError: if it is not an architecture, or does not fit the tensors.
    """
    model = _build_recurrent(told, tensors) if told.get("class") == "Recurrent" else _build_mlp(told, tensors)
    fill(groups_of(model), tensors)
    return model


def _build_recurrent(told: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Module:
    there = sum(len(tensor.numbers) for tensor in tensors.values())
    try:
        nin, n, nout = (told[name] for name in ("nin", "n", "nout"))
        known = all(type(size) is int and size > 0 for size in (nin, n, nout)) and told["cell"] in CELLS
        known = known and told["output"] in ACTIVATIONS and isinstance(told["every_step"], bool)
        phi, truncate = told["activation"], told["truncate"]
        known = known and (truncate is None or (type(truncate) is int and truncate > 0))
        known = known and (phi in ACTIVATIONS if told["cell"] == "RNNCell" else phi is None)
        known = known and n * (nin + n + nout) <= there  # nothing is built that is larger than the file
    except (KeyError, TypeError):
        known = False
    if not known:
        raise CheckpointError(UNKNOWN)
    return _recurrent(told)


def _recurrent(told: Mapping[str, Any]) -> Recurrent:
    settings = {"init": "zeros", "seed": 0}
    if told["activation"] is not None:
        settings["activation"] = told["activation"]
    cell = CELLS[told["cell"]](told["nin"], told["n"], **settings)
    every_step, truncate = told["every_step"], told["truncate"]
    return Recurrent(cell, told["nout"], told["output"], every_step=every_step, truncate=truncate, seed=0)


def _build_mlp(told: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Module:
    try:
        sizes = [told["nin"], *told["nouts"]]
        activations, fused = told["activation"], told["fused"]
        known = told["class"] == "MLP" and isinstance(fused, bool) and len(activations) == len(sizes) - 1
        known = known and all(type(n) is int and n > 0 for n in sizes) and len(sizes) > 1
        known = known and all(name in ACTIVATIONS for name in activations)
    except (KeyError, TypeError):
        known = False
    if not known:
        raise CheckpointError(UNKNOWN)
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != dict(shapes_of_mlp(sizes, activations)):  # nothing is built that is larger than the file
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
        raise CheckpointError("it was forged: its dropout is not one") from None
    return model
