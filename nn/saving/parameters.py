"""The parameters of a network as tensors: which ones share a tensor, and how they are filled from it.

A plain `MLP` has the textbook's matrices, ``layer1.W`` of shape (n_out, n_in) and ``layer1.b`` of shape
(n_out,); any other Module has one tensor for each list of Parameters, and for each Parameter on its own.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from autograd import Parameter
from nn.activations import ACTIVATIONS, PReLU
from nn.layers import MLP, Layer, Neuron
from nn.module import Module
from nn.saving.tensorfile import CheckpointError, Shape, Tensor

MOST_COMPLAINTS = 8
"""At most this many tensors that do not fit are named."""


@dataclass(frozen=True)
class Group:
    """Parameters that are kept as one tensor, in its order."""

    shape: Shape
    parameters: list[Parameter]

    def tensor(self) -> Tensor:
        """Return the tensor of their numbers."""
        return Tensor(self.shape, array("d", [p.data for p in self.parameters]))


def groups_of(model: Module) -> dict[str, Group]:
    """Return the parameters by the names of the tensors that keep them.

    A list of Parameters goes by its path, and so does a Parameter that is in no list.
    """
    if type(model) is MLP and is_plain(model):
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


def fill(groups: Mapping[str, Group], tensors: Mapping[str, Tensor], described: str = "") -> None:
    """Set the parameters from the tensors, all of them or none.

    Args:
        groups: the parameters, by the names of their tensors.
        tensors: the tensors in a file.
        described: the network in the file, for the message.

    Raises:
        CheckpointError: naming every tensor that does not fit.
    """
    complaints = [f"{name} is not in the file" for name in groups if name not in tensors]
    complaints += [f"{name} is only in the file" for name in tensors if name not in groups]
    complaints += [
        f"{name} is {_sizes(tensors[name].shape)} in the file and {_sizes(group.shape)} in this network"
        for name, group in groups.items()
        if name in tensors and tensors[name].shape != group.shape
    ]
    if complaints:
        of = f" ({described.splitlines()[0]})" if described else ""
        shown = complaints[:MOST_COMPLAINTS]
        more = f"; and {len(complaints) - len(shown)} more" if complaints[len(shown) :] else ""
        raise CheckpointError(
            f"it does not fit the network, and nothing was loaded{of}: {'; '.join(shown)}{more}"
        )
    for name, group in groups.items():
        for p, x in zip(group.parameters, tensors[name].numbers, strict=True):
            p.data = x


def _sizes(shape: Shape) -> str:
    return " × ".join(map(str, shape)) or "one number"


def shapes_of_mlp(sizes: Sequence[int], activations: Sequence[str]) -> Iterator[tuple[str, Shape]]:
    """Yield the tensors of an MLP: n inputs and m neurons make W of (m, n) and b of (m,)."""
    for number, ((n, m), activation) in enumerate(zip(pairwise(sizes), activations, strict=True), 1):
        yield f"layer{number}.W", (m, n)
        yield f"layer{number}.b", (m,)
        if activation == "prelu":
            yield f"layer{number}.slope", ()


def layers_of(model: Module) -> list[Layer]:
    """Return every Layer within a model."""
    return [module for module in model.modules() if isinstance(module, Layer)]


def is_plain(model: Module) -> bool:
    """Return whether all parameters are the weights and biases of plain layers, none of them shared."""
    parameters = 0
    for layer in layers_of(model):
        if type(layer) is not Layer or not _goes_by_name(layer):
            return False
        if not all(_is_neuron_of(layer, neuron) for neuron in layer.neurons):
            return False
        parameters += layer.nout * (layer.nin + 1) + isinstance(layer.activation, PReLU)
    fused = {neuron.fused for layer in layers_of(model) for neuron in layer.neurons}
    return len(fused) == 1 and len(model.parameters()) == parameters  # as many: none is shared


def _goes_by_name(layer: Layer) -> bool:
    if isinstance(layer.activation, PReLU):
        return isinstance(layer.activation.slope, Parameter)
    return ACTIVATIONS.get(layer.activation_name) == layer.activation


def _is_neuron_of(layer: Layer, neuron: Neuron) -> bool:
    own = (*neuron.w, neuron.b)
    return (
        type(neuron) is Neuron
        and neuron.activation == layer.activation
        and all(isinstance(p, Parameter) for p in own)
    )
