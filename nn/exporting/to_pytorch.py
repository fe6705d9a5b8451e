"""Our Modules as PyTorch's: those for which ``torch.nn`` has a module that computes the same."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container, Mapping, Sequence
from functools import singledispatch
from typing import Any

import torch
from torch import nn

from autograd.files.tensorfile import Tensor
from nn.activations import Elementwise, PReLU, choice
from nn.construction import name_of
from nn.containers import Sequential
from nn.convolution import AvgPool1d, AvgPool2d, Conv1d, Conv2d, Flatten, MaxPool1d, MaxPool2d, Reshape
from nn.dropout import Dropout
from nn.embedding import Embedding
from nn.exporting.onnx_files.nested import in_a_row, shape_of
from nn.layers import MLP, Layer, is_plain
from nn.module import Module
from nn.normalisation import LayerNorm, Norm
from nn.recurrent import Cell, GRUCell, LSTMCell, RNNCell, unlike_others
from nn.saving.foreign import as_pytorch_keeps
from nn.saving.parameters import compared

DOUBLE = torch.float64


class Sin(nn.Module):
    """The sine as an activation."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sin(x)


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "prelu": lambda: nn.PReLU(dtype=DOUBLE),
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": lambda: nn.Softplus(threshold=40),  # from where on x and softplus are one double
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "sin": Sin,
}
"""The activations of `nn.activations.ACTIVATIONS` in PyTorch."""
CELLS = {RNNCell: nn.RNNCell, LSTMCell: nn.LSTMCell, GRUCell: nn.GRUCell}
LAYERS: dict[type[Cell], type[nn.RNNBase]] = {RNNCell: nn.RNN, LSTMCell: nn.LSTM, GRUCell: nn.GRU}
CONVOLUTIONS = {Conv1d: nn.Conv1d, Conv2d: nn.Conv2d}
POOLS = {MaxPool1d: nn.MaxPool1d, MaxPool2d: nn.MaxPool2d, AvgPool1d: nn.AvgPool1d, AvgPool2d: nn.AvgPool2d}


class RefusedError(TypeError):
    """Says what a Module or module has no counterpart for.

    Attributes:
        of: the Module or module.
    """

    def __init__(self, of: Any, why: str) -> None:
        super().__init__(why)
        self.of = of

    def placed(self, outermost: Any) -> TypeError:
        """Return the error that says where in the outermost Module or module that is."""
        path = next((path for path, part in outermost.named_modules() if part is self.of), "")
        name = type(self.of).__name__
        return TypeError(
            f"{path} ({name}) of {type(outermost).__name__}: {self}" if path else f"{name}: {self}"
        )


# ------------------------------------------------------------------------------------------- numbers


def named(module: nn.Module, wanted: Container[str]) -> dict[str, nn.Parameter]:
    """Return the parameters of a module, one that has several names under the one that is wanted."""
    names: dict[nn.Parameter, list[str]] = {}
    for name, p in module.named_parameters(remove_duplicate=False):
        names.setdefault(p, []).append(name)
    return {next((name for name in several if name in wanted), several[0]): p for p, several in names.items()}


def tensors_of(module: nn.Module, wanted: Container[str]) -> dict[str, Tensor]:
    """Return the parameters of a module as tensors by name; see `named`."""
    return {
        name: Tensor(tuple(p.shape), array("d", p.detach().double().flatten().tolist()))
        for name, p in named(module, wanted).items()
    }


def set_numbers(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Set all parameters of a module from tensors that are named and laid out as in a file of ours.

    Raises:
        CheckpointError: naming every tensor that does not fit; nothing was set.
    """
    every = [name for name, _ in module.named_parameters(remove_duplicate=False)]
    kept = as_pytorch_keeps(tensors, every)
    held = named(module, kept)
    compared({name: tuple(p.shape) for name, p in held.items()}, kept, places=("the network", "the module"))
    with torch.no_grad():
        for name, p in held.items():
            p.copy_(torch.tensor(kept[name].numbers, dtype=DOUBLE).reshape(p.shape))


def _tensor(rows: Any) -> Tensor:
    """Return nested lists of Values as a tensor."""
    return Tensor(shape_of(rows) or (), array("d", [v.data for v in in_a_row(rows)]))


def filled(module: nn.Module, arrays: Mapping[str, Any]) -> nn.Module:
    """Return a module with the numbers of lists of Values, by name; None for what there is not."""
    set_numbers(module, {name: _tensor(rows) for name, rows in arrays.items() if rows})
    return module


# ------------------------------------------------------------------------------------------- modules


def there(model: Module) -> nn.Module:
    """Return the module of PyTorch that computes what a Module does, of many samples at once.

    Raises:
        RefusedError: if there is none.
    """
    # a class of yours may compute something else than the one that it inherits from
    return made_there(model) if name_of(type(model)).startswith("nn.") else refused(model)


def refused(model: Any) -> nn.Module:
    """Refuse a Module that has no counterpart in PyTorch."""
    raise RefusedError(
        model,
        "what it computes is stated in Values, and PyTorch cannot run that.  Write it in PyTorch, and carry "
        "the numbers: to_torch(model, into=module, mapping=…); or export it: to_onnx(model, path, x)",
    )


made_there = singledispatch(refused)
"""Makes the module for a Module of this library; each kind is registered below, or in `twins`."""


def activation_of(model: Any) -> nn.Module:
    """Return the activation of a Layer, all of whose neurons have it, or of an Elementwise."""
    if isinstance(model, Layer) and not is_plain(model):
        raise RefusedError(
            model, "its neurons are not as it says: one of them, or its activation, was replaced"
        )
    phi = model.activation
    if type(phi) is PReLU:
        made = ACTIVATIONS["prelu"]()
        set_numbers(made, {"weight": Tensor((1,), array("d", [phi.slope.data]))})
        return made
    name = choice(model.activation_name, phi)
    if not isinstance(name, str):
        raise RefusedError(model, f"its activation {model.activation_name} is a function of yours")
    return ACTIVATIONS[name]()


def _followed(module: nn.Module, layer: Layer) -> nn.Module:
    """Return a module, and the activation of a Layer if it has one."""
    phi = activation_of(layer)
    return module if isinstance(phi, nn.Identity) else nn.Sequential(module, phi)


def _in_a_row(steps: Sequence[nn.Module]) -> nn.Module:
    return nn.Sequential(
        *[part for step in steps for part in (step if type(step) is nn.Sequential else [step])]
    )


@made_there.register
def _(model: Layer) -> nn.Module:
    linear = nn.Linear(model.nin, model.nout, bias=bool(model.b), dtype=DOUBLE)
    return _followed(filled(linear, model.arrays_to_keep()), model)


@made_there.register
def _(model: MLP) -> nn.Module:
    steps = [there(layer) for layer in model.layers]
    if model.dropout is not None:
        steps = [part for step in steps for part in (step, there(model.dropout))][:-1]
    return _in_a_row(steps)


@made_there.register
def _(model: Sequential) -> nn.Module:
    steps = {step: there(step) for step in model}  # one that comes twice is one there too
    return _in_a_row([steps[step] for step in model])


@made_there.register
def _(model: Elementwise) -> nn.Module:
    return activation_of(model)


@made_there.register
def _(model: Embedding) -> nn.Module:
    return filled(nn.Embedding(model.vocabulary, model.width, dtype=DOUBLE), {"weight": model.weight})


@made_there.register
def _(model: Norm) -> nn.Module:
    gain, bias = model.weight is not None, model.bias is not None
    if bias and not gain:
        raise RefusedError(model, "it has a bias without a gain, which PyTorch's LayerNorm cannot have")
    options: dict[str, Any] = {"elementwise_affine": gain, "dtype": DOUBLE}
    if isinstance(model, LayerNorm):
        made: nn.Module = nn.LayerNorm(model.width, model.eps, bias=bias, **options)
    else:
        made = nn.RMSNorm(model.width, model.eps, **options)
    return filled(made, {"weight": model.weight, "bias": model.bias})


@made_there.register
def _(model: Conv2d) -> nn.Module:
    kind = CONVOLUTIONS[type(model)]
    made = kind(
        model.nin, model.kernels.nout, model.size, model.stride, model.padding, bias=bool(model.kernels.b),
        dtype=DOUBLE,
    )  # fmt: skip
    return _followed(filled(made, model.arrays_to_keep()), model.kernels)


@made_there.register(MaxPool2d)
@made_there.register(AvgPool2d)
def _(model: Any) -> nn.Module:
    return POOLS[type(model)](model.size, model.stride)


@made_there.register
def _(model: Dropout) -> nn.Module:
    return nn.Dropout(model.p)


@made_there.register
def _(model: Flatten) -> nn.Module:
    return nn.Flatten()


@made_there.register
def _(model: Reshape) -> nn.Module:
    return nn.Unflatten(-1, model.shape)


@made_there.register
def _(model: Cell) -> nn.Module:
    options = nonlinearity_of(model)
    made = CELLS[type(model)](model.nin, model.n, dtype=DOUBLE, **options)
    return filled(made, model.arrays_to_keep())


def nonlinearity_of(model: Cell) -> dict[str, str]:
    """Return the nonlinearity of a simple cell, as PyTorch's takes it; others have none."""
    if why := unlike_others(model):
        raise RefusedError(model, why)
    return {"nonlinearity": model.hidden.activation_name} if isinstance(model, RNNCell) else {}
