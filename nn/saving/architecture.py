"""How a network is told in words and built again from them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from autograd import Parameter
from nn.activations import ACTIVATIONS, PReLU
from nn.layers import MLP, Layer, Neuron
from nn.module import Module
from nn.recurrent import GRUCell, LSTMCell, Recurrent, RNNCell
from nn.saving.tensorfile import Shape, Tensor


class CheckpointError(ValueError):
    """A file is no checkpoint, or is damaged, or does not fit the network."""


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
        "truncate": model.truncate,
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
        phi, truncate = told["activation"], told["truncate"]
        known = known and (truncate is None or (type(truncate) is int and truncate > 0))
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
    every_step, truncate = told["every_step"], told["truncate"]
    return Recurrent(cell, told["nout"], told["output"], every_step=every_step, truncate=truncate, seed=0)


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
